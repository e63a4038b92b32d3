package audit_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/sqldb"
)

// write records e in a transaction of its own.
func write(ctx context.Context, t *testing.T, db *sqldb.DB, entries ...audit.Entry) {
	t.Helper()
	err := db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, e := range entries {
			if err := audit.Record(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// number reads one number.
func number(t *testing.T, db *sqldb.DB, query string, args ...any) (n int64) {
	t.Helper()
	err := db.Read(context.Background(), func(tx *sqldb.Tx) error { return tx.QueryRow(context.Background(), query, args...).Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEntryIsWrittenWithItsTransaction(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := audit.With(context.Background(), audit.Origin{AccountID: 7, Address: "192.0.2.9", RequestID: "abc"})
		heard := 0
		defer db.Listen(audit.Topic, func() { heard++ })()
		refused := errors.New("refused")
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			return errors.Join(audit.Record(ctx, tx, audit.Entry{Action: "member.added"}), refused)
		})
		if !errors.Is(err, refused) || heard != 0 {
			t.Fatalf("%v, heard %d", err, heard)
		}
		if n := number(t, db, `SELECT count(*) FROM audit_entry`); n != 0 {
			t.Errorf("%d entries of work that was rolled back", n)
		}
		write(ctx, t, db, audit.Entry{OrganisationID: 3, Action: "member.added", Subject: "account", SubjectID: 9, Data: map[string]string{"role": "viewer"}, At: time.UnixMilli(1234)})
		if n := number(t, db, `SELECT count(*) FROM audit_entry WHERE organisation_id = 3 AND at = 1234 AND action = 'member.added' AND subject = 'account'
			AND subject_id = 9 AND account_id = 7 AND token_id = 0 AND service = '' AND address = '192.0.2.9' AND request_id = 'abc' AND data = '{"role":"viewer"}'`); n != 1 || heard != 1 {
			t.Errorf("%d entries as they were told, heard %d", n, heard)
		}
	})
}

func TestNothingPersonalGetsIn(t *testing.T) {
	db := dbtest.Open(t)
	for name, e := range map[string]audit.Entry{
		"a name":         {Action: "award.issued", Data: map[string]string{"to": "Ada Lovelace"}},
		"a mail address": {Action: "award.issued", Data: map[string]string{"to": "ada@example.org"}},
		"a free text":    {Action: "award.revoked", Data: map[string]string{"why": "she cheated\n"}},
		"a long text":    {Action: "award.revoked", Data: map[string]string{"why": strings.Repeat("x", 301)}},
		"a free key":     {Action: "award.revoked", Data: map[string]string{"to Ada": "1"}},
		"no action":      {},
		"half an action": {Action: "issued"},
		"a free action":  {Action: "award.issued to Ada"},
		"a free subject": {Action: "award.issued", Subject: "Ada Lovelace"},
	} {
		err := db.Write(t.Context(), func(tx *sqldb.Tx) error { return audit.Record(t.Context(), tx, e) })
		if err == nil || !strings.HasPrefix(err.Error(), "audit: ") {
			t.Errorf("%s was let in: %v", name, err)
		}
	}
	if n := number(t, db, `SELECT count(*) FROM audit_entry`); n != 0 {
		t.Errorf("%d entries", n)
	}
}

// What comes from outside must not stop the work, nor get in.
func TestOriginFromOutside(t *testing.T) {
	db := dbtest.Open(t)
	ctx := audit.With(t.Context(), audit.Origin{Address: "ada@example.org", RequestID: "x\ny", Service: "A person"})
	write(ctx, t, db, audit.Entry{Action: "session.started"})
	if n := number(t, db, `SELECT count(*) FROM audit_entry WHERE address = '' AND request_id = '' AND service = 'unknown'`); n != 1 {
		t.Error("what was no address, number or service was kept")
	}
}

func TestAsKeepsWhereFrom(t *testing.T) {
	ctx := audit.With(t.Context(), audit.Origin{AccountID: 7, TokenID: 8, Address: "192.0.2.9", RequestID: "abc"})
	if got, want := audit.From(audit.As(ctx, "holder")), (audit.Origin{Service: "holder", Address: "192.0.2.9", RequestID: "abc"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := audit.From(t.Context()); got != (audit.Origin{}) {
		t.Errorf("nobody's origin: %+v", got)
	}
}
