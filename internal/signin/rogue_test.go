package signin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/signin"
	"github.com/roundel/roundel/internal/sqldb"
)

// rogue is a provider whose every answer the test makes.
type rogue struct {
	issuer string
	key    *rsa.PrivateKey
	token  func() string // the ID token that a code gives
	claims map[string]any
	says   map[string]any // what discovery says differently
}

func newRogue(t *testing.T) *rogue {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	g := &rogue{key: key, says: map[string]any{}}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		doc := map[string]any{"issuer": g.issuer, "authorization_endpoint": g.issuer + "/auth", "token_endpoint": g.issuer + "/token", "jwks_uri": g.issuer + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}}
		maps.Copy(doc, g.says)
		answer(w, doc)
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]any{"access_token": "at", "token_type": "Bearer", "id_token": g.token()})
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	g.issuer = srv.URL
	g.token = func() string { return g.sign(jose.RS256, g.key) }
	return g
}

func (g *rogue) sign(alg jose.SignatureAlgorithm, key any) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
	if err != nil {
		panic(err)
	}
	payload, _ := json.Marshal(g.claims)
	j, err := s.Sign(payload)
	if err != nil {
		panic(err)
	}
	text, _ := j.CompactSerialize()
	return text
}

func TestIDTokensThatProveNothing(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w, g := newWorld(t, db), newRogue(t)
		p := w.provider(0, signin.OIDC, signin.Settings{Name: "Rogue", Issuer: g.issuer, ClientID: "client", Domains: []string{"uni.example"}, Newcomers: true,
			SecondFactor: []string{"mfa", "urn:two"}}, "the client secret of the rogue provider")
		other, err := rsa.GenerateKey(rand.Reader, 2048)
		check(t, err)
		good := func(t *trip) {
			g.claims = map[string]any{"iss": g.issuer, "sub": "s", "aud": "client", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(),
				"nonce": t.query().Get("nonce"), "email": "s@uni.example", "email_verified": true}
			g.token = func() string { return g.sign(jose.RS256, g.key) }
		}
		come := func(change func()) (*signin.Outcome, error) {
			mine := w.begin(p)
			good(mine)
			change()
			return mine.back(signin.Answer{State: mine.query().Get("state"), Code: "c"})
		}
		for _, c := range []struct {
			what, reason string
			change       func()
		}{
			{"no nonce", "nonce_wrong", func() { delete(g.claims, "nonce") }},
			{"another nonce", "nonce_wrong", func() { g.claims["nonce"] = "x" }},
			{"for another client", "id_token_wrong", func() { g.claims["aud"] = "another" }},
			{"for two clients, without azp", "other_party", func() { g.claims["aud"] = []string{"client", "another"} }},
			{"azp of another", "other_party", func() { g.claims["azp"] = "another" }},
			{"of another issuer", "id_token_wrong", func() { g.claims["iss"] = "https://accounts.example" }},
			{"expired", "id_token_wrong", func() { g.claims["exp"] = time.Now().Add(-time.Minute).Unix() }},
			{"without an end", "id_token_wrong", func() { delete(g.claims, "exp") }},
			{"nobody", "no_subject", func() { delete(g.claims, "sub") }},
			{"signed by another key", "id_token_wrong", func() { g.token = func() string { return g.sign(jose.RS256, other) } }},
			{"HMAC with the client secret", "id_token_wrong", func() {
				g.token = func() string { return g.sign(jose.HS256, []byte("the client secret of the rogue provider")) }
			}},
			{"HMAC with the public key", "id_token_wrong", func() { g.token = func() string { return g.sign(jose.HS256, g.key.N.Bytes()) } }},
			{"alg none", "id_token_wrong", func() {
				g.token = func() string {
					b := base64.RawURLEncoding.EncodeToString
					payload, _ := json.Marshal(g.claims)
					return b([]byte(`{"alg":"none","kid":"k"}`)) + "." + b(payload) + "."
				}
			}},
			{"at_hash of another token", "access_token_wrong", func() { g.claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" }},
			{"no token", "no_id_token", func() { g.token = func() string { return "" } }},
		} {
			out, err := come(c.change)
			if c.what == "no token" {
				w.refused(c.what, "", out, err)
				continue
			}
			w.refused(c.what, c.reason, out, err)
		}
		if n := w.count(`SELECT count(*) FROM account_identity`); n != 0 {
			t.Errorf("%d identities were linked", n)
		}
		out, err := come(func() {})
		id := w.who(out, err)

		// How sure the provider is counts when it is trusted for that.
		for said, two := range map[string]bool{"": false, "pwd": false, "urn:two": true} {
			out, err := come(func() { g.claims["acr"] = said })
			check(t, err)
			s, err := w.Accounts.Session(t.Context(), out.Way.Session)
			check(t, err)
			if s.ID != id || (s.Assurance == account.TwoFactors) != two || s.Method != signin.OIDC {
				t.Errorf("acr %q: assurance %d, method %s", said, s.Assurance, s.Method)
			}
		}
		out, err = come(func() { g.claims["amr"] = []string{"pwd", "mfa"} })
		check(t, err)
		if s, err := w.Accounts.Session(t.Context(), out.Way.Session); err != nil || s.Assurance != account.TwoFactors {
			t.Errorf("amr mfa: %+v, %v", s, err)
		}

		// RFC 9207: whoever says that it sends iss, sends it.
		w.ahead += 2 * time.Hour
		g.says["authorization_response_iss_parameter_supported"] = true
		out, err = come(func() { g.claims["exp"] = time.Now().Add(9 * time.Hour).Unix() })
		w.refused("without iss", "issuer_mixed_up", out, err)
		w.ahead += 2 * time.Hour
		g.says["issuer"] = "https://accounts.example"
		if _, err := w.Begin(t.Context(), signin.Start{Provider: p.PublicID}); err == nil {
			t.Error("began with a provider that says it is another")
		}
	})
}

func TestSecretsOfProviders(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		c := signin.Settings{Name: "X", Issuer: "https://accounts.example", ClientID: "c", Newcomers: true}
		p := w.provider(0, signin.OIDC, c, "very secret words")
		var sealed []byte
		check(t, db.Read(t.Context(), func(tx *sqldb.Tx) error {
			return tx.QueryRow(t.Context(), `SELECT sealed FROM signin_provider WHERE id = $1`, p.ID).Scan(&sealed)
		}))
		if len(sealed) == 0 || string(sealed) == "very secret words" {
			t.Errorf("kept as %q", sealed)
		}
		c.Issuer = "https://evil.example"
		if _, err := w.Change(t.Context(), 0, w.actor, p.PublicID, c, ""); err == nil {
			t.Error("the secret goes to another issuer")
		}
		if _, err := w.Change(t.Context(), w.o.ID, w.actor, p.PublicID, c, "x"); err == nil {
			t.Error("an organisation changed the installation's provider")
		}
		if err := w.Remove(t.Context(), w.o.ID, p.PublicID); err == nil {
			t.Error("an organisation removed the installation's provider")
		}
		for what, bad := range map[string]signin.Settings{
			"http":               {Name: "X", Issuer: "ftp://accounts.example", ClientID: "c"},
			"user":               {Name: "X", Issuer: "https://a@accounts.example", ClientID: "c"},
			"query":              {Name: "X", Issuer: "https://accounts.example?x", ClientID: "c"},
			"no client":          {Name: "X", Issuer: "https://accounts.example"},
			"runs all mailboxes": {Name: "X", Issuer: "https://accounts.example", ClientID: "c", Domains: []string{"*"}, Authoritative: true},
		} {
			if _, err := w.Create(t.Context(), 0, w.actor, signin.OIDC, bad, ""); err == nil {
				t.Errorf("%s: taken", what)
			}
		}
		bad := signin.Settings{Name: "X", Issuer: "https://accounts.example", ClientID: "c", Domains: []string{"gmail.com"}}
		if _, err := w.Create(t.Context(), w.o.ID, w.actor, signin.OIDC, bad, ""); err == nil {
			t.Error("an organisation vouches for domains that it has not proven")
		}
	})
}
