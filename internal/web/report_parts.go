package web

import (
	"slices"
	"strings"
	"time"

	"github.com/roundel/roundel/clr"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/verify"
)

// partView is a credential inside another one: an endorsement, or a badge of a
// learner record.
type partView struct {
	Kind           string // good, wait or bad
	Name           string
	By             string    // who issued it and how that is known, in words
	Since          time.Time // when it was issued
	State          string    // the verdict in a few words
	Headline, Text string    // the verdict in full
	About          string    // of an endorsement: what it speaks for
	Comment        string    // of an endorsement that holds: what it says, Markdown
	Silent         bool      // its comment is kept back, because it is not shown that somebody said it
	Description    string
	Facts          []fact
	Checks         []check // those that apply
	Skipped        string  // names of those that do not
}

// recordView is what a learner record holds.
type recordView struct {
	Total     int
	Counts    []countView // by verdict
	Groups    []groupView // the same, with the badges
	Partial   bool        // the issuer says that it left something out
	Described []fact      // achievements that the record only describes
	Links     []string    // how things in it belong together, in sentences
	LinksCut  bool
}

// countView says how many badges of a record have a verdict.
type countView struct{ Kind, ID, Text string }

// groupView are the badges of a record with one verdict.
type groupView struct {
	countView
	First, More []partView
}

// shownFirst is how many badges of a group stand open on the page.
const shownFirst = 10

// verdictOrder is the order of the groups: what needs a look first.
func verdictOrder() []verify.Verdict {
	return []verify.Verdict{verify.Malformed, verify.Tampered, verify.NotIssuer, verify.Revoked, verify.Suspended,
		verify.Expired, verify.NotYetValid, verify.Unverifiable, verify.IssuerUnconfirmed, verify.Valid}
}

// fillRecord says what a learner record holds.
func (p *reportPage) fillRecord(t printer, report *verify.Report) {
	p.Kind = t.T("report.record", nil)
	v := &recordView{Total: len(report.Contents)}
	p.Record = v
	by := map[verify.Verdict][]partView{}
	for _, part := range report.Contents {
		by[part.Verdict] = append(by[part.Verdict], badgeView(t, part))
	}
	for _, code := range verdictOrder() {
		all := by[code]
		if len(all) == 0 {
			continue
		}
		count := countView{Kind: verdictKind(code), ID: "held-" + string(code), Text: t.T("report.count."+string(code), map[string]any{"count": len(all)})}
		v.Counts = append(v.Counts, count)
		n := min(len(all), shownFirst)
		if len(all) <= shownFirst+2 { // nobody opens a fold for two
			n = len(all)
		}
		v.Groups = append(v.Groups, groupView{countView: count, First: all[:n], More: all[n:]})
	}
	record, err := clr.Read(report.Parsed)
	if err != nil {
		return // its badges are shown all the same
	}
	v.Partial = record.Partial
	p.fillPerson(t, record.Subject.ID, record.Subject.Identifier)
	p.IssuerFacts = profileFacts(t, &record.Issuer)
	p.Evidence = evidenceViews(t, record.Evidence, report.Check(verify.CheckEvidence).Outcome == verify.Passed)
	v.describe(t, report, record)
}

// describe adds the achievements that the record describes without awarding
// them, and how things in it belong together.
func (v *recordView) describe(t printer, report *verify.Report, record *clr.Record) {
	names, held := map[string]string{}, map[string]bool{}
	for _, part := range report.Contents {
		names[part.ID] = part.Name
		if part.Parsed == nil {
			continue
		}
		if b, err := openbadge.Read(part.Parsed); err == nil {
			id := b.Subject.Achievement.ID
			names[id], held[id] = b.Subject.Achievement.Name, true
		}
	}
	for _, a := range record.Subject.Achievement {
		names[a.ID] = a.Name
		if !held[a.ID] && len(v.Described) < maxListed {
			v.Described = append(v.Described, fact{Term: line(a.Name), Text: line(a.Description)})
		}
	}
	v.LinksCut = len(record.Subject.Association) > maxListed
	for _, link := range upTo(record.Subject.Association) {
		source, target := line(names[link.SourceID]), line(names[link.TargetID])
		if source == "" || target == "" || !slices.Contains(clr.AssociationTypes(), link.Kind) {
			continue
		}
		v.Links = append(v.Links, t.T("report.link."+link.Kind, map[string]any{"source": source, "target": target}))
	}
}

// badgeView is a badge of a learner record.
func badgeView(t printer, part verify.Part) partView {
	v := viewOf(t, part)
	c := part.Parsed
	if c == nil {
		return v
	}
	v.Description = c.Description
	v.Facts = periodFacts(t, c.ValidFrom, c.ValidUntil)
	if openbadge.Is(c) {
		if b, err := openbadge.Read(c); err == nil {
			a := &b.Subject.Achievement
			v.Name, v.Description = line(a.Name), a.Description
			if a.AchievementType != "" {
				v.Facts = append([]fact{{Term: t.T("fact.kind", nil), Text: term(t, "kind.", a.AchievementType, openbadge.AchievementTypes())}}, v.Facts...)
			}
			v.Facts = append(v.Facts, achievementFacts(t, &b.Subject)...)
			for _, r := range resultViews(t, &b.Subject) {
				v.Facts = append(v.Facts, fact{Term: r.Name, Text: strings.TrimSpace(r.Reached + " " + r.Of)})
			}
		}
	}
	return v
}

// endorsementViews are the endorsements of a credential.
func endorsementViews(t printer, report *verify.Report) []partView {
	var list []partView
	for _, part := range report.Endorsements {
		v := viewOf(t, part)
		switch path := part.Path; {
		case strings.HasPrefix(path, "/issuer"):
			v.About = t.T("endorse.issuer", nil)
		case strings.Contains(path, "/creator/"):
			v.About = t.T("endorse.creator", nil)
		case strings.HasPrefix(path, "/credentialSubject"):
			v.About = t.T("endorse.achievement", nil)
		default:
			v.About = t.T("endorse.award", nil)
		}
		if c := part.Parsed; c != nil && len(c.Subject) > 0 {
			comment, _ := c.Subject[0]["endorsementComment"].(string)
			if v.Silent = comment != "" && !said(part); !v.Silent {
				v.Comment = comment
			}
			v.Facts = periodFacts(t, c.ValidFrom, c.ValidUntil)
		}
		list = append(list, v)
	}
	return list
}

// said reports whether a part is shown to be what somebody signed. Words that
// nobody is shown to have said are not repeated: whoever reads them would take
// them for praise.
func said(part verify.Part) bool {
	switch part.Verdict {
	case verify.Valid, verify.IssuerUnconfirmed:
		return true
	case verify.Expired, verify.NotYetValid:
		return partOutcome(part, verify.CheckProof) == verify.Passed
	}
	return false
}

// viewOf is what a badge and an endorsement have in common.
func viewOf(t printer, part verify.Part) partView {
	v := partView{Kind: verdictKind(part.Verdict), Name: line(part.Name), By: partIssuer(t, part), State: stateOf(t, part), Headline: part.Headline, Text: part.Text}
	if part.Parsed != nil {
		v.Since = part.Parsed.ValidFrom
	}
	if v.Name == "" {
		v.Name = t.T("report.unnamed", nil)
	}
	var skipped []string
	for _, c := range part.Checks {
		switch {
		case c.ID == verify.CheckRecipient: // it is asked of the whole
		case c.Outcome == verify.NotApplicable:
			skipped = append(skipped, c.Title)
		default:
			v.Checks = append(v.Checks, check{Outcome: string(c.Outcome), Title: c.Title, Reason: c.Reason, Code: c.Code})
		}
	}
	v.Skipped = strings.Join(skipped, " ")
	return v
}

func partOutcome(part verify.Part, id string) verify.Outcome {
	for _, c := range part.Checks {
		if c.ID == id {
			return c.Outcome
		}
	}
	return verify.Unknown
}

// stateOf is the verdict on a part in a few words, for a list: the headline, but
// for those that are sentences, or may be.
func stateOf(t printer, part verify.Part) string {
	switch part.Verdict {
	case verify.Tampered, verify.NotIssuer, verify.Unverifiable, verify.IssuerUnconfirmed:
		return t.T("report.state."+string(part.Verdict), nil)
	case verify.Malformed:
		if part.Parsed == nil {
			return t.T("report.state.malformed", nil)
		}
	}
	return part.Headline
}

// partIssuer says who issued a part: the proven domain first, and else that it is
// only a name.
func partIssuer(t printer, part verify.Part) string {
	name := line(part.Issuer)
	if name == "" && part.Parsed != nil {
		name = line(part.Parsed.Issuer.ID)
	}
	args := map[string]any{"name": name, "host": part.IssuerDomain}
	proven := part.IssuerDomain != "" && partOutcome(part, verify.CheckProof) == verify.Passed && partOutcome(part, verify.CheckIssuerKey) == verify.Passed
	switch {
	case proven && part.SharedHost:
		return t.T("by.account", args)
	case proven && line(part.Issuer) != "":
		return t.T("by.domain", args)
	case proven:
		return part.IssuerDomain
	case name == "":
		return t.T("by.nobody", nil)
	case partOutcome(part, verify.CheckIssuerIdentity) == verify.Passed:
		return name // one that this installation was told to know
	}
	return t.T("by.claimed", args)
}
