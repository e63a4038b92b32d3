package openbadge

import (
	"slices"
	"strconv"
	"strings"
)

// Achievement checks an achievement.
func (v *Checker) Achievement(path string, a *Achievement) {
	v.Required(path+"/id", a.ID)
	v.IRI(path+"/id", a.ID)
	v.Required(path+"/name", a.Name)
	v.Required(path+"/description", a.Description)
	v.IRI(path+"/criteria/id", a.Criteria.ID)
	if v.Issuing && a.Criteria == (Criteria{}) {
		v.Problems.Add(path+"/criteria", "Say how it is earned: in words, by a web address, or both.")
	}
	v.word(path+"/achievementType", a.AchievementType, achievementWords)
	v.Image(path+"/image", a.Image)
	v.Profile(path+"/creator", a.Creator)
	v.language(path+"/inLanguage", a.InLanguage)
	v.identifiers(path+"/otherIdentifier", a.OtherIdentifier)
	v.alignments(path+"/alignment", a.Alignment)
	v.Endorsements(path, a.Endorsement, a.EndorsementJWT, a.ID)
	v.number(path+"/creditsAvailable", a.CreditsAvailable)
	for i, r := range a.Related {
		v.Required(item(path+"/related", i)+"/id", r.ID)
		v.IRI(item(path+"/related", i)+"/id", r.ID)
		v.language(item(path+"/related", i)+"/inLanguage", r.InLanguage)
	}
	for i, t := range a.Tag {
		if v.Issuing {
			v.Required(item(path+"/tag", i), t)
		}
	}
	ids := map[string]bool{}
	for i := range a.ResultDescription {
		v.resultDescription(item(path+"/resultDescription", i), &a.ResultDescription[i], ids)
	}
}

// resultDescription checks d. ids are those of the descriptions and levels that
// were seen before: results refer to them, so each must be one thing's.
func (v *Checker) resultDescription(path string, d *ResultDescription, ids map[string]bool) {
	v.ownID(path+"/id", d.ID, ids)
	v.Required(path+"/name", d.Name)
	v.Required(path+"/resultType", d.ResultType)
	v.word(path+"/resultType", d.ResultType, resultWords)
	v.alignments(path+"/alignment", d.Alignment)
	for i, l := range d.RubricCriterionLevel {
		at := item(path+"/rubricCriterionLevel", i)
		v.ownID(at+"/id", l.ID, ids)
		v.Required(at+"/name", l.Name)
		v.alignments(at+"/alignment", l.Alignment)
	}
	if !v.Issuing {
		return
	}
	for i, s := range d.AllowedValue {
		v.Required(item(path+"/allowedValue", i), s)
	}
	if d.RequiredLevel != "" && !d.hasLevel(d.RequiredLevel) {
		v.Problems.Add(path+"/requiredLevel", "It is none of the described levels.")
	}
	if d.RequiredValue != "" && !d.allows(d.RequiredValue) {
		v.Problems.Add(path+"/requiredValue", "It is none of the values that are possible.")
	}
	if low, high, ok := d.bounds(); ok && low > high {
		v.Problems.Add(path+"/valueMin", "The smallest value is greater than the greatest.")
	}
}

func (v *Checker) ownID(path, id string, ids map[string]bool) {
	v.Required(path, id)
	v.IRI(path, id)
	if v.Issuing && id != "" && ids[id] {
		v.Problems.Add(path, "Another result or level has the same id.")
	}
	ids[id] = true
}

func (d *ResultDescription) hasLevel(id string) bool {
	return slices.ContainsFunc(d.RubricCriterionLevel, func(l RubricCriterionLevel) bool { return l.ID == id })
}

// allows reports whether value is among the allowed ones and, as far as all are
// numbers, between the smallest and the greatest.
func (d *ResultDescription) allows(value string) bool {
	if len(d.AllowedValue) > 0 && !slices.Contains(d.AllowedValue, value) {
		return false
	}
	n, isNumber := number(value)
	low, hasLow := number(d.ValueMin)
	high, hasHigh := number(d.ValueMax)
	return !isNumber || (!hasLow || n >= low) && (!hasHigh || n <= high)
}

func (d *ResultDescription) bounds() (low, high float64, ok bool) {
	low, hasLow := number(d.ValueMin)
	high, hasHigh := number(d.ValueMax)
	return low, high, hasLow && hasHigh
}

func number(s string) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(s), "%"), 64)
	return n, err == nil
}

// results checks that every result is of a described kind and possible there.
func (v *Checker) results(s *Subject) {
	for i, r := range s.Result {
		path := item("/credentialSubject/result", i)
		if r.Value == "" && r.AchievedLevel == "" && r.Status == "" {
			v.Problems.Add(path, "The result says nothing: give a value, a level or a status.")
		}
		v.IRI(path+"/achievedLevel", r.AchievedLevel)
		descriptions := s.Achievement.ResultDescription
		if r.ResultDescription != "" {
			at := slices.IndexFunc(descriptions, func(d ResultDescription) bool { return d.ID == r.ResultDescription })
			if at < 0 {
				v.Problems.Add(path+"/resultDescription", "The achievement describes no such result.")
				continue
			}
			descriptions = descriptions[at : at+1]
			if r.Value != "" && !descriptions[0].allows(r.Value) {
				v.Problems.Add(path+"/value", "The description of the result does not allow this value.")
			}
		}
		if r.AchievedLevel != "" && !slices.ContainsFunc(descriptions, func(d ResultDescription) bool { return d.hasLevel(r.AchievedLevel) }) {
			v.Problems.Add(path+"/achievedLevel", "The achievement describes no such level.")
		}
	}
}

func (v *Checker) alignments(path string, list []Alignment) {
	for i, a := range list {
		at := item(path, i)
		v.Required(at+"/targetName", a.TargetName)
		v.Required(at+"/targetUrl", a.TargetURL)
		v.IRI(at+"/targetUrl", a.TargetURL)
		v.word(at+"/targetType", a.TargetType, alignmentWords)
	}
}
