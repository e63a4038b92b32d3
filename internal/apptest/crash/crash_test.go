// Package crash kills the real server while it awards a spreadsheet, again and
// again, and then counts.
package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/mail/mailtest"
)

// patience bounds every wait for progress; it is no measurement.
const patience = 10 * time.Minute

// TestKilledWhileAwarding kills the server ROUNDEL_BATCH_KILLS times at random
// moments (ROUNDEL_SEED) while it awards one spreadsheet. Whatever it was
// doing, in the end each good row is awarded exactly once, each recipient has
// a mail, and the data is whole.
func TestKilledWhileAwarding(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills a server many times: not in short mode")
	}
	kills, seed := setting(t, "ROUNDEL_BATCH_KILLS", 4), setting(t, "ROUNDEL_SEED", 1)
	rows := 400 + 200*kills // each start may award a few hundred before the kill comes
	t.Logf("%d kills, %d rows, seed %d", kills, rows, seed)
	binary := build(t)
	mails := mailtest.NewServer(t)
	w := prepare(t, rows, mails.Addr)

	random := rand.New(rand.NewPCG(uint64(seed), 0))
	moments := map[string]int{}
	early, p := 0, progress{}
	for n := range kills {
		var moment string
		moment, p = w.crash(t, binary, mails, random)
		moments[moment]++
		if !p.done {
			early++
		}
		if p.done && p.letters == len(w.good) && p.waiting == 0 {
			t.Logf("a fast machine: all was done after %d of %d kills", n+1, kills)
			break
		}
	}
	t.Logf("killed %s; %d times before the last row was awarded; %d awards and %d mails by then", fmt.Sprint(moments), early, p.reserved, p.letters)
	if early == 0 {
		t.Errorf("no kill came while rows were being awarded: there are too few rows")
	}
	w.finish(t, binary)
	w.fsck(t, binary)
	w.count(t, mails)
}

func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	check(t, err)
	return n
}

// crash starts the server and kills it at a random moment. It returns what was
// waited for, and how far the work had come.
func (w *world) crash(t *testing.T, binary string, mails *mailtest.Server, random *rand.Rand) (moment string, p progress) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	// With the watch closed before the kill nobody else would have the file open;
	// with the kill first, the next start has to recover the log by itself.
	see := w.watch(t, time.Millisecond)
	defer func() { check(t, see.db.Close()) }()
	sent := len(mails.Messages())
	s := w.start(t, binary)
	more := func(n int) func(progress) bool { // n mails were written since the start
		first := -1
		return func(p progress) bool {
			if first < 0 {
				first = p.letters
			}
			return p.letters >= min(first+n, len(w.good))
		}
	}
	switch dice := random.IntN(100); {
	case dice < 60: // also while starting, for that is where the last kill's awards are finished
		moment = "with awards half made"
		p = see.until(ctx, t, s, random.IntN(150), func(p progress) bool { return p.open > 0 || p.done })
	case dice < 70:
		moment = "when awards were made"
		first := -1
		p = see.until(ctx, t, s, random.IntN(10), func(p progress) bool {
			if first < 0 {
				first = p.reserved - p.open
			}
			return p.reserved-p.open > first || p.done
		})
	case dice < 85:
		moment = "while writing mails"
		p = see.until(ctx, t, s, random.IntN(5), more(1+random.IntN(20)))
	default:
		moment = "while sending mails"
		if _, err := mails.Wait(ctx, min(sent+1+random.IntN(20), len(w.good))); err != nil {
			p, _ = see.look(t.Context())
			t.Fatalf("no mail comes: %+v\n%s", p, s.stderr.String())
		}
	}
	s.kill(t)
	if now, err := see.look(ctx); err == nil {
		p = now
	}
	return moment, p
}

// finish starts the server once more and lets it do all that is left.
func (w *world) finish(t *testing.T, binary string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s := w.start(t, binary)
	see := w.watch(t, 100*time.Millisecond)
	p := see.until(ctx, t, s, 0, func(p progress) bool {
		return p.done && p.open == 0 && p.letters >= len(w.good) && p.waiting == 0
	})
	check(t, see.db.Close())
	s.stop(t)
	if p.reserved != len(w.good) || p.letters != len(w.good) {
		t.Errorf("%d awards and %d mails for %d good rows", p.reserved, p.letters, len(w.good))
	}
}

func (w *world) fsck(t *testing.T, binary string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary, append([]string{"fsck"}, w.flags()...)...).CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), ": clean\n") {
		t.Errorf("roundel fsck: %v\n%s", err, out)
	}
	t.Logf("roundel fsck: %s", out)
}
