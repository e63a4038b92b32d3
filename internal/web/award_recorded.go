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

// recordedNote is what our record adds to a report about one of our own
// awards: "Withdrawn on 3 May 2026: issued in error.", or "". Only who holds
// the very document that we signed is told, for the award may be private.
func (s *Server) recordedNote(ctx context.Context, t printer, report *verify.Report) (string, error) {
	c := report.Parsed
	if c == nil {
		return "", nil
	}
	id, err := publicid.Parse(strings.TrimPrefix(c.ID, s.BaseURL+"/awards/"))
	if err != nil {
		return "", nil // not one of ours
	}
	a, err := s.Issuing.PublicAward(ctx, id)
	if fault.KindOf(err) == fault.NotFound {
		return "", nil
	}
	if err != nil || !sameJSON(a.Document, report.Credential) {
		return "", err
	}
	args := map[string]any{"reason": t.T("reason.short."+string(a.Reason), nil)}
	switch {
	case !a.RevokedAt.IsZero():
		args["date"] = t.Date(a.RevokedAt)
		return t.T("report.recorded.revoked", args), nil
	case !a.SuspendedAt.IsZero():
		args["date"] = t.Date(a.SuspendedAt)
		return t.T("report.recorded.suspended", args), nil
	}
	return "", nil
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
