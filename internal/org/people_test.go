package org_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// team is an organisation with people, and a clock that the test moves.
type team struct {
	*org.Service
	t     *testing.T
	o     *org.Organisation
	owner org.Actor
	now   time.Time
	mail  []string // secrets of the links that were mailed, oldest first
}

func newTeam(t *testing.T, db *sqldb.DB) *team {
	t.Helper()
	s, owner := start(t, db, "https://badges.example.org")
	c, err := locale.Load()
	check(t, err)
	w := &team{Service: s, t: t, now: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)}
	s.Now = func() time.Time { return w.now }
	s.Texts, s.Site = c.For("en"), "Roundel"
	s.Seal = func(secret string) []byte { w.mail = append(w.mail, secret); return []byte("sealed") }
	w.o, err = s.Create(t.Context(), owner, good)
	check(t, err)
	w.owner = org.Actor{AccountID: owner, Permissions: org.Permissions(), Owner: true}
	return w
}

// person makes an account with a verified address.
func (w *team) person(name string) (id int64, public publicid.ID) {
	w.t.Helper()
	public = publicid.New()
	check(w.t, w.DB.Write(w.t.Context(), func(tx *sqldb.Tx) error {
		if err := tx.QueryRow(w.t.Context(), `INSERT INTO account (public_id, name, password_hash, created_at) VALUES ($1, $2, '', 0) RETURNING id`, public, name).Scan(&id); err != nil {
			return err
		}
		_, err := tx.Exec(w.t.Context(), `INSERT INTO account_address (account_id, address, address_key, verified_at, first) VALUES ($1, $2, $2, 1, TRUE)`, id, address(name))
		return err
	}))
	return id, public
}

func address(name string) string { return strings.ToLower(name) + "@example.org" }

// join makes a member by inviting and accepting.
func (w *team) join(name, role string, departments ...publicid.ID) (org.Actor, publicid.ID) {
	w.t.Helper()
	id, public := w.person(name)
	_, err := w.Invite(w.t.Context(), w.o.ID, w.owner, address(name), org.Grant{Role: role, Departments: departments})
	check(w.t, err)
	_, err = w.Accept(w.t.Context(), w.mail[len(w.mail)-1], id)
	check(w.t, err)
	return w.actor(id), public
}

func (w *team) membership(id int64) *org.Membership {
	w.t.Helper()
	m, err := w.MembershipIn(w.t.Context(), id, w.o.Slug)
	check(w.t, err)
	return m
}

func (w *team) actor(id int64) org.Actor {
	w.t.Helper()
	m := w.membership(id)
	return org.Actor{AccountID: id, Permissions: m.Permissions, Owner: m.Role.Owner()}
}

func (w *team) want(err error, kind fault.Kind, what string) {
	w.t.Helper()
	if fault.KindOf(err) != kind || err == nil {
		w.t.Errorf("%s: %v", what, err)
	}
}

func TestInvitation(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newTeam(t, db)
		ctx := t.Context()
		bo, _ := w.person("Bo")
		eve, _ := w.person("Eve")
		_, err := w.Invite(ctx, w.o.ID, w.owner, "Bo@Example.org", org.Grant{Role: org.RoleIssuer})
		check(t, err)
		secret := w.mail[0]
		_, err = w.Invite(ctx, w.o.ID, w.owner, "bo@example.org", org.Grant{Role: org.RoleIssuer})
		w.want(err, fault.Invalid, "invited twice")

		_, err = w.Accept(ctx, secret, eve)
		w.want(err, fault.Forbidden, "accepted with another address")
		_, err = w.Accept(ctx, secret+"x", bo)
		w.want(err, fault.NotFound, "accepted with another secret")
		check(t, db.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE account_address SET verified_at = 0 WHERE account_id = $1`, bo)
			return err
		}))
		_, err = w.Accept(ctx, secret, bo)
		w.want(err, fault.Forbidden, "accepted with an address that was not verified")
		check(t, db.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE account_address SET verified_at = 1 WHERE account_id = $1`, bo)
			return err
		}))
		// Looking changes nothing; sending again ends the first link.
		for range 2 {
			i, err := w.OpenInvitation(ctx, secret)
			check(t, err)
			if !i.Known || i.Organisation.ID != w.o.ID || i.Role.Word != org.RoleIssuer {
				t.Errorf("the invitation reads %+v", i)
			}
		}
		list, err := w.Invitations(ctx, w.o.ID)
		check(t, err)
		w.want(w.SendInvitationAgain(ctx, w.o.ID, w.owner, list[0].PublicID), fault.Conflict, "sent again at once")
		w.now = w.now.Add(2 * time.Minute)
		check(t, w.SendInvitationAgain(ctx, w.o.ID, w.owner, list[0].PublicID))
		_, err = w.Accept(ctx, secret, bo)
		w.want(err, fault.NotFound, "accepted by an earlier link")
		secret = w.mail[1]

		w.now = w.now.Add(org.InvitationLife)
		_, err = w.Accept(ctx, secret, bo)
		w.want(err, fault.NotFound, "accepted too late")
		w.now = w.now.Add(-time.Second)
		_, err = w.Accept(ctx, secret, bo)
		check(t, err)
		_, err = w.Accept(ctx, secret, bo)
		w.want(err, fault.NotFound, "accepted twice")
		if m := w.membership(bo); m.Role.Word != org.RoleIssuer || !m.Reach.All() || m.Permissions.Has(org.ManageMembers) {
			t.Errorf("became %+v", m)
		}
		_, err = w.Invite(ctx, w.o.ID, w.owner, "bo@example.org", org.Grant{Role: org.RoleOwner})
		w.want(err, fault.Invalid, "a member was invited")

		_, err = w.Invite(ctx, w.o.ID, w.owner, address("Eve"), org.Grant{Role: org.RoleViewer})
		check(t, err)
		list, err = w.Invitations(ctx, w.o.ID)
		check(t, err)
		check(t, w.WithdrawInvitation(ctx, w.o.ID, w.owner, list[0].PublicID))
		_, err = w.Accept(ctx, w.mail[2], eve)
		w.want(err, fault.NotFound, "accepted after it was withdrawn")
	})
}

func TestInvitationNeedsWhoSentIt(t *testing.T) {
	w := newTeam(t, dbtest.Open(t))
	ctx := t.Context()
	ada, adaID := w.join("Ada", org.RoleAdministrator)
	cy, _ := w.person("Cy")
	_, err := w.Invite(ctx, w.o.ID, ada, address("Cy"), org.Grant{Role: org.RoleAdministrator})
	check(t, err)
	secret := w.mail[len(w.mail)-1]
	check(t, w.SetRole(ctx, w.o.ID, w.owner, adaID, org.Grant{Role: org.RoleViewer}))
	_, err = w.Accept(ctx, secret, cy)
	w.want(err, fault.NotFound, "an invitation by somebody who may no longer invite")
	check(t, w.SetRole(ctx, w.o.ID, w.owner, adaID, org.Grant{Role: org.RoleAdministrator}))
	check(t, w.Remove(ctx, w.o.ID, w.owner, adaID))
	_, err = w.Accept(ctx, secret, cy)
	w.want(err, fault.NotFound, "an invitation by somebody who was removed")
}

func TestNobodyGivesWhatTheyDoNotHave(t *testing.T) {
	w := newTeam(t, dbtest.Open(t))
	ctx := t.Context()
	admin, adminID := w.join("Ada", org.RoleAdministrator)
	_, issuerID := w.join("Ivo", org.RoleIssuer)
	ownerID := w.publicOf(w.owner.AccountID)
	small, err := w.CreateRole(ctx, w.o.ID, w.owner, "Personnel", org.Set{org.ViewMembers, org.ManageMembers})
	check(t, err)
	clerk, clerkID := w.join("Clea", small.ID.String())

	// Only owners make owners, or touch one.
	_, err = w.Invite(ctx, w.o.ID, admin, "new@example.org", org.Grant{Role: org.RoleOwner})
	w.want(err, fault.Forbidden, "an administrator invited an owner")
	w.want(w.SetRole(ctx, w.o.ID, admin, adminID, org.Grant{Role: org.RoleOwner}), fault.Forbidden, "an administrator made themselves an owner")
	w.want(w.SetRole(ctx, w.o.ID, admin, ownerID, org.Grant{Role: org.RoleViewer}), fault.Forbidden, "an administrator lowered an owner")
	w.want(w.Remove(ctx, w.o.ID, admin, ownerID), fault.Forbidden, "an administrator removed an owner")
	// A role of one's own does not go beyond itself.
	w.want(w.SetRole(ctx, w.o.ID, clerk, clerkID, org.Grant{Role: org.RoleAdministrator}), fault.Forbidden, "a clerk made themselves an administrator")
	w.want(w.SetRole(ctx, w.o.ID, clerk, issuerID, org.Grant{Role: small.ID.String()}), fault.Forbidden, "a clerk took an issuer's role")
	w.want(w.Remove(ctx, w.o.ID, clerk, adminID), fault.Forbidden, "a clerk removed an administrator")
	_, err = w.Invite(ctx, w.o.ID, clerk, "new@example.org", org.Grant{Role: org.RoleIssuer})
	w.want(err, fault.Forbidden, "a clerk invited an issuer")
	_, err = w.CreateRole(ctx, w.o.ID, clerk, "More", org.Set{org.ManageKeys})
	w.want(err, fault.Invalid, "a clerk made a mightier role")
	w.want(w.ChangeRole(ctx, w.o.ID, clerk, small.ID, "Personnel", org.Set{org.ManageKeys}), fault.Invalid, "a clerk made their own role mightier")
	big, err := w.CreateRole(ctx, w.o.ID, w.owner, "Key keeper", org.Set{org.ManageKeys})
	check(t, err)
	w.want(w.ChangeRole(ctx, w.o.ID, clerk, big.ID, "x", org.Set{org.ViewBadges}), fault.Forbidden, "a clerk changed a mightier role")
	w.want(w.DeleteRole(ctx, w.o.ID, clerk, big.ID), fault.Forbidden, "a clerk deleted a mightier role")
	w.want(w.CheckDefaultRole(ctx, w.o.ID, clerk, org.RoleViewer), fault.Forbidden, "a clerk gave newcomers more than they have")
	w.want(w.CheckDefaultRole(ctx, w.o.ID, w.owner, small.ID.String()), fault.Invalid, "newcomers manage members")
	check(t, w.CheckDefaultRole(ctx, w.o.ID, w.owner, org.RoleViewer))
	// Nor does what is open already: an invitation, a pause, a token.
	open, err := w.Invite(ctx, w.o.ID, w.owner, "new@example.org", org.Grant{Role: org.RoleOwner})
	check(t, err)
	w.now = w.now.Add(2 * time.Minute)
	for name, who := range map[string]org.Actor{"a clerk": clerk, "an administrator": admin} {
		w.want(w.SendInvitationAgain(ctx, w.o.ID, who, open.PublicID), fault.Forbidden, name+" sent an owner's invitation again")
		w.want(w.WithdrawInvitation(ctx, w.o.ID, who, open.PublicID), fault.Forbidden, name+" withdrew an owner's invitation")
	}
	w.want(w.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := w.Reinstate(ctx, tx, w.o.ID, clerk, adminID)
		return err
	}), fault.Forbidden, "a clerk reinstated an administrator")
	w.want(org.CheckScopes(org.Set{org.IssueAwards}, clerk.Permissions), fault.Invalid, "a clerk's token awards")
	w.want(org.CheckScopes(org.Set{org.ManageKeys}, admin.Permissions), fault.Invalid, "a token manages keys")
	check(t, org.CheckScopes(org.Set{org.ViewMembers}, clerk.Permissions))
	for _, code := range []string{"", "custom", "god", publicid.New().String()} {
		w.want(w.SetRole(ctx, w.o.ID, w.owner, issuerID, org.Grant{Role: code}), fault.Invalid, "the role "+code)
	}
	other, err := w.Create(ctx, w.owner.AccountID, good)
	check(t, err)
	w.want(w.SetRole(ctx, other.ID, w.owner, issuerID, org.Grant{Role: org.RoleViewer}), fault.NotFound, "a member of another organisation was changed")
	w.want(w.Remove(ctx, other.ID, w.owner, issuerID), fault.NotFound, "a member of another organisation was removed")
	w.want(w.SetRole(ctx, other.ID, w.owner, ownerID, org.Grant{Role: small.ID.String()}), fault.Invalid, "another organisation's role was given")

	w.want(w.DeleteRole(ctx, w.o.ID, w.owner, small.ID), fault.Conflict, "a role that somebody has was deleted")
	check(t, w.Remove(ctx, w.o.ID, w.owner, clerkID))
	check(t, w.DeleteRole(ctx, w.o.ID, w.owner, small.ID))
}

func (w *team) publicOf(id int64) (public publicid.ID) {
	w.t.Helper()
	check(w.t, w.DB.Read(w.t.Context(), func(tx *sqldb.Tx) error {
		return tx.QueryRow(w.t.Context(), `SELECT public_id FROM account WHERE id = $1`, id).Scan(&public)
	}))
	return public
}

func TestLastOwner(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newTeam(t, db)
		ctx := t.Context()
		first := w.publicOf(w.owner.AccountID)
		w.want(w.Leave(ctx, w.o.ID, w.owner.AccountID), fault.Conflict, "the last owner left")
		w.want(w.Remove(ctx, w.o.ID, w.owner, first), fault.Conflict, "the last owner was removed")
		w.want(w.SetRole(ctx, w.o.ID, w.owner, first, org.Grant{Role: org.RoleAdministrator}), fault.Conflict, "the last owner was lowered")
		w.want(db.Write(ctx, func(tx *sqldb.Tx) error { return org.LeaveAll(ctx, tx, w.owner.AccountID) }), fault.Conflict, "the last owner's account was deleted")

		// Many owners who all leave at once leave one behind.
		owners := []int64{w.owner.AccountID}
		for i := range 4 {
			a, _ := w.join(fmt.Sprint("Owner", i), org.RoleOwner)
			owners = append(owners, a.AccountID)
		}
		var group sync.WaitGroup
		left := make([]error, len(owners))
		for i, id := range owners {
			group.Go(func() { left[i] = w.Leave(context.WithoutCancel(ctx), w.o.ID, id) })
		}
		group.Wait()
		stayed := 0
		for _, err := range left {
			if err != nil {
				w.want(err, fault.Conflict, "leaving")
				stayed++
			}
		}
		if members, err := w.Members(ctx, w.o.ID); err != nil || stayed != 1 || len(members) != 1 || !members[0].Role.Owner() {
			t.Errorf("%d stayed: %+v, %v", stayed, members, err)
		}
	})
}

func TestRemovedAtOnce(t *testing.T) {
	w := newTeam(t, dbtest.Open(t))
	ctx := t.Context()
	admin, adminID := w.join("Ada", org.RoleAdministrator)
	accounts := &account.Service{DB: w.DB, Now: w.Now}
	own, _, err := accounts.CreateToken(ctx, w.o.ID, admin.AccountID, "own", time.Time{})
	check(t, err)
	program, err := w.CreateServiceAccount(ctx, w.o.ID, admin.AccountID, "Moodle")
	check(t, err)
	lasting, _, err := accounts.MakeToken(ctx, account.NewToken{OrganisationID: w.o.ID, By: admin.AccountID, ServiceAccount: program.ID, Name: "Moodle", Scopes: []string{"award.issue", "member.manage"}})
	check(t, err)
	may := func(secret string) string {
		p, err := w.ProgramBySecret(ctx, secret)
		if err != nil {
			return string(rune('0' + int(fault.KindOf(err))))
		}
		return p.May.String()
	}
	if got := may(own); got != "badge.view award.view award.issue award.withdraw" {
		t.Errorf("an administrator's token may %q", got)
	}
	// A person's token follows the person, down as well as out.
	check(t, w.SetRole(ctx, w.o.ID, w.owner, adminID, org.Grant{Role: org.RoleViewer}))
	if got := may(own); got != "badge.view award.view" {
		t.Errorf("a viewer's token may %q", got)
	}
	d, err := w.CreateDepartment(ctx, w.o.ID, "Physics", publicid.ID{})
	check(t, err)
	check(t, w.SetRole(ctx, w.o.ID, w.owner, adminID, org.Grant{Role: org.RoleIssuer, Departments: []publicid.ID{d.PublicID}}))
	if got := may(own); got != "3" {
		t.Errorf("the token of somebody with one department may %q", got)
	}
	check(t, w.Remove(ctx, w.o.ID, w.owner, adminID))
	_, err = w.MembershipIn(ctx, admin.AccountID, w.o.Slug)
	w.want(err, fault.NotFound, "a removed member")
	if got := may(own); got != "3" {
		t.Errorf("a removed person's token may %q", got)
	}
	if got := may(lasting); got != "award.issue member.manage" {
		t.Errorf("a program's token may %q", got)
	}
	check(t, w.DisableServiceAccount(ctx, w.o.ID, program.PublicID))
	if got := may(lasting); got != "3" {
		t.Errorf("an ended program's token may %q", got)
	}
	tokens, err := accounts.Tokens(ctx, w.o.ID)
	check(t, err)
	for _, token := range tokens {
		if token.RevokedAt.IsZero() {
			t.Errorf("the token %s is still in force", token.Name)
		}
	}
}

func TestDepartments(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newTeam(t, db)
		ctx := t.Context()
		make := func(name string, parent publicid.ID) *org.Department {
			d, err := w.CreateDepartment(ctx, w.o.ID, name, parent)
			check(t, err)
			return d
		}
		science := make("Science", publicid.ID{})
		physics := make("Physics", science.PublicID)
		optics := make("Optics", physics.PublicID)
		arts := make("Arts", publicid.ID{})
		_, err := w.CreateDepartment(ctx, w.o.ID, "Physics", science.PublicID)
		w.want(err, fault.Invalid, "two of one name")
		w.want(w.ChangeDepartment(ctx, w.o.ID, w.owner, science.PublicID, "Science", optics.PublicID), fault.Invalid, "a circle")
		w.want(w.ChangeDepartment(ctx, w.o.ID, w.owner, science.PublicID, "Science", science.PublicID), fault.Invalid, "below itself")
		list, err := w.Departments(ctx, w.o.ID)
		check(t, err)
		var drawn []string
		for _, d := range list {
			drawn = append(drawn, strings.Repeat("-", d.Depth)+d.Name)
		}
		if got := strings.Join(drawn, " "); got != "Arts Science -Physics --Optics" {
			t.Errorf("the tree is %s", got)
		}

		paul, paulID := w.join("Paul", org.RoleIssuer, physics.PublicID)
		m := w.membership(paul.AccountID)
		for d, want := range map[*org.Department]bool{science: false, physics: true, optics: true, arts: false} {
			if m.Reach.Covers(d.ID) != want {
				t.Errorf("reach to %s is %v", d.Name, !want)
			}
		}
		if m.Reach.Covers(0) || m.Permissions.Has(org.ViewOutbox) || !m.Permissions.Has(org.IssueAwards) {
			t.Errorf("a department's issuer has %+v", m)
		}
		// Who may not give Paul's role may not widen its reach either, by moving
		// something below what he has, or below what lies in it.
		clerk := org.Actor{AccountID: w.owner.AccountID, Permissions: org.Set{org.ViewBadges, org.EditOrganisation}}
		for _, below := range []*org.Department{physics, optics} {
			w.want(w.ChangeDepartment(ctx, w.o.ID, clerk, arts.PublicID, "Arts", below.PublicID), fault.Forbidden, "an issuer's reach was widened to what came below "+below.Name)
		}
		check(t, w.ChangeDepartment(ctx, w.o.ID, clerk, optics.PublicID, "Optics", physics.PublicID)) // stays where it is
		check(t, w.ChangeDepartment(ctx, w.o.ID, clerk, arts.PublicID, "Arts", science.PublicID))
		check(t, w.ChangeDepartment(ctx, w.o.ID, clerk, arts.PublicID, "Arts", publicid.ID{}))
		// What moves below comes into reach, what moves away leaves it.
		check(t, w.ChangeDepartment(ctx, w.o.ID, w.owner, optics.PublicID, "Optics", arts.PublicID))
		if m := w.membership(paul.AccountID); m.Reach.Covers(optics.ID) {
			t.Error("a department that moved away is still within reach")
		}
		w.want(w.SetRole(ctx, w.o.ID, w.owner, paulID, org.Grant{Role: org.RoleOwner, Departments: []publicid.ID{arts.PublicID}}), fault.Invalid, "an owner of one department")
		other, err := w.Create(ctx, w.owner.AccountID, good)
		check(t, err)
		w.want(w.SetRole(ctx, other.ID, w.owner, w.publicOf(w.owner.AccountID), org.Grant{Role: org.RoleViewer, Departments: []publicid.ID{arts.PublicID}}), fault.Invalid, "another organisation's department")
		w.want(w.DeleteDepartment(ctx, w.o.ID, physics.PublicID), fault.Conflict, "a department with members was deleted")

		// An invitation to a department that is gone makes nobody one of all.
		_, err = w.Invite(ctx, w.o.ID, w.owner, "quin@example.org", org.Grant{Role: org.RoleIssuer, Departments: []publicid.ID{optics.PublicID}})
		check(t, err)
		quin, _ := w.person("Quin")
		check(t, w.DeleteDepartment(ctx, w.o.ID, optics.PublicID))
		_, err = w.Accept(ctx, w.mail[len(w.mail)-1], quin)
		w.want(err, fault.NotFound, "an invitation to a deleted department")
		if _, err := w.MembershipIn(ctx, quin, w.o.Slug); fault.KindOf(err) != fault.NotFound {
			t.Errorf("became a member all the same: %v", err)
		}
	})
}
