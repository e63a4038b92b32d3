package web

import (
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/picture"
	"github.com/roundel/roundel/openbadge"
)

// TestLocalPath: signing in leads to a page of ours and nowhere else.
func TestLocalPath(t *testing.T) {
	for next, want := range map[string]string{
		"/console/north/awards?q=a&before=3": "/console/north/awards?q=a&before=3",
		"/verify":                            "/verify",
		"":                                   "/console",
		"console":                            "/console",
		"https://evil.example":               "/console",
		"//evil.example/console":             "/console",
		"///evil.example":                    "/console",
		`/\evil.example`:                     "/console",
		`\\evil.example`:                     "/console",
		"javascript:alert(1)":                "/console",
		"/\t/evil.example":                   "/console",
		"/a\r\nSet-Cookie: a=b":              "/console",
		"http:/console":                      "/console",
		"/%2f%2fevil.example":                "/%2f%2fevil.example",
		"https://user@evil.example/console":  "/console",
	} {
		if got := localPath(next); got != want {
			t.Errorf("localPath(%q) = %q, want %q", next, got, want)
		}
	}
}

func drawDesign(t *rapid.T) (picture.Design, string) {
	id := func(name string, options []picture.Option) string {
		return rapid.SampledFrom(options).Draw(t, name).ID
	}
	d := picture.Design{
		Shape: id("shape", picture.Shapes()), Pattern: id("pattern", picture.Patterns()), Icon: id("icon", picture.Icons()),
		Top: rapid.String().Draw(t, "top"), Bottom: rapid.String().Draw(t, "bottom"), Ribbon: rapid.String().Draw(t, "ribbon"),
		AsTyped: rapid.Bool().Draw(t, "as typed"),
	}
	if d.Levels = rapid.IntRange(0, 9).Draw(t, "levels"); d.Levels > 0 {
		d.Level = rapid.IntRange(0, 9).Draw(t, "level")
	}
	p := rapid.SampledFrom(picture.Palettes()).Draw(t, "palette")
	if rapid.Bool().Draw(t, "own colours") {
		hex := rapid.StringMatching(`#[0-9a-f]{6}`)
		d.Ring, d.Face, d.Ink, d.RingInk, d.Accent = hex.Draw(t, "ring"), hex.Draw(t, "face"), hex.Draw(t, "ink"), hex.Draw(t, "ring ink"), hex.Draw(t, "accent")
		return d, ownColours
	}
	return p.Paint(d), p.ID
}

// TestDesignSurvivesItsAddress: the preview shows the design that was chosen.
func TestDesignSurvivesItsAddress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, palette := drawDesign(t)
		q, err := url.ParseQuery(designQuery(d, palette))
		if err != nil {
			t.Fatal(err)
		}
		if got, p := readDesign(q.Get); got != d || p != palette {
			t.Fatalf("%+v in %s became %+v in %s", d, palette, got, p)
		}
	})
}

// TestEveryChoiceHasAPreview: whatever is chosen or typed, there is a picture.
func TestEveryChoiceHasAPreview(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chosen, _ := drawDesign(t)
		d, _ := makeable(chosen)
		if _, err := picture.Compose(d); err != nil {
			t.Fatalf("%+v cannot be composed: %v", d, err)
		}
	})
	d, _ := readDesign(url.Values{"shape": {"<svg>"}, "icon": {"../../x"}, "ring": {"red;}"}, "palette": {"own"}, "level": {"9999999999999999999/-4"}}.Get)
	d, wrong := makeable(d)
	if _, err := picture.Compose(d); err != nil || len(wrong) == 0 {
		t.Errorf("a design from an invented address: %v, %v", wrong, err)
	}
}

// TestFormOfAVersion: editing starts from what was saved.
func TestFormOfAVersion(t *testing.T) {
	own := picture.Palettes()[2].Paint(picture.Design{Shape: "seal", Pattern: "rays", Icon: "star"})
	own.Accent = "#123456"
	for name, d := range map[string]picture.Design{
		"palette":  picture.Palettes()[3].Paint(picture.Design{Shape: "shield", Pattern: "beads", Icon: "leaf", Top: "A", Level: 1, Levels: 3}),
		ownColours: own,
	} {
		f := badgeForm{Design: d, Palette: paletteOf(d)}
		if (f.Palette == ownColours) != (name == ownColours) {
			t.Errorf("%s: palette %q", name, f.Palette)
		}
		q, err := url.ParseQuery(designQuery(f.Design, f.Palette))
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := readDesign(q.Get); got != d {
			t.Errorf("%s: %+v became %+v", name, d, got)
		}
	}
}

// TestEveryChoiceHasAName walks the families of texts whose ids are put
// together in Go.
func TestEveryChoiceHasAName(t *testing.T) {
	c, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	need := func(family string, codes ...string) {
		t.Helper()
		for _, code := range codes {
			if !c.Has(family + code) {
				t.Errorf("no text %q", family+code)
			}
		}
	}
	need("kind.", openbadge.AchievementTypes()...)
	need("batch.field.", issuing.MappingFields...)
	need("batch.order.", "none", "day", "month")
	for _, r := range issuing.Reasons {
		need("reason.", string(r))
		need("reason.short.", string(r))
	}
	for _, d := range []issuing.Duplicates{issuing.SkipDuplicates, issuing.ReplaceDuplicates, issuing.AllowDuplicates} {
		need("batch.duplicates.", string(d), string(d)+"_hint")
	}
	states := []string{outbox.Queued, outbox.Waiting, outbox.Held, outbox.Sent, outbox.Failed}
	need("mail.tag.", states...)
	need("mail.news.", states...)
	need("console.nav.", areaOverview, areaBadges, areaAwards, areaOutbox, areaSettings, areaSwitch)
	need("settings.tab.", "profile", "disclosure", "identity", "tokens")
	need("flash.", "revoked", "revoked_trial", "suspended", "suspended_trial", "reinstated", "reinstated_trial", "awarded", "awarded_trial",
		"badge_saved", "badge_published", "mail_again", "mail_kept", "row_mended", "row_still_bad")
}

var doneCall = regexp.MustCompile(`s\.done\(.*, "(?:good|wait|bad|info)", "([a-z_]+)"\)`)

// TestEveryDeedIsSaid looks for what handlers say after a deed.
func TestEveryDeedIsSaid(t *testing.T) {
	c, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		code, err := os.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range doneCall.FindAllStringSubmatch(string(code), -1) {
			if found++; !c.Has("flash." + m[1]) {
				t.Errorf("%s says flash.%s, which has no text", e.Name(), m[1])
			}
			if !flashForm.MatchString("good." + m[1]) {
				t.Errorf("%s: %q is no code that the cookie can hold", e.Name(), m[1])
			}
		}
	}
	if found < 10 {
		t.Errorf("found only %d deeds: has the way of saying them changed?", found)
	}
}

func TestSplitTags(t *testing.T) {
	if got := splitTags("statistics, plain language;first aid\nété،one"); !slices.Equal(got, []string{"statistics", " plain language", "first aid", "été", "one"}) {
		t.Errorf("%q", got)
	}
}

// TestFileName: names reach a header, so nothing of them may end it.
func TestFileName(t *testing.T) {
	for in, want := range map[string]string{
		"Applied Data Analysis":        "applied-data-analysis",
		"a\"; filename=\"evil.exe\r\n": "a-filename-evil-exe",
		"../../etc/passwd":             "etc-passwd",
		"数据":                           "badge",
		"Mathematik für Anfänger":      "mathematik-fur-anfanger",
		"Łódź, Straße, Søren O’Brien":  "lodz-strasse-soren-obrien",
		strings.Repeat("x", 300):       strings.Repeat("x", 80),
	} {
		if got := fileName(in); got != want {
			t.Errorf("fileName(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestLacksFollowsThePicture: a made picture is described by us, an uploaded
// one by its owner.
func TestLacksFollowsThePicture(t *testing.T) {
	f := badgeForm{Name: "A", Description: "b", Criteria: "c", Kind: "Badge", From: pictureMade}
	if wrong := f.lacks(); len(wrong) != 0 {
		t.Errorf("made: %v", wrong)
	}
	f.From = pictureUploaded
	var paths []string
	for _, w := range f.lacks() {
		paths = append(paths, w.Path)
	}
	if !slices.Equal(paths, []string{"picture", "picture_alt"}) {
		t.Errorf("uploaded: %v", paths)
	}
	if empty := (badge.Content{}); len(empty.Lacks()) != 5 {
		t.Errorf("nothing: %v", empty.Lacks())
	}
}
