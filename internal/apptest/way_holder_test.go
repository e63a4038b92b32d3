package apptest_test

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/roundel/roundel/internal/apptest/browser"
	"github.com/roundel/roundel/internal/issuing"
)

// claimByKeyboard opens the link of the mail, looks twice, keeps the badge and
// publishes it without touching the mouse.
func (w *way) claimByKeyboard() {
	holder := w.browser.Tab(w)
	scanner := w.server.Client(w)
	for range 2 {
		scanner.Get(w.claim).Want(http.StatusOK)
		scanner.Do(http.MethodHead, w.claim, "", nil).Want(http.StatusOK)
	}
	holder.Open(w.claim)
	holder.Reload()
	holder.Says("Northlight University has a badge for you", "Applied Data Analysis", "For "+firstName)
	holder.Audit("claim")
	holder.CheckKeyboard("claim")
	holder.KeyPress("Keep it")
	holder.Says("This badge is yours", "Only you can see it")
	holder.Audit("claim kept")
	holder.CheckKeyboard("claim kept")

	// Nobody else sees it yet.
	w.award = w.find(firstAddress)
	stranger := w.browser.Tab(w)
	stranger.OpenStatus(w.award, http.StatusForbidden)
	stranger.Says("Kept private by its holder")
	stranger.SaysNot("Aoife", "Applied Data Analysis")
	stranger.Audit("award private")
	stranger.CheckQuiet()

	holder.KeyPress("Show someone")
	holder.Says("People with the link can see it")
	holder.Audit("claim shown")
	holder.CheckKeyboard("claim shown")
	holder.CheckQuiet()
}

const firstName, firstAddress = "Aoife Ní Bhriain", "aoife.nibhriain@mail.example"

// find returns the path of the public page of somebody's badge.
func (w *way) find(address string) string {
	w.Helper()
	f := w.server.App.Features
	orgs, err := f.Orgs.Newest(w.Context(), 1)
	if err != nil || len(orgs) != 1 {
		w.Fatalf("%d organisations, %v", len(orgs), err)
	}
	awards, err := f.Issuing.List(w.Context(), orgs[0].ID, issuing.Filter{Search: address})
	if err != nil || len(awards) != 1 {
		w.Fatalf("%d awards for %s, %v", len(awards), address, err)
	}
	return "/awards/" + awards[0].PublicID.String()
}

// show looks at the public page as a stranger does, and takes the files.
func (w *way) show() {
	stranger := w.browser.Tab(w)
	stranger.Open(w.award)
	stranger.Says("Applied Data Analysis", "Awarded to "+firstName, "Northlight University", "Real and in date", "reviewed")
	stranger.Audit("award")
	stranger.CheckKeyboard("award")
	stranger.Click("Download")
	for ending, words := range map[string]string{".json": "Signed badge (JSON)", ".png": "Picture (PNG)", ".svg": "Picture (SVG)"} {
		name, data := stranger.Download(words)
		if !strings.HasSuffix(name, ending) {
			w.Errorf("%s comes as %q", words, name)
		}
		w.files[ending] = data
	}
	isBaked(w, w.files[".png"], "png")
	isBaked(w, w.files[".svg"], "svg")
	var credential struct {
		ID     string
		Issuer struct{ ID string }
		Status []struct{ Type, StatusPurpose string } `json:"credentialStatus"`
	}
	if err := json.Unmarshal(w.files[".json"], &credential); err != nil {
		w.Fatal(err)
	}
	if credential.ID != w.server.BaseURL+w.award || !strings.HasPrefix(credential.Issuer.ID, "did:web:localhost%3A") || len(credential.Status) != 2 {
		w.Errorf("not the credential of a live award: %+v", credential)
	}
	stranger.Open(w.award)
	stranger.Press("Everything about this badge")
	stranger.Says("How it is earned")
	stranger.Audit("badge public")
	stranger.CheckKeyboard("badge public")
	stranger.Press("Northlight University")
	stranger.Says("did:web:localhost")
	stranger.Audit("issuer")
	stranger.CheckKeyboard("issuer")
	stranger.CheckQuiet()
}

// verify gives the downloaded files to the verifier, and a spoilt one.
func (w *way) verify() {
	employer := w.browser.Tab(w)
	employer.Open("/")
	employer.Says("Northlight University")
	employer.Audit("home")
	employer.CheckKeyboard("home")
	employer.Press("Verify a badge")
	employer.Audit("verify")
	employer.CheckKeyboard("verify")
	for _, ending := range []string{".png", ".svg", ".json"} {
		employer.Open("/verify")
		employer.Upload("file", w.file("badge"+ending, w.files[ending]))
		employer.Press("Verify")
		if got := employer.Text("h1"); got != "Real and in date" {
			w.Errorf("the verifier on the %s: %q", ending, employer.Text("main"))
		}
	}
	employer.Says("Applied Data Analysis", "Northlight University")
	employer.Audit("report valid")
	employer.Fill("email", firstAddress)
	employer.Press("Compare")
	employer.Says("Yes: this badge was issued to aoife.nibhriain@mail.example")

	spoilt := strings.Replace(string(w.files[".json"]), "Applied Data Analysis", "Applied Data Analysts", 1)
	employer.Open("/verify")
	employer.Fill("text", spoilt)
	employer.Press("Verify")
	employer.Says("This is not the file the issuer signed")
	employer.Audit("report tampered")
	employer.Open("/verify")
	employer.PressStatus("Verify", http.StatusUnprocessableEntity)
	employer.Audit("verify nothing")
	employer.OpenStatus("/no-such-page", http.StatusNotFound)
	employer.Audit("nothing here")
	employer.CheckQuiet()
}

// withoutScripts claims, shows and verifies another badge in a browser that
// runs no scripts.
func (w *way) withoutScripts() {
	mail := w.server.Mail.To("hanako.yamada@mail.example")
	if len(mail) != 1 {
		w.Fatalf("%d mails", len(mail))
	}
	plain := w.browser.Tab(w, browser.WithoutScripts())
	plain.Open(claimLink.FindStringSubmatch(mail[0].Text)[1])
	plain.Press("Keep it")
	plain.Press("Show someone")
	plain.Press("See what others see")
	plain.Says("Awarded to 山田 花子", "Real and in date")
	page := plain.Path()
	if plain.Has("Print") || plain.Has("Copy") {
		w.Error("without scripts there are buttons that need them")
	}
	plain.Click("Download")
	if name, data := plain.Download("Picture (PNG)"); !strings.HasSuffix(name, ".png") {
		w.Errorf("downloaded %s", name)
	} else {
		isBaked(w, data, "png")
	}
	plain.Open("/verify")
	plain.Fill("text", w.server.BaseURL+page)
	plain.Press("Verify")
	plain.Says("Real and in date", "Every check")
	plain.CheckQuiet()
}
