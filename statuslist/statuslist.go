// Package statuslist makes, reads and looks up Bitstring Status Lists (W3C
// Bitstring Status List 1.0): one bit per credential that says whether it is
// revoked, or suspended.
//
// It knows one-bit entries only. The signature of a list and how old it may be
// are the caller's to check: a list that is unsigned, stale or another's proves
// nothing.
package statuslist

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/roundel/roundel/inflate"
)

const (
	// MinEntries is the least number of entries that a list may have, so that an
	// index tells little about a credential (section 6.1 of the specification).
	MinEntries = 131072
	// MaxBytes is the greatest size of a list, uncompressed, in bytes.
	MaxBytes = 16 << 20
)

var (
	// ErrMalformed: a list, an entry or a list's credential breaks the rules.
	ErrMalformed = errors.New("malformed status list")
	// ErrTooShort: a list of fewer than MinEntries entries.
	ErrTooShort = errors.New("status list shorter than 131072 entries")
	// ErrTooLarge: a list that expands beyond the limit.
	ErrTooLarge = errors.New("status list too large")
	// ErrIndex: an index that is no plain decimal number, or beyond the list.
	ErrIndex = errors.New("status list index out of range")
	// ErrPurpose: the list is for another purpose than the one asked for.
	ErrPurpose = errors.New("status list of another purpose")
	// ErrID: the credential is not the list that was asked for.
	ErrID = errors.New("another status list than the one asked for")
	// ErrUnsupported: a kind of status that this package cannot read.
	ErrUnsupported = errors.New("kind of status not supported")
)

// A List is the bits of a status list. Its zero value is not usable; it may not
// be changed while another goroutine uses it.
type List struct {
	bits []byte // the first entry is the most significant bit of the first byte
}

// New returns a list of the given number of entries, all unset. Fewer than
// MinEntries become that many, and the number is rounded up to full bytes;
// more than MaxBytes can hold panics, since it is a mistake in the program.
func New(entries int) *List {
	size := (max(entries, MinEntries) + 7) / 8
	if size > MaxBytes {
		panic(fmt.Sprintf("statuslist: a list of %d entries", entries))
	}
	return &List{bits: make([]byte, size)}
}

// Len returns the number of entries.
func (l *List) Len() int { return len(l.bits) * 8 }

// Set gives entry i the value v. The error wraps ErrIndex.
func (l *List) Set(i int, v bool) error {
	if i < 0 || i >= l.Len() {
		return fmt.Errorf("%w: %d of %d", ErrIndex, i, l.Len())
	}
	mask := byte(0x80) >> (i % 8)
	if v {
		l.bits[i/8] |= mask
	} else {
		l.bits[i/8] &^= mask
	}
	return nil
}

// Get returns the value of entry i. The error wraps ErrIndex.
func (l *List) Get(i int) (bool, error) {
	if i < 0 || i >= l.Len() {
		return false, fmt.Errorf("%w: %d of %d", ErrIndex, i, l.Len())
	}
	return l.bits[i/8]&(byte(0x80)>>(i%8)) != 0, nil
}

// Encode returns the list as it stands in a credential: "u" and the base64url
// of its gzip form (section 3.3). Equal lists give equal texts.
func (l *List) Encode() (string, error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed) // no name and no time in the header
	if _, err := w.Write(l.bits); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return "u" + base64.RawURLEncoding.EncodeToString(packed.Bytes()), nil
}

// Decode reads an encoded list that expands to at most max bytes, and never to
// more than MaxBytes, which zero stands for.
//
// Errors wrap ErrMalformed, ErrTooShort or ErrTooLarge.
func Decode(encoded string, max int64) (*List, error) {
	if max <= 0 || max > MaxBytes {
		max = MaxBytes
	}
	text, ok := strings.CutPrefix(encoded, "u")
	if !ok {
		return nil, fmt.Errorf("%w: the list is not multibase base64url", ErrMalformed)
	}
	// gzip adds at most a header and five bytes per 32 KiB to what it cannot press.
	if int64(base64.RawURLEncoding.DecodedLen(len(text))) > max+max/4096+64 {
		return nil, fmt.Errorf("%w: %d characters", ErrTooLarge, len(text))
	}
	if strings.ContainsAny(text, "\r\n") { // which encoding/base64 skips
		return nil, fmt.Errorf("%w: line break in the list", ErrMalformed)
	}
	packed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	bits, err := inflate.Gzip(packed, max)
	switch {
	case errors.Is(err, inflate.ErrTooLarge):
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, max)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	case len(bits)*8 < MinEntries:
		return nil, fmt.Errorf("%w: %d", ErrTooShort, len(bits)*8)
	}
	return &List{bits: bits}, nil
}
