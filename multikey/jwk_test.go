package multikey

import (
	"crypto/ed25519"
	"encoding/hex"
	"testing"
)

func TestPublicFromJWK(t *testing.T) {
	// RFC 8037, appendix A.2.
	key, err := PublicFromJWK([]byte(`{"kty":"OKP","crv":"Ed25519","kid":"a","use":"sig","key_ops":["verify"],"alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(key.(ed25519.PublicKey)); got != "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a" {
		t.Errorf("key = %s", got)
	}
	// RFC 7517, appendix A.1.
	if _, err := PublicFromJWK([]byte(`{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"sig","kid":"1"}`)); err != nil {
		t.Error(err)
	}
}

func TestPublicFromJWKRefuses(t *testing.T) {
	const x, y = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
	const ed = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
	for name, text := range map[string]string{
		"no object":          `[]`,
		"empty":              `{}`,
		"duplicate":          `{"kty":"OKP","kty":"OKP","crv":"Ed25519","x":"` + ed + `"}`,
		"other case":         `{"KTY":"OKP","crv":"Ed25519","x":"` + ed + `"}`,
		"private":            `{"kty":"OKP","crv":"Ed25519","x":"` + ed + `","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}`,
		"private null":       `{"kty":"OKP","crv":"Ed25519","x":"` + ed + `","d":null}`,
		"symmetric":          `{"kty":"oct","k":"AAAA"}`,
		"RSA":                `{"kty":"RSA","n":"AQAB","e":"AQAB"}`,
		"X25519":             `{"kty":"OKP","crv":"X25519","x":"` + ed + `"}`,
		"secp256k1":          `{"kty":"EC","crv":"secp256k1","x":"` + x + `","y":"` + y + `"}`,
		"crossed kty":        `{"kty":"EC","crv":"Ed25519","x":"` + ed + `"}`,
		"for encryption":     `{"kty":"OKP","crv":"Ed25519","x":"` + ed + `","use":"enc"}`,
		"key_ops":            `{"kty":"OKP","crv":"Ed25519","x":"` + ed + `","key_ops":["sign"]}`,
		"alg of another":     `{"kty":"OKP","crv":"Ed25519","x":"` + ed + `","alg":"HS256"}`,
		"alg none":           `{"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `","alg":"none"}`,
		"padding":            `{"kty":"OKP","crv":"Ed25519","x":"` + ed + `="}`,
		"unused bits":        `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp"}`,
		"line break":         `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\n"}`,
		"no y":               `{"kty":"EC","crv":"P-256","x":"` + x + `"}`,
		"off the curve":      `{"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + x + `"}`,
		"wrong curve":        `{"kty":"EC","crv":"P-384","x":"` + x + `","y":"` + y + `"}`,
		"zero point":         `{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`,
		"small order":        `{"kty":"OKP","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`,
		"number for text":    `{"kty":"OKP","crv":"Ed25519","x":12}`,
		"something after it": `{"kty":"OKP","crv":"Ed25519","x":"` + ed + `"} {}`,
	} {
		if key, err := PublicFromJWK([]byte(text)); err == nil {
			t.Errorf("%s: accepted as %v", name, key)
		}
	}
}
