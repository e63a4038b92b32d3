package baking

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/roundel/roundel/inflate"
	"pgregory.net/rapid"
)

// plainPNG is a real picture of 3 by 2 pixels.
func plainPNG(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rawChunk writes a chunk with a right CRC.
func rawChunk(kind string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	body := append([]byte(kind), data...)
	return binary.BigEndian.AppendUint32(append(out, body...), crc32.ChecksumIEEE(body))
}

// withChunks puts chunks between the header of file and what follows it.
func withChunks(file []byte, chunks ...[]byte) []byte {
	const header = 8 + 25
	return slices.Concat(file[:header], slices.Concat(chunks...), file[header:])
}

func deflate(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb is a valid zlib stream of n MiB of zeros. The same compressed block is
// repeated, since compressing so much takes long.
func bomb(t testing.TB, n int) []byte {
	t.Helper()
	var block bytes.Buffer
	w, err := flate.NewWriter(&block, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil { // ends on a byte
		t.Fatal(err)
	}
	out := append([]byte{0x78, 0xda}, bytes.Repeat(block.Bytes(), n)...)
	out = append(out, 3, 0) // an empty last block
	// Adler-32 of zeros: one sum stays 1, the other counts the bytes.
	return binary.BigEndian.AppendUint32(out, uint32(n<<20%65521)<<16|1)
}

const sample = `{"id":"urn:uuid:1","name":"Grüße ]]> & <b>"}`

func TestPNGRefusesWhatReadersDisagreeAbout(t *testing.T) {
	plain := plainPNG(t)
	ob3 := rawChunk("iTXt", []byte("openbadgecredential\x00\x00\x00\x00\x00"+sample))
	ob2 := rawChunk("iTXt", []byte("openbadges\x00\x00\x00\x00\x00"+sample))
	ob1 := rawChunk("tEXt", []byte("openbadges\x00https://example.org/assertion"))
	badCRC := slices.Clone(ob3)
	badCRC[len(badCRC)-1] ^= 1
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"two chunks":               {withChunks(plain, ob3, ob3), ErrAmbiguous},
		"OB2 and OB3 in conflict":  {withChunks(plain, ob2, ob3), ErrAmbiguous},
		"OB1 and OB2":              {withChunks(plain, ob1, ob2), ErrAmbiguous},
		"chunk after IEND":         {slices.Concat(plain, ob3), ErrMalformed},
		"bytes after IEND":         {slices.Concat(withChunks(plain, ob3), []byte{0}), ErrMalformed},
		"bad CRC":                  {withChunks(plain, badCRC), ErrMalformed},
		"second header":            {withChunks(plain, rawChunk("IHDR", make([]byte, 13))), ErrMalformed},
		"no end":                   {plain[:len(plain)-12], ErrMalformed},
		"length past the end":      {slices.Concat(plain[:33], []byte{0xff, 0xff, 0xff, 0xff, 'i', 'T', 'X', 't', 0, 0, 0, 0}), ErrMalformed},
		"empty text":               {withChunks(plain, rawChunk("iTXt", []byte("openbadgecredential\x00\x00\x00\x00\x00"))), ErrMalformed},
		"no language":              {withChunks(plain, rawChunk("iTXt", []byte("openbadgecredential\x00\x00\x00"))), ErrMalformed},
		"keyword alone":            {withChunks(plain, rawChunk("iTXt", []byte("openbadgecredential"))), ErrMalformed},
		"unknown compression":      {withChunks(plain, rawChunk("iTXt", []byte("openbadgecredential\x00\x01\x01\x00\x00x"))), ErrMalformed},
		"unknown compression flag": {withChunks(plain, rawChunk("iTXt", []byte("openbadgecredential\x00\x02\x00\x00\x00x"))), ErrMalformed},
		"broken compressed data":   {withChunks(plain, rawChunk("iTXt", []byte("openbadgecredential\x00\x01\x00\x00\x00x"))), ErrMalformed},
		"no badge":                 {plain, ErrNotBaked},
		"not a picture":            {[]byte("hello"), ErrNotPicture},
		"only a signature":         {pngSignature, ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			if b, err := Extract(c.file); !errors.Is(err, c.want) {
				t.Errorf("got %v, %v; want %v", b, err, c.want)
			}
		})
	}
}

func TestPNGBombIsRefused(t *testing.T) {
	if small, err := inflate.Zlib(bomb(t, 3), 4<<20); err != nil || len(small) != 3<<20 {
		t.Fatalf("the bomb is no valid stream: %d bytes, %v", len(small), err)
	}
	for name, c := range map[string][]byte{
		"iTXt": append([]byte("openbadgecredential\x00\x01\x00\x00\x00"), bomb(t, 256)...),
		"zTXt": append([]byte("openbadges\x00\x00"), bomb(t, 256)...),
	} {
		_, err := Extract(withChunks(plainPNG(t), rawChunk(name, c)))
		if !errors.Is(err, ErrMalformed) || !errors.Is(err, inflate.ErrTooLarge) {
			t.Errorf("%s: got %v, want a refusal because of size", name, err)
		}
	}
}

func TestPNGReadsOtherVersions(t *testing.T) {
	jwt := "eyJhbGciOiJFZERTQSJ9.e30.c2ln"
	for name, c := range map[string]struct {
		chunk []byte
		want  Baked
	}{
		"3.0 compressed": {rawChunk("iTXt", append([]byte("openbadgecredential\x00\x01\x00en\x00Beleg\x00"), deflate(t, []byte(sample))...)),
			Baked{PNG, Version3, []byte(sample), false, ""}},
		"3.0 JWT":        {rawChunk("iTXt", []byte("openbadgecredential\x00\x00\x00\x00\x00"+jwt)), Baked{PNG, Version3, []byte(jwt), true, ""}},
		"2.0":            {rawChunk("iTXt", []byte("openbadges\x00\x00\x00\x00\x00"+sample)), Baked{PNG, Version2, []byte(sample), false, ""}},
		"1.x":            {rawChunk("tEXt", []byte("openbadges\x00https://example.org/a")), Baked{PNG, Version1, []byte("https://example.org/a"), false, ""}},
		"1.x compressed": {rawChunk("zTXt", append([]byte("openbadges\x00\x00"), deflate(t, []byte(jwt))...)), Baked{PNG, Version1, []byte(jwt), true, ""}},
		"CLR":            {rawChunk("iTXt", []byte("clrcredential\x00\x00\x00\x00\x00"+sample)), Baked{PNG, VersionCLR, []byte(sample), false, ""}},
	} {
		b, err := Extract(withChunks(plainPNG(t), c.chunk))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if b.Format != c.want.Format || b.Version != c.want.Version || !bytes.Equal(b.Credential, c.want.Credential) || b.JWT != c.want.JWT {
			t.Errorf("%s: got %+v, want %+v", name, b, c.want)
		}
	}
}

func TestBakePNGKeepsEveryOtherChunk(t *testing.T) {
	old := rawChunk("tEXt", []byte("openbadges\x00https://example.org/a"))
	keep := rawChunk("tEXt", []byte("Title\x00Ein Bild"))
	odd := rawChunk("ruNd", []byte{1, 2, 3})
	baked, err := BakePNG(withChunks(plainPNG(t), keep, old, odd), []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	want := withChunks(plainPNG(t), rawChunk("iTXt", []byte("openbadgecredential\x00\x00\x00\x00\x00"+sample)), keep, odd)
	if !bytes.Equal(baked, want) {
		t.Errorf("got  %q\nwant %q", baked, want)
	}
	if _, err := png.Decode(bytes.NewReader(baked)); err != nil {
		t.Errorf("the baked picture no longer opens: %v", err)
	}
	again, err := BakePNG(baked, []byte(`{"id":"urn:uuid:2"}`))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := Extract(again); err != nil || string(b.Credential) != `{"id":"urn:uuid:2"}` {
		t.Errorf("baking again: got %v, %v", b, err)
	}
}

func TestBakeRefusesWhatIsNoCredential(t *testing.T) {
	for _, c := range []string{
		"", " ", "hello", "[1]", `"a"`, "{", "}", `{"a":1`, `{"a":"1}`, `{"a":"\"}`, `{"a":1}}`, `{"a":1} x`, `{}{}`, `{"a":[1}]`[:8], "a.b", "a.b.c.d", ".b.c", "a..c", "a.b.", "a.b.c=",
		"\xff", "{\"a\":\"\xff\"}", "https://example.org/a",
	} {
		if _, err := BakePNG(plainPNG(t), []byte(c)); !errors.Is(err, ErrCredential) {
			t.Errorf("PNG %q: got %v", c, err)
		}
		if _, err := BakeSVG([]byte("<svg/>"), []byte(c)); !errors.Is(err, ErrCredential) {
			t.Errorf("SVG %q: got %v", c, err)
		}
	}
}

// credentials draws JSON objects with characters that hurt, and JWTs.
func credentials() *rapid.Generator[string] {
	str := rapid.StringOf(rapid.OneOf(
		rapid.SampledFrom([]rune("]>&<'\"\\/%aé\u2028\u00a0😀\ufffd")), rapid.Rune())).
		Filter(func(s string) bool { return !strings.ContainsAny(s, "\ufffe\uffff") })
	space := rapid.StringOfN(rapid.SampledFrom([]rune(" \t\r\n")), 0, 3, -1)
	object := rapid.Custom(func(t *rapid.T) string {
		return space.Draw(t, "before") + `{"a":` + space.Draw(t, "inside") + quote(str.Draw(t, "value")) +
			`,"b":[[1],[[2]]]}` + space.Draw(t, "after")
	})
	return rapid.OneOf(object, rapid.StringMatching(`[A-Za-z0-9_-]{1,30}\.[A-Za-z0-9_-]{1,30}\.[A-Za-z0-9_-]{1,30}`))
}

// quote writes s as a JSON string with as few escapes as JSON allows.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < 0x20:
			b.WriteString(`\u00` + string("0123456789abcdef"[r>>4]) + string("0123456789abcdef"[r&15]))
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

func TestExtractReturnsWhatWasBaked(t *testing.T) {
	plain := plainPNG(t)
	rapid.Check(t, func(t *rapid.T) {
		in := credentials().Draw(t, "credential")
		files := map[string]func() ([]byte, error){
			"png": func() ([]byte, error) { return BakePNG(plain, []byte(in)) },
			"svg": func() ([]byte, error) { return BakeSVG([]byte(plainSVG), []byte(in)) },
		}
		for name, bake := range files {
			file, err := bake()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got, err := Extract(file)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if string(got.Credential) != in || got.Format != name || got.Version != Version3 {
				t.Fatalf("%s: got %q, want %q", name, got.Credential, in)
			}
		}
	})
}

var versions = []string{Version3, Version2, Version1, VersionCLR}

// otherChunks returns the chunks that carry no badge.
func otherChunks(t interface{ Fatal(...any) }, file []byte) (all []string) {
	err := eachChunk(file, true, func(c chunk) error {
		if !c.carriesBadge() {
			all = append(all, string(file[c.start:c.end]))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestBakeEveryVersion(t *testing.T) {
	const jwt, address = "eyJhbGciOiJFZERTQSJ9.e30.c2ln", "https://example.org/a?b=1&c=2"
	pictures := map[string][]byte{PNG: plainPNG(t), SVG: []byte(plainSVG), "old": []byte(ob2SVG)}
	for _, version := range versions {
		for name, picture := range pictures {
			for _, in := range []string{`{"a":"]]>"}`, jwt, address} {
				file, err := Bake(picture, []byte(in), version)
				if in == address && (version == Version3 || version == VersionCLR) {
					if !errors.Is(err, ErrCredential) {
						t.Errorf("%s %s: an address was taken for a credential: %v", name, version, err)
					}
					continue
				}
				if err != nil {
					t.Fatalf("%s %s %s: %v", name, version, in, err)
				}
				b, err := Extract(file)
				want := version
				if want == Version1 && name != PNG {
					want = Version2 // marked alike
				}
				if err != nil || string(b.Credential) != in || b.Version != want || b.JWT != (in == jwt) || b.Address != "" {
					t.Errorf("%s %s %s: got %+v, %v", name, version, in, b, err)
				}
				// Any version replaces any other.
				again, err := Bake(file, []byte(`{"n":2}`), Version3)
				if err != nil {
					t.Fatal(err)
				}
				if b, err := Extract(again); err != nil || string(b.Credential) != `{"n":2}` || b.Version != Version3 {
					t.Errorf("%s %s replaced: got %+v, %v", name, version, b, err)
				}
			}
		}
	}
	if _, err := Bake(pictures[PNG], []byte(sample), Version1); !errors.Is(err, ErrCredential) {
		t.Errorf("a tEXt chunk beyond ASCII: got %v", err)
	}
	if _, err := Bake(pictures[PNG], []byte(sample), "4.0"); !errors.Is(err, ErrCredential) {
		t.Errorf("unknown version: got %v", err)
	}
	if _, err := Bake([]byte("GIF89a"), []byte(sample), Version3); !errors.Is(err, ErrNotPicture) {
		t.Errorf("no picture: got %v", err)
	}
	if _, err := Bake(pictures[PNG], append([]byte(`{"a":"`), make([]byte, maxCredential)...), Version3); !errors.Is(err, ErrCredential) {
		t.Errorf("too large: got %v", err)
	}
}

func TestPNGPictureIsReadOnce(t *testing.T) {
	old := rawChunk("iTXt", []byte("openbadges\x00\x00\x00\x00\x00"+sample))
	odd := rawChunk("ruNd", []byte{1, 2, 3})
	p, err := ReadPNG(withChunks(plainPNG(t), odd, old, odd, old))
	if err != nil {
		t.Fatal(err)
	}
	var dst []byte
	for _, in := range []string{`{"n":1}`, `{"n":22}`} {
		if dst, err = p.Append(dst[:0], []byte(in), Version3); err != nil {
			t.Fatal(err)
		}
		want := withChunks(plainPNG(t), rawChunk("iTXt", []byte("openbadgecredential\x00\x00\x00\x00\x00"+in)), odd, odd)
		if !bytes.Equal(dst, want) {
			t.Errorf("got  %q\nwant %q", dst, want)
		}
	}
	if out, err := p.Append([]byte("x"), []byte("hello"), Version3); !errors.Is(err, ErrCredential) || string(out) != "x" {
		t.Errorf("got %q, %v", out, err)
	}
	bad := withChunks(plainPNG(t), odd)
	bad[len(bad)-1] ^= 1
	if _, err := ReadPNG(bad); !errors.Is(err, ErrMalformed) {
		t.Errorf("wrong checksum: got %v", err)
	}
	if _, err := ReadPNG(slices.Concat(pngSignature, rawChunk("IHDR", nil), rawChunk("IEND", nil))); !errors.Is(err, ErrMalformed) {
		t.Errorf("short header: got %v", err)
	}
}

func FuzzBake(f *testing.F) {
	f.Add([]byte(sample), []byte{1, 2})
	f.Add([]byte("eyJ.e30.c2ln"), []byte("openbadges\x00x"))
	f.Add([]byte("https://example.org/a"), []byte{})
	plain := plainPNG(f)
	f.Fuzz(func(t *testing.T, credential, data []byte) {
		pictures := [][]byte{withChunks(plain, rawChunk("tEXt", data), rawChunk("ruNd", data)), []byte(plainSVG), []byte(ob2SVG)}
		for _, version := range versions {
			for i, picture := range pictures {
				file, err := Bake(picture, credential, version)
				if errors.Is(err, ErrCredential) {
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				b, err := Extract(file)
				if err != nil || !bytes.Equal(b.Credential, credential) {
					t.Fatalf("%s: baked %q, got %+v, %v", version, credential, b, err)
				}
				if i == 0 && !slices.Equal(otherChunks(t, picture), otherChunks(t, file)) {
					t.Fatal("a chunk was lost or changed")
				}
			}
		}
	})
}

// BenchmarkBake bakes a badge of 3.4 kB into a picture of 29 kB, once as a whole
// and once into a picture that was read before.
func BenchmarkBake(b *testing.B) {
	badge := []byte(`{"a":"` + strings.Repeat("x", 3400) + `"}`)
	picture := withChunks(plainPNG(b), rawChunk("IDAT", bytes.Repeat([]byte{7}, 29_000)))
	b.Run("png", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := BakePNG(picture, badge); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("png-append", func(b *testing.B) {
		var dst []byte
		var err error
		b.ReportAllocs()
		for b.Loop() {
			if dst, err = AppendPNG(dst[:0], picture, badge, Version3); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("png-read-once", func(b *testing.B) {
		p, err := ReadPNG(picture)
		if err != nil {
			b.Fatal(err)
		}
		var dst []byte
		b.ReportAllocs()
		for b.Loop() {
			if dst, err = p.Append(dst[:0], badge, Version3); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("extract-png", func(b *testing.B) {
		baked, err := BakePNG(picture, badge)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Extract(baked); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func FuzzExtract(f *testing.F) {
	plain := plainPNG(f)
	f.Add(plain)
	f.Add(withChunks(plain, rawChunk("iTXt", []byte("openbadgecredential\x00\x00\x00\x00\x00"+sample))))
	f.Add(withChunks(plain, rawChunk("zTXt", append([]byte("openbadges\x00\x00"), deflate(f, []byte(sample))...))))
	f.Add([]byte(plainSVG))
	f.Add([]byte(ob2SVG))
	f.Add([]byte(`<svg xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"><openbadges:credential><![CDATA[{}]]></openbadges:credential></svg>`))
	f.Fuzz(func(t *testing.T, file []byte) {
		b, err := Extract(file)
		if err != nil {
			return
		}
		if len(b.Credential) == 0 {
			t.Fatal("an empty credential was found")
		}
		for _, version := range versions {
			again, err := Bake(file, b.Credential, version)
			if errors.Is(err, ErrCredential) {
				continue // found, but not something that would be written
			}
			if err != nil {
				t.Fatalf("what was read cannot be written: %v", err)
			}
			b2, err := Extract(again)
			if err != nil || !bytes.Equal(b2.Credential, b.Credential) || b2.JWT != b.JWT {
				t.Fatalf("baked %q, got %v, %v", b.Credential, b2, err)
			}
			if b.Format == PNG && !slices.Equal(otherChunks(t, file), otherChunks(t, again)) {
				t.Fatal("a chunk was lost or changed")
			}
		}
	})
}
