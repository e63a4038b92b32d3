// Package locale holds every sentence that people read, and the forms in
// which their languages write dates, numbers and the names of countries.
//
// A catalogue is a folder named by a BCP 47 language tag with JSON files in
// it. Each file maps ids to a text or, where the text depends on a number, to
// its CLDR plural forms:
//
//	{
//	  "award.issued_to": "Awarded to {name}",
//	  "award.count": {"one": "{count} award", "other": "{count} awards"}
//	}
//
// English is complete; every other language falls back to it, id by id. Texts
// never hold HTML: [Printer.HTML] escapes them and lets marked-up arguments in.
package locale

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed */*.json
var embedded embed.FS

// rtl are the scripts that are written from right to left.
var rtl = []string{"Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm"}

// Catalogues holds the texts of all languages. It is safe for concurrent use
// once loaded.
type Catalogues struct {
	// Missing, if set, is told of every id without a text and of every
	// placeholder without an argument. Tests set it; it must not be changed
	// while pages are rendered.
	Missing func(language, id, problem string)

	bundle  *i18n.Bundle
	matcher language.Matcher
	tags    []language.Tag
	ids     map[string]map[string]message // language → id → message
}

// Load reads the catalogues that the binary carries. An id that is defined
// twice, a malformed placeholder, or a translation whose placeholders differ
// from the English ones is an error.
func Load() (*Catalogues, error) {
	return load(embedded)
}

func load(files fs.FS) (*Catalogues, error) {
	c := &Catalogues{bundle: i18n.NewBundle(language.English), ids: map[string]map[string]message{}}
	names, err := fs.Glob(files, "*/*.json")
	if err != nil {
		return nil, fmt.Errorf("find catalogues: %w", err)
	}
	for _, name := range names {
		if err := c.add(files, name); err != nil {
			return nil, fmt.Errorf("catalogue %s: %w", name, err)
		}
	}
	if len(c.ids["en"]) == 0 {
		return nil, fmt.Errorf("no English catalogue")
	}
	if err := c.compare(); err != nil {
		return nil, err
	}
	// The matcher's first tag is the one for readers of no known language.
	c.tags = []language.Tag{language.English}
	for _, lang := range c.Languages() {
		if lang != "en" {
			c.tags = append(c.tags, language.Make(lang))
		}
	}
	c.matcher = language.NewMatcher(c.tags)
	return c, nil
}

func (c *Catalogues) add(files fs.FS, name string) error {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	lang := path.Dir(name)
	tag, err := language.Parse(lang)
	if err != nil || tag.String() != lang {
		return fmt.Errorf("folder %q is not a language tag in its usual form", lang)
	}
	messages, err := parseFile(data)
	if err != nil {
		return err
	}
	if c.ids[lang] == nil {
		c.ids[lang] = map[string]message{}
	}
	for _, m := range messages {
		if _, twice := c.ids[lang][m.id]; twice {
			return fmt.Errorf("%q is defined twice", m.id)
		}
		c.ids[lang][m.id] = m
		if err := c.bundle.AddMessages(tag, m.form()); err != nil {
			return fmt.Errorf("%q: %w", m.id, err)
		}
	}
	return nil
}

// compare holds every translation against the English catalogue.
func (c *Catalogues) compare() error {
	for lang, messages := range c.ids {
		for id, m := range messages {
			en, ok := c.ids["en"][id]
			if !ok {
				return fmt.Errorf("catalogue %s: %q is not in the English catalogue", lang, id)
			}
			for _, name := range m.placeholders() {
				if !slices.Contains(en.placeholders(), name) {
					return fmt.Errorf("catalogue %s: %q has a placeholder {%s} that the English text has not", lang, id, name)
				}
			}
		}
	}
	return nil
}

// Languages returns the tags of the languages with a catalogue, in
// alphabetical order.
func (c *Catalogues) Languages() []string {
	langs := make([]string, 0, len(c.ids))
	for lang := range c.ids {
		langs = append(langs, lang)
	}
	sort.Strings(langs)
	return langs
}

// Has reports whether the English catalogue has a text for id.
func (c *Catalogues) Has(id string) bool {
	_, ok := c.ids["en"][id]
	return ok
}

// IDs returns every id of the English catalogue that starts with prefix.
func (c *Catalogues) IDs(prefix string) []string {
	var ids []string
	for id := range c.ids["en"] {
		if strings.HasPrefix(id, prefix) {
			ids = append(ids, id)
		}
	}
	sort.Strings(ids)
	return ids
}

// For returns a printer for the first language that a catalogue exists for.
// Each preference is a language tag or an Accept-Language header, most wanted
// first; what cannot be read is passed over.
func (c *Catalogues) For(acceptLanguage ...string) *Printer {
	var wanted []language.Tag
	for _, a := range acceptLanguage {
		// An attacker's header may be long: nobody reads more than a few languages.
		if len(a) > 256 {
			continue
		}
		if tags, _, err := language.ParseAcceptLanguage(a); err == nil {
			wanted = append(wanted, tags...)
		}
	}
	_, i, _ := c.matcher.Match(wanted...)
	return newPrinter(c, c.tags[i])
}
