package jose_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/jose"
)

const badge = `{
  "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
  "id": "urn:uuid:91537dba-56cb-11ec-bf63-0242ac130002",
  "type": ["VerifiableCredential", "OpenBadgeCredential"],
  "issuer": {"id": "https://uni.example/issuer", "type": ["Profile"], "name": "University <& friends>"},
  "validFrom": "2026-01-01T00:00:00.5Z",
  "validUntil": "2030-01-01T00:00:00+01:00",
  "credentialSubject": {"id": "did:example:ebfeb1f712ebc6f1c276e12ec21", "type": ["AchievementSubject"], "creditsEarned": 1.50}
}`

const old = `{"@context":["https://www.w3.org/2018/credentials/v1"],"type":["VerifiableCredential"],"credentialSubject":{"degree":"BSc"}}`

const top = `"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":{"id":"a:i"},"id":"a:c",` +
	`"validFrom":"2026-01-01T00:00:00Z","validUntil":"2030-01-01T00:00:00Z","credentialSubject":{"id":"a:s"}`

func TestParseCredentialRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		header, payload string
		claim           string // of a *ClaimError, or "" for ErrMalformed
	}{
		"iss":                        {`{"alg":"EdDSA"}`, `{` + top + `,"iss":"a:other"}`, "iss"},
		"iss with typ vc+jwt":        {`{"alg":"EdDSA","typ":"vc+jwt"}`, `{` + top + `,"iss":"a:other"}`, "iss"},
		"jti":                        {`{"alg":"EdDSA"}`, `{` + top + `,"jti":"a:C"}`, "jti"},
		"sub":                        {`{"alg":"EdDSA"}`, `{` + top + `,"sub":"a:i"}`, "sub"},
		"sub of none of two":         {`{"alg":"EdDSA"}`, `{"credentialSubject":[{"id":"a:1"},{"id":"a:2"}],"sub":"a:3"}`, "sub"},
		"nbf":                        {`{"alg":"EdDSA","typ":"JWT"}`, `{` + top + `,"nbf":1767225601}`, "nbf"},
		"nbf before":                 {`{"alg":"EdDSA","typ":"JWT"}`, `{` + top + `,"nbf":1767225599}`, "nbf"},
		"exp":                        {`{"alg":"EdDSA"}`, `{` + top + `,"exp":4102444800}`, "exp"},
		"nbf beside no date":         {`{"alg":"EdDSA"}`, `{"validFrom":"yesterday","nbf":1767225600}`, "nbf"},
		"nbf is a text":              {`{"alg":"EdDSA"}`, `{` + top + `,"nbf":"1767225600"}`, ""},
		"nbf with an exponent":       {`{"alg":"EdDSA"}`, `{` + top + `,"nbf":1767225600e0}`, ""},
		"nbf beyond years":           {`{"alg":"EdDSA"}`, `{` + top + `,"nbf":1e400}`, ""},
		"exp null":                   {`{"alg":"EdDSA"}`, `{` + top + `,"exp":null}`, ""},
		"exp far away":               {`{"alg":"EdDSA","typ":"vc+jwt"}`, `{` + top + `,"exp":253402300800}`, ""},
		"iss is an object":           {`{"alg":"EdDSA"}`, `{` + top + `,"iss":{"id":"a:i"}}`, ""},
		"iss is empty":               {`{"alg":"EdDSA"}`, `{` + top + `,"iss":""}`, ""},
		"aud is a number":            {`{"alg":"EdDSA"}`, `{` + top + `,"aud":1}`, ""},
		"aud holds a number":         {`{"alg":"EdDSA"}`, `{` + top + `,"aud":["a",1]}`, ""},
		"aud null":                   {`{"alg":"EdDSA"}`, `{` + top + `,"aud":null}`, ""},
		"claim twice":                {`{"alg":"EdDSA"}`, `{` + top + `,"iss":"a:i","iss":"a:i"}`, ""},
		"issuer twice":               {`{"alg":"EdDSA"}`, `{` + top + `,"issuer":"a:other"}`, ""},
		"issuer and Issuer":          {`{"alg":"EdDSA"}`, `{` + top + `,"Issuer":"a:other"}`, ""},
		"no object":                  {`{"alg":"EdDSA"}`, `["a"]`, ""},
		"no JSON":                    {`{"alg":"EdDSA"}`, `hello`, ""},
		"two values":                 {`{"alg":"EdDSA"}`, `{` + top + `} {}`, ""},
		"nothing":                    {`{"alg":"EdDSA"}`, ``, ""},
		"vc beside typ vc+jwt":       {`{"alg":"EdDSA","typ":"vc+jwt"}`, `{"vc":` + old + `}`, ""},
		"vp in a credential":         {`{"alg":"EdDSA","typ":"vc+jwt"}`, `{` + top + `,"vp":{}}`, ""},
		"vc beside a document":       {`{"alg":"EdDSA","typ":"JWT"}`, `{` + top + `,"vc":` + old + `}`, ""},
		"vc is a text":               {`{"alg":"EdDSA"}`, `{"vc":"oops"}`, ""},
		"typ of a presentation":      {`{"alg":"EdDSA","typ":"vp+jwt"}`, `{` + top + `}`, ""},
		"typ of an SD-JWT":           {`{"alg":"EdDSA","typ":"vc+sd-jwt"}`, `{` + top + `}`, ""},
		"typ of a key binding":       {`{"alg":"EdDSA","typ":"kb+jwt"}`, `{` + top + `}`, ""},
		"typ text/vc+jwt":            {`{"alg":"EdDSA","typ":"text/vc+jwt"}`, `{` + top + `}`, ""},
		"cty of another":             {`{"alg":"EdDSA","typ":"vc+jwt","cty":"vp"}`, `{` + top + `}`, ""},
		"vc: issuer":                 {`{"alg":"EdDSA"}`, `{"iss":"a:i","vc":{"issuer":{"id":"a:other"}}}`, "iss"},
		"vc: id":                     {`{"alg":"EdDSA"}`, `{"jti":"a:i","vc":{"id":"a:other"}}`, "jti"},
		"vc: subject":                {`{"alg":"EdDSA"}`, `{"sub":"a:i","vc":{"credentialSubject":{"id":"a:other"}}}`, "sub"},
		"vc: issuanceDate":           {`{"alg":"EdDSA"}`, `{"nbf":1,"vc":{"@context":["https://www.w3.org/2018/credentials/v1"],"issuanceDate":"1970-01-01T00:00:03Z"}}`, "nbf"},
		"vc: expirationDate":         {`{"alg":"EdDSA"}`, `{"exp":1,"vc":{"@context":"https://www.w3.org/2018/credentials/v1","expirationDate":"1970-01-01T00:00:03Z"}}`, "exp"},
		"vc: issuer is an odd thing": {`{"alg":"EdDSA"}`, `{"iss":"a:i","vc":{"issuer":{"id":"a:i","id":"a:i"}}}`, ""},
	} {
		vc, err := jose.ParseCredential(signed(c.header, c.payload))
		var claim *jose.ClaimError
		switch {
		case c.claim == "" && !errors.Is(err, jose.ErrMalformed):
			t.Errorf("%s: %+v, %v, want ErrMalformed", name, vc, err)
		case c.claim != "" && (!errors.As(err, &claim) || claim.Claim != c.claim || claim.Error() == ""):
			t.Errorf("%s: %+v, %v, want a ClaimError about %s", name, vc, err, c.claim)
		}
	}
	if _, err := jose.ParseCredential([]byte("no token")); !errors.Is(err, jose.ErrMalformed) {
		t.Error(err)
	}
}

func TestParseCredentialAccepts(t *testing.T) {
	for name, c := range map[string]struct {
		header, payload string
		profile         jose.Profile
		document        string // "" for the payload
	}{
		"OB 3.0":                     {`{"alg":"EdDSA","typ":"JWT"}`, `{` + top + `,"iss":"a:i","sub":"a:s","jti":"a:c","nbf":1767225600,"exp":1893456000,"aud":"x"}`, jose.OB3, `{` + top + `}`},
		"OB 3.0 without claims, typ": {`{"alg":"EdDSA"}`, ` { ` + top + `}`, jose.OB3, ""},
		"fractions of a second":      {`{"alg":"EdDSA","typ":"jwt"}`, `{` + top + `,"nbf":1767225600.999}`, jose.OB3, `{` + top + `}`},
		"VC-JOSE-COSE":               {`{"alg":"EdDSA","typ":"application/VC+JWT","cty":"vc"}`, `{` + top + `,"nbf":5,"exp":6,"iat":7}`, jose.W3C, `{` + top + `}`},
		"iat is a date":              {`{"alg":"EdDSA","typ":"vc+jwt"}`, `{` + top + `,"iat":"2010-01-01T19:23:24Z"}`, jose.W3C, `{` + top + `}`},
		"sub is one of two":          {`{"alg":"EdDSA"}`, `{"credentialSubject":[{"id":"a:1"},{"id":"a:2"}],"sub":"a:2"}`, jose.OB3, `{"credentialSubject":[{"id":"a:1"},{"id":"a:2"}]}`},
		"1.1, everything by claims": {`{"alg":"EdDSA","typ":"JWT"}`, `{"iss":"a:i","jti":"a:c","sub":"a:s","nbf":1767225600,"exp":1893456000.25,"vc":` + old + `}`, jose.VC11,
			`{"@context":["https://www.w3.org/2018/credentials/v1"],"type":["VerifiableCredential"],"id":"a:c","issuer":"a:i","issuanceDate":"2026-01-01T00:00:00Z",` +
				`"expirationDate":"2030-01-01T00:00:00.25Z","credentialSubject":{"id":"a:s","degree":"BSc"}}`},
		"1.1, issuer is an object": {`{"alg":"EdDSA"}`, `{"iss":"a:i","vc":{"issuer":{"name":"I"}}}`, jose.VC11, `{"issuer":{"id":"a:i","name":"I"}}`},
		"1.1 around 2.0":           {`{"alg":"EdDSA"}`, `{"nbf":1767225600,"vc":{"@context":["https://www.w3.org/ns/credentials/v2"]}}`, jose.VC11, `{"@context":["https://www.w3.org/ns/credentials/v2"],"validFrom":"2026-01-01T00:00:00Z"}`},
		"1.1, said twice the same": {`{"alg":"EdDSA"}`, `{"iss":"a:i","nbf":1,"vc":{"@context":["https://www.w3.org/2018/credentials/v1"],"issuer":"a:i","issuanceDate":"1970-01-01T01:00:01+01:00"}}`, jose.VC11, `{"@context":["https://www.w3.org/2018/credentials/v1"],"issuer":"a:i","issuanceDate":"1970-01-01T01:00:01+01:00"}`},
	} {
		token := signed(c.header, c.payload)
		vc, err := jose.ParseCredential(token)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c.document == "" {
			c.document = c.payload
			if string(vc.Document) != c.payload {
				t.Errorf("%s: the document is not the payload's bytes: %s", name, vc.Document)
			}
		}
		if vc.Profile != c.profile || !sameJSON(t, vc.Document, []byte(c.document)) {
			t.Errorf("%s: %v, %s\nwant %v, %s", name, vc.Profile, vc.Document, c.profile, c.document)
		}
		if err := vc.Verify(keys()["EdDSA"].Public()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClaimsAreReported(t *testing.T) {
	vc, err := jose.ParseCredential(signed(`{"alg":"EdDSA","typ":"vc+jwt"}`,
		`{`+top+`,"iss":"a:i","sub":"a:s","jti":"a:c","nbf":-1.5,"exp":1893456000,"iat":0,"aud":["x","y"],"cnf":{"kid":"k"}}`))
	if err != nil {
		t.Fatal(err)
	}
	c := vc.Claims
	if c.Issuer != "a:i" || c.Subject != "a:s" || c.ID != "a:c" || strings.Join(c.Audience, " ") != "x y" ||
		!c.NotBefore.Equal(time.Unix(-2, 5e8)) || !c.Expires.Equal(time.Unix(1893456000, 0)) || !c.IssuedAt.Equal(time.Unix(0, 0)) {
		t.Errorf("%+v", c)
	}
	if vc.Tree["cnf"] == nil || vc.Tree["iss"] != nil {
		t.Errorf("%v", vc.Tree)
	}
}

func TestSignCredential(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 999, time.UTC) }
	for alg, key := range keys() {
		token, err := jose.SignCredential([]byte(badge), key, jose.CredentialOptions{KeyID: "https://uni.example/keys/1"})
		if err != nil {
			t.Fatal(err)
		}
		vc, err := jose.ParseCredential(token)
		if err != nil {
			t.Fatal(err)
		}
		if err := vc.Verify(key.Public(), alg); err != nil || vc.Profile != jose.OB3 || vc.Header.Type != "JWT" || vc.Header.KeyID != "https://uni.example/keys/1" || vc.Header.JWK != nil {
			t.Errorf("%s: %v, %+v", alg, err, vc.Header)
		}
		want := `{"exp":1893452400,"iss":"https://uni.example/issuer","jti":"urn:uuid:91537dba-56cb-11ec-bf63-0242ac130002","nbf":1767225600,"sub":"did:example:ebfeb1f712ebc6f1c276e12ec21",` + badge[1:]
		if string(vc.Payload) != want {
			t.Errorf("payload %s\nwant %s", vc.Payload, want)
		}
		if string(vc.Document) != badge {
			t.Errorf("the document is not what was signed: %s", vc.Document)
		}
		token, err = jose.SignCredential([]byte(badge), key, jose.CredentialOptions{Profile: jose.W3C, JWK: true, Now: now, Expires: now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if vc, err = jose.ParseCredential(token); err != nil {
			t.Fatal(err)
		}
		if err := vc.Verify(key.Public()); err != nil || vc.Profile != jose.W3C || vc.Header.ContentType != "vc" || vc.Header.JWK == nil ||
			!vc.NotBefore.IsZero() || !vc.IssuedAt.Equal(now().Truncate(time.Second)) || vc.Expires.Sub(vc.IssuedAt) != time.Hour {
			t.Errorf("%s: %v, %+v, %+v", alg, err, vc.Header, vc.Claims)
		}
	}
}

func TestSignCredentialRefuses(t *testing.T) {
	kid := jose.CredentialOptions{KeyID: "a"}
	w3c := jose.CredentialOptions{KeyID: "a", Profile: jose.W3C}
	for name, c := range map[string]struct {
		doc  string
		o    jose.CredentialOptions
		want error
	}{
		"no JSON":             {`{`, kid, jose.ErrMalformed},
		"no object":           {`[]`, kid, jose.ErrMalformed},
		"issuer twice":        {strings.Replace(badge, `"issuer"`, `"issuer":"a:b","issuer"`, 1), kid, jose.ErrMalformed},
		"no issuer":           {`{"id":"a:b","validFrom":"2026-01-01T00:00:00Z"}`, kid, jose.ErrDocument},
		"no id":               {`{"issuer":"a:b","validFrom":"2026-01-01T00:00:00Z"}`, kid, jose.ErrDocument},
		"no validFrom":        {`{"issuer":"a:b","id":"a:c"}`, kid, jose.ErrDocument},
		"no date":             {`{"issuer":"a:b","id":"a:c","validFrom":"today"}`, kid, jose.ErrDocument},
		"validUntil null":     {`{"issuer":"a:b","id":"a:c","validFrom":"2026-01-01T00:00:00Z","validUntil":null}`, kid, jose.ErrDocument},
		"a claim of its own":  {strings.Replace(badge, `"issuer"`, `"iss":"a:b","issuer"`, 1), kid, jose.ErrDocument},
		"vc in it":            {`{"vc":{}}`, w3c, jose.ErrDocument},
		"vp in it":            {`{"vp":{}}`, w3c, jose.ErrDocument},
		"neither kid nor jwk": {badge, jose.CredentialOptions{}, jose.ErrDocument},
		"in the 1.1 profile":  {badge, jose.CredentialOptions{KeyID: "a", Profile: jose.VC11}, jose.ErrDocument},
	} {
		if token, err := jose.SignCredential([]byte(c.doc), keys()["EdDSA"], c.o); !errors.Is(err, c.want) {
			t.Errorf("%s: %s, %v", name, token, err)
		}
	}
	if _, err := jose.SignCredential([]byte(badge), nil, kid); !errors.Is(err, jose.ErrAlgorithm) {
		t.Error(err)
	}
}

func TestFixtureSurvives(t *testing.T) {
	doc := vectors.Fixture(t, "achievement-credential.json")
	token, err := jose.SignCredential(doc, keys()["RS256"], jose.CredentialOptions{JWK: true})
	if err != nil {
		t.Fatal(err)
	}
	vc, err := jose.ParseCredential(token)
	if err != nil {
		t.Fatal(err)
	}
	if err := vc.Verify(keys()["RS256"].Public()); err != nil || !sameJSON(t, vc.Document, doc) {
		t.Errorf("%v, %s", err, vc.Document)
	}
	if _, err := credential.Parse(vc.Document); err != nil {
		t.Error(err)
	}
}

const presentation = `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"],"id":"urn:uuid:1","holder":{"id":"did:example:h"},"verifiableCredential":[%s]}`

func TestPresentations(t *testing.T) {
	vc, err := jose.SignCredential([]byte(badge), keys()["ES256"], jose.CredentialOptions{Profile: jose.W3C, KeyID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	enveloped, err := json.Marshal(jose.Envelope(jose.MediaTypeVCJWT, vc))
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Unix(1767225600, 0) }
	for _, profile := range []jose.Profile{0, jose.W3C, jose.VC11} {
		doc := fmt.Sprintf(presentation, enveloped)
		token, err := jose.SignPresentation([]byte(doc), keys()["EdDSA"], jose.PresentationOptions{
			KeyID: "did:example:h#1", Profile: profile, Nonce: "n-1", Audience: "https://verifier.example", Now: now, Lifetime: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		p, err := jose.ParsePresentation(token)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Verify(keys()["EdDSA"].Public()); err != nil || !sameJSON(t, p.Document, []byte(doc)) || p.Claims.Issuer != "did:example:h" ||
			p.Nonce != "n-1" || p.Audience[0] != "https://verifier.example" || p.Expires.Sub(p.IssuedAt) != time.Minute || p.Claims.ID != "urn:uuid:1" {
			t.Errorf("%v: %v, %+v, %s", profile, err, p.Claims, p.Document)
		}
		if profile == 0 {
			profile = jose.W3C
		}
		if p.Profile != profile {
			t.Errorf("%v read as %v", profile, p.Profile)
		}
		tree, err := credential.ParsePresentation(p.Document)
		if err != nil || len(tree.Credentials) != 1 || string(tree.Credentials[0].Enveloped.Data) != string(vc) {
			t.Errorf("%v: %v", profile, err)
		}
	}
}

func TestPresentationRefuses(t *testing.T) {
	const w3c = `{"alg":"EdDSA","typ":"vp+jwt","cty":"vp"}`
	for name, c := range map[string]struct {
		header, payload string
		claim           string
	}{
		"unsecured":            {w3c, fmt.Sprintf(presentation, `{"type":["VerifiableCredential"]}`), ""},
		"a token as text":      {w3c, fmt.Sprintf(presentation, `"eyJhbGciOiJFZERTQSJ9.e30.AAAA"`), ""},
		"one unsecured, alone": {w3c, `{"verifiableCredential":{"type":["VerifiableCredential"]}}`, ""},
		"one null":             {w3c, `{"verifiableCredential":null}`, ""},
		"envelope of nothing":  {w3c, fmt.Sprintf(presentation, `{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiableCredential","id":"not-a-credential"}`), ""},
		"typ of a credential":  {`{"alg":"EdDSA","typ":"vc+jwt"}`, fmt.Sprintf(presentation, ""), ""},
		"cty of a credential":  {`{"alg":"EdDSA","typ":"vp+jwt","cty":"vc"}`, fmt.Sprintf(presentation, ""), ""},
		"vc in it":             {w3c, `{"vc":{}}`, ""},
		"vp beside typ":        {w3c, `{"vp":{}}`, ""},
		"vp is a text":         {`{"alg":"EdDSA"}`, `{"vp":"nooo"}`, ""},
		"vp beside a document": {`{"alg":"EdDSA"}`, `{"vp":{},"verifiableCredential":[]}`, ""},
		"nonce is a number":    {`{"alg":"EdDSA"}`, `{"vp":{},"nonce":1}`, ""},
		"iss and holder":       {w3c, `{"iss":"a:b","holder":"a:c"}`, "iss"},
		"vp: iss and holder":   {`{"alg":"EdDSA"}`, `{"iss":"a:b","vp":{"holder":{"id":"a:c"}}}`, "iss"},
		"jti and id":           {w3c, `{"jti":"a:b","id":"a:c"}`, "jti"},
		"no JSON":              {w3c, `{`, ""},
	} {
		p, err := jose.ParsePresentation(signed(c.header, c.payload))
		var claim *jose.ClaimError
		switch {
		case c.claim == "" && !errors.Is(err, jose.ErrMalformed):
			t.Errorf("%s: %+v, %v, want ErrMalformed", name, p, err)
		case c.claim != "" && (!errors.As(err, &claim) || claim.Claim != c.claim):
			t.Errorf("%s: %+v, %v, want a ClaimError about %s", name, p, err, c.claim)
		}
	}
	for name, c := range map[string]struct {
		doc  string
		o    jose.PresentationOptions
		want error
	}{
		"unsecured":           {fmt.Sprintf(presentation, `{"type":["VerifiableCredential"]}`), jose.PresentationOptions{KeyID: "a"}, jose.ErrDocument},
		"nonce in it":         {`{"nonce":"a"}`, jose.PresentationOptions{KeyID: "a"}, jose.ErrDocument},
		"in the OB 3 profile": {`{}`, jose.PresentationOptions{KeyID: "a", Profile: jose.OB3}, jose.ErrDocument},
		"no key id":           {`{}`, jose.PresentationOptions{Profile: jose.VC11}, jose.ErrDocument},
		"no JSON":             {`{`, jose.PresentationOptions{KeyID: "a"}, jose.ErrMalformed},
	} {
		if token, err := jose.SignPresentation([]byte(c.doc), keys()["EdDSA"], c.o); !errors.Is(err, c.want) {
			t.Errorf("%s: %s, %v", name, token, err)
		}
	}
	// An embedded credential with a proof is secured.
	if _, err := jose.ParsePresentation(signed(w3c, fmt.Sprintf(presentation, `{"type":["VerifiableCredential"],"proof":{}}`))); err != nil {
		t.Error(err)
	}
}

func TestEnvelope(t *testing.T) {
	for mediaType, kind := range map[string]string{
		jose.MediaTypeVCJWT: credential.TypeEnvelopedCredential, jose.MediaTypeVCSDJWT: credential.TypeEnvelopedCredential,
		jose.MediaTypeVCCOSE: credential.TypeEnvelopedCredential, jose.MediaTypeVPJWT: credential.TypeEnvelopedPresentation,
		jose.MediaTypeVPSDJWT: credential.TypeEnvelopedPresentation, jose.MediaTypeVPCOSE: credential.TypeEnvelopedPresentation,
	} {
		data := []byte("eyJhbGciOiJFZERTQSJ9.e30.AAAA~WyJh~")
		if strings.HasSuffix(mediaType, "cose") {
			data = []byte{0xd2, 0x84, 0xff, 0x00}
		}
		e, err := credential.ReadEnvelope(jose.Envelope(mediaType, data))
		if err != nil || e.Type != kind || e.MediaType != mediaType || !bytes.Equal(e.Data, data) {
			t.Errorf("%s: %+v, %v", mediaType, e, err)
		}
	}
}

// FuzzParseCredential: what is read is a JSON object that agrees with the
// claims, and reads the same once more.
func FuzzParseCredential(f *testing.F) {
	for _, header := range []string{`{"alg":"EdDSA"}`, `{"alg":"EdDSA","typ":"vc+jwt"}`} {
		for _, payload := range []string{badge, `{` + top + `,"iss":"a:i","nbf":1767225600}`, `{"iss":"a:i","nbf":1,"vc":` + old + `}`} {
			f.Add([]byte(header), []byte(payload))
		}
	}
	f.Fuzz(func(t *testing.T, header, payload []byte) {
		vc, err := jose.ParseCredential(forge(string(header), string(payload), []byte{1}))
		if err != nil {
			return
		}
		if vc.Claims.Issuer != "" {
			switch issuer := vc.Tree["issuer"].(type) {
			case string:
				if issuer != vc.Claims.Issuer && issuer != "" {
					t.Fatalf("issuer %q, iss %q", issuer, vc.Claims.Issuer)
				}
			case map[string]any:
				if id, _ := issuer["id"].(string); id != vc.Claims.Issuer && id != "" {
					t.Fatalf("issuer %q, iss %q", id, vc.Claims.Issuer)
				}
			}
		}
		again, err := jose.ParseCredential(forge(`{"alg":"EdDSA","typ":"vc+jwt"}`, string(vc.Document), []byte{1}))
		if err != nil {
			return // a vc inside vc, for one
		}
		if !sameJSON(t, vc.Document, again.Document) {
			t.Fatalf("%s became %s", vc.Document, again.Document)
		}
	})
}

func ExampleSignCredential() {
	key := ed25519.NewKeyFromSeed(make([]byte, 32)) // a real one comes from a key store
	token, err := jose.SignCredential([]byte(badge), key, jose.CredentialOptions{KeyID: "https://uni.example/keys/1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	vc, err := jose.ParseCredential(token)
	if err != nil {
		fmt.Println(err)
		return
	}
	// Which key uni.example publishes under that id is for the caller to find out.
	fmt.Println(vc.Profile, vc.Header.KeyID, vc.Claims.Issuer)
	fmt.Println(vc.Verify(key.Public()))
	// Output:
	// Open Badges 3.0 https://uni.example/keys/1 https://uni.example/issuer
	// <nil>
}
