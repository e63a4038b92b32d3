package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/outbox"
)

// operatorPage is what the pages of the operator have in common.
type operatorPage struct {
	Page
	Policy org.Policy
}

// operatorDesk fills in what the pages of the operator have in common.
func (s *Server) operatorDesk(r *http.Request, title string) (p operatorPage, err error) {
	t := s.texts(r)
	p.Title, p.NoIndex = title, true
	if p.Policy, err = s.Orgs.Policy(r.Context()); err != nil {
		return p, err
	}
	waiting, err := s.Orgs.CountWaiting(r.Context())
	if err != nil {
		return p, err
	}
	mails, err := s.Outbox.Counts(r.Context(), 0)
	if err != nil {
		return p, err
	}
	for _, i := range []struct {
		name, path, icon string
		count            int64
	}{
		{"organisations", "", "building-2", waiting}, {"signin", "/sign-in", "key-round", 0},
		{"mails", "/mails", "mail", int64(mails[outbox.Failed])}, {"audit", "/audit", "file-text", 0},
	} {
		p.Nav.Items = append(p.Nav.Items, navItem{URL: "/operator" + i.path, Label: t.T("operator.nav."+i.name, nil), Icon: i.icon, Count: i.count,
			Current: i.path != "" && strings.HasPrefix(r.URL.Path, "/operator"+i.path) || i.path == "" && (r.URL.Path == "/operator" || strings.HasPrefix(r.URL.Path, "/operator/organisations"))})
	}
	p.Nav.Items = append(p.Nav.Items, navItem{URL: "/console", Label: t.T("operator.nav.console", nil), Icon: "arrow-left"})
	if !p.Policy.StoppedAt.IsZero() {
		p.Flash = append(p.Flash, flash{Kind: "bad", Text: t.T("operator.stopped_all", map[string]any{"reason": p.Policy.StopReason})})
	}
	return p, nil
}

// operatorListPage lists the organisations, and holds the switches for all.
type operatorListPage struct {
	operatorPage
	Search, State string
	States        []option
	Rows          []operatorRow
	More          string // address of the next page, ""
	Approvals     []option
	Reason        string
}

// operatorRow is one organisation in the list.
type operatorRow struct {
	URL, Name, Owner string
	Created          time.Time
	Members, Awards  int64
	Tags             []tag
}

// operatorList answers GET /operator.
func (s *Server) operatorList(w http.ResponseWriter, r *http.Request) error {
	return s.showOperator(w, r, &operatorListPage{})
}

const operatorRows = 50

func (s *Server) showOperator(w http.ResponseWriter, r *http.Request, p *operatorListPage) error {
	t := s.texts(r)
	wrong := p.Problems
	var err error
	if p.operatorPage, err = s.operatorDesk(r, t.T("operator.title", nil)); err != nil {
		return err
	}
	q := r.URL.Query()
	p.Problems, p.Search, p.State = wrong, q.Get("q"), q.Get("state")
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64) // what is no number begins at the start
	list, err := s.Orgs.All(r.Context(), org.Search{Text: p.Search, State: p.State, Before: before, Limit: operatorRows})
	if err != nil {
		return err
	}
	for _, l := range list {
		p.Rows = append(p.Rows, operatorRow{URL: "/operator/organisations/" + l.PublicID.String(), Name: l.Name, Owner: l.Owner,
			Created: l.CreatedAt, Members: l.Members, Awards: l.Awards, Tags: standingTags(t, l.Organisation)})
	}
	if len(list) == operatorRows {
		q.Set("before", strconv.FormatInt(list[len(list)-1].ID, 10))
		p.More = "/operator?" + q.Encode()
	}
	for _, state := range []string{"waiting", "active", "refused", "suspended", "stopped"} {
		p.States = append(p.States, option{Value: state, Label: t.T("standing."+state, nil)})
	}
	for _, a := range []org.Approval{org.ApproveLater, org.ApproveAlways, org.ApproveNever} {
		p.Approvals = append(p.Approvals, option{Value: string(a), Label: t.T("operator.approval."+string(a), nil)})
	}
	return s.show(w, r, "console/operator.html", p)
}

// standingTags says what the operator has decided about an organisation.
func standingTags(t printer, o *org.Organisation) (tags []tag) {
	switch o.State {
	case org.Waiting:
		tags = append(tags, tag{Kind: "wait", Text: t.T("standing.waiting", nil)})
	case org.Refused:
		tags = append(tags, tag{Kind: "bad", Text: t.T("standing.refused", nil)})
	}
	if !o.SuspendedAt.IsZero() {
		tags = append(tags, tag{Kind: "bad", Text: t.T("standing.suspended", nil)})
	}
	if !o.StoppedAt.IsZero() {
		tags = append(tags, tag{Kind: "bad", Text: t.T("standing.stopped", nil)})
	}
	if len(tags) == 0 {
		tags = append(tags, tag{Kind: "good", Text: t.T("standing.active", nil)})
	}
	return tags
}

// operatorApproval answers POST /operator/approval.
func (s *Server) operatorApproval(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	if err := s.Orgs.SetApproval(r.Context(), org.Approval(r.PostFormValue("approval"))); err != nil {
		return err
	}
	return s.done(w, r, "/operator", "good", "approval_changed")
}

// operatorStop answers POST /operator/stop: nobody issues any more.
func (s *Server) operatorStop(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	p := &operatorListPage{Reason: r.PostFormValue("reason")}
	err := s.Orgs.StopAll(r.Context(), p.Reason)
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showOperator(w, r, p)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/operator", "wait", "all_stopped")
}

// operatorResume answers POST /operator/resume.
func (s *Server) operatorResume(w http.ResponseWriter, r *http.Request) error {
	if err := s.Orgs.ResumeAll(r.Context()); err != nil {
		return err
	}
	return s.done(w, r, "/operator", "good", "all_resumed")
}
