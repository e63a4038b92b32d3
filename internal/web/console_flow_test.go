package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/internal/web"
)

// upload sends a form with one file, as browsers do.
func upload(t *testing.T, c *apptest.Client, address string, fields url.Values, field, name, content string) *apptest.Answer {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for key, values := range fields {
		for _, v := range values {
			if err := w.WriteField(key, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	if name != "" {
		part, err := w.CreateFormFile(field, name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return c.Do(http.MethodPost, address, w.FormDataContentType(), &b)
}

// value returns what an input of the page holds.
func value(t *testing.T, a *apptest.Answer, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + regexp.QuoteMeta(name) + `" value="([^"]*)"`).FindSubmatch(a.Body)
	if m == nil {
		t.Fatalf("no input %q on the page", name)
	}
	return string(m[1])
}

func quiet(t *testing.T, s *apptest.Server) {
	t.Helper()
	if err := s.App.Features.Jobs.Quiet(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// sound asks of a page what holds for every page.
func sound(t *testing.T, a *apptest.Answer) *apptest.Answer {
	t.Helper()
	web.CheckPage(t, a.Body)
	return a
}

// TestFromSetUpToTheFirstAward goes the way of a newcomer without scripts,
// making every mistake once.
func TestFromSetUpToTheFirstAward(t *testing.T) {
	s := apptest.Start(t, apptest.Options{})
	c, link := s.Client(t), s.SetUpURL(t)

	page := sound(t, c.Get(link).Want(200))
	if page.Header.Get("Referrer-Policy") != "no-referrer" || page.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the page of a secret address: %v", page.Header)
	}
	bad := sound(t, c.Post(link, url.Values{"name": {"Ada Lovelace"}, "email": {"ada@example.org"}, "password": {"short"}}).Want(422))
	if bad.Says("15 characters"); !strings.Contains(string(bad.Body), `value="Ada Lovelace"`) || strings.Contains(string(bad.Body), `value="short"`) {
		t.Error("what was typed is lost, or the password stands in the page")
	}
	person := url.Values{"name": {"Ada Lovelace"}, "email": {"ada@example.org"}, "password": {"violets grow on the roof"}}
	if to := c.Post(link, person).Location(); to != "/console/new" {
		t.Fatalf("after set-up: %s", to)
	}
	s.Client(t).Post(link, person).Want(404) // it works once

	sound(t, c.Get("/console/new").Want(200)).Says("Your account is ready")
	if a := c.Get("/console/new").Want(200); strings.Contains(a.Text(), "Your account is ready") {
		t.Error("the news is told twice")
	}
	profile := url.Values{"name": {"Harbour School"}, "website": {"no website"}, "email": {"x"}, "colour": {"#a34019"}, "country": {"NO"}}
	again := sound(t, upload(t, c, "/console/new", profile, "logo", "logo.svg", `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>alert(1)</script><rect width="9" height="9" fill="#a00"/></svg>`).Want(422))
	logo := value(t, again, "logo_key")
	profile.Set("website", "harbour.example")
	profile.Set("email", "hello@harbour.example")
	profile.Set("logo_key", logo)
	console := upload(t, c, "/console/new", profile, "", "", "").Location()
	if console != "/console/harbour-school" {
		t.Fatalf("the organisation's console: %s", console)
	}
	home := sound(t, c.Get(console).Want(200)).Says("Awards are trials for now").Says("Design a badge")
	if !strings.Contains(string(c.Get(console+"/settings").Want(200).Body), "/pictures/"+logo+".png") {
		t.Error("the logo that was chosen before the mistake is lost")
	}
	if !strings.Contains(string(home.Body), "/static/accent/a34019") {
		t.Error("the organisation's colour is not used")
	}
	for _, path := range []string{"/badges", "/awards", "/batches", "/outbox", "/settings", "/settings/disclosure", "/settings/identity", "/settings/tokens"} {
		sound(t, c.Get(console+path).Want(200))
	}

	badge := designBadge(t, c, console)
	award := awardOne(t, c, badge)
	quiet(t, s)
	sound(t, c.Get(award).Want(200)).Says("Amara Okafor").Says("This is a trial").Says("Kept")
	sound(t, c.Get(console).Want(200)).Says("See what others see")
}

func designBadge(t *testing.T, c *apptest.Client, console string) (badge string) {
	t.Helper()
	sound(t, c.Get(console+"/badges/new").Want(200))
	form := url.Values{"from": {"make"}, "shape": {"shield"}, "icon": {"wrench"}, "palette": {"rust"}, "achievement_type": {"Badge"}, "level": {"2/3"}}
	with := func(pairs ...string) url.Values {
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return form
	}
	sound(t, c.Post(console+"/badges/new", with("do", "publish")).Want(422)).Says("3 things need your attention").Says("Give the badge a")
	sound(t, c.Post(console+"/badges/new", with("do", "suggest", "name", "Data analysis")).Want(200))
	c.Post(console+"/badges/preview", with("criteria", "**bold** <script>alert(1)</script>")).Want(200).Says("bold")

	// Saved, but not fit to be published: the draft is kept and said to be.
	c.Post(console+"/badges/new", with("do", "publish", "name", "Boatbuilding")).Want(422).Says("Saved as a draft").Says("Say in a sentence or two")
	list := string(c.Get(console + "/badges").Want(200).Says("Draft").Body)
	badge = regexp.MustCompile(regexp.QuoteMeta(console) + `/badges/[a-z2-7]{26}`).FindString(list)
	c.Get(badge + "/award").Want(303) // a draft cannot be awarded
	if to := c.Post(badge+"/edit", with("do", "publish", "description", "Builds a boat.", "criteria", "Build *one*.", "top", "Boatbuilding", "tags", "wood, wood, rivets")).Location(); to != badge {
		t.Fatalf("after publishing: %s", to)
	}
	shown := sound(t, c.Get(badge).Want(200)).Says("Published").Says("rivets").Says("Level 2 of 3.")
	if !strings.Contains(string(shown.Body), "<em>one</em>") {
		t.Error("the criteria are not Markdown any more")
	}
	svg := c.Get(console + "/picture.svg?shape=seal&icon=nonsense&top=" + url.QueryEscape(strings.Repeat("too long ", 40))).Want(200)
	if svg.Media() != "image/svg+xml" || !strings.Contains(svg.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("the preview is %s with %q", svg.Media(), svg.Header.Get("Content-Security-Policy"))
	}
	return badge
}

func awardOne(t *testing.T, c *apptest.Client, badge string) (award string) {
	t.Helper()
	page := sound(t, c.Get(badge+"/award").Want(200))
	once := value(t, page, "once")
	form := url.Values{"once": {once}, "name": {"Amara Okafor"}, "email": {"amara"}, "date": {"31.02.2026"}, "evidence_url_1": {"ftp://x"}, "do": {"award"}}
	sound(t, c.Post(badge+"/award", form).Want(422)).Says("Enter the date as year-month-day")
	form.Set("date", "2026-03-01")
	sound(t, c.Post(badge+"/award", form).Want(422)).Says("2 things need your attention")
	form.Set("email", "amara@example.org")
	form.Set("evidence_url_1", "https://example.org/boat")
	form.Set("do", "evidence")
	sound(t, c.Post(badge+"/award", form).Want(200)).Says("Evidence 2")
	form.Set("do", "award")
	award = c.Post(badge+"/award", form).Location()

	form.Set("email", "AMARA@example.org")
	form.Set("once", publicid.New().String())
	sound(t, c.Post(badge+"/award", form).Want(422)).Says("has the badge already")
	form.Set("again", "yes")
	second := c.Post(badge+"/award", form).Location()
	if second == award {
		t.Error("a second award was asked for and not made")
	}
	if third := c.Post(badge+"/award", form).Location(); third != second {
		t.Error("a form that was sent twice has made two awards")
	}
	return award
}

const people = "Full Name;E-Mail;Completed;Nr\n" +
	"Amara Okafor;amara@example.org;01.03.2026;1\n" +
	"Jonas Lindqvist;jonas(at)example.org;02.03.2026;2\n" +
	";nobody@example.org;03.03.2026;3\n" +
	"Rosa Giménez;rosa@example.org;31.02.2026;4\n" +
	"Amara Okafor;AMARA@example.org;01.03.2026;5\n" +
	"=HYPERLINK(1);formula@example.org;05.03.2026;6\n"

// TestSpreadsheet uploads, maps, mends, confirms and gets a report.
func TestSpreadsheet(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{TLS: true, SMTP: true})
	c := h.Owner
	badge := h.Console + "/badges/" + h.Badge.PublicID.String()
	sound(t, c.Get(badge+"/spreadsheet").Want(200))
	c.Get(badge + "/spreadsheet/template.csv").Want(200).Says("name,email")
	sound(t, upload(t, c, badge+"/spreadsheet", nil, "file", "", "").Want(422))
	sound(t, upload(t, c, badge+"/spreadsheet", nil, "file", "x.csv", "\x1f\x8b\x08\x00").Want(422)).Says("gzip")
	batch := upload(t, c, badge+"/spreadsheet", nil, "file", "people.csv", people).Location()
	sound(t, c.Get(batch).Want(200)).Says("people.csv has 6 rows").Says("Skip this column")
	c.Get(batch + "/confirm").Want(303) // not before the rows were checked

	columns := url.Values{"column_1": {"name"}, "column_2": {"name"}, "order": {"none"}, "duplicates": {"skip"}}
	sound(t, c.Post(batch+"/columns", columns).Want(422)).Says("cannot mean the same")
	columns.Set("column_2", "")
	sound(t, c.Post(batch+"/columns", columns).Want(422)).Says("Choose the column with the e-mail addresses")
	columns.Set("column_2", "email")
	columns.Set("column_3", "date")
	c.Post(batch+"/columns", columns).Want(303)
	checked := sound(t, c.Get(batch).Want(200)).Says("3 rows need your attention").Says("not a day of the calendar").Says("1 March 2026")
	if !strings.Contains(string(checked.Body), `aria-describedby="r2-2-error"`) {
		t.Error("the faulty cell does not name what is wrong with it")
	}
	rest := c.Get(batch + "/bad.csv").Want(200).Says("reason")
	if !strings.HasPrefix(rest.Header.Get("Content-Disposition"), "attachment") || strings.Count(string(rest.Body), "\n") != 5 {
		t.Errorf("the rows that are left: %v %s", rest.Header, rest.Body)
	}

	mended := url.Values{"cell_1": {"Jonas Lindqvist"}, "cell_2": {"jonas@example.org"}, "cell_3": {"02.03.2026"}, "cell_4": {"2"}}
	if to := c.Post(batch+"/rows/2", mended).Location(); to != batch {
		t.Errorf("after mending: %s", to)
	}
	c.Get(batch).Want(200).Says("The row is fine now").Says("2 rows need your attention")
	mended.Set("cell_3", "never")
	if to := c.Post(batch+"/rows/4", mended).Location(); !strings.HasSuffix(to, "#row-4") {
		t.Errorf("after mending badly: %s", to)
	}
	c.Get(batch).Want(200).Says("still not right")
	c.Post(batch+"/rows/99", mended).Want(404)

	sound(t, c.Get(batch+"/confirm").Want(200)).Says("Award 3 badges?").Says("3 people get a mail").Says("3 rows are left out")
	c.Post(batch+"/confirm", nil).Want(303)
	c.Post(batch+"/confirm", nil).Want(303) // twice is once
	c.Post(batch+"/discard", nil).Want(409)
	quiet(t, h.Server)
	sound(t, c.Get(batch).Want(200)).Says("3 badges awarded").Says("3 rows were not awarded")
	report := string(c.Get(batch + "/report.csv").Want(200).Body)
	if !strings.Contains(report, h.BaseURL+"/awards/") || strings.Contains(report, "\n=HYPERLINK") {
		t.Errorf("the report: %s", report)
	}
	sound(t, c.Get(h.Console+"/batches").Want(200)).Says("3 awarded, 3 left out")
	id := batch[strings.LastIndex(batch, "/")+1:]
	sound(t, c.Get(h.Console+"/awards?batch="+id).Want(200)).Says("Jonas Lindqvist")
	sound(t, c.Get(h.Console+"/awards?q=nobody-here").Want(200)).Says("Nobody found")
	if mails, err := h.Mail.Wait(t.Context(), 3); err != nil || len(mails) != 3 {
		t.Errorf("%d mails, %v", len(mails), err)
	}
	sound(t, c.Get(h.Console+"/outbox").Want(200)).Says("Sent")
	mail := regexp.MustCompile(regexp.QuoteMeta(h.Console) + `/outbox/[a-z2-7]{26}`).FindString(string(c.Get(h.Console + "/outbox").Body))
	if a := sound(t, c.Get(mail).Want(200)).Says("erased after sending"); strings.Contains(string(a.Body), "/claim/") {
		t.Error("the claim link is still there after the mail was sent")
	}
}

// TestDiscard throws a spreadsheet away.
func TestDiscard(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	batch := upload(t, h.Owner, h.Console+"/badges/"+h.Badge.PublicID.String()+"/spreadsheet", nil, "file", "p.csv", people).Location()
	h.Owner.Post(batch+"/discard", nil).Want(303)
	h.Owner.Get(batch).Want(404)
}

// TestStateOfAnAward pauses, reinstates and withdraws.
func TestStateOfAnAward(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{TLS: true, SMTP: true})
	c, a := h.Owner, h.Award(t, "Amara Okafor", "amara@example.org")
	page := h.Console + "/awards/" + a.PublicID.String()
	sound(t, c.Get(page).Want(200)).Says("Withdraw it for good")
	sound(t, c.Post(page+"/state", url.Values{"do": {"revoke"}, "revoke_note": {"my note"}}).Want(422)).Says("Choose a reason from the list").Says("my note")
	c.Post(page+"/state", url.Values{"do": {"explode"}}).Want(422)
	c.Post(page+"/state", url.Values{"do": {"suspend"}, "suspend_reason": {"not_stated"}}).Want(303)
	sound(t, c.Get(page).Want(200)).Says("Paused").Says("End the pause")
	c.Post(page+"/state", url.Values{"do": {"reinstate"}}).Want(303)
	c.Get(page).Want(200).Says("The badge counts again")
	c.Post(page+"/state", url.Values{"do": {"revoke"}, "revoke_reason": {"issued_in_error"}, "revoke_note": {"Wrong person"}}).Want(303)
	sound(t, c.Get(page).Want(200)).Says("Issued in error").Says("Wrong person")
	c.Post(page+"/state", url.Values{"do": {"suspend"}, "suspend_reason": {"not_stated"}}).Want(422)
}

// TestFilesAndLinksOfAnAward: exact bytes, and a link that is shown once.
func TestFilesAndLinksOfAnAward(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	c, a := h.Owner, h.Award(t, "Amara \"Ace\" Okafor", "amara@example.org")
	page := h.Console + "/awards/" + a.PublicID.String()
	if file := c.Get(page + "/badge.json").Want(200); !bytes.Equal(file.Body, a.Document) {
		t.Error("the file is not the signed document")
	}
	png := c.Get(page + "/badge.png").Want(200)
	if !bytes.HasPrefix(png.Body, []byte("\x89PNG")) || !bytes.Contains(png.Body, []byte("openbadgecredential")) {
		t.Error("the picture does not hold the badge")
	}
	if d := png.Header.Get("Content-Disposition"); d != `attachment; filename="applied-data-analysis-amara-ace-okafor.png"` {
		t.Errorf("Content-Disposition %q", d)
	}
	made := sound(t, c.Post(page+"/link", nil).Want(200))
	link := regexp.MustCompile(`/claim/[A-Za-z0-9_-]{43}`).FindString(string(made.Body))
	if made.Header.Get("Cache-Control") != "no-store" || made.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("the page with the link may be kept: %v", made.Header)
	}
	h.Client(t).Get(link).Want(200).Says("Applied Data Analysis")
	if strings.Contains(string(c.Get(page).Body), "/claim/") {
		t.Error("the link is shown again")
	}
	c.Post(page+"/mail", nil).Want(303)
	quiet(t, h.Server)
	c.Get(page).Want(200).Says("Kept")
}

// TestGoLive awards trials for real, once.
func TestGoLive(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	h.Award(t, "Amara Okafor", "amara@example.org")
	h.Owner.Post(h.Console+"/go-live", nil).Want(303)
	sound(t, h.Owner.Get(h.Console).Want(200)).Says("Going live needs a public https address")

	live := apptest.StartHouse(t, apptest.Options{TLS: true, SMTP: true})
	a := live.Award(t, "Jonas Lindqvist", "jonas@example.org")
	asTrial(t, live, a)
	sound(t, live.Owner.Get(live.Console).Want(200)).Says("You are live").Says("One mail is sent")
	live.Owner.Post(live.Console+"/go-live", nil).Want(303)
	live.Owner.Post(live.Console+"/go-live", nil).Want(303)
	quiet(t, live.Server)
	after := sound(t, live.Owner.Get(live.Console).Want(200))
	if strings.Contains(after.Text(), "Award them for real") {
		t.Error("there is still something to award for real")
	}
	sound(t, live.Owner.Get(live.Console+"/awards/"+a.PublicID.String()).Want(200)).Says("Replaced by a later award")
}

// asTrial makes an award one from the time before the installation was live.
func asTrial(t *testing.T, h *apptest.House, a *issuing.Award) {
	t.Helper()
	err := h.App.Features.Issuing.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE award SET trial = TRUE WHERE id = $1`, a.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSample: the button fills in a finished example, once.
func TestSample(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	console := h.Owner.Post("/console/sample", nil).Location()
	sound(t, h.Owner.Get(console).Want(200)).Says("This is a sample organisation").Says("Amara Okafor")
	if again := h.Owner.Post("/console/sample", nil).Location(); again != console {
		t.Errorf("a second sample: %s", again)
	}
	sound(t, h.Owner.Get(console+"/badges").Want(200)).Says("Applied Data Analysis").Says("Clear Communication").Says("Team Leadership")
	if to := h.Owner.Get("/console").Location(); to != h.Console {
		t.Errorf("/console leads to %s and not to the person's own organisation", to)
	}
	sound(t, h.Owner.Get("/console/organisations").Want(200)).Says("Sample")
	award := regexp.MustCompile(`/awards/[a-z2-7]{26}`).FindString(string(h.Owner.Get(console + "/awards").Body))
	h.Client(t).Get(award).Want(200).Says("Amara Okafor")
}

// TestTokens: the secret is shown once, and ends at once.
func TestTokens(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	tokens := h.Console + "/settings/tokens"
	sound(t, h.Owner.Post(tokens, url.Values{"name": {""}}).Want(422))
	sound(t, h.Owner.Post(tokens, url.Values{"name": {"Moodle"}, "expires": {"yesterday"}}).Want(422)).Says("year-month-day")
	sound(t, h.Owner.Post(tokens, url.Values{"name": {"Moodle"}}).Want(422)).Says("Choose at least one thing that the token is for")
	sound(t, h.Owner.Post(tokens, url.Values{"name": {"Moodle"}, "scopes": {"key.manage"}}).Want(422)).Says("a token cannot make tokens")
	if to := h.Owner.Post(tokens, url.Values{"name": {"Moodle"}, "scopes": {"award.view", "award.issue"}}).Location(); to != tokens {
		t.Fatalf("after making a token: %s", to)
	}
	made := sound(t, h.Owner.Get(tokens).Want(200)).Says("“Moodle” is ready. Copy it now")
	secret := regexp.MustCompile(`rndl_[A-Za-z0-9_-]{43}`).FindString(string(made.Body))
	if secret == "" || made.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("secret %q, %v", secret, made.Header)
	}
	program := h.Client(t)
	program.Get("/api/v1/awards/"+publicid.New().String(), "Authorization", "Bearer "+secret).Want(404)
	list := sound(t, h.Owner.Get(tokens).Want(200)).Says("In force")
	if strings.Contains(string(list.Body), secret) {
		t.Error("the secret is shown again")
	}
	if n := strings.Count(string(list.Body), "/revoke"); n != 1 {
		t.Errorf("loading the page again leaves %d tokens in force", n)
	}
	revoke := regexp.MustCompile(`/settings/tokens/[a-z2-7]{26}/revoke`).FindString(string(list.Body))
	h.Owner.Post(h.Console+revoke, nil).Want(303)
	sound(t, h.Owner.Get(tokens).Want(200)).Says("Ended by you")
	if a := program.Get("/api/v1/awards/"+publicid.New().String(), "Authorization", "Bearer "+secret); a.Status == 404 || a.Status < 400 {
		t.Errorf("an ended token is answered %d", a.Status)
	}
}

// TestSettings saves the profile and what badges say.
func TestSettings(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	c := h.Owner
	sound(t, c.Get(h.Console+"/settings/identity").Want(200)).Says("did.json")
	sound(t, c.Post(h.Console+"/settings/disclosure", url.Values{"include_name": {"yes"}}).Want(422)).Says("lawful basis")
	c.Post(h.Console+"/settings/disclosure", url.Values{"include_name": {"yes"}, "lawful_basis": {"consent"}}).Want(303)
	a := h.Award(t, "Amara Okafor", "amara@example.org")
	if !bytes.Contains(a.Document, []byte("Amara Okafor")) {
		t.Error("the name does not stand in the badge although the settings say so")
	}
	sound(t, c.Post(h.Console+"/settings", url.Values{"name": {""}, "website": {"x y"}, "email": {"?"}}).Want(422)).Says("3 things")
	c.Post(h.Console+"/settings", url.Values{"name": {"Southlight"}, "website": {"https://southlight.example"}, "email": {"a@southlight.example"}, "colour": {"own"}, "accent": {"#123456"}}).Want(303)
	after := sound(t, c.Get(h.Console+"/settings").Want(200)).Says("Southlight")
	if !strings.Contains(string(after.Body), "/static/accent/123456") {
		t.Error("the colour was not saved")
	}
}

// TestSignIn: the same answer for wrong passwords and unknown people, back to
// where one wanted to go, and nowhere else.
func TestSignIn(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	c := h.Client(t)
	if to := c.Get(h.Console + "/awards?q=a").Location(); to != "/sign-in?next="+url.QueryEscape(h.Console+"/awards?q=a") {
		t.Errorf("a stranger is sent to %s", to)
	}
	sound(t, c.Get("/sign-in").Want(200))
	wrong := sound(t, c.Post("/sign-in", url.Values{"email": {apptest.OwnerEmail}, "password": {"not the password"}}).Want(422))
	unknown := c.Post("/sign-in", url.Values{"email": {"who@example.org"}, "password": {"not the password"}}).Want(422)
	if strings.ReplaceAll(string(unknown.Body), "who@example.org", apptest.OwnerEmail) != string(wrong.Body) {
		t.Error("the page tells whether an address has an account")
	}
	in := url.Values{"email": {apptest.OwnerEmail}, "password": {apptest.OwnerPassword}, "next": {"//evil.example"}}
	if to := c.Post("/sign-in", in).Location(); to != "/console" {
		t.Errorf("signing in leads to %s", to)
	}
	if to := c.Get("/sign-in?next=/verify").Location(); to != "/verify" {
		t.Errorf("somebody signed in is sent to %s", to)
	}
	c.Get(h.Console).Want(200)
	c.Post("/sign-out", nil).Want(303)
	c.Get("/sign-in").Want(200).Says("You are signed out")
	c.Get(h.Console).Want(303)
}

// TestReset sets a new password by a link that works once.
func TestReset(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	secret, err := h.App.Features.Accounts.ResetLink(t.Context(), apptest.OwnerEmail)
	if err != nil {
		t.Fatal(err)
	}
	c, link := h.Client(t), "/reset/"+secret
	sound(t, c.Get(link).Want(200))
	sound(t, c.Post(link, url.Values{"password": {"short"}}).Want(422)).Says("15 characters")
	if to := c.Post(link, url.Values{"password": {"daisies grow on the roof"}}).Location(); to != "/sign-in" {
		t.Errorf("after the reset: %s", to)
	}
	c.Get(link).Want(404)
	h.Owner.Get(h.Console).Want(303) // older sessions have ended
	c.Post("/sign-in", url.Values{"email": {apptest.OwnerEmail}, "password": {"daisies grow on the roof"}}).Want(303)
}

// TestOthersThings: what belongs to another organisation does not exist, even
// under one's own address.
func TestOthersThings(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	c := h.Owner
	other := h.NewOrganisation(t, h.OwnerID, "Other University")
	badge := h.NewBadge(t, other, "Theirs")
	award, err := h.App.Features.Issuing.Issue(t.Context(), other.ID, h.OwnerID, issuing.Request{
		Badge: badge.PublicID, Recipient: issuing.Recipient{Name: "Somebody", Email: "somebody@example.org"}}, issuing.Retry{})
	if err != nil {
		t.Fatal(err)
	}
	quiet(t, h.Server)
	theirs := "/console/" + other.Slug
	batch := upload(t, c, theirs+"/badges/"+badge.PublicID.String()+"/spreadsheet", nil, "file", "p.csv", people).Location()
	mail := regexp.MustCompile(`/outbox/[a-z2-7]{26}`).FindString(string(c.Get(theirs + "/outbox").Body))
	batch = strings.TrimPrefix(batch, theirs)
	err = h.App.Features.Issuing.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), `DELETE FROM member WHERE organisation_id = $1`, other.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b, a := "/badges/"+badge.PublicID.String(), "/awards/"+award.PublicID.String()
	for _, console := range []string{theirs, h.Console} {
		for _, path := range []string{b, b + "/edit", b + "/award", b + "/spreadsheet", a, a + "/badge.json", a + "/badge.png", batch, batch + "/columns", batch + "/confirm", batch + "/bad.csv", batch + "/report.csv", mail, "/awards?batch=" + batch[len("/batches/"):]} {
			if got := c.Get(console + path); got.Status != http.StatusNotFound {
				t.Errorf("GET %s%s: %d", console, path, got.Status)
			}
		}
		for _, path := range []string{b + "/edit", b + "/publish", b + "/discard", b + "/archive", b + "/award", b + "/spreadsheet", a + "/link", a + "/mail", a + "/state",
			batch + "/columns", batch + "/rows/1", batch + "/confirm", batch + "/discard", mail + "/retry", "/settings/tokens/" + publicid.New().String() + "/revoke"} {
			if got := c.Post(console+path, url.Values{"do": {"revoke"}, "revoke_reason": {"not_stated"}}); got.Status != http.StatusNotFound {
				t.Errorf("POST %s%s: %d", console, path, got.Status)
			}
		}
	}
	c.Get(theirs).Want(404)
	c.Get(h.Console + "/badges/nonsense").Want(404)
}
