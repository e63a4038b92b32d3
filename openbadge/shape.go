package openbadge

import "slices"

// shape says how the JSON of one class is written: which class its members
// have, and which of them are lists. It is what the published schemas say, as
// far as reading needs it.
type shape struct {
	class   string            // required among the types; "" for classes without a type
	oneType bool              // type is a single word
	lists   []string          // members that may occur several times
	members map[string]string // member → name of the shape of its value
}

// shapes maps the names of shapes, which are those of the classes.
var shapes = map[string]shape{
	"Credential": {
		lists: []string{"evidence", "endorsement", "endorsementJwt", "termsOfUse", "credentialSchema", "credentialStatus"},
		members: map[string]string{"image": "Image", "issuer": "Profile", "credentialSubject": "Subject", "evidence": "Evidence",
			"termsOfUse": "Plain", "credentialSchema": "Plain", "credentialStatus": "Plain", "refreshService": "Plain"},
	},
	"Plain": {oneType: true},
	"Profile": {
		class: "Profile", lists: []string{"otherIdentifier", "endorsement", "endorsementJwt"},
		members: map[string]string{"image": "Image", "address": "Address", "otherIdentifier": "IdentifierEntry", "parentOrg": "Profile"},
	},
	"Image":           {class: "Image", oneType: true},
	"Address":         {class: "Address", members: map[string]string{"geo": "Geo"}},
	"Geo":             {class: "GeoCoordinates", oneType: true},
	"IdentifierEntry": {class: "IdentifierEntry", oneType: true},
	"Evidence":        {class: "Evidence"},
	"Subject": {
		class: "AchievementSubject", lists: []string{"identifier", "result"},
		members: map[string]string{"identifier": "Identity", "achievement": "Achievement", "image": "Image", "result": "Result", "source": "Profile"},
	},
	"Identity": {class: "IdentityObject", oneType: true},
	"Result":   {class: "Result", lists: []string{"alignment"}, members: map[string]string{"alignment": "Alignment"}},
	"Achievement": {
		class: "Achievement",
		lists: []string{"alignment", "endorsement", "endorsementJwt", "otherIdentifier", "related", "resultDescription", "tag"},
		members: map[string]string{"criteria": "Criteria", "image": "Image", "creator": "Profile", "alignment": "Alignment",
			"otherIdentifier": "IdentifierEntry", "related": "Related", "resultDescription": "ResultDescription"},
	},
	"Criteria":  {},
	"Alignment": {class: "Alignment"},
	"Related":   {class: "Related"},
	"ResultDescription": {
		class: "ResultDescription", lists: []string{"alignment", "allowedValue", "rubricCriterionLevel"},
		members: map[string]string{"alignment": "Alignment", "rubricCriterionLevel": "Level"},
	},
	"Level": {class: "RubricCriterionLevel", lists: []string{"alignment"}, members: map[string]string{"alignment": "Alignment"}},
}

// regular rewrites value, of the class that the shape called name describes, to
// the one form that the Go types have: lists where several are allowed, one
// object elsewhere, plain text for text with a language. It reports types that
// are missing. The value itself is not changed.
func (v *validator) regular(path, name string, value any) any {
	m, ok := value.(map[string]any)
	if s, isString := value.(string); isString && (name == "Profile" || name == "Image") {
		// A bare address stands for an object of which only the id is known.
		return map[string]any{"id": s}
	}
	if !ok {
		v.problems.Add(path, "The value must be an object.")
		return nil
	}
	sh := shapes[name]
	v.class(path, sh, m["type"])
	out := make(map[string]any, len(m))
	for key, val := range m {
		val = plainText(val)
		if slices.Contains(sh.lists, key) {
			val = several(val)
		}
		if of := sh.members[key]; of != "" {
			val = v.regularMember(path+"/"+key, of, val)
		}
		out[key] = val
	}
	if sh.oneType {
		out["type"] = first(m["type"])
	} else if m["type"] != nil {
		out["type"] = several(m["type"])
	}
	return out
}

func (v *validator) regularMember(path, name string, val any) any {
	list, ok := val.([]any)
	if !ok {
		return v.regular(path, name, val)
	}
	out := make([]any, len(list))
	for i := range list {
		out[i] = v.regular(item(path, i), name, list[i])
	}
	return out
}

// class checks that the type of an object includes its class.
func (v *validator) class(path string, sh shape, types any) {
	if sh.class != "" && !slices.Contains(several(types), any(sh.class)) {
		v.problems.Add(path+"/type", "The type must be %s.", sh.class)
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
