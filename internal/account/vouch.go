package account

import (
	"context"

	"github.com/roundel/roundel/internal/sqldb"
)

// Vouch notes, in the caller's transaction, that the address is the account's
// own, on the word of somebody who runs it. The claims of others on it end. It
// is a fault when another account has shown it to be its own.
func (s *Service) Vouch(ctx context.Context, tx *sqldb.Tx, accountID int64, email string) error {
	key, err := AddressKey(email)
	if err != nil {
		return err
	}
	list, err := AddressesOf(ctx, tx, accountID)
	if err != nil {
		return err
	}
	for _, a := range list {
		if a.Key == key {
			if !a.VerifiedAt.IsZero() {
				return nil
			}
			return s.verify(ctx, tx, accountID, key)
		}
	}
	if err := addAddress(ctx, tx, accountID, email, len(list) == 0); err != nil {
		return err
	}
	return s.verify(ctx, tx, accountID, key)
}

// ClaimedBy returns the account whose only claim to the address is that it was
// entered there, if that is its first address and it has confirmed none; or a
// NotFound fault. Whoever made it may not be the address's owner.
func ClaimedBy(ctx context.Context, tx *sqldb.Tx, key string) (*Account, error) {
	return scanAccount(tx.QueryRow(ctx, `SELECT `+accountColumns+` FROM account a WHERE a.deleted_at = 0 AND a.id = (
		SELECT min(d.account_id) FROM account_address d WHERE d.address_key = $1 AND d.first AND d.verified_at = 0
		AND NOT EXISTS (SELECT 1 FROM account_address v WHERE v.account_id = d.account_id AND v.verified_at > 0))`, key))
}
