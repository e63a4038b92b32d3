package vcapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/protocol/vcapi"
	"github.com/roundel/roundel/jcs"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/strictjson"
)

// fuzzed are the addresses that take a body, those with a query too.
var fuzzed = []string{
	"/vc/credentials/issue", "/vc/credentials/verify", "/vc/presentations/verify", "/vc/credentials/derive", "/vc/credentials/status",
	"/vc/credentials/issue?cryptosuite=ecdsa-sd-2023", "/vc/credentials/verify?checks=proof", "/vc/presentations/verify?checks=proof",
}

// FuzzRequests sends bodies to every address that takes one. Whatever comes is
// answered, in JSON and without a fault of ours; what is answered as verified
// was signed, by whom it says and as it is, as the packages of the library find
// by themselves; and what we sign or derive verifies.
func FuzzRequests(f *testing.F) {
	for _, pattern := range vcapi.Patterns() {
		if path, post := strings.CutPrefix(pattern, "POST "); post && !slices.Contains(fuzzed, path) {
			f.Fatalf("%s is left out", path)
		}
	}
	h, p := start(f, apptest.Options{})
	offline(h)
	w := &watched{program: p, handler: h.App.Handler(), issued: map[string]bool{}}
	for _, seed := range w.seeds() {
		f.Add(seed.route, seed.body)
	}
	f.Fuzz(func(t *testing.T, route uint8, body []byte) {
		path := fuzzed[int(route)%len(fuzzed)]
		a := w.send(path, body)
		if a.Code >= 500 || !json.Valid(a.Body.Bytes()) {
			t.Fatalf("%s: %d %s", path, a.Code, a.Body)
		}
		if a.Code >= 300 {
			return
		}
		path, _, _ = strings.Cut(path, "?")
		if err := w.check(path, body, a.Body.Bytes()); err != nil {
			t.Errorf("%s: %d %s\n%v", path, a.Code, a.Body, err)
		}
	})
}

// offline lets the platform fetch what it serves itself and nothing else.
func offline(h *apptest.House) {
	client := h.App.Features.Verification.Fetch
	own := client.Own
	client.Own = func(u *url.URL) http.Handler {
		if handler := own(u); handler != nil {
			return handler
		}
		return http.NotFoundHandler()
	}
}

// watched is a server that is asked without a network, and what it has signed.
type watched struct {
	*program
	handler http.Handler
	issued  map[string]bool // statements and canonical JSON
}

func (w *watched) send(path string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+w.token)
	a := httptest.NewRecorder()
	w.handler.ServeHTTP(a, r)
	return a
}

type seed struct {
	route uint8
	body  []byte
}

// seeds are good requests of each kind, and bad ones of the kinds that JSON and
// JSON-LD invite.
func (w *watched) seeds() (all []seed) {
	add := func(path string, body any) []byte {
		text, ok := body.(string)
		if !ok {
			data, err := json.Marshal(body)
			if err != nil {
				w.t.Fatal(err)
			}
			text = string(data)
		}
		all = append(all, seed{uint8(slices.Index(fuzzed, path)), []byte(text)})
		return []byte(text)
	}
	sign := func(credential, options object) (vc object) {
		body := add("/vc/credentials/issue", object{"credential": credential, "options": options})
		a := w.send("/vc/credentials/issue", body)
		var answer struct{ VerifiableCredential json.RawMessage }
		if err := json.Unmarshal(a.Body.Bytes(), &answer); err != nil || a.Code != http.StatusCreated {
			w.t.Fatalf("%d %s", a.Code, a.Body)
		}
		if err := errors.Join(w.remember(answer.VerifiableCredential), json.Unmarshal(answer.VerifiableCredential, &vc)); err != nil {
			w.t.Fatal(err)
		}
		return vc
	}
	holder := newHolder(w.t)
	for _, o := range []struct {
		key     string
		options object
	}{
		{"ed25519", object{"credentialStatus": []any{entry("revocation"), entry("suspension")}}}, {"ed25519", object{"cryptosuite": "eddsa-jcs-2022"}},
		{"p256", nil}, {"p384", object{"cryptosuite": "ecdsa-jcs-2019"}}, {"p256", object{"mediaType": "application/vc+jwt"}},
		{"p256", object{"cryptosuite": "ecdsa-sd-2023", "mandatoryPointers": []any{"/issuer"}}},
	} {
		vc := sign(plain(w.ids[o.key]), o.options)
		add("/vc/credentials/verify", object{"verifiableCredential": vc})
		add("/vc/credentials/verify?checks=proof", object{"verifiableCredential": vc, "options": object{"checks": []any{"proof", "credentialStatus"}}})
		add("/vc/presentations/verify", object{"verifiablePresentation": holder.present("c", "d.example", "authentication", vc), "options": object{"challenge": "c", "domain": "d.example"}})
		add("/vc/credentials/derive", object{"verifiableCredential": vc, "options": object{"selectivePointers": []any{"/credentialSubject/name"}}})
		if id, _ := vc["id"].(string); strings.HasPrefix(id, "data:") {
			_, token, _ := strings.Cut(id, ",")
			add("/vc/credentials/verify", object{"verifiableCredential": token})
		}
	}
	add("/vc/credentials/status", object{"credentialId": plain("")["id"], "credentialStatus": entry("revocation"), "status": true})
	for _, path := range fuzzed {
		for _, text := range []string{"", "{", "null", "[]", `"\ud800"`, `{"credential":{},"credential":{}}`, `{"verifiableCredential":"..","options":{"checks":null}}`,
			`{"verifiableCredential":{"@context":["https://www.w3.org/ns/credentials/v2",{"a":"https://a.example/\u0000"}],"type":"VerifiableCredential","issuer":{"id":null},"credentialSubject":[],"proof":[[]]}}`,
			`{"verifiablePresentation":{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiablePresentation","id":"data:application/vp+cose;base64,0oRD\n"}}`,
			`{"credentialId":"\u0000","credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"\u0000"},"status":65535}`,
			`{"credential":{"@context":"https://www.w3.org/ns/credentials/v2","type":"VerifiableCredential","issuer":"` + w.ids["p256"] + `","credentialSubject":{"name":{"@value":"a","@direction":"rtl"}}},"options":{"credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"message","statusSize":-1}}}`,
		} {
			add(path, text)
		}
	}
	return all
}

// check looks at an answer of success.
func (w *watched) check(path string, request, answer []byte) error {
	var in struct {
		VerifiableCredential, VerifiablePresentation json.RawMessage
		Options                                      struct{ Checks []string }
	}
	var out struct {
		Verified             *bool
		Checks               []string
		VerifiableCredential json.RawMessage
	}
	if err := errors.Join(json.Unmarshal(request, &in), json.Unmarshal(answer, &out)); err != nil {
		return err
	}
	switch path {
	case "/vc/credentials/issue", "/vc/credentials/derive":
		if err := w.remember(out.VerifiableCredential); err != nil {
			return err
		}
		if bytes.Contains(out.VerifiableCredential, []byte(`"cryptosuite":"ecdsa-sd-2023"`)) && path == "/vc/credentials/issue" {
			return nil // for its holder, who derives from it
		}
		body, err := json.Marshal(object{"verifiableCredential": out.VerifiableCredential, "options": object{"checks": []any{"proof", "issuer"}}})
		if err != nil {
			return err
		}
		if a := w.send("/vc/credentials/verify", body); a.Code != http.StatusOK {
			return fmt.Errorf("what we made does not verify: %d %s", a.Code, a.Body)
		}
	case "/vc/credentials/verify":
		if out.Verified == nil || !*out.Verified {
			return errors.New("a success that does not say so")
		}
		return w.signed(in.VerifiableCredential, slices.Contains(out.Checks, "issuer_key"))
	case "/vc/presentations/verify":
		return w.presented(in.VerifiablePresentation)
	}
	return nil
}

// presented makes sure that a presentation and every credential in it is signed.
func (w *watched) presented(doc []byte) error {
	tree, err := decode(doc)
	if err != nil {
		return err
	}
	if credential.IsEnvelope(tree) || tree == nil {
		return nil // seeds hold no such: what is inside was made by somebody else
	}
	if err := w.proofs(tree, ""); err != nil {
		return err
	}
	list, ok := tree["verifiableCredential"].([]any)
	if !ok && tree["verifiableCredential"] != nil {
		list = []any{tree["verifiableCredential"]}
	}
	for _, one := range list {
		text, err := json.Marshal(one)
		if err != nil {
			return err
		}
		if err := w.signed(text, false); err != nil {
			return err
		}
	}
	return nil
}

// decode reads an object; a text gives none.
func decode(doc []byte) (map[string]any, error) {
	v, err := strictjson.Decode(doc, strictjson.Limits{MaxBytes: 10 << 20, MaxDepth: 70})
	tree, _ := v.(map[string]any)
	return tree, err
}

// signed makes sure that a credential is signed, and by its issuer if that was
// asked for.
func (w *watched) signed(doc []byte, byIssuer bool) error {
	tree, err := decode(doc)
	if err != nil {
		return err
	}
	if tree == nil || credential.IsEnvelope(tree) {
		return w.jwt(doc, tree)
	}
	issuer := ""
	if byIssuer {
		issuer = issuerOf(tree)
	}
	return w.proofs(tree, issuer)
}

func issuerOf(tree map[string]any) string {
	id, ok := tree["issuer"].(string)
	if o, object := tree["issuer"].(map[string]any); object {
		id, ok = o["id"].(string)
	}
	if !ok {
		return "nobody"
	}
	return id
}

// proofs verifies every proof of a document with the key that its DID is. The
// keys of this run's issuers signed nothing but what they were seen to sign.
func (w *watched) proofs(tree map[string]any, issuer string) error {
	unsecured, proofs, err := proof.Split(tree)
	if err != nil {
		return err
	}
	if len(proofs) == 0 {
		return errors.New("it has no proof")
	}
	for _, p := range proofs {
		id, _, _ := strings.Cut(p.VerificationMethod, "#")
		doc, err := did.Multi{}.Resolve(context.Background(), id)
		if err != nil {
			return err
		}
		method, err := doc.Method(p.VerificationMethod, p.Purpose)
		if err != nil {
			return err
		}
		o := proof.VerifyOptions{Contexts: jsonld.WithExamples(), Inline: true, Set: proofs}
		if err := proof.VerifyOne(unsecured, p, method.PublicKey, o); err != nil {
			return err
		}
		if issuer != "" && id != issuer {
			return fmt.Errorf("signed by %s, issued by %s", id, issuer)
		}
		if w.ours(id) && p.Cryptosuite != "ecdsa-sd-2023" && !w.known(unsecured, strings.Contains(p.Cryptosuite, "jcs")) {
			return errors.New("our key has not signed this")
		}
	}
	return nil
}

// jwt verifies a credential as JWT, in an envelope or alone.
func (w *watched) jwt(doc []byte, tree map[string]any) error {
	var text string
	if tree == nil {
		if err := json.Unmarshal(doc, &text); err != nil {
			return err
		}
	} else {
		e, err := credential.ReadEnvelope(tree)
		if err != nil {
			return err
		}
		text = string(e.Data)
	}
	token, err := jose.ParseCredential([]byte(text))
	if err != nil {
		return err
	}
	controller, err := did.Multi{}.Resolve(context.Background(), issuerOf(token.Tree))
	if err != nil {
		return err
	}
	method, err := controller.Method(token.Header.KeyID, did.AssertionMethod)
	if err != nil {
		return err
	}
	if err := token.Verify(method.PublicKey); err != nil {
		return err
	}
	if w.ours(controller.ID) && !w.known(token.Tree, true) {
		return errors.New("our key has not signed this")
	}
	return nil
}

func (w *watched) ours(id string) bool {
	for _, own := range w.ids {
		if own == id {
			return true
		}
	}
	return false
}

// remember keeps what was signed.
func (w *watched) remember(doc []byte) error {
	tree, err := decode(doc)
	if err != nil {
		return err
	}
	if credential.IsEnvelope(tree) {
		e, err := credential.ReadEnvelope(tree)
		if err != nil {
			return err
		}
		token, err := jose.ParseCredential(e.Data)
		if err != nil {
			return err
		}
		tree = token.Tree
	}
	delete(tree, "proof")
	for _, form := range forms(tree) {
		w.issued[form] = true
	}
	return nil
}

// known reports whether a document was signed: as JSON, or in its statements.
func (w *watched) known(tree map[string]any, asJSON bool) bool {
	for i, form := range forms(tree) {
		if w.issued[form] && (i == 0 || !asJSON) {
			return true
		}
	}
	return false
}

// forms are canonical JSON and, where there are any, canonical statements.
func forms(tree map[string]any) []string {
	text, err := jcs.Canonicalize(tree)
	if err != nil {
		return nil
	}
	statements, err := jsonld.Canonicalize(tree, jsonld.Options{Contexts: jsonld.WithExamples(), Inline: true})
	if err != nil {
		return []string{string(text)}
	}
	return []string{string(text), string(statements)}
}
