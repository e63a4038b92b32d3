package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/roundel/roundel/credential"
)

// claimView is one thing that a credential says, as a row of a table. Depth tells
// how deep it stands inside others; a row without Text is the heading of those
// below it.
type claimView struct {
	Term, Text, URL string
	Depth           int
}

// Bounds on what is shown of a credential that we know no form for.
const (
	maxClaims     = 200
	maxClaimDepth = 4
	maxClaimText  = 600 // characters
)

// fillOther says what a credential holds that is no badge: all its claims, since
// nobody knows which of them matter.
func (p *reportPage) fillOther(t printer, c *credential.Credential) {
	w := &claimWriter{t: t}
	if c.Version == "" { // a token with a type of its own, such as an SD-JWT VC
		p.Kind = t.T("report.typed", nil)
		if len(c.Types) > 0 {
			p.Name = typeName(c.Types[0])
			p.Facts = append(p.Facts, fact{Term: t.T("report.type_address", nil), Text: line(c.Types[0]), URL: outside(c.Types[0])})
		}
		for _, name := range membersOf(c.Tree) {
			if !slices.Contains(registered(), name) {
				w.write(name, c.Tree[name], 0)
			}
		}
	} else {
		p.Kind = t.T("report.credential", nil)
		for _, kind := range c.Types {
			if kind != "VerifiableCredential" {
				p.Kind = humanised(kind)
			}
		}
		if p.Name == "" {
			p.Name = p.Kind
		}
		for i, subject := range c.Subject {
			depth := 0
			if len(c.Subject) > 1 {
				w.add(claimView{Term: t.T("report.subject_n", map[string]any{"n": i + 1})})
				depth = 1
			}
			for _, name := range membersOf(subject) {
				w.write(name, subject[name], depth)
			}
		}
	}
	p.Claims, p.ClaimsCut = w.rows, w.cut
	for _, subject := range c.Subject {
		if id, _ := subject["id"].(string); strings.HasPrefix(id, "did:") {
			p.sure(t.T("report.sure_did", nil))
		}
	}
}

// registered are the claims of a token that are shown elsewhere, or that only
// programs need.
func registered() []string {
	return []string{"iss", "vct", "vct#integrity", "nbf", "exp", "iat", "cnf", "status", "_sd_alg", "jti", "aud"}
}

// typeName makes a name of the address of a type: the last part of its path.
func typeName(address string) string {
	path := strings.TrimRight(address, "/")
	if i := strings.LastIndexAny(path, "/:#"); i >= 0 && i+1 < len(path) {
		path = path[i+1:]
	}
	return humanised(path)
}

// membersOf lists the names of an object's members in a fixed order: a name or
// title first, then by the alphabet, since JSON objects have none of their own.
func membersOf(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	first := []string{"name", "title", "given_name", "givenName", "family_name", "familyName", "description", "id"}
	rank := func(name string) int {
		if i := slices.Index(first, name); i >= 0 {
			return i
		}
		return len(first)
	}
	sort.Slice(names, func(i, j int) bool {
		if a, b := rank(names[i]), rank(names[j]); a != b {
			return a < b
		}
		return names[i] < names[j]
	})
	return names
}

// claimWriter turns JSON into rows, up to maxClaims.
type claimWriter struct {
	t    printer
	rows []claimView
	cut  bool
}

func (w *claimWriter) add(row claimView) {
	if len(w.rows) >= maxClaims {
		w.cut = true
		return
	}
	w.rows = append(w.rows, row)
}

func (w *claimWriter) write(name string, v any, depth int) {
	if w.cut || strings.HasPrefix(name, "@") {
		return
	}
	name = w.claimName(name)
	switch v := v.(type) {
	case map[string]any:
		w.object(name, v, depth)
	case []any:
		w.list(name, v, depth)
	default:
		w.add(w.value(name, v, depth))
	}
}

// object writes the members of v below a heading. A text with its language is
// one value.
func (w *claimWriter) object(name string, v map[string]any, depth int) {
	if text, isText := v["@value"].(string); isText {
		w.add(w.value(name, text, depth))
		return
	}
	if depth >= maxClaimDepth {
		text, err := json.Marshal(v)
		if err != nil {
			return
		}
		w.add(w.value(name, string(text), depth))
		return
	}
	if len(v) > 0 {
		w.add(claimView{Term: name, Depth: depth})
	}
	for _, member := range membersOf(v) {
		w.write(member, v[member], depth+1)
	}
}

// list writes plain values into one row and objects one below the other.
func (w *claimWriter) list(name string, v []any, depth int) {
	plain := !slices.ContainsFunc(v, func(item any) bool {
		switch item.(type) {
		case map[string]any, []any:
			return true
		}
		return false
	})
	if plain {
		texts := make([]string, 0, min(len(v), maxListed))
		for _, item := range upTo(v) {
			texts = append(texts, w.value("", item, 0).Text)
		}
		w.add(w.value(name, strings.Join(texts, ", "), depth))
		return
	}
	for i, item := range v {
		if w.cut {
			return
		}
		label := name
		if len(v) > 1 {
			label = w.t.T("report.claim_n", map[string]any{"name": name, "n": i + 1})
		}
		switch item := item.(type) {
		case map[string]any:
			w.object(label, item, depth)
		case []any:
			if depth < maxClaimDepth {
				w.list(label, item, depth+1)
			}
		default:
			w.add(w.value(label, item, depth))
		}
	}
}

// value is the row of a text, a number, yes, no or nothing.
func (w *claimWriter) value(name string, v any, depth int) claimView {
	row := claimView{Term: name, Depth: depth}
	switch v := v.(type) {
	case bool:
		row.Text = w.t.T("report.no", nil)
		if v {
			row.Text = w.t.T("report.yes", nil)
		}
	case float64:
		row.Text = strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		row.Text, row.URL = v, outside(v)
		if strings.HasPrefix(v, "data:") && len(v) > 100 {
			row.Text = w.t.T("report.claim_file", map[string]any{"size": (len(v)*3/4 + 1023) / 1024})
		}
	case nil:
	default:
		row.Text = fmt.Sprint(v)
	}
	if row.Text == "" {
		row.Text = "–"
	}
	if runes := []rune(row.Text); len(runes) > maxClaimText {
		row.Text = string(runes[:maxClaimText]) + "…"
	}
	return row
}

// claimName is a claim's name in words. The usual ones of people's names and
// addresses have texts; of full addresses the last part is enough.
func (w *claimWriter) claimName(name string) string {
	if slices.Contains(usualClaims(), name) {
		return w.t.T("claim_name."+strings.ToLower(name), nil)
	}
	if strings.Contains(name, "://") {
		return typeName(name)
	}
	return humanised(name)
}

// usualClaims are those that humanised would word badly.
func usualClaims() []string { return []string{"id", "type", "sub"} }
