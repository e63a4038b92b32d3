package crash

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/statuslist"
)

// reckon compares everything that was acknowledged with what there is, in every
// way in which it can be asked for, and has the data checked. No server may be
// running.
func (s *site) reckon(t *testing.T, l *ledger) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 6*patience)
	defer cancel()
	s.complete(t, l)
	running := s.start(t)
	if !s.ready(t, running) {
		running.kill(t) // says why
	}
	bits := map[string]*statuslist.List{}
	c := &client{site: s, ledger: l}
	for _, e := range l.awards {
		c.awardAgain(ctx, e)
		c.look(ctx, e)
		c.published(ctx, e, bits)
		if e.link != "" {
			if a := s.ask(ctx, get("/claim/"+e.link)); a.status != http.StatusOK {
				l.broken("award %s: its claim link gives %d", e.key, a.status)
			}
		}
	}
	for _, path := range l.badges {
		if a := s.ask(ctx, s.form(path, nil).as(http.MethodGet)); a.status != http.StatusOK {
			l.broken("badge %s gives %d", path, a.status)
		}
	}
	running.stop(t)
	s.fsck(t) // which looks at the pictures too
	l.report(t)
}

// published compares the status lists with what was acknowledged of an award.
func (c *client) published(ctx context.Context, e *entry, lists map[string]*statuslist.List) {
	a := c.ask(ctx, get("/api/v1/awards/"+e.id+"/credential"))
	doc, err := credential.Parse(a.body)
	if err != nil || len(doc.Status) != 2 {
		c.ledger.broken("award %s has no status: %v", e.key, err)
		return
	}
	for _, tree := range doc.Status {
		at, err := statuslist.ParseReference(tree)
		if err != nil {
			c.ledger.broken("award %s: %v", e.key, err)
			return
		}
		if lists[at.List] == nil {
			if lists[at.List], err = c.list(ctx, at.List); err != nil {
				c.ledger.broken("status list %s: %v", at.List, err)
				return
			}
		}
		set, err := lists[at.List].Value(int(at.Index))
		if want := at.Purpose == "revocation" && e.state == "revoked" || at.Purpose == "suspension" && e.state == "suspended"; err != nil || (set == 1) != want {
			// A withdrawn award may have been paused before: only the withdrawal counts.
			if at.Purpose == "suspension" && e.state == "revoked" {
				continue
			}
			c.ledger.broken("award %s is %s, but its %s list says %d (%v)", e.key, e.state, at.Purpose, set, err)
		}
	}
}

// list fetches a status list.
func (c *client) list(ctx context.Context, address string) (*statuslist.List, error) {
	a := c.ask(ctx, get(strings.TrimPrefix(address, baseURL)))
	var doc struct {
		CredentialSubject struct {
			EncodedList string `json:"encodedList"`
		} `json:"credentialSubject"`
	}
	if err := json.Unmarshal(a.body, &doc); err != nil {
		return nil, err
	}
	return statuslist.Decode(doc.CredentialSubject.EncodedList, statuslist.MaxBytes)
}

// complete lets what was confirmed be finished, and then counts: each request
// made one award, each row of a spreadsheet too, and each award one letter.
func (s *site) complete(t *testing.T, l *ledger) {
	t.Helper()
	a := s.open(t)
	defer shut(t, a)
	ctx := t.Context()
	check(t, a.Features.Issuing.Resume(ctx))
	s.freeLeases(t, a.Ground.DB)
	if _, err := a.Features.Jobs.RunDue(ctx); err != nil {
		t.Errorf("work that was left: %v", err)
	}
	want := map[string]bool{}
	for _, email := range l.others {
		want[email] = true
	}
	for _, e := range l.awards {
		want[e.email] = true
	}
	for _, b := range l.batches {
		for _, email := range b.rows {
			want[email] = true
		}
	}
	got := map[string]string{}
	check(t, a.Ground.DB.Read(ctx, func(tx *sqldb.Tx) error {
		type pair struct {
			email, sum string
			letters    int
		}
		rows, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (p pair, err error) {
			var document []byte
			err = r.Scan(&p.email, &document, &p.letters)
			sum := sha256.Sum256(document)
			p.sum = string(sum[:])
			return p, err
		}, `SELECT recipient_email, document, (SELECT count(*) FROM outbox_mail m WHERE m.award_id = a.id AND m.award_id > 0) FROM award a`)
		for _, p := range rows {
			if !want[p.email] {
				t.Errorf("%s was awarded, and nobody was told so", p.email)
			}
			if got[p.email] != "" {
				t.Errorf("%s was awarded twice", p.email)
			}
			if got[p.email] = p.sum; p.letters != 1 {
				t.Errorf("%s has %d letters", p.email, p.letters)
			}
		}
		return err
	}))
	for email := range want {
		if got[email] == "" {
			t.Errorf("the award of %s is lost", email)
		}
	}
	for _, e := range l.awards {
		if got[e.email] != string(e.document[:]) {
			t.Errorf("%s: other bytes are kept than were sent", e.key)
		}
	}
}

// freeLeases frees what killed processes were at, as time would: on PostgreSQL
// other nodes wait for leases to run out.
func (s *site) freeLeases(t *testing.T, db *sqldb.DB) {
	t.Helper()
	check(t, db.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE job SET leased_until = 0, run_at = 1`)
		return err
	}))
}
