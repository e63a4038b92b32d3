package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/sqldb"
)

// TestStandingOfPublicPages: what the operator has not approved shows nothing to
// strangers; what is suspended stays, for what it has awarded is still verified.
func TestStandingOfPublicPages(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	a, page := h.Published(t, "Amara Okafor", "amara@example.org")
	stranger, badge, issuer := h.Client(t), "/badges/"+h.Badge.PublicID.String(), "/issuers/"+h.Org.Slug
	public := []string{issuer, issuer + ".json", issuer + "/did.json", badge, badge + "/1", badge + "/1.json", "/sign-in/o/" + h.Org.Slug}
	set := func(state string, suspended int64) {
		t.Helper()
		if err := h.App.Ground.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE organisation SET state = $2, suspended_at = $3 WHERE id = $1`, h.Org.ID, state, suspended)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, state := range []string{"waiting", "refused"} {
		set(state, 0)
		for _, address := range public {
			got := stranger.Get(address).Want(404)
			saysNot(t, got, "Northlight", "Applied Data")
			if strings.Contains(string(got.Body), "Northlight") {
				t.Errorf("%s of an organisation that is %s names it", address, state)
			}
		}
		saysNot(t, stranger.Get("/").Want(200), "Northlight")
	}
	set("active", 1)
	for _, address := range append(public, page) {
		stranger.Get(address).Want(200)
	}
	stranger.Get("/").Want(200).Says("Northlight University")
	stranger.Post("/verify", url.Values{"text": {string(a.Document)}}).Want(200).Says("Real and in date")
}
