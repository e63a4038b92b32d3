package org

import (
	"context"
	"errors"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

var errTokenOwner = fault.Forbiddenf("Whoever this API token belongs to may no longer do this.")

// TokenMay returns the organisation of a token in force and what the token may
// do there now: its scopes, and of a person's own token no more than what that
// person may do for the whole organisation. It is a Forbidden fault when the
// owner is no longer there.
func (s *Service) TokenMay(ctx context.Context, t *account.Token) (o *Organisation, may Set, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		may = SetOf(t.Scopes)
		if t.ServiceAccount > 0 {
			var disabled int64
			err := tx.QueryRow(ctx, `SELECT disabled_at FROM service_account WHERE id = $1 AND organisation_id = $2`,
				t.ServiceAccount, t.OrganisationID).Scan(&disabled)
			if errors.Is(err, sqldb.ErrNoRows) || err == nil && disabled > 0 {
				return errTokenOwner
			}
			if err != nil {
				return err
			}
			o, err = ByID(ctx, tx, t.OrganisationID)
			return err
		}
		m, err := MembershipOf(ctx, tx, t.OrganisationID, t.CreatedBy)
		if fault.KindOf(err) == fault.NotFound || err == nil && !m.Reach.All() {
			return errTokenOwner
		}
		if err != nil {
			return err
		}
		o, may = m.Organisation, may.Keep(m.Permissions.Has)
		return nil
	})
	return o, may, err
}
