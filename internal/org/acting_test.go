package org_test

import (
	"sync"
	"testing"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Whoever has lost their role since the gate looked does nothing with it.
func TestActorOfThatMoment(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newTeam(t, db)
		ctx, was := t.Context(), org.Set{org.ViewBadges}
		second, secondID := w.join("Sam", org.RoleOwner)
		_, viewer := w.join("Vi", org.RoleViewer)
		role, err := w.CreateRole(ctx, w.o.ID, second, "Guest", was)
		check(t, err)
		department, err := w.CreateDepartment(ctx, w.o.ID, "Arts", publicid.ID{})
		check(t, err)
		open, err := w.Invite(ctx, w.o.ID, w.owner, "new@example.org", org.Grant{Role: org.RoleViewer})
		check(t, err)
		program := second
		program.Owner, program.Token = false, &account.Token{OrganisationID: w.o.ID, CreatedBy: second.AccountID, Scopes: org.Permissions().Words()}
		refused := func(when string) {
			t.Helper()
			for name, by := range map[string]org.Actor{"a person": second, "their program": program} {
				deeds := map[string]error{
					"SetRole":             w.SetRole(ctx, w.o.ID, by, viewer, org.Grant{Role: org.RoleViewer}),
					"Remove":              w.Remove(ctx, w.o.ID, by, viewer),
					"ChangeRole":          w.ChangeRole(ctx, w.o.ID, by, role.ID, "Visitor", was),
					"DeleteRole":          w.DeleteRole(ctx, w.o.ID, by, role.ID),
					"SendInvitationAgain": w.SendInvitationAgain(ctx, w.o.ID, by, open.PublicID),
					"WithdrawInvitation":  w.WithdrawInvitation(ctx, w.o.ID, by, open.PublicID),
					"ChangeDepartment":    w.ChangeDepartment(ctx, w.o.ID, by, department.PublicID, "Science", publicid.ID{}),
					"Reinstate":           db.Write(ctx, func(tx *sqldb.Tx) error { _, err := w.Reinstate(ctx, tx, w.o.ID, by, viewer); return err }),
				}
				_, deeds["CreateRole"] = w.CreateRole(ctx, w.o.ID, by, "Another", was)
				_, deeds["Invite"] = w.Invite(ctx, w.o.ID, by, "newer@example.org", org.Grant{Role: org.RoleViewer})
				for deed, err := range deeds {
					w.want(err, fault.Forbidden, when+": "+deed+" by "+name)
				}
			}
		}
		check(t, w.SetRole(ctx, w.o.ID, w.owner, secondID, org.Grant{Role: org.RoleViewer}))
		refused("as a viewer")
		check(t, w.Remove(ctx, w.o.ID, w.owner, secondID))
		refused("as a stranger")
	})
}

// Of two owners who demote each other at once, one wins, and an owner stays.
func TestOwnersDemoteEachOther(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newTeam(t, db)
		ctx := t.Context()
		second, secondID := w.join("Sam", org.RoleOwner)
		first, firstID := w.owner, w.publicOf(w.owner.AccountID)
		for round := range 25 {
			var errs [2]error
			var both sync.WaitGroup
			both.Go(func() { errs[0] = w.SetRole(ctx, w.o.ID, first, secondID, org.Grant{Role: org.RoleIssuer}) })
			both.Go(func() { errs[1] = w.SetRole(ctx, w.o.ID, second, firstID, org.Grant{Role: org.RoleIssuer}) })
			both.Wait()
			winner, loser := first, secondID
			if errs[1] == nil {
				winner, loser = second, firstID
				errs[0], errs[1] = errs[1], errs[0]
			}
			if errs[0] != nil || fault.KindOf(errs[1]) != fault.Forbidden {
				t.Fatalf("round %d: one demotion ends with %v, the other with %v", round, errs[0], errs[1])
			}
			if !w.membership(winner.AccountID).Role.Owner() {
				t.Fatalf("round %d: no owner is left", round)
			}
			check(t, w.SetRole(ctx, w.o.ID, winner, loser, org.Grant{Role: org.RoleOwner}))
		}
	})
}
