package account_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/sqldb"
)

// world is an installation with people and the mails they get. Secrets of mails
// and factors are turned round instead of encrypted.
type world struct {
	*account.Service
	*clock
	t      *testing.T
	db     *sqldb.DB
	runner *jobs.Runner
	mails  *outbox.Service
}

func turned(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] ^= 0x5a
	}
	return string(b)
}

func newWorld(t *testing.T, db *sqldb.DB) *world {
	t.Helper()
	texts, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, c := start(db)
	s.Texts, s.BaseURL, s.Site, s.Registration = texts.For("en"), "https://badges.example.org", "Roundel", account.RegisterOpen
	s.Seal = func(secret string) []byte { return []byte(turned(secret)) }
	s.SealFactor = func(secret []byte) []byte { return []byte(turned(string(secret))) }
	s.OpenFactor = func(sealed []byte) ([]byte, error) { return []byte(turned(string(sealed))), nil }
	w := &world{Service: s, clock: c, t: t, db: db}
	w.runner = &jobs.Runner{DB: db, Now: c.Now, Handlers: s.Handlers()}
	w.mails = &outbox.Service{DB: db, Now: c.Now, Open: func(b []byte) (string, error) { return turned(string(b)), nil }}
	for kind, h := range w.mails.Handlers() {
		w.runner.Handlers[kind] = h
	}
	return w
}

// Now is the world's clock; embedding makes it ambiguous otherwise.
func (w *world) Now() time.Time { return w.clock.now }

func (w *world) later(d time.Duration) { w.clock.now = w.clock.now.Add(d) }

// work does what is queued.
func (w *world) work() {
	w.t.Helper()
	if _, err := w.runner.RunDue(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// mailsTo returns the mails to an address, the newest first, after doing what
// is queued.
func (w *world) mailsTo(address string) (list []*outbox.Entry) {
	w.t.Helper()
	w.work()
	all, err := w.mails.List(w.t.Context(), 0, outbox.Filter{})
	must(w.t, err)
	for _, e := range all {
		if e.To == address {
			m, err := w.mails.Get(w.t.Context(), 0, e.ID)
			must(w.t, err)
			list = append(list, m)
		}
	}
	return list
}

var linkForm = regexp.MustCompile(`https://badges\.example\.org/(register|addresses|reset)/([A-Za-z0-9_-]{43})`)

// link returns the secret of the link in the newest mail to an address that has
// one of the kind.
func (w *world) link(kind, address string) string {
	w.t.Helper()
	for _, m := range w.mailsTo(address) {
		if f := linkForm.FindStringSubmatch(m.Text); f != nil && f[1] == kind {
			return f[2]
		}
	}
	w.t.Fatalf("no mail to %s has a link of the kind %s", address, kind)
	return ""
}

// code returns the code in the newest mail to an address.
func (w *world) code(address string) string {
	w.t.Helper()
	for _, m := range w.mailsTo(address) {
		if _, rest, ok := strings.Cut(m.Text, "/sign-in/code/enter?code="); ok {
			return strings.Fields(rest)[0]
		}
	}
	w.t.Fatalf("no mail to %s has a code", address)
	return ""
}

// person registers somebody by mail and returns their session.
func (w *world) person(name, address string) *account.Session {
	w.t.Helper()
	must(w.t, w.AskRegister(w.t.Context(), address))
	way, err := w.Register(w.t.Context(), w.link("register", address), name, password, "test")
	must(w.t, err)
	return w.session(way)
}

func (w *world) session(way *account.Way) *account.Session {
	w.t.Helper()
	s, err := w.Session(w.t.Context(), way.Session)
	must(w.t, err)
	return s
}

func (w *world) signIn(address string) (*account.Way, error) {
	return w.SignIn(w.t.Context(), account.Attempt{Email: address, Password: password})
}

// actions returns what the audit log has, oldest first.
func (w *world) actions() string {
	w.t.Helper()
	var all []string
	must(w.t, w.db.Read(w.t.Context(), func(tx *sqldb.Tx) error {
		rows, err := tx.Query(w.t.Context(), `SELECT action FROM audit_entry ORDER BY id`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var a string
			if err := rows.Scan(&a); err != nil {
				return err
			}
			all = append(all, a)
		}
		return rows.Err()
	}))
	return strings.Join(all, " ")
}

func (w *world) count(query string, args ...any) (n int64) {
	w.t.Helper()
	must(w.t, w.db.Read(context.Background(), func(tx *sqldb.Tx) error {
		return tx.QueryRow(context.Background(), query, args...).Scan(&n)
	}))
	return n
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
