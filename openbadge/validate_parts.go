package openbadge

import "slices"

func (v *validator) profile(path string, p *Profile) {
	if p == nil {
		return
	}
	v.required(path+"/id", p.ID)
	v.iri(path+"/id", p.ID)
	v.image(path+"/image", p.Image)
	v.identifiers(path+"/otherIdentifier", p.OtherIdentifier)
	v.profile(path+"/parentOrg", p.ParentOrg)
	v.jwts(path+"/endorsementJwt", p.EndorsementJWT)
	if p.DateOfBirth != "" && !date.MatchString(p.DateOfBirth) {
		v.problems.Add(path+"/dateOfBirth", "The value must be a date such as 2001-12-24.")
	}
}

func (v *validator) image(path string, i *Image) {
	if i == nil {
		return
	}
	v.required(path+"/id", i.ID)
	v.iri(path+"/id", i.ID)
}

func (v *validator) identifiers(path string, list []IdentifierEntry) {
	for i, e := range list {
		v.required(item(path, i)+"/identifier", e.Identifier)
		v.required(item(path, i)+"/identifierType", e.Type)
		v.word(item(path, i)+"/identifierType", e.Type, IdentityTypes)
	}
}

func (v *validator) subject(path string, s *Subject) {
	v.iri(path+"/id", s.ID)
	if s.ID == "" && len(s.Identifier) == 0 {
		v.problems.Add(path, "The recipient is not named: the subject needs an id or an identifier.")
	}
	for i, o := range s.Identifier {
		v.identity(item(path+"/identifier", i), o)
	}
	v.achievement(path+"/achievement", &s.Achievement)
	v.image(path+"/image", s.Image)
	v.profile(path+"/source", s.Source)
	if !s.ActivityEndDate.IsZero() && s.ActivityEndDate.Before(s.ActivityStartDate) && v.issuing {
		v.problems.Add(path+"/activityEndDate", "The activity ends before it starts.")
	}
	for i, r := range s.Result {
		at := item(path+"/result", i)
		v.alignments(at+"/alignment", r.Alignment)
		if r.Status != "" && !slices.Contains(ResultStatuses, r.Status) {
			v.problems.Add(at+"/status", "The status %q is not one that the specification knows.", r.Status)
		}
	}
}

func (v *validator) identity(path string, o IdentityObject) {
	v.required(path+"/identityHash", o.IdentityHash)
	v.required(path+"/identityType", o.IdentityType)
	v.word(path+"/identityType", o.IdentityType, IdentityTypes)
	if !v.issuing {
		return
	}
	switch {
	case !o.Hashed && o.IdentityType == identityTypeMail:
		v.problems.Add(path+"/hashed", "A mail address must not be written in the clear.")
	case o.Hashed && len(o.Salt) < 32:
		v.problems.Add(path+"/salt", "A hash needs a random salt of 128 bits, or it can be guessed.")
	case o.Hashed && len(o.IdentityHash) != len("sha256$")+64:
		v.problems.Add(path+"/identityHash", "The value must be a salted SHA-256.")
	}
}

func (v *validator) achievement(path string, a *Achievement) {
	v.required(path+"/id", a.ID)
	v.iri(path+"/id", a.ID)
	v.required(path+"/name", a.Name)
	v.required(path+"/description", a.Description)
	v.iri(path+"/criteria/id", a.Criteria.ID)
	v.word(path+"/achievementType", a.AchievementType, AchievementTypes)
	v.image(path+"/image", a.Image)
	v.profile(path+"/creator", a.Creator)
	v.language(path+"/inLanguage", a.InLanguage)
	v.identifiers(path+"/otherIdentifier", a.OtherIdentifier)
	v.alignments(path+"/alignment", a.Alignment)
	v.jwts(path+"/endorsementJwt", a.EndorsementJWT)
	for i, r := range a.Related {
		v.required(item(path+"/related", i)+"/id", r.ID)
		v.iri(item(path+"/related", i)+"/id", r.ID)
		v.language(item(path+"/related", i)+"/inLanguage", r.InLanguage)
	}
	for i, t := range a.Tag {
		if v.issuing {
			v.required(item(path+"/tag", i), t)
		}
	}
	for i := range a.ResultDescription {
		v.resultDescription(item(path+"/resultDescription", i), &a.ResultDescription[i])
	}
	if v.issuing && a.CreditsAvailable < 0 {
		v.problems.Add(path+"/creditsAvailable", "Credits cannot be negative.")
	}
}

func (v *validator) resultDescription(path string, d *ResultDescription) {
	v.required(path+"/id", d.ID)
	v.iri(path+"/id", d.ID)
	v.required(path+"/name", d.Name)
	v.required(path+"/resultType", d.ResultType)
	v.word(path+"/resultType", d.ResultType, ResultTypes)
	v.alignments(path+"/alignment", d.Alignment)
	for i, l := range d.RubricCriterionLevel {
		at := item(path+"/rubricCriterionLevel", i)
		v.required(at+"/id", l.ID)
		v.iri(at+"/id", l.ID)
		v.required(at+"/name", l.Name)
		v.alignments(at+"/alignment", l.Alignment)
	}
}

func (v *validator) alignments(path string, list []Alignment) {
	for i, a := range list {
		at := item(path, i)
		v.required(at+"/targetName", a.TargetName)
		v.required(at+"/targetUrl", a.TargetURL)
		v.iri(at+"/targetUrl", a.TargetURL)
		v.word(at+"/targetType", a.TargetType, AlignmentTypes)
	}
}
