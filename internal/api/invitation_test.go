package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sync"
	"testing"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/org"
)

// TestOneInvitationHoweverOftenItIsAskedFor sends a request with a key many times
// at once: one invitation and one mail come of it.
func TestOneInvitationHoweverOftenItIsAskedFor(t *testing.T) {
	h, p := newHouse(t)
	secret, _, err := h.App.Features.Accounts.MakeToken(t.Context(), account.NewToken{
		OrganisationID: h.Org.ID, By: h.OwnerID, Name: "staff register", // Nobody gives a role that may do more than they may themselves.
		Scopes: append([]string{"member.manage", "member.view"}, org.RolePermissions(org.RoleIssuer).Words()...),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.token = secret
	const ask = `{"email": "kim@example.org", "role": "issuer"}`
	send := func(key, body string) *apptest.Answer {
		return p.send(http.MethodPost, "/invitations", body, "Idempotency-Key", key)
	}
	var all sync.WaitGroup
	answers := make([]*apptest.Answer, 12)
	for n := range answers {
		all.Go(func() { answers[n] = send("k-1", ask) })
	}
	all.Wait()
	for _, a := range answers {
		if a.Status != http.StatusCreated || !bytes.Equal(a.Body, answers[0].Body) {
			t.Errorf("%d %s; first %s", a.Status, a.Body, answers[0].Body)
		}
	}
	if named := fault(t, send("k-1", `{"email": "lee@example.org", "role": "issuer"}`), http.StatusUnprocessableEntity); named["header.Idempotency-Key"] == "" {
		t.Errorf("the key with another body: %v", named)
	}
	if named := fault(t, send("k-2", ask), http.StatusUnprocessableEntity); len(named) != 1 || named["body.email"] == "" {
		t.Errorf("another request to invite the same person: %v", named)
	}
	if named := fault(t, send("k-3", `{"email": "kim at example.org", "role": "issuer"}`), http.StatusUnprocessableEntity); len(named) != 1 || named["body.email"] == "" {
		t.Errorf("an address that is none: %v", named)
	}
	var list []struct{ ID string }
	if err := json.Unmarshal(p.send(http.MethodGet, "/invitations", "").Want(http.StatusOK).Body, &list); err != nil || len(list) != 1 {
		t.Fatalf("%d invitations, %v", len(list), err)
	}
	p.send(http.MethodDelete, "/invitations/"+list[0].ID, "").Want(http.StatusNoContent)
	send("k-1", ask).Want(http.StatusConflict)
}
