package org

import (
	"context"
	"database/sql"
	"strings"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/input"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Listed is an organisation in the operator's list.
type Listed struct {
	*Organisation
	Owner   string // name of the first owner
	Members int64
	Awards  int64
}

// Search chooses organisations for the operator. The zero Search chooses the
// newest.
type Search struct {
	Text   string // part of the name or of the address
	State  string // waiting, active, refused, suspended, stopped; "" for all
	Before int64  // only those made before the one with this key; 0 for all
	Limit  int    // 0: 50
}

// All lists organisations, newest first; those that only show how things look
// are left out.
func (s *Service) All(ctx context.Context, f Search) (list []*Listed, err error) {
	if f.Limit <= 0 {
		f.Limit = 50
	}
	like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(slugify(f.Text)) + "%"
	if strings.TrimSpace(f.Text) == "" {
		like = "%"
	}
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Listed, error) {
			l := &Listed{}
			var err error
			l.Organisation, err = scanWith(r, &l.Owner, &l.Members, &l.Awards)
			return l, err
		}, `SELECT `+columns+`,
			coalesce((SELECT a.name FROM member m JOIN account a ON a.id = m.account_id WHERE m.organisation_id = organisation.id AND m.role = 'owner'
				ORDER BY m.created_at, a.id LIMIT 1), ''),
			(SELECT count(*) FROM member m WHERE m.organisation_id = organisation.id),
			(SELECT count(*) FROM award w WHERE w.organisation_id = organisation.id AND w.issued_at > 0 AND NOT w.trial)
			FROM organisation WHERE NOT is_sample AND slug LIKE $1 ESCAPE '\'
				AND ($2 = '' OR ($2 = 'suspended' AND suspended_at > 0) OR ($2 = 'stopped' AND stopped_at > 0) OR (state = $2 AND suspended_at = 0))
				AND ($3 = 0 OR id < $3)
			ORDER BY id DESC LIMIT $4`, like, f.State, f.Before, f.Limit)
		return err
	})
	return list, err
}

// CountWaiting returns how many organisations wait for approval.
func (s *Service) CountWaiting(ctx context.Context) (n int64, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FROM organisation WHERE state = $1`, string(Waiting)).Scan(&n)
	})
	return n, err
}

// ByPublicID returns the organisation with this public id.
func (s *Service) ByPublicID(ctx context.Context, id publicid.ID) (o *Organisation, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		o, err = scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM organisation WHERE public_id = $1`, id))
		return err
	})
	return o, err
}

// Approve lets an organisation work that waits or was refused.
func (s *Service) Approve(ctx context.Context, id int64) error {
	return s.decide(ctx, id, "organisation.approved", "", func(tx *sqldb.Tx, o *Organisation) error {
		if o.State == Active {
			return fault.Conflictf("%s is approved already.", o.Name)
		}
		if _, err := tx.Exec(ctx, `UPDATE organisation SET state = $2, state_reason = '', decided_at = $3 WHERE id = $1`, id, string(Active), sqldb.Millis(s.Now())); err != nil {
			return err
		}
		return s.tellOwners(ctx, tx, o, "approved", "")
	})
}

// Refuse says no to an organisation that waits, with a reason that its owners see.
func (s *Service) Refuse(ctx context.Context, id int64, reason string) error {
	return s.decide(ctx, id, "organisation.refused", reason, func(tx *sqldb.Tx, o *Organisation) error {
		if o.State == Active {
			return fault.Conflictf("%s works already. Suspend it instead.", o.Name)
		}
		if _, err := tx.Exec(ctx, `UPDATE organisation SET state = $2, state_reason = $3, decided_at = $4 WHERE id = $1`, id, string(Refused), reason, sqldb.Millis(s.Now())); err != nil {
			return err
		}
		return s.tellOwners(ctx, tx, o, "refused", sentence(reason))
	})
}

// Suspend keeps an organisation from issuing and changing anything. What it has
// issued goes on being verified.
func (s *Service) Suspend(ctx context.Context, id int64, reason string) error {
	return s.decide(ctx, id, "organisation.suspended", reason, func(tx *sqldb.Tx, o *Organisation) error {
		if !o.SuspendedAt.IsZero() {
			return fault.Conflictf("%s is suspended already.", o.Name)
		}
		_, err := tx.Exec(ctx, `UPDATE organisation SET suspended_at = $2, suspension_reason = $3 WHERE id = $1`, id, sqldb.Millis(s.Now()), reason)
		return err
	})
}

// Lift ends a suspension.
func (s *Service) Lift(ctx context.Context, id int64) error {
	return s.decide(ctx, id, "organisation.lifted", "", func(tx *sqldb.Tx, o *Organisation) error {
		if o.SuspendedAt.IsZero() {
			return fault.Conflictf("%s is not suspended.", o.Name)
		}
		_, err := tx.Exec(ctx, `UPDATE organisation SET suspended_at = 0, suspension_reason = '' WHERE id = $1`, id)
		return err
	})
}

// Stop presses the organisation's stop switch: nothing is issued in its name
// until Resume.
func (s *Service) Stop(ctx context.Context, id int64, reason string) error {
	return s.decide(ctx, id, "issuing.stopped", reason, func(tx *sqldb.Tx, o *Organisation) error {
		if !o.StoppedAt.IsZero() {
			return fault.Conflictf("Issuing for %s is stopped already.", o.Name)
		}
		_, err := tx.Exec(ctx, `UPDATE organisation SET stopped_at = $2, stop_reason = $3 WHERE id = $1`, id, sqldb.Millis(s.Now()), reason)
		return err
	})
}

// Resume releases the organisation's stop switch.
func (s *Service) Resume(ctx context.Context, id int64) error {
	return s.decide(ctx, id, "issuing.resumed", "", func(tx *sqldb.Tx, o *Organisation) error {
		if o.StoppedAt.IsZero() {
			return fault.Conflictf("Issuing for %s is not stopped.", o.Name)
		}
		_, err := tx.Exec(ctx, `UPDATE organisation SET stopped_at = 0, stop_reason = '' WHERE id = $1`, id)
		return err
	})
}

// needReason are the decisions that somebody has to live with.
var needReason = map[string]bool{"organisation.refused": true, "organisation.suspended": true, "issuing.stopped": true}

// decide changes the standing of an organisation. The reason is for people; the
// audit log notes the deed without it.
func (s *Service) decide(ctx context.Context, id int64, action, reason string, change func(*sqldb.Tx, *Organisation) error) error {
	if err := checkReason(action, reason); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := lock(ctx, tx, id); err != nil {
			return err
		}
		o, err := ByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := change(tx, o); err != nil {
			return err
		}
		return record(ctx, tx, id, action, "organisation", id, nil)
	})
}

func checkReason(action, reason string) error {
	if _, ok := input.Line(reason, 500); needReason[action] && !ok {
		return fault.Fields(fault.Field{Path: "reason", Message: "Give a reason in a sentence, up to 500 characters. The organisation sees it."})
	}
	return nil
}

// Policy returns what the operator has decided for the whole installation.
func (s *Service) Policy(ctx context.Context) (p Policy, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { p, err = policyOf(ctx, tx); return err })
	return p, err
}

// SetApproval says which new organisations wait for the operator.
func (s *Service) SetApproval(ctx context.Context, a Approval) error {
	if a != ApproveLater && a != ApproveAlways && a != ApproveNever {
		return fault.Fields(fault.Field{Path: "approval", Message: "Choose one of the three."})
	}
	return s.setPolicy(ctx, "approval.changed", map[string]string{"approval": string(a)}, `UPDATE installation_policy SET approval = $1 WHERE id = 1`, string(a))
}

// StopAll presses the stop switch of the whole installation.
func (s *Service) StopAll(ctx context.Context, reason string) error {
	if err := checkReason("issuing.stopped", reason); err != nil {
		return err
	}
	return s.setPolicy(ctx, "issuing.stopped", nil, `UPDATE installation_policy SET stopped_at = $1, stop_reason = $2 WHERE id = 1`, sqldb.Millis(s.Now()), reason)
}

// ResumeAll releases the stop switch of the whole installation. Organisations
// that were stopped or suspended one by one stay so.
func (s *Service) ResumeAll(ctx context.Context) error {
	return s.setPolicy(ctx, "issuing.resumed", nil, `UPDATE installation_policy SET stopped_at = 0, stop_reason = '' WHERE id = 1`)
}

func (s *Service) setPolicy(ctx context.Context, action string, data map[string]string, query string, args ...any) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, query, args...); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Action: action, Subject: "installation", Data: data})
	})
}

// MayIssueNow returns why the organisation may not issue now, as MayIssue does;
// pages tell people with it.
func (s *Service) MayIssueNow(ctx context.Context, id int64) error {
	return s.DB.Read(ctx, func(tx *sqldb.Tx) error { return MayIssue(ctx, tx, id) })
}
