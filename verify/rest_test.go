package verify

import (
	"slices"
	"testing"
)

// What an answer may rest on is everything but a name and what only informs.
func TestWhole(t *testing.T) {
	for _, c := range newReport(now).Checks {
		c.Outcome = Failed
		rests := slices.Contains(Whole(), c.ID)
		if rests == c.Informs() && c.ID != CheckIssuerIdentity || c.ID == CheckIssuerIdentity && rests {
			t.Errorf("%s: rests %t, informs %t", c.ID, rests, c.Informs())
		}
	}
	for _, c := range []struct {
		check   Check
		informs bool
	}{
		{unknown(CheckEvidence, CodeUnreachable, ""), true},
		{unknown(CheckEvidence, CodeNotRun, ""), false},
		{failed(CheckEvidence, CodeEvidenceChanged, ""), false},
		{unknown(CheckStatus, CodeUnreachable, ""), false},
		{failed(CheckRefresh, CodeRefreshOther, ""), true},
	} {
		if got := c.check.Informs(); got != c.informs {
			t.Errorf("%s %s %s: %t", c.check.ID, c.check.Outcome, c.check.Code, got)
		}
	}
}
