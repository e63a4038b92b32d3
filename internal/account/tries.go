package account

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// What failed tries are counted by.
const (
	tryAddress = "address" // the address that was entered, known or not
	tryDevice  = "device"  // a browser that was let in before
	tryClient  = "client"  // the network address
	tryFactor  = "factor"  // an account's second factor, or its proof
)

// tryKey names a count.
type tryKey struct{ kind, key string }

// hash keeps what was tried out of the database.
func (k tryKey) hash() []byte { return HashSecret(k.kind + " " + k.key) }

func factorTries(accountID int64) tryKey { return tryKey{tryFactor, strconv.FormatInt(accountID, 10)} }

// freeTries is how many tries nobody waits for. Behind one network address
// there may be a whole school.
func (k tryKey) freeTries() int64 {
	if k.kind == tryClient {
		return 50
	}
	return 5
}

// Waits double from firstWait to longestWait. A count is forgotten a day after
// its last try.
const (
	firstWait   = 2 * time.Second
	longestWait = 15 * time.Minute
	forgotten   = 24 * time.Hour
)

func (k tryKey) wait(failures int64) time.Duration {
	over := failures - k.freeTries()
	if over < 0 {
		return 0
	}
	return min(longestWait, firstWait<<min(over, 20))
}

// takeTries counts a try under each key, before anything is compared: tries
// that run at once are all counted. It is an Invalid fault that says how long
// to wait when it is too early for another; what is right then does not count
// either, so nothing is learnt from it.
func (s *Service) takeTries(ctx context.Context, keys ...tryKey) error {
	now := s.Now()
	var early time.Duration
	err := s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM signin_try WHERE last_at < $1`, sqldb.Millis(now.Add(-forgotten))); err != nil {
			return err
		}
		early = 0
		for _, k := range keys {
			if k.key == "" && k.kind != tryAddress {
				continue // not known where it comes from
			}
			var failures, next int64
			err := tx.QueryRow(ctx, `INSERT INTO signin_try (kind, key_hash, failures, last_at, next_at) VALUES ($1, $2, 1, $3, 0)
				ON CONFLICT (kind, key_hash) DO UPDATE SET
					failures = CASE WHEN signin_try.next_at > $3 THEN signin_try.failures ELSE signin_try.failures + 1 END,
					last_at  = CASE WHEN signin_try.next_at > $3 THEN signin_try.last_at ELSE $3 END
				RETURNING failures, next_at`, k.kind, k.hash(), sqldb.Millis(now)).Scan(&failures, &next)
			if err != nil {
				return err
			}
			if until := sqldb.Time(next); until.After(now) {
				early = max(early, until.Sub(now))
				continue
			}
			if wait := k.wait(failures); wait > 0 {
				if _, err := tx.Exec(ctx, `UPDATE signin_try SET next_at = $3 WHERE kind = $1 AND key_hash = $2`,
					k.kind, k.hash(), sqldb.Millis(now.Add(wait))); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil && early > 0 {
		err = errWait(early)
	}
	return err
}

func errWait(d time.Duration) error {
	wait := fmt.Sprintf("%d seconds", int(d.Seconds())+1)
	if d > 2*time.Minute {
		wait = fmt.Sprintf("%d minutes", int(d.Minutes())+1)
	}
	return fault.Invalidf("There were too many tries. Wait %s and try again. A code by mail or a passkey, if you have one, works at once, and so does a new password by a reset link.", wait)
}

// forgive ends the count of k after a try that was right. Of a network address,
// which many share, only this try is taken back: somebody who knows one password
// does not get more tries at others'.
func forgive(ctx context.Context, tx *sqldb.Tx, k tryKey) error {
	if k.kind != tryClient {
		return forgetTries(ctx, tx, k)
	}
	_, err := tx.Exec(ctx, `UPDATE signin_try SET failures = failures - 1, next_at = CASE WHEN failures <= $3 THEN 0 ELSE next_at END
		WHERE kind = $1 AND key_hash = $2 AND failures > 0`, k.kind, k.hash(), k.freeTries())
	return err
}

func forgetTries(ctx context.Context, tx *sqldb.Tx, k tryKey) error {
	_, err := tx.Exec(ctx, `DELETE FROM signin_try WHERE kind = $1 AND key_hash = $2`, k.kind, k.hash())
	return err
}

// forgetAddressTries ends the counts of an account's addresses.
func forgetAddressTries(ctx context.Context, tx *sqldb.Tx, accountID int64) error {
	keys, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (key string, err error) { return key, r.Scan(&key) },
		`SELECT address_key FROM account_address WHERE account_id = $1`, accountID)
	for _, key := range keys {
		if err == nil {
			err = forgetTries(ctx, tx, tryKey{tryAddress, key})
		}
	}
	return err
}

// clientOf is what a network address is counted as: one customer of a provider
// has a whole /64 of IPv6 addresses.
func clientOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return ""
	}
	return prefix.String()
}
