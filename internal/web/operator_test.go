package web_test

import (
	"net/http"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/sqldb"
)

// TestOperatorsListSaysWhatItShows: an empty list is not a search that found nothing.
func TestOperatorsListSaysWhatItShows(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	sound(t, h.Owner.Get("/operator").Want(http.StatusOK)).Says(h.Org.Name)
	sound(t, h.Owner.Get("/operator?q=zzz").Want(http.StatusOK)).Says("No organisation fits what you look for.")
	ctx := sqldb.ForInstallation(t.Context())
	if err := h.App.Ground.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE organisation SET is_sample = TRUE`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	sound(t, h.Owner.Get("/operator").Want(http.StatusOK)).Says("No organisation yet")
}
