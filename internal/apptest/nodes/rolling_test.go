package nodes

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/issuing"
)

// TestRollingUpgrade restarts the nodes one after the other while programs
// issue. Nothing that was acknowledged is lost or doubled, and a node that stops
// says nothing worse than a closed connection.
func TestRollingUpgrade(t *testing.T) {
	c := start(t)
	const programs = 6
	var mu sync.Mutex
	acknowledged := map[string]string{} // recipient -> award
	var bad []string
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(acknowledged)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for p := range programs {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				who := fmt.Sprintf("p%d-%d@example.org", p, i)
				for try := p; ; try++ { // as a load balancer would: the other node
					a := c.nodes[try%2].api(ctx, c, http.MethodPost, "/awards", c.request(who), "Idempotency-Key", who)
					if a.status == 0 && ctx.Err() == nil {
						continue
					}
					mu.Lock()
					if a.status == http.StatusCreated {
						acknowledged[who] = a.header.Get("Location")
					} else {
						bad = append(bad, fmt.Sprintf("%d: %.200s", a.status, a.body))
					}
					mu.Unlock()
					break
				}
			}
		})
	}
	// Each restart comes while work is being done, and is followed by more.
	grow := func() {
		t.Helper()
		from := count()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for late := time.After(patience); count() < from+20; {
			select {
			case <-tick.C:
			case <-late:
				t.Fatalf("nothing is issued any more; %d awards, %q", count(), bad)
			}
		}
	}
	for range 2 {
		for _, n := range c.nodes {
			grow()
			n.stop(t)
			grow()
			n.start(t, c)
			n.ready(t)
		}
	}
	close(stop)
	wg.Wait()
	slices.Sort(bad)
	for _, b := range slices.Compact(bad) {
		t.Errorf("a program was told: %s", b)
	}
	c.compare(t, acknowledged)
	c.fsck(t)
}

// compare holds what was acknowledged against what is kept.
func (c *cluster) compare(t *testing.T, acknowledged map[string]string) {
	t.Helper()
	kept := map[string]string{}
	s := c.third(t).Features.Issuing
	for before := int64(0); ; {
		page, err := s.List(t.Context(), c.org.ID, issuing.Filter{Before: before, Limit: 500})
		check(t, err)
		if len(page) == 0 {
			break
		}
		before = page[len(page)-1].ID
		for _, a := range page {
			if _, twice := kept[a.Recipient.Email]; twice {
				t.Errorf("%s has two awards", a.Recipient.Email)
			}
			kept[a.Recipient.Email] = a.PublicID.String()
		}
	}
	for who, location := range acknowledged {
		if id := kept[who]; id == "" || !strings.HasSuffix(location, id) {
			t.Errorf("%s was told of %s, kept is %q", who, location, id)
		}
	}
	if !maps.EqualFunc(acknowledged, kept, strings.HasSuffix) {
		t.Errorf("%d acknowledged, %d kept", len(acknowledged), len(kept))
	}
	t.Logf("%d awards", len(kept))
}

// fsck runs `roundel fsck` on the installation while its nodes serve.
func (c *cluster) fsck(t *testing.T) {
	t.Helper()
	path, err := binary()
	check(t, err)
	out, err := exec.CommandContext(t.Context(), path, "fsck", "--data", t.TempDir(), "--base-url", baseURL, "--database", c.config.Database,
		"--blobs", c.config.Blobs, "--key-file", c.config.KeyFile).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "clean") {
		t.Errorf("roundel fsck: %v\n%s", err, out)
	}
}
