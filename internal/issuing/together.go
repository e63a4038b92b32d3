package issuing

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Requests for awards of one organisation that come at the same time are
// recorded together: what they share is read once, rows are inserted many at a
// time, and one commit serves all. Each still gets its own answer.
const (
	togetherMost = 128 // requests in one go
	togetherRuns = 2   // at the same time: one waits for the disk while the other works
)

// asked is one request on its way.
type asked struct {
	by     int64
	origin audit.Origin
	r      Request
	retry  Retry

	award  *Award
	err    error
	turn   chan struct{} // closed when this one has to run the next go
	served chan struct{} // closed when award or err is set
}

// errNotServed stays with those whose go ended in a panic.
var errNotServed = errors.New("issuing: the work ended before this request was served")

// gathering holds those who wait, by organisation. The zero value is ready.
type gathering struct {
	mu   sync.Mutex
	orgs map[int64]*queue
}

type queue struct {
	waiting []*asked
	running int
}

// do has a served by run, with others of the organisation that wait. The
// caller may have to run a go for all of them. It returns an error, without a
// served, only when ctx ends before a's turn.
func (g *gathering) do(ctx context.Context, organisationID int64, a *asked, run func([]*asked)) error {
	a.turn, a.served = make(chan struct{}), make(chan struct{})
	if !g.enter(organisationID, a) {
		select {
		case <-a.served:
			return nil
		case <-a.turn:
		case <-ctx.Done():
			if g.leave(organisationID, a) {
				return ctx.Err()
			}
			select { // it is being served, or has been asked to lead
			case <-a.served:
				return nil
			case <-a.turn:
			}
		}
	}
	members := g.take(organisationID, a)
	defer g.done(organisationID, members) // also when run panics: nobody may wait for ever
	run(members)
	return nil
}

// enter reports whether a leads now; else it has joined those who wait.
func (g *gathering) enter(organisationID int64, a *asked) (leads bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.orgs == nil {
		g.orgs = map[int64]*queue{}
	}
	q := g.orgs[organisationID]
	if q == nil {
		q = &queue{}
		g.orgs[organisationID] = q
	}
	if q.running < togetherRuns {
		q.running++
		return true
	}
	q.waiting = append(q.waiting, a)
	return false
}

// leave takes a out of those who wait, and reports whether it was among them.
func (g *gathering) leave(organisationID int64, a *asked) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	q := g.orgs[organisationID] // it exists as long as a waits, leads or is served
	if q == nil {
		return false
	}
	i := slices.Index(q.waiting, a)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	return i >= 0
}

// take returns the leader and those who wait, as many as fit. Of two requests
// with the same Idempotency-Key the second stays: it gets the first one's answer.
func (g *gathering) take(organisationID int64, leader *asked) []*asked {
	g.mu.Lock()
	defer g.mu.Unlock()
	q := g.orgs[organisationID]
	members := []*asked{leader}
	seen := map[[2]string]bool{{leader.retry.Endpoint, leader.retry.Key}: true}
	var rest []*asked
	for _, m := range q.waiting {
		id := [2]string{m.retry.Endpoint, m.retry.Key}
		if len(members) == togetherMost || m.retry.Key != "" && seen[id] {
			rest = append(rest, m)
			continue
		}
		seen[id] = true
		members = append(members, m)
	}
	q.waiting = rest
	for _, m := range members {
		m.err = errNotServed
	}
	return members
}

// done answers the members and lets the next one lead.
func (g *gathering) done(organisationID int64, members []*asked) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range members {
		close(m.served)
	}
	q := g.orgs[organisationID]
	if len(q.waiting) > 0 {
		close(q.waiting[0].turn)
		q.waiting = slices.Delete(q.waiting, 0, 1)
		return
	}
	if q.running--; q.running == 0 {
		delete(g.orgs, organisationID)
	}
}

// issueTogether serves every one of all, which belong to one organisation.
func (s *Service) issueTogether(ctx context.Context, organisationID int64, all []*asked) {
	err := s.intend(ctx, organisationID, all)
	if err != nil && len(all) > 1 && fault.KindOf(err) == fault.Internal && ctx.Err() == nil {
		// One of them may be what the database cannot take: each for itself.
		for _, a := range all {
			s.issueTogether(ctx, organisationID, []*asked{a})
		}
		return
	}
	var unfinished []*Award
	for _, a := range all {
		switch {
		case err != nil:
			a.award, a.err = nil, err
		case a.err == nil && a.award.Document == nil:
			unfinished = append(unfinished, a.award)
		}
	}
	err = s.finish(ctx, unfinished)
	for _, a := range all {
		if a.err == nil && a.award.Document == nil {
			a.err = err
		}
	}
}

// intend records the intent of all requests that may be met: commit 1. It sets
// what each of the others gets instead.
func (s *Service) intend(ctx context.Context, organisationID int64, all []*asked) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := tx.Alone(ctx, "award_number"); err != nil {
			return err
		}
		open, err := s.replayAll(ctx, tx, organisationID, all)
		if err != nil || len(open) == 0 {
			return err
		}
		if err := org.MayIssue(ctx, tx, organisationID); err != nil {
			return refuse(open, err)
		}
		o, err := org.ByID(ctx, tx, organisationID)
		if err != nil {
			return refuse(open, err)
		}
		signable, err := s.signable(ctx, tx, o)
		if err != nil {
			return refuse(open, err)
		}
		versions := map[publicid.ID]*badge.Version{}
		var awards []*Award
		var fresh []*asked
		for _, q := range open {
			v := versions[q.r.Badge]
			if v == nil {
				if v, err = badge.Awardable(ctx, tx, organisationID, q.r.Badge); err == nil {
					versions[q.r.Badge] = v
				} else if err := refuse([]*asked{q}, err); err != nil {
					return err
				} else {
					continue
				}
			}
			if q.award, q.err = s.newAward(o, v, q.r, q.by); q.err != nil {
				return q.err
			}
			if q.retry.Key != "" {
				q.award.PublicID = publicid.Derive(s.Secret, strconv.FormatInt(organisationID, 10), q.retry.Endpoint, q.retry.Key)
			}
			if q.err = signable(v, q.award); q.err == nil {
				awards, fresh = append(awards, q.award), append(fresh, q)
			}
		}
		if err := s.reserve(ctx, tx, o, awards); err != nil {
			return err
		}
		if err := recordIssued(ctx, tx, fresh); err != nil {
			return err
		}
		return insertRetries(ctx, tx, organisationID, fresh)
	})
}

// recordIssued tells the audit log who had which award issued, each asker for
// itself.
func recordIssued(ctx context.Context, tx *sqldb.Tx, all []*asked) error {
	done := make([]audit.Done, 0, len(all))
	for _, q := range all {
		done = append(done, audit.Done{Origin: q.origin, Entry: audit.Entry{
			OrganisationID: q.award.OrganisationID, Action: EventIssued, Subject: "award", SubjectID: q.award.ID, At: q.award.CreatedAt,
			Data: map[string]string{"badge_version": strconv.FormatInt(q.award.VersionID, 10)},
		}})
	}
	return audit.RecordAll(ctx, tx, done)
}

// refuse gives the requests a fault as their answer; other errors it returns.
func refuse(all []*asked, err error) error {
	if fault.KindOf(err) == fault.Internal {
		return err
	}
	for _, q := range all {
		q.award, q.err = nil, err
	}
	return nil
}

// replayAll answers those whose key was used before, and returns the others.
func (s *Service) replayAll(ctx context.Context, tx *sqldb.Tx, organisationID int64, all []*asked) (open []*asked, err error) {
	known, err := retries(ctx, tx, organisationID, all)
	if err != nil {
		return nil, err
	}
	for _, q := range all {
		q.award, q.err = nil, nil
		made, used := known[[2]string{q.retry.Endpoint, q.retry.Key}]
		if !used {
			open = append(open, q)
			continue
		}
		if q.award, err = s.answered(ctx, tx, made, q.retry); err != nil {
			if err := refuse([]*asked{q}, err); err != nil {
				return nil, err
			}
		}
	}
	return open, nil
}
