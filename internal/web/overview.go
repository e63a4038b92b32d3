package web

import (
	"net/http"

	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/issuing"
)

// overviewPage is the first page of an organisation's console.
type overviewPage struct {
	consolePage
	Person string
	Counts issuing.Counts
	Stats  []stat
	Latest []awardRow
	Steps  []nextStep // what a newcomer does next; nil once it is done
	Award  string     // address at which to award, "" while nothing can be awarded
	Live   bool       // the installation awards for real
	GoLive bool       // there are trials that can be awarded for real now
	Going  issuing.LiveProgress
	Runs   []batchRun // spreadsheets that are being awarded
	Stuck  []stuckJob
}

// nextStep is one step of the way to the first badge.
type nextStep struct {
	Title, Text, URL, Action string
	Done, Current            bool
}

// overview answers GET /console/{org}.
func (s *Server) overview(w http.ResponseWriter, r *http.Request) error {
	ctx, t := r.Context(), s.texts(r)
	p := &overviewPage{consolePage: s.desk(r, areaOverview, t.T("overview.title", nil)), Person: gate.From(ctx).Account.Name, Live: s.Orgs.Live()}
	var err error
	if p.Counts, err = s.Issuing.Counts(ctx, p.Org.ID, p.reach); err != nil {
		return err
	}
	if p.Can("award.view") {
		latest, err := s.Issuing.List(ctx, p.Org.ID, issuing.Filter{Limit: 8, Reach: p.reach})
		if err != nil {
			return err
		}
		if err := s.seen(r, "overview", latest...); err != nil {
			return err
		}
		p.Latest = s.awardRows(t, p.Base, latest)
	}
	badges, err := s.badgesInReach(r, p.Org.ID)
	if err != nil {
		return err
	}
	first, draft := "", ""
	for _, b := range badges {
		if !b.ArchivedAt.IsZero() {
			continue
		}
		address := p.Base + "/badges/" + b.PublicID.String()
		if b.Published != nil && first == "" {
			first = address
		}
		if draft == "" {
			draft = address
		}
	}
	if first != "" {
		if p.Award = first + "/award"; len(badges) > 1 {
			p.Award = p.Base + "/badges"
		}
	}
	if err := s.underWay(r, p); err != nil {
		return err
	}
	if !p.Can("award.issue") {
		p.Award = ""
	}
	p.GoLive = p.Can("organisation.edit") && !p.Trial && p.Counts.Trials > 0 && !p.Going.Running
	awards := p.Base + "/awards"
	if !p.Can("award.view") {
		awards = ""
	}
	p.Stats = overviewStats(t, awards, p.Counts)
	p.Steps = s.nextSteps(t, p, draft, first)
	return s.show(w, r, "console/overview.html", p)
}

func overviewStats(t printer, awards string, c issuing.Counts) []stat {
	share := func(part int64) string {
		if c.Awards == 0 {
			return t.T("overview.share_none", nil)
		}
		return t.T("overview.share", map[string]any{"percent": (part*100 + c.Awards/2) / c.Awards})
	}
	return []stat{
		{Value: t.Number(c.Awards), Label: t.T("overview.awarded", map[string]any{"count": c.Awards}), URL: awards},
		{Value: share(c.Claimed), Label: t.T("overview.claimed", nil)},
		{Value: share(c.Published), Label: t.T("overview.published", nil)},
		{Value: t.Number(c.Withdrawn), Label: t.T("overview.withdrawn", nil)},
	}
}

// nextSteps teaches the way to the first badge: design, award, verify. It
// returns nothing once somebody has accepted a badge.
func (s *Server) nextSteps(t printer, p *overviewPage, draft, published string) []nextStep {
	if p.Counts.Claimed > 0 || !p.Can("badge.edit") || !p.Can("award.issue") {
		return nil
	}
	steps := []nextStep{
		{Title: t.T("overview.step.design", nil), Text: t.T("overview.step.design_text", nil), URL: p.Base + "/badges/new", Action: t.T("overview.step.design_do", nil), Done: published != ""},
		{Title: t.T("overview.step.award", nil), Text: t.T("overview.step.award_text", nil), URL: p.Award, Action: t.T("overview.step.award_do", nil), Done: p.Counts.Awards > 0},
		{Title: t.T("overview.step.verify", nil), Text: t.T("overview.step.verify_text", nil), Action: t.T("overview.step.verify_do", nil)},
	}
	if draft != "" && published == "" {
		steps[0].URL, steps[0].Action = draft, t.T("overview.step.design_go_on", nil)
	}
	if len(p.Latest) > 0 {
		steps[2].URL = p.Latest[0].URL
	}
	for i := range steps {
		if !steps[i].Done {
			steps[i].Current = true
			break
		}
	}
	return steps
}

// goLive answers POST /console/{org}/go-live: trials are awarded for real, in
// the background.
func (s *Server) goLive(w http.ResponseWriter, r *http.Request) error {
	c := gate.From(r.Context())
	base := "/console/" + c.Organisation.Slug
	err := s.Issuing.GoLive(r.Context(), c.Organisation.ID, c.AccountID())
	if refused(err) {
		return s.done(w, r, base, "bad", "not_live")
	}
	if err != nil {
		return err
	}
	return s.done(w, r, base, "good", "going_live")
}
