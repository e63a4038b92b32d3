package verify

import (
	"testing"

	"pgregory.net/rapid"
)

func allPassed() []Check {
	checks := newReport(now).Checks
	for i := range checks {
		checks[i] = Check{ID: checks[i].ID, Outcome: Passed}
	}
	return checks
}

func TestVerdictPrecedence(t *testing.T) {
	// In the order of the product's list; every entry outranks all after it.
	order := []struct {
		verdict Verdict
		check   Check
	}{
		{Malformed, failed(CheckStructure, CodeBadJSON, "")},
		{Malformed, failed(CheckSchema, CodeSchema, "")},
		{Tampered, failed(CheckProof, CodeChanged, "")},
		{NotIssuer, failed(CheckIssuerKey, CodeOtherKey, "")},
		{Revoked, failed(CheckStatus, CodeRevoked, "")},
		{Suspended, failed(CheckStatus, CodeSuspended, "")},
		{Expired, failed(CheckValidity, CodeExpired, "")},
		{NotYetValid, failed(CheckValidity, CodeNotYetValid, "")},
		{Unverifiable, unknown(CheckProof, CodeUnsupported, "")},
		{Unverifiable, unknown(CheckStatus, CodeUnreachable, "")},
		{Unverifiable, unknown(CheckIssuerKey, CodeUnreachable, "")},
		{Unverifiable, failed(CheckEvidence, CodeEvidenceChanged, "")},
		{Unverifiable, failed(CheckContents, CodeContents, "")},
		{Unverifiable, unknown(CheckContents, CodeContentsOpen, "")},
		{Unverifiable, failed(CheckRecipient, CodeOtherRecipient, "")},
		{IssuerUnconfirmed, unknown(CheckIssuerIdentity, CodeSelfAsserted, "")},
	}
	for i, first := range order {
		for _, second := range order[i:] {
			rep := &Report{Checks: allPassed()}
			rep.set(second.check)
			rep.set(first.check)
			if got := verdictOf(rep.Checks); got != first.verdict {
				t.Errorf("%s with %s: got %s, want %s", first.check.ID+" "+first.check.Code, second.check.ID+" "+second.check.Code, got, first.verdict)
			}
		}
	}
	for _, told := range []Check{failed(CheckEndorsements, CodeEndorsement, ""), unknown(CheckRefresh, CodeUnreachable, ""), unknown(CheckEvidence, CodeUnreachable, "")} {
		rep := &Report{Checks: allPassed()}
		rep.set(told)
		if got := verdictOf(rep.Checks); got != Valid {
			t.Errorf("%s %s: got %s", told.ID, told.Outcome, got)
		}
	}
	if got := verdictOf(allPassed()); got != Valid {
		t.Errorf("everything passed: got %s", got)
	}
}

// Fail closed: whatever the checks say, also nonsense, valid means that all
// that matters has passed.
func TestVerdictFailsClosed(t *testing.T) {
	ids := []string{"something_new"}
	for _, c := range newReport(now).Checks {
		ids = append(ids, c.ID)
	}
	outcome := rapid.SampledFrom([]Outcome{Passed, Passed, Passed, Failed, Unknown, NotApplicable, "", "ok"})
	code := rapid.SampledFrom([]string{"", CodeRevoked, CodeSuspended, CodeExpired, CodeNotYetValid, CodeKeyInAddress, CodeUnreachable, "x"})
	rapid.Check(t, func(t *rapid.T) {
		var checks []Check
		if rapid.Bool().Draw(t, "complete") {
			checks = allPassed()
			for range rapid.IntRange(0, 3).Draw(t, "changes") {
				i := rapid.IntRange(0, len(checks)-1).Draw(t, "which")
				checks[i].Outcome, checks[i].Code = outcome.Draw(t, "outcome"), code.Draw(t, "code")
			}
		} else {
			for range rapid.IntRange(0, 12).Draw(t, "n") {
				checks = append(checks, Check{ID: rapid.SampledFrom(ids).Draw(t, "id"), Outcome: outcome.Draw(t, "outcome"), Code: code.Draw(t, "code")})
			}
		}
		if verdictOf(checks) != Valid {
			return
		}
		for _, need := range []string{CheckStructure, CheckProof, CheckIssuerKey, CheckIssuerIdentity, CheckValidity} {
			if (&Report{Checks: checks}).Check(need).Outcome != Passed {
				t.Fatalf("valid, though %s has not passed: %+v", need, checks)
			}
		}
		for _, c := range checks {
			informs := c.ID == CheckRefresh || c.ID == CheckEndorsements || c.ID == CheckEvidence && c.Outcome == Unknown
			if !informs && c.Outcome != Passed && c.Outcome != NotApplicable {
				t.Fatalf("valid, though %s is %q", c.ID, c.Outcome)
			}
		}
	})
}

func TestVerdictNeedsEveryCheck(t *testing.T) {
	for i := range allPassed() {
		checks := allPassed()
		if got := verdictOf(append(checks[:i:i], checks[i+1:]...)); got == Valid {
			t.Errorf("valid without the check %s", allPassed()[i].ID)
		}
	}
}
