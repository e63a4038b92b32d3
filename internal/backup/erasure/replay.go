package erasure

import (
	"context"
	"errors"
	"time"

	"github.com/roundel/roundel/internal/attest"
	"github.com/roundel/roundel/internal/backup/journal"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Replay repeats erasures on a restored copy, in the caller's transaction, and
// returns how many were not in it yet. organisation finds an organisation by
// its public id; one that the copy does not know has nothing to erase.
func Replay(ctx context.Context, tx *sqldb.Tx, salt []byte, list []journal.Erasure, organisation func(publicid.ID) (int64, bool), now time.Time) (n int, err error) {
	var open []journal.Erasure
	for _, e := range list {
		done, err := known(ctx, tx, e.ID)
		if err != nil {
			return n, err
		}
		if !done {
			open = append(open, e)
		}
	}
	if len(open) == 0 {
		return 0, nil
	}
	addresses, err := wanted(ctx, tx, salt, open)
	if err != nil {
		return 0, err
	}
	for _, e := range open {
		var of int64
		if !e.Organisation.IsZero() {
			var found bool
			if of, found = organisation(e.Organisation); !found {
				continue
			}
		}
		if err := replay(ctx, tx, e, of, addresses[string(e.Hash)], now); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// replay repeats one erasure: of the awards by their ids, and of the address
// wherever it still stands.
func replay(ctx context.Context, tx *sqldb.Tx, e journal.Erasure, organisation int64, address string, now time.Time) error {
	if address != "" {
		if _, err := erase(ctx, tx, organisation, address, e.KeepDocuments, now); err != nil {
			return err
		}
	}
	r := row{public: e.ID, organisation: organisation, hash: e.Hash, keep: e.KeepDocuments, at: e.At}
	for _, id := range e.Awards {
		r.awards = append(r.awards, id.String())
		a, err := issuing.ByPublicID(ctx, tx, id)
		if fault.KindOf(err) == fault.NotFound { // awarded after the backup
			continue
		}
		if err != nil {
			return err
		}
		if a.Erased() {
			continue
		}
		if err := eraseAwards(ctx, tx, []*issuing.Award{a}, e.KeepDocuments, now); err != nil {
			return err
		}
		if _, err := outbox.Erase(ctx, tx, organisation, address, []int64{a.ID}); err != nil {
			return err
		}
	}
	return record(ctx, tx, r)
}

func known(ctx context.Context, tx *sqldb.Tx, id publicid.ID) (yes bool, err error) {
	return yes, tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM erasure WHERE public_id = $1)`, id).Scan(&yes)
}

// wanted finds the addresses, of those in the copy, that the erasures are of.
func wanted(ctx context.Context, tx *sqldb.Tx, salt []byte, list []journal.Erasure) (map[string]string, error) {
	found := map[string]string{}
	for _, e := range list {
		found[string(e.Hash)] = ""
	}
	seen := map[string]bool{}
	look := func(address string) {
		if seen[address] {
			return
		}
		seen[address] = true
		hash := string(journal.Hash(salt, address))
		if _, is := found[hash]; is {
			found[hash] = address
		}
	}
	return found, errors.Join(issuing.Addresses(ctx, tx, look), outbox.Addresses(ctx, tx, look), attest.Addresses(ctx, tx, look))
}
