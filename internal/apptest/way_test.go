package apptest_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/apptest/browser"
)

// way is the whole way of a badge, gone in a real browser: from the set-up link
// to a stranger who verifies it, and to its withdrawal. Each part of the way is
// a test of its own.
type way struct {
	*testing.T
	*journey
	office *browser.Tab // of the person who issues
}

// journey is what the parts of the way hand on.
type journey struct {
	server  *apptest.Server
	browser *browser.Browser

	badge string // path of the badge in the console
	claim string // path of the first recipient's link
	award string // path of the first recipient's public page
	files map[string][]byte
}

// TestTheWholeWay goes it once, with axe on every page that is met, by mouse,
// by keyboard and without scripts, behind TLS.
func TestTheWholeWay(t *testing.T) {
	t.Parallel()
	browser.NeedAxe(t)
	s := apptest.Start(t, apptest.Options{TLS: true, SMTP: true})
	w := &way{T: t, journey: &journey{server: s, browser: browser.Start(t, s.BaseURL, s.PIN), files: map[string][]byte{}}}
	w.office = w.browser.Tab(t)
	ok := w.step("set up", (*way).setUp) &&
		w.step("design a badge", (*way).design) &&
		w.step("award from a spreadsheet", (*way).awardMany) &&
		w.step("mails arrive", (*way).readMails) &&
		w.step("at once", func(w *way) {
			w.Run("outside", func(t *testing.T) {
				t.Parallel()
				w := w.in(t)
				_ = w.step("claim by keyboard", (*way).claimByKeyboard) &&
					w.step("public page and files", (*way).show) &&
					w.step("verify", (*way).verify) &&
					w.step("without scripts", (*way).withoutScripts)
			})
			w.Run("inside", func(t *testing.T) {
				t.Parallel()
				w.in(t).lookAround()
			})
		}) &&
		w.step("withdraw", (*way).withdraw) &&
		w.step("newcomers", (*way).newcomers)
	w.office.CheckQuiet()
	t.Logf("went the whole way: %t; checks took %v", ok, w.browser.Times())
}

// step goes a part of the way, and reports whether all was well.
func (w *way) step(name string, do func(*way)) bool {
	return w.Run(name, func(t *testing.T) { do(w.in(t)) })
}

// in is the way inside a part of the test.
func (w *way) in(t *testing.T) *way { return &way{t, w.journey, w.office.For(t)} }

// setUp follows the set-up link to an account and an organisation.
func (w *way) setUp() {
	office := w.office
	office.Open("/")
	office.Says("This installation is new")
	office.Audit("home new")
	link := w.server.SetUpURL(w)
	office.Open(link)
	office.Audit("set-up")
	office.CheckKeyboard("set-up")
	office.Fill("name", "Ada Lindqvist")
	office.Fill("email", "ada@northlight.example")
	office.Fill("password", "too short")
	office.PressStatus("Go on", 422)
	office.Audit("set-up with a problem")
	office.Fill("password", "violets grow on the roof")
	office.Press("Go on")

	office.Audit("organisation")
	office.CheckKeyboard("organisation")
	office.Fill("name", "Northlight University")
	office.Fill("website", "https://northlight.example")
	office.Fill("email", "badges@northlight.example")
	office.Fill("description", "Short courses for working people.")
	office.Choose("country", "IE")
	office.Fill("linkedin_id", "12345678")
	office.Upload("logo", w.file("logo.png", logo(w)))
	office.Fill("logo_alt", "A compass on a blue disc")
	office.Pick("colour", "#0f6a87")
	office.Press("Create")
	office.Says("Ada Lindqvist", "Northlight University")
	office.Audit("overview new")
	office.CheckKeyboard("overview new")

	// The link works once.
	stranger := w.browser.Tab(w)
	stranger.OpenStatus(link, 404)
	stranger.CheckQuiet()
}

// design makes a badge in the designer and publishes it.
func (w *way) design() {
	office := w.office
	office.Press("Badges")
	office.Audit("badges none")
	office.Press("New badge")
	office.Audit("designer")
	office.CheckKeyboard("designer")
	before := browser.Eval[string](office, `document.querySelector("#live-picture img").src`)
	office.Fill("name", "Applied Data Analysis")
	office.Fill("description", "Collects, cleans and explains data of her own organisation.")
	office.Fill("criteria", "1. Six assignments, each **reviewed** by two people.\n2. A capstone project.")
	office.Choose("achievement_type", "MicroCredential")
	office.Fill("tags", "statistics, plain language")
	office.Pick("shape", "hexagon")
	office.Pick("icon", "chart")
	office.Pick("palette", "pine")
	office.Fill("top", "Northlight")
	office.Fill("bottom", "Data")
	office.Choose("level", "2/3")
	office.Until("the preview shows the choices", fmt.Sprintf(`(() => {
		const img = document.querySelector("#live-picture img")
		return img.src !== %q && img.complete && img.naturalWidth > 0 && img.src.includes("hexagon") && img.src.includes("level=2") &&
			document.getElementById("live-criteria").querySelector("strong") !== null
	})()`, before))
	office.Says("Applied Data Analysis")
	office.Audit("designer filled")
	office.Press("Publish")
	office.Says("Applied Data Analysis")
	w.badge = office.Path()
	office.Audit("badge published")
	office.CheckKeyboard("badge published")
}

// awardMany awards the badge from a spreadsheet of 25 rows, three of them
// faulty, one of which is mended on the way.
func (w *way) awardMany() {
	office := w.office
	office.Press("From a spreadsheet")
	office.Audit("spreadsheet")
	office.CheckKeyboard("spreadsheet")
	office.Upload("file", w.file("course participants.csv", participants()))
	office.Press("Upload and go on")
	office.Says("course participants.csv", "25 rows")
	for n, field := range []string{"name", "email", "date", "result", "evidence", ""} {
		office.Choose(fmt.Sprintf("column_%d", n+1), field)
	}
	office.Audit("spreadsheet columns")
	office.CheckKeyboard("spreadsheet columns")
	office.Press("Check every row")

	office.Says("is not an e-mail address", "31.02.2026")
	office.Audit("spreadsheet problems")
	office.CheckKeyboard("spreadsheet problems")
	if n := browser.Eval[int](office, `document.querySelectorAll("ol.mend > li").length`); n != 3 {
		w.Fatalf("%d rows to mend, want 3: %s", n, office.Text("main"))
	}
	row := browser.Eval[string](office, `document.querySelector('[value="ines.duarte(at)mail.example"]').closest("li").id`)
	browser.Eval[bool](office, fmt.Sprintf(`document.querySelector('#%s [name=cell_2]').select(), true`, row))
	office.FillAt("#"+row+" [name=cell_2]", "ines.duarte@mail.example")
	office.Key(kb.Enter)
	office.Wait(".flash")
	if n := browser.Eval[int](office, `document.querySelectorAll("ol.mend > li").length`); n != 2 {
		w.Fatalf("%d rows to mend, want 2: %s", n, office.Text("main"))
	}
	name, bad := office.Download("Download these rows")
	w.checkBad(name, bad)

	office.Press("Go on with 23 rows")
	office.Says("23")
	office.Audit("spreadsheet confirm")
	office.CheckKeyboard("spreadsheet confirm")
	office.Press("Award 23 badges")
	office.Wait(`a[href$="/report.csv"]`)
	office.Audit("spreadsheet done")
	_, report := office.Download("Report (CSV)")
	if rows := readCSV(w, report); len(rows) != 26 {
		w.Errorf("the report has %d lines, want a header and 25 rows", len(rows))
	}
}

// checkBad checks the file of rows that were left out.
func (w *way) checkBad(name string, file []byte) {
	rows := readCSV(w, file)
	if !strings.HasSuffix(name, ".csv") || len(rows) != 3 {
		w.Fatalf("%s has %d lines, want a header and two rows: %q", name, len(rows), rows)
	}
	last := len(rows[0]) - 1
	if !strings.Contains(strings.ToLower(rows[0][last]), "reason") && !strings.Contains(strings.ToLower(rows[0][last]), "wrong") {
		w.Errorf("the last column is %q, not the reason", rows[0][last])
	}
	for _, row := range rows[1:] {
		if row[last] == "" {
			w.Errorf("a row without a reason: %q", row)
		}
	}
}

var claimLink = regexp.MustCompile(`https://localhost:\d+(/claim/[A-Za-z0-9_-]+)`)

// readMails waits for the invitations.
func (w *way) readMails() {
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	if mails, err := w.server.Mail.Wait(ctx, 23); err != nil || len(mails) != 23 {
		w.Fatalf("%d mails, want 23: %v", len(mails), err)
	}
	first := w.server.Mail.To(firstAddress)
	if len(first) != 1 {
		w.Fatalf("%d mails to the first recipient", len(first))
	}
	m := first[0]
	// The university has not proven a domain: its name does not stand alone.
	if !strings.HasPrefix(m.Sender, `"Roundel" <`) || !strings.HasPrefix(m.Subject, "An account at localhost") || !strings.Contains(m.Subject, "Northlight University") || !strings.Contains(m.Subject, "Applied Data Analysis") {
		w.Errorf("from %q: %q", m.Sender, m.Subject)
	}
	match := claimLink.FindStringSubmatch(m.Text)
	if match == nil || !strings.Contains(m.HTML, match[0]) {
		w.Fatalf("no claim link in %q", m.Text)
	}
	w.claim = match[1]
	if !strings.HasPrefix(match[0], w.server.BaseURL) {
		w.Errorf("the link leads to %s", match[0])
	}
}

func (w *way) file(name string, data []byte) string {
	w.Helper()
	path := filepath.Join(w.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		w.Fatal(err)
	}
	return path
}

func readCSV(t *way, file []byte) [][]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff"))))
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%v in %q", err, file)
	}
	return rows
}

// logo is a picture of an organisation.
func logo(t *way) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 240, 240))
	for x := range 240 {
		for y := range 240 {
			if dx, dy := x-120, y-120; dx*dx+dy*dy < 110*110 {
				img.Set(x, y, color.NRGBA{R: 15, G: 106, B: 135, A: 255})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// isBaked fails the test unless the picture holds a badge.
func isBaked(t *way, file []byte, format string) {
	t.Helper()
	if baked, err := baking.Extract(file); err != nil || baked.Format != format {
		t.Errorf("a %s that holds %+v, %v", format, baked, err)
	}
}
