package rdfc

import (
	"encoding/hex"
	"slices"
	"strconv"
)

// hashNDegree is "Hash N-Degree Quads", section 4.8. It extends the temporary
// issuer by the blank nodes that it meets, in their chosen order.
//
// The specification copies the issuer before each attempt. An attempt only ever
// adds to the issuer, so cutting it back to its old length does the same.
func (c *canonicalizer) hashNDegree(id int32) (string, error) {
	groups, hashes, err := c.related(id)
	if err != nil {
		return "", err
	}
	var data []byte
	for _, hash := range hashes {
		chosen, err := c.choosePath(groups[hash])
		if err != nil {
			return "", err
		}
		data = append(append(data, hash...), chosen...)
	}
	return c.digest(data), nil
}

// related is step 3: the blank nodes that share a quad with id, by the hash of
// how they are related, and those hashes in order.
func (c *canonicalizer) related(id int32) (map[string][]int32, []string, error) {
	steps := 1
	for _, i := range c.mentions[id] {
		// Each mention hashes its predicate, and nobody limits its length.
		steps += 1 + len(c.quads[i].text[1])/256
	}
	if err := c.spend(steps); err != nil {
		return nil, nil, err
	}
	groups := map[string][]int32{}
	var hashes []string
	for _, i := range c.mentions[id] {
		q := &c.quads[i]
		for j, position := range [...]byte{'s', 0, 'o', 'g'} {
			other := q.blank[j]
			if other < 0 || other == id {
				continue
			}
			hash := c.hashRelated(other, q.text[1], position)
			if groups[hash] == nil {
				hashes = append(hashes, hash)
			}
			groups[hash] = append(groups[hash], other)
		}
	}
	slices.Sort(hashes)
	return groups, hashes, nil
}

// hashRelated is "Hash Related Blank Node", section 4.7. The predicate comes
// with its angle brackets.
func (c *canonicalizer) hashRelated(id int32, predicate string, position byte) string {
	c.buf = append(c.buf[:0], position)
	if position != 'g' {
		c.buf = append(c.buf, predicate...)
	}
	switch {
	case c.canonical[id] != "" || c.temporary.has(id):
		c.buf = c.appendLabel(c.buf, id)
	default:
		c.buf = append(c.buf, c.first[id]...)
	}
	return c.digest(c.buf)
}

// choosePath is step 5.1 to 5.6 for the related nodes of one hash: it tries
// their permutations and keeps the smallest path, leaving the temporary issuer
// as that attempt left it.
func (c *canonicalizer) choosePath(nodes []int32) ([]byte, error) {
	// Each arrangement once: a node that is listed twice makes equal ones.
	slices.Sort(nodes)
	if nodes[0] == nodes[len(nodes)-1] {
		path, _, err := c.tryPath(nodes, nil)
		return path, err
	}
	base := len(c.temporary.order)
	var chosen []byte
	var added []int32 // what the chosen attempt added to the issuer
	for more := true; more; {
		path, complete, err := c.tryPath(nodes, chosen)
		if err != nil {
			return nil, err
		}
		if complete && (chosen == nil || string(path) < string(chosen)) {
			chosen, added = path, slices.Clone(c.temporary.order[base:])
		}
		if err := c.spend((len(c.temporary.order) - base) / 32); err != nil {
			return nil, err // copying and undoing costs too, if less than hashing
		}
		c.temporary.truncate(base)
		more = nextPermutation(nodes)
	}
	for _, id := range added {
		c.temporary.issue(id)
	}
	return chosen, nil
}

// tryPath is step 5.4 for one permutation. It gives up, complete being false,
// as soon as the path cannot become smaller than chosen.
func (c *canonicalizer) tryPath(nodes []int32, chosen []byte) (path []byte, complete bool, err error) {
	if err := c.spend(1 + len(nodes)); err != nil {
		return nil, false, err
	}
	worse := func() bool {
		return chosen != nil && len(path) >= len(chosen) && string(path) > string(chosen)
	}
	var recurse []int32
	for _, id := range nodes {
		if c.canonical[id] == "" && !c.temporary.has(id) {
			recurse = append(recurse, id)
			c.temporary.issue(id)
		}
		if path = c.appendLabel(path, id); worse() {
			return nil, false, nil
		}
	}
	for _, id := range recurse {
		hash, err := c.hashNDegree(id)
		if err != nil {
			return nil, false, err
		}
		path = c.appendLabel(path, id)
		path = append(append(append(path, '<'), hash...), '>')
		if worse() {
			return nil, false, nil
		}
	}
	return path, true, nil
}

// spend counts steps of work before they are done.
func (c *canonicalizer) spend(steps int) error {
	if c.work+steps > c.maxWork {
		return &WorkError{What: "steps", Count: c.work + steps, Limit: c.maxWork}
	}
	c.work += steps
	return nil
}

// appendLabel writes the canonical label of a blank node, or its temporary one.
func (c *canonicalizer) appendLabel(b []byte, id int32) []byte {
	b = append(b, "_:"...)
	if l := c.canonical[id]; l != "" {
		return append(b, l...)
	}
	return appendNumber(append(b, 'b'), int(c.temporary.position[id])-1)
}

// digest returns the hash of data in hexadecimal.
func (c *canonicalizer) digest(data []byte) string {
	c.h.Reset()
	c.h.Write(data)
	return c.hexSum()
}

// hexSum returns the hash of what was written to c.h.
func (c *canonicalizer) hexSum() string {
	c.sum = c.h.Sum(c.sum[:0])
	return hex.EncodeToString(c.sum)
}

func appendNumber(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }

// issuer gives temporary labels: the nth node it meets is b(n-1).
type issuer struct {
	order    []int32
	position []int32 // by node, from 1; 0 is none
}

func (s *issuer) has(id int32) bool { return s.position[id] > 0 }

func (s *issuer) issue(id int32) {
	if s.position[id] == 0 {
		s.order = append(s.order, id)
		s.position[id] = int32(len(s.order))
	}
}

func (s *issuer) truncate(n int) {
	for _, id := range s.order[n:] {
		s.position[id] = 0
	}
	s.order = s.order[:n]
}

// nextPermutation puts a into the next lexicographic order, and reports false
// after the last.
func nextPermutation(a []int32) bool {
	i := len(a) - 2
	for i >= 0 && a[i] >= a[i+1] {
		i--
	}
	if i < 0 {
		return false
	}
	j := len(a) - 1
	for a[j] <= a[i] {
		j--
	}
	a[i], a[j] = a[j], a[i]
	slices.Reverse(a[i+1:])
	return true
}
