package credential

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/vectors"
	"pgregory.net/rapid"
)

// The SHA-256 of "abc" (FIPS 180-4), as a multihash, bare, and in the forms of
// Subresource Integrity.
const (
	abcMultibase = "uEiC6eBa_jwHP6kFBQN5driIjsANho5YXepy0EP9h8gAVrQ"
	abcBare      = "uungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"
	abcSRI       = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
	abcSRI384    = "sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn"
	otherSRI384  = "sha384-NSOcNpmdIVUxIJGvGUoe22FjTWrXiaXlsZ8q6912LdnR3KraQO2n75Ica4wK4Qeg"
)

func TestDigestsRefuse(t *testing.T) {
	for _, s := range []string{
		"", " ", "sha256", "sha256-", "md5-kAFQmDzST7DWlj99KOF/cg==", "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0!",
		strings.Replace(abcSRI384, "384", "512", 1), abcSRI + " sha1-AAAA", strings.Repeat(abcSRI+" ", 30),
	} {
		if _, err := ParseDigestSRI(s); !errors.Is(err, ErrDigest) {
			t.Errorf("%q: got %v", s, err)
		}
	}
	for _, s := range []string{
		"", "u", abcMultibase[1:], "f1220ba7816bf", "uESC6eBa_jwHP6kFBQN5driIjsANho5YXepy0EP9h8gAVrQ" /* SHA-1's code */, abcMultibase + "AA", abcMultibase[:40],
		"z" + strings.Repeat("2", 5000),
	} {
		if _, err := ParseDigestMultibase(s); !errors.Is(err, ErrDigest) {
			t.Errorf("%q: got %v", s, err)
		}
	}
}

func TestCheckDigests(t *testing.T) {
	for _, c := range []struct {
		object map[string]any
		want   error
	}{
		{map[string]any{"digestMultibase": abcMultibase}, nil},
		{map[string]any{"digestMultibase": abcBare}, nil},
		{map[string]any{"digestSRI": abcSRI}, nil},
		{map[string]any{"digestSRI": strings.NewReplacer("+", "-", "/", "_").Replace(abcSRI)}, nil},
		{map[string]any{"digestSRI": abcSRI384, "digestMultibase": abcMultibase}, nil},
		{map[string]any{"digestSRI": otherSRI384 + " " + abcSRI384}, nil},
		{map[string]any{"digestSRI": otherSRI384 + " " + abcSRI}, ErrDigestMismatch}, // only the strongest counts
		{map[string]any{"digestSRI": abcSRI384, "digestMultibase": "uJKGMkOmFbVJhEfKTduMC2XCyvRAYLjOVmZWwIH1wQ7k"}, ErrDigestMismatch},
		{map[string]any{"digestSRI": otherSRI384, "digestMultibase": abcMultibase}, ErrDigestMismatch},
		{map[string]any{"digestSRI": ""}, ErrDigest},
		{map[string]any{"digestMultibase": []any{abcMultibase}}, ErrDigest},
		{map[string]any{}, ErrNoDigest},
	} {
		if err := CheckDigests(c.object, []byte("abc")); !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
			t.Errorf("%v: got %v, want %v", c.object, err, c.want)
		}
	}
}

// The data model's suite names the context of 20 July 2024 by both digests.
func TestRelatedResource(t *testing.T) {
	c, err := Parse(with(t, map[string]string{"relatedResource": `[
	  {"id":"https://www.w3.org/ns/credentials/v2","mediaType":"application/ld+json","digestSRI":"` + otherSRI384 + `"},
	  {"id":"urn:a:b","digestMultibase":"uJKGMkOmFbVJhEfKTduMC2XCyvRAYLjOVmZWwIH1wQ7k"}]`}))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Related) != 2 || c.Related[0].MediaType != "application/ld+json" || c.Related[1].ID != "urn:a:b" {
		t.Fatalf("got %+v", c.Related)
	}
	context := vectors.File(t, "contexts", "w3c-credentials-v2.2024-07-20.jsonld")
	for _, r := range c.Related {
		if err := r.CheckDigest(context); err != nil {
			t.Errorf("%s: %v", r.ID, err)
		}
		if err := r.CheckDigest(append(bytes.Clone(context), '\n')); !errors.Is(err, ErrDigestMismatch) {
			t.Errorf("%s, changed: got %v", r.ID, err)
		}
	}
}

func TestDigestsAreReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOf(rapid.Byte()).Draw(t, "content")
		algorithm := rapid.SampledFrom([]string{SHA256, SHA384, SHA512}).Draw(t, "algorithm")
		d := Digest{algorithm, hashOf(algorithm, content)}
		object := map[string]any{"digestSRI": d.SRI(), "digestMultibase": d.Multibase()}
		if err := CheckDigests(object, content); err != nil {
			t.Fatal(err)
		}
		if err := CheckDigests(object, append(content, 0)); !errors.Is(err, ErrDigestMismatch) {
			t.Fatalf("longer content: got %v", err)
		}
	})
	if d := NewDigest([]byte("abc")); d.SRI() != abcSRI384 {
		t.Errorf("got %s", d.SRI())
	}
}

func FuzzDigest(f *testing.F) {
	for _, s := range []string{abcMultibase, abcBare, abcSRI, abcSRI384 + " " + abcSRI, "sha256-?a", "z11"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDigestMultibase(s); err == nil {
			if again, err := ParseDigestMultibase(d.Multibase()); err != nil || again.SRI() != d.SRI() {
				t.Fatalf("%q: %v, %v", s, again, err)
			}
		}
		all, err := ParseDigestSRI(s)
		if err != nil {
			return
		}
		for _, d := range all {
			if again, err := ParseDigestSRI(d.SRI()); err != nil || len(again) != 1 || again[0].Multibase() != d.Multibase() {
				t.Fatalf("%q: %v, %v", s, again, err)
			}
		}
	})
}
