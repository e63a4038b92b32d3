package account

import (
	"context"
	"strings"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/input"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Newcomer is an account to be made.
type Newcomer struct {
	Name string
	// Email is the account's first address; empty where another provider vouches
	// for the person and told no address.
	Email string
	// Verified says that the address has been shown to be theirs. Nobody else may
	// have verified it.
	Verified bool
	// PasswordHash is what HashPassword returned; empty: no password.
	PasswordHash string
	Operator     bool
}

// Create makes an account in the caller's transaction. It is a Conflict fault
// when another account has verified the address.
func (s *Service) Create(ctx context.Context, tx *sqldb.Tx, n Newcomer) (*Account, error) {
	name, ok := input.Line(n.Name, 200)
	if !ok {
		return nil, fault.Fields(fault.Field{Path: "name", Message: "Enter your name, up to 200 characters."})
	}
	now := s.Now()
	a := &Account{PublicID: publicid.New(), Name: name, Email: strings.TrimSpace(n.Email), Verified: n.Verified, Operator: n.Operator, CreatedAt: now}
	err := tx.QueryRow(ctx, `INSERT INTO account (public_id, name, password_hash, is_operator, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
		a.PublicID, a.Name, n.PasswordHash, a.Operator, sqldb.Millis(now)).Scan(&a.ID)
	if err != nil {
		return nil, err
	}
	if a.Email != "" {
		if err := addAddress(ctx, tx, a.ID, a.Email, true); err != nil {
			return nil, err
		}
		if n.Verified {
			key, err := AddressKey(a.Email)
			if err == nil {
				err = s.verify(ctx, tx, a.ID, key)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return a, audit.Record(ctx, tx, audit.Entry{Action: "account.created", Subject: "account", SubjectID: a.ID, At: now})
}

// RegisterInvited makes an account for somebody who holds the secret of an
// invitation that was mailed to p.Email, which shows the address to be theirs.
// accept uses the invitation up, in the same transaction.
func (s *Service) RegisterInvited(ctx context.Context, p NewPerson, accept func(ctx context.Context, tx *sqldb.Tx, a *Account) error) (*Account, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	hash, err := HashPassword(ctx, p.Password)
	if err != nil {
		return nil, err
	}
	var a *Account
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if a, err = s.Create(ctx, tx, Newcomer{Name: p.Name, Email: p.Email, Verified: true, PasswordHash: hash}); err != nil {
			return err
		}
		return accept(ctx, tx, a)
	})
	return a, err
}
