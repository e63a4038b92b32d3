package statuslist

import (
	"errors"
	"strings"
	"testing"
)

const revocations = `{"id":"https://uni.edu/revoked","issuer":"did:web:uni.edu","revokedCredential":[` +
	`{"id":"https://uni.edu/awards/1"},{"id":"https://uni.edu/awards/2","revoked":true,"revocationReason":"a mistake"},` +
	`{"id":"https://uni.edu/awards/3","revoked":false},{"id":"https://uni.edu/Anna%20M%C3%BCller"}]}`

func TestRevocationList(t *testing.T) {
	r, err := ParseReference(tree(t, `{"id":"https://uni.edu/revoked","type":"1EdTechRevocationList"}`))
	if err != nil || r.Kind != OneEdTech || r.List != "https://uni.edu/revoked" || r.Purpose != Revocation {
		t.Fatalf("%+v, %v", r, err)
	}
	p, err := Read(r.Kind, r.List, tree(t, revocations))
	if err != nil || p.Issuer != "did:web:uni.edu" {
		t.Fatalf("%+v, %v", p, err)
	}
	for id, want := range map[string]State{
		"https://uni.edu/awards/1":           {Revocation, 1, Revoked, ""},
		" https://uni.edu/awards/1\n":        {Revocation, 1, Revoked, ""},
		"https://uni.edu/%61wards/1":         {Revocation, 1, Revoked, ""},
		"https://uni.edu/awards/2":           {Revocation, 1, Revoked, "a mistake"},
		"https://uni.edu/Anna Müller":        {Revocation, 1, Revoked, ""},
		"https://uni.edu/Anna%20M%c3%bcller": {Revocation, 1, Revoked, ""},
		"https://uni.edu/awards/3":           {Revocation, 0, OK, ""}, // reinstated
		"https://uni.edu/awards/4":           {Revocation, 0, OK, ""},
		"https://uni.edu/awards/10":          {Revocation, 0, OK, ""},
		"https://uni.edu/AWARDS/1":           {Revocation, 0, OK, ""},
	} {
		if s, err := p.Lookup(r, id); err != nil || s != want {
			t.Errorf("%q: %+v, %v", id, s, err)
		}
	}
	for _, id := range []string{"", "  "} {
		if s, err := p.Lookup(r, id); !errors.Is(err, ErrMalformed) || s.Meaning != Unclear {
			t.Errorf("without id: %+v, %v", s, err)
		}
	}
}

func TestReadRevocationListRefuses(t *testing.T) {
	for change, want := range map[[2]string]error{
		{`"issuer":"did:web:uni.edu",`, ``}:                                    nil,
		{`"issuer":"did:web:uni.edu"`, `"issuer":{"id":"did:web:uni.edu"}`}:    nil,
		{`"revokedCredential"`, `"revokedCredentials"`}:                        nil,
		{`"revokedCredential"`, `"revokedCredentials":[],"revokedCredential"`}: nil,
		{`"issuer":"did:web:uni.edu"`, `"issuer":7`}:                           ErrMalformed,
		{`"revokedCredential"`, `"revoked"`}:                                   ErrMalformed,
		{`{"id":"https://uni.edu/awards/1"}`, `"https://uni.edu/awards/1"`}:    ErrMalformed,
		{`{"id":"https://uni.edu/awards/1"}`, `{"revoked":true}`}:              ErrMalformed,
		{`{"id":"https://uni.edu/awards/1"}`, `null`}:                          ErrMalformed,
		{`"revoked":false`, `"revoked":"false"`}:                               ErrMalformed,
		{`"revoked":false`, `"revoked":null`}:                                  ErrMalformed,
	} {
		changed := strings.Replace(revocations, change[0], change[1], 1)
		if changed == revocations {
			t.Fatalf("%q is not in the list", change[0])
		}
		p, err := Read(OneEdTech, "https://uni.edu/revoked", tree(t, changed))
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%s: %v; want %v", change[1], err, want)
		}
		if err != nil {
			continue
		}
		if s, err := p.Lookup(Reference{Kind: OneEdTech}, "https://uni.edu/awards/2"); err != nil || s.Meaning != Revoked {
			t.Errorf("%s: %+v, %v", change[1], s, err)
		}
	}
	single := `{"revokedCredential":{"id":"https://uni.edu/awards/1"}}`
	if p, err := Read(OneEdTech, "https://uni.edu/revoked", tree(t, single)); err != nil || len(p.revoked) != 1 {
		t.Errorf("one without brackets: %v, %v", p, err)
	}
}

func TestRevocationListDocument(t *testing.T) {
	list := RevocationList{ID: "https://uni.edu/revoked", Issuer: "did:web:uni.edu", Revoked: []RevokedCredential{
		{ID: "https://uni.edu/awards/2", Reason: "a < b"}, {ID: "https://uni.edu/awards/1"}, {ID: "https://uni.edu/awards/2"},
	}}
	doc, err := list.Document()
	want := `{"id":"https://uni.edu/revoked","issuer":"did:web:uni.edu","revokedCredential":[` +
		`{"id":"https://uni.edu/awards/1","revoked":true},{"id":"https://uni.edu/awards/2","revoked":true,"revocationReason":"a < b"}]}`
	if err != nil || string(doc) != want {
		t.Errorf("%s, %v", doc, err)
	}
	p, err := Read(OneEdTech, list.ID, tree(t, string(doc)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list.Revoked {
		if s, err := p.Lookup(Reference{Kind: OneEdTech}, c.ID); err != nil || s.Meaning != Revoked {
			t.Errorf("%s: %+v, %v", c.ID, s, err)
		}
	}
	if doc, err := (RevocationList{ID: "https://uni.edu/revoked"}).Document(); err != nil || string(doc) != `{"id":"https://uni.edu/revoked","revokedCredential":[]}` {
		t.Errorf("nobody revoked: %s, %v", doc, err)
	}
	for name, bad := range map[string]RevocationList{
		"no address":            {},
		"a path":                {ID: "/revoked"},
		"a credential of no id": {ID: "https://uni.edu/revoked", Revoked: []RevokedCredential{{ID: " "}}},
	} {
		if doc, err := bad.Document(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %s, %v", name, doc, err)
		}
	}
}
