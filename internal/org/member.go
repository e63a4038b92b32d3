package org

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Actor is who changes something about an organisation's people, with what the
// gate found them to be. What they are when the change is made, acting looks up.
type Actor struct {
	AccountID   int64
	Permissions Set
	Owner       bool           // false for programs: only people make owners
	Token       *account.Token // of a program; nil for people
}

// errActorGone is for whoever lost what they need while their request was under way.
var errActorGone = fault.Forbiddenf("You may not do this any more: somebody has just changed what you may do here.")

// acting locks the organisation's people until the transaction ends, and returns
// the actor with what they may do then. What the gate found may have ended
// meanwhile, and counts only where it still holds. It is a Forbidden fault when
// the actor does not have p.
func acting(ctx context.Context, tx *sqldb.Tx, id int64, by Actor, p Permission) (Actor, error) {
	if err := lock(ctx, tx, id); err != nil {
		return by, err
	}
	var may Set
	if by.Token != nil {
		program, err := programOf(ctx, tx, by.Token)
		if err != nil {
			return by, err
		}
		by.Owner, may = false, program.May
	} else {
		m, err := MembershipOf(ctx, tx, id, by.AccountID)
		if fault.KindOf(err) == fault.NotFound {
			return by, errActorGone
		}
		if err != nil {
			return by, err
		}
		by.Owner, may = by.Owner && m.Role.Owner(), m.Permissions
	}
	if by.Permissions = by.Permissions.Keep(may.Has); !by.Permissions.Has(p) {
		return by, errActorGone
	}
	return by, nil
}

// mayGive returns a fault unless the actor may give somebody the role, or take
// it from somebody: nobody deals in permissions that they do not have.
func (a Actor) mayGive(r Role) error {
	if r.Owner() && !a.Owner {
		return fault.Forbiddenf("Only an owner can make somebody an owner, or change what an owner is.")
	}
	if !a.Permissions.Covers(r.Permissions) {
		return fault.Forbiddenf("This role may do things that you may not do yourself. Ask an owner.")
	}
	return nil
}

// Member is somebody who belongs to an organisation.
type Member struct {
	AccountID   int64
	PublicID    publicid.ID // of the account
	Name, Email string
	Role        Role
	Departments []int64 // that the role is limited to; none: the whole organisation
	Since       time.Time
	PausedAt    time.Time // the rules of signing in have suspended them since; zero: not
}

var errNoSuchMember = fault.NotFoundf("There is no such member.")

// errLastOwner keeps every organisation with somebody who may do everything.
var errLastOwner = fault.Conflictf("An organisation needs an owner. Make somebody else an owner first.")

// Members lists who belongs to the organisation, by name.
func (s *Service) Members(ctx context.Context, id int64) (list []*Member, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { list, err = members(ctx, tx, id); return err })
	return list, err
}

func members(ctx context.Context, tx *sqldb.Tx, id int64) ([]*Member, error) {
	list, err := sqldb.Collect(ctx, tx, scanMember, memberSelect+` WHERE organisation_id = $1 ORDER BY a.name, a.id`, id)
	if err != nil {
		return nil, err
	}
	type limit struct{ account, department int64 }
	limits, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (l limit, err error) { return l, r.Scan(&l.account, &l.department) },
		`SELECT account_id, department_id FROM member_department WHERE organisation_id = $1 ORDER BY department_id`, id)
	for _, m := range list {
		for _, l := range limits {
			if l.account == m.AccountID {
				m.Departments = append(m.Departments, l.department)
			}
		}
	}
	return list, err
}

const memberSelect = `SELECT a.id, a.public_id, a.name,
	coalesce((SELECT d.address FROM account_address d WHERE d.account_id = a.id ORDER BY d.first DESC, d.id LIMIT 1), ''), member.created_at, member.paused_at, ` + roleSelect + `
	FROM member JOIN account a ON a.id = account_id`

func scanMember(r *sql.Rows) (*Member, error) {
	var m Member
	var role roleColumns
	var since, paused int64
	err := r.Scan(append([]any{&m.AccountID, &m.PublicID, &m.Name, &m.Email, &since, &paused}, role.into()...)...)
	m.Role, m.Since, m.PausedAt = role.role(), sqldb.Time(since), sqldb.Time(paused)
	return &m, err
}

// Member returns one member by the public id of the account, or fault.NotFound.
func (s *Service) Member(ctx context.Context, id int64, who publicid.ID) (m *Member, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { m, err = memberOf(ctx, tx, id, who); return err })
	return m, err
}

func memberOf(ctx context.Context, tx *sqldb.Tx, id int64, who publicid.ID) (*Member, error) {
	list, err := sqldb.Collect(ctx, tx, scanMember, memberSelect+` WHERE organisation_id = $1 AND a.public_id = $2`, id, who)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errNoSuchMember
	}
	m := list[0]
	m.Departments, err = sqldb.Collect(ctx, tx, scanID, `SELECT department_id FROM member_department
		WHERE organisation_id = $1 AND account_id = $2 ORDER BY department_id`, id, m.AccountID)
	return m, err
}

// Grant is a role, for the whole organisation or for some departments.
type Grant struct {
	Role        string        // a Role's Code
	Departments []publicid.ID // none: the whole organisation
}

// granted is a Grant that was looked up.
type granted struct {
	role        Role
	departments []int64
}

// lookUp finds what g names and checks that the actor may give it.
func (g Grant) lookUp(ctx context.Context, tx *sqldb.Tx, id int64, by Actor) (to granted, err error) {
	if to.role, err = roleByCode(ctx, tx, id, g.Role); err != nil {
		return to, err
	}
	if err := by.mayGive(to.role); err != nil {
		return to, err
	}
	for _, d := range g.Departments {
		department, err := departmentOf(ctx, tx, id, d)
		if err != nil {
			return to, err
		}
		to.departments = append(to.departments, department.ID)
	}
	if len(to.departments) > 0 && to.role.Owner() {
		return to, fault.Fields(fault.Field{Path: "departments", Message: "An owner is one of the whole organisation. Choose another role, or no department."})
	}
	return to, nil
}

// SetRole gives a member another role. It counts from their next request on.
func (s *Service) SetRole(ctx context.Context, id int64, by Actor, who publicid.ID, g Grant) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		by, err := acting(ctx, tx, id, by, ManageMembers)
		if err != nil {
			return err
		}
		m, err := memberOf(ctx, tx, id, who)
		if err != nil {
			return err
		}
		if err := by.mayGive(m.Role); err != nil { // to take it away takes as much
			return err
		}
		to, err := g.lookUp(ctx, tx, id, by)
		if err != nil {
			return err
		}
		if m.Role.Owner() && !to.role.Owner() {
			if err := anotherOwner(ctx, tx, id, m.AccountID); err != nil {
				return err
			}
		}
		if err := setRole(ctx, tx, id, m.AccountID, to); err != nil {
			return err
		}
		return record(ctx, tx, id, "member.changed", "account", m.AccountID, map[string]string{
			"from": m.Role.Code(), "to": to.role.Code(), "departments": strconv.Itoa(len(to.departments))})
	})
}

// setRole writes the role of somebody who is a member.
func setRole(ctx context.Context, tx *sqldb.Tx, id, accountID int64, to granted) error {
	word, key := to.role.Word, int64(0)
	if word == "" {
		word, key = roleCustom, to.role.key
	}
	if _, err := tx.Exec(ctx, `UPDATE member SET role = $3, custom_role_id = $4 WHERE organisation_id = $1 AND account_id = $2`, id, accountID, word, key); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM member_department WHERE organisation_id = $1 AND account_id = $2`, id, accountID); err != nil {
		return err
	}
	for _, d := range to.departments {
		if _, err := tx.Exec(ctx, `INSERT INTO member_department (organisation_id, account_id, department_id) VALUES ($1, $2, $3)
			ON CONFLICT (organisation_id, account_id, department_id) DO NOTHING`, id, accountID, d); err != nil {
			return err
		}
	}
	return nil
}

// addMember makes somebody a member.
func (s *Service) addMember(ctx context.Context, tx *sqldb.Tx, id, accountID int64, to granted) error {
	_, err := tx.Exec(ctx, `INSERT INTO member (organisation_id, account_id, role, created_at) VALUES ($1, $2, '', $3)`,
		id, accountID, sqldb.Millis(s.Now()))
	if sqldb.IsUnique(err) {
		return fault.Conflictf("You are a member of this organisation already.")
	}
	if err != nil {
		return err
	}
	if err := setRole(ctx, tx, id, accountID, to); err != nil {
		return err
	}
	return record(ctx, tx, id, "member.added", "account", accountID, map[string]string{
		"role": to.role.Code(), "departments": strconv.Itoa(len(to.departments))})
}

// Remove ends a membership, and with it at once whatever the person and their
// own API tokens could do here.
func (s *Service) Remove(ctx context.Context, id int64, by Actor, who publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		by, err := acting(ctx, tx, id, by, ManageMembers)
		if err != nil {
			return err
		}
		m, err := memberOf(ctx, tx, id, who)
		if err != nil {
			return err
		}
		if err := by.mayGive(m.Role); err != nil {
			return err
		}
		return s.end(ctx, tx, id, m, "member.removed")
	})
}

// Leave ends the person's own membership.
func (s *Service) Leave(ctx context.Context, id, accountID int64) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error { return s.leave(ctx, tx, id, accountID) })
}

func (s *Service) leave(ctx context.Context, tx *sqldb.Tx, id, accountID int64) error {
	if err := lock(ctx, tx, id); err != nil {
		return err
	}
	var who publicid.ID
	err := tx.QueryRow(ctx, `SELECT public_id FROM account WHERE id = $1`, accountID).Scan(&who)
	if errors.Is(err, sqldb.ErrNoRows) {
		return errNoSuchMember
	}
	if err != nil {
		return err
	}
	m, err := memberOf(ctx, tx, id, who)
	if err != nil {
		return err
	}
	return s.end(ctx, tx, id, m, "member.left")
}

func (s *Service) end(ctx context.Context, tx *sqldb.Tx, id int64, m *Member, action string) error {
	if m.Role.Owner() {
		if err := anotherOwner(ctx, tx, id, m.AccountID); err != nil {
			return err
		}
	}
	for _, q := range []string{
		`DELETE FROM member_department WHERE organisation_id = $1 AND account_id = $2`,
		`DELETE FROM member WHERE organisation_id = $1 AND account_id = $2`,
		`DELETE FROM invitation WHERE organisation_id = $1 AND invited_by = $2`,
	} {
		if _, err := tx.Exec(ctx, q, id, m.AccountID); err != nil {
			return err
		}
	}
	if err := account.RevokeTokensOf(ctx, tx, id, m.AccountID, 0, s.Now()); err != nil {
		return err
	}
	return record(ctx, tx, id, action, "account", m.AccountID, map[string]string{"role": m.Role.Code()})
}

// anotherOwner returns errLastOwner unless somebody else is an owner who can
// sign in. The organisation must be locked.
func anotherOwner(ctx context.Context, tx *sqldb.Tx, id, but int64) error {
	var others int64
	err := tx.QueryRow(ctx, `SELECT count(*) FROM member JOIN account a ON a.id = account_id
		WHERE organisation_id = $1 AND role = $2 AND account_id <> $3 AND member.paused_at = 0 AND a.disabled_at = 0 AND a.deleted_at = 0`, id, RoleOwner, but).Scan(&others)
	if err == nil && others == 0 {
		return errLastOwner
	}
	return err
}

// lock keeps others from changing the organisation's people until the
// transaction ends, so that two owners cannot leave at the same time.
func lock(ctx context.Context, tx *sqldb.Tx, id int64) error {
	n, err := tx.Exec(ctx, `UPDATE organisation SET state = state WHERE id = $1`, id)
	if err == nil && n == 0 {
		return errNoOrganisation
	}
	return err
}
