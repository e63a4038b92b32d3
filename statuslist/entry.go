package statuslist

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
)

// EntryType is the type of the status entries that ParseEntry reads.
const EntryType = "BitstringStatusListEntry"

// The purposes with a meaning given by the specification, section 2.1, that one
// bit can tell.
const (
	Revocation = "revocation" // final
	Suspension = "suspension" // may be lifted
)

// An Entry is the credentialStatus of a credential: where its bit is.
type Entry struct {
	ID             string // optional
	Type           string // EntryType
	Purpose        string
	Index          string // as written: see Position
	ListCredential string // the address of the list's credential
}

// ParseEntry reads one member of credentialStatus, as strictjson.Decode gives
// it. Errors wrap ErrMalformed, ErrIndex, or, for another type of entry or one
// of several bits, ErrUnsupported.
func ParseEntry(tree map[string]any) (Entry, error) {
	if types, ok := texts(tree["type"]); !ok || !slices.Contains(types, EntryType) {
		return Entry{}, fmt.Errorf("%w: status entry of type %v", ErrUnsupported, tree["type"])
	}
	e := Entry{Type: EntryType}
	for _, m := range []struct {
		name     string
		into     *string
		required bool
	}{
		{"id", &e.ID, false},
		{"statusPurpose", &e.Purpose, true},
		{"statusListIndex", &e.Index, true},
		{"statusListCredential", &e.ListCredential, true},
	} {
		v, present := tree[m.name]
		s, isText := v.(string)
		if present && !isText || m.required && s == "" {
			return Entry{}, fmt.Errorf("%w: %s is missing or no text", ErrMalformed, m.name)
		}
		*m.into = s
	}
	if u, err := url.Parse(e.ListCredential); err != nil || !u.IsAbs() {
		return Entry{}, fmt.Errorf("%w: statusListCredential is no absolute address", ErrMalformed)
	}
	if size, ok := tree["statusSize"]; ok && size != json.Number("1") {
		return Entry{}, fmt.Errorf("%w: statusSize %v", ErrUnsupported, size)
	}
	_, err := e.Position()
	return e, err
}

// Position returns the index as a number. It must be written in decimal
// without sign, space or leading zeros. The error wraps ErrIndex.
func (e Entry) Position() (int, error) {
	i, err := strconv.Atoi(e.Index)
	if err != nil || i < 0 || i >= MaxBytes*8 || strconv.Itoa(i) != e.Index {
		return 0, fmt.Errorf("%w: %.40q", ErrIndex, e.Index)
	}
	return i, nil
}

// texts returns a string or a list of strings as a list.
func texts(v any) ([]string, bool) {
	switch v := v.(type) {
	case string:
		return []string{v}, true
	case []any:
		out := make([]string, 0, len(v))
		for _, item := range v {
			s, ok := item.(string)
			if !ok {
				return nil, false
			}
			out = append(out, s)
		}
		return out, len(out) > 0
	default:
		return nil, false
	}
}
