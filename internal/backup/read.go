package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/fault"
)

// visitor is told what an archive holds, in its order. Functions may be nil.
type visitor struct {
	header func(*Header) error
	rows   func(l Layout, rows [][]any) error
	blob   func(data []byte) error
}

// Archive is a backup that can be read, several times.
type Archive struct {
	// Open opens the archive, decrypted, from its beginning.
	Open func() (io.ReadCloser, error)
}

// Check reads the whole archive: every digest must fit and nothing may be
// missing. An archive for which it returns no error can be restored.
func (a *Archive) Check(ctx context.Context) (*Header, *Manifest, error) {
	return a.walk(ctx, visitor{})
}

// damaged is what is said about an archive that cannot be restored.
func damaged(format string, args ...any) error {
	return fault.Wrap(fault.Invalid, fmt.Errorf(format, args...), "This backup is damaged: "+fmt.Sprintf(format, args...)+". Nothing was changed. Use another backup.")
}

// walk reads the whole archive, checks it, and shows it to v on the way. What
// v is shown early belongs to an archive that may prove damaged later.
func (a *Archive) walk(ctx context.Context, v visitor) (*Header, *Manifest, error) {
	file, err := a.Open()
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	unpack, err := zstd.NewReader(file, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(64<<20), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, nil, err
	}
	defer unpack.Close()
	r := &reader{ctx: ctx, tar: tar.NewReader(unpack), visitor: v, count: map[string]Count{}, keys: sha256.New()}
	if err := r.all(); err != nil {
		return nil, nil, err
	}
	// What follows the archive's end would not have been checked.
	if n, err := io.Copy(io.Discard, unpack); err != nil || n > 64<<10 {
		return nil, nil, damaged("something follows its end")
	}
	return r.header, r.manifest, nil
}

// reader is a walk under way.
type reader struct {
	visitor
	ctx      context.Context
	tar      *tar.Reader
	header   *Header
	manifest *Manifest
	digest   string // of the header
	count    map[string]Count
	keys     hash.Hash
	blobs    int64
	bytes    int64

	at    int // the table that is being read
	part  int
	rows  int64
	table hash.Hash
}

func (r *reader) all() error {
	for {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		h, err := r.tar.Next()
		if errors.Is(err, io.EOF) {
			return damaged("it ends early; its manifest is missing")
		}
		if err != nil {
			return damaged("it cannot be read to its end (%v)", err)
		}
		if h.Size > largestPart || h.Typeflag != tar.TypeReg {
			return damaged("it holds %q, which no backup does", h.Name)
		}
		data, err := io.ReadAll(io.LimitReader(r.tar, h.Size))
		if err != nil || int64(len(data)) != h.Size {
			return damaged("it cannot be read to its end (%v)", err)
		}
		if err := r.entry(h.Name, data); err != nil {
			return err
		}
		if r.manifest != nil {
			if _, err := r.tar.Next(); !errors.Is(err, io.EOF) {
				return damaged("something follows its manifest")
			}
			return r.compare()
		}
	}
}

func (r *reader) entry(name string, data []byte) error {
	switch {
	case r.header == nil:
		return r.begin(name, data)
	case strings.HasPrefix(name, "tables/"):
		return r.rowsOf(name, data)
	case strings.HasPrefix(name, "blobs/"):
		return r.keep(name, data)
	case name == "manifest.json":
		r.manifest = &Manifest{}
		if err := json.Unmarshal(data, r.manifest); err != nil {
			return damaged("its manifest cannot be read")
		}
		return nil
	}
	return damaged("it holds %q, which no backup does", name)
}

func (r *reader) begin(name string, data []byte) error {
	r.header = &Header{}
	if name != "backup.json" || json.Unmarshal(data, r.header) != nil {
		return fault.Invalidf("This file is not a backup made by roundel backup.")
	}
	if r.header.Format != Format {
		return fault.Invalidf("This backup has the format %d; this version of Roundel reads format %d. Use the version that made it (%s) or a newer one.", r.header.Format, Format, r.header.Software)
	}
	digest := sha256.Sum256(data)
	r.digest, r.at = hex.EncodeToString(digest[:]), -1
	for _, l := range r.header.Tables {
		if len(l.Columns) != len(l.Types) || len(l.Columns) == 0 {
			return damaged("its table %q has no columns", l.Name)
		}
	}
	if r.visitor.header != nil {
		return r.visitor.header(r.header)
	}
	return nil
}

// rowsOf reads the next part: of the table under way, or of a later one.
func (r *reader) rowsOf(name string, data []byte) error {
	if r.at < 0 || name != partName(r.header.Tables[r.at].Name, r.part+1) {
		r.endTable()
		for r.at++; r.at < len(r.header.Tables) && name != partName(r.header.Tables[r.at].Name, 1); r.at++ {
		}
		if r.at >= len(r.header.Tables) {
			return damaged("%s stands at a wrong place", name)
		}
		r.part, r.rows, r.table = 0, 0, sha256.New()
	}
	r.part++
	r.table.Write(data)
	l := r.header.Tables[r.at]
	rows, err := readRows(data, l)
	if err != nil {
		return damaged("%s: %v", name, err)
	}
	if r.rows += int64(len(rows)); r.visitor.rows != nil {
		return r.visitor.rows(l, rows)
	}
	return nil
}

func (r *reader) endTable() {
	if r.table != nil {
		r.count[r.header.Tables[r.at].Name] = Count{r.rows, sum(r.table)}
		r.table = nil
	}
}

func (r *reader) keep(name string, data []byte) error {
	key := strings.TrimPrefix(name, "blobs/")
	if blob.Key(data) != key {
		return damaged("the picture %s was changed", key)
	}
	io.WriteString(r.keys, key+"\n") // a hash takes everything
	if r.blobs, r.bytes = r.blobs+1, r.bytes+int64(len(data)); r.visitor.blob != nil {
		return r.visitor.blob(data)
	}
	return nil
}

// compare holds what was read against the manifest.
func (r *reader) compare() error {
	r.endTable()
	m := r.manifest
	if m.ID != r.header.ID || m.Header != r.digest || len(m.Tables) != len(r.header.Tables) {
		return damaged("beginning and end do not belong together")
	}
	empty := Count{0, sum(sha256.New())}
	for _, l := range r.header.Tables {
		got, some := r.count[l.Name]
		if !some {
			got = empty
		}
		if m.Tables[l.Name] != got {
			return damaged("table %s is not what the manifest says: %d rows of %d", l.Name, got.Rows, m.Tables[l.Name].Rows)
		}
	}
	if m.Blobs != r.blobs || m.BlobBytes != r.bytes || m.BlobKeys != sum(r.keys) {
		return damaged("%d pictures of %d are inside", r.blobs, m.Blobs)
	}
	return nil
}
