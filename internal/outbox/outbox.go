// Package outbox keeps the mails that wait to be sent, sends them, and shows
// what became of each.
//
// A mail is written in the transaction that calls for it, so it exists exactly
// when its reason does. It is handed to the mail server at least once: a crash
// between handing over and noting it may send a mail twice, never zero times.
package outbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/mail"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// The states of a mail.
const (
	Queued  = "queued"  // will be sent, now or when NextAt comes
	Waiting = "waiting" // queued while there is no mail server; never stored, it is how that is shown
	Held    = "held"    // never sent, only shown: trial awards
	Sent    = "sent"    // the mail server took it; its text is erased
	Failed  = "failed"  // given up; LastError says why
)

// Mail is a mail to send.
type Mail struct {
	OrgID      int64
	AwardID    int64  // the award it is about, or 0
	SenderName string // the organisation, shown as "NAME via PLATFORM"
	ReplyTo    string // where answers go, or empty
	To         string // one address
	Subject    string
	Text, HTML string
	// Sealed is a secret that Text and HTML hold as SecretMark, encrypted: nobody
	// who reads the database can use it. Service.Open opens it when the mail is
	// sent or shown.
	Sealed     []byte
	PictureKey string // blob of the PNG that HTML shows as mail.LetterPicture, or empty
	Hold       bool   // keep it for show
}

// SecretMark stands in a mail's texts for its sealed secret.
const SecretMark = "0-filled-in-when-sent-0"

// Entry is a mail in the outbox.
type Entry struct {
	ID publicid.ID
	Mail
	State     string
	Attempts  int64
	LastError string    // a sentence about the last failure
	NextAt    time.Time // the next try of a queued mail that failed before
	CreatedAt time.Time
	SentAt    time.Time
}

// Service sends mails and answers questions about them.
type Service struct {
	DB     *sqldb.DB
	Sender mail.Sender // nil: mails wait
	Blobs  blob.Store  // the pictures; nil: mails go without
	Now    func() time.Time
	Open   func(sealed []byte) (secret string, err error) // nil: no mail holds a secret
	Site   string                                         // the platform's name, in "NAME via PLATFORM"
	Log    *slog.Logger
}

// JobKind is the kind of the job that sends what is due.
const JobKind = "outbox.deliver"

// deliverKey makes that job one for the whole installation.
const deliverKey = "all"

// Enqueue adds mails to the caller's transaction.
func Enqueue(ctx context.Context, tx *sqldb.Tx, all ...Mail) error {
	if err := insert(ctx, tx, all, time.Now()); err != nil {
		return fmt.Errorf("queue mail: %w", err)
	}
	if !slices.ContainsFunc(all, func(m Mail) bool { return !m.Hold }) {
		return nil
	}
	return jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobKind, Key: deliverKey})
}

// Written returns which of these awards have a mail about them.
func Written(ctx context.Context, tx *sqldb.Tx, awards []int64) (map[int64]bool, error) {
	written := map[int64]bool{}
	list, args := sqldb.List(1, awards)
	_, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (id int64, err error) {
		err = r.Scan(&id)
		written[id] = true
		return id, err
	}, `SELECT award_id FROM outbox_mail WHERE award_id > 0 AND award_id IN (`+list+`)`, args...)
	return written, err
}

// Handlers returns the jobs that this package does.
func (s *Service) Handlers() map[string]func(context.Context, json.RawMessage) error {
	return map[string]func(context.Context, json.RawMessage) error{JobKind: s.Deliver}
}

// Resume makes sure that mails are sent which an earlier process, perhaps one
// without a mail server, left behind. It is called once at the start.
//
// On SQLite, whose file belongs to one process, mails that were being handed
// over when that process died are tried again at once; on PostgreSQL another
// node may be at it, so they wait until its time is up.
func (s *Service) Resume(ctx context.Context) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if s.DB.Dialect() == sqldb.SQLite {
			if err := adopt(ctx, tx); err != nil {
				return err
			}
		}
		return jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobKind, Key: deliverKey})
	})
}

// List returns an organisation's mails, newest first.
func (s *Service) List(ctx context.Context, orgID int64, f Filter) (all []Entry, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		f.State = s.seen(f.State)
		all, err = list(ctx, tx, orgID, f)
		return err
	})
	for i := range all {
		all[i].State = s.seen(all[i].State)
	}
	return all, err
}

// seen turns a state that is stored into the one that people see, and back:
// without a mail server, what is queued waits for one.
func (s *Service) seen(state string) string {
	switch {
	case s.Sender == nil && state == Queued:
		return Waiting
	case s.Sender == nil && state == Waiting:
		return Queued
	}
	return state
}

// Filter chooses mails. The zero Filter chooses the newest 100.
type Filter struct {
	Award  int64       // only those about this award, unless 0
	State  string      // only those in this state, unless empty
	Before publicid.ID // only those older than this one, unless zero: for paging
	Limit  int         // 0: 100
}

// Counts returns how many mails of an organisation are in each state.
func (s *Service) Counts(ctx context.Context, orgID int64) (counts map[string]int, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		counts, err = s.countStates(ctx, tx, `SELECT state, count(*) FROM outbox_mail WHERE organisation_id = $1 GROUP BY state`, orgID)
		return err
	})
	return counts, err
}

// States returns how many mails of the installation are in each state.
func (s *Service) States(ctx context.Context) (counts map[string]int, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		counts, err = s.countStates(ctx, tx, `SELECT state, count(*) FROM outbox_mail GROUP BY state`)
		return err
	})
	return counts, err
}

// Get returns one mail of an organisation, or fault.NotFound.
func (s *Service) Get(ctx context.Context, orgID int64, id publicid.ID) (e *Entry, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		e, err = get(ctx, tx, orgID, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	e.State = s.seen(e.State)
	return e, s.unseal(e)
}

// unseal puts a mail's secret where its texts have the mark.
func (s *Service) unseal(e *Entry) error {
	if len(e.Sealed) == 0 {
		return nil
	}
	if s.Open == nil {
		return errors.New("the mail holds a secret that nothing here can open")
	}
	secret, err := s.Open(e.Sealed)
	if err != nil {
		return fmt.Errorf("open the secret of mail %s: %w", e.ID, err)
	}
	e.Text, e.HTML = strings.ReplaceAll(e.Text, SecretMark, secret), strings.ReplaceAll(e.HTML, SecretMark, secret)
	return nil
}

// Retry sends a failed mail once more. It returns fault.NotFound when there is
// no such mail, and fault.Conflict when it has not failed.
func (s *Service) Retry(ctx context.Context, orgID int64, id publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		e, err := get(ctx, tx, orgID, id)
		if err != nil {
			return err
		}
		if e.State != Failed {
			return fault.Conflictf("Only a mail that failed can be sent again.")
		}
		if err := requeue(ctx, tx, id); err != nil {
			return err
		}
		if err := recordRetry(ctx, tx, orgID, id); err != nil {
			return err
		}
		return jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobKind, Key: deliverKey})
	})
}
