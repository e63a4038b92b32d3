package proof

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/roundel/roundel/multikey"
)

// ecdsaSD2023 is the cryptosuite of selective disclosure (vc-di-ecdsa 1.0,
// sections 3.4 to 3.6). The issuer makes a base proof for the holder, in which
// each statement that is not mandatory has a signature of its own, by a key made
// for that purpose alone; the issuer's key signs that key and the mandatory
// statements. The holder derives proofs from it for parts of the document.
const ecdsaSD2023 = "ecdsa-sd-2023"

// ErrBaseProof is what VerifyOne and Verify return for an ecdsa-sd-2023 proof as
// the issuer makes it for the holder: call Derive and verify the result. A base
// proof opens all that the holder may want to hold back, so it has no business
// with anybody who verifies (vc-di-ecdsa 1.0, sections 3.5.8 and 3.6.7). It wraps
// ErrMalformed.
var ErrBaseProof = fmt.Errorf("%w: this is the holder's own base proof, from which one for others must be derived", ErrMalformed)

// sdSuite makes base proofs and verifies derived ones.
type sdSuite struct {
	// fresh returns the secrets of a new base proof; nil stands for newSecrets.
	// Tests that compare with published vectors bring their own.
	fresh func() (*sdSecrets, error)
}

// sdSecrets are what is made for one base proof.
type sdSecrets struct {
	hmacKey []byte        // 32 bytes
	key     crypto.Signer // on P-256; forgotten when the proof is made
}

func newSecrets() (*sdSecrets, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	s := &sdSecrets{hmacKey: make([]byte, sdSecretBytes), key: key}
	_, err = rand.Read(s.hmacKey)
	return s, err
}

func (sdSuite) accepts(key crypto.PublicKey) bool {
	k, ok := key.(*ecdsa.PublicKey)
	return ok && multikey.CheckECDSA(k) == nil && k.Curve == elliptic.P256()
}

func (sdSuite) needs() string { return keysP256 }

func (sdSuite) context() bool { return false }

// sign returns the value of a base proof (sections 3.6.1 to 3.6.5).
func (s sdSuite) sign(t *task, key crypto.Signer) (string, error) {
	if err := sdAlone(t); err != nil {
		return "", err
	}
	if s.fresh == nil {
		s.fresh = newSecrets
	}
	secrets, err := s.fresh()
	if err != nil {
		return "", err
	}
	v := &baseValue{hmacKey: secrets.hmacKey, mandatory: t.mandatory}
	if v.mandatory == nil {
		v.mandatory = usualMandatory(t.document)
	}
	if v.publicKey, err = multikeyBytes(secrets.key.Public()); err != nil {
		return "", err
	}
	b, err := openBase(t, v)
	if err != nil {
		return "", err
	}
	if n := len(b.whole.lines) - len(b.mandatory.places); n > maxSignatures {
		return "", fmt.Errorf("%w: %d statements that can be held back", ErrUnsupported, n)
	}
	for i, line := range b.whole.lines {
		if b.isMandatory(i) {
			continue
		}
		sig, err := rawSignature(secrets.key, []byte(line), false)
		if err != nil {
			return "", err
		}
		v.signatures = append(v.signatures, sig)
	}
	if v.signature, err = rawSignature(key, b.signed, t.trusted); err != nil {
		return "", err
	}
	return v.encode(), nil
}

// usualMandatory are the pointers for an issuer who names none: to who issued a
// credential, when it is valid, and where it may have been revoked. A holder who
// could hold those back could make an expired or revoked credential look good.
func usualMandatory(doc map[string]any) []string {
	pointers := []string{}
	for _, name := range []string{
		"issuer", "validFrom", "validUntil", "issuanceDate", "expirationDate", "credentialStatus", "termsOfUse",
	} {
		if doc[name] != nil {
			pointers = append(pointers, "/"+name)
		}
	}
	return pointers
}

// verify checks a derived proof (section 3.6.7).
func (sdSuite) verify(t *task, value string, key crypto.PublicKey) error {
	if err := sdAlone(t); err != nil {
		return err
	}
	v, err := parseDerived(value)
	if err != nil {
		return err
	}
	signed, lines, err := sdStatements(t, v)
	if err != nil {
		return err
	}
	// The issuer's signature first: without it, nothing else is worth its work.
	if err := verifyData(key, signed, v.signature); err != nil {
		return err
	}
	return sdCheckLines(v, lines)
}

// sdAlone refuses proofs that build on others: the statements of those would be
// shown or held back like any other, and with them what the proof builds on.
func sdAlone(t *task) error {
	if _, ok := t.proof["previousProof"]; ok {
		return fmt.Errorf("%w: an %s proof that builds on others", ErrUnsupported, ecdsaSD2023)
	}
	return nil
}

// sdStatements returns what the issuer must have signed, and the statements with
// signatures of their own ("createVerifyData", section 3.5.9).
func sdStatements(t *task, v *derivedValue) (signed []byte, lines []string, err error) {
	quads, err := t.canonicalDocument(crypto.SHA256)
	if err != nil {
		return nil, nil, err
	}
	names := make(map[string]string, len(v.labels))
	for n, name := range v.labels {
		names[fmt.Sprintf("c14n%d", n)] = blankName(name)
	}
	all, err := relabel(quads, names)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrBadSignature, err)
	}
	if k := len(v.mandatory); k > 0 && v.mandatory[k-1] >= uint64(len(all)) {
		return nil, nil, fmt.Errorf("%w: a mandatory statement is missing", ErrBadSignature)
	}
	var mandatory strings.Builder
	next := v.mandatory
	for i, line := range all {
		if len(next) > 0 && next[0] == uint64(i) {
			mandatory.WriteString(line)
			next = next[1:]
			continue
		}
		lines = append(lines, line)
	}
	if len(lines) != len(v.signatures) {
		return nil, nil, fmt.Errorf("%w: %d statements have %d signatures", ErrBadSignature, len(lines), len(v.signatures))
	}
	signed, err = sdSigned(t, v.publicKey, mandatory.String())
	return signed, lines, err
}

// sdSigned is what the issuer's signature is over: the hash of the proof
// options, the key of the single statements, and the hash of the mandatory ones
// ("serializeSignData", section 3.5.1).
func sdSigned(t *task, publicKey []byte, mandatory string) ([]byte, error) {
	options, err := t.canonicalProof(crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return bytes.Join([][]byte{sum(crypto.SHA256, options), publicKey, sum(crypto.SHA256, []byte(mandatory))}, nil), nil
}

// sdCheckLines checks the signatures of the single statements.
func sdCheckLines(v *derivedValue, lines []string) error {
	key, err := sdPublicKey(v.publicKey)
	if err != nil {
		return err
	}
	for i, line := range lines {
		if !multikey.VerifyECDSA(key, sum(crypto.SHA256, []byte(line)), v.signatures[i]) {
			return ErrBadSignature
		}
	}
	return nil
}

// sdBase is a document taken apart as its base proof says.
type sdBase struct {
	task      *task
	whole     *disclosure
	mandatory *shown
	signed    []byte // by the issuer
}

// openBase takes t's document apart ("createBaseProofTransformation" and
// hashing, sections 3.6.2 and 3.6.3).
func openBase(t *task, v *baseValue) (*sdBase, error) {
	b := &sdBase{task: t}
	quads, err := t.canonicalDocument(crypto.SHA256)
	if err != nil {
		return nil, err
	}
	if b.whole, err = disclose(t.document, quads, v.hmacKey, t.jsonld()); err != nil {
		return nil, err
	}
	if b.mandatory, err = b.show(v.mandatory); err != nil {
		return nil, err
	}
	var mandatory strings.Builder
	for _, i := range b.mandatory.places {
		mandatory.WriteString(b.whole.lines[i])
	}
	b.signed, err = sdSigned(t, v.publicKey, mandatory.String())
	return b, err
}

// isMandatory tells whether a line of the document is.
func (b *sdBase) isMandatory(line int) bool {
	_, found := slices.BinarySearch(b.mandatory.places, line)
	return found
}

// maxBlame bounds the search for the pointer that is to blame.
const maxBlame = 50

// show returns the statements that pointers select.
func (b *sdBase) show(pointers []string) (*shown, error) {
	s, err := selectParts(b.task.document, pointers)
	if err != nil {
		return nil, err
	}
	part, err := b.whole.show(s)
	if !errors.Is(err, errNotApart) {
		return part, err
	}
	for _, p := range pointers[:min(len(pointers), maxBlame)] {
		alone, err := selectParts(b.task.document, []string{p})
		if err != nil {
			return nil, err
		}
		if _, err := b.whole.show(alone); err != nil {
			return nil, &PointerError{p, errNotApart.Error()}
		}
	}
	return nil, &PointerError{pointers[0], "and others: " + errNotApart.Error()}
}

// multikeyBytes is key as a Multikey without its multibase.
func multikeyBytes(key crypto.PublicKey) ([]byte, error) {
	text, err := multikey.EncodePublic(key)
	if err != nil {
		return nil, err
	}
	return multikey.DecodeMultibase(text, sdKeyBytes)
}
