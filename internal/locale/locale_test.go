package locale

import (
	"html/template"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

const minimum = `{
	"date.day": "{day} {month} {year}", "date.clock": "{hour}:{minute}",
	"greet": "Hello {name}",
	"rows": {"one": "{count} row", "other": "{count} rows"},
	"only_english": "Only here"
}`

func sample(t *testing.T, files map[string]string) (*Catalogues, error) {
	t.Helper()
	fs := fstest.MapFS{}
	for name, text := range files {
		fs[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return load(fs)
}

func TestLoadRefuses(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"no English":                {"de/a.json": `{"x": "x"}`},
		"twice in a file":           {"en/a.json": `{"x": "1", "x": "2"}`},
		"twice in a language":       {"en/a.json": `{"x": "1"}`, "en/b.json": `{"x": "2"}`},
		"empty text":                {"en/a.json": `{"x": " "}`},
		"plural without other":      {"en/a.json": `{"x": {"one": "1"}}`},
		"unknown plural form":       {"en/a.json": `{"x": {"some": "1", "other": "2"}}`},
		"open placeholder":          {"en/a.json": `{"x": "Hello {name"}`},
		"stray brace":               {"en/a.json": `{"x": "Hello name}"}`},
		"placeholder with a space":  {"en/a.json": `{"x": "Hello { name }"}`},
		"a number":                  {"en/a.json": `{"x": 5}`},
		"trailing text":             {"en/a.json": `{"x": "1"} {}`},
		"list":                      {"en/a.json": `[]`},
		"id unknown to English":     {"en/a.json": `{"x": "1"}`, "de/a.json": `{"y": "1"}`},
		"placeholder not in source": {"en/a.json": `{"x": "{a}"}`, "de/a.json": `{"x": "{b}"}`},
		"not a language":            {"en/a.json": `{"x": "1"}`, "notalanguagetag/a.json": `{"x": "1"}`},
	} {
		if _, err := sample(t, files); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestFallsBackToEnglishIDByID(t *testing.T) {
	c, err := sample(t, map[string]string{"en/a.json": minimum, "de/a.json": `{"greet": "Hallo {name}"}`})
	if err != nil {
		t.Fatal(err)
	}
	p := c.For("fr-CH, de;q=0.8, en;q=0.5")
	if p.Lang() != "de" || p.Dir() != "ltr" {
		t.Errorf("got language %s, direction %s", p.Lang(), p.Dir())
	}
	if got := p.T("greet", map[string]any{"name": "Ada"}); got != "Hallo Ada" {
		t.Errorf("greet = %q", got)
	}
	if got := p.T("only_english", nil); got != "Only here" {
		t.Errorf("only_english = %q", got)
	}
	if got := c.For("xx", strings.Repeat("de,", 200), "").Lang(); got != "en" {
		t.Errorf("without a known language: %s", got)
	}
}

func TestPluralsChooseAndFormatTheCount(t *testing.T) {
	c, err := sample(t, map[string]string{"en/a.json": minimum})
	if err != nil {
		t.Fatal(err)
	}
	p := c.For("en")
	for n, want := range map[int]string{0: "0 rows", 1: "1 row", 2: "2 rows", 12345: "12,345 rows"} {
		if got := p.T("rows", map[string]any{"count": n}); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
	if got := p.T("rows", map[string]any{"count": int64(1)}); got != "1 row" {
		t.Errorf("int64: got %q", got)
	}
}

func TestMissingIsReportedAndReturnsTheID(t *testing.T) {
	c, err := sample(t, map[string]string{"en/a.json": minimum})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	c.Missing = func(_, id, problem string) { told = append(told, id) }
	p := c.For("en")
	if got := p.T("no.such", nil); got != "no.such" {
		t.Errorf("unknown id printed as %q", got)
	}
	if got := p.T("greet", nil); got != "Hello {name}" {
		t.Errorf("missing argument printed as %q", got)
	}
	if strings.Join(told, " ") != "no.such greet" {
		t.Errorf("told of %q", told)
	}
}

func TestHTMLEscapesAllButMarkup(t *testing.T) {
	c, err := sample(t, map[string]string{"en/a.json": `{"x": "A & B: {who} {link}"}`})
	if err != nil {
		t.Fatal(err)
	}
	got := c.For("en").HTML("x", map[string]any{"who": "<script>", "link": template.HTML("<b>x</b>")})
	if got != "A &amp; B: &lt;script&gt; <b>x</b>" {
		t.Errorf("got %q", got)
	}
}

func TestDatesAndNumbers(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	p := c.For("en")
	moment := time.Date(2026, 3, 1, 23, 2, 0, 0, time.UTC)
	tokyo := p.In(time.FixedZone("JST", 9*3600))
	for _, tt := range []struct{ got, want string }{
		{p.Date(moment), "1 March 2026"},
		{p.DateTime(moment), "1 March 2026, 23:02 UTC"},
		{tokyo.DateTime(moment), "2 March 2026, 08:02 JST"},
		{p.Date(time.Time{}), ""},
		{p.DateTime(time.Time{}), ""},
		{p.Number(1284), "1,284"},
		{p.Country("CH"), "Switzerland"},
		{p.Country("MK"), "North Macedonia"},
		{p.Country("SZ"), "Eswatini"},
		{p.Country("TR"), "Türkiye"},
		{p.Country("??"), "??"},
		{p.Language("rm"), "Romansh"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestCountriesAreThoseOfISO3166(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	list := c.For("en").Countries()
	if len(list) < 245 || len(list) > 250 {
		t.Errorf("%d countries", len(list))
	}
	for i, e := range list {
		if e.Name == "" || e.Name == e.Code || strings.HasPrefix(e.Name, "Unknown") {
			t.Errorf("%s has no name", e.Code)
		}
		if i > 0 && list[i-1].Name == e.Name {
			t.Errorf("%s is listed twice", e.Name)
		}
	}
}
