package jose

import (
	"bytes"
	"crypto/ed25519"
	"testing"
)

// A payload in two parts gives the token of the whole.
func TestSignInParts(t *testing.T) {
	s, err := NewSigner(ed25519.NewKeyFromSeed(make([]byte, 32)), Header{KeyID: "k"})
	if err != nil {
		t.Fatal(err)
	}
	payload := []byte(`{"iss":"x","a":"é"}`)
	for whole := range len(payload) + 1 {
		want, err := s.Sign(payload[:whole])
		if err != nil {
			t.Fatal(err)
		}
		j, err := Parse(want)
		if err != nil || !bytes.Equal(j.Payload, payload[:whole]) {
			t.Fatalf("%q: %v", payload[:whole], err)
		}
		for cut := range whole + 1 {
			before := bytes.Clone(payload)
			got, err := s.sign(payload[:cut], payload[cut:whole])
			if err != nil || !bytes.Equal(got, want) || !bytes.Equal(payload, before) {
				t.Fatalf("%q and %q: %s, %v, want %s", payload[:cut], payload[cut:whole], got, err, want)
			}
		}
	}
}
