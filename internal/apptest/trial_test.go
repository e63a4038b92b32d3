package apptest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/outbox"
)

// TestTrial checks what an installation without a public https address does:
// it signs, with a key that names only itself, and mails nobody.
func TestTrial(t *testing.T) {
	t.Parallel()
	h := apptest.StartHouse(t, apptest.Options{SMTP: true})
	a, page := h.Published(t, "Rosalind Achterberg", "rosalind@mail.example")
	stranger := h.Client(t)
	stranger.Get(page).Want(http.StatusOK).Says("Trial").Says("we cannot confirm that Northlight University issued it")

	credential := stranger.Get(page + ".json").Want(http.StatusOK).JSON()
	if issuer, ok := credential["issuer"].(map[string]any); !ok || !strings.HasPrefix(issuer["id"].(string), "did:key:z6Mk") {
		t.Errorf("a trial is issued by %v", credential["issuer"])
	}
	if status, there := credential["credentialStatus"]; there {
		t.Errorf("a trial carries a status: %v", status)
	}
	stranger.Get("/issuers/" + h.Org.Slug + "/did.json").Want(http.StatusNotFound)
	stranger.Post("/verify", url.Values{"text": {h.BaseURL + page}}).Want(http.StatusOK).Says("we cannot confirm that Northlight University issued it")

	mails, err := h.App.Features.Outbox.List(t.Context(), h.Org.ID, outbox.Filter{Award: a.ID})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mails {
		if m.State != outbox.Held {
			t.Errorf("the mail about a trial is %s", m.State)
		}
	}
	if sent := h.Mail.Messages(); len(sent) > 0 {
		t.Errorf("a trial was mailed to %v", sent[0].To)
	}
}

// TestOnPostgres goes from setting up to a verified badge on the other
// database.
func TestOnPostgres(t *testing.T) {
	t.Parallel()
	h := apptest.StartHouse(t, apptest.Options{TLS: true, SMTP: true, Postgres: true})
	_, page := h.Published(t, "Rosalind Achterberg", "rosalind@mail.example")
	stranger := h.Client(t)
	stranger.Get(page).Want(http.StatusOK).Says("Real and in date")
	stranger.Post("/verify", url.Values{"text": {h.BaseURL + page}}).Want(http.StatusOK).Says("Real and in date")
	if _, err := h.Mail.Wait(t.Context(), 1); err != nil {
		t.Error(err)
	}
	h.Owner.Get(h.Console).Want(http.StatusOK).Says("Rosalind Achterberg")
}
