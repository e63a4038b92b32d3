package transfer_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// packed writes files into an archive, as they are.
func packed(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, data := range files {
		f, err := z.Create(name)
		must(t, err)
		_, err = f.Write(data)
		must(t, err)
	}
	must(t, z.Close())
	return out.Bytes()
}

// forged changes the files of an export and gives it a manifest that fits: what
// anybody can do who has one.
func forged(t *testing.T, file []byte, change func(map[string][]byte)) []byte {
	t.Helper()
	_, all := site(t, file)
	change(all)
	var manifest map[string]any
	must(t, json.Unmarshal(all["manifest.json"], &manifest))
	sums := map[string]string{}
	for name, data := range all {
		if sum := sha256.Sum256(data); name != "manifest.json" {
			sums[name] = hex.EncodeToString(sum[:])
		}
	}
	manifest["files"] = sums
	text, err := json.Marshal(manifest)
	must(t, err)
	all["manifest.json"] = text
	return packed(t, all)
}

// counted counts what is put into a store.
type counted struct {
	blob.Store
	puts int
}

func (c *counted) Put(ctx context.Context, data []byte) (string, error) {
	c.puts++
	return c.Store.Put(ctx, data)
}

// TestAConflictLeavesNothingBehind: what is refused puts no pictures anywhere.
func TestAConflictLeavesNothingBehind(t *testing.T) {
	w := newWorld(t, false)
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		s, owner := other(t, w.BaseURL, db)
		a := open(t, w.file)
		_, err := s.Import(w.ctx, a, owner, nil)
		must(t, err)
		store := &counted{Store: s.Blobs}
		s.Blobs = store
		if _, err := s.Import(w.ctx, a, owner, nil); fault.KindOf(err) != fault.Conflict {
			t.Errorf("the second import: %v", err)
		}
		if store.puts != 0 {
			t.Errorf("%d pictures were put into the store", store.puts)
		}
	})
}

// TestAPictureUnderAWrongName is refused before it is kept.
func TestAPictureUnderAWrongName(t *testing.T) {
	w := newWorld(t, false)
	s, owner := other(t, w.BaseURL, dbtest.Open(t))
	store := &counted{Store: s.Blobs}
	s.Blobs = store
	file := forged(t, w.file, func(f map[string][]byte) {
		maps.DeleteFunc(f, func(name string, _ []byte) bool { return strings.HasPrefix(name, "site/pictures/") })
		f["site/pictures/x.png"] = []byte("something else")
	})
	if _, err := s.Import(w.ctx, open(t, file), owner, nil); fault.KindOf(err) != fault.Invalid || store.puts != 0 {
		t.Errorf("%d pictures kept, %v", store.puts, err)
	}
}
