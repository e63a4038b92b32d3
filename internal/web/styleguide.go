package web

import (
	"net/http"
	"time"

	"github.com/roundel/roundel/internal/fault"
)

// styleguidePage shows every component in every state. It is served in
// development only, so its words are not in the catalogues.
type styleguidePage struct {
	Page
	Now      time.Time
	Bad      problems
	Pictures []string // addresses of sample badges
	Icons    []string
}

// styleguide answers GET /styleguide.
func (x *renderer) styleguide(pictures ...string) func(w http.ResponseWriter, r *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		p := &styleguidePage{Now: time.Date(2026, 3, 1, 14, 2, 0, 0, time.UTC), Pictures: pictures}
		p.Title, p.NoIndex = "Style guide", true
		p.Accent = r.URL.Query().Get("accent")
		p.Nav = nav{Person: "Amara Okafor", Organisation: "Northlight University", Console: "/console", Account: "/account", SignOut: "/logout"}
		for _, item := range []navItem{
			{Label: "Type", URL: "#type", Icon: "file-text"}, {Label: "Buttons", URL: "#buttons", Icon: "circle-check"},
			{Label: "Messages", URL: "#messages", Icon: "info"}, {Label: "Forms", URL: "#forms", Icon: "pencil"},
			{Label: "Badges", URL: "#badges", Icon: "award"}, {Label: "Lists", URL: "#lists", Icon: "list"},
			{Label: "Tables", URL: "#tables", Icon: "table"}, {Label: "Ways", URL: "#ways", Icon: "flag"},
			{Label: "Questions", URL: "#questions", Icon: "circle-question-mark", Count: 3},
			{Label: "Icons", URL: "#icons", Icon: "star"},
		} {
			item.Current = item.URL == "#type"
			p.Nav.Items = append(p.Nav.Items, item)
		}
		p.Bad = problems{Message: "2 fields need your attention.", Fields: []fault.Field{
			{Path: "bad-email", Message: "“amara.okafor” is not an e-mail address: it has no @."},
			{Path: "bad-date", Message: "The date is before the badge existed. Choose a day from 4 May 2025 on."},
		}}
		p.Icons = x.iconNames()
		return x.render(w, r, http.StatusOK, "development/styleguide.html", p)
	}
}
