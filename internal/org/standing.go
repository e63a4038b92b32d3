package org

import (
	"context"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// State says whether the operator lets an organisation work.
type State string

// The states. An organisation that was suspended stays Active: what suspends it
// stands beside.
const (
	Waiting State = "waiting" // asked for; drafts only
	Active  State = "active"
	Refused State = "refused" // like waiting, with a reason
)

// Standing is what the operator has decided about an organisation.
type Standing struct {
	State            State
	StateReason      string // why it was refused
	DecidedAt        time.Time
	SuspendedAt      time.Time // zero: it is not
	SuspensionReason string
	StoppedAt        time.Time // the stop switch of issuing; zero: not pressed
	StopReason       string
}

// Public reports whether the organisation has public pages. Those of a
// suspended one stay: what it has awarded goes on being verified.
func (s Standing) Public() bool { return s.State == Active }

// MayUse returns a Forbidden fault when the organisation's standing does not
// let anybody do what needs p.
func (o *Organisation) MayUse(p Permission) error {
	if !o.SuspendedAt.IsZero() && p.Changes() {
		return fault.Forbiddenf("%s is suspended: nothing can be issued or changed. The operator says: %s Verifying, public pages and exports go on, and so does withdrawing badges, ending keys and tokens, and removing members.", o.Name, sentence(o.SuspensionReason))
	}
	return o.MayReduce(p)
}

// MayReduce is MayUse for a deed that only takes away, such as withdrawing an
// award: a suspension does not stand in its way.
func (o *Organisation) MayReduce(p Permission) error {
	if o.State != Active && (p == PublishBadges || p == IssueAwards || p == WithdrawAwards) {
		return o.notApproved()
	}
	return nil
}

// MayUseIn is MayUse for the organisation with this key, in the caller's
// transaction.
func MayUseIn(ctx context.Context, tx *sqldb.Tx, id int64, p Permission) error {
	o, err := ByID(ctx, tx, id)
	if err != nil {
		return err
	}
	return o.MayUse(p)
}

func (o *Organisation) notApproved() error {
	if o.State == Refused {
		return fault.Forbiddenf("%s was not approved. The operator says: %s", o.Name, sentence(o.StateReason))
	}
	return fault.Forbiddenf("%s waits for the operator's approval. Until then badges can be designed, but neither published nor awarded.", o.Name)
}

// MayIssue returns a fault unless the organisation may issue now: Forbidden
// while it waits for approval or is suspended, Unavailable while the stop
// switch of the organisation or of the whole installation is pressed.
//
// It reads within the transaction that records what is issued, so nothing is
// issued after the commit that stopped it, on whatever node.
func MayIssue(ctx context.Context, tx *sqldb.Tx, id int64) error {
	// One small query: it stands before every award.
	var o Organisation
	var p Policy
	var suspended, stopped, all int64
	err := tx.QueryRow(ctx, `SELECT o.name, o.state, o.state_reason, o.suspended_at, o.suspension_reason, o.stopped_at, o.stop_reason, p.stopped_at, p.stop_reason
		FROM organisation o, installation_policy p WHERE o.id = $1 AND p.id = 1`, id).
		Scan(&o.Name, &o.State, &o.StateReason, &suspended, &o.SuspensionReason, &stopped, &o.StopReason, &all, &p.StopReason)
	if isNoRows(err) {
		return errNoOrganisation
	}
	if err != nil {
		return err
	}
	o.SuspendedAt, o.StoppedAt, p.StoppedAt = sqldb.Time(suspended), sqldb.Time(stopped), sqldb.Time(all)
	if err := o.MayUse(IssueAwards); err != nil {
		return err
	}
	if !o.StoppedAt.IsZero() {
		return fault.Unavailablef("The operator has stopped issuing for %s: %s What was issued stays valid. Try again later.", o.Name, sentence(o.StopReason))
	}
	return p.mayIssue()
}

// MayIssueAtAll returns an Unavailable fault while issuing is stopped for the
// whole installation: for what belongs to no organisation.
func MayIssueAtAll(ctx context.Context, tx *sqldb.Tx) error {
	p, err := policyOf(ctx, tx)
	if err != nil {
		return err
	}
	return p.mayIssue()
}

func (p Policy) mayIssue() error {
	if p.StoppedAt.IsZero() {
		return nil
	}
	return fault.Unavailablef("The operator has stopped issuing for everybody: %s What was issued stays valid. Try again later.", sentence(p.StopReason))
}

// sentence ends a reason that people wrote with a full stop.
func sentence(text string) string {
	if text == "" {
		return "no reason was given."
	}
	switch text[len(text)-1] {
	case '.', '!', '?':
		return text
	}
	return text + "."
}

// Policy is what the operator has decided for the whole installation.
type Policy struct {
	Approval   Approval
	StoppedAt  time.Time // zero: issuing goes on
	StopReason string
}

// Approval says which new organisations wait for the operator.
type Approval string

// The rules of approval.
const (
	ApproveLater  Approval = "auto"   // all but the first
	ApproveAlways Approval = "always" // the first too
	ApproveNever  Approval = "never"
)

func policyOf(ctx context.Context, tx *sqldb.Tx) (p Policy, err error) {
	var stopped int64
	err = tx.QueryRow(ctx, `SELECT approval, stopped_at, stop_reason FROM installation_policy WHERE id = 1`).Scan(&p.Approval, &stopped, &p.StopReason)
	p.StoppedAt = sqldb.Time(stopped)
	return p, err
}

// firstState returns in which state an organisation begins that the person makes.
func firstState(ctx context.Context, tx *sqldb.Tx, by int64, sample bool) (State, error) {
	if sample {
		return Active, nil // it only shows how things look
	}
	p, err := policyOf(ctx, tx)
	if err != nil || p.Approval == ApproveNever {
		return Active, err
	}
	operator, err := account.IsOperator(ctx, tx, by)
	if err != nil || operator {
		return Active, err
	}
	if p.Approval == ApproveLater {
		var others int64
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM organisation WHERE NOT is_sample`).Scan(&others); err != nil || others == 0 {
			return Active, err
		}
	}
	return Waiting, nil
}
