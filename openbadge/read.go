package openbadge

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/roundel/roundel/credential"
)

// Is reports whether c says that it is an Open Badge, so that Read applies.
func Is(c *credential.Credential) bool {
	return c.HasType(TypeCredential) || c.HasType(TypeAchievement)
}

// Read returns c as an Open Badge, for showing it. It follows the more lenient
// of the two published JSON Schemas: single values in place of lists are
// allowed, unknown members ignored.
//
// Credentials of version 1.1 of the data model, which Open Badges 3.0 used
// while it was a draft, are read too; their Contexts tell them apart. The error
// is Problems.
func Read(c *credential.Credential) (*AchievementCredential, error) {
	v := &validator{}
	if !Is(c) {
		v.problems.Add("/type", "The types do not include %s.", TypeCredential)
	}
	if !slices.ContainsFunc(c.Contexts, obContext.MatchString) {
		v.problems.Add("/@context", "The context of Open Badges 3.0 is missing.")
	}
	if len(c.Subject) != 1 {
		v.problems.Add("/credentialSubject", "A badge is about exactly one recipient.")
	}
	tree, ok := v.regular("", "Credential", c.Tree).(map[string]any)
	if len(v.problems) > 0 || !ok {
		return nil, v.sorted()
	}
	badge, err := decode(tree)
	if err != nil {
		return nil, err
	}
	badge.Contexts, badge.Types = c.Contexts, c.Types
	badge.ValidFrom, badge.ValidUntil = c.ValidFrom, c.ValidUntil
	v.credential(badge)
	if len(v.problems) > 0 {
		return nil, v.sorted()
	}
	return badge, nil
}

// decode fills the Go types from a tree in regular form.
func decode(tree map[string]any) (*AchievementCredential, error) {
	delete(tree, "@context")
	delete(tree, "type")
	// credential.Parse has read these, under their names in either version.
	delete(tree, "validFrom")
	delete(tree, "validUntil")
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	var badge AchievementCredential
	err = json.Unmarshal(text, &badge)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		path := "/" + strings.ReplaceAll(wrong.Field, ".", "/")
		return nil, Problems{{Path: path, Msg: "The value must not be a " + wrong.Value + "."}}
	case err != nil: // a date
		return nil, Problems{{Msg: "A date is not written as 2026-03-01T09:00:00Z."}}
	}
	return &badge, nil
}

// sorted returns the problems in a fixed order, since trees have none.
func (v *validator) sorted() Problems {
	slices.SortStableFunc(v.problems, func(a, b *Problem) int { return strings.Compare(a.Path, b.Path) })
	return v.problems
}
