package org

import (
	"context"
	"errors"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

var errTokenOwner = fault.Forbiddenf("Whoever this API token belongs to may no longer do this.")

// Program is who presents an API token.
type Program struct {
	Token        *account.Token
	Organisation *Organisation
	May          Set // what the token may do there now
}

// ProgramBySecret returns whose a token in force is and what it may do: its
// scopes, and of a person's own token no more than what that person may do for
// the whole organisation. It is a Forbidden fault when the token is not in force
// or its owner is no longer there.
func (s *Service) ProgramBySecret(ctx context.Context, secret string) (p Program, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		t, err := account.TokenBySecret(ctx, tx, secret, s.Now())
		if err != nil {
			return err
		}
		p, err = programOf(ctx, tx, t)
		return err
	})
	return p, err
}

func programOf(ctx context.Context, tx *sqldb.Tx, t *account.Token) (Program, error) {
	p := Program{Token: t, May: SetOf(t.Scopes)}
	if t.ServiceAccount > 0 {
		var disabled int64
		err := tx.QueryRow(ctx, `SELECT disabled_at FROM service_account WHERE id = $1 AND organisation_id = $2`,
			t.ServiceAccount, t.OrganisationID).Scan(&disabled)
		if errors.Is(err, sqldb.ErrNoRows) || err == nil && disabled > 0 {
			return p, errTokenOwner
		}
		if err != nil {
			return p, err
		}
		p.Organisation, err = ByID(ctx, tx, t.OrganisationID)
		return p, err
	}
	m, err := MembershipOf(ctx, tx, t.OrganisationID, t.CreatedBy)
	if fault.KindOf(err) == fault.NotFound || err == nil && !m.Reach.All() {
		return p, errTokenOwner
	}
	if err != nil {
		return p, err
	}
	p.Organisation, p.May = m.Organisation, p.May.Keep(m.Permissions.Has)
	return p, nil
}
