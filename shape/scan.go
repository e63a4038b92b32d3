package shape

import (
	"bytes"
	"unicode/utf8"

	"github.com/roundel/roundel/strictjson"
)

const (
	maxDepth = 64      // of nesting, as strictjson has it
	maxSlots = 4096    // string leaves of one document that can be fast
	marker   = byte(1) // stands for a slot in a key, where JSON has no such byte
)

// A slot is a string leaf that is not part of the key.
type slot struct {
	span          // its spelling in the source, without quotes
	source  uint8 // which text of the form it stands in
	decoded bool  // its value differs from its spelling
	value   span  // in form.decoded, if so
	name    span  // the member name it stands under, as written, in the source
}

// A span is a part of a text.
type span struct{ from, to int32 }

// form is a document, or several, taken apart into structure and slots.
//
// The key is the sequence of tokens as written, with a marker for each slot.
// Texts of the same key therefore differ in white space between tokens and in
// the values of slots, and in nothing else: what is true of the names, nesting,
// numbers and contexts of one is true of all of them. The values of slots are
// checked in every text.
type form struct {
	key     []byte
	slots   []slot
	sources [2][]byte
	decoded []byte
}

func (f *form) reset() {
	f.key, f.slots, f.decoded = f.key[:0], f.slots[:0], f.decoded[:0]
	f.sources = [2][]byte{}
}

// value returns the value of slot i.
func (f *form) value(i int) []byte {
	s := &f.slots[i]
	if s.decoded {
		return f.decoded[s.value.from:s.value.to]
	}
	return f.sources[s.source][s.from:s.to]
}

// How strings are treated, by where they stand.
const (
	free    = uint8(iota) // they become slots
	written               // they are part of the key
	deep                  // so is everything inside objects here
)

type frame struct {
	array bool
	mode  uint8
	name  span // that an object's next value, or an array, stands under
}

// scan takes the text in source n apart. It reports false for what it does not
// want to judge, bad JSON included; whoever calls it then asks strictjson.
//
// Structure is checked no further than needed to read tokens apart: a key is
// only ever compared with keys of texts that strictjson has accepted.
func (f *form) scan(n uint8, names *nameSet) bool {
	data := f.sources[n]
	var frames [maxDepth + 1]frame
	depth, i := 0, 0
	mode := free
	for {
		// A value.
		i = skip(data, i)
		if i == len(data) {
			return false
		}
		opened := false
		switch c := data[i]; c {
		case '{', '[':
			if depth == maxDepth {
				return false
			}
			depth++
			if c == '{' && mode == written {
				mode = free
			}
			frames[depth] = frame{array: c == '[', mode: mode, name: frames[depth-1].name}
			f.key = append(f.key, c)
			i++
			opened = true
		default:
			if i = f.token(n, i, mode, &frames[depth]); i < 0 {
				return false
			}
		}
		// What follows it: the ends of arrays and objects, and a comma.
		for {
			i = skip(data, i)
			if depth == 0 {
				return i == len(data) && len(f.slots) <= maxSlots
			}
			if i == len(data) {
				return false
			}
			c := data[i]
			if c == ']' || c == '}' {
				if frames[depth].array != (c == ']') {
					return false
				}
				f.key = append(f.key, c)
				i++
				depth--
				opened = false
				continue
			}
			if !opened {
				if c != ',' {
					return false
				}
				f.key = append(f.key, ',')
				i++
			}
			break
		}
		mode = frames[depth].mode
		if frames[depth].array {
			continue
		}
		if i = f.name(data, i, names, &frames[depth], &mode); i == 0 {
			return false
		}
	}
}

// token reads a string, number or word and returns the place after it, or -1.
func (f *form) token(n uint8, i int, mode uint8, in *frame) int {
	data, start := f.sources[n], i
	switch {
	case data[i] != '"':
		for i < len(data) && bare[data[i]] {
			i++
		}
		if i == start {
			return -1
		}
	case mode == free:
		end := f.leaf(n, i+1, in.name)
		f.key = append(f.key, marker)
		if end < 0 {
			return -1
		}
		return end + 1
	default:
		end, _ := strictjson.StringEnd(data, i+1)
		if end < 0 {
			return -1
		}
		i = end + 1
	}
	f.key = append(f.key, data[start:i]...)
	return i
}

// name reads a member name and the colon, and returns the place after it, or 0.
func (f *form) name(data []byte, i int, names *nameSet, in *frame, mode *uint8) int {
	i = skip(data, i)
	if i == len(data) || data[i] != '"' {
		return 0
	}
	end, _ := strictjson.StringEnd(data, i+1)
	if end <= 0 {
		return 0
	}
	f.key = append(f.key, data[i:end+1]...)
	name := data[i+1 : end]
	in.name = span{int32(i + 1), int32(end)}
	if *mode != deep {
		*mode = names.mode(name)
	}
	i = skip(data, end+1)
	if i == len(data) || data[i] != ':' {
		return 0
	}
	f.key = append(f.key, ':')
	return i + 1
}

// leaf makes a slot of the string whose first byte is at start, and returns the
// place of its closing quote, or -1.
func (f *form) leaf(n uint8, start int, name span) int {
	data := f.sources[n]
	end, content := strictjson.StringEnd(data, start)
	if end < 0 {
		return -1
	}
	s := slot{span: span{int32(start), int32(end)}, source: n, name: name}
	if !plain(data[start:end], content) {
		from := len(f.decoded)
		var err error
		if f.decoded, err = strictjson.AppendString(f.decoded, data[start-1:end+1]); err != nil {
			return -1
		}
		s.decoded, s.value = true, span{int32(from), int32(len(f.decoded))}
	}
	f.slots = append(f.slots, s)
	return end
}

func skip(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r') {
		i++
	}
	return i
}

// bare are the bytes that numbers and words consist of.
var bare = func() (t [256]bool) {
	for _, c := range []byte("0123456789+-.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		t[c] = true
	}
	return t
}()

// plain reports whether a string is valid, and its value and its form in N-Quads
// are the bytes as they stand; content is what strictjson.StringEnd says of it.
// Other strings have yet to be checked.
func plain(text []byte, content strictjson.Content) bool {
	switch content {
	case 0:
		return true
	case strictjson.NonASCII:
		// U+FFFE and U+FFFF, which N-Quads escapes, begin with EF.
		return utf8.Valid(text) && bytes.IndexByte(text, 0xEF) < 0
	default:
		return false
	}
}
