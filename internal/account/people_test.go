package account_test

import (
	"context"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

func TestSessionsAreListedAndEnded(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		me, eve := w.person("Bo", "bo@example.org"), w.person("Eve", "eve@example.org")
		var ways []*account.Way
		for range 3 {
			way, err := w.signIn("bo@example.org")
			must(t, err)
			ways = append(ways, way)
		}
		list, err := w.Sessions(ctx, me.ID)
		if err != nil || len(list) != 4 {
			t.Fatalf("%d sessions, %v", len(list), err)
		}
		other := w.session(ways[0])
		if err := w.EndSession(ctx, eve, other.Handle); fault.KindOf(err) != fault.NotFound {
			t.Errorf("somebody else ends it: %v", err)
		}
		must(t, w.EndSession(ctx, me, other.Handle))
		if _, err := w.Session(ctx, ways[0].Session); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("it goes on: %v", err)
		}
		if _, err := w.Session(ctx, other.Handle.String()); err == nil {
			t.Error("the handle opens the session")
		}
		must(t, w.EndOtherSessions(ctx, me))
		if list, err = w.Sessions(ctx, me.ID); err != nil || len(list) != 1 || list[0].Handle != me.Handle {
			t.Errorf("after ending the others: %d, %v", len(list), err)
		}
		if _, err := w.Sessions(ctx, eve.ID); err != nil || w.count(`SELECT count(*) FROM session WHERE account_id = $1`, eve.ID) != 1 {
			t.Error("ending the others ended somebody else's")
		}
		way, err := w.signIn("bo@example.org")
		must(t, err)
		must(t, w.SetPassword(ctx, w.session(way), password))
		if list, err = w.Sessions(ctx, me.ID); err != nil || len(list) != 1 || list[0].Handle != w.session(way).Handle {
			t.Errorf("after a new password: %d, %v", len(list), err)
		}
	})
}

func TestDisabledAccounts(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		me := w.person("Bo", "bo@example.org")
		way, err := w.signIn("bo@example.org")
		must(t, err)
		browser, err := w.AskCode(ctx, "bo@example.org")
		must(t, err)
		code := w.code("bo@example.org")
		_, wrong := w.SignIn(ctx, account.Attempt{Email: "bo@example.org", Password: "not the password"})
		must(t, w.SetDisabled(ctx, me.PublicID.String(), true))
		if _, err := w.Session(ctx, way.Session); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("the session goes on: %v", err)
		}
		if _, err := w.signIn("bo@example.org"); err == nil || err.Error() != wrong.Error() {
			t.Errorf("the password: %v", err)
		}
		if _, err := w.EnterCode(ctx, browser, code, ""); err == nil {
			t.Error("a code lets in")
		}
		if _, err := w.StartSession(ctx, me.ID, account.Proof{}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a session is started: %v", err)
		}
		must(t, w.AskReset(ctx, "bo@example.org"))
		for _, m := range w.mailsTo("bo@example.org") {
			if strings.Contains(m.Text, "/reset/") {
				t.Error("a reset link is mailed")
			}
		}
		must(t, w.SetDisabled(ctx, "bo@example.org", false))
		if _, err := w.signIn("bo@example.org"); err != nil {
			t.Errorf("after enabling: %v", err)
		}
		if _, err := w.signIn("eve@example.org"); err == nil {
			t.Error("nobody signs in")
		}
		if err := w.SetDisabled(ctx, "eve@example.org", true); fault.KindOf(err) != fault.NotFound {
			t.Errorf("disabling nobody: %v", err)
		}
	})
}

func TestDeletingAnAccount(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		me := w.person("Bo Seeded", "seeded@example.org")
		w.app(me)
		must(t, db.Write(ctx, func(tx *sqldb.Tx) error { return w.Link(ctx, tx, me.ID, "oidc-1", "seeded-subject") }))
		w.Leave = func(context.Context, *sqldb.Tx, int64) error { return fault.Conflictf("You are the last owner.") }
		if err := w.Delete(ctx, me); fault.KindOf(err) != fault.Conflict {
			t.Errorf("the last owner goes: %v", err)
		}
		if _, err := w.signIn("seeded@example.org"); err != nil {
			t.Error("what was refused has changed something")
		}
		w.Leave = nil
		must(t, w.Delete(ctx, me))
		if _, err := w.signIn("seeded@example.org"); err == nil {
			t.Error("the account still signs in")
		}
		for _, q := range []string{
			`SELECT count(*) FROM account WHERE name LIKE '%Seeded%' OR password_hash <> ''`, `SELECT count(*) FROM account_address`, `SELECT count(*) FROM account_totp`,
			`SELECT count(*) FROM recovery_code`, `SELECT count(*) FROM session`, `SELECT count(*) FROM account_identity`, `SELECT count(*) FROM one_time_link WHERE account_id > 0`,
			`SELECT count(*) FROM known_device`, `SELECT count(*) FROM signin_step`,
		} {
			if n := w.count(q); n != 0 {
				t.Errorf("%s: %d", q, n)
			}
		}
		if list, err := w.List(ctx); err != nil || len(list) != 0 {
			t.Errorf("it is listed: %v %v", list, err)
		}
		again := w.person("Bo", "seeded@example.org")
		if again.ID == me.ID {
			t.Error("the account comes back")
		}
	})
}

func TestIdentities(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		link := func(id int64, subject string) error {
			return db.Write(ctx, func(tx *sqldb.Tx) error { return w.Link(ctx, tx, id, "oidc-7", subject) })
		}
		me, eve := w.person("Bo", "bo@example.org"), w.person("Eve", "eve@example.org")
		must(t, link(me.ID, "s1"))
		must(t, link(me.ID, "s1"))
		if f, err := w.Factors(ctx, me.ID); err != nil || len(f.Identities) != 1 || !f.Identities[0].CreatedAt.Equal(w.Now()) {
			t.Errorf("linked at %v: %+v, %v", w.Now(), f, err)
		}
		if err := link(eve.ID, "s1"); fault.KindOf(err) != fault.Conflict {
			t.Errorf("somebody else takes the subject: %v", err)
		}
		must(t, db.Read(ctx, func(tx *sqldb.Tx) error {
			a, err := account.ByIdentity(ctx, tx, "oidc-7", "s1")
			if err != nil || a.ID != me.ID {
				t.Errorf("%v %v", a, err)
			}
			for _, other := range [][2]string{{"oidc-7", "s2"}, {"oidc-8", "s1"}} {
				if _, err := account.ByIdentity(ctx, tx, other[0], other[1]); fault.KindOf(err) != fault.NotFound {
					t.Errorf("%v finds somebody: %v", other, err)
				}
			}
			return nil
		}))
		if _, err := w.signIn("bo@example.org"); err != nil {
			t.Errorf("linking took the password of a confirmed account: %v", err)
		}
		// The first account has confirmed nothing: whoever made it is shut out.
		first, err := w.create("Ada", "ada@example.org")
		must(t, err)
		secret, err := w.StartSession(ctx, first.ID, account.Proof{Method: account.ByPassword})
		must(t, err)
		must(t, link(first.ID, "s3"))
		if _, err := w.Session(ctx, secret); err == nil {
			t.Error("a session of an unconfirmed account goes on")
		}
		if _, err := w.signIn("ada@example.org"); err == nil {
			t.Error("the password of an unconfirmed account goes on")
		}
		f, err := w.Factors(ctx, first.ID)
		must(t, err)
		entered, err := w.Enter(ctx, first.ID, account.Proof{Method: "oidc-7", Assurance: account.TwoFactors})
		must(t, err)
		if err := w.RemoveIdentity(ctx, w.session(entered), f.Identities[0].ID); fault.KindOf(err) != fault.Conflict {
			t.Errorf("the only way in goes: %v", err)
		}
		if err := w.RemoveIdentity(ctx, eve, f.Identities[0].ID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("somebody else removes it: %v", err)
		}
	})
}

// create makes an account that has a password and no confirmed address.
func (w *world) create(name, email string) (a *account.Account, err error) {
	hash, err := account.HashPassword(w.t.Context(), password)
	if err != nil {
		return nil, err
	}
	err = w.db.Write(w.t.Context(), func(tx *sqldb.Tx) error {
		a, err = w.Create(w.t.Context(), tx, account.Newcomer{Name: name, Email: email, PasswordHash: hash})
		return err
	})
	return a, err
}

// TestInvitationsShowTheAddress: an account made with one has a confirmed
// address, or there is none when the invitation cannot be used.
func TestInvitationsShowTheAddress(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		p := account.NewPerson{Name: "Bo", Email: "bo@example.org", Password: password}
		if _, err := w.RegisterInvited(ctx, p, func(context.Context, *sqldb.Tx, *account.Account) error { return fault.NotFoundf("Used.") }); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%v", err)
		}
		if n := w.count(`SELECT count(*) FROM account`); n != 0 {
			t.Error("an account without its invitation")
		}
		a, err := w.RegisterInvited(ctx, p, func(context.Context, *sqldb.Tx, *account.Account) error { return nil })
		must(t, err)
		if found, err := w.byAddress("bo@example.org"); err != nil || found.ID != a.ID {
			t.Errorf("%v %v", found, err)
		}
		if _, err := w.RegisterInvited(ctx, p, func(context.Context, *sqldb.Tx, *account.Account) error { return nil }); len(fault.FieldsOf(err)) != 1 {
			t.Errorf("a second account with the address: %v", err)
		}
	})
}
