package sdjwt_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/sdjwt"
)

var b64 = base64.RawURLEncoding.EncodeToString

// disclose is the text of a disclosure.
func disclose(raw string) string { return b64([]byte(raw)) }

// digest is what stands for a disclosure.
func digest(raw string) string {
	sum := sha256.Sum256([]byte(disclose(raw)))
	return b64(sum[:])
}

// token signs a payload and puts disclosures behind it.
func token(t testing.TB, payload string, disclosures ...string) string {
	t.Helper()
	jws, err := jose.Sign([]byte(payload), keys()["ES256"], jose.Header{Type: "dc+sd-jwt"})
	if err != nil {
		t.Fatal(err)
	}
	out := string(jws) + "~"
	for _, d := range disclosures {
		out += disclose(d) + "~"
	}
	return out
}

const (
	given  = `["s1", "given_name", "Erika"]`
	family = `["s2", "family_name", "Mustermann"]`
	inList = `["s3", "DE"]`
)

func TestParseRefuses(t *testing.T) {
	sd := func(raw ...string) string {
		var list []string
		for _, r := range raw {
			list = append(list, `"`+digest(r)+`"`)
		}
		return `"_sd":[` + strings.Join(list, ",") + `]`
	}
	good := token(t, `{`+sd(given)+`}`, given)
	head, _, _ := strings.Cut(good, "~")
	for name, text := range map[string]string{
		"no tilde":                    head,
		"no last tilde":               strings.TrimSuffix(good, "~"), // the disclosure is then a broken key binding
		"empty disclosure":            head + "~~" + disclose(given) + "~",
		"only tildes":                 strings.Repeat("~", 5),
		"too many disclosures":        head + strings.Repeat("~AA", 3000) + "~",
		"a million tildes":            head + strings.Repeat("~", 1e6),
		"too long":                    head + "~" + strings.Repeat("A", jose.MaxBytes) + "~",
		"payload is no object":        token(t, `[]`),
		"payload twice":               token(t, `{"a":1,"a":1}`),
		"disclosure without digest":   token(t, `{}`, given),
		"disclosure twice":            token(t, `{`+sd(given)+`}`, given, given),
		"digest twice":                token(t, `{`+sd(given, given)+`}`, given),
		"digest twice, undisclosed":   token(t, `{`+sd(given, given)+`}`),
		"digest twice, apart":         token(t, `{`+sd(given)+`,"a":{`+sd(given)+`}}`, given),
		"digest in list and object":   token(t, `{`+sd(inList)+`,"a":[{"...":"`+digest(inList)+`"}]}`),
		"claim is there":              token(t, `{`+sd(given)+`,"given_name":"Max"}`, given),
		"claim disclosed twice":       token(t, `{`+sd(given, `["s9", "given_name", "Max"]`)+`}`, given, `["s9", "given_name", "Max"]`),
		"claim by letter case":        token(t, `{`+sd(given)+`,"Given_Name":"Max"}`, given),
		"name _sd":                    token(t, `{`+sd(`["s", "_sd", []]`)+`}`, `["s", "_sd", []]`),
		"name ...":                    token(t, `{`+sd(`["s", "...", "a"]`)+`}`, `["s", "...", "a"]`),
		"name _sd_alg":                token(t, `{`+sd(`["s", "_sd_alg", "sha-1"]`)+`}`, `["s", "_sd_alg", "sha-1"]`),
		"name is a number":            token(t, `{`+sd(`["s", 1, "a"]`)+`}`, `["s", 1, "a"]`),
		"salt is a number":            token(t, `{`+sd(`[1, "a", "a"]`)+`}`, `[1, "a", "a"]`),
		"list of one":                 token(t, `{`+sd(`["s"]`)+`}`, `["s"]`),
		"list of four":                token(t, `{`+sd(`["s","a","b","c"]`)+`}`, `["s","a","b","c"]`),
		"disclosure is an object":     token(t, `{`+sd(`{}`)+`}`, `{}`),
		"disclosure is no JSON":       token(t, `{`+sd(`["s",`)+`}`, `["s",`),
		"disclosure and more":         token(t, `{`+sd(given+` 1`)+`}`, given+` 1`),
		"members twice in disclosure": token(t, `{`+sd(`["s","a",{"b":1,"b":2}]`)+`}`, `["s","a",{"b":1,"b":2}]`),
		"element in an object":        token(t, `{`+sd(inList)+`}`, inList),
		"claim in a list":             token(t, `{"a":[{"...":"`+digest(given)+`"}]}`, given),
		"_sd is a text":               token(t, `{"_sd":"`+digest(given)+`"}`, given),
		"_sd holds a number":          token(t, `{"_sd":[1]}`),
		"... beside a member":         token(t, `{"a":[{"...":"`+digest(inList)+`","b":1}]}`, inList),
		"... is a number":             token(t, `{"a":[{"...":1}]}`),
		"... in an object":            token(t, `{"...":"`+digest(inList)+`"}`),
		"... in a nested object":      token(t, `{"a":{"...":"`+digest(inList)+`"}}`),
		"_sd_alg below":               token(t, `{"a":{"_sd_alg":"sha-256"}}`),
		"_sd_alg is a number":         token(t, `{"_sd_alg":1}`),
		"_sd in a disclosure, bad":    token(t, `{`+sd(`["s","a",{"_sd":1}]`)+`}`, `["s","a",{"_sd":1}]`),
		"padding":                     head + "~" + disclose(given) + "=~",
		"line break":                  head + "~" + disclose(given)[:4] + "\n" + disclose(given)[4:] + "~",
		"unused bits":                 token(t, `{"_sd":["`+digest(given)+`"]}`) + nextLast(disclose(inList)) + "~",
		"together too deep":           deepToken(t),
	} {
		if s, err := sdjwt.Parse([]byte(text)); err == nil && s.KeyBinding == nil {
			t.Errorf("%s: accepted as %v", name, s.Claims)
		} else if err == nil {
			if err := s.VerifyBinding(sdjwt.BindingCheck{Audience: "a", Nonce: "n", Now: time.Now}); !errors.Is(err, sdjwt.ErrKeyBinding) {
				t.Errorf("%s: %v", name, err)
			}
		} else if !errors.Is(err, sdjwt.ErrMalformed) && !errors.Is(err, jose.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, alg := range []string{"sha-1", "SHA-256", "md5", "", "sha3-256"} {
		if _, err := sdjwt.Parse([]byte(token(t, `{"_sd_alg":"`+alg+`"}`))); !errors.Is(err, sdjwt.ErrUnsupported) {
			t.Errorf("_sd_alg %q: %v", alg, err)
		}
	}
	if s, err := sdjwt.Parse([]byte(good)); err != nil || s.Claims["given_name"] != "Erika" || s.Claims["_sd"] != nil {
		t.Errorf("the good one: %v", err)
	}
}

// nextLast changes bits of the last character that stand for nothing.
func nextLast(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return text[:len(text)-1] + string(alphabet[strings.IndexByte(alphabet, text[len(text)-1])+1])
}

// deepToken nests disclosures, each shallow, deeper than one document may be.
func deepToken(t testing.TB) string {
	inner := `["s0", "a", 1]`
	all := []string{inner}
	for i := range 70 {
		inner = fmt.Sprintf(`["s%d", "a", {"_sd":["%s"]}]`, i+1, digest(inner))
		all = append(all, inner)
	}
	return token(t, `{"_sd":["`+digest(inner)+`"]}`, all...)
}

// A changed disclosure has another digest; a changed digest breaks the
// signature.
func TestTampering(t *testing.T) {
	s, err := sdjwt.Parse([]byte(token(t, `{"_sd":["`+digest(given)+`","`+digest(family)+`"]}`, given)))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(keys()["ES256"].Public()); err != nil {
		t.Error(err)
	}
	forged := strings.Replace(string(s.Token()), disclose(given), disclose(strings.Replace(given, "Erika", "Max", 1)), 1)
	if _, err := sdjwt.Parse([]byte(forged)); !errors.Is(err, sdjwt.ErrMalformed) {
		t.Errorf("changed disclosure: %v", err)
	}
	parts := strings.Split(token(t, `{"_sd":["`+digest(strings.Replace(given, "Erika", "Max", 1))+`"]}`), ".")
	own := strings.SplitN(string(s.Token()), ".", 3)
	mixed := own[0] + "." + parts[1] + "." + own[2][:strings.IndexByte(own[2], '~')+1]
	if s, err = sdjwt.Parse([]byte(mixed)); err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(keys()["ES256"].Public()); !errors.Is(err, jose.ErrBadSignature) {
		t.Errorf("changed digest: %v", err)
	}
	if err := s.Verify(keys()["EdDSA"].Public()); !errors.Is(err, jose.ErrAlgorithm) {
		t.Errorf("another kind of key: %v", err)
	}
}

const claims = `{"vct":"https://badges.example/types/badge","iss":"https://uni.example","given_name":"Erika","nationalities":["DE","FR"],
	"address":{"street":"Heidestraße 17","locality":"Köln"},"credits":1.50}`

func issued(t testing.TB, o sdjwt.Options) *sdjwt.SDJWT {
	t.Helper()
	text, err := sdjwt.IssueVC([]byte(claims), keys()["ES256"], o)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sdjwt.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestIssueAndPresent(t *testing.T) {
	for _, hash := range []string{"", "sha-256", "sha-384", "sha-512"} {
		s := issued(t, sdjwt.Options{Hash: hash, Decoys: 2, Disclosable: []string{"/given_name", "/nationalities/0", "/nationalities/1", "/address", "/address/street", "/credits"}})
		if len(s.Disclosures) != 6 {
			t.Fatalf("%d disclosures", len(s.Disclosures))
		}
		if strings.Contains(string(s.JWS.Payload), "Erika") || strings.Contains(string(s.JWS.Payload), "Heide") {
			t.Errorf("%s: the token shows what it conceals: %s", hash, s.JWS.Payload)
		}
		if n := len(s.Payload["_sd"].([]any)); n != 5 { // given_name, address, credits and two decoys
			t.Errorf("%s: %d digests", hash, n)
		}
		for _, c := range []struct{ show, want string }{
			{"", `{"iss":"https://uni.example","nationalities":[],"vct":"https://badges.example/types/badge"}`},
			{"/given_name", `{"given_name":"Erika","iss":"https://uni.example","nationalities":[],"vct":"https://badges.example/types/badge"}`},
			{"/address", `{"address":{"locality":"Köln"},"iss":"https://uni.example","nationalities":[],"vct":"https://badges.example/types/badge"}`},
			{"/address/street", `{"address":{"locality":"Köln","street":"Heidestraße 17"},"iss":"https://uni.example","nationalities":[],"vct":"https://badges.example/types/badge"}`},
			{"/address/locality /iss", `{"address":{"locality":"Köln"},"iss":"https://uni.example","nationalities":[],"vct":"https://badges.example/types/badge"}`},
			{"/nationalities/1 /credits", `{"credits":1.50,"iss":"https://uni.example","nationalities":["FR"],"vct":"https://badges.example/types/badge"}`},
		} {
			text, err := s.Present(strings.Fields(c.show)...)
			if err != nil {
				t.Fatal(err)
			}
			shown, err := sdjwt.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := json.Marshal(shown.Claims); err != nil || string(got) != c.want {
				t.Errorf("%s, shown %q: %s, want %s", hash, c.show, got, c.want)
			}
		}
		if _, err := s.Present("/nobody"); !errors.Is(err, sdjwt.ErrOptions) {
			t.Errorf("a pointer to nothing: %v", err)
		}
	}
}

func TestIssueRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		claims string
		o      sdjwt.Options
		want   error
	}{
		"no JSON":              {`{`, sdjwt.Options{}, sdjwt.ErrMalformed},
		"no object":            {`[]`, sdjwt.Options{}, sdjwt.ErrMalformed},
		"reserved _sd":         {`{"a":{"_sd":[]}}`, sdjwt.Options{}, sdjwt.ErrOptions},
		"reserved ...":         {`{"a":[{"...":"x"}]}`, sdjwt.Options{}, sdjwt.ErrOptions},
		"reserved _sd_alg":     {`{"_sd_alg":"none"}`, sdjwt.Options{}, sdjwt.ErrOptions},
		"pointer to nothing":   {`{"a":1}`, sdjwt.Options{Disclosable: []string{"/b"}}, sdjwt.ErrOptions},
		"pointer into nothing": {`{"a":1}`, sdjwt.Options{Disclosable: []string{"/b/c"}}, sdjwt.ErrOptions},
		"pointer into a text":  {`{"a":"x"}`, sdjwt.Options{Disclosable: []string{"/a/0"}}, sdjwt.ErrOptions},
		"pointer past the end": {`{"a":[1]}`, sdjwt.Options{Disclosable: []string{"/a/1"}}, sdjwt.ErrOptions},
		"pointer to -":         {`{"a":[1]}`, sdjwt.Options{Disclosable: []string{"/a/-"}}, sdjwt.ErrOptions},
		"pointer 01":           {`{"a":[1,2]}`, sdjwt.Options{Disclosable: []string{"/a/01"}}, sdjwt.ErrOptions},
		"pointer to it all":    {`{"a":1}`, sdjwt.Options{Disclosable: []string{""}}, sdjwt.ErrOptions},
		"no pointer":           {`{"a":1}`, sdjwt.Options{Disclosable: []string{"a"}}, sdjwt.ErrOptions},
		"pointer twice":        {`{"a":1}`, sdjwt.Options{Disclosable: []string{"/a", "/a"}}, sdjwt.ErrOptions},
		"minus one decoy":      {`{"a":1}`, sdjwt.Options{Decoys: -1}, sdjwt.ErrOptions},
		"hash":                 {`{"a":1}`, sdjwt.Options{Hash: "sha-1"}, sdjwt.ErrUnsupported},
		"cnf twice":            {`{"cnf":{}}`, sdjwt.Options{Holder: keys()["holder"].Public()}, sdjwt.ErrOptions},
		"holder is no key":     {`{}`, sdjwt.Options{Holder: "key"}, sdjwt.ErrOptions},
		"alg":                  {`{}`, sdjwt.Options{Header: jose.Header{Alg: "none"}}, jose.ErrAlgorithm},
	} {
		if text, err := sdjwt.Issue([]byte(c.claims), keys()["ES256"], c.o); !errors.Is(err, c.want) {
			t.Errorf("%s: %s, %v", name, text, err)
		}
	}
}

func TestKeyBinding(t *testing.T) {
	now := time.Unix(1767225600, 0)
	clock := func() time.Time { return now }
	binding := sdjwt.Binding{Audience: "https://verifier.example", Nonce: "n-1", Now: clock}
	check := sdjwt.BindingCheck{Audience: "https://verifier.example", Nonce: "n-1", Now: clock}
	s := issued(t, sdjwt.Options{Disclosable: []string{"/given_name", "/address"}, Holder: keys()["holder"].Public()})
	text, err := s.PresentTo(keys()["holder"], binding, "/given_name")
	if err != nil {
		t.Fatal(err)
	}
	shown, err := sdjwt.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := shown.VerifyBinding(check); err != nil || !bytes.Equal(shown.Token(), text) {
		t.Errorf("the good one: %v", err)
	}
	if err := s.VerifyBinding(check); !errors.Is(err, sdjwt.ErrKeyBinding) {
		t.Errorf("without one: %v", err)
	}
	for name, c := range map[string]sdjwt.BindingCheck{
		"audience": {Audience: "https://other.example", Nonce: "n-1", Now: clock},
		"nonce":    {Audience: "https://verifier.example", Nonce: "n-2", Now: clock},
		"too old":  {Audience: "https://verifier.example", Nonce: "n-1", Now: func() time.Time { return now.Add(time.Hour) }},
		"future":   {Audience: "https://verifier.example", Nonce: "n-1", Now: func() time.Time { return now.Add(-time.Hour) }},
	} {
		if err := shown.VerifyBinding(c); !errors.Is(err, sdjwt.ErrKeyBinding) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range []sdjwt.BindingCheck{{}, {Audience: "a", Now: clock}, {Nonce: "n", Now: clock}, {Audience: "a", Nonce: "n"}} {
		if err := shown.VerifyBinding(c); !errors.Is(err, sdjwt.ErrOptions) {
			t.Errorf("a check that checks less: %v", err)
		}
	}
	// The same signature with a disclosure less, and with one more.
	parts := strings.Split(string(text), "~")
	for name, other := range map[string]string{"one less": parts[0] + "~" + parts[2], "one more": parts[0] + "~" + parts[1] + "~" + disclosureAt(s, "/address") + "~" + parts[2]} {
		shown, err := sdjwt.Parse([]byte(other))
		if err != nil {
			t.Fatal(err)
		}
		if err := shown.VerifyBinding(check); !errors.Is(err, sdjwt.ErrKeyBinding) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.PresentTo(keys()["EdDSA"], binding); !errors.Is(err, sdjwt.ErrOptions) {
		t.Errorf("with another's key: %v", err)
	}
}

func disclosureAt(s *sdjwt.SDJWT, path string) string {
	for _, d := range s.Disclosures {
		if d.Path == path {
			return d.Text
		}
	}
	return ""
}

// Key bindings that an attacker, or a careless holder, could make.
func TestKeyBindingForgeries(t *testing.T) {
	now := time.Unix(1767225600, 0)
	check := sdjwt.BindingCheck{Audience: "aud", Nonce: "n", Now: func() time.Time { return now }}
	s := issued(t, sdjwt.Options{Holder: keys()["holder"].Public()})
	sum := sha256.Sum256(s.Token())
	payload := func(changes string) []byte {
		members := map[string]any{"iat": now.Unix(), "aud": "aud", "nonce": "n", "sd_hash": b64(sum[:])}
		var c map[string]any
		if err := json.Unmarshal([]byte(changes), &c); err != nil {
			t.Fatal(err)
		}
		for name, v := range c {
			if members[name] = v; v == nil {
				delete(members, name)
			}
		}
		text, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	ownKey, err := multikey.PublicToJWK(keys()["EdDSA"].Public())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key     string
		h       jose.Header
		changes string
		ok      bool
	}{
		"good":                    {"holder", jose.Header{Type: "kb+jwt"}, `{}`, true},
		"more claims":             {"holder", jose.Header{Type: "application/kb+jwt"}, `{"exp":1767225700,"nbf":1767225500}`, true},
		"typ JWT":                 {"holder", jose.Header{Type: "JWT"}, `{}`, false},
		"no typ":                  {"holder", jose.Header{}, `{}`, false},
		"by the issuer":           {"ES256", jose.Header{Type: "kb+jwt"}, `{}`, false},
		"by the key in its jwk":   {"EdDSA", jose.Header{Type: "kb+jwt", JWK: ownKey}, `{}`, false},
		"no aud":                  {"holder", jose.Header{Type: "kb+jwt"}, `{"aud":null}`, false},
		"list of aud":             {"holder", jose.Header{Type: "kb+jwt"}, `{"aud":["aud"]}`, false},
		"no nonce":                {"holder", jose.Header{Type: "kb+jwt"}, `{"nonce":null}`, false},
		"no iat":                  {"holder", jose.Header{Type: "kb+jwt"}, `{"iat":null}`, false},
		"iat is a text":           {"holder", jose.Header{Type: "kb+jwt"}, `{"iat":"1767225600"}`, false},
		"no sd_hash":              {"holder", jose.Header{Type: "kb+jwt"}, `{"sd_hash":null}`, false},
		"sd_hash of another":      {"holder", jose.Header{Type: "kb+jwt"}, `{"sd_hash":"` + b64(make([]byte, 32)) + `"}`, false},
		"expired":                 {"holder", jose.Header{Type: "kb+jwt"}, `{"exp":1767225000}`, false},
		"not yet":                 {"holder", jose.Header{Type: "kb+jwt"}, `{"nbf":1767229600}`, false},
		"exp is a text":           {"holder", jose.Header{Type: "kb+jwt"}, `{"exp":"1767225700"}`, false},
		"kid and no jwk, no help": {"ES256", jose.Header{Type: "kb+jwt", KeyID: "https://uni.example"}, `{}`, false},
	} {
		kb, err := jose.Sign(payload(c.changes), keys()[c.key], c.h)
		if err != nil {
			t.Fatal(err)
		}
		shown, err := sdjwt.Parse(append(bytes.Clone(s.Token()), kb...))
		if err != nil {
			t.Fatal(err)
		}
		if err := shown.VerifyBinding(check); (err == nil) != c.ok || err != nil && !errors.Is(err, sdjwt.ErrKeyBinding) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A token without cnf is nobody's, unless the caller knows whose.
	free := issued(t, sdjwt.Options{})
	text, err := free.PresentTo(keys()["holder"], sdjwt.Binding{Audience: "aud", Nonce: "n", Now: check.Now})
	if err != nil {
		t.Fatal(err)
	}
	shown, err := sdjwt.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := shown.VerifyBinding(check); !errors.Is(err, sdjwt.ErrKeyBinding) {
		t.Errorf("no cnf: %v", err)
	}
	check.Key = keys()["holder"].Public()
	if err := shown.VerifyBinding(check); err != nil {
		t.Errorf("no cnf, but the caller's key: %v", err)
	}
}

// TestAnyDocument: whatever is made disclosable, all of it comes back, and
// withholding everything shows nothing of it.
func TestAnyDocument(t *testing.T) {
	leaf := rapid.OneOf(
		rapid.Map(rapid.String(), func(s string) any { return s }), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just[any](nil), rapid.Map(rapid.Int(), func(n int) any { return float64(n % 1000) }))
	name := rapid.StringMatching(`[a-z/~ ]{1,3}`)
	var deep func(int) *rapid.Generator[any]
	deep = func(n int) *rapid.Generator[any] {
		if n == 0 {
			return leaf
		}
		return rapid.OneOf(leaf, rapid.Map(rapid.SliceOfN(deep(n-1), 0, 3), func(l []any) any { return l }),
			rapid.Map(rapid.MapOfN(name, deep(n-1), 0, 3), func(m map[string]any) any { return m }))
	}
	rapid.Check(t, func(t *rapid.T) {
		doc := rapid.MapOfN(name, deep(3), 0, 4).Draw(t, "claims")
		var choose []string
		walk(doc, "", func(path string) {
			if rapid.Bool().Draw(t, path) {
				choose = append(choose, path)
			}
		})
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := sdjwt.Issue(text, keys()["ES256"], sdjwt.Options{Disclosable: choose, Decoys: rapid.IntRange(0, 2).Draw(t, "decoys")})
		if err != nil {
			t.Fatal(err)
		}
		s, err := sdjwt.Parse(signed)
		if err != nil || s.Verify(keys()["ES256"].Public()) != nil || len(s.Disclosures) != len(choose) {
			t.Fatalf("%v, %d disclosures of %d", err, len(s.Disclosures), len(choose))
		}
		var want any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		back, err := json.Marshal(s.Claims)
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := json.Unmarshal(back, &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s came back as %s", text, back)
		}
		if !bytes.Equal(s.Token(), signed) {
			t.Fatal("written back differently")
		}
		paths := map[string]bool{}
		for _, d := range s.Disclosures {
			paths[d.Path] = true
		}
		for _, p := range choose {
			if !paths[p] {
				t.Fatalf("nothing is disclosed at %q of %v", p, paths)
			}
		}
		bare, err := s.Present()
		if err != nil {
			t.Fatal(err)
		}
		if shown, err := sdjwt.Parse(bare); err != nil || len(shown.Disclosures) != 0 {
			t.Fatalf("%v", err)
		}
	})
}

func walk(v any, path string, visit func(string)) {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	switch v := v.(type) {
	case map[string]any:
		for _, n := range slices.Sorted(maps.Keys(v)) {
			visit(path + "/" + escape.Replace(n))
			walk(v[n], path+"/"+escape.Replace(n), visit)
		}
	case []any:
		for i := range v {
			at := fmt.Sprintf("%s/%d", path, i)
			visit(at)
			walk(v[i], at, visit)
		}
	}
}

// FuzzParse: what is read is written back byte for byte, and shows no digest.
func FuzzParse(f *testing.F) {
	f.Add([]byte(token(f, `{"_sd":["`+digest(given)+`"],"a":[{"...":"`+digest(inList)+`"}]}`, given, inList)))
	f.Add([]byte(token(f, `{"_sd":["`+digest(given)+`"]}`) + "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"))
	f.Add([]byte(deepToken(f)))
	f.Add([]byte("~~~"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := sdjwt.Parse(text)
		if err != nil {
			return
		}
		if !bytes.Equal(s.Token(), text) {
			t.Fatalf("%s became %s", text, s.Token())
		}
		for _, d := range s.Disclosures {
			if d.Path == "" {
				t.Fatalf("a disclosure without a place: %+v", d)
			}
		}
		if s.Claims["_sd"] != nil || s.Claims["_sd_alg"] != nil {
			t.Fatalf("digests are left: %v", s.Claims)
		}
	})
}

func Example() {
	claims := []byte(`{"vct":"https://badges.example/types/badge","iss":"https://uni.example","name":"Erika","score":97}`)
	issuer, holder := keys()["ES256"], keys()["holder"].(*ecdsa.PrivateKey)
	token, err := sdjwt.IssueVC(claims, issuer, sdjwt.Options{Disclosable: []string{"/name", "/score"}, Holder: holder.Public()})
	if err != nil {
		fmt.Println(err)
		return
	}
	// The holder shows the name, and only to one verifier.
	s, err := sdjwt.Parse(token)
	if err != nil {
		fmt.Println(err)
		return
	}
	shown, err := s.PresentTo(holder, sdjwt.Binding{Audience: "https://shop.example", Nonce: "7f3a", Now: time.Now}, "/name")
	if err != nil {
		fmt.Println(err)
		return
	}
	// The verifier.
	vc, err := sdjwt.ParseVC(shown)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(vc.Verify(issuer.Public()), vc.VerifyBinding(sdjwt.BindingCheck{Audience: "https://shop.example", Nonce: "7f3a", Now: time.Now}))
	fmt.Println(vc.Claims["name"], vc.Has("/score"))
	// Output:
	// <nil> <nil>
	// Erika false
}
