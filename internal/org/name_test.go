package org_test

import (
	"testing"

	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/internal/org"
)

// TestPublicName: whatever an organisation calls itself, what is proven stands
// where readers look for it.
func TestPublicName(t *testing.T) {
	c, err := locale.Load()
	check(t, err)
	for _, one := range []struct{ name, domain, first, inside, html string }{
		{"Uni <1>", "", "An account at badges.example:8443 calling itself Uni <1>", "an account at badges.example:8443 calling itself Uni <1>",
			"An account at badges.example:8443 calling itself <b>Uni</b>"},
		{"Uni", "uni.example", "Uni (uni.example)", "Uni (uni.example)", "<b>Uni</b> (uni.example)"},
		{"Harvard (harvard.edu)", "", "An account at badges.example:8443 calling itself Harvard (harvard.edu)",
			"an account at badges.example:8443 calling itself Harvard (harvard.edu)", "An account at badges.example:8443 calling itself <b>Uni</b>"},
		{"Harvard (harvard.edu)", "evil.example", "evil.example, which calls itself Harvard (harvard.edu)",
			"evil.example, which calls itself Harvard (harvard.edu)", "evil.example, which calls itself <b>Uni</b>"},
		{"Uni.Example", "uni.example", "Uni.Example (uni.example)", "Uni.Example (uni.example)", "<b>Uni</b> (uni.example)"},
		{"St. John's", "john.example", "St. John's (john.example)", "St. John's (john.example)", "<b>Uni</b> (john.example)"},
	} {
		n := (&org.Organisation{Profile: org.Profile{Name: one.name}, Domain: one.domain}).Called(org.HostOf("https://badges.example:8443"))
		id, args := n.Message()
		args["name"] = "<b>Uni</b>"
		if first, inside, html := n.First(c.For("en")), n.Inside(c.For("en")), c.For("en").T(id, args); first != one.first || inside != one.inside || html != one.html {
			t.Errorf("%s of %q is called %q, %q, %q", one.name, one.domain, first, inside, html)
		}
	}
	if n := (org.PublicName{Name: "Uni"}); n.First(c.For("en")) != "Uni" {
		t.Error("a name of which nothing is known is called something else")
	} else if id, _ := n.Message(); id != "" {
		t.Errorf("a name of which nothing is known has the text %s", id)
	}
}
