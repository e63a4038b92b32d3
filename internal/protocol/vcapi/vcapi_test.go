package vcapi_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/protocol/vcapi"
)

// TestTokenRequired: without a token in force every address answers 401, also
// those that do not exist, so that nobody learns which do.
func TestTokenRequired(t *testing.T) {
	h, p := start(t, apptest.Options{Development: true})
	ended, token, err := h.App.Features.Accounts.CreateToken(t.Context(), h.Org.ID, h.OwnerID, "ended", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.App.Features.Accounts.RevokeToken(t.Context(), h.Org.ID, token.PublicID); err != nil {
		t.Fatal(err)
	}
	for _, route := range append(vcapi.Patterns(), "POST /vc/nothing", "DELETE /vc/credentials/issue") {
		method, path, _ := strings.Cut(route, " ")
		path = strings.NewReplacer("{did}", "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK").Replace(path)
		for name, authorization := range map[string]string{"none": "", "another scheme": "Basic " + p.token, "unknown": "Bearer rndl_0123456789", "ended": "Bearer " + ended} {
			var headers []string
			if authorization != "" {
				headers = []string{"Authorization", authorization}
			}
			a := p.Do(method, path, "application/json", strings.NewReader("{}"), headers...)
			if problem(t, a, http.StatusUnauthorized); !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer ") {
				t.Errorf("%s, %s: WWW-Authenticate is %q", route, name, a.Header.Get("WWW-Authenticate"))
			}
		}
		// A person's session is no token: a page elsewhere could send it along.
		problem(t, h.Owner.Do(method, path, "application/json", strings.NewReader("{}")), http.StatusUnauthorized)
	}
	problem(t, p.get("/vc/nothing"), http.StatusNotFound)
}

// TestIssuersAreMadeOnce: every organisation sees the same three, and they stay.
func TestIssuersAreMadeOnce(t *testing.T) {
	h, p := start(t, apptest.Options{})
	if got := slices.Sorted(maps.Keys(p.ids)); !slices.Equal(got, []string{"ed25519", "p256", "p384"}) {
		t.Fatalf("issuers %v", p.ids)
	}
	for kind, prefix := range map[string]string{"ed25519": "did:key:z6Mk", "p256": "did:key:zDna", "p384": "did:key:z82L"} {
		if !strings.HasPrefix(p.ids[kind], prefix) {
			t.Errorf("%s is %s", kind, p.ids[kind])
		}
	}
	other := newProgram(t, h, h.NewOrganisation(t, h.OwnerID, "Southlight School"))
	if !maps.Equal(p.ids, other.ids) {
		t.Errorf("another organisation sees %v instead of %v", other.ids, p.ids)
	}
}

func TestIssueRefuses(t *testing.T) {
	_, p := start(t, apptest.Options{})
	with := func(name string, value any) object {
		c := plain(p.ids["ed25519"])
		if c[name] = value; value == nil {
			delete(c, name)
		}
		return object{"credential": c}
	}
	badge := plain(p.ids["ed25519"])
	badge["@context"] = []any{"https://www.w3.org/2018/credentials/v1", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"}
	badge["type"], badge["issuanceDate"] = []any{"VerifiableCredential", "OpenBadgeCredential"}, "2024-01-01T00:00:00Z"
	signed := p.issue(plain(p.ids["ed25519"]), nil)
	for name, c := range map[string]struct {
		body any
		want string
	}{
		"nothing":                 {"", "[PARSING_ERROR]"},
		"no JSON":                 {"{", "[PARSING_ERROR]"},
		"a member twice":          {`{"credential":{},"credential":{}}`, "[PARSING_ERROR]"},
		"a member twice inside":   {`{"credential":{"issuer":"a","Issuer":"b"}}`, "[PARSING_ERROR]"},
		"too deep":                {`{"credential":` + strings.Repeat(`{"a":`, 80) + "1" + strings.Repeat("}", 81), "[PARSING_ERROR]"},
		"a list":                  {`[]`, "[MALFORMED_VALUE_ERROR]"},
		"no credential":           {`{}`, "[MALFORMED_VALUE_ERROR]"},
		"a token":                 {`{"credential":"ey"}`, "[MALFORMED_VALUE_ERROR]"},
		"an unknown member":       {`{"credential":{},"credentials":{}}`, "[MALFORMED_VALUE_ERROR]"},
		"an unknown option":       {object{"credential": plain(p.ids["ed25519"]), "options": object{"mandatoryPointer": []any{"/issuer"}}}, "[MALFORMED_VALUE_ERROR]"},
		"an unknown cryptosuite":  {object{"credential": plain(p.ids["ed25519"]), "options": object{"cryptosuite": "eddsa-rot13-2022"}}, "[PROOF_GENERATION_ERROR]"},
		"a cryptosuite of others": {object{"credential": plain(p.ids["ed25519"]), "options": object{"cryptosuite": "ecdsa-rdfc-2019"}}, "[PROOF_GENERATION_ERROR]"},
		"no context":              {with("@context", nil), "[MALFORMED_VALUE_ERROR]"},
		"no type":                 {with("type", nil), "[MALFORMED_VALUE_ERROR]"},
		"no issuer":               {with("issuer", nil), "[MALFORMED_VALUE_ERROR]"},
		"somebody else":           {with("issuer", "did:web:university.example"), "[blank]"},
		"somebody else's key":     {with("issuer", "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"), "[blank]"},
		"an unknown vocabulary":   {with("@context", []any{"https://www.w3.org/ns/credentials/v2", "https://evil.example/context"}), "[PROOF_GENERATION_ERROR]"},
		"an undefined term":       {with("nickname", "Al"), "[DATA_LOSS_DETECTION_ERROR]"},
		"a proof already":         {object{"credential": signed}, "[blank]"},
		"a badge of version 1.1":  {object{"credential": badge}, "[blank]"},
		"a wrong digest":          {with("relatedResource", object{"id": "https://www.w3.org/ns/credentials/v2", "digestMultibase": "uM4RgWQc3RUDtjJCSgTJtTfvpZ7SPEg_LNO0ESlovQC0"}), "[blank]"},
		"a validity that ends first": {func() object {
			o := with("validFrom", "2030-01-01T00:00:00Z")
			o["credential"].(object)["validUntil"] = "2029-01-01T00:00:00Z"
			return o
		}(), "[MALFORMED_VALUE_ERROR]"},
	} {
		if got := problem(t, p.post("/vc/credentials/issue", c.body), http.StatusBadRequest); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	a := p.Do(http.MethodPost, "/vc/credentials/issue", "text/plain", strings.NewReader("{}"), "Authorization", "Bearer "+p.token)
	problem(t, a, http.StatusUnsupportedMediaType)
	problem(t, p.post("/vc/credentials/issue", `{"credential":{"x":"`+strings.Repeat("x", 2<<20)+`"}}`), http.StatusRequestEntityTooLarge)
}

func TestIssueAndVerify(t *testing.T) {
	_, p := start(t, apptest.Options{})
	for _, c := range []struct{ key, option, want string }{
		{"ed25519", "", "eddsa-rdfc-2022"}, {"ed25519", "eddsa-rdfc-2022", "eddsa-rdfc-2022"}, {"ed25519", "eddsa-jcs-2022", "eddsa-jcs-2022"},
		{"p256", "", "ecdsa-rdfc-2019"}, {"p384", "", "ecdsa-rdfc-2019"}, {"p256", "ecdsa-jcs-2019", "ecdsa-jcs-2019"}, {"p384", "ecdsa-jcs-2019", "ecdsa-jcs-2019"},
	} {
		vc := p.issue(plain(p.ids[c.key]), object{"cryptosuite": c.option})
		proof, _ := vc["proof"].(object)
		if id := p.ids[c.key]; proof["cryptosuite"] != c.want || proof["verificationMethod"] != id+"#"+strings.TrimPrefix(id, "did:key:") || proof["proofPurpose"] != "assertionMethod" {
			t.Errorf("%s, %s: proof %v", c.key, c.option, proof)
		}
		for _, checks := range [][]string{nil, {"proof"}, {"proof", "credentialStatus"}} {
			if a := p.verify(vc, checks...).Want(http.StatusOK).JSON(); a["verified"] != true {
				t.Errorf("%s, %s: %v", c.key, c.option, a)
			}
		}
		vc["credentialSubject"].(object)["name"] = "Mallory"
		if got := problem(t, p.verify(vc, "proof"), http.StatusBadRequest); got != "[PROOF_VERIFICATION_ERROR]" && got != "[PROOF_VERIFICATION_ERROR CRYPTOGRAPHIC_SECURITY_ERROR]" {
			t.Errorf("%s, %s: changed, and %s", c.key, c.option, got)
		}
	}
}

// TestIssueVersion1: credentials of version 1.1 that are no badges are signed,
// with the vocabulary of the proof added.
func TestIssueVersion1(t *testing.T) {
	_, p := start(t, apptest.Options{})
	c := plain(p.ids["ed25519"])
	delete(c["credentialSubject"].(object), "name")
	c["@context"], c["issuanceDate"] = []any{"https://www.w3.org/2018/credentials/v1"}, "2020-03-16T22:37:26.544Z"
	vc := p.issue(c, nil)
	if got := vc["@context"].([]any); len(got) != 2 || got[1] != "https://w3id.org/security/data-integrity/v2" {
		t.Errorf("@context %v", got)
	}
	p.verify(vc).Want(http.StatusOK)
}

// TestVerifyRefuses: what does not hold is never answered with success.
func TestVerifyRefuses(t *testing.T) {
	_, p := start(t, apptest.Options{})
	good := func() object { return p.issue(plain(p.ids["ed25519"]), nil) }
	for name, c := range map[string]struct {
		change func(vc object)
		checks []string
		want   string
	}{
		"unsigned":        {func(vc object) { delete(vc, "proof") }, []string{"proof"}, "PROOF_VERIFICATION_ERROR"},
		"no proofs":       {func(vc object) { vc["proof"] = []any{} }, []string{"proof"}, ""},
		"no type":         {func(vc object) { delete(vc, "type") }, []string{"proof"}, "MALFORMED_VALUE_ERROR"},
		"a term added":    {func(vc object) { vc["nickname"] = "Al" }, []string{"proof"}, "DATA_LOSS_DETECTION_ERROR"},
		"another issuer":  {func(vc object) { vc["issuer"] = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK" }, []string{"proof"}, "PROOF_VERIFICATION_ERROR"},
		"another purpose": {func(vc object) { vc["proof"].(object)["proofPurpose"] = "authentication" }, []string{"proof"}, "PROOF_VERIFICATION_ERROR"},
		"status with no list to be had": {func(vc object) {
			c := plain(p.ids["ed25519"])
			c["credentialStatus"] = object{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "7", "statusListCredential": "https://nowhere.invalid/list"}
			maps.Copy(vc, p.issue(c, nil))
		}, nil, "STATUS_RETRIEVAL_ERROR"},
		"over": {func(vc object) {
			c := plain(p.ids["ed25519"])
			c["validUntil"] = "2021-01-01T00:00:00Z"
			maps.Copy(vc, p.issue(c, nil))
		}, nil, "RANGE_ERROR"},
	} {
		vc := good()
		c.change(vc)
		a := p.verify(vc, c.checks...)
		got := problem(t, a, http.StatusBadRequest)
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if v, ok := a.JSON()["verified"].(bool); !ok || v {
			t.Errorf("%s: verified is not false: %s", name, a.Body)
		}
	}
	for name, body := range map[string]any{
		"nothing": "", "no JSON": "{", "a list": "[]", "no credential": "{}", "a number": `{"verifiableCredential":7}`,
		"an unknown check":  object{"verifiableCredential": good(), "options": object{"checks": []any{"prof"}}},
		"no check":          object{"verifiableCredential": good(), "options": object{"checks": []any{}}},
		"an unknown member": object{"verifiableCredential": good(), "option": object{}},
		"a member twice":    `{"verifiableCredential":{"id":"a","id":"b"}}`,
	} {
		a := p.post("/vc/credentials/verify", body)
		if problem(t, a, http.StatusBadRequest); !json.Valid(a.Body) {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
}
