package account

import (
	"context"
	"strings"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// ResetLink returns the secret of a link that lets whoever holds it choose a
// new password for the account with this address or public id. It is for those
// who run the installation; people ask by AskReset.
func (s *Service) ResetLink(ctx context.Context, who string) (string, error) {
	secret, hash := NewSecret()
	err := s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		a, err := find(ctx, tx, who)
		if err != nil {
			return err
		}
		return insertLink(ctx, tx, hash, purposeReset, a.ID, "", s.Now())
	})
	return secret, err
}

// AskReset has a link mailed with which the owner of the address chooses a new
// password. Nothing tells whether the address is known.
func (s *Service) AskReset(ctx context.Context, email string) error {
	if _, err := AddressKey(email); err != nil {
		return fault.Fields(fault.Field{Path: "email", Message: fault.Message(err)})
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		return s.askLetter(ctx, tx, letterOrder{Purpose: purposeReset, Address: strings.TrimSpace(email)})
	})
}

// CheckResetLink returns nil while the reset link with this secret works. It
// changes nothing.
func (s *Service) CheckResetLink(ctx context.Context, secret string) error {
	return s.checkLink(ctx, purposeReset, secret)
}

// ResetPassword sets a new password, uses the link up and ends every session
// of the account. A second factor stays: a mailbox alone opens no account that
// has one. What strangers tried at the account's addresses keeps nobody waiting
// any longer.
func (s *Service) ResetPassword(ctx context.Context, secret, password string) error {
	if err := s.CheckResetLink(ctx, secret); err != nil {
		return err
	}
	if f, bad := checkPassword(password); bad {
		return fault.Fields(f)
	}
	hash, err := HashPassword(ctx, password)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		l, err := useLink(ctx, tx, purposeReset, secret, s.Now())
		if err != nil {
			return err
		}
		if err := forgetAddressTries(ctx, tx, l.AccountID); err != nil {
			return err
		}
		return s.setPassword(ctx, tx, l.AccountID, hash, nil, "password.reset")
	})
}

// SetPassword changes the password of somebody who has just shown who they
// are. Their other sessions end.
func (s *Service) SetPassword(ctx context.Context, by *Session, password string) error {
	if err := s.NeedProof(by); err != nil {
		return err
	}
	if f, bad := checkPassword(password); bad {
		return fault.Fields(f)
	}
	hash, err := HashPassword(ctx, password)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		return s.setPassword(ctx, tx, by.ID, hash, by.hash, "password.changed")
	})
}

func (s *Service) setPassword(ctx context.Context, tx *sqldb.Tx, id int64, hash string, keep []byte, action string) error {
	if _, err := tx.Exec(ctx, `UPDATE account SET password_hash = $1 WHERE id = $2 AND deleted_at = 0`, hash, id); err != nil {
		return err
	}
	if err := endSessions(ctx, tx, id, keep); err != nil {
		return err
	}
	if err := s.tell(ctx, tx, id, "password"); err != nil {
		return err
	}
	return s.record(ctx, tx, action, id)
}
