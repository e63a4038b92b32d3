package jose

import (
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/jcs"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/strictjson"
)

// ErrDocument is what errors wrap about a document that cannot be signed in the
// profile that was asked for: a member is missing, or in the way.
var ErrDocument = errors.New("document does not fit the profile")

// CredentialOptions say how a credential is signed.
type CredentialOptions struct {
	// KeyID is the header's kid: the address of the verification method. Open
	// Badges 3.0 asks for KeyID or JWK, VC-JOSE-COSE for KeyID if the issuer is a
	// DID.
	KeyID string
	// JWK says that the public key goes into the header, as a hint to verifiers.
	JWK bool
	// Profile is OB3 or W3C; 0 stands for OB3.
	Profile Profile
	// Now, if given, writes the claim iat, in VC-JOSE-COSE. Open Badges 3.0 has
	// none, and refuses it.
	Now func() time.Time
	// Expires is when the signature stops to be good, in VC-JOSE-COSE. In Open
	// Badges 3.0 that is the credential's validUntil, and this is refused.
	Expires time.Time
}

// SignCredential returns doc, a credential of the data model 2.0, as a signed
// JWT. The payload is doc's own bytes with the claims before its first member.
//
// Errors wrap ErrDocument, ErrMalformed if doc is not strict JSON, or are those
// of NewSigner and of the key.
func SignCredential(doc []byte, key crypto.Signer, o CredentialOptions) ([]byte, error) {
	claims, rest, err := credentialPayload(doc, o)
	if err != nil {
		return nil, err
	}
	s, err := NewCredentialSigner(key, o)
	if err != nil {
		return nil, err
	}
	return s.signer.sign(claims, rest)
}

// A CredentialSigner signs many credentials with one key and the same options.
type CredentialSigner struct {
	signer *Signer
	o      CredentialOptions
}

// NewCredentialSigner returns a CredentialSigner. Errors wrap ErrDocument for
// options that no credential fits, or are those of NewSigner.
func NewCredentialSigner(key crypto.Signer, o CredentialOptions) (*CredentialSigner, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	h, err := header(key, o.Profile, o.KeyID, o.JWK, "vc")
	if err != nil {
		return nil, err
	}
	s, err := NewSigner(key, h)
	if err != nil {
		return nil, err
	}
	return &CredentialSigner{s, o}, nil
}

// Sign is SignCredential with the signer's key and options.
func (s *CredentialSigner) Sign(doc []byte) ([]byte, error) {
	claims, rest, err := credentialPayload(doc, s.o)
	if err != nil {
		return nil, err
	}
	return s.signer.sign(claims, rest)
}

// credentialPayload is doc with its claims, in the two parts of prepend.
func credentialPayload(doc []byte, o CredentialOptions) (claims, rest []byte, err error) {
	members, err := strictjson.Members(doc, strictjson.Limits{MaxBytes: max(1, len(doc))})
	if err != nil {
		return nil, nil, fmt.Errorf("%w: document: %w", ErrMalformed, err)
	}
	for _, m := range members {
		if err := refuseClaim(m.Name); err != nil {
			return nil, nil, err
		}
	}
	tree, err := outline(doc, members)
	if err != nil {
		return nil, nil, err
	}
	all, err := credentialClaims(tree, o)
	if err != nil {
		return nil, nil, err
	}
	return prepend(doc, all)
}

// written refuses profiles that credentials are only read in.
func (p Profile) written() error {
	switch p {
	case 0, OB3, W3C:
		return nil
	default:
		return fmt.Errorf("%w: credentials are not written in the profile of %s", ErrDocument, p)
	}
}

// check refuses options that the profile has no place for.
func (o CredentialOptions) check() error {
	if err := o.Profile.written(); err != nil {
		return err
	}
	switch {
	case o.Profile == W3C:
		return nil
	case o.Now != nil:
		return fmt.Errorf("%w: %s has no claim iat, so CredentialOptions.Now must be nil", ErrDocument, OB3)
	case !o.Expires.IsZero():
		return fmt.Errorf("%w: in %s a token ends when its credential does, so CredentialOptions.Expires must be zero: set validUntil", ErrDocument, OB3)
	}
	return nil
}

// CheckIssuer refuses, with an error that wraps ErrDocument, a credential that
// cannot be signed as VC-JOSE-COSE says, with a header whose kid is keyID: one
// whose issuer has no id, and one whose issuer is a DID without keyID, because a
// DID may have many keys (sections 3.1.1 and 4.1).
func CheckIssuer(credential map[string]any, keyID string) error {
	switch issuer := idOf(credential["issuer"]); {
	case issuer == "":
		return fmt.Errorf("%w: the issuer has no id", ErrDocument)
	case keyID == "" && strings.HasPrefix(issuer, "did:"):
		return fmt.Errorf("%w: the issuer is a DID, so the header needs a kid: the id of one of its keys, such as %s#key-1", ErrDocument, issuer)
	}
	return nil
}

// reserved are members of a payload that are no part of a document.
var reserved = append([]string{"vc", "vp"}, presentationClaims...)

// refuseClaim refuses a document that brings a member which in a payload is a
// claim.
func refuseClaim(name string) error {
	if slices.Contains(reserved, name) {
		return fmt.Errorf("%w: it has a member %q, which is a claim of its own in a JWT", ErrDocument, name)
	}
	return nil
}

// credentialClaims are the claims that the profile asks for.
func credentialClaims(tree map[string]any, o CredentialOptions) (map[string]any, error) {
	claims := map[string]any{}
	id, _ := tree["id"].(string)
	issuer := idOf(tree["issuer"])
	if o.Profile != W3C {
		o.KeyID = issuer // a key in the header will do
	}
	if err := CheckIssuer(tree, o.KeyID); err != nil {
		return nil, err
	}
	set(claims, "iss", issuer)
	set(claims, "jti", id)
	if list := subjects(tree); len(list) == 1 {
		set(claims, "sub", idOf(list[0]))
	}
	if o.Now != nil {
		claims["iat"] = seconds(o.Now())
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Profile == W3C {
		if !o.Expires.IsZero() {
			claims["exp"] = seconds(o.Expires)
		}
		return claims, nil
	}
	if id == "" {
		return nil, fmt.Errorf("%w: it has no id", ErrDocument)
	}
	for _, m := range []struct {
		claim, name string
		required    bool
	}{{"nbf", "validFrom", true}, {"exp", "validUntil", false}} {
		v, present := tree[m.name]
		if !present && !m.required {
			continue
		}
		text, _ := v.(string)
		at, err := credential.ParseTime(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %s is no date with a time zone: %q", ErrDocument, m.name, text)
		}
		claims[m.claim] = seconds(at)
	}
	return claims, nil
}

func set(claims map[string]any, name, value string) {
	if value != "" {
		claims[name] = value
	}
}

// seconds is a NumericDate; fractions are cut, as most readers do.
func seconds(t time.Time) json.Number { return json.Number(fmt.Sprint(t.Unix())) }

// header makes the protected header for a document of kind vc or vp.
func header(key crypto.Signer, p Profile, kid string, withKey bool, kind string) (h Header, err error) {
	public, err := multikey.PublicOf(key)
	if err != nil {
		return h, fmt.Errorf("%w: %w", ErrAlgorithm, err)
	}
	h = Header{KeyID: kid, Type: "JWT"}
	switch {
	case p == W3C:
		h.Type, h.ContentType = kind+"+jwt", kind
	case kid == "" && !withKey:
		return h, fmt.Errorf("%w: the header needs the key or its id", ErrDocument)
	}
	if withKey {
		if h.JWK, err = multikey.PublicToJWK(public); err != nil {
			return h, fmt.Errorf("%w: %w", ErrAlgorithm, err)
		}
	}
	return h, nil
}

// prepend returns doc, a JSON object with none of the claims, with them before
// its first member and its other bytes as they are: what is new, and the rest
// of doc.
func prepend(doc []byte, claims map[string]any) (text, rest []byte, err error) {
	if len(claims) == 0 {
		return nil, doc, nil
	}
	if text, err = jcs.Canonicalize(claims); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	text, rest = text[:len(text)-1], bytes.TrimSpace(doc)[1:]
	if !bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte("}")) {
		text = append(text, ',')
	}
	return text, rest, nil
}
