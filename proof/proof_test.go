package proof

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/strictjson"
)

const small = `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],` +
	`"id":"urn:uuid:91537dba-56cb-11ec-bf63-0242ac130002","type":["VerifiableCredential","OpenBadgeCredential"],` +
	`"name":"Teamwork <b> é \u00e9","issuer":{"id":"did:web:uni.edu","type":["Profile"],"name":"Uni"},"validFrom":"2026-01-01T00:00:00Z",` +
	`"credentialSubject":{"type":["AchievementSubject"],"achievement":{"id":"https://uni.edu/a/1","type":["Achievement"],` +
	`"criteria":{"narrative":"Do it."},"description":"It","name":"Teamwork"},"creditsEarned":1.5}}`

const method = "did:web:uni.edu#key-1"

var created = time.Date(2026, 11, 23, 12, 0, 0, 999, time.FixedZone("", 3600))

// testKey is the same in every run, so that examples and seeds stay true.
func testKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func sign(t testing.TB, doc string) []byte {
	t.Helper()
	signed, err := Sign([]byte(doc), testKey("issuer"), SignOptions{Method: method, Created: created})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// verifyAll is nil when every proof of the document is key's.
func verifyAll(signed []byte, key crypto.PublicKey, o VerifyOptions) error {
	v, err := strictjson.Decode(signed, strictjson.Limits{})
	if err != nil {
		return err
	}
	doc, ok := v.(map[string]any)
	if !ok {
		return ErrMalformed
	}
	unsecured, proofs, err := Split(doc)
	if err != nil {
		return err
	}
	for _, p := range proofs {
		if err := VerifyOne(unsecured, p, key, o); err != nil {
			return err
		}
	}
	return nil
}

func TestSignKeepsBytes(t *testing.T) {
	signed := string(sign(t, small))
	want := strings.TrimSuffix(small, "}") + `,"proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022","created":"2026-11-23T11:00:00Z",` +
		`"verificationMethod":"did:web:uni.edu#key-1","proofPurpose":"assertionMethod","proofValue":"z`
	if !strings.HasPrefix(signed, want) {
		t.Errorf("signed\n%s\nwant\n%s", signed, want)
	}
	if err := verifyAll([]byte(signed), testKey("issuer").Public(), VerifyOptions{}); err != nil {
		t.Error(err)
	}
	// White space goes, and nothing else.
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(small), " ", "\t"); err != nil {
		t.Fatal(err)
	}
	if again := string(sign(t, "\n"+indented.String()+"\r\n ")); again != signed {
		t.Errorf("signed from indented text\n%s\nwant\n%s", again, signed)
	}
	if err := verifyAll([]byte(signed), testKey("another").Public(), VerifyOptions{}); !errors.Is(err, ErrBadSignature) {
		t.Errorf("another's key: %v", err)
	}
}

func TestSignAddsToProofs(t *testing.T) {
	second := func(doc []byte) []byte {
		t.Helper()
		signed, err := Sign(doc, testKey("issuer"), SignOptions{Method: "did:web:uni.edu#key-2", Purpose: "authentication", Challenge: "c", Domain: "d"})
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	one := sign(t, small)
	// A proof that stands first moves to the end, where the list is.
	i := bytes.Index(one, []byte(`,"proof":`))
	moved := append([]byte("{"), one[i+1:len(one)-1]...)
	moved = append(moved, ',')
	moved = append(moved, one[1:i]...)
	moved = append(moved, '}')
	two := second(moved)
	if string(two) != string(second(one)) {
		t.Errorf("the place of the proof matters:\n%s", two)
	}
	three := second(two)
	if !bytes.HasPrefix(two, one[:i]) || !bytes.HasPrefix(three, one[:i]) {
		t.Errorf("the document changed:\n%s\n%s", one, three)
	}
	_, proofs, err := Split(decode(t, three))
	if err != nil || len(proofs) != 3 {
		t.Fatalf("%d proofs, %v", len(proofs), err)
	}
	if p := proofs[2]; p.Purpose != "authentication" || p.Challenge != "c" || p.Domain != "d" || p.Created != "" || proofs[0].VerificationMethod != method {
		t.Errorf("proof %+v", p)
	}
	if err := verifyAll(three, testKey("issuer").Public(), VerifyOptions{}); err != nil {
		t.Error(err)
	}
}

func TestSignAsList(t *testing.T) {
	options := SignOptions{Method: method, Created: created, List: true}
	one, err := Sign([]byte(small), testKey("issuer"), options)
	if err != nil {
		t.Fatal(err)
	}
	i := strings.Index(string(sign(t, small)), `"proof":`) + len(`"proof":`)
	plain := string(sign(t, small))
	if want := plain[:i] + "[" + plain[i:len(plain)-1] + "]}"; string(one) != want {
		t.Errorf("signed\n%s\nwant\n%s", one, want)
	}
	two, err := Sign(one, testKey("issuer"), options)
	if err != nil {
		t.Fatal(err)
	}
	for want, doc := range [][]byte{0: []byte(plain), 1: one, 2: two} {
		_, proofs, err := Split(decode(t, doc))
		if err != nil || len(proofs) != max(want, 1) {
			t.Errorf("%d proofs, %v", len(proofs), err)
		}
		if err := verifyAll(doc, testKey("issuer").Public(), VerifyOptions{}); err != nil {
			t.Error(err)
		}
	}
}

// liar is a signer whose answer is somebody else's signature.
type liar struct{ ed25519.PrivateKey }

func (liar) Sign(r io.Reader, data []byte, o crypto.SignerOpts) ([]byte, error) {
	return testKey("another").Sign(r, data, o)
}

type broken struct{ ed25519.PrivateKey }

var errBroken = errors.New("device unplugged")

func (broken) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errBroken }

func TestSignRefuses(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := testKey("issuer")
	options := SignOptions{Method: method}
	as := func(target any) func(error) bool { return func(err error) bool { return errors.As(err, target) } }
	is := func(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }
	replace := func(old, new string) string { return strings.Replace(small, old, new, 1) }
	for name, c := range map[string]struct {
		doc     string
		key     crypto.Signer
		options SignOptions
		want    func(error) bool
	}{
		"no JSON":         {"{", key, options, as(new(*strictjson.Error))},
		"no object":       {"[]", key, options, is(ErrMalformed)},
		"duplicate key":   {replace(`{"@context"`, `{"name":"x","@context"`), key, options, as(new(*strictjson.Error))},
		"unknown term":    {replace(`"name":"Uni"`, `"name":"Uni","nickname":"U"`), key, options, as(new(*jsonld.UnknownTermError))},
		"unknown context": {replace(`/v2"`, `/v2","https://uni.edu/terms"`), key, options, as(new(*jsonld.ContextError))},
		"inline context":  {replace(`/v2"`, `/v2",{"nickname":"https://uni.edu/n"}`), key, options, as(new(*jsonld.ContextError))},
		"relative id":     {replace(`https://uni.edu/a/1`, `a/1`), key, options, as(new(*jsonld.RelativeIRIError))},
		"relative method": {small, key, SignOptions{Method: "#key-1"}, is(ErrMalformed)},
		"no method":       {small, key, SignOptions{}, is(ErrMalformed)},
		"empty proofs":    {replace(`"name":"Team`, `"proof":[],"name":"Team`), key, options, is(ErrMalformed)},
		"proof null":      {replace(`"name":"Team`, `"proof":null,"name":"Team`), key, options, is(ErrMalformed)},
		"P-256 key":       {small, p256, SignOptions{Method: method, Cryptosuite: "eddsa-rdfc-2022"}, is(ErrUnsupported)},
		"faulty signer":   {small, liar{key}, options, is(ErrBadSignature)},
		"broken signer":   {small, broken{key}, options, is(errBroken)},
	} {
		if signed, err := Sign([]byte(c.doc), c.key, c.options); err == nil || !c.want(err) {
			t.Errorf("%s: %s, %v (%T)", name, signed, err, err)
		}
	}
}

// A signer that is trusted is not checked, neither the quick way nor the long
// one; and what it signs rightly is what our own key signs.
func TestTrustedSignerIsNotChecked(t *testing.T) {
	key := testKey("issuer")
	options := SignOptions{Method: method, Created: created}
	want, err := Sign([]byte(small), key, options)
	if err != nil {
		t.Fatal(err)
	}
	options.TrustSigner = true
	for name, shapes := range map[string]*shape.Cache{"long way": nil, "quick way": shape.New(shape.Options{})} {
		options.Shapes = shapes
		if got, err := Sign([]byte(small), honest{key}, options); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %s, %v; want %s", name, got, err, want)
		}
		signed, err := Sign([]byte(small), liar{key}, options)
		if err != nil {
			t.Errorf("%s: the answer was checked: %v", name, err)
			continue
		}
		keys := func(Proof) (crypto.PublicKey, error) { return key.Public(), nil }
		if _, err := Verify(signed, keys, VerifyOptions{}); !errors.Is(err, ErrBadSignature) {
			t.Errorf("%s: verifying what the liar signed: %v", name, err)
		}
	}
}

type honest struct{ key ed25519.PrivateKey }

func (h honest) Public() crypto.PublicKey { return h.key.Public() }

func (h honest) Sign(r io.Reader, data []byte, o crypto.SignerOpts) ([]byte, error) {
	return h.key.Sign(r, data, o)
}

func TestSplitRefuses(t *testing.T) {
	for text, want := range map[string]error{
		`{}`:                            ErrNoProof,
		`{"Proof":{"type":"x"}}`:        ErrNoProof,
		`{"proof":null}`:                ErrMalformed,
		`{"proof":[]}`:                  ErrMalformed,
		`{"proof":"urn:x"}`:             ErrMalformed,
		`{"proof":[["x"]]}`:             ErrMalformed,
		`{"proof":{}}`:                  ErrMalformed,
		`{"proof":{"type":["a"]}}`:      ErrMalformed,
		`{"proof":[{"type":"a"},null]}`: ErrMalformed,
		`{"proof":[` + strings.Repeat(`{"type":"a"},`, maxProofs) + `{"type":"a"}]}`: ErrMalformed,
	} {
		if _, proofs, err := Split(decode(t, []byte(text))); !errors.Is(err, want) {
			t.Errorf("%s: %v, %v; want %v", text, proofs, err, want)
		}
	}
	doc := decode(t, []byte(`{"a":1,"proof":{"type":"a","previousProof":["x",1,"y"]}}`))
	unsecured, proofs, err := Split(doc)
	if err != nil || !reflect.DeepEqual(unsecured, map[string]any{"a": json.Number("1")}) || len(doc) != 2 {
		t.Errorf("unsecured %v, document %v, %v", unsecured, doc, err)
	}
	if !reflect.DeepEqual(proofs[0].Previous, []string{"x", "y"}) {
		t.Errorf("previous %q", proofs[0].Previous)
	}
}

func TestVerifyOneRefuses(t *testing.T) {
	signed := string(sign(t, small))
	key := testKey("issuer").Public()
	_, proofs, err := Split(decode(t, []byte(signed)))
	if err != nil {
		t.Fatal(err)
	}
	value := proofs[0].Value
	sig, err := multikey.DecodeMultibase(value, 64)
	if err != nil {
		t.Fatal(err)
	}
	// S + L is the same number modulo the group's order: malleable if accepted.
	order := [32]byte{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 31: 0x10}
	malleable, carry := bytes.Clone(sig), 0
	for i := range order {
		carry += int(malleable[32+i]) + int(order[i])
		malleable[32+i] = byte(carry)
		carry >>= 8
	}
	for change, want := range map[[2]string]error{
		{`"eddsa-rdfc-2022"`, `"eddsa-jcs-2022"`}:                                                 ErrBadSignature,
		{`"eddsa-rdfc-2022"`, `"ecdsa-rdfc-2019"`}:                                                ErrBadSignature,
		{`"eddsa-rdfc-2022"`, `"EDDSA-rdfc-2022"`}:                                                ErrUnsupported,
		{`"eddsa-rdfc-2022"`, `["eddsa-rdfc-2022"]`}:                                              ErrUnsupported,
		{`"cryptosuite":"eddsa-rdfc-2022",`, ``}:                                                  ErrUnsupported,
		{`DataIntegrityProof`, `Ed25519Signature2020`}:                                            ErrUnsupported,
		{`"proofValue"`, `"previousProof":"urn:uuid:1","proofValue"`}:                             ErrUnsupported,
		{`"proofValue"`, `"previousProof":[],"proofValue"`}:                                       ErrMalformed,
		{`"proofValue"`, `"previousProof":{},"proofValue"`}:                                       ErrMalformed,
		{`"assertionMethod"`, `"authentication"`}:                                                 ErrBadSignature,
		{`"proofPurpose":"assertionMethod",`, ``}:                                                 ErrMalformed,
		{method, `did:web:evil.example#key-1`}:                                                    ErrBadSignature,
		{`"` + method + `"`, `{"id":"` + method + `","publicKeyMultibase":"z6Mk"}`}:               ErrMalformed,
		{`"2026-11-23T11:00:00Z"`, `"2026-11-23T11:00:01Z"`}:                                      ErrBadSignature,
		{`"2026-11-23T11:00:00Z"`, `"2026-11-23T11:00:00,5Z"`}:                                    ErrMalformed,
		{`"2026-11-23T11:00:00Z"`, `"2026-11-23T1:00:00Z"`}:                                       ErrMalformed,
		{`"2026-11-23T11:00:00Z"`, `"2026-11-23"`}:                                                ErrMalformed,
		{`"2026-11-23T11:00:00Z"`, `"2026-11-23T11:00:00"`}:                                       ErrMalformed,
		{`"2026-11-23T11:00:00Z"`, `null`}:                                                        ErrMalformed,
		{`"2026-11-23T11:00:00Z"`, `["2026-11-23T11:00:00Z"]`}:                                    ErrMalformed,
		{`"created":"2026-11-23T11:00:00Z",`, ``}:                                                 ErrBadSignature,
		{`"proofValue"`, `"expires":"2030-01-01T00:00:00Z","proofValue"`}:                         ErrBadSignature,
		{`"proofValue"`, `"expires":"never","proofValue"`}:                                        ErrMalformed,
		{`"proofValue"`, `"domain":"uni.edu","proofValue"`}:                                       ErrBadSignature,
		{`"proofValue"`, `"@context":"https://w3id.org/security/data-integrity/v2","proofValue"`}: ErrMalformed,
		{`"proofValue"`, `"@context":{"@vocab":"https://x.example/"},"proofValue"`}:               ErrMalformed,
		{`"proofValue"`, `"@context":[],"proofValue"`}:                                            nil, // nothing begins like anything
		{`"proofValue"`, `"@context":"https://www.w3.org/ns/credentials/v2","proofValue"`}:        nil,
		{value, ""}:                                         ErrMalformed,
		{value, "z"}:                                        ErrMalformed,
		{`"` + value + `"`, `null`}:                         ErrMalformed,
		{value, value[1:]}:                                  ErrMalformed,
		{value, "z1" + value[1:]}:                           ErrMalformed,
		{value, value + "1"}:                                ErrMalformed,
		{value, value + " "}:                                ErrMalformed,
		{value, value[:len(value)-4]}:                       ErrMalformed,
		{value, multikey.EncodeMultibase(malleable)}:        ErrBadSignature,
		{value, multikey.EncodeMultibase(make([]byte, 64))}: ErrBadSignature,
		{value, multikey.EncodeMultibase(append(sig[32:64:64], sig[:32]...))}: ErrBadSignature,
		{value, "z" + strings.Repeat("2", 500_000)}:                           ErrMalformed,
		{`"name":"Uni"`, `"name":"Unj"`}:                                      ErrBadSignature,
		{`1.5`, `1.6`}:                                                        ErrBadSignature,
		{`"creditsEarned":1.5`, `"creditsEarned":"1.5"`}:                      ErrBadSignature,
		{`did:web:uni.edu"`, `did:web:evil.example"`}:                         ErrBadSignature,
	} {
		changed := strings.Replace(signed, change[0], change[1], 1)
		if changed == signed {
			t.Fatalf("%q is not in the document", change[0])
		}
		err := verifyAll([]byte(changed), key, VerifyOptions{})
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%.80q for %.80q: %v, want %v", change[1], change[0], err, want)
		}
	}
	if err := verifyAll([]byte(signed), ed25519.PublicKey(make([]byte, 32)), VerifyOptions{}); !errors.Is(err, ErrBadSignature) {
		t.Errorf("key of zeros: %v", err)
	}
	var loss *jsonld.UnknownTermError
	if err := verifyAll([]byte(strings.Replace(signed, `"name":"Uni"`, `"name":"Uni","nickname":"U"`, 1)), key, VerifyOptions{}); !errors.As(err, &loss) {
		t.Errorf("added unknown term: %v", err)
	}
	if err := verifyAll([]byte(strings.Replace(signed, `"proofValue"`, `"nickname":"U","proofValue"`, 1)), key, VerifyOptions{}); !errors.As(err, &loss) {
		t.Errorf("unknown term in the proof: %v", err)
	}
	var unknown *jsonld.ContextError
	if err := verifyAll([]byte(strings.Replace(signed, `3.0.3.json`, `9.9.9.json`, 1)), key, VerifyOptions{}); !errors.As(err, &unknown) {
		t.Errorf("unknown context: %v", err)
	}
}

// TestOneGoodOneBad: the proofs of a set are judged one by one.
func TestOneGoodOneBad(t *testing.T) {
	two, err := Sign(sign(t, small), testKey("another"), SignOptions{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	unsecured, proofs, err := Split(decode(t, two))
	if err != nil || len(proofs) != 2 {
		t.Fatalf("%d proofs, %v", len(proofs), err)
	}
	key := testKey("issuer").Public()
	if err := VerifyOne(unsecured, proofs[0], key, VerifyOptions{}); err != nil {
		t.Errorf("the good one: %v", err)
	}
	if err := VerifyOne(unsecured, proofs[1], key, VerifyOptions{}); !errors.Is(err, ErrBadSignature) {
		t.Errorf("the bad one: %v", err)
	}
}

// TestEveryCharacter changes each character of a signed credential in turn, and
// removes every second.
func TestEveryCharacter(t *testing.T) {
	key := testKey("issuer").Public()
	signed := sign(t, small)
	original := any(decode(t, signed))
	refused := 0
	for i, c := range signed {
		other := byte('x')
		if c == other {
			other = 'y'
		}
		changes := [][]byte{append(append(bytes.Clone(signed[:i]), other), signed[i+1:]...)}
		if i%2 == 0 {
			changes = append(changes, append(bytes.Clone(signed[:i]), signed[i+1:]...))
		}
		for _, changed := range changes {
			if v, err := strictjson.Decode(changed, strictjson.Limits{}); err == nil && reflect.DeepEqual(v, original) {
				continue
			}
			if err := verifyAll(changed, key, VerifyOptions{}); err == nil {
				t.Errorf("accepted with a change at %d: %s", i, changed)
			}
			refused++
		}
	}
	if all := len(signed) + len(signed)/2; refused < all-10 {
		t.Errorf("only %d of %d changes counted", refused, all)
	}
}

// TestMutations changes one character of a signed credential, again and again:
// whatever still has a meaning, and another one, is refused.
func TestMutations(t *testing.T) {
	key := testKey("issuer").Public()
	documents := [][]byte{sign(t, small), sign(t, string(vectors.Fixture(t, "achievement-credential.json")))}
	trees := []map[string]any{decode(t, documents[0]), decode(t, documents[1])}
	refused := 0
	rapid.Check(t, func(t *rapid.T) {
		which := rapid.IntRange(0, len(documents)-1).Draw(t, "document")
		changed := bytes.Clone(documents[which])
		i := rapid.IntRange(0, len(changed)-1).Draw(t, "at")
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0:
			changed[i] = byte(rapid.IntRange(' ', '~').Draw(t, "character"))
		case 1:
			changed[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		case 2:
			changed = append(changed[:i], changed[i+1:]...)
		case 3:
			c := byte(rapid.IntRange(' ', '~').Draw(t, "character"))
			changed = append(changed[:i], append([]byte{c}, changed[i:]...)...)
		}
		v, err := strictjson.Decode(changed, strictjson.Limits{})
		if err == nil && reflect.DeepEqual(v, any(trees[which])) {
			return // only white space or the spelling of an escape
		}
		if err := verifyAll(changed, key, VerifyOptions{}); err == nil {
			t.Fatalf("accepted: %s", changed)
		}
		refused++
	})
	t.Logf("%d changed documents refused", refused)
	for _, doc := range documents {
		if err := verifyAll(doc, key, VerifyOptions{}); err != nil {
			t.Errorf("the original: %v", err)
		}
	}
}
