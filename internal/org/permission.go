package org

import (
	"slices"
	"strings"

	"github.com/roundel/roundel/internal/fault"
)

// Permission is one thing that somebody may do in an organisation.
type Permission string

// The permissions.
const (
	ViewBadges       Permission = "badge.view"    // every member has it
	EditBadges       Permission = "badge.edit"    // drafts and pictures
	PublishBadges    Permission = "badge.publish" // publish, archive
	ViewAwards       Permission = "award.view"    // recipients' names and addresses
	IssueAwards      Permission = "award.issue"
	WithdrawAwards   Permission = "award.withdraw"
	ViewOutbox       Permission = "outbox.view"
	EditOrganisation Permission = "organisation.edit" // profile, domain, departments
	ViewMembers      Permission = "member.view"
	ManageMembers    Permission = "member.manage" // invitations, roles
	ManageKeys       Permission = "key.manage"
	ManageTokens     Permission = "token.manage" // API tokens and service accounts
	ManageSignIn     Permission = "signin.manage"
	ViewAudit        Permission = "audit.view"
	ErasePeople      Permission = "person.erase" // recipients, when they ask for it
	Export           Permission = "organisation.export"
	MarkAssessments  Permission = "assessment.mark"
)

// Permissions lists every permission, in the order in which people see them.
var permissions = []Permission{
	ViewBadges, EditBadges, PublishBadges, ViewAwards, IssueAwards, WithdrawAwards, MarkAssessments, ViewOutbox,
	EditOrganisation, ViewMembers, ManageMembers, ManageKeys, ManageTokens, ManageSignIn, ViewAudit, ErasePeople, Export,
}

// Permissions returns every permission, in the order in which people see them.
func Permissions() Set { return slices.Clone(permissions) }

// Known reports whether p is a permission at all.
func (p Permission) Known() bool { return slices.Contains(permissions, p) }

// Changes reports whether p is for issuing or changing something, which nobody
// may do while the organisation is suspended, but for deeds that only take away.
// Looking, and taking out what is one's own, stays.
func (p Permission) Changes() bool {
	return p != Export && !strings.HasSuffix(string(p), ".view")
}

// InDepartments reports whether somebody can have p for some departments only.
// The others are about the whole organisation.
func (p Permission) InDepartments() bool {
	switch p {
	case ViewBadges, EditBadges, PublishBadges, ViewAwards, IssueAwards, WithdrawAwards, MarkAssessments:
		return true
	}
	return false
}

// Set is a set of permissions, in the order of Permissions.
type Set []Permission

// ParseSet reads permissions that are separated by spaces. What is unknown
// permits nothing and is left out: an older program reads what a newer one wrote.
func ParseSet(text string) Set { return SetOf(strings.Fields(text)) }

// SetOf returns the known permissions among the words.
func SetOf(words []string) Set {
	var s Set
	for _, p := range permissions {
		if slices.Contains(words, string(p)) {
			s = append(s, p)
		}
	}
	return s
}

// String returns the permissions, separated by spaces.
func (s Set) String() string { return strings.Join(s.Words(), " ") }

// Words returns the permissions as words.
func (s Set) Words() []string {
	words := make([]string, len(s))
	for i, p := range s {
		words[i] = string(p)
	}
	return words
}

// Has reports whether p is in the set.
func (s Set) Has(p Permission) bool { return slices.Contains(s, p) }

// Covers reports whether everything in other is in the set.
func (s Set) Covers(other Set) bool {
	return !slices.ContainsFunc(other, func(p Permission) bool { return !s.Has(p) })
}

// Keep returns the permissions for which keep is true.
func (s Set) Keep(keep func(Permission) bool) Set {
	var kept Set
	for _, p := range s {
		if keep(p) {
			kept = append(kept, p)
		}
	}
	return kept
}

// The roles that every organisation has.
const (
	RoleOwner         = "owner"
	RoleAdministrator = "administrator"
	RoleDesigner      = "designer"
	RoleIssuer        = "issuer"
	RoleAssessor      = "assessor"
	RoleViewer        = "viewer"
)

// roleCustom is what stands in a member's row whose role the organisation has
// made itself.
const roleCustom = "custom"

// Roles lists the roles that every organisation has, the mightiest first.
func Roles() []string {
	return []string{RoleOwner, RoleAdministrator, RoleDesigner, RoleIssuer, RoleAssessor, RoleViewer}
}

// RolePermissions returns what a role that every organisation has may do, and
// nothing for any other word.
func RolePermissions(role string) Set {
	switch role {
	case RoleOwner, RoleAdministrator:
		// What sets an owner apart is not a permission: only owners make owners.
		return Permissions()
	case RoleDesigner:
		return Set{ViewBadges, EditBadges, PublishBadges}
	case RoleIssuer:
		return Set{ViewBadges, ViewAwards, IssueAwards, WithdrawAwards, ViewOutbox}
	case RoleAssessor:
		return Set{ViewBadges, MarkAssessments}
	case RoleViewer:
		return Set{ViewBadges, ViewAwards}
	}
	return nil
}

// TokenPermissions returns what an API token can be for: what people do by
// hand only, such as signing in and giving out tokens, is not among it.
func TokenPermissions() Set {
	return permissionsWithout(ManageSignIn, ManageTokens, ManageKeys)
}

func permissionsWithout(not ...Permission) Set {
	return Permissions().Keep(func(p Permission) bool { return !slices.Contains(not, p) })
}

// CheckScopes returns a fault unless a token may be given these scopes by
// somebody with the permissions of by.
func CheckScopes(scopes, by Set) error {
	switch {
	case len(scopes) == 0:
		return fault.Fields(fault.Field{Path: "scopes", Message: "Choose at least one thing that the token is for."})
	case !TokenPermissions().Covers(scopes):
		return fault.Fields(fault.Field{Path: "scopes", Message: "Choose from the list: a token cannot make tokens, keys or ways to sign in."})
	case !by.Covers(scopes):
		return fault.Fields(fault.Field{Path: "scopes", Message: "Choose only what you may do yourself."})
	}
	return nil
}
