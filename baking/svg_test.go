package baking

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

const plainSVG = `<?xml version="1.0" encoding="UTF-8"?>
<!-- a badge -->
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" data-note='a > b'>
  <title>Round</title>
  <circle r="5"/>
</svg>
`

const ob2SVG = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="http://openbadges.org">` +
	`<openbadges:assertion verify="https://example.org/a"><![CDATA[{"id":"https://example.org/a"}]]></openbadges:assertion><g/></svg>`

func TestBakeSVG(t *testing.T) {
	got, err := BakeSVG([]byte(plainSVG), []byte(`{"a":"]]>"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(plainSVG, "<svg xmlns=", `<svg xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0" xmlns=`, 1)
	want = strings.Replace(want, "'a > b'>", `'a > b'><openbadges:credential><![CDATA[{"a":"]]]]><![CDATA[>"}]]></openbadges:credential>`, 1)
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestBakeSVGWritesJWTAsAttribute(t *testing.T) {
	got, err := BakeSVG([]byte("\xef\xbb\xbf<s:svg xmlns:s='http://www.w3.org/2000/svg'/>"), []byte("eyJ.e30.c2ln"))
	if err != nil {
		t.Fatal(err)
	}
	want := "\xef\xbb\xbf<s:svg xmlns:openbadges=\"https://purl.imsglobal.org/ob/v3p0\" xmlns:s='http://www.w3.org/2000/svg'>" +
		`<openbadges:credential verify="eyJ.e30.c2ln"/></s:svg>`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if b, err := Extract(got); err != nil || !b.JWT || string(b.Credential) != "eyJ.e30.c2ln" {
		t.Errorf("got %+v, %v", b, err)
	}
}

func TestBakeSVGReplaces(t *testing.T) {
	once, err := BakeSVG([]byte(ob2SVG), []byte(`{"n":1}`))
	if err != nil {
		t.Fatal(err)
	}
	twice, err := BakeSVG(once, []byte(`{"n":2}`))
	if err != nil {
		t.Fatal(err)
	}
	want := `<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0">` +
		`<openbadges:credential><![CDATA[{"n":2}]]></openbadges:credential><g/></svg>`
	if string(twice) != want {
		t.Errorf("got\n%s\nwant\n%s", twice, want)
	}
}

func TestSVGReadsOtherVersions(t *testing.T) {
	for file, want := range map[string]Baked{
		ob2SVG: {SVG, Version2, []byte(`{"id":"https://example.org/a"}`), false, "https://example.org/a"},
		`<svg xmlns:o="http://openbadges.org"><o:assertion verify="https://example.org/a"/></svg>`:     {SVG, Version2, []byte("https://example.org/a"), false, ""},
		`<svg xmlns:o="http://openbadges.org"><o:assertion verify="eyJ.e30.c2ln"></o:assertion></svg>`: {SVG, Version2, []byte("eyJ.e30.c2ln"), true, ""},
		// The content repeats what is signed.
		`<svg xmlns:o="http://openbadges.org"><o:assertion verify="eyJ.eyJhIjoxfQ.c2ln"> {"a" : 1} </o:assertion></svg>`: {SVG, Version2, []byte("eyJ.eyJhIjoxfQ.c2ln"), true, ""},
		`<svg xmlns:c="https://purl.imsglobal.org/clr/v2p0"><c:credential>{"a":"&amp;"}</c:credential></svg>`:            {SVG, VersionCLR, []byte(`{"a":"&"}`), false, ""},
		`<svg><credential xmlns="https://purl.imsglobal.org/ob/v3p0"><![CDATA[{"a":"&amp;"}]]></credential></svg>`:       {SVG, Version3, []byte(`{"a":"&amp;"}`), false, ""},
	} {
		b, err := Extract([]byte(file))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if fmt.Sprint(*b) != fmt.Sprint(want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", file, *b, want)
		}
	}
}

func TestSVGRefusesWhatReadersDisagreeAbout(t *testing.T) {
	const ns = `xmlns:o="https://purl.imsglobal.org/ob/v3p0" xmlns:p="http://openbadges.org"`
	for name, c := range map[string]struct {
		file string
		want error
	}{
		"two badges":               {`<svg ` + ns + `><o:credential>{}</o:credential><g><o:credential>{}</o:credential></g></svg>`, ErrAmbiguous},
		"2.0 and 3.0":              {`<svg ` + ns + `><o:credential>{}</o:credential><p:assertion verify="https://e.org"/></svg>`, ErrAmbiguous},
		"JWT and JSON":             {`<svg ` + ns + `><o:credential verify="a.b.c">{}</o:credential></svg>`, ErrAmbiguous},
		"signed and shown differ":  {`<svg ` + ns + `><p:assertion verify="eyJ.eyJhIjoxfQ.c2ln">{"a":2}</p:assertion></svg>`, ErrAmbiguous},
		"signed no JSON":           {`<svg ` + ns + `><p:assertion verify="eyJ.eyJhIjoxf.c2ln">{"a":1}</p:assertion></svg>`, ErrAmbiguous},
		"learner record and badge": {`<svg xmlns:c="https://purl.imsglobal.org/clr/v2p0" ` + ns + `><o:credential>{}</o:credential><c:credential>{}</c:credential></svg>`, ErrAmbiguous},
		"undeclared clr":           {`<svg><clr:credential>{}</clr:credential></svg>`, ErrMalformed},
		"verify twice":             {`<svg ` + ns + `><o:credential verify="a.b.c" verify="d.e.f"/></svg>`, ErrMalformed},
		"elements in the badge":    {`<svg ` + ns + `><o:credential><b/>{}</o:credential></svg>`, ErrMalformed},
		"badge in the badge":       {`<svg ` + ns + `><o:credential>{}<o:credential>{}</o:credential></o:credential></svg>`, ErrMalformed},
		"empty":                    {`<svg ` + ns + `><o:credential> </o:credential></svg>`, ErrMalformed},
		"undeclared prefix":        {`<svg><openbadges:credential>{}</openbadges:credential></svg>`, ErrMalformed},
		"not closed":               {`<svg ` + ns + `><o:credential>{}</o:credential>`, ErrMalformed},
		"second root":              {`<svg/><svg ` + ns + `><o:credential>{}</o:credential></svg>`, ErrMalformed},
		"declared entity":          {`<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]><svg ` + ns + `><o:credential>&e;</o:credential></svg>`, ErrMalformed},
		"not UTF-8":                {"<svg " + ns + "><o:credential>{\"a\":\"\xff\"}</o:credential></svg>", ErrMalformed},
		"other encoding":           {`<?xml version="1.0" encoding="UTF-16"?><svg ` + ns + `/>`, ErrMalformed},
		"svg of another kind":      {`<svg xmlns="urn:x" ` + ns + `><o:credential>{}</o:credential></svg>`, ErrMalformed},
		"badge named in a comment": {`<svg ` + ns + `><!-- <o:credential>{}</o:credential> --></svg>`, ErrNotBaked},
	} {
		t.Run(name, func(t *testing.T) {
			if b, err := Extract([]byte(c.file)); !errors.Is(err, c.want) {
				t.Errorf("got %v, %v; want %v", b, err, c.want)
			}
		})
	}
}

func TestBakeSVGRefusesCharactersThatXMLCannotCarry(t *testing.T) {
	if _, err := BakeSVG([]byte(plainSVG), []byte("{\"a\":\"\uffff\"}")); !errors.Is(err, ErrCredential) {
		t.Errorf("got %v", err)
	}
}

// Time is bounded by elements, not only by size.
func TestSVGOfTooManyElements(t *testing.T) {
	with := func(n int) []byte {
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg">` + strings.Repeat("<g/>", n-1) + "</svg>")
	}
	if _, err := BakeSVG(with(maxElements), []byte(`{"a":1}`)); err != nil {
		t.Errorf("as many as there may be: %v", err)
	}
	if _, err := Extract(with(maxElements + 1)); !errors.Is(err, ErrMalformed) {
		t.Errorf("one more: %v", err)
	}
}

func TestSniff(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		" \n":                   "",
		"\x89PNG\r\n\x1a\nrest": "png",
		"\x89PN":                "",
		" {":                    "json",
		"\xef\xbb\xbf[":         "json",
		"eyJh.e30.c2ln\n":       "jwt",
		"a.b":                   "",
		"https://example.org":   "",
		plainSVG:                "svg",
		"<svg":                  "",
		"<!-- x --><svg>":       "svg",
		"<!DOCTYPE html><svg>":  "html",
		"<!DOCTYPE svg><svg>":   "svg",
		"\n<HTML lang=en>":      "html",
		"<rss><svg/></rss>":     "",
		"\xff\xd8\xff\xe0":      "",
		"GIF89a":                "",
		"%PDF-1.7":              "",
		"PK\x03\x04":            "",
	} {
		if got := Sniff([]byte(in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
