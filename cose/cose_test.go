package cose_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	gocose "github.com/veraison/go-cose"

	"github.com/roundel/roundel/cose"
	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/multikey"
)

var key = ed25519.NewKeyFromSeed(make([]byte, 32))

const doc = `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"a:i","credentialSubject":{"id":"a:s","n":1.50}}`

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

// TestVCJOSECOSE runs every COSE input of the suite.
func TestVCJOSECOSE(t *testing.T) {
	for _, c := range []struct {
		number       int
		file, key    string
		presentation bool
		want         error
	}{
		{29, "credential-cose-minimal.txt", "vm-p256.json", false, nil},
		{30, "credential-cose-minimal-not-base64.txt", "vm-p256.json", false, cose.ErrMalformed},
		{31, "presentation-cose-single.txt", "vm-p384.json", true, nil},
		{32, "credential-cose-bad-signature.txt", "vm-ed25519.json", false, jose.ErrBadSignature},
		{33, "credential-cose-bad-media-type.txt", "vm-p384.json", false, cose.ErrMalformed},
		{34, "presentation-cose-bad-media-type.txt", "vm-p384.json", true, cose.ErrMalformed},
		{35, "presentation-cose-bad-credential.txt", "vm-p256.json", true, jose.ErrMalformed},
	} {
		public, _ := vectorKey(t, c.key)
		m, err := cose.ParseText(strings.TrimSpace(string(vectors.File(t, "vc-jose-cose", c.file))))
		if err == nil {
			parse := cose.ParseCredential
			if c.presentation {
				parse = cose.ParsePresentation
			}
			_, err = parse(m.Data())
		}
		if err == nil {
			err = m.Verify(public)
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%d %s: %v, want %v", c.number, c.file, err, c.want)
		}
	}
	for file, name := range map[string]string{"credential-minimal.json": "vm-did-ed25519.json", "presentation-single.json": "vm-p384.json"} {
		public, private := vectorKey(t, name)
		text := vectors.File(t, "vc-jose-cose", file)
		sign, parse := cose.SignCredential, cose.ParseCredential
		if strings.HasPrefix(file, "presentation") {
			sign, parse = cose.SignPresentation, cose.ParsePresentation
		}
		data, err := sign(text, private, "https://example.issuer/vc-jose-cose#key")
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		d, err := parse(data)
		if err != nil || d.Verify(public) != nil || d.KeyID != "https://example.issuer/vc-jose-cose#key" || !bytes.Equal(d.Payload, text) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// raw makes a message with any headers.
func raw(t testing.TB, protected, unprotected map[any]any, payload string) []byte {
	t.Helper()
	header, err := cbor.Marshal(protected)
	if err != nil {
		t.Fatal(err)
	}
	toSign, err := cbor.Marshal([]any{"Signature1", header, []byte{}, []byte(payload)})
	if err != nil {
		t.Fatal(err)
	}
	data, err := cbor.Marshal(cbor.Tag{Number: 18, Content: []any{header, unprotected, []byte(payload), ed25519.Sign(key, toSign)}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRefuses(t *testing.T) {
	type h = map[any]any
	good := raw(t, h{1: -8, 3: "application/vc", 16: "application/vc+cose"}, h{}, doc)
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"nothing":                {nil, cose.ErrMalformed},
		"untagged":               {good[1:], cose.ErrMalformed},
		"trailing byte":          {append(bytes.Clone(good), 0), cose.ErrMalformed},
		"cut":                    {good[:len(good)-1], cose.ErrMalformed},
		"too long":               {make([]byte, cose.MaxBytes+1), cose.ErrMalformed},
		"JSON":                   {[]byte(doc), cose.ErrMalformed},
		"no alg":                 {raw(t, h{16: "application/vc+cose"}, h{}, doc), cose.ErrMalformed},
		"alg not signed":         {raw(t, h{16: "application/vc+cose"}, h{1: -8}, doc), cose.ErrMalformed},
		"alg twice":              {raw(t, h{1: -8, 16: "application/vc+cose"}, h{1: -7}, doc), cose.ErrMalformed},
		"typ not signed":         {raw(t, h{1: -8}, h{16: "application/vc+cose"}, doc), cose.ErrMalformed},
		"HMAC":                   {raw(t, h{1: 5, 16: "application/vc+cose"}, h{}, doc), cose.ErrUnsupported},
		"PS256":                  {raw(t, h{1: -37, 16: "application/vc+cose"}, h{}, doc), cose.ErrUnsupported},
		"critical":               {raw(t, h{1: -8, 2: []any{99}, 99: 1}, h{}, doc), cose.ErrUnsupported},
		"two key ids":            {raw(t, h{1: -8, 3: "application/vc", 4: []byte("a")}, h{4: []byte("b")}, doc), cose.ErrMalformed},
		"neither typ nor cty":    {raw(t, h{1: -8}, h{}, doc), cose.ErrMalformed},
		"typ of a presentation":  {raw(t, h{1: -8, 16: "application/vp+cose"}, h{}, doc), cose.ErrMalformed},
		"cty of a presentation":  {raw(t, h{1: -8, 3: "application/vp", 16: "application/vc+cose"}, h{}, doc), cose.ErrMalformed},
		"typ is a number":        {raw(t, h{1: -8, 3: "application/vc", 16: 1}, h{}, doc), cose.ErrMalformed},
		"payload is no JSON":     {raw(t, h{1: -8, 3: "application/vc"}, h{}, "hello"), cose.ErrMalformed},
		"payload is no object":   {raw(t, h{1: -8, 3: "application/vc"}, h{}, "[]"), cose.ErrMalformed},
		"member twice":           {raw(t, h{1: -8, 3: "application/vc"}, h{}, `{"a":1,"a":1}`), cose.ErrMalformed},
		"vc claim":               {raw(t, h{1: -8, 3: "application/vc"}, h{}, `{"vc":{}}`), jose.ErrMalformed},
		"CWT claims are a text":  {raw(t, h{1: -8, 3: "application/vc", 15: "a"}, h{}, doc), cose.ErrMalformed},
		"long form of a length":  {append([]byte{0xd2, 0x98, 0x04}, good[2:]...), cose.ErrMalformed},
		"long form of the tag":   {append([]byte{0xd8, 0x12}, good[1:]...), cose.ErrMalformed},
		"indefinite array":       {append(append([]byte{0xd2, 0x9f}, good[2:]...), 0xff), cose.ErrMalformed},
		"payload is elsewhere":   {detached(t), cose.ErrMalformed},
		"a tag around the tag":   {append([]byte{0xd9, 0xd9, 0xf7}, good...), cose.ErrMalformed},
		"not minimal, unsigned":  {bytes.Replace(good, []byte{0xa0, 0x58}, []byte{0xb8, 0x00, 0x58}, 1), cose.ErrMalformed},
		"duplicate header label": {duplicate(t), cose.ErrMalformed},
	} {
		if d, err := cose.ParseCredential(c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v, want %v", name, d, err, c.want)
		}
	}
	var claim *jose.ClaimError
	for name, data := range map[string][]byte{
		"iss among the CWT claims": raw(t, h{1: -8, 3: "application/vc", 15: h{1: "a:other"}}, h{}, doc),
		"iss in the payload":       raw(t, h{1: -8, 3: "application/vc"}, h{}, `{"iss":"a:b","issuer":{"id":"a:c"}}`),
	} {
		if d, err := cose.ParseCredential(data); !errors.As(err, &claim) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	d, err := cose.ParseCredential(raw(t, h{1: -8, 3: "application/vc", 15: h{1: "a:i"}}, h{4: []byte("hint")}, doc))
	if err != nil || d.Verify(key.Public()) != nil || d.KeyID != "hint" || d.Alg != jose.EdDSA {
		t.Errorf("the good one: %+v, %v", d, err)
	}
}

func detached(t *testing.T) []byte {
	header, err := cbor.Marshal(map[any]any{1: -8})
	if err != nil {
		t.Fatal(err)
	}
	data, err := cbor.Marshal(cbor.Tag{Number: 18, Content: []any{header, map[any]any{}, nil, make([]byte, 64)}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func duplicate(t *testing.T) []byte {
	data, err := cbor.Marshal(cbor.Tag{Number: 18, Content: []any{[]byte{0xa2, 0x01, 0x27, 0x01, 0x26}, map[any]any{}, []byte(doc), make([]byte, 64)}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestVerifyRefuses(t *testing.T) {
	data, err := cose.SignCredential([]byte(doc), key, "a")
	if err != nil {
		t.Fatal(err)
	}
	m, err := cose.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	_, p256 := vectorKey(t, "vm-p256.json")
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	for name, c := range map[string]struct {
		key     crypto.PublicKey
		allowed []string
		want    error
	}{
		"another key":  {other.Public(), nil, jose.ErrBadSignature},
		"another kind": {p256.Public(), nil, jose.ErrAlgorithm},
		"no key":       {nil, nil, jose.ErrAlgorithm},
		"not allowed":  {key.Public(), []string{jose.ES256}, jose.ErrAlgorithm},
		"allowed":      {key.Public(), []string{jose.EdDSA}, nil},
	} {
		if err := m.Verify(c.key, c.allowed...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range data {
		changed := bytes.Clone(data)
		changed[i] ^= 1
		if m, err := cose.Parse(changed); err == nil && m.Verify(key.Public()) == nil {
			t.Errorf("byte %d changed, and it verifies", i)
		}
	}
	if _, err := cose.Sign([]byte(doc), nil, cose.Header{}); !errors.Is(err, jose.ErrAlgorithm) {
		t.Error(err)
	}
	if _, err := cose.SignPresentation([]byte(`{"verifiableCredential":[{}]}`), key, "a"); !errors.Is(err, jose.ErrMalformed) {
		t.Errorf("unsecured credential presented: %v", err)
	}
}

// What cannot be verified is not signed.
func TestIssuerAndKeyID(t *testing.T) {
	for doc, kid := range map[string]string{`{}`: "a:k", `{"issuer":{"name":"Uni"}}`: "a:k", `{"issuer":"did:web:uni.example"}`: "", `{"issuer":{"id":"did:web:uni.example"}}`: ""} {
		if data, err := cose.SignCredential([]byte(doc), key, kid); !errors.Is(err, cose.ErrMalformed) || data != nil {
			t.Errorf("%s: %x, %v", doc, data, err)
		}
	}
	for doc, kid := range map[string]string{`{"issuer":"https://uni.example"}`: "", `{"issuer":"did:web:uni.example"}`: "did:web:uni.example#1"} {
		if _, err := cose.SignCredential([]byte(doc), key, kid); err != nil {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

// go-cose verifies what we sign, with its own verifier.
func TestAgainstGoCose(t *testing.T) {
	for _, name := range []string{"vm-p256.json", "vm-p384.json", "vm-p521.json", "vm-ed25519.json"} {
		public, private := vectorKey(t, name)
		data, err := cose.SignCredential([]byte(doc), private, "a")
		if err != nil {
			t.Fatal(err)
		}
		var m gocose.Sign1Message
		if err := m.UnmarshalCBOR(data); err != nil {
			t.Fatal(err)
		}
		alg, err := m.Headers.Protected.Algorithm()
		if err != nil {
			t.Fatal(err)
		}
		v, err := gocose.NewVerifier(alg, public)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Verify(nil, v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEnvelope(t *testing.T) {
	data, err := cose.SignCredential([]byte(doc), key, "a")
	if err != nil {
		t.Fatal(err)
	}
	e, err := credential.ReadEnvelope(jose.Envelope(jose.MediaTypeVCCOSE, data))
	if err != nil || !bytes.Equal(e.Data, data) {
		t.Fatalf("%v", err)
	}
	for text, ok := range map[string]bool{
		base64.StdEncoding.EncodeToString(data):          true,
		base64.RawStdEncoding.EncodeToString(data):       true,
		base64.StdEncoding.EncodeToString(data) + "=":    false,
		base64.StdEncoding.EncodeToString(data) + "\n":   false,
		fmt.Sprintf("%x", data):                          false,
		" " + base64.RawStdEncoding.EncodeToString(data): false,
	} {
		if _, err := cose.ParseText(text); (err == nil) != ok {
			t.Errorf("%.30s…: %v", text, err)
		}
	}
}

// FuzzParse: a message that is read is written in no other way.
func FuzzParse(f *testing.F) {
	data, err := cose.SignCredential([]byte(doc), key, "a")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(raw(f, map[any]any{1: -8, 15: map[any]any{1: "a"}}, map[any]any{4: []byte("a"), 33: []byte{1}}, doc))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := cose.Parse(data)
		if err != nil {
			return
		}
		var again gocose.Sign1Message
		if err := again.UnmarshalCBOR(data); err != nil {
			t.Fatal(err)
		}
		written, err := again.MarshalCBOR()
		if err != nil || !bytes.Equal(written, data) || !reflect.DeepEqual(again.Payload, m.Payload) {
			t.Fatalf("%x became %x, %v", data, written, err)
		}
	})
}

func ExampleSignCredential() {
	message, err := cose.SignCredential([]byte(doc), key, "https://uni.example/keys/1")
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := cose.ParseCredential(message)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Alg, d.KeyID, d.Tree["issuer"], d.Verify(key.Public()))
	// Output: EdDSA https://uni.example/keys/1 a:i <nil>
}
