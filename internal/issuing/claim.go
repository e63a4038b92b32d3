package issuing

import (
	"context"
	"time"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// The events of what a recipient does with an award.
const (
	EventAccepted    = "award.accepted"
	EventDeclined    = "award.declined"
	EventPublished   = "award.published"
	EventUnpublished = "award.unpublished"
)

// SetClaim records the recipient's answer, in the caller's transaction.
// Declining also ends the award's being public.
func SetClaim(ctx context.Context, tx *sqldb.Tx, a *Award, answer ClaimState, now time.Time) error {
	kind := EventAccepted
	a.Claim, a.ClaimedAt = answer, now
	if answer == Declined {
		kind, a.PublishedAt = EventDeclined, time.Time{}
	}
	return updateClaim(ctx, tx, a, kind)
}

// SetPublished records whether the holder shows the award to everybody, in the
// caller's transaction. Only an accepted award can be shown.
func SetPublished(ctx context.Context, tx *sqldb.Tx, a *Award, published bool, now time.Time) error {
	if !published {
		a.PublishedAt = time.Time{}
		return updateClaim(ctx, tx, a, EventUnpublished)
	}
	if a.Claim != Accepted {
		return fault.Conflictf("Keep the badge first; then you can show it.")
	}
	if a.PublishedAt.IsZero() {
		a.PublishedAt = now
	}
	return updateClaim(ctx, tx, a, EventPublished)
}

func updateClaim(ctx context.Context, tx *sqldb.Tx, a *Award, kind string) error {
	if _, err := tx.Exec(ctx, `UPDATE award SET claim_state = $2, claimed_at = $3, published_at = $4 WHERE id = $1`,
		a.ID, string(a.Claim), sqldb.Millis(a.ClaimedAt), sqldb.Millis(a.PublishedAt)); err != nil {
		return err
	}
	if err := event.Record(ctx, tx, event.Event{OrgID: a.OrganisationID, Kind: kind, Subject: a.ID}); err != nil {
		return err
	}
	return audit.Record(audit.As(ctx, "holder"), tx, audit.Entry{OrganisationID: a.OrganisationID, Action: kind, Subject: "award", SubjectID: a.ID})
}
