package attest

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/statuslist"
	"github.com/roundel/roundel/strictjson"
)

// entries returns the status entries of a signed credential.
func entries(t *testing.T, signed []byte) []statuslist.Reference {
	t.Helper()
	tree, err := strictjson.Decode(signed, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	list, ok := tree.(map[string]any)["credentialStatus"].([]any)
	if !ok {
		list = []any{tree.(map[string]any)["credentialStatus"]}
	}
	var all []statuslist.Reference
	for _, one := range list {
		r, err := statuslist.ParseReference(one.(map[string]any))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// value reads an entry from the list as it is served.
func (w *world) value(r statuslist.Reference) uint {
	w.t.Helper()
	id, err := publicid.Parse(r.List[strings.LastIndexByte(r.List, '/')+1:])
	if err != nil {
		w.t.Fatal(err)
	}
	doc, err := w.StatusList(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	var list struct {
		Subject struct {
			Encoded string `json:"encodedList"`
			Purpose string `json:"statusPurpose"`
		} `json:"credentialSubject"`
	}
	if err := json.Unmarshal(doc, &list); err != nil || list.Subject.Purpose != r.Purpose {
		w.t.Fatalf("%v: %s", err, doc)
	}
	bits, err := statuslist.DecodeSized(list.Subject.Encoded, r.Size, statuslist.MaxBytes)
	if err != nil {
		w.t.Fatal(err)
	}
	v, err := bits.Value(r.Index)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func TestStatusOnBothDatabases(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		signed, err := w.Issue(t.Context(), Request{OrganisationID: 7, Credential: w.credential(""), Status: []StatusRequest{
			{Purpose: statuslist.Revocation}, {Purpose: statuslist.Message, Size: 2, Messages: []string{"a", "b", "c", "d"}, About: []string{"https://example.org/about"}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		list := entries(t, signed)
		if len(list) != 2 || list[0].Purpose != statuslist.Revocation || list[1].Size != 2 || len(list[1].Messages) != 4 || list[0].List == list[1].List {
			t.Fatalf("entries %+v", list)
		}
		if w.value(list[0]) != 0 || w.value(list[1]) != 0 {
			t.Error("set from the beginning")
		}
		const id = "urn:uuid:86294362-4254-4f36-854f-3952fe42555d"
		for _, c := range []struct {
			organisation int64
			id, purpose  string
			value        uint
			want         fault.Kind
		}{
			{8, id, statuslist.Revocation, 1, fault.NotFound},
			{0, id, statuslist.Revocation, 1, fault.NotFound},
			{7, "", statuslist.Revocation, 1, fault.NotFound},
			{7, id + "0", statuslist.Revocation, 1, fault.NotFound},
			{7, id, statuslist.Suspension, 1, fault.NotFound},
			{7, id, statuslist.Revocation, 2, fault.Invalid},
			{7, id, statuslist.Message, 4, fault.Invalid},
		} {
			if err := w.SetStatus(t.Context(), c.organisation, c.id, c.purpose, c.value); fault.KindOf(err) != c.want {
				t.Errorf("%+v: %v", c, err)
			}
		}
		if w.value(list[0]) != 0 || w.value(list[1]) != 0 {
			t.Error("what was refused was done")
		}
		if err := errors.Join(w.SetStatus(t.Context(), 7, id, statuslist.Revocation, 1), w.SetStatus(t.Context(), 7, id, statuslist.Message, 3)); err != nil {
			t.Fatal(err)
		}
		if w.value(list[0]) != 1 || w.value(list[1]) != 3 {
			t.Errorf("values %d and %d", w.value(list[0]), w.value(list[1]))
		}
		if err := w.SetStatus(t.Context(), 7, id, statuslist.Revocation, 0); fault.KindOf(err) != fault.Conflict {
			t.Errorf("taken back: %v", err)
		}
	})
}

// TestSuspendedTakesBackOnly: the programs of a suspended organisation withdraw
// and pause what it has issued, and bring nothing back.
func TestSuspendedTakesBackOnly(t *testing.T) {
	w := newWorld(t, dbtest.Open(t))
	signed, err := w.Issue(t.Context(), Request{OrganisationID: 7, Credential: w.credential(""), Status: []StatusRequest{
		{Purpose: statuslist.Revocation}, {Purpose: statuslist.Suspension}, {Purpose: statuslist.Message, Size: 2, Messages: []string{"a", "b", "c", "d"}, About: []string{"https://example.org/about"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	list := entries(t, signed)
	if err := w.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE organisation SET suspended_at = 1 WHERE id = 7`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	const id = "urn:uuid:86294362-4254-4f36-854f-3952fe42555d"
	for _, c := range []struct {
		purpose string
		value   uint
		refused bool
	}{
		{statuslist.Suspension, 1, false}, {statuslist.Suspension, 0, true}, {statuslist.Message, 3, true}, {statuslist.Revocation, 0, true}, {statuslist.Revocation, 1, false},
	} {
		if err := w.SetStatus(t.Context(), 7, id, c.purpose, c.value); (fault.KindOf(err) == fault.Forbidden) != c.refused || !c.refused && err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	for i, want := range []uint{1, 1, 0} {
		if got := w.value(list[i]); uint(got) != want {
			t.Errorf("the entry for %s is %d", list[i].Purpose, got)
		}
	}
}

// TestPlacesAreNotShared: credentials of one organisation and issuer share a
// list, each at a place of its own; other organisations and issuers have others.
func TestPlacesAreNotShared(t *testing.T) {
	w := newWorld(t, dbtest.Open(t))
	places, lists := map[int]bool{}, map[string]bool{}
	for range 40 {
		signed, err := w.Issue(t.Context(), Request{OrganisationID: 7, Credential: w.credential(""), Status: []StatusRequest{{Purpose: statuslist.Suspension}}})
		if err != nil {
			t.Fatal(err)
		}
		r := entries(t, signed)[0]
		places[r.Index], lists[r.List] = true, true
	}
	if len(places) != 40 || len(lists) != 1 {
		t.Errorf("%d places in %d lists", len(places), len(lists))
	}
	signed, err := w.Issue(t.Context(), Request{OrganisationID: 8, Credential: w.credential(""), Status: []StatusRequest{{Purpose: statuslist.Suspension}}})
	if err != nil {
		t.Fatal(err)
	}
	if lists[entries(t, signed)[0].List] {
		t.Error("another organisation shares the list")
	}
	// A full list is left alone.
	err = w.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE attestation_list SET drawn = $1`, listTaken)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if signed, err = w.Issue(t.Context(), Request{OrganisationID: 7, Credential: w.credential(""), Status: []StatusRequest{{Purpose: statuslist.Suspension}}}); err != nil {
		t.Fatal(err)
	}
	if lists[entries(t, signed)[0].List] {
		t.Error("a full list took another")
	}
}

// TestStatusBesideAnother: an entry that the credential brings is kept.
func TestStatusBesideAnother(t *testing.T) {
	w := newWorld(t, dbtest.Open(t))
	const other = `,"credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"refresh","statusListIndex":"5","statusListCredential":"https://example.org/list"}`
	signed, err := w.Issue(t.Context(), Request{Credential: w.credential(other), Status: []StatusRequest{{Purpose: statuslist.Revocation}}})
	if err != nil {
		t.Fatal(err)
	}
	if list := entries(t, signed); len(list) != 2 || list[0].List != "https://example.org/list" || list[1].Purpose != statuslist.Revocation {
		t.Errorf("entries %+v", list)
	}
}
