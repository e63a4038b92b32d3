package issuing

import (
	"context"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/sqldb"
)

// pauseTime is how often work that the operator has stopped looks whether it
// may go on.
const pauseTime = 10 * time.Second

// stopped reports whether err says that the organisation may not issue now:
// what is under way waits then, and has not failed.
func stopped(err error) bool {
	k := fault.KindOf(err)
	return k == fault.Forbidden || k == fault.Unavailable
}

// pause puts a job off that is being done now.
func (s *Service) pause(ctx context.Context, j jobs.Job) error {
	j.RunAt = s.Now().Add(pauseTime)
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error { return jobs.Enqueue(ctx, tx, j) })
}

func (s *Service) mayIssue(ctx context.Context, organisationID int64) error {
	return s.DB.Read(ctx, func(tx *sqldb.Tx) error { return org.MayIssue(ctx, tx, organisationID) })
}
