package did

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/roundel/roundel/multikey"
)

// answers is a Getter that knows its answers by heart.
type answers map[string]answer

type answer struct {
	body, contentType string
	err               error
}

func (a answers) Get(_ context.Context, url, accept string) ([]byte, string, error) {
	got, ok := a[url]
	if !ok {
		return nil, "", &StatusError{Code: 404}
	}
	if accept == "" {
		return nil, "", errors.New("no Accept header")
	}
	return []byte(got.body), got.contentType, got.err
}

func TestResolveKey(t *testing.T) {
	for _, text := range []string{edKey, p256Key, "z82LkuBieyGShVBhvtE2zoiD6Kma4tJGFtkAhxR5pfkp5QPw4LutoYWhvQCnGjdVn14kujQ"} {
		did := "did:key:" + text
		d, err := Multi{}.Resolve(t.Context(), did)
		if err != nil {
			t.Fatal(err)
		}
		for _, relationship := range []string{AssertionMethod, Authentication, CapabilityInvocation, CapabilityDelegation} {
			if _, err := d.Method(did+"#"+text, relationship); err != nil {
				t.Error(err)
			}
		}
		m, err := d.Method(did+"#"+text, AssertionMethod)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Method(did+"#"+text, KeyAgreement); !errors.Is(err, ErrNotAuthorised) {
			t.Errorf("key agreement: %v", err)
		}
		if again, id, err := KeyDID(m.PublicKey); err != nil || again != did || id != m.ID {
			t.Errorf("KeyDID = %s, %s, %v", again, id, err)
		}
		sameKeys(t, d)
	}
}

func TestResolveJWK(t *testing.T) {
	// The P-256 example of the did:jwk method.
	const did = "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9"
	d, err := Multi{}.Resolve(t.Context(), did)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Method(did+"#0", AssertionMethod)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := m.PublicKey.(*ecdsa.PublicKey); !ok {
		t.Errorf("key is a %T", m.PublicKey)
	}
	sameKeys(t, d)
}

func TestResolveRefuses(t *testing.T) {
	jwk := func(s string) string { return "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for did, want := range map[string]error{
		"":                               ErrInvalid,
		"did":                            ErrInvalid,
		"did:":                           ErrInvalid,
		"did:key":                        ErrInvalid,
		"did:key:":                       ErrInvalid,
		"did:key:" + edKey + "#" + edKey: ErrInvalid,
		"did:key:" + edKey + "?x=y":      ErrInvalid,
		"did:key:" + edKey + ":":         ErrInvalid,
		"did:key:1.1:" + edKey:           ErrInvalid,
		"did:key:u7QE":                   ErrInvalid,
		"did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme": ErrUnsupportedKey, // secp256k1
		"did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc":  ErrUnsupportedKey, // X25519
		"did:ethr:0xb9c5714089478a327f09197987f16f9e5d936e8a":       ErrUnsupportedMethod,
		"did:ION:abc":  ErrInvalid,
		"did:jwk:e30=": ErrInvalid,
		jwk("{}"):      ErrUnsupportedKey,
		jwk("{"):       ErrInvalid,
		jwk(rsaJWK):    ErrUnsupportedKey,
		jwk(strings.Replace(edJWK, "{", `{"d":"AA",`, 1)): ErrInvalid,
		"did:web:127.0.0.1":                     ErrInvalid,
		"did:web:uni.edu/x":                     ErrInvalid,
		"did:web:uni.edu":                       ErrUnreachable, // offline
		"https://uni.edu":                       ErrInvalid,
		"did:key:" + strings.Repeat("z", 1<<20): ErrInvalid,
	} {
		d, err := Multi{}.Resolve(t.Context(), did)
		if !errors.Is(err, want) {
			t.Errorf("Resolve(%.80s) = %v, %v; want %v", did, d, err, want)
		}
		if want != ErrUnreachable && errors.Is(err, ErrUnreachable) {
			t.Errorf("Resolve(%.80s) looks transient: %v", did, err)
		}
	}
}

func TestResolveWeb(t *testing.T) {
	key, err := multikey.DecodePublic(edKey)
	if err != nil {
		t.Fatal(err)
	}
	document := func(did string) string {
		raw, err := NewWebDocument(did, Method{ID: "#k", PublicKey: key})
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	const home = "https://uni.edu/.well-known/did.json"
	timeout := &net.DNSError{Err: "timeout", IsTimeout: true}
	for name, c := range map[string]struct {
		answer answer
		want   error
	}{
		"good":           {answer{document("did:web:uni.edu"), "application/did+json", nil}, nil},
		"plain text":     {answer{document("did:web:uni.edu"), "text/plain; charset=utf-8", nil}, nil},
		"no media type":  {answer{document("did:web:uni.edu"), "", nil}, nil},
		"another's":      {answer{document("did:web:evil.example"), "application/json", nil}, ErrInvalid},
		"a path's":       {answer{document("did:web:uni.edu:x"), "application/json", nil}, ErrInvalid},
		"a page":         {answer{"<html>", "text/html; charset=utf-8", nil}, ErrUnreachable},
		"no JSON":        {answer{"<html>", "application/json", nil}, ErrInvalid},
		"empty":          {answer{"", "application/json", nil}, ErrInvalid},
		"not found":      {answer{err: &StatusError{404}}, ErrNotFound},
		"gone":           {answer{err: &StatusError{410}}, ErrNotFound},
		"too many":       {answer{err: &StatusError{429}}, ErrUnreachable},
		"server error":   {answer{err: &StatusError{500}}, ErrUnreachable},
		"bad gateway":    {answer{err: &StatusError{502}}, ErrUnreachable},
		"forbidden":      {answer{err: &StatusError{403}}, ErrUnreachable},
		"not asked":      {answer{err: &StatusError{302}}, ErrUnreachable},
		"DNS":            {answer{err: timeout}, ErrUnreachable},
		"deadline":       {answer{err: context.DeadlineExceeded}, ErrUnreachable},
		"anything else":  {answer{err: errors.New("connection reset")}, ErrUnreachable},
		"wrapped status": {answer{err: errors.Join(errors.New("GET"), &StatusError{404})}, ErrNotFound},
	} {
		d, err := Multi{Web: answers{home: c.answer}}.Resolve(t.Context(), "did:web:uni.edu")
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if c.answer.err != nil && !errors.Is(err, c.answer.err) {
			t.Errorf("%s: the getter's error is lost: %v", name, err)
		}
		if err != nil {
			continue
		}
		m, err := d.Method("did:web:uni.edu#k", AssertionMethod)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !m.PublicKey.(ed25519.PublicKey).Equal(key) {
			t.Errorf("%s: another key", name)
		}
	}
}

func TestSplitURL(t *testing.T) {
	for url, want := range map[string][2]string{
		"did:web:uni.edu:a%20b#key-1": {"did:web:uni.edu:a%20b", "key-1"},
		"did:web:uni.edu":             {"did:web:uni.edu", ""},
	} {
		did, fragment, err := SplitURL(url)
		if err != nil || did != want[0] || fragment != want[1] {
			t.Errorf("SplitURL(%s) = %s, %s, %v", url, did, fragment, err)
		}
	}
	for _, url := range []string{"", "#a", "did:web:a#", "did:web:a#b#c", "did:web:a/b#c", "did:web:a?b#c", "https://a#z6Mk", "did:web:a#\n", "did:web:a#é"} {
		if did, fragment, err := SplitURL(url); !errors.Is(err, ErrInvalid) {
			t.Errorf("SplitURL(%q) = %s, %s, %v", url, did, fragment, err)
		}
	}
}
