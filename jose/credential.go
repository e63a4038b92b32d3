package jose

import (
	"fmt"
	"time"
)

// Profile is a way to put a credential or presentation into a JWT.
type Profile int

const (
	// OB3 is the VC-JWT of Open Badges 3.0, section 8.2: the document at the top
	// level beside claims that repeat it.
	OB3 Profile = iota + 1
	// VC11 is the JWT of the Verifiable Credentials Data Model 1.1, section
	// 6.3.1: the document, less what the claims say, in the claim vc or vp. It is
	// read, and written for presentations only.
	VC11
	// W3C is VC-JOSE-COSE, section 3.1: the document at the top level, and a typ
	// of vc+jwt or vp+jwt.
	W3C
)

// String returns the profile's short name.
func (p Profile) String() string {
	switch p {
	case OB3:
		return "Open Badges 3.0"
	case VC11:
		return "VC data model 1.1"
	case W3C:
		return "VC-JOSE-COSE"
	default:
		return "unknown"
	}
}

// A CredentialJWT is a credential secured by a JWS. Nothing in it has been
// verified but that claims and document say the same.
type CredentialJWT struct {
	*JWS
	Claims
	Profile Profile
	Tree    map[string]any // the credential, without the claims around it
	// Document is the same as JSON. For W3C and OB3 it is the payload with the
	// claims cut out and its other bytes as they are: what SignCredential was given.
	Document []byte
}

// ParseCredential reads a credential in one of the three profiles, which it
// tells apart by the header's typ and the claim vc.
//
// Claims that the document contradicts give a *ClaimError. Other errors wrap
// ErrMalformed, ErrUnsupported or ErrAlgorithm. Whether the document keeps the
// data model's own rules is for package credential.
func ParseCredential(token []byte) (*CredentialJWT, error) {
	j, err := Parse(token)
	if err != nil {
		return nil, err
	}
	return j.Credential()
}

// Credential reads the payload of a token as ParseCredential does.
func (j *JWS) Credential() (*CredentialJWT, error) {
	payload, err := decodePayload(j.Payload)
	if err != nil {
		return nil, err
	}
	profile, err := profileOf(&j.Header, payload, "vc")
	if err != nil {
		return nil, err
	}
	claims, err := readClaims(payload)
	if err != nil {
		return nil, err
	}
	c, all := &CredentialJWT{JWS: j, Claims: claims, Profile: profile}, len(payload)
	if profile == VC11 {
		if c.Tree, err = mergeVC11(payload, claims); err != nil {
			return nil, err
		}
	} else {
		c.Tree = payload // which nobody else has
		for _, name := range claimNames {
			delete(c.Tree, name)
		}
	}
	if err := c.agree(); err != nil {
		return nil, err
	}
	if profile == VC11 {
		c.Document, err = marshal(c.Tree)
		return c, err
	}
	c.Document = cut(j.Payload, claimNames, all-len(c.Tree))
	return c, nil
}

// profileOf tells the profiles apart. kind is vc or vp.
func profileOf(h *Header, payload map[string]any, kind string) (Profile, error) {
	other := map[string]string{"vc": "vp", "vp": "vc"}[kind]
	if _, present := payload[other]; present {
		return 0, fmt.Errorf("%w: claim %s in a token of kind %s", ErrMalformed, other, kind)
	}
	_, claim := payload[kind]
	switch typ := mediaType(h.Type); {
	case typ == kind+"+jwt":
		// VC-JOSE-COSE, sections 3.1.1 and 3.1.2: typ and cty should be there, so
		// a cty that is there must be right; and vc and vp must not be.
		if h.ContentType != "" && mediaType(h.ContentType) != kind {
			return 0, fmt.Errorf("%w: cty %q with typ %q", ErrMalformed, h.ContentType, h.Type)
		}
		if claim {
			return 0, fmt.Errorf("%w: claim %s beside typ %q", ErrMalformed, kind, h.Type)
		}
		return W3C, nil
	case typ != "" && typ != "jwt":
		return 0, fmt.Errorf("%w: typ %q is not for a %s", ErrMalformed, h.Type, kind)
	case !claim:
		return OB3, nil
	}
	// A document at the top level beside the one in the claim: which is it?
	for _, name := range []string{"@context", "type", "credentialSubject", "verifiableCredential"} {
		if _, present := payload[name]; present {
			return 0, fmt.Errorf("%w: member %q beside the claim %s", ErrMalformed, name, kind)
		}
	}
	return VC11, nil
}

// agree compares the claims with the document.
func (c *CredentialJWT) agree() error {
	if err := agreeCredential(c.Claims, c.Tree); err != nil {
		return err
	}
	if c.Profile == W3C {
		// There nbf and exp speak of the signature, not of the credential
		// (VC-JOSE-COSE, section 3.1.3).
		return nil
	}
	from, until := dateNames(c.Tree)
	for _, m := range []struct {
		claim, name string
		value       time.Time
	}{{"nbf", from, c.NotBefore}, {"exp", until, c.Expires}} {
		at, err := dateOf(c.Tree, m.name, m.claim, m.value)
		if err != nil {
			return err
		}
		if err := sameTime(m.claim, m.value, at); err != nil {
			return err
		}
	}
	return nil
}

// agreeCredential compares the claims that name something with the document.
// sub must be the one subject, or one of several.
func agreeCredential(c Claims, tree map[string]any) error {
	id, _ := tree["id"].(string)
	if err := sameText("iss", c.Issuer, idOf(tree["issuer"])); err != nil {
		return err
	}
	if err := sameText("jti", c.ID, id); err != nil {
		return err
	}
	stated := ""
	for _, s := range subjects(tree) {
		id := idOf(s)
		if id == c.Subject {
			return nil
		}
		if id != "" {
			stated = id
		}
	}
	return sameText("sub", c.Subject, stated)
}

// ReadCredential takes the claims off the payload of a credential that is
// secured as VC-JOSE-COSE says, but by other means than a JWS: by SD-JWT or COSE
// (sections 3.2 and 3.3). It returns them, and the document without them.
//
// Claims that the document contradicts give a *ClaimError; other errors wrap
// ErrMalformed.
func ReadCredential(payload map[string]any) (Claims, map[string]any, error) {
	claims, err := readW3C(payload)
	if err != nil {
		return claims, nil, err
	}
	tree := without(payload, claimNames...)
	return claims, tree, agreeCredential(claims, tree)
}

// ReadPresentation is ReadCredential for a presentation, whose credentials must
// be secured, as CheckSecured says.
func ReadPresentation(payload map[string]any) (Claims, map[string]any, error) {
	claims, err := readW3C(payload)
	if err != nil {
		return claims, nil, err
	}
	tree := without(payload, presentationClaims...)
	if err := agreePresentation(claims, tree); err != nil {
		return claims, nil, err
	}
	return claims, tree, CheckSecured(tree)
}

func readW3C(payload map[string]any) (Claims, error) {
	for _, name := range []string{"vc", "vp"} {
		if _, present := payload[name]; present {
			return Claims{}, fmt.Errorf("%w: claim %s has no place here", ErrMalformed, name)
		}
	}
	return readClaims(payload)
}

// mergeVC11 puts the claims into the document in the claim vc where it leaves
// them out (data model 1.1, section 6.3.1, "JWT decoding").
func mergeVC11(payload map[string]any, claims Claims) (map[string]any, error) {
	vc, ok := payload["vc"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: claim vc is not an object", ErrMalformed)
	}
	tree := without(vc)
	from, until := dateNames(tree)
	fill := func(name, value string) {
		if _, present := tree[name]; !present && value != "" {
			tree[name] = value
		}
	}
	fill("id", claims.ID)
	fill("issuer", claims.Issuer)
	if issuer, ok := tree["issuer"].(map[string]any); ok && issuer["id"] == nil && claims.Issuer != "" {
		tree["issuer"] = with(issuer, "id", claims.Issuer)
	}
	if subject, ok := tree["credentialSubject"].(map[string]any); ok && subject["id"] == nil && claims.Subject != "" {
		tree["credentialSubject"] = with(subject, "id", claims.Subject)
	}
	if !claims.NotBefore.IsZero() {
		fill(from, claims.NotBefore.Format(time.RFC3339Nano))
	}
	if !claims.Expires.IsZero() {
		fill(until, claims.Expires.Format(time.RFC3339Nano))
	}
	return tree, nil
}

// with returns a copy of tree with one member more.
func with(tree map[string]any, name string, v any) map[string]any {
	out := without(tree)
	out[name] = v
	return out
}
