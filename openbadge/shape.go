package openbadge

import (
	"reflect"
	"slices"
	"strings"
)

// Shape says how the JSON of one class is written: which class its members
// have, and which of them are lists. It is what the published schemas say, as
// far as reading needs it.
type Shape struct {
	Class   string            // required among the types; "" for classes without a type
	OneType bool              // type is a single word
	Lists   []string          // members that may occur several times
	Members map[string]string // member → name of the shape of its value
}

// shapes maps the names of shapes, which are those of the classes.
var shapes = map[string]Shape{
	"Credential": {
		Lists: []string{"evidence", "endorsement", "endorsementJwt", "termsOfUse", "credentialSchema", "credentialStatus", "relatedResource"},
		Members: map[string]string{"image": "Image", "issuer": "Profile", "credentialSubject": "Subject", "evidence": "Evidence",
			"termsOfUse": "Plain", "credentialSchema": "Plain", "credentialStatus": "Plain", "refreshService": "Plain"},
	},
	"Endorsement": {
		Lists: []string{"evidence", "termsOfUse", "credentialSchema", "credentialStatus", "relatedResource"},
		Members: map[string]string{"issuer": "Profile", "credentialSubject": "EndorsementSubject", "evidence": "Evidence",
			"termsOfUse": "Plain", "credentialSchema": "Plain", "credentialStatus": "Plain", "refreshService": "Plain"},
	},
	"EndorsementSubject": {Class: "EndorsementSubject"},
	"Plain":              {OneType: true},
	"Profile": {
		Class: "Profile", Lists: []string{"otherIdentifier", "endorsement", "endorsementJwt"},
		Members: map[string]string{"image": "Image", "address": "Address", "otherIdentifier": "IdentifierEntry", "parentOrg": "Profile"},
	},
	"Image":           {Class: "Image", OneType: true},
	"Address":         {Class: "Address", Members: map[string]string{"geo": "Geo"}},
	"Geo":             {Class: "GeoCoordinates", OneType: true},
	"IdentifierEntry": {Class: "IdentifierEntry", OneType: true},
	"Evidence":        {Class: "Evidence"},
	"Subject": {
		Class: "AchievementSubject", Lists: []string{"identifier", "result"},
		Members: map[string]string{"identifier": "Identity", "achievement": "Achievement", "image": "Image", "result": "Result", "source": "Profile"},
	},
	"Identity": {Class: "IdentityObject", OneType: true},
	"Result":   {Class: "Result", Lists: []string{"alignment"}, Members: map[string]string{"alignment": "Alignment"}},
	"Achievement": {
		Class: "Achievement",
		Lists: []string{"alignment", "endorsement", "endorsementJwt", "otherIdentifier", "related", "resultDescription", "tag"},
		Members: map[string]string{"criteria": "Criteria", "image": "Image", "creator": "Profile", "alignment": "Alignment",
			"otherIdentifier": "IdentifierEntry", "related": "Related", "resultDescription": "ResultDescription"},
	},
	"Criteria":  {},
	"Alignment": {Class: "Alignment"},
	"Related":   {Class: "Related"},
	"ResultDescription": {
		Class: "ResultDescription", Lists: []string{"alignment", "allowedValue", "rubricCriterionLevel"},
		Members: map[string]string{"alignment": "Alignment", "rubricCriterionLevel": "Level"},
	},
	"Level": {Class: "RubricCriterionLevel", Lists: []string{"alignment"}, Members: map[string]string{"alignment": "Alignment"}},
}

// regulariser rewrites JSON to the one form that the Go types have.
type regulariser struct {
	v     *Checker
	more  map[string]Shape  // besides shapes
	names map[string]string // besides names
}

// regular rewrites value, of the class that the shape called name describes, to
// the one form that the Go types have: lists where several are allowed, one
// object elsewhere, plain text for text with a language. It reports types that
// are missing. The value itself is not changed.
func (r *regulariser) regular(path, name string, value any) any {
	m, ok := value.(map[string]any)
	if s, isString := value.(string); isString && (name == "Profile" || name == "Image") {
		// A bare address stands for an object of which only the id is known.
		return map[string]any{"id": s}
	}
	if !ok {
		r.v.Problems.Add(path, "The value must be an object.")
		return nil
	}
	sh, ok := shapes[name]
	if !ok {
		sh = r.more[name]
	}
	r.class(path, sh, m["type"])
	out := make(map[string]any, len(m))
	for key, val := range m {
		if misspelt(key, names) || misspelt(key, r.names) {
			continue
		}
		val = plainText(val)
		of := sh.Members[key]
		if slices.Contains(sh.Lists, key) {
			val = several(val)
		} else if list, isList := val.([]any); isList && of != "" && len(list) == 1 {
			val = list[0]
		}
		if of != "" {
			val = r.member(path+"/"+key, of, val)
		}
		out[key] = val
	}
	if sh.OneType {
		out["type"] = first(m["type"])
	} else if m["type"] != nil {
		out["type"] = several(m["type"])
	}
	return out
}

func (r *regulariser) member(path, name string, val any) any {
	list, ok := val.([]any)
	if !ok {
		return r.regular(path, name, val)
	}
	out := make([]any, len(list))
	for i := range list {
		out[i] = r.regular(item(path, i), name, list[i])
	}
	return out
}

// class checks that the type of an object includes its class.
func (r *regulariser) class(path string, sh Shape, types any) {
	if sh.Class != "" && !slices.Contains(several(types), any(sh.Class)) {
		r.v.Problems.Add(path+"/type", "The type must be %s.", sh.Class)
	}
}

func several(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

func first(v any) any {
	if list, ok := v.([]any); ok && len(list) > 0 {
		return list[0]
	}
	return v
}

// plainText replaces text with a language by the text.
func plainText(v any) any {
	if m, ok := first(v).(map[string]any); ok {
		if s, ok := m["@value"].(string); ok {
			return s
		}
	}
	return v
}

// names are those of all members that the Go types know, by themselves and by the
// form that folds letter case.
var names = namesOf(reflect.TypeFor[AchievementCredential](), reflect.TypeFor[EndorsementCredential]())

func namesOf(types ...reflect.Type) map[string]string {
	all := map[string]string{}
	for _, t := range types {
		collectNames(t, all, map[reflect.Type]bool{})
	}
	return all
}

func collectNames(t reflect.Type, all map[string]string, seen map[reflect.Type]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return
	}
	seen[t] = true
	for i := range t.NumField() {
		f := t.Field(i)
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			all[name], all[foldName(name)] = name, name
			collectNames(f.Type, all, seen)
		}
	}
}

func foldName(s string) string { return strings.ToLower(strings.ToUpper(s)) }

// misspelt reports whether key is the name of a member but for letter case.
// encoding/json takes it for that member, and nobody else does.
func misspelt(key string, names map[string]string) bool {
	if len(names) == 0 || names[key] == key && key != "" {
		return false
	}
	name, ok := names[foldName(key)]
	return ok && name != key
}
