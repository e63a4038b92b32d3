package interop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/multikey"
)

// jobs runs a script on a list of jobs and reads its answers into out.
func jobs(t *testing.T, script string, list, out any) {
	t.Helper()
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "jobs.json")
	write(t, file, text)
	if err := json.Unmarshal(run(t, 0, script, file), out); err != nil {
		t.Fatal(err)
	}
}

// tokenKeys are one key for each algorithm of a JWS.
func tokenKeys(t *testing.T) map[string]crypto.Signer {
	t.Helper()
	seed := sha256.Sum256([]byte("jose"))
	all := map[string]crypto.Signer{"EdDSA": ed25519.NewKeyFromSeed(seed[:])}
	for alg, curve := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		all[alg] = key
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	all["RS256"] = key
	return all
}

// jwks are both halves of a key as JSON Web Keys.
func jwks(t *testing.T, key crypto.Signer) (public, private json.RawMessage) {
	t.Helper()
	public, err := multikey.PublicToJWK(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	var secret string
	switch k := key.(type) {
	case ed25519.PrivateKey:
		secret = `"d":"` + b64(k.Seed()) + `"`
	case *ecdsa.PrivateKey:
		d, err := k.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		secret = `"d":"` + b64(d) + `"`
	case *rsa.PrivateKey:
		var members []string
		for name, n := range map[string]*big.Int{"d": k.D, "p": k.Primes[0], "q": k.Primes[1], "dp": k.Precomputed.Dp, "dq": k.Precomputed.Dq, "qi": k.Precomputed.Qinv} {
			members = append(members, `"`+name+`":"`+b64(n.Bytes())+`"`)
		}
		secret = strings.Join(members, ",")
	}
	return public, json.RawMessage("{" + secret + "," + string(public[1:]))
}

type tokenJob struct {
	Do         string            `json:"do"`
	Header     map[string]string `json:"header,omitempty"`
	Payload    string            `json:"payload,omitempty"`
	Token      string            `json:"token,omitempty"`
	JWK        json.RawMessage   `json:"jwk"`
	Algorithms []string          `json:"algorithms,omitempty"`
}

type tokenAnswer struct {
	Token    string
	Verified bool
	Header   map[string]any
	Payload  string
	Reasons  []string
}

// TestJOSEOurs: the npm package verifies the credentials that we sign, and not
// the ones that somebody changed.
func TestJOSEOurs(t *testing.T) {
	needNode(t)
	doc := vectors.Fixture(t, "achievement-credential.json")
	var list []tokenJob
	var want []bool
	for alg, key := range tokenKeys(t) {
		public, _ := jwks(t, key)
		for _, profile := range []jose.Profile{jose.OB3, jose.W3C} {
			token, err := jose.SignCredential(doc, key, jose.CredentialOptions{Profile: profile, KeyID: "https://uni.example/keys/1"})
			if err != nil {
				t.Fatal(err)
			}
			changed := strings.Replace(string(token), ".eyJ", ".eyK", 1)
			list = append(list, tokenJob{Do: "verify", Token: string(token), JWK: public, Algorithms: []string{alg}},
				tokenJob{Do: "verify", Token: changed, JWK: public, Algorithms: []string{alg}})
			want = append(want, true, false)
		}
	}
	var answers []tokenAnswer
	jobs(t, "jose.mjs", list, &answers)
	for i, a := range answers {
		if a.Verified != want[i] {
			t.Errorf("%s: verified %t, want %t: %v", list[i].Algorithms[0], a.Verified, want[i], a.Reasons)
		}
		if a.Verified && (!strings.Contains(a.Payload, string(doc[1:])) || a.Header["kid"] != "https://uni.example/keys/1") {
			t.Errorf("%s: the payload does not end with the document's own bytes: %s", list[i].Algorithms[0], a.Payload)
		}
	}
	if len(answers) != len(list) || len(list) != 20 {
		t.Errorf("%d answers to %d jobs", len(answers), len(list))
	}
}

// TestJOSETheirs: we read and verify what the npm package signs.
func TestJOSETheirs(t *testing.T) {
	needNode(t)
	const payload = `{"iss":"https://uni.example","nbf":1767225600,"jti":"urn:uuid:1","sub":"did:example:1",` +
		`"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:uuid:1","issuer":{"id":"https://uni.example"},"validFrom":"2026-01-01T00:00:00Z","credentialSubject":{"id":"did:example:1","name":"é😀"}}`
	keys := tokenKeys(t)
	var list []tokenJob
	for alg, key := range keys {
		_, private := jwks(t, key)
		list = append(list, tokenJob{Do: "sign", Header: map[string]string{"alg": alg, "typ": "JWT", "kid": "a"}, Payload: payload, JWK: private})
	}
	var answers []tokenAnswer
	jobs(t, "jose.mjs", list, &answers)
	for i, a := range answers {
		alg := list[i].Header["alg"]
		vc, err := jose.ParseCredential([]byte(a.Token))
		if err != nil {
			t.Errorf("%s: %v", alg, err)
			continue
		}
		if err := vc.Verify(keys[alg].Public(), alg); err != nil || string(vc.Payload) != payload || vc.Profile != jose.OB3 {
			t.Errorf("%s: %v, %s", alg, err, vc.Payload)
		}
	}
	if len(answers) != 5 {
		t.Errorf("%d answers", len(answers))
	}
}
