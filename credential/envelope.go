package credential

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// Types of envelopes (data model, sections 4.13.2 and 4.13.3).
const (
	TypeEnvelopedCredential   = "EnvelopedVerifiableCredential"
	TypeEnvelopedPresentation = "EnvelopedVerifiablePresentation"
)

// Envelope is an object that carries a document secured from outside, such as a
// JWT, in a data: address. Nothing has been read of what is in it.
type Envelope struct {
	Type      string // TypeEnvelopedCredential or TypeEnvelopedPresentation
	MediaType string // such as application/vc+jwt, in lower case
	Data      []byte // the token, with percent signs or base64 undone
}

// IsEnvelope reports whether tree says that it is an envelope of either type.
func IsEnvelope(tree map[string]any) bool {
	for _, t := range asList(tree["type"]) {
		if t == TypeEnvelopedCredential || t == TypeEnvelopedPresentation {
			return true
		}
	}
	return false
}

// ReadEnvelope reads an envelope from a tree that strictjson.Decode returned. It
// must be of one type, have the context of version 2.0, and a data: address
// (RFC 2397) as its id. The error is Problems.
func ReadEnvelope(tree map[string]any) (*Envelope, error) {
	r := &reader{tree: tree, c: &Credential{Tree: tree}}
	r.nulls()
	r.context()
	if r.c.Version == Version1 {
		r.problems.Add("/@context", "The first entry must be %s.", ContextV2)
	}
	e := &Envelope{}
	types := asList(tree["type"])
	if len(types) == 1 {
		e.Type, _ = types[0].(string)
	}
	if e.Type != TypeEnvelopedCredential && e.Type != TypeEnvelopedPresentation {
		r.problems.Add("/type", "The type must be %s or %s and nothing else.", TypeEnvelopedCredential, TypeEnvelopedPresentation)
	}
	if _, present := tree["proof"]; present {
		r.problems.Add("/proof", "An envelope has no proof of its own.")
	}
	id, _ := tree["id"].(string)
	var ok bool
	if e.MediaType, e.Data, ok = dataURL(id); !ok {
		r.problems.Add("/id", "The id must be a data: address that carries the secured document.")
	}
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return e, nil
}

// dataURL takes apart data:<media type>[;parameters][;base64],<data> (RFC
// 2397). The token itself is often written plainly after a ;base64 that does
// not apply to it: a full stop is no character of base64 and tells them apart.
func dataURL(s string) (mediaType string, data []byte, ok bool) {
	if len(s) < 5 || !strings.EqualFold(s[:5], "data:") {
		return "", nil, false
	}
	head, body, found := strings.Cut(s[5:], ",")
	if !found || body == "" {
		return "", nil, false
	}
	parameters := strings.Split(strings.ToLower(head), ";")
	mediaType = strings.TrimSpace(parameters[0])
	if !strings.Contains(mediaType, "/") {
		return "", nil, false
	}
	text, err := url.PathUnescape(body)
	if err != nil {
		return "", nil, false
	}
	if last := parameters[len(parameters)-1]; len(parameters) > 1 && last == "base64" && !strings.Contains(text, ".") {
		data, err = base64Data(text)
		return mediaType, data, err == nil && len(data) > 0
	}
	return mediaType, []byte(text), true
}

// base64Data reads the base64 of a data: address, with padding or without (RFC
// 4648, section 4). One line feed at the very end is let pass: commands that
// encode end their output with it, and so does what W3C published for
// VC-JOSE-COSE. Any other that encoding/base64 would skip is refused (section
// 3.3), because one message would have many spellings.
func base64Data(text string) ([]byte, error) {
	text = strings.TrimSuffix(text, "\n")
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		return nil, base64.CorruptInputError(i)
	}
	if strings.HasSuffix(text, "=") {
		return base64.StdEncoding.Strict().DecodeString(text)
	}
	return base64.RawStdEncoding.Strict().DecodeString(text)
}
