package audit_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/sqldb"
)

func service(db *sqldb.DB) *audit.Service {
	return &audit.Service{DB: db, Sealer: sealer(db, &bytes.Buffer{})}
}

func TestSearch(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		do(t, db, `INSERT INTO account (id, public_id, name, password_hash, created_at) VALUES (7, $1, 'Ada', '', 1)`, []byte("1234567890123456"))
		s, ctx := service(db), audit.With(t.Context(), audit.Origin{AccountID: 7, RequestID: "q1"})
		at := func(ms int64) time.Time { return time.UnixMilli(ms) }
		write(ctx, t, db,
			audit.Entry{OrganisationID: 1, Action: "award.issued", Subject: "award", SubjectID: 5, At: at(1000)},
			audit.Entry{OrganisationID: 1, Action: "award.revoked", Subject: "award", SubjectID: 5, At: at(2000)},
			audit.Entry{OrganisationID: 2, Action: "award.issued", Subject: "award", SubjectID: 6, At: at(3000)},
			audit.Entry{OrganisationID: 1, Action: "awarding.stopped", Subject: "organisation", SubjectID: 5, At: at(4000)})
		write(t.Context(), t, db, audit.Entry{OrganisationID: 1, Action: "member.added", Subject: "account", SubjectID: 9, At: at(5000)})
		for name, c := range map[string]struct {
			q    audit.Query
			want []int64
		}{
			"one organisation": {audit.Query{Organisation: 1}, []int64{5, 4, 2, 1}},
			"the installation": {audit.Query{}, nil},
			"all":              {audit.Query{All: true}, []int64{5, 4, 3, 2, 1}},
			"an action":        {audit.Query{Organisation: 1, Action: "award.revoked"}, []int64{2}},
			"a noun":           {audit.Query{Organisation: 1, Action: "award."}, []int64{2, 1}},
			"a person":         {audit.Query{Organisation: 1, Account: 7}, []int64{4, 2, 1}},
			"a subject":        {audit.Query{Organisation: 1, Subject: "award", SubjectID: 5}, []int64{2, 1}},
			"a request":        {audit.Query{All: true, Request: "q1", Organisation: 2}, []int64{4, 3, 2, 1}},
			"from":             {audit.Query{Organisation: 1, From: at(2000)}, []int64{5, 4, 2}},
			"until":            {audit.Query{Organisation: 1, Until: at(2000)}, []int64{1}},
			"the next page":    {audit.Query{Organisation: 1, Before: 4}, []int64{2, 1}},
			"a page":           {audit.Query{Organisation: 1, Limit: 2}, []int64{5, 4}},
		} {
			if c.q.Limit == 0 {
				c.q.Limit = 10
			}
			found, err := s.Search(t.Context(), c.q)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var ids []int64
			for _, f := range found {
				ids = append(ids, f.ID)
			}
			if !slices.Equal(ids, c.want) {
				t.Errorf("%s: %v, want %v", name, ids, c.want)
			}
		}
		found, err := s.Search(t.Context(), audit.Query{Organisation: 2, Limit: 1})
		if err != nil || len(found) != 1 || found[0].Person != "Ada" || found[0].Action != "award.issued" || !found[0].At.Equal(at(3000)) {
			t.Errorf("%+v, %v", found, err)
		}
		for all, want := range map[bool]string{false: "award.issued", true: "award.issued award.revoked awarding.stopped member.added"} {
			actions, err := s.Actions(t.Context(), 2, all)
			if err != nil || strings.Join(actions, " ") != want {
				t.Errorf("actions %v: %v", actions, err)
			}
		}
	})
}

func TestSeenIsOneEntry(t *testing.T) {
	db := dbtest.Open(t)
	s := service(db)
	for _, ids := range [][]int64{{}, {3}, {9, 8, 7}} {
		if err := s.Seen(t.Context(), 1, "award_list", ids...); err != nil {
			t.Fatal(err)
		}
	}
	if n := number(t, db, `SELECT count(*) FROM audit_entry`); n != 2 {
		t.Errorf("%d entries", n)
	}
	if n := number(t, db, `SELECT count(*) FROM audit_entry WHERE action = 'recipient.read' AND subject_id = 9 AND data = '{"count":"3","first":"9","last":"7","view":"award_list"}'`); n != 1 {
		t.Error("the entry does not tell of three awards")
	}
}

func TestFileIsCheckedByAStranger(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		s := service(db)
		entries(t, db, 5)
		seal(t, db)
		entries(t, db, 2)
		var file bytes.Buffer
		if err := s.WriteJSONLines(t.Context(), &file, 1, audit.Period{}); err != nil {
			t.Fatal(err)
		}
		heads := verify(t, db).Heads
		end, n, err := audit.CheckFile(bytes.NewReader(file.Bytes()), heads...)
		if err != nil || n != 4 || end != heads[0] {
			t.Fatalf("%v, %d, %v; want %v", end, n, err, heads[0])
		}
		lines := strings.SplitAfter(strings.TrimSuffix(file.String(), "\n"), "\n")
		for name, c := range map[string]struct{ file, want string }{
			"nothing":          {"", "no end"},
			"not a log":        {"{}\n", "line 1: this is not a log"},
			"edited":           {strings.Replace(file.String(), `"subjectId":2`, `"subjectId":3`, 1), "line 3: entry 2 was edited"},
			"another address":  {strings.Replace(file.String(), `"ip":"192.0.2.9"`, `"ip":"192.0.2.8"`, 1), "line 2: entry 1: the address was edited"},
			"a member more":    {strings.Replace(file.String(), `"account":7`, `"account":7,"x":1`, 1), "line 2: not an entry"},
			"a member twice":   {strings.Replace(file.String(), `"account":7`, `"account":8,"account":7`, 1), "line 2: this is not how"},
			"one missing":      {strings.Join(slices.Delete(slices.Clone(lines), 2, 3), ""), "line 3: entry 3 follows entry 1"},
			"two swapped":      {lines[0] + lines[2] + lines[1] + lines[3] + lines[4] + lines[5], "line 2: entry 2 follows entry 0"},
			"the last missing": {strings.Join(slices.Delete(slices.Clone(lines), 4, 5), ""), "line 5: the log ends at"},
			"the end missing":  {strings.Join(lines[:5], ""), "no end"},
			"more behind":      {file.String() + lines[1], "line 7: there is something behind the end"},
			"another start":    {strings.Replace(file.String(), `"organisation":1`, `"organisation":2`, 1), "line 1: the chain does not begin"},
		} {
			if _, _, err := audit.CheckFile(strings.NewReader(c.file), heads...); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", name, err, c.want)
			}
		}
		wrong := heads[0]
		wrong.Hash[0]++
		if _, _, err := audit.CheckFile(bytes.NewReader(file.Bytes()), wrong); err == nil || !strings.Contains(err.Error(), "made anew") {
			t.Errorf("with another head: %v", err)
		}
		wrong.Position++
		if _, _, err := audit.CheckFile(bytes.NewReader(file.Bytes()), wrong); err == nil || !strings.Contains(err.Error(), "once reached 5") {
			t.Errorf("with a later head: %v", err)
		}
	})
}

// A part of the chain, from a seal in its middle, can be checked too.
func TestFileOfAPeriod(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		clock := time.UnixMilli(0)
		s := service(db)
		s.Sealer.Now = func() time.Time { return clock }
		for day := range int64(4) {
			at := time.UnixMilli(86400_000 * day).Add(time.Hour)
			write(t.Context(), t, db, audit.Entry{OrganisationID: 1, Action: "a.b", SubjectID: day, At: at})
			clock = at.Add(time.Second)
			if _, err := s.Sealer.Seal(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		p := audit.Period{From: time.UnixMilli(86400_000), Until: time.UnixMilli(2 * 86400_000)}
		var file, table bytes.Buffer
		if err := s.WriteJSONLines(t.Context(), &file, 1, p); err != nil {
			t.Fatal(err)
		}
		end, n, err := audit.CheckFile(&file)
		if err != nil || n != 2 || end.Position != 3 { // the second day, and the seal that closes it
			t.Errorf("%v, %d, %v", end, n, err)
		}
		if err := s.WriteCSV(t.Context(), &table, 1, p); err != nil {
			t.Fatal(err)
		}
		rows := strings.Split(strings.TrimSpace(table.String()), "\r\n")
		if len(rows) != 3 || !strings.HasPrefix(rows[1], "2,1970-01-02T01:00:00.000Z,a.b,,1,0,0,,,,{},") {
			t.Errorf("%q", rows)
		}
	})
}

func TestForgottenAddressInAFile(t *testing.T) {
	db := dbtest.Open(t)
	entries(t, db, 1)
	if _, err := audit.ForgetAddresses(t.Context(), db, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := service(db).WriteJSONLines(t.Context(), &file, 1, audit.Period{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(file.String(), "192.0.2.9") || strings.Contains(file.String(), "salt") {
		t.Errorf("%s", &file)
	}
	if _, n, err := audit.CheckFile(&file); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
}
