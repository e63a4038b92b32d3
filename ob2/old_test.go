package ob2

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/openbadge"
)

const (
	old05 = `{
	  "recipient": "sha256$IDENTITY", "salt": "sel gris", "issued_on": "2011-06-01", "evidence": "/work.html",
	  "badge": {"version": "0.5.0", "name": "Basic McBadge", "image": "http://old.example/images/2", "description": "A basic badge.",
	    "criteria": "http://old.example/criteria/2", "issuer": {"origin": "http://old.example", "name": "Basic Issuer", "org": "Dept", "contact": "a@old.example"}}
	}`
	old10 = `{
	  "uid": "123abc", "recipient": {"identity": "test@example.com", "hashed": false, "type": "email"},
	  "badge": "http://old.example/class", "issuedOn": 1430352000, "verify": {"type": "hosted", "url": "http://old.example/a"}
	}`
	old11 = `{
	  "@context": "https://w3id.org/openbadges/v1", "type": "Assertion", "id": "https://old.example/a11",
	  "recipient": {"type": "email", "hashed": true, "salt": "deadsea", "identity": "sha256$ecf5409f3f4b91ab60cc5ef4c02aef7032354375e70cf4d8e43f6a1d29891942"},
	  "image": "https://old.example/a11.png", "evidence": "https://old.example/work.html", "issuedOn": "2016-12-31T23:59:59Z",
	  "badge": "https://old.example/class", "verification": {"type": "hosted"}
	}`
)

func badge05() string {
	return strings.Replace(old05, "sha256$IDENTITY", openbadge.HashIdentity("anna@example.com", "sel gris"), 1)
}

// oldWorld has what badges before 2.0 point to.
func oldWorld() internet {
	return internet{
		"https://old.example/05": badge05(), "https://old.example/a": old10, "https://old.example/a11": old11,
		"https://old.example/class":   `{"name":"Basic Badge","description":"v1.0","image":"http://old.example/i","criteria":"http://old.example/c","issuer":"http://old.example/issuer","alignment":{"name":"N","url":"http://x.example","description":"D"}}`,
		"https://old.example/issuer":  `{"name":"Basic Issuer","url":"http://old.example","revocationList":"http://old.example/revoked"}`,
		"https://old.example/revoked": `{"other":"Lost"}`,
	}
}

func TestVersion05(t *testing.T) {
	a, err := Parse([]byte(badge05()))
	if err != nil {
		t.Fatal(err)
	}
	want05 := &Assertion{
		Version: Version05, Recipient: Recipient{"email", true, "sel gris", openbadge.HashIdentity("anna@example.com", "sel gris")},
		Badge: BadgeClass{Name: "Basic McBadge", Description: "A basic badge.", Image: &Image{ID: "http://old.example/images/2"}, Criteria: Criteria{ID: "http://old.example/criteria/2"},
			Issuer: Profile{Name: "Basic Issuer: Dept", URL: "http://old.example", Email: "a@old.example"}},
		Verification: Verification{Type: Hosted}, IssuedOn: time.Date(2011, 6, 1, 0, 0, 0, 0, time.UTC), Evidence: []Evidence{{ID: "/work.html"}},
	}
	if diff := cmp.Diff(want05, a); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	net := oldWorld()
	want(t, check(net, []byte("http://old.example/05"), ""), sound...)
	want(t, check(net, []byte(badge05()), "http://old.example/05"), sound...)
	want(t, check(net, []byte(badge05()), ""), "structure passed", "proof unknown not_hosted")
	// On another host it is anybody's.
	want(t, check(net.with("https://evil.example/05", badge05()), []byte("https://evil.example/05"), ""), "proof passed", "issuer failed foreign_host", "revoked unknown not_run")
	// A plain mail address is read as one.
	if a, err := Parse([]byte(strings.Replace(badge05(), a.Recipient.Identity, "Anna@example.com", 1))); err != nil || a.Recipient.Hashed || !a.Recipient.matches("anna@example.com") {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestVersion10(t *testing.T) {
	a, err := Parse([]byte(old10))
	if err != nil || a.Version != Version10 || a.ID != "http://old.example/a" || a.UID != "123abc" || a.IssuedOn.Year() != 2015 {
		t.Fatalf("got %+v, %v", a, err)
	}
	net := oldWorld()
	r := Verifier{Get: net, Now: now, Recipient: "test@example.com"}.Verify(t.Context(), []byte(old10), "")
	want(t, r, sound...)
	if r.Issuer.ID != "http://old.example/issuer" || r.Badge.Alignment[0].URL != "http://x.example" {
		t.Errorf("got %+v", r.Badge)
	}
	foreign := strings.ReplaceAll(old10, "old.example/a", "evil.example/a")
	want(t, check(net.with("https://evil.example/a", foreign), []byte(foreign), ""), "issuer failed foreign_host")
}

func TestVersion10Signed(t *testing.T) {
	const keyAddress = "http://old.example/key.pem"
	net := oldWorld().with("https://old.example/key.pem", publicPEM(t, &rsaKey().PublicKey)).
		with("https://old.example/issuer", `{"name":"Basic Issuer","url":"http://old.example","revocationList":"http://old.example/revoked","publicKey":"`+keyAddress+`"}`)
	sign := func(text string) []byte {
		token, err := jose.Sign([]byte(text), rsaKey(), jose.Header{})
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	text := strings.Replace(old10, `"hosted", "url": "http://old.example/a"`, `"signed", "url": "`+keyAddress+`"`, 1)
	v := Verifier{Get: net, Now: now, Recipient: "test@example.com"}
	want(t, v.Verify(t.Context(), sign(text), ""), sound...)
	// Where the profile names no key, any file on the host would do, and anybody's.
	v.Get = net.with("https://old.example/issuer", oldWorld()["https://old.example/issuer"])
	want(t, v.Verify(t.Context(), sign(text), ""), "issuer unknown foreign_key", "proof unknown foreign_key")
	v.Get = net.with("https://old.example/revoked", `{"123abc":"Lost"}`)
	want(t, v.Verify(t.Context(), sign(text), ""), "proof passed", "revoked failed revoked")
	// A key on another host is not the issuer's.
	v.Get = net.with("https://evil.example/key.pem", publicPEM(t, &rsaKey().PublicKey))
	want(t, v.Verify(t.Context(), sign(strings.Replace(text, "old.example/key", "evil.example/key", 1)), ""), "issuer failed foreign_key", "proof unknown foreign_key")
}

func TestVersion11(t *testing.T) {
	r := Verifier{Get: oldWorld(), Now: now, Recipient: "nobody@example.org"}.Verify(t.Context(), []byte(old11), "")
	want(t, r, sound...)
	if r.Version != Version11 {
		t.Errorf("got %s", r.Version)
	}
}

func TestIs(t *testing.T) {
	for text, want := range map[string]bool{old05: true, old10: true, old11: true, string(doc(t, assertion())): true,
		`{}`: false, `{"@context":"https://www.w3.org/ns/credentials/v2","type":"VerifiableCredential","recipient":{},"badge":{}}`: false, string(doc(t, badgeClass())): false} {
		tree, err := decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if Is(tree) != want {
			t.Errorf("%s: got %v", text, !want)
		}
	}
}
