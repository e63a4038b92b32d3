package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/publicid"
)

// mailRow is one mail in a list.
type mailRow struct {
	URL, To, Subject string
	Date             time.Time
	Tag              tag
	News             string
	Failed           bool
}

func mailRows(t printer, here string, list []outbox.Entry) []mailRow {
	rows := make([]mailRow, 0, len(list))
	for _, e := range list {
		rows = append(rows, mailRow{URL: here + "/" + e.ID.String(), To: e.To, Subject: e.Subject, Date: e.CreatedAt, Tag: mailTag(t, e), News: mailNews(t, e), Failed: e.State == outbox.Failed})
	}
	return rows
}

func mailTag(t printer, e outbox.Entry) tag {
	switch e.State {
	case outbox.Sent:
		return tag{Kind: "good", Text: t.T("mail.tag.sent", nil)}
	case outbox.Failed:
		return tag{Kind: "bad", Text: t.T("mail.tag.failed", nil)}
	case outbox.Held:
		return tag{Text: t.T("mail.tag.held", nil)}
	case outbox.Waiting:
		return tag{Kind: "wait", Text: t.T("mail.tag.waiting", nil)}
	}
	return tag{Kind: "wait", Text: t.T("mail.tag.queued", nil)}
}

// mailNews says why a mail is in its state.
func mailNews(t printer, e outbox.Entry) string {
	switch {
	case e.LastError != "" && e.State == outbox.Queued:
		return t.T("mail.news.again", map[string]any{"reason": e.LastError, "when": t.DateTime(e.NextAt)})
	case e.LastError != "":
		return e.LastError
	case e.State == outbox.Sent:
		return t.T("mail.news.sent", map[string]any{"when": t.DateTime(e.SentAt)})
	}
	return t.T("mail.news."+e.State, nil)
}

// outboxListPage lists an organisation's mails.
type outboxListPage struct {
	consolePage
	mailList
}

// mailList is a list of mails with a way through it.
type mailList struct {
	Tabs   []tab
	Rows   []mailRow
	State  string
	Next   string
	First  string
	Failed int64
	Any    bool // there is a mail in any state
}

const mailsPerPage = 50

// outboxList answers GET /console/{org}/outbox.
func (s *Server) outboxList(w http.ResponseWriter, r *http.Request) error {
	p := &outboxListPage{consolePage: s.desk(r, areaOutbox, s.texts(r).T("outbox.title", nil))}
	list, err := s.listMails(r, &p.mailList, p.Org.ID, p.Base+"/outbox")
	if err != nil {
		return err
	}
	if err := s.seenMails(r, "mail_list", list); err != nil {
		return err
	}
	return s.show(w, r, "console/outbox.html", p)
}

// listMails fills p with the mails of an organisation, or with 0 with those of
// the installation, as the address of the page asks for them. here is that
// address.
func (s *Server) listMails(r *http.Request, p *mailList, organisationID int64, here string) ([]outbox.Entry, error) {
	t, q := s.texts(r), r.URL.Query()
	counts, err := s.Outbox.Counts(r.Context(), organisationID)
	if err != nil {
		return nil, err
	}
	p.State = q.Get("state")
	var all int64
	for _, n := range counts {
		all += int64(n)
	}
	p.Any, p.Failed = all > 0, int64(counts[outbox.Failed])
	p.Tabs = []tab{{URL: here, Label: t.T("outbox.all", nil), Current: p.State == "", Count: all, Counted: true}}
	for _, state := range []string{outbox.Queued, outbox.Waiting, outbox.Held, outbox.Sent, outbox.Failed} {
		if counts[state] > 0 || p.State == state {
			p.Tabs = append(p.Tabs, tab{URL: here + "?state=" + state, Label: t.T("mail.tag."+state, nil), Current: p.State == state, Count: int64(counts[state]), Counted: true})
		}
	}
	f := outbox.Filter{State: p.State, Limit: mailsPerPage + 1}
	if id, err := publicid.Parse(q.Get("before")); err == nil {
		f.Before = id
		p.First = here + "?" + copyQuery(q, "before").Encode()
	}
	list, err := s.Outbox.List(r.Context(), organisationID, f)
	if err != nil {
		return nil, err
	}
	if len(list) > mailsPerPage {
		list = list[:mailsPerPage]
		next := copyQuery(q, "before")
		next.Set("before", list[len(list)-1].ID.String())
		p.Next = here + "?" + next.Encode()
	}
	p.Rows = mailRows(t, here, list)
	return list, nil
}

// outboxMailPage shows one mail.
type outboxMailPage struct {
	consolePage
	Mail  *outbox.Entry
	Row   mailRow
	Link  string // what the mail's button opens, "" once the text is erased
	Award string // address of the award that it is about
	Retry string // address at which a failed mail is sent again
}

// claimLink finds the link that a mail's button opens.
var claimLink = regexp.MustCompile(`https?://\S+/claim/[A-Za-z0-9_-]+`)

// outboxMail answers GET /console/{org}/outbox/{mail}.
func (s *Server) outboxMail(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "mail")
	if err != nil {
		return err
	}
	t, o := s.texts(r), gate.From(r.Context()).Organisation
	e, err := s.Outbox.Get(r.Context(), o.ID, id)
	if err != nil {
		return err
	}
	p := &outboxMailPage{consolePage: s.desk(r, areaOutbox, e.Subject), Mail: e, Row: mailRows(t, "/console/"+o.Slug+"/outbox", []outbox.Entry{*e})[0]}
	if err := s.seenMails(r, "mail", []outbox.Entry{*e}); err != nil {
		return err
	}
	p.Secret = e.Text != "" // it holds the link that opens the badge
	p.crumb(p.Base+"/outbox", t.T("console.nav.outbox", nil))
	p.crumb("", e.To)
	if link := claimLink.FindString(e.Text); link != "" {
		if u, err := url.Parse(link); err == nil && strings.HasPrefix(u.Path, "/claim/") {
			p.Link = link
		}
	}
	if e.State == outbox.Failed {
		p.Retry = p.Row.URL + "/retry"
	}
	if e.AwardID != 0 {
		a, err := s.Issuing.AwardByID(r.Context(), e.AwardID)
		if err != nil {
			return err
		}
		p.Award = p.Base + "/awards/" + a.PublicID.String()
	}
	return s.show(w, r, "console/mail.html", p)
}

// outboxRetry answers POST /console/{org}/outbox/{mail}/retry.
func (s *Server) outboxRetry(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "mail")
	if err != nil {
		return err
	}
	o := gate.From(r.Context()).Organisation
	if err := s.Outbox.Retry(r.Context(), o.ID, id); err != nil {
		return err
	}
	return s.done(w, r, "/console/"+o.Slug+"/outbox/"+id.String(), "good", "mail_retry")
}
