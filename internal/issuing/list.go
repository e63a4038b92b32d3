package issuing

import (
	"context"
	"strings"

	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Filter selects awards of one organisation.
type Filter struct {
	Badge  publicid.ID // zero: all
	Batch  int64       // zero: all
	Search string      // part of a name or address
	Reach  org.Reach   // only awards of badges within it
	Before int64       // only awards with smaller keys: the page after the one that ended there
	Limit  int         // zero: 50
}

// Award returns an award of the organisation.
func (s *Service) Award(ctx context.Context, organisationID int64, id publicid.ID) (a *Award, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { a, err = awardOf(ctx, tx, organisationID, id); return err })
	return a, err
}

// PublicAward returns the signed award with this public id, of any
// organisation. Whether it may be shown is for the caller to ask: see
// Award.Published.
func (s *Service) PublicAward(ctx context.Context, id publicid.ID) (a *Award, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		a, err = scanAward(tx.QueryRow(ctx, `SELECT `+awardColumns+awardFrom+`WHERE a.public_id = $1 AND a.issued_at > 0`, id))
		return err
	})
	return a, err
}

// List returns awards of the organisation, newest first.
func (s *Service) List(ctx context.Context, organisationID int64, f Filter) (list []*Award, err error) {
	if f.Limit == 0 {
		f.Limit = 50
	}
	where := `WHERE a.organisation_id = $1 AND ($2 = 0 OR a.id < $2)`
	args := []any{organisationID, f.Before, f.Limit}
	if f.Batch != 0 {
		args = append(args, f.Batch)
		where += ` AND a.batch_id = ` + placeholder(len(args))
	}
	if !f.Badge.IsZero() {
		args = append(args, f.Badge)
		where += ` AND v.badge_id = (SELECT id FROM badge WHERE public_id = ` + placeholder(len(args)) + `)`
	}
	where += within(f.Reach, "v.badge_id", &args)
	if f.Search != "" {
		args = append(args, "%"+escapeLike(strings.ToLower(f.Search))+"%")
		p := placeholder(len(args))
		where += ` AND (a.recipient_key LIKE ` + p + ` ESCAPE '\' OR lower(a.recipient_name) LIKE ` + p + ` ESCAPE '\')`
	}
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = sqldb.Collect(ctx, tx, scanAwards, `SELECT `+awardColumns+awardFrom+where+` ORDER BY a.id DESC LIMIT $3`, args...)
		return err
	})
	return list, err
}

// Counts are an organisation's figures for its overview.
type Counts struct {
	Awards, Claimed, Published, Withdrawn, Trials int64
}

// within is a condition that keeps to badges within reach.
func within(reach org.Reach, badgeID string, args *[]any) string {
	if reach.All() {
		return ""
	}
	marks := make([]string, len(reach))
	for i, d := range reach {
		*args = append(*args, d)
		marks[i] = placeholder(len(*args))
	}
	return ` AND ` + badgeID + ` IN (SELECT id FROM badge WHERE department_id IN (` + strings.Join(marks, ", ") + `))`
}

// Counts returns the organisation's figures, of badges within reach. Trials that were awarded again
// for real count once. Trials are those that GoLive would award for real.
func (s *Service) Counts(ctx context.Context, organisationID int64, reach org.Reach) (c Counts, err error) {
	args := []any{organisationID}
	where := within(reach, "(SELECT v.badge_id FROM badge_version v WHERE v.id = award.badge_version_id)", &args)
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE claim_state = 'accepted'), count(*) FILTER (WHERE published_at > 0),
				count(*) FILTER (WHERE revoked_at > 0), count(*) FILTER (WHERE trial AND revoked_at = 0 AND erased_at = 0)
			FROM award WHERE organisation_id = $1 AND issued_at > 0 AND replaced_by = 0`+where, args...).
			Scan(&c.Awards, &c.Claimed, &c.Published, &c.Withdrawn, &c.Trials)
	})
	return c, err
}

func awardOf(ctx context.Context, tx *sqldb.Tx, organisationID int64, id publicid.ID) (*Award, error) {
	return scanAward(tx.QueryRow(ctx, `SELECT `+awardColumns+awardFrom+`WHERE a.organisation_id = $1 AND a.public_id = $2`, organisationID, id))
}

// ByID returns an award by its key, in the caller's transaction.
func ByID(ctx context.Context, tx *sqldb.Tx, id int64) (*Award, error) { return awardByID(ctx, tx, id) }

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// AwardByID returns an award by its key.
func (s *Service) AwardByID(ctx context.Context, id int64) (a *Award, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { a, err = awardByID(ctx, tx, id); return err })
	return a, err
}
