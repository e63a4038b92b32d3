package verify

import (
	"crypto"
	"errors"
	"time"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/rdfc"
)

// seal is what the proofs of a credential show.
type seal struct {
	proof, key, identity Check

	signer  crypto.PublicKey // whose proof key, identity and host are about; nil if unknown
	host    string           // domain that is proven to stand behind the key; "" if none
	shared  bool             // only an account at host is proven
	expires time.Time        // earliest end of a proof; zero if none ends
}

// holds reports whether the signature is right and the issuer's.
func (s seal) holds() bool { return s.proof.Outcome == Passed && s.key.Outcome == Passed }

// examine checks the seal of d: the signature around it, or the proofs in it.
func (r *run) examine(d document) seal {
	before := r.signing // a list is examined in the middle of its badge
	defer func() { r.signing = before }()
	r.signing = Signature{Issuer: d.Issuer.ID, Credential: d.ID}
	if d.envelope != nil {
		return r.examineEnvelope(d)
	}
	return r.examineProofs(d.Credential)
}

// examineProofs checks the proofs of c.
//
// A proof set holds only if every proof in it does, and a chain only if all of
// its links are there. The proof of the issuer must be among them; others may
// have signed too, but count for nothing.
//
// A document without any proof is unknown, not failed: nothing shows that
// anybody changed it, and nothing shows that anybody issued it.
func (r *run) examineProofs(c *credential.Credential) seal {
	unsecured, proofs, err := proof.Split(c.Tree)
	switch {
	case errors.Is(err, proof.ErrNoProof):
		return unsealed(unknown(CheckProof, CodeNotSigned, "This badge is not signed. Anybody could have written it."))
	case err != nil:
		return unsealed(failed(CheckProof, CodeBadProof, "What stands in the place of the signature is none."))
	case len(proofs) > maxProofs:
		return unsealed(unknown(CheckProof, CodeTooManyProofs, "This badge carries more signatures than we check."))
	}
	var all []seal
	signed := r.contentOf(unsecured, proofs)
	if r.Shapes != nil && len(c.Raw) > 0 && !signed.inline {
		if signed.quick, err = r.Shapes.Secured(c.Raw); err == nil {
			defer signed.quick.Release()
		}
	}
	for i, p := range proofs {
		all = append(all, r.examineOne(signed, i, p, c.Issuer.ID))
	}
	s := combine(all)
	if s.proof.Outcome == Passed {
		if bad := r.readBack(signed, c, proofs); bad != nil {
			s.proof = *bad
		}
	}
	return s.settled()
}

// settled is s without what a signature that does not fit would seem to show.
func (s seal) settled() seal {
	if s.proof.Outcome == Failed && s.key.Outcome == Passed {
		// It names the issuer's key, as every forgery can.
		s.key = unknown(CheckIssuerKey, CodeNotRun, "It names a key of the issuer, but the signature does not fit: nothing shows that this key signed what stands here.")
		s.identity = unknown(CheckIssuerIdentity, CodeNotRun, "Not checked, because it is not shown that the issuer signed this.")
		s.host, s.shared = "", false
	}
	return s
}

// unsealed is the result where no key has been looked for.
func unsealed(p Check) seal {
	const reason = "Not checked, because there is no signature that we can check."
	return seal{proof: p, key: unknown(CheckIssuerKey, CodeNotRun, reason), identity: unknown(CheckIssuerIdentity, CodeNotRun, reason)}
}

// combine merges the results of the proofs of one set.
func combine(all []seal) seal {
	out := all[0]
	for _, s := range all[1:] {
		// A proof of a part stays one beside a proof of the whole: whoever derived it
		// may have added the other.
		if worse(s.proof.Outcome, out.proof.Outcome) || s.proof.Code == CodePartial && out.proof.Outcome == Passed {
			out.proof = s.proof
		}
		if worse(out.key.Outcome, s.key.Outcome) {
			out.key, out.identity, out.host, out.shared, out.signer = s.key, s.identity, s.host, s.shared, s.signer
		}
	}
	for _, s := range all {
		if !s.expires.IsZero() && (out.expires.IsZero() || s.expires.Before(out.expires)) {
			out.expires = s.expires
		}
	}
	return out
}

// worse reports whether a says less for a badge than b.
func worse(a, b Outcome) bool {
	rank := map[Outcome]int{Passed: 2, Unknown: 1, Failed: 0}
	return rank[a] < rank[b]
}

// examineOne checks proof number i, p, by itself.
func (r *run) examineOne(signed *content, i int, p proof.Proof, issuer string) seal {
	created, err := proofTime(p.Created)
	if err != nil {
		return unsealed(failed(CheckProof, CodeBadProof, "The date of the signature cannot be read."))
	}
	expires, err := proofTime(p.Expires)
	if err != nil {
		return unsealed(failed(CheckProof, CodeBadProof, "The end of the signature cannot be read."))
	}
	r.signing.Issuer, r.signing.Method, r.signing.Value = issuer, p.VerificationMethod, p.Value
	o := r.owner(p.VerificationMethod, issuer, created)
	s := seal{key: o.check, signer: o.key, host: o.host, shared: o.shared, expires: expires}
	s.identity = r.identity(o, issuer)
	s.proof = r.signature(signed, i, p, o, created)
	return s
}

func proofTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return credential.ParseTime(s)
}

// signature checks that p signs the content, for the purpose of making a claim.
func (r *run) signature(signed *content, i int, p proof.Proof, o owner, created time.Time) Check {
	switch {
	case p.Purpose != r.relationship:
		return failed(CheckProof, CodeWrongPurpose, "The signature was made for another purpose than "+purposes[r.relationship]+".")
	case hasUnknownMember(p.Raw), !plainProof(p.Raw):
		return unknown(CheckProof, CodeAmbiguousForm, "The signature is written in a form that programs read differently.")
	case o.key == nil:
		return unknown(CheckProof, CodeNoKey, "We could not get the key that would show whether it is unchanged.")
	}
	if err := r.verifyProof(signed, i, p, o); err != nil {
		return signatureError(err)
	}
	if created.After(r.now.Add(clockSkew)) {
		return unknown(CheckProof, CodeFuture, "The signature is dated in the future. Its clock or ours is wrong.")
	}
	if p.Cryptosuite == suiteSelective {
		return passedAs(CheckProof, CodePartial, reasonPartial)
	}
	return passed(CheckProof, reasonUnchanged)
}

// purposes puts what a key is listed for into words.
var purposes = map[string]string{did.AssertionMethod: "issuing a badge", did.Authentication: "showing who presents a badge"}

// suiteSelective is the cryptosuite of credentials of which the holder shows parts.
const suiteSelective = "ecdsa-sd-2023"

const (
	reasonUnchanged = "Nothing has been changed since it was signed."
	reasonPartial   = "Nothing has been changed since it was signed. Whoever shows it may have left parts out."
)

// hasUnknownMember reports whether a proof has members that we do not read. One
// of them could be its end date under another name: see readBack.
func hasUnknownMember(p map[string]any) bool {
	for name := range p {
		switch name {
		case "@context", "id", "type", "cryptosuite", "created", "expires", "verificationMethod", "proofPurpose",
			"proofValue", "challenge", "domain", "nonce", "previousProof":
		default:
			return true
		}
	}
	return false
}

// signatureError sorts the reasons why a proof does not verify. What we cannot
// read is never called a forgery, and never let through.
func signatureError(err error) Check {
	var (
		vocabulary *jsonld.ContextError
		term       *jsonld.UnknownTermError
		relative   *jsonld.RelativeIRIError
		lost       *jsonld.LossError
	)
	switch {
	case errors.Is(err, proof.ErrBaseProof):
		return unknown(CheckProof, CodeBaseProof, "This is the holder's own copy, which opens everything and is not meant to be shown. Ask the holder for one that is.")
	case errors.Is(err, proof.ErrBadSignature):
		return failed(CheckProof, CodeChanged, "The content is not what was signed: something has been changed.")
	case errors.Is(err, proof.ErrUnsupported):
		return unknown(CheckProof, CodeUnsupported, "It is signed in a form that we cannot check yet.")
	case errors.As(err, &vocabulary):
		return unknown(CheckProof, CodeUnknownVocabulary, "It uses vocabulary we do not carry, so we cannot tell what was signed.")
	case errors.As(err, &term):
		return unknown(CheckProof, CodeUnknownTerm, "It uses the word “"+plain(term.Term)+"”, which its vocabulary does not define. No signature covers such a part, so anybody could have added it.")
	case errors.As(err, &relative) && relative.Use == "type":
		return unknown(CheckProof, CodeUnknownTerm, "It uses the word “"+plain(relative.Value)+"”, which its vocabulary does not define. No signature covers such a part, so anybody could have added it.")
	case errors.As(err, &relative):
		return unknown(CheckProof, CodeRelativeAddress, "It contains the incomplete address “"+plain(relative.Value)+"”. No signature covers such a part, so anybody could have added it.")
	case errors.As(err, &lost):
		return unknown(CheckProof, CodeUnknownTerm, "A part of it is written so that no signature covers it. Anybody could have added it.")
	case errors.Is(err, rdfc.ErrWorkExceeded):
		return unknown(CheckProof, CodeTooComplex, "It is built so intricately that checking it would take too long.")
	case errors.Is(err, proof.ErrMalformed):
		return failed(CheckProof, CodeBadProof, "The signature is damaged.")
	}
	return unknown(CheckProof, CodeAmbiguousForm, "It is written in a form that we cannot check.")
}
