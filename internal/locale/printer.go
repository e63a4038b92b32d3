package locale

import (
	"errors"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	textmessage "golang.org/x/text/message"
	"golang.org/x/text/number"
)

// Printer writes for readers of one language. It is safe for concurrent use.
type Printer struct {
	tag       language.Tag
	catalogue *Catalogues
	texts     *i18n.Localizer
	numbers   *textmessage.Printer
	regions   display.Namer
	languages display.Namer
	zone      *time.Location
}

func newPrinter(c *Catalogues, tag language.Tag) *Printer {
	p := &Printer{
		tag:       tag,
		catalogue: c,
		texts:     i18n.NewLocalizer(c.bundle, tag.String(), "en"),
		numbers:   textmessage.NewPrinter(tag),
		regions:   display.Regions(tag),
		languages: display.Languages(tag),
		zone:      time.UTC,
	}
	if p.regions == nil {
		p.regions = display.Regions(language.English)
	}
	if p.languages == nil {
		p.languages = display.Languages(language.English)
	}
	return p
}

// In returns a printer that tells times of the given zone instead of UTC.
func (p *Printer) In(zone *time.Location) *Printer {
	q := *p
	q.zone = zone
	return &q
}

// Lang returns the language tag of what p writes, for an HTML lang attribute.
func (p *Printer) Lang() string { return p.tag.String() }

// Dir returns "rtl" for languages written from right to left, else "ltr".
func (p *Printer) Dir() string {
	script, _ := p.tag.Script()
	if slices.Contains(rtl, script.String()) {
		return "rtl"
	}
	return "ltr"
}

// T returns the text of id with its {placeholders} filled from args. The
// argument "count" chooses the plural form. Integers are written as numbers and
// times as dates. An unknown id returns itself, so that a page is never lost
// to a missing text; a test finds such ids.
func (p *Printer) T(id string, args map[string]any) string {
	return p.print(id, args, false)
}

// HTML is T for marked-up text: the catalogue's words and all arguments are
// escaped, except arguments that are template.HTML already.
func (p *Printer) HTML(id string, args map[string]any) template.HTML {
	return template.HTML(p.print(id, args, true))
}

func (p *Printer) print(id string, args map[string]any, escape bool) string {
	c := &i18n.LocalizeConfig{
		MessageID:      id,
		TemplateData:   &filling{printer: p, id: id, args: args, escape: escape},
		TemplateParser: braces{},
	}
	// go-i18n chooses a plural by what it knows as a number.
	switch n := args["count"].(type) {
	case int, int64:
		c.PluralCount = n
	case string:
		c.PluralCount = n
	}
	s, err := p.texts.Localize(c)
	if err == nil {
		return s
	}
	var notFound *i18n.MessageNotFoundErr
	if s != "" && errors.As(err, &notFound) {
		return s // found in English: the language's catalogue is behind
	}
	p.missing(id, err.Error())
	return id
}

func (p *Printer) missing(id, problem string) {
	if p.catalogue.Missing != nil {
		p.catalogue.Missing(p.Lang(), id, problem)
	}
}

func (p *Printer) show(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return p.Number(int64(v))
	case int64:
		return p.Number(v)
	case time.Time:
		return p.Date(v)
	}
	return fmt.Sprint(v)
}

// Date writes the day of t in full, "1 March 2026" in English, or nothing for
// the zero time.
func (p *Printer) Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(p.zone)
	return p.T("date.day", map[string]any{
		"day":   fmt.Sprint(t.Day()),
		"month": p.T(fmt.Sprintf("date.month.%d", t.Month()), nil),
		"year":  fmt.Sprint(t.Year()),
	})
}

// Clock writes the time of day of t, "14:02" in English.
func (p *Printer) Clock(t time.Time) string {
	t = t.In(p.zone)
	return p.T("date.clock", map[string]any{"hour": t.Format("15"), "minute": t.Format("04")})
}

// DateTime writes day, time and zone of t, "1 March 2026, 14:02 UTC" in
// English, or nothing for the zero time.
func (p *Printer) DateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return p.T("date.moment", map[string]any{
		"date": p.Date(t), "time": p.Clock(t), "zone": t.In(p.zone).Format("MST"),
	})
}

// Number writes n with the language's digit groups.
func (p *Printer) Number(n int64) string {
	return p.numbers.Sprint(number.Decimal(n))
}

// Country returns the name of an ISO 3166-1 alpha-2 country, or the code
// itself if it is none.
func (p *Printer) Country(code string) string {
	r, err := language.ParseRegion(code)
	if err != nil || !r.IsCountry() {
		return code
	}
	if name, ok := renamed[code]; ok && p.Lang() == "en" {
		return name
	}
	if name := p.regions.Name(r); name != "" {
		return name
	}
	return code
}

// renamed are countries under the English names that they have taken since the
// data of x/text was made.
var renamed = map[string]string{"CV": "Cabo Verde", "MK": "North Macedonia", "SZ": "Eswatini", "TR": "Türkiye"}

// Country is one entry of a list of countries.
type Country struct {
	Code string // ISO 3166-1 alpha-2
	Name string
}

// Countries returns all countries and territories of ISO 3166-1, and Kosovo,
// sorted as readers of the language expect.
func (p *Printer) Countries() []Country {
	var list []Country
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			r, err := language.ParseRegion(code)
			if err != nil || !r.IsCountry() || r.Canonicalize() != r || slices.Contains(formerOrReserved, code) {
				continue
			}
			list = append(list, Country{Code: code, Name: p.Country(code)})
		}
	}
	order := collate.New(p.tag)
	slices.SortFunc(list, func(a, b Country) int { return order.CompareString(a.Name, b.Name) })
	return list
}

// formerOrReserved are codes that CLDR knows as countries and ISO 3166-1 does
// not assign: exceptionally reserved or withdrawn ones.
var formerOrReserved = []string{"AC", "AN", "CP", "CQ", "CS", "DG", "EA", "EZ", "FQ", "IC", "JT", "MI", "NQ", "NT", "PC", "PU", "PZ", "SU", "TA", "UN", "WK", "YU"}

// Language returns the name of a language tag, or the tag itself if it is
// unknown.
func (p *Printer) Language(tag string) string {
	t, err := language.Parse(tag)
	if err != nil {
		return tag
	}
	if name := p.languages.Name(t); name != "" && !strings.EqualFold(name, "root") {
		return name
	}
	return tag
}
