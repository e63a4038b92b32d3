package proof

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/strictjson"
)

// maxSignedBytes bounds a document that is to be signed: a transcript of many
// credentials may have 10 MiB.
const maxSignedBytes = 10 << 20

// SignOptions say what a new proof states about itself.
type SignOptions struct {
	Method    string    // the id of the verification method, an absolute address
	Created   time.Time // to the second; the zero time leaves it out
	Purpose   string    // empty means "assertionMethod"
	Challenge string    // for presentations
	Domain    string    // for presentations
	Contexts  *jsonld.Contexts
	// List writes a first proof as a list of one too, which the formal JSON Schema
	// of Open Badges 3.0 asks for. It changes nothing of what is signed.
	List bool
}

// proofOptions is a proof as we write it, before it has a value.
type proofOptions struct {
	Type               string `json:"type"`
	Cryptosuite        string `json:"cryptosuite"`
	Created            string `json:"created,omitempty"`
	VerificationMethod string `json:"verificationMethod"`
	ProofPurpose       string `json:"proofPurpose"`
	Challenge          string `json:"challenge,omitempty"`
	Domain             string `json:"domain,omitempty"`
	ProofValue         string `json:"proofValue,omitempty"`
}

// Sign adds an eddsa-rdfc-2022 proof to doc, a JSON object, and returns the
// secured document: doc without white space, its members as they were written
// and in their order, then the member proof. A proof that is there already is
// kept before the new one, in a list.
//
// The result is what must be stored and served: other JSON of the same meaning
// verifies too, but is another file. key must be an Ed25519 key.
//
// Errors are those of packages strictjson and jsonld for a document that cannot
// be signed whole (unknown terms, relative addresses, inline contexts), wrap
// ErrMalformed or ErrUnsupported for wrong options or keys, or come from key.
func Sign(doc []byte, key crypto.Signer, o SignOptions) ([]byte, error) {
	members, unsecured, err := open(doc)
	if err != nil {
		return nil, err
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: %s signs with Ed25519, not with a %T", ErrUnsupported, eddsaRDFC2022, key.Public())
	}
	if o.Method == "" {
		return nil, fmt.Errorf("%w: no verification method", ErrMalformed)
	}
	options := proofOptions{
		Type:               dataIntegrityProof,
		Cryptosuite:        eddsaRDFC2022,
		VerificationMethod: o.Method,
		ProofPurpose:       o.Purpose,
		Challenge:          o.Challenge,
		Domain:             o.Domain,
	}
	if o.Purpose == "" {
		options.ProofPurpose = "assertionMethod"
	}
	if !o.Created.IsZero() {
		options.Created = o.Created.UTC().Format(time.RFC3339)
	}
	config, err := tree(options)
	if err != nil {
		return nil, err
	}
	data, err := hashData(unsecured, config, jsonld.Options{Contexts: o.Contexts})
	if err != nil {
		return nil, err
	}
	sig, err := key.Sign(rand.Reader, data, crypto.Hash(0))
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	// A faulty signer must not send out badges that nobody can verify.
	if !multikey.VerifyEd25519(public, data, sig) {
		return nil, fmt.Errorf("%w: the signer's answer does not verify with its own key", ErrBadSignature)
	}
	options.ProofValue = multikey.EncodeMultibase(sig)
	return seal(members, options, o.List)
}

// open checks doc and returns its members as written and its tree without
// proofs.
func open(doc []byte) ([]member, map[string]any, error) {
	decoded, err := strictjson.Decode(doc, strictjson.Limits{MaxBytes: maxSignedBytes})
	if err != nil {
		return nil, nil, err
	}
	unsecured, ok := decoded.(map[string]any)
	if !ok {
		return nil, nil, fmt.Errorf("%w: only a JSON object can be signed", ErrMalformed)
	}
	if _, ok := unsecured["proof"]; ok {
		if unsecured, _, err = Split(unsecured); err != nil {
			return nil, nil, err
		}
	}
	members, err := split(doc)
	return members, unsecured, err
}

// tree is v as strictjson.Decode would give it.
func tree(v any) (map[string]any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	decoded, err := strictjson.Decode(data, strictjson.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%w: options: %w", ErrMalformed, err)
	}
	return decoded.(map[string]any), nil
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
func seal(members []member, added proofOptions, list bool) ([]byte, error) {
	var proof bytes.Buffer
	enc := json.NewEncoder(&proof)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(added); err != nil {
		return nil, err
	}
	value := bytes.TrimSuffix(proof.Bytes(), []byte("\n"))
	if list && !slices.ContainsFunc(members, func(m member) bool { return m.name == "proof" }) {
		value = append(append([]byte{'['}, value...), ']')
	}
	out := []byte{'{'}
	for _, m := range members {
		if m.name == "proof" {
			value = join(m.value, value)
			continue
		}
		out = append(out, m.key...)
		out = append(out, ':')
		out = append(out, m.value...)
		out = append(out, ',')
	}
	out = append(out, `"proof":`...)
	out = append(out, value...)
	return append(out, '}'), nil
}

// join appends a proof to one proof or a list of them.
func join(old, added []byte) []byte {
	old = bytes.TrimSuffix(bytes.TrimPrefix(old, []byte("[")), []byte("]"))
	return bytes.Join([][]byte{[]byte("["), old, []byte(","), added, []byte("]")}, nil)
}
