package proof

import (
	"encoding/json"
	"strconv"
)

// A cutter takes the selected part out of JSON text that is valid and has no
// white space between tokens, and keeps the rest as it was written.
type cutter struct {
	in  []byte
	at  int
	out []byte
}

// cut returns the part of one value that s selects.
func (s *selection) cut(text []byte) []byte {
	c := &cutter{in: text}
	c.value(s)
	return c.out
}

func (c *cutter) value(s *selection) {
	switch {
	case !s.whole && c.in[c.at] == '{':
		c.object(s)
	case !s.whole && c.in[c.at] == '[':
		c.array(s)
	default:
		from := c.at
		c.skip()
		c.out = append(c.out, c.in[from:c.at]...)
	}
}

func (c *cutter) object(s *selection) {
	c.at++
	c.out = append(c.out, '{')
	for any := false; c.in[c.at] != '}'; {
		if c.in[c.at] == ',' {
			c.at++
		}
		from := c.at
		c.skipString()
		key := c.in[from:c.at]
		c.at++ // the colon
		var name string
		err := json.Unmarshal(key, &name)
		part := s.parts[name]
		if part == nil || err != nil {
			c.skip()
			continue
		}
		if any {
			c.out = append(c.out, ',')
		}
		any = true
		c.out = append(append(c.out, key...), ':')
		c.value(part)
	}
	c.at++
	c.out = append(c.out, '}')
}

func (c *cutter) array(s *selection) {
	c.at++
	c.out = append(c.out, '[')
	any := false
	for i := 0; c.in[c.at] != ']'; i++ {
		if c.in[c.at] == ',' {
			c.at++
		}
		part := s.parts[strconv.Itoa(i)]
		if part == nil {
			c.skip()
			continue
		}
		if any {
			c.out = append(c.out, ',')
		}
		any = true
		c.value(part)
	}
	c.at++
	c.out = append(c.out, ']')
}

// skip moves behind one value.
func (c *cutter) skip() {
	for depth := 0; c.at < len(c.in); {
		switch c.in[c.at] {
		case '"':
			c.skipString()
		case '{', '[':
			depth++
			c.at++
			continue
		case '}', ']':
			if depth == 0 {
				return // behind a number or a word
			}
			depth--
			c.at++
		case ',', ':':
			if depth == 0 {
				return
			}
			c.at++
			continue
		default:
			c.at++
			continue
		}
		if depth == 0 {
			return
		}
	}
}

func (c *cutter) skipString() {
	for c.at++; c.in[c.at] != '"'; c.at++ {
		if c.in[c.at] == '\\' {
			c.at++
		}
	}
	c.at++
}
