package proof

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/shape"
)

const graded = `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],` +
	`"id":"urn:uuid:91537dba-56cb-11ec-bf63-0242ac130002","type":["VerifiableCredential","OpenBadgeCredential"],` +
	`"name":"Team\u0077ork \u00e9 _:c14n0","issuer":{"id":"did:web:uni.edu","type":["Profile"],"name":"Uni"},"validFrom":"2026-01-01T00:00:00Z",` +
	`"credentialSubject":{"id":"did:example:ebfeb1f712ebc6f1c276e12ec21","type":["AchievementSubject"],"creditsEarned":1.5,` +
	`"result":[{"type":["Result"],"resultDescription":"urn:uuid:8b1ff7f0-0bd1-4d0a-a5b2-9d6a1e0a3a10","value":"A"},{"type":["Result"],"value":"<90>"},{"type":["Result"],"value":"<90>"}],` +
	`"achievement":{"id":"https://uni.edu/a/1","type":["Achievement"],"name":"Teamwork","description":"x","criteria":{"narrative":"y"},` +
	`"resultDescription":[{"id":"urn:uuid:8b1ff7f0-0bd1-4d0a-a5b2-9d6a1e0a3a10","type":["ResultDescription"],"name":"Grade","resultType":"LetterGrade","allowedValue":["A","B","B"]}]}}}`

const gradedHead = `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],` +
	`"id":"urn:uuid:91537dba-56cb-11ec-bf63-0242ac130002","type":["VerifiableCredential","OpenBadgeCredential"],`

func p256Key(t testing.TB, name string) *ecdsa.PrivateKey {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signSD(t testing.TB, doc string, contexts *jsonld.Contexts, mandatory ...string) []byte {
	t.Helper()
	signed, err := Sign([]byte(doc), p256Key(t, "issuer"), SignOptions{
		Method: method, Created: created, Cryptosuite: ecdsaSD2023, MandatoryPointers: append([]string{}, mandatory...), Contexts: contexts,
	})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func derive(t testing.TB, signed []byte, pointers ...string) []byte {
	t.Helper()
	derived, err := Derive(signed, pointers, DeriveOptions{Key: p256Key(t, "issuer").Public()})
	if err != nil {
		t.Fatal(err)
	}
	return derived
}

// withoutProof is a document's text up to its proof, which is its last member.
func withoutProof(t testing.TB, doc []byte) string {
	t.Helper()
	text, _, ok := strings.Cut(string(doc), `,"proof":`)
	if !ok {
		t.Fatalf("no proof in %s", doc)
	}
	return text + "}"
}

// forged is a derived document with another proofValue.
func forged(t testing.TB, derived []byte, change func(v *derivedValue)) []byte {
	t.Helper()
	_, proofs, err := Split(decode(t, derived))
	if err != nil {
		t.Fatal(err)
	}
	v, err := parseDerived(proofs[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	change(v)
	return bytes.Replace(derived, []byte(proofs[0].Value), []byte(v.encode()), 1)
}

// TestSDForgedValues: a holder can change nothing in a derived proofValue.
func TestSDForgedValues(t *testing.T) {
	signed := signSD(t, graded, nil, "/issuer", "/validFrom")
	derived := derive(t, signed, "/credentialSubject/result", "/credentialSubject/creditsEarned")
	another := p256Key(t, "another")
	anothers, err := multikeyBytes(another.Public())
	if err != nil {
		t.Fatal(err)
	}
	key := p256Key(t, "issuer").Public()
	for name, change := range map[string]func(v *derivedValue){
		"no signatures":        func(v *derivedValue) { v.signatures = nil },
		"one signature less":   func(v *derivedValue) { v.signatures = v.signatures[1:] },
		"one signature more":   func(v *derivedValue) { v.signatures = append(v.signatures, v.signatures[0]) },
		"signatures swapped":   func(v *derivedValue) { v.signatures[0], v.signatures[1] = v.signatures[1], v.signatures[0] },
		"a signature of zeros": func(v *derivedValue) { v.signatures[2] = make([]byte, 64) },
		"a bit of a signature": func(v *derivedValue) { v.signatures[3][9] ^= 1 },
		"issuer's of zeros":    func(v *derivedValue) { v.signature = make([]byte, 64) },
		"issuer's for another": func(v *derivedValue) { v.signature = v.signatures[0] },
		"another's key":        func(v *derivedValue) { v.publicKey = anothers },
		"no key":               func(v *derivedValue) { v.publicKey = make([]byte, 35) },
		"no mandatory":         func(v *derivedValue) { v.mandatory = nil },
		"one mandatory less":   func(v *derivedValue) { v.mandatory = v.mandatory[1:] },
		"mandatory and signed": func(v *derivedValue) {
			v.mandatory = v.mandatory[1:]
			v.signatures = append(v.signatures, v.signatures[0])
		},
		"another mandatory":      func(v *derivedValue) { v.mandatory[len(v.mandatory)-1]++ },
		"mandatory out of range": func(v *derivedValue) { v.mandatory[len(v.mandatory)-1] = 1 << 40 },
		"mandatory one too far":  func(v *derivedValue) { v.mandatory[len(v.mandatory)-1] = uint64(len(v.mandatory) + len(v.signatures)) },
		"mandatory not in order": func(v *derivedValue) { slices.Reverse(v.mandatory) },
		"mandatory twice":        func(v *derivedValue) { v.mandatory = append([]uint64{v.mandatory[0]}, v.mandatory...) },
		"all mandatory": func(v *derivedValue) {
			v.mandatory = slices.Collect(upTo(len(v.mandatory) + len(v.signatures)))
			v.signatures = nil
		},
		"no labels":               func(v *derivedValue) { v.labels = nil },
		"one label less":          func(v *derivedValue) { delete(v.labels, 0) },
		"one label more":          func(v *derivedValue) { v.labels[uint64(len(v.labels))] = make([]byte, 32) },
		"another label more":      func(v *derivedValue) { v.labels[1<<50] = make([]byte, 32) },
		"labels swapped":          func(v *derivedValue) { swapUnlike(t, v) },
		"two nodes with one name": func(v *derivedValue) { v.labels[0] = v.labels[1] },
		"a bit of a name":         func(v *derivedValue) { v.labels[0] = bytes.Clone(v.labels[0]); v.labels[0][31] ^= 1 },
	} {
		changed := forged(t, derived, change)
		if bytes.Equal(changed, derived) {
			t.Errorf("%s: nothing changed", name)
		}
		err := verifyAll(changed, key, VerifyOptions{})
		if !errors.Is(err, ErrBadSignature) && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := verifyAll(forged(t, derived, func(*derivedValue) {}), key, VerifyOptions{}); err != nil {
		t.Errorf("unchanged: %v", err)
	}
	// Signatures by a key of the forger's own, over statements of his own.
	mine := forged(t, bytes.Replace(derived, []byte(`"creditsEarned":1.5`), []byte(`"creditsEarned":9.5`), 1), func(v *derivedValue) {
		task, _ := sdTask(t, bytes.Replace(derived, []byte(`"creditsEarned":1.5`), []byte(`"creditsEarned":9.5`), 1), nil)
		_, lines, err := sdStatements(task, v)
		if err != nil {
			t.Fatal(err)
		}
		v.publicKey = anothers
		for i, line := range lines {
			if v.signatures[i], err = rawSignature(another, []byte(line), false); err != nil {
				t.Fatal(err)
			}
		}
	})
	if err := verifyAll(mine, key, VerifyOptions{}); !errors.Is(err, ErrBadSignature) {
		t.Errorf("the forger's own key: %v", err)
	}
}

func upTo(n int) func(yield func(uint64) bool) {
	return func(yield func(uint64) bool) {
		for i := range n {
			if !yield(uint64(i)) {
				return
			}
		}
	}
}

// swapUnlike changes the names round until that is another document: equal nodes
// may change theirs.
func swapUnlike(t testing.TB, v *derivedValue) {
	t.Helper()
	names := slices.Collect(maps.Values(v.labels))
	if len(names) < 3 {
		t.Fatal("too few blank nodes")
	}
	first := v.labels[0]
	for n := range uint64(len(v.labels) - 1) {
		v.labels[n] = v.labels[n+1]
	}
	v.labels[uint64(len(v.labels)-1)] = first
}

// TestSDForgedDocuments: nothing of a derived document can be changed, added or
// taken away, and the proof options cannot either.
func TestSDForgedDocuments(t *testing.T) {
	signed := signSD(t, graded, nil, "/issuer", "/validFrom")
	derived := string(derive(t, signed, "/credentialSubject/result", "/credentialSubject/creditsEarned"))
	key := p256Key(t, "issuer").Public()
	for _, change := range [][2]string{
		{`"creditsEarned":1.5`, `"creditsEarned":2.5`},
		{`"creditsEarned":1.5`, `"creditsEarned":"1.5"`},
		{`"creditsEarned":1.5,`, ``},
		{`"creditsEarned":1.5`, `"creditsEarned":1.5,"role":"x"`},
		{`"creditsEarned":1.5`, `"creditsEarned":[1.5,2.5]`},
		{`"name":"Uni"`, `"name":"Unj"`},
		{`,"name":"Uni"`, ``},
		{`"did:web:uni.edu"`, `"did:web:evil.example"`},
		{`"type":["VerifiableCredential","OpenBadgeCredential"]`, `"type":["VerifiableCredential"]`},
		{`"type":["VerifiableCredential","OpenBadgeCredential"]`, `"type":["VerifiableCredential","OpenBadgeCredential","EndorsementCredential"]`},
		{`"type":["AchievementSubject"]`, `"type":["EndorsementSubject"]`},
		{`"id":"did:example:ebfeb1f712ebc6f1c276e12ec21"`, `"id":"did:example:evil"`},
		{`"id":"did:example:ebfeb1f712ebc6f1c276e12ec21",`, ``},
		{`https://www.w3.org/ns/credentials/v2`, `https://www.w3.org/2018/credentials/v1`},
		{`,"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"`, ``},
		{`3.0.3.json`, `9.9.9.json`},
		// A result made into two, each with a part of what is true of it.
		{`{"type":["Result"],"resultDescription"`, `{"type":["Result"]},{"resultDescription"`},
		// Two equal results made into one, and into three.
		{`{"type":["Result"],"value":"<90>"},{"type":["Result"],"value":"<90>"}`, `{"type":["Result"],"value":"<90>"}`},
		{`{"type":["Result"],"value":"<90>"},`, `{"type":["Result"],"value":"<90>"},{"type":["Result"],"value":"<90>"},`},
		{`"validFrom":"2026-01-01T00:00:00Z"`, `"validFrom":"2026-01-01T00:00:00Z","validUntil":"2099-01-01T00:00:00Z"`},
		{`"created":"2026`, `"created":"2027`},
		{`"proofPurpose":"assertionMethod"`, `"proofPurpose":"authentication"`},
		{`did:web:uni.edu#key-1`, `did:web:uni.edu#key-2`},
		{`"proofPurpose"`, `"domain":"x","proofPurpose"`},
		{`"proofPurpose"`, `"previousProof":"urn:x","proofPurpose"`},
		{`"cryptosuite":"ecdsa-sd-2023"`, `"cryptosuite":"ecdsa-rdfc-2019"`},
		{`"type":"DataIntegrityProof"`, `"type":"Ed25519Signature2020"`},
		{`"proofValue":"u`, `"proofValue":"z`},
		{`"proofValue":"u2V0B`, `"proofValue":"u2V0A`},
		{`"proofValue":"u2V0B`, `"proofValue":"u`},
		{`"proofValue":"u`, `"proofValue":"`},
		{`"proofValue":"u2`, `"proofValue":"u2\n`},
		{`"verificationMethod":"did:web:uni.edu#key-1",`, ``},
		{`"proofPurpose":"assertionMethod",`, ``},
		{`"created":"2026-`, `"created":"2026 `},
	} {
		changed := strings.Replace(derived, change[0], change[1], 1)
		if changed == derived {
			t.Fatalf("%q is not in %s", change[0], derived)
		}
		if err := verifyAll([]byte(changed), key, VerifyOptions{}); err == nil {
			t.Errorf("%q for %q: accepted", change[1], change[0])
		}
	}
	// The statements of one credential do not fit another of the same issuer.
	other := strings.Replace(graded, `"value":"A"`, `"value":"F"`, 1)
	otherDerived := string(derive(t, signSD(t, other, nil, "/issuer", "/validFrom"), "/credentialSubject/result", "/credentialSubject/creditsEarned"))
	_, own, _ := strings.Cut(derived, `,"proof":`)
	_, others, _ := strings.Cut(otherDerived, `,"proof":`)
	if err := verifyAll([]byte(strings.Replace(otherDerived, others, own, 1)), key, VerifyOptions{}); !errors.Is(err, ErrBadSignature) {
		t.Errorf("another credential's proof: %v", err)
	}
	for name, k := range map[string]crypto.PublicKey{"Ed25519": testKey("issuer").Public(), "P-384": mustKey(t, elliptic.P384())} {
		if err := verifyAll([]byte(derived), k, VerifyOptions{}); !errors.Is(err, ErrBadSignature) || !strings.Contains(err.Error(), "needs an ECDSA key on P-256, and this is") {
			t.Errorf("%s key: %v", name, err)
		}
	}
}

// mustKey is some key on a curve.
func mustKey(t testing.TB, curve elliptic.Curve) crypto.PublicKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, nil)
	if err != nil {
		t.Fatal(err)
	}
	return key.Public()
}

// TestSDEveryCharacter changes each character of a derived document.
func TestSDEveryCharacter(t *testing.T) {
	derived := derive(t, signSD(t, graded, nil, "/issuer"), "/credentialSubject/creditsEarned")
	key := p256Key(t, "issuer").Public()
	for i, c := range derived {
		changed := bytes.Clone(derived)
		if changed[i] = 'x'; c == 'x' {
			changed[i] = 'y'
		}
		if verifyAll(changed, key, VerifyOptions{}) == nil {
			t.Errorf("accepted with a change at %d: %s", i, changed)
		}
	}
}

func TestSDSignRefuses(t *testing.T) {
	key := p256Key(t, "issuer")
	good := SignOptions{Method: method, Cryptosuite: ecdsaSD2023}
	first, err := Sign([]byte(graded), key, SignOptions{Method: method, ID: "urn:p"})
	if err != nil {
		t.Fatal(err)
	}
	chained := good
	chained.Previous = []string{"urn:p"}
	if _, err := Sign(first, key, chained); !errors.Is(err, ErrUnsupported) {
		t.Errorf("on another proof: %v", err)
	}
	if _, err := Sign([]byte(graded), testKey("issuer"), good); !errors.Is(err, ErrUnsupported) {
		t.Errorf("Ed25519 key: %v", err)
	}
	seed := sha256.Sum256([]byte("x"))
	p384, err := ecdsa.ParseRawPrivateKey(elliptic.P384(), append(seed[:], seed[:16]...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Sign([]byte(graded), p384, good); !errors.Is(err, ErrUnsupported) {
		t.Errorf("P-384 key: %v", err)
	}
	var unknown *jsonld.UnknownTermError
	if _, err := Sign([]byte(strings.Replace(graded, `"creditsEarned"`, `"nickname"`, 1)), key, good); !errors.As(err, &unknown) {
		t.Errorf("unknown term: %v", err)
	}
}

// TestSDUsualMandatory: an issuer who names nothing still keeps revoked and
// expired credentials from looking good.
func TestSDUsualMandatory(t *testing.T) {
	doc := strings.Replace(graded, `"credentialSubject":`, `"validUntil":"2027-01-01T00:00:00Z","credentialStatus":{"id":"https://uni.edu/status/3#7","type":"BitstringStatusListEntry",`+
		`"statusPurpose":"revocation","statusListIndex":"7","statusListCredential":"https://uni.edu/status/3"},"credentialSubject":`, 1)
	key := p256Key(t, "issuer")
	signed, err := Sign([]byte(doc), key, SignOptions{Method: method, Cryptosuite: ecdsaSD2023})
	if err != nil {
		t.Fatal(err)
	}
	derived := string(derive(t, signed, "/name"))
	for _, part := range []string{`"validUntil":"2027-01-01T00:00:00Z"`, `"statusListIndex":"7"`, `"issuer":{"id":"did:web:uni.edu"`, `"validFrom"`} {
		if !strings.Contains(derived, part) {
			t.Errorf("%s is not in %s", part, derived)
		}
	}
	if strings.Contains(derived, "creditsEarned") {
		t.Errorf("everything is in %s", derived)
	}
	if err := verifyAll([]byte(strings.Replace(derived, `"validUntil":"2027-01-01T00:00:00Z",`, ``, 1)), key.Public(), VerifyOptions{}); !errors.Is(err, ErrBadSignature) {
		t.Errorf("without its end: %v", err)
	}
}

// TestSDFresh: no two base proofs share a key, or names of blank nodes.
func TestSDFresh(t *testing.T) {
	seen := map[string]bool{}
	for range 3 {
		_, proofs, err := Split(decode(t, signSD(t, graded, nil)))
		if err != nil {
			t.Fatal(err)
		}
		v, err := parseBase(proofs[0].Value)
		if err != nil {
			t.Fatal(err)
		}
		if seen[string(v.hmacKey)] || seen[string(v.publicKey)] || bytes.Equal(v.hmacKey, make([]byte, 32)) {
			t.Error("secrets used again")
		}
		seen[string(v.hmacKey)], seen[string(v.publicKey)] = true, true
		text, err := multikey.EncodePublic(p256Key(t, "issuer").Public())
		if err != nil {
			t.Fatal(err)
		}
		if multikey.EncodeMultibase(v.publicKey) == text {
			t.Error("the issuer's key signed single statements")
		}
	}
}

// TestSDFixture derives each leaf of a whole badge by itself.
func TestSDFixture(t *testing.T) {
	doc := vectors.Fixture(t, "achievement-credential.json")
	signed := signSD(t, string(doc), nil, "/issuer", "/validFrom")
	key := p256Key(t, "issuer").Public()
	unsecured, _, err := Split(decode(t, signed))
	if err != nil {
		t.Fatal(err)
	}
	leaves := leafPointers(unsecured, "")
	n := 0
	for i, p := range leaves {
		if testing.Short() && i%8 != 0 {
			continue
		}
		derived, err := Derive(signed, []string{p}, DeriveOptions{})
		var pointer *PointerError
		if errors.As(err, &pointer) {
			t.Logf("%s: %v", p, err)
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		if err := verifyAll(derived, key, VerifyOptions{}); err != nil {
			t.Errorf("%s: %v", p, err)
		}
		n++
	}
	if n < len(leaves)/8-5 {
		t.Errorf("only %d of %d leaves", n, len(leaves))
	}
}

// leafPointers are the JSON pointers of all values but objects and arrays.
func leafPointers(v any, at string) []string {
	var out []string
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out = append(out, leafPointers(v[name], at+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(name))...)
		}
	case []any:
		for i, item := range v {
			out = append(out, leafPointers(item, fmt.Sprintf("%s/%d", at, i))...)
		}
	case nil:
	default:
		out = append(out, at)
	}
	return out
}

// TestSDVerifyWhole: the quick way for known shapes leaves selective disclosure
// to its own suite.
func TestSDVerifyWhole(t *testing.T) {
	signed := signSD(t, graded, nil, "/issuer")
	derived := derive(t, signed, "/name")
	key := p256Key(t, "issuer").Public()
	keys := func(Proof) (crypto.PublicKey, error) { return key, nil }
	for name, o := range map[string]VerifyOptions{"no shapes": {}, "shapes": {Shapes: shape.New(shape.Options{})}} {
		for range 3 { // the shape is known from the second time on
			if _, err := Verify(derived, keys, o); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := Verify(bytes.Replace(derived, []byte("Uni"), []byte("Unj"), 1), keys, o); !errors.Is(err, ErrBadSignature) {
				t.Errorf("%s, changed: %v", name, err)
			}
			if _, err := Verify(signed, keys, o); !errors.Is(err, ErrBaseProof) {
				t.Errorf("%s, base proof: %v", name, err)
			}
		}
	}
}
