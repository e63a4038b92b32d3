package web

import (
	"context"
	"net/http"
	"time"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/outbox"
)

// awardShowPage shows one award to those who made it.
type awardShowPage struct {
	consolePage
	Award     *issuing.Award
	Version   *badge.Version
	Picture   string
	Tags      []tag
	State     issuing.State
	Self      string // address of this page
	BadgeURL  string
	PublicURL string
	Reason    string // public, in words
	Reasons   []option
	History   []moment
	MailsSent []mailRow
	NewLink   string // a claim link that was just made; shown this once
	Open      string // the question that was answered wrongly: revoke or suspend
	Note      string // what was entered as private note
	Chosen    string // what was chosen as reason
	MayErase  bool
	Later     *awardRow // the award that replaced this one
}

// awardOf returns the award that the address names.
func (s *Server) awardOf(r *http.Request) (*issuing.Award, error) {
	id, err := pathID(r, "award")
	if err != nil {
		return nil, err
	}
	return s.Issuing.Award(r.Context(), gate.From(r.Context()).Organisation.ID, id)
}

// awardedVersion returns the version of the badge that was awarded.
func (s *Server) awardedVersion(ctx context.Context, a *issuing.Award) (*badge.Version, error) {
	return s.Badges.VersionByID(ctx, a.VersionID)
}

// awardPath returns the address of an award in the console.
func awardPath(r *http.Request, a *issuing.Award) string {
	return "/console/" + gate.From(r.Context()).Organisation.Slug + "/awards/" + a.PublicID.String()
}

// awardShow answers GET …/awards/{award}.
func (s *Server) awardShow(w http.ResponseWriter, r *http.Request) error {
	a, err := s.awardOf(r)
	if err != nil {
		return err
	}
	return s.showAward(w, r, a, &awardShowPage{})
}

func (s *Server) showAward(w http.ResponseWriter, r *http.Request, a *issuing.Award, p *awardShowPage) error {
	ctx, t := r.Context(), s.texts(r)
	v, err := s.awardedVersion(ctx, a)
	if err != nil {
		return err
	}
	if err := s.seen(r, "award_page", a); err != nil {
		return err
	}
	a, wrong := named(t, a), p.Problems
	p.consolePage = s.desk(r, areaAwards, t.T("award.show.title", map[string]any{"name": a.Recipient.Name, "badge": v.Name}))
	p.Problems, p.Secret = wrong, p.NewLink != ""
	p.Award, p.Version, p.Picture, p.Tags, p.State = a, v, s.picturePath(v), awardTags(t, a, s.Now()), a.State(s.Now())
	p.Self, p.BadgeURL, p.PublicURL = awardPath(r, a), p.Base+"/badges/"+v.BadgePublic.String(), s.Issuing.URL(a)
	if a.Reason != "" {
		p.Reason = t.T("reason."+string(a.Reason), nil)
	}
	p.MayErase = gate.From(ctx).May(org.ErasePeople)
	for _, reason := range issuing.Reasons {
		p.Reasons = append(p.Reasons, option{Value: string(reason), Label: t.T("reason."+string(reason), nil)})
	}
	p.crumb(p.Base+"/awards", t.T("console.nav.awards", nil))
	p.crumb("", a.Recipient.Name)
	p.History = awardHistory(t, a)
	if a.ReplacedBy != 0 {
		later, err := s.Issuing.AwardByID(ctx, a.ReplacedBy)
		if err != nil {
			return err
		}
		p.Later = &s.awardRows(t, p.Base, []*issuing.Award{later})[0]
	}
	if p.MailsSent, err = s.mailsOf(r, a); err != nil {
		return err
	}
	return s.show(w, r, "console/award.html", p)
}

// mailsOf lists the mails about an award.
func (s *Server) mailsOf(r *http.Request, a *issuing.Award) ([]mailRow, error) {
	list, err := s.Outbox.List(r.Context(), a.OrganisationID, outbox.Filter{Award: a.ID})
	if err != nil {
		return nil, err
	}
	return mailRows(s.texts(r), "/console/"+gate.From(r.Context()).Organisation.Slug+"/outbox", list), nil
}

// awardHistory tells what happened to the award, newest first.
func awardHistory(t printer, a *issuing.Award) []moment {
	var list []moment
	add := func(when time.Time, kind, text, detail string) {
		if !when.IsZero() {
			list = append(list, moment{When: when, Kind: kind, Text: text, Detail: detail})
		}
	}
	detail := ""
	if a.Reason != "" {
		detail = t.T("reason."+string(a.Reason), nil)
	}
	add(a.RevokedAt, "bad", t.T("award.history.revoked", nil), detail)
	add(a.SuspendedAt, "wait", t.T("award.history.suspended", nil), detail)
	add(a.PublishedAt, "good", t.T("award.history.published", nil), "")
	switch a.Claim {
	case issuing.Accepted:
		add(a.ClaimedAt, "good", t.T("award.history.accepted", nil), "")
	case issuing.Declined:
		add(a.ClaimedAt, "bad", t.T("award.history.declined", nil), "")
	}
	add(a.IssuedAt, "", t.T("award.history.issued", nil), "")
	return list
}
