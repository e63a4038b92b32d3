package outbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/mail"
	"github.com/roundel/roundel/internal/mail/mailtest"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// desk is an outbox with its jobs, a clock and a real mail server.
type desk struct {
	*outbox.Service
	t      *testing.T
	at     time.Time
	runner *jobs.Runner
	server *mailtest.Server
}

func newDesk(t *testing.T, db *sqldb.DB) *desk {
	t.Helper()
	blobs, err := blob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	d := &desk{t: t, at: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), server: mailtest.NewServer(t)}
	now := func() time.Time { return d.at }
	d.Service = &outbox.Service{
		DB: db, Now: now, Site: "Roundel", Blobs: blobs,
		Sender: &mail.SMTP{Addr: d.server.Addr, From: "badges@platform.example"},
	}
	d.runner = &jobs.Runner{DB: db, Now: now, Handlers: d.Handlers()}
	return d
}

func (d *desk) run() {
	d.t.Helper()
	if _, err := d.runner.RunDue(context.Background()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) enqueue(all ...outbox.Mail) {
	d.t.Helper()
	ctx := context.Background()
	if err := d.DB.Write(ctx, func(tx *sqldb.Tx) error {
		for _, m := range all {
			if err := outbox.Enqueue(ctx, tx, m); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		d.t.Fatal(err)
	}
}

// list returns the organisation's mails, newest first.
func (d *desk) list(orgID int64, f outbox.Filter) []outbox.Entry {
	d.t.Helper()
	all, err := d.List(context.Background(), orgID, f)
	if err != nil {
		d.t.Fatal(err)
	}
	return all
}

func to(address string) outbox.Mail {
	return outbox.Mail{
		OrgID: 1, AwardID: 7, SenderName: "Uni Example", ReplyTo: "office@uni.example", To: address,
		Subject: "A badge for you", Text: "secret link", HTML: `<p>secret link</p><img src="cid:badge" alt="">`,
	}
}

func TestMailIsSentOnceAndItsTextErased(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		d := newDesk(t, db)
		key, err := d.Blobs.Put(context.Background(), []byte("\x89PNG picture"))
		if err != nil {
			t.Fatal(err)
		}
		m := to("ada@example.org")
		m.PictureKey = key
		d.enqueue(m)
		if e := d.list(1, outbox.Filter{})[0]; e.State != outbox.Queued || e.Text != "secret link" {
			t.Errorf("before: %+v", e)
		}
		d.run()
		d.run()
		all := d.server.Messages()
		if len(all) != 1 {
			t.Fatalf("%d mails arrived", len(all))
		}
		got := all[0]
		if got.Sender != `"Uni Example via Roundel" <badges@platform.example>` || got.Text != m.Text || got.HTML != m.HTML ||
			string(got.Inline["badge"].Data) != "\x89PNG picture" || got.Header.Get("Reply-To") != "<office@uni.example>" {
			t.Errorf("arrived: %+v", got)
		}
		e := d.list(1, outbox.Filter{})[0]
		if e.State != outbox.Sent || e.Text != "" || e.HTML != "" || !e.SentAt.Equal(d.at) || e.Attempts != 1 || e.Subject != m.Subject {
			t.Errorf("after: %+v", e)
		}
	})
}

func TestRolledBackMailIsNotSent(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		d := newDesk(t, db)
		ctx := context.Background()
		db.Write(ctx, func(tx *sqldb.Tx) error {
			return errors.Join(outbox.Enqueue(ctx, tx, to("ada@example.org")), errors.New("no"))
		})
		d.run()
		if len(d.list(1, outbox.Filter{})) != 0 || len(d.server.Messages()) != 0 {
			t.Error("a mail without its reason")
		}
	})
}

func TestWithoutServerMailsWaitAndGoLater(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		d := newDesk(t, db)
		sender := d.Sender
		d.Sender = nil
		held := to("trial@example.org")
		held.Hold = true
		d.enqueue(to("ada@example.org"), held)
		d.run()
		if counts, err := d.Counts(context.Background(), 1); err != nil || counts[outbox.Waiting] != 1 || counts[outbox.Held] != 1 {
			t.Errorf("counts %v, %v", counts, err)
		}
		if e := d.list(1, outbox.Filter{State: outbox.Waiting})[0]; e.Text != "secret link" {
			t.Error("the console cannot show the mail")
		}
		d.Sender = sender // restarted with a mail server
		if err := d.Resume(context.Background()); err != nil {
			t.Fatal(err)
		}
		d.run()
		if len(d.server.To("ada@example.org")) != 1 || len(d.server.Messages()) != 1 {
			t.Errorf("arrived: %v", d.server.Messages())
		}
		if e := d.list(1, outbox.Filter{State: outbox.Held}); len(e) != 1 {
			t.Error("a held mail went away")
		}
	})
}

func TestTemporaryFailureIsTriedAgain(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		d := newDesk(t, db)
		d.server.Refuse("ada@example.org", 451)
		d.enqueue(to("ada@example.org"), to("bob@example.org"))
		d.run()
		e := d.list(1, outbox.Filter{State: outbox.Queued})
		if len(e) != 1 || e[0].Attempts != 1 || !strings.Contains(e[0].LastError, "451") || !e[0].NextAt.Equal(d.at.Add(time.Minute)) {
			t.Fatalf("queued: %+v", e)
		}
		if len(d.server.To("bob@example.org")) != 1 {
			t.Error("one mail's failure stopped another")
		}
		d.server.Refuse("ada@example.org", 0)
		d.run()
		if len(d.server.Messages()) != 1 {
			t.Error("tried before its time")
		}
		d.at = d.at.Add(time.Minute)
		d.run()
		if len(d.server.To("ada@example.org")) != 1 {
			t.Error("not tried again")
		}
	})
}

func TestFailuresEndAndCanBeRetried(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		d := newDesk(t, db)
		d.server.Refuse("gone@example.org", 550)
		d.server.Refuse("full@example.org", 452)
		d.enqueue(to("gone@example.org"), to("full@example.org"), to("not an address"))
		d.run()
		failed := d.list(1, outbox.Filter{State: outbox.Failed})
		if len(failed) != 2 || !strings.Contains(failed[0].LastError, "not valid") || !strings.Contains(failed[1].LastError, "550") {
			t.Fatalf("failed: %+v", failed)
		}
		start := d.at
		for range 40 {
			d.at = d.at.Add(6 * time.Hour)
			d.run()
		}
		failed = d.list(1, outbox.Filter{State: outbox.Failed})
		if len(failed) != 3 {
			t.Fatalf("a full mailbox is tried for ever: %+v", d.list(1, outbox.Filter{}))
		}
		if d.at.Sub(start) < 72*time.Hour {
			t.Error("given up too early")
		}
		id := failed[2].ID // gone@example.org
		if err := d.Retry(ctx, 2, id); fault.KindOf(err) != fault.NotFound {
			t.Errorf("another organisation's mail: %v", err)
		}
		d.server.Refuse("gone@example.org", 0)
		if err := d.Retry(ctx, 1, id); err != nil {
			t.Fatal(err)
		}
		if err := d.Retry(ctx, 1, id); fault.KindOf(err) != fault.Conflict {
			t.Errorf("retrying a queued mail: %v", err)
		}
		d.run()
		if e, err := d.Get(ctx, 1, id); err != nil || e.State != outbox.Sent {
			t.Errorf("after the retry: %+v, %v", e, err)
		}
	})
}

// away is a mail server that does not answer.
type away struct{ knocks int }

func (a *away) Send(context.Context, mail.Message) error {
	a.knocks++
	return errors.New("connection refused")
}

func TestServerThatIsAwayIsNotKnockedAtForEachMail(t *testing.T) {
	db := dbtest.Open(t)
	d := newDesk(t, db)
	d.Sender = serial(&away{})
	for range 100 {
		d.enqueue(to("ada@example.org"))
	}
	d.run()
	a := d.Sender.(*serialSender).next.(*away)
	if a.knocks > 20 {
		t.Errorf("knocked %d times", a.knocks)
	}
	d.run()
	if a.knocks > 20 {
		t.Error("knocked again at once")
	}
	d.at = d.at.Add(time.Minute)
	d.run()
	if a.knocks <= 20 {
		t.Error("not tried after the pause")
	}
}

// serialSender lets one call through at a time.
type serialSender struct {
	lock chan struct{}
	next mail.Sender
}

func serial(next mail.Sender) *serialSender { return &serialSender{make(chan struct{}, 1), next} }

func (s *serialSender) Send(ctx context.Context, m mail.Message) error {
	s.lock <- struct{}{}
	defer func() { <-s.lock }()
	return s.next.Send(ctx, m)
}

// stopping ends the context of the run at its first mail.
type stopping struct{ stop func() }

func (s stopping) Send(ctx context.Context, _ mail.Message) error {
	s.stop()
	return ctx.Err()
}

func TestStoppingDoesNotCountAsFailure(t *testing.T) {
	db := dbtest.Open(t)
	d := newDesk(t, db)
	ctx, cancel := context.WithCancel(context.Background())
	d.Sender = stopping{cancel}
	d.enqueue(to("ada@example.org"), to("bob@example.org"))
	d.runner.RunDue(ctx)
	for _, e := range d.list(1, outbox.Filter{}) {
		if e.State != outbox.Queued || e.Attempts != 0 || e.LastError != "" {
			t.Errorf("%+v", e)
		}
	}
	d.Sender = &mail.SMTP{Addr: d.server.Addr, From: "badges@platform.example"}
	d.run()
	if len(d.server.Messages()) != 2 {
		t.Errorf("%d mails arrived after the restart", len(d.server.Messages()))
	}
}

func TestManyMailsAllArrive(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		d := newDesk(t, db)
		for range 55 {
			d.enqueue(to("ada@example.org"))
		}
		d.run()
		if n := len(d.server.Messages()); n != 55 {
			t.Errorf("%d mails arrived", n)
		}
	})
}

func TestListPagesAndFilters(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		d := newDesk(t, db)
		for i, s := range []string{"a", "b", "c", "d"} {
			m := to(s + "@example.org")
			m.AwardID, m.Hold = int64(i%2+1), true
			d.enqueue(m)
		}
		other := to("x@example.org")
		other.OrgID = 2
		d.enqueue(other)
		names := func(all []outbox.Entry) (s string) {
			for _, e := range all {
				s += e.To[:1]
			}
			return s
		}
		first := d.list(1, outbox.Filter{Limit: 3})
		if names(first) != "dcb" {
			t.Errorf("first page %q", names(first))
		}
		if got := names(d.list(1, outbox.Filter{Before: first[2].ID})); got != "a" {
			t.Errorf("second page %q", got)
		}
		if got := names(d.list(1, outbox.Filter{Award: 2})); got != "db" {
			t.Errorf("of award 2: %q", got)
		}
		if got := names(d.list(2, outbox.Filter{Before: first[0].ID})); got != "" {
			t.Errorf("paging from another organisation's mail shows %q", got)
		}
		if _, err := d.Get(context.Background(), 2, first[0].ID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("another organisation's mail: %v", err)
		}
		if _, err := d.Get(context.Background(), 1, publicid.New()); fault.KindOf(err) != fault.NotFound {
			t.Errorf("no such mail: %v", err)
		}
	})
}

// dying is a mail server's client whose process ends while it hands a mail over.
type dying struct{ began, end chan struct{} }

func (d dying) Send(context.Context, mail.Message) error {
	close(d.began)
	<-d.end
	return errors.New("nobody is there to note this")
}

// TestMailOfADeadProcess: the next process sends what the last one was handing
// over when it died; at once on SQLite, later where another node may be at it.
func TestMailOfADeadProcess(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		d := newDesk(t, db)
		ctx := context.Background()
		d.enqueue(to("ada@example.org"))
		last := dying{make(chan struct{}), make(chan struct{})}
		ended := make(chan error)
		go func() { // the process that dies: it never gets to note anything
			ended <- (&outbox.Service{DB: db, Now: d.Now, Sender: last}).Deliver(ctx, nil)
		}()
		<-last.began
		if err := d.Resume(ctx); err != nil {
			t.Fatal(err)
		}
		d.run()
		if sent := len(d.server.Messages()); (sent == 1) != (db.Dialect() == sqldb.SQLite) {
			t.Errorf("%d mails arrived at once", sent)
		}
		d.at = d.at.Add(time.Hour)
		d.run()
		if sent := len(d.server.Messages()); sent != 1 {
			t.Errorf("%d mails arrived", sent)
		}
		close(last.end)
		<-ended
	})
}
