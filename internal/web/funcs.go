package web

import (
	"errors"
	"fmt"
	"html"
	"html/template"
	"net/url"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/locale"
)

// funcs returns the functions that templates in p's language may call.
func (x *renderer) funcs(p *locale.Printer) template.FuncMap {
	return template.FuncMap{
		// Texts.
		"t": func(id string, pairs ...any) (string, error) {
			args, err := arguments(pairs)
			return p.T(id, args), err
		},
		"th": func(id string, pairs ...any) (template.HTML, error) {
			args, err := arguments(pairs)
			return p.HTML(id, args), err
		},
		"date":     p.Date,
		"datetime": p.DateTime,
		"clock":    p.Clock,
		"number":   func(n any) (string, error) { return showNumber(p, n) },
		"country":  p.Country,
		"language": p.Language,
		"markdown": x.markdown.html,

		// Markup for arguments of th.
		"day":    func(t time.Time) template.HTML { return timeElement(t, "2006-01-02", p.Date(t)) },
		"moment": func(t time.Time) template.HTML { return timeElement(t, time.RFC3339, p.DateTime(t)) },
		"bdi":    func(s string) template.HTML { return element("bdi", s) },
		"strong": func(s string) template.HTML { return "<strong>" + element("bdi", s) + "</strong>" },
		"anchor": anchor,

		// Files and icons.
		"asset": func(name string) (string, error) { return x.static.url(name) },
		"icon":  x.icon,

		// Addresses.
		"host":     hostOf,
		"linkable": safeURL, // for addresses that others wrote
		"initial":  initial,

		// Arguments of partials.
		"notice": build[notice], "verdict": build[verdict], "field": build[field], "checkbox": build[checkbox],
		"choices": build[choices], "option": build[option], "options": list[option], "stage": build[stage],
		"badgecard": build[badgecard], "tag": build[tag], "fact": build[fact], "facts": list[fact],
		"stat": build[stat], "empty": build[empty], "steps": build[steps], "texts": list[string],
		"progress": build[progress], "paging": build[paging], "tab": build[tab], "tabs": list[tab],
		"crumb": build[crumb], "crumbs": list[crumb], "code": build[code], "copyfield": build[copyfield], "reasonForm": build[reasonForm],
		"check": build[check], "checks": list[check], "event": build[moment], "events": list[moment],
		"share": build[share], "download": build[download], "downloads": list[download],
		"choice": chooseOption, "next": func(i int) int { return i + 1 },
	}
}

// arguments turns pairs of placeholder and value into a map.
func arguments(pairs []any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("a placeholder without a value")
	}
	args := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("%v is not a placeholder's name", pairs[i])
		}
		args[name] = pairs[i+1]
	}
	return args, nil
}

func showNumber(p *locale.Printer, n any) (string, error) {
	switch n := n.(type) {
	case int:
		return p.Number(int64(n)), nil
	case int64:
		return p.Number(n), nil
	}
	return "", fmt.Errorf("%T is not an integer", n)
}

func (x *renderer) icon(name string) (template.HTML, error) {
	svg, ok := x.icons[name]
	if !ok {
		return "", fmt.Errorf("no icon %q in static/icons.svg", name)
	}
	return svg, nil
}

func element(name, text string) template.HTML {
	return template.HTML("<" + name + ">" + html.EscapeString(text) + "</" + name + ">")
}

func timeElement(t time.Time, machine, human string) template.HTML {
	if t.IsZero() {
		return ""
	}
	return template.HTML(`<time datetime="` + t.UTC().Format(machine) + `">` + html.EscapeString(human) + `</time>`)
}

// anchor makes a link for a sentence: {{th "id" "link" (anchor .URL (t "…"))}}.
// An address that is not http, https, mailto or our own gives the text alone.
func anchor(address, text string) template.HTML {
	if !safeURL(address) {
		return element("bdi", text)
	}
	return template.HTML(`<a href="` + html.EscapeString(address) + `">` + html.EscapeString(text) + `</a>`)
}

// safeURL reports whether address may stand in a link.
func safeURL(address string) bool {
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		return u.Host != ""
	case "mailto":
		return true
	case "":
		return true // ours: a path, query or fragment
	}
	return false
}

// hostOf returns the host of an address as people write it.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return strings.TrimPrefix(u.Host, "www.")
}

// initial returns the first letter of a name, for those without a logo.
func initial(name string) string {
	for _, r := range strings.TrimSpace(name) {
		return strings.ToUpper(string(r))
	}
	return ""
}
