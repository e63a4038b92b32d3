// Package erasure takes a person out of an installation on request, for good:
// out of the database and its log, and out of backups that are older, as soon
// as they are restored.
//
// What stays is the fact that a badge was awarded: its row, its places in the
// status lists and what they say.
package erasure

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/attest"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/backup/journal"
	"github.com/roundel/roundel/internal/claim"
	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Service erases people.
type Service struct {
	DB  *sqldb.DB
	Now func() time.Time
	// Journal returns once what was committed before stands in the journal beside
	// the backups; nil: there is none, and older backups bring people back.
	Journal func(context.Context) error
	// KeepMails is how long sent mails keep their address; zero: for good.
	KeepMails time.Duration
}

// Request says who is to be erased.
type Request struct {
	OrganisationID int64 // whose awards; 0: of every organisation
	By             int64 // account; 0: on the command line
	Email          string
	// KeepDocuments leaves the signed documents where they are. They hold the
	// address as a salted hash, and whatever the issuer chose to put in.
	KeepDocuments bool
}

// Found is what there is of a person, or was.
type Found struct {
	Awards []*issuing.Award
	Rows   int64 // of spreadsheets
	Mails  int64
	Kept   int64 // documents of the VC API that mention the address
}

// Look returns the person's awards, and changes nothing.
func (s *Service) Look(ctx context.Context, organisationID int64, email string) (f *Found, err error) {
	address, err := account.AddressKey(email)
	if err != nil {
		return nil, err
	}
	f = &Found{}
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		f.Awards, err = issuing.OfRecipient(ctx, tx, organisationID, address)
		return err
	})
	return f, err
}

// scrub is the job that removes what deleted rows leave behind.
const scrub = "erasure.scrub"

// touched are the tables that an erasure changes.
var touched = []string{"award", "award_batch_row", "outbox_mail", "claim_secret", "idempotency", "attestation"}

// Erase takes the person out. It returns what there was, or a NotFound fault
// when there was nothing. When it returns, no restored backup brings the person
// back, as long as the journal survives.
func (s *Service) Erase(ctx context.Context, r Request) (*Found, error) {
	address, err := account.AddressKey(r.Email)
	if err != nil {
		return nil, err
	}
	var found *Found
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		g, err := journal.EnsureIn(ctx, tx, s.Now())
		if err != nil {
			return err
		}
		if found, err = erase(ctx, tx, r.OrganisationID, address, r.KeepDocuments, s.Now()); err != nil {
			return err
		}
		if len(found.Awards) == 0 && found.Rows+found.Mails+found.Kept == 0 {
			return fault.NotFoundf("Nothing is stored of this address.")
		}
		e := row{public: publicid.New(), organisation: r.OrganisationID, hash: journal.Hash(g.Salt, address), keep: r.KeepDocuments, by: r.By, at: s.Now()}
		for _, a := range found.Awards {
			e.awards = append(e.awards, a.PublicID.String())
		}
		if err := record(ctx, tx, e); err != nil {
			return err
		}
		return jobs.Enqueue(ctx, tx, jobs.Job{Kind: scrub, Key: "all", Payload: struct{}{}})
	})
	if err != nil || s.Journal == nil {
		return found, err
	}
	return found, s.Journal(ctx)
}

// erase takes the address out of every table.
func erase(ctx context.Context, tx *sqldb.Tx, organisation int64, address string, keep bool, now time.Time) (f *Found, err error) {
	f = &Found{}
	if f.Awards, err = issuing.OfRecipient(ctx, tx, organisation, address); err != nil {
		return nil, err
	}
	if err := eraseAwards(ctx, tx, f.Awards, keep, now); err != nil {
		return nil, err
	}
	if f.Rows, err = issuing.EraseRows(ctx, tx, organisation, address); err != nil {
		return nil, err
	}
	if f.Mails, err = outbox.Erase(ctx, tx, organisation, address, keys(f.Awards)); err != nil {
		return nil, err
	}
	if !keep {
		f.Kept, err = attest.Erase(ctx, tx, organisation, address)
	}
	return f, err
}

func eraseAwards(ctx context.Context, tx *sqldb.Tx, awards []*issuing.Award, keep bool, now time.Time) error {
	if err := issuing.EraseAwards(ctx, tx, awards, keep, now); err != nil {
		return err
	}
	return claim.Erase(ctx, tx, keys(awards))
}

func keys(awards []*issuing.Award) (ids []int64) {
	for _, a := range awards {
		ids = append(ids, a.ID)
	}
	return ids
}

// row is a row of the table erasure.
type row struct {
	public       publicid.ID
	organisation int64
	hash         []byte
	awards       []string
	keep         bool
	by           int64
	at           time.Time
}

// record notes an erasure, for the journal and for the audit log.
func record(ctx context.Context, tx *sqldb.Tx, e row) error {
	awards, err := json.Marshal(append([]string{}, e.awards...))
	if err != nil {
		return err
	}
	var id int64
	err = tx.QueryRow(ctx, `INSERT INTO erasure (public_id, organisation_id, address_hash, awards, keep_documents, actor, at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
		e.public, e.organisation, e.hash, string(awards), e.keep, e.by, sqldb.Millis(e.at)).Scan(&id)
	if err != nil {
		return err
	}
	if err := event.Record(ctx, tx, event.Event{OrgID: e.organisation, Kind: journal.EventErased, Subject: id, Actor: e.by}); err != nil {
		return err
	}
	return audit.Record(ctx, tx, audit.Entry{OrganisationID: e.organisation, Action: "recipient.erased", Subject: "erasure", SubjectID: id,
		Data: map[string]string{"awards": strconv.Itoa(len(e.awards)), "documents": map[bool]string{true: "kept", false: "removed"}[e.keep]}})
}

// Handlers returns the jobs that this package does.
func (s *Service) Handlers() map[string]func(context.Context, json.RawMessage) error {
	return map[string]func(context.Context, json.RawMessage) error{
		tidy:  s.runTidy,
		scrub: func(ctx context.Context, _ json.RawMessage) error { return s.Scrub(ctx) },
	}
}

// Scrub removes what deleted rows leave behind in the database's files.
func (s *Service) Scrub(ctx context.Context) error { return s.DB.Scrub(ctx, touched...) }
