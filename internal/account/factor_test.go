package account_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// app sets up an authenticator app, which another library plays.
func (w *world) app(me *account.Session) (recovery []string, code func(time.Time) string) {
	w.t.Helper()
	x, err := w.BeginTOTP(w.t.Context(), me)
	must(w.t, err)
	code = func(at time.Time) string {
		c, err := totp.GenerateCode(x.Secret, at)
		must(w.t, err)
		return c
	}
	recovery, err = w.ConfirmTOTP(w.t.Context(), me, code(w.Now()))
	must(w.t, err)
	return recovery, code
}

func TestAuthenticatorApp(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		me := w.person("Bo", "bo@example.org")
		elsewhere, err := w.signIn("bo@example.org")
		must(t, err)
		x, err := w.BeginTOTP(ctx, me)
		must(t, err)
		if !strings.HasPrefix(x.URL, "otpauth://totp/Roundel:bo@example.org?secret="+x.Secret+"&issuer=Roundel&") {
			t.Errorf("URL %s", x.URL)
		}
		if again, err := w.BeginTOTP(ctx, me); err != nil || again.Secret != x.Secret {
			t.Errorf("loading the page again: %v %v", again, err)
		}
		if _, err := w.ConfirmTOTP(ctx, me, "000000"); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a wrong code switches it on: %v", err)
		}
		if way, err := w.signIn("bo@example.org"); err != nil || way.Session == "" {
			t.Errorf("an app that was not confirmed is asked for: %v", err)
		}
		recovery, code := w.app(me)
		if len(recovery) != 10 {
			t.Errorf("%d recovery codes", len(recovery))
		}
		if _, err := w.Session(ctx, elsewhere.Session); err == nil {
			t.Error("a session with one factor goes on")
		}
		if s, err := w.Sessions(ctx, me.ID); err != nil || len(s) != 1 || s[0].Assurance != account.TwoFactors {
			t.Errorf("this session: %+v %v", s, err)
		}
		if _, err := w.BeginTOTP(ctx, me); fault.KindOf(err) != fault.Conflict {
			t.Errorf("the secret is shown again: %v", err)
		}

		way, err := w.signIn("bo@example.org")
		must(t, err)
		if way.Session != "" || way.Step == "" {
			t.Fatal("the password alone lets in")
		}
		if _, err := w.Session(ctx, way.Step); err == nil {
			t.Error("the step is a session")
		}
		if _, err := w.FinishStep(ctx, way.Step, code(w.Now()), ""); err == nil {
			t.Error("the code that switched it on counts again")
		}
		w.later(30 * time.Second)
		in, err := w.FinishStep(ctx, way.Step, code(w.Now()), "")
		must(t, err)
		if s := w.session(in); s.Assurance != account.TwoFactors || s.Method != account.ByPassword {
			t.Errorf("%+v", s)
		}
		way, err = w.signIn("bo@example.org")
		must(t, err)
		if _, err := w.FinishStep(ctx, way.Step, code(w.Now()), ""); err == nil {
			t.Error("the same code counts twice")
		}
		if _, err := w.FinishStep(ctx, way.Step, code(w.Now().Add(-30*time.Second)), ""); err == nil {
			t.Error("an earlier code counts after a later one")
		}
		if in, err = w.FinishStep(ctx, way.Step, strings.ToLower(recovery[3]), ""); err != nil || in.Session == "" {
			t.Errorf("a recovery code: %v", err)
		}
		way, err = w.signIn("bo@example.org")
		must(t, err)
		if _, err := w.FinishStep(ctx, way.Step, recovery[3], ""); err == nil {
			t.Error("a recovery code works twice")
		}
		w.later(account.CodeLife + time.Minute)
		if _, err := w.FinishStep(ctx, way.Step, recovery[4], ""); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a step of eleven minutes ago: %v", err)
		}
		if f, err := w.Factors(ctx, me.ID); err != nil || f.RecoveryLeft != 9 || !f.TOTP || !f.Password {
			t.Errorf("%+v %v", f, err)
		}
	})
}

// TestRecoveryDoesNotTakeOver: who reads the mail gets neither past the second
// factor nor rid of it.
func TestRecoveryDoesNotTakeOver(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		me := w.person("Bo", "bo@example.org")
		_, code := w.app(me)
		must(t, w.AskReset(ctx, "bo@example.org"))
		must(t, w.ResetPassword(ctx, w.link("reset", "bo@example.org"), "a password of the thief"))
		if _, err := w.Session(ctx, "x"); err == nil {
			t.Error("no session at all")
		}
		way, err := w.SignIn(ctx, account.Attempt{Email: "bo@example.org", Password: "a password of the thief"})
		must(t, err)
		if way.Session != "" {
			t.Error("the new password lets in without the second factor")
		}
		browser, err := w.AskCode(ctx, "bo@example.org")
		must(t, err)
		way, err = w.EnterCode(ctx, browser, w.code("bo@example.org"), "")
		must(t, err)
		if way.Session != "" {
			t.Error("a mailed code lets in without the second factor")
		}
		// The owner still has the app.
		w.later(30 * time.Second)
		in, err := w.FinishStep(ctx, way.Step, code(w.Now()), "")
		must(t, err)
		me = w.session(in)
		// A stale session changes nothing; a password without the app does not refresh it.
		w.later(account.ProofLife + time.Second)
		for name, change := range map[string]func() error{
			"password":        func() error { return w.SetPassword(ctx, me, password) },
			"app":             func() error { return w.RemoveTOTP(ctx, me) },
			"recovery codes":  func() error { _, err := w.NewRecoveryCodes(ctx, me); return err },
			"passkey":         func() error { _, err := w.BeginPasskey(ctx, me); return err },
			"finish passkey":  func() error { return w.FinishPasskey(ctx, me, "x", "Phone", nil) },
			"remove passkey":  func() error { return w.RemovePasskey(ctx, me, me.PublicID) },
			"address":         func() error { return w.AddAddress(ctx, me, "bo@work.example") },
			"first address":   func() error { return w.MakeFirst(ctx, me, 1) },
			"remove address":  func() error { return w.RemoveAddress(ctx, me, 1) },
			"remove identity": func() error { return w.RemoveIdentity(ctx, me, 1) },
			"delete":          func() error { return w.Delete(ctx, me) },
			"nobody":          func() error { return w.SetPassword(ctx, nil, password) },
		} {
			if err := change(); err != account.ErrProof {
				t.Errorf("%s without a fresh proof: %v", name, err)
			}
		}
		w.later(30 * time.Second)
		if err := w.Prove(ctx, me, account.Evidence{Password: "a password of the thief"}); err == nil {
			t.Error("the password alone is proof enough")
		}
		if err := w.Prove(ctx, me, account.Evidence{Password: password, Code: code(w.Now())}); err == nil {
			t.Error("a wrong password with the app's code is proof enough")
		}
		must(t, w.Prove(ctx, me, account.Evidence{Password: "a password of the thief", Code: code(w.Now())}))
		must(t, w.SetPassword(ctx, me, password))
		told := 0
		for _, m := range w.mailsTo("bo@example.org") {
			if strings.Contains(m.Subject, "was changed") {
				told++
			}
		}
		if told != 3 { // app, reset, change
			t.Errorf("told %d times", told)
		}
		for _, action := range []string{"factor.added", "password.reset", "password.changed", "session.started"} {
			if !strings.Contains(w.actions(), action) {
				t.Errorf("%s is not in the audit log: %s", action, w.actions())
			}
		}
	})
}

// TestProofWithoutAPassword: a code by mail stands in for it, the own one only.
func TestProofWithoutAPassword(t *testing.T) {
	db := dbtest.Open(t)
	w := newWorld(t, db)
	ctx := t.Context()
	w.person("Eve", "eve@example.org")
	secret, err := w.AddPerson(ctx, "Bo", "bo@example.org", false)
	must(t, err)
	must(t, w.CheckResetLink(ctx, secret))
	if _, err := w.SignIn(ctx, account.Attempt{Email: "bo@example.org"}); err == nil {
		t.Error("an account without a password signs in without one")
	}
	browser, err := w.AskCode(ctx, "bo@example.org")
	must(t, err)
	way, err := w.EnterCode(ctx, browser, w.code("bo@example.org"), "")
	must(t, err)
	me := w.session(way)
	w.later(account.ProofLife + time.Second)
	browser, err = w.AskCode(ctx, "eve@example.org")
	must(t, err)
	if err := w.Prove(ctx, me, account.Evidence{Browser: browser, MailedCode: w.code("eve@example.org")}); err == nil || w.NeedProof(me) == nil {
		t.Error("another's code proves who I am")
	}
	browser, err = w.AskCode(ctx, "bo@example.org")
	must(t, err)
	must(t, w.Prove(ctx, me, account.Evidence{Browser: browser, MailedCode: w.code("bo@example.org")}))
	must(t, w.NeedProof(me))
}

// TestManyBehindOneAddress: whoever knows their password is never in the way of
// the others behind the same network address, nor does that give anybody more
// tries.
func TestManyBehindOneAddress(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := audit.With(t.Context(), audit.Origin{Address: "192.0.2.7"})
		w.person("Bo", "bo@example.org")
		for n := range 60 {
			// What browsers say of themselves is kept, whatever it is.
			_, err := w.SignIn(ctx, account.Attempt{Email: "bo@example.org", Password: password, UserAgent: strings.Repeat("a", 299) + "\u00e4\xff\x00"})
			if err != nil {
				t.Fatalf("sign-in %d: %v", n+1, err)
			}
		}
		var err error
		for n := 0; n < 60 && (err == nil || !strings.Contains(err.Error(), "too many")); n++ {
			_, err = w.SignIn(ctx, account.Attempt{Email: string(rune('a'+n%26)) + string(rune('a'+n/26)) + "@many.example", Password: "a guess"})
			if n%2 == 0 && err != nil && !strings.Contains(err.Error(), "too many") {
				_, right := w.SignIn(ctx, account.Attempt{Email: "bo@example.org", Password: password})
				must(t, right)
			}
		}
		if !strings.Contains(err.Error(), "too many") {
			t.Error("one address may guess without end, if it knows one password")
		}
	})
}

// TestTriesBringWaits: strangers are slowed down, and do not keep the owner out.
func TestTriesBringWaits(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := audit.With(t.Context(), audit.Origin{Address: "192.0.2.7"})
		w.person("Bo", "bo@example.org")
		before, err := w.SignIn(ctx, account.Attempt{Email: "bo@example.org", Password: password})
		must(t, err)
		wrong := func(address string) error {
			_, err := w.SignIn(ctx, account.Attempt{Email: address, Password: "not the password"})
			return err
		}
		for _, address := range []string{"bo@example.org", "nobody@example.org"} {
			for range 5 {
				if err := wrong(address); strings.Contains(err.Error(), "too many") {
					t.Fatal("a wait before the sixth try")
				}
			}
		}
		known, unknown := wrong("bo@example.org"), wrong("nobody@example.org")
		if !strings.Contains(known.Error(), "too many") || known.Error() != unknown.Error() {
			t.Errorf("after five failures: %v and %v", known, unknown)
		}
		if _, err := w.signIn("bo@example.org"); err == nil {
			t.Error("the right password counts during the wait")
		}
		if _, err := w.SignIn(ctx, account.Attempt{Email: "bo@example.org", Password: password, Device: before.Device}); err != nil {
			t.Errorf("the owner's own browser is kept out: %v", err)
		}
		if _, err := w.SignIn(ctx, account.Attempt{Email: "bo@example.org", Password: password, Device: "guess"}); err == nil {
			t.Error("a guessed device passes")
		}
		browser, err := w.AskCode(ctx, "bo@example.org")
		must(t, err)
		if _, err := w.EnterCode(ctx, browser, w.code("bo@example.org"), ""); err != nil {
			t.Errorf("a mailed code is kept out: %v", err)
		}
		const next = "the roof is green in May"
		link, err := w.ResetLink(ctx, "bo@example.org")
		must(t, err)
		must(t, w.ResetPassword(ctx, link, next))
		if _, err := w.SignIn(ctx, account.Attempt{Email: "bo@example.org", Password: next}); err != nil {
			t.Errorf("a new password is kept out: %v", err)
		}
		link, err = w.ResetLink(ctx, "bo@example.org")
		must(t, err)
		must(t, w.ResetPassword(ctx, link, password))
		before, err = w.SignIn(ctx, account.Attempt{Email: "bo@example.org", Password: password})
		must(t, err)
		for range 6 {
			err = wrong("bo@example.org")
		}
		if !strings.Contains(err.Error(), "too many") {
			t.Errorf("after five more failures: %v", err)
		}
		w.later(3 * time.Second)
		_, err = w.signIn("bo@example.org")
		must(t, err)
		if err := wrong("bo@example.org"); strings.Contains(err.Error(), "too many") {
			t.Error("signing in does not clear the count")
		}
		// One network address may try many accounts, and not without end.
		last := error(nil)
		for i := range 60 {
			last = wrong(string(rune('a'+i%26)) + string(rune('a'+i/26)) + "@many.example")
		}
		if !strings.Contains(last.Error(), "too many") {
			t.Errorf("sixty accounts from one network address: %v", last)
		}
		// A stolen device has a count of its own.
		w.later(time.Hour)
		for range 6 {
			_, last = w.SignIn(t.Context(), account.Attempt{Email: "bo@example.org", Password: "not the password", Device: before.Device})
		}
		if !strings.Contains(last.Error(), "too many") {
			t.Errorf("a known device tries without end: %v", last)
		}
	})
}
