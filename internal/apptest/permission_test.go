package apptest_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/api"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/protocol/vcapi"
	"github.com/roundel/roundel/internal/web"
)

// goldenFile says for every route who gets in. Set UPDATE_GOLDEN to write it
// anew, and read the difference: every line of it is a promise.
const goldenFile = "testdata/permissions.txt"

const goldenHead = `# Who gets through the gate, for every route of web, api and vcapi. One line a route:
#
#   METHOD address | what it needs | whose things: answer (callers), …
#
# what it needs a word, and “suspended too” when the deed only takes away
# whose things  own        the caller's organisation and things of it
#               other      another organisation and its things
#               elsewhere  own, of another department than the one that the caller is limited to
#               mixed      the caller's organisation, with another one's things
#               suspended  own, while the operator has suspended the organisation
#               waiting    own, before the operator has approved the organisation
# answer        in         the gate is passed: a page, a redirect, or what is wrong with the form
#               sign-in    people are asked to sign in
#               401        programs are asked for a token
#               403, 404   refused: by role or scope; as if it did not exist
# callers       all: everybody else. By roles; custom has member.view, member.manage and
#               award.view; department is an issuer of the one department whose things
#               these are; stranger is signed in and belongs to nothing, operator too but
#               runs the installation; token x has scope x only.
`

// TestPermissions walks the tables of routes themselves: a route without a line
// in the golden file fails, and so does a line without a route.
func TestPermissions(t *testing.T) {
	w := newGateWorld(t)
	var lines []string
	for _, table := range []struct {
		routes  map[string]gate.Permission
		program bool
	}{{web.Routes(), false}, {api.Routes(), true}, {vcapi.Routes(), true}} {
		for _, pattern := range slices.SortedFunc(maps.Keys(table.routes), byAddress) {
			lines = append(lines, w.line(pattern, table.routes[pattern], table.program))
		}
	}
	got := goldenHead + "\n" + strings.Join(lines, "\n") + "\n"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(goldenFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, strings.Split(string(want), "\n"), strings.Split(got, "\n"))
}

// TestEveryPermissionDecides asks each route that the golden file says to need a
// permission twice: with that permission and no other, which opens the gate, and
// with every other one, which does not. What the file says is therefore what is
// asked for, whatever the tables of routes say.
func TestEveryPermissionDecides(t *testing.T) {
	w := newGateWorld(t)
	golden, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	decided := map[org.Permission]int{}
	for line := range strings.Lines(string(golden)) {
		cells := strings.Split(line, " | ")
		if len(cells) < 3 {
			continue
		}
		p := gate.Permission(strings.TrimSpace(cells[1]))
		word := asked(p)
		if !word.Known() {
			continue
		}
		method, address, _ := strings.Cut(cells[0], " ")
		kind, refusal := "", "Your role in "
		if program(address) {
			kind, refusal = "token ", "it lacks the scope "
		}
		for _, caller := range []struct {
			name    string
			refused bool
		}{{kind + "all but " + string(word), true}, {kind + "only " + string(word), false}} {
			class := w.ask(method, address, caller.name, own, p)
			if refused := class == "403" && strings.Contains(w.answered, refusal); refused != caller.refused {
				t.Errorf("%s, which needs %s, asked with %s: %s", cells[0], word, caller.name, class)
			}
		}
		decided[word]++
	}
	for _, p := range org.Permissions() {
		if decided[p] == 0 && p != org.MarkAssessments { // which no route needs yet
			t.Errorf("no route needs %s", p)
		}
	}
}

// program reports whether the address is one of programs.
func program(address string) bool {
	return strings.HasPrefix(address, api.Base+"/") || strings.HasPrefix(address, vcapi.Base+"/")
}

// compare names every line that is missing, new or another.
func compare(t *testing.T, want, got []string) {
	t.Helper()
	for _, l := range want {
		if !slices.Contains(got, l) {
			t.Errorf("promised, and not so: %s", l)
		}
	}
	for _, l := range got {
		if !slices.Contains(want, l) {
			t.Errorf("so, and not promised: %s", l)
		}
	}
}

// byAddress orders patterns by address, then by method.
func byAddress(a, b string) int {
	ma, pa, _ := strings.Cut(a, " ")
	mb, pb, _ := strings.Cut(b, " ")
	return cmp.Or(cmp.Compare(pa, pb), cmp.Compare(ma, mb))
}

// line asks for a route in every way there is and returns what came of it.
func (w *gateWorld) line(pattern string, p gate.Permission, program bool) string {
	w.t.Helper()
	method, address, found := strings.Cut(pattern, " ")
	if !found {
		method, address = http.MethodGet, pattern
	}
	callers := readers
	if program {
		callers = programs
	}
	needs := string(p)
	if p == gate.Nobody {
		needs = "NOBODY"
	}
	line := pattern + " | " + needs
	for _, whose := range []string{own, elsewhere, other, mixed, suspended, waiting} {
		if !w.differs(whose, address, p, program) {
			continue
		}
		answers := map[string][]string{}
		who := callers()
		if whose == elsewhere {
			who = []string{"department"}
		}
		for _, c := range who {
			a := w.ask(method, address, c, whose, p)
			answers[a] = append(answers[a], c)
		}
		line += " | " + whose + ": " + grouped(answers)
	}
	return line
}

// asked returns the organisation's permission that a route needs.
func asked(p gate.Permission) org.Permission {
	word, _, _ := strings.Cut(string(p), " ")
	return org.Permission(word)
}

// differs reports whether asking for these things can be another question than
// asking for one's own.
func (w *gateWorld) differs(whose, address string, p gate.Permission, program bool) bool {
	things := strings.Contains(address, "/{") && asked(p).Known()
	switch whose {
	case own:
		return true
	case other:
		return strings.Contains(address, "{org}")
	case elsewhere:
		return !program && (strings.Contains(address, "{badge}") || strings.Contains(address, "{award}") || strings.Contains(address, "{batch}")) && strings.Contains(address, "{org}")
	case mixed:
		return things && (program || strings.Count(address, "{") > 1) || address == api.Base+"/awards"
	}
	return asked(p).Known() || p == gate.Member || p == gate.AnyToken
}

// grouped writes the callers by what they were answered, the largest group last
// and without names.
func grouped(answers map[string][]string) string {
	keys := slices.SortedFunc(maps.Keys(answers), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(answers[a]), len(answers[b])), cmp.Compare(a, b))
	})
	parts := make([]string, 0, len(keys))
	for i, k := range keys {
		if i == len(keys)-1 {
			parts = append(parts, fmt.Sprintf("%s (all)", k))
			break
		}
		parts = append(parts, fmt.Sprintf("%s (%s)", k, strings.Join(answers[k], ", ")))
	}
	return strings.Join(parts, ", ")
}
