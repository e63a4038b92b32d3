package proof

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/strictjson"
)

// DeriveOptions are the settings of Derive; the zero value is good.
type DeriveOptions struct {
	Contexts *jsonld.Contexts // nil means the embedded ones
	MaxWork  int              // of the canonicaliser; zero means its default
	Inline   bool             // allows context objects inside the document (jsonld.Options.Inline)
	// Key is the issuer's. Where it is given, Derive first checks that the base
	// proof is its: else a holder who has not done so hands on what nobody accepts.
	Key crypto.PublicKey
}

// Derive makes a document for others from doc, a JSON object with an
// ecdsa-sd-2023 base proof: with what its issuer made mandatory and what the
// holder selects, and a proof of just that (vc-di-ecdsa 1.0, section 3.6.6).
// selective are JSON pointers (RFC 6901) into doc; what they point at is shown
// whole, and of the objects on the way to it the identifiers and types.
//
// The result has no white space, and its members stand in the order of doc. doc
// may have other proofs too, which are left out: they are over the whole
// document. The result says nothing of what is left out, not even how much it is;
// whoever verifies it learns that nothing was changed, not that nothing is missing
// (SignOptions.MandatoryPointers).
//
// Errors are *PointerError for a pointer that matches nothing or cannot be shown
// alone (a part of a list, where order counts, or of a JSON value), wrap
// ErrNoProof or ErrMalformed where there is not exactly one base proof, nothing
// is selected, or the proof is malformed, ErrBadSignature for a base proof that
// is not of this document, or are those of packages strictjson and jsonld.
func Derive(doc []byte, selective []string, o DeriveOptions) ([]byte, error) {
	members, unsecured, proofs, err := open(doc)
	if err != nil {
		return nil, err
	}
	at, err := findBase(unsecured, proofs)
	if err != nil {
		return nil, err
	}
	p := proofs[at]
	t := &task{document: unsecured, proof: maps.Clone(p.Raw), contexts: o.Contexts, maxWork: o.MaxWork, inline: o.Inline}
	delete(t.proof, "proofValue")
	if err := sdAlone(t); err != nil {
		return nil, err
	}
	v, err := parseBase(p.Value)
	if err != nil {
		return nil, err
	}
	pointers := append(slices.Clone(v.mandatory), selective...)
	if len(pointers) == 0 {
		return nil, fmt.Errorf("%w: nothing is mandatory, and nothing selected", ErrMalformed)
	}
	b, err := openBase(t, v)
	if err != nil {
		return nil, err
	}
	if o.Key != nil {
		if err := b.check(v, o.Key); err != nil {
			return nil, err
		}
	}
	derived, err := b.derive(v, pointers)
	if err != nil {
		return nil, err
	}
	s, err := selectParts(unsecured, pointers)
	if err != nil {
		return nil, err
	}
	out, err := sealDerived(members, s, at, derived.encode())
	if err != nil {
		return nil, err
	}
	return out, b.checkDerived(out, derived)
}

// findBase returns the place of the only ecdsa-sd-2023 proof.
func findBase(unsecured map[string]any, proofs []Proof) (int, error) {
	if len(proofs) == 0 {
		return 0, ErrNoProof
	}
	at := -1
	for i, p := range proofs {
		if p.Type != dataIntegrityProof || p.Cryptosuite != ecdsaSD2023 {
			continue
		}
		if at >= 0 {
			return 0, fmt.Errorf("%w: more than one %s proof", ErrMalformed, ecdsaSD2023)
		}
		at = i
	}
	if at < 0 {
		return 0, fmt.Errorf("%w: no %s proof among the document's", ErrNoProof, ecdsaSD2023)
	}
	if err := proofs[at].check(); err != nil {
		return 0, err
	}
	return at, checkContext(unsecured, proofs[at].Raw)
}

// check checks the issuer's signature of a base proof.
func (b *sdBase) check(v *baseValue, key crypto.PublicKey) error {
	if !(sdSuite{}).accepts(key) {
		return fmt.Errorf("%w: %s is not made with a %T", ErrBadSignature, ecdsaSD2023, key)
	}
	return verifyData(key, b.signed, v.signature)
}

// derive makes the value of a derived proof ("createDisclosureData", section
// 3.5.6).
func (b *sdBase) derive(v *baseValue, pointers []string) (*derivedValue, error) {
	if n := len(b.whole.lines) - len(b.mandatory.places); n != len(v.signatures) {
		return nil, fmt.Errorf("%w: %d statements have %d signatures", ErrBadSignature, n, len(v.signatures))
	}
	combined, err := b.show(pointers)
	if err != nil {
		return nil, err
	}
	d := &derivedValue{signature: v.signature, publicKey: v.publicKey, labels: map[uint64][]byte{}}
	for i, line := range combined.places {
		before, mandatory := slices.BinarySearch(b.mandatory.places, line)
		if mandatory {
			d.mandatory = append(d.mandatory, uint64(i))
		} else {
			d.signatures = append(d.signatures, v.signatures[line-before])
		}
	}
	for label, name := range combined.names {
		n, err := strconv.ParseUint(strings.TrimPrefix(label, "c14n"), 10, 64)
		if err != nil {
			return nil, err
		}
		if d.labels[n], err = base64.RawURLEncoding.DecodeString(strings.TrimPrefix(name, "u")); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// checkDerived does what a verifier will do, but for the issuer's signature,
// which is over the same as the base proof's. So whatever could go wrong with a
// selection, no wrong document goes out.
func (b *sdBase) checkDerived(out []byte, v *derivedValue) error {
	decoded, err := strictjson.Decode(out, strictjson.Limits{MaxBytes: maxSignedBytes})
	if err != nil {
		return err
	}
	unsecured, _, err := Split(decoded.(map[string]any))
	if err != nil {
		return err
	}
	t := *b.task
	t.document, t.quads = unsecured, nil
	signed, lines, err := sdStatements(&t, v)
	if err != nil {
		return err
	}
	if !bytes.Equal(signed, b.signed) {
		return fmt.Errorf("%w: the mandatory part has become another one", ErrBadSignature)
	}
	return sdCheckLines(v, lines)
}

// sealDerived joins the selected parts of a document's members, and the proof at
// place at with another value.
func sealDerived(members []member, s *selection, at int, value string) ([]byte, error) {
	out := []byte{'{'}
	for _, m := range members {
		text := m.value
		part := s.parts[m.name]
		switch {
		case m.name == "proof":
			var err error
			if text, err = derivedProof(m.value, at, value); err != nil {
				return nil, err
			}
		case s.whole:
		case part == nil:
			continue
		default:
			text = part.cut(m.value)
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(out, m.key...), ':')
		out = append(out, text...)
	}
	return append(out, '}'), nil
}

// derivedProof is the proof at place at with another value; in a list, if it was
// in one.
func derivedProof(text []byte, at int, value string) ([]byte, error) {
	list := text[0] == '['
	if list {
		var proofs []json.RawMessage
		if err := json.Unmarshal(text, &proofs); err != nil {
			return nil, err
		}
		text = proofs[at]
	}
	members, err := split(text)
	if err != nil {
		return nil, err
	}
	out := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, m.key...), ':')
		if m.name == "proofValue" {
			out = append(append(append(out, '"'), value...), '"')
		} else {
			out = append(out, m.value...)
		}
	}
	out = append(out, '}')
	if list {
		out = append(append([]byte{'['}, out...), ']')
	}
	return out, nil
}
