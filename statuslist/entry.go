package statuslist

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
)

// EntryType is the type of the status entries of Bitstring Status List 1.0.
const EntryType = "BitstringStatusListEntry"

// The purposes with a meaning given by Bitstring Status List 1.0, section 2.1.
const (
	Revocation = "revocation" // final
	Suspension = "suspension" // may be lifted
	Message    = "message"    // a state of the issuer's own; see Reference.Messages
	Refresh    = "refresh"    // a newer credential is there to be fetched
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
// it, if it is of EntryType and of one bit; ParseReference reads every kind.
// Errors wrap ErrMalformed, ErrIndex, or, for another type of entry or one of
// several bits, ErrUnsupported.
func ParseEntry(tree map[string]any) (Entry, error) {
	if types, ok := texts(tree["type"]); !ok || !slices.Contains(types, EntryType) {
		return Entry{}, fmt.Errorf("%w: status entry of type %v", ErrUnsupported, tree["type"])
	}
	r, err := bitstringReference(tree)
	if err != nil {
		return Entry{}, err
	}
	if r.Size != 1 {
		return Entry{}, fmt.Errorf("%w: statusSize %d", ErrUnsupported, r.Size)
	}
	return Entry{r.ID, EntryType, r.Purpose, strconv.Itoa(r.Index), r.List}, nil
}

// Position returns the index as a number. It must be written in decimal
// without sign, space or leading zeros. The error wraps ErrIndex.
func (e Entry) Position() (int, error) { return position(e.Index) }

// position reads an index. One that is written wrongly is malformed too.
func position(index string) (int, error) {
	plain := index != "" && (index[0] != '0' || index == "0")
	for _, c := range []byte(index) {
		plain = plain && '0' <= c && c <= '9'
	}
	if !plain {
		return 0, fmt.Errorf("%w: %w: %.40q", ErrMalformed, ErrIndex, index)
	}
	i, err := strconv.Atoi(index)
	if err != nil || i >= MaxBytes*8 {
		return 0, fmt.Errorf("%w: %.40q", ErrIndex, index)
	}
	return i, nil
}

// bitstringReference reads an entry of EntryType (section 2.1).
func bitstringReference(tree map[string]any) (Reference, error) {
	r := Reference{Kind: Bitstring, Size: 1}
	if err := r.readEntry(tree, false); err != nil {
		return Reference{}, err
	}
	if v, ok := tree["statusSize"]; ok {
		n, _ := v.(json.Number)
		size, err := strconv.Atoi(n.String())
		if err != nil || size < 1 || strconv.Itoa(size) != n.String() {
			return Reference{}, fmt.Errorf("%w: statusSize %v", ErrMalformed, v)
		}
		if size > MaxSize {
			return Reference{}, fmt.Errorf("%w: statusSize %d", ErrUnsupported, size)
		}
		r.Size = size
	}
	var err error
	if r.Messages, err = readMessages(tree, r.Size); err != nil {
		return Reference{}, err
	}
	if v, ok := tree["statusReference"]; ok {
		if r.About, ok = texts(v); !ok || slices.ContainsFunc(r.About, func(s string) bool { return !absolute(s) }) {
			return Reference{}, fmt.Errorf("%w: statusReference holds something else than addresses", ErrMalformed)
		}
	}
	return r, nil
}

// readEntry reads what Bitstring Status List 1.0 and StatusList2021 have in
// common. numbers says that the index may be a number in JSON too.
func (r *Reference) readEntry(tree map[string]any, numbers bool) error {
	var index string
	for _, m := range []struct {
		name     string
		into     *string
		required bool
	}{
		{"id", &r.ID, false},
		{"statusPurpose", &r.Purpose, true},
		{"statusListIndex", &index, true},
		{"statusListCredential", &r.List, true},
	} {
		v, present := tree[m.name]
		s, isText := v.(string)
		if n, ok := v.(json.Number); ok && numbers && m.into == &index {
			s, isText = n.String(), true
		}
		if present && !isText || m.required && s == "" {
			return fmt.Errorf("%w: %s is missing or no text", ErrMalformed, m.name)
		}
		*m.into = s
	}
	if !absolute(r.List) {
		return fmt.Errorf("%w: statusListCredential is no absolute address", ErrMalformed)
	}
	if r.ID == r.List {
		return fmt.Errorf("%w: the id of the entry is the address of the list", ErrMalformed)
	}
	var err error
	r.Index, err = position(index)
	return err
}

// readMessages reads statusMessage into the messages by value: one for each
// value that size bits can take, or none where one bit needs none.
func readMessages(tree map[string]any, size int) ([]string, error) {
	v, ok := tree["statusMessage"]
	if !ok && size == 1 {
		return []string(nil), nil
	}
	items, _ := v.([]any)
	if len(items) != 1<<size {
		return nil, fmt.Errorf("%w: %d status messages for %d bits", ErrMalformed, len(items), size)
	}
	messages, given := make([]string, len(items)), make([]bool, len(items))
	for _, item := range items {
		m, _ := item.(map[string]any)
		status, isText := m["status"].(string)
		message, isText2 := m["message"].(string)
		if !isText || !isText2 || len(status) < 3 || status[:2] != "0x" {
			return nil, fmt.Errorf("%w: a status message without status in 0x form, or message", ErrMalformed)
		}
		value, err := strconv.ParseUint(status[2:], 16, 32) // takes neither sign nor underscore
		if err != nil || value >= uint64(len(items)) || given[value] {
			return nil, fmt.Errorf("%w: status message for %.20q", ErrMalformed, status)
		}
		messages[value], given[value] = message, true
	}
	return messages, nil
}

// absolute reports whether s is an address with a scheme.
func absolute(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs()
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
