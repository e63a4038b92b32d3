package org

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// MayBeDefault reports whether a role can be given to whoever signs in: none
// that decides about people, keys or ways to sign in.
func (r Role) MayBeDefault() bool {
	for _, p := range []Permission{ManageMembers, ManageKeys, ManageTokens, ManageSignIn, EditOrganisation, ErasePeople, Export} {
		if r.Owner() || slices.Contains(r.Permissions, p) {
			return false
		}
	}
	return true
}

// CheckDefaultRole returns a fault unless the role with this code can be given
// to whoever signs in; "" gives none.
func (s *Service) CheckDefaultRole(ctx context.Context, id int64, by Actor, code string) error {
	if code == "" {
		return nil
	}
	return s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		r, err := roleByCode(ctx, tx, id, code)
		if err != nil {
			return err
		}
		if !r.MayBeDefault() {
			return fault.Fields(fault.Field{Path: "default_role", Message: "Choose a role that cannot change people, keys or settings: everybody who signs in gets it."})
		}
		return by.mayGive(r)
	})
}

// MayVouch returns a Forbidden fault unless the actor may decide whose word
// counts for those who sign in by identities that begin with prefix: whoever
// decides that can sign in as any of them, so it takes what giving each member
// among them their role takes.
func (s *Service) MayVouch(ctx context.Context, tx *sqldb.Tx, id int64, by Actor, prefix string) error {
	roles, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (Role, error) {
		var c roleColumns
		err := r.Scan(c.into()...)
		return c.role(), err
	}, `SELECT `+roleSelect+` FROM member WHERE organisation_id = $1 AND EXISTS (SELECT 1 FROM account_identity i
		WHERE i.account_id = member.account_id AND substr(i.provider, 1, $2) = $3)`, id, len(prefix), prefix)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(roles, func(r Role) bool { return by.mayGive(r) != nil }) {
		return fault.Forbiddenf("Somebody who signs in this way may do more than you. Ask them or an owner to change whose word counts.")
	}
	return nil
}

// JoinBySignIn makes somebody a member whom the organisation's own provider has
// let in, with the role that the organisation gives to all of those. Members
// stay what they are.
func (s *Service) JoinBySignIn(ctx context.Context, tx *sqldb.Tx, id, accountID int64, code string) error {
	var n int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM member WHERE organisation_id = $1 AND account_id = $2`, id, accountID).Scan(&n); err != nil || n > 0 {
		return err
	}
	r, err := roleByCode(ctx, tx, id, code)
	if fault.KindOf(err) == fault.Invalid || err == nil && !r.MayBeDefault() {
		return nil // the role is gone, or has grown: nobody gets it by itself
	}
	if err != nil {
		return err
	}
	return s.addMember(ctx, tx, id, accountID, granted{role: r})
}

// SetSuspended keeps a member from doing anything in the organisation, or lets
// them again; it reports whether that changed anything. The last owner is never
// suspended.
func (s *Service) SetSuspended(ctx context.Context, tx *sqldb.Tx, id, accountID int64, suspended bool, why string) (changed bool, err error) {
	if err := lock(ctx, tx, id); err != nil {
		return false, err
	}
	var who publicid.ID
	err = tx.QueryRow(ctx, `SELECT a.public_id FROM account a JOIN member m ON m.account_id = a.id
		WHERE m.organisation_id = $1 AND a.id = $2 AND (m.paused_at > 0) <> $3`, id, accountID, suspended).Scan(&who)
	if errors.Is(err, sqldb.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	at, action := int64(0), "member.reinstated"
	if suspended {
		m, err := memberOf(ctx, tx, id, who)
		if err != nil {
			return false, err
		}
		if m.Role.Owner() {
			if err := anotherOwner(ctx, tx, id, accountID); fault.KindOf(err) == fault.Conflict {
				return false, nil
			} else if err != nil {
				return false, err
			}
		}
		at, action = sqldb.Millis(s.Now()), "member.suspended"
	}
	if _, err := tx.Exec(ctx, `UPDATE member SET paused_at = $3 WHERE organisation_id = $1 AND account_id = $2`, id, accountID, at); err != nil {
		return false, err
	}
	return true, record(ctx, tx, id, action, "account", accountID, map[string]string{"why": why})
}

// Reinstate lets a member act again whom the rules of signing in have suspended,
// in the caller's transaction, and returns the key of their account. It is a
// Conflict fault when they are not suspended.
func (s *Service) Reinstate(ctx context.Context, tx *sqldb.Tx, id int64, by Actor, who publicid.ID) (accountID int64, err error) {
	if by, err = acting(ctx, tx, id, by, ManageMembers); err != nil {
		return 0, err
	}
	m, err := memberOf(ctx, tx, id, who)
	if err != nil {
		return 0, err
	}
	if err := by.mayGive(m.Role); err != nil {
		return 0, err
	}
	changed, err := s.SetSuspended(ctx, tx, id, m.AccountID, false, "by_hand")
	if err == nil && !changed {
		err = fault.Conflictf("%s is not suspended.", m.Name)
	}
	return m.AccountID, err
}

// ProvenIn lists the domains that the organisation has proven to be its own, in
// the caller's transaction.
func ProvenIn(ctx context.Context, tx *sqldb.Tx, id int64) ([]string, error) {
	return sqldb.Collect(ctx, tx, scanText, `SELECT domain FROM organisation_domain WHERE organisation_id = $1 AND proven_at > 0 ORDER BY domain`, id)
}

// WithProven lists the keys of the organisations that have proven one of the
// domains, in the caller's transaction.
func WithProven(ctx context.Context, tx *sqldb.Tx, domain string) ([]int64, error) {
	return sqldb.Collect(ctx, tx, scanID, `SELECT DISTINCT organisation_id FROM organisation_domain WHERE domain = $1 AND proven_at > 0 ORDER BY organisation_id`, domain)
}

func scanText(r *sql.Rows) (text string, err error) { return text, r.Scan(&text) }
