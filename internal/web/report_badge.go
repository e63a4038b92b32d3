package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/verify"
)

// maxListed bounds what a report lists of one thing: a badge of thousands of
// tags is still one page.
const maxListed = 100

// alignedView is an entry of a framework that an achievement matches.
type alignedView struct {
	Name, URL string
	Note      string // "ESCO, S1.2.3"
	Text      string
}

// fillBadge says what an Open Badge means.
func (p *reportPage) fillBadge(t printer, report *verify.Report) {
	b := report.Badge
	a := b.Subject.Achievement
	p.Name, p.Description = line(a.Name), a.Description
	p.Criteria, p.CriteriaURL, p.Narrative = a.Criteria.Narrative, outside(a.Criteria.ID), b.Subject.Narrative
	if a.AchievementType != "" {
		p.Kind = term(t, "kind.", a.AchievementType, openbadge.AchievementTypes())
	}
	for _, image := range []*openbadge.Image{b.Subject.Image, a.Image, b.Image} {
		if image != nil && p.Picture == "" {
			p.Picture, p.PictureAlt = embeddedPicture(image.ID), line(image.Caption)
		}
	}
	if a.Image != nil && a.Image.Caption != "" {
		p.PictureAlt = line(a.Image.Caption)
	}
	p.fillPerson(t, b.Subject.ID, b.Subject.Identifier)
	p.Facts = append(p.Facts, achievementFacts(t, &b.Subject)...)
	if slices.Contains(b.Types, "Assertion") {
		p.Facts = append(p.Facts, fact{Term: t.T("fact.format", nil), Text: t.T("fact.format_old", nil)})
	}
	p.IssuerFacts = profileFacts(t, &b.Issuer)
	for _, tag := range upTo(a.Tag) {
		p.Skills = append(p.Skills, skill{Name: line(tag)})
	}
	p.Aligned = alignedViews(a.Alignment)
	p.Results = resultViews(t, &b.Subject)
	p.Evidence = evidenceViews(t, b.Evidence, report.Check(verify.CheckEvidence).Outcome == verify.Passed)
	for _, r := range upTo(a.Related) {
		f := fact{Term: t.T("report.related", nil), Text: line(r.ID), URL: outside(r.ID)}
		if r.InLanguage != "" {
			f.Term = t.T("report.related_language", map[string]any{"language": t.Language(r.InLanguage)})
		}
		if r.Version != "" {
			f.Text += " · " + t.T("report.related_version", map[string]any{"version": line(r.Version)})
		}
		p.Related = append(p.Related, f)
	}
}

// fillPerson says whom a credential is about: its subject's id, and by what it
// names them.
func (p *reportPage) fillPerson(t printer, id string, named []openbadge.IdentityObject) {
	for _, o := range upTo(named) {
		switch {
		case o.Hashed && o.IdentityType == "emailAddress":
			p.sure(t.T("report.sure_hashed", nil))
		case o.Hashed:
			p.sure(t.T("report.sure_hashed_other", map[string]any{"kind": term(t, "idtype.", o.IdentityType, openbadge.IdentityTypes())}))
		case o.IdentityType == "name" && p.Recipient == "":
			p.Recipient = line(o.IdentityHash)
		default:
			p.Subject = append(p.Subject, fact{Term: term(t, "idtype.", o.IdentityType, openbadge.IdentityTypes()), Text: line(o.IdentityHash)})
		}
	}
	switch {
	case strings.HasPrefix(id, "did:"):
		p.sure(t.T("report.sure_did", nil))
		p.Subject = append(p.Subject, fact{Term: t.T("report.subject_did", nil), Text: line(id)})
	case strings.HasPrefix(id, "mailto:"):
		p.Subject = append(p.Subject, fact{Term: t.T("idtype.emailAddress", nil), Text: line(strings.TrimPrefix(id, "mailto:"))})
	case id != "" && !strings.HasPrefix(id, "urn:uuid:"):
		p.Subject = append(p.Subject, fact{Term: t.T("report.subject_id", nil), Text: line(id)})
	}
}

// sure adds a sentence on how sure it is whom the badge is about, once.
func (p *reportPage) sure(sentence string) {
	if !slices.Contains(p.Sure, sentence) {
		p.Sure = append(p.Sure, sentence)
	}
}

// achievementFacts say at a glance what was achieved.
func achievementFacts(t printer, s *openbadge.Subject) []fact {
	var list []fact
	add := func(id, text string) {
		if text = line(text); text != "" {
			list = append(list, fact{Term: t.T(id, nil), Text: text})
		}
	}
	a := &s.Achievement
	add("fact.period", period(t, s.ActivityStartDate, s.ActivityEndDate))
	switch earned, possible := decimal(s.CreditsEarned), decimal(a.CreditsAvailable); {
	case earned != "" && possible != "":
		add("fact.credits", t.T("fact.credits_of", map[string]any{"earned": earned, "possible": possible}))
	case earned != "":
		add("fact.credits", t.T("fact.credits_earned", map[string]any{"earned": earned}))
	case possible != "":
		add("fact.credits", t.T("fact.credits_possible", map[string]any{"possible": possible}))
	}
	add("fact.field", a.FieldOfStudy)
	add("fact.specialization", a.Specialization)
	if a.InLanguage != "" {
		add("fact.language", t.Language(a.InLanguage))
	}
	add("fact.role", s.Role)
	add("fact.term", s.Term)
	add("fact.license", s.LicenseNumber)
	add("fact.code", a.HumanCode)
	for _, other := range upTo(a.OtherIdentifier) {
		list = append(list, fact{Term: term(t, "idtype.", other.Type, openbadge.IdentityTypes()), Text: line(other.Identifier)})
	}
	add("fact.version", a.Version)
	if a.Creator != nil {
		add("fact.creator", a.Creator.Name)
	}
	if s.Source != nil {
		add("fact.source", s.Source.Name)
	}
	return list
}

// period says when something took place.
func period(t printer, from, until time.Time) string {
	switch {
	case from.IsZero() && until.IsZero():
		return ""
	case from.IsZero():
		return t.T("fact.period_until", map[string]any{"until": t.Date(until)})
	case until.IsZero():
		return t.T("fact.period_from", map[string]any{"from": t.Date(from)})
	}
	return t.T("fact.period_both", map[string]any{"from": t.Date(from), "until": t.Date(until)})
}

// decimal writes a number of credits; 0 is none.
func decimal(n float64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// profileFacts are what an issuer says about itself. Nobody has checked them.
func profileFacts(t printer, o *openbadge.Profile) []fact {
	var list []fact
	add := func(id, text, address string) {
		if text = line(text); text != "" {
			list = append(list, fact{Term: t.T(id, nil), Text: text, URL: address})
		}
	}
	add("issuer.website", o.URL, outside(o.URL))
	add("issuer.contact", o.Email, "")
	add("fact.phone", o.Phone, "")
	if o.Address != nil {
		add("fact.address", strings.Join(slices.DeleteFunc([]string{o.Address.Street, strings.TrimSpace(o.Address.PostalCode + " " + o.Address.Locality), o.Address.Region, o.Address.Country},
			func(s string) bool { return s == "" }), ", "), "")
	}
	add("fact.official", o.Official, "")
	if o.ParentOrg != nil {
		add("fact.parent", o.ParentOrg.Name, "")
	}
	for _, other := range upTo(o.OtherIdentifier) {
		list = append(list, fact{Term: term(t, "idtype.", other.Type, openbadge.IdentityTypes()), Text: line(other.Identifier)})
	}
	return list
}

func alignedViews(alignments []openbadge.Alignment) []alignedView {
	var list []alignedView
	for _, a := range upTo(alignments) {
		v := alignedView{Name: line(a.TargetName), URL: outside(a.TargetURL), Text: a.TargetDescription}
		v.Note = strings.Join(slices.DeleteFunc([]string{line(a.TargetFramework), line(a.TargetCode)}, func(s string) bool { return s == "" }), " · ")
		list = append(list, v)
	}
	return list
}

// evidenceViews list what shows that it was achieved. Whether the files are still
// those that the issuer saw is known for those that it signed the digest of.
func evidenceViews(t printer, all []openbadge.Evidence, unchanged bool) []evidenceView {
	var list []evidenceView
	for _, e := range upTo(all) {
		v := evidenceView{Name: line(e.Name), URL: outside(e.ID), Text: e.Description}
		if e.Narrative != "" {
			v.Text = strings.TrimSpace(v.Text + "\n\n" + e.Narrative)
		}
		if v.Name == "" && v.URL == "" {
			v.Name = t.T("report.evidence_unnamed", nil)
		}
		var notes []string
		for _, note := range []string{line(e.Genre), line(e.Audience)} {
			if note != "" {
				notes = append(notes, note)
			}
		}
		if unchanged && (e.DigestSRI != "" || e.DigestMultibase != "") {
			notes = append(notes, t.T("report.evidence_unchanged", nil))
		}
		v.Note = strings.Join(notes, " · ")
		list = append(list, v)
	}
	return list
}

func upTo[T any](list []T) []T { return list[:min(len(list), maxListed)] }
