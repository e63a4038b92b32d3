package org

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// LeaveAll takes an account that is being deleted out of every organisation.
// It is a Conflict fault that names the organisations whose last owner it is.
func LeaveAll(ctx context.Context, tx *sqldb.Tx, accountID int64) error {
	list, err := memberships(ctx, tx, `account_id = $1 ORDER BY organisation.id`, accountID)
	if err != nil {
		return err
	}
	var alone []string
	for _, m := range list {
		if err := lock(ctx, tx, m.Organisation.ID); err != nil {
			return err
		}
		if !m.Role.Owner() {
			continue
		}
		var others int64
		err := tx.QueryRow(ctx, `SELECT count(*) FROM member m JOIN account a ON a.id = m.account_id
			WHERE m.organisation_id = $1 AND m.account_id <> $2 AND m.role = $3 AND a.disabled_at = 0 AND a.deleted_at = 0`,
			m.Organisation.ID, accountID, RoleOwner).Scan(&others)
		if err != nil {
			return err
		}
		if others == 0 && !m.Organisation.IsSample {
			alone = append(alone, m.Organisation.Name)
		}
	}
	if len(alone) > 0 {
		return fault.Conflictf("You are the last owner of %s. Make somebody else an owner there first.", strings.Join(alone, ", "))
	}
	for _, m := range list {
		if err := record(ctx, tx, m.Organisation.ID, "member.left", "account", accountID, nil); err != nil {
			return err
		}
	}
	for _, q := range []string{
		`DELETE FROM member_department WHERE account_id = $1`,
		`DELETE FROM member WHERE account_id = $1`,
		`DELETE FROM invitation WHERE invited_by = $1`,
	} {
		if _, err := tx.Exec(ctx, q, accountID); err != nil {
			return err
		}
	}
	for _, m := range list {
		if err := account.RevokeTokensOf(ctx, tx, m.Organisation.ID, accountID, 0, time.Now()); err != nil {
			return err
		}
	}
	return nil
}

// IsInvited reports whether an invitation to the address is open.
func IsInvited(ctx context.Context, tx *sqldb.Tx, addressKey string, now time.Time) (bool, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT count(*) FROM invitation WHERE address_key = $1 AND expires_at > $2`, addressKey, sqldb.Millis(now)).Scan(&n)
	return n > 0, err
}

// SetSecondFactor has the organisation ask its members for a second factor, or
// no longer. Whoever asks needs one first, so that nobody shuts themselves out.
func (s *Service) SetSecondFactor(ctx context.Context, id int64, by *account.Session, required bool) error {
	if required && (by == nil || by.Assurance < account.TwoFactors) {
		return fault.Conflictf("Sign in with a second factor yourself first: a passkey, or a password with an authenticator app.")
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE organisation SET second_factor_required = $2 WHERE id = $1`, id, required)
		if err == nil && n == 0 {
			return errNoOrganisation
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, id, "organisation.second_factor_set", "organisation", id, map[string]string{"required": strconv.FormatBool(required)})
	})
}
