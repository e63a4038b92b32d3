package strictjson

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A name is a member name of an object that is being read.
type name struct {
	hash     uint64 // the same for names that differ in letter case; 0 is not known
	from, to int    // where it is in the text; from -1: it is parser.own[to]
}

// nameBytes returns the characters of n.
func (p *parser) nameBytes(n name) []byte {
	if n.from < 0 {
		return []byte(p.own[n.to])
	}
	return p.data[n.from:n.to]
}

// nameOf is nameBytes as a string.
func (p *parser) nameOf(n name) string { return string(p.nameBytes(n)) }

// An index finds names among those of one object. A few names are compared one
// by one, and mostly not even that: marks has a bit for the hash of each. More
// than fewNames are in a map.
type index struct {
	marks uint64
	many  map[string]int // folded name to its place among the names
}

const fewNames = 16

// find returns the place of a name among names that equals n (after folding). If
// there is none it returns -1, and n must be the next name.
func (x *index) find(p *parser, names []name, n name) int {
	if x.many != nil || len(names) == fewNames {
		return x.findMany(p, names, n)
	}
	mark := uint64(1) << (n.hash >> 58)
	if n.hash == 0 {
		mark = ^uint64(0)
	}
	if x.marks&mark != 0 {
		for i := range names {
			if h := names[i].hash; h == n.hash || h == 0 || n.hash == 0 {
				if bytes.EqualFold(p.nameBytes(names[i]), p.nameBytes(n)) {
					return i
				}
			}
		}
	}
	x.marks |= mark
	return -1
}

func (x *index) findMany(p *parser, names []name, n name) int {
	if x.many == nil {
		x.many = make(map[string]int, 2*fewNames)
		for i := range names {
			x.many[fold(p.nameOf(names[i]))] = i
		}
	}
	folded := fold(p.nameOf(n))
	if i, found := x.many[folded]; found {
		return i
	}
	x.many[folded] = len(names)
	return -1
}

// hashName returns a hash of the ASCII name data[from:to] that is never 0. It
// looks at the ends of the name only, and takes letters of both cases, and some
// other characters, for the same. Whoever makes names with the same hash wins
// nothing but that few names are compared in full.
func hashName(data []byte, from, to int) uint64 {
	var head, tail uint64
	switch n := to - from; {
	case n >= 8:
		head, tail = binary.LittleEndian.Uint64(data[from:]), binary.LittleEndian.Uint64(data[to-8:])
	case from+8 <= len(data):
		head = binary.LittleEndian.Uint64(data[from:]) & (1<<(8*n) - 1)
	default:
		for i, c := range data[from:to] {
			head |= uint64(c) << (8 * i)
		}
	}
	const cases = ^uint64(ones * 0x20)
	h := (head&cases ^ bits.RotateLeft64(tail&cases, 29) ^ uint64(to-from)) * 0x9E3779B97F4A7C15
	return (h^h>>29)*0xBF58476D1CE4E5B9 | 1
}

// fold maps names that encoding/json takes for the same field (simple Unicode
// case folding) to one string: each character to the smallest of those it
// folds to. The Kelvin sign therefore equals K, and the long s equals S.
func fold(s string) string {
	return strings.Map(foldRune, s)
}

func foldRune(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z':
		return r - 'a' + 'A'
	case r < utf8.RuneSelf:
		return r
	}
	for {
		next := unicode.SimpleFold(r)
		if next <= r { // the cycle starts again at its smallest member
			return next
		}
		r = next
	}
}
