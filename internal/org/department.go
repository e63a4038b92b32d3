package org

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/input"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Department is a part of an organisation. Badges, and members' roles, may
// belong to one; what belongs to none is the whole organisation's.
type Department struct {
	ID        int64
	PublicID  publicid.ID
	ParentID  int64 // 0: right below the organisation
	Name      string
	CreatedAt time.Time
	Depth     int   // 0: right below the organisation
	Badges    int64 // that belong to it itself
	Members   int64 // whose role is limited to it
}

// Bounds of the tree.
const (
	maxDepartments = 500
	maxDepth       = 8
)

var errNoDepartment = fault.Fields(fault.Field{Path: "departments", Message: "Choose a department from the list."})

const departmentSelect = `SELECT d.id, d.public_id, d.parent_id, d.name, d.created_at,
	(SELECT count(*) FROM badge b WHERE b.department_id = d.id AND b.organisation_id = d.organisation_id),
	(SELECT count(*) FROM member_department m WHERE m.department_id = d.id) FROM department d`

func scanDepartment(row interface{ Scan(...any) error }) (*Department, error) {
	var d Department
	var created int64
	err := row.Scan(&d.ID, &d.PublicID, &d.ParentID, &d.Name, &created, &d.Badges, &d.Members)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNoDepartment
	}
	d.CreatedAt = sqldb.Time(created)
	return &d, err
}

// Departments lists the organisation's departments as a tree: each is followed
// by those below it, by name.
func (s *Service) Departments(ctx context.Context, id int64) (list []*Department, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { list, err = departments(ctx, tx, id); return err })
	return list, err
}

func departments(ctx context.Context, tx *sqldb.Tx, id int64) ([]*Department, error) {
	all, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Department, error) { return scanDepartment(r) },
		departmentSelect+` WHERE d.organisation_id = $1 ORDER BY d.name, d.id`, id)
	if err != nil {
		return nil, err
	}
	below := map[int64][]*Department{}
	for _, d := range all {
		below[d.ParentID] = append(below[d.ParentID], d)
	}
	tree := make([]*Department, 0, len(all))
	var walk func(parent int64, depth int)
	walk = func(parent int64, depth int) {
		for _, d := range below[parent] {
			d.Depth = depth
			tree = append(tree, d)
			walk(d.ID, depth+1)
		}
	}
	walk(0, 0)
	return tree, nil
}

// Department returns one department, or a fault.
func (s *Service) Department(ctx context.Context, id int64, department publicid.ID) (d *Department, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { d, err = departmentOf(ctx, tx, id, department); return err })
	if errors.Is(err, errNoDepartment) {
		err = fault.NotFoundf("There is no such department.")
	}
	return d, err
}

func departmentOf(ctx context.Context, tx *sqldb.Tx, id int64, department publicid.ID) (*Department, error) {
	return scanDepartment(tx.QueryRow(ctx, departmentSelect+` WHERE d.organisation_id = $1 AND d.public_id = $2`, id, department))
}

// CreateDepartment makes a department below another, or, with the zero id,
// right below the organisation.
func (s *Service) CreateDepartment(ctx context.Context, id int64, name string, parent publicid.ID) (d *Department, err error) {
	name, ok := input.Line(name, 120)
	if !ok {
		return nil, errDepartmentName
	}
	d = &Department{PublicID: publicid.New(), Name: name, CreatedAt: s.Now()}
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := lock(ctx, tx, id); err != nil {
			return err
		}
		tree, err := departments(ctx, tx, id)
		if err != nil {
			return err
		}
		if len(tree) >= maxDepartments {
			return fault.Conflictf("There are %d departments already.", maxDepartments)
		}
		if d.ParentID, err = place(tree, parent, nil); err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `INSERT INTO department (public_id, organisation_id, parent_id, name, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
			d.PublicID, id, d.ParentID, d.Name, sqldb.Millis(d.CreatedAt)).Scan(&d.ID)
		if err != nil {
			return sameName(err)
		}
		return record(ctx, tx, id, "department.created", "department", d.ID, nil)
	})
	return d, err
}

var errDepartmentName = fault.Fields(fault.Field{Path: "name", Message: "Give the department a name, up to 120 characters."})

// ChangeDepartment gives a department another name and another place. A move
// widens the reach of whoever is limited to what it comes below, so it takes
// what giving them their roles takes.
func (s *Service) ChangeDepartment(ctx context.Context, id int64, by Actor, department publicid.ID, name string, parent publicid.ID) error {
	name, ok := input.Line(name, 120)
	if !ok {
		return errDepartmentName
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		by, err := acting(ctx, tx, id, by, EditOrganisation) // two moves at once could make a circle
		if err != nil {
			return err
		}
		d, err := departmentOf(ctx, tx, id, department)
		if err != nil {
			return err
		}
		tree, err := departments(ctx, tx, id)
		if err != nil {
			return err
		}
		to, err := place(tree, parent, d)
		if err != nil {
			return err
		}
		if to != d.ParentID {
			if err := mayWiden(ctx, tx, id, by, tree, to); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE department SET name = $3, parent_id = $4 WHERE organisation_id = $1 AND id = $2`, id, d.ID, name, to); err != nil {
			return sameName(err)
		}
		return record(ctx, tx, id, "department.changed", "department", d.ID, nil)
	})
}

// mayWiden returns a fault unless the actor may give the roles of all who are
// limited to the department or to one above it.
func mayWiden(ctx context.Context, tx *sqldb.Tx, id int64, by Actor, tree []*Department, department int64) error {
	parents := map[int64]int64{}
	for _, d := range tree {
		parents[d.ID] = d.ParentID
	}
	above := map[int64]bool{}
	for up := department; up != 0; up = parents[up] {
		above[up] = true
	}
	list, err := members(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, m := range list {
		if !slices.ContainsFunc(m.Departments, func(d int64) bool { return above[d] }) {
			continue
		}
		if err := by.mayGive(m.Role); err != nil {
			return err
		}
	}
	return nil
}

// place returns the key of the department that something is to stand below. A
// department that is moved cannot stand below itself.
func place(tree []*Department, parent publicid.ID, moved *Department) (int64, error) {
	if parent == (publicid.ID{}) {
		return 0, nil
	}
	byKey := map[int64]*Department{}
	var at *Department
	for _, d := range tree {
		byKey[d.ID] = d
		if d.PublicID == parent {
			at = d
		}
	}
	if at == nil {
		return 0, fault.Fields(fault.Field{Path: "parent", Message: "Choose a department from the list."})
	}
	height := 0 // of what is moved
	if moved != nil {
		for up := at; up != nil; up = byKey[up.ParentID] {
			if up.ID == moved.ID {
				return 0, fault.Fields(fault.Field{Path: "parent", Message: "A department cannot stand below itself."})
			}
		}
		for _, d := range tree {
			steps := 0
			for up := d; up != nil && up.ID != moved.ID; up = byKey[up.ParentID] {
				if steps++; byKey[up.ParentID] == nil {
					steps = 0
				}
			}
			height = max(height, steps)
		}
	}
	if at.Depth+1+height >= maxDepth {
		return 0, fault.Fields(fault.Field{Path: "parent", Message: "Departments can stand eight deep."})
	}
	return at.ID, nil
}

// DeleteDepartment deletes a department that nothing belongs to.
func (s *Service) DeleteDepartment(ctx context.Context, id int64, department publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := lock(ctx, tx, id); err != nil {
			return err
		}
		d, err := departmentOf(ctx, tx, id, department)
		if err != nil {
			return err
		}
		var below int64
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM department WHERE organisation_id = $1 AND parent_id = $2`, id, d.ID).Scan(&below); err != nil {
			return err
		}
		if d.Badges > 0 || d.Members > 0 || below > 0 {
			return fault.Conflictf("Badges, members or other departments belong to this one. Move them first.")
		}
		// An invitation to it would fail when it is accepted, with a sentence that says why.
		if _, err := tx.Exec(ctx, `DELETE FROM department WHERE organisation_id = $1 AND id = $2`, id, d.ID); err != nil {
			return err
		}
		return record(ctx, tx, id, "department.deleted", "department", d.ID, nil)
	})
}

// InOrganisation returns the key of a department of the organisation, and 0 for
// the zero id, in the caller's transaction.
func InOrganisation(ctx context.Context, tx *sqldb.Tx, id int64, department publicid.ID) (int64, error) {
	if department == (publicid.ID{}) {
		return 0, nil
	}
	d, err := departmentOf(ctx, tx, id, department)
	if err != nil {
		return 0, err
	}
	return d.ID, nil
}
