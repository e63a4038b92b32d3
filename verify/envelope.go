package verify

import (
	"cmp"
	"crypto"
	"errors"
	"mime"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/strictjson"
)

// maxKeys bounds the keys that are tried where an envelope does not name one.
const maxKeys = 8

// examineEnvelope checks the signature around d.
func (r *run) examineEnvelope(d document) seal {
	e := d.envelope
	o := r.ownerOfEnvelope(e, d.Issuer.ID)
	s := seal{key: o.check, signer: o.key, host: o.host, shared: o.shared, expires: e.expires}
	s.identity = r.identity(o, d.Issuer.ID)
	switch {
	case o.key == nil:
		s.proof = unknown(CheckProof, CodeNoKey, "We could not get the key that would show whether it is unchanged.")
	case e.stamped && e.made.After(r.now.Add(clockSkew)), e.starts.After(r.now.Add(clockSkew)):
		s.proof = unknown(CheckProof, CodeFuture, "The signature is dated in the future. Its clock or ours is wrong.")
	case r.work.spend(signatureCost) != nil:
		s.proof = unknown(CheckProof, CodeTooComplex, reasonComplex)
	default:
		s.proof = envelopeError(e.fits(o.key))
	}
	if s.proof.Outcome == Passed && e.partial {
		s.proof = passedAs(CheckProof, CodePartial, reasonPartial)
	}
	return s.settled()
}

func envelopeError(err error) Check {
	switch {
	case err == nil:
		return passed(CheckProof, reasonUnchanged)
	case errors.Is(err, proof.ErrUnsupported):
		return unknown(CheckProof, CodeUnsupported, "It is signed in a form that we cannot check yet.")
	}
	return failed(CheckProof, CodeChanged, "The content is not what was signed: something has been changed.")
}

// ownerOfEnvelope finds the key of an envelope and whether it is issuer's.
//
// The key must be one that the issuer publishes for making claims. What the
// envelope says of it, a key it brings along or an address, is a hint where to
// look: anybody can write "issuer: uni.edu" around a key of their own.
func (r *run) ownerOfEnvelope(e *envelope, issuer string) owner {
	hint := keyInEnvelope(e)
	var methods []did.Method // of the issuer, for making claims
	var o owner
	switch {
	case strings.HasPrefix(issuer, "did:"):
		doc, err := r.resolver.Resolve(r.ctx, issuer)
		if err != nil {
			return owner{check: r.unresolved(err, issuer), key: hint}
		}
		methods, _ = recall(r.memo.keys, r.relationship+" "+issuer, func() ([]did.Method, error) { return authorised(doc, r.relationship), nil })
		if strings.HasPrefix(issuer, "did:web:") {
			o.host, o.shared, err = did.WebHost(issuer)
		} else {
			o.self = true
		}
		if err != nil {
			o.host = ""
		}
	case strings.HasPrefix(issuer, "https://"):
		host, err := provenHost(issuer)
		if err != nil {
			return owner{check: r.noController(err, issuer, false), key: hint}
		}
		var bad *Check
		if e.metadata {
			methods, bad = r.issuerMetadata(issuer)
		} else {
			methods, bad = r.publishedKeys(e, issuer)
		}
		if bad != nil {
			return owner{check: *bad, key: hint}
		}
		u, err := url.Parse(issuer)
		o.host, o.shared = host, err != nil || strings.Trim(u.Path, "/") != ""
	default:
		return owner{check: unknown(CheckIssuerKey, CodeUnsupported, "The issuer identifies itself in a way that we cannot check."), key: hint}
	}
	m, bad := r.choose(methods, e, hint, issuer)
	if m == nil {
		return owner{check: bad, key: hint}
	}
	o.key, o.check = m.PublicKey, r.inTime(*m, e.made, issuer)
	return o
}

// authorised returns the methods that doc lists under relationship. Those that
// cannot be read are among them, without a key.
func authorised(doc *did.Document, relationship string) []did.Method {
	var out []did.Method
	for _, listed := range doc.VerificationMethod {
		m, err := doc.Method(listed.ID, relationship)
		out = appendMethod(out, listed.ID, m, err)
	}
	return out
}

// appendMethod adds what a document's Method returned for id.
func appendMethod(out []did.Method, id string, m *did.Method, err error) []did.Method {
	switch {
	case err == nil && m.PublicKey != nil:
		return append(out, *m)
	case errors.Is(err, did.ErrMethodMissing), errors.Is(err, did.ErrNotAuthorised), errors.Is(err, did.ErrWrongController):
		return out
	}
	return append(out, did.Method{ID: id, Problem: cmp.Or(err, did.ErrUnsupportedKey)})
}

// choose picks the method that the envelope names. Where it names none, or in
// words of its own, the one that fits is taken: they are all the issuer's.
//
// Without one, it says why: none of them fits, or not all could be tried.
func (r *run) choose(methods []did.Method, e *envelope, hint crypto.PublicKey, issuer string) (*did.Method, Check) {
	unreadable := unknown(CheckIssuerKey, CodeUnsupported, capital(display(issuer))+" uses a kind of key that we cannot check.")
	if i := slices.IndexFunc(methods, func(m did.Method) bool { return e.names(m, issuer) }); i >= 0 {
		if methods[i].Problem != nil {
			return nil, unreadable
		}
		return &methods[i], Check{}
	}
	if e.keyID != issuer && (strings.HasPrefix(e.keyID, "did:") || strings.HasPrefix(e.keyID, "https://") || strings.HasPrefix(e.keyID, "http://")) {
		return nil, otherKey(issuer) // an address: of a key that is not among them
	}
	open := false
	for i, m := range methods {
		switch {
		case hint != nil && m.Problem == nil && !sameKey(m.PublicKey, hint):
			continue
		case m.Problem != nil || i >= maxKeys || r.work.spend(signatureCost) != nil:
			open = true
		case e.fits(m.PublicKey) == nil:
			return &methods[i], Check{}
		}
	}
	if open {
		return nil, unknown(CheckIssuerKey, CodeUnsupported, "It does not say which of the keys of "+display(issuer)+" signed it, and we could not try them all.")
	}
	return nil, otherKey(issuer)
}

// names reports whether the envelope names m: by its id, by the fragment of that,
// or by the thumbprint of its key (RFC 7638).
func (e *envelope) names(m did.Method, issuer string) bool {
	if e.keyID == "" {
		return false
	}
	_, fragment, _ := strings.Cut(m.ID, "#")
	if m.ID == e.keyID || m.ID == issuer+e.keyID || fragment == e.keyID {
		return true
	}
	const length = 43                                                                          // characters
	thumbprint := strings.TrimPrefix(e.keyID, "urn:ietf:params:oauth:jwk-thumbprint:sha-256:") // RFC 9278
	if len(thumbprint) != length || m.PublicKey == nil {
		return false
	}
	t, err := multikey.Thumbprint(m.PublicKey)
	return err == nil && t == thumbprint
}

func sameKey(a, b crypto.PublicKey) bool {
	key, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key.Equal(b)
}

// keyInEnvelope reads the key that an envelope brings along, or nil. It can show
// that nothing was changed since, not who signed.
func keyInEnvelope(e *envelope) crypto.PublicKey {
	if len(e.jwk) > 0 {
		if key, err := multikey.PublicFromJWK(e.jwk); err == nil {
			return key
		}
		return nil
	}
	return keyInAddress(e.keyID)
}

// publishedKeys returns the keys of an issuer that is named by a web address:
// those that its own document lists for making claims, and where it lists none,
// those at the address that the envelope names, if that is the issuer's own.
func (r *run) publishedKeys(e *envelope, issuer string) ([]did.Method, *Check) {
	doc, err := r.controller(issuer)
	if err == nil {
		methods, _ := recall(r.memo.keys, r.relationship+" "+issuer, func() ([]did.Method, error) { return doc.authorised(r.relationship), nil })
		return methods, nil
	}
	if !own(issuer, e.keyID) {
		bad := r.noController(err, issuer, keyInEnvelope(e) != nil)
		if !strings.HasPrefix(e.keyID, "https://") {
			return nil, &bad
		}
		if host, bad := provenHost(e.keyID); bad != nil || host != display(issuer) {
			c := otherKey(issuer)
			return nil, &c
		}
		c := unknown(CheckIssuerKey, CodeKeyElsewhere, "The key that signed it is published at "+display(issuer)+", but not at the issuer's own address there. Somebody else with an account there could have put it there.")
		return nil, &c
	}
	return r.keysAt(e.keyID, issuer)
}

// own reports whether address is one that only the issuer, or the host as a
// whole, can publish at: below the issuer's own path, or among the host's
// well-known places. On a host of many accounts each may put keys under its own
// path, so an issuer that is the host itself owns none of the others.
func own(issuer, address string) bool {
	host, err := provenHost(issuer)
	if err != nil {
		return false
	}
	keyHost, err := provenHost(address)
	if err != nil || host != keyHost {
		return false
	}
	i, errI := url.Parse(issuer)
	k, errK := url.Parse(address)
	if errI != nil || errK != nil || k.RawPath != "" || k.Path != path.Clean(k.Path) {
		return false
	}
	if strings.HasPrefix(k.Path, "/.well-known/") {
		return true
	}
	base := strings.TrimSuffix(i.Path, "/")
	return base != "" && (k.Path == base || strings.HasPrefix(k.Path, base+"/"))
}

// keysAt fetches a JWK, or a set of them, at an address that is the issuer's.
func (r *run) keysAt(address, issuer string) ([]did.Method, *Check) {
	unclear := func(c Check) ([]did.Method, *Check) { return nil, &c }
	if r.get == nil {
		return unclear(r.unreachable(CheckIssuerKey, errOffline, display(issuer)))
	}
	place, fragment, _ := strings.Cut(address, "#")
	body, contentType, err := r.get.Get(r.ctx, place, "application/jwk-set+json, application/jwk+json, application/json")
	if err != nil {
		return unclear(r.noController(err, issuer, false))
	}
	if media, _, _ := mime.ParseMediaType(contentType); media == "text/html" {
		return unclear(unknown(CheckIssuerKey, CodeIssuerMissing, capital(display(issuer))+" does not publish its keys, or no longer does."))
	}
	methods, err := recall(r.memo.keys, address+" "+issuer, func() ([]did.Method, error) {
		if err := r.work.spend(len(body)/bytesPerUnit + 1); err != nil {
			return nil, err
		}
		return jwkMethods(body, address, fragment, issuer)
	})
	if err != nil {
		return unclear(unknown(CheckIssuerKey, CodeIssuerInvalid, "What "+display(issuer)+" publishes about its keys cannot be read."))
	}
	return methods, nil
}

// jwkMethods reads a JWK or a JWK Set found at address. The key called by the
// fragment or by the whole address gets the address for its id; so does one that
// stands alone.
func jwkMethods(body []byte, address, fragment, issuer string) ([]did.Method, error) {
	v, err := strictjson.Decode(body, strictjson.Limits{})
	if err != nil {
		return nil, err
	}
	doc, _ := v.(map[string]any)
	if _, isSet := doc["keys"]; !isSet {
		key, err := multikey.PublicFromJWK(body)
		if err != nil {
			return nil, err
		}
		return []did.Method{{ID: address, Controller: issuer, PublicKey: key}}, nil
	}
	set, err := multikey.ParseJWKS(body)
	if err != nil {
		return nil, err
	}
	var out []did.Method
	for _, k := range set {
		if k.Public == nil || k.Use == "enc" {
			continue
		}
		id := k.KeyID
		if id != "" && (id == fragment || id == address) || len(set) == 1 && fragment == "" {
			id = address
		}
		out = append(out, did.Method{ID: id, Controller: issuer, PublicKey: k.Public})
	}
	return out, nil
}
