package org

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/input"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// ServiceAccount is a program of an organisation. It owns API tokens, which go
// on working when whoever made them leaves; it cannot sign in.
type ServiceAccount struct {
	ID         int64
	PublicID   publicid.ID
	Name       string
	CreatedAt  time.Time
	DisabledAt time.Time // zero: its tokens work
}

// ServiceAccounts lists the organisation's programs by name.
func (s *Service) ServiceAccounts(ctx context.Context, id int64) (list []*ServiceAccount, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (*ServiceAccount, error) {
			var a ServiceAccount
			var created, disabled int64
			err := r.Scan(&a.ID, &a.PublicID, &a.Name, &created, &disabled)
			a.CreatedAt, a.DisabledAt = sqldb.Time(created), sqldb.Time(disabled)
			return &a, err
		}, `SELECT id, public_id, name, created_at, disabled_at FROM service_account WHERE organisation_id = $1 ORDER BY disabled_at > 0, name, id`, id)
		return err
	})
	return list, err
}

// CreateServiceAccount makes a program.
func (s *Service) CreateServiceAccount(ctx context.Context, id, by int64, name string) (a *ServiceAccount, err error) {
	name, ok := input.Line(name, 100)
	if !ok {
		return nil, fault.Fields(fault.Field{Path: "program", Message: "Give the program a name, up to 100 characters."})
	}
	a = &ServiceAccount{PublicID: publicid.New(), Name: name, CreatedAt: s.Now()}
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		err := tx.QueryRow(ctx, `INSERT INTO service_account (public_id, organisation_id, name, created_by, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
			a.PublicID, id, name, by, sqldb.Millis(a.CreatedAt)).Scan(&a.ID)
		if sqldb.IsUnique(err) {
			return fault.Fields(fault.Field{Path: "program", Message: "There is a program of this name already."})
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, id, "service_account.created", "service_account", a.ID, nil)
	})
	return a, err
}

// DisableServiceAccount ends a program and all its tokens at once, for good.
func (s *Service) DisableServiceAccount(ctx context.Context, id int64, program publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		var key int64
		err := tx.QueryRow(ctx, `UPDATE service_account SET disabled_at = $3 WHERE organisation_id = $1 AND public_id = $2 AND disabled_at = 0 RETURNING id`,
			id, program, sqldb.Millis(s.Now())).Scan(&key)
		if errors.Is(err, sqldb.ErrNoRows) {
			return fault.NotFoundf("There is no such program.")
		}
		if err != nil {
			return err
		}
		if err := account.RevokeTokensOf(ctx, tx, id, 0, key, s.Now()); err != nil {
			return err
		}
		return record(ctx, tx, id, "service_account.disabled", "service_account", key, nil)
	})
}

// ServiceAccountKey returns the key of a program in force, and 0 for the zero id.
func (s *Service) ServiceAccountKey(ctx context.Context, id int64, program publicid.ID) (key int64, err error) {
	if program == (publicid.ID{}) {
		return 0, nil
	}
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT id FROM service_account WHERE organisation_id = $1 AND public_id = $2 AND disabled_at = 0`, id, program).Scan(&key)
	})
	if errors.Is(err, sqldb.ErrNoRows) {
		return 0, fault.Fields(fault.Field{Path: "program", Message: "Choose a program from the list."})
	}
	return key, err
}
