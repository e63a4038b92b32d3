package inflate

import (
	"encoding/binary"
	"math/bits"
)

// A table is looked up with the next bits of the input, as many as it is wide.
// What it holds there is an entry:
//
//	bits 0–5    how many bits of input it takes, extra bits included
//	bits 8–11   how many of them are the code; in a link, the width of its table
//	bits 13–15  what else it is, see below
//	bits 16–30  the literal, the base of a length or distance, or where a link leads
//	bit  31     it is a literal
//
// Codes longer than the table is wide go through a link to a further table,
// behind the first in the same array; its entries count the bits after the
// first width bits.
const (
	entryLiteral = 1 << 31 // a literal byte
	entryOther   = 1 << 15 // neither literal nor length or distance: one of the next two, or no symbol
	entryLink    = 1 << 14 // the code is longer than the table is wide
	entryEnd     = 1 << 13 // the end of the block

	takes = 63 // bits 0–5
)

const (
	maxCode = 15 // bits in the longest code (RFC 1951, section 3.2.7)

	litWidth  = 11
	distWidth = 8
	codeWidth = 7 // as long as a code for code lengths can be

	// With these widths the tables need at most 2,342 entries for 288 symbols and
	// 402 for 32 (as zlib's enough.c counts them). Powers of two save the checks
	// of an index.
	litSize  = 4096
	distSize = 512
	codeSize = 1 << codeWidth
)

type (
	litTable  = [litSize]uint32
	distTable = [distSize]uint32
)

// Entries by symbol, without the length of the code (RFC 1951, section 3.2.5).
var (
	litSymbols  = literalsAndLengths()
	distSymbols = distances()
	codeSymbols = codeLengths()
)

func literalsAndLengths() (e [288]uint32) {
	for i := range 256 {
		e[i] = entryLiteral | uint32(i)<<16
	}
	e[256] = entryOther | entryEnd
	length := uint32(3)
	for i := range uint32(28) {
		extra := uint32(0)
		if i >= 8 {
			extra = i/4 - 1
		}
		e[257+i] = length<<16 | extra
		length += 1 << extra
	}
	e[285] = 258 << 16
	e[286], e[287] = entryOther, entryOther // only the fixed codes have them, and no stream may
	return e
}

func distances() (e [32]uint32) {
	dist := uint32(1)
	for i := range uint32(30) {
		extra := uint32(0)
		if i >= 4 {
			extra = i/2 - 1
		}
		e[i] = dist<<16 | extra
		dist += 1 << extra
	}
	e[30], e[31] = entryOther, entryOther
	return e
}

func codeLengths() (e [19]uint32) {
	for i := range e {
		e[i] = uint32(i) << 16
	}
	return e
}

// build fills table, which is 1<<width entries wide without what links lead
// to, for symbols with codes of these lengths (RFC 1951, section 3.2.2). It
// reports whether the codes are a set that may be: using up all codes exactly,
// or a single code of one bit, or none at all. Section 3.2.7 has the last two
// for distances only, but a set of literals and lengths that has an end of the
// block and nothing else is accepted everywhere, and the others fail when used.
func build(table []uint32, width int, lengths []uint8, symbols []uint32) bool {
	var count, next [maxCode + 1]int
	var given [288]uint16 // symbols that have a code
	used := 0
	for s := 0; s < len(lengths); s++ {
		if s+8 <= len(lengths) && binary.LittleEndian.Uint64(lengths[s:]) == 0 {
			s += 7
			continue
		}
		if n := lengths[s]; n != 0 {
			count[n]++
			given[used] = uint16(s)
			used++
		}
	}
	left := 1 // codes of length n that are neither given nor begin with one given
	for n := 1; n <= maxCode; n++ {
		left = left<<1 - count[n]
		if left < 0 {
			return false
		}
		if n < maxCode {
			next[n+1] = next[n] + count[n]
		}
	}
	if left > 0 && (used > 1 || used != count[1]) {
		return false
	}
	var sorted [288]uint16 // by length, then by symbol
	for _, s := range given[:used] {
		n := lengths[s]
		sorted[next[n]] = s
		next[n]++
	}
	if left > 0 {
		sparse(table[:1<<width], symbols[sorted[0]], used)
		return true
	}
	fill(table, width, sorted[:used], &count, symbols)
	return true
}

// sparse fills table for a set of no code, or of the single code 0.
func sparse(table []uint32, symbol uint32, used int) {
	for i := range table {
		table[i] = entryOther
		if used == 1 && i&1 == 0 {
			table[i] = symbol + 0x101
		}
	}
}

// fill fills table for a complete set of codes. Codes are handed out in order,
// and stand in the input with their first bit lowest, so code counts upwards
// from its highest bit.
func fill(table []uint32, width int, sorted []uint16, count *[maxCode + 1]int, symbols []uint32) {
	code, length := 0, 1
	for count[length] == 0 {
		length++
	}
	link, linkWidth, end := -1, 0, 1<<width // the further table being filled: for which code, how wide; where the next begins
	start := 0
	for _, s := range sorted {
		for count[length] == 0 { // the first 1<<length entries stand; longer codes see them twice
			if length < width {
				copy(table[1<<length:2<<length], table[:1<<length])
			}
			length++
		}
		if length <= width {
			table[code] = symbols[s] + uint32(length)*0x101
		} else {
			if first := code & (1<<width - 1); first != link {
				link, start, linkWidth = first, end, linked(length, width, count)
				end += 1 << linkWidth
				table[first] = entryOther | entryLink | uint32(start)<<16 | uint32(linkWidth)<<8 | uint32(width)
			}
			e := symbols[s] + uint32(length-width)*0x101
			for i := code >> width; i < 1<<linkWidth; i += 1 << (length - width) {
				table[start+i] = e
			}
		}
		count[length]--
		rest := code ^ (1<<length - 1) // the bits that are 0: the highest becomes 1, those above it 0
		if rest == 0 {
			break
		}
		bit := 1 << (bits.Len(uint(rest)) - 1)
		code = code&(bit-1) | bit
	}
	for ; length < width; length++ {
		copy(table[1<<length:2<<length], table[:1<<length])
	}
}

// linked returns how wide a further table must be whose first code has the
// given length; count says how many codes of each length are still to come.
func linked(length, width int, count *[maxCode + 1]int) int {
	w := length - width
	for room := 1<<w - count[length]; room > 0; {
		w++
		room = room<<1 - count[width+w]
	}
	return w
}
