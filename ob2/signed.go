package ob2

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"

	"github.com/roundel/roundel/jose"
)

// algorithms that badges before 3.0 are signed with: RS256 as the specification
// has it, the others as some issuers do.
func algorithms() []string { return []string{"RS256", "ES256", "ES384", "EdDSA"} }

// signed verifies a JWS by the issuer's profile and the key that it names.
func (r *run) signed(token []byte) {
	jws, err := jose.Parse(token)
	if err != nil {
		r.fail(CheckStructure, CodeMalformed, "The badge cannot be read: it is neither JSON nor a signed badge.")
		return
	}
	r.result.Signed = true
	tree, err := decode(jws.Payload)
	if err != nil {
		r.fail(CheckStructure, CodeMalformed, "What is signed cannot be read: "+err.Error())
		return
	}
	a, err := parse(tree, "")
	if err != nil {
		r.incomplete(err)
		return
	}
	r.take(a, jws.Payload)
	if a.Verification.Type != Signed {
		r.fail(CheckProof, CodeNotHosted, "It is signed but says that it is hosted: open it by its address.")
		return
	}
	if r.linked(a, true); r.result.Issuer == nil || r.result.Check(CheckIssuer).Code != CodeNotRun {
		r.set(CheckProof, Unknown, CodeNoIssuer, "Without the issuer's profile nobody knows whose key signed it.")
		return
	}
	key, ok := r.key(a, r.result.Issuer)
	if !ok {
		return
	}
	switch err := jws.Verify(key, algorithms()...); {
	case errors.Is(err, jose.ErrAlgorithm):
		r.set(CheckProof, Unknown, CodeNoKey, "It is signed in a way that does not fit the issuer's key, or with a key that is too short.")
		return
	case err != nil:
		r.fail(CheckProof, CodeSignature, "The signature is not right: something was changed, or somebody else signed it.")
		return
	}
	r.pass(CheckProof, "It is signed by the key that the issuer names.")
	r.trusted = true
	r.pass(CheckIssuer, "The issuer's profile names the key.")
	r.revoked(a, r.result.Issuer)
}

// key finds the key that the badge says signed it and checks that the issuer's
// profile names it.
func (r *run) key(a *Assertion, p *Profile) (crypto.PublicKey, bool) {
	creator := a.Verification.Creator
	if creator == "" {
		creator = a.Verification.URL
	}
	if creator == "" && len(p.PublicKey) == 1 {
		creator = p.PublicKey[0].ID
	}
	at := slices.IndexFunc(p.PublicKey, func(k CryptographicKey) bool { return k.ID != "" && sameAddress(k.ID, creator) })
	switch {
	case creator == "":
		r.set(CheckProof, Unknown, CodeNoKey, "The badge does not say which key signed it.")
		return nil, false
	case at >= 0 && p.PublicKey[at].PublicKeyPEM != "":
		return r.usable(&p.PublicKey[at], p)
	case at < 0 && a.Version != Version20 && len(p.PublicKey) == 0:
		// Before 2.0 profiles named no keys, and any file on the issuer's host was taken
		// for one. Others may have files there.
		r.set(CheckIssuer, Unknown, CodeForeignKey, "The issuer's profile names no key, as profiles of old did not, so nothing shows that the key is the issuer's.")
		r.set(CheckProof, Unknown, CodeForeignKey, "The key that the badge names is not shown to be the issuer's, so its signature says nothing.")
		return nil, false
	case at < 0:
		r.fail(CheckIssuer, CodeForeignKey, "The issuer's profile does not name the key that the badge says signed it.")
		r.set(CheckProof, Unknown, CodeForeignKey, "The key that the badge names is not the issuer's, so its signature says nothing.")
		return nil, false
	}
	body, err := r.get(creator)
	if err != nil {
		r.unfetched(CheckProof, "The key", err)
		return nil, false
	}
	k, err := ParseKey(body)
	if err != nil {
		r.fail(CheckProof, CodeNoKey, "What the badge names as its key is none.")
		return nil, false
	}
	if k.ID != "" && !sameAddress(k.ID, creator) {
		r.fail(CheckProof, CodeDiffers, "The key's address has another key.")
		return nil, false
	}
	return r.usable(k, p)
}

func (r *run) usable(k *CryptographicKey, p *Profile) (crypto.PublicKey, bool) {
	if k.Owner != "" && !sameAddress(k.Owner, p.ID) {
		r.fail(CheckIssuer, CodeForeignKey, "The key says that it belongs to somebody else than the issuer.")
		r.set(CheckProof, Unknown, CodeForeignKey, "The key that the badge names is not the issuer's, so its signature says nothing.")
		return nil, false
	}
	key, err := publicKey(k.PublicKeyPEM)
	if err != nil {
		r.set(CheckProof, Unknown, CodeNoKey, "The issuer's key is of a kind that we cannot use.")
		return nil, false
	}
	return key, true
}

// revoked looks for the badge in the issuer's revocation list.
func (r *run) revoked(a *Assertion, p *Profile) {
	if p.RevocationList == "" {
		r.set(CheckRevoked, NotApplicable, CodeNoList, "Its issuer keeps no list of badges that were taken back.")
		return
	}
	body, err := r.get(p.RevocationList)
	if err != nil {
		// That a list is missing does not show that nothing stands in it.
		if r.unfetched(CheckRevoked, "The issuer's list of badges that were taken back", err); r.result.Check(CheckRevoked).Outcome == Failed {
			r.set(CheckRevoked, Unknown, CodeNotThere, "The issuer's list of badges that were taken back is not where it should be.")
		}
		return
	}
	l, err := ParseRevocationList(body)
	if err != nil || l.Issuer != "" && !sameAddress(l.Issuer, p.ID) || l.ID != "" && !sameAddress(l.ID, p.RevocationList) {
		r.set(CheckRevoked, Unknown, CodeNotThere, "The issuer's list of badges that were taken back cannot be read.")
		return
	}
	if entry, found := l.Find(a); found {
		r.fail(CheckRevoked, CodeRevoked, taken(entry.Reason))
		return
	}
	r.pass(CheckRevoked, "It is not on its issuer's list of badges that were taken back.")
}

var errKey = errors.New("ob2: no public key in PEM")

// pemBlock reads text that is one block of PEM and nothing else, or nil: a key
// in the midst of a page is whoever's wrote there.
func pemBlock(s string) *pem.Block {
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, "-----BEGIN ") {
		return nil
	}
	block, rest := pem.Decode([]byte(s))
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil
	}
	return block
}

// publicKey reads the first key in PEM text.
func publicKey(text string) (crypto.PublicKey, error) {
	const longest = 16 << 10
	if len(text) > longest {
		return nil, errKey
	}
	block := pemBlock(text)
	if block == nil {
		return nil, errKey
	}
	switch block.Type {
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return c.PublicKey, nil
	}
	return x509.ParsePKIXPublicKey(block.Bytes)
}
