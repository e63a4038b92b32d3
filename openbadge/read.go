package openbadge

import (
	"encoding/json"
	"errors"
	"reflect"
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
	v := &Checker{}
	if !Is(c) {
		v.Problems.Add("/type", "The types do not include %s.", TypeCredential)
	}
	if !slices.ContainsFunc(c.Contexts, obContext.MatchString) {
		v.Problems.Add("/@context", "The context of Open Badges 3.0 is missing.")
	}
	if len(c.Subject) != 1 {
		v.Problems.Add("/credentialSubject", "A badge is about exactly one recipient.")
	}
	var badge AchievementCredential
	v.Decode(c, "Credential", nil, &badge)
	if err := v.Err(); err != nil {
		return nil, err
	}
	badge.Contexts, badge.Types = c.Contexts, c.Types
	badge.ValidFrom, badge.ValidUntil = c.ValidFrom, c.ValidUntil
	v.credential(&badge)
	if err := v.Err(); err != nil {
		return nil, err
	}
	return &badge, nil
}

// Decode fills into, a pointer to a Go type, from c, whose JSON has the shape
// called name: one of this package's or of more. Contexts, types and the
// validity period are left to the caller, since credential.Parse has read them
// under their names in either version.
func (v *Checker) Decode(c *credential.Credential, name string, more map[string]Shape, into any) {
	n := len(v.Problems)
	r := &regulariser{v: v, more: more}
	if more != nil {
		r.names = namesOf(reflect.TypeOf(into))
	}
	tree, ok := r.regular("", name, c.Tree).(map[string]any)
	if len(v.Problems) > n || !ok {
		return
	}
	for _, key := range []string{"@context", "type", "validFrom", "validUntil", "proof"} {
		delete(tree, key)
	}
	text, err := json.Marshal(tree)
	if err != nil {
		v.Problems.Add("", "The document cannot be read.")
		return
	}
	err = json.Unmarshal(text, into)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		v.Problems.Add("/"+strings.ReplaceAll(wrong.Field, ".", "/"), "The value must not be a %s.", wrong.Value)
	case err != nil: // a date
		v.Problems.Add("", "A date is not written as 2026-03-01T09:00:00Z.")
	}
}

// Err returns the problems that were found, in a fixed order, since trees have
// none, or nil.
func (v *Checker) Err() error {
	if len(v.Problems) == 0 {
		return nil
	}
	slices.SortStableFunc(v.Problems, func(a, b *Problem) int { return strings.Compare(a.Path, b.Path) })
	return v.Problems
}
