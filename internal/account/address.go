package account

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// Address is an e-mail address of an account.
type Address struct {
	ID         int64
	Address    string
	Key        string // as AddressKey has it
	First      bool   // shown, and written to first
	VerifiedAt time.Time
}

// maxAddresses bounds how many addresses an account has.
const maxAddresses = 10

// AddressesOf lists an account's addresses, the first one first.
func AddressesOf(ctx context.Context, tx *sqldb.Tx, accountID int64) ([]Address, error) {
	return sqldb.Collect(ctx, tx, func(r *sql.Rows) (a Address, err error) {
		var verified int64
		err = r.Scan(&a.ID, &a.Address, &a.Key, &a.First, &verified)
		a.VerifiedAt = sqldb.Time(verified)
		return a, err
	}, `SELECT id, address, address_key, first, verified_at FROM account_address WHERE account_id = $1 ORDER BY first DESC, id`, accountID)
}

// VerifiedKeys lists the keys of the addresses that an account has shown to be
// its own: the only ones that anything may be found or given by.
func VerifiedKeys(ctx context.Context, tx *sqldb.Tx, accountID int64) ([]string, error) {
	return sqldb.Collect(ctx, tx, func(r *sql.Rows) (key string, err error) { return key, r.Scan(&key) },
		`SELECT address_key FROM account_address WHERE account_id = $1 AND verified_at > 0 ORDER BY first DESC, id`, accountID)
}

// Addresses lists an account's addresses, the first one first.
func (s *Service) Addresses(ctx context.Context, accountID int64) (list []Address, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = AddressesOf(ctx, tx, accountID)
		return err
	})
	return list, err
}

// AddAddress adds an address and mails it a link that shows it to be the
// person's. It says the same whether or not the address is another account's.
func (s *Service) AddAddress(ctx context.Context, by *Session, address string) error {
	key, err := AddressKey(address)
	if err != nil {
		return fault.Fields(fault.Field{Path: "email", Message: fault.Message(err)})
	}
	if err := s.NeedProof(by); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		list, err := AddressesOf(ctx, tx, by.ID)
		if err != nil {
			return err
		}
		for _, a := range list {
			if a.Key == key {
				return fault.Fields(fault.Field{Path: "email", Message: "This address is in your list already."})
			}
		}
		if len(list) >= maxAddresses {
			return fault.Conflictf("An account has up to %d addresses. Remove one first.", maxAddresses)
		}
		if err := addAddress(ctx, tx, by.ID, address, len(list) == 0); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, by.ID, "address_added"); err != nil {
			return err
		}
		if err := s.record(ctx, tx, "address.added", by.ID); err != nil {
			return err
		}
		return s.askLetter(ctx, tx, letterOrder{Purpose: purposeVerify, Address: strings.TrimSpace(address), Account: by.ID})
	})
}

// SendVerification mails an address of the account another link.
func (s *Service) SendVerification(ctx context.Context, by *Session, addressID int64) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		a, err := addressOf(ctx, tx, by.ID, addressID)
		if err != nil {
			return err
		}
		if !a.VerifiedAt.IsZero() {
			return fault.Conflictf("This address has been confirmed already.")
		}
		return s.askLetter(ctx, tx, letterOrder{Purpose: purposeVerify, Address: a.Address, Account: by.ID})
	})
}

// CheckAddressLink returns the address that the link was mailed to, while it
// works. It changes nothing: mail scanners follow links.
func (s *Service) CheckAddressLink(ctx context.Context, secret string) (address string, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		l, err := findLink(ctx, tx, purposeVerify, secret, s.Now())
		address = l.Address
		return err
	})
	return address, err
}

// VerifyAddress notes that whoever holds the link reads the address's mail. The
// claims of others on it end.
func (s *Service) VerifyAddress(ctx context.Context, secret string) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		l, err := useLink(ctx, tx, purposeVerify, secret, s.Now())
		if err != nil {
			return err
		}
		key, err := AddressKey(l.Address)
		if err != nil {
			return err
		}
		return s.verify(ctx, tx, l.AccountID, key)
	})
}

// verify makes the address the account's own. It is a Conflict fault when it
// is another's, and a NotFound fault when the account has no such address.
func (s *Service) verify(ctx context.Context, tx *sqldb.Tx, accountID int64, key string) error {
	var others int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM account_address WHERE address_key = $1 AND verified_at > 0 AND account_id <> $2`,
		key, accountID).Scan(&others); err != nil {
		return err
	}
	if others > 0 {
		return errAddressTaken
	}
	var n int64
	err := tx.Attempt(ctx, func() (err error) { // on PostgreSQL somebody else may have been first just now
		n, err = tx.Exec(ctx, `UPDATE account_address SET verified_at = $3 WHERE account_id = $1 AND address_key = $2`,
			accountID, key, sqldb.Millis(s.Now()))
		return err
	})
	if sqldb.IsUnique(err) {
		return errAddressTaken
	}
	if err != nil {
		return err
	}
	if n == 0 {
		return errLink
	}
	if _, err := tx.Exec(ctx, `DELETE FROM account_address WHERE address_key = $1 AND account_id <> $2 AND verified_at = 0`, key, accountID); err != nil {
		return err
	}
	// A first address that nobody has confirmed makes way for one that is.
	if _, err := tx.Exec(ctx, `UPDATE account_address SET first = (address_key = $2) WHERE account_id = $1 AND NOT EXISTS (
		SELECT 1 FROM account_address f WHERE f.account_id = $1 AND f.first AND f.verified_at > 0)`, accountID, key); err != nil {
		return err
	}
	return s.record(ctx, tx, "address.verified", accountID)
}

var errAddressTaken = fault.Fields(fault.Field{Path: "email", Message: "Another account has confirmed this address. Sign in there, or remove the address there first."})

// MakeFirst makes a confirmed address the one that is shown and written to.
func (s *Service) MakeFirst(ctx context.Context, by *Session, addressID int64) error {
	if err := s.NeedProof(by); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		a, err := addressOf(ctx, tx, by.ID, addressID)
		if err != nil {
			return err
		}
		if a.VerifiedAt.IsZero() {
			return fault.Conflictf("Confirm this address first, by the link that we mailed to it.")
		}
		if _, err := tx.Exec(ctx, `UPDATE account_address SET first = (id = $2) WHERE account_id = $1`, by.ID, addressID); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, by.ID, "address_first"); err != nil {
			return err
		}
		return s.record(ctx, tx, "address.made_first", by.ID)
	})
}

// RemoveAddress takes an address from the account; never the last one, nor the
// last confirmed one.
func (s *Service) RemoveAddress(ctx context.Context, by *Session, addressID int64) error {
	if err := s.NeedProof(by); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		// Two removals at once must not take the last two: they wait here.
		if _, err := tx.Exec(ctx, `UPDATE account SET name = name WHERE id = $1`, by.ID); err != nil {
			return err
		}
		a, err := addressOf(ctx, tx, by.ID, addressID)
		if err != nil {
			return err
		}
		list, err := AddressesOf(ctx, tx, by.ID)
		if err != nil {
			return err
		}
		verified := 0
		for _, other := range list {
			if !other.VerifiedAt.IsZero() {
				verified++
			}
		}
		if len(list) == 1 || (!a.VerifiedAt.IsZero() && verified == 1) {
			return fault.Conflictf("This is your last confirmed address. Add another and confirm it, then remove this one.")
		}
		if err := s.tell(ctx, tx, by.ID, "address_removed"); err != nil { // the address that goes is told too
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM account_address WHERE id = $1 AND account_id = $2`, addressID, by.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM one_time_link WHERE account_id = $1 AND address = $2`, by.ID, a.Address); err != nil {
			return err
		}
		if a.First {
			_, err = tx.Exec(ctx, `UPDATE account_address SET first = TRUE WHERE id = (
				SELECT id FROM account_address WHERE account_id = $1 ORDER BY verified_at = 0, id LIMIT 1)`, by.ID)
			if err != nil {
				return err
			}
		}
		return s.record(ctx, tx, "address.removed", by.ID)
	})
}

func addressOf(ctx context.Context, tx *sqldb.Tx, accountID, addressID int64) (Address, error) {
	list, err := AddressesOf(ctx, tx, accountID)
	for _, a := range list {
		if a.ID == addressID {
			return a, nil
		}
	}
	if err == nil {
		err = fault.NotFoundf("There is no such address in your list.")
	}
	return Address{}, err
}

func addAddress(ctx context.Context, tx *sqldb.Tx, accountID int64, address string, first bool) error {
	key, err := AddressKey(address)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO account_address (account_id, address, address_key, first) VALUES ($1, $2, $3, $4)`,
		accountID, strings.TrimSpace(address), key, first)
	return err
}

// record notes a deed about the account in the audit log.
func (s *Service) record(ctx context.Context, tx *sqldb.Tx, action string, accountID int64) error {
	return audit.Record(ctx, tx, audit.Entry{Action: action, Subject: "account", SubjectID: accountID, At: s.Now()})
}

// recordAs is record with how it was done.
func (s *Service) recordAs(ctx context.Context, tx *sqldb.Tx, action string, accountID int64, method string, assurance Assurance) error {
	return audit.Record(ctx, tx, audit.Entry{Action: action, Subject: "account", SubjectID: accountID, At: s.Now(),
		Data: map[string]string{"method": method, "assurance": strconv.Itoa(int(assurance))}})
}
