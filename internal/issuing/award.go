// Package issuing turns a badge and a recipient into a signed credential, and
// keeps the record of every award: what was signed, its state and its place in
// the status lists.
//
// An award is made in two commits. The first records the intent: the public id,
// the recipient and the positions in the status lists. Then the document is
// signed, outside any transaction. The second commit holds the signed bytes and
// the event. After a crash in between, Resume finds the intent and finishes it:
// nothing is signed without a durable record, and nothing is awarded twice.
package issuing

import (
	"context"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/input"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/signedlist"
	"github.com/roundel/roundel/internal/sqldb"
)

// Service awards badges.
type Service struct {
	DB      *sqldb.DB
	Keys    *keys.Ring
	Orgs    *org.Service
	Blobs   blob.Store
	Now     func() time.Time
	Log     *slog.Logger
	BaseURL string // public address of the installation, without a trailing slash
	Secret  []byte // derives the ids of awards that come with an Idempotency-Key
	// Journal returns once what was committed before stands in the journal beside
	// the backups; nil: there is none.
	Journal func(context.Context) error

	// Issued is told how many awards were signed and stored; nil: nobody is.
	Issued func(n int)

	lists    signedlist.Keeper
	together gathering
}

// The events that this package records.
const (
	EventIssued     = "award.issued"
	EventRevoked    = "award.revoked"
	EventSuspended  = "award.suspended"
	EventReinstated = "award.reinstated"
	EventListOpened = "status_list.opened"
)

// Award is the record of giving a badge to a recipient.
type Award struct {
	ID             int64
	PublicID       publicid.ID
	OrganisationID int64
	VersionID      int64
	BadgeName      string // of the version
	BatchID        int64
	Trial          bool // signed by a key that names only itself; not mailed
	Recipient      Recipient
	Salt           string // of the hashed address, 128 random bits in hexadecimal
	Details        Details
	ValidFrom      time.Time
	ValidUntil     time.Time // zero: no end
	Status         [2]Position
	Document       []byte // the signed credential, exactly; nil while only the intent is recorded
	CreatedBy      int64
	CreatedAt      time.Time
	IssuedAt       time.Time
	RevokedAt      time.Time
	SuspendedAt    time.Time
	Reason         Reason
	PrivateNote    string
	ReplacedBy     int64
	Claim          ClaimState
	ClaimedAt      time.Time
	PublishedAt    time.Time // zero: kept private by its holder
	ErasedAt       time.Time // set: the person was erased; Document may be empty

	issuer string // the own did:web in whose name it was begun, "" for that under our address
}

// Recipient is who a badge is given to.
type Recipient struct {
	Name  string
	Email string
}

// Details is what an award says beyond its badge.
type Details struct {
	Evidence  []Evidence `json:"evidence,omitempty"`
	Result    string     `json:"result,omitempty"`    // for example "87 %"
	Narrative string     `json:"narrative,omitempty"` // how this person earned it
}

// Evidence is something that a stranger can look at.
type Evidence struct {
	URL         string `json:"url,omitempty"`
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
}

// ClaimState says what the recipient has done with an award.
type ClaimState string

// The claim states.
const (
	Waiting  ClaimState = "waiting"
	Accepted ClaimState = "accepted"
	Declined ClaimState = "declined"
)

// Reason is why an award was withdrawn or paused, from the short public list.
type Reason string

// Reasons is the public list.
var Reasons = []Reason{"issued_in_error", "replaced", "requirements_not_met", "withdrawn_by_holder", "not_stated"}

// State is what an award is worth at a moment, in one word.
type State string

// The states, in the order in which they outrank each other.
const (
	StateRevoked   State = "revoked"
	StateSuspended State = "suspended"
	StateExpired   State = "expired"
	StatePending   State = "not_yet_valid"
	StateCurrent   State = "current"
)

// State returns the award's state at now.
func (a *Award) State(now time.Time) State {
	switch {
	case !a.RevokedAt.IsZero():
		return StateRevoked
	case !a.SuspendedAt.IsZero():
		return StateSuspended
	case !a.ValidUntil.IsZero() && !now.Before(a.ValidUntil):
		return StateExpired
	case now.Before(a.ValidFrom):
		return StatePending
	}
	return StateCurrent
}

// Erased reports whether the recipient was erased on request.
func (a *Award) Erased() bool { return !a.ErasedAt.IsZero() }

// Published reports whether the holder shows the award to everybody.
func (a *Award) Published() bool { return !a.PublishedAt.IsZero() }

// URL returns the award's permanent public address, which is also the id of
// its credential.
func (s *Service) URL(a *Award) string { return s.BaseURL + "/awards/" + a.PublicID.String() }

// Request is what is needed to award a badge to one person.
type Request struct {
	Badge     publicid.ID
	Recipient Recipient
	ValidFrom time.Time // zero: now
	// ValidUntil is the first moment at which the badge is no longer valid;
	// zero: it does not expire.
	ValidUntil time.Time
	Details    Details
}

// CheckRequest names every field of r that cannot be used, without looking at
// the badge.
func (s *Service) CheckRequest(r Request) error {
	_, err := r.normalise(s.Now())
	return err
}

// normalise trims what was entered, fills the date in, and names the fields
// that cannot be used.
func (r Request) normalise(now time.Time) (Request, error) {
	var wrong []fault.Field
	bad := func(path, message string) { wrong = append(wrong, fault.Field{Path: path, Message: message}) }
	var ok bool
	if r.Recipient.Name, ok = input.Line(r.Recipient.Name, 200); !ok {
		bad("name", "Enter the recipient's name in letters, up to 200 characters.")
	}
	r.Recipient.Email = strings.TrimSpace(r.Recipient.Email)
	if _, err := account.AddressKey(r.Recipient.Email); err != nil {
		bad("email", "Enter the recipient's e-mail address, such as name@example.org.")
	}
	if r.ValidFrom.IsZero() {
		r.ValidFrom = now
	}
	// Credentials carry whole seconds; the record says the same as the document.
	r.ValidFrom, r.ValidUntil = r.ValidFrom.Truncate(time.Second).UTC(), r.ValidUntil.Truncate(time.Second).UTC()
	if y := r.ValidFrom.Year(); y < 1900 || y > now.Year()+10 {
		bad("date", "Enter a date that is plausible for an award.")
	}
	if !r.ValidUntil.IsZero() && !r.ValidUntil.After(r.ValidFrom) {
		bad("until", "The badge cannot end before it begins.")
	}
	if utf8.RuneCountInString(r.Details.Result) > 200 || !input.Text(r.Details.Result) {
		bad("result", "Use 200 readable characters or fewer.")
	}
	if utf8.RuneCountInString(r.Details.Narrative) > 5000 || !input.Text(r.Details.Narrative) {
		bad("narrative", "Use 5,000 readable characters or fewer.")
	}
	if len(r.Details.Evidence) > 10 {
		bad("evidence", "Name at most ten pieces of evidence.")
	}
	for _, e := range r.Details.Evidence {
		if e.URL != "" && !input.WebAddress(e.URL) {
			bad("evidence", "Enter the evidence as a complete web address without spaces, such as https://www.example.org/report.")
			break
		}
		if utf8.RuneCountInString(e.Name) > 200 || utf8.RuneCountInString(e.Description) > 2000 || !input.Text(e.Name+e.Description) {
			bad("evidence", "Keep the evidence's name to 200 characters and its description to 2,000.")
			break
		}
	}
	return r, fault.Fields(wrong...)
}

// subject is what all awards of one piece of work share.
type subject struct {
	organisation *org.Organisation
	version      *badge.Version
	pen          *keys.Pen
}
