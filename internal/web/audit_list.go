package web

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/publicid"
)

// seenBatch records that the person who asks saw or took the rows of a
// spreadsheet, of which most are not awards yet.
func (s *Server) seenBatch(r *http.Request, b *issuing.Batch, action, view string) error {
	return s.Audit.Note(r.Context(), audit.Entry{OrganisationID: b.OrganisationID, Action: action, Subject: "batch", SubjectID: b.ID,
		Data: map[string]string{"view": view}})
}

// seenMails records that the person who asks saw to whom mails went.
func (s *Server) seenMails(r *http.Request, view string, list []outbox.Entry) error {
	var awards []int64
	for _, e := range list {
		if e.AwardID != 0 {
			awards = append(awards, e.AwardID)
		}
	}
	return s.Audit.Seen(r.Context(), gate.From(r.Context()).Organisation.ID, view, awards...)
}

// auditPage shows who did what, when and from where: in an organisation, or to
// the operator in all of the installation.
type auditPage struct {
	consolePage
	Tabs    []tab
	Here    string // address of this page
	All     bool   // of every organisation
	Form    auditForm
	Actions []option
	People  []option
	Filters bool // the list is limited in some way
	Rows    []auditRow
	First   string
	Next    string
	Lines   string // address of the log as JSON Lines
	Table   string // as CSV
	Wrong   string // what of the search could not be used
}

// auditForm is what is searched for, as it stands in the address.
type auditForm struct{ Action, Person, Subject, Request, From, Until string }

// auditRow is one entry.
type auditRow struct {
	When         time.Time
	Who, WhoURL  string // the address limits the list to them
	Did          string // a sentence's end: "withdrew a badge"
	Thing        string
	ThingURL     string // leads to it
	About        string // limits the list to it
	Details      string
	From         string
	Request      string // address that limits the list to what the same request did
	Organisation string // for the operator
	Number       int64
}

const auditPerPage = 50

// auditRoutes are for those who look into the audit log.
func (s *Server) auditRoutes() []route {
	const log = "/console/{org}/settings/audit"
	return []route{
		{"GET " + log, gate.Needs(org.ViewAudit), s.auditList},
		{"GET " + log + ".jsonl", gate.Needs(org.ViewAudit), s.auditFile},
		{"GET " + log + ".csv", gate.Needs(org.ViewAudit), s.auditFile},
		{"GET /operator/audit", gate.Operator, s.auditOperator},
		{"GET /operator/audit.jsonl", gate.Operator, s.auditFileOperator},
		{"GET /operator/audit.csv", gate.Operator, s.auditFileOperator},
	}
}

// seen records that the person who asks saw data of these recipients. What
// cannot be recorded is not shown.
func (s *Server) seen(r *http.Request, view string, awards ...*issuing.Award) error {
	ids := make([]int64, len(awards))
	for i, a := range awards {
		ids[i] = a.ID
	}
	return s.Audit.Seen(r.Context(), gate.From(r.Context()).Organisation.ID, view, ids...)
}

// auditList answers GET /console/{org}/settings/audit.
func (s *Server) auditList(w http.ResponseWriter, r *http.Request) error {
	t := s.texts(r)
	p := &auditPage{consolePage: s.desk(r, areaSettings, t.T("settings.tab.audit", nil))}
	p.Here, p.Tabs = p.Base+"/settings/audit", s.settingsTabs(r, p.Base, "audit")
	p.Lines, p.Table = p.Here+".jsonl", p.Here+".csv"
	return s.showAudit(w, r, p, audit.Query{Organisation: p.Org.ID})
}

// auditOperator answers GET /operator/audit.
func (s *Server) auditOperator(w http.ResponseWriter, r *http.Request) error {
	t := s.texts(r)
	p := &auditPage{All: true, Here: "/operator/audit", Lines: "/operator/audit.jsonl", Table: "/operator/audit.csv"}
	d, err := s.operatorDesk(r, t.T("audit.all_title", nil))
	if err != nil {
		return err
	}
	p.Page = d.Page
	return s.showAudit(w, r, p, audit.Query{All: true})
}

// showAudit fills the page with what q and the address ask for.
func (s *Server) showAudit(w http.ResponseWriter, r *http.Request, p *auditPage, q audit.Query) error {
	ctx, t, query := r.Context(), s.texts(r), r.URL.Query()
	p.read(t, query, &q)
	period := url.Values{}
	for _, name := range []string{"from", "until"} {
		if v := query.Get(name); v != "" {
			period.Set(name, v)
		}
	}
	if len(period) > 0 {
		p.Lines, p.Table = p.Lines+"?"+period.Encode(), p.Table+"?"+period.Encode()
	}
	actions, err := s.Audit.Actions(ctx, q.Organisation, q.All)
	if err != nil {
		return err
	}
	p.Actions = s.actionOptions(t, actions)
	if !q.All {
		members, err := s.Orgs.Members(ctx, q.Organisation)
		if err != nil {
			return err
		}
		for _, m := range members {
			p.People = append(p.People, option{Value: strconv.FormatInt(m.AccountID, 10), Label: m.Name})
		}
	}
	q.Limit = auditPerPage + 1
	found, err := s.Audit.Search(ctx, q)
	if err != nil {
		return err
	}
	if query.Get("before") != "" {
		p.First = p.Here + "?" + copyQuery(query, "before").Encode()
	}
	if len(found) > auditPerPage {
		found = found[:auditPerPage]
		next := copyQuery(query, "before")
		next.Set("before", strconv.FormatInt(found[len(found)-1].ID, 10))
		p.Next = p.Here + "?" + next.Encode()
	}
	for _, f := range found {
		p.Rows = append(p.Rows, s.auditRow(t, p, f))
	}
	return s.show(w, r, "console/audit.html", p)
}

// read takes the search out of the address.
func (p *auditPage) read(t printer, query url.Values, q *audit.Query) {
	get := func(name string) string { return strings.TrimSpace(query.Get(name)) }
	p.Form = auditForm{get("action"), get("person"), get("subject"), get("request"), get("from"), get("until")}
	p.Filters = p.Form != auditForm{}
	q.Action, q.Request = p.Form.Action, p.Form.Request
	q.Before, _ = strconv.ParseInt(query.Get("before"), 10, 64) // what is no number asks for the first page
	q.Account, _ = strconv.ParseInt(p.Form.Person, 10, 64)
	if noun, id, found := strings.Cut(p.Form.Subject, " "); found {
		q.SubjectID, _ = strconv.ParseInt(id, 10, 64)
		q.Subject = noun
	}
	day := func(text string, add int) time.Time {
		if text == "" {
			return time.Time{}
		}
		d, err := time.Parse(dayForm, text)
		if err != nil {
			p.Wrong = t.T("audit.bad_day", map[string]any{"day": text})
			return time.Time{}
		}
		return d.AddDate(0, 0, add)
	}
	q.From, q.Until = day(p.Form.From, 0), day(p.Form.Until, 1)
}

// actionOptions offers each kind of thing as a whole, and each action.
func (s *Server) actionOptions(t printer, actions []string) []option {
	var all []option
	for _, a := range actions {
		all = append(all, option{Value: a, Label: s.actionText(t, a)})
	}
	slices.SortStableFunc(all, func(a, b option) int { return strings.Compare(a.Label, b.Label) })
	return all
}

// actionText says what was done, as the end of a sentence that begins with who
// did it. An action that the catalogue does not know is shown as it is stored.
func (s *Server) actionText(t printer, action string) string {
	if id := "audit.action." + action; s.Catalogues.Has(id) {
		return t.T(id, nil)
	}
	return action
}

func (s *Server) auditRow(t printer, p *auditPage, f audit.Found) auditRow {
	row := auditRow{
		When: f.At, Did: s.actionText(t, f.Action), From: f.Address, Organisation: f.Organisation, Number: f.ID,
		Details: s.details(t, f.Data),
	}
	if f.OrganisationID == 0 {
		row.Organisation = t.T("audit.installation", nil)
	}
	if f.RequestID != "" && p.Form.Request == "" {
		row.Request = p.Here + "?request=" + url.QueryEscape(f.RequestID)
	}
	row.Who = s.whoDid(t, f)
	if f.AccountID != 0 {
		row.WhoURL = p.Here + "?person=" + strconv.FormatInt(f.AccountID, 10)
	}
	if f.Subject != "" && f.SubjectID != 0 {
		row.Thing = s.thingText(t, f.Subject) + " " + strconv.FormatInt(f.SubjectID, 10)
		row.About = p.Here + "?subject=" + url.QueryEscape(f.Subject+" "+strconv.FormatInt(f.SubjectID, 10))
	}
	if f.Thing != (publicid.ID{}) && f.Slug != "" && !p.All {
		if folder, has := map[string]string{"award": "awards", "badge": "badges", "batch": "batches", "mail": "outbox"}[f.Subject]; has {
			row.ThingURL = "/console/" + f.Slug + "/" + folder + "/" + f.Thing.String()
		}
	}
	return row
}

func (s *Server) whoDid(t printer, f audit.Found) string {
	who := f.Person
	if who == "" && f.AccountID != 0 {
		who = t.T("audit.account", map[string]any{"number": f.AccountID})
	}
	switch {
	case f.TokenID != 0:
		token := t.T("audit.token", map[string]any{"number": f.TokenID})
		if who == "" {
			return token
		}
		return who + " · " + token
	case who != "":
		return who
	case f.Service != "" && s.Catalogues.Has("audit.service."+f.Service):
		return t.T("audit.service."+f.Service, nil)
	case f.Service != "":
		return f.Service
	}
	return t.T("audit.nobody", nil)
}

func (s *Server) thingText(t printer, subject string) string {
	if id := "audit.subject." + subject; s.Catalogues.Has(id) {
		return t.T(id, nil)
	}
	return strings.ReplaceAll(subject, "_", " ")
}

// details shows an entry's ids and codes, in words where there are some.
func (s *Server) details(t printer, data map[string]string) string {
	var parts []string
	if id := "audit.view." + data["view"]; s.Catalogues.Has(id) {
		parts = append(parts, t.T(id, nil))
	}
	if n, err := strconv.Atoi(data["count"]); err == nil {
		parts = append(parts, t.T("audit.count", map[string]any{"count": n}))
	}
	for _, k := range slices.Sorted(maps.Keys(data)) {
		if k == "count" || k == "view" && len(parts) > 0 {
			continue
		}
		v := data[k]
		if len(v) > 28 { // the file has it whole
			v = v[:6] + "…" + v[len(v)-8:]
		}
		parts = append(parts, strings.ReplaceAll(k, "_", " ")+": "+v)
	}
	return strings.Join(parts, ", ")
}

// auditFile answers GET …/settings/audit.jsonl and …/audit.csv: the log of an
// organisation, whole or of a period, for people and for strangers who check it.
func (s *Server) auditFile(w http.ResponseWriter, r *http.Request) error {
	return s.sendAudit(w, r, gate.From(r.Context()).Organisation.ID)
}

// auditFileOperator answers GET /operator/audit.jsonl and /operator/audit.csv:
// the installation's own log, or with ?organisation=N that organisation's.
func (s *Server) auditFileOperator(w http.ResponseWriter, r *http.Request) error {
	id, _ := strconv.ParseInt(r.URL.Query().Get("organisation"), 10, 64) // what is no number asks for the installation's
	return s.sendAudit(w, r, id)
}

func (s *Server) sendAudit(w http.ResponseWriter, r *http.Request, organisation int64) error {
	ctx := r.Context()
	p := &auditPage{}
	q := audit.Query{}
	if p.read(s.texts(r), r.URL.Query(), &q); p.Wrong != "" {
		q.From, q.Until = time.Time{}, time.Time{}
	}
	form, media, write := "jsonl", "application/jsonl; charset=utf-8", s.Audit.WriteJSONLines
	if strings.HasSuffix(r.URL.Path, ".csv") {
		form, media, write = "csv", "text/csv; charset=utf-8", s.Audit.WriteCSV
	}
	if err := s.noteAuditExport(ctx, organisation, form); err != nil {
		return err
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="audit-%d-%s.%s"`, organisation, s.Now().UTC().Format(dayForm), form))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	n := &counting{ResponseWriter: w}
	err := write(ctx, n, organisation, audit.Period{From: q.From, Until: q.Until})
	if err != nil && n.written { // a file that breaks off must not look whole
		s.Log.ErrorContext(ctx, "audit log not sent", "error", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

// noteAuditExport records that somebody took the log away.
func (s *Server) noteAuditExport(ctx context.Context, organisation int64, form string) error {
	return s.Audit.Note(ctx, audit.Entry{OrganisationID: organisation, Action: "audit.exported", Subject: "organisation", SubjectID: organisation,
		Data: map[string]string{"format": form}})
}

// counting notes whether anything was written.
type counting struct {
	http.ResponseWriter
	written bool
}

// Write passes b on.
func (c *counting) Write(b []byte) (int, error) {
	c.written = true
	return c.ResponseWriter.Write(b)
}
