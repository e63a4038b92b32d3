package sdjwt_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/sdjwt"
)

func vcToken(t testing.TB, typ, payload string, disclosures ...string) []byte {
	t.Helper()
	jws, err := jose.Sign([]byte(payload), keys()["ES256"], jose.Header{Type: typ})
	if err != nil {
		t.Fatal(err)
	}
	out := string(jws) + "~"
	for _, d := range disclosures {
		out += disclose(d) + "~"
	}
	return []byte(out)
}

func TestParseVCRefuses(t *testing.T) {
	for name, text := range map[string][]byte{
		"no typ":                      vcToken(t, "", `{"vct":"a:b"}`),
		"typ JWT":                     vcToken(t, "JWT", `{"vct":"a:b"}`),
		"no vct":                      vcToken(t, "dc+sd-jwt", `{}`),
		"vct is a list":               vcToken(t, "dc+sd-jwt", `{"vct":["a:b"]}`),
		"empty vct":                   vcToken(t, "dc+sd-jwt", `{"vct":""}`),
		"vct#integrity is a number":   vcToken(t, "dc+sd-jwt", `{"vct":"a:b","vct#integrity":1}`),
		"status is a text":            vcToken(t, "dc+sd-jwt", `{"vct":"a:b","status":"revoked"}`),
		"nbf is a text":               vcToken(t, "dc+sd-jwt", `{"vct":"a:b","nbf":"now"}`),
		"disclosed vct":               vcToken(t, "dc+sd-jwt", `{"_sd":["`+digest(`["s","vct","a:b"]`)+`"]}`, `["s","vct","a:b"]`),
		"disclosed exp":               vcToken(t, "dc+sd-jwt", `{"vct":"a:b","_sd":["`+digest(`["s","exp",99999999999]`)+`"]}`, `["s","exp",99999999999]`),
		"disclosed iss":               vcToken(t, "dc+sd-jwt", `{"vct":"a:b","_sd":["`+digest(`["s","iss","a:c"]`)+`"]}`, `["s","iss","a:c"]`),
		"disclosed status":            vcToken(t, "dc+sd-jwt", `{"vct":"a:b","_sd":["`+digest(`["s","status",{}]`)+`"]}`, `["s","status",{}]`),
		"disclosed cnf":               vcToken(t, "dc+sd-jwt", `{"vct":"a:b","_sd":["`+digest(`["s","cnf",{}]`)+`"]}`, `["s","cnf",{}]`),
		"disclosed part of cnf":       vcToken(t, "dc+sd-jwt", `{"vct":"a:b","cnf":{"_sd":["`+digest(`["s","jwk",{}]`)+`"]}}`, `["s","jwk",{}]`),
		"no SD-JWT":                   []byte("a.b.c"),
		"a credential of another way": vcToken(t, "vc+jwt", `{"vct":"a:b"}`),
	} {
		if vc, err := sdjwt.ParseVC(text); !errors.Is(err, sdjwt.ErrMalformed) && !errors.Is(err, jose.ErrMalformed) {
			t.Errorf("%s: %+v, %v", name, vc, err)
		}
	}
	vc, err := sdjwt.ParseVC(vcToken(t, "vc+sd-jwt", `{"vct":"a:b","vct#integrity":"sha256-x","iss":"a:c","exp":1.5,"status":{"status_list":{"idx":1}},"_sd":["`+digest(`["s","sub","a:d"]`)+`"]}`, `["s","sub","a:d"]`))
	if err != nil || vc.Type != "a:b" || vc.TypeIntegrity != "sha256-x" || vc.Registered.Issuer != "a:c" || vc.Registered.Subject != "a:d" || vc.Status["status_list"] == nil || vc.Registered.Expires.UnixMilli() != 1500 {
		t.Errorf("%+v, %v", vc, err)
	}
	for name, c := range map[string]struct {
		claims string
		o      sdjwt.Options
	}{
		"no vct":            {`{}`, sdjwt.Options{}},
		"vct is a number":   {`{"vct":1}`, sdjwt.Options{}},
		"withheld vct":      {`{"vct":"a:b"}`, sdjwt.Options{Disclosable: []string{"/vct"}}},
		"withheld part":     {`{"vct":"a:b","status":{"a":1}}`, sdjwt.Options{Disclosable: []string{"/status/a"}}},
		"typ of its own":    {`{"vct":"a:b"}`, sdjwt.Options{Header: jose.Header{Type: "JWT"}}},
		"claims no objects": {`[]`, sdjwt.Options{}},
	} {
		if text, err := sdjwt.IssueVC([]byte(c.claims), keys()["ES256"], c.o); !errors.Is(err, sdjwt.ErrOptions) {
			t.Errorf("issued, %s: %s, %v", name, text, err)
		}
	}
}

func TestW3CDocumentsRefuse(t *testing.T) {
	doc := `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"a:i","credentialSubject":{"id":"a:s"}`
	hidden := `["s","iss","a:other"]`
	for name, text := range map[string][]byte{
		"typ":         vcToken(t, "dc+sd-jwt", doc+`}`),
		"vc claim":    vcToken(t, "vc+sd-jwt", doc+`,"vc":{}}`),
		"vp claim":    vcToken(t, "vc+sd-jwt", doc+`,"vp":{}}`),
		"not even it": []byte("~"),
	} {
		if d, err := sdjwt.ParseCredential(text); !errors.Is(err, sdjwt.ErrMalformed) && !errors.Is(err, jose.ErrMalformed) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	for name, text := range map[string][]byte{
		"iss":           vcToken(t, "vc+sd-jwt", doc+`,"iss":"a:other"}`),
		"disclosed iss": vcToken(t, "vc+sd-jwt", doc+`,"_sd":["`+digest(hidden)+`"]}`, hidden),
		"sub":           vcToken(t, "vc+sd-jwt", doc+`,"sub":"a:other"}`),
	} {
		var claim *jose.ClaimError
		if d, err := sdjwt.ParseCredential(text); !errors.As(err, &claim) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	for _, o := range []sdjwt.Options{{Disclosable: []string{"/type"}}, {Disclosable: []string{"/@context/0"}}, {Header: jose.Header{Type: "JWT"}}} {
		if text, err := sdjwt.IssueCredential([]byte(doc+`}`), keys()["ES256"], o); !errors.Is(err, sdjwt.ErrOptions) {
			t.Errorf("%+v: %s, %v", o, text, err)
		}
	}
	if text, err := sdjwt.IssuePresentation([]byte(`{"verifiableCredential":[{"type":["VerifiableCredential"]}]}`), keys()["ES256"], sdjwt.Options{}); !errors.Is(err, jose.ErrMalformed) {
		t.Errorf("unsecured credential presented: %s, %v", text, err)
	}
}

// shelf answers with the documents that a test lays out.
type shelf map[string]string

func (s shelf) Get(_ context.Context, url, _ string) ([]byte, string, error) {
	doc, ok := s[url]
	if !ok {
		return nil, "", errors.New("nothing at " + url)
	}
	return []byte(doc), "application/json", nil
}

const (
	badgeType = `{"vct":"https://badges.example/types/badge","name":"Badge","extends":"https://badges.example/types/base",
		"display":[{"locale":"en","name":"Badge","description":"A badge","rendering":{"simple":{"logo":{"uri":"data:,x","uri#integrity":"sha256-x","alt_text":"a star"},
		"background_color":"#fff","text_color":"#000"},"svg_templates":[{"uri":"https://badges.example/t.svg","properties":{"orientation":"portrait","contrast":"high"}}]}}],
		"claims":[{"path":["name"],"display":[{"locale":"de","label":"Name"}],"sd":"always","svg_id":"name"},
		{"path":["nationalities",null],"sd":"always"},{"path":["address","street"],"sd":"allowed"},{"path":["achievement",0,"title"],"sd":"never","mandatory":true}]}`
	baseType = `{"vct":"https://badges.example/types/base","name":"Base","description":"What all have","display":[{"lang":"de","name":"Grundlage"}],
		"claims":[{"path":["score"],"sd":"never","mandatory":true},{"path":["name"]}],"unknown":1}`
)

func TestResolveType(t *testing.T) {
	ctx := context.Background()
	both := shelf{"https://badges.example/types/badge": badgeType, "https://badges.example/types/base": baseType}
	sum := sha256.Sum256([]byte(badgeType))
	integrity := "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
	m, err := sdjwt.ResolveType(ctx, both, "https://badges.example/types/badge", integrity)
	if err != nil {
		t.Fatal(err)
	}
	d := m.Display[0]
	if m.Name != "Badge" || len(m.Claims) != 5 || len(m.Display) != 1 || d.Locale != "en" || d.Logo.AltText != "a star" || d.BackgroundColor != "#fff" ||
		d.SVG[0].Orientation != "portrait" || m.Claims[0].Display[0].Label != "Name" || m.Claims[0].SVGID != "name" || m.Claims[2].SD != sdjwt.Allowed {
		t.Errorf("%+v", m)
	}
	extend := func(text, by string) string { return strings.Replace(text, "{", `{"extends":"`+by+`",`, 1) }
	chain := shelf{}
	for i := range 20 {
		chain[fmt.Sprintf("https://a.example/%d", i)] = fmt.Sprintf(`{"vct":"https://a.example/%d","extends":"https://a.example/%d"}`, i, i+1)
	}
	for name, c := range map[string]struct {
		docs           shelf
		vct, integrity string
	}{
		"integrity":             {both, "https://badges.example/types/badge", "sha256-" + base64.StdEncoding.EncodeToString(make([]byte, 32))},
		"integrity of md5":      {both, "https://badges.example/types/badge", "md5-AAAA"},
		"extends#integrity":     {shelf{"https://badges.example/types/badge": strings.Replace(badgeType, `"extends"`, `"extends#integrity":"`+integrity+`","extends"`, 1), "https://badges.example/types/base": baseType}, "https://badges.example/types/badge", ""},
		"another type":          {shelf{"https://badges.example/types/badge": baseType}, "https://badges.example/types/badge", ""},
		"not https":             {shelf{"http://badges.example/": baseType}, "http://badges.example/", ""},
		"no address":            {both, "urn:eudi:pid:1", ""},
		"itself":                {shelf{"https://badges.example/types/base": extend(baseType, "https://badges.example/types/base")}, "https://badges.example/types/base", ""},
		"a circle":              {shelf{"https://badges.example/types/badge": badgeType, "https://badges.example/types/base": extend(baseType, "https://badges.example/types/badge")}, "https://badges.example/types/badge", ""},
		"a long chain":          {chain, "https://a.example/0", ""},
		"takes back never":      {shelf{"https://a.example/": `{"vct":"https://a.example/","extends":"https://badges.example/types/base","claims":[{"path":["score"],"mandatory":true}]}`, "https://badges.example/types/base": baseType}, "https://a.example/", ""},
		"takes back mandatory":  {shelf{"https://a.example/": `{"vct":"https://a.example/","extends":"https://badges.example/types/base","claims":[{"path":["score"],"sd":"never"}]}`, "https://badges.example/types/base": baseType}, "https://a.example/", ""},
		"no JSON":               {shelf{"https://a.example/": `<html>`}, "https://a.example/", ""},
		"no object":             {shelf{"https://a.example/": `[]`}, "https://a.example/", ""},
		"no vct":                {shelf{"https://a.example/": `{}`}, "https://a.example/", ""},
		"name is a number":      {shelf{"https://a.example/": `{"vct":"https://a.example/","name":1}`}, "https://a.example/", ""},
		"display is an object":  {shelf{"https://a.example/": `{"vct":"https://a.example/","display":{}}`}, "https://a.example/", ""},
		"display has no locale": {shelf{"https://a.example/": `{"vct":"https://a.example/","display":[{"name":"x"}]}`}, "https://a.example/", ""},
		"display has no name":   {shelf{"https://a.example/": `{"vct":"https://a.example/","display":[{"locale":"en"}]}`}, "https://a.example/", ""},
		"claims holds a text":   {shelf{"https://a.example/": `{"vct":"https://a.example/","claims":["a"]}`}, "https://a.example/", ""},
		"claim without path":    {shelf{"https://a.example/": `{"vct":"https://a.example/","claims":[{}]}`}, "https://a.example/", ""},
		"path of minus one":     {shelf{"https://a.example/": `{"vct":"https://a.example/","claims":[{"path":[-1]}]}`}, "https://a.example/", ""},
		"path of true":          {shelf{"https://a.example/": `{"vct":"https://a.example/","claims":[{"path":[true]}]}`}, "https://a.example/", ""},
		"sd of sometimes":       {shelf{"https://a.example/": `{"vct":"https://a.example/","claims":[{"path":["a"],"sd":"sometimes"}]}`}, "https://a.example/", ""},
		"mandatory is a text":   {shelf{"https://a.example/": `{"vct":"https://a.example/","claims":[{"path":["a"],"mandatory":"yes"}]}`}, "https://a.example/", ""},
		"logo is a text":        {shelf{"https://a.example/": `{"vct":"https://a.example/","display":[{"locale":"en","name":"x","rendering":{"simple":{"logo":"x"}}}]}`}, "https://a.example/", ""},
	} {
		if m, err := sdjwt.ResolveType(ctx, c.docs, c.vct, c.integrity); !errors.Is(err, sdjwt.ErrType) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	if _, err := sdjwt.ResolveType(ctx, shelf{}, "https://a.example/", ""); err == nil || errors.Is(err, sdjwt.ErrType) {
		t.Errorf("what cannot be fetched is no verdict on the type: %v", err)
	}
}

func TestCheckClaims(t *testing.T) {
	m, err := sdjwt.ResolveType(context.Background(), shelf{"https://badges.example/types/badge": badgeType, "https://badges.example/types/base": baseType}, "https://badges.example/types/badge", "")
	if err != nil {
		t.Fatal(err)
	}
	const full = `{"vct":"https://badges.example/types/badge","name":"Erika","score":97,"nationalities":["DE"],"achievement":[{"title":"Go"}]}`
	for name, c := range map[string]struct {
		claims      string
		disclosable string
		ok          bool
	}{
		"as it should be":      {full, "/name /nationalities/0", true},
		"name in the clear":    {full, "/nationalities/0", false},
		"element in the clear": {full, "/name", false},
		"score concealed":      {full, "/name /nationalities/0 /score", false},
		"no score":             {strings.Replace(full, `"score":97,`, "", 1), "/name /nationalities/0", false},
		"no title":             {strings.Replace(full, `"title"`, `"name"`, 1), "/name /nationalities/0", false},
		"no name at all":       {strings.Replace(full, `"name":"Erika",`, "", 1), "/nationalities/0", true},
	} {
		text, err := sdjwt.IssueVC([]byte(c.claims), keys()["ES256"], sdjwt.Options{Disclosable: strings.Fields(c.disclosable)})
		if err != nil {
			t.Fatal(err)
		}
		vc, err := sdjwt.ParseVC(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Check(vc); (err == nil) != c.ok || err != nil && !errors.Is(err, sdjwt.ErrClaims) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzParseTypeMetadata: reading never fails in another way than it says.
func FuzzParseTypeMetadata(f *testing.F) {
	f.Add([]byte(badgeType))
	f.Add([]byte(baseType))
	f.Add([]byte(`{"vct":"a","claims":[{"path":[null,0,"a"]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := sdjwt.ParseTypeMetadata(data)
		if (m == nil) == (err == nil) || err != nil && !errors.Is(err, sdjwt.ErrType) {
			t.Fatalf("%+v, %v", m, err)
		}
	})
}
