package vcapi_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
)

// TestIdempotencyKey: the same key and request give the same bytes, sent twenty
// times at once or later; another request with the key is refused.
func TestIdempotencyKey(t *testing.T) {
	h, p := start(t, apptest.Options{})
	body := func(issuer string) string {
		return `{"credential":{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"` + p.ids[issuer] +
			`","credentialSubject":{"id":"did:example:alice"}},"options":{"credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"revocation"}}}`
	}
	post := func(p *program, path, body string, headers ...string) *apptest.Answer {
		return p.Do(http.MethodPost, path, "application/json", strings.NewReader(body), append(headers, "Authorization", "Bearer "+p.token)...)
	}
	const path = "/vc/credentials/issue"
	first := post(p, path, body("p256"), "Idempotency-Key", "enrolment-4711").Want(http.StatusCreated)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if a := post(p, path, body("p256"), "Idempotency-Key", "enrolment-4711"); a.Status != http.StatusCreated || !bytes.Equal(a.Body, first.Body) {
				t.Errorf("again: %d %s", a.Status, a.Text())
			}
		})
	}
	wg.Wait()
	for name, a := range map[string]*apptest.Answer{
		"another body":  post(p, path, body("p384"), "Idempotency-Key", "enrolment-4711"),
		"a space more":  post(p, path, body("p256")+" ", "Idempotency-Key", "enrolment-4711"),
		"another query": post(p, path+"?cryptosuite=ecdsa-jcs-2019", body("p256"), "Idempotency-Key", "enrolment-4711"),
	} {
		if problem(t, a, http.StatusUnprocessableEntity); !strings.Contains(a.JSON()["detail"].(string), "Idempotency-Key") {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
	other := newProgram(t, h, h.NewOrganisation(t, h.OwnerID, "Southlight School"))
	for name, a := range map[string]*apptest.Answer{
		"another key":          post(p, path, body("p256"), "Idempotency-Key", "enrolment-4712"),
		"no key":               post(p, path, body("p256")),
		"another organisation": post(other, path, body("p256"), "Idempotency-Key", "enrolment-4711"),
	} {
		if a.Want(http.StatusCreated); bytes.Equal(a.Body, first.Body) {
			t.Errorf("%s gives the same credential", name)
		}
	}
	for name, key := range map[string]string{"too long": strings.Repeat("k", 256), "not UTF-8": "\xff", "a tab": "a\tb"} {
		if a := post(p, path, body("p256"), "Idempotency-Key", key); a.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.Status, a.Text())
		}
	}
}
