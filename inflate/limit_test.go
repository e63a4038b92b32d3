package inflate_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"

	"github.com/roundel/roundel/inflate"
)

// allocated returns how many bytes one call of f takes from the heap; the first
// call, which makes the tables, does not count.
func allocated(f func()) uint64 {
	f()
	least := ^uint64(0)
	for range 5 { // a collection may throw the tables away
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

func TestBombs(t *testing.T) {
	zeros := make([]byte, 16<<20)
	for name, bomb := range map[string]struct {
		data   []byte
		expand func([]byte, int64) ([]byte, error)
	}{"gzip": {gz(t, zeros), inflate.Gzip}, "zlib": {zl(t, zeros), inflate.Zlib}} {
		if len(zeros)/len(bomb.data) < 1000 {
			t.Fatalf("%s: a bomb of only 1:%d", name, len(zeros)/len(bomb.data))
		}
		for _, limit := range []int64{0, 1, 1000, 64 << 10, 64<<10 + 1, 1 << 20, 1<<22 + 1} {
			got := allocated(func() {
				if out, err := bomb.expand(bomb.data, limit); !errors.Is(err, inflate.ErrTooLarge) || out != nil {
					t.Errorf("%s, limit %d: %d bytes, %v", name, limit, len(out), err)
				}
			})
			// Each piece of memory but the last is at least twice as large as the one
			// before, and none is larger than the limit.
			if most := uint64(3*limit) + 4096; got > most {
				t.Errorf("%s, limit %d: %d bytes were allocated", name, limit, got)
			}
		}
	}
}

// TestClaims has a gzip trailer that tells of more than there is.
func TestClaims(t *testing.T) {
	for _, size := range []int{0, 100, 70_000, 1 << 20} {
		data := gz(t, bytes.Repeat([]byte("a"), size))
		binary.LittleEndian.PutUint32(data[len(data)-4:], 1<<30)
		got := allocated(func() {
			if _, err := inflate.Gzip(data, 1<<32); !errors.Is(err, inflate.ErrCorrupt) {
				t.Errorf("%d bytes: %v", size, err)
			}
		})
		if most := uint64(6*size) + 8192; got > most {
			t.Errorf("%d bytes that say they are 1 GiB: %d were allocated", size, got)
		}
	}
}

// TestExactly reads what is just as large as the limit, or a byte larger.
func TestExactly(t *testing.T) {
	for _, size := range []int{1, 2, 3, 257, 258, 259, 300, 5000, 64 << 10, 64<<10 + 1, 200_000} {
		for _, data := range [][]byte{make([]byte, size), bytes.Repeat([]byte("0123456789abcdefghi"), size/19+1)[:size]} {
			for _, limit := range []int{size, size - 1, size - 2, size / 2} {
				g, z := gz(t, data), zl(t, data)
				for _, r := range []func() ([]byte, error){
					func() ([]byte, error) { return inflate.Gzip(g, int64(limit)) },
					func() ([]byte, error) { return inflate.Zlib(z, int64(limit)) },
				} {
					out, err := r()
					if limit >= size && (err != nil || !bytes.Equal(out, data)) || limit < size && !errors.Is(err, inflate.ErrTooLarge) {
						t.Errorf("%d bytes, limit %d: %d bytes, %v", size, limit, len(out), err)
					}
				}
			}
		}
	}
}
