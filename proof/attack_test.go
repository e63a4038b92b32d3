package proof

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/multikey"
)

// smallLegacy is small with the context that Ed25519Signature2020 needs.
var smallLegacy = strings.Replace(small, `],"id"`, `,"https://w3id.org/security/suites/ed25519-2020/v1"],"id"`, 1)

// A kind is one cryptosuite with a key that fits it.
type kind struct {
	name, cryptosuite string
	key               crypto.Signer
	doc               string
}

// ecKey is the same in every run.
func ecKey(t testing.TB, curve elliptic.Curve, fill byte) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.ParseRawPrivateKey(curve, bytes.Repeat([]byte{fill}, (curve.Params().BitSize+7)/8))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// kinds are all cryptosuites that sign a whole document.
func kinds(t testing.TB) []kind {
	p256, p384 := ecKey(t, elliptic.P256(), 1), ecKey(t, elliptic.P384(), 2)
	return []kind{
		{"eddsa-rdfc-2022", "eddsa-rdfc-2022", testKey("issuer"), small},
		{"eddsa-jcs-2022", "eddsa-jcs-2022", testKey("issuer"), small},
		{"Ed25519Signature2020", "Ed25519Signature2020", testKey("issuer"), smallLegacy},
		{"ecdsa-rdfc-2019 P-256", "ecdsa-rdfc-2019", p256, small},
		{"ecdsa-rdfc-2019 P-384", "ecdsa-rdfc-2019", p384, small},
		{"ecdsa-jcs-2019 P-256", "ecdsa-jcs-2019", p256, small},
		{"ecdsa-jcs-2019 P-384", "ecdsa-jcs-2019", p384, small},
	}
}

func (k kind) sign(t testing.TB, doc string, o SignOptions) string {
	t.Helper()
	o.Cryptosuite, o.Method = k.cryptosuite, method
	if o.Created.IsZero() {
		o.Created = created
	}
	signed, err := Sign([]byte(doc), k.key, o)
	if err != nil {
		t.Fatalf("%s: %v", k.name, err)
	}
	return string(signed)
}

// verifySet is verifyAll with the whole set at hand.
func verifySet(signed string, key crypto.PublicKey) error {
	tree := map[string]any{}
	if err := decodeInto([]byte(signed), &tree); err != nil {
		return err
	}
	unsecured, proofs, err := Split(tree)
	if err != nil {
		return err
	}
	for _, p := range proofs {
		if err := VerifyOne(unsecured, p, key, VerifyOptions{Set: proofs}); err != nil {
			return err
		}
	}
	return nil
}

// each runs an attack on every cryptosuite. attack gets a signed document and
// returns what the attacker makes of it, and the error that is due.
func each(t *testing.T, attack func(t *testing.T, k kind, signed string) (string, error)) {
	t.Helper()
	for _, k := range kinds(t) {
		t.Run(k.name, func(t *testing.T) {
			signed := k.sign(t, k.doc, SignOptions{})
			if err := verifySet(signed, k.key.Public()); err != nil {
				t.Fatalf("the document as signed: %v", err)
			}
			changed, want := attack(t, k, signed)
			if changed == signed {
				t.Fatal("the attack changes nothing")
			}
			if err := verifySet(changed, k.key.Public()); err == nil || want != nil && !errors.Is(err, want) {
				t.Errorf("%v, want %v, for %s", err, want, changed)
			}
		})
	}
}

// inProof puts members into the only proof of a document, before proofValue.
func inProof(signed, members string) string {
	return strings.Replace(signed, `"proofValue":`, members+`,"proofValue":`, 1)
}

func TestAttackSwappedPurpose(t *testing.T) {
	each(t, func(_ *testing.T, _ kind, signed string) (string, error) {
		return strings.Replace(signed, `"assertionMethod"`, `"authentication"`, 1), ErrBadSignature
	})
}

func TestAttackChangedDocument(t *testing.T) {
	each(t, func(_ *testing.T, _ kind, signed string) (string, error) {
		return strings.Replace(signed, `"creditsEarned":1.5`, `"creditsEarned":15`, 1), ErrBadSignature
	})
}

// TestAttackReplayedProof puts a proof under another document.
func TestAttackReplayedProof(t *testing.T) {
	each(t, func(_ *testing.T, k kind, signed string) (string, error) {
		at := strings.Index(signed, `,"proof":`)
		other := strings.Replace(k.doc, "did:web:uni.edu", "did:web:else.edu", 1)
		return strings.TrimSuffix(other, "}") + signed[at:], ErrBadSignature
	})
}

// TestAttackStolenChallenge answers a new challenge with an old presentation.
func TestAttackStolenChallenge(t *testing.T) {
	for _, k := range kinds(t) {
		signed := k.sign(t, k.doc, SignOptions{Purpose: "authentication", Challenge: "first", Domain: "a.example"})
		for old, new := range map[string]string{`"first"`: `"second"`, `"a.example"`: `"b.example"`, `"challenge":"first",`: ``} {
			changed := strings.Replace(signed, old, new, 1)
			if err := verifySet(changed, k.key.Public()); !errors.Is(err, ErrBadSignature) || changed == signed {
				t.Errorf("%s: %s for %s: %v", k.name, new, old, err)
			}
		}
	}
}

// TestAttackExpiryMoved makes a proof live longer than it says.
func TestAttackExpiryMoved(t *testing.T) {
	for _, k := range kinds(t) {
		signed := k.sign(t, k.doc, SignOptions{ID: "urn:uuid:1f2c1b4e-7d8d-4a55-8a43-2f7c5c5c0001", Expires: at(t, "2027-01-01T00:00:00Z")})
		if err := verifySet(signed, k.key.Public()); err != nil {
			t.Errorf("%s: %v", k.name, err)
		}
		for old, new := range map[string]string{`"2027-`: `"2037-`, `"expires":"2027-01-01T00:00:00Z",`: ``, `c0001"`: `c0002"`} {
			changed := strings.Replace(signed, old, new, 1)
			if err := verifySet(changed, k.key.Public()); !errors.Is(err, ErrBadSignature) || changed == signed {
				t.Errorf("%s: %s for %s: %v", k.name, new, old, err)
			}
		}
	}
}

// TestAttackGoodAndBadProof: beside a good proof, a bad one stays bad, and the
// good one stays good.
func TestAttackGoodAndBadProof(t *testing.T) {
	for _, k := range kinds(t) {
		two := k.sign(t, k.sign(t, k.doc, SignOptions{}), SignOptions{Created: at(t, "2026-12-01T00:00:00Z")})
		unsecured, proofs, err := Split(decode(t, []byte(strings.Replace(two, "2026-12-01", "2026-12-02", 1))))
		if err != nil || len(proofs) != 2 {
			t.Fatalf("%s: %d proofs, %v", k.name, len(proofs), err)
		}
		if err := VerifyOne(unsecured, proofs[0], k.key.Public(), VerifyOptions{Set: proofs}); err != nil {
			t.Errorf("%s: the good one: %v", k.name, err)
		}
		if err := VerifyOne(unsecured, proofs[1], k.key.Public(), VerifyOptions{Set: proofs}); !errors.Is(err, ErrBadSignature) {
			t.Errorf("%s: the bad one: %v", k.name, err)
		}
	}
}

func TestAttackEmptyLists(t *testing.T) {
	for members, want := range map[string]error{
		`"proof":[]`: ErrMalformed, `"proof":{}`: ErrMalformed, `"proof":[{}]`: ErrMalformed, `"proof":null`: ErrMalformed,
		`"proof":[[]]`: ErrMalformed, `"proof":""`: ErrMalformed, `"name":[]`: ErrNoProof, `"Proof":{"type":"DataIntegrityProof"}`: ErrNoProof,
	} {
		if _, proofs, err := Split(decode(t, []byte(`{"id":"urn:x",`+members+`}`))); !errors.Is(err, want) {
			t.Errorf("%s: %v, %v", members, proofs, err)
		}
	}
	each(t, func(_ *testing.T, _ kind, signed string) (string, error) {
		return inProof(signed, `"previousProof":[]`), ErrMalformed
	})
	for _, member := range []string{"domain", "challenge", "nonce", "id", "expires"} {
		for _, empty := range []string{`[]`, `""`, `[""]`, `null`, `{}`} {
			each(t, func(_ *testing.T, _ kind, signed string) (string, error) {
				return inProof(signed, `"`+member+`":`+empty), ErrMalformed
			})
		}
	}
}

// TestAttackProofTypeList: a list of types is no type.
func TestAttackProofTypeList(t *testing.T) {
	each(t, func(_ *testing.T, k kind, signed string) (string, error) {
		at := strings.Index(signed, `"proof":`)
		return signed[:at] + strings.NewReplacer(`"DataIntegrityProof"`, `["DataIntegrityProof"]`,
			`"Ed25519Signature2020"`, `["Ed25519Signature2020"]`).Replace(signed[at:]), ErrMalformed
	})
	each(t, func(_ *testing.T, k kind, signed string) (string, error) {
		return inProof(signed, `"cryptosuite2":["eddsa-rdfc-2022"]`), nil
	})
}

// TestAttackProofContext gives the proof a context of its own.
func TestAttackProofContext(t *testing.T) {
	for _, own := range []string{
		`"https://w3id.org/security/data-integrity/v2"`, `{"@vocab":"https://x.example/"}`, `null`, `["https://www.w3.org/ns/credentials/v2",null]`,
		`["https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json","https://www.w3.org/ns/credentials/v2"]`,
	} {
		each(t, func(_ *testing.T, k kind, signed string) (string, error) {
			tree := decode(t, []byte(signed))
			proof := tree["proof"].(map[string]any)
			proof["@context"] = decode(t, []byte(`{"x":`+own+`}`))["x"]
			return encode(t, tree), ErrMalformed
		})
	}
}

// TestAttackExtraContext adds a context to a signed document, before, between and
// after those that were signed. Over JSON that is refused always; over RDF it may
// pass only where it leaves every statement as it was.
func TestAttackExtraContext(t *testing.T) {
	harmless := 0
	for name, context := range map[string]string{
		"redefines":        `{"name":"https://evil.example/name","creditsEarned":"https://evil.example/debt"}`,
		"redefines a type": `{"Achievement":"https://evil.example/Achievement","Profile":"https://evil.example/Profile"}`,
		"vocabulary":       `{"@vocab":"https://evil.example/"}`,
		"language":         `{"@language":"en"}`,
		"coerces":          `{"creditsEarned":{"@id":"https://purl.imsglobal.org/spec/vc/ob/vocab.html#creditsEarned","@type":"@id"}}`,
		"proof":            `{"proofPurpose":"https://evil.example/purpose","DataIntegrityProof":"https://evil.example/Proof"}`,
	} {
		contexts, err := jsonld.Embedded().With("https://evil.example/terms", []byte(`{"@context":`+context+`}`))
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range kinds(t) {
			signed := k.sign(t, k.doc, SignOptions{})
			for place := range 3 {
				tree := decode(t, []byte(signed))
				before := must(t)(jsonld.Canonicalize(decode(t, []byte(k.doc)), jsonld.Options{}))
				tree["@context"] = slices.Insert(tree["@context"].([]any), place, any("https://evil.example/terms"))
				if verifyAll([]byte(encode(t, tree)), k.key.Public(), VerifyOptions{Contexts: contexts}) != nil {
					continue
				}
				delete(tree, "proof")
				after := must(t)(jsonld.Canonicalize(tree, jsonld.Options{Contexts: contexts}))
				if !bytes.Equal(before, after) || strings.Contains(k.cryptosuite, "jcs") {
					t.Errorf("%s: a context that %s is accepted at %d", k.name, name, place)
				}
				harmless++
			}
		}
	}
	t.Logf("%d harmless additions", harmless)
}

// TestAttackZeroSignature: r = s = 0, and all that is near it.
func TestAttackZeroSignature(t *testing.T) {
	for _, k := range kinds(t) {
		signed := k.sign(t, k.doc, SignOptions{})
		value := onlyProof(t, signed).Value
		size := signatureSize(k.key.Public())
		order := elliptic.P256().Params().N.Bytes()
		if size == 96 {
			order = elliptic.P384().Params().N.Bytes()
		}
		one := make([]byte, size)
		one[size/2-1], one[size-1] = 1, 1
		for name, sig := range map[string][]byte{
			"zeros": make([]byte, size), "ones": one, "r = s = n": append(bytes.Clone(order), order...), "all bits": bytes.Repeat([]byte{0xff}, size),
		} {
			changed := strings.Replace(signed, value, multikey.EncodeMultibase(sig), 1)
			if err := verifySet(changed, k.key.Public()); !errors.Is(err, ErrBadSignature) {
				t.Errorf("%s: %s: %v", k.name, name, err)
			}
		}
	}
}

// TestAttackKeyMismatch: a proof is not checked with a key of another kind, and
// neither is one made.
func TestAttackKeyMismatch(t *testing.T) {
	for _, k := range kinds(t) {
		signed := k.sign(t, k.doc, SignOptions{})
		for _, other := range kinds(t) {
			same := fmt.Sprintf("%T", other.key) == fmt.Sprintf("%T", k.key) && signatureSize(other.key.Public()) == signatureSize(k.key.Public())
			err := verifySet(signed, other.key.Public())
			if (err == nil) != same {
				t.Errorf("%s with the key of %s: %v", k.name, other.name, err)
			}
			_, ed := other.key.(ed25519.PrivateKey)
			_, err = Sign([]byte(k.doc), other.key, SignOptions{Method: method, Cryptosuite: k.cryptosuite})
			if fits := ed == isEd25519(k.key.Public()); fits != (err == nil) || !fits && !errors.Is(err, ErrUnsupported) {
				t.Errorf("%s signed with the key of %s: %v", k.name, other.name, err)
			}
		}
	}
}

// TestAttackWrongCurve: a P-256 key with a signature of P-384 and the other way
// round, cut or padded to fit.
func TestAttackWrongCurve(t *testing.T) {
	for _, suite := range []string{"ecdsa-rdfc-2019", "ecdsa-jcs-2019"} {
		small256, wide := kind{"", suite, ecKey(t, elliptic.P256(), 1), small}, kind{"", suite, ecKey(t, elliptic.P384(), 2), small}
		long, short := wide.sign(t, small, SignOptions{}), small256.sign(t, small, SignOptions{})
		sig := must(t)(multikey.DecodeMultibase(onlyProof(t, long).Value, 96))
		for _, part := range [][]byte{sig, sig[:64], sig[32:], append(bytes.Clone(sig[:32]), sig[48:80]...)} {
			changed := strings.Replace(long, onlyProof(t, long).Value, multikey.EncodeMultibase(part), 1)
			if err := verifySet(changed, small256.key.Public()); !errors.Is(err, ErrBadSignature) && !errors.Is(err, ErrMalformed) {
				t.Errorf("%s: %d bytes of P-384 with a P-256 key: %v", suite, len(part), err)
			}
		}
		sig = must(t)(multikey.DecodeMultibase(onlyProof(t, short).Value, 64))
		for _, part := range [][]byte{sig, append(make([]byte, 32), sig...), slices.Concat(make([]byte, 16), sig[:32], make([]byte, 16), sig[32:])} {
			changed := strings.Replace(short, onlyProof(t, short).Value, multikey.EncodeMultibase(part), 1)
			if err := verifySet(changed, wide.key.Public()); !errors.Is(err, ErrBadSignature) && !errors.Is(err, ErrMalformed) {
				t.Errorf("%s: %d bytes of P-256 with a P-384 key: %v", suite, len(part), err)
			}
		}
	}
}

// TestAttackProofValueSpelling: a signature has one spelling. Where a change
// happens to spell another signature of the same length, that does not fit.
func TestAttackProofValueSpelling(t *testing.T) {
	for _, k := range kinds(t) {
		signed := k.sign(t, k.doc, SignOptions{})
		value := onlyProof(t, signed).Value
		sig := must(t)(multikey.DecodeMultibase(value, 96))
		small := bytes.Clone(sig) // 58 times it is no longer
		small[0] = 1
		for name, other := range map[string]string{
			"base64url":      "u" + base64.RawURLEncoding.EncodeToString(sig),
			"padded":         "U" + base64.URLEncoding.EncodeToString(sig),
			"base64":         "m" + base64.RawStdEncoding.EncodeToString(sig),
			"bare base64":    base64.StdEncoding.EncodeToString(sig),
			"hexadecimal":    fmt.Sprintf("f%x", sig),
			"bare base58":    value[1:],
			"leading zero":   "z1" + value[1:],
			"trailing":       value + "1",
			"trailing small": multikey.EncodeMultibase(small) + "1",
			"capital Z":      "Z" + value[1:],
			"white space":    value + `\n`,
			"letter l":       value[:5] + "l" + value[6:],
			"one byte less":  multikey.EncodeMultibase(sig[:len(sig)-1]),
			"one byte more":  multikey.EncodeMultibase(append(bytes.Clone(sig), 0)),
			"empty":          "",
			"only the z":     "z",
			"a long text":    "z" + strings.Repeat("2", 200_000),
			"with full stop": value + ".",
		} {
			changed := strings.Replace(signed, `"`+value+`"`, `"`+other+`"`, 1)
			want := ErrMalformed
			if b, err := multikey.DecodeMultibase(other, 2*len(sig)); err == nil && other[0] == 'z' && len(b) == len(sig) {
				want = ErrBadSignature
			}
			if err := verifySet(changed, k.key.Public()); !errors.Is(err, want) || changed == signed {
				t.Errorf("%s: %s: %v, want %v", k.name, name, err, want)
			}
		}
		for _, other := range []string{`["` + value + `"]`, `{"@value":"` + value + `"}`, `null`, `1`} {
			changed := strings.Replace(signed, `"`+value+`"`, other, 1)
			if err := verifySet(changed, k.key.Public()); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s: %.20s: %v", k.name, other, err)
			}
		}
	}
}

// TestAttackDowngrade takes a proof for one of another cryptosuite with the same
// kind of key.
func TestAttackDowngrade(t *testing.T) {
	for _, k := range kinds(t) {
		signed := k.sign(t, k.doc, SignOptions{})
		for _, other := range []string{"eddsa-rdfc-2022", "eddsa-jcs-2022", "ecdsa-rdfc-2019", "ecdsa-jcs-2019"} {
			if other == k.cryptosuite {
				continue
			}
			tree := decode(t, []byte(signed))
			proof := maps.Clone(tree["proof"].(map[string]any))
			proof["type"], proof["cryptosuite"] = "DataIntegrityProof", other
			tree["proof"] = proof
			if err := verifySet(encode(t, tree), k.key.Public()); !errors.Is(err, ErrBadSignature) && !errors.Is(err, ErrMalformed) {
				t.Errorf("%s as %s: %v", k.name, other, err)
			}
		}
	}
}

// onlyProof is the proof of a document that has one.
func onlyProof(t testing.TB, signed string) Proof {
	t.Helper()
	_, proofs, err := Split(decode(t, []byte(signed)))
	if err != nil || len(proofs) != 1 {
		t.Fatalf("%d proofs, %v", len(proofs), err)
	}
	return proofs[0]
}

func encode(t testing.TB, tree map[string]any) string {
	t.Helper()
	text, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func must(t testing.TB) func([]byte, error) []byte {
	return func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}
