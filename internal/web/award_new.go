package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/publicid"
)

// awardNewPage asks who gets a badge.
type awardNewPage struct {
	consolePage
	Badge    *badge.Badge
	Self     string // address of the badge
	Picture  string
	Form     awardFields
	Today    string
	Holders  []awardRow // by these awards the address has the badge already
	Evidence bool       // evidence and narrative enter the signed badge
	NameIn   bool       // so does the name
}

// awardFields is what was entered, as entered.
type awardFields struct {
	Name, Email, Date, Until, Result, Narrative string
	Evidence                                    []evidenceFields
	Again                                       bool   // award it even to somebody who has it
	Once                                        string // tells a form sent twice from a second award
}

type evidenceFields struct {
	Number                 int
	URL, Name, Description string
}

const dayForm = "2006-01-02"

// maxEvidence is how many pieces of evidence the form takes.
const maxEvidence = 10

// awardForm answers GET …/badges/{badge}/award.
func (s *Server) awardForm(w http.ResponseWriter, r *http.Request) error {
	b, err := s.badgeOf(r)
	if err != nil {
		return err
	}
	f := awardFields{Date: s.Now().UTC().Format(dayForm), Evidence: []evidenceFields{{Number: 1}}, Once: publicid.New().String()}
	return s.showAwardForm(w, r, b, &awardNewPage{Form: f})
}

func (s *Server) showAwardForm(w http.ResponseWriter, r *http.Request, b *badge.Badge, p *awardNewPage) error {
	t := s.texts(r)
	if b.Published == nil {
		return s.done(w, r, badgePath(r, b.PublicID), "wait", "publish_first")
	}
	if !b.ArchivedAt.IsZero() {
		return s.done(w, r, badgePath(r, b.PublicID), "wait", "bring_back_first")
	}
	wrong := p.Problems
	p.consolePage = s.desk(r, areaBadges, t.T("award.new.title", map[string]any{"badge": b.Published.Name}))
	p.Problems, p.Badge, p.Self, p.Picture = wrong, b, badgePath(r, b.PublicID), s.picturePath(b.Published)
	p.Today, p.Evidence, p.NameIn = s.Now().UTC().Format(dayForm), p.Org.IncludeEvidence, p.Org.IncludeName
	p.crumb(p.Base+"/badges", t.T("console.nav.badges", nil))
	p.crumb(p.Self, b.Published.Name)
	p.crumb("", t.T("award.new.crumb", nil))
	return s.show(w, r, "console/award-new.html", p)
}

// awardCreate answers POST …/badges/{badge}/award.
func (s *Server) awardCreate(w http.ResponseWriter, r *http.Request) error {
	b, err := s.badgeOf(r)
	if err != nil {
		return err
	}
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	f := readAwardFields(r)
	p := &awardNewPage{Form: f}
	if r.PostFormValue("do") == "evidence" {
		p.Form.Evidence = append(p.Form.Evidence, evidenceFields{Number: len(f.Evidence) + 1})
		return s.showAwardForm(w, r, b, p)
	}
	request, wrong := f.request(b.PublicID, s.Now())
	if wrong == nil && !f.Again {
		if p.Holders, err = s.holders(r, b, f.Email); err != nil {
			return err
		}
		if len(p.Holders) > 0 {
			wrong = fault.Fields(fault.Field{Path: "again", Message: s.texts(r).T("award.new.holder_problem", nil)})
		}
	}
	var a *issuing.Award
	if wrong == nil {
		c := gate.From(r.Context())
		a, wrong = s.Issuing.Issue(r.Context(), c.Organisation.ID, c.AccountID(), request, f.retry(b.PublicID))
	}
	if refused(wrong) {
		p.Problems = problemsOf(wrong)
		return s.showAwardForm(w, r, b, p)
	}
	if wrong != nil {
		return wrong
	}
	code := "awarded"
	if a.Trial {
		code = "awarded_trial"
	}
	return s.done(w, r, "/console/"+gate.From(r.Context()).Organisation.Slug+"/awards/"+a.PublicID.String(), "good", code)
}

func readAwardFields(r *http.Request) awardFields {
	v := r.PostFormValue
	f := awardFields{
		Name: v("name"), Email: v("email"), Date: v("date"), Until: v("until"), Result: v("result"),
		Narrative: unixLines(v("narrative")), Again: v("again") == "yes", Once: v("once"),
	}
	for n := 1; n <= maxEvidence; n++ {
		suffix := "_" + strconv.Itoa(n)
		if _, sent := r.PostForm["evidence_url"+suffix]; n > 1 && !sent {
			break
		}
		f.Evidence = append(f.Evidence, evidenceFields{Number: n, URL: v("evidence_url" + suffix), Name: v("evidence_name" + suffix), Description: v("evidence_description" + suffix)})
	}
	return f
}

// request reads the dates; the rest is checked where awards are made.
func (f awardFields) request(id publicid.ID, now time.Time) (issuing.Request, error) {
	q := issuing.Request{Badge: id, Recipient: issuing.Recipient{Name: f.Name, Email: f.Email},
		Details: issuing.Details{Result: strings.TrimSpace(f.Result), Narrative: strings.TrimSpace(f.Narrative)}}
	var wrong []fault.Field
	day := func(path, text string) (t time.Time) {
		if text = strings.TrimSpace(text); text == "" || (path == "date" && text == now.UTC().Format(dayForm)) {
			return t // today means now
		}
		t, err := time.Parse(dayForm, text)
		if err != nil {
			wrong = append(wrong, fault.Field{Path: path, Message: "Enter the date as year-month-day, for example " + now.UTC().Format(dayForm) + "."})
		}
		return t
	}
	q.ValidFrom, q.ValidUntil = day("date", f.Date), day("until", f.Until)
	for _, e := range f.Evidence {
		e.URL, e.Name, e.Description = strings.TrimSpace(e.URL), strings.TrimSpace(e.Name), strings.TrimSpace(e.Description)
		if e.URL != "" || e.Name != "" || e.Description != "" {
			q.Details.Evidence = append(q.Details.Evidence, issuing.Evidence{URL: e.URL, Name: e.Name, Description: e.Description})
		}
	}
	return q, fault.Fields(wrong...)
}

// retry makes a form that is sent twice, by an impatient click, one award: the
// same form with the same content is the same request.
func (f awardFields) retry(id publicid.ID) issuing.Retry {
	if _, err := publicid.Parse(f.Once); err != nil {
		return issuing.Retry{}
	}
	content, _ := json.Marshal(f) // plain texts always encode
	sum := sha256.Sum256(append(id[:], content...))
	return issuing.Retry{Endpoint: "console/award", Key: f.Once + "." + hex.EncodeToString(sum[:8]), Hash: sum[:]}
}

// holders returns the awards by which somebody with this address has the badge
// already.
func (s *Server) holders(r *http.Request, b *badge.Badge, email string) ([]awardRow, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	if email == "" {
		return nil, nil // nobody
	}
	c := gate.From(r.Context())
	list, err := s.Issuing.List(r.Context(), c.Organisation.ID, issuing.Filter{Badge: b.PublicID, Search: email})
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(a *issuing.Award) bool {
		return strings.ToLower(a.Recipient.Email) != email || !a.RevokedAt.IsZero() || a.ReplacedBy != 0 || a.Claim == issuing.Declined
	})
	if err := s.seen(r, "holders", list...); err != nil {
		return nil, err
	}
	return s.awardRows(s.texts(r), "/console/"+c.Organisation.Slug, list), nil
}
