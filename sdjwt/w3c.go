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
	// Claims are the JWT claims beside the document. SDJWT.Claims is the whole
	// payload, document and all.
	Claims   jose.Claims
	Tree     map[string]any // the document with what was disclosed, without those claims
	Document []byte         // the same as JSON

	kind string // vc or vp
}

// ParseCredential reads a credential in an SD-JWT with typ vc+sd-jwt.
//
// Claims that the document contradicts give a *jose.ClaimError. Other errors
// wrap ErrMalformed or ErrUnsupported, or are those of jose. Whether the document
// keeps the data model's rules is for package credential.
//
// A member that is not in the document may have been left out by the holder, also
// validUntil and credentialStatus where the issuer was careless: ask
// (*SDJWT).MayHide before trusting its absence.
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
	d := &Document{SDJWT: s, kind: kind}
	if d.Claims, d.Tree, err = read(s.Claims); err != nil {
		return nil, err
	}
	d.Document, err = marshal(d.Tree)
	return d, err
}

// IssueCredential is Issue for a credential of the data model 2.0, without JWT
// claims beside it. It needs an issuer with an id and, if that is a DID,
// o.Header.KeyID; see jose.CheckIssuer.
//
// What a verdict depends on may not be withheld, in whole or in part: @context
// (anywhere), type, issuer with its id, validFrom, validUntil, issuanceDate,
// expirationDate, credentialStatus, credentialSchema, termsOfUse, refreshService
// and relatedResource, and the claims iss, nbf, exp and cnf (VC-JOSE-COSE, section
// 3.2.1). Errors for o.Disclosable that names one of them wrap ErrOptions and name
// the pointer.
func IssueCredential(doc []byte, key crypto.Signer, o Options) ([]byte, error) {
	return issueDocument(doc, key, o, "vc")
}

// IssuePresentation is Issue for a presentation of the data model 2.0. May not be
// withheld what may not in a credential, nor parts of the credentials in it;
// holder may, and so may verifiableCredential and each credential as a whole.
func IssuePresentation(doc []byte, key crypto.Signer, o Options) ([]byte, error) {
	return issueDocument(doc, key, o, "vp")
}

func issueDocument(doc []byte, key crypto.Signer, o Options, kind string) ([]byte, error) {
	if o.Header.Type != "" || o.Header.ContentType != "" {
		return nil, fmt.Errorf("%w: typ and cty are those of VC-JOSE-COSE", ErrOptions)
	}
	o.Header.Type, o.Header.ContentType = kind+"+sd-jwt", kind
	if err := refuseCritical(o.Disclosable, kind); err != nil {
		return nil, err
	}
	token, err := Issue(doc, key, o)
	if err != nil {
		return nil, err
	}
	if kind == "vp" {
		if _, err := ParsePresentation(token); err != nil {
			return nil, err
		}
		return token, nil
	}
	d, err := ParseCredential(token)
	if err != nil {
		return nil, err
	}
	if err := jose.CheckIssuer(d.Tree, o.Header.KeyID); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOptions, err)
	}
	return token, nil
}
