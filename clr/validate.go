package clr

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/strictjson"
)

var jws = regexp.MustCompile(`^[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]+$`)

func isJWS(b []byte) bool { return jws.Match(b) }

// Validate returns everything that keeps r from being issued with a Data
// Integrity proof, as openbadge.Validate does for badges.
func Validate(r *Record) []*openbadge.Problem {
	v := &openbadge.Checker{Issuing: true}
	check(v, r)
	return v.Problems
}

func check(v *openbadge.Checker, r *Record) {
	v.Head(openbadge.Head{
		Contexts: r.Contexts, Types: r.Types, ID: r.ID, Name: r.Name, Image: r.Image, Issuer: &r.Issuer,
		ValidFrom: r.ValidFrom, ValidUntil: r.ValidUntil, Evidence: r.Evidence, TermsOfUse: r.TermsOfUse,
		Schema: r.Schema, Status: r.Status, Refresh: r.Refresh, Related: r.Related,
		MustStart: []string{credential.ContextV2, Context, openbadge.Context}, MustHave: []string{TypeRecord},
	})
	v.Required("/name", r.Name)
	v.Endorsements("", r.Endorsement, r.EndorsementJWT, "")
	s := &r.Subject
	const path = "/credentialSubject"
	if v.Issuing || len(s.Identifier) > 0 {
		v.Recipient(path, s.ID, s.Identifier)
	}
	for i := range s.Achievement {
		v.Achievement(item(path+"/achievement", i), &s.Achievement[i])
	}
	if len(s.Held) == 0 {
		v.Problems.Add(path+"/verifiableCredential", "The record holds no credential.")
	}
	ids := map[string]bool{}
	for _, a := range s.Achievement {
		ids[a.ID] = true
	}
	for i, h := range s.Held {
		if v.Issuing {
			note(ids, held(v, item(path+"/verifiableCredential", i), h))
		}
	}
	for i, a := range s.Association {
		association(v, item(path+"/association", i), a, ids)
	}
}

func association(v *openbadge.Checker, path string, a Association, ids map[string]bool) {
	v.Required(path+"/sourceId", a.SourceID)
	v.Required(path+"/targetId", a.TargetID)
	v.IRI(path+"/sourceId", a.SourceID)
	v.IRI(path+"/targetId", a.TargetID)
	if !slices.Contains(AssociationTypes(), a.Kind) {
		v.Problems.Add(path+"/associationType", "The value %q is not one that the specification knows.", a.Kind)
	}
	if v.Issuing && !ids[a.SourceID] && !ids[a.TargetID] {
		v.Problems.Add(path, "Neither end is an achievement or credential of this record.")
	}
}

// held checks one credential inside a new record and returns it if it can be
// read.
func held(v *openbadge.Checker, path string, h Held) *credential.Credential {
	tree, err := h.tree()
	switch {
	case err != nil:
		v.Problems.Add(path, "It is no credential: %v.", err)
		return nil
	case h.JWT != "" && !v.JWT:
		v.Problems.Add(path, "A credential that is a JWT cannot stand in a record with a Data Integrity proof: "+
			"sign the record as a JWT, or hold the credential with a proof of its own.")
	}
	c, err := credential.FromTree(tree)
	if err != nil {
		v.Problems.Add(path, "It is no credential: %v", err)
		return nil
	}
	if h.JWT == "" && len(c.Proof) == 0 {
		v.Problems.Add(path, "The credential is not signed: it must have a proof of its own.")
	}
	return c
}

// tree returns the credential as a tree. That of a JWT is its payload, or the
// claim vc in it, as version 1.1 of the data model has it; nothing is verified.
func (h Held) tree() (map[string]any, error) {
	text := []byte(h.Document)
	if h.JWT != "" {
		if !isJWS([]byte(h.JWT)) {
			return nil, errNoObject
		}
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(h.JWT, ".")[1])
		if err != nil {
			return nil, err
		}
		text = payload
	}
	v, err := strictjson.Decode(text, strictjson.Limits{MaxBytes: credential.MaxRecordBytes})
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errNoObject
	}
	if vc, ok := m["vc"].(map[string]any); ok && h.JWT != "" {
		return vc, nil
	}
	return m, nil
}

var errNoObject = &openbadge.Problem{Msg: "neither a JSON object nor a compact JWS"}

// note adds the ids of c and of the achievements that it is about.
func note(ids map[string]bool, c *credential.Credential) {
	if c == nil {
		return
	}
	ids[c.ID] = true
	for _, s := range c.Subject {
		all, isList := s["achievement"].([]any)
		if !isList {
			all = []any{s["achievement"]}
		}
		for _, one := range all {
			if a, ok := one.(map[string]any); ok {
				id, _ := a["id"].(string)
				ids[id] = true
			}
		}
	}
	delete(ids, "")
}

func item(path string, i int) string { return path + "/" + strconv.Itoa(i) }
