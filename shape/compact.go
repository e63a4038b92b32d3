package shape

import (
	"bytes"

	"github.com/roundel/roundel/strictjson"
)

// Compact is Hashes for a document that the proof is to stand in: it also appends
// doc to dst, without white space between its tokens and without its closing
// brace, so that a comma and the member "proof" can follow.
//
// Errors are those of Hash, and ErrUnusual for a document that has a member
// "proof", or may have one, or has no members. dst's bytes are kept then.
func (c *Cache) Compact(dst, doc, options []byte) (out []byte, document, proof [32]byte, err error) {
	r := c.reader()
	defer c.readers.Put(r)
	r.read(c, kindPair, doc, options)
	out, ok := dst, false
	if r.layout != nil {
		out, ok = r.layout.compact(dst, &r.form)
	} else {
		out, ok = compact(dst, doc)
	}
	if !ok {
		return dst, document, proof, ErrUnusual
	}
	if document, proof, err = r.hashes(c, doc, options); err != nil {
		return dst, document, proof, err
	}
	return out, document, proof, nil
}

// compact is what Compact appends, for a text that is written like l.
func (l *layout) compact(dst []byte, f *form) (out []byte, ok bool) {
	if l.tokens == nil {
		return dst, false
	}
	for i, tokens := range l.tokens {
		if i > 0 {
			s := &f.slots[i-1]
			dst = append(dst, f.sources[0][s.from:s.to]...)
		}
		dst = append(dst, tokens...)
	}
	return dst, true
}

// tokensBetween returns what compact leaves of the gaps between the slots of f's
// first text, or nil for a text that it refuses.
func tokensBetween(f *form) [][]byte {
	if _, ok := compact(nil, f.sources[0]); !ok {
		return nil
	}
	key, _, _ := bytes.Cut(f.key[1:], []byte{0}) // of the first text
	key = bytes.TrimSuffix(key, []byte{'}'})
	// A marker stands for a string with its quotes.
	return bytes.Split(bytes.ReplaceAll(key, []byte{marker}, []byte{'"', marker, '"'}), []byte{marker})
}

// compact is what Compact appends. It does not look whether doc is JSON; for what
// is no JSON object, for an empty one, and for one that has, or may have, a member
// "proof", ok is false.
func compact(dst, doc []byte) (out []byte, ok bool) {
	depth, members := 0, 0
	from := 0 // of what is not copied yet
	for i := 0; i < len(doc); {
		switch doc[i] {
		case ' ', '\t', '\n', '\r':
			dst = append(dst, doc[from:i]...)
			i++
			from = i
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return append(dst, doc[from:i]...), doc[i] == '}' && members > 0
			}
		case '"':
			end, content := strictjson.StringEnd(doc, i+1)
			if end < 0 {
				return nil, false
			}
			if depth == 1 {
				members++
				// A key with escapes may be any word; so may a value, which is as well.
				if content&strictjson.Escapes != 0 && isKey(doc[end+1:]) || string(doc[i:end+1]) == `"proof"` {
					return nil, false
				}
			}
			i = end
		}
		i++
	}
	return nil, false
}

// isKey tells whether a colon follows.
func isKey(rest []byte) bool {
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return len(rest) > 0 && rest[0] == ':'
}
