package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
)

// TestReadingAndDoubts: people see what we read beside what they typed, and
// what is seldom meant.
func TestReadingAndDoubts(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	const file = "name,email,date,expires\n" +
		"Amara Okafor,AMARA@Example.org,04/03/2026,\n" +
		"Jonas Lindqvist,jonas@example.org,25/03/2026,\n" +
		"=cmd,formula@example.org,05/03/2026,\n" +
		"Rosa 2,digits@example.org,05/03/2026,\n" +
		"https://evil.example,address@example.org,05/03/2026,\n" +
		"Future Person,future@example.org,05/03/2031,\n" +
		"Past Person,past@example.org,05/03/2020,05/03/2021\n"
	batch := upload(t, h.Owner, h.Console+"/badges/"+h.Badge.PublicID.String()+"/spreadsheet", nil, "file", "p.csv", file).Location()
	columns := url.Values{"column_1": {"name"}, "column_2": {"email"}, "column_3": {"date"}, "column_4": {"until"}, "order": {"day"}, "duplicates": {"skip"}}
	h.Owner.Post(batch+"/columns", columns).Want(303)
	page := sound(t, h.Owner.Get(batch).Want(200))
	for _, words := range []string{
		"4 March 2026", "in the file: 04/03/2026", "Worth a look", "The name begins like a formula.", "The name contains digits.",
		"The name looks like an address.", "The date lies in the future: 5 March 2031.", "The badge has expired already: on 5 March 2021.", "Row 3 under the header",
	} {
		page.Says(words)
	}
	if n := strings.Count(string(page.Body), `class="doubt"`); n != 5 {
		t.Errorf("%d doubts, want 5: %s", n, page.Text())
	}

	// They are mended where they stand.
	h.Owner.Post(batch+"/rows/4", url.Values{"cell_1": {"Rosa Giménez"}, "cell_2": {"digits@example.org"}, "cell_3": {"05/03/2026"}, "cell_4": {""}}).Want(303)
	saysNot(t, sound(t, h.Owner.Get(batch).Want(200)), "The name contains digits.")
}
