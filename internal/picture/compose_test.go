package picture

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/png"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/roundel/roundel/internal/fault"
)

// everyChoice calls test with each shape, icon, palette and pattern at least
// once, in varied company.
func everyChoice(test func(d Design)) {
	shapes, icons, palettes, patterns := Shapes(), Icons(), Palettes(), Patterns()
	n := max(len(shapes), len(icons), len(palettes), len(patterns))
	for i := range n * 2 {
		d := Design{
			Shape: shapes[i%len(shapes)].ID, Icon: icons[i%len(icons)].ID, Pattern: patterns[(i/3)%len(patterns)].ID,
			Top: "Applied Data Analysis", Bottom: "Northlight University", Level: i % 4, Levels: 3,
		}
		if i%3 == 0 {
			d.Ribbon = "With honours"
		}
		if i%5 == 0 {
			d.Top, d.Bottom = "", ""
		}
		test(palettes[i%len(palettes)].Paint(d))
	}
}

// checkSVG fails unless svg is well-formed, whole in itself and small.
func checkSVG(t testing.TB, svg []byte) {
	t.Helper()
	if len(svg) > 40_000 {
		t.Errorf("the SVG has %d bytes, more than the 40,000 that a page can bear", len(svg))
	}
	dec := xml.NewDecoder(bytes.NewReader(svg))
	title := false
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, svg)
		}
		if e, ok := tok.(xml.StartElement); ok {
			title = title || e.Name.Local == "title"
			if e.Name.Local == "text" || e.Name.Local == "style" {
				t.Errorf("has a <%s>", e.Name.Local)
			}
			for _, a := range e.Attr {
				if a.Name.Local == "href" || strings.Contains(a.Value, "//") && a.Name.Local != "xmlns" {
					t.Errorf("refers to %q", a.Value)
				}
				if a.Name.Local == "d" && !pathValue.MatchString(a.Value) {
					t.Errorf("has the path %.60q", a.Value)
				}
			}
		}
	}
	if !title {
		t.Error("has no title")
	}
}

func decode(t testing.TB, file []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestEveryChoiceComposes(t *testing.T) {
	everyChoice(func(d Design) {
		svg, err := Compose(d)
		if err != nil {
			t.Fatalf("%+v: %v", d, err)
		}
		checkSVG(t, svg)
		clean, err := CleanSVG(svg)
		if err != nil {
			t.Fatalf("our own picture is refused: %v", err)
		}
		if len(clean.Removed)+len(clean.Undrawn) > 0 {
			t.Errorf("our own picture loses %q, does not draw %q", clean.Removed, clean.Undrawn)
		}
		file, err := RasterizeSVG(svg, 128)
		if err != nil {
			t.Fatal(err)
		}
		img := decode(t, file)
		if _, _, _, a := img.At(64, 60).RGBA(); a != 0xffff {
			t.Errorf("%s: the middle is not opaque", d.Shape)
		}
		if _, _, _, a := img.At(1, 1).RGBA(); a != 0 {
			t.Errorf("%s: the corner is not transparent", d.Shape)
		}
	})
}

// The icon must really be seen: a face with it differs from one without.
func TestEveryIconShows(t *testing.T) {
	draw := func(id string) *image.RGBA {
		svg, err := Compose(Design{Icon: id, Pattern: "plain"})
		if err != nil {
			t.Fatal(err)
		}
		root, _, err := cleanTree(svg)
		if err != nil {
			t.Fatal(err)
		}
		img, err := render(root, 100)
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	empty := draw("none")
	for _, i := range Icons() {
		img, differ := draw(i.ID), 0
		for k := 0; k < len(img.Pix); k += 4 {
			if img.Pix[k] != empty.Pix[k] {
				differ++
			}
		}
		if differ < 80 || differ > 1500 {
			t.Errorf("icon %s changes %d of 10,000 pixels", i.ID, differ)
		}
		if svg, err := IconSVG(i.ID); err != nil || !bytes.Contains(svg, []byte("currentColor")) {
			t.Errorf("IconSVG(%s) = %s, %v", i.ID, svg, err)
		}
	}
	if n := len(Icons()); n < 24 {
		t.Errorf("there are %d icons, want 24 at least", n)
	}
	if _, err := IconSVG("nope"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("IconSVG of an unknown icon: %v", err)
	}
}

func TestPalettesRead(t *testing.T) {
	for _, p := range Palettes() {
		face, _ := parseHex(p.Face)
		ink, _ := parseHex(p.Ink)
		// The face's gradient must not cost legibility either.
		for _, f := range []rgb{face, face.lighter(0.11), face.darker(0.16)} {
			if c := contrast(ink, f); c < minIconContrast {
				t.Errorf("%s: icon on face %s has contrast %.2f", p.ID, f.hex(), c)
			}
		}
		body, _ := parseHex(p.Ring)
		words, _ := parseHex(p.RingInk)
		for _, r := range []rgb{body, body.lighter(0.13), body.darker(0.22)} {
			if c := contrast(words, r); c < minTextContrast {
				t.Errorf("%s: words on ring %s have contrast %.2f", p.ID, r.hex(), c)
			}
		}
		c := canvas{d: p.Paint(Design{})}
		c.ring, c.face, c.ink, c.ringInk = body, face, ink, words
		c.accent, _ = parseHex(p.Accent)
		if got := contrast(c.ribbonInk(), c.accent); got < minTextContrast {
			t.Errorf("%s: words on the ribbon have contrast %.2f", p.ID, got)
		}
	}
}

func TestSameDesignSameBytes(t *testing.T) {
	d := Design{Top: "Team Leadership", Bottom: "Northlight", Ribbon: "Winner", Levels: 3, Level: 1}
	a, err := Compose(d)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := Compose(d)
	if !bytes.Equal(a, b) {
		t.Error("the same design gave other bytes")
	}
	pa, err := RasterizeSVG(a, SizePage)
	if err != nil {
		t.Fatal(err)
	}
	pb, _ := RasterizeSVG(b, SizePage)
	if !bytes.Equal(pa, pb) {
		t.Error("the same picture gave another PNG")
	}
	if img := decode(t, pa); img.Bounds().Dx() != 512 || img.Bounds().Dy() != 512 {
		t.Errorf("PNG is %v", img.Bounds())
	}
}

func TestValidateNamesTheField(t *testing.T) {
	long := strings.Repeat("Interdisciplinary ", 9)
	for _, c := range []struct {
		path, says string
		d          Design
	}{
		{"shape", "no shape", Design{Shape: "triangle"}},
		{"icon", "no icon", Design{Icon: "<script>"}},
		{"pattern", "no pattern", Design{Pattern: "x"}},
		{"levels", "at most", Design{Levels: 40}},
		{"level", "between 0 and 3", Design{Level: 4, Levels: 3}},
		{"level", "between 0 and 3", Design{Level: -1, Levels: 3}},
		{"ring", "not a colour", Design{Ring: `"/><script>`}},
		{"accent", "not a colour", Design{Accent: "red"}},
		{"ink", "hardly shows", Design{Ring: "#000000", Face: "#777777", Ink: "#888888", RingInk: "#ffffff"}},
		{"ringInk", "hard to read", Design{Ring: "#777777", Face: "#000000", Ink: "#ffffff", RingInk: "#888888", Top: "A"}},
		{"top", "letters fit", Design{Top: long}},
		{"bottom", "letters fit", Design{Bottom: long}},
		{"ribbon", "letters fit", Design{Ribbon: long}},
		{"top", "too long", Design{Top: strings.Repeat("x", 5000)}},
		{"top", "no “漢”", Design{Top: "漢字"}},
		{"ribbon", "no “ع”", Design{Ribbon: "عربي"}},
		{"title", "300", Design{Title: strings.Repeat("t", 301)}},
	} {
		err := fault.Fields(c.d.Validate()...)
		if got := fault.FieldMessage(err, c.path); !strings.Contains(got, c.says) {
			t.Errorf("%s: got %v, want %q", c.path, err, c.says)
		}
		if _, err := Compose(c.d); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: Compose takes it: %v", c.path, err)
		}
	}
	if f := (Design{}).Validate(); len(f) > 0 {
		t.Errorf("the zero design is refused: %v", f)
	}
}

func TestLongNamesFit(t *testing.T) {
	for _, name := range []string{
		"Advanced Paediatric First Aid and Emergency Response for Educators",
		"Rechtsschutzversicherungsgesellschaften",
		"Chữ Việt – Nguyễn Thị Minh Khai", "Ελληνική γλώσσα και πολιτισμός", "Основы программирования на языке Python",
		"Zażółć gęślą jaźń", "Iğdır’da çağdaş eğitim", "C++ & C# (2026): 100 %",
	} {
		for _, s := range Shapes() {
			d := Design{Shape: s.ID, Top: name, Bottom: "Northlight University", Levels: 3}
			if s.ID == "laurel" || s.ID == "shield" || s.ID == "medal" || s.ID == "hexagon" {
				continue // smaller rings: very long names may be refused, with a number
			}
			if f := d.Validate(); len(f) > 0 {
				t.Errorf("%s on %s: %v", name, s.ID, f)
			}
		}
	}
}

// Words must never run beyond their share of the ring.
func TestWordsStayInPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Design{Shape: rapid.SampledFrom(Shapes()).Draw(t, "shape").ID,
			Bottom: rapid.SampledFrom([]string{"", "Northlight University"}).Draw(t, "bottom")}
		text := tidy(rapid.StringMatching(`[A-Za-zäöüß ]{1,70}`).Draw(t, "text"), "", false)
		sh, _ := shapeByID(d.Shape)
		lines, ok := d.place(sh, "top", text)
		d.Top = text
		if refused := len(d.Validate()) > 0; ok == refused {
			t.Fatalf("%q fits: %v; Validate refuses: %v", text, ok, refused)
		}
		if !ok {
			return
		}
		for _, l := range lines {
			if got := l.degrees(l.text); got > 2*112.5 || l.size < 11 {
				t.Fatalf("%q takes %.0f degrees at size %.1f", l.text, got, l.size)
			}
			reach := l.size * l.face.caps / 2
			if l.middle+reach > sh.outer+2 || l.middle-reach < sh.face+2 {
				t.Fatalf("%q leaves its ring: %.0f±%.0f", l.text, l.middle, reach)
			}
		}
	})
}

func TestCapitalsFollowTheLanguage(t *testing.T) {
	for _, c := range []struct{ in, lang, want string }{
		{"straße", "de", "STRASSE"}, {"iğdır", "tr", "İĞDIR"}, {"κόσμος", "", "ΚΟΣΜΟΣ"}, {" a \n b\x00c ", "", "A B C"}, {"e\u0301", "", "É"},
	} {
		if got := tidy(c.in, c.lang, false); got != c.want {
			t.Errorf("tidy(%q, %s) = %q, want %q", c.in, c.lang, got, c.want)
		}
	}
}

func TestTitleIsEscaped(t *testing.T) {
	svg, err := Compose(Design{Title: `</title><script>alert(1)</script>"&` + "\x00"})
	if err != nil {
		t.Fatal(err)
	}
	checkSVG(t, svg)
	if bytes.Contains(svg, []byte("<script")) {
		t.Error("a title opens a script")
	}
}

func TestSuggest(t *testing.T) {
	for name, want := range map[string]string{
		"Applied Data Analysis": "chart", "Introduction to Python Programming": "code", "Team Leadership": "people",
		"First Aid Basics": "stethoscope", "Public Speaking": "microphone", "Sustainable Cities": "leaf", "Human Rights Law": "scales",
	} {
		if d := Suggest(name); d.Icon != want || d.Top != name {
			t.Errorf("Suggest(%q): icon %s, top %q; want %s", name, d.Icon, d.Top, want)
		}
	}
	if d := Suggest("Welding Level 2"); d.Level != 2 || d.Levels != 3 {
		t.Errorf("level %d of %d", d.Level, d.Levels)
	}
	seen := map[string]bool{}
	for i := range 60 {
		d := Suggest(fmt.Sprint("Badge number ", i))
		seen[d.Shape+d.Ring] = true
	}
	if len(seen) < 25 {
		t.Errorf("60 names gave only %d looks", len(seen))
	}
}

func TestSuggestAlwaysComposes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		d := Suggest(name)
		if f := d.Validate(); len(f) > 0 {
			t.Fatalf("Suggest(%q): %v", name, f)
		}
		if Suggest(name) != d {
			t.Fatal("not the same twice")
		}
	})
	for _, name := range []string{"", "漢字能力検定", "مهارات القيادة", strings.Repeat("very ", 200) + "long", strings.Repeat("x", 400)} {
		if _, err := Compose(Suggest(name)); err != nil {
			t.Errorf("Suggest(%.20q): %v", name, err)
		}
	}
}

func FuzzCompose(f *testing.F) {
	f.Add("Top", "Bottom", "Ribbon", "#1f3aa8", "#fff", uint8(0), uint8(3))
	f.Add("Straße\u0301", "\x00<&\"'>", "\U0001f600", "#", "", uint8(9), uint8(255))
	f.Fuzz(func(t *testing.T, top, bottom, ribbon, ringColour, ink string, choice, levels uint8) {
		d := Design{Top: top, Bottom: bottom, Ribbon: ribbon, Ring: ringColour, Ink: ink, Title: top,
			Shape: Shapes()[int(choice)%len(Shapes())].ID, Level: int(levels) / 3, Levels: int(levels)}
		svg, err := Compose(d)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("refused without a fault: %v", err)
			}
			return
		}
		checkSVG(t, svg)
	})
}
