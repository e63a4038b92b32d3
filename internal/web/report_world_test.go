package web

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/verify"
)

// issuerKit is somebody who signs: by a domain, or by a key that names itself.
type issuerKit struct {
	id, method, name string
	key              ed25519.PrivateKey
}

func keyFor(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func domainIssuer(host, name string) issuerKit {
	return issuerKit{"did:web:" + host, "did:web:" + host + "#key-1", name, keyFor(host)}
}

func selfIssuer(t testing.TB, name string) issuerKit {
	t.Helper()
	key := keyFor("self " + name)
	id, method, err := did.KeyDID(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return issuerKit{id, method, name, key}
}

func (i issuerKit) profile() openbadge.Profile { return openbadge.Profile{ID: i.id, Name: i.name} }

func (i issuerKit) sign(t testing.TB, doc []byte) []byte {
	t.Helper()
	signed, err := proof.Sign(doc, i.key, proof.SignOptions{Method: i.method, Created: checked.Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// badge is an unsigned badge for Amara, valid for a year around the time of all
// tests.
func (i issuerKit) badge(n int, name string) *openbadge.AchievementCredential {
	salt := strings.Repeat("ab", 16)
	b := openbadge.New(fmt.Sprintf("https://uni.edu/awards/%d", n), i.profile(),
		openbadge.Achievement{ID: fmt.Sprintf("https://uni.edu/badges/%d", n), Name: name, Description: "Collects, cleans and explains data.", AchievementType: "MicroCredential",
			Criteria: openbadge.Criteria{Narrative: "Six assignments."}},
		openbadge.Subject{Identifier: []openbadge.IdentityObject{
			{IdentityType: "name", IdentityHash: "Amara Okafor"},
			{Hashed: true, IdentityType: "emailAddress", Salt: salt, IdentityHash: openbadge.HashIdentity("amara@example.org", salt)},
		}}, checked.AddDate(0, -6, 0))
	b.ValidUntil = checked.AddDate(0, 6, 0)
	return b
}

func (i issuerKit) signed(t testing.TB, b *openbadge.AchievementCredential) []byte {
	t.Helper()
	doc, err := b.Document()
	if err != nil {
		t.Fatal(err)
	}
	return i.sign(t, doc)
}

// token is the badge as a JWT.
func (i issuerKit) token(t testing.TB, b *openbadge.AchievementCredential) []byte {
	t.Helper()
	doc, err := b.DocumentForJWT()
	if err != nil {
		t.Fatal(err)
	}
	token, err := jose.SignCredential(doc, i.key, jose.CredentialOptions{KeyID: i.method, Profile: jose.OB3})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// endorsement is a signed endorsement of what is called about.
func (i issuerKit) endorsement(t testing.TB, about, comment string) json.RawMessage {
	t.Helper()
	doc, err := openbadge.NewEndorsement("urn:uuid:9b1f9c1e-6c7a-4d0b-9f1e-3f1f4a5b6c7d", "Recommended", i.profile(), about, comment, checked.AddDate(0, -1, 0)).Document()
	if err != nil {
		t.Fatal(err)
	}
	return i.sign(t, doc)
}

// internet answers for the issuers with a domain.
type internet map[string][]byte

func internetOf(t testing.TB, issuers ...issuerKit) internet {
	t.Helper()
	n := internet{}
	for _, i := range issuers {
		doc, err := did.NewWebDocument(i.id, did.Method{ID: i.method, Type: "Multikey", Controller: i.id, PublicKey: i.key.Public()})
		if err != nil {
			t.Fatal(err)
		}
		n["https://"+strings.TrimPrefix(i.id, "did:web:")+"/.well-known/did.json"] = doc
	}
	return n
}

// Get implements verify.Getter.
func (n internet) Get(_ context.Context, address, _ string) ([]byte, string, error) {
	if body, ok := n[address]; ok {
		return body, "application/did+json", nil
	}
	return nil, "", &did.StatusError{Code: 404}
}

// reported verifies file and renders the report.
func reported(t *testing.T, n internet, file []byte) (*verify.Report, *reportPage, *html.Node) {
	t.Helper()
	report := (&verify.Verifier{Get: n, Now: func() time.Time { return checked }}).Verify(t.Context(), file)
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	catalogue.Missing = func(lang, id, problem string) { t.Errorf("%s: text %q: %s", lang, id, problem) }
	p := (&Server{BaseURL: base}).reportPage(catalogue.For("en"), report, file)
	page := read(t, show(t, newTestRenderer(t), samplePage{"report", "public/report.html", 200, p}))
	checkPage(t, page)
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	checkOutward(t, doc)
	return report, p, doc
}

// checkOutward asserts that the page loads nothing from elsewhere, and that every
// link to elsewhere gives neither weight nor a handle on the page.
func checkOutward(t *testing.T, doc *html.Node) {
	t.Helper()
	for n := range doc.Descendants() {
		for _, name := range []string{"src", "srcset", "poster", "data", "action"} {
			if v := attr(n, name); strings.Contains(v, "//") && !strings.HasPrefix(v, "data:image/") {
				t.Errorf("<%s> loads %s", n.Data, v)
			}
		}
		if n.Data != "a" || !strings.Contains(attr(n, "href"), "://") || strings.HasPrefix(attr(n, "href"), base) {
			continue
		}
		if rel := attr(n, "rel"); !strings.Contains(rel, "nofollow") {
			t.Errorf("a link to %s with rel %q", attr(n, "href"), rel)
		}
	}
}

// in returns the words of the element with the id, and fails the test without one.
func in(t *testing.T, doc *html.Node, id string) string {
	t.Helper()
	n := elementByID(doc, id)
	if n == nil {
		t.Fatalf("nothing has the id %s", id)
	}
	return strings.Join(strings.Fields(spacedWords(n)), " ")
}

func elementByID(doc *html.Node, id string) *html.Node {
	for n := range doc.Descendants() {
		if attr(n, "id") == id {
			return n
		}
	}
	return nil
}

// spacedWords is words with a space between elements, as readers see them apart.
func spacedWords(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data + " ")
		}
	}
	return b.String()
}

func says(t *testing.T, where, text string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			t.Errorf("%s does not say %q: %s", where, w, text)
		}
	}
}

func saysNot(t *testing.T, where, text string, unwanted ...string) {
	t.Helper()
	for _, w := range unwanted {
		if strings.Contains(text, w) {
			t.Errorf("%s says %q", where, w)
		}
	}
}
