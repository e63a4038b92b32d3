package inflate

import (
	"bytes"
	"encoding/binary"
	"math"
	"sync"
)

// A decoder expands one deflate stream (RFC 1951).
type decoder struct {
	in   []byte
	pos  int    // what of in has gone into bits
	bits uint64 // the next bits of the input, the first one lowest; zero beyond n
	n    uint   // how many they are

	out   []byte // as long as there is room: scratch, or made for what has outgrown it
	size  int    // how much of it is written
	limit int
	claim int // how large the output may turn out to be, by what somebody says

	lit     litTable
	dist    distTable
	code    [codeSize]uint32
	lengths [286 + 30]uint8 // of codes
	scratch [64 << 10]byte
}

// decoders are idle: their tables need not be made anew.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

// expand expands the deflate stream that in begins with to at most limit
// bytes. It returns the output and what of in follows the stream.
func expand(in []byte, limit int64, claim int) (out, rest []byte, err error) {
	if limit < 0 {
		return nil, nil, ErrTooLarge
	}
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	d.in, d.pos, d.bits, d.n = in, 0, 0, 0
	d.limit, d.claim = int(min(limit, math.MaxInt/4)), claim
	d.out, d.size = d.scratch[:min(d.limit, len(d.scratch))], 0
	err = d.stream()
	rest = in[d.pos-int(d.n/8):]
	switch {
	case err != nil:
		rest = nil
	case d.size <= len(d.scratch):
		out = bytes.Clone(d.out[:d.size]) // which does not write zeros first
	default:
		out = d.out[:d.size:d.size]
	}
	d.in, d.out = nil, nil // what is idle holds on to nobody's slices
	return out, rest, err
}

// stream reads block after block (RFC 1951, section 3.2.3).
func (d *decoder) stream() error {
	for {
		head, ok := d.take(3)
		if !ok {
			return errShort
		}
		var err error
		switch head >> 1 {
		case 0:
			err = d.stored()
		case 1:
			f := fixed()
			err = d.block(&f.lit, &f.dist)
		case 2:
			if err = d.codes(); err == nil {
				err = d.block(&d.lit, &d.dist)
			}
		default:
			err = errBlock
		}
		if err != nil || head&1 != 0 {
			return err
		}
	}
}

// stored copies a block that is not compressed (RFC 1951, section 3.2.4).
func (d *decoder) stored() error {
	in := d.in[d.pos-int(d.n/8):] // the rest of the byte is skipped
	d.bits, d.n = 0, 0
	if len(in) < 4 {
		return errShort
	}
	n := int(binary.LittleEndian.Uint16(in))
	if n^0xffff != int(binary.LittleEndian.Uint16(in[2:])) {
		return errStored
	}
	in = in[4:]
	if len(in) < n {
		return errShort
	}
	if err := d.room(n); err != nil {
		return err
	}
	d.size += copy(d.out[d.size:], in[:n])
	d.pos = len(d.in) - len(in) + n
	return nil
}

// refill makes n at least 56, or takes up all of the input.
func (d *decoder) refill() {
	if d.n >= 56 {
		return
	}
	if len(d.in)-d.pos >= 8 {
		whole := (63 - d.n) &^ 7 // bits
		next := binary.LittleEndian.Uint64(d.in[d.pos:]) & (1<<whole - 1)
		d.bits |= next << d.n
		d.pos += int(whole / 8)
		d.n += whole
		return
	}
	for d.n < 56 && d.pos < len(d.in) {
		d.bits |= uint64(d.in[d.pos]) << d.n
		d.pos++
		d.n += 8
	}
}

// take returns the next n ≤ 32 bits of the input as a number, if they are there.
func (d *decoder) take(n uint) (int, bool) {
	d.refill()
	v := int(d.bits & (1<<n - 1))
	return v, d.skip(n)
}

// skip moves n bits on in the input, if they are there.
func (d *decoder) skip(n uint) bool {
	if n > d.n {
		return false
	}
	d.bits >>= n
	d.n -= n
	return true
}
