package web_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/sqldb"
)

// database changes what no button does.
func database(t *testing.T, h *apptest.House, statement string, args ...any) {
	t.Helper()
	err := h.App.Features.Issuing.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), statement, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestGoingLiveIsWatched: while trials are awarded for real there is a bar and
// no button, and the work that was given up can be tried again.
func TestGoingLiveIsWatched(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{TLS: true, SMTP: true})
	for _, who := range []string{"amara", "jonas"} {
		asTrial(t, h, h.Award(t, who, who+"@example.org"))
	}
	quiet(t, h.Server)
	// A job of the far future stays under way for as long as the test looks.
	const job = `INSERT INTO job (kind, key, payload, run_at, created_at) VALUES ($1, $2, '{}', 99999999999999, 1)`
	database(t, h, job, issuing.JobGoLive, h.Org.PublicID.String())
	during := sound(t, h.Owner.Get(h.Console).Want(200)).Says("Being awarded for real: 0 of 2")
	if saysNot(t, during, "Award them for real"); !strings.Contains(string(during.Body), "<progress") {
		t.Error("there is no bar")
	}

	database(t, h, `UPDATE job SET parked_at = 1, attempts = 20, last_error = 'the disk is full' WHERE kind = $1`, issuing.JobGoLive)
	stuck := sound(t, h.Owner.Get(h.Console).Want(200)).Says("does not succeed").Says("the disk is full").Says("Try again").Says("Award them for real")
	saysNot(t, stuck, "Being awarded for real")
	other := h.NewOrganisation(t, h.OwnerID, "Other University")
	saysNot(t, h.Owner.Get("/console/"+other.Slug).Want(200), "the disk is full")
	retry := regexp.MustCompile(`/jobs/[0-9]+/retry`).FindString(string(stuck.Body))
	h.Owner.Post("/console/"+other.Slug+retry, nil).Want(303) // not theirs: nothing happens
	h.Owner.Get(h.Console).Want(200).Says("the disk is full")

	// The button of the panel starts afresh what was given up.
	h.Owner.Post(h.Console+"/go-live", nil).Want(303)
	quiet(t, h.Server)
	saysNot(t, sound(t, h.Owner.Get(h.Console).Want(200)), "the disk is full", "Award them for real", "Being awarded for real")
}

// TestStuckSpreadsheet: a spreadsheet that is being awarded stands on the
// overview, and one that has got stuck is tried again.
func TestStuckSpreadsheet(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	batch := upload(t, h.Owner, h.Console+"/badges/"+h.Badge.PublicID.String()+"/spreadsheet", nil, "file", "crew.csv", "name,email\nAmara,amara@example.org\n").Location()
	h.Owner.Post(batch+"/columns", map[string][]string{"column_1": {"name"}, "column_2": {"email"}, "order": {"none"}, "duplicates": {"skip"}}).Want(303)
	id := batch[strings.LastIndex(batch, "/")+1:]
	database(t, h, `UPDATE award_batch SET state = 'running'`)
	sound(t, h.Owner.Get(h.Console).Want(200)).Says("Being awarded now").Says("crew.csv").Says("0 of 1")

	database(t, h, `INSERT INTO job (kind, key, payload, run_at, created_at, parked_at, last_error)
		SELECT $1, $2, '{"OrganisationID":' || organisation_id || ',"Batch":"' || $2 || '"}', 1, 1, 1, 'no such key' FROM award_batch`, issuing.JobBatch, id)
	stuck := sound(t, h.Owner.Get(h.Console).Want(200)).Says("Awarding the spreadsheet crew.csv").Says("no such key")
	saysNot(t, stuck, "Being awarded now")
	h.Owner.Post(h.Console+regexp.MustCompile(`/jobs/[0-9]+/retry`).FindString(string(stuck.Body)), nil).Want(303)
	quiet(t, h.Server)
	saysNot(t, sound(t, h.Owner.Get(h.Console).Want(200)).Says("It is being tried again"), "no such key", "Being awarded now")
	h.Owner.Get(batch).Want(200).Says("One badge awarded")
}
