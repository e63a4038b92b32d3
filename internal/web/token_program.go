package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/gate"
)

// programRow is one service account: a program of the organisation, which owns
// tokens and cannot sign in.
type programRow struct {
	Name    string
	Created time.Time
	Tag     tag
	End     string // address to end it at, "" when it has ended
}

// tokenOwners lists the programs on the page and returns what tells whose a
// token is.
func (s *Server) tokenOwners(r *http.Request, p *tokenListPage) (func(*account.Token) string, error) {
	t := s.texts(r)
	names := map[string]string{}
	programs, err := s.Orgs.ServiceAccounts(r.Context(), p.Org.ID)
	if err != nil {
		return nil, err
	}
	p.Owners = []option{{Value: "", Label: t.T("token.owner_me", nil)}}
	for _, one := range programs {
		names["p"+strconv.FormatInt(one.ID, 10)] = one.Name
		row := programRow{Name: one.Name, Created: one.CreatedAt, Tag: tag{Text: t.T("token.tag.revoked", nil)}}
		if one.DisabledAt.IsZero() {
			row.Tag, row.End = tag{Kind: "good", Text: t.T("token.tag.active", nil)}, p.Base+"/settings/programs/"+one.PublicID.String()+"/end"
			p.Owners = append(p.Owners, option{Value: one.PublicID.String(), Label: one.Name})
		}
		p.Programs = append(p.Programs, row)
	}
	members, err := s.Orgs.Members(r.Context(), p.Org.ID)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		names[strconv.FormatInt(m.AccountID, 10)] = m.Name
	}
	return func(token *account.Token) string {
		if token.ServiceAccount > 0 {
			return names["p"+strconv.FormatInt(token.ServiceAccount, 10)]
		}
		return names[strconv.FormatInt(token.CreatedBy, 10)] // nobody's once the person has left
	}, nil
}

// programCreate answers POST …/settings/programs.
func (s *Server) programCreate(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	c := gate.From(r.Context())
	p := &tokenListPage{Program: r.PostFormValue("program")}
	_, err := s.Orgs.CreateServiceAccount(r.Context(), c.Organisation.ID, c.AccountID(), p.Program)
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showTokens(w, r, p, nil)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/console/"+c.Organisation.Slug+"/settings/tokens", "good", "program_created")
}

// programEnd answers POST …/settings/programs/{program}/end.
func (s *Server) programEnd(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "program")
	if err != nil {
		return err
	}
	o := gate.From(r.Context()).Organisation
	if err := s.Orgs.DisableServiceAccount(r.Context(), o.ID, id); err != nil {
		return err
	}
	return s.done(w, r, "/console/"+o.Slug+"/settings/tokens", "good", "program_ended")
}
