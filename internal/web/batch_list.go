package web

import (
	"net/http"
	"time"

	"github.com/roundel/roundel/internal/issuing"
)

// batchListPage lists an organisation's spreadsheets.
type batchListPage struct {
	consolePage
	Tabs []tab
	Rows []batchItem
	New  string // address at which a badge is chosen
}

// batchItem is one spreadsheet in the list.
type batchItem struct {
	URL, File, Badge string
	Date             time.Time
	Tag              tag
	News             string
}

// batchList answers GET /console/{org}/batches.
func (s *Server) batchList(w http.ResponseWriter, r *http.Request) error {
	t := s.texts(r)
	p := &batchListPage{consolePage: s.desk(r, areaAwards, t.T("award.list.title", nil))}
	p.Tabs, p.New = s.awardTabs(t, p.Base, false), p.Base+"/badges"
	list, err := s.Issuing.Batches(r.Context(), p.Org.ID, p.reach, 100)
	if err != nil {
		return err
	}
	for _, b := range list {
		item := batchItem{URL: batchPath(r, b), File: b.FileName, Badge: b.BadgeName, Date: b.CreatedAt}
		item.Tag, item.News = batchState(t, b)
		p.Rows = append(p.Rows, item)
	}
	return s.show(w, r, "console/batches.html", p)
}

// batchState says in a word, and then in a few, how far a spreadsheet is.
func batchState(t printer, b *issuing.Batch) (tag, string) {
	args := map[string]any{"count": b.Rows.Total, "good": b.Rows.Good, "bad": b.Rows.Bad, "done": b.Rows.Issued, "total": b.Rows.Awarded + b.Rows.Good, "left": b.Rows.Bad + b.Rows.Skipped}
	switch b.State {
	case issuing.BatchMapping:
		return tag{Kind: "wait", Text: t.T("batch.tag.mapping", nil)}, t.T("batch.news.mapping", args)
	case issuing.BatchChecked:
		return tag{Kind: "wait", Text: t.T("batch.tag.checked", nil)}, t.T("batch.news.checked", args)
	case issuing.BatchRunning:
		return tag{Kind: "info", Text: t.T("batch.tag.running", nil)}, t.T("batch.news.running", args)
	}
	return tag{Kind: "good", Text: t.T("batch.tag.done", nil)}, t.T("batch.news.done", args)
}
