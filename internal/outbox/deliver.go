package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/mail"
	"github.com/roundel/roundel/internal/sqldb"
)

const (
	batch    = 20               // mails taken at once
	parallel = 4                // connections to the mail server at once
	hold     = 15 * time.Minute // longer than a batch may take: mail.SMTP gives up after two minutes each
	pause    = time.Minute      // while the mail server does not answer at all
	idle     = 24 * time.Hour   // while there is none
	// maxAttempts failures take about three days with the waits of backoff.
	maxAttempts = 20
)

// Deliver sends every mail that is due. It is the handler of JobKind. Without a
// mail server all of them stay queued, and Resume finds them once there is one.
func (s *Service) Deliver(ctx context.Context, _ json.RawMessage) error {
	earliest := time.Time{}
	if s.Sender == nil {
		earliest = s.Now().Add(idle)
	}
	for s.Sender != nil {
		answered, count, err := s.deliverBatch(ctx)
		if err != nil {
			return fmt.Errorf("outbox: %w", err)
		}
		if count > 0 && !answered { // the server is away: do not knock for each mail
			earliest = s.Now().Add(pause)
			break
		}
		if count == 0 {
			break
		}
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		next, some, err := nextDue(ctx, tx)
		if err != nil || !some {
			return err
		}
		if next.Before(earliest) {
			next = earliest
		}
		return jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobKind, Key: deliverKey, RunAt: next})
	})
}

// deliverBatch takes some due mails and sends them. It returns how many it
// took, and whether the mail server answered for any of them.
func (s *Service) deliverBatch(ctx context.Context) (answered bool, count int, err error) {
	var taken []Entry
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		taken, err = take(ctx, tx, s.Now(), s.Now().Add(hold), batch)
		return err
	})
	if err != nil {
		return false, 0, err
	}
	var wg sync.WaitGroup
	var reached atomic.Bool
	errs := make([]error, len(taken))
	slots := make(chan struct{}, parallel)
	for i, e := range taken {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					errs[i] = fmt.Errorf("sending a mail panicked: %v", v)
				}
				<-slots
			}()
			var ok bool
			ok, errs[i] = s.send(ctx, e)
			if ok {
				reached.Store(true)
			}
		})
	}
	wg.Wait()
	return reached.Load(), len(taken), errors.Join(append(errs, ctx.Err())...)
}

// send hands one mail over and notes the outcome. It reports whether the mail
// server answered, be it with a refusal.
func (s *Service) send(ctx context.Context, e Entry) (answered bool, err error) {
	record := context.WithoutCancel(ctx) // what happened is noted even while we stop
	if ctx.Err() != nil {
		return false, s.DB.Write(record, func(tx *sqldb.Tx) error { return putBack(record, tx, e.ID) })
	}
	if err := s.unseal(&e); err != nil { // says nothing about the mail server, and trying again does not help
		s.log().Error("mail not sent", "mail", e.ID, "award", e.AwardID, "err", err)
		return true, s.DB.Write(record, func(tx *sqldb.Tx) error {
			return markFailed(record, tx, e.ID, Failed, "The secret link in this mail cannot be opened with this installation's key. Send the invitation again.", time.Time{})
		})
	}
	cause := s.Sender.Send(ctx, s.message(ctx, e.Mail))
	now := s.Now()
	if cause == nil {
		return true, s.DB.Write(record, func(tx *sqldb.Tx) error { return markSent(record, tx, e.ID, now) })
	}
	if ctx.Err() != nil { // it failed because we stop
		return false, s.DB.Write(record, func(tx *sqldb.Tx) error { return putBack(record, tx, e.ID) })
	}
	state, next := Queued, now.Add(backoff(e.Attempts))
	if mail.Permanent(cause) || e.Attempts >= maxAttempts {
		state, next = Failed, time.Time{}
	}
	s.log().Warn("mail not sent", "mail", e.ID, "award", e.AwardID, "state", state, "attempts", e.Attempts, "err", cause)
	var answer *mail.Error
	answered = mail.Permanent(cause) || (errors.As(cause, &answer) && answer.Code > 0)
	return answered, s.DB.Write(record, func(tx *sqldb.Tx) error {
		return markFailed(record, tx, e.ID, state, mail.Reason(cause), next)
	})
}

// message makes the mail as it goes out. Without its picture a mail still says
// everything, so a missing blob does not stop it.
func (s *Service) message(ctx context.Context, m Mail) mail.Message {
	out := mail.Message{FromName: s.Site, To: m.To, ReplyTo: m.ReplyTo, Subject: m.Subject, Text: m.Text, HTML: m.HTML}
	if m.SenderName != "" && m.SenderName != s.Site {
		out.FromName = m.SenderName + " via " + s.Site
	}
	if m.PictureKey != "" && m.HTML != "" && s.Blobs != nil {
		png, err := s.Blobs.Get(ctx, m.PictureKey)
		if err != nil {
			s.log().Error("mail goes without its picture", "award", m.AwardID, "err", err)
			return out
		}
		out.Inline = []mail.Picture{{ID: mail.LetterPicture, Name: "badge.png", Media: "image/png", Data: png}}
	}
	return out
}

// backoff is the wait after the given number of tries: 1, 2, 4 … minutes, at
// most six hours.
func backoff(attempts int64) time.Duration {
	return min(6*time.Hour, time.Minute<<min(max(attempts-1, 0), 10))
}

func (s *Service) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}
