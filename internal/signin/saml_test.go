package signin_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"encoding/xml"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/signin"
	"github.com/roundel/roundel/internal/sqldb"
)

// campus is a SAML identity provider that we did not write.
type campus struct {
	t    *testing.T
	idp  saml.IdentityProvider
	sp   *saml.EntityDescriptor
	said saml.Session
}

func (c *campus) GetServiceProvider(*http.Request, string) (*saml.EntityDescriptor, error) {
	if c.sp == nil {
		return nil, os.ErrNotExist
	}
	return c.sp, nil
}

func (c *campus) GetSession(http.ResponseWriter, *http.Request, *saml.IdpAuthnRequest) *saml.Session {
	s := c.said
	s.CreateTime, s.ExpireTime = time.Now(), time.Now().Add(time.Hour)
	return &s
}

func newKey(t *testing.T) (*rsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	check(t, err)
	cert, err := x509.ParseCertificate(der)
	check(t, err)
	return k, cert
}

func newCampus(t *testing.T) *campus {
	t.Helper()
	c := &campus{t: t}
	k, cert := newKey(t)
	c.idp = saml.IdentityProvider{Key: k, Certificate: cert, ServiceProviderProvider: c, SessionProvider: c, Logger: quiet{},
		MetadataURL: url.URL{Scheme: "https", Host: "idp.uni.example", Path: "/idp"}, SSOURL: url.URL{Scheme: "https", Host: "idp.uni.example", Path: "/sso"}}
	c.is("s1@uni.example", "s@uni.example", "staff@uni.example")
	return c
}

type quiet struct{}

func (quiet) Printf(string, ...interface{})     {}
func (quiet) Print(...interface{})              {}
func (quiet) Println(...interface{})            {}
func (quiet) Fatal(v ...interface{})            { panic(v) }
func (quiet) Fatalf(f string, v ...interface{}) { panic(f) }
func (quiet) Fatalln(v ...interface{})          { panic(v) }
func (quiet) Panic(v ...interface{})            { panic(v) }
func (quiet) Panicf(f string, v ...interface{}) { panic(f) }
func (quiet) Panicln(v ...interface{})          { panic(v) }

func (c *campus) is(subject, mail string, affiliation ...string) {
	attr := func(name string, values ...string) saml.Attribute {
		a := saml.Attribute{Name: name, NameFormat: "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"}
		for _, v := range values {
			a.Values = append(a.Values, saml.AttributeValue{Type: "xs:string", Value: v})
		}
		return a
	}
	c.said = saml.Session{ID: "x", Index: "1", NameID: "opaque", NameIDFormat: string(saml.TransientNameIDFormat), CustomAttributes: []saml.Attribute{
		attr("urn:oasis:names:tc:SAML:attribute:subject-id", subject), attr("urn:oid:0.9.2342.19200300.100.1.3", mail),
		attr("urn:oid:1.3.6.1.4.1.5923.1.1.1.9", affiliation...)}}
}

// metadata returns the identity provider's, with its scope.
func (c *campus) metadata(until time.Time) []byte {
	m := c.idp.Metadata()
	m.ValidUntil = until
	text, err := xml.Marshal(m)
	check(c.t, err)
	return regexp.MustCompile(`<IDPSSODescriptor([^>]*)>`).ReplaceAll(text,
		[]byte(`<IDPSSODescriptor$1><Extensions><shibmd:Scope xmlns:shibmd="urn:mace:shibboleth:metadata:1.0" regexp="false">uni.example</shibmd:Scope></Extensions>`))
}

// at makes the provider known here, and us known there.
func (c *campus) at(w *world, encrypted bool) *signin.Provider {
	w.t.Helper()
	p := w.provider(0, signin.SAML, signin.Settings{Name: "Campus", Domains: []string{"*"}, Newcomers: true, SecondFactor: []string{"https://refeds.org/profile/mfa"}}, "")
	check(w.t, w.TakeMetadata(w.t.Context(), 0, w.actor, p.PublicID, c.metadata(time.Now().Add(time.Hour))))
	text, err := w.Metadata(w.t.Context(), p.PublicID)
	check(w.t, err)
	c.sp = &saml.EntityDescriptor{}
	check(w.t, xml.Unmarshal(text, c.sp))
	if !encrypted {
		for i := range c.sp.SPSSODescriptors {
			c.sp.SPSSODescriptors[i].KeyDescriptors = nil
		}
	}
	return p
}

var field = regexp.MustCompile(`name="(SAMLResponse|RelayState)" value="([^"]*)"`)

// answer has the identity provider answer the request.
func (c *campus) answer(t *trip) (state string, response []byte) {
	rec := httptest.NewRecorder()
	c.idp.ServeSSO(rec, httptest.NewRequest("GET", t.Address, nil))
	for _, m := range field.FindAllStringSubmatch(rec.Body.String(), -1) {
		value := strings.NewReplacer("&#43;", "+", "&#34;", `"`, "&amp;", "&").Replace(m[2])
		if m[1] == "RelayState" {
			state = value
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(value)
		check(c.t, err)
		response = raw
	}
	if len(response) == 0 {
		c.t.Fatalf("no answer: %d %s", rec.Code, rec.Body)
	}
	return state, response
}

func (t *trip) arrive(state string, response []byte) (*signin.Outcome, error) {
	to, err := t.Arrived(t.t.Context(), t.p.PublicID, state, base64.StdEncoding.EncodeToString(response))
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(to)
	check(t.t, err)
	return t.back(signin.Answer{State: u.Query().Get("state")})
}

func TestSAML(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w, c := newWorld(t, db), newCampus(t)
		p := c.at(w, true)
		mine := w.begin(p)
		state, response := c.answer(mine)
		if !bytes.Contains(response, []byte("EncryptedAssertion")) {
			t.Error("the assertion is not encrypted to us")
		}
		id := w.who(mine.arrive(state, response))
		list, err := w.Accounts.Addresses(t.Context(), id)
		check(t, err)
		if len(list) != 1 || list[0].VerifiedAt.IsZero() {
			t.Errorf("addresses %+v", list)
		}
		if w.count(`SELECT count(*) FROM signin_visit WHERE account_id = $1 AND affiliations = 'staff@uni.example'`, id) != 1 {
			t.Error("the affiliation is not kept")
		}
		if w.count(`SELECT count(*) FROM signin_presence WHERE account_id = $1 AND organisation_id = $2`, id, w.o.ID) != 1 {
			t.Error("the organisation of the domain does not know of it")
		}
		// Again, with another address and no scope of its own there.
		c.is("S1@uni.example", "ada@example.org", "staff@other.example")
		mine = w.begin(p)
		state, response = c.answer(mine)
		if again := w.who(mine.arrive(state, response)); again != id {
			t.Errorf("came in as %d, then %d", id, again)
		}
		if w.count(`SELECT count(*) FROM signin_visit WHERE affiliations LIKE '%other.example%'`) != 0 {
			t.Error("an affiliation of another scope was kept")
		}
		// Somebody whose address is of another domain gets nothing of it.
		c.is("s2@uni.example", "ada@example.org")
		mine = w.begin(p)
		state, response = c.answer(mine)
		if liar := w.who(mine.arrive(state, response)); liar == w.owner || w.count(`SELECT count(*) FROM account_address WHERE account_id = $1 AND verified_at > 0`, liar) != 0 {
			t.Error("an address outside the scope was believed")
		}
	})
}

func TestSAMLAnswersThatProveNothing(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w, c := newWorld(t, db), newCampus(t)
		p := c.at(w, false)
		edit := func(change func(root *etree.Element)) func([]byte) []byte {
			return func(raw []byte) []byte {
				doc := etree.NewDocument()
				check(t, doc.ReadFromBytes(raw))
				change(doc.Root())
				out, err := doc.WriteToBytes()
				check(t, err)
				return out
			}
		}
		drop := func(e *etree.Element, tag string) {
			for _, x := range e.ChildElements() {
				if x.Tag == tag {
					e.RemoveChild(x)
				}
			}
		}
		assertion := func(root *etree.Element) *etree.Element { return root.FindElement("./Assertion") }
		for _, x := range []struct {
			what, reason string
			change       func([]byte) []byte
		}{
			{"unsigned assertion in a signed response", "response_wrong", edit(func(r *etree.Element) { drop(assertion(r), "Signature") })},
			{"nothing signed", "response_wrong", edit(func(r *etree.Element) { drop(r, "Signature"); drop(assertion(r), "Signature") })},
			{"another subject", "response_wrong", edit(func(r *etree.Element) {
				for _, v := range r.FindElements("//AttributeValue") {
					v.SetText(strings.Replace(v.Text(), "s1@", "root@", 1))
				}
			})},
			{"a comment in a value", "response_unreadable", func(raw []byte) []byte {
				return bytes.Replace(raw, []byte("s1@uni.example"), []byte("s1@uni.example<!---->"), 1)
			}},
			{"a second, unsigned assertion before", "response_unreadable", edit(func(r *etree.Element) {
				evil := assertion(r).Copy()
				drop(evil, "Signature")
				evil.CreateAttr("ID", "evil")
				r.InsertChildAt(0, evil)
			})},
			{"the signed assertion wrapped into the signature of another", "response_unreadable", edit(func(r *etree.Element) {
				good := assertion(r)
				evil := good.Copy()
				evil.CreateAttr("ID", "evil")
				evil.FindElement("./Signature").CreateElement("Object").AddChild(good.Copy())
				r.RemoveChild(good)
				r.AddChild(evil)
			})},
			{"the same id twice", "response_unreadable", edit(func(r *etree.Element) {
				r.CreateElement("Extensions").CreateAttr("ID", assertion(r).SelectAttrValue("ID", ""))
			})},
			{"a document type", "response_unreadable", func(raw []byte) []byte { return append([]byte(`<!DOCTYPE x [<!ENTITY a "b">]>`), raw...) }},
		} {
			mine := w.begin(p)
			state, response := c.answer(mine)
			out, err := mine.arrive(state, x.change(response))
			w.refused(x.what, x.reason, out, err)
		}
		// Somebody else's key.
		mine := w.begin(p)
		rogue := newCampus(t)
		rogue.sp = c.sp
		state, response := rogue.answer(mine)
		out, err := mine.arrive(state, response)
		w.refused("another key", "response_wrong", out, err)
		// The answer to another request, and one for another audience or place.
		first, second := w.begin(p), w.begin(p)
		_, a := c.answer(first)
		b, _ := c.answer(second)
		out, err = second.arrive(b, a)
		w.refused("answer to another request", "response_wrong", out, err)
		real := *c.sp
		c.sp.EntityID = "https://other.example/sp"
		mine = w.begin(p)
		state, response = c.answer(mine)
		out, err = mine.arrive(state, response)
		w.refused("another audience", "response_wrong", out, err)
		*c.sp = real

		// Replayed, early, late, and in another browser.
		mine = w.begin(p)
		state, response = c.answer(mine)
		w.who(mine.arrive(state, response))
		out, err = mine.arrive(state, response)
		w.refused("the same answer again", "", out, err)
		mine = w.begin(p)
		state, response = c.answer(mine)
		out, err = (&trip{w, p, w.begin(p).Trip}).arrive(state, response)
		w.refused("in another browser", "", out, err)
		mine = w.begin(p)
		state, response = c.answer(mine)
		w.ahead = 10 * time.Minute
		out, err = mine.arrive(state, response)
		w.refused("too late", "assertion_wrong", out, err)
		w.ahead = -10 * time.Minute
		mine = w.begin(p)
		state, response = c.answer(mine)
		out, err = mine.arrive(state, response)
		w.refused("too early", "assertion_wrong", out, err)
		// The metadata's time is over.
		w.ahead = 2 * time.Hour
		if _, err := w.Begin(t.Context(), signin.Start{Provider: p.PublicID}); err == nil {
			t.Error("began by metadata that has expired")
		}
	})
}

func TestMetadata(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w, c := newWorld(t, db), newCampus(t)
		k, cert := newKey(t)
		other, _ := newKey(t)
		pemText := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
		federation := func(key *rsa.PrivateKey, until time.Time) []byte {
			inner := string(c.metadata(time.Time{}))
			second := strings.ReplaceAll(strings.ReplaceAll(inner, "idp.uni.example", "idp.college.example"), ">uni.example<", ">college.example<")
			doc := etree.NewDocument()
			check(t, doc.ReadFromString(`<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" ID="f" validUntil="`+until.UTC().Format(time.RFC3339)+`">`+inner+second+`</EntitiesDescriptor>`))
			ctx, err := dsig.NewSigningContext(key, [][]byte{cert.Raw})
			check(t, err)
			ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
			signed, err := ctx.SignEnveloped(doc.Root())
			check(t, err)
			out := etree.NewDocument()
			out.SetRoot(signed)
			text, err := out.WriteToBytes()
			check(t, err)
			return text
		}
		p := w.provider(0, signin.SAML, signin.Settings{Name: "Federation", MetadataCert: pemText, Domains: []string{"*"}}, "")
		soon := time.Now().Add(time.Hour)
		for what, text := range map[string][]byte{
			"another key":  federation(other, soon),
			"expired":      federation(k, time.Now().Add(-time.Minute)),
			"changed":      bytes.Replace(federation(k, soon), []byte("idp.college.example"), []byte("idp.evil.example"), 1),
			"not signed":   c.metadata(soon),
			"not metadata": []byte("<html></html>"),
		} {
			if err := w.TakeMetadata(t.Context(), 0, w.actor, p.PublicID, text); err == nil {
				t.Errorf("%s: taken", what)
			}
		}
		commented := bytes.Replace(federation(k, soon), []byte("idp.college.example</"), []byte("idp.college<!-- as generated -->.example</"), 1)
		check(t, w.TakeMetadata(t.Context(), 0, w.actor, p.PublicID, append([]byte("<!-- as generated -->\n"), commented...)))
		list, _, err := w.Houses(t.Context(), p.PublicID, "COLLEGE")
		check(t, err)
		if len(list) != 1 || list[0].EntityID != "https://idp.college.example/idp" || len(list[0].Scopes) != 1 || list[0].Scopes[0] != "college.example" {
			t.Errorf("found %+v", list)
		}
		if list, _, _ := w.Houses(t.Context(), p.PublicID, "%"); len(list) != 0 {
			t.Error("a pattern in the search")
		}
		if _, err := w.Begin(t.Context(), signin.Start{Provider: p.PublicID}); err == nil {
			t.Error("began without choosing among two")
		}
		if _, err := w.Begin(t.Context(), signin.Start{Provider: p.PublicID, House: "https://idp.uni.example/idp"}); err != nil {
			t.Error(err)
		}
		w.ahead = 2 * time.Hour
		if list, _, _ := w.Houses(t.Context(), p.PublicID, ""); len(list) != 0 {
			t.Error("metadata that has expired is still offered")
		}
		plain := w.provider(0, signin.SAML, signin.Settings{Name: "No certificate"}, "")
		if err := w.TakeMetadata(t.Context(), 0, w.actor, plain.PublicID, federation(k, soon.Add(9*time.Hour))); err == nil {
			t.Error("a federation without a certificate was taken")
		}
	})
}
