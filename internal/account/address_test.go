package account_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

func (w *world) addresses(me *account.Session) string {
	w.t.Helper()
	list, err := w.Addresses(w.t.Context(), me.ID)
	must(w.t, err)
	var all []string
	for _, a := range list {
		s := a.Address
		if a.First {
			s += "*"
		}
		if a.VerifiedAt.IsZero() {
			s += "?"
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

func (w *world) addressID(me *account.Session, address string) int64 {
	w.t.Helper()
	list, err := w.Addresses(w.t.Context(), me.ID)
	must(w.t, err)
	for _, a := range list {
		if a.Address == address {
			return a.ID
		}
	}
	w.t.Fatalf("%s is not among %s", address, w.addresses(me))
	return 0
}

func TestSeveralAddresses(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		me := w.person("Bo", "bo@example.org")
		must(t, w.AddAddress(ctx, me, "Bo@Work.example"))
		if err := w.AddAddress(ctx, me, "BO@work.example"); len(fault.FieldsOf(err)) != 1 {
			t.Errorf("twice: %v", err)
		}
		if _, err := w.signIn("bo@work.example"); err == nil {
			t.Error("an unconfirmed address signs in")
		}
		link := w.link("addresses", "Bo@Work.example")
		if a, err := w.CheckAddressLink(ctx, link); err != nil || a != "Bo@Work.example" || w.addresses(me) != "bo@example.org* Bo@Work.example?" {
			t.Errorf("looking: %q %v %s", a, err, w.addresses(me))
		}
		if err := w.MakeFirst(ctx, me, w.addressID(me, "Bo@Work.example")); fault.KindOf(err) != fault.Conflict {
			t.Errorf("an unconfirmed address becomes the first: %v", err)
		}
		if err := w.RemoveAddress(ctx, me, w.addressID(me, "bo@example.org")); fault.KindOf(err) != fault.Conflict {
			t.Errorf("the last confirmed address goes: %v", err)
		}
		must(t, w.VerifyAddress(ctx, link))
		if err := w.VerifyAddress(ctx, link); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the link worked twice: %v", err)
		}
		if _, err := w.signIn("bo@work.example"); err != nil {
			t.Errorf("the confirmed address: %v", err)
		}
		must(t, w.MakeFirst(ctx, me, w.addressID(me, "Bo@Work.example")))
		if got := w.addresses(me); got != "Bo@Work.example* bo@example.org" {
			t.Errorf("after making it first: %s", got)
		}
		eve := w.person("Eve", "eve@example.org")
		for name, deed := range map[string]func(int64) error{
			"first":  func(id int64) error { return w.MakeFirst(ctx, eve, id) },
			"remove": func(id int64) error { return w.RemoveAddress(ctx, eve, id) },
			"send":   func(id int64) error { return w.SendVerification(ctx, eve, id) },
		} {
			if err := deed(w.addressID(me, "bo@example.org")); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s of somebody else's address: %v", name, err)
			}
		}
		must(t, w.RemoveAddress(ctx, me, w.addressID(me, "Bo@Work.example")))
		if got := w.addresses(me); got != "bo@example.org*" {
			t.Errorf("after removing the first: %s", got)
		}
		if m := w.mailsTo("Bo@Work.example"); !strings.Contains(m[0].Text, "removed") {
			t.Errorf("the address that went was not told: %+v", m[0])
		}
		// Up to ten.
		var err error
		for i := range 10 {
			err = w.AddAddress(ctx, me, fmt.Sprintf("bo%d@example.org", i))
		}
		if fault.KindOf(err) != fault.Conflict {
			t.Errorf("an eleventh address: %v", err)
		}
	})
}

// TestClaimsDoNotBlockTheOwner: whoever merely enters an address gets nothing
// of it, and is no obstacle to the person who reads its mail.
func TestClaimsDoNotBlockTheOwner(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		eve, mallory := w.person("Eve", "eve@example.org"), w.person("Mallory", "mallory@example.org")
		must(t, w.AddAddress(ctx, eve, "bo@example.org"))
		must(t, w.AddAddress(ctx, mallory, "bo@example.org"))
		claimed := w.link("addresses", "bo@example.org")
		for _, who := range []*account.Session{eve, mallory} {
			must(t, db.Read(ctx, func(tx *sqldb.Tx) error {
				keys, err := account.VerifiedKeys(ctx, tx, who.ID)
				if len(keys) != 1 || strings.HasPrefix(keys[0], "bo") {
					t.Errorf("%s owns %v", who.Name, keys)
				}
				return err
			}))
		}
		if _, err := w.byAddress("bo@example.org"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a claimed address finds an account: %v", err)
		}
		// A reset link and a code go to nobody's claim.
		must(t, w.AskReset(ctx, "bo@example.org"))
		if _, err := w.AskCode(ctx, "bo@example.org"); err != nil {
			t.Error(err)
		}
		for _, m := range w.mailsTo("bo@example.org") {
			if !strings.Contains(m.Text, "/addresses/") {
				t.Errorf("a mail for a claim: %s", m.Subject)
			}
		}
		bo := w.person("Bo", "bo@example.org")
		if got := w.addresses(eve) + " " + w.addresses(mallory); got != "eve@example.org* mallory@example.org*" {
			t.Errorf("the claims stay: %s", got)
		}
		if err := w.VerifyAddress(ctx, claimed); err == nil {
			t.Error("a claim's link works after the owner has come")
		}
		if a, err := w.byAddress("bo@example.org"); err != nil || a.ID != bo.ID {
			t.Errorf("%v %v", a, err)
		}
		// Claiming an address that has an owner: the owner is told, nothing else.
		must(t, w.AddAddress(ctx, eve, "bo@example.org"))
		if m := w.mailsTo("bo@example.org"); strings.Contains(m[0].Text, "/addresses/") || !strings.Contains(m[0].Text, "belongs to an account already") {
			t.Errorf("the owner's mail: %s", m[0].Text)
		}
		if _, err := w.signIn("bo@example.org"); err != nil {
			t.Errorf("the owner cannot sign in: %v", err)
		}
	})
}

func (w *world) byAddress(key string) (a *account.Account, err error) {
	err = w.db.Read(w.t.Context(), func(tx *sqldb.Tx) error {
		a, err = account.ByAddress(w.t.Context(), tx, key)
		return err
	})
	return a, err
}

// TestTheFirstAccountIsUnconfirmed: it signs in with its address and owns
// nothing of it, and makes way for whoever reads its mail.
func TestTheFirstAccountIsUnconfirmed(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		a := owner(t, w.Service)
		if a.Verified || !a.Operator {
			t.Errorf("%+v", a)
		}
		way, err := w.signIn("ada@example.org")
		must(t, err)
		me := w.session(way)
		must(t, w.AskReset(ctx, "ada@example.org"))
		if m := w.mailsTo("ada@example.org"); len(m) != 0 {
			t.Errorf("a reset link goes to an address nobody has confirmed: %+v", m)
		}
		// Somebody who has confirmed another address does not sign in with it.
		eve := w.person("Eve", "eve@example.org")
		must(t, w.AddAddress(ctx, eve, "ada@example.org"))
		if way, err := w.signIn("ada@example.org"); err != nil || way.AccountID != a.ID {
			t.Errorf("%+v %v", way, err)
		}
		must(t, w.SendVerification(ctx, me, w.addressID(me, "Ada@Example.org")))
		must(t, w.VerifyAddress(ctx, w.link("addresses", "Ada@Example.org")))
		if got := w.addresses(me) + " " + w.addresses(eve); got != "Ada@Example.org* eve@example.org*" {
			t.Errorf("%s", got)
		}
		if err := w.Delete(ctx, me); fault.KindOf(err) != fault.Conflict {
			t.Errorf("the only operator goes: %v", err)
		}
	})
}

// TestFewMailsToAnAddress: a stranger does not fill a mailbox, nor use up the
// mails that its owner asks for.
func TestFewMailsToAnAddress(t *testing.T) {
	db := dbtest.Open(t)
	w := newWorld(t, db)
	ask := func(times int, from string) {
		for range times {
			must(t, w.AskRegister(audit.With(t.Context(), audit.Origin{Address: from}), "bo@example.org"))
			w.work()
		}
	}
	ask(20, "192.0.2.1")
	if m := w.mailsTo("bo@example.org"); len(m) != 5 {
		t.Errorf("%d mails within an hour", len(m))
	}
	ask(1, "198.51.100.7")
	if m := w.mailsTo("bo@example.org"); len(m) != 6 {
		t.Errorf("%d mails, the last asked for from elsewhere", len(m))
	}
	for i := range 40 {
		ask(1, fmt.Sprintf("203.0.113.%d", i))
	}
	if m := w.mailsTo("bo@example.org"); len(m) != 30 {
		t.Errorf("%d mails within an hour from everywhere", len(m))
	}
	w.later(61 * time.Minute)
	ask(1, "192.0.2.1")
	if m := w.mailsTo("bo@example.org"); len(m) != 31 {
		t.Errorf("%d mails, an hour later", len(m))
	}
}
