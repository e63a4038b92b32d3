package keys

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/dbtest"
)

// TestTheSignerLooksForItself: a document of another kind or in another name is
// refused, whatever the request says.
func TestTheSignerLooksForItself(t *testing.T) {
	b := newBench(t, dbtest.Open(t))
	pen, err := b.Pen(t.Context(), b.org)
	b.must(err)
	good := pen.Request(Credential, 1, hostDID, badge(hostDID), b.now)
	if _, _, err := pen.SignOne(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	edit := func(old, new string) func(*Request) {
		return func(q *Request) {
			if !strings.Contains(string(q.Document), old) {
				t.Fatalf("there is no %s", old)
			}
			q.Document = []byte(strings.Replace(string(q.Document), old, new, 1))
		}
	}
	const other = "did:web:badges.example.org:issuers:other"
	for name, change := range map[string]func(*Request){
		"a list as a badge":         edit(`"OpenBadgeCredential"`, `"OpenBadgeCredential","BitstringStatusListCredential"`),
		"no badge":                  edit(`"OpenBadgeCredential"`, `"Diploma"`),
		"no credential":             edit(`"VerifiableCredential",`, ``),
		"a badge as a list":         func(q *Request) { q.Kind = StatusList },
		"another kind":              func(q *Request) { q.Kind = "letter" },
		"another issuer":            edit(`"issuer":{"id":"`+hostDID, `"issuer":{"id":"`+other),
		"another issuer and method": func(q *Request) { q.Document, q.Method = badge(other), other+"#"+pen.Key.Fragment },
		"another host": func(q *Request) {
			q.Document, q.Method = badge("did:web:harvard.edu"), "did:web:harvard.edu#"+pen.Key.Fragment
		},
		"another method":              func(q *Request) { q.Method = hostDID + "#key-1" },
		"the issuer twice":            edit(`"issuer":`, `"issuer":"did:web:harvard.edu","issuer":`),
		"the issuer's id twice":       edit(`"issuer":{`, `"issuer":{"id":"did:web:harvard.edu",`),
		"the issuer in capitals":      edit(`"issuer":`, `"Issuer":"did:web:harvard.edu","issuer":`),
		"the issuer's id in capitals": edit(`"issuer":{"id":`, `"issuer":{"ID":`),
		"an issuer that is a number":  edit(`"issuer":{"id":"`+hostDID+`","type":["Profile"],"name":"O"}`, `"issuer":5`),
		"no issuer":                   edit(`"issuer":`, `"author":`),
		"signed already":              edit(`"issuer":`, `"proof":{},"issuer":`),
		"a token":                     func(q *Request) { q.Token = true },
		"another organisation":        func(q *Request) { q.Organisation++ },
		"no time":                     func(q *Request) { q.At = time.Time{} },
		"trailing bytes":              func(q *Request) { q.Document = append(q.Document, '{', '}') },
		"no object":                   func(q *Request) { q.Document = []byte(`[]`) },
		"nothing":                     func(q *Request) { q.Document = nil },
		"the installation's own":      func(q *Request) { q.Kind = Attestation },
		"the key's own DID elsewhere": func(q *Request) { q.Method = "did:key:" + pen.Key.Fragment + "#" + pen.Key.Fragment },
		"a domain that is only wanted": func(q *Request) {
			q.Document, q.Method = badge("did:web:o.example"), "did:web:o.example#"+pen.Key.Fragment
		},
	} {
		t.Run(name, func(t *testing.T) {
			q := good
			change(&q)
			if doc, _, err := pen.SignOne(t.Context(), q); err == nil || !errors.Is(err, ErrNotOurs) && !errors.Is(err, ErrKeyEnded) {
				t.Errorf("%v, %s", err, doc)
			}
		})
	}
	// One that is refused does not hold the others up.
	bad := good
	bad.Kind = StatusList
	answers, err := pen.Sign(t.Context(), good, bad, good)
	if err != nil || answers[0].Err != nil || !errors.Is(answers[1].Err, ErrNotOurs) || answers[2].Err != nil {
		t.Errorf("%v, %+v", err, answers)
	}
}
