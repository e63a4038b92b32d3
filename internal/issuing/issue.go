package issuing

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/openbadge"
)

// Retry identifies a request that may be sent again. The zero Retry stands for
// a request that is not retried.
type Retry struct {
	Endpoint string
	Key      string // the Idempotency-Key header
	Hash     []byte // of the request's body
}

// ErrKeyReused is returned when an Idempotency-Key comes with another body.
var ErrKeyReused = fault.Fields(fault.Field{Path: "Idempotency-Key", Message: "This Idempotency-Key was used for another request. Use a fresh key for a new award, or send the same body again."})

// errErased answers a retry of a request whose recipient was erased since.
var errErased = fault.Conflictf("The recipient of the award that was made with this Idempotency-Key was erased on request. Nothing was awarded. Use a fresh key for a new award.")

// Issue awards the badge to one person and returns the award with its signed
// document. With a Retry, the same key and body give the same award again.
//
// It returns fault.NotFound if the organisation has no such badge,
// fault.Conflict if it cannot be awarded now, and fault.Invalid naming each
// field at fault.
func (s *Service) Issue(ctx context.Context, organisationID, by int64, r Request, retry Retry) (*Award, error) {
	asking := &asked{by: by, origin: audit.From(ctx), retry: retry}
	var err error
	if asking.r, err = r.normalise(s.Now()); err != nil {
		// A request that was answered before is answered again, whatever has become
		// of its dates since.
		if a, replayed := s.replay(ctx, organisationID, retry); replayed != nil || a != nil {
			return a, replayed
		}
		return nil, err
	}
	err = s.together.do(ctx, organisationID, asking, func(all []*asked) {
		// It is the work of others too: that one asker has gone does not stop it.
		s.issueTogether(context.WithoutCancel(ctx), organisationID, all)
	})
	if err != nil {
		return nil, err
	}
	return asking.award, asking.err
}

// replay returns the signed award that an earlier request with the same key
// made. It returns no award and no error when there was none.
func (s *Service) replay(ctx context.Context, organisationID int64, retry Retry) (a *Award, err error) {
	if retry.Key == "" {
		return nil, nil
	}
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		known, err := retries(ctx, tx, organisationID, []*asked{{retry: retry}})
		if err != nil {
			return err
		}
		made, used := known[[2]string{retry.Endpoint, retry.Key}]
		if !used {
			return nil
		}
		a, err = s.answered(ctx, tx, made, retry)
		return err
	})
	if err != nil || a == nil || a.Document == nil {
		return nil, err
	}
	return a, nil
}

// answered returns the award that was made for retry, if it is the same request.
func (s *Service) answered(ctx context.Context, tx *sqldb.Tx, made retried, retry Retry) (*Award, error) {
	if len(made.hash) == 0 { // EraseAwards took it out: nobody can tell which request it was
		return nil, errErased
	}
	if !bytes.Equal(made.hash, retry.Hash) {
		return nil, ErrKeyReused
	}
	return awardByID(ctx, tx, made.award)
}

// newAward returns the award that r asks for, not yet reserved.
func (s *Service) newAward(o *org.Organisation, v *badge.Version, r Request, by int64) (*Award, error) {
	salt, err := openbadge.NewSalt(rand.Reader)
	return &Award{
		PublicID: publicid.New(), OrganisationID: o.ID, VersionID: v.ID, BadgeName: v.Name,
		Trial: !s.Orgs.IsLive(o), Recipient: r.Recipient, Details: r.Details,
		ValidFrom: r.ValidFrom, ValidUntil: r.ValidUntil, CreatedBy: by, CreatedAt: s.Now(), Claim: Waiting, Salt: salt,
	}, err
}

// reserve records the intent of awards of one organisation: their keys and, unless they are trials, their places in the status lists.
func (s *Service) reserve(ctx context.Context, tx *sqldb.Tx, o *org.Organisation, awards []*Award) error {
	var live []*Award
	for _, a := range awards {
		if !a.Trial {
			live = append(live, a)
		}
	}
	if len(live) > 0 {
		k, err := keys.Current(ctx, tx, o.ID)
		if err != nil {
			return err
		}
		for _, a := range live {
			a.issuer = k.OwnDID
		}
	}
	for i, purpose := range purposes {
		if len(live) == 0 {
			break
		}
		places, err := s.drawPositions(ctx, tx, listsOf{o.ID, live[0].issuer, purpose}, len(live))
		if err != nil {
			return err
		}
		for j, a := range live {
			a.Status[i] = places[j]
		}
	}
	return insertAwards(ctx, tx, awards)
}

// finish signs the awards and records the signed documents, in one commit. All
// belong to one organisation. An award that another process finished in the
// meantime takes over that one's document. An award that cannot be signed does
// not hold the others up; the error names it.
func (s *Service) finish(ctx context.Context, awards []*Award) error {
	if len(awards) == 0 {
		return nil
	}
	for try := 0; ; try++ {
		err := s.signAndComplete(ctx, awards)
		if !errors.Is(err, keys.ErrKeyEnded) || try == keyTries {
			return err
		}
		// The key was renewed between signing and recording: nothing of what it
		// signed is kept, and the next key signs.
	}
}

// keyTries is how often awards are signed anew because their key has ended. Keys
// are renewed seldom; the bound only keeps a fault from going on for ever.
const keyTries = 20

func (s *Service) signAndComplete(ctx context.Context, all []*Award) error {
	var awards []*Award
	for _, a := range all {
		if a.Document == nil {
			awards = append(awards, a)
		}
	}
	if len(awards) == 0 {
		return nil
	}
	subjects, err := s.subjects(ctx, awards)
	if err != nil {
		return err
	}
	signed, unsigned := s.signAll(ctx, subjects, awards)
	if err := s.complete(ctx, awards, signed); err != nil {
		return err
	}
	return unsigned
}

// complete records what was signed, and that it was: commit 2. signed is what
// the journal says of each award, in their order.
func (s *Service) complete(ctx context.Context, awards []*Award, signed []keys.Entry) error {
	now := s.Now()
	done := make([]Award, len(awards)) // the transaction may run more than once
	var fresh int
	err := s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		journal := make([]keys.Entry, 0, len(awards))
		events := make([]event.Event, 0, len(awards))
		var ready []*Award
		for i, a := range awards {
			if done[i] = *a; a.Document != nil {
				ready = append(ready, a)
			}
		}
		first, err := completeAwards(ctx, tx, ready, now)
		if err != nil {
			return err
		}
		for i := range done {
			a := &done[i]
			if a.Document == nil {
				continue
			}
			if !first[a.ID] {
				other, err := awardByID(ctx, tx, a.ID)
				if err != nil {
					return err
				}
				*a = *other
				continue
			}
			a.IssuedAt = sqldb.Time(sqldb.Millis(now))
			journal = append(journal, signed[i])
			events = append(events, event.Event{OrgID: a.OrganisationID, Kind: EventIssued, Subject: a.ID, Actor: a.CreatedBy})
		}
		fresh = len(events)
		if err := event.Record(ctx, tx, events...); err != nil {
			return err
		}
		return keys.Record(ctx, tx, journal...)
	})
	for i, a := range awards {
		if err == nil {
			*a = done[i]
		} else {
			a.Document = nil // it was not kept, so nobody gets it
		}
	}
	if err == nil && s.Issued != nil {
		s.Issued(fresh)
	}
	return err
}

// subjects loads what the awards share, by badge version.
func (s *Service) subjects(ctx context.Context, awards []*Award) (map[int64]*subject, error) {
	pen, err := s.Keys.Pen(ctx, awards[0].OrganisationID)
	if err != nil {
		return nil, err
	}
	found := map[int64]*subject{}
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		o, err := org.ByID(ctx, tx, awards[0].OrganisationID)
		if err != nil {
			return err
		}
		for _, a := range awards {
			if found[a.VersionID] != nil {
				continue
			}
			v, err := badge.VersionByID(ctx, tx, a.VersionID)
			if err != nil {
				return err
			}
			found[a.VersionID] = &subject{organisation: o, version: v, pen: pen}
		}
		return nil
	})
	return found, err
}

// Resume finishes every award whose intent was recorded but which was not
// signed, because the process ended in between. It is safe while others issue.
// What cannot be signed is logged and tried again the next time: fsck names it.
func (s *Service) Resume(ctx context.Context) error {
	const page = 200
	var after int64
	for {
		var open []*Award
		err := s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
			open, err = unfinished(ctx, tx, after, page)
			return err
		})
		if err != nil || len(open) == 0 {
			return err
		}
		for id, same := range byOrganisation(open) {
			if err := s.mayIssue(ctx, id); err != nil {
				if fault.KindOf(err) == fault.Internal {
					return err
				}
				continue // stopped; it is finished once that is lifted
			}
			if err := s.finish(ctx, same); err != nil {
				s.Log.ErrorContext(ctx, "interrupted awards are not finished", "organisation", same[0].OrganisationID, "error", err)
			}
		}
		after = open[len(open)-1].ID
	}
}

func byOrganisation(awards []*Award) map[int64][]*Award {
	groups := map[int64][]*Award{}
	for _, a := range awards {
		groups[a.OrganisationID] = append(groups[a.OrganisationID], a)
	}
	return groups
}

// recipientKey is the form under which a recipient's address is looked up. The
// address has been checked before.
func recipientKey(email string) string {
	key, err := account.AddressKey(email)
	if err != nil {
		return ""
	}
	return key
}
