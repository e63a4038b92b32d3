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
	"time"

	"filippo.io/age"

	"github.com/roundel/roundel/internal/backup/transfer"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/fsck"
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

// edited changes values of a JSON file that holds one object.
func edited(t *testing.T, text []byte, changes map[string]any) []byte {
	t.Helper()
	var all map[string]any
	must(t, json.Unmarshal(text, &all))
	maps.Copy(all, changes)
	text, err := json.Marshal(all)
	must(t, err)
	return text
}

// TestProfilesAreHeldToOurRules: an archive says nothing of an organisation that
// nobody could enter.
func TestProfilesAreHeldToOurRules(t *testing.T) {
	w := newWorld(t, false)
	s, owner := other(t, w.BaseURL, dbtest.Open(t))
	for field, values := range map[string][]any{
		"slug":        {"../../x", "new", "sample", "", "a b", "A", "-a", "a--b", strings.Repeat("a", 65)},
		"website":     {"javascript:alert(1)", "https://u:p@example.org"},
		"accent":      {"</style><script>", "red"},
		"name":        {strings.Repeat("n", 4000), "", "a\u202eb"},
		"email":       {"nobody"},
		"lawfulBasis": {strings.Repeat("x", 501)},
	} {
		for _, value := range values {
			file := forged(t, w.file, func(f map[string][]byte) {
				f["organisation.json"] = edited(t, f["organisation.json"], map[string]any{field: value})
			})
			if _, err := s.Import(w.ctx, open(t, file), owner, nil); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s %.40q: %v", field, value, err)
			}
		}
	}
	if _, err := s.Import(w.ctx, open(t, w.file), owner, nil); err != nil {
		t.Errorf("the organisation as it was: %v", err)
	}
}

// TestCarriedTimesProveNothing: whoever has a key can write an archive with any
// times in it. None of them shows that a badge was signed before the key was
// taken back; that the badge was here before does.
func TestCarriedTimesProveNothing(t *testing.T) {
	w := newWorld(t, false)
	private, err := open(t, w.file).Private([]age.Identity{w.identity})
	must(t, err)
	const old = 1_000_000_000_000
	for name, c := range map[string]struct {
		key     map[string]any
		private map[string]string
		here    bool // the record shows the time of the import
	}{
		"in force":               {nil, private, true},
		"ended by the import":    {nil, nil, true},
		"ended before":           {map[string]any{"retiredAt": old + 9}, private, false},
		"compromised before":     {map[string]any{"compromisedAt": old + 9, "reportedAt": old + 9, "retiredAt": old + 9}, nil, false},
		"compromised, not ended": {map[string]any{"compromisedAt": old + 9}, private, true},
		"to end at a later time": {map[string]any{"retiredAt": time.Now().Add(time.Hour).UnixMilli()}, private, true},
	} {
		t.Run(name, func(t *testing.T) {
			file := forged(t, w.file, func(f map[string][]byte) {
				var keys []map[string]any
				must(t, json.Unmarshal(f["keys.json"], &keys))
				for _, k := range keys {
					maps.Copy(k, c.key)
				}
				f["keys.json"], err = json.Marshal(keys)
				must(t, err)
				lines := bytes.Split(bytes.TrimSpace(f["awards.jsonl"]), []byte("\n"))
				for i, line := range lines {
					lines[i] = edited(t, line, map[string]any{"issuedAt": old})
				}
				f["awards.jsonl"] = bytes.Join(lines, []byte("\n"))
			})
			s, owner := other(t, w.BaseURL, dbtest.Open(t))
			before := time.Now().Truncate(time.Millisecond).Add(-time.Millisecond)
			o, err := s.Import(w.ctx, open(t, file), owner, c.private)
			must(t, err)
			var doc struct{ Proof []struct{ ProofValue string } }
			must(t, json.Unmarshal(w.good.Document, &doc))
			at, err := s.Issuing.SignedAt(w.ctx, w.BaseURL+"/awards/"+w.good.PublicID.String(), doc.Proof[0].ProofValue)
			must(t, err)
			if c.here == at.IsZero() || c.here && at.Before(before) {
				t.Errorf("it counts as signed at %v", at)
			}
			used, err := s.Keys.Used(w.ctx, o.ID)
			must(t, err)
			n, err := s.Keys.SignedSince(w.ctx, used[len(used)-1].Key, time.Now().Add(time.Minute))
			must(t, err)
			if want := map[bool]int64{false: 3, true: 0}[c.here]; n != want {
				t.Errorf("%d badges would become invalid, want %d", n, want)
			}
			r, err := (&fsck.Checker{DB: s.DB, Blobs: s.Blobs, Keys: s.Keys}).Check(w.ctx)
			must(t, err)
			for _, p := range r.Problems {
				t.Error(p)
			}
		})
	}
}

// TestDocumentsMustHold: an archive brings no badge that a key of its own has
// not signed, and none that says something else than its award.
func TestDocumentsMustHold(t *testing.T) {
	w := newWorld(t, false)
	s, owner := other(t, w.BaseURL, dbtest.Open(t))
	of := func(f map[string][]byte, n int) (award map[string]any, document string) {
		must(t, json.Unmarshal(bytes.Split(f["awards.jsonl"], []byte("\n"))[n], &award))
		return award, "site/awards/" + award["id"].(string) + ".json"
	}
	award := func(f map[string][]byte, changes map[string]any) {
		lines := bytes.SplitAfter(f["awards.jsonl"], []byte("\n"))
		lines[0] = append(edited(t, lines[0], changes), '\n')
		f["awards.jsonl"] = bytes.Join(lines, nil)
	}
	for what, change := range map[string]func(f map[string][]byte){
		"a word changed": func(f map[string][]byte) {
			_, name := of(f, 0)
			f[name] = bytes.Replace(f[name], []byte(`"validFrom":"2`), []byte(`"validFrom":"1`), 1)
		},
		"a document of another award": func(f map[string][]byte) {
			_, one := of(f, 0)
			_, two := of(f, 1)
			f[one] = f[two]
		},
		"no document": func(f map[string][]byte) { _, name := of(f, 0); f[name] = nil },
		"no proof": func(f map[string][]byte) {
			_, name := of(f, 0)
			f[name] = edited(t, f[name], map[string]any{"proof": nil})
		},
		"another recipient":   func(f map[string][]byte) { award(f, map[string]any{"recipientEmail": "eve@example.org"}) },
		"another place":       func(f map[string][]byte) { award(f, map[string]any{"revocationIndex": 7}) },
		"another time":        func(f map[string][]byte) { award(f, map[string]any{"validUntil": 4_000_000_000_000}) },
		"no trial":            func(f map[string][]byte) { award(f, map[string]any{"trial": true}) },
		"no JSON":             func(f map[string][]byte) { award(f, map[string]any{"details": "{"}) },
		"an unknown answer":   func(f map[string][]byte) { award(f, map[string]any{"claim": "perhaps"}) },
		"an unknown reason":   func(f map[string][]byte) { award(f, map[string]any{"reason": "<script>"}) },
		"keys of nobody here": func(f map[string][]byte) { f["keys.json"] = []byte("[]") },
	} {
		file := forged(t, w.file, change)
		if _, err := s.Import(w.ctx, open(t, file), owner, nil); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
	must(t, s.DB.Read(w.ctx, func(tx *sqldb.Tx) error {
		var n int
		err := tx.QueryRow(w.ctx, `SELECT count(*) FROM award`).Scan(&n)
		if n != 0 {
			t.Errorf("%d awards were taken in", n)
		}
		return err
	}))
}

// TestArchivesThatUnfoldWithoutEnd are refused before they are in memory.
func TestArchivesThatUnfoldWithoutEnd(t *testing.T) {
	w := newWorld(t, false)
	_, all := site(t, w.file)
	all["manifest.json"] = bytes.Repeat([]byte(" "), 257<<20)
	file := packed(t, all)
	if len(file) > 2<<20 {
		t.Fatalf("the archive has %d bytes", len(file))
	}
	_, err := transfer.Open(bytes.NewReader(file), int64(len(file)))
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Message(err), "more than 256 MiB") {
		t.Errorf("%v", err)
	}
}
