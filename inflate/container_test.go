package inflate_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/adler32"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/roundel/roundel/inflate"
)

// otherGzip reads one gzip member by another library, and tells whether
// something follows. The standard library would not do: it reads on where flags
// are set that RFC 1952 (section 2.3.1.2) says must be zero.
func otherGzip(data []byte) (out []byte, more bool, err error) {
	in := bytes.NewReader(data)
	r, err := gzip.NewReader(in)
	if err != nil {
		return nil, false, err
	}
	r.Multistream(false)
	out, err = io.ReadAll(r)
	return out, in.Len() > 0, err
}

// otherZlib does the same for zlib streams, by the standard library.
func otherZlib(data []byte) (out []byte, more bool, err error) {
	in := bytes.NewReader(data)
	r, err := zlib.NewReader(in)
	if err != nil {
		return nil, false, err
	}
	out, err = io.ReadAll(r)
	return out, in.Len() > 0, err
}

// same fails the test unless data is read as others read it.
func same(t *testing.T, data []byte, expand func([]byte, int64) ([]byte, error), other func([]byte) ([]byte, bool, error)) error {
	t.Helper()
	want, more, wrong := other(data)
	got, err := expand(data, 1<<24)
	switch {
	case wrong != nil && errors.Is(err, inflate.ErrCorrupt) && got == nil:
	case wrong == nil && more && errors.Is(err, inflate.ErrTrailing) && got == nil:
	case wrong == nil && !more && err == nil && bytes.Equal(got, want) && got != nil:
	default:
		t.Fatalf("%d bytes and %v; the other library has %d bytes and %v, and more follows: %v; of %x", len(got), err, len(want), wrong, more, data)
	}
	return err
}

// member is a gzip member with the header fields that flags ask for.
func member(t testing.TB, flags byte, name string) []byte {
	plain := gz(t, []byte("some bits, some bits"))
	out := bytes.Clone(plain[:10])
	out[3] = flags
	if flags&4 != 0 {
		out = append(out, 3, 0, 'x', 0, 'z')
	}
	if flags&8 != 0 {
		out = append(append(out, name...), 0)
	}
	if flags&16 != 0 {
		out = append(out, "a comment\x00"...)
	}
	if flags&2 != 0 {
		out = binary.LittleEndian.AppendUint16(out, uint16(crc32.ChecksumIEEE(out)))
	}
	return append(out, plain[10:]...)
}

func TestGzipHeaders(t *testing.T) {
	for flags := range 256 {
		data := member(t, byte(flags), "name")
		err := same(t, data, inflate.Gzip, otherGzip)
		if flags < 32 && err != nil || flags >= 32 && err == nil {
			t.Errorf("flags %05b: %v", flags, err)
		}
		for n := range data { // cut off anywhere
			same(t, data[:n], inflate.Gzip, otherGzip)
		}
	}
	for n := 505; n < 520; n++ {
		data := member(t, 8, strings.Repeat("n", n))
		if err := same(t, data, inflate.Gzip, otherGzip); (n < 512) != (err == nil) {
			t.Errorf("a name of %d bytes: %v", n, err)
		}
	}
}

func TestZlibHeaders(t *testing.T) {
	plain := zl(t, []byte("some bits, some bits"))
	for method := range 256 {
		for flags := range 256 {
			same(t, append([]byte{byte(method), byte(flags)}, plain[2:]...), inflate.Zlib, otherZlib)
		}
	}
	for _, dict := range []string{"", "some bits"} { // the header names it; nobody has it
		var b bytes.Buffer
		w, err := zlib.NewWriterLevelDict(&b, 6, []byte(dict))
		if err != nil {
			t.Fatal(err)
		}
		data := finish(t, &b, w, []byte("some bits, some bits"))
		if err := same(t, data, inflate.Zlib, otherZlib); dict != "" && err == nil {
			t.Error("a preset dictionary was accepted")
		}
	}
	empty := append([]byte{0x78, 0x20, 0, 0, 0, 1}, plain[2:]...)
	empty[1] += 31 - byte(binary.BigEndian.Uint16(empty)%31)
	if err := same(t, empty, inflate.Zlib, otherZlib); err != nil {
		t.Errorf("the empty dictionary: %v", err)
	}
	for n := range empty {
		same(t, empty[:n], inflate.Zlib, otherZlib)
	}
}

func TestContainersMutated(t *testing.T) {
	r := rand.New(rand.NewPCG(1952, 1950))
	text := []byte("some bits of a badge, some bits of a list")
	var gzips, zlibs [40][]byte
	for n := range gzips {
		gzips[n], zlibs[n] = gz(t, text[:n]), zl(t, text[:n])
	}
	for range 10_000 {
		for _, c := range []struct {
			data   []byte
			expand func([]byte, int64) ([]byte, error)
			other  func([]byte) ([]byte, bool, error)
		}{
			{gzips[r.IntN(40)], inflate.Gzip, otherGzip},
			{zlibs[r.IntN(40)], inflate.Zlib, otherZlib},
		} {
			data := append(bytes.Clone(c.data), 1, 2, 3)
			data = data[:len(data)-r.IntN(8)]
			if i := r.IntN(len(data) * 2); i < len(data) {
				data[i] ^= 1 << r.IntN(8)
			}
			same(t, data, c.expand, c.other)
		}
	}
}

// TestChecksumOfAll makes sure that every byte counts in the checksums, of small
// outputs and of those that are not kept in one piece from the start.
func TestChecksumOfAll(t *testing.T) {
	for _, size := range []int{0, 1, 1000, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20} {
		data := bytes.Repeat([]byte("0123456789abcdefg"), size/17+1)[:size]
		g, z := gz(t, data), zl(t, data)
		if out, err := inflate.Gzip(g, int64(size)); err != nil || !bytes.Equal(out, data) || cap(out) > size+size/4+64 && size > 0 {
			t.Errorf("Gzip: %d of %d bytes, capacity %d, %v", len(out), size, cap(out), err)
		}
		if out, err := inflate.Zlib(z, int64(size)); err != nil || !bytes.Equal(out, data) {
			t.Errorf("Zlib: %d of %d bytes, %v", len(out), size, err)
		}
		binary.LittleEndian.PutUint32(g[len(g)-8:], crc32.ChecksumIEEE(append(data, 0)))
		binary.BigEndian.PutUint32(z[len(z)-4:], adler32.Checksum(append(data, 0)))
		if _, err := inflate.Gzip(g, 1<<24); !errors.Is(err, inflate.ErrCorrupt) {
			t.Errorf("Gzip, checksum of other data: %v", err)
		}
		if _, err := inflate.Zlib(z, 1<<24); !errors.Is(err, inflate.ErrCorrupt) {
			t.Errorf("Zlib, checksum of other data: %v", err)
		}
	}
}
