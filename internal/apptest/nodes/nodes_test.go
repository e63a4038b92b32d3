package nodes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/statuslist"
)

// issued is what the API says of an award.
type issued struct {
	ID         string
	State      string
	Credential struct {
		CredentialStatus []struct {
			StatusPurpose, StatusListIndex, StatusListCredential string
		}
	}
}

func read(t *testing.T, a answer) (v issued) {
	t.Helper()
	if err := json.Unmarshal(a.body, &v); err != nil || v.ID == "" {
		t.Fatalf("no award: %v: %.300s", err, a.body)
	}
	return v
}

// TestTwoNodes is what a person or program sees that is sent to one node and
// then to the other. Both were started at once on an empty database.
func TestTwoNodes(t *testing.T) {
	c := start(t)
	one, two := c.nodes[0], c.nodes[1]
	ctx := t.Context()

	t.Run("issued here, revoked there", func(t *testing.T) {
		a := read(t, want(t, one.api(ctx, c, http.MethodPost, "/awards", c.request("amara@example.org")), http.StatusCreated))
		for _, n := range c.nodes {
			if bit(t, n, a) {
				t.Errorf("node %s: withdrawn from the start", n.address)
			}
		}
		want(t, two.api(ctx, c, http.MethodPost, "/awards/"+a.ID+"/revocation", `{"reason":"issued_in_error"}`), http.StatusOK)
		session := cookie(t, one.form(ctx, "/sign-in", url.Values{"email": {email}, "password": {password}}, ""))
		for _, n := range c.nodes {
			if !bit(t, n, a) {
				t.Errorf("node %s: its status list does not show that the award is withdrawn", n.address)
			}
			if got := read(t, want(t, n.api(ctx, c, http.MethodGet, "/awards/"+a.ID, ""), http.StatusOK)); got.State != "revoked" {
				t.Errorf("node %s: the API says %s", n.address, got.State)
			}
			page := want(t, n.ask(ctx, http.MethodGet, "/console/"+c.org.Slug+"/awards/"+a.ID, "", nil, "Cookie", session), http.StatusOK)
			if !strings.Contains(string(page.body), "ithdrawn") {
				t.Errorf("node %s: the page does not say that it is withdrawn", n.address)
			}
		}
	})

	t.Run("signed in here, at home there", func(t *testing.T) {
		session := cookie(t, one.form(ctx, "/sign-in", url.Values{"email": {email}, "password": {password}}, ""))
		want(t, two.ask(ctx, http.MethodGet, "/console/"+c.org.Slug, "", nil, "Cookie", session), http.StatusOK)
		want(t, two.form(ctx, "/sign-out", nil, session), http.StatusSeeOther)
		want(t, one.ask(ctx, http.MethodGet, "/console/"+c.org.Slug, "", nil, "Cookie", session), http.StatusSeeOther)
	})

	t.Run("a picture kept here, shown there", func(t *testing.T) {
		var shown [][]byte
		for _, n := range c.nodes {
			shown = append(shown, want(t, n.ask(ctx, http.MethodGet, "/pictures/"+c.badge.Published.PicturePNG+".png", "", nil), http.StatusOK).body)
		}
		if len(shown[0]) == 0 || !bytes.Equal(shown[0], shown[1]) {
			t.Error("the nodes show different pictures")
		}
	})

	t.Run("one key on both nodes", func(t *testing.T) { c.oneKey(t) })
	t.Run("the stop switch", func(t *testing.T) { c.stopSwitch(t) })
	t.Run("mails are sent once", func(t *testing.T) { c.mailsOnce(t) })
}

// bit returns whether a node's own copy of the status list says that the award
// is withdrawn.
func bit(t *testing.T, n *node, a issued) bool {
	t.Helper()
	for _, s := range a.Credential.CredentialStatus {
		if s.StatusPurpose != "revocation" {
			continue
		}
		got := want(t, n.ask(t.Context(), http.MethodGet, strings.TrimPrefix(s.StatusListCredential, baseURL), "", nil), http.StatusOK)
		var list struct {
			CredentialSubject struct{ EncodedList string }
		}
		check(t, json.Unmarshal(got.body, &list))
		bits, err := statuslist.Decode(list.CredentialSubject.EncodedList, 1<<20)
		check(t, err)
		index, err := strconv.Atoi(s.StatusListIndex)
		check(t, err)
		set, err := bits.Get(index)
		check(t, err)
		return set
	}
	t.Fatalf("award %s has no status", a.ID)
	return false
}

// oneKey sends one request with an Idempotency-Key to both nodes at once, many
// times.
func (c *cluster) oneKey(t *testing.T) {
	ctx := t.Context()
	answers := make([]answer, 24)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() {
			answers[i] = c.nodes[i%2].api(ctx, c, http.MethodPost, "/awards", c.request("one@example.org"), "Idempotency-Key", "order-1")
		})
	}
	wg.Wait()
	first := read(t, want(t, answers[0], http.StatusCreated))
	for _, a := range answers {
		if got := read(t, want(t, a, http.StatusCreated)); got.ID != first.ID || !bytes.Equal(a.body, answers[0].body) {
			t.Errorf("two answers to one request: %.100s and %.100s", a.body, answers[0].body)
		}
	}
	for _, n := range c.nodes {
		want(t, n.api(ctx, c, http.MethodPost, "/awards", c.request("another@example.org"), "Idempotency-Key", "order-1"), http.StatusUnprocessableEntity)
	}
}

// stopSwitch: from the moment that the operator's deed is answered no node
// issues.
func (c *cluster) stopSwitch(t *testing.T) {
	ctx := t.Context()
	operator := c.third(t).Features.Orgs
	issue := func(n *node, status int) {
		t.Helper()
		want(t, n.api(ctx, c, http.MethodPost, "/awards", c.request("stopped@example.org")), status)
	}
	for _, deed := range []struct{ press, release func() error }{
		{func() error { return operator.StopAll(ctx, "A key may have leaked.") }, func() error { return operator.ResumeAll(ctx) }},
		{func() error { return operator.Stop(ctx, c.org.ID, "Somebody else sits at the desk.") }, func() error { return operator.Resume(ctx, c.org.ID) }},
	} {
		check(t, deed.press())
		for _, n := range c.nodes {
			issue(n, http.StatusServiceUnavailable)
			want(t, n.ask(ctx, http.MethodGet, "/verify", "", nil), http.StatusOK) // verifying goes on
		}
		check(t, deed.release())
		for _, n := range c.nodes {
			issue(n, http.StatusCreated)
		}
	}
}

// mailsOnce: both nodes look for work, each piece is done by one.
func (c *cluster) mailsOnce(t *testing.T) {
	ctx := t.Context()
	const people = 30
	for i := range people {
		want(t, c.nodes[i%2].api(ctx, c, http.MethodPost, "/awards", c.request(fmt.Sprintf("mail%d@example.org", i))), http.StatusCreated)
	}
	outbox := c.third(t).Features.Outbox
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	got := map[string]int{}
	for late := time.After(patience); len(got) < people; {
		select {
		case <-tick.C:
		case <-late:
			counts, err := outbox.Counts(ctx, c.org.ID)
			t.Fatalf("%d of %d people got their mail; outbox %v, %v", len(got), people, counts, err)
		}
		clear(got)
		for _, m := range c.mails.Messages() {
			if strings.HasPrefix(m.To[0], "mail") {
				got[m.To[0]]++
			}
		}
	}
	for who, n := range got {
		if n != 1 {
			t.Errorf("%s got %d mails", who, n)
		}
	}
}
