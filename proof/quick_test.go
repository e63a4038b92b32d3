package proof

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/shape"
)

// verdict is an answer of Verify as text, so that two can be compared.
func verdict(secured []byte, key crypto.PublicKey, o VerifyOptions) string {
	proofs, err := Verify(secured, func(Proof) (crypto.PublicKey, error) { return key, nil }, o)
	if err != nil {
		return "error: " + err.Error()
	}
	return fmt.Sprintf("%+v", proofs)
}

// shaped is o with the cache.
func shaped(o VerifyOptions, c *shape.Cache) VerifyOptions {
	o.Shapes = c
	return o
}

// TestQuickSign: with shapes, Sign gives what it gives without, error or not.
func TestQuickSign(t *testing.T) {
	fixture := string(vectors.Fixture(t, "achievement-credential.json"))
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(small), " ", "\t"); err != nil {
		t.Fatal(err)
	}
	signed := string(sign(t, small))
	documents := []string{
		small, fixture, indented.String(), signed, " " + small + "\n",
		strings.Replace(small, `"Teamwork <b> é \u00e9"`, `"proof"`, 1),
		strings.Replace(small, `"name":"Uni"`, `"name":"Uni \"proof\": {}"`, 1),
		strings.Replace(small, `"name":"Team`, `"n\u0061me":"Team`, 1),
		strings.Replace(signed, `"proof":`, `"pr\u006ff":`, 1),
		strings.Replace(signed, `"proof":`, `"pr\u006fof":`, 1),
		strings.Replace(small, `"name":"Team`, `"proof":[],"name":"Team`, 1),
		strings.Replace(small, `"name":"Team`, `"id":"urn:x","name":"Team`, 1),
		strings.Replace(small, `"name":"Uni"`, `"nickname":"Uni"`, 1),
		strings.Replace(small, `https://uni.edu/a/1`, `a/1`, 1),
		small + "x", small[:len(small)-1], "{}", "[]", "", `{"a":"`, `{"a":"\`, `{"id":"urn:x"}`, strings.Repeat("[", 300),
	}
	cache := shape.New(shape.Options{})
	ed := testKey("issuer")
	for round := range 4 {
		for i, doc := range documents {
			for _, o := range []SignOptions{
				{Method: method, Created: created}, {Method: method, List: true},
				{Method: method, Challenge: "c\"é\u2028", Domain: "d", ID: firstID, Expires: created, Purpose: "authentication"},
				{Method: "#relative"}, {}, {Method: method, Cryptosuite: "eddsa-jcs-2022"}, {Method: "did:web:\xff"},
			} {
				want, wantErr := Sign([]byte(doc), ed, o)
				o.Shapes = cache
				got, gotErr := Sign([]byte(doc), ed, o)
				if string(got) != string(want) || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
					t.Fatalf("round %d, document %d, %+v:\n%s, %v\nwant\n%s, %v", round, i, o, got, gotErr, want, wantErr)
				}
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name, err := json.Marshal(rapid.String().Draw(t, "name"))
		if err != nil {
			t.Fatal(err)
		}
		doc := []byte(strings.Replace(small, `"Teamwork <b> é \u00e9"`, string(name), 1))
		o := SignOptions{Method: method, Created: created}
		want, wantErr := Sign(doc, ed, o)
		o.Shapes = cache
		got, gotErr := Sign(doc, ed, o)
		if string(got) != string(want) || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
			t.Fatalf("%s, %v\nwant\n%s, %v", got, gotErr, want, wantErr)
		}
	})
	if s := cache.Stats(); s.Fast < 100 {
		t.Errorf("the quick way was hardly taken: %+v", s)
	}
	// ECDSA is different each time, but right.
	for _, k := range kinds(t) {
		for range 4 {
			signed, err := Sign([]byte(k.doc), k.key, SignOptions{Method: method, Cryptosuite: k.cryptosuite, Shapes: cache})
			if err != nil || verifySet(string(signed), k.key.Public()) != nil {
				t.Errorf("%s: %v", k.name, err)
			}
		}
	}
	if _, err := Sign([]byte(small), broken{ed}, SignOptions{Method: method, Shapes: cache}); !errors.Is(err, errBroken) {
		t.Errorf("a broken signer: %v", err)
	}
	if _, err := Sign([]byte(small), liar{ed}, SignOptions{Method: method, Shapes: cache}); !errors.Is(err, ErrBadSignature) {
		t.Errorf("a lying signer: %v", err)
	}
}

// securedDocuments are signed documents of every kind, with sets and chains.
func securedDocuments(t testing.TB) (docs []string, keys []crypto.PublicKey) {
	t.Helper()
	add := func(doc string, key crypto.PublicKey) { docs, keys = append(docs, doc), append(keys, key) }
	for _, k := range kinds(t) {
		one := k.sign(t, k.doc, SignOptions{ID: firstID, Challenge: "c", Domain: "d", Expires: at(t, "2030-01-01T00:00:00Z")})
		add(one, k.key.Public())
		add(k.sign(t, one, SignOptions{}), k.key.Public())
		if k.cryptosuite != "Ed25519Signature2020" {
			add(k.chain(t), k.key.Public())
		}
	}
	add(string(sign(t, string(vectors.Fixture(t, "achievement-credential.json")))), testKey("issuer").Public())
	return docs, keys
}

// TestQuickVerify: with shapes, Verify gives what it gives without, for signed
// documents of every kind and for changed ones.
func TestQuickVerify(t *testing.T) {
	docs, keys := securedDocuments(t)
	cache := shape.New(shape.Options{})
	same := func(t interface {
		Helper()
		Fatalf(string, ...any)
	}, doc string, key crypto.PublicKey) string {
		t.Helper()
		want := verdict([]byte(doc), key, VerifyOptions{})
		if got := verdict([]byte(doc), key, shaped(VerifyOptions{}, cache)); got != want {
			t.Fatalf("%s\nwant\n%s\nfor %s", got, want, doc)
		}
		return want
	}
	for round := range 8 {
		for i, doc := range docs {
			if v := same(t, doc, keys[i]); strings.HasPrefix(v, "error") {
				t.Errorf("round %d, document %d: %s", round, i, v)
			}
			if round == 7 {
				same(t, doc, keys[(i+4)%len(keys)]) // another's, mostly of another kind
			}
		}
	}
	if s := cache.Stats(); s.Fast < 50 {
		t.Errorf("the quick way was hardly taken: %+v", s)
	}
	// The members of proofs, odd in turn.
	for i, doc := range docs {
		if i%3 != 0 {
			continue // each cryptosuite once is enough
		}
		for _, member := range []string{"id", "type", "cryptosuite", "created", "expires", "verificationMethod", "proofPurpose", "proofValue", "challenge", "domain", "nonce", "previousProof", "@context", "other"} {
			for _, value := range []any{nil, "", "x", "urn:x", []any{}, []any{"x"}, map[string]any{}, json.Number("1"), true, "2026-01-01T00:00:00Z", "https://www.w3.org/ns/credentials/v2", firstID} {
				tree := decode(t, []byte(doc))
				p, ok := tree["proof"].(map[string]any)
				if !ok {
					p = tree["proof"].([]any)[0].(map[string]any)
				}
				p[member] = value
				same(t, encode(t, tree), keys[i])
			}
		}
	}
	refused := 0
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(docs)-1).Draw(t, "document")
		changed := []byte(docs[i])
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(changed)-1).Draw(t, "at")
			switch rapid.IntRange(0, 3).Draw(t, "how") {
			case 0:
				changed[at] = byte(rapid.IntRange(' ', '~').Draw(t, "character"))
			case 1:
				changed[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			case 2:
				changed = append(changed[:at], changed[at+1:]...)
			case 3:
				changed = append(changed[:at], append([]byte{byte(rapid.IntRange(' ', '~').Draw(t, "character"))}, changed[at:]...)...)
			}
		}
		if strings.HasPrefix(same(t, string(changed), keys[i]), "error") {
			refused++
		}
	})
	t.Logf("%d changed documents refused; %+v", refused, cache.Stats())
}

// TestQuickVectors: the vectors of W3C and 1EdTech, quickly.
func TestQuickVectors(t *testing.T) {
	contexts := vectorContexts(t)
	cache := shape.New(shape.Options{Contexts: contexts})
	files := 0
	for _, set := range []string{"vc-di-eddsa", "vc-di-ecdsa", "ob3-spec-vector"} {
		err := filepath.WalkDir(vectors.Dir(t, set), func(path string, d os.DirEntry, err error) error {
			if name := filepath.Base(path); err != nil || d.IsDir() || !strings.Contains(name, "signed") && !strings.Contains(name, "Signed") || filepath.Ext(name) != ".json" {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			keys := func(p Proof) (crypto.PublicKey, error) { return fragmentKey(t, p.VerificationMethod), nil }
			if !bytes.Contains(data, []byte("@context")) || !bytes.Contains(data, []byte(`"proof"`)) {
				return nil // a proof alone
			}
			want, wantErr := Verify(data, keys, VerifyOptions{Contexts: contexts})
			for range 4 {
				got, gotErr := Verify(data, keys, VerifyOptions{Contexts: contexts, Shapes: cache})
				if !reflect.DeepEqual(got, want) || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
					t.Errorf("%s: %v, %v; want %v, %v", path, got, gotErr, want, wantErr)
				}
			}
			if wantErr != nil && !strings.Contains(path, "SDBase") { // base proofs are not to be shown
				t.Errorf("%s: %v", path, wantErr)
			}
			files++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if s := cache.Stats(); s.Fast == 0 || files < 16 {
		t.Errorf("%d files, %+v", files, s)
	}
}

// TestVerifyAsks: keys is asked for every proof, and its error counts.
func TestVerifyAsks(t *testing.T) {
	two := kinds(t)[0].sign(t, string(sign(t, small)), SignOptions{Purpose: "authentication"})
	noKey := errors.New("no such key")
	cache := shape.New(shape.Options{})
	for round := range 4 {
		for _, o := range []VerifyOptions{{}, {Shapes: cache}} {
			var asked []string
			proofs, err := Verify([]byte(two), func(p Proof) (crypto.PublicKey, error) {
				asked = append(asked, p.Purpose)
				if p.Raw != nil {
					t.Error("Raw is filled in")
				}
				return testKey("issuer").Public(), nil
			}, o)
			if err != nil || len(proofs) != 2 || !reflect.DeepEqual(asked, []string{"assertionMethod", "authentication"}) {
				t.Errorf("round %d: %d proofs, asked for %q, %v", round, len(proofs), asked, err)
			}
			if _, err := Verify([]byte(two), func(p Proof) (crypto.PublicKey, error) { return nil, noKey }, o); !errors.Is(err, noKey) {
				t.Errorf("round %d: %v", round, err)
			}
			for text, want := range map[string]error{small: ErrNoProof, "[]": ErrMalformed, `{"proof":[]}`: ErrMalformed} {
				if _, err := Verify([]byte(text), func(Proof) (crypto.PublicKey, error) { return nil, nil }, o); !errors.Is(err, want) {
					t.Errorf("%s: %v", text, err)
				}
			}
		}
		s, err := cache.Secured([]byte(two))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range map[int]error{-1: ErrMalformed, 0: nil, 1: nil, 2: ErrMalformed} {
			if err := VerifySecured(s, i, testKey("issuer").Public(), VerifyOptions{}); !errors.Is(err, want) || (err == nil) != (want == nil) {
				t.Errorf("round %d, proof %d: %v", round, i, err)
			}
		}
		s.Release()
	}
}

// TestQuickAllocations: what is signed and verified again and again costs hardly
// any memory. The numbers are those of shapes and signatures themselves and some
// room.
func TestQuickAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes pools forget, which costs memory")
	}
	doc := []byte(vectors.Fixture(t, "achievement-credential.json"))
	cache := shape.New(shape.Options{})
	key := testKey("issuer")
	o := SignOptions{Method: method, Created: created, Shapes: cache}
	signed, err := Sign(doc, key, o)
	if err != nil {
		t.Fatal(err)
	}
	public := key.Public()
	keys := func(Proof) (crypto.PublicKey, error) { return public, nil }
	signing := func() {
		if _, err := Sign(doc, key, o); err != nil {
			t.Fatal(err)
		}
	}
	verifying := func() {
		if _, err := Verify(signed, keys, VerifyOptions{Shapes: cache}); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		signing()
		verifying()
	}
	if n := testing.AllocsPerRun(50, signing); n > 16 {
		t.Errorf("signing takes %v allocations", n)
	}
	if n := testing.AllocsPerRun(50, verifying); n > 24 {
		t.Errorf("verifying takes %v allocations", n)
	}
}

// benchmarkKinds are the signatures worth measuring.
func benchmarkKinds(b *testing.B) []kind {
	doc := string(vectors.Fixture(b, "achievement-credential.json"))
	return []kind{
		{"eddsa-rdfc-2022", "eddsa-rdfc-2022", testKey("issuer"), doc},
		{"ecdsa-rdfc-2019", "ecdsa-rdfc-2019", ecKey(b, elliptic.P256(), 1), doc},
		{"eddsa-jcs-2022", "eddsa-jcs-2022", testKey("issuer"), doc},
	}
}

func BenchmarkSign(b *testing.B) {
	for _, k := range benchmarkKinds(b) {
		run := func(name string, cache *shape.Cache) {
			b.Run(k.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				doc := []byte(k.doc)
				o := SignOptions{Method: method, Created: created, Cryptosuite: k.cryptosuite, Shapes: cache}
				for range 3 {
					k.sign(b, k.doc, o)
				}
				for b.Loop() {
					if _, err := Sign(doc, k.key, o); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		if !strings.Contains(k.name, "jcs") {
			run("compiled", shape.New(shape.Options{}))
		}
		run("full", nil)
	}
	b.Run("bare Ed25519", func(b *testing.B) {
		data, key := make([]byte, 64), testKey("issuer")
		for b.Loop() {
			ed25519.Sign(key, data)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for _, k := range benchmarkKinds(b) {
		signed := []byte(k.sign(b, k.doc, SignOptions{}))
		public := k.key.Public()
		keys := func(Proof) (crypto.PublicKey, error) { return public, nil }
		run := func(name string, cache *shape.Cache) {
			b.Run(k.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for range 3 {
					if _, err := Verify(signed, keys, VerifyOptions{Shapes: cache}); err != nil {
						b.Fatal(err)
					}
				}
				for b.Loop() {
					if _, err := Verify(signed, keys, VerifyOptions{Shapes: cache}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		if !strings.Contains(k.name, "jcs") {
			run("compiled", shape.New(shape.Options{}))
		}
		run("full", nil)
	}
}
