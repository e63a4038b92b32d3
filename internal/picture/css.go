package picture

import (
	"regexp"
	"strings"
)

// Style sheets of drawing programs are simple: a class, an element or an id,
// and presentation properties. They are turned into attributes, so that the
// clean picture has no style sheet and needs none to be allowed.

// maxRules is the most style rules read.
const maxRules = 2_000

type declaration struct{ property, value string }

// stylesheet holds declarations by simple selector: "name", ".class", "#id".
type stylesheet map[string][]declaration

var (
	cssComment  = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssSelector = regexp.MustCompile(`^[.#]?[A-Za-z_][\w-]*$`)
	cssLength   = regexp.MustCompile(`(\d)(px|deg)\b`)
)

// parseStyle adds the rules of a style sheet to s; what it does not understand
// is told to removed.
func (s stylesheet) parseStyle(css string, removed func(string)) {
	css = cssComment.ReplaceAllString(css, " ")
	for n := 0; css != "" && n < maxRules; n++ {
		css = strings.TrimSpace(css)
		if strings.HasPrefix(css, "@") {
			removed("@-rule in a style sheet")
			css = afterAtRule(css)
			continue
		}
		head, rest, ok := strings.Cut(css, "{")
		if !ok {
			return
		}
		body, tail, _ := strings.Cut(rest, "}")
		css = tail
		decls := parseDeclarations(body)
		for sel := range strings.SplitSeq(head, ",") {
			sel = strings.TrimSpace(sel)
			if !cssSelector.MatchString(sel) {
				removed("style rule that is not for a class, id or element")
				continue
			}
			s[sel] = append(s[sel], decls...)
		}
	}
}

// afterAtRule skips to behind an at-rule, with its block if it has one.
func afterAtRule(css string) string {
	end := strings.IndexAny(css, ";{")
	if end < 0 {
		return ""
	}
	if css[end] == ';' {
		return css[end+1:]
	}
	depth := 0
	for i := end; i < len(css); i++ {
		switch css[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return css[i+1:]
			}
		}
	}
	return ""
}

func parseDeclarations(body string) []declaration {
	var out []declaration
	for d := range strings.SplitSeq(body, ";") {
		property, value, ok := strings.Cut(d, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		if i := strings.Index(strings.ToLower(value), "!important"); i >= 0 {
			value = strings.TrimSpace(value[:i])
		}
		property = strings.ToLower(strings.TrimSpace(property))
		if property == "transform" { // attributes take no units
			value = cssLength.ReplaceAllString(value, "$1")
		}
		out = append(out, declaration{property, value})
	}
	return out
}

// apply returns the declarations that hold for n, the weakest first: element,
// class, id, then its own style attribute.
func (s stylesheet) apply(n *node) []declaration {
	var out []declaration
	if len(s) > 0 {
		out = append(out, s[n.name]...)
		for class := range strings.FieldsSeq(n.attr("class")) {
			out = append(out, s["."+class]...)
			if len(out) > maxRules {
				break
			}
		}
		if id := n.attr("id"); id != "" {
			out = append(out, s["#"+id]...)
		}
	}
	if style := n.attr("style"); style != "" {
		out = append(out, parseDeclarations(cssComment.ReplaceAllString(style, " "))...)
	}
	return out
}
