package account_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

func TestRegisteringNeedsTheMail(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		must(t, w.AskRegister(ctx, " Bo@Example.org "))
		if n := w.count(`SELECT count(*) FROM account`); n != 0 {
			t.Fatal("there is an account before the mail was read")
		}
		link := w.link("register", "Bo@Example.org")
		if address, err := w.CheckRegisterLink(ctx, link); err != nil || address != "Bo@Example.org" {
			t.Errorf("%q %v", address, err)
		}
		if err := w.CheckResetLink(ctx, link); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the link works for something else: %v", err)
		}
		if _, err := w.Register(ctx, link, "Bo", "short", ""); len(fault.FieldsOf(err)) != 1 {
			t.Errorf("a short password: %v", err)
		}
		way, err := w.Register(ctx, link, "Bo", password, "")
		must(t, err)
		if s := w.session(way); !s.Verified || s.Operator || s.Email != "Bo@Example.org" {
			t.Errorf("%+v", s.Account)
		}
		if _, err := w.Register(ctx, link, "Bo", password, ""); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the link worked twice: %v", err)
		}
		must(t, w.AskRegister(ctx, "bo@example.org"))
		m := w.mailsTo("bo@example.org")
		if len(m) != 1 || !strings.Contains(m[0].Subject, "already") || linkForm.MatchString(m[0].Text) {
			t.Errorf("somebody with an account gets %+v", m)
		}
		w.later(25 * time.Hour)
		must(t, w.AskRegister(ctx, "cy@example.org"))
		late := w.link("register", "cy@example.org")
		w.later(24 * time.Hour)
		if _, err := w.Register(ctx, late, "Cy", password, ""); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a link of yesterday: %v", err)
		}
	})
}

func TestWhoMayRegister(t *testing.T) {
	db := dbtest.Open(t)
	w := newWorld(t, db)
	w.Registration = account.RegisterClosed
	if err := w.AskRegister(t.Context(), "bo@example.org"); fault.KindOf(err) != fault.Forbidden || w.MayRegister() {
		t.Errorf("closed: %v", err)
	}
	w.Registration = ""
	must(t, w.AskRegister(t.Context(), "bo@example.org"))
	if m := w.mailsTo("bo@example.org"); len(m) != 0 {
		t.Errorf("nobody was invited, and a mail goes out: %+v", m)
	}
	w.Invited = func(_ context.Context, _ *sqldb.Tx, key string) (bool, error) { return key == "cy@example.org", nil }
	must(t, w.AskRegister(t.Context(), "bo@example.org"))
	must(t, w.AskRegister(t.Context(), "Cy@example.org"))
	if m := w.mailsTo("bo@example.org"); len(m) != 0 {
		t.Errorf("who was not invited gets %+v", m)
	}
	w.link("register", "Cy@example.org")
}

// TestS13NobodyLearnsWhichAddressesExist: what is asked for a known and an
// unknown address does the same writes and gives the same answer.
func TestS13NobodyLearnsWhichAddressesExist(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		me := w.person("Bo", "bo@example.org")
		w.person("Cy", "cy@example.org")
		trace := func(what func(address string) error, address string) string {
			w.work()
			before := w.rows()
			err := what(address)
			after := w.rows()
			return fmt.Sprint(changes(before, after), " ", err)
		}
		for name, what := range map[string]func(string) error{
			"register": func(a string) error { return w.AskRegister(ctx, a) },
			"reset":    func(a string) error { return w.AskReset(ctx, a) },
			"add":      func(a string) error { return w.AddAddress(ctx, me, a) },
			"code":     func(a string) error { _, err := w.AskCode(ctx, a); return err },
			"sign in": func(a string) error {
				_, err := w.SignIn(ctx, account.Attempt{Email: a, Password: "not the password"})
				return err
			},
		} {
			known, unknown := trace(what, "cy@example.org"), trace(what, "nobody-"+strings.ReplaceAll(name, " ", "")+"@example.org")
			if known != unknown {
				t.Errorf("%s: known %q, unknown %q", name, known, unknown)
			}
		}
		// Wrong codes for known and unknown addresses are answered alike.
		a, err := w.AskCode(ctx, "cy@example.org")
		must(t, err)
		b, err := w.AskCode(ctx, "nobody@example.org")
		must(t, err)
		w.work()
		_, known := w.EnterCode(ctx, a, "00000000", "")
		_, unknown := w.EnterCode(ctx, b, "00000000", "")
		if known == nil || known.Error() != unknown.Error() {
			t.Errorf("codes: %v and %v", known, unknown)
		}
	})
}

// changes returns by how much each table grew.
func changes(before, after map[string]int64) map[string]int64 {
	grown := map[string]int64{}
	for table, n := range after {
		if n != before[table] {
			grown[table] = n - before[table]
		}
	}
	return grown
}

// rows counts the rows of the tables that asking for something may touch.
func (w *world) rows() map[string]int64 {
	n := map[string]int64{}
	for _, table := range []string{"account", "account_address", "session", "one_time_link", "signin_code", "signin_step", "outbox_mail", "job", "audit_entry", "known_device"} {
		n[table] = w.count(`SELECT count(*) FROM ` + table)
	}
	return n
}

func TestCodesByMail(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		w.person("Bo", "bo@example.org")
		browser, err := w.AskCode(ctx, "BO@example.org")
		must(t, err)
		code := w.code("BO@example.org")
		if len(code) != 8 {
			t.Errorf("code %q", code)
		}
		other, err := w.AskCode(ctx, "eve@example.org")
		must(t, err)
		w.work()
		for name, b := range map[string]string{"another browser": other, "no browser": "", "a guess": "x"} {
			if _, err := w.EnterCode(ctx, b, code, ""); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		way, err := w.EnterCode(ctx, browser, strings.ToLower(code[:4])+"-"+code[4:], "")
		must(t, err)
		if s := w.session(way); s.Method != account.ByMail || s.Assurance != account.OneFactor {
			t.Errorf("%+v", s)
		}
		if _, err := w.EnterCode(ctx, browser, code, ""); err == nil {
			t.Error("the code worked twice")
		}
		// Five wrong tries use it up.
		browser, err = w.AskCode(ctx, "bo@example.org")
		must(t, err)
		code = w.code("bo@example.org")
		for range 5 {
			if _, err := w.EnterCode(ctx, browser, "00000000", ""); err == nil {
				t.Fatal("a wrong code")
			}
		}
		if _, err := w.EnterCode(ctx, browser, code, ""); err == nil {
			t.Error("the code works at the sixth try")
		}
		// So does time.
		browser, err = w.AskCode(ctx, "bo@example.org")
		must(t, err)
		code = w.code("bo@example.org")
		w.later(account.CodeLife)
		if _, err := w.EnterCode(ctx, browser, code, ""); err == nil {
			t.Error("the code works after ten minutes")
		}
	})
}

// TestS12OneWinner: what works once works once, however many try at a time.
func TestS12OneWinner(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		me := w.person("Bo", "bo@example.org")
		browser, err := w.AskCode(ctx, "bo@example.org")
		must(t, err)
		code := w.code("bo@example.org")
		wins(t, "a mailed code", func() error { _, err := w.EnterCode(ctx, browser, code, ""); return err })

		must(t, w.AskReset(ctx, "bo@example.org"))
		reset := w.link("reset", "bo@example.org")
		// Hashing 200 passwords would only take long: the link is what is raced for.
		wins(t, "an address's link", func() func() error {
			must(t, w.AddAddress(ctx, me, "bo@work.example"))
			link := w.link("addresses", "bo@work.example")
			return func() error { return w.VerifyAddress(ctx, link) }
		}())
		few(t, 8, "a reset link", func() error { return w.ResetPassword(ctx, reset, "another long password") })

		way, err := w.SignIn(ctx, account.Attempt{Email: "bo@example.org", Password: "another long password"})
		must(t, err)
		me = w.session(way)
		recovery, app := w.app(me)
		w.later(time.Minute)
		steps := make(chan string, 200)
		for range cap(steps) {
			way, err := w.Enter(ctx, me.ID, account.Proof{Method: account.ByMail})
			must(t, err)
			steps <- way.Step
		}
		now := app(w.Now())
		wins(t, "a code of the app", func() error { _, err := w.FinishStep(ctx, <-steps, now, ""); return err })
		w.later(time.Hour) // the tries above brought a wait, and their steps are over
		for len(steps) > 0 {
			<-steps
		}
		for range cap(steps) {
			way, err := w.Enter(ctx, me.ID, account.Proof{Method: account.ByMail})
			must(t, err)
			steps <- way.Step
		}
		wins(t, "a recovery code", func() error {
			_, err := w.FinishStep(ctx, <-steps, recovery[0], "")
			return err
		})
	})
}

func wins(t *testing.T, what string, try func() error) { t.Helper(); few(t, 200, what, try) }

func few(t *testing.T, n int, what string, try func() error) {
	t.Helper()
	var won, broken atomic.Int64
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			err := try()
			switch {
			case err == nil:
				won.Add(1)
			case fault.KindOf(err) == fault.Internal:
				broken.Add(1)
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%s: %d of %d tries won", what, won.Load(), n)
	}
}
