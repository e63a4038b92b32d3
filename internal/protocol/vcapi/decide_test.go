package vcapi

import (
	"testing"

	"github.com/roundel/roundel/verify"
)

// TestDecide: an answer rests on what was asked for and on nothing less.
// Whatever is not known to have passed does not hold.
func TestDecide(t *testing.T) {
	all := []string{verify.CheckStructure, verify.CheckSchema, verify.CheckProof, verify.CheckIssuerKey, verify.CheckIssuerIdentity, verify.CheckStatus, verify.CheckValidity}
	for _, asked := range [][]string{nil, {"proof"}, {"proof", "credentialStatus"}, {"validity"}} {
		rest, err := restsOn(asked)
		if err != nil {
			t.Fatal(err)
		}
		for _, broken := range all {
			for _, outcome := range []verify.Outcome{verify.Failed, verify.Unknown, "", "something new"} {
				var rep verify.Report
				counts := false
				for _, id := range all {
					c := verify.Check{ID: id, Outcome: verify.Passed, Reason: "A reason."}
					if id == broken {
						c.Outcome = outcome
					}
					rep.Checks = append(rep.Checks, c)
				}
				for _, id := range rest {
					counts = counts || id == broken
				}
				if d := decide(&rep, rest); (len(d.problems) > 0) != counts || (len(d.warnings) > 0) == counts {
					t.Errorf("asked %v, %s is %q: problems %v, warnings %v", asked, broken, outcome, d.problems, d.warnings)
				}
			}
		}
	}
}

// TestDecideMissing: a check that the report does not have at all did not pass,
// and proof, key and structure always apply.
func TestDecideMissing(t *testing.T) {
	rest, err := restsOn([]string{"proof"})
	if err != nil {
		t.Fatal(err)
	}
	if d := decide(&verify.Report{}, rest); len(d.problems) == 0 {
		t.Error("a report without checks verifies")
	}
	for _, id := range []string{verify.CheckStructure, verify.CheckProof, verify.CheckIssuerKey} {
		var rep verify.Report
		for _, one := range rest {
			c := verify.Check{ID: one, Outcome: verify.Passed}
			if one == id {
				c.Outcome = verify.NotApplicable
			}
			rep.Checks = append(rep.Checks, c)
		}
		if d := decide(&rep, rest); len(d.problems) == 0 {
			t.Errorf("%s does not apply, and the answer is yes", id)
		}
	}
}

func TestRestsOnRefuses(t *testing.T) {
	for _, names := range [][]string{{}, {""}, {"prof"}, {"proof", "everything"}} {
		if rest, err := restsOn(names); err == nil {
			t.Errorf("%q: %v", names, rest)
		}
	}
}
