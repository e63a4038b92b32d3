package inflate_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/roundel/roundel/inflate"
)

func gz(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	return finish(t, &b, w, data)
}

func zl(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	return finish(t, &b, w, data)
}

func finish(t testing.TB, b *bytes.Buffer, w io.WriteCloser, data []byte) []byte {
	t.Helper()
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func flip(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 1
	return b
}

func TestRefuses(t *testing.T) {
	text := []byte("some bits, some bits, some bits")
	tests := []struct {
		name   string
		expand func([]byte, int64) ([]byte, error)
		data   []byte
		max    int64
		want   error
	}{
		{"gzip, one byte too many", inflate.Gzip, gz(t, text), int64(len(text)) - 1, inflate.ErrTooLarge},
		{"zlib, one byte too many", inflate.Zlib, zl(t, text), int64(len(text)) - 1, inflate.ErrTooLarge},
		{"gzip bomb", inflate.Gzip, gz(t, make([]byte, 8<<20)), 1 << 20, inflate.ErrTooLarge},
		{"zlib bomb", inflate.Zlib, zl(t, make([]byte, 8<<20)), 1 << 20, inflate.ErrTooLarge},
		{"negative limit", inflate.Gzip, gz(t, text), -1, inflate.ErrTooLarge},
		{"gzip, trailing byte", inflate.Gzip, append(gz(t, text), 0), 1 << 20, inflate.ErrTrailing},
		{"zlib, trailing byte", inflate.Zlib, append(zl(t, text), 0), 1 << 20, inflate.ErrTrailing},
		{"gzip, two members", inflate.Gzip, append(gz(t, text), gz(t, text)...), 1 << 20, inflate.ErrTrailing},
		{"gzip, cut short", inflate.Gzip, gz(t, text)[:20], 1 << 20, inflate.ErrCorrupt},
		{"gzip, no length", inflate.Gzip, gz(t, text)[:len(gz(t, text))-1], 1 << 20, inflate.ErrCorrupt},
		{"gzip, wrong checksum", inflate.Gzip, flip(gz(t, text), len(gz(t, text))-8), 1 << 20, inflate.ErrCorrupt},
		{"gzip, wrong length", inflate.Gzip, flip(gz(t, text), len(gz(t, text))-1), 1 << 20, inflate.ErrCorrupt},
		{"zlib, wrong checksum", inflate.Zlib, flip(zl(t, text), len(zl(t, text))-1), 1 << 20, inflate.ErrCorrupt},
		{"gzip, nothing", inflate.Gzip, nil, 1 << 20, inflate.ErrCorrupt},
		{"zlib, nothing", inflate.Zlib, nil, 1 << 20, inflate.ErrCorrupt},
		{"zlib as gzip", inflate.Gzip, zl(t, text), 1 << 20, inflate.ErrCorrupt},
		{"gzip as zlib", inflate.Zlib, gz(t, text), 1 << 20, inflate.ErrCorrupt},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.expand(tt.data, tt.max)
			if !errors.Is(err, tt.want) || got != nil {
				t.Errorf("got %d bytes and %v, want %v", len(got), err, tt.want)
			}
		})
	}
}

func TestExpands(t *testing.T) {
	for _, size := range []int{0, 1, 16 << 10, 1 << 20} {
		data := bytes.Repeat([]byte("01"), size)[:size]
		if got, err := inflate.Gzip(gz(t, data), int64(size)); err != nil || !bytes.Equal(got, data) {
			t.Errorf("Gzip of %d bytes: %d bytes, %v", size, len(got), err)
		}
		if got, err := inflate.Zlib(zl(t, data), int64(size)); err != nil || !bytes.Equal(got, data) {
			t.Errorf("Zlib of %d bytes: %d bytes, %v", size, len(got), err)
		}
	}
}

func FuzzInflate(f *testing.F) {
	f.Add(gz(f, []byte("hello, hello")))
	f.Add(zl(f, []byte("hello, hello")))
	f.Add(gz(f, make([]byte, 1<<16)))
	f.Add([]byte{0x1f, 0x8b, 8, 0x1f})
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 4096
		for _, expand := range []func([]byte, int64) ([]byte, error){inflate.Gzip, inflate.Zlib} {
			if out, err := expand(data, limit); len(out) > limit || (err != nil && out != nil) {
				t.Fatalf("%d bytes, %v", len(out), err)
			}
		}
	})
}

func ExampleGzip() {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(make([]byte, 1<<20))
	w.Close()
	_, err := inflate.Gzip(b.Bytes(), 1000)
	fmt.Println(err)
	// Output: inflate: the data expands beyond the limit
}
