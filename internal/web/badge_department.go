package web

import (
	"net/http"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/publicid"
)

// badgeDepartments lists the departments that a badge may belong to: those that
// the reader has to do with. b is nil for a badge that does not exist yet.
func (s *Server) badgeDepartments(r *http.Request, p *badgeEditPage, b *badge.Badge) error {
	list, err := s.Orgs.Departments(r.Context(), p.Org.ID)
	if err != nil {
		return err
	}
	p.Everywhere = p.reach.All()
	for _, d := range list {
		if !p.reach.Covers(d.ID) {
			continue
		}
		p.Departments = append(p.Departments, option{Value: d.PublicID.String(), Label: indented(d)})
		if b != nil && b.DepartmentID == d.ID && !r.PostForm.Has("department") {
			p.Form.Department = d.PublicID.String()
		}
	}
	return nil
}

// departmentFor returns the department that a badge is to belong to, the zero
// id for the whole organisation. Nobody puts a badge where they cannot reach it.
func (s *Server) departmentFor(r *http.Request, text string) (publicid.ID, error) {
	c, id := gate.From(r.Context()), parentOf(text)
	key := int64(0)
	if !id.IsZero() {
		d, err := s.Orgs.Department(r.Context(), c.Organisation.ID, id)
		if fault.KindOf(err) == fault.NotFound {
			return id, errBadgeDepartment
		}
		if err != nil {
			return id, err
		}
		key = d.ID
	}
	if !c.Reach.Covers(key) {
		return id, errBadgeDepartment
	}
	return id, nil
}

var errBadgeDepartment = fault.Fields(fault.Field{Path: "department", Message: "Choose a department from the list."})
