package apptest_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/internal/apptest"
)

// Every form in which an award can be asked for.
var awardForms = []struct{ suffix, accept string }{
	{".json", ""}, {".png", ""}, {".svg", ""}, {"/refresh", ""},
	{"", "application/vc+ld+json"}, {"", "application/json"}, {"", "image/png"}, {"", "image/svg+xml"},
}

func TestPrivateAward(t *testing.T) {
	t.Parallel()
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	a := h.Award(t, "Rosalind Achterberg", "rosalind@mail.example")
	page, stranger := "/awards/"+a.PublicID.String(), h.Client(t)
	link := h.ClaimPath(t, a)

	hidden := func(t *testing.T, c *apptest.Client) {
		t.Helper()
		answer := c.Get(page).Want(http.StatusForbidden).Says("Kept private by its holder")
		for _, secret := range []string{"Rosalind", "rosalind@mail.example", "Applied Data Analysis", "Northlight"} {
			if bytes.Contains(answer.Body, []byte(secret)) {
				t.Errorf("the private page tells %q", secret)
			}
		}
		for _, f := range awardForms {
			answer := c.Get(page+f.suffix, "Accept", f.accept)
			if answer.Status != http.StatusForbidden || answer.Media() != "application/problem+json" {
				t.Errorf("%s as %q: %d %s", f.suffix, f.accept, answer.Status, answer.Media())
			}
			if bytes.Contains(answer.Body, []byte("Rosalind")) || bytes.Contains(answer.Body, []byte("proofValue")) || baking.Sniff(answer.Body) == "png" {
				t.Errorf("%s as %q gives the badge away: %.200q", f.suffix, f.accept, answer.Body)
			}
			if answer.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s as %q may be kept: %q", f.suffix, f.accept, answer.Header.Get("Cache-Control"))
			}
		}
	}
	hidden(t, stranger)
	hidden(t, h.Owner) // the public address is as private for those who issued it

	holder := h.Client(t)
	holder.Get(link).Want(http.StatusOK)
	holder.Do(http.MethodHead, link, "", nil).Want(http.StatusOK)
	hidden(t, stranger) // looking has changed nothing

	// Publishing before accepting is not offered, and does not work.
	if answer := holder.Post(link, url.Values{"answer": {"publish"}}); answer.Status < 400 {
		t.Errorf("published before it was accepted: %d", answer.Status)
	}
	hidden(t, stranger)
	holder.Post(link, url.Values{"answer": {"accept"}}).Want(http.StatusSeeOther)
	hidden(t, stranger)

	// The holder has the files all the same.
	for ending, format := range map[string]string{".png": "png", ".svg": "svg"} {
		answer := holder.Get(link + "/badge" + ending).Want(http.StatusOK)
		if baked, err := baking.Extract(answer.Body); err != nil || baked.Format != format {
			t.Errorf("the holder's %s: %v", ending, err)
		}
		if !strings.HasPrefix(answer.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("the holder's %s is shown, not kept", ending)
		}
	}
	if got := holder.Get(link + "/badge.json").Want(http.StatusOK).Body; !bytes.Equal(got, a.Document) {
		t.Error("the holder's JSON is not the signed document, byte for byte")
	}
	holder.Get(link + "/other.json").Want(http.StatusNotFound)

	holder.Post(link, url.Values{"answer": {"publish"}}).Want(http.StatusSeeOther)
	stranger.Get(page).Want(http.StatusOK).Says("Rosalind Achterberg")
	holder.Post(link, url.Values{"answer": {"unpublish"}}).Want(http.StatusSeeOther)
	hidden(t, stranger)
}

func TestAwardInItsForms(t *testing.T) {
	t.Parallel()
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	a, page := h.Published(t, "Rosalind Achterberg", "rosalind@mail.example")
	stranger := h.Client(t)
	for _, c := range []struct{ suffix, accept, media string }{
		{"", "", "text/html"},
		{"", "*/*", "text/html"},
		{"", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", "text/html"},
		{"", "application/vc+ld+json", "application/vc+ld+json"},
		{"", "application/ld+json", "application/vc+ld+json"},
		{"", "application/json;q=0.5, text/html;q=0.4", "application/vc+ld+json"},
		{"", "application/json;q=0.4, text/html;q=0.5", "text/html"},
		{"", "image/png", "image/png"},
		{"", "image/svg+xml", "image/svg+xml"},
		{".json", "text/html", "application/vc+ld+json"},
		{".png", "application/json", "image/png"},
		{".svg", "", "image/svg+xml"},
		{"/refresh", "", "application/vc+ld+json"},
	} {
		answer := stranger.Get(page+c.suffix, "Accept", c.accept)
		if answer.Status != http.StatusOK || answer.Media() != c.media {
			t.Errorf("%q as %q: %d %s, want %s", c.suffix, c.accept, answer.Status, answer.Media(), c.media)
			continue
		}
		if c.suffix == "" && !strings.Contains(strings.Join(answer.Header.Values("Vary"), ","), "Accept") {
			t.Errorf("%q as %q may be mixed up by caches: Vary is %q", c.suffix, c.accept, answer.Header.Values("Vary"))
		}
		switch c.media {
		case "application/vc+ld+json":
			if !bytes.Equal(answer.Body, a.Document) {
				t.Errorf("%q as %q is not the signed document, byte for byte", c.suffix, c.accept)
			}
		case "image/png", "image/svg+xml":
			if baked, err := baking.Extract(answer.Body); err != nil || !bytes.Equal(baked.Credential, a.Document) {
				t.Errorf("%q as %q does not hold the badge: %v", c.suffix, c.accept, err)
			}
		}
	}
	for _, odd := range []string{page + ".jpg", page + ".json.json", page + "/other", strings.ToUpper(page), page + "x", "/awards/"} {
		if answer := stranger.Get(odd); answer.Status != http.StatusNotFound {
			t.Errorf("%s: %d", odd, answer.Status)
		}
	}
}

func TestHeadTagAndShare(t *testing.T) {
	t.Parallel()
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	a, page := h.Published(t, "Rosalind Achterberg", "rosalind@mail.example")
	stranger := h.Client(t)
	badge := "/badges/" + h.Badge.PublicID.String()
	list := statusPath(t, h, a.Document)
	for _, document := range []string{
		page + ".json", page + ".png", page + ".svg", page + "/refresh", badge + ".json", badge + "/1.json",
		"/issuers/" + h.Org.Slug + ".json", "/issuers/" + h.Org.Slug + "/did.json", list,
	} {
		get := stranger.Get(document).Want(http.StatusOK)
		if got := get.Header.Get("Access-Control-Allow-Origin"); got != "*" {
			t.Errorf("%s: programs of other websites may not read it (%q)", document, got)
		}
		if got := get.Header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options is %q", document, got)
		}
		if len(get.Header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s sets a cookie", document)
		}
		tag := get.Header.Get("ETag")
		if tag == "" {
			t.Errorf("%s has no ETag", document)
			continue
		}
		for _, match := range []string{tag, "W/" + tag, `"another", ` + tag, "*"} {
			again := stranger.Get(document, "If-None-Match", match)
			if again.Status != http.StatusNotModified || len(again.Body) != 0 || again.Header.Get("ETag") != tag {
				t.Errorf("%s asked again with If-None-Match: %s: %d, %d bytes", document, match, again.Status, len(again.Body))
			}
		}
		stranger.Get(document, "If-None-Match", `"another"`).Want(http.StatusOK)
		head := stranger.Do(http.MethodHead, document, "", nil).Want(http.StatusOK)
		for _, name := range []string{"Content-Type", "Content-Length", "ETag", "Cache-Control"} {
			if head.Header.Get(name) != get.Header.Get(name) {
				t.Errorf("%s: %s is %q to HEAD and %q to GET", document, name, head.Header.Get(name), get.Header.Get(name))
			}
		}
		if len(head.Body) != 0 {
			t.Errorf("%s: HEAD gives %d bytes", document, len(head.Body))
		}
	}
	for _, p := range []string{"/", "/verify", page, badge, "/issuers/" + h.Org.Slug, "/sign-in"} {
		get, head := stranger.Get(p).Want(http.StatusOK), stranger.Do(http.MethodHead, p, "", nil).Want(http.StatusOK)
		if len(head.Body) != 0 || head.Media() != "text/html" {
			t.Errorf("HEAD %s: %s, %d bytes", p, head.Media(), len(head.Body))
		}
		if got := get.Header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("other websites may read the page %s (%q)", p, got)
		}
		if !strings.Contains(get.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: policy %q", p, get.Header.Get("Content-Security-Policy"))
		}
	}
}

// statusPath returns the path of the first status list that a credential
// names.
func statusPath(t *testing.T, h *apptest.House, document []byte) string {
	t.Helper()
	_, after, found := strings.Cut(string(document), `"statusListCredential":"`+h.BaseURL)
	list, _, _ := strings.Cut(after, `"`)
	if !found {
		t.Fatalf("no status list of ours in %s", document)
	}
	return list
}
