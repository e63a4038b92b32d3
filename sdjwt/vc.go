package sdjwt

import (
	"crypto"
	"fmt"

	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/strictjson"
)

// TypeVC is the typ of an SD-JWT VC; drafts before November 2024 called it
// vc+sd-jwt, which is read as well.
const (
	TypeVC    = "dc+sd-jwt"
	oldTypeVC = "vc+sd-jwt"
)

// always are the claims that an SD-JWT VC may not let the holder withhold
// (draft-ietf-oauth-sd-jwt-vc, section 3.2.2.2).
var always = []string{"/iss", "/nbf", "/exp", "/cnf", "/vct", "/vct#integrity", "/status"}

// A VC is an SD-JWT VC as it was read. No signature has been verified.
type VC struct {
	*SDJWT
	Type          string         // vct: the type, as a rule an https address
	TypeIntegrity string         // vct#integrity: digest of the type metadata; may be empty
	Registered    jose.Claims    // iss, sub, nbf, exp, iat and so on
	Status        map[string]any // such as {"status_list": {"idx": …, "uri": …}}; nil if there is none
}

// ParseVC reads an SD-JWT VC: an SD-JWT with its typ and a vct, in which the
// claims that every verifier must see are in the clear: iss, nbf, exp, cnf, vct,
// vct#integrity and status. One of them among the disclosures is malformed. An
// issuer that breaks this rule and a holder who then leaves one of them out are
// not found out; see MayHide.
//
// Errors wrap ErrMalformed or ErrUnsupported, or are those of jose.
func ParseVC(token []byte) (*VC, error) {
	s, err := Parse(token)
	if err != nil {
		return nil, err
	}
	if h := &s.JWS.Header; !h.IsType(TypeVC) && !h.IsType(oldTypeVC) {
		return nil, fmt.Errorf("%w: typ is %q instead of %s", ErrMalformed, h.Type, TypeVC)
	}
	for _, d := range s.Disclosures {
		if within(d.Path, always) {
			return nil, fmt.Errorf("%w: claim %s may not be withheld", ErrMalformed, d.Path)
		}
	}
	vc := &VC{SDJWT: s}
	var ok bool
	if vc.Type, ok = s.Payload["vct"].(string); !ok || vc.Type == "" {
		return nil, fmt.Errorf("%w: claim vct is not a text, or absent", ErrMalformed)
	}
	if v, present := s.Payload["vct#integrity"]; present {
		if vc.TypeIntegrity, ok = v.(string); !ok || vc.TypeIntegrity == "" {
			return nil, fmt.Errorf("%w: claim vct#integrity is not a text", ErrMalformed)
		}
	}
	if v, present := s.Claims["status"]; present {
		if vc.Status, ok = v.(map[string]any); !ok {
			return nil, fmt.Errorf("%w: claim status is not an object", ErrMalformed)
		}
	}
	vc.Registered, err = jose.ReadClaims(s.Claims)
	return vc, err
}

// IssueVC is Issue for an SD-JWT VC: claims must hold vct, o.Disclosable may not
// name a claim that every verifier must see, and the typ is TypeVC.
func IssueVC(claims []byte, key crypto.Signer, o Options) ([]byte, error) {
	if t := o.Header.Type; t != "" && t != TypeVC {
		return nil, fmt.Errorf("%w: typ %q", ErrOptions, t)
	}
	o.Header.Type = TypeVC
	tree, err := strictjson.Decode(claims, strictjson.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	members, _ := tree.(map[string]any)
	if vct, _ := members["vct"].(string); vct == "" {
		return nil, fmt.Errorf("%w: claim vct is not a text, or absent", ErrOptions)
	}
	for _, p := range o.Disclosable {
		if within(p, always) {
			return nil, fmt.Errorf("%w: claim %s may not be withheld", ErrOptions, p)
		}
	}
	return Issue(claims, key, o)
}
