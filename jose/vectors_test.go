package jose_test

import (
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"testing"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/multikey"
)

// vectorKey returns the two halves of a key of the VC-JOSE-COSE suite.
func vectorKey(t testing.TB, file string) (crypto.PublicKey, crypto.Signer) {
	t.Helper()
	var method struct{ PublicKeyJwk, SecretKeyJwk json.RawMessage }
	if err := json.Unmarshal(vectors.File(t, "vc-jose-cose", file), &method); err != nil {
		t.Fatal(err)
	}
	public, err := multikey.PublicFromJWK(method.PublicKeyJwk)
	if err != nil {
		t.Fatal(err)
	}
	private, err := multikey.PrivateFromJWK(method.SecretKeyJwk)
	if err != nil {
		t.Fatal(err)
	}
	return public, private
}

// TestVCJOSECOSEVerify runs every JOSE input of the suite that is to be
// verified, with the key and the result that tests/test-mapping.js gives it.
func TestVCJOSECOSEVerify(t *testing.T) {
	for _, c := range []struct {
		number       int
		file, key    string
		presentation bool
		want         error // nil: must verify
	}{
		{6, "credential-jose-minimal.txt", "vm-p256.json", false, nil},
		{7, "presentation-jose-multiple.txt", "vm-p384.json", true, nil},
		{8, "credential-issuer-match-signed.txt", "vm-ed25519.json", false, nil},
		{9, "credential-jose-unknown-extensions.txt", "vm-ed25519.json", false, jose.ErrAlgorithm}, // signed with ES512
		{10, "credential-minimal.json", "vm-ed25519.json", false, jose.ErrMalformed},
		{11, "presentation-single.json", "vm-ed25519.json", true, jose.ErrMalformed},
		{12, "credential-jose-bad-signature.txt", "vm-ed25519.json", false, jose.ErrBadSignature},
		{13, "credential-jose-bad-media-type.txt", "vm-ed25519.json", false, jose.ErrMalformed},
		{14, "presentation-jose-bad-media-type.txt", "vm-ed25519.json", true, jose.ErrMalformed},
		{15, "credential-jose-vc-vp-claims.txt", "vm-ed25519.json", false, jose.ErrMalformed},
		{16, "presentation-jose-bad-credential.txt", "vm-ed25519.json", true, jose.ErrMalformed},
	} {
		key, _ := vectorKey(t, c.key)
		token := bytes.TrimSpace(vectors.File(t, "vc-jose-cose", c.file))
		var j *jose.JWS
		var document []byte
		var err error
		if c.presentation {
			var p *jose.PresentationJWT
			if p, err = jose.ParsePresentation(token); err == nil {
				j, document = p.JWS, p.Document
			}
		} else {
			var vc *jose.CredentialJWT
			if vc, err = jose.ParseCredential(token); err == nil {
				j, document = vc.JWS, vc.Document
				if vc.Profile != jose.W3C || vc.Claims.Issuer != "https://example.issuer/vc-jose-cose" {
					t.Errorf("%s: %v, %+v", c.file, vc.Profile, vc.Claims)
				}
			}
		}
		if err == nil {
			err = j.Verify(key)
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%d %s: %v, want %v", c.number, c.file, err, c.want)
		}
		if err == nil && !json.Valid(document) {
			t.Errorf("%d %s: document %s", c.number, c.file, document)
		}
	}
	// The one that test 9 gives the wrong key for is good with its own.
	key, _ := vectorKey(t, "vm-p521.json")
	vc, err := jose.ParseCredential(bytes.TrimSpace(vectors.File(t, "vc-jose-cose", "credential-jose-unknown-extensions.txt")))
	if err != nil || vc.Verify(key) != nil {
		t.Errorf("ES512: %v", err)
	}
}

// TestVCJOSECOSEIssue issues every input of the suite that is to be issued with
// JOSE, reads it again and finds the same document.
func TestVCJOSECOSEIssue(t *testing.T) {
	for _, c := range []struct {
		file, key    string
		presentation bool
	}{
		{"credential-minimal.json", "vm-p256.json", false},
		{"credential-full.json", "vm-p384.json", false},
		{"presentation-single.json", "vm-p256.json", true},
		{"presentation-multiple.json", "vm-p521.json", true},
		// The suite wants test 5 to fail, for the command line of another program;
		// additional members are to be ignored, not refused (section 1.1.2).
		{"credential-unknown-extensions.json", "vm-p521.json", false},
	} {
		public, private := vectorKey(t, c.key)
		doc := vectors.File(t, "vc-jose-cose", c.file)
		var token, back []byte
		var j *jose.JWS
		var err error
		if c.presentation {
			token, err = jose.SignPresentation(doc, private, jose.PresentationOptions{KeyID: "https://example.issuer/vc-jose-cose#key"})
		} else {
			token, err = jose.SignCredential(doc, private, jose.CredentialOptions{Profile: jose.W3C, KeyID: "https://example.issuer/vc-jose-cose#key"})
		}
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		if c.presentation {
			p, err := jose.ParsePresentation(token)
			if err != nil {
				t.Errorf("%s: %v", c.file, err)
				continue
			}
			j, back = p.JWS, p.Document
		} else {
			vc, err := jose.ParseCredential(token)
			if err != nil {
				t.Errorf("%s: %v", c.file, err)
				continue
			}
			j, back = vc.JWS, vc.Document
		}
		if err := j.Verify(public); err != nil {
			t.Errorf("%s: %v", c.file, err)
		}
		if !sameJSON(t, doc, back) {
			t.Errorf("%s came back as %s", c.file, back)
		}
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var one, two any
	if err := json.Unmarshal(a, &one); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &two); err != nil {
		t.Fatal(err)
	}
	x, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	y, err := json.Marshal(two)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(x, y)
}
