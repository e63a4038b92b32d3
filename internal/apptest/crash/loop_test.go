package crash

import (
	"math/rand/v2"
	"testing"
	"time"
)

// clients is how many use a site at once.
const clients = 8

// TestNothingAcknowledgedIsLost kills the server ROUNDEL_KILLS times at random
// moments (ROUNDEL_SEED) while clients award, withdraw, pause, reinstate,
// claim and bring spreadsheets over HTTP. Whatever a client was told is there
// in the end, with the same bytes; what it was not told, and asked for again,
// is there once; and the data is whole.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	kills, acks, seed := setting(t, "ROUNDEL_KILLS", 10), setting(t, "ROUNDEL_ACKS", 600), setting(t, "ROUNDEL_SEED", 1)
	engines(t, func(t *testing.T, s *site) {
		random := rand.New(rand.NewPCG(uint64(seed), 1))
		l, stop := newLedger(), make(chan struct{})
		wait := s.load(t.Context(), l, clients, endless, uint64(seed), stop)
		early := 0
		for range kills {
			running := s.start(t)
			if random.IntN(10) == 0 { // while it starts, and takes up what the last one left
				early++
				pause(time.Duration(random.IntN(200)) * time.Millisecond)
			} else if s.ready(t, running) {
				wanted := l.more(1 + random.IntN(2*acks/kills))
				select {
				case <-wanted:
				case <-running.drawn: // kill says why
				case <-time.After(patience):
					t.Fatalf("no end in sight: %d acknowledgements\n%s", l.acks, running.stderr.String())
				}
			}
			running.kill(t)
		}
		running := s.start(t)
		if !s.ready(t, running) {
			running.kill(t)
		}
		close(stop)
		wait()
		running.stop(t)
		t.Logf("%d kills, %d of them while starting; seed %d", kills, early, seed)
		s.reckon(t, l)
	})
}

// pause lets a random while pass: the moment of a kill is not to depend on
// anything that the server does.
func pause(d time.Duration) { <-time.After(d) }
