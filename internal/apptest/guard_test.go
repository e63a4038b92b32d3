package apptest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/sqldb"
)

// TestTooManyRequests asks too often in every way there is: each is told so with
// 429 and when to come again, and nobody else is.
func TestTooManyRequests(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{Settings: func(c *config.Config) {
		c.RateToken, c.RateAddress = 0.2, 10 // which is one form a second
	}})
	secret, _, err := h.App.Features.Accounts.CreateToken(sqldb.ForInstallation(t.Context()), h.Org.ID, h.OwnerID, "LMS", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, token, from string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), method, h.BaseURL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Forwarded-For", from) // this machine is believed as a proxy
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return answer
	}
	until429 := func(what, method, path, token, from string) {
		t.Helper()
		for n := range 2000 {
			answer := ask(method, path, token, from)
			if answer.StatusCode != http.StatusTooManyRequests {
				continue
			}
			if n == 0 || answer.Header.Get("Retry-After") == "" {
				t.Errorf("%s: the first 429 after %d, Retry-After %q", what, n, answer.Header.Get("Retry-After"))
			}
			return
		}
		t.Errorf("%s: 2,000 requests were answered", what)
	}
	unknown := "/api/v1/awards/" + strings.Repeat("a", 26)
	until429("a token", http.MethodGet, unknown, secret, "192.0.2.5")
	until429("a token that nobody made", http.MethodGet, unknown, "rndl_guess", "192.0.2.6")
	until429("forms from an address", http.MethodPost, "/sign-in", "", "192.0.2.7")
	until429("forms with a token that they do not need", http.MethodPost, "/sign-in", "rndl_guess", "192.0.2.10")
	if answer := ask(http.MethodPost, "/sign-in", "", "192.0.2.8"); answer.StatusCode == http.StatusTooManyRequests {
		t.Error("another address was refused too")
	}
	if answer := ask(http.MethodGet, unknown, secret, "192.0.2.9"); answer.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the token from another address: %s", answer.Status)
	}
	if answer := ask(http.MethodGet, "/healthz", "", "192.0.2.7"); answer.StatusCode != http.StatusOK {
		t.Errorf("health: %s", answer.Status)
	}
}
