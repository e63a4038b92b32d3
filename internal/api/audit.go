package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/org"
)

// auditInput is what entries are looked for by.
type auditInput struct {
	Action  string `query:"action" maxLength:"100" doc:"Only this action, for example award.revoked, or all about one noun with a full stop at the end: award."`
	Account int64  `query:"account" minimum:"0" doc:"Only what this account did."`
	Subject string `query:"subject" maxLength:"64" doc:"Only what was done to this kind of thing; needs subjectId."`
	ID      int64  `query:"subjectId" minimum:"0" doc:"The number of the thing."`
	Request string `query:"request" maxLength:"128" doc:"Only what this request did."`
	From    string `query:"from" doc:"Only from this time on, for example 2030-12-31T00:00:00Z."`
	Until   string `query:"until" doc:"Only before this time."`
	Before  int64  `query:"before" minimum:"0" doc:"Entries older than the one with this number: the next page."`
	Limit   int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many at most."`
}

// auditBody is a page of the log, newest first.
type auditBody struct {
	Entries []auditEntry `json:"entries" doc:"Newest first."`
	Next    string       `json:"next,omitempty" doc:"Address of the next page; missing on the last."`
}

// auditEntry is one thing that was done.
type auditEntry struct {
	Number    int64             `json:"number"`
	At        time.Time         `json:"at"`
	Action    string            `json:"action" example:"award.revoked"`
	Subject   string            `json:"subject,omitempty" example:"award"`
	SubjectID int64             `json:"subjectId,omitempty"`
	Account   int64             `json:"account,omitempty" doc:"Who did it."`
	Token     int64             `json:"token,omitempty" doc:"With which API token."`
	Service   string            `json:"service,omitempty" doc:"What acted when no person did."`
	Address   string            `json:"address,omitempty" doc:"From which network address; forgotten after a while."`
	Request   string            `json:"request,omitempty" doc:"The number of the request."`
	Data      map[string]string `json:"data,omitempty" doc:"Ids and codes."`
}

type auditOutput struct{ Body auditBody }

// auditLog adds the operation that reads the audit log.
func (s *Server) auditLog(a huma.API) {
	huma.Register(a, huma.Operation{
		OperationID: "list-audit-entries", Method: http.MethodGet, Path: Base + "/audit", Summary: "Who did what, when and from where",
		Description: "Entries hold ids and codes, no names. To check that nothing was changed, download the log in the console: its files hold the chain of hashes.",
		Metadata:    needs(gate.Needs(org.ViewAudit)), Security: []map[string][]string{{"token": {}}}, Tags: []string{"Audit"},
		Errors: []int{401, 403, 404, 422, 503},
	}, s.listAudit)
}

func (s *Server) listAudit(ctx context.Context, in *auditInput) (*auditOutput, error) {
	q := audit.Query{
		Organisation: gate.From(ctx).Organisation.ID, Action: in.Action, Account: in.Account, Subject: in.Subject, SubjectID: in.ID,
		Request: in.Request, Before: in.Before, Limit: in.Limit + 1,
	}
	for _, bound := range []struct {
		name, text string
		to         *time.Time
	}{{"from", in.From, &q.From}, {"until", in.Until, &q.Until}} {
		if bound.text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, bound.text)
		if err != nil {
			return nil, s.fail(ctx, fault.Fields(fault.Field{Path: bound.name, Message: "Enter a time such as 2030-12-31T00:00:00Z."}))
		}
		*bound.to = at
	}
	found, err := s.Audit.Search(ctx, q)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := &auditOutput{}
	out.Body.Entries = []auditEntry{}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		out.Body.Next = s.BaseURL + Base + "/audit?" + in.next(found[len(found)-1].ID)
	}
	for _, f := range found {
		out.Body.Entries = append(out.Body.Entries, auditEntry{
			Number: f.ID, At: f.At, Action: f.Action, Subject: f.Subject, SubjectID: f.SubjectID, Account: f.AccountID, Token: f.TokenID,
			Service: f.Service, Address: f.Address, Request: f.RequestID, Data: f.Data,
		})
	}
	return out, nil
}

// next returns the query of the page behind the entry with the given number.
func (in *auditInput) next(before int64) string {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" && value != "0" {
			q.Set(name, value)
		}
	}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	set("action", in.Action)
	set("account", number(in.Account))
	set("subject", in.Subject)
	set("subjectId", number(in.ID))
	set("request", in.Request)
	set("from", in.From)
	set("until", in.Until)
	set("limit", strconv.Itoa(in.Limit))
	set("before", number(before))
	return q.Encode()
}
