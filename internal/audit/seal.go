package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/roundel/roundel/internal/sqldb"
)

// How the sealer works.
const (
	sealRows   = 2000             // entries sealed in one transaction, at most
	sealDelay  = time.Second / 2  // from the first entry to sealing it and those that came meanwhile
	sealPoll   = 10 * time.Second // for entries of nodes that died before they sealed them
	headsEvery = time.Hour        // how often the heads of the chains that grew are logged
)

// Sealer puts entries into the chains of their organisations. Writers only
// insert and never wait for a chain; the sealer follows them, on every node,
// and whichever node comes first seals. Set the fields before Run.
type Sealer struct {
	DB     *sqldb.DB
	Now    func() time.Time
	Secret []byte // derived from the key-encryption key
	Log    *slog.Logger

	Keep time.Duration // how long network addresses are kept; zero: for good

	printed map[int64]int64 // organisation -> position of the head that was logged last
}

// Run seals until ctx ends, and what is left then.
func (s *Sealer) Run(ctx context.Context) {
	ctx = sqldb.ForInstallation(ctx)
	wake := make(chan struct{}, 1)
	defer s.DB.Listen(Topic, func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})()
	poll, heads := time.NewTicker(sealPoll), time.NewTicker(headsEvery)
	defer poll.Stop()
	defer heads.Stop()
	for ctx.Err() == nil {
		s.once(context.WithoutCancel(ctx))
		select {
		case <-wake:
			wait := time.NewTimer(sealDelay)
			select {
			case <-wait.C:
			case <-ctx.Done():
				wait.Stop()
			}
		case <-poll.C:
		case <-heads.C:
			s.hourly(context.WithoutCancel(ctx))
		case <-ctx.Done():
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	s.once(ctx)
	s.hourly(ctx)
}

// once seals, and logs what keeps it from doing so: the next look tries again.
func (s *Sealer) once(ctx context.Context) {
	defer s.recovered()
	if _, err := s.Seal(ctx); err != nil {
		s.Log.Error("sealing the audit log failed; trying again", "err", err)
	}
}

func (s *Sealer) hourly(ctx context.Context) {
	defer s.recovered()
	if err := s.printHeads(ctx); err != nil {
		s.Log.Error("reading the heads of the audit log failed", "err", err)
	}
	if s.Keep > 0 {
		if _, err := ForgetAddresses(ctx, s.DB, s.Now().Add(-s.Keep)); err != nil {
			s.Log.Error("forgetting addresses in the audit log failed; trying again", "err", err)
		}
	}
}

func (s *Sealer) recovered() {
	if v := recover(); v != nil {
		s.Log.Error("panic in the audit log's sealer", "value", v, "stack", string(debug.Stack()))
	}
}

// Seal seals every entry that was committed before the call and returns how many.
func (s *Sealer) Seal(ctx context.Context) (n int, err error) {
	for {
		sealed, more, err := s.seal(ctx)
		if err != nil {
			return n, fmt.Errorf("seal the audit log: %w", err)
		}
		if n += sealed; !more {
			return n, nil
		}
	}
}

// errOvertaken says that another node sealed meanwhile.
var errOvertaken = errors.New("another node sealed these entries")

// seal seals one run of entries. more reports that there may be others, behind a
// gap for example.
//
// Entries are read outside the transaction that seals, which then touches only
// tables of the sealers: on PostgreSQL no writer's transaction can clash with it.
func (s *Sealer) seal(ctx context.Context) (n int, more bool, err error) {
	cursor, entries, err := s.unsealed(ctx)
	if err != nil || len(entries) == 0 {
		return 0, false, err
	}
	last := entries[len(entries)-1].id
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		moved, err := tx.Exec(ctx, `UPDATE audit_cursor SET last_id = $2 WHERE id = 1 AND last_id = $1`, cursor, last)
		if err != nil {
			return err
		}
		if moved == 0 {
			return errOvertaken
		}
		byOrganisation := map[int64][]member{}
		for _, e := range entries {
			byOrganisation[e.organisation] = append(byOrganisation[e.organisation], e.member)
		}
		for organisation, members := range byOrganisation {
			if err := s.link(ctx, tx, organisation, members); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errOvertaken) {
		return 0, true, nil
	}
	return len(entries), true, err
}

// link adds members to the chain of an organisation.
func (s *Sealer) link(ctx context.Context, tx *sqldb.Tx, organisation int64, members []member) error {
	h, err := head(ctx, tx, organisation)
	if err != nil {
		return err
	}
	for _, m := range members {
		h.Position, h.Hash = h.Position+1, next(h.Hash, m.digest)
	}
	_, err = tx.Exec(ctx, `INSERT INTO audit_seal (organisation_id, position, entries, members, hash, mac, sealed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, organisation, h.Position, len(members), packMembers(members), h.Hash[:], h.mac(s.Secret), sqldb.Millis(s.Now()))
	return err
}

// head returns the end of an organisation's chain.
func head(ctx context.Context, tx *sqldb.Tx, organisation int64) (Head, error) {
	h := Head{Organisation: organisation}
	var hash []byte
	err := tx.QueryRow(ctx, `SELECT position, hash FROM audit_seal WHERE organisation_id = $1
		ORDER BY position DESC LIMIT 1`, organisation).Scan(&h.Position, &hash)
	switch {
	case errors.Is(err, sqldb.ErrNoRows):
		h.Hash = start(organisation)
	case err != nil:
		return h, err
	case len(hash) != len(h.Hash):
		return h, fmt.Errorf("the head of organisation %d's audit log is damaged: see roundel fsck", organisation)
	default:
		h.Hash = Hash(hash)
	}
	return h, nil
}

// waiting is an entry that is not sealed yet.
type waiting struct {
	member
	organisation int64
}

// unsealed returns the entries behind the cursor up to the first whose id may
// still be preceded by one to come.
func (s *Sealer) unsealed(ctx context.Context) (cursor int64, entries []waiting, err error) {
	read := func(tx *sqldb.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT last_id FROM audit_cursor WHERE id = 1`).Scan(&cursor); err != nil {
			return err
		}
		entries, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (w waiting, err error) {
			var digest []byte
			err = r.Scan(&w.id, &w.organisation, &digest)
			copy(w.digest[:], digest) // of another length only when somebody edited it: then it does not fit
			return w, err
		}, `SELECT id, organisation_id, digest FROM audit_entry WHERE id > $1 ORDER BY id LIMIT $2`, cursor, sealRows)
		return err
	}
	if err := s.DB.Read(ctx, read); err != nil || len(entries) == 0 {
		return 0, nil, err
	}
	for i, e := range entries {
		if e.id == cursor+int64(i)+1 {
			continue
		}
		if i > 0 {
			return cursor, entries[:i], nil
		}
		// The missing one was rolled back, or is still to come: wait for those
		// that are under way, and what is missing then never comes.
		if err := s.DB.Write(ctx, func(tx *sqldb.Tx) error { return tx.AwaitInserts(ctx, "audit_entry") }); err != nil {
			return 0, nil, err
		}
		last := entries[len(entries)-1].id
		if err := s.DB.Read(ctx, read); err != nil {
			return 0, nil, err
		}
		for n, e := range entries { // no further than the wait reached
			if e.id > last {
				entries = entries[:n]
				break
			}
		}
		return cursor, entries, nil
	}
	return cursor, entries, nil
}

// Heads returns the end of every chain.
func Heads(ctx context.Context, db *sqldb.DB) (heads []Head, err error) {
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		heads, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (h Head, err error) {
			var hash []byte
			err = r.Scan(&h.Organisation, &h.Position, &hash)
			copy(h.Hash[:], hash)
			return h, err
		}, `SELECT s.organisation_id, s.position, s.hash FROM audit_seal s
			JOIN (SELECT organisation_id AS organisation, max(position) AS last FROM audit_seal GROUP BY organisation_id) h
				ON h.organisation = s.organisation_id AND h.last = s.position
			ORDER BY s.organisation_id`)
		return err
	})
	return heads, err
}

// printHeads logs the heads of the chains that grew since it did so last. A log
// that leaves the machine thereby holds what the end of the chain was: entries
// cut off the end show when it is compared.
func (s *Sealer) printHeads(ctx context.Context) error {
	heads, err := Heads(ctx, s.DB)
	if err != nil {
		return err
	}
	if s.printed == nil {
		s.printed = map[int64]int64{}
	}
	for _, h := range heads {
		if s.printed[h.Organisation] != h.Position {
			s.Log.Info("audit log", "head", h.String())
			s.printed[h.Organisation] = h.Position
		}
	}
	return nil
}

// ForgetAddresses empties the network addresses of entries from before a time
// and returns how many. What the chain says of them stays: a hash over the
// address and a salt that is gone with it.
func ForgetAddresses(ctx context.Context, db *sqldb.DB, before time.Time) (n int64, err error) {
	type kept struct {
		id      int64
		salt    []byte
		address string
	}
	for {
		var some []kept
		err := db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			some, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (k kept, err error) {
				return k, r.Scan(&k.id, &k.salt, &k.address)
			}, `SELECT id, salt, address FROM audit_entry WHERE at < $1 AND address <> '' ORDER BY at LIMIT 500`, sqldb.Millis(before))
			for _, k := range some {
				c := commit(k.salt, k.address)
				if _, err := tx.Exec(ctx, `UPDATE audit_entry SET address = '', salt = $2 WHERE id = $1`, k.id, c[:]); err != nil {
					return err
				}
			}
			return err
		})
		if n += int64(len(some)); err != nil || len(some) == 0 {
			return n, err
		}
	}
}
