package openbadge

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/strictjson"
)

// Endorse adds a signed endorsement of the award, the achievement, the issuer
// or the recipient: the JSON of an EndorsementCredential with a proof of its
// own, which badges of any form can carry, or a compact JWS, which only badges
// that are JWTs themselves can carry. The error is Problems.
func (c *AchievementCredential) Endorse(signed []byte) error {
	return endorse(&c.Endorsement, &c.EndorsementJWT, signed, "")
}

// Endorse adds a signed endorsement of the achievement. See
// AchievementCredential.Endorse.
func (a *Achievement) Endorse(signed []byte) error {
	return endorse(&a.Endorsement, &a.EndorsementJWT, signed, a.ID)
}

// Endorse adds a signed endorsement of the person or organisation. See
// AchievementCredential.Endorse.
func (p *Profile) Endorse(signed []byte) error {
	return endorse(&p.Endorsement, &p.EndorsementJWT, signed, p.ID)
}

func endorse(documents *[]json.RawMessage, jwts *[]string, signed []byte, about string) error {
	v := &Checker{Issuing: true, JWT: true}
	if text := string(signed); jws.MatchString(text) {
		v.Endorsements("", nil, []string{text}, about)
	} else {
		v.Endorsements("", []json.RawMessage{signed}, nil, about)
	}
	if len(v.Problems) > 0 {
		return v.Problems
	}
	if jws.Match(signed) {
		*jwts = append(*jwts, string(signed))
	} else {
		*documents = append(*documents, listProof(signed))
	}
	return nil
}

// listProof returns document with its proof as a list, which is what the
// stricter of the two published schemas wants. Proofs cover neither form: the
// statements and, in canonical JSON, the document without its proof are the
// same.
func listProof(document []byte) []byte {
	dec := json.NewDecoder(bytes.NewReader(document))
	if _, err := dec.Token(); err != nil {
		return document
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return document
		}
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			return document
		}
		if name == "proof" && value[0] == '{' {
			end := int(dec.InputOffset())
			return slices.Concat(document[:end-len(value)], []byte("["), value, []byte("]"), document[end:])
		}
	}
	return slices.Clone(document)
}

// Endorsements checks those of the thing at path. about is its id, or "" where
// an endorsement may be about any part of the credential.
func (v *Checker) Endorsements(path string, documents []json.RawMessage, jwts []string, about string) {
	for i, s := range jwts {
		at := item(path+"/endorsementJwt", i)
		if !jws.MatchString(s) {
			v.Problems.Add(at, "The value must be a compact JWS.")
		} else if v.Issuing {
			v.endorsementJWT(at, s, about)
		}
	}
	if !v.Issuing {
		return
	}
	if len(jwts) > 0 && !v.JWT {
		v.Problems.Add(path+"/endorsementJwt", "An endorsement that is a JWT cannot stand in a badge with a Data Integrity proof, because no published "+
			"context knows the term: embed the endorsement with a proof of its own, or sign the badge as a JWT.")
	}
	for i, document := range documents {
		at := item(path+"/endorsement", i)
		c, err := credential.Parse(document)
		if err != nil {
			v.Problems.Add(at, "It is no credential: %v", err)
			continue
		}
		if len(c.Proof) == 0 {
			v.Problems.Add(at, "The endorsement is not signed: it must have a proof of its own.")
		}
		if c.Version != credential.Version2 {
			v.Problems.Add(at, "The endorsement must be of version 2.0 of the data model.")
		}
		v.embedded(at, c, about)
	}
}

// endorsementJWT checks what a JWS carries, as far as that needs no key.
func (v *Checker) endorsementJWT(path, s, about string) {
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(s, ".")[1])
	if err != nil {
		v.Problems.Add(path, "The JWS is not written in base64url.")
		return
	}
	tree, err := strictjson.Decode(payload, strictjson.Limits{})
	m, isObject := tree.(map[string]any)
	if err != nil || !isObject {
		v.Problems.Add(path, "The JWS carries no JSON object.")
		return
	}
	c, err := credential.FromTree(m)
	if err != nil {
		v.Problems.Add(path, "The JWS carries no credential: %v", err)
		return
	}
	v.embedded(path, c, about)
}

func (v *Checker) embedded(path string, c *credential.Credential, about string) {
	e, err := ReadEndorsement(c)
	switch {
	case err != nil:
		v.Problems.Add(path, "It is no endorsement: %v", err)
	case about != "" && e.Subject.ID != about:
		v.Problems.Add(path+"/credentialSubject/id", "The endorsement is about something else than what it stands at.")
	}
}

// Endorsed is an endorsement where it stands. Exactly one of Document and JWT
// is set. Nothing says yet that the endorsement is signed, or about it.
type Endorsed struct {
	Path     string // JSON Pointer into the credential
	About    string // id of what it stands at and should be about; "" is any part of the credential
	Document json.RawMessage
	JWT      string
}

// Endorsements lists the endorsements of c and of everything in it, in the
// order of the document.
func (c *AchievementCredential) Endorsements() []Endorsed {
	all := EndorsementsAt("", c.Endorsement, c.EndorsementJWT, "")
	all = append(all, c.Issuer.Endorsements("/issuer")...)
	all = append(all, c.Subject.Achievement.Endorsements("/credentialSubject/achievement")...)
	return append(all, c.Subject.Source.Endorsements("/credentialSubject/source")...)
}

// Endorsements lists the endorsements of a, which stands at path, and of its
// creator.
func (a *Achievement) Endorsements(path string) []Endorsed {
	return append(EndorsementsAt(path, a.Endorsement, a.EndorsementJWT, a.ID), a.Creator.Endorsements(path+"/creator")...)
}

// Endorsements lists the endorsements of p, which stands at path and may be nil,
// and of the organisations above it.
func (p *Profile) Endorsements(path string) []Endorsed {
	if p == nil {
		return nil
	}
	return append(EndorsementsAt(path, p.Endorsement, p.EndorsementJWT, p.ID), p.ParentOrg.Endorsements(path+"/parentOrg")...)
}

// EndorsementsAt lists the endorsements of the thing at path, whose id is about.
func EndorsementsAt(path string, documents []json.RawMessage, jwts []string, about string) (all []Endorsed) {
	for i, d := range documents {
		all = append(all, Endorsed{Path: fmt.Sprintf("%s/endorsement/%d", path, i), About: about, Document: d})
	}
	for i, s := range jwts {
		all = append(all, Endorsed{Path: fmt.Sprintf("%s/endorsementJwt/%d", path, i), About: about, JWT: s})
	}
	return all
}
