package issuing

import (
	"context"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/sqldb"
)

// JobGoLive is the kind of job that awards an organisation's trials again for
// real.
const JobGoLive = "issuing.golive"

type goLive struct {
	OrganisationID int64
	By             int64
}

// GoLive starts awarding the organisation's trials again for real. Each trial
// leads to one award with an identity that others can confirm, status entries
// and a mail to its recipient.
func (s *Service) GoLive(ctx context.Context, organisationID, by int64) error {
	o, err := s.Orgs.ByID(ctx, organisationID)
	if err != nil {
		return err
	}
	if !s.Orgs.IsLive(o) {
		return fault.Conflictf("Going live needs a public https address. Start Roundel with --base-url https://…")
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := org.MayIssue(ctx, tx, organisationID); err != nil {
			return err
		}
		if err := audit.Record(ctx, tx, audit.Entry{OrganisationID: organisationID, Action: "trials.awarded", Subject: "organisation", SubjectID: organisationID}); err != nil {
			return err
		}
		return jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobGoLive, Key: o.PublicID.String(), Payload: goLive{organisationID, by}})
	})
}

// runGoLive awards the organisation's trials again, some at a time. Killed and
// started again it goes on where it was: a trial names what replaced it in the
// same commit that records the intent.
func (s *Service) runGoLive(ctx context.Context, g goLive) error {
	if err := s.Resume(ctx); err != nil { // what an interrupted run has left
		return err
	}
	for {
		var fresh []*Award
		var key string // of this job
		err := s.DB.Write(ctx, func(tx *sqldb.Tx) error {
			o, err := org.ByID(ctx, tx, g.OrganisationID)
			if err != nil {
				return err
			}
			key = o.PublicID.String()
			if err := org.MayIssue(ctx, tx, o.ID); err != nil {
				return err
			}
			trials, err := sqldb.Collect(ctx, tx, scanAwards, `SELECT `+awardColumns+awardFrom+`
				WHERE a.organisation_id = $1 AND a.trial AND a.replaced_by = 0 AND a.revoked_at = 0 AND a.erased_at = 0 AND a.document IS NOT NULL ORDER BY a.id LIMIT $2`,
				g.OrganisationID, chunk)
			if err != nil {
				return err
			}
			fresh = fresh[:0]
			for _, t := range trials {
				v, err := badge.VersionByID(ctx, tx, t.VersionID)
				if err != nil {
					return err
				}
				a, err := s.newAward(o, v, Request{Recipient: t.Recipient, ValidFrom: t.ValidFrom, ValidUntil: t.ValidUntil, Details: t.Details}, g.By)
				if err != nil {
					return err
				}
				fresh = append(fresh, a)
			}
			if err := s.reserve(ctx, tx, o, fresh); err != nil {
				return err
			}
			for i, t := range trials {
				if _, err := tx.Exec(ctx, `UPDATE award SET replaced_by = $2 WHERE id = $1`, t.ID, fresh[i].ID); err != nil {
					return err
				}
			}
			return nil
		})
		if stopped(err) {
			return s.pause(ctx, jobs.Job{Kind: JobGoLive, Key: key, Payload: g})
		}
		if err != nil || len(fresh) == 0 {
			return err
		}
		if err := s.finish(ctx, fresh); err != nil {
			return err
		}
	}
}
