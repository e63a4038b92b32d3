package ob2

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/strictjson"
)

// reader takes objects out of a tree and collects what is wrong with them.
type reader struct{ problems credential.Problems }

// Parse reads an assertion of any version and brings it to the form of 2.0.
// Nothing is verified. The error is a *strictjson.Error when data is not strict
// JSON, and credential.Problems when something that every badge has is missing.
func Parse(data []byte) (*Assertion, error) {
	tree, err := decode(data)
	if err != nil {
		return nil, err
	}
	return parse(tree, "")
}

// parse reads an assertion that was found at address, or has no address if that
// is "".
func parse(tree map[string]any, address string) (*Assertion, error) {
	r := &reader{}
	a := r.assertion(tree, address)
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return a, nil
}

func decode(data []byte) (map[string]any, error) {
	v, err := strictjson.Decode(data, strictjson.Limits{})
	if err != nil {
		return nil, err
	}
	tree, ok := v.(map[string]any)
	if !ok {
		return nil, credential.Problems{{Msg: "The document must be a JSON object."}}
	}
	return tree, nil
}

// Is reports whether tree, a document as strictjson.Decode gives it, looks like
// an assertion of any version of Open Badges before 3.0.
func Is(tree map[string]any) bool {
	switch version := versionOf(tree); version {
	case Version20, Version11:
		return has(list(tree["type"]), "Assertion")
	default:
		return tree["recipient"] != nil && tree["badge"] != nil && tree["@context"] == nil
	}
}

func versionOf(tree map[string]any) string {
	contexts := list(tree["@context"])
	_, plainRecipient := tree["recipient"].(string)
	switch {
	case has(contexts, Context):
		return Version20
	case has(contexts, contextV1):
		return Version11
	case plainRecipient:
		return Version05
	}
	return Version10
}

func (r *reader) assertion(m map[string]any, address string) *Assertion {
	a := &Assertion{
		Version: versionOf(m), ID: r.text("", m, "id"), UID: r.text("", m, "uid"), Narrative: r.text("", m, "narrative"),
		Image: r.image("/image", m["image"]), Evidence: r.evidence("/evidence", m["evidence"]),
		Reason: r.text("", m, "revocationReason"), Endorsement: r.endorsements("/endorsement", m["endorsement"]),
	}
	a.Revoked, _ = m["revoked"].(bool)
	if a.Version == Version20 || a.Version == Version11 {
		r.class("", m, "Assertion")
	}
	verification := m["verification"]
	if verification == nil {
		verification = m["verify"]
	}
	a.Verification = r.verification("/verification", verification)
	switch {
	case a.ID != "":
	case a.Verification.Type == Hosted && a.Verification.URL != "":
		a.ID = a.Verification.URL
	case address != "":
		a.ID = address
	}
	if a.Version == Version05 {
		a.Verification.Type = Hosted
	}
	if a.Revoked {
		return a // the rest is often gone
	}
	a.Recipient = r.recipient(m)
	a.Badge = r.badge("/badge", m["badge"])
	issued := m["issuedOn"]
	if issued == nil {
		issued = m["issued_on"]
	}
	a.IssuedOn, a.Expires = r.time("/issuedOn", issued), r.time("/expires", m["expires"])
	if a.Version == Version20 {
		r.required("/id", a.ID)
		r.required("/issuedOn", timeText(a.IssuedOn))
	}
	if a.Verification.Type == "" {
		r.problems.Add("/verification/type", "It does not say whether it is hosted or signed.")
	}
	return a
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "set"
}

// recipient reads the recipient: an object, or before 1.0 a mail address or its
// hash, with the salt beside it.
func (r *reader) recipient(m map[string]any) Recipient {
	switch v := m["recipient"].(type) {
	case string:
		r.required("/recipient", v)
		return Recipient{Type: "email", Hashed: !strings.Contains(v, "@"), Identity: v, Salt: r.text("", m, "salt")}
	case map[string]any:
		types := list(v["type"])
		to := Recipient{Identity: r.text("/recipient", v, "identity"), Salt: r.text("/recipient", v, "salt")}
		if len(types) > 0 {
			to.Type, _ = types[0].(string)
		}
		switch hashed := v["hashed"].(type) {
		case bool:
			to.Hashed = hashed
		case string: // seen in old badges
			to.Hashed = hashed == "true"
		case nil:
		default:
			r.problems.Add("/recipient/hashed", "The value must be true or false.")
		}
		r.required("/recipient/type", to.Type)
		r.required("/recipient/identity", to.Identity)
		return to
	}
	r.problems.Add("/recipient", "The recipient is missing.")
	return Recipient{}
}

func (r *reader) verification(path string, v any) Verification {
	if s, ok := v.(string); ok {
		return Verification{Type: form(s)}
	}
	m, ok := v.(map[string]any)
	if !ok {
		return Verification{}
	}
	out := Verification{Creator: r.address(path+"/creator", m["creator"]), URL: r.text(path, m, "url")}
	for _, t := range list(m["type"]) {
		if s, _ := t.(string); form(s) != "" {
			out.Type = form(s)
		}
	}
	return out
}

func form(s string) string {
	switch s {
	case Hosted, "hosted":
		return Hosted
	case Signed, "signed":
		return Signed
	}
	return ""
}

func (r *reader) badge(path string, v any) BadgeClass {
	m := r.object(path, v)
	b := BadgeClass{
		ID: r.text(path, m, "id"), Name: r.text(path, m, "name"), Description: r.text(path, m, "description"),
		Image: r.image(path+"/image", m["image"]), Criteria: r.criteria(path+"/criteria", m["criteria"]),
		Alignment: r.alignments(path+"/alignment", m["alignment"]), Tags: r.texts(path+"/tags", m["tags"]),
		Endorsement: r.endorsements(path+"/endorsement", m["endorsement"]),
	}
	if m["issuer"] != nil {
		b.Issuer = r.profile(path+"/issuer", m["issuer"])
	}
	if b.ID == "" {
		r.required(path+"/name", b.Name)
	}
	return b
}

func (r *reader) profile(path string, v any) Profile {
	m := r.object(path, v)
	p := Profile{
		ID: r.text(path, m, "id"), Name: r.text(path, m, "name"), URL: r.text(path, m, "url"), Email: r.text(path, m, "email"),
		Telephone: r.text(path, m, "telephone"), Description: r.text(path, m, "description"), Image: r.image(path+"/image", m["image"]),
		RevocationList: r.address(path+"/revocationList", m["revocationList"]), Endorsement: r.endorsements(path+"/endorsement", m["endorsement"]),
	}
	for i, k := range list(m["publicKey"]) {
		p.PublicKey = append(p.PublicKey, r.key(item(path+"/publicKey", i), k))
	}
	if policy, ok := m["verification"].(map[string]any); ok {
		p.Verification = &Policy{r.texts(path+"/verification/allowedOrigins", policy["allowedOrigins"]), r.texts(path+"/verification/startsWith", policy["startsWith"])}
	}
	if p.URL == "" { // before 1.0
		p.URL = r.text(path, m, "origin")
	}
	if p.Email == "" {
		p.Email = r.text(path, m, "contact")
	}
	if org := r.text(path, m, "org"); org != "" && p.Name != "" {
		p.Name += ": " + org
	}
	return p
}

func (r *reader) key(path string, v any) CryptographicKey {
	m := r.object(path, v)
	return CryptographicKey{ID: r.text(path, m, "id"), Owner: r.address(path+"/owner", m["owner"]), PublicKeyPEM: r.text(path, m, "publicKeyPem")}
}

func (r *reader) image(path string, v any) *Image {
	if v == nil {
		return nil
	}
	m := r.object(path, v)
	return &Image{ID: r.text(path, m, "id"), Caption: r.text(path, m, "caption"), Author: r.address(path+"/author", m["author"])}
}

func (r *reader) criteria(path string, v any) Criteria {
	if v == nil {
		return Criteria{}
	}
	m := r.object(path, v)
	return Criteria{r.text(path, m, "id"), r.text(path, m, "narrative")}
}

func (r *reader) evidence(path string, v any) (all []Evidence) {
	for i, one := range list(v) {
		at := item(path, i)
		m := r.object(at, one)
		all = append(all, Evidence{r.text(at, m, "id"), r.text(at, m, "narrative"), r.text(at, m, "name"), r.text(at, m, "description"), r.text(at, m, "genre"), r.text(at, m, "audience")})
	}
	return all
}

// alignments reads alignments, whose members had other names before 2.0.
func (r *reader) alignments(path string, v any) (all []Alignment) {
	for i, one := range list(v) {
		at := item(path, i)
		m := r.object(at, one)
		either := func(name, old string) string {
			if s := r.text(at, m, name); s != "" {
				return s
			}
			return r.text(at, m, old)
		}
		all = append(all, Alignment{either("targetName", "name"), either("targetUrl", "url"), either("targetDescription", "description"),
			r.text(at, m, "targetFramework"), r.text(at, m, "targetCode")})
	}
	return all
}

func (r *reader) endorsements(path string, v any) (all []Endorsement) {
	for i, one := range list(v) {
		at := item(path, i)
		m := r.object(at, one)
		e := Endorsement{ID: r.text(at, m, "id"), IssuedOn: r.time(at+"/issuedOn", m["issuedOn"]), Verification: r.verification(at+"/verification", m["verification"])}
		if m["issuer"] != nil {
			e.Issuer = Profile{ID: r.address(at+"/issuer", m["issuer"])}
		}
		if claim, ok := m["claim"].(map[string]any); ok {
			e.About, e.Comment = r.text(at+"/claim", claim, "id"), r.text(at+"/claim", claim, "endorsementComment")
		}
		all = append(all, e)
	}
	return all
}

// object returns v as an object; a bare address stands for one with an id.
func (r *reader) object(path string, v any) map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return v
	case string:
		if strings.TrimSpace(v) != "" {
			return map[string]any{"id": strings.TrimSpace(v)}
		}
	}
	r.problems.Add(path, "The value must be an address or an object.")
	return nil
}

// address returns the id of v, which may be an object or a bare address.
func (r *reader) address(path string, v any) string {
	if v == nil {
		return ""
	}
	return r.text(path, r.object(path, v), "id")
}

func (r *reader) text(path string, m map[string]any, name string) string {
	switch v := m[name].(type) {
	case nil:
	case string:
		return v
	case json.Number: // a uid or version
		return string(v)
	case map[string]any:
		if s, ok := v["@value"].(string); ok {
			return s
		}
		r.problems.Add(path+"/"+name, "The value must be text.")
	default:
		r.problems.Add(path+"/"+name, "The value must be text.")
	}
	return ""
}

func (r *reader) texts(path string, v any) (all []string) {
	for i, one := range list(v) {
		s, ok := one.(string)
		if !ok {
			r.problems.Add(item(path, i), "The value must be text.")
			continue
		}
		all = append(all, s)
	}
	return all
}

func (r *reader) required(path, s string) {
	if strings.TrimSpace(s) == "" {
		r.problems.Add(path, "The value is missing.")
	}
}

// class checks the type of an object.
func (r *reader) class(path string, m map[string]any, want ...string) {
	for _, w := range want {
		if has(list(m["type"]), w) {
			return
		}
	}
	r.problems.Add(path+"/type", "The type must be %s.", want[0])
}

// layouts of dates, from the right one to those that were seen.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05", "2006-01-02T15:04Z07:00", time.DateOnly}

// time reads a date: as 2.0 has it, or as older badges do, with no time of day,
// no zone (UTC is meant) or in seconds since 1970.
func (r *reader) time(path string, v any) time.Time {
	var s string
	switch v := v.(type) {
	case nil:
		return time.Time{}
	case string:
		s = strings.TrimSpace(v)
	case json.Number:
		s = string(v)
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	const year9999 = 253402300799
	if n, err := strconv.ParseFloat(s, 64); err == nil && n > 0 && n <= year9999 && !math.IsNaN(n) {
		return time.Unix(int64(n), 0).UTC()
	}
	r.problems.Add(path, "The value is not a date such as 2016-12-31T23:59:59Z.")
	return time.Time{}
}

func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

func has(all []any, want string) bool {
	for _, one := range all {
		if one == want {
			return true
		}
	}
	return false
}

func item(path string, i int) string { return path + "/" + strconv.Itoa(i) }
