package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
)

// awardListPage lists an organisation's awards, newest first.
type awardListPage struct {
	consolePage
	Tabs    []tab
	Search  string
	Badge   string // public id of the badge that the list is limited to
	Badges  []option
	Batch   string // public id of the spreadsheet that the list is limited to
	File    string // its name
	Rows    []awardRow
	Paging  paging
	Paged   bool
	Filters bool // the list is limited in some way
	New     string
}

const awardsPerPage = 50

// awardList answers GET /console/{org}/awards.
func (s *Server) awardList(w http.ResponseWriter, r *http.Request) error {
	ctx, t, q := r.Context(), s.texts(r), r.URL.Query()
	p := &awardListPage{consolePage: s.desk(r, areaAwards, t.T("award.list.title", nil)), Search: strings.TrimSpace(q.Get("q"))}
	p.Tabs = s.awardTabs(t, p.Base, true)
	f := issuing.Filter{Search: p.Search, Reach: p.reach, Limit: awardsPerPage + 1}
	if id, err := publicid.Parse(q.Get("badge")); err == nil {
		f.Badge, p.Badge = id, id.String()
	}
	if id, err := publicid.Parse(q.Get("batch")); err == nil {
		if err := s.Orgs.InReach(ctx, p.Org.ID, p.reach, org.ThingBatch, id); err != nil {
			return err
		}
		b, err := s.Issuing.Batch(ctx, p.Org.ID, id)
		if err != nil {
			return err
		}
		f.Batch, p.Batch, p.File = b.ID, id.String(), b.FileName
	}
	f.Before, _ = strconv.ParseInt(q.Get("before"), 10, 64) // what is no number asks for the first page
	p.Filters = p.Search != "" || p.Badge != "" || p.Batch != ""
	badges, err := s.badgesInReach(r, p.Org.ID)
	if err != nil {
		return err
	}
	p.New = p.Base + "/badges/new"
	for _, b := range badges {
		p.Badges = append(p.Badges, option{Value: b.PublicID.String(), Label: b.Shown().Name})
		p.New = p.Base + "/badges"
	}
	awards, err := s.Issuing.List(ctx, p.Org.ID, f)
	if err != nil {
		return err
	}
	more := len(awards) > awardsPerPage
	if more {
		awards = awards[:awardsPerPage]
	}
	if err := s.seen(r, "award_list", awards...); err != nil {
		return err
	}
	p.Rows = s.awardRows(t, p.Base, awards)
	p.page(q, awards, more)
	return s.show(w, r, "console/awards.html", p)
}

// page says where in the list this page is. The list may grow while somebody
// reads, so pages begin after an award and not at a number.
func (p *awardListPage) page(q url.Values, awards []*issuing.Award, more bool) {
	from, _ := strconv.ParseInt(q.Get("from"), 10, 64)
	from = max(from, 1)
	p.Paging = paging{From: from, To: from + int64(len(awards)) - 1, Total: -1}
	if q.Get("before") != "" {
		first := copyQuery(q, "before", "from")
		p.Paging.Previous = p.Base + "/awards?" + first.Encode()
	}
	if more {
		next := copyQuery(q, "before", "from")
		next.Set("before", strconv.FormatInt(awards[len(awards)-1].ID, 10))
		next.Set("from", strconv.FormatInt(p.Paging.To+1, 10))
		p.Paging.Next = p.Base + "/awards?" + next.Encode()
	}
	p.Paged = p.Paging.Previous != "" || p.Paging.Next != ""
}

func copyQuery(q url.Values, without ...string) url.Values {
	c := url.Values{}
	for name, values := range q {
		c[name] = values
	}
	for _, name := range without {
		c.Del(name)
	}
	return c
}

func (s *Server) awardTabs(t printer, base string, awards bool) []tab {
	return []tab{
		{URL: base + "/awards", Label: t.T("award.list.tab_people", nil), Current: awards},
		{URL: base + "/batches", Label: t.T("award.list.tab_batches", nil), Current: !awards},
	}
}
