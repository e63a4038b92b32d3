package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/cose"
	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/rdfc"
	"github.com/roundel/roundel/sdjwt"
	"github.com/roundel/roundel/strictjson"
)

// Ids of the checks of a presentation beside CheckStructure and CheckProof.
const (
	CheckHolderKey = "holder_key" // does the key belong to the holder?
	CheckChallenge = "challenge"  // was it made for this very request?
	CheckDomain    = "domain"     // was it made for whom it was shown to?
	CheckBinding   = "binding"    // are the credentials those of whoever shows them?
)

// PresentationOptions say what a presentation must answer.
type PresentationOptions struct {
	// Challenge is what the caller asked the holder to sign, once; Domain is who
	// the caller is. Where one is empty, its check does not apply; without a
	// Challenge nothing is Verified.
	Challenge, Domain string
}

// PresentationReport is the result of verifying a presentation.
type PresentationReport struct {
	// Verified says that the holder proved who they are, for this request, and
	// that every credential is Valid or IssuerUnconfirmed. It is false where no
	// challenge was asked for: whoever has seen a presentation could show it again.
	Verified bool `json:"verified"`
	// Holder is the holder's id if holder_key passed: whoever shows it holds
	// the key of that id.
	Holder string  `json:"holder,omitempty"`
	Checks []Check `json:"checks"`
	// Credentials are the results for what is in it, in order.
	Credentials []Part    `json:"credentials"`
	CheckedAt   time.Time `json:"checkedAt"`

	Parsed *credential.Presentation `json:"-"` // nil if malformed
}

// Check returns the check called id.
func (rep *PresentationReport) Check(id string) Check { return checkOf(rep.Checks, id) }

func (rep *PresentationReport) set(c Check) { rep.Checks = withCheck(rep.Checks, c) }

func newPresentationReport(now time.Time) *PresentationReport {
	return &PresentationReport{CheckedAt: now, Checks: notRun([][2]string{
		{CheckStructure, "Can it be read?"},
		{CheckProof, "Is it unchanged since the holder signed it?"},
		{CheckHolderKey, "Did the named holder sign it?"},
		{CheckChallenge, "Was it made for this request?"},
		{CheckDomain, "Was it made for us?"},
		{CheckBinding, "Do the badges belong to whoever shows them?"},
	}, "Not checked, because the presentation could not be read.")}
}

// presented is a presentation as it was found.
type presented struct {
	*credential.Presentation
	envelope *envelope   // nil: the proofs, if any, are in the document
	claims   jose.Claims // of the envelope
}

// VerifyPresentation checks a presentation from a wallet: JSON, a JWT, an SD-JWT
// or a COSE_Sign1 message. It never returns nil.
//
// What counts for credentials counts here too: proofs are checked by the same
// code, with one budget for the presentation and everything in it.
func (v *Verifier) VerifyPresentation(ctx context.Context, file []byte, o PresentationOptions) *PresentationReport {
	r := v.start(ctx)
	r.relationship = did.Authentication
	r.work.units, r.work.steps = recordWork, recordSteps
	r.get.allow(maxRecordRequests)
	rep := newPresentationReport(r.now)
	if s := heldToken(file); s != nil {
		r.bound(rep, s, o)
		return rep
	}
	p, bad := r.presentation(file)
	if bad != nil {
		rep.set(*bad)
		return rep
	}
	rep.Parsed = p.Presentation
	rep.set(passed(CheckStructure, "It is a well-formed presentation."))
	s := r.examinePresentation(p)
	rep.set(s.proof)
	s.key.ID = CheckHolderKey
	s.key.Reason = strings.NewReplacer("issuing badges", "showing who they are", "the issuer", "the holder", "The issuer", "The holder").Replace(s.key.Reason)
	rep.set(s.key)
	if s.holds() {
		rep.Holder = p.Holder
	}
	rep.set(p.answers(CheckChallenge, o.Challenge, s))
	rep.set(p.answers(CheckDomain, o.Domain, s))
	for i, one := range p.Credentials {
		rep.Credentials = append(rep.Credentials, r.shown(p, i, one))
	}
	rep.set(binding(rep.Credentials, s, p.Holder))
	rep.Verified = o.Challenge != "" && !slices.ContainsFunc(rep.Checks, func(c Check) bool { return c.Outcome != Passed && c.Outcome != NotApplicable }) &&
		!slices.ContainsFunc(rep.Credentials, func(c Part) bool { return c.Verdict != Valid && c.Verdict != IssuerUnconfirmed })
	return rep
}

// binding checks that credentials which are bound to a key are shown by whoever
// has it. Others are for anybody to show; whether they are about the holder is
// told.
func binding(all []Part, s seal, holder string) Check {
	bound, others := 0, 0
	for _, p := range all {
		if p.Parsed != nil && !about(p.Parsed, holder) {
			others++
		}
		e := p.envelope
		if e == nil || !e.bound {
			continue
		}
		bound++
		switch {
		case e.holder == nil:
			return unknown(CheckBinding, CodeNoKey, "One of them is bound to a key in a way that we cannot check.")
		case !s.holds() || s.signer == nil:
			return unknown(CheckBinding, CodeNotRun, "Not checked, because it is not shown who signed it.")
		case !sameKey(s.signer, e.holder):
			return failed(CheckBinding, CodeOtherHolder, "One of them is bound to the key of somebody else than whoever shows it.")
		}
	}
	switch {
	case others > 0:
		c := notApplicable(CheckBinding, CodeOtherSubject, fmt.Sprintf("Of %s, %d says that it is about somebody else than the holder, or does not say whom it is about.", count(len(all), "badge", "badges"), others))
		if bound > 0 {
			c.Outcome = Passed
		}
		return c
	case bound == 0:
		return notApplicable(CheckBinding, CodeNotBound, "They are about the holder, and bound to no key.")
	}
	return passed(CheckBinding, "They are bound to the key that signed this.")
}

// about reports whether the holder is a subject of c.
func about(c *credential.Credential, holder string) bool {
	return holder != "" && slices.ContainsFunc(c.Subject, func(s map[string]any) bool { return s["id"] == holder })
}

// presentation reads file; it returns the failed structure check, or nil.
func (r *run) presentation(file []byte) (presented, *Check) {
	refuse := func(c Check) (presented, *Check) { return presented{}, &c }
	if len(file) > maxToken {
		return refuse(unknown(CheckStructure, CodeTooLarge, reasonLarge))
	}
	if m := messageIn(file); m != nil {
		return r.presentationToken(m)
	}
	if isToken(file) {
		return r.presentationToken(file)
	}
	if baking.Sniff(file) != "json" {
		return refuse(failed(CheckStructure, CodeBadJSON, "This is neither JSON nor a signed token."))
	}
	if r.work.spend(parts(file)) != nil {
		return refuse(unknown(CheckStructure, CodeTooComplex, "It has more parts than we check."))
	}
	v, err := strictjson.Decode(file, strictjson.Limits{MaxBytes: credential.MaxRecordBytes})
	tree, ok := v.(map[string]any)
	if err != nil || !ok {
		return refuse(failed(CheckStructure, CodeBadJSON, "The presentation is not written correctly."))
	}
	if credential.IsEnvelope(tree) {
		e, err := credential.ReadEnvelope(tree)
		if err != nil || e.Type != credential.TypeEnvelopedPresentation {
			return refuse(failed(CheckStructure, CodeRules, "This is no presentation."))
		}
		return r.presentationToken(e.Data)
	}
	p, err := credential.PresentationFromTree(tree)
	if err != nil {
		return refuse(failed(CheckStructure, CodeRules, "This is not a complete presentation. "+firstProblem(err)))
	}
	p.Raw = file
	return presented{Presentation: p}, nil
}

// presentationToken reads a presentation that is signed as a whole: a JWT, an
// SD-JWT or a COSE_Sign1 message.
func (r *run) presentationToken(text []byte) (presented, *Check) {
	p, tree, raw, err := wholePresentation(text)
	if err != nil {
		return presented{}, tokenError(err)
	}
	if r.work.spend(parts(raw)) != nil {
		c := unknown(CheckStructure, CodeTooComplex, "It has more parts than we check.")
		return presented{}, &c
	}
	if p.Presentation, err = credential.PresentationFromTree(tree); err != nil {
		c := failed(CheckStructure, CodeRules, "This is not a complete presentation. "+firstProblem(err))
		return presented{}, &c
	}
	p.Raw = raw
	p.envelope.made, p.envelope.stamped = p.claims.IssuedAt, !p.claims.IssuedAt.IsZero()
	p.envelope.starts, p.envelope.expires = p.claims.NotBefore, p.claims.Expires
	return p, nil
}

// wholePresentation takes a signed presentation apart.
func wholePresentation(text []byte) (p presented, tree map[string]any, raw []byte, err error) {
	if isMessage(text) {
		m, err := cose.ParsePresentation(text)
		if err != nil {
			return p, nil, nil, err
		}
		return presented{envelope: messageEnvelope(m), claims: m.Claims}, m.Tree, m.Document, nil
	}
	text = bytes.TrimSpace(text)
	if bytes.IndexByte(text, '~') >= 0 {
		s, err := sdjwt.ParsePresentation(text)
		if err != nil {
			return p, nil, nil, err
		}
		return presented{envelope: selectiveEnvelope(s.SDJWT, s.Claims), claims: s.Claims}, s.Tree, s.Document, nil
	}
	j, err := jose.ParseLimit(text, maxToken)
	if err != nil {
		return p, nil, nil, err
	}
	t, err := j.Presentation()
	if err != nil {
		return p, nil, nil, err
	}
	return presented{envelope: envelopeOf(j), claims: t.Claims}, t.Tree, t.Document, nil
}

// examinePresentation checks the holder's signature.
func (r *run) examinePresentation(p presented) seal {
	if p.Holder == "" && (p.envelope != nil || len(p.Proof) > 0) {
		p.Holder = p.signer()
	}
	if p.envelope != nil {
		s := r.examineEnvelope(document{Credential: &credential.Credential{Issuer: credential.Issuer{ID: p.Holder}}, envelope: p.envelope})
		return r.ended(s)
	}
	unsecured, proofs, err := proof.Split(p.Tree)
	switch {
	case errors.Is(err, proof.ErrNoProof):
		return unsealed(unknown(CheckProof, CodeNotSigned, "It is not signed. Anybody could have put it together."))
	case err != nil:
		return unsealed(failed(CheckProof, CodeBadProof, "What stands in the place of the signature is none."))
	case len(proofs) > maxProofs:
		return unsealed(unknown(CheckProof, CodeTooManyProofs, "It carries more signatures than we check."))
	}
	var all []seal
	signed := r.contentOf(unsecured, proofs)
	for i, one := range proofs {
		all = append(all, r.examineOne(signed, i, one, p.Holder))
	}
	s := combine(all)
	if s.proof.Outcome == Passed && overRDF(proofs) && !samePresentation(signed, p.Presentation) {
		s.proof = unknown(CheckProof, CodeAmbiguousForm, "It is written so that programs would read different things in it.")
	}
	return r.ended(s.settled())
}

// signer is the owner of the key that a presentation without a holder names. Its
// signature still shows that whoever has the key made it.
func (p presented) signer() string {
	method := ""
	if p.envelope != nil {
		method = p.envelope.keyID
	} else {
		method, _ = p.Proof[0]["verificationMethod"].(string)
	}
	id, _, _ := strings.Cut(method, "#")
	return id
}

// ended is s, failed if its signature no longer counts.
func (r *run) ended(s seal) seal {
	if s.proof.Outcome == Passed && !s.expires.IsZero() && !r.now.Before(s.expires) {
		s.proof = failed(CheckProof, CodeExpired, "The holder's signature was good until "+r.date(s.expires)+".")
	}
	return s
}

// samePresentation checks that what was signed is what was read, as readBack
// does for credentials.
func samePresentation(signed *content, p *credential.Presentation) bool {
	data, err := signed.statements()
	if err != nil || !plainForm(signed.unsecured) {
		return false
	}
	root := rdfc.Term{Kind: rdfc.IRI, Value: p.ID}
	if p.ID == "" {
		var ok bool
		if root, ok = onlyRoot(data, vocabularyVC+"VerifiablePresentation"); !ok {
			return false
		}
	}
	found := map[string]map[rdfc.Term]bool{"holder": {}, "verifiableCredential": {}}
	for _, q := range data {
		if name, ours := strings.CutPrefix(q.Predicate.Value, vocabularyVC); ours && q.Subject == root && q.Graph == (rdfc.Term{}) && found[name] != nil {
			found[name][q.Object] = true
		}
	}
	if len(found["holder"]) != occurrences(p.Tree["holder"]) || len(found["verifiableCredential"]) != len(p.Credentials) {
		return false
	}
	return p.Tree["holder"] == nil || found["holder"][rdfc.Term{Kind: rdfc.IRI, Value: p.Holder}]
}

// answers checks that the signature is for what was asked: a challenge, or a
// domain.
func (p presented) answers(id, wanted string, s seal) Check {
	if wanted == "" {
		return notApplicable(id, CodeNotAsked, "You did not say for which request it should be.")
	}
	if !s.holds() {
		return unknown(id, CodeNotRun, "Not checked, because it is not shown who signed it.")
	}
	if slices.Contains(p.answer(id), wanted) {
		return passed(id, "It was made for this request.")
	}
	return failed(id, CodeOtherRequest, "It was made for another request, and may be shown here by somebody else.")
}

// answer is what a presentation says it is for.
func (p presented) answer(id string) []string {
	switch {
	case p.envelope != nil && id == CheckChallenge:
		return []string{p.claims.Nonce}
	case p.envelope != nil:
		return p.claims.Audience
	}
	// Every proof must say so: one for another request, beside one for this, would
	// be a proof by somebody else.
	var all [][]string
	for _, one := range p.Proof {
		all = append(all, words(one[id]))
	}
	out := all[0]
	for _, other := range all[1:] {
		out = slices.DeleteFunc(out, func(w string) bool { return !slices.Contains(other, w) })
	}
	return out
}

// shown verifies one credential of a presentation.
func (r *run) shown(p presented, i int, one credential.Presented) Part {
	path := "/verifiableCredential"
	if _, several := p.Tree["verifiableCredential"].([]any); several {
		path += "/" + strconv.Itoa(i)
	}
	switch {
	case one.Embedded != nil:
		return r.inside(path, one.Embedded.Tree)
	case one.Enveloped != nil:
		return r.inside(path, string(one.Enveloped.Data))
	}
	return r.inside(path, one.Token)
}
