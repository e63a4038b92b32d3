package org

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/input"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

var errNoRole = fault.Fields(fault.Field{Path: "role", Message: "Choose a role from the list."})

// maxRoles bounds how many roles of its own an organisation has.
const maxRoles = 50

// RolesOf lists the roles of an organisation: those that all have, and then its
// own by name.
func (s *Service) RolesOf(ctx context.Context, id int64) (list []Role, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { list, err = rolesOf(ctx, tx, id); return err })
	return list, err
}

func rolesOf(ctx context.Context, tx *sqldb.Tx, id int64) ([]Role, error) {
	var list []Role
	for _, word := range Roles() {
		r := Role{Word: word, Permissions: RolePermissions(word)}
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM member WHERE organisation_id = $1 AND role = $2`, id, word).Scan(&r.Members); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	own, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (Role, error) { return scanCustom(r) },
		customSelect+` WHERE c.organisation_id = $1 ORDER BY c.name`, id)
	return append(list, own...), err
}

const customSelect = `SELECT c.id, c.public_id, c.name, c.permissions, (SELECT count(*) FROM member m
	WHERE m.organisation_id = c.organisation_id AND m.custom_role_id = c.id) FROM custom_role c`

func scanCustom(row interface{ Scan(...any) error }) (r Role, err error) {
	var permissions string
	err = row.Scan(&r.key, &r.ID, &r.Name, &permissions, &r.Members)
	r.Permissions = ParseSet(permissions)
	return r, err
}

// CustomRole returns one of the organisation's own roles, or fault.NotFound.
func (s *Service) CustomRole(ctx context.Context, id int64, role publicid.ID) (r Role, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { r, err = customRole(ctx, tx, id, role); return err })
	return r, err
}

func customRole(ctx context.Context, tx *sqldb.Tx, id int64, role publicid.ID) (Role, error) {
	r, err := scanCustom(tx.QueryRow(ctx, customSelect+` WHERE c.organisation_id = $1 AND c.public_id = $2`, id, role))
	if errors.Is(err, sqldb.ErrNoRows) {
		return r, fault.NotFoundf("There is no such role.")
	}
	return r, err
}

// roleByCode returns the role that a form or a program names.
func roleByCode(ctx context.Context, tx *sqldb.Tx, id int64, code string) (Role, error) {
	if p := RolePermissions(code); p != nil {
		return Role{Word: code, Permissions: p}, nil
	}
	public, err := publicid.Parse(code)
	if err != nil {
		return Role{}, errNoRole
	}
	r, err := customRole(ctx, tx, id, public)
	if fault.KindOf(err) == fault.NotFound {
		return Role{}, errNoRole
	}
	return r, err
}

// checkRole returns the name and the permissions in the form in which they are
// kept. Whoever may do anything may see the badges.
func checkRole(name string, permissions Set, by Actor) (string, Set, error) {
	name, ok := input.Line(name, 60)
	if !ok {
		return "", nil, fault.Fields(fault.Field{Path: "name", Message: "Give the role a name, up to 60 characters."})
	}
	if !by.Permissions.Covers(permissions) {
		return "", nil, fault.Fields(fault.Field{Path: "permissions", Message: "Choose only what you may do yourself."})
	}
	return name, SetOf(append(permissions.Words(), string(ViewBadges))), nil
}

// CreateRole makes a role of the organisation's own.
func (s *Service) CreateRole(ctx context.Context, id int64, by Actor, name string, permissions Set) (r Role, err error) {
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		by, err := acting(ctx, tx, id, by, ManageMembers)
		if err != nil {
			return err
		}
		r = Role{ID: publicid.New()}
		if r.Name, r.Permissions, err = checkRole(name, permissions, by); err != nil {
			return err
		}
		var n int64
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM custom_role WHERE organisation_id = $1`, id).Scan(&n); err != nil {
			return err
		}
		if n >= maxRoles {
			return fault.Conflictf("There are %d roles already. Delete one that nobody has.", maxRoles)
		}
		err = tx.QueryRow(ctx, `INSERT INTO custom_role (public_id, organisation_id, name, permissions, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
			r.ID, id, r.Name, r.Permissions.String(), sqldb.Millis(s.Now())).Scan(&r.key)
		if err != nil {
			return sameName(err)
		}
		return recordRole(ctx, tx, id, "role.created", r)
	})
	return r, err
}

// ChangeRole gives a role another name and other permissions; who has it may do
// these from their next request on.
func (s *Service) ChangeRole(ctx context.Context, id int64, by Actor, role publicid.ID, name string, permissions Set) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		by, err := acting(ctx, tx, id, by, ManageMembers)
		if err != nil {
			return err
		}
		name, permissions, err := checkRole(name, permissions, by)
		if err != nil {
			return err
		}
		r, err := customRole(ctx, tx, id, role)
		if err != nil {
			return err
		}
		if err := by.mayGive(r); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE custom_role SET name = $3, permissions = $4 WHERE organisation_id = $1 AND id = $2`,
			id, r.key, name, permissions.String()); err != nil {
			return sameName(err)
		}
		r.Name, r.Permissions = name, permissions
		return recordRole(ctx, tx, id, "role.changed", r)
	})
}

// DeleteRole deletes a role that nobody has and nobody is invited to.
func (s *Service) DeleteRole(ctx context.Context, id int64, by Actor, role publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		by, err := acting(ctx, tx, id, by, ManageMembers) // nobody gets it meanwhile
		if err != nil {
			return err
		}
		r, err := customRole(ctx, tx, id, role)
		if err != nil {
			return err
		}
		if err := by.mayGive(r); err != nil {
			return err
		}
		var invited int64
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM invitation WHERE organisation_id = $1 AND custom_role_id = $2`, id, r.key).Scan(&invited); err != nil {
			return err
		}
		if r.Members > 0 || invited > 0 {
			return fault.Conflictf("Somebody has this role or is invited to it. Give them another one first.")
		}
		if _, err := tx.Exec(ctx, `DELETE FROM custom_role WHERE organisation_id = $1 AND id = $2`, id, r.key); err != nil {
			return err
		}
		return recordRole(ctx, tx, id, "role.deleted", r)
	})
}

// recordRole notes which permissions a role has, but not its name, which people
// have written.
func recordRole(ctx context.Context, tx *sqldb.Tx, id int64, action string, r Role) error {
	return record(ctx, tx, id, action, "custom_role", r.key, map[string]string{"permissions": strings.Join(r.Permissions.Words(), ",")})
}

func sameName(err error) error {
	if sqldb.IsUnique(err) {
		return fault.Fields(fault.Field{Path: "name", Message: "There is one of this name already."})
	}
	return err
}
