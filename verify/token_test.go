package verify

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/cose"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/openbadge"
)

// token is the badge as a JWT.
func (i issuer) token(t testing.TB, b *openbadge.AchievementCredential, o jose.CredentialOptions) []byte {
	t.Helper()
	if o.KeyID == "" && !o.JWK { // which we do not write
		return must[[]byte](t)(jose.Sign(must[[]byte](t)(b.Document()), i.key, jose.Header{}))
	}
	return must[[]byte](t)(jose.SignCredential(must[[]byte](t)(b.Document()), i.key, o))
}

func TestTokensOfEveryForm(t *testing.T) {
	u := uni()
	for _, profile := range []jose.Profile{jose.OB3, jose.W3C} {
		token := u.token(t, u.badge(), jose.CredentialOptions{KeyID: u.method, Profile: profile})
		envelope := must[[]byte](t)(json.Marshal(jose.Envelope("application/vc+jwt", token)))
		for name, file := range map[string][]byte{
			"token":    token,
			"spaces":   append([]byte("\n "), append(token, '\n')...),
			"SVG":      must[[]byte](t)(baking.BakeSVG([]byte("<svg/>"), token)),
			"PNG":      must[[]byte](t)(baking.BakePNG(onePixel(t), token)),
			"envelope": envelope,
		} {
			rep := check(t, world(t), file)
			want(t, rep, Valid, "proof passed", "issuer_key passed", "issuer_identity passed domain", "status passed", "refresh passed")
			if rep.Badge == nil || rep.Badge.ID != "https://uni.edu/awards/1" || !json.Valid(rep.Credential) {
				t.Errorf("%s: the badge was not read: %s", name, rep.Credential)
			}
		}
	}
	message := must[[]byte](t)(cose.SignCredential(must[[]byte](t)(u.badge().Document()), u.key, u.method))
	want(t, check(t, world(t), message), Valid, "proof passed", "issuer_key passed")
	want(t, check(t, world(t), []byte(base64.StdEncoding.EncodeToString(message)+"\n")), Valid, "proof passed")
	want(t, check(t, world(t), []byte("0oR!")), Malformed, "structure failed not_a_credential")
	envelope := must[[]byte](t)(json.Marshal(map[string]any{"@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiableCredential",
		"id": "data:application/vc+cose;base64," + base64.StdEncoding.EncodeToString(message)}))
	want(t, check(t, world(t), envelope), Valid, "proof passed")
	forged := must[[]byte](t)(cose.SignCredential(must[[]byte](t)(u.badge().Document()), keyOf("mallory"), u.method))
	want(t, check(t, world(t), forged), Tampered, "issuer_key unknown not_run")
	want(t, check(t, world(t), message[:len(message)-1]), Malformed, "structure failed bad_token")

	// Nested: a record may hold tokens.
	held := u.token(t, u.simple(), jose.CredentialOptions{KeyID: u.method})
	record := u.record(t, must[[]byte](t)(json.Marshal(jose.Envelope("application/vc+jwt", held))))
	want(t, check(t, world(t), record), Valid, "contents passed")
}

// A kid may be a DID URL, its fragment, or missing where the issuer has one key.
func TestKeysOfTokens(t *testing.T) {
	u := uni()
	for _, kid := range []string{u.method, "#key-1", "key-1", ""} {
		want(t, check(t, world(t), u.token(t, u.simple(), jose.CredentialOptions{KeyID: kid})), Valid, "issuer_key passed")
	}
	want(t, check(t, world(t), u.token(t, u.simple(), jose.CredentialOptions{JWK: true})), Valid, "issuer_key passed")

	self := selfMade(t, "Village School")
	want(t, check(t, world(t), self.token(t, self.simple(), jose.CredentialOptions{KeyID: self.method})), IssuerUnconfirmed, "proof passed", "issuer_key passed")

	retired := world(t).with(uniDoc, u.document(t, func(m *did.Method) { m.Revoked = now.AddDate(-1, 0, 0) }))
	want(t, check(t, retired, u.token(t, u.simple(), jose.CredentialOptions{KeyID: u.method})), NotIssuer, "issuer_key failed key_retired")
	offline := (&Verifier{Now: clock}).Verify(t.Context(), u.token(t, u.simple(), jose.CredentialOptions{KeyID: u.method, JWK: true}))
	want(t, offline, Unverifiable, "proof passed", "issuer_key unknown offline")
}

// jwks is a JWK Set with the key.
func jwks(t testing.TB, key crypto.PublicKey, kid string) page {
	t.Helper()
	jwk := edited(t, must[[]byte](t)(multikey.PublicToJWK(key)), func(m map[string]any) { m["kid"] = kid })
	return page{body: []byte(`{"keys":[` + string(jwk) + `]}`), media: "application/json"}
}

// Open Badges 3.0 has issuers with a web address whose kid is an address too.
func TestKeysAtAddresses(t *testing.T) {
	const who, well = "https://badges.edu/issuers/9", "https://badges.edu/.well-known/jwks.json"
	i := issuer{who, "", "Nine", keyOf("nine")}
	set := func(t testing.TB, key crypto.PublicKey) page { return jwks(t, key, "k1") }
	one := page{body: must[[]byte](t)(multikey.PublicToJWK(i.key.Public())), media: "application/jwk+json"}
	profile := page{body: []byte(`{"id":"` + who + `","type":["Profile"],"name":"Nine"}`), media: "application/json"}
	net := &internet{pages: map[string]page{who: profile, who + "/keys/1": one, who + "/keys": set(t, i.key.Public()), well: set(t, i.key.Public()),
		"https://badges.edu/issuers/8/keys": set(t, i.key.Public()), "https://mallory.example/keys": set(t, i.key.Public())}}
	for kid, w := range map[string]string{
		who + "/keys/1":                                     "issuer_key passed",
		who + "/keys#k1":                                    "issuer_key passed",
		well + "#k1":                                        "issuer_key passed",
		who + "/keys#k2":                                    "issuer_key failed other_key",
		who + "/missing":                                    "issuer_key unknown unreachable",
		well + "?user=9#k1":                                 "issuer_key failed other_key",
		"https://badges.edu/issuers/8/keys#k1":              "issuer_key unknown key_elsewhere",
		"https://badges.edu/issuers/9/../8/keys#k1":         "issuer_key unknown key_elsewhere",
		"https://badges.edu/issuers/9%2f..%2f8/keys#k1":     "issuer_key unknown key_elsewhere",
		"https://mallory.example/keys#k1":                   "issuer_key failed other_key",
		"https://badges.edu@mallory.example/keys#k1":        "issuer_key failed other_key",
		"https://badges.edu.mallory.example/issuers/9/keys": "issuer_key failed other_key",
		"did:web:mallory.example#k1":                        "issuer_key unknown issuer_document_missing",
	} {
		rep := check(t, net, i.token(t, i.simple(), jose.CredentialOptions{KeyID: kid}))
		got := rep.Check(CheckIssuerKey)
		if s := strings.TrimSpace(got.ID + " " + string(got.Outcome) + " " + got.Code); s != w {
			t.Errorf("kid %s: got %s, want %s (%s)", kid, s, w, got.Reason)
		}
		if rep.Verdict == Valid != (got.Outcome == Passed) {
			t.Errorf("kid %s: %s", kid, rep.Verdict)
		}
	}
	rep := check(t, net, i.token(t, i.simple(), jose.CredentialOptions{KeyID: well + "#k1"}))
	if rep.IssuerDomain != "badges.edu" || !rep.SharedHost {
		t.Errorf("the issuer is %q, shared %t", rep.IssuerDomain, rep.SharedHost)
	}
	// The issuer's own document lists other keys: then no address counts.
	listed := page{body: []byte(`{"id":"` + who + `","verificationMethod":[{"id":"` + who + `#a","type":"Multikey","controller":"` + who + `","publicKeyMultibase":"` +
		must[string](t)(multikey.EncodePublic(keyOf("other").Public())) + `"}],"assertionMethod":["` + who + `#a"]}`), media: "application/json"}
	want(t, check(t, net.with(who, listed), i.token(t, i.simple(), jose.CredentialOptions{KeyID: well + "#k1"})), NotIssuer, "issuer_key failed other_key")
}

// On an issuer that is a whole host, no page below it is its own: students have
// home pages there.
func TestHomePagesAreNotTheHost(t *testing.T) {
	i := issuer{"https://uni.edu", "", "Uni", keyOf("student")}
	const home = "https://uni.edu/~mallory/key.json"
	net := &internet{pages: map[string]page{home: {body: must[[]byte](t)(multikey.PublicToJWK(i.key.Public())), media: "application/json"},
		"https://uni.edu": {body: []byte("<html>"), media: "text/html"}}}
	want(t, check(t, net, i.token(t, i.simple(), jose.CredentialOptions{KeyID: home})), Unverifiable, "issuer_key unknown key_elsewhere")
}

// The names of the attacks of the field, each by a stranger who wants to be
// uni.edu.
func TestForgedTokens(t *testing.T) {
	u := uni()
	mallory := issuer{u.id, u.method, u.name, keyOf("mallory")}
	own, ownMethod, err := did.KeyDID(mallory.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	net := world(t).with("https://mallory.example/.well-known/did.json", issuer{"did:web:mallory.example", "did:web:mallory.example#k", "M", mallory.key}.document(t, nil)).
		with("https://mallory.example/jwks", jwks(t, mallory.key.Public(), "k"))
	for name, o := range map[string]jose.CredentialOptions{
		"the issuer's kid":               {KeyID: u.method},
		"a header jwk":                   {JWK: true},
		"a header jwk beside the kid":    {JWK: true, KeyID: u.method},
		"an address as kid":              {KeyID: "https://mallory.example/jwks#k"},
		"a key in the fragment":          {KeyID: u.id + "#" + must[string](t)(multikey.EncodePublic(mallory.key.Public()))},
		"an own did:key":                 {KeyID: ownMethod},
		"an own DID document":            {KeyID: "did:web:mallory.example#k"},
		"no kid":                         {},
		"a path":                         {KeyID: "../../../../etc/passwd"},
		"a query":                        {KeyID: "x' UNION SELECT 'key"},
		"the DID of the key, as a whole": {KeyID: own},
	} {
		t.Run(name, func(t *testing.T) {
			rep := check(t, net, mallory.token(t, mallory.simple(), o))
			if rep.Verdict != NotIssuer && rep.Verdict != Tampered {
				t.Errorf("%s (%s)", rep.Verdict, rep.Text)
			}
			if rep.IssuerDomain != "" {
				t.Errorf("shown as %s", rep.IssuerDomain)
			}
		})
	}
}

// recoded returns token with header and payload replaced, signature as it was.
func recoded(t testing.TB, token []byte, header, payload func(map[string]any)) []byte {
	t.Helper()
	part := bytes.Split(token, []byte("."))
	for i, change := range []func(map[string]any){header, payload} {
		if change == nil {
			continue
		}
		text := must[[]byte](t)(base64.RawURLEncoding.DecodeString(string(part[i])))
		part[i] = []byte(base64.RawURLEncoding.EncodeToString(edited(t, text, change)))
	}
	return bytes.Join(part, []byte("."))
}

func TestChangedTokens(t *testing.T) {
	u := uni()
	good := u.token(t, u.simple(), jose.CredentialOptions{KeyID: u.method})
	alg := func(name string) func(map[string]any) { return func(h map[string]any) { h["alg"] = name } }
	want(t, check(t, world(t), recoded(t, good, nil, func(p map[string]any) { p["name"] = "Other" })), Tampered, "proof failed changed", "issuer_key unknown not_run")
	want(t, check(t, world(t), recoded(t, good, nil, func(p map[string]any) { p["iss"] = "did:web:other.edu" })), Malformed, "structure failed claims_disagree")
	want(t, check(t, world(t), recoded(t, good, nil, func(p map[string]any) { p["exp"] = 1 })), Malformed, "structure failed claims_disagree")
	for _, name := range []string{"none", "None", "HS256", "HS512", "PBES2-HS256+A128KW"} {
		want(t, check(t, world(t), recoded(t, good, alg(name), nil)), Malformed, "structure failed no_security")
	}
	want(t, check(t, world(t), recoded(t, good, alg("ES256"), nil)), Tampered)
	want(t, check(t, world(t), recoded(t, good, alg("XY99"), nil)), Unverifiable, "structure unknown unsupported")
	want(t, check(t, world(t), recoded(t, good, func(h map[string]any) { h["crit"] = []string{"b64"}; h["b64"] = false }, nil)), Unverifiable, "structure unknown unsupported")
	want(t, check(t, world(t), bytes.Repeat([]byte("eyJ."), 1<<18)), Malformed, "structure failed bad_token")
	want(t, check(t, world(t), append(bytes.Clone(good), "AA"...)), Tampered)
	want(t, check(t, world(t), []byte("eyJ"+strings.Repeat("a", maxToken))), Unverifiable, "structure unknown too_large")

	inner := must[[]byte](t)(json.Marshal(jose.Envelope("application/vc+jwt", good)))
	outer := must[[]byte](t)(jose.Sign(inner, u.key, jose.Header{KeyID: u.method, Type: "vc+jwt"}))
	want(t, check(t, world(t), outer), Malformed, "structure failed breaks_rules")
}

func TestDatesOfTokens(t *testing.T) {
	u := uni()
	doc := must[[]byte](t)(u.simple().Document())
	sign := func(claims map[string]any) []byte {
		payload := edited(t, doc, func(m map[string]any) {
			for name, v := range claims {
				m[name] = v
			}
		})
		return must[[]byte](t)(jose.Sign(payload, u.key, jose.Header{KeyID: u.method, Type: "vc+jwt"}))
	}
	want(t, check(t, world(t), sign(map[string]any{"iat": now.Unix(), "exp": now.Add(time.Hour).Unix()})), Valid)
	want(t, check(t, world(t), sign(map[string]any{"exp": now.Add(-time.Hour).Unix()})), Expired, "validity_period failed expired")
	want(t, check(t, world(t), sign(map[string]any{"iat": now.Add(time.Hour).Unix()})), Unverifiable, "proof unknown created_in_future")
	want(t, check(t, world(t), sign(map[string]any{"nbf": now.Add(time.Hour).Unix()})), Unverifiable, "proof unknown created_in_future")
}

// Keys of each kind that issuers publish.
func TestTokensByEveryAlgorithm(t *testing.T) {
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
		key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(curve, rand.Reader))
		u := uni()
		doc := must[[]byte](t)(did.NewWebDocument(u.id, did.Method{ID: u.method, Type: "Multikey", Controller: u.id, PublicKey: key.Public()}))
		net := world(t).with(uniDoc, page{body: doc, media: "application/did+json"})
		token := must[[]byte](t)(jose.SignCredential(must[[]byte](t)(u.simple().Document()), key, jose.CredentialOptions{KeyID: u.method, Profile: jose.OB3}))
		want(t, check(t, net, token), Valid, "proof passed")
		want(t, check(t, world(t), token), Tampered)
	}
}

func onePixel(t testing.TB) []byte {
	t.Helper()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	return picture.Bytes()
}
