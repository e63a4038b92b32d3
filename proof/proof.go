// Package proof adds and checks Data Integrity proofs (W3C Verifiable
// Credential Data Integrity 1.0), in sets and in chains, of these kinds:
//
//   - eddsa-rdfc-2022 and ecdsa-rdfc-2019, over the RDF statements of a document:
//     the order of members and white space do not count, every term must be known;
//   - eddsa-jcs-2022 and ecdsa-jcs-2019, over its canonical JSON;
//   - ecdsa-sd-2023, of which a holder may show a part (see Derive);
//   - the older type Ed25519Signature2020.
//
// Sign makes a proof. Split takes the proofs off a document, VerifyOne checks
// one of them, and Order tells which builds on which.
//
// A proof that verifies says that a key signed the document. Whose key it is,
// and whether its owner may speak for the issuer, are other questions, which
// package verify asks.
//
// # What a proof covers
//
// A proof over RDF (all but the two with jcs in their names) covers the
// statements that a document makes, not its JSON. The same statement can be
// written in many ways, and a program that reads JSON members knows one of them.
// Somebody who holds a credential can write its end
//
//	"https://www.w3.org/2018/credentials#validUntil": {"@type": "http://www.w3.org/2001/XMLSchema#dateTime", "@value": "2027-01-01T00:00:00Z"}
//
// instead of "validUntil": "2027-01-01T00:00:00Z". The proof still verifies, and
// whoever looks for a member validUntil finds none: a credential that never ends.
// Status entries, the issuer and the results can be made to vanish likewise.
//
// So do not read JSON members after Verify or VerifyOne alone. Use package
// verify, which refuses to call such a document valid, or compare what you read
// with the statements, as jsonld.Canonicalize gives them.
//
// An ecdsa-sd-2023 proof covers what the holder shows. What was left out nobody
// can see, and neither what the issuer made mandatory: a credential without an
// end, or without a status, may be one whose holder left it out, unless its
// issuer is known to make them mandatory, as Sign does by default.
package proof

import (
	"errors"
	"fmt"
	"maps"
	"time"
)

var (
	// ErrNoProof: the document has no proof at all.
	ErrNoProof = errors.New("the document has no proof")
	// ErrMalformed: a proof that breaks the rules whatever the document says.
	ErrMalformed = errors.New("malformed proof")
	// ErrUnsupported: a kind of proof that this package cannot check, so that it
	// says nothing about the document.
	ErrUnsupported = errors.New("kind of proof not supported")
	// ErrPurpose: a proof for another purpose than VerifyOptions.Purpose.
	ErrPurpose = errors.New("the proof is for another purpose")
	// ErrBadSignature: the document is not what the key signed.
	ErrBadSignature = errors.New("the signature does not fit the document")
)

// maxProofs bounds the proofs of one document, each of which costs a
// canonicalisation.
const maxProofs = 16

// A Proof is one proof of a document (Data Integrity 1.0, section 2.1). Texts are
// empty where the proof has no such member, or one that is no text; nothing has
// been checked of them before VerifyOne.
type Proof struct {
	ID                 string         // an absolute address; other proofs may build on it by that
	Type               string         // DataIntegrityProof, or an older type
	Cryptosuite        string         // such as eddsa-rdfc-2022; empty for the older types, which have none
	Created            string         // date and time with a zone (RFC 3339), as written
	Expires            string         // from when on it counts no longer, likewise
	VerificationMethod string         // the address of the key, as a rule a DID with a fragment
	Purpose            string         // proofPurpose: assertionMethod or authentication, as a rule
	Value              string         // proofValue, in multibase
	Challenge          string         // what a presentation answers
	Domain             string         // for whom a presentation is; empty also for a list of several, see Raw
	Previous           []string       // the ids of the proofs that this one builds on
	Raw                map[string]any // all its members as strictjson.Decode gives them; not filled in by Verify
}

// Split takes the proofs off a document, a tree from strictjson.Decode, which
// stays as it is. It returns the document without them and the proofs in
// order.
//
// Errors wrap ErrNoProof, or ErrMalformed, also for an empty list and for
// anything else in it than objects with a type.
func Split(doc map[string]any) (unsecured map[string]any, proofs []Proof, err error) {
	v, ok := doc["proof"]
	if !ok {
		return nil, nil, ErrNoProof
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	if len(list) == 0 || len(list) > maxProofs {
		return nil, nil, fmt.Errorf("%w: %d proofs", ErrMalformed, len(list))
	}
	for _, item := range list {
		p, err := parse(item)
		if err != nil {
			return nil, nil, err
		}
		proofs = append(proofs, p)
	}
	unsecured = maps.Clone(doc)
	delete(unsecured, "proof")
	return unsecured, proofs, nil
}

// parse reads one proof as far as every kind of proof is alike.
func parse(item any) (Proof, error) {
	members, ok := item.(map[string]any)
	if !ok {
		return Proof{}, fmt.Errorf("%w: not an object", ErrMalformed)
	}
	p := Proof{Raw: members}
	for name, into := range map[string]*string{
		"id": &p.ID, "type": &p.Type, "cryptosuite": &p.Cryptosuite, "created": &p.Created, "expires": &p.Expires,
		"verificationMethod": &p.VerificationMethod, "proofPurpose": &p.Purpose, "proofValue": &p.Value,
		"challenge": &p.Challenge, "domain": &p.Domain,
	} {
		*into, _ = members[name].(string)
	}
	if p.Type == "" {
		return Proof{}, fmt.Errorf("%w: no type", ErrMalformed)
	}
	switch previous := members["previousProof"].(type) {
	case string:
		p.Previous = []string{previous}
	case []any:
		for _, item := range previous {
			if id, ok := item.(string); ok {
				p.Previous = append(p.Previous, id)
			}
		}
	}
	return p, nil
}

// checkInstant insists on an XML Schema dateTimeStamp (Data Integrity 1.0,
// section 2.1).
func checkInstant(name, s string) error {
	_, err := time.Parse(time.RFC3339, s)
	if err != nil || s[13] != ':' || s[19] == ',' { // Parse takes hours of one digit, and commas
		return fmt.Errorf("%w: %s is not a date and time with a zone", ErrMalformed, name)
	}
	return nil
}
