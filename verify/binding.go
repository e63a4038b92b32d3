package verify

import (
	"bytes"
	"time"

	"github.com/roundel/roundel/sdjwt"
)

// heldToken returns the SD-JWT in file, unless it is itself a presentation: its
// holder presents it as it is, with a signature behind it (RFC 9901, section 4.3).
func heldToken(file []byte) *sdjwt.SDJWT {
	text := bytes.TrimSpace(file)
	if !isToken(text) || bytes.IndexByte(text, '~') < 0 {
		return nil
	}
	s, err := sdjwt.Parse(text)
	if err != nil || s.JWS.Header.IsType("vp+sd-jwt") {
		return nil // which is said where presentations are read
	}
	return s
}

// bound checks an SD-JWT that its holder presents.
func (r *run) bound(rep *PresentationReport, s *sdjwt.SDJWT, o PresentationOptions) {
	rep.set(passed(CheckStructure, "It is a well-formed token with parts to show."))
	part := r.inside("", string(s.Token()))
	rep.Credentials = []Part{part}
	key, err := s.HolderKey()
	switch {
	case s.KeyBinding == nil:
		rep.leave(CodeNotSigned, "Its holder has not signed it. Anybody who has seen it could show it.")
	case err != nil:
		rep.leave(CodeNoKey, "It does not name the key of its holder in a way that we can check.")
	case o.Challenge == "" || o.Domain == "":
		rep.leave(CodeNotAsked, "You did not say for which request it should be, so the holder's signature means nothing.")
	case part.Verdict == Tampered || part.Verdict == Malformed:
		rep.leave(CodeNotRun, "Not checked, because the token itself is not what was signed.")
	case s.VerifyBinding(sdjwt.BindingCheck{Audience: o.Domain, Nonce: o.Challenge, Now: func() time.Time { return r.now }, Key: key}) != nil:
		rep.leave(CodeNotRun, "Not checked, because the signature does not fit.")
		rep.set(failed(CheckProof, CodeOtherRequest, "The holder's signature is not for this request, or not for what is shown, or too old."))
	default:
		rep.set(passed(CheckProof, reasonUnchanged))
		rep.set(passed(CheckHolderKey, "It was signed with the key that its issuer gave it to."))
		rep.set(passed(CheckChallenge, "It was made for this request."))
		rep.set(passed(CheckDomain, "It was made for this request."))
		rep.set(passed(CheckBinding, "It is bound to the key that signed this."))
		rep.Verified = part.Verdict == Valid || part.Verdict == IssuerUnconfirmed
	}
}

// leave says of all checks of the holder why they could not be made.
func (rep *PresentationReport) leave(code, reason string) {
	for _, id := range []string{CheckProof, CheckHolderKey, CheckChallenge, CheckDomain, CheckBinding} {
		rep.set(unknown(id, code, reason))
	}
}
