package apptest_test

import (
	"net/http"

	"github.com/roundel/roundel/internal/apptest/browser"
)

// lookAround visits the pages of the console that the way has not led to.
func (w *way) lookAround() {
	office := w.office
	office.Open("/console")
	base := browser.Eval[string](office, `document.querySelector('.side a').getAttribute("href")`)
	for _, p := range []struct{ path, name string }{
		{"", "overview"}, {"/badges", "badges"}, {"/awards", "awards"}, {"/batches", "spreadsheets"}, {"/outbox", "mails"},
		{"/settings", "settings"}, {"/settings/disclosure", "settings privacy"}, {"/settings/identity", "settings identity"}, {"/settings/tokens", "settings tokens"},
	} {
		office.Open(base + p.path)
		office.Audit(p.name)
		office.CheckKeyboard(p.name)
	}
	office.Fill("name", "Moodle")
	office.Press("Make the token")
	office.Says("is ready. Copy it now")
	office.Audit("token made")
	office.Open(w.badge)
	office.Audit("badge awarded")
	office.Press("Award")
	office.Audit("award one")
	office.CheckKeyboard("award one")
	office.Fill("name", "")
	office.PressStatus("Award the badge", http.StatusUnprocessableEntity)
	office.Audit("award one with problems")
	office.Open(base + "/outbox")
	office.Press(firstAddress)
	office.Audit("mail")
	office.Open("/console/organisations")
	office.Audit("organisations")
}

// withdraw takes the first recipient's badge back, and looks at what strangers
// see then.
func (w *way) withdraw() {
	office := w.office
	office.Open("/console")
	office.Press("Awards")
	office.Press(firstName)
	office.Audit("award in the console")
	office.CheckKeyboard("award in the console")
	office.Click("Withdraw…")
	office.Wait("dialog[open]")
	office.Audit("withdraw dialog")
	office.Choose("revoke_reason", "requirements_not_met")
	office.Fill("revoke_note", "The capstone project was not her own.")
	office.Press("Withdraw it for good")
	office.Says("Withdrawn", "The capstone project was not her own.")
	office.Audit("award withdrawn in the console")

	employer := w.browser.Tab(w)
	employer.Open("/verify")
	employer.Upload("file", w.file("badge.png", w.files[".png"]))
	employer.Press("Verify")
	employer.Says("Withdrawn by", "Requirements no longer met")
	employer.SaysNot("Real and in date", "capstone project was not")
	employer.Audit("report withdrawn")
	employer.Open(w.award)
	employer.Says("Withdrawn by", "Requirements no longer met")
	employer.SaysNot("Real and in date", "capstone project was not")
	employer.Audit("award withdrawn")
	employer.CheckQuiet()

	office.Click("Northlight University")
	office.Press("Sign out")
	office.Audit("sign-in")
	office.CheckKeyboard("sign-in")
	office.Fill("email", "ada@northlight.example")
	office.Fill("password", "violets grow on the roof")
	office.Press("Sign in")
	office.Says("Ada Lindqvist")
}

// newcomers try the sample, and choose a new password.
func (w *way) newcomers() {
	office := w.office
	office.Open("/console/new")
	office.Audit("organisation another")
	office.Press("Try it with a sample organisation")
	office.Audit("sample")
	office.Press("Badges")
	if n := browser.Eval[int](office, `document.querySelectorAll("main .bc").length`); n != 3 {
		w.Errorf("the sample has %d badges", n)
	}
	office.Audit("sample badges")
	secret, err := w.server.App.Features.Accounts.ResetLink(w.Context(), "ada@northlight.example")
	if err != nil {
		w.Fatal(err)
	}
	forgetful := w.browser.Tab(w)
	forgetful.Open("/reset/" + secret)
	forgetful.Audit("reset")
	forgetful.Fill("password", "geraniums in every window")
	forgetful.Press("Save the password")
	forgetful.Fill("email", "ada@northlight.example")
	forgetful.Fill("password", "geraniums in every window")
	forgetful.Press("Sign in")
	forgetful.Says("Ada Lindqvist")
	forgetful.CheckQuiet()
}
