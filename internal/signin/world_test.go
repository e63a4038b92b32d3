package signin_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/fetch"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/signin"
	"github.com/roundel/roundel/internal/sqldb"
)

const base = "https://badges.example.org"

// world is an installation with two people and an organisation, which has
// proven the domain uni.example.
type world struct {
	*signin.Service
	t     *testing.T
	db    *sqldb.DB
	ahead time.Duration // by which its clock is
	o     *org.Organisation
	owner int64
	actor org.Actor // the owner
}

func newWorld(t *testing.T, db *sqldb.DB) *world {
	t.Helper()
	kek, err := keys.LoadKeyFile(filepath.Join(t.TempDir(), "kek"))
	check(t, err)
	w := &world{t: t, db: db}
	now := func() time.Time { return time.Now().Add(w.ahead) }
	accounts := &account.Service{DB: db, Now: now}
	orgs := &org.Service{DB: db, Keys: &keys.Ring{DB: db, KEK: kek, Now: now}, Now: now, BaseURL: base}
	turn := func(name string, b []byte) []byte {
		out := make([]byte, len(b))
		for i := range b {
			out[i] = b[i] ^ name[i%len(name)] ^ 0x80
		}
		return out
	}
	w.Service = &signin.Service{DB: db, Accounts: accounts, Orgs: orgs, Fetch: &fetch.Client{AllowLoopback: true}, Now: now, BaseURL: base,
		Log: slog.New(slog.DiscardHandler), Seal: turn, Open: func(name string, b []byte) ([]byte, error) { return turn(name, b), nil }}
	w.owner = w.person("Ada", "ada@example.org", true)
	w.actor = org.Actor{AccountID: w.owner, Permissions: org.Permissions(), Owner: true}
	w.o, err = orgs.Create(t.Context(), w.owner, org.Profile{Name: "Uni", Website: "https://www.uni.example", Email: "info@uni.example", Country: "DE"})
	check(t, err)
	w.exec(`INSERT INTO organisation_domain (public_id, organisation_id, domain, token, created_at, proven_at) VALUES ($1, $2, 'uni.example', 'x', 1, 1)`, publicid.New(), w.o.ID)
	return w
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	check(w.t, w.db.Write(w.t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(w.t.Context(), query, args...); return err }))
}

func (w *world) count(query string, args ...any) (n int64) {
	w.t.Helper()
	check(w.t, w.db.Read(w.t.Context(), func(tx *sqldb.Tx) error { return tx.QueryRow(w.t.Context(), query, args...).Scan(&n) }))
	return n
}

// person makes an account with one address.
func (w *world) person(name, email string, verified bool) (id int64) {
	w.t.Helper()
	check(w.t, w.db.Write(w.t.Context(), func(tx *sqldb.Tx) error {
		a, err := w.Accounts.Create(w.t.Context(), tx, account.Newcomer{Name: name, Email: email, Verified: verified, PasswordHash: "x"})
		if err == nil {
			id = a.ID
		}
		return err
	}))
	return id
}

// session signs an account in and returns its session.
func (w *world) session(id int64) *account.Session {
	w.t.Helper()
	secret, err := w.Accounts.StartSession(w.t.Context(), id, account.Proof{Method: account.ByPassword})
	check(w.t, err)
	s, err := w.Accounts.Session(w.t.Context(), secret)
	check(w.t, err)
	return s
}

// reasons lists why sign-ins were refused, as the audit log has it.
func (w *world) reason() (data string) {
	w.t.Helper()
	check(w.t, w.db.Read(w.t.Context(), func(tx *sqldb.Tx) error {
		err := tx.QueryRow(w.t.Context(), `SELECT data FROM audit_entry WHERE action = 'signin.refused' ORDER BY id DESC LIMIT 1`).Scan(&data)
		if errors.Is(err, sqldb.ErrNoRows) {
			err = nil
		}
		return err
	}))
	return data
}

// provider makes a provider and switches it on.
func (w *world) provider(organisation int64, kind string, c signin.Settings, secret string) *signin.Provider {
	w.t.Helper()
	p, err := w.Create(w.t.Context(), organisation, w.actor, kind, c, secret)
	check(w.t, err)
	c.Enabled = true
	p, err = w.Change(w.t.Context(), organisation, w.actor, p.PublicID, c, secret)
	check(w.t, err)
	return p
}

// trip is a browser that goes to a provider.
type trip struct {
	*world
	p *signin.Provider
	signin.Trip
}

func (w *world) begin(p *signin.Provider) *trip {
	w.t.Helper()
	t, err := w.Begin(w.t.Context(), signin.Start{Provider: p.PublicID, Next: "/next"})
	check(w.t, err)
	return &trip{w, p, *t}
}

// query returns what the address that the browser goes to says.
func (t *trip) query() url.Values {
	u, err := url.Parse(t.Address)
	check(t.t, err)
	return u.Query()
}

// back is the browser coming back.
func (t *trip) back(a signin.Answer) (*signin.Outcome, error) {
	return t.Finish(t.t.Context(), t.p, t.Browser, a, nil, "test")
}

// who returns the account that somebody came in as.
func (w *world) who(out *signin.Outcome, err error) int64 {
	w.t.Helper()
	check(w.t, err)
	if out.Way == nil || out.Way.Session == "" {
		w.t.Fatalf("not in: %+v", out)
	}
	s, err := w.Accounts.Session(w.t.Context(), out.Way.Session)
	check(w.t, err)
	return s.ID
}

// refused reports what is wrong when somebody was let in, or for another reason.
func (w *world) refused(what, reason string, out *signin.Outcome, err error) {
	w.t.Helper()
	if err == nil {
		w.t.Errorf("%s: let in: %+v", what, out)
		return
	}
	if k := fault.KindOf(err); k == fault.Internal {
		w.t.Errorf("%s: %v", what, err)
	}
	if reason != "" && !strings.Contains(w.reason(), `"`+reason+`"`) {
		w.t.Errorf("%s: refused for %s (%v), want %s", what, w.reason(), errors.Unwrap(err), reason)
	}
}

// visit goes through a foreign login form and returns where it sends us back.
func visit(ctx context.Context, t *testing.T, address string, fill func(form url.Values)) url.Values {
	t.Helper()
	var back *url.URL
	c := &http.Client{CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), base) {
			back = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}}
	r, err := http.NewRequestWithContext(ctx, "GET", address, nil)
	check(t, err)
	resp, err := c.Do(r)
	check(t, err)
	check(t, resp.Body.Close())
	if back != nil {
		return back.Query()
	}
	if fill == nil {
		return nil
	}
	form := url.Values{}
	fill(form)
	form.Set("id", resp.Request.URL.Query().Get("authRequestID"))
	r, err = http.NewRequestWithContext(ctx, "POST", resp.Request.URL.Scheme+"://"+resp.Request.URL.Host+"/login/username", strings.NewReader(form.Encode()))
	check(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err = c.Do(r)
	check(t, err)
	check(t, resp.Body.Close())
	if back == nil {
		t.Fatalf("%s did not send us back (%d)", address, resp.StatusCode)
	}
	return back.Query()
}

func publicIDBytes() publicid.ID { return publicid.New() }
