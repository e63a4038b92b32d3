package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/once"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
)

// role is a role as programs see it.
type role struct {
	ID          string   `json:"id" doc:"A word for the roles that every organisation has, a public id for its own." example:"issuer"`
	Name        string   `json:"name,omitempty" doc:"Of the organisation's own roles."`
	Permissions []string `json:"permissions" doc:"What it allows."`
}

// department is a part of the organisation.
type department struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Parent string `json:"parent,omitempty" doc:"The department above it; missing right below the organisation."`
}

// member is a person who belongs to the organisation.
type member struct {
	ID          string    `json:"id" doc:"Public id of the person."`
	Name        string    `json:"name"`
	Email       string    `json:"email"`
	Role        string    `json:"role"`
	Departments []string  `json:"departments" doc:"Ids of the departments that the role is limited to; empty for the whole organisation."`
	Since       time.Time `json:"since"`
}

// invitation is an open invitation.
type invitation struct {
	ID        string    `json:"id"`
	Email     string    `json:"email"`
	Role      string    `json:"role"`
	SentAt    time.Time `json:"sentAt"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// organisation is the token's own.
type organisation struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	URL        string     `json:"url" doc:"Its public page."`
	State      string     `json:"state" enum:"waiting,active,refused"`
	Domain     string     `json:"domain,omitempty" doc:"A domain that was proven to be its own."`
	MayIssue   bool       `json:"mayIssue" doc:"Whether awarding works now."`
	Reason     string     `json:"reason,omitempty" doc:"Why it does not."`
	Suspended  *time.Time `json:"suspendedAt,omitempty"`
	Stopped    *time.Time `json:"stoppedAt,omitempty" doc:"When its stop switch was pressed."`
	Permission []string   `json:"scopes" doc:"What the token that asks may do."`
}

// grant is a role that is given.
type grant struct {
	Role        string   `json:"role" doc:"Id of a role."`
	Departments []string `json:"departments,omitempty" doc:"Ids of departments to limit it to; none for the whole organisation."`
}

func (g grant) grant() org.Grant {
	to := org.Grant{Role: g.Role}
	for _, text := range g.Departments {
		id, err := publicid.Parse(text)
		if err != nil {
			id = publicid.New() // one that does not exist: leaving it out would mean all of them
		}
		to.Departments = append(to.Departments, id)
	}
	return to
}

type body[T any] struct{ Body T }

type inviteInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" pattern:"^[ -~]*$" patternDescription:"printable ASCII" doc:"Any text that is unique to this invitation. The same key and body give the same invitation again, and one mail, however often they are sent."`
	RawBody        []byte
	Body           struct {
		Email       string   `json:"email" example:"kim@example.org"`
		Role        string   `json:"role" doc:"Id of a role." example:"issuer"`
		Departments []string `json:"departments,omitempty" doc:"Ids of departments to limit it to; none for the whole organisation."`
	}
}

type memberPath struct {
	ID string `path:"id" doc:"Public id."`
}

type memberInput struct {
	ID   string `path:"id" doc:"Public id of the person."`
	Body grant
}

// members adds the operations on people.
func (s *Server) members(a huma.API) {
	op := func(method, path, id, summary string, status int, p gate.Permission) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: Base + path, Summary: summary, DefaultStatus: status, MaxBodyBytes: maxBody,
			Metadata: needs(p), Security: []map[string][]string{{"token": {}}}, Tags: []string{"People"}, Errors: []int{401, 403, 404, 409, 422},
		}
	}
	view, manage, remove := gate.Needs(org.ViewMembers), gate.Needs(org.ManageMembers), gate.Reduces(org.ManageMembers)
	huma.Register(a, op(http.MethodGet, "/organisation", "get-organisation", "The organisation of the token, and whether it may issue", 200, gate.AnyToken), s.getOrganisation)
	huma.Register(a, op(http.MethodGet, "/roles", "list-roles", "Roles that members can have", 200, view), s.listRoles)
	huma.Register(a, op(http.MethodGet, "/departments", "list-departments", "Departments, each followed by those below it", 200, view), s.listDepartments)
	huma.Register(a, op(http.MethodGet, "/members", "list-members", "Who belongs to the organisation", 200, view), s.listMembers)
	huma.Register(a, op(http.MethodPut, "/members/{id}/role", "set-role", "Give a member another role", 200, manage), s.setRole)
	huma.Register(a, op(http.MethodDelete, "/members/{id}", "remove-member", "End a membership at once", 204, remove), s.removeMember)
	huma.Register(a, op(http.MethodGet, "/invitations", "list-invitations", "Open invitations", 200, view), s.listInvitations)
	huma.Register(a, op(http.MethodPost, "/invitations", "invite", "Mail an invitation", 201, manage), s.invite)
	huma.Register(a, op(http.MethodPost, "/invitations/{id}/mail", "resend-invitation", "Mail an invitation again, with a fresh link", 204, manage), s.resendInvitation)
	huma.Register(a, op(http.MethodDelete, "/invitations/{id}", "withdraw-invitation", "Withdraw an invitation", 204, remove), s.withdrawInvitation)
}

func (s *Server) getOrganisation(ctx context.Context, _ *struct{}) (*body[organisation], error) {
	c := gate.From(ctx)
	o := c.Organisation
	out := organisation{ID: o.PublicID.String(), Name: o.Name, URL: s.Orgs.URL(o), State: string(o.State), Domain: o.Domain, MayIssue: true,
		Suspended: optional(o.SuspendedAt), Stopped: optional(o.StoppedAt), Permission: c.Permissions.Words()}
	if err := s.Orgs.MayIssueNow(ctx, o.ID); err != nil {
		if fault.KindOf(err) == fault.Internal {
			return nil, s.fail(ctx, err)
		}
		out.MayIssue, out.Reason = false, fault.Message(err)
	}
	return &body[organisation]{out}, nil
}

func (s *Server) listRoles(ctx context.Context, _ *struct{}) (*body[[]role], error) {
	list, err := s.Orgs.RolesOf(ctx, gate.From(ctx).Organisation.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := make([]role, 0, len(list))
	for _, r := range list {
		out = append(out, role{ID: r.Code(), Name: r.Name, Permissions: r.Permissions.Words()})
	}
	return &body[[]role]{out}, nil
}

func (s *Server) listDepartments(ctx context.Context, _ *struct{}) (*body[[]department], error) {
	list, err := s.Orgs.Departments(ctx, gate.From(ctx).Organisation.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	ids := map[int64]string{}
	out := make([]department, 0, len(list))
	for _, d := range list {
		ids[d.ID] = d.PublicID.String()
		out = append(out, department{ID: ids[d.ID], Name: d.Name, Parent: ids[d.ParentID]})
	}
	return &body[[]department]{out}, nil
}

func (s *Server) listMembers(ctx context.Context, _ *struct{}) (*body[[]member], error) {
	o := gate.From(ctx).Organisation
	list, err := s.Orgs.Members(ctx, o.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	departments, err := s.Orgs.Departments(ctx, o.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	ids := map[int64]string{}
	for _, d := range departments {
		ids[d.ID] = d.PublicID.String()
	}
	out := make([]member, 0, len(list))
	for _, m := range list {
		one := member{ID: m.PublicID.String(), Name: m.Name, Email: m.Email, Role: m.Role.Code(), Departments: []string{}, Since: m.Since}
		for _, d := range m.Departments {
			one.Departments = append(one.Departments, ids[d])
		}
		out = append(out, one)
	}
	return &body[[]member]{out}, nil
}

func (s *Server) setRole(ctx context.Context, in *memberInput) (*body[member], error) {
	id, c := programID(in.ID), gate.From(ctx)
	if err := s.Orgs.SetRole(ctx, c.Organisation.ID, c.Actor(), id, in.Body.grant()); err != nil {
		return nil, s.fail(ctx, err)
	}
	list, err := s.listMembers(ctx, nil)
	if err != nil {
		return nil, err
	}
	for _, m := range list.Body {
		if m.ID == id.String() {
			return &body[member]{m}, nil
		}
	}
	return nil, s.fail(ctx, fault.NotFoundf("There is no such member."))
}

func (s *Server) removeMember(ctx context.Context, in *memberPath) (*struct{}, error) {
	c := gate.From(ctx)
	return nil, s.failed(ctx, s.Orgs.Remove(ctx, c.Organisation.ID, c.Actor(), programID(in.ID)))
}

func (s *Server) listInvitations(ctx context.Context, _ *struct{}) (*body[[]invitation], error) {
	list, err := s.Orgs.Invitations(ctx, gate.From(ctx).Organisation.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := make([]invitation, 0, len(list))
	for _, i := range list {
		out = append(out, invitationOf(i))
	}
	return &body[[]invitation]{out}, nil
}

func invitationOf(i *org.Invitation) invitation {
	return invitation{ID: i.PublicID.String(), Email: i.Address, Role: i.Role.Code(), SentAt: i.SentAt, ExpiresAt: i.ExpiresAt}
}

func (s *Server) invite(ctx context.Context, in *inviteInput) (*body[invitation], error) {
	c := gate.From(ctx)
	i, err := s.Orgs.InviteOnce(ctx, c.Organisation.ID, c.Actor(), in.Body.Email, grant{in.Body.Role, in.Body.Departments}.grant(),
		once.Request{Endpoint: "POST /invitations", Key: in.IdempotencyKey, Hash: once.Hash(in.RawBody)})
	if err != nil {
		return nil, s.failAt(ctx, err, inBody)
	}
	return &body[invitation]{invitationOf(i)}, nil
}

func (s *Server) resendInvitation(ctx context.Context, in *memberPath) (*struct{}, error) {
	c := gate.From(ctx)
	return nil, s.failed(ctx, s.Orgs.SendInvitationAgain(ctx, c.Organisation.ID, c.Actor(), programID(in.ID)))
}

func (s *Server) withdrawInvitation(ctx context.Context, in *memberPath) (*struct{}, error) {
	c := gate.From(ctx)
	return nil, s.failed(ctx, s.Orgs.WithdrawInvitation(ctx, c.Organisation.ID, c.Actor(), programID(in.ID)))
}

// failed is fail for what may have gone well.
func (s *Server) failed(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return s.fail(ctx, err)
}

// programID reads a public id; text that cannot be one becomes one that does
// not exist.
func programID(text string) publicid.ID {
	id, err := publicid.Parse(text)
	if err != nil {
		return publicid.New()
	}
	return id
}
