package audit_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/sqldb"
)

var secret = []byte("not in the database")

func sealer(db *sqldb.DB, log *bytes.Buffer) *audit.Sealer {
	return &audit.Sealer{DB: db, Now: time.Now, Secret: secret, Log: slog.New(slog.NewTextHandler(log, nil))}
}

func seal(t *testing.T, db *sqldb.DB) (n int) {
	t.Helper()
	n, err := sealer(db, &bytes.Buffer{}).Seal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func verify(t *testing.T, db *sqldb.DB, heads ...audit.Head) *audit.Report {
	t.Helper()
	r, err := audit.Verify(t.Context(), db, secret, heads...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// entries records n entries, in turn for the organisations 1 and 2.
func entries(t *testing.T, db *sqldb.DB, n int) {
	t.Helper()
	ctx := audit.With(t.Context(), audit.Origin{AccountID: 7, Address: "192.0.2.9"})
	for i := range n {
		write(ctx, t, db, audit.Entry{OrganisationID: int64(1 + i%2), Action: "award.revoked", Subject: "award", SubjectID: int64(i), Data: map[string]string{"reason": "error"}})
	}
}

// do changes the database behind the back of the package.
func do(t *testing.T, db *sqldb.DB, query string, args ...any) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
		n, err := tx.Exec(t.Context(), query, args...)
		if err == nil && n == 0 {
			err = errors.New("changed nothing: " + query)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestChainsAreWhole(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		entries(t, db, 5)
		if r := verify(t, db); r.Entries != 5 || r.Unsealed != 5 || len(r.Heads) != 0 || len(r.Problems) != 0 {
			t.Errorf("before sealing: %+v", r)
		}
		if n := seal(t, db); n != 5 {
			t.Errorf("sealed %d", n)
		}
		entries(t, db, 4)
		if n := seal(t, db) + seal(t, db); n != 4 {
			t.Errorf("sealed %d", n)
		}
		entries(t, db, 1)
		r := verify(t, db)
		if r.Entries != 10 || r.Unsealed != 1 || len(r.Problems) != 0 || len(r.Heads) != 2 || r.Heads[0].Position != 5 || r.Heads[1].Position != 4 {
			t.Errorf("%+v", r)
		}
		heads, err := audit.Heads(t.Context(), db)
		if err != nil || !slices.Equal(heads, r.Heads) {
			t.Errorf("heads %v, walked to %v: %v", heads, r.Heads, err)
		}
	})
}

// What an attacker, or a careless administrator, might do to the tables.
func TestTamperingIsNamed(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		entries(t, db, 6) // ids 1 to 6; 1, 3, 5 belong to the organisation 1
		seal(t, db)
		heads := verify(t, db).Heads
		for name, c := range map[string]struct {
			do, undo string
			want     string
		}{
			"action": {`UPDATE audit_entry SET action = 'award.issued' WHERE id = 3`, `UPDATE audit_entry SET action = 'award.revoked' WHERE id = 3`,
				`entry 3 (organisation 1, position 2, "award.issued") was edited`},
			"time":              {`UPDATE audit_entry SET at = at - 1 WHERE id = 3`, `UPDATE audit_entry SET at = at + 1 WHERE id = 3`, "entry 3 .* was edited"},
			"who":               {`UPDATE audit_entry SET account_id = 8 WHERE id = 3`, `UPDATE audit_entry SET account_id = 7 WHERE id = 3`, "entry 3 .* was edited"},
			"which":             {`UPDATE audit_entry SET subject_id = 8 WHERE id = 3`, `UPDATE audit_entry SET subject_id = 2 WHERE id = 3`, "entry 3 .* was edited"},
			"from where":        {`UPDATE audit_entry SET address = '192.0.2.8' WHERE id = 3`, `UPDATE audit_entry SET address = '192.0.2.9' WHERE id = 3`, "entry 3 .* was edited"},
			"data":              {`UPDATE audit_entry SET data = '{}' WHERE id = 3`, `UPDATE audit_entry SET data = '{"reason":"error"}' WHERE id = 3`, "entry 3 .* was edited"},
			"data that is none": {`UPDATE audit_entry SET data = 'x' WHERE id = 3`, `UPDATE audit_entry SET data = '{"reason":"error"}' WHERE id = 3`, "entry 3 .* was edited"},
			"moved": {`UPDATE audit_entry SET organisation_id = 2 WHERE id = 3`, `UPDATE audit_entry SET organisation_id = 1 WHERE id = 3`,
				`(?s)entry 3 \(organisation 1, position 2\) is missing.*entry 3 \(organisation 2, .* was inserted`},
			"missing":     {`UPDATE audit_entry SET id = 99 WHERE id = 3`, `UPDATE audit_entry SET id = 3 WHERE id = 99`, `entry 3 \(organisation 1, position 2\) is missing`},
			"at the end":  {`UPDATE audit_entry SET id = 99 WHERE id = 6`, `UPDATE audit_entry SET id = 6 WHERE id = 99`, `entry 6 \(organisation 2, position 3\) is missing`},
			"seal's hash": {`UPDATE audit_seal SET position = position, hash = mac WHERE organisation_id = 1`, ``, "organisation 1: the seal at position 3 was edited"},
		} {
			t.Run(name, func(t *testing.T) {
				var hash []byte
				if err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
					return tx.QueryRow(t.Context(), `SELECT hash FROM audit_seal WHERE organisation_id = 1`).Scan(&hash)
				}); err != nil {
					t.Fatal(err)
				}
				do(t, db, c.do)
				got := strings.Join(verify(t, db, heads...).Problems, "\n")
				if !strings.Contains(got, c.want) && !regexp.MustCompile(c.want).MatchString(got) {
					t.Errorf("found %q, want %q", got, c.want)
				}
				if c.undo != "" {
					do(t, db, c.undo)
				} else {
					do(t, db, `UPDATE audit_seal SET hash = $1 WHERE organisation_id = 1`, hash)
				}
				if p := verify(t, db, heads...).Problems; len(p) > 0 {
					t.Fatalf("after undoing it: %q", p)
				}
			})
		}
	})
}

func TestInsertedEntryIsNamed(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		entries(t, db, 2)
		do(t, db, `UPDATE audit_entry SET id = 5 WHERE id = 2`)
		seal(t, db)
		do(t, db, `INSERT INTO audit_entry (id, organisation_id, at, action, subject, subject_id, account_id, token_id, service, address, salt, request_id, data, digest)
			SELECT 3, organisation_id, at, action, subject, subject_id, account_id, token_id, service, address, salt, request_id, data, digest FROM audit_entry WHERE id = 5`)
		if p := verify(t, db).Problems; len(p) == 0 || !strings.Contains(p[0], `entry 3 (organisation 2, "award.revoked") was inserted`) {
			t.Errorf("%q", p)
		}
	})
}

func TestUnsealedEntryIsGuardedToo(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		entries(t, db, 3)
		do(t, db, `UPDATE audit_entry SET account_id = 8 WHERE id = 2`)
		if p := verify(t, db).Problems; len(p) != 1 || !strings.Contains(p[0], "entry 2 (organisation 2, \"award.revoked\") was edited before it was sealed") {
			t.Errorf("before sealing: %q", p)
		}
		seal(t, db) // must not make it good
		if p := verify(t, db).Problems; len(p) != 1 || !strings.Contains(p[0], "entry 2 (organisation 2, position 1, \"award.revoked\") was edited") {
			t.Errorf("after sealing: %q", p)
		}
	})
}

func TestUnsealedEntryTakenAwayLeavesAGapOnSQLite(t *testing.T) {
	db := dbtest.Open(t)
	entries(t, db, 3)
	do(t, db, `DELETE FROM audit_entry WHERE id = 2`)
	seal(t, db)
	if p := verify(t, db).Problems; len(p) != 1 || !strings.Contains(p[0], "1 entries were taken away before they were sealed") {
		t.Errorf("%q", p)
	}
}

// Who can write to the database but has not the key cannot forge a chain; who
// cuts entries off together with their seals is found by a head kept elsewhere.
func TestForgedAndShortenedChains(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		entries(t, db, 4)
		seal(t, db)
		old := verify(t, db).Heads
		entries(t, db, 2)
		seal(t, db)
		heads := verify(t, db).Heads
		if p := verify(t, db, append(old, heads...)...).Problems; len(p) > 0 {
			t.Fatalf("whole: %q", p)
		}

		do(t, db, `DELETE FROM audit_entry WHERE id > 4`)
		do(t, db, `DELETE FROM audit_seal WHERE position = 3`)
		do(t, db, `UPDATE audit_cursor SET last_id = 4`)
		if p := verify(t, db, old...).Problems; len(p) > 0 {
			t.Errorf("an older head is still on the chain: %q", p)
		}
		if p := verify(t, db, heads...).Problems; len(p) != 2 || !strings.Contains(p[0], "organisation 1: the chain does not reach position 3") {
			t.Errorf("cut off: %q", p)
		}

		// All of it again, by one who has the program but not the key.
		do(t, db, `DELETE FROM audit_seal`)
		do(t, db, `UPDATE audit_entry SET organisation_id = 2 WHERE id = 1`)
		do(t, db, `DELETE FROM audit_entry`)
		do(t, db, `UPDATE audit_cursor SET last_id = 0`)
		entries(t, db, 6)
		forger := sealer(db, &bytes.Buffer{})
		forger.Secret = []byte("guessed")
		if _, err := forger.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		if p := verify(t, db).Problems; len(p) < 2 || !strings.Contains(p[0], "organisation 1: the seal at position 3 was not made by this installation") {
			t.Errorf("forged: %q", p)
		}
		r, err := audit.Verify(t.Context(), db, nil, heads...)
		if err != nil || len(r.Problems) < 2 || !strings.Contains(r.Problems[0], "it was made anew") {
			t.Errorf("forged, seen by one without the key but with a head: %+v, %v", r, err)
		}
	})
}

func TestMissingSealIsNamed(t *testing.T) {
	db := dbtest.Open(t)
	for range 3 {
		entries(t, db, 2)
		seal(t, db)
	}
	do(t, db, `DELETE FROM audit_seal WHERE organisation_id = 1 AND position = 2`)
	p := strings.Join(verify(t, db).Problems, "\n")
	if !strings.Contains(p, "organisation 1: a seal is missing between the positions 1 and 2 of the chain") || !strings.Contains(p, "entry 3 (organisation 1, \"award.revoked\") was inserted or moved there") {
		t.Errorf("%s", p)
	}
}

// Many writers, some of which roll back, and two nodes that seal.
func TestSealingBesideWriters(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		const writers, each = 8, 25
		var wg sync.WaitGroup
		stop := make(chan struct{})
		var sealers sync.WaitGroup
		for range 2 {
			sealers.Go(func() {
				s := sealer(db, &bytes.Buffer{})
				for {
					if _, err := s.Seal(context.Background()); err != nil {
						t.Error(err)
						return
					}
					select {
					case <-stop:
						return
					default:
					}
				}
			})
		}
		undone := errors.New("rolled back")
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					err := db.Write(context.Background(), func(tx *sqldb.Tx) error {
						if err := audit.Record(context.Background(), tx, audit.Entry{OrganisationID: int64(w % 3), Action: "award.issued", SubjectID: int64(i)}); err != nil {
							return err
						}
						if i%5 == 4 {
							return undone
						}
						return nil
					})
					if err != nil && !errors.Is(err, undone) {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		close(stop)
		sealers.Wait()
		seal(t, db)
		r := verify(t, db)
		if want := int64(writers * each * 4 / 5); r.Entries != want || r.Unsealed != 0 || len(r.Problems) > 0 {
			t.Errorf("%d entries, %d unsealed, want %d and none: %q", r.Entries, r.Unsealed, want, r.Problems)
		}
	})
}

func TestRunSealsWhatIsLeftAndTellsTheHead(t *testing.T) {
	db := dbtest.Open(t)
	entries(t, db, 3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var log bytes.Buffer
	sealer(db, &log).Run(ctx)
	r := verify(t, db)
	if r.Unsealed != 0 || len(r.Heads) != 2 {
		t.Fatalf("%+v", r)
	}
	for _, h := range r.Heads {
		if !strings.Contains(log.String(), "head="+h.String()) {
			t.Errorf("the log does not tell of %s: %s", h, &log)
		}
	}
}

func TestForgottenAddressesKeepTheChain(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := audit.With(t.Context(), audit.Origin{Address: "192.0.2.9"})
		write(ctx, t, db, audit.Entry{Action: "a.b", At: time.UnixMilli(1000)}, audit.Entry{Action: "a.b", At: time.UnixMilli(3000)})
		seal(t, db)
		n, err := audit.ForgetAddresses(t.Context(), db, time.UnixMilli(2000))
		if err != nil || n != 1 {
			t.Fatalf("forgot %d: %v", n, err)
		}
		if n := number(t, db, `SELECT count(*) FROM audit_entry WHERE address = '192.0.2.9'`); n != 1 {
			t.Errorf("%d addresses are left", n)
		}
		if p := verify(t, db).Problems; len(p) > 0 {
			t.Errorf("%q", p)
		}
		do(t, db, `UPDATE audit_entry SET address = '192.0.2.10' WHERE at = 1000`)
		if p := verify(t, db).Problems; len(p) != 1 {
			t.Errorf("another address in the place of the forgotten one: %q", p)
		}
	})
}

func TestParseHead(t *testing.T) {
	h := audit.Head{Organisation: 3, Position: 4, Hash: audit.Hash{1, 2}}
	if got, err := audit.ParseHead(h.String()); err != nil || got != h {
		t.Errorf("%v: %v", got, err)
	}
	full := hex.EncodeToString(make([]byte, 32))
	for _, bad := range []string{"", "1:2", "1:2:", "1:2:xyz", "1:2:" + full[:62], "-1:2:" + full, "1:-2:" + full, "a:2:" + full, "1:2:" + full + ":", fmt.Sprint("1:2:", full, "00")} {
		if h, err := audit.ParseHead(bad); err == nil || h != (audit.Head{}) {
			t.Errorf("%q was read as %v", bad, h)
		}
	}
}
