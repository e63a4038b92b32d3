package inflate

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	kflate "github.com/klauspost/compress/flate"
)

// plenty is a limit that nothing in these tests comes near.
const plenty = 1 << 24

// agree fails the test unless in is read as compress/flate reads it: both
// refuse it, or both make the same bytes of it and stop at the same place. It
// returns the bytes, nil if the stream is refused.
func agree(t *testing.T, name string, in []byte) []byte {
	t.Helper()
	r := bytes.NewReader(in)
	want, wrong := io.ReadAll(io.LimitReader(flate.NewReader(r), plenty))
	got, rest, err := expand(in, plenty, 0)
	switch {
	case (wrong == nil) != (err == nil):
		t.Fatalf("%s: %v, but compress/flate says %v, of %x", name, err, wrong, head(in))
	case err != nil && !errors.Is(err, ErrCorrupt):
		t.Fatalf("%s: error %v", name, err)
	case err != nil && (got != nil || rest != nil):
		t.Fatalf("%s: output with an error", name)
	case err != nil:
		return nil
	case !bytes.Equal(got, want):
		t.Fatalf("%s: other bytes than compress/flate makes of %x", name, head(in))
	case len(rest) != r.Len():
		t.Fatalf("%s: %d bytes are left, not %d", name, len(rest), r.Len())
	}
	return got
}

func head(b []byte) []byte { return b[:min(len(b), 200)] }

// inputs are what the compressors are given.
func inputs() map[string][]byte {
	r := rand.New(rand.NewPCG(3, 1))
	noise := make([]byte, 70_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	sparse := make([]byte, 16<<10)
	for range len(sparse) * 8 / 100 {
		sparse[r.IntN(len(sparse))] |= 1 << r.IntN(8)
	}
	skewed := make([]byte, 80_000) // codes of many lengths
	for i := range skewed {
		skewed[i] = byte(min(r.ExpFloat64()*9, 255))
	}
	var text []byte
	for i := 0; len(text) < 80_000; i++ {
		text = fmt.Appendf(text, "The holder of badge %d has shown what %x asks for; ", i, r.Uint32()&0xfff)
	}
	out := map[string][]byte{"nothing": {}, "a byte": {7}, "noise": noise, "sparse": sparse, "skewed": skewed, "text": text,
		"zeros": make([]byte, 150_000), "far": append(append(bytes.Clone(noise[:32_768]), noise[:300]...), noise[5:400]...)}
	for _, n := range []int{2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 258, 259} {
		out[fmt.Sprintf("every %d", n)] = bytes.Repeat(noise[:n], 3000/n)
	}
	for _, n := range []int{30, 290, 291, 300} { // about where the careful loop takes over
		out[fmt.Sprintf("%d of text", n)] = text[:n]
	}
	return out
}

// streams returns each input as the compressors write it.
func streams(t testing.TB) map[string][]byte {
	t.Helper()
	once.Do(func() { packed = compressed(t) })
	return packed
}

var (
	once   sync.Once
	packed map[string][]byte
)

func compressed(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for name, data := range inputs() {
		for level := -2; level <= 9; level++ {
			var a, b bytes.Buffer
			std, err := flate.NewWriter(&a, level)
			if err != nil {
				t.Fatal(err)
			}
			other, err := kflate.NewWriter(&b, level)
			if err != nil {
				t.Fatal(err)
			}
			out[fmt.Sprintf("%s, standard library, level %d", name, level)] = pack(t, &a, std, data)
			out[fmt.Sprintf("%s, klauspost, level %d", name, level)] = pack(t, &b, other, data)
		}
	}
	return out
}

// pack writes data in two parts with a flush between them, which makes an
// empty stored block.
func pack(t testing.TB, b *bytes.Buffer, w interface {
	io.WriteCloser
	Flush() error
}, data []byte) []byte {
	t.Helper()
	half := len(data) / 2
	if _, err := w.Write(data[:half]); err != nil {
		t.Fatal(err)
	}
	if half%2 == 1 {
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Write(data[half:]); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(b.Bytes())
}

func TestCompressors(t *testing.T) {
	all := streams(t)
	for input, data := range inputs() {
		for name, in := range all {
			if len(name) <= len(input) || name[:len(input)+1] != input+"," {
				continue
			}
			if got := agree(t, name, append(bytes.Clone(in), "what follows"...)); !bytes.Equal(got, data) || got == nil {
				t.Errorf("%s: not the input", name)
			}
			agree(t, name, in)
		}
	}
}

func TestMutated(t *testing.T) {
	r := rand.New(rand.NewPCG(1951, 1))
	var short [][]byte
	for _, in := range streams(t) {
		if len(in) < 3000 {
			short = append(short, in)
		}
	}
	short = append(short, handMade()...)
	accepted, refused := 0, 0
	for range 30_000 {
		in := bytes.Clone(short[r.IntN(len(short))])
		switch r.IntN(4) {
		case 0:
			in = in[:r.IntN(len(in))]
		case 1: // near the beginning, where the codes are
			i := r.IntN(min(len(in), 80))
			in[i] ^= 1 << r.IntN(8)
		case 2:
			for range 1 + r.IntN(3) {
				in[r.IntN(len(in))] ^= 1 << r.IntN(8)
			}
		default:
			i := r.IntN(len(in))
			in = append(in[:i:i], in[min(len(in), i+1+r.IntN(3)):]...)
		}
		if agree(t, "mutated", in) != nil {
			accepted++
		} else {
			refused++
		}
	}
	if accepted < 1000 || refused < 10_000 {
		t.Errorf("%d streams were accepted and %d refused: too few of one kind to tell much", accepted, refused)
	}
}

func FuzzDeflate(f *testing.F) {
	for _, in := range streams(f) {
		if len(in) < 1500 {
			f.Add(in)
		}
	}
	for _, in := range handMade() {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 1<<13 { // which may expand to 8 MiB
			return
		}
		agree(t, "fuzzed", in)
	})
}
