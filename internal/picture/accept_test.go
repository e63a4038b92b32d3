package picture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/fault"
)

// chunk is a PNG chunk.
func chunk(kind string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// withChunks puts chunks behind the header of a PNG and bytes behind its end.
func withChunks(file []byte, chunks []byte, tail string) []byte {
	const header = 8 + 25
	return append(append(append(bytes.Clone(file[:header]), chunks...), file[header:]...), tail...)
}

func TestNormalizePNGDropsEverythingElse(t *testing.T) {
	file := withChunks(tinyPNG(), bytes.Join([][]byte{
		chunk("tEXt", []byte("Comment\x00secret")), chunk("iTXt", []byte("openbadgecredential\x00\x00\x00\x00\x00secret")),
		chunk("acTL", []byte{0, 0, 0, 2, 0, 0, 0, 0}), chunk("eXIf", []byte("secret")), chunk("prVt", []byte("secret")),
	}, nil), "<script>secret</script>")
	clean, err := NormalizePNG(file, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"secret", "acTL", "tEXt", "iTXt", "eXIf", "prVt"} {
		if bytes.Contains(clean, []byte(gone)) {
			t.Errorf("%s is still there", gone)
		}
	}
	if _, g, _, _ := decode(t, clean).At(5, 5).RGBA(); g == 0 {
		t.Error("the picture is gone")
	}
	if _, err := NormalizePNG(file, 100); fault.KindOf(err) != fault.Invalid {
		t.Errorf("400 pixels pass a limit of 100: %v", err)
	}
	if _, err := NormalizePNG(svgOf(""), 0); fault.KindOf(err) != fault.Invalid {
		t.Errorf("an SVG passes as PNG: %v", err)
	}
}

// A PNG that claims to be enormous is refused by its header alone.
func TestPNGBombIsRefusedByItsHeader(t *testing.T) {
	ihdr := make([]byte, 13)
	binary.BigEndian.PutUint32(ihdr, 100_000)
	binary.BigEndian.PutUint32(ihdr[4:], 100_000)
	ihdr[8], ihdr[9] = 8, 6
	bomb := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", ihdr)...)
	if _, _, err := Accept(bomb); !strings.Contains(fault.Message(err), "100000 by 100000") {
		t.Errorf("got %v", err)
	}
}

func TestAcceptTellsByContent(t *testing.T) {
	for name, c := range map[string]struct{ file, says string }{
		"empty":   {"", "empty"},
		"GIF":     {"GIF89a....", "GIF"},
		"WebP":    {"RIFF\x00\x00\x00\x00WEBPVP8 ", "WebP"},
		"PDF":     {"%PDF-1.7", "PDF"},
		"AVIF":    {"\x00\x00\x00\x20ftypavif....", "AVIF"},
		"SVGZ":    {"\x1f\x8b\x08....", "SVGZ"},
		"HTML":    {"<!doctype html><svg/>", "HTML"},
		"text":    {"hello", "not a picture"},
		"XML":     {"<note/>", "not an SVG"},
		"damaged": {string(tinyPNG()[:60]), "damaged"},
		"nothing": {string(svgOf(`<script>document.write("x")</script>`)), "Nothing of this SVG"},
		"large":   {"\x89PNG\r\n\x1a\n" + strings.Repeat("x", maxBitmapBytes), "5 MB"},
	} {
		if _, _, err := Accept([]byte(c.file)); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Message(err), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAcceptSquares(t *testing.T) {
	wide := image.NewNRGBA(image.Rect(0, 0, 300, 100))
	for i := range wide.Pix {
		wide.Pix[i] = 255
	}
	var asPNG, asJPEG bytes.Buffer
	if err := png.Encode(&asPNG, wide); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&asJPEG, wide, nil); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"png": asPNG.Bytes(), "jpeg": asJPEG.Bytes()} {
		u, err := Inspect(file)
		if err != nil {
			t.Fatal(name, err)
		}
		img := decode(t, u.Clean)
		if u.Media != MediaPNG || img.Bounds().Dx() != 300 || img.Bounds().Dy() != 300 || len(u.Notes) != 1 {
			t.Errorf("%s: %s %v %q", name, u.Media, img.Bounds(), u.Notes)
		}
		_, _, _, corner := img.At(2, 2).RGBA()
		if middle := color.NRGBAModel.Convert(img.At(150, 150)).(color.NRGBA); corner != 0 || middle.R < 250 || middle.A != 255 {
			t.Errorf("%s: corner %v, middle %v", name, corner, middle)
		}
	}
	u, err := Inspect([]byte(`<svg xmlns="http://www.w3.org/2000/svg" width="300" height="100"><rect width="300" height="100" fill="lime"/></svg>`))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(u.Clean, []byte(`viewBox="0 -100 300 300"`)) || bytes.Contains(u.Clean, []byte(`svg width=`)) {
		t.Errorf("%s", u.Clean)
	}
}

func TestLargeUploadsAreMadeSmaller(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 2000, 1500))); err != nil {
		t.Fatal(err)
	}
	_, clean, err := Accept(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if size := decode(t, clean).Bounds().Size(); size != image.Pt(1024, 1024) {
		t.Errorf("is %v", size)
	}
}

func FuzzAccept(f *testing.F) {
	f.Add(tinyPNG())
	f.Add(svgOf(redSquare))
	f.Add([]byte("\xff\xd8\xff\xe0"))
	f.Fuzz(func(t *testing.T, file []byte) {
		media, clean, err := Accept(file)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("refused without a fault: %v", err)
			}
			return
		}
		if again, _, err := Accept(clean); err != nil || again != media {
			t.Fatalf("a clean picture is refused: %v", err)
		}
	})
}
