package interop

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/statuslist"
)

// BenchmarkStatusList takes a list of the least size, with one entry in a hundred
// set.
func BenchmarkStatusList(b *testing.B) {
	list := statuslist.New(statuslist.MinEntries)
	r := rand.New(rand.NewPCG(1, 2))
	for range list.Len() / 100 {
		if err := list.Set(r.IntN(list.Len()), true); err != nil {
			b.Fatal(err)
		}
	}
	encoded, err := list.Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode/ours", func(b *testing.B) {
		cpu(b, 1, func(int) error {
			_, err := list.Encode()
			return err
		})
	})
	b.Run("decode/ours", func(b *testing.B) {
		cpu(b, 1, func(int) error {
			_, err := statuslist.Decode(encoded, 0)
			return err
		})
	})
}

// BenchmarkPNG bakes a badge into a picture of 29 kB, 100 by 96 points of noise:
// "again" into one that was read before.
func BenchmarkPNG(b *testing.B) {
	points := image.NewNRGBA(image.Rect(0, 0, 100, 96))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range points.Pix {
		if points.Pix[i] = byte(r.Uint32()); i%4 == 3 {
			points.Pix[i] = 255
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, points); err != nil {
		b.Fatal(err)
	}
	picture, badges := file.Bytes(), benchBadges(b, "did:web:uni.example")
	once, err := baking.ReadPNG(picture)
	if err != nil {
		b.Fatal(err)
	}
	bake := func(badge []byte) ([]byte, error) { return baking.BakePNG(picture, badge) }
	baked := each(b, badges, bake)
	b.Run("bake/ours", func(b *testing.B) {
		cpu(b, 1, func(i int) error {
			_, err := bake(badges[i%recipients])
			return err
		})
	})
	b.Run("bake/append", func(b *testing.B) {
		var out []byte
		cpu(b, 1, func(i int) error {
			out, err = baking.AppendPNG(out[:0], picture, badges[i%recipients], baking.Version3)
			return err
		})
	})
	b.Run("again/ours", func(b *testing.B) {
		var out []byte
		cpu(b, 1, func(i int) error {
			out, err = once.Append(out[:0], badges[i%recipients], baking.Version3)
			return err
		})
	})
	b.Run("read/ours", func(b *testing.B) {
		cpu(b, 1, func(i int) error {
			found, err := baking.Extract(baked[i%recipients])
			if err == nil && !bytes.Equal(found.Credential, badges[i%recipients]) {
				err = errors.New("the credential was lost")
			}
			return err
		})
	})
}
