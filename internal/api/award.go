package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
)

// award is an award as programs see it. The names are a promise.
type award struct {
	ID          string          `json:"id" doc:"Public id of the award."`
	URL         string          `json:"url" doc:"Permanent public address, and the id of the credential."`
	BadgeName   string          `json:"badgeName"`
	Recipient   recipient       `json:"recipient"`
	State       string          `json:"state" enum:"current,expired,not_yet_valid,suspended,revoked"`
	Claim       string          `json:"claim" enum:"waiting,accepted,declined" doc:"What the recipient has done."`
	Public      bool            `json:"public" doc:"Whether the holder shows it at its public address."`
	Trial       bool            `json:"trial" doc:"Signed by a key that names only itself; without status, not mailed."`
	ValidFrom   time.Time       `json:"validFrom"`
	ValidUntil  *time.Time      `json:"validUntil,omitempty"`
	IssuedAt    time.Time       `json:"issuedAt"`
	RevokedAt   *time.Time      `json:"revokedAt,omitempty"`
	SuspendedAt *time.Time      `json:"suspendedAt,omitempty"`
	Reason      string          `json:"reason,omitempty" doc:"Public reason for withdrawing or pausing."`
	Credential  json.RawMessage `json:"credential" doc:"The signed Open Badges 3.0 credential. Its exact bytes are at /api/v1/awards/{id}/credential."`
}

type recipient struct {
	Name  string `json:"name" example:"Amara Okafor" doc:"Up to 200 characters."`
	Email string `json:"email" example:"amara@example.org" doc:"Goes into the credential only as a salted hash."`
}

type evidence struct {
	URL         string `json:"url,omitempty" example:"https://example.org/report" doc:"A complete web address."`
	Name        string `json:"name,omitempty" doc:"Up to 200 characters."`
	Description string `json:"description,omitempty" doc:"Up to 2,000 characters."`
}

type newAward struct {
	Badge      string     `json:"badge" doc:"Public id of the badge, as in its address." example:"k7q2mwxv3hzt5ybnr4c6dpsefa"`
	Recipient  recipient  `json:"recipient"`
	ValidFrom  *time.Time `json:"validFrom,omitempty" doc:"When it was earned; by default now."`
	ValidUntil *time.Time `json:"validUntil,omitempty" doc:"The first moment at which it is no longer valid; by default never."`
	Evidence   []evidence `json:"evidence,omitempty" doc:"At most ten."`
	Result     string     `json:"result,omitempty" example:"87 %" doc:"Up to 200 characters."`
	Narrative  string     `json:"narrative,omitempty" doc:"How this person earned it; up to 5,000 characters."`
}

type createAwardInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" pattern:"^[ -~]*$" patternDescription:"printable ASCII" doc:"Any text that is unique to this award. The same key and body give the same award again, however often they are sent."`
	RawBody        []byte
	Body           newAward
}

type awardOutput struct {
	Location string `header:"Location"`
	Body     award
}

type awardPath struct {
	ID string `path:"id" doc:"Public id of the award."`
}

type revocationInput struct {
	ID   string `path:"id" doc:"Public id of the award."` // not embedded: huma reads exported fields only
	Body struct {
		Reason string `json:"reason" enum:"issued_in_error,replaced,requirements_not_met,withdrawn_by_holder,not_stated" doc:"Shown to everybody who verifies the badge."`
		Note   string `json:"note,omitempty" maxLength:"2000" doc:"Stays inside the organisation."`
	}
}

type credentialOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// awards adds the operations on awards.
func (s *Server) awards(a huma.API) {
	op := func(method, path, id, summary string, status int, p gate.Permission) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: Base + path, Summary: summary, DefaultStatus: status, MaxBodyBytes: maxBody,
			Metadata: needs(p), Security: []map[string][]string{{"token": {}}}, Tags: []string{"Awards"},
			Errors: []int{401, 403, 404, 409, 422, 503},
		}
	}
	huma.Register(a, op(http.MethodPost, "/awards", "create-award", "Award a badge to one person", 201, gate.Needs(org.IssueAwards)), s.createAward)
	huma.Register(a, op(http.MethodGet, "/awards/{id}", "get-award", "Look an award up", 200, gate.Needs(org.ViewAwards)), s.getAward)
	huma.Register(a, op(http.MethodGet, "/awards/{id}/credential", "get-credential", "The signed credential, byte for byte", 200, gate.Needs(org.ViewAwards)), s.getCredential)
	huma.Register(a, op(http.MethodPost, "/awards/{id}/revocation", "revoke-award", "Withdraw an award", 200, gate.Reduces(org.WithdrawAwards)), s.revokeAward)
}

func (s *Server) createAward(ctx context.Context, in *createAwardInput) (*awardOutput, error) {
	c := gate.From(ctx)
	badgeID, badID := publicid.Parse(in.Body.Badge)
	r := issuing.Request{
		Badge: badgeID, Recipient: issuing.Recipient{Name: in.Body.Recipient.Name, Email: in.Body.Recipient.Email},
		Details: issuing.Details{Result: in.Body.Result, Narrative: in.Body.Narrative},
	}
	if in.Body.ValidFrom != nil {
		r.ValidFrom = *in.Body.ValidFrom
	}
	if in.Body.ValidUntil != nil {
		r.ValidUntil = *in.Body.ValidUntil
	}
	for _, e := range in.Body.Evidence {
		r.Details.Evidence = append(r.Details.Evidence, issuing.Evidence(e))
	}
	if badID != nil { // named together with everything else that is wrong
		wrong := append([]fault.Field{{Path: "badge", Message: "Send the badge's public id, the 26 letters and digits in its address."}},
			fault.FieldsOf(s.Issuing.CheckRequest(r))...)
		return nil, s.fail(ctx, fault.Fields(wrong...))
	}
	hash := sha256.Sum256(in.RawBody)
	a, err := s.Issuing.Issue(ctx, c.Organisation.ID, c.AccountID(), r, issuing.Retry{Endpoint: "POST /awards", Key: in.IdempotencyKey, Hash: hash[:]})
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := s.output(a)
	out.Location = Base + "/awards/" + a.PublicID.String()
	return out, nil
}

func (s *Server) getAward(ctx context.Context, in *awardPath) (*awardOutput, error) {
	a, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return s.output(a), nil
}

func (s *Server) getCredential(ctx context.Context, in *awardPath) (*credentialOutput, error) {
	a, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	if len(a.Document) == 0 {
		return nil, s.fail(ctx, fault.NotFoundf("The recipient of this award was erased on request, and the signed badge with them."))
	}
	return &credentialOutput{ContentType: "application/vc+ld+json", Body: a.Document}, nil
}

func (s *Server) revokeAward(ctx context.Context, in *revocationInput) (*awardOutput, error) {
	c := gate.From(ctx)
	id, err := publicid.Parse(in.ID)
	if err != nil {
		return nil, s.fail(ctx, errNoAward)
	}
	a, err := s.Issuing.Revoke(ctx, c.Organisation.ID, c.AccountID(), id, issuing.Reason(in.Body.Reason), in.Body.Note)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return s.output(a), nil
}

var errNoAward = fault.NotFoundf("There is no such award.")

// find returns a signed award of the caller's organisation.
func (s *Server) find(ctx context.Context, text string) (*issuing.Award, error) {
	id, err := publicid.Parse(text)
	if err != nil {
		return nil, errNoAward
	}
	a, err := s.Issuing.Award(ctx, gate.From(ctx).Organisation.ID, id)
	if err == nil && a.Document == nil {
		return nil, fault.Unavailablef("This award is still being signed. Try again in a moment.")
	}
	if err == nil {
		err = s.Audit.Seen(ctx, a.OrganisationID, "api", a.ID)
	}
	return a, err
}

func (s *Server) output(a *issuing.Award) *awardOutput {
	if len(a.Document) == 0 { // the recipient was erased
		a.Document = nil
	}
	return &awardOutput{Body: award{
		ID: a.PublicID.String(), URL: s.Issuing.URL(a), BadgeName: a.BadgeName, Recipient: recipient(a.Recipient),
		State: string(a.State(s.Issuing.Now())), Claim: string(a.Claim), Public: a.Published(), Trial: a.Trial,
		ValidFrom: a.ValidFrom, ValidUntil: optional(a.ValidUntil), IssuedAt: a.IssuedAt,
		RevokedAt: optional(a.RevokedAt), SuspendedAt: optional(a.SuspendedAt), Reason: string(a.Reason), Credential: a.Document,
	}}
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
