package jose_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/c2sp/wycheproof"

	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/multikey"
)

func readWycheproof(t *testing.T, name string, into any) {
	t.Helper()
	data, err := fs.ReadFile(wycheproof.TestVectors, name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// TestWycheproofTokens runs the JWS of Project Wycheproof through Parse,
// PublicFromJWK and Verify, as a product does.
func TestWycheproofTokens(t *testing.T) {
	for _, name := range []string{"json_web_signature_test.json", "json_web_crypto_test.json"} {
		var file struct {
			NumberOfTests int
			TestGroups    []struct {
				Comment         string
				Public, Private map[string]any
				Tests           []struct {
					ID      int `json:"tcId"`
					Comment string
					JWS     json.RawMessage
					JWE     json.RawMessage
					Result  string
				}
			}
		}
		readWycheproof(t, name, &file)
		ran, valid, deviations := 0, 0, map[string]int{}
		for _, g := range file.TestGroups {
			key, reason := groupKey(t, g.Public)
			for _, test := range g.Tests {
				if test.JWE != nil {
					deviations["encryption is not for us"]++
					continue
				}
				ran++
				token := []byte(test.JWS)
				var text string
				if json.Unmarshal(test.JWS, &text) == nil {
					token = []byte(text)
				}
				j, err := jose.Parse(token)
				if err == nil && key == nil {
					err = jose.ErrAlgorithm
				}
				if err == nil {
					err = j.Verify(key)
				}
				switch {
				case err == nil && test.Result != "valid":
					t.Errorf("%s %d %s, %s: accepted, but is %s", name, test.ID, g.Comment, test.Comment, test.Result)
				case err == nil:
					valid++
				case test.Result == "valid" && reason != "":
					deviations[reason]++
				case test.Result == "valid":
					t.Errorf("%s %d %s, %s: refused: %v", name, test.ID, g.Comment, test.Comment, err)
				}
			}
		}
		t.Logf("%s: %d run, %d accepted, refused though valid: %v", name, ran, valid, deviations)
		if ran == 0 || valid == 0 {
			t.Errorf("%s: %d run, %d accepted", name, ran, valid)
		}
	}
}

// groupKey returns a group's public key, or the reason for which its valid
// tokens are refused.
func groupKey(t *testing.T, members map[string]any) (crypto.PublicKey, string) {
	t.Helper()
	if members == nil {
		return nil, "HMAC: what a verifier can check it could also have made"
	}
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	key, err := multikey.PublicFromJWK(text)
	if err == nil {
		return key, ""
	}
	alg, _ := members["alg"].(string)
	why := map[string]string{
		"PS256": "RSASSA-PSS: no issuer of badges is known to use it",
		"PS384": "RSASSA-PSS: no issuer of badges is known to use it",
		"PS512": "RSASSA-PSS: no issuer of badges is known to use it",
		"RS384": "RSA with longer hashes: RS256 is what Open Badges 3.0 asks for",
		"RS512": "RSA with longer hashes: RS256 is what Open Badges 3.0 asks for",
		"ES521": "the key's alg is ES521, which does not exist",
	}[alg]
	return nil, why // no reason: a valid token is then an error
}

// TestWycheproofSignatures calls the check that every token goes through: the
// vectors sign any message, and a JWS could not hold it.
func TestWycheproofSignatures(t *testing.T) {
	for _, name := range []string{
		"ecdsa_secp256r1_sha256_p1363_test.json", "ecdsa_secp384r1_sha384_p1363_test.json", "ecdsa_secp521r1_sha512_p1363_test.json",
		"rsa_signature_2048_sha256_test.json", "rsa_signature_3072_sha256_test.json", "rsa_signature_4096_sha256_test.json",
	} {
		var file struct {
			TestGroups []struct {
				PublicKeyDer string
				Tests        []struct {
					ID               int `json:"tcId"`
					Comment          string
					Msg, Sig, Result string
					Flags            []string
				}
			}
		}
		readWycheproof(t, name, &file)
		ran, acceptable := 0, map[string]int{}
		for _, g := range file.TestGroups {
			key := groupDER(t, g.PublicKeyDer)
			for _, test := range g.Tests {
				ran++
				msg, sig := unhex(t, test.Msg), unhex(t, test.Sig)
				got := jose.VerifySignature(key, msg, sig)
				switch {
				case test.Result == "acceptable":
					if got {
						t.Errorf("%s %d %s: accepted, though only acceptable", name, test.ID, test.Comment)
					}
					acceptable[test.Comment]++
				case got != (test.Result == "valid"):
					t.Errorf("%s %d %s %v: %t, but is %s", name, test.ID, test.Comment, test.Flags, got, test.Result)
				}
			}
		}
		t.Logf("%s: %d run, \"acceptable\" ones all refused: %v", name, ran, acceptable)
		if ran == 0 {
			t.Errorf("%s: nothing run", name)
		}
	}
}

func groupDER(t *testing.T, text string) crypto.PublicKey {
	t.Helper()
	key, err := x509.ParsePKIXPublicKey(unhex(t, text))
	if err != nil {
		t.Fatal(err)
	}
	switch key.(type) {
	case *ecdsa.PublicKey, *rsa.PublicKey:
		return key
	}
	t.Fatalf("%T", key)
	return nil
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var b64 = base64.RawURLEncoding.EncodeToString
