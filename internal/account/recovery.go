package account

import (
	"context"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// There are ten recovery codes of 16 letters, 80 bits each: a fast hash is
// enough to keep them.
const (
	recoveryCodes   = 10
	recoveryLetters = 16
)

// NewRecoveryCodes replaces the person's recovery codes and returns the new
// ones, which cannot be had again.
func (s *Service) NewRecoveryCodes(ctx context.Context, by *Session) (codes []string, err error) {
	if err := s.NeedProof(by); err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		has, err := hasTOTP(ctx, tx, by.ID)
		if err != nil {
			return err
		}
		if !has {
			return fault.Conflictf("Set up an authenticator app first; recovery codes stand in for it.")
		}
		if codes, err = s.newRecoveryCodes(ctx, tx, by.ID); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, by.ID, "recovery_new"); err != nil {
			return err
		}
		return s.record(ctx, tx, "recovery.renewed", by.ID)
	})
	return codes, err
}

func (s *Service) newRecoveryCodes(ctx context.Context, tx *sqldb.Tx, accountID int64) ([]string, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM recovery_code WHERE account_id = $1`, accountID); err != nil {
		return nil, err
	}
	codes := make([]string, recoveryCodes)
	for i := range codes {
		c := newCode(recoveryLetters)
		if _, err := tx.Exec(ctx, `INSERT INTO recovery_code (code_hash, account_id, created_at) VALUES ($1, $2, $3)`,
			hashCode(nil, c), accountID, sqldb.Millis(s.Now())); err != nil {
			return nil, err
		}
		codes[i] = c[:4] + "-" + c[4:8] + "-" + c[8:12] + "-" + c[12:]
	}
	return codes, nil
}

// useRecoveryCode takes a recovery code in place of the app. Its owner is told
// by mail.
func (s *Service) useRecoveryCode(ctx context.Context, tx *sqldb.Tx, accountID int64, code string) error {
	n, err := tx.Exec(ctx, `UPDATE recovery_code SET used_at = $3 WHERE code_hash = $1 AND account_id = $2 AND used_at = 0`,
		hashCode(nil, code), accountID, sqldb.Millis(s.Now()))
	if err != nil {
		return err
	}
	if n == 0 {
		return errFactor
	}
	if err := s.tell(ctx, tx, accountID, "recovery_used"); err != nil {
		return err
	}
	return s.record(ctx, tx, "recovery.used", accountID)
}
