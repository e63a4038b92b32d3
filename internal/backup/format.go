// Package backup copies a whole installation into one file while it works, and
// makes an installation of such a file.
//
// The file is the same for both engines, so what was backed up from SQLite can
// be restored into PostgreSQL and the other way round: a tar archive,
// compressed with Zstandard and encrypted with age, that holds, in this order,
//
//	backup.json                what this is, and the columns of every table
//	tables/NAME/000001.jsonl   rows, a JSON list each, in parts
//	blobs/KEY                  pictures and other files
//	manifest.json              how many there are of each, and their digests
//
// The key-encryption key is not inside: signing keys stay sealed.
package backup

import (
	"context"
	"fmt"
	"time"

	"github.com/roundel/roundel/internal/sqldb"
)

// Format is the version of the file's format.
const Format = 1

// Header says what a backup is of. It comes first.
type Header struct {
	Format   int       `json:"format"`
	ID       string    `json:"id"` // what the journal knows this backup by
	MadeAt   time.Time `json:"madeAt"`
	Software string    `json:"software"`
	Schema   int64     `json:"schema"` // version of the database's schema
	Engine   string    `json:"engine"`
	BaseURL  string    `json:"baseUrl,omitempty"`
	// KEK is the fingerprint of the key-encryption key, which is not inside.
	KEK    string   `json:"keyEncryptionKey"`
	Tables []Layout `json:"tables"`
}

// Layout names a table's columns in the order in which its rows have them.
type Layout struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Types   []string `json:"types"`
}

// Manifest says what a whole backup holds. It comes last: a file without it
// was cut off.
type Manifest struct {
	ID        string           `json:"id"`
	Tables    map[string]Count `json:"tables"`
	Blobs     int64            `json:"blobs"`
	BlobBytes int64            `json:"blobBytes"`
	BlobKeys  string           `json:"blobKeys"` // SHA-256 over all keys, each with a line feed
	Header    string           `json:"header"`   // SHA-256 of backup.json
}

// Count is what there is of a table: its rows, and the SHA-256 over all parts.
type Count struct {
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
}

// Rows returns how many rows there are in all tables.
func (m *Manifest) Rows() (n int64) {
	for _, c := range m.Tables {
		n += c.Rows
	}
	return n
}

// Blobs is where pictures and other files are kept.
type Blobs interface {
	Put(ctx context.Context, data []byte) (key string, err error)
	Get(ctx context.Context, key string) ([]byte, error)
	Keys(ctx context.Context, do func(key string) error) error
}

// passing are tables whose rows are not restored: whoever was signed in, or on
// the way in, when the backup was made may have been signed out since.
var passing = map[string]bool{
	"session": true, "one_time_link": true, "signin_step": true, "signin_code": true, "signin_try": true,
	"signin_attempt": true, "signin_pending": true, "passkey_ceremony": true,
}

// fresh are columns that begin anew in a restored copy: nobody works on its
// jobs yet.
var fresh = map[string]int64{"job.leased_until": 0}

// Sizes, in bytes: at which a part ends, and above which nothing is read.
const (
	partSize    = 1 << 20
	largestPart = 128 << 20
)

func layout(t sqldb.Table) Layout {
	l := Layout{Name: t.Name}
	for _, c := range t.Columns {
		l.Columns, l.Types = append(l.Columns, c.Name), append(l.Types, c.Type)
	}
	return l
}

func partName(table string, n int) string { return fmt.Sprintf("tables/%s/%06d.jsonl", table, n) }
