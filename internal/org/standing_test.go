package org_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

func (w *team) mayIssue() error { return w.MayIssueNow(w.t.Context(), w.o.ID) }

func TestStanding(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newTeam(t, db)
		ctx := t.Context()
		check(t, w.mayIssue())

		w.want(w.Suspend(ctx, w.o.ID, " "), fault.Invalid, "suspended without a reason")
		check(t, w.Suspend(ctx, w.o.ID, "complaints about the badges"))
		w.want(w.mayIssue(), fault.Forbidden, "issuing while suspended")
		if got := fault.Message(w.mayIssue()); !strings.Contains(got, "complaints about the badges.") {
			t.Errorf("the sentence is %q", got)
		}
		o, err := w.ByID(ctx, w.o.ID)
		check(t, err)
		for _, p := range org.Permissions() {
			if refused := o.MayUse(p) != nil; refused != p.Changes() {
				t.Errorf("%s while suspended: refused %v", p, refused)
			}
			check(t, o.MayReduce(p))
		}
		if !o.Public() {
			t.Error("a suspended organisation has lost its pages")
		}
		check(t, w.Lift(ctx, w.o.ID))
		check(t, w.mayIssue())

		check(t, w.Stop(ctx, w.o.ID, "a key may have leaked"))
		w.want(w.mayIssue(), fault.Unavailable, "issuing while stopped")
		check(t, w.Resume(ctx, w.o.ID))
		check(t, w.StopAll(ctx, "maintenance"))
		w.want(w.mayIssue(), fault.Unavailable, "issuing while all are stopped")
		w.want(db.Read(ctx, func(tx *sqldb.Tx) error { return org.MayIssueAtAll(ctx, tx) }), fault.Unavailable, "issuing of nobody's")
		check(t, w.ResumeAll(ctx))
		check(t, w.mayIssue())
		w.want(w.Lift(ctx, w.o.ID), fault.Conflict, "lifted what is not suspended")
		w.want(w.Approve(ctx, w.o.ID), fault.Conflict, "approved twice")
	})
}

func TestApproval(t *testing.T) {
	w := newTeam(t, dbtest.Open(t))
	ctx := t.Context()
	if w.o.State != org.Active {
		t.Fatalf("the first organisation is %s", w.o.State)
	}
	asker, _ := w.person("Asker")
	second, err := w.Create(ctx, asker, good)
	check(t, err)
	if second.State != org.Waiting || second.Public() {
		t.Errorf("the second organisation is %s", second.State)
	}
	w.want(w.MayIssueNow(ctx, second.ID), fault.Forbidden, "issuing before approval")
	if second.MayUse(org.EditBadges) != nil || second.MayUse(org.PublishBadges) == nil {
		t.Error("before approval badges are drafted, and not published")
	}
	_, err = w.Invite(ctx, second.ID, org.Actor{AccountID: asker, Permissions: org.Permissions(), Owner: true}, "victim@example.org", org.Grant{Role: org.RoleViewer})
	w.want(err, fault.Forbidden, "mails to strangers before approval")
	check(t, w.Refuse(ctx, second.ID, "We do not know you"))
	if got := fault.Message(w.MayIssueNow(ctx, second.ID)); !strings.Contains(got, "We do not know you.") {
		t.Errorf("the asker reads %q", got)
	}
	check(t, w.Approve(ctx, second.ID))
	check(t, w.MayIssueNow(ctx, second.ID))

	sample, err := w.CreateSample(ctx, asker, good)
	check(t, err)
	operator, _ := w.person("Operator")
	check(t, w.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE account SET is_operator = TRUE WHERE id = $1`, operator)
		return err
	}))
	own, err := w.Create(ctx, operator, good)
	check(t, err)
	check(t, w.SetApproval(ctx, org.ApproveNever))
	free, err := w.Create(ctx, asker, good)
	check(t, err)
	check(t, w.SetApproval(ctx, org.ApproveAlways))
	waits, err := w.Create(ctx, asker, good)
	check(t, err)
	if sample.State != org.Active || own.State != org.Active || free.State != org.Active || waits.State != org.Waiting {
		t.Errorf("sample %s, operator's %s, without approval %s, always %s", sample.State, own.State, free.State, waits.State)
	}
	w.want(w.SetApproval(ctx, "sometimes"), fault.Invalid, "another rule")
	all, err := w.All(ctx, org.Search{State: "waiting"})
	check(t, err)
	if len(all) != 1 || all[0].ID != waits.ID || all[0].Owner != "Asker" || all[0].Members != 1 {
		t.Errorf("waiting are %+v", all)
	}
	if all, err = w.All(ctx, org.Search{Text: "UNIVERSITÄT"}); err != nil || len(all) != 5 {
		t.Errorf("found %d, %v", len(all), err)
	}
}

func TestDomain(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newTeam(t, db)
		ctx := t.Context()
		records := map[string][]string{}
		w.LookupTXT = func(_ context.Context, name string) ([]string, error) {
			if r, ok := records[name]; ok {
				return r, nil
			}
			return nil, errors.New("no such host")
		}
		for _, bad := range []string{"", "localhost", "192.0.2.7", "https://uni.example", "uni.example/x", "badges.example.org", "a b.example", "_x.example"} {
			_, err := w.AddDomain(ctx, w.o.ID, bad)
			w.want(err, fault.Invalid, "the domain "+bad)
		}
		d, err := w.AddDomain(ctx, w.o.ID, " Uni.Example. ")
		check(t, err)
		if d.Name != "uni.example" || len(d.Token) < 20 {
			t.Errorf("the domain is %+v", d)
		}
		public := func() string {
			o, err := w.ByID(ctx, w.o.ID)
			check(t, err)
			return o.Called(w.Host()).Inside(w.Texts) + "|" + o.Domain
		}
		look := func() *org.Domain {
			got, err := w.CheckDomain(ctx, w.o.ID, d.PublicID)
			check(t, err)
			return got
		}
		const unproven = "an account at badges.example.org calling itself Universität Köln|"
		records["_roundel.uni.example"] = []string{"something else"}
		if got := look(); got.Proven() || !strings.Contains(got.Problem, "another text") || public() != unproven {
			t.Errorf("%+v, %s", got, public())
		}
		w.now = w.now.Add(time.Second)
		records["_roundel.uni.example"] = []string{"spf", " " + d.Token + " "}
		if got := look(); !got.Proven() || got.Method != "dns" || public() != "Universität Köln (uni.example)|uni.example" {
			t.Errorf("%+v, %s", got, public())
		}
		// Lost for less than a week it counts, and then no more.
		delete(records, "_roundel.uni.example")
		w.now = w.now.Add(25 * time.Hour)
		check(t, w.Handlers()[org.JobDomains](ctx, nil))
		list, err := w.Domains(ctx, w.o.ID)
		check(t, err)
		if !list[0].Proven() || !list[0].Ends().Equal(w.now.Add(org.DomainGrace)) {
			t.Errorf("missing for the first time: %+v", list[0])
		}
		w.now = w.now.Add(org.DomainGrace - time.Minute)
		if look(); !strings.HasSuffix(public(), "|uni.example") {
			t.Errorf("lost after less than a week: %s", public())
		}
		w.now = w.now.Add(time.Minute)
		if look(); public() != unproven {
			t.Errorf("kept for more than a week: %s", public())
		}
		other, err := w.Create(ctx, w.owner.AccountID, good)
		check(t, err)
		_, err = w.CheckDomain(ctx, other.ID, d.PublicID)
		w.want(err, fault.NotFound, "another organisation's domain was checked")
		w.want(w.RemoveDomain(ctx, other.ID, d.PublicID), fault.NotFound, "another organisation's domain was removed")
		check(t, w.RemoveDomain(ctx, w.o.ID, d.PublicID))
		w.want(w.RemoveDomain(ctx, w.o.ID, publicid.New()), fault.NotFound, "a domain that is not there")
	})
}
