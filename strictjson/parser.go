package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parser reads one value. It recurses, and maxDepth bounds the recursion.
//
// Its methods take the place where something begins and return the place after
// it, or -1 when err says why there is none.
type parser struct {
	data     []byte
	text     string // the same for a tree, whose strings are parts of it
	build    bool   // make the tree, or only check
	maxDepth int
	outer    *[]Member // of an object that is the whole; nil: nobody asks
	scratch  []byte    // the last string with escapes
	own      []string  // names with escapes

	err  *Error
	path []segment // to where err is, from the inside out
}

// room is where arrays and objects keep what they consist of until their end.
// Those inside one get what it leaves, by value, so that the first room can be
// on the stack.
type room struct {
	names  []name
	values []any
}

// segment is one step of the path to a value.
type segment struct {
	key   string
	index int // -1 for a member
}

func (p *parser) fail(at int, format string, args ...any) int {
	p.err = &Error{Offset: at, Msg: fmt.Sprintf(format, args...)}
	return -1
}

// pointer is the path as RFC 6901 has it.
func (p *parser) pointer() string {
	var b strings.Builder
	for _, s := range slices.Backward(p.path) {
		b.WriteByte('/')
		if s.index >= 0 {
			b.WriteString(strconv.Itoa(s.index))
			continue
		}
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(s.key, "~", "~0"), "/", "~1"))
	}
	return b.String()
}

// value reads a value. What it returns besides the place is nil where no tree is
// built.
func (p *parser) value(i, depth int, free room) (any, int) {
	if i >= len(p.data) {
		return nil, p.fail(i, "the document ends too early")
	}
	switch c := p.data[i]; c {
	case '"':
		after, content := p.str(i)
		switch {
		case after < 0 || !p.build:
			return nil, after
		case content&Escapes != 0:
			return string(p.scratch), after
		default:
			return p.text[i+1 : after-1], after
		}
	case '{':
		return p.object(i, depth+1, free)
	case '[':
		return p.array(i, depth+1, free)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		after := p.number(i)
		if after < 0 || !p.build {
			return nil, after
		}
		return json.Number(p.text[i:after]), after
	case 't':
		return true, p.word(i, "true")
	case 'f':
		return false, p.word(i, "false")
	case 'n':
		return nil, p.word(i, "null")
	default:
		if c == 0xEF && i == 0 {
			return nil, p.fail(i, "begins with a byte order mark")
		}
		return nil, p.fail(i, "unexpected byte %q", c)
	}
}

func (p *parser) word(i int, word string) int {
	if !bytes.HasPrefix(p.data[i:], []byte(word)) {
		return p.fail(i, "unexpected word")
	}
	return i + len(word)
}

// str checks a string. If it has escapes, its value is in p.scratch.
func (p *parser) str(i int) (int, Content) {
	end, content := StringEnd(p.data, i+1)
	if end >= 0 {
		if content&(Escapes|NonASCII) == 0 {
			return end + 1, content
		}
		if p.checked(p.data[i+1:end], content) {
			return end + 1, content
		}
	}
	at, msg := fault(p.data[i:])
	return p.fail(i+at, "%s", msg), content
}

// checked is the part of str for strings that are not plain.
func (p *parser) checked(text []byte, content Content) (ok bool) {
	if content&Escapes == 0 {
		return utf8.Valid(text)
	}
	p.scratch, ok = appendText(p.scratch[:0], text, content)
	return ok
}

func (p *parser) array(i, depth int, free room) (any, int) {
	if depth > p.maxDepth {
		return nil, p.fail(i, "nested more than %d deep", p.maxDepth)
	}
	data, values := p.data, free.values
	i = space(data, i+1)
	if i < len(data) && data[i] == ']' {
		return p.list(nil), i + 1
	}
	for n := 0; ; n++ {
		v, after := p.value(i, depth, room{free.names, values[len(values):]})
		if after < 0 {
			p.path = append(p.path, segment{index: n})
			return nil, -1
		}
		if p.build {
			values = append(values, v)
		}
		i = space(data, after)
		switch {
		case i < len(data) && data[i] == ',':
			i = space(data, i+1)
		case i < len(data) && data[i] == ']':
			return p.list(values), i + 1
		default:
			return nil, p.fail(i, "expected a comma or the end of the array")
		}
	}
}

func (p *parser) list(values []any) any {
	if !p.build {
		return nil
	}
	list := make([]any, len(values))
	copy(list, values)
	return list
}

func (p *parser) object(i, depth int, free room) (any, int) {
	if depth > p.maxDepth {
		return nil, p.fail(i, "nested more than %d deep", p.maxDepth)
	}
	data, names, values := p.data, free.names, free.values
	var same index
	i = space(data, i+1)
	if i < len(data) && data[i] == '}' {
		return p.tree(nil, nil), i + 1
	}
	for {
		start := i
		if names, i = p.name(i, names, &same); i < 0 {
			return nil, -1
		}
		i = space(data, i)
		if i >= len(data) || data[i] != ':' {
			return nil, p.fail(i, "expected a colon after the member name")
		}
		at := space(data, i+1)
		v, after := p.value(at, depth, room{names[len(names):], values[len(values):]})
		if after < 0 {
			p.path = append(p.path, segment{key: p.nameOf(names[len(names)-1]), index: -1})
			return nil, -1
		}
		if p.build {
			values = append(values, v)
		}
		if depth == 1 && p.outer != nil {
			*p.outer = append(*p.outer, Member{p.nameOf(names[len(names)-1]), start, at, after})
		}
		i = space(data, after)
		switch {
		case i < len(data) && data[i] == ',':
			i = space(data, i+1)
		case i < len(data) && data[i] == '}':
			return p.tree(names, values), i + 1
		default:
			return nil, p.fail(i, "expected a comma or the end of the object")
		}
	}
}

func (p *parser) tree(names []name, values []any) any {
	if !p.build {
		return nil
	}
	tree := make(map[string]any, len(values))
	for i, v := range values {
		if n := names[i]; n.from < 0 {
			tree[p.own[n.to]] = v
		} else {
			tree[p.text[n.from:n.to]] = v
		}
	}
	return tree
}

// name reads a member name, which must differ from those before it.
func (p *parser) name(i int, names []name, same *index) ([]name, int) {
	if i >= len(p.data) || p.data[i] != '"' {
		return nil, p.fail(i, "expected a member name in quotes")
	}
	after, content := p.str(i)
	if after < 0 {
		return nil, -1
	}
	n := name{from: i + 1, to: after - 1}
	switch {
	case content&Escapes != 0:
		p.own = append(p.own, string(p.scratch))
		n = name{from: -1, to: len(p.own) - 1}
	case content&NonASCII == 0:
		n.hash = hashName(p.data, n.from, n.to)
	}
	if at := same.find(p, names, n); at >= 0 {
		before, again := p.nameOf(names[at]), p.nameOf(n)
		if before == again {
			return nil, p.fail(i, "member %q occurs twice", again)
		}
		return nil, p.fail(i, "members %q and %q differ only in letter case", before, again)
	}
	return append(names, n), after
}

// number checks the grammar of RFC 8259, section 6.
func (p *parser) number(i int) int {
	data := p.data
	if data[i] == '-' {
		i++
	}
	at := digits(data, i)
	switch {
	case at == i:
		return p.fail(at, "a number without digits")
	case data[i] == '0' && at > i+1:
		return p.fail(i+1, "a number with a leading zero")
	}
	if i = at; i < len(data) && data[i] == '.' {
		if at = digits(data, i+1); at == i+1 {
			return p.fail(at, "a number without digits after the point")
		}
		i = at
	}
	if i < len(data) && data[i]|0x20 == 'e' {
		if i++; i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		if at = digits(data, i); at == i {
			return p.fail(at, "a number without digits in the exponent")
		}
		i = at
	}
	return i
}

// digits returns the place of the first byte from i on that is no digit.
func digits(data []byte, i int) int {
	for i < len(data) && isDigit(data[i]) {
		i++
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
