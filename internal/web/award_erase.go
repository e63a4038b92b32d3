package web

import (
	"net/http"

	"github.com/roundel/roundel/internal/backup/erasure"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/issuing"
)

// awardErasePage names what is erased before anything is.
type awardErasePage struct {
	consolePage
	Award  *issuing.Award
	Self   string // address of the award
	Awards []awardRow
}

var errErased = fault.Conflictf("The recipient of this badge was erased on request.")

// awardEraseForm answers GET …/awards/{award}/erase.
func (s *Server) awardEraseForm(w http.ResponseWriter, r *http.Request) error {
	a, err := s.awardOf(r)
	if err != nil {
		return err
	}
	if a.Erased() {
		return errErased
	}
	return s.showErase(w, r, a, nil)
}

func (s *Server) showErase(w http.ResponseWriter, r *http.Request, a *issuing.Award, wrong error) error {
	t := s.texts(r)
	p := &awardErasePage{consolePage: s.desk(r, areaAwards, t.T("erase.title", map[string]any{"name": a.Recipient.Name})), Award: a, Self: awardPath(r, a)}
	if wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	found, err := s.Erasure.Look(r.Context(), a.OrganisationID, a.Recipient.Email)
	if err != nil {
		return err
	}
	p.Awards = s.awardRows(t, p.Base, found.Awards)
	p.crumb(p.Base+"/awards", t.T("console.nav.awards", nil))
	p.crumb(p.Self, a.Recipient.Name)
	p.crumb("", t.T("erase.crumb", nil))
	return s.show(w, r, "console/award-erase.html", p)
}

// awardErase answers POST …/awards/{award}/erase: the recipient is erased from
// everything that the organisation has.
func (s *Server) awardErase(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	a, err := s.awardOf(r)
	if err != nil {
		return err
	}
	if a.Erased() {
		return errErased
	}
	documents := r.PostFormValue("documents")
	switch {
	case r.PostFormValue("sure") != "yes":
		return s.showErase(w, r, a, fault.Fields(fault.Field{Path: "sure", Message: "Tick the box to say that this cannot be undone."}))
	case documents != "remove" && documents != "keep":
		return s.showErase(w, r, a, fault.Fields(fault.Field{Path: "documents", Message: "Choose what happens to the signed badges."}))
	}
	_, err = s.Erasure.Erase(r.Context(), erasure.Request{
		OrganisationID: a.OrganisationID, By: gate.From(r.Context()).AccountID(), Email: a.Recipient.Email, KeepDocuments: documents == "keep",
	})
	if err != nil {
		return err
	}
	return s.done(w, r, awardPath(r, a), "good", "erased")
}

// named returns an award as people see it: one whose recipient was erased says
// so in place of the name.
func named(t printer, a *issuing.Award) *issuing.Award {
	if !a.Erased() {
		return a
	}
	b := *a
	b.Recipient.Name = t.T("erase.name", nil)
	return &b
}

// erasedAward stands in for an award whose recipient was erased. It says that
// and nothing else.
func (s *Server) erasedAward(w http.ResponseWriter, r *http.Request) error {
	t := s.texts(r)
	return s.render(w, r, http.StatusGone, "public/award_erased.html", &privateAwardPage{Page{Title: t.T("erased.title", nil), NoIndex: true}})
}
