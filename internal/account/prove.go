package account

import (
	"context"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// Factors is what an account signs in with.
type Factors struct {
	Password     bool
	TOTP         bool
	RecoveryLeft int // recovery codes that were not used
	Passkeys     []Passkey
	Identities   []Identity // other providers
}

// Factors tells what the account signs in with.
func (s *Service) Factors(ctx context.Context, accountID int64) (f Factors, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		hash, err := passwordHash(ctx, tx, accountID)
		if err != nil {
			return err
		}
		f.Password = hash != ""
		if f.TOTP, err = hasTOTP(ctx, tx, accountID); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM recovery_code WHERE account_id = $1 AND used_at = 0`, accountID).Scan(&f.RecoveryLeft); err != nil {
			return err
		}
		if f.Passkeys, err = passkeys(ctx, tx, accountID); err != nil {
			return err
		}
		f.Identities, err = identities(ctx, tx, accountID)
		return err
	})
	return f, err
}

// Evidence is what somebody who is signed in shows once more.
type Evidence struct {
	Password   string
	Browser    string // of AskCode, with
	MailedCode string // for accounts without a password
	Code       string // of the authenticator app, where there is one
}

var errEvidence = fault.Fields(fault.Field{Path: "password", Message: "This is not your password."})

// Prove notes that the person has shown again who they are, so that for
// ProofLife they may change how they sign in.
func (s *Service) Prove(ctx context.Context, by *Session, e Evidence) error {
	count := factorTries(by.ID)
	if err := s.takeTries(ctx, count); err != nil {
		return err
	}
	var hash string
	err := s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		hash, err = passwordHash(ctx, tx, by.ID)
		return err
	})
	if err != nil {
		return err
	}
	if hash == "" {
		id, err := s.takeCode(ctx, e.Browser, e.MailedCode)
		if err == nil && id != by.ID {
			err = errCode
		}
		if err != nil {
			return err
		}
	} else if fits, err := passwordFits(ctx, e.Password, hash); err != nil || !fits {
		if err == nil {
			err = errEvidence
		}
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		has, err := hasTOTP(ctx, tx, by.ID)
		if err == nil && has {
			err = s.useFactor(ctx, tx, by.ID, e.Code)
		}
		if err != nil {
			return err
		}
		if err := forgetTries(ctx, tx, count); err != nil {
			return err
		}
		return s.prove(ctx, tx, by, has)
	})
}

// prove notes the proof in the session; two says that it showed two factors.
func (s *Service) prove(ctx context.Context, tx *sqldb.Tx, by *Session, two bool) error {
	assurance := by.Assurance
	if by.VouchedBy != 0 {
		assurance = OneFactor // what an organisation's provider said of factors goes with its word
	}
	if two {
		assurance = TwoFactors
	}
	n, err := tx.Exec(ctx, `UPDATE session SET proved_at = $2, assurance = $3, vouched_by = 0 WHERE secret_hash = $1`, by.hash, sqldb.Millis(s.Now()), assurance)
	if err == nil && n == 0 {
		return errNoSession
	}
	by.ProvedAt, by.Assurance, by.VouchedBy = s.Now(), assurance, 0
	return err
}
