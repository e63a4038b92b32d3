package web

import (
	"time"

	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/locale"
)

// printer writes texts in the reader's language.
type printer = *locale.Printer

// awardRow is one award in a list.
type awardRow struct {
	URL, Name, Email, Badge string
	Date                    time.Time
	Tags                    []tag
	News                    string
}

func (s *Server) awardRows(t printer, base string, awards []*issuing.Award) []awardRow {
	rows := make([]awardRow, 0, len(awards))
	for _, a := range awards {
		a = named(t, a)
		rows = append(rows, awardRow{
			URL: base + "/awards/" + a.PublicID.String(), Name: a.Recipient.Name, Email: a.Recipient.Email, Badge: a.BadgeName,
			Date: a.ValidFrom, Tags: awardTags(t, a, s.Now()), News: awardNews(t, a),
		})
	}
	return rows
}

// awardTags says in a word what the award is worth, or what its recipient has
// done with it; and whether it is a trial.
func awardTags(t printer, a *issuing.Award, now time.Time) []tag {
	var tags []tag
	state := a.State(now)
	switch {
	case a.Document == nil:
		tags = append(tags, tag{Kind: "wait", Text: t.T("award.tag.signing", nil)})
	case a.ReplacedBy != 0:
		tags = append(tags, tag{Text: t.T("award.tag.replaced", nil)})
	case state == issuing.StateRevoked:
		tags = append(tags, tag{Kind: "bad", Text: t.T("award.tag.revoked", nil)})
	case state == issuing.StateSuspended:
		tags = append(tags, tag{Kind: "wait", Text: t.T("award.tag.suspended", nil)})
	case state == issuing.StateExpired:
		tags = append(tags, tag{Text: t.T("award.tag.expired", nil)})
	case a.Claim == issuing.Declined:
		tags = append(tags, tag{Text: t.T("award.tag.declined", nil)})
	case a.Claim == issuing.Accepted:
		tags = append(tags, tag{Kind: "good", Text: t.T("award.tag.accepted", nil)})
	default:
		tags = append(tags, tag{Kind: "wait", Text: t.T("award.tag.waiting", nil)})
	}
	if state == issuing.StatePending {
		tags = append(tags, tag{Kind: "info", Text: t.T("award.tag.pending", nil)})
	}
	if a.Trial {
		tags = append(tags, tag{Text: t.T("award.tag.trial", nil)})
	}
	return tags
}

// awardNews says in a few words what happened last.
func awardNews(t printer, a *issuing.Award) string {
	switch {
	case a.ReplacedBy != 0:
		return t.T("award.news.replaced", nil)
	case !a.RevokedAt.IsZero() || !a.SuspendedAt.IsZero():
		return t.T("reason."+string(a.Reason), nil)
	case a.Claim == issuing.Declined:
		return t.T("award.news.declined", nil)
	case a.Published():
		return t.T("award.news.published", nil)
	case a.Claim == issuing.Accepted:
		return t.T("award.news.private", nil)
	case a.Trial:
		return t.T("award.news.trial", nil)
	}
	return t.T("award.news.waiting", nil)
}
