package apptest_test

import (
	"testing"

	"github.com/roundel/roundel/internal/apptest"
)

func TestStart(t *testing.T) {
	for _, o := range []apptest.Options{{}, {TLS: true, SMTP: true}} {
		h := apptest.StartHouse(t, o)
		h.Owner.Get("/").Want(200).Says("Northlight University")
		_, page := h.Published(t, "Rosalind", "rosalind@example.org")
		a := h.Owner.Get(page).Want(200)
		t.Log(a.Text())
	}
}
