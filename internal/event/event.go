// Package event records what happened, in the transaction that changed it, and
// reads it back in order.
//
// Events carry ids, never names or addresses: they are kept for good.
package event

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/roundel/roundel/internal/sqldb"
)

// Topic is signalled on the database after each commit that holds an event.
const Topic = "event"

// Event is one thing that happened.
type Event struct {
	ID      int64     // its place in the order; set when read
	OrgID   int64     // the organisation that it belongs to, 0 for the installation
	Kind    string    // what, for example "award.issued"
	Subject int64     // the row that it happened to
	Actor   int64     // the account that did it, 0 for the platform itself
	Data    any       // details, stored as JSON; a json.RawMessage when read
	At      time.Time // when; the zero Time stands for the moment of recording
}

// Decode reads the details of an event that was read into v.
func (e Event) Decode(v any) error {
	raw, ok := e.Data.(json.RawMessage)
	if !ok {
		return fmt.Errorf("event %d (%s): details are not as read from the database", e.ID, e.Kind)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("event %d (%s): details: %w", e.ID, e.Kind, err)
	}
	return nil
}

// Record adds e to the caller's transaction.
func Record(ctx context.Context, tx *sqldb.Tx, all ...Event) error {
	if len(all) == 0 {
		return nil
	}
	rows := make([][]any, 0, len(all))
	for _, e := range all {
		data := []byte("{}")
		if e.Data != nil {
			var err error
			if data, err = json.Marshal(e.Data); err != nil {
				return fmt.Errorf("event %s: details: %w", e.Kind, err)
			}
		}
		if e.At.IsZero() {
			e.At = time.Now()
		}
		rows = append(rows, []any{e.OrgID, e.Kind, e.Subject, e.Actor, string(data), sqldb.Millis(e.At)})
	}
	if err := tx.Insert(ctx, "event", []string{"organisation_id", "kind", "subject", "actor", "data", "at"}, rows); err != nil {
		return fmt.Errorf("record events: %w", err)
	}
	tx.Signal(Topic)
	return nil
}

// Since returns up to limit events with an id above cursor, in order.
//
// Who remembers the last id as a cursor must use Next: on PostgreSQL an event
// with a smaller id may still be on its way.
func Since(ctx context.Context, tx *sqldb.Tx, cursor int64, limit int) ([]Event, error) {
	return sqldb.Collect(ctx, tx, scan, `SELECT id, organisation_id, kind, subject, actor, data, at
		FROM event WHERE id > $1 ORDER BY id LIMIT $2`, cursor, limit)
}

// Next returns up to limit events that follow cursor, none left out: whoever
// goes on from the last one's id misses nothing. It returns no events when
// there are none yet.
//
// PostgreSQL hands out ids before commit, so an id that is missing may belong
// to a transaction that is still open. Next therefore returns the events up to
// the first gap; when the gap comes at once, it waits for the open
// transactions (Tx.AwaitInserts) and reads again: what is missing then was
// rolled back and will never come.
func Next(ctx context.Context, db *sqldb.DB, cursor int64, limit int) ([]Event, error) {
	var events []Event
	read := func(tx *sqldb.Tx) (err error) {
		events, err = Since(ctx, tx, cursor, limit)
		return err
	}
	if err := db.Read(ctx, read); err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	if whole := beforeGap(events, cursor); len(whole) > 0 || len(events) == 0 {
		return whole, nil
	}
	err := db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := tx.AwaitInserts(ctx, "event"); err != nil {
			return err
		}
		return read(tx)
	})
	if err != nil {
		return nil, fmt.Errorf("read events behind a gap: %w", err)
	}
	return events, nil
}

// beforeGap returns the leading events whose ids follow cursor one by one.
func beforeGap(events []Event, cursor int64) []Event {
	for i, e := range events {
		if e.ID != cursor+int64(i)+1 {
			return events[:i]
		}
	}
	return events
}

func scan(r *sql.Rows) (Event, error) {
	var e Event
	var data string
	var at int64
	err := r.Scan(&e.ID, &e.OrgID, &e.Kind, &e.Subject, &e.Actor, &data, &at)
	e.Data, e.At = json.RawMessage(data), sqldb.Time(at)
	return e, err
}
