package inflate

import "encoding/binary"

const (
	// What fast needs at each symbol: three refills of input, and room for a
	// match that is written in whole words.
	fastIn  = 3*8 + 8
	fastOut = maxMatch + 32

	maxMatch = 258
)

// block expands the symbols of a block up to its end (RFC 1951, section 3.2.3).
func (d *decoder) block(lit *litTable, dist *distTable) error {
	for {
		if done, err := d.fast(lit, dist); done || err != nil {
			return err
		}
		if done, err := d.careful(lit, dist); done || err != nil {
			return err
		}
	}
}

// roomy reports whether fast could go on.
func (d *decoder) roomy() bool {
	return len(d.in)-d.pos >= fastIn && len(d.out)-d.size >= fastOut
}

// careful expands symbols where the input or the output may end. It reports
// whether the block is at its end; if not, fast can go on.
func (d *decoder) careful(lit *litTable, dist *distTable) (bool, error) {
	for !d.roomy() {
		d.refill() // 48 bits are as much as a length and a distance may have
		e := lit[d.bits%(1<<litWidth)]
		if e&entryLink != 0 {
			if !d.skip(litWidth) {
				return false, errShort
			}
			e = lit[further(e, d.bits)%litSize]
		}
		before := d.bits
		switch {
		case !d.skip(uint(e & takes)):
			return false, errShort
		case e&entryLiteral != 0:
			if err := d.room(1); err != nil {
				return false, err
			}
			d.out[d.size] = byte(e >> 16)
			d.size++
		case e&entryEnd != 0:
			return true, nil
		case e&entryOther != 0:
			return false, errSymbol
		default:
			if err := d.match(value(e, before), dist); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// match reads a distance, which takes at most 28 bits, and copies length bytes
// from there.
func (d *decoder) match(length int, dist *distTable) error {
	e := dist[d.bits%(1<<distWidth)]
	if e&entryLink != 0 {
		if !d.skip(distWidth) {
			return errShort
		}
		e = dist[further(e, d.bits)%distSize]
	}
	before := d.bits
	if !d.skip(uint(e & takes)) {
		return errShort
	}
	if e&entryOther != 0 {
		return errSymbol
	}
	back := value(e, before)
	if back > d.size {
		return errTooFar
	}
	if err := d.room(length); err != nil {
		return err
	}
	for to := d.out[d.size:]; length > 0; length-- { // what is copied may be what was
		to[0] = d.out[d.size-back]
		to = to[1:]
		d.size++
	}
	return nil
}

// further returns where in the table the link e leads with these bits.
func further(e uint32, bits uint64) uint32 {
	return e>>16 + uint32(bits)&(1<<(e>>8&15)-1)
}

// value returns the length or distance that e stands for, where bits begin
// with its code.
func value(e uint32, bits uint64) int {
	return int(e>>16) + int(bits&(1<<(e&takes)-1)>>(e>>8&15))
}

// A match that reaches into what it writes repeats the last bytes. For a
// distance below 8 a word of them is made by multiplication, and what follows
// is copied over a multiple of the distance that is no less than a word.
var (
	repeatMask  = [9]uint64{0, 0xff, 0xffff, 0xffffff, 1<<32 - 1, 1<<40 - 1, 1<<48 - 1, 1<<56 - 1, 1<<64 - 1}
	repeatTimes = [9]uint64{0, 0x0101010101010101, 0x0001000100010001, 1 | 1<<24 | 1<<48, 1 | 1<<32, 1 | 1<<40, 1 | 1<<48, 1 | 1<<56, 1}
	repeatMore  = [9]int{0, 7, 6, 6, 4, 5, 6, 7, 0}
)

// fast expands symbols as long as it need not look where input and output end.
// It reports whether the block is at its end.
//
// What takes the time is that each code says where the next one begins. So the
// entry of the next symbol is looked up as soon as its bits are known, and
// before bits is filled up. Whenever e is looked up, n is at least 11; when it
// is looked at, at least 56: enough for two literals of 11 bits and a length
// of 20, or for three literals and the next look-up.
func (d *decoder) fast(lit *litTable, dist *distTable) (done bool, err error) {
	d.refill()
	in, pos, bits, n := d.in, d.pos, d.bits, d.n
	out, size := d.out, d.size
	e := lit[bits%(1<<litWidth)]
	for len(in)-pos >= fastIn && len(out)-size >= fastOut {
		if e&entryLiteral != 0 {
			out[size] = byte(e >> 16)
			size++
			bits >>= e & takes
			n -= uint(e & takes)
			e = lit[bits%(1<<litWidth)]
			if e&entryLiteral != 0 {
				out[size] = byte(e >> 16)
				size++
				bits >>= e & takes
				n -= uint(e & takes)
				e = lit[bits%(1<<litWidth)]
			}
		}
		if e&entryLink != 0 {
			bits >>= litWidth
			n -= litWidth
			e = lit[further(e, bits)%litSize]
		}
		before := bits
		bits >>= e & takes
		n -= uint(e & takes)
		if e&(entryLiteral|entryOther) != 0 {
			if e&entryLiteral == 0 {
				done = true
				if e&entryEnd == 0 {
					err = errSymbol
				}
				break
			}
			out[size] = byte(e >> 16)
			size++
			e = lit[bits%(1<<litWidth)]
			bits, n, pos = refilled(bits, n, in, pos)
			continue
		}
		length := value(e, before)
		if n < 28+litWidth { // for a distance and the next look-up
			bits, n, pos = refilled(bits, n, in, pos)
		}
		e = dist[bits%(1<<distWidth)]
		if e&entryOther != 0 {
			if e&entryLink != 0 {
				bits >>= distWidth
				n -= distWidth
				e = dist[further(e, bits)%distSize]
			}
			if e&entryOther != 0 {
				done, err = true, errSymbol
				break
			}
		}
		back := value(e, bits)
		bits >>= e & takes
		n -= uint(e & takes)
		if back > size {
			done, err = true, errTooFar
			break
		}
		e = lit[bits%(1<<litWidth)]
		bits, n, pos = refilled(bits, n, in, pos)
		near := 8 + (back-8)&((back-8)>>63) // min(back, 8), but not to be guessed by the processor
		word := binary.LittleEndian.Uint64(out[size-back:]) & repeatMask[near] * repeatTimes[near]
		back += repeatMore[near]
		put((*[32]byte)(out[size:]), (*[24]byte)(out[size+8-back:]), word)
		size += length
		if length > 32 {
			repeat(out[:size], size-length+32, back)
		}
	}
	d.pos, d.bits, d.n = pos, bits&(1<<n-1), n
	d.size = size
	return done, err
}

// refilled makes n at least 56. What bits then hold beyond n are the next bits
// of the input too: they will be put there once more.
func refilled(bits uint64, n uint, in []byte, pos int) (uint64, uint, int) {
	return bits | binary.LittleEndian.Uint64(in[pos:pos+8])<<(n&63), n | 56, pos + int((63-n)>>3)
}

// put writes word to to, and from behind it.
func put(to *[32]byte, from *[24]byte, word uint64) {
	binary.LittleEndian.PutUint64(to[:], word)
	binary.LittleEndian.PutUint64(to[8:], binary.LittleEndian.Uint64(from[:]))
	binary.LittleEndian.PutUint64(to[16:], binary.LittleEndian.Uint64(from[8:]))
	binary.LittleEndian.PutUint64(to[24:], binary.LittleEndian.Uint64(from[16:]))
}

// repeat fills out from size on with what is back bytes before.
func repeat(out []byte, size, back int) {
	for size < len(out) { // back doubles, and stays a multiple of the distance
		size += copy(out[size:], out[size-back:size])
		back *= 2
	}
}
