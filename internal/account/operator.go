package account

import (
	"context"
	"errors"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// IsOperator reports whether the account runs the installation, in the caller's
// transaction. An account that does not exist, or may not sign in, does not.
func IsOperator(ctx context.Context, tx *sqldb.Tx, id int64) (is bool, err error) {
	err = tx.QueryRow(ctx, `SELECT is_operator FROM account WHERE id = $1 AND disabled_at = 0 AND deleted_at = 0`, id).Scan(&is)
	if errors.Is(err, sqldb.ErrNoRows) {
		return false, nil
	}
	return is, err
}

// SetOperator makes the account with this address an operator, or no longer
// one. The address must be verified: anybody can enter somebody else's. The last
// operator stays one.
func (s *Service) SetOperator(ctx context.Context, email string, operator bool) error {
	key, err := AddressKey(email)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		var id int64
		var was bool
		err := tx.QueryRow(ctx, `SELECT a.id, a.is_operator FROM account a JOIN account_address d ON d.account_id = a.id
			WHERE d.address_key = $1 AND d.verified_at > 0 AND a.deleted_at = 0`, key).Scan(&id, &was)
		if errors.Is(err, sqldb.ErrNoRows) {
			return fault.NotFoundf("There is no account with this verified address.")
		}
		if err != nil || was == operator {
			return err
		}
		if !operator {
			var others int64
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM account WHERE is_operator AND id <> $1 AND disabled_at = 0 AND deleted_at = 0`, id).Scan(&others); err != nil {
				return err
			}
			if others == 0 {
				return fault.Conflictf("This is the only operator. Make somebody else one first.")
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE account SET is_operator = $2 WHERE id = $1`, id, operator); err != nil {
			return err
		}
		action := "operator.granted"
		if !operator {
			action = "operator.withdrawn"
		}
		return audit.Record(ctx, tx, audit.Entry{Action: action, Subject: "account", SubjectID: id})
	})
}
