package verify

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/strictjson"
)

var (
	errOffline    = errors.New("verify: offline")
	errController = errors.New("verify: not a controller document")
	errNoKeys     = errors.New("verify: the document lists no keys")
	errNoProof    = errors.New("verify: the address proves no host")
)

// controllerDocument is what an issuer with a web address publishes about its
// keys (W3C Controlled Identifiers 1.0).
type controllerDocument struct {
	id      string
	methods []did.Method
	listed  map[string][]string // ids of methods by what they are for
}

// provenHost returns the host that stands behind an issuer's web address when
// it publishes the issuer's document there.
//
// An address with a query is errNoProof: a script that answers what its query
// says lets anybody speak for its host. So is one with a user name, which reads
// like a host, and a host that is not in ASCII, where letters look alike.
func provenHost(issuer string) (string, error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery {
		return "", errNoProof
	}
	if strings.ContainsFunc(u.Host, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return "", errNoProof
	}
	return strings.ToLower(u.Host), nil
}

// controller fetches the document of an issuer that is named by a web address.
// A page for people, or a profile without keys, is errNoKeys: such issuers
// exist, and nothing can be concluded from it.
func (r *run) controller(issuer string) (*controllerDocument, error) {
	if _, err := provenHost(issuer); err != nil {
		return nil, err
	}
	if r.get == nil {
		return nil, errOffline
	}
	return recall(r.memo.controllers, issuer, func() (*controllerDocument, error) { return r.readController(issuer) })
}

// maxMethods bounds the keys of one document, each of which costs a decoding.
const maxMethods = 100

func (r *run) readController(issuer string) (*controllerDocument, error) {
	body, contentType, err := r.get.Get(r.ctx, issuer, "application/cid, application/did+json, application/ld+json, application/json")
	if err != nil {
		return nil, err
	}
	if media, _, _ := mime.ParseMediaType(contentType); media == "text/html" {
		return nil, errNoKeys
	}
	if err := r.work.spend(parts(body)); err != nil {
		return nil, fmt.Errorf("%w: %w", errController, err)
	}
	v, err := strictjson.Decode(body, strictjson.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errController, err)
	}
	doc, ok := v.(map[string]any)
	if !ok || doc["id"] != issuer {
		return nil, fmt.Errorf("%w: it is not about %q", errController, issuer)
	}
	c := &controllerDocument{id: issuer, listed: map[string][]string{}}
	for _, entry := range list(doc["verificationMethod"]) {
		if c.add(entry); len(c.methods) > maxMethods {
			break
		}
	}
	for _, relationship := range []string{did.AssertionMethod, did.Authentication} {
		for _, entry := range list(doc[relationship]) {
			if len(c.methods) > maxMethods {
				break
			}
			if id := c.add(entry); id != "" {
				c.listed[relationship] = append(c.listed[relationship], id)
			}
		}
	}
	switch {
	case len(c.methods) == 0:
		return nil, errNoKeys
	case len(c.methods) > maxMethods:
		return nil, fmt.Errorf("%w: it lists more than %d keys", errController, maxMethods)
	}
	return c, nil
}

// add takes in a method, or the id of one, and returns the absolute id.
func (c *controllerDocument) add(entry any) string {
	if id, ok := entry.(string); ok {
		return c.absolute(id)
	}
	m, ok := entry.(map[string]any)
	if !ok {
		return ""
	}
	id, _ := m["id"].(string)
	out := did.Method{ID: c.absolute(id)}
	out.Type, _ = m["type"].(string)
	out.Controller, _ = m["controller"].(string)
	out.Problem = readMethod(&out, m)
	c.methods = append(c.methods, out)
	return out.ID
}

// readMethod fills in the key and the dates of a method.
func readMethod(out *did.Method, m map[string]any) (err error) {
	for name, into := range map[string]*time.Time{"expires": &out.Expires, "revoked": &out.Revoked} {
		v, ok := m[name]
		if !ok {
			continue
		}
		s, _ := v.(string)
		if *into, err = credential.ParseTime(s); err != nil {
			return errController
		}
	}
	if s, ok := m["publicKeyMultibase"].(string); ok {
		out.PublicKey, err = multikey.DecodePublic(s)
	} else if jwk, ok := m["publicKeyJwk"].(map[string]any); ok {
		var text []byte
		if text, err = json.Marshal(jwk); err == nil {
			out.PublicKey, err = multikey.PublicFromJWK(text)
		}
	} else {
		err = did.ErrUnsupportedKey
	}
	if errors.Is(err, multikey.ErrUnsupported) {
		err = did.ErrUnsupportedKey
	}
	return err
}

func (c *controllerDocument) absolute(id string) string {
	if strings.HasPrefix(id, "#") {
		return c.id + id
	}
	return id
}

// method returns the method called id if the document lists it under
// relationship. Its errors are those of did.Document.Method.
func (c *controllerDocument) method(id, relationship string) (*did.Method, error) {
	i := slices.IndexFunc(c.methods, func(m did.Method) bool { return m.ID == id })
	switch {
	case i < 0:
		return nil, did.ErrMethodMissing
	case !slices.Contains(c.listed[relationship], id):
		return nil, did.ErrNotAuthorised
	case c.methods[i].Controller != c.id:
		return nil, did.ErrWrongController
	case c.methods[i].Problem != nil:
		return nil, c.methods[i].Problem
	}
	return &c.methods[i], nil
}

// authorised returns the usable methods that c lists under relationship.
func (c *controllerDocument) authorised(relationship string) []did.Method {
	var out []did.Method
	for _, listed := range c.methods {
		m, err := c.method(listed.ID, relationship)
		out = appendMethod(out, listed.ID, m, err)
	}
	return out
}

// list returns v as JSON-LD takes it: none, one or several.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}
