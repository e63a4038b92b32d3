package backup_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/backup"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/fsck"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/sqldb"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// engines are what an installation can stand on.
var engines = []struct {
	name     string
	postgres bool
}{{"sqlite", false}, {"postgres", true}}

func source(h *apptest.House) *backup.Source {
	g := h.App.Ground
	return &backup.Source{DB: g.DB, Blobs: g.Blobs, Now: time.Now, Software: "test", BaseURL: h.BaseURL, KEK: "0123"}
}

// inMemory is an archive that lies in memory.
func inMemory(data []byte) *backup.Archive {
	return &backup.Archive{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

// empty returns a database without a schema.
func empty(t *testing.T, postgres bool) *sqldb.DB {
	t.Helper()
	url := filepath.Join(t.TempDir(), "empty.db")
	if postgres {
		url = dbtest.EmptyPostgresURL(t)
	}
	db, err := sqldb.Open(sqldb.ForInstallation(t.Context()), url)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

func folder(t *testing.T) *blob.Dir {
	t.Helper()
	d, err := blob.Open(filepath.Join(t.TempDir(), "blobs"))
	must(t, err)
	t.Cleanup(func() { must(t, d.Close()) })
	return d
}

// documents returns every signed document by its award's public id.
func documents(t *testing.T, db *sqldb.DB) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, db.Read(sqldb.ForInstallation(t.Context()), func(tx *sqldb.Tx) error {
		_, err := sqldb.Collect(t.Context(), tx, func(r *sql.Rows) (struct{}, error) {
			var id, doc []byte
			err := r.Scan(&id, &doc)
			all[fmt.Sprintf("%x", id)] = string(doc)
			return struct{}{}, err
		}, "SELECT public_id, document FROM award WHERE document IS NOT NULL")
		return err
	}))
	return all
}

// TestNothingAcknowledgedIsMissing backs up while many issue, and restores into
// both engines: whatever was answered before the backup began is there, byte
// for byte, and the copy is whole.
func TestNothingAcknowledgedIsMissing(t *testing.T) {
	for _, from := range engines {
		t.Run(from.name, func(t *testing.T) {
			h := apptest.StartHouse(t, apptest.Options{TLS: true, Postgres: from.postgres})
			ctx, stop := context.WithCancel(sqldb.ForInstallation(t.Context()))
			defer stop()
			var mu sync.Mutex
			acknowledged := map[string]string{}
			var n atomic.Int64
			var clients sync.WaitGroup
			for range 4 {
				clients.Go(func() {
					for ctx.Err() == nil {
						email := fmt.Sprintf("p%d@example.org", n.Add(1))
						a, err := h.App.Features.Issuing.Issue(ctx, h.Org.ID, h.OwnerID, issuing.Request{Badge: h.Badge.PublicID, Recipient: issuing.Recipient{Name: "P", Email: email}}, issuing.Retry{})
						if err != nil {
							if ctx.Err() == nil {
								t.Error(err)
							}
							return
						}
						mu.Lock()
						acknowledged[fmt.Sprintf("%x", a.PublicID[:])] = string(a.Document)
						mu.Unlock()
					}
				})
			}
			count := func() int { mu.Lock(); defer mu.Unlock(); return len(acknowledged) }
			for count() < 60 {
				time.Sleep(time.Millisecond)
			}
			mu.Lock()
			before := map[string]string{}
			for id, doc := range acknowledged {
				before[id] = doc
			}
			mu.Unlock()
			var file bytes.Buffer
			m, err := source(h).Write(ctx, &file, backup.NewID())
			must(t, err)
			during := count() - len(before)
			stop()
			clients.Wait()
			if m.Tables["award"].Rows < int64(len(before)) {
				t.Errorf("%d awards are in the backup, %d were acknowledged before", m.Tables["award"].Rows, len(before))
			}
			t.Logf("%d acknowledged before, %d more during the backup, %d in it", len(before), during, m.Tables["award"].Rows)
			for _, to := range engines {
				t.Run("into "+to.name, func(t *testing.T) {
					ctx := sqldb.ForInstallation(t.Context())
					db, blobs, a := empty(t, to.postgres), folder(t), inMemory(file.Bytes())
					header, _, err := a.Check(ctx)
					must(t, err)
					must(t, backup.Empty(ctx, db))
					must(t, a.Load(ctx, db, blobs, header.Schema))
					if backup.Ready(ctx, db) == nil {
						t.Error("a server would start before the erasures were repeated")
					}
					kept := documents(t, db)
					for id, doc := range before {
						if kept[id] != doc {
							t.Errorf("award %s is missing or changed", id)
						}
					}
					if err := backup.Empty(ctx, db); fault.KindOf(err) != fault.Conflict {
						t.Errorf("the database passes as empty: %v", err)
					}
					report, err := (&fsck.Checker{DB: db, Blobs: blobs}).Check(ctx)
					must(t, err)
					for _, p := range report.Problems {
						if !strings.Contains(p, "interrupted") { // awards whose second commit came after the snapshot
							t.Error(p)
						}
					}
					if report.Awards != m.Tables["award"].Rows || report.Pictures == 0 {
						t.Errorf("fsck saw %+v", report)
					}
					// Counters go on behind what was restored.
					must(t, db.Write(ctx, func(tx *sqldb.Tx) error {
						_, err := tx.Exec(ctx, "INSERT INTO event (organisation_id, kind, subject, at) VALUES (1, 'x.y', 1, 1)")
						return err
					}))
				})
			}
		})
	}
}

// sample returns a small backup and its parts' boundaries.
func sample(t *testing.T) []byte {
	t.Helper()
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	h.Award(t, "Maja", "maja@example.org")
	var file bytes.Buffer
	_, err := source(h).Write(sqldb.ForInstallation(t.Context()), &file, backup.NewID())
	must(t, err)
	return file.Bytes()
}

func TestDamagedArchivesAreRefused(t *testing.T) {
	plain := sample(t)
	key, err := age.GenerateX25519Identity()
	must(t, err)
	other, err := age.GenerateX25519Identity()
	must(t, err)
	dir := t.TempDir()
	sealed := filepath.Join(dir, "sealed")
	must(t, backup.WriteFile(sealed, []age.Recipient{key.Recipient()}, func(w io.Writer) error { _, err := w.Write(plain); return err }))
	encrypted, err := os.ReadFile(sealed)
	must(t, err)
	if bytes.Contains(encrypted, []byte("backup.json")) {
		t.Error("the file is not encrypted")
	}
	if _, _, err := backup.OpenFile(sealed, []age.Identity{key}).Check(t.Context()); err != nil {
		t.Errorf("a good archive is refused: %v", err)
	}
	for name, ids := range map[string][]age.Identity{"another key": {other}, "no key": nil} {
		if _, _, err := backup.OpenFile(sealed, ids).Check(t.Context()); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := func(name string, data []byte, ids ...age.Identity) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "bad")
		must(t, os.WriteFile(path, data, 0o600))
		if _, _, err := backup.OpenFile(path, ids).Check(t.Context()); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range 64 {
		at := len(encrypted) * n / 64
		bad(fmt.Sprintf("cut at %d", at), encrypted[:at], key)
		bad(fmt.Sprintf("cut at %d, not encrypted", len(plain)*n/64), plain[:len(plain)*n/64])
		flipped := bytes.Clone(encrypted)
		flipped[at] ^= 1
		bad(fmt.Sprintf("flipped at %d", at), flipped, key)
	}
	bad("something behind", append(bytes.Clone(encrypted), 0), key)
	bad("another file", []byte("PK\x03\x04 something else"))
	bad("an empty file", nil)
}

func TestWriteFileIsAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	if err := backup.WriteFile(path, nil, func(w io.Writer) error { io.WriteString(w, "half"); return errors.New("no") }); err == nil {
		t.Error("the error is lost")
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%v stayed", left)
	}
	must(t, backup.WriteFile(path, nil, func(w io.Writer) error { _, err := io.WriteString(w, "whole"); return err }))
	if err := backup.WriteFile(path, nil, func(io.Writer) error { return nil }); fault.KindOf(err) != fault.Conflict {
		t.Errorf("an existing file: %v", err)
	}
	if data, _ := os.ReadFile(path); string(data) != "whole" {
		t.Errorf("kept %q", data)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}
