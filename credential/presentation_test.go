package credential

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/strictjson"
)

const (
	token     = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"
	enveloped = `{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiableCredential","id":"data:application/vc+jwt,` + token + `"}`
)

// presentation returns a presentation with members set, or removed by "-".
func presentation(t testing.TB, members map[string]string) []byte {
	t.Helper()
	doc := map[string]json.RawMessage{
		"@context": json.RawMessage(`["https://www.w3.org/ns/credentials/v2"]`),
		"type":     json.RawMessage(`["VerifiablePresentation"]`),
	}
	for k, v := range members {
		if doc[k] = json.RawMessage(v); v == "-" {
			delete(doc, k)
		}
	}
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestParsePresentationRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		members map[string]string
		path    string
	}{
		"no context":              {map[string]string{"@context": "-"}, "/@context"},
		"contexts in wrong order": {map[string]string{"@context": `[{"A":"urn:a:b"},"https://www.w3.org/ns/credentials/v2"]`}, "/@context"},
		"no type":                 {map[string]string{"type": "-"}, "/type"},
		"other type":              {map[string]string{"type": `["VerifiableCredential"]`}, "/type"},
		"relative id":             {map[string]string{"id": `"1"`}, "/id"},
		"two ids":                 {map[string]string{"id": `["urn:a:1","urn:a:2"]`}, "/id"},
		"holder no address":       {map[string]string{"holder": `"z6Mk"`}, "/holder"},
		"holder without id":       {map[string]string{"holder": `{"name":"Acme"}`}, "/holder/id"},
		"holder id no address":    {map[string]string{"holder": `{"id":"z6Mk"}`}, "/holder/id"},
		"two holders":             {map[string]string{"holder": `["did:a:b","did:a:c"]`}, "/holder"},
		"null holder":             {map[string]string{"holder": `null`}, "/holder"},
		"credential is text":      {map[string]string{"verifiableCredential": `["` + token + `"]`}, "/verifiableCredential/0"},
		"credential is a number":  {map[string]string{"verifiableCredential": `[1]`}, "/verifiableCredential/0"},
		"second one broken":       {map[string]string{"verifiableCredential": `[` + minimal + `,` + strings.Replace(minimal, `["VerifiableCredential"]`, `[]`, 1) + `]`}, "/verifiableCredential/1/type"},
		"relative inside":         {map[string]string{"verifiableCredential": strings.Replace(minimal, "did:example:issuer", "issuer", 1)}, "/verifiableCredential/0/issuer/id"},
		"envelope without data":   {map[string]string{"verifiableCredential": strings.Replace(enveloped, "data:application/vc+jwt,", "", 1)}, "/verifiableCredential/0/id"},
		"envelope without type":   {map[string]string{"verifiableCredential": strings.Replace(enveloped, `"type":"EnvelopedVerifiableCredential",`, "", 1)}, "/verifiableCredential/0/type"},
		"envelope in envelope":    {map[string]string{"verifiableCredential": strings.Replace(enveloped, "Credential", "Presentation", 1)}, "/verifiableCredential/0/type"},
		"proof is text":           {map[string]string{"proof": `"x"`}, "/proof"},
		"terms without type":      {map[string]string{"termsOfUse": `{}`}, "/termsOfUse/type"},
		"too many":                {map[string]string{"verifiableCredential": `[` + strings.Repeat(enveloped+",", MaxPresented) + enveloped + `]`}, "/verifiableCredential"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParsePresentation(presentation(t, c.members))
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want problems", err)
			}
			for _, p := range problems {
				if p.Path == c.path && strings.HasSuffix(p.Msg, ".") {
					return
				}
			}
			t.Errorf("got %v, want a sentence about %s", err, c.path)
		})
	}
	if _, err := ParsePresentation([]byte("[]")); err == nil {
		t.Error("an array was read as a presentation")
	}
	var syntax *strictjson.Error
	if _, err := ParsePresentation([]byte(`{"type":1,"Type":2}`)); !errors.As(err, &syntax) {
		t.Errorf("loose JSON: got %v", err)
	}
}

func TestParsePresentation(t *testing.T) {
	p, err := ParsePresentation(presentation(t, map[string]string{
		"id": `"urn:uuid:1"`, "holder": `{"id":"did:example:h","name":"H"}`, "proof": `{"type":"DataIntegrityProof"}`,
		"verifiableCredential": `[` + minimal + `,` + enveloped + `]`,
	}))
	if err != nil {
		t.Fatal(err)
	}
	if p.ID != "urn:uuid:1" || p.Holder != "did:example:h" || len(p.Proof) != 1 || p.Version != Version2 || len(p.Credentials) != 2 || p.Raw == nil {
		t.Fatalf("got %+v", p)
	}
	if c := p.Credentials[0].Embedded; c == nil || c.Issuer.ID != "did:example:issuer" {
		t.Errorf("got %+v", p.Credentials[0])
	}
	if e := p.Credentials[1].Enveloped; e == nil || e.MediaType != "application/vc+jwt" || string(e.Data) != token {
		t.Errorf("got %+v", p.Credentials[1])
	}
	if p, err = ParsePresentation(presentation(t, map[string]string{"holder": `"did:example:h"`})); err != nil || p.Holder != "did:example:h" || p.Credentials != nil {
		t.Errorf("without credentials: got %+v, %v", p, err)
	}
	// Version 1.1 carries tokens as they are.
	old := map[string]string{"@context": `"https://www.w3.org/2018/credentials/v1"`, "verifiableCredential": `"` + token + `"`}
	if p, err = ParsePresentation(presentation(t, old)); err != nil || p.Version != Version1 || p.Credentials[0].Token != token {
		t.Errorf("version 1.1: got %+v, %v", p, err)
	}
}

func TestParsePublishedPresentations(t *testing.T) {
	for _, name := range []string{"presentation-single.json", "presentation-multiple.json", "presentation-selective.json"} {
		if _, err := ParsePresentation(vectors.File(t, "vc-jose-cose", name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEnvelope(t *testing.T) {
	for id, want := range map[string]struct{ media, data string }{
		"data:application/vc+jwt," + token:                                          {"application/vc+jwt", token},
		"DATA:Application/VC+JWT;charset=utf-8," + token:                            {"application/vc+jwt", token},
		"data:application/vc+jwt;base64," + token:                                   {"application/vc+jwt", token},
		"data:application/vc-ld+jwt;base64url," + token:                             {"application/vc-ld+jwt", token},
		"data:application/vc+cose;base64,0oRD":                                      {"application/vc+cose", "\xd2\x84C"},
		"data:application/vc+cose;base64,0oRD\n":                                    {"application/vc+cose", "\xd2\x84C"}, // as in presentation-multiple.json
		"data:application/vc+cose;base64,0oQ=":                                      {"application/vc+cose", "\xd2\x84"},
		"data:application/vc+cose;base64,0oQ":                                       {"application/vc+cose", "\xd2\x84"},
		"data:application/vc+sd-jwt," + strings.Replace(token, ".", "%2E", 1) + "~": {"application/vc+sd-jwt", token + "~"},
		token:                               {},
		"data:," + token:                    {},
		"data:application/vc+jwt":           {},
		"data:application/vc+jwt,":          {},
		"data:application/vc+jwt;" + token:  {},
		"data:application/vc+jwt,%zz":       {},
		"data:application/vc+cose;base64,*": {},
		// One message has one spelling, but for the padding and one line feed.
		"data:application/vc+cose;base64,0o\nRD":     {},
		"data:application/vc+cose;base64,\n0oRD":     {},
		"data:application/vc+cose;base64,0oRD\n\n":   {},
		"data:application/vc+cose;base64,0oRD\r\n":   {},
		"data:application/vc+cose;base64,0oRD ":      {},
		"data:application/vc+cose;base64,0oRD====":   {},
		"data:application/vc+cose;base64,0oQ==":      {},
		"data:application/vc+cose;base64,0oR=":       {}, // bits that stand for nothing
		"data:application/vc+cose;base64,0oR":        {},
		"data:application/vc+cose;base64,0oRD%0A%0A": {},
		"https://example.org/vc":                     {},
	} {
		tree := map[string]any{"@context": ContextV2, "type": TypeEnvelopedPresentation, "id": id}
		e, err := ReadEnvelope(tree)
		if want.media == "" {
			if err == nil {
				t.Errorf("%q was read as %+v", id, e)
			}
			continue
		}
		if err != nil || e.MediaType != want.media || string(e.Data) != want.data || e.Type != TypeEnvelopedPresentation {
			t.Errorf("%q: got %+v, %v", id, e, err)
		}
	}
	for name, spoil := range map[string]func(map[string]any){
		"no context":    func(m map[string]any) { delete(m, "@context") },
		"empty context": func(m map[string]any) { m["@context"] = []any{} },
		"other context": func(m map[string]any) { m["@context"] = "https://www.w3.org/ns/credentials/examples/v2" },
		"old context":   func(m map[string]any) { m["@context"] = ContextV1 },
		"no type":       func(m map[string]any) { delete(m, "type") },
		"other type":    func(m map[string]any) { m["type"] = "VerifiableCredential" },
		"two types":     func(m map[string]any) { m["type"] = []any{TypeEnvelopedCredential, TypeEnvelopedPresentation} },
		"id is null":    func(m map[string]any) { m["id"] = nil },
		"with a proof":  func(m map[string]any) { m["proof"] = map[string]any{} },
	} {
		tree := map[string]any{"@context": ContextV2, "type": TypeEnvelopedCredential, "id": "data:application/vc+jwt," + token}
		spoil(tree)
		if e, err := ReadEnvelope(tree); err == nil {
			t.Errorf("%s: read as %+v", name, e)
		}
	}
}

func FuzzParsePresentation(f *testing.F) {
	f.Add(presentation(f, map[string]string{"verifiableCredential": `[` + minimal + `,` + enveloped + `]`, "holder": `"did:a:b"`}))
	f.Add(presentation(f, map[string]string{"@context": `"https://www.w3.org/2018/credentials/v1"`, "verifiableCredential": `"a.b.c"`}))
	f.Add([]byte(`{"verifiableCredential":[null,{"type":[]},{"type":"EnvelopedVerifiableCredential","id":"data:a/b;base64,"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := ParsePresentation(raw)
		if (p == nil) == (err == nil) {
			t.Fatalf("got %v and %v", p, err)
		}
		if err != nil {
			return
		}
		for _, c := range p.Credentials {
			if c.Embedded == nil && c.Enveloped == nil && p.Version != Version1 {
				t.Fatalf("a presented credential of no kind: %s", raw)
			}
			if c.Enveloped != nil && len(c.Enveloped.Data) == 0 {
				t.Fatalf("an empty envelope: %s", raw)
			}
		}
	})
}
