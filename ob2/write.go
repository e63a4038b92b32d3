package ob2

import (
	"bytes"
	"crypto"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/jose"
)

// object is JSON whose members keep their order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON implements json.Marshaler. Members without a value are left out.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for _, m := range o {
		if empty(m.value) {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		text, err := encode(m.value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", m.name, text)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case time.Time:
		return v.IsZero()
	case []string:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// encode is json.Marshal without the escapes that only web pages need.
func encode(v any) ([]byte, error) {
	if t, ok := v.(time.Time); ok {
		v = t.UTC().Truncate(time.Second)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// NewAssertion returns a hosted badge that was awarded to a recipient at the
// time on. id is its address, badge what was earned: with only an ID it is
// written as its address.
func NewAssertion(id string, badge BadgeClass, to Recipient, on time.Time) *Assertion {
	return &Assertion{Version: Version20, ID: id, Badge: badge, Recipient: to, IssuedOn: on, Verification: Verification{Type: Hosted}}
}

// Document returns the JSON of a hosted badge, to be served at its address. The
// error is credential.Problems.
func (a *Assertion) Document() ([]byte, error) {
	r := &reader{}
	a.check(r)
	if a.Verification.Type != Hosted {
		r.problems.Add("/verification/type", "Only a hosted badge is written as JSON; see Sign.")
	}
	return document(r, a.object())
}

// Sign returns the badge as a JWS, signed by key, whose CryptographicKey has
// the address creator and is named by the issuer's profile. Everybody can
// verify RSA keys of 2048 bits or more (RS256). The badge's verification is set.
// Errors are credential.Problems and those of jose.Sign.
func (a *Assertion) Sign(key crypto.Signer, creator string) ([]byte, error) {
	signed := *a
	signed.Verification = Verification{Type: Signed, Creator: creator}
	r := &reader{}
	signed.check(r)
	r.web("/verification/creator", creator)
	payload, err := document(r, signed.object())
	if err != nil {
		return nil, err
	}
	return jose.Sign(payload, key, jose.Header{})
}

func document(r *reader, o object) ([]byte, error) {
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return o.MarshalJSON()
}

func (a *Assertion) object() object {
	verification := object{{"type", a.Verification.Type}, {"creator", a.Verification.Creator}}
	o := object{{"@context", Context}, {"type", "Assertion"}, {"id", a.ID}, {"recipient", a.Recipient}, {"badge", a.Badge.value()},
		{"verification", verification}, {"issuedOn", a.IssuedOn}, {"expires", a.Expires}, {"image", a.Image.value()}, {"narrative", a.Narrative}}
	var evidence []any
	for _, e := range a.Evidence {
		evidence = append(evidence, e)
	}
	return append(o, member{"evidence", evidence}, member{"endorsement", endorsementValues(a.Endorsement)})
}

func (a *Assertion) check(r *reader) {
	r.web("/id", a.ID)
	r.required("/recipient/type", a.Recipient.Type)
	r.required("/recipient/identity", a.Recipient.Identity)
	if a.Recipient.Hashed && !strings.HasPrefix(a.Recipient.Identity, "sha256$") {
		r.problems.Add("/recipient/identity", "The value must be a salted SHA-256.")
	}
	if a.Recipient.Hashed && len(a.Recipient.Salt) < 32 {
		r.problems.Add("/recipient/salt", "A hash needs a random salt of 128 bits, or it can be guessed.")
	}
	if !a.Recipient.Hashed && a.Recipient.Type == "email" {
		r.problems.Add("/recipient/hashed", "A mail address must not be written in the clear.")
	}
	r.required("/issuedOn", timeText(a.IssuedOn))
	if !a.Expires.IsZero() && a.Expires.Before(a.IssuedOn) {
		r.problems.Add("/expires", "It expires before it was issued.")
	}
	a.Badge.check(r, "/badge")
	for i, e := range a.Evidence {
		if e == (Evidence{}) {
			r.problems.Add(item("/evidence", i), "The evidence says nothing.")
		}
		r.uri(item("/evidence", i)+"/id", e.ID)
	}
	checkImage(r, "/image", a.Image)
}

// Document returns the JSON of the badge class, to be served at its address.
// The error is credential.Problems.
func (b *BadgeClass) Document() ([]byte, error) {
	r := &reader{}
	b.check(r, "")
	r.required("/name", b.Name)
	return document(r, append(object{{"@context", Context}}, b.object()...))
}

// value is b as it stands in an assertion.
func (b *BadgeClass) value() any {
	if b.Name == "" {
		return b.ID
	}
	return b.object()
}

func (b *BadgeClass) object() object {
	var alignments []any
	for _, a := range b.Alignment {
		alignments = append(alignments, a)
	}
	var criteria any = object{{"type", "Criteria"}, {"id", b.Criteria.ID}, {"narrative", b.Criteria.Narrative}}
	if b.Criteria.Narrative == "" {
		criteria = b.Criteria.ID
	}
	return object{{"type", "BadgeClass"}, {"id", b.ID}, {"name", b.Name}, {"description", b.Description}, {"image", b.Image.value()},
		{"criteria", criteria}, {"issuer", b.Issuer.value()}, {"alignment", alignments}, {"tags", b.Tags}, {"endorsement", endorsementValues(b.Endorsement)}}
}

func (b *BadgeClass) check(r *reader, path string) {
	r.web(path+"/id", b.ID)
	if b.Name == "" {
		return
	}
	r.required(path+"/description", b.Description)
	if b.Image == nil {
		r.problems.Add(path+"/image", "The picture is missing.")
	}
	checkImage(r, path+"/image", b.Image)
	if b.Criteria == (Criteria{}) {
		r.problems.Add(path+"/criteria", "Say how it is earned: in words, by a web address, or both.")
	}
	r.uri(path+"/criteria/id", b.Criteria.ID)
	for i, a := range b.Alignment {
		r.required(item(path+"/alignment", i)+"/targetName", a.Name)
		r.web(item(path+"/alignment", i)+"/targetUrl", a.URL)
	}
	b.Issuer.check(r, path+"/issuer")
}

// Document returns the JSON of the profile, to be served at its address. The
// error is credential.Problems.
func (p *Profile) Document() ([]byte, error) {
	r := &reader{}
	p.check(r, "")
	r.required("/name", p.Name)
	return document(r, append(object{{"@context", Context}}, p.object()...))
}

func (p *Profile) value() any {
	if p.Name == "" {
		return p.ID
	}
	return p.object()
}

func (p *Profile) object() object {
	var keys []any
	for _, k := range p.PublicKey {
		if k.PublicKeyPEM == "" {
			keys = append(keys, k.ID)
		} else {
			keys = append(keys, k.object())
		}
	}
	var policy any
	if v := p.Verification; v != nil {
		policy = object{{"type", "VerificationObject"}, {"allowedOrigins", v.AllowedOrigins}, {"startsWith", v.StartsWith}}
	}
	return object{{"type", "Profile"}, {"id", p.ID}, {"name", p.Name}, {"url", p.URL}, {"email", p.Email}, {"telephone", p.Telephone},
		{"description", p.Description}, {"image", p.Image.value()}, {"publicKey", keys}, {"verification", policy},
		{"revocationList", p.RevocationList}, {"endorsement", endorsementValues(p.Endorsement)}}
}

func (p *Profile) check(r *reader, path string) {
	r.web(path+"/id", p.ID)
	if p.Name == "" {
		return
	}
	r.web(path+"/url", p.URL)
	if !strings.Contains(p.Email, "@") {
		r.problems.Add(path+"/email", "The mail address is missing.")
	}
	checkImage(r, path+"/image", p.Image)
	for i, k := range p.PublicKey {
		r.web(item(path+"/publicKey", i)+"/id", k.ID)
	}
	if p.RevocationList != "" {
		r.web(path+"/revocationList", p.RevocationList)
	}
}

// Document returns the JSON of the key, to be served at its address. The error
// is credential.Problems.
func (k *CryptographicKey) Document() ([]byte, error) {
	r := &reader{}
	r.web("/id", k.ID)
	r.web("/owner", k.Owner)
	if _, err := publicKey(k.PublicKeyPEM); err != nil {
		r.problems.Add("/publicKeyPem", "The value must be a public key in PEM.")
	}
	return document(r, append(object{{"@context", Context}}, k.object()...))
}

func (k *CryptographicKey) object() object {
	return object{{"type", "CryptographicKey"}, {"id", k.ID}, {"owner", k.Owner}, {"publicKeyPem", k.PublicKeyPEM}}
}

// Document returns the JSON of the list, to be served at its address. The error
// is credential.Problems.
func (l *RevocationList) Document() ([]byte, error) {
	r := &reader{}
	r.web("/id", l.ID)
	r.web("/issuer", l.Issuer)
	entries := make([]Revocation, 0, len(l.Revoked)) // the member must be there, also if it is empty
	for i, e := range l.Revoked {
		if e.ID == "" && e.UID == "" {
			r.problems.Add(item("/revokedAssertions", i), "The entry names no badge.")
		}
		entries = append(entries, e)
	}
	return document(r, object{{"@context", Context}, {"type", "RevocationList"}, {"id", l.ID}, {"issuer", l.Issuer}, {"revokedAssertions", entries}})
}

// Document returns the JSON of the endorsement, to be served at its address. The
// error is credential.Problems.
func (e *Endorsement) Document() ([]byte, error) {
	r := &reader{}
	r.web("/id", e.ID)
	r.required("/claim/id", e.About)
	r.uri("/claim/id", e.About)
	r.required("/issuedOn", timeText(e.IssuedOn))
	e.Issuer.check(r, "/issuer")
	return document(r, append(object{{"@context", Context}}, e.object()...))
}

func (e *Endorsement) object() object {
	return object{{"type", "Endorsement"}, {"id", e.ID}, {"claim", object{{"id", e.About}, {"endorsementComment", e.Comment}}},
		{"issuer", e.Issuer.value()}, {"issuedOn", e.IssuedOn}, {"verification", object{{"type", Hosted}}}}
}

// endorsementValues are endorsements as they stand elsewhere: by address if
// nothing else is known.
func endorsementValues(list []Endorsement) (all []any) {
	for i := range list {
		if e := &list[i]; e.About == "" {
			all = append(all, e.ID)
		} else {
			all = append(all, e.object())
		}
	}
	return all
}

func (i *Image) value() any {
	switch {
	case i == nil:
		return nil
	case i.Caption == "" && i.Author == "":
		return i.ID
	}
	return object{{"type", "Image"}, {"id", i.ID}, {"caption", i.Caption}, {"author", i.Author}}
}

func checkImage(r *reader, path string, i *Image) {
	if i != nil {
		r.required(path+"/id", i.ID)
		r.uri(path+"/id", i.ID)
	}
}

// uri checks an address that may be missing.
func (r *reader) uri(path, s string) {
	if s != "" && !credential.IsURI(s) {
		r.problems.Add(path, "The value must be a complete address.")
	}
}

// web checks an address that others fetch.
func (r *reader) web(path, s string) {
	if host(s) == "" {
		r.problems.Add(path, "The value must be a web address.")
	}
}
