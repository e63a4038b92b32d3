package proof

import (
	"bytes"
	"crypto"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestDeriveSelects(t *testing.T) {
	signed := signSD(t, graded, nil, "/issuer", "/validFrom")
	const head = gradedHead
	const issuer = `"issuer":{"id":"did:web:uni.edu","type":["Profile"],"name":"Uni"},"validFrom":"2026-01-01T00:00:00Z"`
	const subject = `,"credentialSubject":{"id":"did:example:ebfeb1f712ebc6f1c276e12ec21","type":["AchievementSubject"],`
	const achievement = `"achievement":{"id":"https://uni.edu/a/1","type":["Achievement"],`
	for _, c := range []struct {
		pointers []string
		want     string
	}{
		{nil, head + issuer + "}"},
		{[]string{"/name"}, head + `"name":"Team\u0077ork \u00e9 _:c14n0",` + issuer + "}"},
		{[]string{"/credentialSubject/creditsEarned"}, head + issuer + subject + `"creditsEarned":1.5}}`},
		// Arrays become dense and stay in order, whatever the order of pointers.
		{[]string{"/credentialSubject/result/2", "/credentialSubject/result/0/value"}, head + issuer + subject + `"result":[{"type":["Result"],"value":"A"},{"type":["Result"],"value":"<90>"}]}}`},
		{[]string{"/credentialSubject/result"}, head + issuer + subject + `"result":[{"type":["Result"],"resultDescription":"urn:uuid:8b1ff7f0-0bd1-4d0a-a5b2-9d6a1e0a3a10","value":"A"},{"type":["Result"],"value":"<90>"},{"type":["Result"],"value":"<90>"}]}}`},
		{[]string{"/credentialSubject/achievement/criteria"}, head + issuer + subject + achievement + `"criteria":{"narrative":"y"}}}}`},
		{[]string{"/credentialSubject/achievement/resultDescription/0/allowedValue"}, head + issuer + subject + achievement +
			`"resultDescription":[{"id":"urn:uuid:8b1ff7f0-0bd1-4d0a-a5b2-9d6a1e0a3a10","type":["ResultDescription"],"allowedValue":["A","B","B"]}]}}}`},
		// What comes with every selection anyway, and what is in another selection.
		{[]string{"/@context", "/@context/0", "/type/1", "/id", "/issuer/name"}, head + issuer + "}"},
		{[]string{""}, graded},
		{[]string{"/credentialSubject", "/credentialSubject/creditsEarned"}, head + issuer + graded[strings.Index(graded, `,"credentialSubject"`):]},
	} {
		derived := derive(t, signed, c.pointers...)
		if got := withoutProof(t, derived); got != c.want {
			t.Errorf("%q:\n%s\nwant\n%s", c.pointers, got, c.want)
		}
		if err := verifyAll(derived, p256Key(t, "issuer").Public(), VerifyOptions{}); err != nil {
			t.Errorf("%q: %v", c.pointers, err)
		}
		if err := verifyAll(derived, p256Key(t, "another").Public(), VerifyOptions{}); !errors.Is(err, ErrBadSignature) {
			t.Errorf("%q with another's key: %v", c.pointers, err)
		}
		if bytes.Contains(derived, []byte("d95d00")) || len(c.pointers) == 0 && bytes.Contains(derived, []byte("Teamwork")) {
			t.Errorf("%q: shows too much: %s", c.pointers, derived)
		}
	}
}

// TestDeriveHides: a derived document holds neither the HMAC key nor a
// signature of a hidden statement.
func TestDeriveHides(t *testing.T) {
	signed := signSD(t, graded, nil, "/issuer")
	_, proofs, err := Split(decode(t, signed))
	if err != nil {
		t.Fatal(err)
	}
	base, err := parseBase(proofs[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	_, proofs, err = Split(decode(t, derive(t, signed, "/credentialSubject/creditsEarned")))
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := openValue(proofs[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(r.rest, base.hmacKey) {
		t.Error("the HMAC key is in the derived proof")
	}
	shown := 0
	for _, sig := range base.signatures {
		if bytes.Contains(r.rest, sig) {
			shown++
		}
	}
	// The subject, its type and its credits.
	if shown != 3 || len(base.signatures) < 20 {
		t.Errorf("%d of %d signatures are shown, want 3", shown, len(base.signatures))
	}
}

func TestDerivePointers(t *testing.T) {
	signed := signSD(t, graded, nil, "/issuer")
	for _, p := range []string{
		"issuer", "#/issuer", " ", "/nothing", "/issuer/", "/issuer/name/x", "/credentialSubject/result/3", "/credentialSubject/result/00",
		"/credentialSubject/result/-", "/credentialSubject/result/-1", "/credentialSubject/result/+1", "/credentialSubject/result/0x0",
		"/credentialSubject/result/ 0", "/credentialSubject/result/1e0", "/credentialSubject/result/99999999999999999999", "/~", "/~2", "/name~", "/NAME",
		"/issuer\xff", "/proof", "/proof/proofValue", "//", "/@context/2",
		"/credentialSubject/achievement/resultDescription/0/allowedValue/0", // a part of a list
	} {
		_, err := Derive(signed, []string{"/name", p}, DeriveOptions{})
		var pointer *PointerError
		if !errors.As(err, &pointer) || pointer.Pointer != p || !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %v", p, err)
		}
		_, err = Sign([]byte(graded), p256Key(t, "issuer"), SignOptions{Method: method, Cryptosuite: ecdsaSD2023, MandatoryPointers: []string{p}})
		if !errors.As(err, &pointer) || pointer.Pointer != p {
			t.Errorf("%q as mandatory: %v", p, err)
		}
	}
	// The items of a list make it up together.
	const list = "/credentialSubject/achievement/resultDescription/0/allowedValue/"
	derive(t, signed, list+"0", list+"1", list+"2")
	if _, err := Derive(signed, slices.Repeat([]string{"/name"}, maxPointers+1), DeriveOptions{}); !errors.Is(err, ErrMalformed) {
		t.Errorf("too many: %v", err)
	}
	// Null says nothing, and cannot be made to.
	const null = `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"VerifiableCredential","a/b~c":null,"name":null}`
	if _, err := selectParts(decode(t, []byte(null)), []string{"/a~1b~0c"}); err == nil || !strings.Contains(err.Error(), "null") {
		t.Errorf("null: %v", err)
	}
}

func TestDeriveRefuses(t *testing.T) {
	signed := string(signSD(t, graded, nil, "/issuer"))
	pair := func(other string) string {
		two, err := Sign([]byte(other), p256Key(t, "issuer"), SignOptions{Method: method, Cryptosuite: ecdsaSD2023})
		if err != nil {
			t.Fatal(err)
		}
		return string(two)
	}
	derived := string(derive(t, []byte(signed), "/name"))
	nothing := string(signSD(t, graded, nil))
	for name, c := range map[string]struct {
		doc  string
		want error
	}{
		"no proof":               {graded, ErrNoProof},
		"another kind of proof":  {string(sign(t, small)), ErrNoProof},
		"derived already":        {derived, ErrMalformed},
		"two base proofs":        {pair(signed), ErrMalformed},
		"nothing selected":       {nothing, ErrMalformed},
		"another's context":      {strings.Replace(signed, `"proof":{`, `"proof":{"@context":"https://www.w3.org/2018/credentials/v1",`, 1), ErrMalformed},
		"builds on another":      {strings.Replace(signed, `"proof":{`, `"proof":{"previousProof":"urn:x",`, 1), ErrUnsupported},
		"no method":              {strings.Replace(signed, `"verificationMethod"`, `"domain"`, 1), ErrMalformed},
		"changed mandatory":      {strings.Replace(signed, `"name":"Uni"`, `"name":"Unj"`, 1), ErrBadSignature},
		"changed selected":       {strings.Replace(signed, `"validFrom":"2026`, `"validFrom":"2027`, 1), ErrBadSignature},
		"changed options":        {strings.Replace(signed, `"created":"2026`, `"created":"2027`, 1), ErrBadSignature},
		"statement added":        {strings.Replace(signed, `"creditsEarned"`, `"role":"x","creditsEarned"`, 1), ErrBadSignature},
		"statement taken away":   {strings.Replace(signed, `"description":"x",`, ``, 1), ErrBadSignature},
		"mandatory pointer gone": {strings.Replace(signed, `"issuer":`, `"evidence":`, 1), ErrMalformed},
		"not JSON":               {signed + "x", nil},
		"no object":              {"[]", ErrMalformed},
		"unknown term":           {strings.Replace(signed, `"creditsEarned"`, `"nickname"`, 1), nil},
		"proofValue in base58":   {strings.Replace(signed, `"proofValue":"u`, `"proofValue":"z`, 1), ErrMalformed},
		"proofValue is a number": {strings.Replace(signed, `"proofValue":"u`, `"proofValue":1,"domain":"u`, 1), ErrMalformed},
	} {
		if c.doc == signed {
			t.Fatalf("%s: nothing changed", name)
		}
		pointers := []string{"/validFrom"}
		if name == "nothing selected" {
			pointers = nil
		}
		_, err := Derive([]byte(c.doc), pointers, DeriveOptions{Key: p256Key(t, "issuer").Public()})
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for name, key := range map[string]crypto.PublicKey{"another's": p256Key(t, "another").Public(), "Ed25519": testKey("issuer").Public()} {
		if _, err := Derive([]byte(signed), []string{"/name"}, DeriveOptions{Key: key}); !errors.Is(err, ErrBadSignature) {
			t.Errorf("%s key: %v", name, err)
		}
	}
}

// TestDeriveKeepsProof: a list stays a list, members stay in order, and the
// proofs over the whole document stay behind.
func TestDeriveKeepsProof(t *testing.T) {
	other, err := Sign([]byte(graded), testKey("issuer"), SignOptions{Method: method, List: true})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := Sign(other, p256Key(t, "issuer"), SignOptions{Method: method, ID: "urn:p", Domain: "d\u00e9<", Cryptosuite: ecdsaSD2023, MandatoryPointers: []string{"/issuer"}})
	if err != nil {
		t.Fatal(err)
	}
	// The proof may stand first.
	i := bytes.Index(signed, []byte(`,"proof":`))
	moved := slices.Concat([]byte("{"), signed[i+1:len(signed)-1], []byte(","), signed[1:i], []byte("}"))
	derived := derive(t, moved)
	want := `{"proof":[{"type":"DataIntegrityProof","id":"urn:p","cryptosuite":"ecdsa-sd-2023","verificationMethod":"did:web:uni.edu#key-1","proofPurpose":"assertionMethod","domain":"d` + "\u00e9" + `<","proofValue":"u2V0B`
	if !strings.HasPrefix(string(derived), want) || bytes.Count(derived, []byte("DataIntegrityProof")) != 1 {
		t.Errorf("derived %s\nwant %s", derived, want)
	}
	if err := verifyAll(derived, p256Key(t, "issuer").Public(), VerifyOptions{}); err != nil {
		t.Error(err)
	}
}
