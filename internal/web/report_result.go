package web

import (
	"slices"
	"strings"

	"github.com/roundel/roundel/openbadge"
)

// resultView is a result with what it could have been.
type resultView struct {
	Name    string // what was assessed
	Reached string // in words: "87", "Proficient"
	Of      string // "from 0 to 100", "level 2 of 3"; may be ""
	Needed  string // "70 was needed"; may be ""
	State   string // "Completed"; may be ""
	Text    string // what the reached level means
	Scale   []stepView
	Aligned []alignedView
}

// stepView is one step of a scale, from low to high.
type stepView struct {
	Name             string
	Points, Text     string
	Reached, Needed  bool
	ReachedAndNeeded bool
}

// resultViews puts each result beside the description that the achievement gives
// of it: a mark means little without its scale.
func resultViews(t printer, s *openbadge.Subject) []resultView {
	var list []resultView
	for _, r := range upTo(s.Result) {
		v := resultView{Name: t.T("award.result", nil), Reached: line(r.Value), Aligned: alignedViews(r.Alignment)}
		if r.Status != "" {
			v.State = term(t, "result_status.", r.Status, openbadge.ResultStatuses())
		}
		i := slices.IndexFunc(s.Achievement.ResultDescription, func(d openbadge.ResultDescription) bool {
			return r.ResultDescription != "" && d.ID == r.ResultDescription
		})
		if i >= 0 {
			v.describe(t, r, &s.Achievement.ResultDescription[i])
		}
		if v.Reached == "" {
			v.Reached, v.State = v.State, ""
		}
		if v.Reached == "" { // it names a level that the badge does not describe
			v.Reached = line(r.AchievedLevel)
		}
		list = append(list, v)
	}
	return list
}

// describe fills in what the description d says about the result r.
func (v *resultView) describe(t printer, r openbadge.Result, d *openbadge.ResultDescription) {
	if name := line(d.Name); name != "" {
		v.Name = name
	}
	v.Aligned = append(v.Aligned, alignedViews(d.Alignment)...)
	switch {
	case len(d.RubricCriterionLevel) > 0:
		v.rubric(r, d)
	case len(d.AllowedValue) > 0:
		for _, value := range upTo(d.AllowedValue) {
			v.Scale = append(v.Scale, stepView{Name: line(value), Reached: value == r.Value, Needed: value == d.RequiredValue})
		}
	case d.ValueMin != "" && d.ValueMax != "":
		v.Of = t.T("report.result_range", map[string]any{"min": line(d.ValueMin), "max": line(d.ValueMax)})
	case d.ValueMax != "":
		v.Of = t.T("report.result_max", map[string]any{"max": line(d.ValueMax)})
	}
	needed, marked := line(d.RequiredValue), false
	for i := range v.Scale {
		step := &v.Scale[i]
		step.ReachedAndNeeded = step.Reached && step.Needed
		if step.Reached {
			v.Of = t.T("report.result_level", map[string]any{"level": i + 1, "levels": len(v.Scale)})
		}
		marked = marked || step.Needed
	}
	if needed != "" && !marked { // else the scale shows it
		v.Needed = t.T("report.result_needed", map[string]any{"value": needed})
	}
	if d.ResultType == "Percent" && v.Reached != "" && !strings.Contains(v.Reached, "%") {
		v.Reached = t.T("report.result_percent", map[string]any{"value": v.Reached})
	}
}

// rubric makes the scale of the levels of a rubric.
func (v *resultView) rubric(r openbadge.Result, d *openbadge.ResultDescription) {
	for _, l := range upTo(d.RubricCriterionLevel) {
		step := stepView{Name: line(l.Name), Text: l.Description, Points: line(l.Points),
			Reached: r.AchievedLevel != "" && l.ID == r.AchievedLevel, Needed: d.RequiredLevel != "" && l.ID == d.RequiredLevel}
		if step.Name == "" {
			step.Name = line(l.Level)
		}
		if step.Reached {
			if v.Reached == "" {
				v.Reached = step.Name
			}
			v.Aligned = append(v.Aligned, alignedViews(l.Alignment)...)
		}
		v.Scale = append(v.Scale, step)
	}
}
