package web_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/outbox"
)

var (
	called    = "Northlight University"
	attribute = regexp.MustCompile(`(?:content|href|value)="([^"]*)"`)
	jsonName  = regexp.MustCompile(`"name":"([^"]*Northlight University[^"]*)"`)
)

// alone returns the places where a page gives the organisation's name without
// saying before it that an account calls itself so.
func alone(a *apptest.Answer) (places []string) {
	body := string(a.Body)
	texts := []string{a.Text()}
	for _, m := range attribute.FindAllStringSubmatch(body, -1) {
		if text, err := url.QueryUnescape(html.UnescapeString(m[1])); err == nil {
			texts = append(texts, text)
		}
	}
	for _, m := range jsonName.FindAllStringSubmatch(body, -1) {
		texts = append(texts, m[1])
	}
	for _, text := range texts {
		parts := strings.Split(text, called)
		for i, before := range parts[:len(parts)-1] {
			if !strings.HasSuffix(before, "calling itself ") {
				places = append(places, before[max(0, len(before)-60):]+called+parts[i+1][:min(20, len(parts[i+1]))])
			}
		}
	}
	return places
}

// TestNameIsNoProof: until a domain is proven, no public page gives the name of
// an organisation as if it were confirmed; afterwards the domain stands beside it.
func TestNameIsNoProof(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	a, page := h.Published(t, "Amara Okafor", "amara@example.org")
	link, stranger := h.ClaimPath(t, a), h.Client(t)
	host := strings.TrimPrefix(h.BaseURL, "https://")
	account := "n account at " + host + " calling itself " + called
	pages := map[string]string{"home": "/", "issuer": "/issuers/" + h.Org.Slug, "badge": "/badges/" + h.Badge.PublicID.String(), "award": page, "claim": link,
		"invited": "/sign-in/o/" + h.Org.Slug}

	for name, address := range pages {
		got := sound(t, stranger.Get(address).Want(200)).Says(account)
		if places := alone(got); len(places) > 0 {
			t.Errorf("%s gives the name as if it were confirmed: %q", name, places)
		}
		if name == "badge" || name == "award" || name == "claim" {
			got.Says("Nobody has confirmed this name. What does that mean?")
		}
	}
	issuer := stranger.Get(pages["issuer"])
	issuer.Says("Nobody has confirmed who this is").Says("Anybody can make an account at " + host)
	inHead(t, issuer, `<title>A`+account+` · Roundel</title>`, `property="og:title" content="A`+account+`"`, `property="og:description" content="A`+account+`. In its own words: `)
	inHead(t, stranger.Get(pages["badge"]), `property="og:description" content="A badge of a`+account+`. `)
	inHead(t, stranger.Get(page), `property="og:description" content="Awarded to Amara Okafor by a`+account, `"url":"`+h.BaseURL+`/issuers/`)
	for _, text := range []string{string(a.Document), h.BaseURL + page} {
		stranger.Post("/verify", url.Values{"text": {text}}).Want(200).Says("Issued by a" + account + ", unchanged").
			Says("Who issued it, and how we know N A" + account + " Nobody has confirmed this name.")
	}
	mail := mailOf(t, h, a)
	if mail.SenderName != "" || !strings.HasPrefix(mail.Subject, "A"+account+" has awarded you") ||
		!strings.Contains(mail.Text, "A"+account+" has awarded you") || !strings.Contains(mail.Text, "nobody has confirmed that this one is") {
		t.Errorf("the mail is from %q about %q:\n%s", mail.SenderName, mail.Subject, mail.Text)
	}

	h.ProveDomain(t, h.Org, "northlight.example")
	const proven = "Northlight University (northlight.example)"
	for name, address := range pages {
		got := sound(t, stranger.Get(address).Want(200)).Says(proven)
		saysNot(t, got, "n account at", "Nobody has confirmed")
		if strings.Contains(string(got.Body), "calling itself") {
			t.Errorf("%s speaks of an account, which has proven a domain", name)
		}
	}
	issuer = stranger.Get(pages["issuer"]).Says("It runs northlight.example").Says("Its name, picture and description are its own words.")
	inHead(t, issuer, `<title>`+proven+` · Roundel</title>`)
	inHead(t, stranger.Get(page), `"name":"Northlight University","url":"https://northlight.example"`)
	stranger.Get(page).Says("It has proven that it runs northlight.example. What does that mean?").Says("Issued by northlight.example, unchanged")
	stranger.Post("/verify", url.Values{"text": {string(a.Document)}}).Want(200).Says("Issued by northlight.example, unchanged").
		Says("Who issued it, and how we know N " + proven).Says("An account at " + host + " issued it, which has proven there that it runs northlight.example.")
	mail = mailOf(t, h, a)
	if mail.SenderName != called || !strings.HasPrefix(mail.Subject, proven+" has awarded you") || !strings.Contains(mail.Text, "has proven to us that it runs northlight.example") {
		t.Errorf("the mail is from %q about %q:\n%s", mail.SenderName, mail.Subject, mail.Text)
	}
}

func inHead(t *testing.T, a *apptest.Answer, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(string(a.Body), part) {
			t.Errorf("the page does not hold %s: %.3000s", part, a.Body)
		}
	}
}

// mailOf has the recipient of an award written to and returns the mail.
func mailOf(t *testing.T, h *apptest.House, a *issuing.Award) *outbox.Entry {
	t.Helper()
	if err := h.App.Features.Claims.Invite(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	list, err := h.App.Features.Outbox.List(t.Context(), h.Org.ID, outbox.Filter{Limit: 1})
	if err != nil || len(list) != 1 {
		t.Fatalf("%d mails, %v", len(list), err)
	}
	e, err := h.App.Features.Outbox.Get(t.Context(), h.Org.ID, list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
