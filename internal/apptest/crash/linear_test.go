package crash

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/apptest/history"
	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/statuslist"
)

// recorder notes what several clients ask about a few awards, and are told.
type recorder struct {
	*site
	ledger *ledger // counts, so that kills come at random moments
	start  time.Time
	marks  map[string]string // on the public page: words by state

	mu     sync.Mutex
	all    []history.Operation
	awards map[string]*known
}

// known is what clients have learnt of an award.
type known struct {
	id        string
	published bool
	entries   map[string]*statuslist.Reference // by purpose
}

// TestAwardsAreLinearizable has clients issue, withdraw, pause, reinstate and
// look at the same few awards at once, in each way in which they can be looked
// at, while the server is killed. There must be one order of everything that
// agrees with what each client was told.
func TestAwardsAreLinearizable(t *testing.T) {
	kills, acks, seed := setting(t, "ROUNDEL_HISTORY_KILLS", 3), setting(t, "ROUNDEL_HISTORY", 900), setting(t, "ROUNDEL_SEED", 1)
	engines(t, func(t *testing.T, s *site) {
		r := &recorder{site: s, ledger: newLedger(), start: time.Now(), awards: map[string]*known{}, marks: map[string]string{}}
		texts, err := locale.Load()
		check(t, err)
		for _, state := range []string{history.Revoked, history.Suspended} {
			r.marks[state] = texts.For("en").T("award.mark."+state, nil)
		}
		names := make([]string, max(12, acks/40)) // few enough that clients meet, and that histories can be checked
		for n := range names {
			names[n] = fmt.Sprintf("award-%d", n)
		}
		running := s.start(t)
		if !s.ready(t, running) {
			running.kill(t)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		for _, name := range names[:len(names)/2] {
			r.issue(ctx, 0, name)
			r.publish(ctx, t, name)
		}
		var wg sync.WaitGroup
		for n := range clients {
			random := rand.New(rand.NewPCG(uint64(seed), uint64(100+n)))
			wg.Go(func() {
				for ctx.Err() == nil {
					r.step(ctx, n+1, names[random.IntN(len(names))], random)
				}
			})
		}
		for n := range kills + 1 {
			select {
			case <-r.ledger.more(acks / (kills + 1)):
			case <-running.drawn:
			case <-time.After(patience):
				t.Fatal("no end in sight")
			}
			if n < kills {
				running.kill(t)
				if running = s.start(t); !s.ready(t, running) {
					running.kill(t)
				}
			}
		}
		stop()
		wg.Wait()
		running.kill(t)
		unknown := 0
		for _, o := range r.all {
			if o.Told == history.Unknown {
				unknown++
			}
		}
		t.Logf("%d operations on %d awards, %d of them without an answer, %d kills", len(r.all), len(names), unknown, kills)
		if verdict := history.Check(r.all, 2*time.Minute); verdict != porcupine.Ok {
			t.Errorf("the history is %s", verdict)
		}
		r.spoil(t)
	})
}

// spoil makes sure that the checker looks at this very history: with one answer
// changed it is impossible.
func (r *recorder) spoil(t *testing.T) {
	t.Helper()
	for i, o := range r.all {
		if o.Kind == history.Issue && o.Told != history.Unknown && o.Award == "award-0" && i > 0 {
			r.all[i].Told = "another"
			if verdict := history.Check(r.all, 2*time.Minute); verdict == porcupine.Ok {
				t.Error("a history with two awards for one key is accepted")
			}
			return
		}
	}
	t.Error("award-0 was issued once only")
}

// note records one operation, from before it was sent to after its answer.
func (r *recorder) note(client int, name string, kind history.Kind, asked string, do func() string) {
	from := time.Since(r.start).Nanoseconds()
	told := do()
	to := time.Since(r.start).Nanoseconds()
	r.mu.Lock()
	r.all = append(r.all, history.Operation{Client: client, Award: name, Kind: kind, Asked: asked, Told: told, From: from, To: to})
	r.mu.Unlock()
	r.ledger.ack(string(kind))
}

func (r *recorder) find(name string) *known {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.awards[name]
}

// step does something with an award; while nobody knows it, it is issued.
func (r *recorder) step(ctx context.Context, client int, name string, random *rand.Rand) {
	generation := r.current()
	a := r.find(name)
	dice := random.IntN(100)
	told := history.Unknown
	keep := func(s string) string { told = s; return s }
	switch {
	case a == nil || dice < 8:
		told = r.issue(ctx, client, name)
	case dice < 14:
		r.note(client, name, history.Revoke, "", func() string {
			return keep(outcome(r.ask(ctx, request{method: http.MethodPost, path: "/api/v1/awards/" + a.id + "/revocation", media: "application/json", body: `{"reason":"issued_in_error"}`, program: true})))
		})
	case dice < 44:
		do, kind := "suspend", history.Suspend
		if dice%2 == 0 {
			do, kind = "reinstate", history.Reinstate
		}
		r.note(client, name, kind, "", func() string {
			return keep(outcome(r.ask(ctx, r.form(r.console("/awards/"+a.id+"/state"), url.Values{"do": {do}, do + "_reason": {"not_stated"}}))))
		})
	case dice < 66:
		r.note(client, name, history.Get, "", func() string {
			var got awarded
			if answer := r.ask(ctx, get("/api/v1/awards/"+a.id)); answer.status == http.StatusOK && json.Unmarshal(answer.body, &got) == nil {
				return keep(got.State)
			}
			return history.Unknown
		})
	case dice < 80 && a.published:
		r.note(client, name, history.Page, "", func() string { return keep(r.page(ctx, a)) })
	default:
		purpose := map[bool]string{true: history.Revoked, false: history.Suspended}[dice%2 == 0]
		r.note(client, name, history.List, purpose, func() string { return keep(r.listed(ctx, a, purpose)) })
	}
	if told == history.Unknown {
		r.next(ctx, generation)
	}
}

// outcome is what an answer says of a change.
func outcome(a answer) string {
	switch {
	case a.status == http.StatusOK, a.status == http.StatusSeeOther:
		return history.Done
	case a.status == http.StatusConflict, a.status == http.StatusUnprocessableEntity:
		return history.Refused
	}
	return history.Unknown
}

// issue asks for the award under its key.
func (r *recorder) issue(ctx context.Context, client int, name string) (told string) {
	var got awarded
	r.note(client, name, history.Issue, "", func() string {
		a := r.ask(ctx, r.create(name, name+"@example.org", ""))
		if a.status != http.StatusCreated || json.Unmarshal(a.body, &got) != nil {
			return history.Unknown
		}
		sum := sha256.Sum256(got.Credential)
		told = got.ID + " " + hex.EncodeToString(sum[:])
		return told
	})
	doc, err := credential.Parse(got.Credential)
	if told == history.Unknown || err != nil {
		return told
	}
	k := &known{id: got.ID, entries: map[string]*statuslist.Reference{}}
	for _, tree := range doc.Status {
		if e, err := statuslist.ParseReference(tree); err == nil {
			k.entries[map[string]string{"revocation": history.Revoked, "suspension": history.Suspended}[e.Purpose]] = &e
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.awards[name] == nil {
		r.awards[name] = k
	}
	return told
}

// publish has the award's recipient show it.
func (r *recorder) publish(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	a := r.find(name)
	found := claimSecret.FindSubmatch(r.ask(ctx, r.form(r.console("/awards/"+a.id+"/link"), url.Values{})).body)
	if found == nil {
		t.Fatal("no claim link")
	}
	for _, answer := range []string{"accept", "publish"} {
		if got := r.ask(ctx, r.form("/claim/"+string(found[1]), url.Values{"answer": {answer}})); got.status != http.StatusSeeOther {
			t.Fatalf("%s: %d", answer, got.status)
		}
	}
	a.published = true
}

// page reads the state off the public page.
func (r *recorder) page(ctx context.Context, a *known) string {
	answer := r.ask(ctx, get("/awards/"+a.id))
	if answer.status != http.StatusOK {
		return history.Unknown
	}
	for state, words := range r.marks {
		if strings.Contains(string(answer.body), words) {
			return state
		}
	}
	return history.Current
}

// listed reads the award's place in a status list.
func (r *recorder) listed(ctx context.Context, a *known, purpose string) string {
	e := a.entries[purpose]
	list, err := (&client{site: r.site}).list(ctx, e.List)
	if err != nil {
		return history.Unknown
	}
	value, err := list.Value(int(e.Index))
	switch {
	case err != nil:
		return "no place"
	case value == 1:
		return history.Set
	}
	return history.Unset
}
