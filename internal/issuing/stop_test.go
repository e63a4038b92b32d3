package issuing_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/sqldb"
)

// interrupted is a signer during whose first work something happens.
type interrupted struct {
	keys.Signer
	once    sync.Once
	happens func()
}

func (s *interrupted) Sign(ctx context.Context, requests []keys.Request) ([]keys.Signed, error) {
	s.once.Do(s.happens)
	return s.Signer.Sign(ctx, requests)
}

// TestABatchPausesWhileIssuingIsStopped: the switch is pressed while the first
// rows of a spreadsheet are signed. Those are finished, for their intent was
// recorded before; nothing else is awarded until the switch is released, and
// then all the rest, without anybody's doing.
func TestABatchPausesWhileIssuingIsStopped(t *testing.T) {
	for name, by := range map[string]struct {
		press, release func(*world, context.Context) error
	}{
		"for everybody": {func(w *world, ctx context.Context) error { return w.orgs.StopAll(ctx, "A key may have leaked.") },
			func(w *world, ctx context.Context) error { return w.orgs.ResumeAll(ctx) }},
		"for the organisation": {func(w *world, ctx context.Context) error {
			return w.orgs.Stop(ctx, w.org.ID, "Somebody else is at the desk.")
		},
			func(w *world, ctx context.Context) error { return w.orgs.Resume(ctx, w.org.ID) }},
		"suspended": {func(w *world, ctx context.Context) error {
			return w.orgs.Suspend(ctx, w.org.ID, "Its owner asked for it.")
		},
			func(w *world, ctx context.Context) error { return w.orgs.Lift(ctx, w.org.ID) }},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
				w := newWorld(t, db, liveURL)
				var file strings.Builder
				file.WriteString("name,email\n")
				const people = 250 // more than two chunks
				for i := range people {
					fmt.Fprintf(&file, "Person %d,person%d@example.org\n", i, i)
				}
				b := w.checkAll(t, w.upload(t, file.String()), issuing.SkipDuplicates)
				check(t, w.Confirm(t.Context(), w.org.ID, w.owner, b.PublicID))
				pressed := false
				w.Keys.Signer = &interrupted{Signer: w.Keys.Local(), happens: func() { pressed = true; check(t, by.press(w, t.Context())) }}
				w.run(t)
				if b = w.reload(t, b); !pressed || b.State != issuing.BatchRunning || b.Rows.Issued == 0 || b.Rows.Good == 0 || b.Rows.Issued+b.Rows.Good != people {
					t.Fatalf("stopped in the middle: pressed %t, %s %+v", pressed, b.State, b.Rows)
				}
				done := b.Rows
				w.now = w.now.Add(time.Hour)
				w.run(t)
				if b = w.reload(t, b); b.Rows != done {
					t.Fatalf("went on while stopped: %+v, before %+v", b.Rows, done)
				}
				check(t, by.release(w, t.Context()))
				w.now = w.now.Add(time.Minute)
				w.run(t)
				if b = w.reload(t, b); b.State != issuing.BatchDone || b.Rows.Issued != people {
					t.Errorf("after the release: %s %+v", b.State, b.Rows)
				}
				list, err := w.List(t.Context(), w.org.ID, issuing.Filter{Limit: 2 * people})
				check(t, err)
				got := map[string]bool{}
				for _, a := range list {
					got[a.Recipient.Email] = a.Document != nil
				}
				if len(list) != people || len(got) != people {
					t.Errorf("%d awards of %d people, want %d", len(list), len(got), people)
				}
			})
		})
	}
}
