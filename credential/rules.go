package credential

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// reader takes a credential out of a tree and collects what is wrong with it.
type reader struct {
	tree     map[string]any
	c        *Credential
	problems Problems
}

// nulls refuses members without a value, anywhere: JSON-LD drops them before
// signing, so anybody could add them. It reports the first.
func (r *reader) nulls() {
	if !hasNull(r.tree) {
		return
	}
	if path, found := findNull("", r.tree); found {
		r.problems.Add(path, "The value must not be null.")
	}
}

// hasNull reports whether there is a null in v: almost never, and then nobody
// needs its path.
func hasNull(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		for _, member := range v {
			if hasNull(member) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, hasNull)
	}
	return false
}

// findNull returns the path of the first null in v, in the order of names.
func findNull(path string, v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return path, true
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if at, found := findNull(path+"/"+pointer.Replace(key), v[key]); found {
				return at, true
			}
		}
	case []any:
		for i := range v {
			if at, found := findNull(path+"/"+strconv.Itoa(i), v[i]); found {
				return at, true
			}
		}
	}
	return "", false
}

// pointer escapes names for JSON Pointers (RFC 6901, section 3).
var pointer = strings.NewReplacer("~", "~0", "/", "~1")

// context reads @context (section 4.3): an ordered list whose first entry
// names the version.
func (r *reader) context() {
	list := asList(r.tree["@context"])
	for _, v := range list {
		switch v := v.(type) {
		case string:
			r.c.Contexts = append(r.c.Contexts, r.uri("/@context", v))
		case map[string]any:
			// An inline context is allowed by the data model. Whoever checks the
			// proof decides whether to trust it.
		default:
			r.problems.Add("/@context", "Every entry must be an address.")
			return
		}
	}
	first, _ := at(list, 0).(string)
	switch first {
	case ContextV2:
		r.c.Version = Version2
	case ContextV1:
		r.c.Version = Version1
	default:
		r.problems.Add("/@context", "The first entry must be %s.", ContextV2)
	}
}

// types reads type (section 4.5), which must include required.
func (r *reader) types(required string) {
	list := asList(r.tree["type"])
	for _, v := range list {
		s, ok := v.(string)
		if !ok || s == "" {
			r.problems.Add("/type", "Every type must be a word.")
			return
		}
		r.c.Types = append(r.c.Types, s)
	}
	if !r.c.HasType(required) {
		r.problems.Add("/type", "The types must include %s.", required)
	}
}

// issuer reads issuer (section 4.7): an address, or an object with an id.
func (r *reader) issuer() {
	switch v := r.tree["issuer"].(type) {
	case string:
		r.c.Issuer.Tree = map[string]any{"id": v}
	case map[string]any:
		r.c.Issuer.Tree = v
	case nil:
		r.problems.Add("/issuer", "The issuer is missing.")
		return
	default:
		r.problems.Add("/issuer", "The issuer must be an address or an object with an id.")
		return
	}
	t := r.c.Issuer.Tree
	if t["id"] == nil {
		r.problems.Add("/issuer/id", "The issuer has no id.")
		return
	}
	r.c.Issuer.ID = r.uri("/issuer/id", t["id"])
	r.c.Issuer.Name = r.text("/issuer/name", t["name"])
	r.text("/issuer/description", t["description"])
	r.c.Issuer.URL, _ = t["url"].(string)
	switch image := t["image"].(type) {
	case string:
		r.c.Issuer.Image = image
	case map[string]any:
		r.c.Issuer.Image, _ = image["id"].(string)
	}
}

// dates reads the validity period (section 4.9; version 1.1, sections 4.6 and
// 4.7, with other names).
func (r *reader) dates() {
	c := r.c
	c.ValidFrom, c.ValidUntil = r.date("validFrom"), r.date("validUntil")
	if c.Version == Version1 {
		// The context of 1.1 reserves the names of 2.0, so both may be signed.
		// The narrower period counts.
		if r.tree["issuanceDate"] == nil {
			r.problems.Add("/issuanceDate", "The date of issue is missing.")
		}
		if from := r.date("issuanceDate"); from.After(c.ValidFrom) {
			c.ValidFrom = from
		}
		if until := r.date("expirationDate"); c.ValidUntil.IsZero() || !until.IsZero() && until.Before(c.ValidUntil) {
			c.ValidUntil = until
		}
	}
	if !c.ValidUntil.IsZero() && c.ValidUntil.Before(c.ValidFrom) {
		r.problems.Add("/validUntil", "The end of the validity period lies before its start.")
	}
}

func (r *reader) date(key string) time.Time {
	v, ok := r.tree[key]
	if !ok {
		return time.Time{}
	}
	s, _ := v.(string)
	t, err := ParseTime(s)
	if err != nil {
		r.problems.Add("/"+key, "The value must be a date and time with a time zone, such as 2026-03-01T09:00:00Z.")
	}
	return t
}

// subject reads credentialSubject (section 4.8): one or more objects that say
// something.
func (r *reader) subject() {
	list := asList(r.tree["credentialSubject"])
	if len(list) == 0 {
		r.problems.Add("/credentialSubject", "The credential says nothing about anybody: its subject is missing.")
	}
	for _, v := range list {
		m, ok := v.(map[string]any)
		if !ok || len(m) == 0 {
			r.problems.Add("/credentialSubject", "The subject must be an object that says something.")
			return
		}
		r.uri("/credentialSubject/id", m["id"])
		r.c.Subject = append(r.c.Subject, m)
	}
}

// typed reads a member that is one object or several, each with a type (sections
// 4.10 to 4.12), and an id where needID is set.
func (r *reader) typed(key string, needID bool) []map[string]any {
	v, present := r.tree[key]
	if !present {
		return nil
	}
	list := asList(v)
	if len(list) == 0 {
		r.problems.Add("/"+key, "The value must not be empty.")
	}
	var out []map[string]any
	for _, v := range list {
		m, ok := v.(map[string]any)
		if !ok {
			r.problems.Add("/"+key, "The value must be an object.")
			return nil
		}
		if len(asList(m["type"])) == 0 {
			r.problems.Add("/"+key+"/type", "The type is missing.")
		}
		for _, t := range asList(m["type"]) {
			if s, ok := t.(string); !ok || s == "" {
				r.problems.Add("/"+key+"/type", "Every type must be a word.")
			}
		}
		r.uri("/"+key+"/id", m["id"])
		if needID && m["id"] == nil {
			r.problems.Add("/"+key+"/id", "The id is missing.")
		}
		out = append(out, m)
	}
	return out
}

// uri reads an optional absolute URI.
func (r *reader) uri(path string, v any) string {
	if v == nil {
		return ""
	}
	s, isText := v.(string)
	if !IsURI(s) {
		r.problems.Add(path, "The value must be a complete address (with a scheme, such as https: or urn:).")
		r.problems[len(r.problems)-1].Relative = isText
		return ""
	}
	return s
}

// text reads an optional name or description (sections 4.6 and 11.1): a string,
// or one or more objects with a value, and a language and direction at most.
func (r *reader) text(path string, v any) string {
	if v == nil {
		return ""
	}
	for _, one := range asList(v) {
		if _, isString := one.(string); !isString && !isLanguageValue(one) {
			r.problems.Add(path, "The value must be text, or text with a language.")
			return ""
		}
	}
	return firstText(v)
}

func isLanguageValue(v any) bool {
	m, ok := v.(map[string]any)
	if !ok {
		return false
	}
	for key, value := range m {
		if _, isString := value.(string); !isString || key != "@value" && key != "@language" && key != "@direction" {
			return false
		}
	}
	_, ok = m["@value"]
	return ok
}

// firstText returns v, or its first entry, as text; "" when it is none.
func firstText(v any) string {
	switch v := at(asList(v), 0).(type) {
	case string:
		return v
	case map[string]any:
		s, _ := v["@value"].(string)
		return s
	}
	return ""
}

// asList returns v as the list that JSON-LD takes it for: none, one or several.
func asList(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// IsURI reports whether s is an absolute URI or IRI: a scheme and something
// after it, without characters that RFC 3987 forbids.
func IsURI(s string) bool {
	scheme, rest, found := strings.Cut(s, ":")
	if !found || scheme == "" || rest == "" || !isLetter(scheme[0]) {
		return false
	}
	for i := range len(scheme) {
		if c := scheme[i]; !isLetter(c) && !isDigit(c) && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	for i := range len(rest) {
		switch c := rest[i]; c {
		case '<', '>', '"', '{', '}', '|', '\\', '^', '`':
			return false
		default:
			if c <= ' ' {
				return false
			}
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// ParseTime reads a date and time with a time zone (xsd:dateTimeStamp), the
// only form the data model allows.
func ParseTime(s string) (time.Time, error) {
	if !isDateTime(s) {
		return time.Time{}, &Problem{Msg: "not a date and time with a time zone"}
	}
	return time.Parse(time.RFC3339Nano, s)
}

// isDateTime looks at the characters only: time.Parse takes more forms than one.
func isDateTime(s string) bool {
	const stamp, zone = "0000-00-00T00:00:00", "00:00"
	if len(s) < len(stamp) || !like(s[:len(stamp)], stamp) {
		return false
	}
	s = s[len(stamp):]
	if s != "" && s[0] == '.' {
		end := 1
		for end < len(s) && isDigit(s[end]) {
			end++
		}
		if end == 1 || end > 1+9 {
			return false
		}
		s = s[end:]
	}
	return s == "Z" || s != "" && (s[0] == '+' || s[0] == '-') && like(s[1:], zone)
}

// like reports whether s is form but for its digits.
func like(s, form string) bool {
	if len(s) != len(form) {
		return false
	}
	for i := range len(form) {
		if s[i] != form[i] && (form[i] != '0' || !isDigit(s[i])) {
			return false
		}
	}
	return true
}
