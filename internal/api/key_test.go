package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/sqldb"
)

// TestKeys lists the public part of the organisation's own keys, and nothing of
// another's.
func TestKeys(t *testing.T) {
	h, p := newHouse(t)
	other := h.NewOrganisation(t, h.OwnerID, "Another Academy")
	ctx := sqldb.ForInstallation(t.Context())
	ring := h.App.Ground.Keys
	fresh, err := ring.Rotate(ctx, h.Org.ID, keys.ForBadges)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := ring.Pen(ctx, other.ID)
	if err != nil {
		t.Fatal(err)
	}
	a := p.send(http.MethodGet, "/keys", "").Want(http.StatusOK)
	list := a.JSON()["keys"].([]any)
	if len(list) != 2 {
		t.Fatalf("%d keys", len(list))
	}
	first, second := list[0].(map[string]any), list[1].(map[string]any)
	if first["id"] != fresh.Fragment || first["state"] != "in_force" || first["publicKey"] != fresh.Multikey || first["kind"] != "ed25519" || first["purpose"] != "badge" || first["retiredAt"] != nil {
		t.Errorf("%v", first)
	}
	if second["state"] != "retired" || second["retiredAt"] == nil || second["activatedAt"] == nil {
		t.Errorf("%v", second)
	}
	if strings.Contains(string(a.Body), theirs.Key.Fragment) {
		t.Error("another organisation's key is listed")
	}
	h.Client(t).Get("/api/v1/keys").Want(http.StatusUnauthorized)
}
