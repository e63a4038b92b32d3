package web

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/verify"
)

// recordedVerdict says that an award was withdrawn or is paused, with the day
// and the public reason. The record outranks what the signed document proves:
// a status list carries neither, and a trial has no list at all.
func recordedVerdict(t printer, a *issuing.Award, issuer string) (verdict, bool) {
	args := map[string]any{"issuer": issuer, "reason": t.T("reason.short."+string(a.Reason), nil)}
	switch {
	case !a.RevokedAt.IsZero():
		args["date"] = t.Date(a.RevokedAt)
		return verdict{Kind: "bad", Headline: t.T("award.recorded.revoked", args), Text: t.T("award.recorded.revoked_text", args)}, true
	case !a.SuspendedAt.IsZero():
		args["date"] = t.Date(a.SuspendedAt)
		return verdict{Kind: "bad", Headline: t.T("award.recorded.suspended", args), Text: t.T("award.recorded.suspended_text", args)}, true
	}
	return verdict{}, false
}

// recordOf returns the award that a report is about, when it is one of ours.
// Only who holds the very document that we signed is told of it, for the award
// may be private.
func (s *Server) recordOf(ctx context.Context, report *verify.Report) (a *issuing.Award, ours bool, err error) {
	c := report.Parsed
	if c == nil {
		return nil, false, nil
	}
	id, err := publicid.Parse(strings.TrimPrefix(c.ID, s.BaseURL+"/awards/"))
	if err != nil {
		return nil, false, nil // not one of ours
	}
	a, err = s.Issuing.PublicAward(ctx, id)
	if fault.KindOf(err) == fault.NotFound {
		return nil, false, nil
	}
	return a, err == nil && sameJSON(a.Document, report.Credential), err
}

// addRecord adds to the report about an award of ours what our record knows:
// whether it was withdrawn, and what its issuer has proven.
func (s *Server) addRecord(ctx context.Context, t printer, p *reportPage, report *verify.Report, a *issuing.Award) error {
	if note := recordedNote(t, a); note != "" {
		p.Notes = append([]string{note}, p.Notes...)
	}
	o, err := s.Orgs.ByID(ctx, a.OrganisationID)
	if err != nil {
		return err
	}
	if provenDomain(report) != "" && !report.SharedHost {
		return nil // the signature itself shows more than our word
	}
	signed := p.Issuer.Name // what it is called today is not what this says
	p.Issuer = s.issuerRef(t, o)
	p.Issuer.Name = signed
	called := s.called(o)
	called.Name = signed
	p.Issuer.named(t, called)
	return nil
}

// recordedNote is what our record adds to a report: "Withdrawn on 3 May 2026:
// issued in error.", or "".
func recordedNote(t printer, a *issuing.Award) string {
	args := map[string]any{"reason": t.T("reason.short."+string(a.Reason), nil)}
	switch {
	case !a.RevokedAt.IsZero():
		args["date"] = t.Date(a.RevokedAt)
		return t.T("report.recorded.revoked", args)
	case !a.SuspendedAt.IsZero():
		args["date"] = t.Date(a.SuspendedAt)
		return t.T("report.recorded.suspended", args)
	}
	return ""
}

// sameJSON reports whether two documents differ in nothing but white space.
func sameJSON(a, b []byte) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// Codes lists the checks with a code for machines, which stands with the raw
// data.
func (p *reportPage) Codes() []check {
	var list []check
	for _, c := range p.Checks {
		if c.Code != "" {
			list = append(list, c)
		}
	}
	return list
}
