package web

import (
	"net/http"
	"time"

	"github.com/roundel/roundel/internal/claim"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
)

// claimPage is what the link in a claim mail opens. Its buttons post "answer":
// accept, decline, publish or unpublish.
type claimPage struct {
	Page
	Action              string // address that the answers are posted to
	Picture, PictureAlt string
	Name                string // of the badge
	Issuer              issuerRef
	From                string // what the issuer is called at the beginning of a sentence
	Contact             string // e-mail address of the issuer
	Recipient           string
	IssuedAt            time.Time
	ValidUntil          time.Time
	Answer              string // waiting, accepted or declined
	Published           bool
	State               string    // current, expired, not_yet_valid, revoked or suspended
	Reason              string    // why it was withdrawn or paused, a sentence
	Since               time.Time // when that was
	Trial               bool

	Description string
	Criteria    string   // Markdown
	Narrative   string   // Markdown: how this person earned it
	Shows       []string // what people see when it is published
	PublicURL   string
	Share       share
	Files       []download
}

// Off reports whether the badge was withdrawn or is paused: there is nothing to
// show off then.
func (p *claimPage) Off() bool { return p.State == "revoked" || p.State == "suspended" }

// claimShow answers GET /claim/{secret}. It changes nothing: mail scanners
// follow links.
func (s *Server) claimShow(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Claims.Open(r.Context(), r.PathValue("secret"))
	if err != nil {
		return err
	}
	ctx, t := r.Context(), s.texts(r)
	v, err := s.awardedVersion(ctx, a)
	if err != nil {
		return err
	}
	o, err := s.Orgs.ByID(ctx, a.OrganisationID)
	if err != nil {
		return err
	}
	address := "/claim/" + r.PathValue("secret")
	p := &claimPage{
		Page:   Page{Title: t.T("claim.page_title", map[string]any{"badge": v.Name}), Secret: true, Accent: o.Accent},
		Action: address, Picture: s.picturePath(v), PictureAlt: v.PictureAlt, Name: v.Name, Issuer: s.issuerRef(t, o), From: s.called(o).First(t), Contact: o.Email,
		Recipient: a.Recipient.Name, IssuedAt: a.ValidFrom, ValidUntil: a.ValidUntil, Answer: string(a.Claim), Published: a.Published(),
		State: string(a.State(s.Now())), Trial: a.Trial, Description: v.Description, Criteria: v.Criteria, Narrative: a.Details.Narrative,
		Shows: claimShows(t, a, s.called(o)), PublicURL: s.Issuing.URL(a), Share: s.shareOf(t, a, v, o),
		Files: s.filesOf(t, v, address+"/badge"),
	}
	switch a.State(s.Now()) {
	case issuing.StateRevoked:
		p.Since = a.RevokedAt
	case issuing.StateSuspended:
		p.Since = a.SuspendedAt
	}
	if !p.Since.IsZero() {
		p.Reason = t.T("claim.reason", map[string]any{"reason": t.T("reason.short."+string(a.Reason), nil)})
	}
	return s.show(w, r, "public/claim.html", p)
}

// claimShows lists what people see of an award that its holder shows.
func claimShows(t printer, a *issuing.Award, issuer org.PublicName) []string {
	list := []string{t.T("claim.shows_picture", nil), t.T("claim.shows_name", map[string]any{"name": a.Recipient.Name}),
		issuer.Inside(t), t.T("claim.shows_date", map[string]any{"date": t.Date(a.ValidFrom)})}
	if a.Details.Result != "" {
		list = append(list, t.T("claim.shows_result", map[string]any{"result": a.Details.Result}))
	}
	if len(a.Details.Evidence) > 0 {
		list = append(list, t.T("claim.shows_evidence", map[string]any{"count": len(a.Details.Evidence)}))
	}
	if a.Details.Narrative != "" {
		list = append(list, t.T("claim.shows_narrative", nil))
	}
	return list
}

// claimAnswer answers POST /claim/{secret}.
func (s *Server) claimAnswer(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	answer := claim.Answer(r.PostFormValue("answer"))
	if _, err := s.Claims.Answer(r.Context(), r.PathValue("secret"), answer); err != nil {
		return err
	}
	return s.done(w, r, "/claim/"+r.PathValue("secret"), "good", "claim_"+string(answer))
}

// claimFile gives the holder the badge as a file, public or not.
func (s *Server) claimFile(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Claims.Open(r.Context(), r.PathValue("secret"))
	if err != nil {
		return err
	}
	name, f, ended := splitEnding(r.PathValue("file"))
	if !ended || name != "badge" {
		return errNoAward
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	attach(w.Header(), a.PublicID, f)
	return s.sendAward(w, r, a, f)
}

// attach has the browser keep a file instead of showing it.
func attach(h http.Header, id publicid.ID, f form) {
	ending := map[form]string{asJSON: ".json", asPNG: ".png", asSVG: ".svg"}[f]
	h.Set("Content-Disposition", `attachment; filename="badge-`+id.String()[:8]+ending+`"`)
}
