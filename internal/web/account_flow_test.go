package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/org"
)

// TestS13PagesTellNoAddresses: status, headers and body are the same for an
// address with an account and one without.
func TestS13PagesTellNoAddresses(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{SMTP: true})
	h.App.Features.Accounts.Registration = account.RegisterOpen
	if err := h.App.Features.Accounts.ConfirmAddress(t.Context(), apptest.OwnerEmail, apptest.OwnerEmail); err != nil {
		t.Fatal(err)
	}
	const unknown = "nobody@northlight.example"
	answer := func(path, email string) string {
		a := h.Client(t).Post(path, url.Values{"email": {email}, "password": {"not the password"}})
		var cookies []string
		for _, c := range (&http.Response{Header: a.Header}).Cookies() {
			c.Value = strings.Repeat("x", len(c.Value))
			cookies = append(cookies, c.Name+c.Value+c.Path)
		}
		body := strings.ReplaceAll(string(a.Body), email, "EMAIL")
		return http.StatusText(a.Status) + " " + a.Header.Get("Location") + " " + strings.Join(cookies, " ") + " " + body
	}
	for _, path := range []string{"/sign-in", "/sign-in/code", "/forgotten", "/register"} {
		if a, b := answer(path, apptest.OwnerEmail), answer(path, unknown); a != b {
			t.Errorf("%s: known\n%s\nunknown\n%s", path, a, b)
		}
	}
	quiet(t, h.Server)
}

// link returns the newest address of ours in the mails to somebody that fits.
func link(t *testing.T, s *apptest.Server, to, form string) string {
	t.Helper()
	quiet(t, s)
	find := regexp.MustCompile(form)
	list := s.Mail.To(to)
	for i := len(list) - 1; i >= 0; i-- {
		if l := find.FindString(list[i].Text); l != "" {
			return l
		}
	}
	t.Fatalf("no mail to %s has %s", to, form)
	return ""
}

// TestAccountWithoutScripts goes through everything but passkeys.
func TestAccountWithoutScripts(t *testing.T) {
	s := apptest.Start(t, apptest.Options{SMTP: true, TLS: true})
	accounts := s.App.Features.Accounts
	accounts.Registration = account.RegisterOpen
	s.Client(t).Post(s.SetUpURL(t), url.Values{"name": {"Ada"}, "email": {"ada@example.org"}, "password": {"violets grow on the roof"}}).Want(303)
	c := s.Client(t)
	for _, page := range []string{"/sign-in", "/sign-in/code", "/sign-in/code/enter?code=ABCD2345", "/register", "/forgotten"} {
		sound(t, c.Get(page).Want(200))
	}
	for _, page := range []string{"/account", "/account/security", "/account/sessions", "/account/password", "/account/app", "/account/passkeys/new", "/account/delete", "/account/confirm"} {
		if to := c.Get(page).Location(); !strings.HasPrefix(to, "/sign-in?next=") {
			t.Errorf("a stranger at %s is sent to %s", page, to)
		}
	}
	c.Get("/sign-in/second").Want(303)
	c.Post("/sign-in/second", url.Values{"code": {"000000"}}).Want(303)
	c.Get("/register/wrong").Want(404)
	c.Get("/addresses/wrong").Want(404)
	c.Post("/addresses/wrong", nil).Want(404)
	sound(t, c.Post("/register", url.Values{"email": {"nothing"}}).Want(422)).Says("name@example.org")
	sound(t, c.Post("/register", url.Values{"email": {"bo@example.org"}}).Want(200)).Says("Look into your mail")
	register := link(t, s, "bo@example.org", `/register/\S+`)
	for range 2 { // looking uses nothing up
		page := sound(t, c.Get(register).Want(200))
		if page.Header.Get("Cache-Control") != "no-store" || page.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("the page with the secret: %v", page.Header)
		}
	}
	in := c.Post(register, url.Values{"name": {"Bo Berg"}, "password": {"daisies line the long road"}}).Want(303)
	for _, cookie := range (&http.Response{Header: in.Header}).Cookies() {
		if cookie.Value != "" && (!strings.HasPrefix(cookie.Name, "__Host-") || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite == http.SameSiteNoneMode || cookie.SameSite == 0) {
			t.Errorf("cookie %s", cookie)
		}
	}
	c.Get(register).Want(404)

	for _, page := range []string{"/account", "/account/security", "/account/sessions", "/account/password", "/account/app", "/account/passkeys/new", "/account/delete", "/account/confirm"} {
		sound(t, c.Get(page).Want(200))
	}
	sound(t, c.Post("/account", url.Values{"name": {""}}).Want(422))
	c.Post("/account", url.Values{"name": {"Bo Berg-Lund"}}).Want(303)
	c.Get("/account").Want(200).Says("Bo Berg-Lund")
	sound(t, c.Post("/account/addresses", url.Values{"email": {"bo@example.org"}}).Want(422)).Says("in your list already")
	c.Post("/account/addresses", url.Values{"email": {"bo@work.example"}}).Want(303)
	verify := link(t, s, "bo@work.example", `/addresses/\S+`)
	sound(t, c.Get(verify).Want(200))
	c.Get("/account").Want(200).Says("Not confirmed")
	s.Client(t).Post(verify, nil).Want(303) // in whichever browser the mail is read
	id := regexp.MustCompile(`/account/addresses/\d+/first`).FindString(string(c.Get("/account").Want(200).Body))
	c.Post(id, nil).Want(303)
	c.Get("/account").Want(200).Says("We write to this address first")
	sound(t, c.Post("/account/addresses/999/remove", nil).Want(404))

	// The authenticator app.
	page := string(c.Get("/account/app").Want(200).Body)
	secret := strings.ReplaceAll(regexp.MustCompile(`value="([A-Z2-7 ]{32,})"`).FindStringSubmatch(page)[1], " ", "")
	now := func() string {
		code, err := totp.GenerateCode(secret, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	if !strings.Contains(page, "data:image/svg&#43;xml;base64,") {
		t.Error("no QR code")
	}
	sound(t, c.Post("/account/app", url.Values{"code": {"000000"}}).Want(422))
	shown := sound(t, c.Post("/account/app", url.Values{"code": {now()}}).Want(200))
	recovery := regexp.MustCompile(`[0-9A-Z]{4}(-[0-9A-Z]{4}){3}`).FindAllString(string(shown.Body), -1)
	if len(recovery) != 10 || shown.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d recovery codes, %v", len(recovery), shown.Header)
	}
	sound(t, c.Get("/account/security").Want(200)).Says("10 recovery codes are left")

	other := s.Client(t)
	to := other.Post("/sign-in", url.Values{"email": {"bo@work.example"}, "password": {"daisies line the long road"}, "next": {"/account/sessions"}}).Location()
	if to != "/sign-in/second?next=%2Faccount%2Fsessions" {
		t.Errorf("after the password: %s", to)
	}
	other.Get("/account").Want(303)
	sound(t, other.Get(to).Want(200))
	sound(t, other.Post("/sign-in/second", url.Values{"code": {"000000"}}).Want(422))
	if to = other.Post("/sign-in/second", url.Values{"code": {recovery[0]}, "next": {"/account/sessions"}}).Location(); to != "/account/sessions" {
		t.Errorf("after the second factor: %s", to)
	}
	sound(t, other.Get("/account/sessions").Want(200)).Says("This one")
	// Ten minutes on, a change asks who is there. The test's session is aged.
	end := regexp.MustCompile(`/account/sessions/[a-z2-7]{26}/end`).FindString(string(c.Get("/account/sessions").Want(200).Body))
	c.Post(end, nil).Want(303)
	other.Get("/account").Want(303)
	c.Get("/account/sessions").Want(200).Says("Ended.")
	c.Post("/account/sessions/end-others", nil).Want(303)
	c.Post(end, nil).Want(404)

	// Signing in again ends the session that the browser had.
	old := session(t, s, c)
	to = c.Post("/sign-in", url.Values{"email": {"bo@example.org"}, "password": {"daisies line the long road"}}).Location()
	if to != "/sign-in/second" {
		t.Errorf("signing in again: %s", to)
	}
	c.Post("/sign-in/second", url.Values{"code": {recovery[1]}}).Want(303)
	if fresh := session(t, s, c); fresh == old {
		t.Error("the token was not renewed")
	}
	if _, err := accounts.Session(t.Context(), old); err == nil {
		t.Error("the session from before goes on")
	}

	c.Post("/account/app/remove", nil).Want(303)
	c.Post("/account/password", url.Values{"password": {"a road lined with daisies"}}).Want(303)
	c.Post("/account/delete", nil).Want(303)
	c.Get("/account").Want(303)
	c.Post("/sign-in", url.Values{"email": {"bo@example.org"}, "password": {"a road lined with daisies"}}).Want(422)
}

// session returns the secret of a client's session.
func session(t *testing.T, s *apptest.Server, c *apptest.Client) string {
	t.Helper()
	base, err := url.Parse(s.BaseURL)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range c.HTTP.Jar.Cookies(base) {
		if cookie.Name == "__Host-roundel" {
			return cookie.Value
		}
	}
	t.Fatal("no session")
	return ""
}

// TestCodeByMailNeedsTheBrowser: the link in the mail alone opens nothing.
func TestCodeByMailNeedsTheBrowser(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{SMTP: true})
	if err := h.App.Features.Accounts.ConfirmAddress(t.Context(), apptest.OwnerEmail, apptest.OwnerEmail); err != nil {
		t.Fatal(err)
	}
	c := h.Client(t)
	if to := c.Post("/sign-in/code", url.Values{"email": {apptest.OwnerEmail}, "next": {h.Console}}).Location(); !strings.HasPrefix(to, "/sign-in/code/enter?next=") {
		t.Errorf("asking leads to %s", to)
	}
	enter := link(t, h.Server, apptest.OwnerEmail, `/sign-in/code/enter\?code=[0-9A-Z]{8}`)
	code := url.Values{"code": {enter[len(enter)-8:]}, "next": {h.Console}}
	stranger := h.Client(t)
	stranger.Get(enter).Want(200)
	sound(t, stranger.Post("/sign-in/code/enter", code).Want(422)).Says("browser in which you asked")
	c.Get(enter).Want(200)
	if to := c.Post("/sign-in/code/enter", code).Location(); to != h.Console {
		t.Errorf("the code leads to %s", to)
	}
	c.Get(h.Console).Want(200)
}

// TestOrganisationsAskForASecondFactor: members without one are led to where
// they get one, and nowhere else.
func TestOrganisationsAskForASecondFactor(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	accounts := h.App.Features.Accounts
	if err := h.App.Features.Orgs.SetSecondFactor(t.Context(), h.Org.ID, nil, true); err == nil {
		t.Error("somebody without a second factor asks others for one")
	}
	two := &account.Session{Account: &account.Account{ID: h.OwnerID}, Assurance: account.TwoFactors}
	if err := h.App.Features.Orgs.SetSecondFactor(t.Context(), h.Org.ID, two, true); err != nil {
		t.Fatal(err)
	}
	if to := h.Owner.Get(h.Console).Location(); to != "/account/security?needs=second" {
		t.Errorf("without a second factor: %s", to)
	}
	if to := h.Owner.Post(h.Console+"/settings", url.Values{"name": {"x"}}).Location(); to != "/account/security?needs=second" {
		t.Errorf("changing something without a second factor: %s", to)
	}
	sound(t, h.Owner.Get("/account/security?needs=second").Want(200)).Says("asks for a second factor")
	secret, err := accounts.StartSession(t.Context(), h.OwnerID, account.Proof{Method: account.ByPasskey, Assurance: account.TwoFactors})
	if err != nil {
		t.Fatal(err)
	}
	h.Client(t).Get(h.Console, "Cookie", "roundel="+secret).Want(200)
}

// TestAnOrganisationsProviderOpensThatOrganisation: to another one's console, and
// to where the installation is run, come people who have shown who they are
// themselves.
func TestAnOrganisationsProviderOpensThatOrganisation(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	other, err := h.App.Features.Orgs.Create(t.Context(), h.OwnerID, org.Profile{Name: "Other House", Website: "https://other.example", Email: "badges@other.example"})
	if err != nil {
		t.Fatal(err)
	}
	come := func(proof account.Proof) (*apptest.Client, string) {
		secret, err := h.App.Features.Accounts.StartSession(t.Context(), h.OwnerID, proof)
		if err != nil {
			t.Fatal(err)
		}
		return h.Client(t), "roundel=" + secret
	}
	c, cookie := come(account.Proof{Method: "oidc", Assurance: account.TwoFactors, VouchedBy: h.Org.ID})
	c.Get(h.Console, "Cookie", cookie).Want(http.StatusOK)
	theirs := "/console/" + other.Slug
	if to := c.Get(theirs+"/badges?page=2", "Cookie", cookie).Location(); to != "/account/confirm?next="+url.QueryEscape(theirs+"/badges?page=2") {
		t.Errorf("the other organisation's console: %q", to)
	}
	sound(t, c.Get("/account/confirm?next="+theirs, "Cookie", cookie).Want(http.StatusOK)).Says("opens that organisation only")
	for _, address := range []string{theirs + "/settings", "/operator/stop", "/account/password"} {
		a := c.Post(address, url.Values{"name": {"x"}, "password": {"x"}}, "Cookie", cookie)
		if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Location(), "/account/confirm?") {
			t.Errorf("POST %s: %d to %q", address, a.Status, a.Location())
		}
	}
	if to := c.Get("/operator", "Cookie", cookie).Location(); !strings.HasPrefix(to, "/account/confirm?") {
		t.Errorf("the operator's pages: %q", to)
	}
	if to := c.Post("/account/confirm", url.Values{"next": {theirs}, "password": {apptest.OwnerPassword}}, "Cookie", cookie).Location(); to != theirs {
		t.Errorf("after the password: %q", to)
	}
	c.Get(theirs, "Cookie", cookie).Want(http.StatusOK)
	c.Get(h.Console, "Cookie", cookie).Want(http.StatusOK)
	// The second factor was the provider's word, which is not asked for here.
	two := &account.Session{Account: &account.Account{ID: h.OwnerID}, Assurance: account.TwoFactors}
	if err := h.App.Features.Orgs.SetSecondFactor(t.Context(), other.ID, two, true); err != nil {
		t.Fatal(err)
	}
	if to := c.Get(theirs, "Cookie", cookie).Location(); to != "/account/security?needs=second" {
		t.Errorf("without a second factor of one's own: %q", to)
	}
}

// TestPasskeyRoutesRefuseNonsense: what no browser sends brings no server error.
func TestPasskeyRoutesRefuseNonsense(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	c := h.Client(t)
	options := c.Post("/sign-in/passkey/options", nil).Want(200).JSON()
	id, _ := options["id"].(string)
	for _, response := range []string{"", "{}", "null", `{"id":"x"}`, strings.Repeat("[", 5000)} {
		c.Post("/sign-in/passkey", url.Values{"ceremony": {id}, "response": {response}}).Want(422)
		c.Post("/sign-in/passkey", url.Values{"ceremony": {"x"}, "response": {response}}).Want(422)
		h.Owner.Post("/account/passkeys/new", url.Values{"ceremony": {id}, "name": {"x"}, "response": {response}}).Want(422)
	}
	if made := h.Owner.Post("/account/passkeys/options", nil).Want(200).JSON(); made["options"] == nil {
		t.Errorf("%v", made)
	}
}
