package web

import (
	"slices"
	"strings"

	"github.com/roundel/roundel/openbadge"
)

// commonKinds are the achievement types that most badges have, the most
// common first.
var commonKinds = []string{"Badge", "MicroCredential", "CertificateOfCompletion", "Course", "Competency", "Assessment", "Award", "Membership", "CommunityService"}

// kindChoices lists all achievement types under names that people use: the
// common ones first, then the others by name.
func kindChoices(t printer) []option {
	var common, rest []option
	for _, k := range commonKinds {
		common = append(common, option{Value: k, Label: kindName(t, k)})
	}
	for _, k := range openbadge.AchievementTypes() {
		if !slices.Contains(commonKinds, k) {
			rest = append(rest, option{Value: k, Label: kindName(t, k)})
		}
	}
	slices.SortFunc(rest, func(a, b option) int { return strings.Compare(a.Label, b.Label) })
	return append(append(common, option{Label: "──────────", Value: "-", Disabled: true}), rest...)
}

func kindName(t printer, kind string) string { return t.T("kind."+kind, nil) }

// languages are those that badges are most often written in.
var languages = strings.Fields("ar bg bn ca cs cy da de el en es et eu fa fi fr ga gl he hi hr hu hy id is it ja ka kk ko lt lv mk ms mt nb nl nn pl pt ro ru sk sl sq sr sv sw ta th tr uk ur vi zh")

func languageChoices(t printer) []option {
	list := make([]option, 0, len(languages))
	for _, tag := range languages {
		list = append(list, option{Value: tag, Label: t.Language(tag)})
	}
	slices.SortFunc(list, func(a, b option) int { return strings.Compare(a.Label, b.Label) })
	return list
}
