package shape

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func note(i int) []byte {
	return fmt.Appendf(nil, `{"@context":"https://www.w3.org/ns/credentials/v2","id":"urn:%d","name":"n%d"}`, i, i)
}

// Shapes without end are not remembered without end, and do not drive out the
// shape that everybody uses.
func TestFlood(t *testing.T) {
	c := New(Options{MaxEntries: 16, MaxBytes: 64 << 10})
	for i := range 3 {
		if _, err := c.Hash(note(i)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 200 {
		odd := fmt.Appendf(nil, `{"@context":"https://www.w3.org/ns/credentials/v2","id":"urn:x","https://a.example/%d":"n"}`, i)
		for range 2 {
			if _, err := c.Hash(odd); err != nil {
				t.Fatal(err)
			}
		}
		before := c.Stats().Fast
		if _, err := c.Hash(note(i)); err != nil {
			t.Fatal(err)
		}
		s := c.Stats()
		if s.Fast != before+1 {
			t.Fatalf("after %d other shapes the usual one is not known any more: %+v", i, s)
		}
		if s.Entries > 16 || s.Bytes > 64<<10 {
			t.Fatalf("%+v is beyond the bounds", s)
		}
	}
	if s := c.Stats(); s.Compiled != 201 {
		t.Errorf("%+v, want 201 shapes compiled", s)
	}
}

// A shape that is seen once costs no compilation.
func TestOnceIsNotCompiled(t *testing.T) {
	c := New(Options{})
	for i := range 3 * maxSeen {
		if c.store.again(fmt.Appendf(nil, "%d", i)) {
			t.Fatalf("key %d is new", i)
		}
	}
	if n := len(c.store.seen[0]) + len(c.store.seen[1]); n > 2*maxSeen {
		t.Errorf("%d keys are remembered", n)
	}
	if !c.store.again(fmt.Appendf(nil, "%d", 3*maxSeen-1)) {
		t.Error("the last key is forgotten already")
	}
}

// The hash of a key only finds the entry.
func TestKeysOfOneHash(t *testing.T) {
	s := newStore(4, 1<<20)
	s.insert(&entry{key: []byte("one")})
	for h, e := range s.entries {
		e.key = []byte("another")
		s.entries[h] = e
	}
	if s.find([]byte("one")) != nil {
		t.Error("an entry of another key was found")
	}
}

// What is too large to be worth it is left to the full processor.
func TestLargeIsNotCompiled(t *testing.T) {
	c := New(Options{})
	doc := fmt.Appendf(nil, `{"@context":"https://www.w3.org/ns/credentials/v2","id":"urn:x","name":"%s"}`, strings.Repeat("a", maxCompiled))
	for range 3 {
		if _, err := c.Hash(doc); err != nil {
			t.Fatal(err)
		}
	}
	if s := c.Stats(); s.Compiled != 0 || s.Full != 3 {
		t.Errorf("%+v", s)
	}
	if _, err := New(Options{}).Hash(append(note(1), make([]byte, 1<<20)...)); err == nil {
		t.Error("a document beyond the limit is read")
	}
}

// A text of a known layout that is beyond the limit in size is refused.
func TestLimitHoldsForKnownShapes(t *testing.T) {
	c := New(Options{})
	c.limits.MaxBytes = 200
	for i := range 4 {
		if _, err := c.Hash(note(i)); err != nil {
			t.Fatal(err)
		}
	}
	long := strings.Replace(string(note(1)), `"n1"`, `"`+strings.Repeat("n", 200)+`"`, 1)
	if _, err := c.Hash([]byte(long)); err == nil {
		t.Error("a document of 300 bytes is read where 200 are allowed")
	}
}

func TestConcurrentUse(t *testing.T) {
	c := New(Options{MaxEntries: 4})
	want := map[int][32]byte{}
	doc := func(i int) []byte {
		return []byte(strings.Replace(string(note(i)), `"name"`, strings.Repeat(" ", i%3)+`"`+[]string{"name", "description", "https://a.example/p", "https://a.example/q", "https://a.example/r"}[i%5]+`"`, 1))
	}
	for i := range 50 {
		sum, err := New(Options{}).Hash(doc(i))
		if err != nil {
			t.Fatal(err)
		}
		want[i] = sum
	}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range 200 {
				i = (i*7 + n) % 50
				if sum, err := c.Hash(doc(i)); err != nil || sum != want[i] {
					t.Errorf("document %d: %x, %v", i, sum, err)
				}
				s, err := c.Secured(doc(i))
				if err != nil {
					t.Error(err)
					return
				}
				if sum, err := s.DocumentHash(); err != nil || sum != want[i] {
					t.Errorf("document %d, secured: %x, %v", i, sum, err)
				}
				s.Release()
			}
		})
	}
	wg.Wait()
}
