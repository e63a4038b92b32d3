package did

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzParseDocument: no panic, ids absolute and unique, and a method that can be
// had has a key and the document's owner.
func FuzzParseDocument(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(`{"id":"did:web:a.b","assertionMethod":[{"id":"#a"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ParseDocument(data)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, m := range d.VerificationMethod {
			if seen[m.ID] || !strings.HasPrefix(m.ID, "did:") {
				t.Fatalf("method id %q", m.ID)
			}
			seen[m.ID] = true
			if (m.PublicKey == nil) == (m.Problem == nil) {
				t.Fatalf("method %+v", m)
			}
			if got, err := d.Method(m.ID, AssertionMethod); err == nil && (got.PublicKey == nil || got.Controller != d.ID) {
				t.Fatalf("method %+v", got)
			}
		}
	})
}

// FuzzWebURL: what is accepted parses to exactly the host and path that were
// checked, with nothing for a server or client to resolve further.
func FuzzWebURL(f *testing.F) {
	f.Add("did:web:uni.edu%3A8443:a:b")
	f.Add("did:web:uni.edu:%2E%2E")
	f.Add("did:web:127.1")
	f.Fuzz(func(t *testing.T, did string) {
		address, err := WebURL(did)
		if err != nil {
			return
		}
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		host, _, err := WebHost(did)
		if err != nil || u.Scheme != "https" || u.Host != host || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			t.Fatalf("%s gives %s", did, address)
		}
		if clean := u.JoinPath(); clean.Path != u.Path || !strings.HasSuffix(u.Path, "/did.json") {
			t.Fatalf("%s gives the path %s, cleaned %s", did, u.Path, clean.Path)
		}
	})
}

// FuzzResolveOffline: did:key and did:jwk never panic, and what resolves reads
// back from its own Raw.
func FuzzResolveOffline(f *testing.F) {
	f.Add("did:key:" + edKey)
	f.Add("did:jwk:eyJrdHkiOiJPS1AiLCJjcnYiOiJFZDI1NTE5IiwieCI6IjExcVlBWUt4Q3JmVlNfN1R5V1FIT2c3aGN2UGFwaU1scndJYWFQY0hVUm8ifQ")
	f.Fuzz(func(t *testing.T, did string) {
		d, err := Multi{}.Resolve(t.Context(), did)
		if err != nil {
			return
		}
		if d.ID != did {
			t.Fatalf("asked for %q, got %q", did, d.ID)
		}
		sameKeys(t, d)
	})
}
