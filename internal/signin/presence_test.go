package signin_test

import (
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/signin"
	"github.com/roundel/roundel/internal/sqldb"
)

func TestLeavers(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w, g := newWorld(t, db), newRogue(t)
		p := w.provider(w.o.ID, signin.OIDC, signin.Settings{Name: "Uni", Issuer: g.issuer, ClientID: "client", Newcomers: true, DefaultRole: org.RoleIssuer}, "")
		come := func(told ...string) int64 {
			t.Helper()
			mine := w.begin(p)
			g.claims = map[string]any{"iss": g.issuer, "sub": "s", "aud": "client", "exp": w.Now().Add(time.Hour).Unix(), "nonce": mine.query().Get("nonce"),
				"email": "s@uni.example", "email_verified": true, "eduperson_scoped_affiliation": told}
			g.token = func() string { return g.sign(jose.RS256, g.key) }
			return w.who(mine.back(signin.Answer{State: mine.query().Get("state"), Code: "c"}))
		}
		works := func(id int64, want bool, when string) {
			t.Helper()
			if _, err := w.Orgs.MembershipIn(t.Context(), id, w.o.Slug); (err == nil) != want {
				t.Errorf("%s: member %v (%v), want %v", when, err == nil, err, want)
			}
		}
		check(t, w.SetPolicy(t.Context(), w.o.ID, signin.Policy{Affiliations: []string{"staff", "faculty"}, AbsentDays: 30}))
		id := come("staff@uni.example", "member@uni.example")
		works(id, true, "staff")
		addable := func(account int64, want int, organisations ...int64) {
			t.Helper()
			if list, err := w.Addable(t.Context(), account, organisations...); err != nil || len(list) != want {
				t.Errorf("%d ways to sign in can be added to account %d, want %d: %v", len(list), account, want, err)
			}
		}
		addable(id, 0, w.o.ID)
		addable(w.owner, 1, w.o.ID)
		addable(w.owner, 0)
		come("alum@uni.example")
		works(id, false, "left")
		come()
		works(id, false, "nothing told")
		come("Faculty@uni.example")
		works(id, true, "back")

		absent := w.Handlers()[signin.JobAbsent]
		w.ahead += 29 * 24 * time.Hour
		check(t, absent(t.Context(), nil))
		works(id, true, "29 days without a sign-in")
		w.ahead += 2 * 24 * time.Hour
		check(t, absent(t.Context(), nil))
		works(id, false, "31 days without a sign-in")
		works(w.owner, true, "an owner who never came by the provider")
		var who publicid.ID
		members, err := w.Orgs.Members(t.Context(), w.o.ID)
		check(t, err)
		for _, m := range members {
			if m.AccountID == id && m.PausedAt.IsZero() {
				t.Error("a suspended member does not look it")
			}
			if m.AccountID == id {
				who = m.PublicID
			}
		}
		if err := w.Reinstate(t.Context(), w.o.ID, org.Actor{Permissions: org.Set{org.ManageMembers}}, who); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("reinstated by somebody who may less: %v", err)
		}
		works(id, false, "not by anybody")
		owner := org.Actor{AccountID: w.owner, Permissions: org.Permissions(), Owner: true}
		check(t, w.Reinstate(t.Context(), w.o.ID, owner, who))
		check(t, absent(t.Context(), nil))
		works(id, true, "reinstated by hand")
		if err := w.Reinstate(t.Context(), w.o.ID, owner, who); fault.KindOf(err) != fault.Conflict {
			t.Errorf("reinstated twice: %v", err)
		}
		w.ahead += 31 * 24 * time.Hour
		check(t, absent(t.Context(), nil))
		works(id, false, "absent again")
		come("staff@uni.example")
		works(id, true, "signed in again")
		if w.count(`SELECT count(*) FROM signin_visit WHERE account_id = $1 AND affiliations = 'alum@uni.example'`, id) != 1 {
			t.Error("the affiliation of a sign-in is not kept")
		}

		// The last owner stays able to mend things.
		w.exec(`UPDATE member SET role = 'owner' WHERE account_id = $1`, id)
		w.exec(`DELETE FROM member WHERE account_id = $1`, w.owner)
		come("alum@uni.example")
		works(id, true, "the last owner")
		// What grows too mighty is given to nobody by itself.
		w.exec(`DELETE FROM member WHERE account_id = $1`, id)
		w.exec(`UPDATE signin_provider SET default_role = 'owner'`)
		p, _ = w.Enabled(t.Context(), p.PublicID)
		come("staff@uni.example")
		works(id, false, "owner by default")
	})
}
