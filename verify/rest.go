package verify

import "slices"

// Whole returns the checks on which "this credential is good" rests when nothing
// is asked about the name of its issuer: all but the issuer's identity, which is
// about trust in a name, and those that only inform.
func Whole() []string {
	return []string{CheckStructure, CheckSchema, CheckProof, CheckIssuerKey, CheckStatus, CheckValidity, CheckEvidence, CheckContents, CheckRecipient}
}

// Open returns those of the checks called ids that speak against relying on the
// credential, in the order of the report: failed ones, and ones that could not be
// made. None means that an answer may rest on these checks. What only informs is
// open when it has failed.
//
// Every check runs whatever is asked for here: this chooses what an answer rests
// on, it switches nothing off. An id that is no check's is open too.
func (rep *Report) Open(ids ...string) []Check {
	var open []Check
	for _, id := range ids {
		if !slices.ContainsFunc(rep.Checks, func(c Check) bool { return c.ID == id }) {
			open = append(open, unknown(id, CodeNoSuchCheck, "There is no check of this name."))
		}
	}
	for _, c := range rep.Checks {
		if !slices.Contains(ids, c.ID) || c.Outcome == Passed || c.Outcome == NotApplicable {
			continue
		}
		if c.Outcome == Unknown && informs(c) {
			continue
		}
		open = append(open, c)
	}
	return open
}
