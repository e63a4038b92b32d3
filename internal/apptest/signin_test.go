package apptest_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/apptest/browser"
)

// TestSignInByAnotherService goes the way of OpenID Connect in a browser, at a
// provider that we did not write.
func TestSignInByAnotherService(t *testing.T) {
	s := apptest.Start(t, apptest.Options{Development: true})
	b := browser.Start(t, s.BaseURL, "")
	var h http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	issuer := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)
	clients := map[string]*storage.Client{}
	quiet, before := slog.New(slog.DiscardHandler), slog.Default()
	h = exampleop.SetupServer(issuer, storage.NewStorageWithClients(storage.NewUserStore(issuer), clients), quiet, false, op.WithAllowInsecure(), op.WithLogger(quiet))
	slog.SetDefault(before)

	office := b.Tab(t)
	office.Open(s.SetUpURL(t))
	office.Fill("name", "Ada Lindqvist")
	office.Fill("email", "ada@northlight.example")
	office.Fill("password", "violets grow on the roof")
	office.Press("Go on")
	office.Open("/operator/sign-in")
	office.Says("No other service yet")
	office.Audit("operator sign-in empty")
	office.Press("Add OpenID Connect")
	office.Fill("name", "Northlight ID")
	office.Fill("issuer", issuer)
	office.Fill("client_id", "roundel")
	office.Fill("secret", "a client secret")
	office.Fill("domains", "zitadel.ch")
	office.Audit("provider new")
	office.Press("Add")
	back := browser.Eval[string](office, `document.querySelector("#back").value || document.querySelector("#back").textContent`)
	clients["roundel"] = storage.WebClient("roundel", "a client secret", strings.TrimSpace(back))
	browser.Eval[bool](office, `document.querySelector("#enabled, [name=enabled]").checked = true`)
	office.Press("Save")
	office.Audit("provider")

	person := b.Tab(t)
	person.Open("/sign-in")
	person.Audit("sign-in with a service")
	person.Press("Sign in with Northlight ID")
	person.Fill("username", "test-user2")
	person.Fill("password", "verysecure")
	person.Press("Login")
	person.Open("/account")
	person.Says("Test User2", "test-user2@zitadel.ch")
}
