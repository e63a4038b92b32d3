package verify

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocose "github.com/veraison/go-cose"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/sdjwt"
)

// manyKeys is a controller document with n methods of one key.
func manyKeys(n int, key string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"id":"https://big.example/i","verificationMethod":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"https://big.example/i#%d","type":"Multikey","controller":"https://big.example/i","publicKeyMultibase":"%s"}`, i, key)
	}
	b.WriteString(`],"assertionMethod":[]}`)
	return b.Bytes()
}

// A document that many credentials name is read once, and has a bound: the work
// is counted, so that it can be told from outside.
func TestAttackOneDocumentForMany(t *testing.T) {
	i := issuer{"https://big.example/i", "", "Big", keyOf("big")}
	key := must[string](t)(multikey.EncodePublic(i.key.Public()))
	var held [][]byte
	for n := range 200 {
		b := i.simple()
		b.ID = fmt.Sprintf("https://big.example/a/%d", n)
		held = append(held, must[[]byte](t)(json.Marshal(jose.Envelope("application/vc+jwt", i.token(t, b, jose.CredentialOptions{KeyID: "https://big.example/i#0"})))))
	}
	record := uni().record(t, held...)
	net := world(t).with(i.id, page{body: manyKeys(90, key), media: "application/json"})
	v := &Verifier{Get: net, Now: clock}
	r := v.start(t.Context())
	d, bad := r.open(record)
	if bad != nil {
		t.Fatal(bad.Reason)
	}
	before := r.work.units
	r.checks(d)
	if n := len(r.memo.controllers); n != 1 {
		t.Errorf("%d documents were read", n)
	}
	if spent := before - r.work.units; spent < 200*insideCost {
		t.Errorf("200 tokens cost only %d", spent)
	}
	// More keys than anybody has are none.
	net = world(t).with(i.id, page{body: manyKeys(maxMethods+1, key), media: "application/json"})
	want(t, check(t, net, i.token(t, i.simple(), jose.CredentialOptions{KeyID: "https://big.example/i#0"})), Unverifiable, "issuer_key unknown issuer_document_invalid")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	rep := v.Verify(ended, record)
	for _, p := range rep.Contents {
		if p.Checks[0].Code != CodeUnreachable {
			t.Fatalf("went on without anybody waiting: %+v", p.Checks[0])
		}
	}
}

// Tokens cost their signatures: not as many fit into a record as text would
// allow.
func TestAttackManyTokens(t *testing.T) {
	r := (&Verifier{Now: clock}).start(t.Context())
	r.work.units = 3 * insideCost
	self := selfMade(t, "A")
	token := self.token(t, self.simple(), jose.CredentialOptions{KeyID: self.method})
	var last Part
	for range 10 {
		last = r.inside("", string(token))
	}
	if last.Checks[0].Code != CodeTooComplex {
		t.Errorf("got %+v", last.Checks[0])
	}
}

// Before Open Badges 2.0 profiles named no keys. A page of somebody else on the
// issuer's host is no key of the issuer.
func TestAttackKeysOfOldBadges(t *testing.T) {
	mallory := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	der := must[[]byte](t)(x509.MarshalPKIXPublicKey(&mallory.PublicKey))
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	nameless := bytes.Replace(oldWorld(t).pages[oldIssuer].body, []byte(`"publicKey"`), []byte(`"x"`), 1)
	for keyAt, body := range map[string]string{
		"https://uni.edu/~mallory/key.pem":      text,
		"https://uni.edu/old/echo?text=key":     text,
		"https://uni.edu/old/homework.html":     "<html><pre>" + text + "</pre>",
		"https://mallory@uni.edu/old/key.pem":   text,
		"https://uni.edu/old/../~mallory/k.pem": text,
	} {
		for _, profile := range [][]byte{oldWorld(t).pages[oldIssuer].body, nameless} {
			net := oldWorld(t).with(keyAt, page{body: []byte(body)}).with(oldIssuer, page{body: profile})
			badge := must[[]byte](t)(json.Marshal(map[string]any{"@context": "https://w3id.org/openbadges/v1", "type": "Assertion",
				"id": "urn:uuid:12345678-1234-4234-8234-123456789012", "uid": "666", "issuedOn": "2026-01-01T00:00:00Z",
				"recipient": map[string]any{"type": "email", "hashed": false, "identity": "mallory@example.com"},
				"badge":     map[string]any{"type": "BadgeClass", "id": "https://uni.edu/old/badges/99", "name": "PhD in everything", "issuer": oldIssuer},
				"verify":    map[string]any{"type": "signed", "url": keyAt}}))
			rep := check(t, net, must[[]byte](t)(jose.Sign(badge, mallory, jose.Header{})))
			if rep.Verdict == Valid || rep.Verdict == IssuerUnconfirmed || rep.IssuerDomain != "" {
				t.Errorf("%s: %s, shown as %s", keyAt, rep.Verdict, rep.IssuerDomain)
			}
		}
	}
	// Not even beside the profile: who may put files there is not known.
	net := oldWorld(t).with("https://uni.edu/old/k.pem", page{body: []byte(text)}).with(oldIssuer, page{body: nameless})
	badge := must[[]byte](t)(json.Marshal(map[string]any{"@context": "https://w3id.org/openbadges/v1", "type": "Assertion", "id": "urn:uuid:12345678-1234-4234-8234-123456789012",
		"uid": "1", "issuedOn": "2026-01-01T00:00:00Z", "recipient": map[string]any{"type": "email", "hashed": false, "identity": "anna@example.com"},
		"badge": oldBadge, "verify": map[string]any{"type": "signed", "url": "https://uni.edu/old/k.pem"}}))
	want(t, check(t, net, must[[]byte](t)(jose.Sign(badge, mallory, jose.Header{}))), Unverifiable, "issuer_key unknown other_key")
}

// A hosted badge at an address that a program answers is whatever that is asked.
func TestAttackEchoedBadge(t *testing.T) {
	a := oldAssertion()
	a.ID = "https://uni.edu/echo?json=whatever"
	doc := must[[]byte](t)(a.Document())
	rep := check(t, oldWorld(t).with(a.ID, page{body: doc}), doc)
	want(t, rep, IssuerUnconfirmed, "issuer_identity unknown unsupported")
	// What is told of a hosted badge is what its issuer has, not what was shown.
	shown := edited(t, must[[]byte](t)(oldAssertion().Document()), func(m map[string]any) { m["narrative"] = "The best ever." })
	rep = check(t, oldWorld(t), shown)
	if bytes.Contains(rep.Credential, []byte("best ever")) {
		t.Errorf("%s: %s", rep.Verdict, rep.Credential)
	}
}

// The same statements, with a type written as its address: what is checked must
// not depend on the spelling.
func TestAttackTypeSpelling(t *testing.T) {
	forged := issuer{uniDID, uniDID + "#key-1", "Example University", keyOf("mallory")}
	record := uni().record(t, forged.numbered(t, 2, nil))
	want(t, check(t, world(t), record), Unverifiable, "contents failed contents_fail")
	spelt := []byte(strings.Replace(string(record), `"ClrCredential"`, `"https://purl.imsglobal.org/spec/vc/clr/vocab.html#ClrCredential"`, 1))
	want(t, check(t, world(t), spelt), Unverifiable, "proof unknown ambiguous_form")
	badge := []byte(strings.Replace(string(uni().signed(t, uni().simple())), `"OpenBadgeCredential"`, `"https://purl.imsglobal.org/spec/vc/ob/vocab.html#OpenBadgeCredential"`, 1))
	want(t, check(t, world(t), badge), Unverifiable, "proof unknown ambiguous_form")
	inner := []byte(strings.Replace(string(record), `"type":["ClrSubject"]`, `"type":["https://purl.imsglobal.org/spec/vc/clr/vocab.html#ClrSubject"]`, 1))
	if rep := check(t, world(t), inner); rep.Verdict == Valid {
		t.Errorf("%s: %+v", rep.Verdict, rep.Checks)
	}
}

// The end of a token counts in every profile, and so does its claim "status".
func TestAttackClaimsOfTokens(t *testing.T) {
	u := uni()
	plain := edited(t, must[[]byte](t)(u.simple().Document()), func(m map[string]any) { delete(m, "validUntil") })
	sign := func(typ string, claims map[string]any) []byte {
		payload := edited(t, plain, func(m map[string]any) {
			for name, v := range claims {
				m[name] = v
			}
		})
		return must[[]byte](t)(jose.Sign(payload, u.key, jose.Header{KeyID: u.method, Type: typ}))
	}
	for _, typ := range []string{"", "JWT", "vc+jwt"} {
		want(t, check(t, world(t), sign(typ, map[string]any{"exp": now.AddDate(-1, 0, 0).Unix()})), Expired, "validity_period failed expired")
		status := map[string]any{"status": map[string]any{"status_list": map[string]any{"idx": 4711, "uri": listAt}}}
		for value, verdict := range map[int]Verdict{0: Valid, 1: Revoked} {
			list := tokenList(t, 4711, value, issuer{key: u.key})
			signed := must[*jose.JWS](t)(jose.Parse(list.body))
			list.body = must[[]byte](t)(jose.Sign(signed.Payload, u.key, jose.Header{KeyID: u.method, Type: "statuslist+jwt"}))
			want(t, check(t, world(t).with(listAt, list), sign(typ, status)), verdict)
		}
		want(t, check(t, world(t), sign(typ, map[string]any{"status": "good"})), Unverifiable, "status unknown unsupported")
	}
}

// One token that is two kinds of credential would be read as either.
func TestAttackTwoKindsInOne(t *testing.T) {
	u := uni()
	both := edited(t, must[[]byte](t)(u.simple().Document()), func(m map[string]any) {
		m["vct"], m["iss"] = "https://uni.edu/types/badge", typedIssuer
		m["validUntil"] = now.AddDate(-1, 0, 0).Format("2006-01-02T15:04:05Z")
	})
	for _, typ := range []string{"dc+sd-jwt", "vc+sd-jwt"} {
		token := must[[]byte](t)(sdjwt.Issue(both, u.key, sdjwt.Options{Header: jose.Header{KeyID: "k1", Type: typ}}))
		if rep := check(t, typedWorld(t), token); rep.Verdict != Malformed {
			t.Errorf("%s: %s (%s)", typ, rep.Verdict, rep.Text)
		}
	}
}

// Good tokens are not called forged: a key without a name is not the one that a
// token without a name means, and a kind of key that we cannot read says nothing.
func TestGoodTokensAreNotForged(t *testing.T) {
	i := issuer{"https://badges.edu/issuers/9", "", "Nine", keyOf("nine")}
	jwk := func(key crypto.PublicKey) string { return string(must[[]byte](t)(multikey.PublicToJWK(key))) }
	method := func(n int, key string) string {
		return fmt.Sprintf(`{"id":"%s#%d","type":"JsonWebKey","controller":"%s","publicKeyJwk":%s}`, i.id, n, i.id, key)
	}
	document := func(methods ...string) *internet {
		ids := make([]string, len(methods))
		for n := range methods {
			ids[n] = fmt.Sprintf("%q", fmt.Sprintf("%s#%d", i.id, n))
		}
		return &internet{pages: map[string]page{i.id: {media: "application/json", body: []byte(`{"id":"` + i.id + `","verificationMethod":[` + strings.Join(methods, ",") +
			`],"assertionMethod":[` + strings.Join(ids, ",") + `]}`)}}}
	}
	other := method(0, jwk(keyOf("other").Public()))
	two := document(other, method(1, jwk(i.key.Public())))
	want(t, check(t, two, i.token(t, i.simple(), jose.CredentialOptions{})), Valid, "issuer_key passed")
	thumb := must[string](t)(multikey.Thumbprint(i.key.Public()))
	for _, kid := range []string{thumb, "urn:ietf:params:oauth:jwk-thumbprint:sha-256:" + thumb, "badges:2026"} {
		want(t, check(t, two, i.token(t, i.simple(), jose.CredentialOptions{KeyID: kid})), Valid, "issuer_key passed")
	}

	strange := document(`{"id":"` + i.id + `#0","type":"Ed25519VerificationKey2018","controller":"` + i.id + `","publicKeyBase58":"x"}`)
	want(t, check(t, strange, i.token(t, i.simple(), jose.CredentialOptions{KeyID: i.id + "#0"})), Unverifiable, "issuer_key unknown unsupported")
	var many []string
	for n := range maxKeys + 1 {
		many = append(many, method(n, jwk(keyOf(fmt.Sprint("k", n)).Public())))
	}
	want(t, check(t, document(many...), i.token(t, i.simple(), jose.CredentialOptions{})), Unverifiable, "issuer_key unknown unsupported")
}

// Anna's badge is bound to her key. Mallory puts it into a presentation of his own.
func TestAttackBoundByOther(t *testing.T) {
	anna, mallory := selfMade(t, ""), issuer{key: keyOf("mallory")}
	var err error
	if mallory.id, mallory.method, err = did.KeyDID(mallory.key.Public()); err != nil {
		t.Fatal(err)
	}
	jwk := must[[]byte](t)(multikey.PublicToJWK(anna.key.Public()))
	bound := typed(t, func(m map[string]any) { m["cnf"] = map[string]any{"jwk": json.RawMessage(jwk)} })
	enveloped := must[[]byte](t)(json.Marshal(jose.Envelope("application/dc+sd-jwt", bound)))
	answer := proof.SignOptions{Challenge: challenge, Domain: domain}
	wantShown(t, shownTo(t, typedWorld(t), mallory.present(t, answer, enveloped)), false, "proof passed", "holder_key passed", "binding failed other_holder")
	wantShown(t, shownTo(t, typedWorld(t), anna.present(t, answer, enveloped)), true, "binding passed other_subject")
	for name, cnf := range map[string]any{"jwk": map[string]any{"jwk": json.RawMessage(jwk)}, "strange": "x"} {
		payload := edited(t, must[[]byte](t)(uni().simple().Document()), func(m map[string]any) { m["cnf"] = cnf })
		vcjwt := must[[]byte](t)(jose.Sign(payload, uni().key, jose.Header{KeyID: uni().method, Type: "vc+jwt"}))
		enveloped := must[[]byte](t)(json.Marshal(jose.Envelope("application/vc+jwt", vcjwt)))
		code := map[string]string{"jwk": "binding failed other_holder", "strange": "binding unknown no_key"}[name]
		wantShown(t, shownTo(t, world(t), mallory.present(t, answer, enveloped)), false, code)
	}
	strange := typed(t, func(m map[string]any) { m["cnf"] = map[string]any{"kid": "x"} })
	enveloped = must[[]byte](t)(json.Marshal(jose.Envelope("application/dc+sd-jwt", strange)))
	wantShown(t, shownTo(t, typedWorld(t), anna.present(t, answer, enveloped)), false, "binding unknown no_key")
	// Outside of a presentation it is told that nobody looked.
	for _, file := range [][]byte{bound, strange} {
		if rep := check(t, typedWorld(t), file); !slices.Contains(rep.Notes, noteBound) {
			t.Errorf("got %q", rep.Notes)
		}
	}
	own := uni().simple()
	own.Subject.ID = anna.id
	wantShown(t, shownTo(t, world(t), anna.present(t, answer, uni().signed(t, own))), true, "binding not_applicable not_bound")
}

// A holder withholds the end and the withdrawal, where a careless issuer let them.
func TestAttackWithheld(t *testing.T) {
	u := uni()
	late := u.badge()
	late.ValidUntil = now.AddDate(0, -1, 0)
	claims := must[[]byte](t)(late.Document())
	token := must[[]byte](t)(sdjwt.Issue(claims, u.key, sdjwt.Options{Header: jose.Header{KeyID: u.method, Type: "vc+sd-jwt"}, Disclosable: []string{"/validUntil", "/credentialStatus"}}))
	want(t, check(t, world(t), token), Expired)
	want(t, check(t, world(t), shortened(t, token, "/credentialStatus")), Unverifiable, "validity_period unknown partly_shown")
	want(t, check(t, world(t), shortened(t, token)), Unverifiable, "status unknown partly_shown", "validity_period unknown partly_shown")

	// One place of several.
	some := must[[]byte](t)(sdjwt.Issue(must[[]byte](t)(u.badge().Document()), u.key, sdjwt.Options{Header: jose.Header{KeyID: u.method, Type: "vc+sd-jwt"}, Disclosable: []string{"/credentialStatus/0"}}))
	revoked := world(t).with(revocation, u.list(t, revocation, "revocation", true, nil))
	want(t, check(t, revoked, shortened(t, some)), Unverifiable, "status unknown partly_shown")

	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	net := uniWith(t, key.Public())
	base := must[[]byte](t)(proof.Sign(must[[]byte](t)(late.Document()), key, proof.SignOptions{Cryptosuite: "ecdsa-sd-2023", Method: u.method, Created: now.Add(-time.Hour),
		MandatoryPointers: []string{"/issuer", "/credentialSubject", "/validFrom", "/name"}}))
	derived := must[[]byte](t)(proof.Derive(base, []string{"/name"}, proof.DeriveOptions{}))
	rep := check(t, net, derived) // which nothing in it tells from one without an end
	want(t, rep, Valid, "proof passed partly_shown", "status not_applicable partly_shown", "validity_period passed partly_shown")
}

// The end of a COSE message may stand among its CWT claims.
func TestAttackEndAmongCWTClaims(t *testing.T) {
	u := uni()
	sign := func(claims map[any]any) []byte {
		m := gocose.NewSign1Message()
		m.Payload = must[[]byte](t)(u.simple().Document())
		m.Headers.Protected = gocose.ProtectedHeader{
			gocose.HeaderLabelAlgorithm: gocose.AlgorithmEdDSA, gocose.HeaderLabelKeyID: []byte(u.method),
			gocose.HeaderLabelType: "application/vc+cose", gocose.HeaderLabelContentType: "application/vc", gocose.HeaderLabelCWTClaims: claims,
		}
		signer := must[gocose.Signer](t)(gocose.NewSigner(gocose.AlgorithmEdDSA, u.key))
		if err := m.Sign(rand.Reader, nil, signer); err != nil {
			t.Fatal(err)
		}
		return must[[]byte](t)(m.MarshalCBOR())
	}
	want(t, check(t, world(t), sign(map[any]any{int64(1): u.id, int64(4): now.AddDate(1, 0, 0).Unix()})), Valid)
	want(t, check(t, world(t), sign(map[any]any{int64(4): now.AddDate(-1, 0, 0).Unix()})), Expired, "validity_period failed expired")
	want(t, check(t, world(t), sign(map[any]any{int64(5): now.AddDate(1, 0, 0).Unix()})), Unverifiable, "proof unknown created_in_future")
	want(t, check(t, world(t), sign(map[any]any{int64(4): "never"})), Malformed, "structure failed bad_token")
}

// Both words for a badge are one type in newer contexts, so either is right.
func TestEitherWordForABadge(t *testing.T) {
	b := uni().simple()
	b.Types = []string{"VerifiableCredential", openbadge.TypeAchievement}
	want(t, check(t, world(t), uni().sign(t, must[[]byte](t)(b.MarshalJSON()))), Valid, "proof passed", "schema passed")
}

// What nobody has looked at costs when it is read, each time, or is read once.
func TestAttackReadAgain(t *testing.T) {
	big := oldWorld(t).with(oldIssuer, page{body: edited(t, oldWorld(t).pages[oldIssuer].body, func(m map[string]any) {
		m["description"] = strings.Repeat("x", 500_000)
	})})
	r := (&Verifier{Get: big, Now: clock}).start(t.Context())
	r.work.units = recordWork
	token := must[[]byte](t)(oldAssertion().Sign(oldRSA(), oldKey))
	before := r.work.units
	r.inside("", string(token))
	if spent := before - r.work.units; spent < 500_000/64 {
		t.Errorf("a profile of 500 kB costs %d", spent)
	}
	// A list that cannot be read is not read again.
	net := world(t).with(revocation, page{body: []byte("[" + strings.Repeat("1,", 1000) + "1]"), media: "application/json"})
	r = (&Verifier{Get: net, Now: clock}).start(t.Context())
	r.work.units = recordWork
	badge := string(must[[]byte](t)(json.Marshal(json.RawMessage(uni().signed(t, uni().badge())))))
	var tree map[string]any
	if err := json.Unmarshal([]byte(badge), &tree); err != nil {
		t.Fatal(err)
	}
	r.inside("", tree)
	first := r.work.units
	r.inside("", tree)
	again := first - r.work.units
	if len(r.memo.unlisted) != 1 || again > first {
		t.Errorf("%d lists are remembered; %d units", len(r.memo.unlisted), again)
	}
}
