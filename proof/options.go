package proof

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/roundel/roundel/strictjson"
)

// proofOptions is a proof as we write it, before it has a value. Empty members
// are left out.
type proofOptions struct {
	proofType, id, cryptosuite, created, expires, method, purpose, challenge, domain string

	previous []string
	context  any // of the document, for suites that repeat it
}

// append writes the proof as a JSON object without its closing brace.
func (o *proofOptions) append(dst []byte) []byte {
	dst = append(dst, `{"type":`...)
	dst = appendText(dst, o.proofType)
	for _, m := range [...]struct{ key, value string }{
		{`,"id":`, o.id}, {`,"cryptosuite":`, o.cryptosuite}, {`,"created":`, o.created}, {`,"expires":`, o.expires},
		{`,"verificationMethod":`, o.method}, {`,"proofPurpose":`, o.purpose}, {`,"challenge":`, o.challenge}, {`,"domain":`, o.domain},
	} {
		if m.value != "" {
			dst = appendText(append(dst, m.key...), m.value)
		}
	}
	switch len(o.previous) {
	case 0:
	case 1:
		dst = appendText(append(dst, `,"previousProof":`...), o.previous[0])
	default:
		dst = appendJSON(append(dst, `,"previousProof":`...), o.previous)
	}
	if o.context != nil {
		dst = appendJSON(append(dst, `,"@context":`...), o.context)
	}
	return dst
}

// appendWith writes the proof with its value, or without if that is empty.
func (o *proofOptions) appendWith(dst []byte, value string) []byte {
	dst = o.append(dst)
	if value != "" {
		dst = appendText(append(dst, `,"proofValue":`...), value)
	}
	return append(dst, '}')
}

// tree is the proof without a value as strictjson.Decode gives it.
func (o *proofOptions) tree() (map[string]any, error) {
	decoded, err := strictjson.Decode(o.appendWith(nil, ""), strictjson.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%w: options: %w", ErrMalformed, err)
	}
	return decoded.(map[string]any), nil
}

// appendText appends s as a JSON string.
func appendText(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendJSON(dst, s)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// appendJSON appends v, a text, a list or a tree of strictjson.Decode.
func appendJSON(dst []byte, v any) []byte {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // such values can always be written
	}
	return append(dst, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...)
}
