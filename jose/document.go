package jose

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/strictjson"
)

// decodePayload reads a payload that must be a JSON object. Its length was
// limited when the token was parsed.
func decodePayload(payload []byte) (map[string]any, error) {
	tree, err := strictjson.Decode(payload, strictjson.Limits{MaxBytes: max(1, len(payload))})
	if err != nil {
		return nil, fmt.Errorf("%w: payload: %w", ErrMalformed, err)
	}
	members, ok := tree.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: the payload is not an object", ErrMalformed)
	}
	return members, nil
}

// without returns tree without the members called names; tree stays as it is.
func without(tree map[string]any, names ...string) map[string]any {
	out := make(map[string]any, len(tree))
	for name, v := range tree {
		out[name] = v
	}
	for _, name := range names {
		delete(out, name)
	}
	return out
}

// marshal writes a tree with its numbers as they were written.
func marshal(tree map[string]any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(tree); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// idOf returns the id of an object, or a bare id.
func idOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		id, _ := v["id"].(string)
		return id
	default:
		return ""
	}
}

// subjects returns the credentialSubject objects of a document.
func subjects(tree map[string]any) []map[string]any {
	switch v := tree["credentialSubject"].(type) {
	case map[string]any:
		return []map[string]any{v}
	case []any:
		var out []map[string]any
		for _, item := range v {
			if one, ok := item.(map[string]any); ok {
				out = append(out, one)
			}
		}
		return out
	default:
		return nil
	}
}

// Names of the dates in the two versions of the data model.
func dateNames(tree map[string]any) (from, until string) {
	first := tree["@context"]
	if list, ok := first.([]any); ok && len(list) > 0 {
		first = list[0]
	}
	if first == credential.ContextV1 {
		return "issuanceDate", "expirationDate"
	}
	return "validFrom", "validUntil"
}

// dateOf reads a date of a document. A text that is no date is the document's
// own fault and is left to those who check documents, unless a claim must be
// compared with it.
func dateOf(tree map[string]any, name string, claim string, value time.Time) (time.Time, error) {
	v, present := tree[name]
	if !present || value.IsZero() {
		return time.Time{}, nil
	}
	text, _ := v.(string)
	at, err := credential.ParseTime(text)
	if err != nil {
		return time.Time{}, &ClaimError{claim, value.Format(time.RFC3339Nano), text}
	}
	return at, nil
}
