package cose

import (
	"bytes"
	"crypto"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	gocose "github.com/veraison/go-cose"

	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/strictjson"
)

// A Document is a credential or presentation in a COSE_Sign1 message. No
// signature has been verified.
type Document struct {
	*Message
	Claims   jose.Claims    // claims beside the document in the payload
	Tree     map[string]any // the document without them
	Document []byte         // the same as JSON
}

// ParseCredential reads a credential: a message whose typ is
// application/vc+cose or whose cty is application/vc, and neither anything else.
//
// Claims that the document contradicts give a *jose.ClaimError. Other errors
// wrap ErrMalformed or ErrUnsupported. Whether the document keeps the data
// model's rules is for package credential.
func ParseCredential(data []byte) (*Document, error) {
	m, err := Parse(data)
	if err != nil {
		return nil, err
	}
	return m.document("vc", jose.ReadCredential)
}

// ParsePresentation is ParseCredential for a presentation (vp+cose, vp), in
// which every credential must be secured.
func ParsePresentation(data []byte) (*Document, error) {
	m, err := Parse(data)
	if err != nil {
		return nil, err
	}
	return m.document("vp", jose.ReadPresentation)
}

func (m *Message) document(kind string, read func(map[string]any) (jose.Claims, map[string]any, error)) (*Document, error) {
	typ, cty := strings.ToLower(m.Type), strings.ToLower(m.ContentType)
	_, hasType := m.message.Headers.Protected[gocose.HeaderLabelType]
	_, hasContent := m.message.Headers.Protected[gocose.HeaderLabelContentType]
	if !hasType && !hasContent || hasType && typ != "application/"+kind+"+cose" && typ != kind+"+cose" || hasContent && cty != "application/"+kind && cty != kind {
		return nil, fmt.Errorf("%w: typ %q and cty %q are not those of a %s", ErrMalformed, m.Type, m.ContentType, kind)
	}
	tree, err := strictjson.Decode(m.Payload, strictjson.Limits{MaxBytes: MaxBytes})
	if err != nil {
		return nil, fmt.Errorf("%w: payload: %w", ErrMalformed, err)
	}
	payload, ok := tree.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: the payload is not an object", ErrMalformed)
	}
	d := &Document{Message: m}
	if d.Claims, d.Tree, err = read(payload); err != nil {
		return nil, err
	}
	if err := m.agree(kind, d.Tree); err != nil {
		return nil, err
	}
	if err := m.narrow(&d.Claims); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(d.Tree); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	d.Document = bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return d, nil
}

// agree compares the issuer among the CWT claims with the document's.
func (m *Message) agree(kind string, tree map[string]any) error {
	v, present := m.CWT[gocose.CWTClaimIssuer]
	if !present {
		return nil
	}
	claim, _ := v.(string)
	who := tree[map[string]string{"vc": "issuer", "vp": "holder"}[kind]]
	if object, ok := who.(map[string]any); ok {
		who = object["id"]
	}
	if document, _ := who.(string); document != "" && document != claim {
		return &jose.ClaimError{Claim: "iss", Value: claim, Document: document}
	}
	return nil
}

// narrow takes the times among the CWT claims into those of the payload: where
// both say one, the narrower counts.
func (m *Message) narrow(c *jose.Claims) error {
	for _, t := range []struct {
		label int64
		to    *time.Time
		later bool // the later one is the narrower
	}{{gocose.CWTClaimExpirationTime, &c.Expires, false}, {gocose.CWTClaimNotBefore, &c.NotBefore, true}, {gocose.CWTClaimIssuedAt, &c.IssuedAt, true}} {
		v, present := m.CWT[t.label]
		if !present {
			continue
		}
		at, err := numericDate(v)
		if err != nil {
			return err
		}
		if t.to.IsZero() || at.After(*t.to) == t.later {
			*t.to = at
		}
	}
	return nil
}

// numericDate reads a time of RFC 8392, section 2: seconds since 1970, without the
// tag that CBOR has for times.
func numericDate(v any) (time.Time, error) {
	const lastSecond = 253402300799 // 31 December 9999
	switch v := v.(type) {
	case int64:
		if v >= 0 && v <= lastSecond {
			return time.Unix(v, 0).UTC(), nil
		}
	case uint64:
		if v <= lastSecond {
			return time.Unix(int64(v), 0).UTC(), nil
		}
	case float64:
		if v >= 0 && v <= lastSecond {
			whole, fraction := math.Modf(v)
			return time.Unix(int64(whole), int64(fraction*1e9)).UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: a time among the CWT claims is no date in seconds", ErrMalformed)
}

// SignCredential returns doc, a credential of the data model 2.0, as a message.
// kid is the address of the verification method; it may be empty unless the
// issuer is a DID.
//
// Errors wrap ErrMalformed for what ParseCredential or jose.CheckIssuer would
// refuse, or are those of Sign.
func SignCredential(doc []byte, key crypto.Signer, kid string) ([]byte, error) {
	data, err := Sign(doc, key, Header{KeyID: kid, Type: jose.MediaTypeVCCOSE, ContentType: "application/vc"})
	if err != nil {
		return nil, err
	}
	d, err := ParseCredential(data)
	if err != nil {
		return nil, err
	}
	if err := jose.CheckIssuer(d.Tree, kid); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return data, nil
}

// SignPresentation is SignCredential for a presentation.
func SignPresentation(doc []byte, key crypto.Signer, kid string) ([]byte, error) {
	data, err := Sign(doc, key, Header{KeyID: kid, Type: jose.MediaTypeVPCOSE, ContentType: "application/vp"})
	if err != nil {
		return nil, err
	}
	if _, err := ParsePresentation(data); err != nil {
		return nil, err
	}
	return data, nil
}
