package apptest_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/apptest/browser"
)

// TestOnesOwnAccount goes the way of a person: register by mail, add an
// address, set up an authenticator app and a passkey, sign in with either, see
// and end sessions, and leave.
func TestOnesOwnAccount(t *testing.T) {
	t.Parallel()
	browser.NeedAxe(t)
	s := apptest.Start(t, apptest.Options{TLS: true, SMTP: true})
	s.App.Features.Accounts.Registration = account.RegisterOpen
	s.Client(t).Post(s.SetUpURL(t), url.Values{"name": {"Ada"}, "email": {"ada@northlight.example"}, "password": {"violets grow on the roof"}}).Want(http.StatusSeeOther)
	b := browser.Start(t, s.BaseURL, s.PIN)
	tab := b.Tab(t)

	// Register.
	tab.Open("/sign-in")
	tab.Audit("sign-in ways")
	tab.CheckKeyboard("sign-in ways")
	tab.Press("Make one")
	tab.Audit("register ask")
	tab.Fill("email", "bo@example.org")
	tab.Press("Mail me a link")
	tab.Says("Look into your mail")
	tab.Audit("register asked")
	tab.Open(mailed(t, s, "bo@example.org", `/register/\S+`))
	tab.Says("bo@example.org")
	tab.Audit("register")
	tab.Fill("name", "Bo Berg")
	tab.Fill("password", "short")
	tab.PressStatus("Make the account", 422)
	tab.Fill("name", "Bo Berg")
	tab.Fill("password", "daisies line the long road")
	tab.Press("Make the account")

	// Addresses.
	tab.Open("/account")
	tab.Says("bo@example.org")
	tab.Fill("email", "bo@work.example")
	tab.Press("Add")
	tab.Says("Not confirmed")
	tab.Audit("account")
	tab.CheckKeyboard("account")
	tab.Open(mailed(t, s, "bo@work.example", `/addresses/\S+`))
	tab.Audit("address")
	tab.Press("Yes, it is mine")
	tab.Says("The address is confirmed")
	tab.Press("Make it the first")
	tab.Says("We write to this address first")

	// An authenticator app, which the test plays.
	tab.Press("Signing in")
	tab.Audit("security")
	tab.Press("Set up an app")
	tab.Audit("app")
	secret := strings.ReplaceAll(browser.Eval[string](tab, `document.querySelector("#app-secret").value`), " ", "")
	app := func(at time.Time) string {
		code, err := totp.GenerateCode(secret, at)
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	tab.Fill("code", "000000")
	tab.PressStatus("Switch it on", 422)
	tab.Fill("code", app(time.Now()))
	tab.Press("Switch it on")
	tab.Says("Recovery codes", "The app is on")
	tab.Audit("recovery")
	recovery := strings.Fields(tab.Text("#recovery"))
	if len(recovery) != 10 {
		t.Fatalf("recovery codes: %v", recovery)
	}
	tab.Press("I have kept them")

	// A passkey.
	tab.GivePasskeys()
	tab.Press("Add a passkey")
	tab.Audit("passkey new")
	tab.Fill("name", "Bo’s phone")
	tab.Press("Make the passkey")
	tab.Says("The passkey is ready", "Bo’s phone")
	tab.Audit("security full")
	tab.CheckKeyboard("security full")

	// In another browser: password and a recovery code.
	other := b.Tab(t)
	other.Open("/sign-in")
	other.Fill("email", "bo@example.org")
	other.Fill("password", "daisies line the long road")
	other.Press("Sign in")
	other.Says("Your second factor")
	other.Audit("second factor")
	other.Fill("code", recovery[0])
	other.Press("Sign in")

	// Sign out, and in by the passkey.
	tab.Open("/account/sessions")
	tab.Says("This one", "Password")
	tab.Open("/account")
	tab.Click("Bo Berg")
	tab.Press("Sign out")
	tab.Press("Sign in with a passkey")
	tab.Open("/account/sessions")
	tab.Says("Passkey", "with two factors")
	tab.Audit("sessions")
	tab.Press("End Chrome, Linux")
	tab.Says("Ended.")
	other.Open("/account")
	other.Says("Sign in")

	// A code by mail, and what needs a proof.
	other.Press("Mail me a code")
	other.Audit("code ask")
	other.Fill("email", "bo@example.org")
	other.Press("Mail me a code")
	other.Audit("code enter")
	other.Open(mailed(t, s, "bo@example.org", `/sign-in/code/enter\S+`))
	if got := other.Value("code"); len(got) != 8 {
		t.Errorf("the mail's link brings the code %q", got)
	}
	other.Press("Sign in")
	other.Says("Your second factor")
	other.Fill("code", recovery[1])
	other.Press("Sign in")
	other.Open("/account/confirm?next=/account/password")
	other.Audit("confirm")
	other.Fill("password", "daisies line the long road")
	other.Fill("code", recovery[2])
	other.Press("Go on")
	other.Audit("password")
	other.Open("/forgotten")
	other.Audit("forgotten")

	// And leave.
	tab.Open("/account")
	tab.Press("Delete the account")
	tab.Says("bo@work.example", "Badges awarded to your addresses")
	tab.Audit("delete")
	tab.Press("Delete my account")
	tab.Says("Your account is deleted")
	other.Open("/account")
	other.Says("Sign in")
	tab.CheckQuiet()
	other.CheckQuiet()
}

// mailed waits for a mail to an address with an address of ours that fits, and
// returns the newest one.
func mailed(t *testing.T, s *apptest.Server, to, form string) string {
	t.Helper()
	find := regexp.MustCompile(regexp.QuoteMeta(s.BaseURL) + form)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for n := len(s.Mail.Messages()); ; n++ {
		list := s.Mail.To(to)
		for i := len(list) - 1; i >= 0; i-- {
			if link := find.FindString(list[i].Text); link != "" {
				return link
			}
		}
		if _, err := s.Mail.Wait(ctx, n+1); err != nil {
			t.Fatalf("no mail to %s has %s: %v", to, form, err)
		}
	}
}
