package account

import (
	"context"
	"database/sql"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/input"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// find returns the account with an address it signs in with, or a public id.
func find(ctx context.Context, tx *sqldb.Tx, who string) (*Account, error) {
	if id, err := publicid.Parse(who); err == nil {
		return scanAccount(tx.QueryRow(ctx, `SELECT `+accountColumns+` FROM account a WHERE a.public_id = $1 AND a.deleted_at = 0`, id))
	}
	key, err := AddressKey(who)
	if err != nil {
		return nil, err
	}
	a, err := bySignInAddress(ctx, tx, key)
	if fault.KindOf(err) == fault.NotFound {
		err = fault.NotFoundf("There is no account with this address.")
	}
	return a, err
}

// List returns every account that exists, oldest first, for those who run the
// installation.
func (s *Service) List(ctx context.Context) (list []*Account, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Account, error) { return scanAccount(r) },
			`SELECT `+accountColumns+` FROM account a WHERE a.deleted_at = 0 ORDER BY a.id`)
		return err
	})
	return list, err
}

// AddPerson makes an account whose address those who run the installation
// vouch for, without a password, and returns the secret of a link with which
// its owner chooses one.
func (s *Service) AddPerson(ctx context.Context, name, email string, operator bool) (secret string, err error) {
	if _, err := AddressKey(email); err != nil {
		return "", err
	}
	secret, hash := NewSecret()
	return secret, s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		a, err := s.Create(ctx, tx, Newcomer{Name: name, Email: email, Verified: true, Operator: operator})
		if err != nil {
			return err
		}
		return insertLink(ctx, tx, hash, purposeReset, a.ID, "", s.Now())
	})
}

// ConfirmAddress notes that those who run the installation vouch for an
// address of the account, which is added when it has no such address.
func (s *Service) ConfirmAddress(ctx context.Context, who, email string) error {
	key, err := AddressKey(email)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		a, err := find(ctx, tx, who)
		if err != nil {
			return err
		}
		list, err := AddressesOf(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		has := false
		for _, d := range list {
			has = has || d.Key == key
		}
		if !has {
			if err := addAddress(ctx, tx, a.ID, email, len(list) == 0); err != nil {
				return err
			}
		}
		return s.verify(ctx, tx, a.ID, key)
	})
}

// SetDisabled keeps an account from signing in, and ends its sessions; or lets
// it sign in again.
func (s *Service) SetDisabled(ctx context.Context, who string, disabled bool) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		a, err := find(ctx, tx, who)
		if err != nil {
			return err
		}
		at, action := int64(0), "account.enabled"
		if disabled {
			at, action = sqldb.Millis(s.Now()), "account.disabled"
			if err := endSessions(ctx, tx, a.ID, nil); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE account SET disabled_at = $2 WHERE id = $1`, a.ID, at); err != nil {
			return err
		}
		return s.record(ctx, tx, action, a.ID)
	})
}

// DropFactor takes the authenticator app from an account whose owner has lost
// it and has shown those who run the installation who they are.
func (s *Service) DropFactor(ctx context.Context, who string) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		a, err := find(ctx, tx, who)
		if err != nil {
			return err
		}
		return s.removeTOTP(ctx, tx, a.ID)
	})
}

// Rename changes the person's name.
func (s *Service) Rename(ctx context.Context, by *Session, name string) error {
	name, ok := input.Line(name, 200)
	if !ok {
		return fault.Fields(fault.Field{Path: "name", Message: "Enter your name, up to 200 characters."})
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE account SET name = $2 WHERE id = $1`, by.ID, name); err != nil {
			return err
		}
		return s.record(ctx, tx, "account.renamed", by.ID)
	})
}

// Delete deletes the person's account: name, addresses, password, factors and
// sessions. A row without a name stays, because tokens and records of what was
// done refer to it. Awards to the person's addresses are the issuers' and stay.
func (s *Service) Delete(ctx context.Context, by *Session) error {
	if err := s.NeedProof(by); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if by.Operator {
			var others int64
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM account WHERE is_operator AND id <> $1 AND deleted_at = 0 AND disabled_at = 0`, by.ID).Scan(&others); err != nil {
				return err
			}
			if others == 0 {
				return fault.Conflictf("You are the only one who runs this installation. Make somebody else an operator first, with: roundel user create --operator")
			}
		}
		if s.Leave != nil {
			if err := s.Leave(ctx, tx, by.ID); err != nil {
				return err
			}
		}
		if err := s.tell(ctx, tx, by.ID, "deleted"); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, by.ID, nil); err != nil {
			return err
		}
		for _, table := range []string{"account_address", "account_identity", "account_totp", "recovery_code", "passkey", "passkey_ceremony", "one_time_link", "signin_code"} {
			if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE account_id = $1`, by.ID); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE account SET name = '', password_hash = '', is_operator = FALSE, deleted_at = $2 WHERE id = $1`,
			by.ID, sqldb.Millis(s.Now())); err != nil {
			return err
		}
		return s.record(ctx, tx, "account.deleted", by.ID)
	})
}
