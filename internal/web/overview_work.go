package web

import (
	"net/http"
	"strconv"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/org"
)

// batchRun is a spreadsheet that is being awarded.
type batchRun struct {
	ID, URL, File, Badge string
	Done, Total          int64
}

// stuckJob is work that was given up, or keeps failing.
type stuckJob struct {
	What, Error string
	Retry       string // address at which it is tried again; "" where that happens by itself
}

// underWay tells what goes on in the background, and what has got stuck there.
func (s *Server) underWay(r *http.Request, p *overviewPage) (err error) {
	ctx, t := r.Context(), s.texts(r)
	if p.Going, err = s.Issuing.GoingLive(ctx, p.Org); err != nil {
		return err
	}
	running, err := s.Issuing.RunningBatches(ctx, p.Org.ID, p.reach)
	if err != nil {
		return err
	}
	stuck, err := s.Issuing.StuckJobs(ctx, p.Org)
	if err != nil {
		return err
	}
	given := map[string]bool{} // spreadsheets that nobody works on
	for _, j := range stuck {
		if !mayHear(gate.From(ctx), p.reach, j) {
			continue
		}
		one := stuckJob{What: t.T("overview.stuck.other", nil), Error: j.LastError}
		switch {
		case j.Kind == issuing.JobGoLive:
			one.What = t.T("overview.stuck.live", nil)
		case j.Batch != nil:
			given[j.Key] = true
			one.What = t.T("overview.stuck.batch", map[string]any{"file": j.Batch.FileName})
		}
		if !j.ParkedAt.IsZero() {
			one.Retry = p.Base + "/jobs/" + strconv.FormatInt(j.ID, 10) + "/retry"
		}
		p.Stuck = append(p.Stuck, one)
	}
	for _, b := range running {
		if id := b.PublicID.String(); !given[id] {
			p.Runs = append(p.Runs, batchRun{ID: "run-" + id[:8], URL: batchPath(r, b), File: b.FileName, Badge: b.BadgeName, Done: b.Rows.Issued, Total: b.Rows.Awarded + b.Rows.Good})
		}
	}
	if p.Going.Running || len(p.Runs) > 0 {
		p.Refresh = 5
	}
	return nil
}

// mayHear reports whether somebody is told of stuck work: what the whole
// installation shares is for its operator, for it may tell of others, and an
// organisation's own for those who may set it going again.
func mayHear(c *gate.Caller, reach org.Reach, j issuing.Stuck) bool {
	if j.Kind != issuing.JobGoLive && j.Batch == nil {
		return c.Account != nil && c.Account.Operator
	}
	return reach.All() && c.May(org.EditOrganisation)
}

// jobRetry answers POST /console/{org}/jobs/{job}/retry.
func (s *Server) jobRetry(w http.ResponseWriter, r *http.Request) error {
	o := gate.From(r.Context()).Organisation
	id, err := strconv.ParseInt(r.PathValue("job"), 10, 64)
	if err != nil {
		return fault.NotFoundf("There is no such page. Check the address, or go back.")
	}
	if err := s.Issuing.RetryJob(r.Context(), o, id); err != nil {
		return err
	}
	return s.done(w, r, "/console/"+o.Slug, "good", "job_retry")
}
