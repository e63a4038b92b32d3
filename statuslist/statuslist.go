// Package statuslist makes, reads and looks up the lists in which issuers say
// that a credential is withdrawn, paused, or in some state of their own:
//
//   - Bitstring Status List 1.0 of the W3C, read and written, with entries of
//     one bit or several;
//   - StatusList2021, its predecessor, read;
//   - the 1EdTech Revocation List, read and written;
//   - Token Status List of the IETF OAuth group, as SD-JWTs use it, read.
//
// A credential points to its status: ParseReference and ParseStatusClaim read
// such a pointer of any kind. Read takes the list behind it, and
// Published.Lookup gives the State. A Cache keeps lists that were proven.
//
// The signature of a list and whose it is are the caller's to check: a list
// that is unsigned, stale or another's proves nothing.
package statuslist

import (
	"fmt"
)

const (
	// MinEntries is the least number of entries that a list may have, so that an
	// index tells little about a credential (Bitstring Status List 1.0, section
	// 3.2).
	MinEntries = 131072
	// MaxBytes is the greatest size of a list, uncompressed, in bytes.
	MaxBytes = 16 << 20
	// MaxSize is the greatest size of an entry, in bits. The specification sets
	// none, but an entry must spell out every value it can take.
	MaxSize = 16
)

// A List is the bits of a status list. Its zero value is not usable; it may not
// be changed while another goroutine uses it.
type List struct {
	bits []byte
	size int // bits of one entry
	// leastFirst: entries fill a byte from its least significant bit, as Token
	// Status Lists do; else from the most significant, as all the others do.
	leastFirst bool
}

// New returns a list of the given number of entries of one bit, all unset.
// Fewer than MinEntries become that many, and the number is rounded up to full
// bytes; more than MaxBytes can hold panics, since it is a mistake in the
// program.
func New(entries int) *List {
	l, err := NewSized(entries, 1)
	if err != nil {
		panic(fmt.Sprintf("statuslist: %v", err))
	}
	return l
}

// NewSized returns a list of the given number of entries of size bits each, all
// zero; see New for the number. The error wraps ErrSize or ErrTooLarge.
func NewSized(entries, size int) (*List, error) {
	if size < 1 || size > MaxSize {
		return nil, fmt.Errorf("%w: %d bits", ErrSize, size)
	}
	if entries > MaxBytes*8/size {
		return nil, fmt.Errorf("%w: a list of %d entries of %d bits", ErrTooLarge, entries, size)
	}
	return &List{bits: make([]byte, (max(entries, MinEntries)*size+7)/8), size: size}, nil
}

// Len returns the number of entries, which is 0 for nil and for the zero value.
func (l *List) Len() int {
	if l.Size() == 0 {
		return 0
	}
	return len(l.bits) * 8 / l.size
}

// Size returns the number of bits of an entry, or 0 likewise.
func (l *List) Size() int {
	if l == nil {
		return 0
	}
	return l.size
}

// Set gives entry i of a list of one-bit entries the value v. The error wraps
// ErrIndex or ErrSize.
func (l *List) Set(i int, v bool) error {
	if err := l.single(i); err != nil {
		return err
	}
	mask := byte(0x80) >> (i % 8)
	if v {
		l.bits[i/8] |= mask
	} else {
		l.bits[i/8] &^= mask
	}
	return nil
}

// Get returns the value of entry i of a list of one-bit entries. The error
// wraps ErrIndex or ErrSize.
func (l *List) Get(i int) (bool, error) {
	if err := l.single(i); err != nil {
		return false, err
	}
	return l.bits[i/8]&(byte(0x80)>>(i%8)) != 0, nil
}

// single makes sure that i is an entry of a list of single bits, the most
// significant first.
func (l *List) single(i int) error {
	if l.Size() != 1 || l.leastFirst {
		return fmt.Errorf("%w: %d bits", ErrSize, l.Size())
	}
	return l.within(i)
}

func (l *List) within(i int) error {
	if i < 0 || i >= l.Len() {
		return fmt.Errorf("%w: %d of %d", ErrIndex, i, l.Len())
	}
	return nil
}

// Value returns the value of entry i: its bits read as a number, in the order
// of its kind of list. The error wraps ErrIndex.
func (l *List) Value(i int) (uint, error) {
	if err := l.within(i); err != nil {
		return 0, err
	}
	at := i * l.size
	if l.leastFirst { // sizes divide 8, so an entry never crosses a byte
		return uint(l.bits[at/8]>>(at%8)) & (1<<l.size - 1), nil
	}
	var v uint
	for b := at; b < at+l.size; b++ {
		v = v<<1 | uint(l.bits[b/8]>>(7-b%8)&1)
	}
	return v, nil
}

// SetValue gives entry i the value v. The error wraps ErrIndex, or ErrValue for
// a value of more bits than an entry has.
func (l *List) SetValue(i int, v uint) error {
	if err := l.within(i); err != nil {
		return err
	}
	if v>>l.size != 0 {
		return fmt.Errorf("%w: %d in %d bits", ErrValue, v, l.size)
	}
	at := i * l.size
	if l.leastFirst {
		mask := byte(1<<l.size-1) << (at % 8)
		l.bits[at/8] = l.bits[at/8]&^mask | byte(v)<<(at%8)
		return nil
	}
	for b := at + l.size - 1; b >= at; b-- {
		mask := byte(0x80) >> (b % 8)
		l.bits[b/8] &^= mask
		if v&1 != 0 {
			l.bits[b/8] |= mask
		}
		v >>= 1
	}
	return nil
}

// Merge sets every entry whose bit is set in bitmap and leaves the others as
// they are. Bits stand in the order of the list: entry 0 is the most
// significant bit of the first byte. A bitmap longer than the list is refused,
// and the list stays as it was.
//
// The error wraps ErrIndex, or ErrSize if entries have more than one bit.
func (l *List) Merge(bitmap []byte) error {
	if err := l.single(0); err != nil {
		return err
	}
	if len(bitmap) > len(l.bits) {
		return fmt.Errorf("%w: a bitmap of %d entries for %d", ErrIndex, len(bitmap)*8, l.Len())
	}
	for i, b := range bitmap {
		l.bits[i] |= b
	}
	return nil
}
