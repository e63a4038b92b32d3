package verify

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/statuslist"
)

// now is the time of all tests.
var now = time.Date(2026, 11, 23, 14, 2, 0, 0, time.UTC)

func clock() time.Time { return now }

// page is what a host answers.
type page struct {
	body   []byte
	media  string
	status int // 0 stands for 200
}

var errNoRoute = errors.New("no route to host")

// internet is a Getter that serves pages by address. What is not there cannot
// be reached at all.
type internet struct {
	pages map[string]page
	asked []string
}

func (n *internet) Get(_ context.Context, url, _ string) ([]byte, string, error) {
	n.asked = append(n.asked, url)
	p, ok := n.pages[url]
	if !ok {
		return nil, "", errNoRoute
	}
	if p.status != 0 {
		return nil, "", &did.StatusError{Code: p.status}
	}
	return p.body, p.media, nil
}

// issuer is somebody with a key.
type issuer struct {
	id, method, name string
	key              ed25519.PrivateKey
}

// keyOf makes a key that is always the same for a name.
func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

const (
	uniDID     = "did:web:uni.edu"
	uniDoc     = "https://uni.edu/.well-known/did.json"
	revocation = "https://uni.edu/status/1"
	suspension = "https://uni.edu/status/2"
	refreshURL = "https://uni.edu/awards/1/refresh"
	index      = "4711"
)

func uni() issuer { return issuer{uniDID, uniDID + "#key-1", "Example University", keyOf("uni")} }

// selfMade is an issuer that is its key.
func selfMade(t testing.TB, name string) issuer {
	t.Helper()
	key := keyOf("self-made")
	id, method, err := did.KeyDID(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return issuer{id, method, name, key}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// document is what an issuer with a domain publishes about its keys.
func (i issuer) document(t testing.TB, change func(*did.Method)) page {
	t.Helper()
	m := did.Method{ID: i.method, Type: "Multikey", Controller: i.id, PublicKey: i.key.Public()}
	if change != nil {
		change(&m)
	}
	return page{body: must[[]byte](t)(did.NewWebDocument(i.id, m)), media: "application/did+json"}
}

// sign signs doc an hour before now.
func (i issuer) sign(t testing.TB, doc []byte) []byte {
	t.Helper()
	return must[[]byte](t)(proof.Sign(doc, i.key, proof.SignOptions{Method: i.method, Created: now.Add(-time.Hour)}))
}

// badge is an unsigned badge of the issuer, valid for a year around now, with
// two status entries and a refresh service.
func (i issuer) badge() *openbadge.AchievementCredential {
	b := openbadge.New("https://uni.edu/awards/1",
		openbadge.Profile{ID: i.id, Name: i.name, URL: "https://uni.edu"},
		openbadge.Achievement{ID: "https://uni.edu/badges/1", Name: "Data analysis", Description: "Can analyse data.",
			Criteria: openbadge.Criteria{Narrative: "Six assignments."}, Tag: []string{"data", "statistics"}},
		openbadge.Subject{Identifier: []openbadge.IdentityObject{{
			Hashed: true, IdentityType: "emailAddress", Salt: "00112233445566778899aabbccddeeff",
			IdentityHash: openbadge.HashIdentity("anna@example.com", "00112233445566778899aabbccddeeff"),
		}}},
		now.AddDate(0, -6, 0))
	b.ValidUntil = now.AddDate(0, 6, 0)
	b.AddStatus(revocation, openbadge.PurposeRevoke, index)
	b.AddStatus(suspension, openbadge.PurposeSuspend, index)
	b.SetRefresh(refreshURL)
	return b
}

// simple is a badge without status and refresh.
func (i issuer) simple() *openbadge.AchievementCredential {
	b := i.badge()
	b.Status, b.Refresh = nil, nil
	return b
}

func (i issuer) signed(t testing.TB, b *openbadge.AchievementCredential) []byte {
	t.Helper()
	return i.sign(t, must[[]byte](t)(b.Document()))
}

// list is a signed status list; entry 4711 is set as asked.
func (i issuer) list(t testing.TB, id, purpose string, set bool, change func(map[string]any)) page {
	t.Helper()
	l := statuslist.New(131072)
	if err := l.Set(4711, set); err != nil {
		t.Fatal(err)
	}
	doc := must[[]byte](t)(statuslist.Credential(id, i.id, purpose, l, now.Add(-time.Minute), now.Add(time.Hour), time.Minute))
	if change != nil {
		doc = edited(t, doc, change)
	}
	return page{body: i.sign(t, doc), media: "application/vc"}
}

// edited returns the JSON object doc after change.
func edited(t testing.TB, doc []byte, change func(map[string]any)) []byte {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(doc, &m); err != nil {
		t.Fatal(err)
	}
	change(m)
	return must[[]byte](t)(json.Marshal(m))
}

// world is a network in which the badge of uni() is in perfect order.
func world(t testing.TB) *internet {
	t.Helper()
	u := uni()
	return &internet{pages: map[string]page{
		uniDoc:     u.document(t, nil),
		revocation: u.list(t, revocation, "revocation", false, nil),
		suspension: u.list(t, suspension, "suspension", false, nil),
		refreshURL: {body: u.signed(t, u.badge()), media: "application/vc+ld+json"},
	}}
}

func (n *internet) with(url string, p page) *internet {
	pages := maps.Clone(n.pages)
	pages[url] = p
	return &internet{pages: pages}
}

func (n *internet) without(url string) *internet {
	pages := maps.Clone(n.pages)
	delete(pages, url)
	return &internet{pages: pages}
}

// check runs a verification in n.
func check(t testing.TB, n *internet, file []byte) *Report {
	t.Helper()
	v := &Verifier{Get: n, Now: clock}
	return v.Verify(context.Background(), file)
}

// want compares a verdict and some checks, written as "id outcome code" with
// the code left out where it is empty.
func want(t testing.TB, rep *Report, verdict Verdict, checks ...string) {
	t.Helper()
	if rep.Verdict != verdict {
		t.Errorf("verdict: got %s, want %s (%s: %s)", rep.Verdict, verdict, rep.Headline, rep.Text)
	}
	for _, w := range checks {
		c := rep.Check(strings.Fields(w)[0])
		got := strings.TrimSpace(c.ID + " " + string(c.Outcome) + " " + c.Code)
		if got != w {
			t.Errorf("got %q, want %q (%s)", got, w, c.Reason)
		}
	}
	if len(rep.Checks) != len(titles()) {
		t.Errorf("the report has %d checks, not %d", len(rep.Checks), len(titles()))
	}
	for i, c := range rep.Checks {
		if c.ID != titles()[i][0] || c.Title == "" || c.Reason == "" || !strings.HasSuffix(c.Reason, ".") {
			t.Errorf("check %d is incomplete: %+v", i, c)
		}
		if c.Outcome != Passed && c.Code == "" {
			t.Errorf("check %s has no code", c.ID)
		}
	}
	if rep.Headline == "" || rep.Text == "" {
		t.Errorf("no words: %q, %q", rep.Headline, rep.Text)
	}
}
