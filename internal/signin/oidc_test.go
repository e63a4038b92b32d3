package signin_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/signin"
	"github.com/roundel/roundel/internal/sqldb"
)

// people are those whom a provider knows, by subject.
type people struct {
	mu  sync.Mutex
	all map[string]storage.User
}

func (u *people) GetUserByID(id string) *storage.User {
	u.mu.Lock()
	defer u.mu.Unlock()
	if one, ok := u.all[id]; ok {
		return &one
	}
	return nil
}

func (u *people) GetUserByUsername(name string) *storage.User { return u.GetUserByID(name) }
func (u *people) ExampleClientID() string                     { return "service" }

func (u *people) set(id, email string, verified bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.all[id] = storage.User{ID: id, Username: id, Password: "pw", FirstName: "Grace", LastName: "Hopper", Email: email, EmailVerified: verified}
}

// foreign is an OpenID provider that we did not write.
type foreign struct {
	*people
	issuer  string
	clients map[string]*storage.Client
}

func newForeign(t *testing.T) *foreign {
	t.Helper()
	f := &foreign{people: &people{all: map[string]storage.User{}}, clients: map[string]*storage.Client{}}
	var h http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	f.issuer = strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)
	quiet := slog.New(slog.DiscardHandler)
	before := slog.Default()
	h = exampleop.SetupServer(f.issuer, storage.NewStorageWithClients(f, f.clients), quiet, false, op.WithAllowInsecure(), op.WithLogger(quiet))
	slog.SetDefault(before)
	return f
}

// at makes our client known there, and the provider known here.
func (f *foreign) at(w *world, organisation int64, c signin.Settings) *signin.Provider {
	w.t.Helper()
	c.Name, c.Issuer = "Foreign", f.issuer
	if c.ClientID == "" {
		c.ClientID = "roundel-" + strings.ToLower(w.t.Name()[len(w.t.Name())-6:])
	}
	p := w.provider(organisation, signin.OIDC, c, "a client secret")
	f.clients[c.ClientID] = storage.WebClient(c.ClientID, "a client secret", base+p.BackPath())
	return p
}

// come signs in at the provider and comes back.
func (f *foreign) come(t *trip, subject string) (signin.Answer, url.Values) {
	t.t.Helper()
	q := visit(t.t.Context(), t.t, t.Address, func(form url.Values) { form.Set("username", subject); form.Set("password", "pw") })
	return signin.Answer{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Error: q.Get("error")}, q
}

func (f *foreign) in(w *world, p *signin.Provider, subject string) (*signin.Outcome, error) {
	w.t.Helper()
	t := w.begin(p)
	a, _ := f.come(t, subject)
	return t.back(a)
}

func TestFirstSignInMakesAnAccountAndLaterOnesFindIt(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w, f := newWorld(t, db), newForeign(t)
		f.set("grace", "Grace@Uni.example", true)
		p := f.at(w, 0, signin.Settings{Domains: []string{"uni.example"}, Newcomers: true})
		q := w.begin(p).query()
		if q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || q.Get("nonce") == "" || q.Get("redirect_uri") != base+p.BackPath() {
			t.Errorf("asked with %v", q)
		}
		id := w.who(f.in(w, p, "grace"))
		list, err := w.Accounts.Addresses(t.Context(), id)
		check(t, err)
		if len(list) != 1 || list[0].Key != "grace@uni.example" || list[0].VerifiedAt.IsZero() {
			t.Errorf("addresses %+v", list)
		}
		// The address there changes to somebody else's: nothing here does.
		f.set("grace", "ada@example.org", true)
		if again := w.who(f.in(w, p, "grace")); again != id {
			t.Errorf("came in as %d, then as %d", id, again)
		}
		if list, _ := w.Accounts.Addresses(t.Context(), id); len(list) != 1 {
			t.Errorf("addresses after a change there: %+v", list)
		}
		if w.count(`SELECT count(*) FROM audit_entry WHERE action = 'signin.accepted' AND subject_id = $1`, id) != 2 {
			t.Error("the sign-ins are not in the audit log")
		}
		// Somebody else there with an address that the provider may vouch for.
		f.set("other", "Other@uni.example", true)
		if other := w.who(f.in(w, p, "other")); other == id {
			t.Error("two subjects are one account")
		}
	})
}

func TestAnAddressIsBelievedOnlyFromWhoMayVouch(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w, f := newWorld(t, db), newForeign(t)
		f.set("liar", "ada@example.org", true)          // another domain
		f.set("careless", "new@uni.example", false)     // not verified there
		f.set("suffix", "x@evil-uni.example", true)     // ends alike
		f.set("double", "a@uni.example@evil.org", true) // two at signs
		ours := f.at(w, 0, signin.Settings{Domains: []string{"uni.example"}, Newcomers: true, ClientID: "ours"})
		for _, subject := range []string{"liar", "careless", "suffix", "double"} {
			id := w.who(f.in(w, ours, subject))
			if id == w.owner || w.count(`SELECT count(*) FROM account_address WHERE account_id = $1 AND verified_at > 0`, id) != 0 {
				t.Errorf("%s owns an address", subject)
			}
		}
		theirs := f.at(w, w.o.ID, signin.Settings{Newcomers: true, ClientID: "theirs"})
		for _, subject := range []string{"liar", "careless", "suffix"} {
			out, err := f.in(w, theirs, subject)
			w.refused(subject+" by the organisation's", "address_not_vouched", out, err)
		}
		// The installation's provider knew liar; the organisation's word is another's,
		// even of the same issuer.
		if w.count(`SELECT count(*) FROM account_identity WHERE subject = 'liar'`) != 1 {
			t.Error("linked twice")
		}
		w.exec(`UPDATE organisation_domain SET proven_at = 0`)
		f.set("late", "late@uni.example", true)
		out, err := f.in(w, theirs, "late")
		w.refused("a domain that is no longer proven", "address_not_vouched", out, err)
	})
}

func TestAnAccountWithTheAddressIsItsOwnersToLink(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w, f := newWorld(t, db), newForeign(t)
		f.set("bob", "bob@uni.example", true)
		bob := w.person("Bob", "bob@uni.example", true)
		p := f.at(w, w.o.ID, signin.Settings{Newcomers: true})
		out, err := f.in(w, p, "bob")
		check(t, err)
		if out.Way != nil || out.Pending == "" {
			t.Fatalf("let in without showing that the account is theirs: %+v", out)
		}
		if err := w.Agree(t.Context(), out.Pending, w.session(w.owner)); err == nil {
			t.Error("linked to another account")
		}
		mine := w.session(bob)
		w.ahead += 20 * 60e9 // the proof is too old
		if err := w.Agree(t.Context(), out.Pending, mine); err == nil {
			t.Error("linked by a session that has shown nothing for long")
		}
		w.ahead -= 20 * 60e9
		check(t, w.Agree(t.Context(), out.Pending, mine))
		if err := w.Agree(t.Context(), out.Pending, mine); err == nil {
			t.Error("linked twice")
		}
		if id := w.who(f.in(w, p, "bob")); id != bob {
			t.Errorf("came in as %d, not as Bob", id)
		}
		if w.count(`SELECT count(*) FROM account WHERE id = $1 AND password_hash = 'x'`, bob) != 1 {
			t.Error("a verified account lost its password")
		}

		// What lets Bob in is the word of one organisation: it is good for that one.
		out, err = f.in(w, p, "bob")
		check(t, err)
		session, err := w.Accounts.Session(t.Context(), out.Way.Session)
		check(t, err)
		if session.GoodFor(w.o.ID) != nil || !errors.Is(session.GoodFor(w.o.ID+1), account.ErrProof) || !errors.Is(session.GoodFor(0), account.ErrProof) {
			t.Errorf("an organisation's provider signed in to more than its organisation: %+v", session)
		}
		if !errors.Is(w.Accounts.NeedProof(session), account.ErrProof) {
			t.Error("an organisation's provider showed who changes the account")
		}

		// The installation's, which runs the mailboxes, needs no more than its word.
		f.set("cleo", "cleo@corp.example", false)
		cleo := w.person("Cleo", "cleo@corp.example", true)
		own := f.at(w, 0, signin.Settings{Domains: []string{"corp.example"}, Authoritative: true, ClientID: "own"})
		if id := w.who(f.in(w, own, "cleo")); id != cleo {
			t.Errorf("came in as %d, not as Cleo", id)
		}
		out, err = f.in(w, own, "cleo")
		check(t, err)
		session, err = w.Accounts.Session(t.Context(), out.Way.Session)
		check(t, err)
		check(t, session.GoodFor(w.o.ID))
		check(t, w.Accounts.NeedProof(session))
	})
}

func TestAnUnverifiedAccountIsTakenFromWhoeverMadeIt(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w, f := newWorld(t, db), newForeign(t)
		f.set("eve", "victim@uni.example", true)
		squat := w.person("Squatter", "victim@uni.example", false)
		w.session(squat)
		w.exec(`INSERT INTO api_token (public_id, organisation_id, created_by, name, secret_hash, created_at, expires_at) VALUES ($1, $2, $3, 'x', $4, 1, 0)`,
			publicIDBytes(), w.o.ID, squat, []byte("hash"))
		p := f.at(w, 0, signin.Settings{Domains: []string{"uni.example"}})
		id := w.who(f.in(w, p, "eve"))
		if id != squat {
			t.Fatalf("came in as %d", id)
		}
		if n := w.count(`SELECT count(*) FROM session WHERE account_id = $1`, squat); n != 1 {
			t.Errorf("%d sessions, one is the owner's", n)
		}
		if w.count(`SELECT count(*) FROM account WHERE id = $1 AND password_hash <> ''`, squat) != 0 {
			t.Error("the squatter's password still works")
		}
		if w.count(`SELECT count(*) FROM api_token WHERE created_by = $1 AND revoked_at = 0`, squat) != 0 {
			t.Error("the squatter's token still works")
		}
		if w.count(`SELECT count(*) FROM account_address WHERE account_id = $1 AND verified_at > 0`, squat) != 1 {
			t.Error("the address is not the owner's")
		}

		// One that runs the installation is not handed over on a word.
		boss := w.person("Boss", "boss@uni.example", false)
		w.exec(`UPDATE account SET is_operator = TRUE WHERE id = $1`, boss)
		f.set("boss", "boss@uni.example", true)
		out, err := f.in(w, p, "boss")
		check(t, err)
		if out.Pending == "" || out.Way != nil {
			t.Errorf("an operator's account was handed over: %+v", out)
		}
		theirs := f.at(w, w.o.ID, signin.Settings{Newcomers: true, ClientID: "theirs"})
		out, err = f.in(w, theirs, "boss")
		w.refused("an operator by an organisation's provider", "operator", out, err)
	})
}

func TestBackFromAProvider(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w, f := newWorld(t, db), newForeign(t)
		f.set("grace", "grace@uni.example", true)
		p := f.at(w, 0, signin.Settings{Domains: []string{"uni.example"}, Newcomers: true, ClientID: "one"})
		other := f.at(w, 0, signin.Settings{Domains: []string{"uni.example"}, Newcomers: true, ClientID: "two"})

		mine := w.begin(p)
		a, _ := f.come(mine, "grace")
		yours := w.begin(p)
		out, err := (&trip{w, p, yours.Trip}).back(a)
		w.refused("state of another browser", "", out, err)
		out, err = mine.back(a)
		w.refused("a state that another browser has shown", "", out, err)

		mine = w.begin(p)
		a, _ = f.come(mine, "grace")
		out, err = (&trip{w, other, mine.Trip}).back(a)
		w.refused("at another provider's address", "", out, err)
		w.who(mine.back(a))
		out, err = mine.back(a)
		w.refused("state again", "", out, err)

		// The same code with a fresh state: the verifier is that browser's.
		mine = w.begin(p)
		used := a.Code
		a, _ = f.come(mine, "grace")
		a.Code = used
		out, err = mine.back(a)
		w.refused("code again", "code_refused", out, err)
		first, second := w.begin(p), w.begin(p)
		a, _ = f.come(first, "grace")
		b, _ := f.come(second, "grace")
		out, err = second.back(signin.Answer{State: b.State, Code: a.Code})
		w.refused("code of another browser", "code_refused", out, err)

		mine = w.begin(p)
		a, _ = f.come(mine, "grace")
		a.Issuer = "https://evil.example"
		out, err = mine.back(a)
		w.refused("another issuer's answer", "issuer_mixed_up", out, err)

		mine = w.begin(p)
		a, _ = f.come(mine, "grace")
		w.ahead += signin.AttemptLife
		out, err = mine.back(a)
		w.refused("too late", "", out, err)
		w.ahead = 0

		mine = w.begin(p)
		out, err = mine.back(signin.Answer{State: mine.query().Get("state"), Error: "access_denied"})
		w.refused("an error", "denied", out, err)

		// The provider compares the whole redirect address.
		for _, redirect := range []string{base + p.BackPath() + "/x", base + p.BackPath() + "?x=1", "https://badges.example.org.evil.example" + p.BackPath()} {
			mine = w.begin(p)
			to := strings.Replace(mine.Address, url.QueryEscape(base+p.BackPath()), url.QueryEscape(redirect), 1)
			if q := visit(t.Context(), t, to, nil); q != nil {
				t.Errorf("%s: sent back with %v", redirect, q)
			}
		}
	})
}
