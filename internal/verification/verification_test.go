package verification_test

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/fetch"
	"github.com/roundel/roundel/internal/verification"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/verify"
)

const base = "https://badges.example.org"

// signed returns a badge signed by a key that names itself.
func signed(t *testing.T) []byte { return withStatus(t, "") }

// withStatus returns one whose status is in the list at the given address.
func withStatus(t *testing.T, list string) []byte {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	id, method, err := did.KeyDID(pub)
	if err != nil {
		t.Fatal(err)
	}
	salt := strings.Repeat("ab", 16)
	badge := openbadge.New("urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a001", openbadge.Profile{ID: id, Name: "Harvard University"},
		openbadge.Achievement{ID: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a002", Name: "Data", Description: "Explains data.", Criteria: openbadge.Criteria{Narrative: "Pass."}},
		openbadge.Subject{Identifier: []openbadge.IdentityObject{{Hashed: true, IdentityType: "emailAddress", Salt: salt, IdentityHash: openbadge.HashIdentity("amara@example.org", salt)}}},
		time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	if list != "" {
		badge.AddStatus(list, openbadge.PurposeRevoke, "7")
	}
	plain, err := badge.Document()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := proof.Sign(plain, priv, proof.SignOptions{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// service answers addresses under base from pages, and refuses all others.
func service(pages map[string]http.HandlerFunc) *verification.Service {
	own := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if page, ok := pages[r.URL.Path]; ok {
			page(w, r)
			return
		}
		http.NotFound(w, r)
	})
	return &verification.Service{
		Fetch: &fetch.Client{Own: func(u *url.URL) http.Handler {
			if u.Host == "badges.example.org" {
				return own
			}
			return nil
		}},
		Now: func() time.Time { return time.Date(2026, 11, 23, 14, 2, 0, 0, time.UTC) },
	}
}

func TestLinksLeadToTheBadge(t *testing.T) {
	doc := signed(t)
	sends := func(media string, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			_, _ = w.Write(body)
		}
	}
	s := service(map[string]http.HandlerFunc{
		"/badge.json": sends("application/vc+ld+json", doc),
		"/page":       sends("text/html", []byte(`<!doctype html><html><head><link rel="alternate" type="application/vc+ld+json" href="/badge.json"></head></html>`)),
		"/plain":      sends("text/html", []byte(`<!doctype html><html><body>Hello</body></html>`)),
		"/loop":       sends("text/html", []byte(`<!doctype html><html><head><link rel="alternate" type="application/vc+ld+json" href="/loop"></head></html>`)),
		"/private":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"/gone":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) },
	})
	for _, link := range []string{"/badge.json", "/page"} {
		report, file, err := s.CheckText(t.Context(), "  "+base+link+"\n", "")
		if err != nil || report.Verdict != verify.IssuerUnconfirmed || string(file) != string(doc) {
			t.Errorf("%s: %v %v", link, report, err)
		}
	}
	for link, words := range map[string]string{
		base + "/plain": "web page", base + "/private": "kept private", base + "/gone": "nothing at this link", base + "/missing": "nothing at this link",
		"https://192.168.0.1/x": "did not give us a badge", "https://": "not a complete web address", "": "Paste a link",
	} {
		_, _, err := s.CheckText(t.Context(), link, "")
		if message := fault.FieldMessage(err, "text"); !strings.Contains(message, words) {
			t.Errorf("%q: %q, want %q in it (%v)", link, message, words, err)
		}
	}
	if report, _, err := s.CheckText(t.Context(), base+"/loop", ""); err == nil && report.Verdict != verify.Malformed {
		t.Errorf("a page that names itself as the badge: %v", report)
	}
}

func TestPastedTextAndRecipient(t *testing.T) {
	doc := signed(t)
	s := service(nil)
	report, _, err := s.CheckText(t.Context(), string(doc), "")
	if err != nil || report.Verdict != verify.IssuerUnconfirmed {
		t.Fatalf("%v %v", report, err)
	}
	for email, want := range map[string]verify.Outcome{"Amara@Example.org": verify.Passed, "eve@example.org": verify.Failed, "": verify.NotApplicable} {
		report, err := s.Check(t.Context(), doc, email)
		if err != nil {
			t.Fatal(err)
		}
		if got := report.Check(verify.CheckRecipient); got.Outcome != want {
			t.Errorf("%q: %s (%s)", email, got.Outcome, got.Reason)
		}
	}
	changed := strings.Replace(string(doc), "Harvard", "Harvord", 1)
	if report, _, err := s.CheckText(t.Context(), changed, ""); err != nil || report.Verdict != verify.Tampered {
		t.Errorf("one letter changed: %v %v", report, err)
	}
	if report, _, err := s.CheckText(t.Context(), "this is no badge", ""); err != nil || report.Verdict != verify.Malformed {
		t.Errorf("prose: %v %v", report, err)
	}
}

// TestNobodyWaitsForEver: when every turn is taken, whoever gives up waiting
// is told so.
func TestNobodyWaitsForEver(t *testing.T) {
	var s *verification.Service
	doc, taken, release := signed(t), make(chan struct{}), make(chan struct{})
	s = service(map[string]http.HandlerFunc{"/status/1": func(w http.ResponseWriter, r *http.Request) {
		taken <- struct{}{}
		<-release
		http.NotFound(w, r)
	}})
	waits := withStatus(t, base+"/status/1")
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			if _, err := s.Check(t.Context(), waits, ""); err != nil {
				t.Error(err)
			}
		})
		<-taken
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Check(gone, doc, ""); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("verified beyond the limit: %v", err)
	}
	close(release)
	wg.Wait()
	if _, err := s.Check(t.Context(), doc, ""); err != nil {
		t.Errorf("turns were not given back: %v", err)
	}
}
