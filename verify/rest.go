package verify

// Whole returns the ids of the checks on which "this credential is good" rests
// when nothing is asked about the name of its issuer: all but the issuer's
// identity, which is about trust in a name, and those that only inform.
//
// Every check runs, whatever a caller lets its answer rest on: nothing switches
// one off.
func Whole() []string {
	return []string{CheckStructure, CheckSchema, CheckProof, CheckIssuerKey, CheckStatus, CheckValidity, CheckEvidence, CheckContents, CheckRecipient}
}

// Informs reports whether c is told beside the verdict, whatever its outcome:
// newer versions, endorsements, and evidence that could not be fetched.
func (c Check) Informs() bool {
	return c.ID == CheckRefresh || c.ID == CheckEndorsements || c.ID == CheckEvidence && c.Outcome == Unknown && c.Code != CodeNotRun
}
