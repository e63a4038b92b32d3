package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/sdjwt"
)

type selectiveJob struct {
	Do      string          `json:"do"`
	Claims  json.RawMessage `json:"claims,omitempty"`
	Frame   json.RawMessage `json:"frame,omitempty"`
	Token   string          `json:"token,omitempty"`
	Binding map[string]any  `json:"binding,omitempty"`
	JWK     json.RawMessage `json:"jwk,omitempty"`
	Nonce   string          `json:"nonce,omitempty"`
}

type selectiveAnswer struct {
	Token    string
	Verified bool
	Bound    bool
	Claims   map[string]any
	Reasons  []string
}

const selectiveClaims = `{"vct":"urn:example:badge","iss":"https://uni.example","name":"Erika","nationalities":["DE","FR"],"address":{"street":"Heidestraße 17","locality":"Köln"},"score":97}`

func p256Pair(t *testing.T) (issuer, holder *ecdsa.PrivateKey) {
	t.Helper()
	var all [2]*ecdsa.PrivateKey
	for i := range all {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = key
	}
	return all[0], all[1]
}

// TestSDJWTOurs: the npm packages verify and present what we issue, and verify
// our presentations with key binding.
func TestSDJWTOurs(t *testing.T) {
	needNode(t)
	issuer, holder := p256Pair(t)
	public, _ := jwks(t, issuer)
	_, holderSecret := jwks(t, holder)
	token, err := sdjwt.IssueVC([]byte(selectiveClaims), issuer, sdjwt.Options{
		Disclosable: []string{"/name", "/nationalities/0", "/nationalities/1", "/address", "/address/street", "/score"}, Decoys: 2, Holder: holder.Public(),
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := sdjwt.Parse(token)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := s.PresentTo(holder, sdjwt.Binding{Audience: "https://verifier.example", Nonce: "n-1", Now: time.Now}, "/name", "/nationalities/1")
	if err != nil {
		t.Fatal(err)
	}
	_, stranger := p256Pair(t)
	strangerPublic, _ := jwks(t, stranger)
	list := []selectiveJob{
		{Do: "verify", Token: string(token), JWK: public},
		{Do: "verify", Token: string(shown), JWK: public, Nonce: "n-1"},
		{Do: "verify", Token: string(shown), JWK: public, Nonce: "n-2"},
		{Do: "verify", Token: string(token), JWK: strangerPublic},
		{Do: "present", Token: string(token), Frame: json.RawMessage(`{"name":true,"address":{"street":true}}`), JWK: holderSecret,
			Binding: map[string]any{"iat": time.Now().Unix(), "aud": "https://verifier.example", "nonce": "n-3"}},
	}
	var answers []selectiveAnswer
	jobs(t, "sdjwt.mjs", list, &answers)
	if len(answers) != len(list) {
		t.Fatalf("%d answers", len(answers))
	}
	if a := answers[0]; !a.Verified || !reflect.DeepEqual(a.Claims["address"], map[string]any{"street": "Heidestraße 17", "locality": "Köln"}) || a.Claims["score"] != 97.0 {
		t.Errorf("all disclosed: %+v", a)
	}
	if a := answers[1]; !a.Verified || !a.Bound || a.Claims["name"] != "Erika" || !reflect.DeepEqual(a.Claims["nationalities"], []any{"FR"}) || a.Claims["score"] != nil {
		t.Errorf("presented: %+v", a)
	}
	if answers[2].Verified || answers[3].Verified {
		t.Errorf("another nonce: %+v; another issuer: %+v", answers[2], answers[3])
	}
	// What their holder presents of ours, we verify.
	vc, err := sdjwt.ParseVC([]byte(answers[4].Token))
	if err != nil {
		t.Fatal(err)
	}
	if err := vc.Verify(issuer.Public()); err != nil {
		t.Error(err)
	}
	if err := vc.VerifyBinding(sdjwt.BindingCheck{Audience: "https://verifier.example", Nonce: "n-3", Now: time.Now}); err != nil {
		t.Error(err)
	}
	if !vc.Has("/name") || !vc.Has("/address/street") || vc.Has("/score") || len(vc.Disclosures) != 3 {
		t.Errorf("%v", vc.Claims)
	}
}

// TestSDJWTTheirs: we verify and present what the npm packages issue.
func TestSDJWTTheirs(t *testing.T) {
	needNode(t)
	issuer, holder := p256Pair(t)
	public, secret := jwks(t, issuer)
	holderPublic, _ := jwks(t, holder)
	claims := strings.Replace(selectiveClaims, "{", `{"cnf":{"jwk":`+string(holderPublic)+`},`, 1)
	var answers []selectiveAnswer
	jobs(t, "sdjwt.mjs", []selectiveJob{{Do: "issue", Claims: json.RawMessage(claims), JWK: secret,
		Frame: json.RawMessage(`{"_sd":["name","address"],"_sd_decoy":3,"nationalities":{"_sd":[0,1]},"address":{"_sd":["street"]}}`)}}, &answers)
	vc, err := sdjwt.ParseVC([]byte(answers[0].Token))
	if err != nil {
		t.Fatal(err)
	}
	if err := vc.Verify(issuer.Public(), "ES256"); err != nil {
		t.Error(err)
	}
	if err := vc.Verify(holder.Public()); err == nil {
		t.Error("verifies with another key")
	}
	if vc.Type != "urn:example:badge" || len(vc.Disclosures) != 5 || !vc.Has("/address/street") || !vc.Has("/nationalities/1") {
		t.Errorf("%v", vc.Claims)
	}
	shown, err := vc.PresentTo(holder, sdjwt.Binding{Audience: "https://verifier.example", Nonce: "n-1", Now: time.Now}, "/address/street", "/nationalities/0")
	if err != nil {
		t.Fatal(err)
	}
	jobs(t, "sdjwt.mjs", []selectiveJob{{Do: "verify", Token: string(shown), JWK: public, Nonce: "n-1"}}, &answers)
	if a := answers[0]; !a.Verified || !a.Bound || !reflect.DeepEqual(a.Claims["nationalities"], []any{"DE"}) || a.Claims["name"] != nil ||
		!reflect.DeepEqual(a.Claims["address"], map[string]any{"street": "Heidestraße 17", "locality": "Köln"}) {
		t.Errorf("%+v", a)
	}
}
