package inflate

import "sync"

// fixedCodes are the tables of the fixed codes (RFC 1951, section 3.2.6).
type fixedCodes struct {
	lit  litTable
	dist distTable
}

var fixed = sync.OnceValue(func() *fixedCodes {
	var lengths [288]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	f := new(fixedCodes)
	build(f.lit[:], litWidth, lengths[:], litSymbols[:])
	for i := range 32 {
		lengths[i] = 5
	}
	build(f.dist[:], distWidth, lengths[:32], distSymbols[:])
	return f
})

// codeOrder is the order in which the lengths of the codes for code lengths
// stand.
var codeOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// codes reads the codes of a block that has its own (RFC 1951, section 3.2.7).
func (d *decoder) codes() error {
	head, ok := d.take(5 + 5 + 4)
	if !ok {
		return errShort
	}
	lits, dists, n := head&31+257, head>>5&31+1, head>>10+4
	if lits > 286 || dists > 30 {
		return errCodes
	}
	var lengths [19]uint8
	for _, s := range codeOrder[:n] {
		v, ok := d.take(3)
		if !ok {
			return errShort
		}
		lengths[s] = uint8(v)
	}
	if !build(d.code[:], codeWidth, lengths[:], codeSymbols[:]) {
		return errCodes
	}
	if err := d.codeLengths(lits + dists); err != nil {
		return err
	}
	if d.lengths[256] == 0 { // the block could not end
		return errCodes
	}
	if !build(d.lit[:], litWidth, d.lengths[:lits], litSymbols[:]) || !build(d.dist[:], distWidth, d.lengths[lits:lits+dists], distSymbols[:]) {
		return errCodes
	}
	return nil
}

// codeLengths reads n lengths of codes. A run may go from those of literals
// over to those of distances, but not beyond the end.
func (d *decoder) codeLengths(n int) error {
	for i := 0; i < n; {
		d.refill()
		e := d.code[d.bits%codeSize]
		if e&entryOther != 0 {
			return errSymbol
		}
		d.bits >>= e & takes // should these be more than there are, d.n tells below
		took, s := uint(e&takes), e>>16
		if s < 16 {
			if took > d.n {
				return errShort
			}
			d.n -= took
			d.lengths[i] = uint8(s)
			i++
			continue
		}
		var value uint8
		var extra uint
		run := 3
		switch s {
		case 16:
			extra = 2
			if i == 0 {
				return errCodes
			}
			value = d.lengths[i-1]
		case 17:
			extra = 3
		default:
			extra, run = 7, 11
		}
		run += int(d.bits & (1<<extra - 1))
		d.bits >>= extra
		took += extra
		if took > d.n {
			return errShort
		}
		d.n -= took
		if i+run > n {
			return errCodes
		}
		to := d.lengths[i : i+run]
		for j := range to {
			to[j] = value
		}
		i += run
	}
	return nil
}
