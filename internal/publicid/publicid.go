// Package publicid makes the identifiers that appear in public addresses.
//
// They are 128 random bits: they tell neither time nor order and cannot be
// guessed. Rows keep integer keys of their own; a public id is what the world
// sees.
package publicid

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/base32"
	"errors"
	"fmt"
)

// ID is a public identifier. The zero ID stands for "none".
type ID [16]byte

// ErrInvalid is returned for text that is not a public id.
var ErrInvalid = errors.New("not a public id")

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// New returns a fresh random ID.
func New() ID {
	var id ID
	rand.Read(id[:]) // never fails: crypto/rand ends the process instead
	return id
}

// Derive returns the ID that belongs to parts under secret: the first 128 bits
// of an HMAC-SHA-256. The same request retried gives the same ID, and nobody
// without the secret can foresee it.
func Derive(secret []byte, parts ...string) ID {
	mac := hmac.New(sha256.New, secret)
	for _, p := range parts {
		fmt.Fprintf(mac, "%d:%s", len(p), p) // the length keeps ("ab","c") and ("a","bc") apart
	}
	return ID(mac.Sum(nil)[:16])
}

// Parse reads the form that String writes. Only that one spelling is accepted.
func Parse(s string) (ID, error) {
	var id ID
	if len(s) != 26 {
		return id, ErrInvalid
	}
	b, err := encoding.DecodeString(s)
	if err != nil || len(b) != 16 {
		return id, ErrInvalid
	}
	id = ID(b)
	if id.String() != s { // spare bits in the last letter
		return ID{}, ErrInvalid
	}
	return id, nil
}

// String returns 26 lower-case letters and digits.
func (id ID) String() string { return encoding.EncodeToString(id[:]) }

// UUID returns the ID in the form of a UUID of version 4 (RFC 9562, section 5.4),
// which leaves 122 of its bits.
func (id ID) UUID() string {
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:16])
}

// IsZero reports whether id is the zero ID.
func (id ID) IsZero() bool { return id == ID{} }

// Value stores the ID as 16 bytes.
func (id ID) Value() (driver.Value, error) { return id[:], nil }

// Scan reads the 16 bytes back; NULL becomes the zero ID.
func (id *ID) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*id = ID{}
		return nil
	case []byte:
		if len(v) == 16 {
			*id = ID(v)
			return nil
		}
	}
	return fmt.Errorf("scan public id: %T is not 16 bytes", src)
}

// MarshalText and UnmarshalText use the form of String.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(b []byte) error {
	v, err := Parse(string(b))
	*id = v
	return err
}
