package proof

import (
	"bytes"
	"cmp"
	"crypto"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/strictjson"
)

// maxSignedBytes bounds a document that is to be signed: a transcript of many
// credentials may have 10 MiB.
const maxSignedBytes = 10 << 20

// SignOptions say what a new proof states about itself.
type SignOptions struct {
	// Method is the id of the verification method, by which verifiers find the key:
	// a DID with a fragment such as did:web:uni.example#key-1, or an https address.
	Method    string
	Created   time.Time // to the second; the zero time leaves it out
	Purpose   string    // empty means "assertionMethod"
	Challenge string    // for presentations
	Domain    string    // for presentations
	Contexts  *jsonld.Contexts
	// List writes a first proof as a list of one too, which the formal JSON Schema
	// of Open Badges 3.0 asks for. It changes nothing of what is signed.
	List bool
	// Cryptosuite is the kind of proof: eddsa-rdfc-2022, eddsa-jcs-2022,
	// ecdsa-rdfc-2019, ecdsa-jcs-2019 or ecdsa-sd-2023; or the older proof type
	// Ed25519Signature2020, for which the document must have the context
	// https://w3id.org/security/suites/ed25519-2020/v1. Empty means eddsa-rdfc-2022
	// for Ed25519 keys and ecdsa-rdfc-2019 for keys on P-256 and P-384.
	Cryptosuite string
	ID          string    // an absolute address by which a later proof can build on this one
	Expires     time.Time // to the second, after Created; the zero time leaves it out
	// Previous are the ids of proofs that stand in the document already and that
	// the new one builds on (previousProof).
	Previous []string
	// Inline allows context objects inside the document, which bring their own
	// vocabulary (jsonld.Options.Inline).
	Inline bool
	// Shapes, if given, makes signing with eddsa-rdfc-2022 and ecdsa-rdfc-2019 on
	// P-256 faster for documents of shapes that it has met before. It must have
	// been made with the same Contexts. The result is the same, but for documents
	// that have proofs already and in whatever else is uncommon it is not asked.
	Shapes *shape.Cache
	// TrustSigner leaves out the check of a signature that did not come from the
	// standard library's own keys: without it, what an opaque signer answers is
	// verified before it goes out. It is for another implementation of the same
	// algorithm in this process, and not for devices and services.
	TrustSigner bool
	// MandatoryPointers are the JSON pointers (RFC 6901) of what a holder cannot
	// leave out of an ecdsa-sd-2023 credential. nil stands for those that make out
	// whether it is valid, as far as it has them: issuer, validFrom, validUntil,
	// issuanceDate, expirationDate, credentialStatus and termsOfUse. An empty list
	// means that nothing is mandatory. Verifiers cannot tell: whoever names pointers
	// and leaves out the end or the status lets holders drop them.
	MandatoryPointers []string
}

// Sign adds a proof to doc, a JSON object, and returns the secured document:
// doc without white space, its members as they were written and in their order,
// then the member proof. A proof that is there already is kept before the new
// one, in a list.
//
// The result is what must be stored and served: other JSON of the same meaning
// verifies too, but is another file. key must be an Ed25519 key, or one on
// P-256 or P-384, as the cryptosuite asks.
//
// Errors are those of packages strictjson, jsonld and jcs for a document that
// cannot be signed whole (unknown terms, relative addresses, inline contexts),
// wrap ErrMalformed or ErrUnsupported for wrong options or keys, or come from
// key.
func Sign(doc []byte, key crypto.Signer, o SignOptions) ([]byte, error) {
	public, err := multikey.PublicOf(key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	s, options, err := o.options(public)
	if err == nil && o.Shapes != nil && quick(s, public) && len(o.Previous) == 0 && !o.Inline {
		if signed, done, err := signQuickly(doc, key, &options, o); done {
			return signed, err
		}
	}
	members, unsecured, proofs, wrong := open(doc)
	if wrong != nil {
		return nil, wrong
	}
	if err != nil {
		return nil, err
	}
	if s.context() {
		options.context = unsecured["@context"]
	}
	t := &task{document: unsecured, mandatory: o.MandatoryPointers, contexts: o.Contexts, inline: o.Inline, trusted: o.TrustSigner}
	if t.proof, err = options.tree(); err != nil {
		return nil, err
	}
	if o.ID != "" && slices.ContainsFunc(proofs, func(p Proof) bool { return p.ID == o.ID }) {
		return nil, fmt.Errorf("%w: there is a proof with the id %q already", ErrMalformed, o.ID)
	}
	if len(o.Previous) > 0 {
		if t.document, err = withPrevious(unsecured, o.Previous, proofs); err != nil {
			return nil, err
		}
	}
	value, err := s.sign(t, key)
	if err != nil && options.proofType == ed25519Signature2020 && !slices.Contains(asList(unsecured["@context"]), any(contextEd25519Signature2020)) {
		return nil, fmt.Errorf("the document needs the context %s for this type of proof: %w", contextEd25519Signature2020, err)
	}
	if err != nil {
		return nil, err
	}
	return seal(members, options.appendWith(nil, value), o.List), nil
}

// options returns the suite to sign with, and the new proof without its value.
func (o SignOptions) options(key crypto.PublicKey) (suite, proofOptions, error) {
	options := proofOptions{
		proofType:   dataIntegrityProof,
		id:          o.ID,
		cryptosuite: o.Cryptosuite,
		created:     instant(o.Created),
		expires:     instant(o.Expires),
		method:      o.Method,
		purpose:     o.Purpose,
		challenge:   o.Challenge,
		domain:      o.Domain,
		previous:    o.Previous,
	}
	if o.Purpose == "" {
		options.purpose = "assertionMethod"
	}
	switch {
	case o.Cryptosuite == ed25519Signature2020:
		options.proofType, options.cryptosuite = ed25519Signature2020, ""
	case o.Cryptosuite == "" && isECDSA(key):
		options.cryptosuite = ecdsaRDFC2019
	case o.Cryptosuite == "":
		options.cryptosuite = eddsaRDFC2022
	}
	s, err := suiteOf(options.proofType, options.cryptosuite)
	switch {
	case err != nil:
		return nil, options, err
	case !s.accepts(key):
		return nil, options, wrongKey(ErrUnsupported, cmp.Or(options.cryptosuite, options.proofType), s, key)
	case !o.Expires.IsZero() && !o.Created.IsZero() && !o.Expires.After(o.Created):
		return nil, options, fmt.Errorf("%w: the proof would expire at %s, before it was created at %s", ErrMalformed, options.expires, options.created)
	case len(o.MandatoryPointers) > 0 && options.cryptosuite != "ecdsa-sd-2023":
		return nil, options, fmt.Errorf("%w: %s has no mandatory pointers", ErrMalformed, options.cryptosuite)
	}
	return s, options, checkMethod(o.Method)
}

// checkMethod insists on a verification method whose key others can find.
func checkMethod(id string) error {
	rest, isDID := strings.CutPrefix(id, "did:")
	_, fragment, _ := strings.Cut(rest, "#")
	switch {
	case id == "":
		return fmt.Errorf("%w: SignOptions.Method is missing: the id of the verification method, such as did:web:uni.example#key-1", ErrMalformed)
	case isDID && fragment == "":
		return fmt.Errorf("%w: SignOptions.Method %q has no fragment, so it names no key: it should be like did:web:uni.example#key-1", ErrMalformed, id)
	case !isDID && !strings.HasPrefix(id, "https://"):
		return fmt.Errorf("%w: SignOptions.Method %q is neither a DID nor an https address", ErrMalformed, id)
	}
	return nil
}

// instant is t as proofs write it, or "" for the zero time.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// open checks doc and returns its members as written, its tree without proofs,
// and its proofs.
func open(doc []byte) ([]member, map[string]any, []Proof, error) {
	decoded, err := strictjson.Decode(doc, strictjson.Limits{MaxBytes: maxSignedBytes})
	if err != nil {
		return nil, nil, nil, err
	}
	unsecured, ok := decoded.(map[string]any)
	if !ok {
		return nil, nil, nil, fmt.Errorf("%w: only a JSON object can be signed", ErrMalformed)
	}
	var proofs []Proof
	if _, ok := unsecured["proof"]; ok {
		if unsecured, proofs, err = Split(unsecured); err != nil {
			return nil, nil, nil, err
		}
	}
	members, err := split(doc)
	return members, unsecured, proofs, err
}

// A member is one member of a JSON object, key and value as written.
type member struct {
	name       string
	key, value []byte
}

// split cuts a JSON object that strictjson has accepted into its members,
// without white space between tokens.
func split(doc []byte) ([]member, error) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, doc); err != nil {
		return nil, err
	}
	text := compact.Bytes()
	dec := json.NewDecoder(bytes.NewReader(text))
	if _, err := dec.Token(); err != nil { // the opening brace
		return nil, err
	}
	var members []member
	for dec.More() {
		start := dec.InputOffset()
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: name.(string), key: bytes.TrimPrefix(text[start:dec.InputOffset()], []byte(","))}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		m.value = value
		members = append(members, m)
	}
	return members, nil
}

// seal joins members again, with the new proof last.
func seal(members []member, proof []byte, list bool) []byte {
	if list && !slices.ContainsFunc(members, func(m member) bool { return m.name == "proof" }) {
		proof = slices.Concat([]byte{'['}, proof, []byte{']'})
	}
	out := []byte{'{'}
	for _, m := range members {
		if m.name == "proof" {
			proof = join(m.value, proof)
			continue
		}
		out = append(out, m.key...)
		out = append(out, ':')
		out = append(out, m.value...)
		out = append(out, ',')
	}
	out = append(out, `"proof":`...)
	out = append(out, proof...)
	return append(out, '}')
}

// join appends a proof to one proof or a list of them.
func join(old, added []byte) []byte {
	old = bytes.TrimSuffix(bytes.TrimPrefix(old, []byte("[")), []byte("]"))
	return bytes.Join([][]byte{[]byte("["), old, []byte(","), added, []byte("]")}, nil)
}
