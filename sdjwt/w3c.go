package sdjwt

import (
	"crypto"
	"fmt"
	"strings"

	"github.com/roundel/roundel/jose"
)

// A Document is a credential or presentation of the W3C data model in an SD-JWT
// (VC-JOSE-COSE, section 3.2). No signature has been verified.
type Document struct {
	*SDJWT
	Registered jose.Claims    // the JWT claims beside the document
	Tree       map[string]any // the document with what was disclosed, without those claims
	JSON       []byte         // the same as text
}

// ParseCredential reads a credential in an SD-JWT with typ vc+sd-jwt.
//
// Claims that the document contradicts give a *jose.ClaimError. Other errors
// wrap ErrMalformed or ErrUnsupported, or are those of jose. Whether the document
// keeps the data model's rules is for package credential.
func ParseCredential(token []byte) (*Document, error) {
	return parseDocument(token, "vc", jose.ReadCredential)
}

// ParsePresentation is ParseCredential for a presentation with typ vp+sd-jwt, in
// which every credential must be secured.
func ParsePresentation(token []byte) (*Document, error) {
	return parseDocument(token, "vp", jose.ReadPresentation)
}

func parseDocument(token []byte, kind string, read func(map[string]any) (jose.Claims, map[string]any, error)) (*Document, error) {
	s, err := Parse(token)
	if err != nil {
		return nil, err
	}
	if !s.JWS.Header.IsType(kind + "+sd-jwt") {
		return nil, fmt.Errorf("%w: typ is %q instead of %s+sd-jwt", ErrMalformed, s.JWS.Header.Type, kind)
	}
	if cty := strings.TrimPrefix(strings.ToLower(s.JWS.Header.ContentType), "application/"); cty != "" && cty != kind {
		return nil, fmt.Errorf("%w: cty is %q instead of %s", ErrMalformed, s.JWS.Header.ContentType, kind)
	}
	d := &Document{SDJWT: s}
	if d.Registered, d.Tree, err = read(s.Claims); err != nil {
		return nil, err
	}
	d.JSON, err = marshal(d.Tree)
	return d, err
}

// IssueCredential is Issue for a credential of the data model 2.0, without JWT
// claims beside it. Its context and type may not be withheld.
func IssueCredential(doc []byte, key crypto.Signer, o Options) ([]byte, error) {
	return issueDocument(doc, key, o, "vc")
}

// IssuePresentation is Issue for a presentation of the data model 2.0.
func IssuePresentation(doc []byte, key crypto.Signer, o Options) ([]byte, error) {
	return issueDocument(doc, key, o, "vp")
}

func issueDocument(doc []byte, key crypto.Signer, o Options, kind string) ([]byte, error) {
	if o.Header.Type != "" || o.Header.ContentType != "" {
		return nil, fmt.Errorf("%w: typ and cty are those of VC-JOSE-COSE", ErrOptions)
	}
	o.Header.Type, o.Header.ContentType = kind+"+sd-jwt", kind
	for _, p := range o.Disclosable {
		if p == "/@context" || strings.HasPrefix(p, "/@context/") || p == "/type" || strings.HasPrefix(p, "/type/") {
			return nil, fmt.Errorf("%w: %s may not be withheld", ErrOptions, p)
		}
	}
	token, err := Issue(doc, key, o)
	if err != nil {
		return nil, err
	}
	if kind == "vp" {
		_, err = ParsePresentation(token)
	} else {
		_, err = ParseCredential(token)
	}
	return token, err
}
