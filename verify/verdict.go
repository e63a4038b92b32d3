package verify

// verdictOf sums up checks. It looks at nothing else, so that the rules can be
// read, and tested, in one place:
//
//   - a proven failure counts more than anything unknown;
//   - valid needs every check that matters to have passed;
//   - refresh is for information and never counts, because whoever can block an
//     address could otherwise turn a good badge into a doubtful one, and no
//     answer to it can make a bad badge good;
//   - nor do endorsements, which are others' words about the badge, nor evidence
//     that could not be fetched, as most of it lies behind a sign-in.
//
// Checks, outcomes and combinations that are not foreseen count against valid.
func verdictOf(checks []Check) Verdict {
	by := map[string]Check{}
	for _, c := range checks {
		by[c.ID] = c
	}
	if v, ok := failure(by); ok {
		return v
	}
	unconfirmed := false
	for _, t := range titles() {
		id := t[0]
		if by[id].Informs() || settled(id, by[id].Outcome) {
			continue
		}
		if onlyDoubt(by[id]) {
			unconfirmed = true
			continue
		}
		return Unverifiable
	}
	switch {
	case len(by) != len(titles()) || len(checks) != len(titles()):
		return Unverifiable
	case unconfirmed:
		return IssuerUnconfirmed
	}
	return Valid
}

// onlyDoubt reports whether an open check leaves nothing in doubt but who the
// issuer is.
func onlyDoubt(c Check) bool {
	return c.ID == CheckIssuerIdentity || c.ID == CheckIssuerKey && c.Code == CodeKeyInAddress
}

// failure returns the verdict for the failed check that counts most.
func failure(by map[string]Check) (Verdict, bool) {
	is := func(id string) bool { return by[id].Outcome == Failed }
	code := func(id string) string { return by[id].Code }
	switch {
	case is(CheckStructure), is(CheckSchema):
		return Malformed, true
	case is(CheckProof):
		return Tampered, true
	case is(CheckIssuerKey), is(CheckIssuerIdentity):
		return NotIssuer, true
	case is(CheckStatus) && code(CheckStatus) == CodeSuspended:
		return Suspended, true
	case is(CheckStatus):
		return Revoked, true
	case is(CheckValidity) && code(CheckValidity) == CodeNotYetValid:
		return NotYetValid, true
	case is(CheckValidity):
		return Expired, true
	case is(CheckEvidence), is(CheckContents), is(CheckRecipient):
		// The badge may be as real as can be; it does not answer the question, or
		// what it stands on is not what it was.
		return Unverifiable, true
	}
	return "", false
}

// settled reports whether outcome o of the check id is as good as it gets. Some
// checks always apply.
func settled(id string, o Outcome) bool {
	switch id {
	case CheckSchema, CheckStatus, CheckEvidence, CheckContents, CheckRecipient:
		return o == Passed || o == NotApplicable
	}
	return o == Passed
}
