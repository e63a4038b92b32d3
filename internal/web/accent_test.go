package web

import (
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestEveryAccentIsReadable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.Float64Range(0, 1)
		c := colour{part.Draw(t, "r"), part.Draw(t, "g"), part.Draw(t, "b")}
		for _, m := range []struct {
			a        accent
			surfaces []string
			soft     string
		}{{lightAccent(c), lightSurfaces, lightSoft}, {darkAccent(c), darkSurfaces, darkSoft}} {
			for _, s := range m.surfaces {
				if got := contrast(m.a.accent, mustColour(s)); got < 4.5 {
					t.Errorf("%v on %s: %.2f", m.a.accent, s, got)
				}
			}
			for _, pair := range [][2]colour{{m.a.accent, m.a.wash}, {m.a.accent, m.a.on}, {mustColour(m.soft), m.a.wash}} {
				if got := contrast(pair[0], pair[1]); got < 4.5 {
					t.Errorf("%v with %v: %.2f", pair[0], pair[1], got)
				}
			}
		}
	})
}

func TestReadableAccentIsKept(t *testing.T) {
	if got := lightAccent(mustColour("#2a4fd0")).accent.String(); got != "#2a4fd0" {
		t.Errorf("a readable colour became %s", got)
	}
}

// TestAccentSurfacesAreTheTokens keeps accent.go and tokens.css in step.
func TestAccentSurfacesAreTheTokens(t *testing.T) {
	css, err := os.ReadFile("static/css/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, _ := strings.Cut(string(css), "prefers-color-scheme: dark")
	for _, m := range []struct {
		css      string
		surfaces []string
		soft     string
	}{{light, lightSurfaces, lightSoft}, {dark, darkSurfaces, darkSoft}} {
		for i, name := range []string{"paper", "card", "sunk", "soft"} {
			want := append(append([]string{}, m.surfaces...), m.soft)[i]
			got := regexp.MustCompile(`--` + name + `: (#[0-9a-f]{6})`).FindStringSubmatch(m.css)
			if got == nil || got[1] != want {
				t.Errorf("--%s is %v in tokens.css, %s in accent.go", name, got, want)
			}
		}
	}
}

func TestAccentSheets(t *testing.T) {
	s := newTestRenderer(t).static
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Code, w.Body.String()
	}
	if code, css := get(accentURL("#FFD400")); code != 200 || !strings.Contains(css, "--accent:#") {
		t.Errorf("%d %s", code, css)
	}
	for _, bad := range []string{"", "red", "#12345", "#12345g", "#1234567", `#12345";}`} {
		if u := accentURL(bad); u != "" {
			t.Errorf("%q gives %s", bad, u)
		}
	}
	for _, bad := range []string{"/static/accent/", "/static/accent/zzzzzz.2.css", "/static/accent/ffd400.css", "/static/accent/ffd400.0.css", "/static/accent/FFD400.2.css", "/static/accent/ffd400.2.css.css", "/static/accent/ffd400.2"} {
		if code, _ := get(bad); code != 404 {
			t.Errorf("%s: %d", bad, code)
		}
	}
}
