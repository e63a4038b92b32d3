package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/roundel/roundel/internal/sqldb"
)

// Source is an installation to back up. It goes on working meanwhile.
type Source struct {
	DB       *sqldb.DB
	Blobs    Blobs
	Now      func() time.Time
	Software string // version
	BaseURL  string
	KEK      string // fingerprint of the key-encryption key
}

// writer writes the archive, one entry after the other.
type writer struct {
	tar      *tar.Writer
	at       time.Time
	manifest Manifest
}

// Write writes a backup with this id to w and returns what it holds.
//
// The tables are those of one moment, after the call began: every write that
// was answered before is in it. Memory is bounded by the largest row and blob.
func (s *Source) Write(ctx context.Context, w io.Writer, id string) (*Manifest, error) {
	pack, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, err
	}
	out := &writer{tar: tar.NewWriter(pack), at: s.Now().UTC(), manifest: Manifest{ID: id, Tables: map[string]Count{}}}
	if err := s.tables(ctx, out); err != nil {
		return nil, fmt.Errorf("copy the tables: %w", err)
	}
	// Blobs come second: what the tables name was kept before them, and stays.
	if err := s.blobs(ctx, out); err != nil {
		return nil, fmt.Errorf("copy the pictures: %w", err)
	}
	if _, err := out.json("manifest.json", out.manifest); err != nil {
		return nil, err
	}
	if err := out.tar.Close(); err != nil {
		return nil, err
	}
	return &out.manifest, pack.Close()
}

// tables writes the header and every table from one snapshot.
func (s *Source) tables(ctx context.Context, out *writer) error {
	schema, _, err := s.DB.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	return s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		tables, err := tx.Tables(ctx)
		if err != nil {
			return err
		}
		h := Header{
			Format: Format, ID: out.manifest.ID, MadeAt: out.at, Software: s.Software, Schema: schema,
			Engine: s.DB.Dialect(), BaseURL: s.BaseURL, KEK: s.KEK,
		}
		for _, t := range tables {
			h.Tables = append(h.Tables, layout(t))
		}
		if out.manifest.Header, err = out.json("backup.json", h); err != nil {
			return err
		}
		for _, t := range tables {
			if out.manifest.Tables[t.Name], err = copyTable(ctx, tx, t, out); err != nil {
				return fmt.Errorf("table %s: %w", t.Name, err)
			}
		}
		return nil
	})
}

// copyTable writes the rows of t in parts, in the order of its key.
func copyTable(ctx context.Context, tx *sqldb.Tx, t sqldb.Table, out *writer) (Count, error) {
	return eachPart(ctx, tx, t, nil, func(n int, part []byte) error { return out.entry(partName(t.Name, n), part) })
}

// CountTable returns how many rows t has, and the digest over their text in the
// order of its key, which is the same on both engines. Rows that leave picks do
// not count; it may be nil.
func CountTable(ctx context.Context, tx *sqldb.Tx, t sqldb.Table, leave func(row []any) bool) (Count, error) {
	return eachPart(ctx, tx, t, leave, func(int, []byte) error { return nil })
}

// eachPart calls do with the rows of t in parts, numbered from 1.
func eachPart(ctx context.Context, tx *sqldb.Tx, t sqldb.Table, leave func([]any) bool, do func(n int, part []byte) error) (c Count, err error) {
	l := layout(t)
	query := "SELECT " + strings.Join(l.Columns, ", ") + " FROM " + t.Name
	if len(t.Key) > 0 {
		query += " ORDER BY " + strings.Join(t.Key, ", ")
	}
	rows, err := tx.Query(ctx, query)
	if err != nil {
		return c, err
	}
	defer rows.Close()
	var part bytes.Buffer
	digest, n := sha256.New(), 0
	flush := func() error {
		n++
		digest.Write(part.Bytes())
		err := do(n, part.Bytes())
		part.Reset()
		return err
	}
	for values, into := Pointers(len(l.Columns)); rows.Next(); {
		if err := rows.Scan(into...); err != nil {
			return c, err
		}
		if leave != nil && leave(values) {
			continue
		}
		if err := appendRow(&part, l, values); err != nil {
			return c, err
		}
		c.Rows++
		if part.Len() >= partSize {
			if err := flush(); err != nil {
				return c, err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return c, err
	}
	if part.Len() > 0 {
		err = flush()
	}
	c.SHA256 = sum(digest)
	return c, err
}

// Pointers returns n values and what Scan takes to fill them.
func Pointers(n int) (values, into []any) {
	values, into = make([]any, n), make([]any, n)
	for i := range values {
		into[i] = &values[i]
	}
	return values, into
}

func (s *Source) blobs(ctx context.Context, out *writer) error {
	keys := sha256.New()
	err := s.Blobs.Keys(ctx, func(key string) error {
		data, err := s.Blobs.Get(ctx, key)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		out.manifest.Blobs++
		out.manifest.BlobBytes += int64(len(data))
		io.WriteString(keys, key+"\n") // a hash takes everything
		return out.entry("blobs/"+key, data)
	})
	out.manifest.BlobKeys = sum(keys)
	return err
}

// json writes v as an entry and returns its digest.
func (w *writer) json(name string, v any) (string, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:]), w.entry(name, text)
}

func (w *writer) entry(name string, data []byte) error {
	h := &tar.Header{Name: name, Mode: 0o600, Size: int64(len(data)), ModTime: w.at.Truncate(time.Second), Typeflag: tar.TypeReg, Format: tar.FormatPAX}
	if err := w.tar.WriteHeader(h); err != nil {
		return err
	}
	_, err := w.tar.Write(data)
	return err
}

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
