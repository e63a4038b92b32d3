package verify

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/roundel/roundel/cose"
	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/sdjwt"
)

// token reads a credential that is signed as a whole: a compact JWS, or an
// SD-JWT, which has a tilde.
func (r *run) token(text []byte) (document, *Check) {
	text = bytes.TrimSpace(text)
	if bytes.IndexByte(text, '~') >= 0 {
		return r.selective(text)
	}
	if len(text) > maxToken {
		c := unknown(CheckStructure, CodeTooLarge, reasonLarge)
		return document{}, &c
	}
	j, err := jose.ParseLimit(text, maxToken)
	if err != nil {
		return document{}, tokenError(err)
	}
	return r.signedBy(j)
}

// maxToken is the longest token that is read, in bytes: base64 makes four of
// three.
const maxToken = credential.MaxRecordBytes*4/3 + 64<<10

// signedBy reads the credential in j.
func (r *run) signedBy(j *jose.JWS) (document, *Check) {
	if bad := r.afford(j.Payload); bad != nil {
		return document{}, bad
	}
	if holdsOld(j.Payload) {
		return r.oldBadge(j.Token(), "")
	}
	t, err := j.Credential()
	if err != nil {
		return document{}, tokenError(err)
	}
	d, bad := r.object(t.Tree, t.Document)
	switch {
	case bad != nil:
		return document{}, bad
	case d.envelope != nil:
		return document{}, twice()
	}
	d.envelope = envelopeOf(j)
	d.envelope.made, d.envelope.stamped = t.IssuedAt, !t.IssuedAt.IsZero()
	d.envelope.expires = t.Expires
	switch {
	case t.Profile == jose.W3C: // there nbf speaks of the signature
		d.envelope.starts = t.NotBefore
	case d.ValidFrom.IsZero():
		d.ValidFrom = t.NotBefore
	}
	if t.Profile != jose.W3C && t.IssuedAt.IsZero() {
		d.envelope.made = d.ValidFrom
	}
	d.statusClaim = t.Tree["status"]
	d.envelope.bind(t.Tree["cnf"])
	return d, nil
}

// twice is the result for an envelope in an envelope: which signature is the
// issuer's?
func twice() *Check {
	c := failed(CheckStructure, CodeRules, "It is one signed file inside another, which no badge is.")
	return &c
}

// envelopeOf is the signature of j.
func envelopeOf(j *jose.JWS) *envelope {
	return &envelope{keyID: j.Header.KeyID, jwk: j.Header.JWK, fits: func(key crypto.PublicKey) error { return j.Verify(key) }}
}

// message reads a credential in a COSE_Sign1 message (VC-JOSE-COSE, section 3.3).
func (r *run) message(data []byte) (document, *Check) {
	m, err := cose.ParseCredential(data)
	if err != nil {
		return document{}, tokenError(err)
	}
	if bad := r.afford(m.Document); bad != nil {
		return document{}, bad
	}
	d, bad := r.object(m.Tree, m.Document)
	switch {
	case bad != nil:
		return document{}, bad
	case d.envelope != nil:
		return document{}, twice()
	}
	d.envelope = messageEnvelope(m)
	d.statusClaim = m.Tree["status"]
	d.envelope.bind(m.Tree["cnf"])
	if _, present := m.CWT[cwtConfirmation]; present {
		d.envelope.bound = true // by a COSE key, which we do not read
	}
	return d, nil
}

// messageEnvelope is the signature of m.
func messageEnvelope(m *cose.Document) *envelope {
	return &envelope{keyID: m.KeyID, fits: func(key crypto.PublicKey) error { return m.Verify(key) },
		made: m.Claims.IssuedAt, stamped: !m.Claims.IssuedAt.IsZero(), starts: m.Claims.NotBefore, expires: m.Claims.Expires}
}

// isMessage reports whether file begins as a COSE_Sign1 message does: with its
// tag and an array of four.
func isMessage(file []byte) bool { return bytes.HasPrefix(file, []byte{0xd2, 0x84}) }

// messageIn returns the COSE_Sign1 message in file, which may be written in base64
// to travel as text, or nil.
func messageIn(file []byte) []byte {
	if isMessage(file) {
		return file
	}
	const begins = "0oR" // the tag, and an array of four with its first item
	text := bytes.TrimRight(bytes.TrimSpace(file), "=")
	if !bytes.HasPrefix(text, []byte(begins)) {
		return nil
	}
	data := make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	n, err := base64.RawStdEncoding.Strict().Decode(data, text)
	if err != nil || !isMessage(data[:n]) {
		return nil
	}
	return data[:n]
}

// cwtConfirmation is the label of the claim cnf in a CWT (RFC 8747, section 3.1).
const cwtConfirmation = int64(8)

// bind notes the claim cnf (RFC 7800): the key of whoever may present the token.
func (e *envelope) bind(cnf any) {
	if cnf == nil {
		return
	}
	e.bound = true
	members, _ := cnf.(map[string]any)
	jwk, _ := members["jwk"].(map[string]any)
	text, err := json.Marshal(jwk)
	if err != nil || jwk == nil {
		return
	}
	if key, err := multikey.PublicFromJWK(text); err == nil {
		e.holder = key
	}
}

// enveloped reads an EnvelopedVerifiableCredential.
func (r *run) enveloped(tree map[string]any) (document, *Check) {
	e, err := credential.ReadEnvelope(tree)
	if err != nil {
		c := failed(CheckStructure, CodeRules, "This is not a complete credential. "+firstProblem(err))
		return document{}, &c
	}
	if e.Type != credential.TypeEnvelopedCredential {
		return document{}, presentationInstead()
	}
	switch e.MediaType {
	case "application/vc+jwt", "application/jwt", "application/vc+sd-jwt", "application/dc+sd-jwt":
		return r.token(e.Data)
	case "application/vc+cose":
		return r.message(e.Data)
	}
	c := unknown(CheckStructure, CodeUnsupported, "It is wrapped in a form that we cannot open.")
	return document{}, &c
}

// tokenError says why a token cannot be read.
func tokenError(err error) *Check {
	var claim *jose.ClaimError
	var c Check
	switch {
	case errors.As(err, &claim):
		c = failed(CheckStructure, CodeClaims, "It says two different things about itself: programs would read it differently (“"+plain(claim.Claim)+"”).")
	case errors.Is(err, jose.ErrAlgorithm):
		c = failed(CheckStructure, CodeNoSecurity, "It is signed in a way that secures nothing: anybody could have written it.")
	case errors.Is(err, jose.ErrUnsupported), errors.Is(err, sdjwt.ErrUnsupported), errors.Is(err, cose.ErrUnsupported):
		c = unknown(CheckStructure, CodeUnsupported, "It is signed in a form that we cannot check.")
	default:
		c = failed(CheckStructure, CodeBadToken, "The file looks like a signed badge (a token), but is damaged or not complete.")
	}
	return &c
}
