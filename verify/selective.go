package verify

import (
	"crypto"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/sdjwt"
	"github.com/roundel/roundel/strictjson"
)

// selective reads an SD-JWT: a credential of the W3C data model secured by one
// (VC-JOSE-COSE, section 3.2), or an SD-JWT VC, which has a claim vct.
//
// A holder's key binding in it is for whoever asked for it, and checked by
// VerifyPresentation.
func (r *run) selective(text []byte) (document, *Check) {
	if len(text) > jose.MaxBytes {
		c := unknown(CheckStructure, CodeTooLarge, reasonLarge)
		return document{}, &c
	}
	s, err := sdjwt.Parse(text)
	if err != nil {
		return document{}, tokenError(err)
	}
	if _, typed := s.Payload["vct"]; typed {
		for _, name := range []string{"@context", "type", "issuer", "validFrom", "validUntil", "credentialStatus", "credentialSubject"} {
			if _, both := s.Claims[name]; both {
				c := failed(CheckStructure, CodeClaims, "It is two kinds of credential at once, and programs would read different things in it.")
				return document{}, &c
			}
		}
		return r.typedToken(text)
	}
	w, err := sdjwt.ParseCredential(text)
	if err != nil {
		return document{}, tokenError(err)
	}
	if bad := r.afford(w.Document); bad != nil {
		return document{}, bad
	}
	d, bad := r.object(w.Tree, w.Document)
	switch {
	case bad != nil:
		return document{}, bad
	case d.envelope != nil:
		return document{}, twice()
	}
	d.envelope = selectiveEnvelope(w.SDJWT, w.Claims)
	d.envelope.hides = w.MayHide
	d.envelope.starts, d.envelope.expires = w.Claims.NotBefore, w.Claims.Expires
	d.statusClaim = w.Tree["status"]
	return d, nil
}

// typedToken reads an SD-JWT VC. It is no credential of the W3C data model; what
// it says is put into the form of one as far as checks need it.
func (r *run) typedToken(text []byte) (document, *Check) {
	vc, err := sdjwt.ParseVC(text)
	if err != nil {
		return document{}, tokenError(err)
	}
	claims, err := json.Marshal(vc.Claims)
	if err != nil {
		return document{}, tokenError(err)
	}
	if bad := r.afford(claims); bad != nil {
		return document{}, bad
	}
	if !strings.HasPrefix(vc.Registered.Issuer, "https://") && !strings.HasPrefix(vc.Registered.Issuer, "did:") {
		c := unknown(CheckStructure, CodeUnsupported, "It does not say who issued it, other than by a certificate, which we cannot check.")
		return document{}, &c
	}
	c := &credential.Credential{
		Raw: claims, Tree: vc.Claims, ID: vc.Registered.ID, Types: []string{vc.Type},
		Issuer:    credential.Issuer{ID: vc.Registered.Issuer, Tree: map[string]any{"id": vc.Registered.Issuer}},
		ValidFrom: vc.Registered.NotBefore, ValidUntil: vc.Registered.Expires,
	}
	if subject := vc.Registered.Subject; subject != "" {
		c.Subject = []map[string]any{{"id": subject}}
	}
	e := selectiveEnvelope(vc.SDJWT, vc.Registered)
	e.metadata = true
	return document{Credential: c, envelope: e, statusClaim: statusOf(vc.Status), typed: vc}, nil
}

// typeMetadata compares an SD-JWT VC with the description of its type, if that can
// be had. Most types have none, so one that is not there says nothing; one that is
// not what the issuer referred to does.
func (r *run) typeMetadata(vc *sdjwt.VC) Check {
	open := notApplicable(CheckSchema, CodeSchemaOpen, "The description of its type could not be had, so we did not compare it.")
	if r.get == nil {
		return open
	}
	metadata, err := recall(r.memo.types, vc.Type+" "+vc.TypeIntegrity, func() (*sdjwt.TypeMetadata, error) {
		return sdjwt.ResolveType(r.ctx, paid{r}, vc.Type, vc.TypeIntegrity)
	})
	switch {
	case errors.Is(err, sdjwt.ErrType) && vc.TypeIntegrity != "":
		return failed(CheckSchema, CodeSchema, "The description of its type is not the one that its issuer referred to.")
	case err != nil:
		return open
	}
	if err := metadata.Check(vc); err != nil {
		return failed(CheckSchema, CodeSchema, "It breaks the rules of its type.")
	}
	return passed(CheckSchema, "It has everything that its type asks for.")
}

// statusOf is a claim "status" as a value that is nil if there is none.
func statusOf(claim map[string]any) any {
	if claim == nil {
		return nil
	}
	return claim
}

// selectiveEnvelope is the issuer's signature of s.
func selectiveEnvelope(s *sdjwt.SDJWT, claims jose.Claims) *envelope {
	e := envelopeOf(s.JWS)
	e.fits = func(key crypto.PublicKey) error { return s.Verify(key) }
	e.made, e.stamped = claims.IssuedAt, !claims.IssuedAt.IsZero()
	e.partial = disclosable(s.Payload)
	e.statusInParts = disclosable(s.Payload["credentialStatus"]) || disclosable(s.Payload["status"])
	e.binding = s.KeyBinding != nil
	if _, e.bound = s.Payload["cnf"]; e.bound {
		if key, err := s.HolderKey(); err == nil {
			e.holder = key
		}
	}
	return e
}

// disclosable reports whether anything in v may be withheld.
func disclosable(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if name == "_sd" || name == "..." || disclosable(value) {
				return true
			}
		}
	case []any:
		for _, item := range v {
			if disclosable(item) {
				return true
			}
		}
	}
	return false
}

// issuerMetadata returns the keys that the issuer of an SD-JWT VC publishes: in
// its well-known document, or where that points to
// (draft-ietf-oauth-sd-jwt-vc, section 5).
func (r *run) issuerMetadata(issuer string) ([]did.Method, *Check) {
	refuse := func(c Check) ([]did.Method, *Check) { return nil, &c }
	u, err := url.Parse(issuer)
	if _, bad := provenHost(issuer); err != nil || bad != nil || u.Fragment != "" {
		return refuse(r.noController(errNoProof, issuer, false))
	}
	if r.get == nil {
		return refuse(r.unreachable(CheckIssuerKey, errOffline, display(issuer)))
	}
	place := "https://" + u.Host + "/.well-known/jwt-vc-issuer" + strings.TrimSuffix(u.EscapedPath(), "/")
	if kept, ok := r.memo.keys[place+" "+issuer]; ok && kept.err == nil {
		return kept.value, nil
	}
	body, _, err := paid{r}.Get(r.ctx, place, "application/json")
	if err != nil {
		return refuse(r.noController(err, issuer, false))
	}
	damaged := unknown(CheckIssuerKey, CodeIssuerInvalid, "What "+display(issuer)+" publishes about its keys cannot be read.")
	var doc struct {
		Issuer  string          `json:"issuer"`
		JWKS    json.RawMessage `json:"jwks"`
		JWKSURI string          `json:"jwks_uri"`
	}
	if strictjson.Unmarshal(body, strictjson.Limits{}, &doc) != nil || doc.Issuer != issuer || (doc.JWKS == nil) == (doc.JWKSURI == "") {
		return refuse(damaged)
	}
	if doc.JWKSURI != "" {
		if doc.JWKS, _, err = (paid{r}).Get(r.ctx, doc.JWKSURI, "application/jwk-set+json, application/json"); err != nil {
			return refuse(r.noController(err, issuer, false))
		}
	}
	methods, err := recall(r.memo.keys, place+" "+issuer, func() ([]did.Method, error) { return metadataMethods(doc.JWKS, issuer) })
	if err != nil {
		return refuse(damaged)
	}
	return methods, nil
}

// metadataMethods reads the keys of an issuer's metadata.
func metadataMethods(jwks []byte, issuer string) ([]did.Method, error) {
	set, err := multikey.ParseJWKS(jwks)
	if err != nil {
		return nil, err
	}
	var out []did.Method
	for _, k := range set {
		if k.Use != "enc" {
			out = append(out, did.Method{ID: k.KeyID, Controller: issuer, PublicKey: k.Public})
		}
	}
	return out, nil
}
