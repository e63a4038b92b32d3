package web_test

import (
	"bytes"
	"encoding/binary"
	"image/png"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
)

// TestNoCodesInPeoplesFaces: what programs get stands with the raw data.
func TestNoCodesInPeoplesFaces(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	a := h.Award(t, "Amara Okafor", "amara@example.org")
	c := h.Client(t)
	for _, text := range []string{string(a.Document), strings.Replace(string(a.Document), "Applied", "Applies", 1), `{"a": 1}`, "no badge"} {
		report := sound(t, c.Post("/verify", url.Values{"text": {text}}).Want(200))
		before, raw, found := strings.Cut(report.Text(), "Raw data")
		if !found {
			t.Fatalf("no raw data: %s", report.Text())
		}
		if code := regexp.MustCompile(`\b[a-z]+_[a-z_]+\b`).FindString(before); code != "" {
			t.Errorf("the report on %.20q says %q", text, code)
		}
		if !strings.Contains(raw, "_") {
			t.Errorf("the codes are lost: %s", raw)
		}
		if strings.Count(before, "bound to") > 1 {
			t.Errorf("said twice: %s", before)
		}
	}
}

// TestWaysIn: a dead set-up link says where a new one comes from, and learners
// are not asked to sign in.
func TestWaysIn(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	c := h.Client(t)
	sound(t, c.Get("/set-up/nonsense").Want(404)).Says("Restart the server, it prints a new link")
	saysNot(t, c.Get("/nowhere").Want(404), "Restart the server")
	_, page := h.Published(t, "Amara Okafor", "amara@example.org")
	for _, address := range []string{page, h.ClaimPath(t, h.Award(t, "Jo", "jo@example.org"))} {
		text := c.Get(address).Want(200).Says("For issuers: sign in").Text()
		if strings.Contains(text, "Sign in") {
			t.Errorf("%s offers to sign in: %s", address, text)
		}
	}
}

func TestBadgePagesSayThingsOnce(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	public := sound(t, h.Client(t).Get("/badges/"+h.Badge.PublicID.String()).Want(200))
	if n := strings.Count(public.Text(), "Version"); n != 1 {
		t.Errorf("the badge's page says “Version” %d times: %s", n, public.Text())
	}
}

// TestFilesThatBrowsersAskFor by themselves.
func TestFilesThatBrowsersAskFor(t *testing.T) {
	s := apptest.Start(t, apptest.Options{})
	c := s.Client(t)
	icon := c.Get("/favicon.ico").Want(200)
	if icon.Media() != "image/x-icon" || !bytes.HasPrefix(icon.Body, []byte{0, 0, 1, 0, 1, 0, 32, 32}) {
		t.Fatalf("%s %x", icon.Media(), icon.Body[:min(len(icon.Body), 16)])
	}
	at := binary.LittleEndian.Uint32(icon.Body[18:])
	if int(at)+int(binary.LittleEndian.Uint32(icon.Body[14:])) != len(icon.Body) {
		t.Error("the icon's entry does not fit the file")
	}
	mark, err := png.Decode(bytes.NewReader(icon.Body[at:]))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct{ x, y, alpha int }{{16, 16, 0xffff}, {16, 8, 0}, {16, 2, 0xffff}, {0, 0, 0}} {
		if _, _, _, alpha := mark.At(p.x, p.y).RGBA(); int(alpha) != p.alpha {
			t.Errorf("at %d, %d the mark has alpha %x", p.x, p.y, alpha)
		}
	}
	robots := string(c.Get("/robots.txt").Want(200).Body)
	for _, private := range []string{"/console", "/claim", "/set-up", "/reset", "/account", "/register/", "/addresses/", "/sign-in/"} {
		if !strings.Contains(robots, "Disallow: "+private+"\n") {
			t.Errorf("robots may look at %s", private)
		}
	}
}

// TestDownloadsAreKept: files from the console are not shown in the browser.
func TestDownloadsAreKept(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	a := h.Award(t, "Jürgen Groß", "j@example.org")
	badge := h.Console + "/badges/" + h.Badge.PublicID.String()
	batch := upload(t, h.Owner, badge+"/spreadsheet", nil, "file", "p.csv", people).Location()
	for path, name := range map[string]string{
		h.Console + "/awards/" + a.PublicID.String() + "/badge.json": "applied-data-analysis-jurgen-gross.json",
		h.Console + "/awards/" + a.PublicID.String() + "/badge.png":  "applied-data-analysis-jurgen-gross.png",
		badge + "/spreadsheet/template.csv":                          "recipients.csv",
		batch + "/bad.csv":                                           "applied-data-analysis-not-awarded.csv",
		batch + "/report.csv":                                        "applied-data-analysis-report.csv",
	} {
		if got := h.Owner.Get(path).Want(200).Header.Get("Content-Disposition"); got != `attachment; filename="`+name+`"` {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// TestCompanyPage: the whole address of a LinkedIn page is as good as its
// number.
func TestCompanyPage(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	form := url.Values{"name": {"Northlight"}, "website": {"https://northlight.example"}, "email": {"a@northlight.example"}}
	for typed, want := range map[string]string{
		"https://www.linkedin.com/company/1337/admin/dashboard/": "1337",
		" linkedin.com/school/20?x=y ":                           "20", "4711": "4711",
		"https://linkedin.com/company/northlight": "", "https://evil.example/linkedin.com/company/1": "",
	} {
		form.Set("linkedin_id", typed)
		answer := h.Owner.Post(h.Console+"/settings", form)
		if want == "" {
			answer.Want(http.StatusUnprocessableEntity).Says("the number of the LinkedIn company page")
			continue
		}
		answer.Want(http.StatusSeeOther)
		saved := regexp.MustCompile(`name="linkedin_id"[^>]* value="([^"]*)"`).FindSubmatch(h.Owner.Get(h.Console + "/settings").Want(200).Body)
		if saved == nil || string(saved[1]) != want {
			t.Errorf("%q became %q", typed, saved)
		}
	}
}

// TestTooLargeAPicture: what was typed is still there.
func TestTooLargeAPicture(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	large := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 13<<20)
	typed := url.Values{"name": {"Boatbuilding"}, "description": {"Builds a boat."}, "criteria": {"Build one."}, "from": {"upload"}, "do": {"publish"}}
	page := sound(t, upload(t, h.Owner, h.Console+"/badges/new", typed, "picture", "large.png", large).Want(422)).Says("larger than 10 MB").Says("Builds a boat.").Says("Build one.")
	if !strings.Contains(string(page.Body), `value="Boatbuilding"`) || !strings.Contains(string(page.Body), `href="#f-picture"`) {
		t.Error("the name is lost, or the picture is not named as what is wrong")
	}
	profile := url.Values{"name": {"Southlight"}, "website": {"https://southlight.example"}, "email": {"a@southlight.example"}}
	logo := sound(t, upload(t, h.Owner, h.Console+"/settings", profile, "logo", "large.png", large).Want(422)).Says("larger than 10 MB")
	if !strings.Contains(string(logo.Body), `value="Southlight"`) {
		t.Error("the profile is lost")
	}
}
