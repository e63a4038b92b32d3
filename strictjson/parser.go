package strictjson

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// parser reads one value. It recurses, and maxDepth bounds the recursion.
type parser struct {
	data     string
	pos      int
	maxDepth int
	build    bool // make the tree, or only check
	path     []segment
}

// segment is one step of the path to the value being read.
type segment struct {
	key   string
	index int // -1 for a member
}

func (p *parser) fail(format string, args ...any) *Error {
	var b strings.Builder
	for _, s := range p.path {
		b.WriteByte('/')
		if s.index >= 0 {
			b.WriteString(strconv.Itoa(s.index))
			continue
		}
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(s.key, "~", "~0"), "/", "~1"))
	}
	return &Error{Offset: p.pos, Path: b.String(), Msg: fmt.Sprintf(format, args...)}
}

func (p *parser) space() {
	for p.pos < len(p.data) {
		switch p.data[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek returns the next byte, or 0 at the end. A NUL byte is valid nowhere, so
// the two need no distinction.
func (p *parser) peek() byte {
	if p.pos < len(p.data) {
		return p.data[p.pos]
	}
	return 0
}

func (p *parser) value(depth int) (any, error) {
	switch c := p.peek(); {
	case c == '{':
		return p.object(depth + 1)
	case c == '[':
		return p.array(depth + 1)
	case c == '"':
		return p.stringValue()
	case c == '-' || isDigit(c):
		return p.number()
	case c == 't':
		return true, p.literal("true")
	case c == 'f':
		return false, p.literal("false")
	case c == 'n':
		return nil, p.literal("null")
	case p.pos >= len(p.data):
		return nil, p.fail("the document ends too early")
	case c == 0xEF && p.pos == 0:
		return nil, p.fail("begins with a byte order mark")
	default:
		return nil, p.fail("unexpected byte %q", c)
	}
}

func (p *parser) literal(word string) error {
	if len(p.data)-p.pos < len(word) || p.data[p.pos:p.pos+len(word)] != word {
		return p.fail("unexpected word")
	}
	p.pos += len(word)
	return nil
}

func (p *parser) array(depth int) (any, error) {
	if depth > p.maxDepth {
		return nil, p.fail("nested more than %d deep", p.maxDepth)
	}
	p.pos++
	var list []any
	if p.build {
		list = []any{}
	}
	p.space()
	if p.peek() == ']' {
		p.pos++
		return list, nil
	}
	for i := 0; ; i++ {
		p.path = append(p.path, segment{index: i})
		p.space()
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		p.path = p.path[:len(p.path)-1]
		if p.build {
			list = append(list, v)
		}
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
		case ']':
			p.pos++
			return list, nil
		default:
			return nil, p.fail("expected a comma or the end of the array")
		}
	}
}

func (p *parser) object(depth int) (any, error) {
	if depth > p.maxDepth {
		return nil, p.fail("nested more than %d deep", p.maxDepth)
	}
	p.pos++
	var members map[string]any
	if p.build {
		members = map[string]any{}
	}
	p.space()
	if p.peek() == '}' {
		p.pos++
		return members, nil
	}
	var seen names
	for {
		p.space()
		if err := p.member(depth, &seen, members); err != nil {
			return nil, err
		}
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
		case '}':
			p.pos++
			return members, nil
		default:
			return nil, p.fail("expected a comma or the end of the object")
		}
	}
}

// member reads one name and its value into members, which is nil when no tree
// is built.
func (p *parser) member(depth int, seen *names, members map[string]any) error {
	if p.peek() != '"' {
		return p.fail("expected a member name in quotes")
	}
	start := p.pos
	name, err := p.str(true)
	if err != nil {
		return err
	}
	if before, dup := seen.add(name); dup {
		p.pos = start
		if before == name {
			return p.fail("member %q occurs twice", name)
		}
		return p.fail("members %q and %q differ only in letter case", before, name)
	}
	p.space()
	if p.peek() != ':' {
		return p.fail("expected a colon after the member name")
	}
	p.pos++
	p.path = append(p.path, segment{key: name, index: -1})
	p.space()
	v, err := p.value(depth)
	if err != nil {
		return err
	}
	p.path = p.path[:len(p.path)-1]
	if members != nil {
		members[name] = v
	}
	return nil
}

// number checks the grammar of RFC 8259, section 6.
func (p *parser) number() (any, error) {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
	}
	switch {
	case p.peek() == '0':
		p.pos++
		if isDigit(p.peek()) {
			return nil, p.fail("a number with a leading zero")
		}
	case !p.digits():
		return nil, p.fail("a number without digits")
	}
	if p.peek() == '.' {
		p.pos++
		if !p.digits() {
			return nil, p.fail("a number without digits after the point")
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if !p.digits() {
			return nil, p.fail("a number without digits in the exponent")
		}
	}
	var n json.Number
	if p.build {
		n = json.Number(p.data[start:p.pos])
	}
	return n, nil
}

// digits skips digits and reports whether there was one.
func (p *parser) digits() bool {
	start := p.pos
	for isDigit(p.peek()) {
		p.pos++
	}
	return p.pos > start
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
