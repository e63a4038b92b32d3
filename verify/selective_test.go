package verify

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/sdjwt"
)

// shortened returns the SD-JWT with only the claims at pointers.
func shortened(t testing.TB, token []byte, pointers ...string) []byte {
	t.Helper()
	return must[[]byte](t)(must[*sdjwt.SDJWT](t)(sdjwt.Parse(token)).Present(pointers...))
}

func TestSelectiveCredential(t *testing.T) {
	u := uni()
	doc := must[[]byte](t)(u.badge().Document())
	token := must[[]byte](t)(sdjwt.IssueCredential(doc, u.key, sdjwt.Options{Header: jose.Header{KeyID: u.method},
		Disclosable: []string{"/credentialSubject/identifier", "/name"}}))
	rep := check(t, world(t), token)
	want(t, rep, Valid, "proof passed partly_shown", "issuer_key passed", "status passed")
	if rep.Badge == nil || len(rep.Badge.Subject.Identifier) != 1 {
		t.Errorf("got %+v", rep.Badge)
	}
	// Without its recipient it says nothing about anybody, so it is no badge.
	want(t, check(t, world(t), shortened(t, token, "/name")), Unverifiable, "structure passed", "proof passed partly_shown", "schema unknown partly_shown")
	want(t, check(t, world(t), shortened(t, token, "/credentialSubject/identifier")), Valid, "proof passed partly_shown")

	part := bytes.Split(token, []byte("~"))
	text := must[[]byte](t)(base64.RawURLEncoding.DecodeString(string(part[1])))
	part[1] = []byte(base64.RawURLEncoding.EncodeToString(append([]byte(`["x`), text[2:]...)))
	want(t, check(t, world(t), bytes.Join(part, []byte("~"))), Malformed, "structure failed bad_token")
	forged := must[[]byte](t)(sdjwt.IssueCredential(doc, keyOf("mallory"), sdjwt.Options{Header: jose.Header{KeyID: u.method}, Disclosable: []string{"/name"}}))
	want(t, check(t, world(t), forged), Tampered, "issuer_key unknown not_run")
}

const typedIssuer, typedKeys = "https://uni.edu/issuer", "https://uni.edu/.well-known/jwt-vc-issuer/issuer"

// typed is a signed SD-JWT VC of https://uni.edu/issuer.
func typed(t testing.TB, change func(map[string]any)) []byte {
	t.Helper()
	claims := map[string]any{"iss": typedIssuer, "vct": "https://uni.edu/types/badge", "iat": now.Add(-time.Hour).Unix(), "exp": now.Add(time.Hour).Unix(),
		"achievement": map[string]any{"name": "Data analysis"}, "family_name": "Meier"}
	if change != nil {
		change(claims)
	}
	return must[[]byte](t)(sdjwt.IssueVC(must[[]byte](t)(json.Marshal(claims)), uni().key, sdjwt.Options{Header: jose.Header{KeyID: "k1"}, Disclosable: []string{"/family_name"}}))
}

// typedWorld is a network in which typed is in order.
func typedWorld(t testing.TB) *internet {
	t.Helper()
	set := jwks(t, uni().key.Public(), "k1")
	return &internet{pages: map[string]page{
		typedKeys:                  {body: []byte(`{"issuer":"` + typedIssuer + `","jwks_uri":"https://keys.example/set"}`), media: "application/json"},
		"https://keys.example/set": set,
		listAt:                     tokenList(t, 4711, 0, uni()),
	}}
}

// tokenList is a signed Status List Token of which entry i has the value.
func tokenList(t testing.TB, i, value int, signer issuer) page {
	t.Helper()
	lst := deflatedList(t, i, value)
	payload := must[[]byte](t)(json.Marshal(map[string]any{"sub": listAt, "iat": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix(),
		"status_list": map[string]any{"bits": 2, "lst": lst}}))
	return page{body: must[[]byte](t)(jose.Sign(payload, signer.key, jose.Header{KeyID: "k1", Type: "statuslist+jwt"})), media: "application/statuslist+jwt"}
}

func TestTypedTokens(t *testing.T) {
	withStatus := func(m map[string]any) {
		m["status"] = map[string]any{"status_list": map[string]any{"idx": 4711, "uri": listAt}}
	}
	rep := check(t, typedWorld(t), typed(t, nil))
	want(t, rep, Valid, "proof passed partly_shown", "issuer_key passed", "issuer_identity passed domain_account", "status not_applicable no_status", "schema not_applicable schema_not_checked")
	if rep.IssuerDomain != "uni.edu" || !rep.SharedHost || !json.Valid(rep.Credential) {
		t.Errorf("got %+v", rep)
	}
	want(t, check(t, typedWorld(t), shortened(t, typed(t, nil))), Valid)
	want(t, check(t, typedWorld(t), typed(t, func(m map[string]any) { m["exp"] = now.Add(-time.Hour).Unix() })), Expired)
	want(t, check(t, typedWorld(t), typed(t, func(m map[string]any) { delete(m, "iss") })), Unverifiable, "structure unknown unsupported")

	want(t, check(t, typedWorld(t), typed(t, withStatus)), Valid, "status passed")
	want(t, check(t, typedWorld(t).with(listAt, tokenList(t, 4711, 1, uni())), typed(t, withStatus)), Revoked, "status failed revoked")
	want(t, check(t, typedWorld(t).with(listAt, tokenList(t, 4711, 2, uni())), typed(t, withStatus)), Suspended, "status failed suspended")
	want(t, check(t, typedWorld(t).with(listAt, tokenList(t, 4711, 3, uni())), typed(t, withStatus)), Unverifiable, "status unknown unsupported")
	want(t, check(t, typedWorld(t).without(listAt), typed(t, withStatus)), Unverifiable, "status unknown unreachable")
	want(t, check(t, typedWorld(t).with(listAt, tokenList(t, 4711, 0, issuer{key: keyOf("mallory")})), typed(t, withStatus)), Unverifiable, "status unknown list_not_confirmed")

	// The metadata must be the issuer's.
	other := page{body: []byte(`{"issuer":"https://uni.edu/other","jwks_uri":"https://keys.example/set"}`), media: "application/json"}
	want(t, check(t, typedWorld(t).with(typedKeys, other), typed(t, nil)), Unverifiable, "issuer_key unknown issuer_document_invalid")
	want(t, check(t, typedWorld(t).with(typedKeys, page{status: 404}), typed(t, nil)), Unverifiable, "issuer_key unknown issuer_document_missing")
	stranger := jwks(t, keyOf("mallory").Public(), "k1")
	want(t, check(t, typedWorld(t).with("https://keys.example/set", stranger), typed(t, nil)), Tampered)
	jwk := must[[]byte](t)(multikey.PublicToJWK(keyOf("mallory").Public()))
	inline := page{body: []byte(`{"issuer":"` + typedIssuer + `","jwks":{"keys":[` + string(jwk) + `]}}`), media: "application/json"}
	want(t, check(t, typedWorld(t).with(typedKeys, inline), typed(t, nil)), NotIssuer, "issuer_key failed other_key")
}

// deflatedList is a Status List of entries of two bits, all 0 but entry i.
func deflatedList(t testing.TB, i, value int) string {
	t.Helper()
	bits := make([]byte, 2*131072/8)
	bits[i/4] |= byte(value) << (2 * (i % 4))
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write(bits); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(packed.Bytes())
}

// A holder shows an SD-JWT with a signature for one request; seen once, it is
// worth nothing to anybody else.
func TestHeldTokens(t *testing.T) {
	holder := keyOf("anna")
	claims := must[[]byte](t)(json.Marshal(map[string]any{"iss": typedIssuer, "vct": "https://uni.edu/types/badge", "family_name": "Meier"}))
	token := must[[]byte](t)(sdjwt.IssueVC(claims, uni().key, sdjwt.Options{Header: jose.Header{KeyID: "k1"}, Disclosable: []string{"/family_name"}, Holder: holder.Public()}))
	s := must[*sdjwt.SDJWT](t)(sdjwt.Parse(token))
	show := func(nonce, audience string, pointers ...string) []byte {
		return must[[]byte](t)(s.PresentTo(holder, sdjwt.Binding{Nonce: nonce, Audience: audience, Now: clock}, pointers...))
	}
	rep := shownTo(t, typedWorld(t), show(challenge, domain, "/family_name"))
	wantShown(t, rep, true, "proof passed", "holder_key passed", "challenge passed", "domain passed")
	if len(rep.Credentials) != 1 || rep.Credentials[0].Verdict != Valid {
		t.Errorf("got %+v", rep.Credentials)
	}
	wantShown(t, shownTo(t, typedWorld(t), show("another", domain)), false, "proof failed other_request")
	wantShown(t, shownTo(t, typedWorld(t), show(challenge, "another")), false, "proof failed other_request")
	wantShown(t, shownTo(t, typedWorld(t), token), false, "proof unknown not_signed")
	// The signature of one selection behind another.
	one, other := bytes.Split(show(challenge, domain, "/family_name"), []byte("~")), bytes.Split(show(challenge, domain), []byte("~"))
	other[len(other)-1] = one[len(one)-1]
	wantShown(t, shownTo(t, typedWorld(t), bytes.Join(other, []byte("~"))), false, "proof failed other_request")
	rep = (&Verifier{Get: typedWorld(t), Now: clock}).VerifyPresentation(t.Context(), show(challenge, domain), PresentationOptions{})
	wantShown(t, rep, false, "proof unknown not_asked")
	forged := must[[]byte](t)(sdjwt.IssueVC(claims, keyOf("mallory"), sdjwt.Options{Header: jose.Header{KeyID: "k1"}, Disclosable: []string{"/family_name"}, Holder: holder.Public()}))
	s = must[*sdjwt.SDJWT](t)(sdjwt.Parse(forged))
	wantShown(t, shownTo(t, typedWorld(t), show(challenge, domain)), false, "proof unknown not_run")
}

// The type of an SD-JWT VC is described at its address, which the issuer may have
// named with a digest.
func TestTypeMetadata(t *testing.T) {
	const vct = "https://uni.edu/types/badge"
	described := []byte(`{"vct":"` + vct + `","name":"Badge","claims":[{"path":["achievement"],"mandatory":true,"sd":"never"},{"path":["family_name"],"sd":"always"}]}`)
	net := typedWorld(t).with(vct, page{body: described, media: "application/json"})
	sri := func(m map[string]any) { m["vct#integrity"] = credential.NewDigest(described).SRI() }
	want(t, check(t, net, typed(t, nil)), Valid, "schema passed")
	want(t, check(t, net, typed(t, sri)), Valid, "schema passed")
	want(t, check(t, net, typed(t, func(m map[string]any) { delete(m, "achievement") })), Malformed, "schema failed breaks_open_badges_rules")
	changed := net.with(vct, page{body: bytes.Replace(described, []byte("Badge"), []byte("Other"), 1), media: "application/json"})
	want(t, check(t, changed, typed(t, sri)), Malformed, "schema failed breaks_open_badges_rules")
	want(t, check(t, net.without(vct), typed(t, sri)), Valid, "schema not_applicable schema_not_checked")
	want(t, check(t, net, typed(t, func(m map[string]any) { m["vct"] = "urn:example:badge" })), Valid, "schema not_applicable not_an_open_badge")
}
