package apptest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
)

// TestOneKeyManyTimes sends one request with one Idempotency-Key fifty times at
// once, and again: there is one award, and every answer has the same bytes. The
// same key with another request is refused, and with another organisation's
// token it is another key.
func TestOneKeyManyTimes(t *testing.T) {
	onEach(t, func(t *testing.T, h *apptest.House) {
		ours, theirs := newTenant(t, h, "Bakery"), newTenant(t, h, "Brewery")
		for name, c := range map[string]struct {
			same  func(p *tenant) *apptest.Answer
			other func(p *tenant) *apptest.Answer
			rows  string // how many there are
		}{
			"an award": {
				func(p *tenant) *apptest.Answer { return p.issue("enrolment", "amara@example.org") },
				func(p *tenant) *apptest.Answer { return p.issue("enrolment", "jonas@example.org") },
				`SELECT count(*) FROM award WHERE organisation_id = $1`,
			},
			"a credential of the VC API": {
				func(p *tenant) *apptest.Answer { return p.attest(t, "enrolment") },
				func(p *tenant) *apptest.Answer {
					return p.post("/vc/credentials/issue", "enrolment", `{"credential":{"@context":["https://www.w3.org/ns/credentials/v2"]}}`)
				},
				`SELECT count(*) FROM attestation WHERE organisation_id = $1`,
			},
		} {
			const many = 50
			answers := make([]*apptest.Answer, many)
			var wg sync.WaitGroup
			for i := range many {
				wg.Go(func() { answers[i] = c.same(ours) })
			}
			wg.Wait()
			answers = append(answers, c.same(ours))
			for i, a := range answers {
				if a.Status != http.StatusCreated || !bytes.Equal(a.Body, answers[0].Body) {
					t.Errorf("%s: request %d of one key: %d %s", name, i, a.Status, a.Text())
				}
			}
			if n := count(t, h, c.rows, ours.org.ID); n != 1 {
				t.Errorf("%s: %d rows for one key", name, n)
			}
			if a := c.other(ours); a.Status != http.StatusUnprocessableEntity || !strings.Contains(string(a.Body), "Idempotency-Key") {
				t.Errorf("%s: another request under the same key: %d %s", name, a.Status, a.Text())
			}
			if a := c.same(theirs); a.Status != http.StatusCreated || bytes.Equal(a.Body, answers[0].Body) {
				t.Errorf("%s: another organisation's key: %d %s", name, a.Status, a.Text())
			}
			if n := count(t, h, c.rows, theirs.org.ID); n != 1 {
				t.Errorf("%s: %d rows of the other organisation", name, n)
			}
		}
		whole(t, h)
	})
}

// TestManyKeysAtOnce sends requests under many keys, each several times, all at
// once: each key has one award, and no two share a place.
func TestManyKeysAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, h *apptest.House) {
		p := newTenant(t, h, "Bakery")
		const keys, times = 20, 5
		var mu sync.Mutex
		first := map[string][]byte{}
		var wg sync.WaitGroup
		for i := range keys * times {
			wg.Go(func() {
				key := fmt.Sprintf("enrolment-%d", i%keys)
				a := p.issue(key, key+"@example.org")
				mu.Lock()
				defer mu.Unlock()
				if first[key] == nil {
					first[key] = a.Body
				}
				if a.Status != http.StatusCreated || !bytes.Equal(a.Body, first[key]) {
					t.Errorf("%s: %d %s", key, a.Status, a.Text())
				}
			})
		}
		wg.Wait()
		if n := count(t, h, `SELECT count(DISTINCT revocation_index) FROM award WHERE organisation_id = $1`, p.org.ID); n != keys {
			t.Errorf("%d places for %d keys", n, keys)
		}
		whole(t, h)
	})
}
