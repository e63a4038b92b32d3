package crash

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/mail/mailtest"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/verify"
)

// count looks at every award and every mail.
func (w *world) count(t *testing.T, mails *mailtest.Server) {
	t.Helper()
	a := w.open(t)
	defer shut(t, a)
	ctx := t.Context()
	batch, err := a.Features.Issuing.Batch(ctx, w.org, w.batch)
	check(t, err)
	good := int64(len(w.good))
	if r := batch.Rows; batch.State != issuing.BatchDone || r.Awarded != good || r.Issued != good || r.Good != 0 || r.Awarded+r.Bad+r.Skipped != r.Total {
		t.Errorf("the spreadsheet is %s with %+v; %d rows are good", batch.State, r, good)
	}
	var awards []*issuing.Award
	for before := int64(0); ; {
		page, err := a.Features.Issuing.List(ctx, w.org, issuing.Filter{Before: before, Limit: 1000})
		check(t, err)
		if len(page) == 0 {
			break
		}
		awards, before = append(awards, page...), page[len(page)-1].ID
	}
	holders := map[string]bool{}
	for _, x := range awards {
		if email := x.Recipient.Email; holders[email] || !w.good[email] {
			t.Errorf("%s was awarded twice, or should not have been", email)
		}
		holders[x.Recipient.Email] = true
	}
	if len(holders) != len(w.good) {
		t.Errorf("%d people have the badge, not %d", len(holders), len(w.good))
	}
	counts, err := a.Features.Outbox.Counts(ctx, w.org)
	check(t, err)
	if len(counts) != 1 || counts[outbox.Sent] != len(w.good) {
		t.Errorf("the outbox holds %v", counts)
	}
	w.countMails(t, mails)
	w.verifyEach(t, awards, &verify.Verifier{Get: a.Ground.Fetch, Now: time.Now})
}

// countMails makes sure that everybody got a mail that opens a badge. A kill
// between handing a mail over and noting it may bring it twice.
func (w *world) countMails(t *testing.T, mails *mailtest.Server) {
	t.Helper()
	got := map[string]int{}
	twice := 0
	for _, m := range mails.Messages() {
		if len(m.To) != 1 || !w.good[m.To[0]] || !strings.Contains(m.Text, baseURL+"/claim/") {
			t.Errorf("a strange mail to %v: %.200s", m.To, m.Text)
			continue
		}
		if got[m.To[0]]++; got[m.To[0]] == 2 {
			twice++
		}
	}
	if len(got) != len(w.good) {
		t.Errorf("%d people got a mail, not %d", len(got), len(w.good))
	}
	t.Logf("%d people got their mail, %d of them twice", len(got), twice)
}

// verifyEach looks at every document, and asks a stranger's questions of every
// tenth: its did:web and its status lists are fetched, as far as our own server
// is concerned in process. That every signature holds is what fsck has seen.
func (w *world) verifyEach(t *testing.T, awards []*issuing.Award, v *verify.Verifier) {
	t.Helper()
	places := map[string]bool{}
	for n, a := range awards {
		c, err := credential.Parse(a.Document)
		if err != nil {
			t.Errorf("award %s: %v", a.PublicID, err)
			continue
		}
		b, err := openbadge.Read(c)
		check(t, err)
		if who := b.Subject.Identifier; len(who) != 1 || who[0].IdentityHash != openbadge.HashIdentity(a.Recipient.Email, a.Salt) {
			t.Errorf("award %s is for somebody else: %+v", a.PublicID, who)
		}
		for _, s := range c.Status {
			place := fmt.Sprint(s["statusListCredential"], s["statusListIndex"])
			if places[place] {
				t.Errorf("award %s shares its place %s", a.PublicID, place)
			}
			places[place] = true
		}
		if n%10 == 0 {
			if r := v.Verify(t.Context(), a.Document); r.Verdict != verify.Valid {
				t.Errorf("award %s is %s: %+v", a.PublicID, r.Verdict, r.Checks)
			}
		}
	}
	if len(places) != 2*len(awards) {
		t.Errorf("%d places in status lists for %d awards", len(places), len(awards))
	}
}
