package history_test

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/roundel/roundel/internal/apptest/history"
)

// op is an operation on the one award of these histories.
func op(from, to int64, kind history.Kind, asked, told string) history.Operation {
	return history.Operation{Client: int(from), Award: "a", Kind: kind, Asked: asked, Told: told, From: from, To: to}
}

// TestPossibleAndImpossibleHistories: the checker has to reject what no server
// that keeps its promises can have told.
func TestPossibleAndImpossibleHistories(t *testing.T) {
	const issue, revoke, suspend, reinstate, get, page, list = history.Issue, history.Revoke, history.Suspend, history.Reinstate, history.Get, history.Page, history.List
	const done, refused, unknown, current, suspended, revoked, set, unset = history.Done, history.Refused, history.Unknown, history.Current, history.Suspended, history.Revoked, history.Set, history.Unset
	for name, c := range map[string]struct {
		possible bool
		all      []history.Operation
	}{
		"one after the other": {true, []history.Operation{
			op(1, 2, issue, "", "x"), op(3, 4, get, "", current), op(5, 6, suspend, "", done), op(7, 8, page, "", suspended),
			op(9, 10, reinstate, "", done), op(11, 12, revoke, "", done), op(13, 14, list, revoked, set), op(15, 16, revoke, "", refused),
		}},
		"seen before it is answered":        {true, []history.Operation{op(1, 2, issue, "", "x"), op(3, 9, revoke, "", done), op(4, 5, get, "", revoked)}},
		"seen late while it is under way":   {true, []history.Operation{op(1, 2, issue, "", "x"), op(3, 9, revoke, "", done), op(4, 5, get, "", current)}},
		"unanswered, and done later":        {true, []history.Operation{op(1, 2, revoke, "", unknown), op(3, 4, get, "", current), op(5, 6, get, "", revoked)}},
		"unanswered, and never done":        {true, []history.Operation{op(1, 2, revoke, "", unknown), op(3, 4, get, "", current)}},
		"two issued under one key":          {true, []history.Operation{op(1, 5, issue, "", "x"), op(2, 6, issue, "", "x")}},
		"two awards for one key":            {false, []history.Operation{op(1, 5, issue, "", "x"), op(2, 6, issue, "", "y")}},
		"a withdrawal that nobody sees":     {false, []history.Operation{op(1, 2, revoke, "", done), op(3, 4, get, "", current)}},
		"a withdrawal missing in the list":  {false, []history.Operation{op(1, 2, revoke, "", done), op(3, 4, list, revoked, unset)}},
		"a withdrawal missing on the page":  {false, []history.Operation{op(1, 2, revoke, "", done), op(3, 4, page, "", current)}},
		"a withdrawal that was taken back":  {false, []history.Operation{op(1, 9, revoke, "", done), op(2, 3, get, "", revoked), op(4, 5, get, "", current)}},
		"unanswered, done and taken back":   {false, []history.Operation{op(1, 2, revoke, "", unknown), op(3, 4, get, "", revoked), op(5, 6, get, "", current)}},
		"withdrawn twice":                   {false, []history.Operation{op(1, 2, revoke, "", done), op(3, 4, revoke, "", done)}},
		"seen before anybody asked":         {false, []history.Operation{op(1, 2, get, "", revoked), op(3, 4, revoke, "", done)}},
		"reinstated without being paused":   {false, []history.Operation{op(1, 2, reinstate, "", done)}},
		"refused without a reason":          {false, []history.Operation{op(1, 2, suspend, "", refused)}},
		"the lists contradict one another":  {false, []history.Operation{op(1, 2, suspend, "", done), op(3, 4, list, suspended, set), op(5, 6, list, suspended, unset)}},
		"a place set before it is asked of": {false, []history.Operation{op(1, 2, list, suspended, set), op(3, 4, suspend, "", done)}},
	} {
		want := porcupine.Illegal
		if c.possible {
			want = porcupine.Ok
		}
		if got := history.Check(c.all, time.Minute); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
