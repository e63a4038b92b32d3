package picture

import (
	"hash/fnv"
	"strings"
	"unicode"
)

// Suggest returns a good design for a badge called name: an icon that fits its
// words, colours and a shape that differ from badge to badge, its level as
// dots when the name tells one. The same name gives the same design, and the
// design always composes.
func Suggest(name string) Design {
	words := nameWords(name)
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(strings.Join(words, " "))) // a hash does not fail
	h := sum.Sum32()
	pick := func(n int) int {
		h = h*1664525 + 1013904223
		return int(h>>16) % n
	}
	shapes := []string{"circle", "seal", "hexagon", "rosette", "octagon", "squircle", "shield", "circle"}
	palettes := Palettes()
	d := Design{
		Title:   clipWords(name, 300),
		Shape:   shapes[pick(len(shapes))],
		Pattern: Patterns()[pick(4)].ID,
	}
	d = palettes[pick(15)].Paint(d) // the metals are for levels
	d.Icon = suggestIcon(words, pick)
	d.Level, d.Levels = suggestLevel(words)
	d.Top = d.shorten(name)
	return d
}

// nameWords are the words of a name in lower case.
func nameWords(name string) []string {
	return strings.FieldsFunc(strings.ToLower(tidy(name, "", true)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// suggestIcon picks the icon that fits the most words; an early word counts
// more, because names begin with what they are about.
func suggestIcon(words []string, pick func(int) int) string {
	best, most := "", 0
	for _, i := range icons() {
		score := 0
		for known := range strings.FieldsSeq(i.words) {
			for at, w := range words {
				switch {
				case w == known:
					score += 100 - min(at, 9)
				case len(known) >= 5 && len(w) >= 5 && (strings.HasPrefix(w, known) || strings.HasPrefix(known, w)):
					score += 60 - min(at, 9)
				}
			}
		}
		if score > most {
			best, most = i.id, score
		}
	}
	if best != "" {
		return best
	}
	general := []string{"star", "cap", "bulb", "compass", "medal", "mountain", "book", "flag"}
	return general[pick(len(general))]
}

// suggestLevel reads a level out of a name: which of how many.
func suggestLevel(words []string) (level, levels int) {
	for i, w := range words {
		switch w {
		case "introduction", "introductory", "intro", "beginner", "beginners", "basic", "basics", "foundation", "foundations", "fundamentals", "essentials", "starter":
			return 1, 3
		case "intermediate", "practitioner":
			return 2, 3
		case "advanced", "expert", "master", "mastery", "professional":
			return 3, 3
		case "level", "stage", "stufe", "niveau", "nivel":
			if i+1 < len(words) && len(words[i+1]) == 1 && words[i+1] >= "1" && words[i+1] <= "5" {
				n := int(words[i+1][0] - '0')
				return n, max(n, 3)
			}
		}
	}
	return 0, 0
}

// shorten returns as much of name as fits on the ring, cut between words; ""
// when the lettering does not know its script.
func (d Design) shorten(name string) string {
	name = tidy(name, "", true)
	if len(missing(tidy(name, d.Lang, d.AsTyped))) > 0 {
		return ""
	}
	if runes := []rune(name); len(runes) > maxWords {
		name = string(runes[:maxWords])
	}
	fits := func(s string) bool { return d.overflow("top", tidy(s, d.Lang, d.AsTyped)) == 0 }
	if fits(name) {
		return name
	}
	words := strings.Fields(name)
	for n := len(words) - 1; n > 0; n-- {
		if s := strings.TrimRight(strings.Join(words[:n], " "), " ,;:–-&") + "…"; fits(s) {
			return s
		}
	}
	return ""
}

// clipWords cuts s to at most n letters.
func clipWords(s string, n int) string {
	s = tidy(s, "", true)
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
