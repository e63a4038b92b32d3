package multikey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/c2sp/wycheproof"
)

// unhex reads hexadecimal text that a vector holds.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A wycheCase is one signature of Project Wycheproof.
type wycheCase struct {
	id       int
	comment  string
	flags    []string
	key      []byte // as in the file: an Ed25519 key or an uncompressed point
	msg, sig []byte
	valid    bool
}

// wycheCases reads one file of Project Wycheproof.
func wycheCases(t testing.TB, name string) []wycheCase {
	t.Helper()
	data, err := fs.ReadFile(wycheproof.TestVectors, name)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		NumberOfTests int
		TestGroups    []struct {
			PublicKey struct{ Pk, Uncompressed string }
			Tests     []struct {
				TcID             int
				Comment          string
				Flags            []string
				Msg, Sig, Result string
			}
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	var cases []wycheCase
	for _, g := range file.TestGroups {
		for _, c := range g.Tests {
			if c.Result != "valid" && c.Result != "invalid" {
				t.Fatalf("%s: case %d is %q, about which we have no policy", name, c.TcID, c.Result)
			}
			cases = append(cases, wycheCase{c.TcID, c.Comment, c.Flags, unhex(t, g.PublicKey.Pk+g.PublicKey.Uncompressed),
				unhex(t, c.Msg), unhex(t, c.Sig), c.Result == "valid"})
		}
	}
	if len(cases) != file.NumberOfTests || len(cases) < 100 {
		t.Fatalf("%s: %d cases, says %d", name, len(cases), file.NumberOfTests)
	}
	return cases
}

// deviations are the cases of Project Wycheproof that we judge otherwise, by
// file, with the reason. There is none: all that it calls valid has a form that
// we take, and all that it calls invalid we refuse.
var deviations = map[string]map[int]string{}

// wycheproofRun compares a verifier with a file.
func wycheproofRun(t *testing.T, name string, verify func(t *testing.T, c wycheCase) bool) {
	t.Run(name, func(t *testing.T) {
		accepted := 0
		cases := wycheCases(t, name)
		for _, c := range cases {
			got := verify(t, c)
			if got {
				accepted++
			}
			if reason := deviations[name][c.id]; (got != c.valid) != (reason != "") {
				t.Errorf("case %d (%s, %v): verified = %v, it is valid = %v; reason to differ: %q", c.id, c.comment, c.flags, got, c.valid, reason)
			}
		}
		t.Logf("%d cases, %d accepted", len(cases), accepted)
	})
}

func TestWycheproof(t *testing.T) {
	wycheproofRun(t, "ed25519_test.json", func(_ *testing.T, c wycheCase) bool {
		return VerifyEd25519(c.key, c.msg, c.sig) && Verify(ed25519.PublicKey(c.key), c.msg, c.sig)
	})
	curves := []struct {
		curve  elliptic.Curve
		prefix string
		size   int
		hash   func([]byte) []byte
	}{
		{elliptic.P256(), "ecdsa_secp256r1_sha256", 32, func(b []byte) []byte { h := sha256.Sum256(b); return h[:] }},
		{elliptic.P384(), "ecdsa_secp384r1_sha384", 48, func(b []byte) []byte { h := sha512.Sum384(b); return h[:] }},
	}
	for _, v := range curves {
		public := func(t *testing.T, c wycheCase) *ecdsa.PublicKey {
			t.Helper()
			key, err := ecdsa.ParseUncompressedPublicKey(v.curve, c.key)
			if err != nil {
				t.Fatalf("case %d: %v", c.id, err)
			}
			return key
		}
		wycheproofRun(t, v.prefix+"_p1363_test.json", func(t *testing.T, c wycheCase) bool {
			var key crypto.PublicKey = public(t, c)
			got := VerifyECDSA(public(t, c), v.hash(c.msg), c.sig)
			if Verify(key, c.msg, c.sig) != got {
				t.Errorf("case %d: Verify and VerifyECDSA differ", c.id)
			}
			return got
		})
		// What a device answers.
		wycheproofRun(t, v.prefix+"_test.json", func(t *testing.T, c wycheCase) bool {
			sig, err := fromDER(c.sig, v.size)
			return err == nil && VerifyECDSA(public(t, c), v.hash(c.msg), sig)
		})
	}
}
