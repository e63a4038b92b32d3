package web

import (
	"net/http"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/org"
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
	programNames := map[int64]string{}
	programs, err := s.Orgs.ServiceAccounts(r.Context(), p.Org.ID)
	if err != nil {
		return nil, err
	}
	p.Owners = []option{{Value: "", Label: t.T("token.owner_me", nil)}}
	for _, one := range programs {
		programNames[one.ID] = one.Name
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
	people := map[int64]*org.Member{}
	for _, m := range members {
		people[m.AccountID] = m
	}
	return func(token *account.Token) string {
		maker := people[token.CreatedBy]
		if token.ServiceAccount == 0 {
			if maker == nil {
				return "" // it ended when the person left
			}
			return maker.Name
		}
		// It goes on when its maker, who has seen the secret, loses permissions.
		args, text := map[string]any{"program": programNames[token.ServiceAccount]}, "token.of_program_left"
		if maker != nil {
			args["name"], text = maker.Name, "token.of_program"
			if len(maker.Departments) > 0 || !maker.PausedAt.IsZero() || !maker.Role.Permissions.Covers(org.SetOf(token.Scopes)) {
				text = "token.of_program_less"
			}
		}
		return t.T(text, args)
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
