package web_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/multikey"
)

// inForce returns the name of the key that signs badges.
func inForce(t *testing.T, h *apptest.House) string {
	t.Helper()
	pen, err := h.App.Ground.Keys.Pen(sqldb.ForInstallation(t.Context()), h.Org.ID)
	if err != nil {
		t.Fatal(err)
	}
	return pen.Key.Fragment
}

func give(t *testing.T, h *apptest.House, email string) *issuing.Award {
	t.Helper()
	a, err := h.App.Features.Issuing.Issue(sqldb.ForInstallation(t.Context()), h.Org.ID, h.OwnerID, issuing.Request{Badge: h.Badge.PublicID, Recipient: issuing.Recipient{Name: "Amara Okafor", Email: email}}, issuing.Retry{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestKeysInTheConsole: rotate, prepare, use, import, retire and compromise, each
// asked about on a page that says what it does, with what verifiers then see.
func TestKeysInTheConsole(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	c, all := h.Owner, h.Console+"/settings/keys"
	first := inForce(t, h)
	badge := give(t, h, "amara@example.org")
	sound(t, c.Get(all).Want(200).Says("Ed25519").Says("Signs"))

	sound(t, c.Get(all+"/rotate/badge").Want(200).Says("Sign with a new key from now on?").Says("The one signature that it made stays valid."))
	if inForce(t, h) != first {
		t.Error("looking at the question has rotated the key")
	}
	c.Post(all+"/rotate/badge", url.Values{}).Want(http.StatusSeeOther)
	second := inForce(t, h)
	sound(t, c.Get(all).Want(200).Says("A new key signs from now on").Says("Retired"))
	if second == first {
		t.Fatal("the key was not rotated")
	}
	document := c.Get("/issuers/" + h.Org.Slug + "/did.json").Want(200)
	if !strings.Contains(string(document.Body), first) || !strings.Contains(string(document.Body), second) {
		t.Errorf("published: %s", document.Body)
	}
	later := give(t, h, "jonas@example.org")

	// Prepared, and then used.
	c.Post(all, url.Values{"kind": {"p256"}, "purpose": {"badge"}}).Want(http.StatusSeeOther)
	prepared := regexp.MustCompile(`/key/(zDn[^/"]+)/use`).FindStringSubmatch(string(c.Get(all).Want(200).Says("Prepared").Body))
	if prepared == nil || inForce(t, h) != second {
		t.Fatalf("prepared %v, and %s signs", prepared, inForce(t, h))
	}
	sound(t, c.Get(all+"/key/"+prepared[1]+"/use").Want(200).Says("is retired. What it signed stays valid."))
	c.Post(all+"/key/"+prepared[1]+"/use", url.Values{}).Want(http.StatusSeeOther)
	c.Post(all+"/key/"+prepared[1]+"/use", url.Values{}).Want(422).Says("Only a prepared key can begin to sign.")
	if inForce(t, h) != prepared[1] {
		t.Error("the prepared key does not sign")
	}

	// RSA is for tokens.
	sound(t, c.Post(all, url.Values{"kind": {"rsa2048"}, "purpose": {"badge"}}).Want(422).Says("RSA keys are for tokens"))
	c.Post(all, url.Values{"kind": {"rsa2048"}, "purpose": {"token"}}).Want(http.StatusSeeOther)
	sound(t, c.Get(all).Want(200).Says("The key signs from now on").Says("RSA 2048"))

	// Imported; what was wrong is not shown again.
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := multikey.EncodePrivate(priv)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, c.Get(all+"/import").Want(200))
	wrong := sound(t, c.Post(all+"/import", url.Values{"purpose": {"badge"}, "key": {secret + "0"}}).Want(422).Says("This is no private key that can be read."))
	if strings.Contains(string(wrong.Body), secret) || wrong.Header.Get("Cache-Control") != "no-store" {
		t.Error("the page repeats the key, or may be kept")
	}
	c.Post(all+"/import", url.Values{"purpose": {"badge"}, "key": {secret}}).Want(http.StatusSeeOther)
	c.Post(all+"/import", url.Values{"purpose": {"badge"}, "key": {secret}}).Want(422).Says("This key is in this installation already.")
	sound(t, c.Get(all).Want(200).Says("imported"))

	// Exports hold public halves.
	set, err := multikey.ParseJWKS(c.Get(all + "/public.json").Want(200).Body)
	if err != nil || len(set) != 5 {
		t.Errorf("%d keys, %v", len(set), err)
	}
	c.Get(all + "/key/" + first + "/public.pem").Want(200).Says("BEGIN PUBLIC KEY")

	// Compromised: first when, then what becomes invalid, then it is done.
	compromised := all + "/key/" + second + "/compromised"
	sound(t, c.Get(compromised).Want(200).Says("Since when may somebody else have had it?"))
	sound(t, c.Get(compromised+"?since=soon").Want(422).Says("Enter day and time"))
	since := later.IssuedAt.UTC().Add(-time.Minute).Format("2006-01-02T15:04")
	sound(t, c.Get(compromised+"?since="+since).Want(200).Says("One badge that it signed since then becomes invalid."))
	c.Post(compromised, url.Values{"since": {time.Now().UTC().Add(time.Hour).Format("2006-01-02T15:04")}}).Want(422)
	c.Post(compromised, url.Values{"since": {since}}).Want(http.StatusSeeOther)
	sound(t, c.Get(all).Want(200).Says("Compromised"))
	for name, a := range map[string]struct {
		award *issuing.Award
		words string
	}{"signed by another key": {badge, "Real and in date"}, "signed by it": {later, "did not sign this"}} {
		report, err := h.App.Features.Verification.Check(sqldb.ForInstallation(t.Context()), a.award.Document, "")
		if err != nil || !strings.Contains(report.Headline, a.words) {
			t.Errorf("%s: %v, %+v", name, err, report.Headline)
		}
	}

	// The key in use: signing stops, and says so, until another is there.
	now := time.Now().UTC().Format("2006-01-02T15:04")
	c.Post(all+"/key/"+prepared[1]+"/compromised", url.Values{"since": {now}}).Want(http.StatusSeeOther)
	sound(t, c.Get(all).Want(200).Says("Badges cannot be signed now").Says("it begins at once"))
	_, err = h.App.Features.Issuing.Issue(sqldb.ForInstallation(t.Context()), h.Org.ID, h.OwnerID, issuing.Request{Badge: h.Badge.PublicID, Recipient: issuing.Recipient{Name: "Eve", Email: "eve@example.org"}}, issuing.Retry{})
	if err == nil || !strings.Contains(err.Error(), "compromised") {
		t.Errorf("it is still issued: %v", err)
	}
	c.Post(all, url.Values{"kind": {"ed25519"}, "purpose": {"badge"}}).Want(http.StatusSeeOther)
	give(t, h, "mei@example.org")

	// Retiring is asked about too.
	last := inForce(t, h)
	sound(t, c.Get(all+"/key/"+last+"/retire").Want(200).Says("no badge can be signed until another key is there"))
	c.Post(all+"/key/"+last+"/retire", url.Values{}).Want(http.StatusSeeOther)
	c.Post(all+"/key/"+last+"/retire", url.Values{}).Want(422).Says("This key has ended already.")
	sound(t, c.Get(all).Want(200).Says("The last key was retired."))
	c.Get(all + "/key/z6Mk/retire").Want(404)
	c.Get(all + "/rotate/badge").Want(404)
}

// TestOwnDomainInTheConsole leads from the proposal to its use, and warns.
func TestOwnDomainInTheConsole(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	c, page := h.Owner, h.Console+"/settings/keys/domain"
	const id = "did:web:northlight.example"
	files := files{}
	h.App.Ground.Keys.Fetch = files
	sound(t, c.Get(page).Want(200).Says("did:web:localhost%3A"))
	sound(t, c.Post(page, url.Values{"domain": {"not a domain"}}).Want(422).Says("Enter a domain of yours"))
	c.Post(page, url.Values{"domain": {"northlight.example"}}).Want(http.StatusSeeOther)
	sound(t, c.Get(page).Want(200).Says("https://northlight.example/.well-known/did.json").Says("Not right yet"))
	deed := func(name string) *apptest.Answer { return c.Post(page+"/"+name, url.Values{"did": {id}}) }
	deed("check").Want(http.StatusSeeOther)
	sound(t, c.Get(page).Want(200).Says("There is no file (the answer was 404)."))
	deed("adopt").Want(422).Says("is not right yet")
	file := c.Get(page + "/did.json?did=" + id).Want(200)
	files["https://northlight.example/.well-known/did.json"] = file.Body
	deed("check").Want(http.StatusSeeOther)
	sound(t, c.Get(page).Want(200).Says("The file is right").Says("Ready to use"))
	before := give(t, h, "amara@example.org")
	deed("adopt").Want(http.StatusSeeOther)
	after := give(t, h, "jonas@example.org")
	if !strings.Contains(string(after.Document), `"`+id+`"`) || strings.Contains(string(before.Document), id) {
		t.Errorf("issued as %s", after.Document)
	}
	// A key has to be published there before it signs.
	sound(t, c.Get(h.Console+"/settings/keys/rotate/badge").Want(200).Says("Publish the new key first"))
	c.Post(h.Console+"/settings/keys/rotate/badge", url.Values{}).Want(409)
	delete(files, "https://northlight.example/.well-known/did.json")
	if err := h.App.Ground.Keys.Handlers(h.App.Log)[keys.JobCheckWeb](sqldb.ForInstallation(t.Context()), nil); err != nil {
		t.Fatal(err)
	}
	sound(t, c.Get(h.Console+"/settings/keys").Want(200).Says("What you publish at northlight.example is not right"))
	deed("forget").Want(422)
	deed("leave").Want(http.StatusSeeOther)
	sound(t, c.Get(page).Want(200).Says("Used before, and wrong"))
	deed("nothing").Want(404)
}

// files are what other web sites publish.
type files map[string][]byte

func (f files) Get(_ context.Context, address, _ string) ([]byte, string, error) {
	if body, ok := f[address]; ok {
		return body, "application/json", nil
	}
	return nil, "", &did.StatusError{Code: 404}
}

// TestKeysOfOthers are nobody else's to see or change.
func TestKeysOfOthers(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	key := inForce(t, h)
	other := h.NewOrganisation(t, h.OwnerID, "Another Academy")
	elsewhere := "/console/" + other.Slug + "/settings/keys"
	for _, deed := range []string{"use", "retire", "compromised"} {
		h.Owner.Get(elsewhere + "/key/" + key + "/" + deed).Want(404)
		h.Owner.Post(elsewhere+"/key/"+key+"/"+deed, url.Values{"since": {"2026-01-01T00:00"}}).Want(404)
	}
	h.Owner.Get(elsewhere + "/key/" + key + "/public.pem").Want(404)
	stranger := h.Client(t)
	for _, path := range []string{"", "/import", "/rotate/badge", "/public.json", "/domain", "/key/" + key + "/retire"} {
		if to := stranger.Get(h.Console + "/settings/keys" + path).Want(http.StatusSeeOther).Location(); !strings.HasPrefix(to, "/sign-in") {
			t.Errorf("%s leads to %s", path, to)
		}
	}
	stranger.Post(h.Console+"/settings/keys/rotate/badge", url.Values{}).Want(http.StatusSeeOther)
	if inForce(t, h) != key {
		t.Error("a stranger has rotated the key")
	}
}
