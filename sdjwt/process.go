package sdjwt

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/roundel/roundel/strictjson"
)

// The reserved names (RFC 9901, section 4.1).
const (
	nameSD      = "_sd"
	nameAlg     = "_sd_alg"
	nameElement = "..."
)

func isReserved(name string) bool { return name == nameSD || name == nameAlg || name == nameElement }

// processor puts disclosed claims into their places (RFC 9901, section 7.1).
type processor struct {
	byDigest map[string]*Disclosure
	seen     map[string]bool // digests that have occurred
}

// process fills in s.Claims and the Path of each disclosure.
func (s *SDJWT) process() error {
	p := &processor{byDigest: make(map[string]*Disclosure, len(s.Disclosures)), seen: map[string]bool{}}
	for i := range s.Disclosures {
		d := &s.Disclosures[i]
		if p.byDigest[d.digest] != nil {
			return fmt.Errorf("%w: the same disclosure twice", ErrMalformed)
		}
		p.byDigest[d.digest] = d
	}
	var err error
	if s.Claims, err = p.object(s.Payload, "", 0); err != nil {
		return err
	}
	for _, d := range s.Disclosures {
		if !p.seen[d.digest] {
			return fmt.Errorf("%w: a disclosure that no digest stands for", ErrMalformed)
		}
	}
	if len(s.Disclosures) == 0 {
		return nil
	}
	// Two strict texts can make one that is not: names that differ only in letter
	// case, or more depth than is read.
	text, err := marshal(s.Claims)
	if err != nil {
		return err
	}
	if err := strictjson.Check(text, strictjson.Limits{MaxBytes: len(text)}); err != nil {
		return fmt.Errorf("%w: with its disclosures: %w", ErrMalformed, err)
	}
	return nil
}

func (p *processor) value(v any, path string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: nested more than %d deep", ErrMalformed, maxDepth)
	}
	switch v := v.(type) {
	case map[string]any:
		return p.object(v, path, depth)
	case []any:
		return p.array(v, path, depth)
	default:
		return v, nil
	}
}

func (p *processor) object(members map[string]any, path string, depth int) (map[string]any, error) {
	if _, present := members[nameElement]; present {
		return nil, fmt.Errorf("%w: reserved name %q at %q", ErrMalformed, nameElement, path)
	}
	out := make(map[string]any, len(members))
	for name, v := range members {
		if name == nameSD || name == nameAlg && depth == 0 {
			continue
		}
		if name == nameAlg {
			return nil, fmt.Errorf("%w: reserved name %q at %q", ErrMalformed, nameAlg, path)
		}
		inner, err := p.value(v, pointer(path, name), depth+1)
		if err != nil {
			return nil, err
		}
		out[name] = inner
	}
	sd, present := members[nameSD]
	if !present {
		return out, nil
	}
	list, ok := sd.([]any)
	if !ok {
		return nil, fmt.Errorf("%w: %q at %q is not a list", ErrMalformed, nameSD, path)
	}
	for _, item := range list {
		d, disclosed, err := p.use(item, path)
		if err != nil {
			return nil, err
		}
		if !disclosed {
			continue // or a decoy
		}
		if _, taken := members[d.Name]; taken || d.element {
			return nil, fmt.Errorf("%w: a disclosure at %q is for an array, or of a claim that is there", ErrMalformed, path)
		}
		if _, taken := out[d.Name]; taken {
			return nil, fmt.Errorf("%w: claim %q is disclosed twice at %q", ErrMalformed, d.Name, path)
		}
		d.Path = pointer(path, d.Name)
		if out[d.Name], err = p.value(d.Value, d.Path, depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (p *processor) array(list []any, path string, depth int) ([]any, error) {
	out := make([]any, 0, len(list))
	for _, v := range list {
		at := pointer(path, strconv.Itoa(len(out)))
		if members, ok := v.(map[string]any); ok {
			if digest, present := members[nameElement]; present {
				if len(members) != 1 {
					return nil, fmt.Errorf("%w: members beside %q at %q", ErrMalformed, nameElement, at)
				}
				d, disclosed, err := p.use(digest, at)
				if err != nil {
					return nil, err
				}
				if !disclosed {
					continue // or a decoy
				}
				if !d.element {
					return nil, fmt.Errorf("%w: a disclosure with a name at %q", ErrMalformed, at)
				}
				d.Path, v = at, d.Value
			}
		}
		inner, err := p.value(v, at, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, inner)
	}
	return out, nil
}

// use notes a digest, which may occur once in all, and returns the disclosure
// that it stands for, if that is here.
func (p *processor) use(v any, path string) (d *Disclosure, disclosed bool, err error) {
	digest, ok := v.(string)
	if !ok {
		return nil, false, fmt.Errorf("%w: a digest at %q is not a text", ErrMalformed, path)
	}
	if p.seen[digest] {
		return nil, false, fmt.Errorf("%w: a digest occurs twice, the second time at %q", ErrMalformed, path)
	}
	p.seen[digest] = true
	d, disclosed = p.byDigest[digest]
	return d, disclosed, nil
}

// pointer is the JSON Pointer of the member or element called name.
func pointer(path, name string) string {
	return path + "/" + strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// steps are the names in a JSON Pointer.
func steps(path string) ([]string, bool) {
	if path == "" || path[0] != '/' {
		return nil, false
	}
	names := strings.Split(path[1:], "/")
	for i, name := range names {
		names[i] = strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
	}
	return names, true
}
