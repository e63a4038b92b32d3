package org

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// Membership is an organisation together with what a person may do in it.
type Membership struct {
	Organisation *Organisation
	AccountID    int64
	Role         Role
	// Permissions are those that count now: of a role that is limited to
	// departments, only those that one can have for departments.
	Permissions Set
	Reach       Reach
}

// Reach says which badges, and awards of them, somebody has to do with: the
// departments by key, those below them included; nil for all.
type Reach []int64

// All reports whether the reach is the whole organisation.
func (r Reach) All() bool { return r == nil }

// Covers reports whether a badge of this department is within reach. What
// belongs to no department (0) is the whole organisation's.
func (r Reach) Covers(department int64) bool { return r == nil || slices.Contains(r, department) }

// errNoMember is the same whether the organisation exists or not.
var errNoMember = fault.NotFoundf("There is no such page, or it is not yours to see.")

// ForAccount lists the organisations that the person belongs to, oldest first.
func (s *Service) ForAccount(ctx context.Context, accountID int64) (list []*Membership, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = memberships(ctx, tx, `account_id = $1 ORDER BY organisation.id`, accountID)
		return err
	})
	return list, err
}

// MembershipIn returns what the person may do in the organisation with this
// part of the address, or fault.NotFound for strangers.
func (s *Service) MembershipIn(ctx context.Context, accountID int64, slug string) (m *Membership, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		m, err = one(memberships(ctx, tx, `account_id = $1 AND slug = $2`, accountID, slug))
		return err
	})
	return m, err
}

// MembershipOf returns what the person may do in the organisation, in the
// caller's transaction, or fault.NotFound for strangers.
func MembershipOf(ctx context.Context, tx *sqldb.Tx, organisationID, accountID int64) (*Membership, error) {
	return one(memberships(ctx, tx, `organisation.id = $1 AND account_id = $2`, organisationID, accountID))
}

func one(list []*Membership, err error) (*Membership, error) {
	if err == nil && len(list) == 0 {
		err = errNoMember
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// memberships reads what people may do; condition chooses and orders.
func memberships(ctx context.Context, tx *sqldb.Tx, condition string, args ...any) ([]*Membership, error) {
	list, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Membership, error) {
		var m Membership
		var role roleColumns
		var err error
		m.Organisation, err = scanWith(r, append([]any{&m.AccountID}, role.into()...)...)
		m.Role = role.role()
		return &m, err
	}, `SELECT `+columns+`, account_id, `+roleSelect+` FROM organisation JOIN member ON organisation_id = organisation.id AND member.paused_at = 0 WHERE `+condition, args...)
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		if m.Reach, err = reachOf(ctx, tx, m.Organisation.ID, m.AccountID); err != nil {
			return nil, err
		}
		if m.Permissions = m.Role.Permissions; !m.Reach.All() {
			m.Permissions = m.Permissions.Keep(Permission.InDepartments)
		}
	}
	return list, nil
}

// reachOf returns the departments that a member's role is limited to, with
// those below; nil without a limit.
func reachOf(ctx context.Context, tx *sqldb.Tx, organisationID, accountID int64) (Reach, error) {
	own, err := sqldb.Collect(ctx, tx, scanID, `SELECT department_id FROM member_department WHERE organisation_id = $1 AND account_id = $2`,
		organisationID, accountID)
	if err != nil || len(own) == 0 {
		return nil, err
	}
	// UNION drops what was found already, so a circle would end here too.
	return sqldb.Collect(ctx, tx, scanID, `WITH RECURSIVE reach (id) AS (
			SELECT department_id FROM member_department WHERE organisation_id = $1 AND account_id = $2
			UNION SELECT d.id FROM department d JOIN reach ON d.parent_id = reach.id WHERE d.organisation_id = $1)
		SELECT id FROM reach ORDER BY id`, organisationID, accountID)
}

func scanID(r *sql.Rows) (id int64, err error) { return id, r.Scan(&id) }

// Kinds of things that belong to a badge, and through it to a department, as
// addresses name them.
const (
	ThingBadge = "badge"
	ThingAward = "award"
	ThingBatch = "batch"
)

// departmentQueries find the department of a thing of an organisation.
var departmentQueries = map[string]string{
	ThingBadge: `SELECT department_id FROM badge WHERE organisation_id = $1 AND public_id = $2`,
	ThingAward: `SELECT b.department_id FROM award a JOIN badge_version v ON v.id = a.badge_version_id JOIN badge b ON b.id = v.badge_id
		WHERE a.organisation_id = $1 AND a.public_id = $2`,
	ThingBatch: `SELECT b.department_id FROM award_batch a JOIN badge_version v ON v.id = a.badge_version_id JOIN badge b ON b.id = v.badge_id
		WHERE a.organisation_id = $1 AND a.public_id = $2`,
}

// InReach returns fault.NotFound unless the thing belongs to the organisation
// and to a department within reach. id is a public id.
func (s *Service) InReach(ctx context.Context, organisationID int64, reach Reach, kind string, id any) error {
	if reach.All() {
		return nil
	}
	return s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		var department int64
		err := tx.QueryRow(ctx, departmentQueries[kind], organisationID, id).Scan(&department)
		if errors.Is(err, sqldb.ErrNoRows) || err == nil && !reach.Covers(department) {
			return errNoMember
		}
		return err
	})
}
