package inflate

import (
	"bytes"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// A writer makes streams that no compressor makes.
type writer struct {
	out  []byte
	bits uint64
	n    int
}

func (w *writer) put(v uint64, n int) *writer {
	w.bits |= v << w.n
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.out = append(w.out, byte(w.bits))
		w.bits >>= 8
	}
	return w
}

func (w *writer) bytes() []byte {
	out := bytes.Clone(w.out)
	if w.n > 0 {
		out = append(out, byte(w.bits))
	}
	return out
}

func (w *writer) stored(final uint64, data []byte) *writer {
	w.put(final, 1).put(0, 2)
	if w.n > 0 {
		w.put(0, 8-w.n)
	}
	w.put(uint64(len(data)), 16).put(uint64(^uint16(len(data))), 16)
	for _, b := range data {
		w.put(uint64(b), 8)
	}
	return w
}

// A symbols is a code: how long it is for each symbol.
type symbols []int

// code returns the code of s with its first bit lowest (RFC 1951, 3.2.2).
func (l symbols) code(s int) (uint64, int) {
	code := 0
	for n := 1; n <= l[s]; n++ {
		code <<= 1
		for i, m := range l {
			if m == n && (n < l[s] || i < s) {
				code++
			}
		}
	}
	return uint64(bits.Reverse16(uint16(code)) >> (16 - l[s])), l[s]
}

func (w *writer) symbol(l symbols, s int) *writer { return w.put(l.code(s)) }

// dynamic begins a block with codes of its own; all lengths are written with
// codes of five bits, without runs.
func (w *writer) dynamic(final uint64, lit, dist symbols) *writer {
	w.put(final, 1).put(2, 2).put(uint64(len(lit)-257), 5).put(uint64(len(dist)-1), 5).put(15, 4)
	plain := make(symbols, 19) // 16 symbols of four bits
	for i := range 16 {
		plain[i] = 4
	}
	for _, s := range codeOrder {
		w.put(uint64(plain[s]), 3)
	}
	for _, n := range append(append(symbols{}, lit...), dist...) {
		w.symbol(plain, n)
	}
	return w
}

// lengths returns n lengths, zero but where at says otherwise.
func lengths(n int, at map[int]int) symbols {
	l := make(symbols, n)
	for s, v := range at {
		l[s] = v
	}
	return l
}

// ladder gives symbols codes of 1, 2, 3 … 15, 15 bits.
func ladder(n int, order ...int) symbols {
	l := make(symbols, n)
	for i, s := range order {
		l[s] = min(i+1, len(order)-1)
	}
	return l
}

func fixedLit() symbols {
	l := make(symbols, 288)
	for i := range l {
		switch {
		case i >= 144 && i < 256:
			l[i] = 9
		case i >= 256 && i < 280:
			l[i] = 7
		default:
			l[i] = 8
		}
	}
	return l
}

// made is a stream made by hand, and what it stands for: nothing if it is to be
// refused.
type made struct {
	name string
	in   []byte
	want []byte
}

func madeByHand() []made {
	fl, fd := fixedLit(), bytes.Repeat([]byte{5}, 32)
	fdist := make(symbols, 32)
	for i, n := range fd {
		fdist[i] = int(n)
	}
	eob := func(w *writer, l symbols) []byte { return w.symbol(l, 256).bytes() }
	big := bytes.Repeat([]byte("0123456789abcdef"), 2048) // 32 KiB
	one := lengths(257, map[int]int{'a': 1, 256: 1})
	single := lengths(258, map[int]int{'a': 1, 256: 2, 257: 2})
	long := ladder(259, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 258, 'n', 256)
	fixed := func() *writer { return new(writer).put(1, 1).put(1, 2) }
	a := func() *writer { return fixed().symbol(fl, 'a') }
	return []made{
		{"nothing", nil, nil},
		{"empty fixed block", eob(fixed(), fl), []byte{}},
		{"empty stored block", new(writer).stored(1, nil).bytes(), []byte{}},
		{"empty blocks, then one byte", eob(new(writer).stored(0, nil).put(0, 1).put(1, 2).symbol(fl, 256).stored(0, nil).put(1, 1).put(1, 2).symbol(fl, 'x'), fl), []byte("x")},
		{"stored", new(writer).stored(0, big).stored(1, []byte("end")).bytes(), append(bytes.Clone(big), "end"...)},
		{"stored, wrong complement", flipped(new(writer).stored(1, []byte("end")).bytes(), 3), nil},
		{"stored, cut short", new(writer).stored(1, []byte("end")).bytes()[:7], nil},
		{"reserved kind of block", new(writer).put(1, 1).put(3, 2).put(0, 64).bytes(), nil},
		{"fixed, length 258 at distance 1", eob(a().symbol(fl, 285).symbol(fdist, 0), fl), bytes.Repeat([]byte("a"), 259)},
		{"fixed, 258 written as 227 + 31", eob(a().symbol(fl, 284).put(31, 5).symbol(fdist, 0), fl), bytes.Repeat([]byte("a"), 259)},
		{"fixed, symbol 286", eob(a().symbol(fl, 286).symbol(fdist, 0), fl), nil},
		{"fixed, symbol 287", eob(a().symbol(fl, 287).symbol(fdist, 0), fl), nil},
		{"fixed, distance symbol 30", eob(a().symbol(fl, 257).symbol(fdist, 30).put(0, 13), fl), nil},
		{"fixed, distance symbol 31", eob(a().symbol(fl, 257).symbol(fdist, 31).put(0, 13), fl), nil},
		{"fixed, one too far back", eob(a().symbol(fl, 257).symbol(fdist, 1), fl), nil},
		{"fixed, match at the start", eob(fixed().symbol(fl, 257).symbol(fdist, 0), fl), nil},
		{"fixed, no end", a().put(0, 0).bytes(), nil},
		{"distance 32768", eob(new(writer).stored(0, big).put(1, 1).put(1, 2).symbol(fl, 285).symbol(fdist, 29).put(8191, 13), fl), append(bytes.Clone(big), big[:258]...)},
		{"distance 32768, a byte too few", eob(new(writer).stored(0, big[1:]).put(1, 1).put(1, 2).symbol(fl, 285).symbol(fdist, 29).put(8191, 13), fl), nil},
		{"dynamic, no distances", eob(new(writer).dynamic(1, one, symbols{0}).symbol(one, 'a'), one), []byte("a")},
		{"dynamic, no distances, but a match", eob(new(writer).dynamic(1, single, symbols{0}).symbol(single, 'a').symbol(single, 257).put(0, 1), single), nil},
		{"dynamic, a single distance", eob(new(writer).dynamic(1, single, symbols{1}).symbol(single, 'a').symbol(single, 257).put(0, 1), single), []byte("aaaa")},
		{"dynamic, a single distance, its other bit", eob(new(writer).dynamic(1, single, symbols{1}).symbol(single, 'a').symbol(single, 257).put(1, 1), single), nil},
		{"dynamic, a single distance of two bits", eob(new(writer).dynamic(1, single, symbols{2}).symbol(single, 'a'), single), nil},
		{"dynamic, two distances of two bits", eob(new(writer).dynamic(1, single, symbols{2, 2}).symbol(single, 'a'), single), nil},
		{"dynamic, three distances of one bit", eob(new(writer).dynamic(1, single, symbols{1, 1, 1}).symbol(single, 'a'), single), nil},
		{"dynamic, only an end", new(writer).dynamic(1, lengths(257, map[int]int{256: 1}), symbols{0}).put(0, 1).bytes(), []byte{}},
		{"dynamic, only an end, its other bit", new(writer).dynamic(1, lengths(257, map[int]int{256: 1}), symbols{0}).put(1, 1).put(0, 32).bytes(), nil},
		{"dynamic, no end of block", new(writer).dynamic(1, lengths(257, map[int]int{'a': 1, 'b': 1}), symbols{0}).put(0, 64).bytes(), nil},
		{"dynamic, no codes", new(writer).dynamic(1, lengths(257, nil), symbols{0}).put(0, 64).bytes(), nil},
		{"dynamic, incomplete", eob(new(writer).dynamic(1, lengths(257, map[int]int{'a': 1, 256: 2}), symbols{0}).put(0, 1), lengths(257, map[int]int{'a': 1, 256: 2})), nil},
		{"dynamic, over-subscribed", new(writer).dynamic(1, lengths(257, map[int]int{'a': 1, 'b': 1, 256: 1}), symbols{0}).put(0, 64).bytes(), nil},
		{"dynamic, 287 literals", new(writer).dynamic(1, lengths(287, map[int]int{'a': 1, 256: 1}), symbols{0}).put(1, 64).bytes(), nil},
		{"dynamic, 31 distances", new(writer).dynamic(1, one, make(symbols, 31)).put(1, 64).bytes(), nil},
		{"15 bits", eob(bulk(new(writer).dynamic(1, long, ladder(16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)), long, 40), long), bytes.Repeat([]byte("abn"), 40)},
	}
}

// bulk writes what makes the decoder use its fast loop.
func bulk(w *writer, l symbols, times int) *writer {
	for range times {
		w.symbol(l, 'a').symbol(l, 'b').symbol(l, 'n')
	}
	return w
}

func flipped(b []byte, i int) []byte { b[i] ^= 1; return b }

func handMade() (all [][]byte) {
	for _, m := range madeByHand() {
		if len(m.in) > 0 && len(m.in) < 3000 {
			all = append(all, m.in)
		}
	}
	return all
}

func TestHandMade(t *testing.T) {
	for _, m := range madeByHand() {
		for _, tail := range []int{0, 1, 100} { // with and without room for the fast loop
			in := append(bytes.Clone(m.in), make([]byte, tail)...)
			if m.want == nil && tail > 0 {
				agree(t, m.name, in)
				continue
			}
			if got := agree(t, m.name, in); !bytes.Equal(got, m.want) || (got == nil) != (m.want == nil) {
				t.Errorf("%s: %d bytes, not %d", m.name, len(got), len(m.want))
			}
		}
	}
}

// complete returns a random complete code for some of n symbols, up to 15 bits
// long.
func complete(r *rand.Rand, n, used int) symbols {
	depths := []int{0}
	for len(depths) < used {
		i := r.IntN(len(depths))
		if r.IntN(3) > 0 { // one that is long already
			i = len(depths) - 1
		}
		if depths[i] == 15 {
			i = r.IntN(len(depths))
		}
		if depths[i] < 15 {
			depths[i]++
			depths = append(depths, depths[i])
		}
	}
	l := make(symbols, n)
	for i, s := range r.Perm(n)[:used] {
		l[s] = depths[i]
	}
	return l
}

// TestRandomCodes reads random symbols in random codes, and codes of which one
// length was changed.
func TestRandomCodes(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 51))
	accepted := 0
	for i := range 3000 {
		lits, dists := 257+r.IntN(30), 1+r.IntN(30)
		lit, dist := complete(r, lits, 2+r.IntN(lits-1)), complete(r, dists, min(dists, 2+r.IntN(dists)))
		if dists == 1 {
			dist[0] = r.IntN(2)
		}
		if lit[256] == 0 {
			for s := range lit {
				if lit[s] > 0 {
					lit[s], lit[256] = 0, lit[s]
					break
				}
			}
		}
		if i%4 == 3 {
			lit[r.IntN(lits)] = r.IntN(16)
		}
		w := new(writer).stored(0, make([]byte, 3)).dynamic(1, lit, dist)
		randomSymbols(r, w, lit, dist)
		in := w.bytes()
		if lit[256] > 0 {
			in = w.symbol(lit, 256).bytes()
		}
		if agree(t, "random codes", in) != nil {
			accepted++
		}
	}
	if accepted < 500 {
		t.Errorf("only %d of 3000 were accepted", accepted)
	}
}

// randomSymbols writes up to 60 symbols but no end, with distances that are
// mostly not too far.
func randomSymbols(r *rand.Rand, w *writer, lit, dist symbols) {
	size := 3
	for range r.IntN(60) {
		s := r.IntN(len(lit))
		if lit[s] == 0 || s == 256 {
			continue
		}
		if s < 256 {
			w.symbol(lit, s)
			size++
			continue
		}
		d := r.IntN(len(dist))
		if dist[d] == 0 || (int(distSymbols[d]>>16) > size && r.IntN(200) > 0) {
			continue
		}
		w.symbol(lit, s).put(0, int(litSymbols[s]&takes))
		w.symbol(dist, d).put(0, int(distSymbols[d]&takes))
		size += int(litSymbols[s] >> 16)
	}
}
