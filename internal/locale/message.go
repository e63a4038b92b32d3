package locale

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	i18ntemplate "github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// message is one entry of a catalogue file.
type message struct {
	id    string
	forms map[string]string // plural category → text; a plain text is "other"
}

var categories = []string{"zero", "one", "two", "few", "many", "other"}

// parseFile reads a catalogue file. It walks the tokens instead of decoding
// into a map, because a map would keep the last of two equal ids silently.
func parseFile(data []byte) ([]message, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("must be one JSON object")
	}
	var list []message
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, err
		}
		m := message{id: key.(string)} // object keys are always strings
		if m.forms, err = parseForms(raw); err != nil {
			return nil, fmt.Errorf("%q: %w", m.id, err)
		}
		list = append(list, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the object")
	}
	return list, nil
}

func parseForms(raw json.RawMessage) (map[string]string, error) {
	forms := map[string]string{}
	var plain string
	if json.Unmarshal(raw, &plain) == nil {
		forms["other"] = plain
	} else if err := json.Unmarshal(raw, &forms); err != nil {
		return nil, errors.New("must be a text or an object of plural forms")
	}
	if strings.TrimSpace(forms["other"]) == "" {
		return nil, errors.New("has no text (a plural needs at least \"other\")")
	}
	for category, text := range forms {
		if !slices.Contains(categories, category) {
			return nil, fmt.Errorf("%q is not a plural form", category)
		}
		if _, err := parseText(text); err != nil {
			return nil, err
		}
	}
	return forms, nil
}

func (m message) form() *i18n.Message {
	return &i18n.Message{
		ID: m.id, Zero: m.forms["zero"], One: m.forms["one"], Two: m.forms["two"],
		Few: m.forms["few"], Many: m.forms["many"], Other: m.forms["other"],
	}
}

func (m message) placeholders() []string {
	var names []string
	for _, text := range m.forms {
		parts, err := parseText(text)
		if err != nil {
			continue // parseForms has refused it before
		}
		for _, p := range parts {
			if p.name != "" && !slices.Contains(names, p.name) {
				names = append(names, p.name)
			}
		}
	}
	return names
}

// part is a run of text, or a placeholder when name is set.
type part struct{ text, name string }

// parseText splits "Awarded to {name}" into its parts.
func parseText(s string) ([]part, error) {
	var parts []part
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			return append(parts, part{text: s}), nil
		}
		if i > 0 {
			parts = append(parts, part{text: s[:i]})
		}
		end := strings.IndexByte(s, '}')
		if s[i] == '}' || end < 0 || !isName(s[i+1:end]) {
			return nil, fmt.Errorf("malformed placeholder at %q", s[i:])
		}
		parts = append(parts, part{name: s[i+1 : end]})
		s = s[end+1:]
	}
	return parts, nil
}

func isName(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && r != '_' {
			return false
		}
	}
	return s != ""
}

// braces makes go-i18n fill our {name} placeholders, which translators'
// software knows and which, unlike text/template, can run nothing.
type braces struct{}

func (braces) Cacheable() bool { return true }

func (braces) Parse(src, _, _ string) (i18ntemplate.ParsedTemplate, error) {
	parts, err := parseText(src)
	return parsed(parts), err
}

type parsed []part

// filling is what go-i18n hands through to Execute.
type filling struct {
	printer *Printer
	id      string
	args    map[string]any
	escape  bool
}

func (p parsed) Execute(data any) (string, error) {
	f, ok := data.(*filling)
	if !ok {
		return "", fmt.Errorf("cannot fill from %T", data)
	}
	var b strings.Builder
	for _, part := range p {
		switch {
		case part.name == "" && f.escape:
			b.WriteString(html.EscapeString(part.text))
		case part.name == "":
			b.WriteString(part.text)
		default:
			b.WriteString(f.value(part.name))
		}
	}
	return b.String(), nil
}

func (f *filling) value(name string) string {
	v, ok := f.args[name]
	if !ok {
		f.printer.missing(f.id, "no argument for {"+name+"}")
		return "{" + name + "}"
	}
	if h, ok := v.(template.HTML); ok {
		if f.escape {
			return string(h)
		}
		f.printer.missing(f.id, "marked-up argument for {"+name+"} in plain text")
	}
	s := f.printer.show(v)
	if f.escape {
		return html.EscapeString(s)
	}
	return s
}
