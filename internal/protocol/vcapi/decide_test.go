package vcapi

import (
	"testing"

	"github.com/roundel/roundel/verify"
)

// TestDecide: an answer rests on what was asked for and on nothing less.
// Whatever is not known to have passed does not hold, but for evidence that
// cannot be had, which takes nothing away from a credential.
func TestDecide(t *testing.T) {
	all := append(verify.Whole(), verify.CheckIssuerIdentity)
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
					counts = counts || id == broken && (id != verify.CheckEvidence || outcome != verify.Unknown)
				}
				if d := decide(rep.Checks, rest); (len(d.problems) > 0) != counts || (len(d.warnings) > 0) == counts {
					t.Errorf("asked %v, %s is %q: problems %v, warnings %v", asked, broken, outcome, d.problems, d.warnings)
				}
			}
		}
	}
}

// TestDecideMissing: a check that the report does not have at all did not pass.
func TestDecideMissing(t *testing.T) {
	for _, asked := range [][]string{nil, {"proof"}} {
		rest, err := restsOn(asked)
		if err != nil {
			t.Fatal(err)
		}
		if d := decide(nil, rest); len(d.problems) == 0 {
			t.Errorf("asked %v: a report without checks verifies", asked)
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
