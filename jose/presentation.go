package jose

import (
	"crypto"
	"fmt"
	"time"

	"github.com/roundel/roundel/credential"
)

// A PresentationJWT is a presentation secured by a JWS. Nothing in it has been
// verified but that claims and document say the same.
type PresentationJWT struct {
	*JWS
	Claims
	Profile  Profile
	Tree     map[string]any // the presentation, without the claims around it
	Document []byte         // the same as JSON
}

// ParsePresentation reads a presentation: VC-JOSE-COSE (typ vp+jwt), the claim
// vp of the data model 1.1 (typ JWT or none), or a document at the top level
// with typ JWT or none.
//
// Claims that the document contradicts give a *ClaimError. In VC-JOSE-COSE every
// credential must be secured: in an envelope, or by a proof of its own; one that
// is not is malformed. Other errors wrap ErrMalformed, ErrUnsupported or
// ErrAlgorithm. Who may hold what, and whether Nonce and Audience are the ones
// that were asked for, is for the caller to check.
func ParsePresentation(token []byte) (*PresentationJWT, error) {
	j, err := Parse(token)
	if err != nil {
		return nil, err
	}
	return j.Presentation()
}

// Presentation reads the payload of a token as ParsePresentation does.
func (j *JWS) Presentation() (*PresentationJWT, error) {
	payload, err := decodePayload(j.Payload)
	if err != nil {
		return nil, err
	}
	profile, err := profileOf(&j.Header, payload, "vp")
	if err != nil {
		return nil, err
	}
	claims, err := readClaims(payload)
	if err != nil {
		return nil, err
	}
	p := &PresentationJWT{JWS: j, Claims: claims, Profile: profile}
	if profile == VC11 {
		vp, ok := payload["vp"].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%w: claim vp is not an object", ErrMalformed)
		}
		p.Tree = without(vp)
		for name, value := range map[string]string{"id": claims.ID, "holder": claims.Issuer} {
			if _, present := p.Tree[name]; !present && value != "" {
				p.Tree[name] = value
			}
		}
	} else {
		p.Tree = without(payload, presentationClaims...)
	}
	if err := agreePresentation(claims, p.Tree); err != nil {
		return nil, err
	}
	if profile == W3C {
		if err := CheckSecured(p.Tree); err != nil {
			return nil, err
		}
	}
	if profile == VC11 {
		p.Document, err = marshal(p.Tree)
		return p, err
	}
	p.Document = cut(j.Payload, presentationClaims, len(payload)-len(p.Tree))
	return p, nil
}

// agreePresentation compares the claims with the document.
func agreePresentation(c Claims, tree map[string]any) error {
	if err := sameText("iss", c.Issuer, idOf(tree["holder"])); err != nil {
		return err
	}
	id, _ := tree["id"].(string)
	return sameText("jti", c.ID, id)
}

// CheckSecured refuses, with an error that wraps ErrMalformed, a presentation
// with a credential that is not secured: that is neither an envelope with a
// token in it nor has a proof (VC-JOSE-COSE, sections 3.1.2, 3.2.2 and 3.3.2).
func CheckSecured(presentation map[string]any) error {
	list, ok := presentation["verifiableCredential"].([]any)
	if v, present := presentation["verifiableCredential"]; present && !ok {
		list = []any{v}
	}
	for i, item := range list {
		members, _ := item.(map[string]any)
		if credential.IsEnvelope(members) {
			if _, err := credential.ReadEnvelope(members); err != nil {
				return fmt.Errorf("%w: credential %d of the presentation: %w", ErrMalformed, i, err)
			}
			continue
		}
		if _, secured := members["proof"]; !secured {
			return fmt.Errorf("%w: credential %d of the presentation is not secured", ErrMalformed, i)
		}
	}
	return nil
}

// PresentationOptions say how a presentation is signed.
type PresentationOptions struct {
	KeyID    string           // the header's kid
	JWK      bool             // whether the public key goes into the header
	Profile  Profile          // W3C or VC11; 0 stands for W3C
	Nonce    string           // what the verifier sent; may be empty
	Audience string           // who the verifier is; may be empty
	Now      func() time.Time // writes iat, if given
	Lifetime time.Duration    // writes exp, that long after Now, if neither is zero
}

// SignPresentation returns doc, a presentation, as a signed JWT. The claim iss
// is the document's holder. For W3C, every credential must be secured, as
// ParsePresentation asks.
//
// Errors wrap ErrDocument or ErrMalformed, or are those of NewSigner and of the
// key.
func SignPresentation(doc []byte, key crypto.Signer, o PresentationOptions) ([]byte, error) {
	tree, err := decodePayload(doc)
	if err != nil {
		return nil, err
	}
	for _, name := range reserved {
		if _, present := tree[name]; present {
			return nil, refuseClaim(name)
		}
	}
	id, _ := tree["id"].(string)
	claims := map[string]any{}
	set(claims, "iss", idOf(tree["holder"]))
	set(claims, "jti", id)
	set(claims, "nonce", o.Nonce)
	set(claims, "aud", o.Audience)
	if o.Now != nil {
		now := o.Now()
		claims["iat"] = seconds(now)
		if o.Lifetime > 0 {
			claims["exp"] = seconds(now.Add(o.Lifetime))
		}
	}
	payload, profile := doc, o.Profile
	switch profile {
	case 0, W3C:
		profile = W3C
		if err := CheckSecured(tree); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDocument, err)
		}
	case VC11:
		payload = append(append([]byte(`{"vp":`), doc...), '}')
	default:
		return nil, fmt.Errorf("%w: presentations are not written in the profile of %s", ErrDocument, o.Profile)
	}
	h, err := header(key, profile, o.KeyID, o.JWK, "vp")
	if err != nil {
		return nil, err
	}
	text, rest, err := prepend(payload, claims)
	if err != nil {
		return nil, err
	}
	s, err := NewSigner(key, h)
	if err != nil {
		return nil, err
	}
	return s.sign(text, rest)
}
