// Package audit keeps who did what, when and from where.
//
// An entry is written in the transaction of what it tells of, so that neither
// is there without the other. Within a second a [Sealer] puts it into the chain
// of its organisation: each link is a hash over the one before it, so that an
// entry that is changed, taken away or slipped in afterwards shows. Entries
// hold ids and codes, never names, mail addresses or what people wrote.
package audit

import (
	"context"
	"crypto/rand"
	"fmt"
	"regexp"
	"time"

	"github.com/roundel/roundel/internal/sqldb"
)

// Topic is signalled on the database after each commit that holds an entry.
const Topic = "audit"

// Origin is who is asking and from where. The gate puts it into the context of
// every request.
type Origin struct {
	AccountID int64  // the person, 0 when none is signed in
	TokenID   int64  // the API token, 0 without one
	Service   string // what acts when no person does: "job", "cli", "holder" …
	Address   string // the client's IP address
	RequestID string
}

type contextKey struct{}

// With returns ctx with o as the origin of what is done in it.
func With(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, contextKey{}, o)
}

// From returns the origin in ctx; the zero Origin when nobody put one there.
func From(ctx context.Context) Origin {
	o, _ := ctx.Value(contextKey{}).(Origin)
	return o
}

// As returns ctx in which service acts and no person, from the same address
// and in the same request: a holder with a claim link, for example.
func As(ctx context.Context, service string) context.Context {
	o := From(ctx)
	o.AccountID, o.TokenID, o.Service = 0, 0, service
	return With(ctx, o)
}

// Entry is one thing that was done.
type Entry struct {
	OrganisationID int64  // 0: the installation
	Action         string // noun.past, for example "member.added"
	Subject        string // the noun that SubjectID counts, for example "account"
	SubjectID      int64
	Data           map[string]string // ids and codes only, never personal values
	At             time.Time         // the zero Time stands for the moment of recording
}

var (
	actionForm  = regexp.MustCompile(`^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$`)
	wordForm    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	valueForm   = regexp.MustCompile(`^[A-Za-z0-9._:/%+,=~#-]{0,300}$`)
	serviceForm = regexp.MustCompile(`^[a-z0-9_.:-]{0,64}$`)
	addressForm = regexp.MustCompile(`^[0-9A-Za-z.:%]{0,64}$`)
	requestForm = regexp.MustCompile(`^[A-Za-z0-9._-]{0,128}$`)
)

// check refuses what is no id and no code. People's names have spaces, mail
// addresses an @: neither gets in by mistake.
func (e Entry) check() error {
	if !actionForm.MatchString(e.Action) {
		return fmt.Errorf("audit: action %q is not of the form noun.past", e.Action)
	}
	if e.Subject != "" && !wordForm.MatchString(e.Subject) {
		return fmt.Errorf("audit: %s: subject %q is not a noun", e.Action, e.Subject)
	}
	for k, v := range e.Data {
		if !wordForm.MatchString(k) || !valueForm.MatchString(v) {
			return fmt.Errorf("audit: %s: data %q is not an id or a code", e.Action, k)
		}
	}
	return nil
}

// check drops what a request may have put there that is no address or number.
// It came from outside, so it must not make the work fail.
func (o Origin) check() Origin {
	if !serviceForm.MatchString(o.Service) {
		o.Service = "unknown"
	}
	if !addressForm.MatchString(o.Address) {
		o.Address = ""
	}
	if !requestForm.MatchString(o.RequestID) {
		o.RequestID = ""
	}
	return o
}

// Record adds e to the caller's transaction, done by the Origin in ctx. It
// only inserts: two transactions never wait for each other because of it.
func Record(ctx context.Context, tx *sqldb.Tx, e Entry) error {
	return RecordAll(ctx, tx, []Done{{From(ctx), e}})
}

// Done is an entry with its own origin, where work of several requests is
// done together.
type Done struct {
	Origin
	Entry
}

// RecordAll adds entries to the caller's transaction, in order.
func RecordAll(ctx context.Context, tx *sqldb.Tx, all []Done) error {
	if len(all) == 0 {
		return nil
	}
	rows := make([][]any, 0, len(all))
	for _, d := range all {
		row, err := d.row()
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	if err := tx.Insert(ctx, "audit_entry", entryColumns, rows); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	tx.Signal(Topic)
	return nil
}

// entryColumns are those that row fills.
var entryColumns = []string{
	"organisation_id", "at", "action", "subject", "subject_id", "account_id", "token_id",
	"service", "address", "salt", "request_id", "data", "digest",
}

// row returns the entry's columns.
func (d Done) row() ([]any, error) {
	e := d.Entry
	if err := e.check(); err != nil {
		return nil, err
	}
	if e.At.IsZero() {
		e.At = time.Now()
	}
	r := Recorded{Entry: e, Origin: d.Origin.check()}
	r.At = sqldb.Time(sqldb.Millis(e.At)) // as it will be read back
	r.Salt = make([]byte, saltSize)
	rand.Read(r.Salt) // never fails: crypto/rand ends the process instead
	data, err := dataText(e.Data)
	digest := r.digest()
	return []any{
		r.OrganisationID, sqldb.Millis(r.At), r.Action, r.Subject, r.SubjectID, r.AccountID, r.TokenID,
		r.Service, r.Address, r.Salt, r.RequestID, data, digest[:],
	}, err
}
