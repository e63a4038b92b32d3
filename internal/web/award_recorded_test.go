package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/apptest"
)

// saysNot fails the test when the page says what it must not.
func saysNot(t *testing.T, a *apptest.Answer, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(a.Text(), w) {
			t.Errorf("the page says %q: %s", w, a.Text())
		}
	}
}

// TestRecordOutranksTheDocument withdraws and pauses live awards and trials,
// and looks at every page that tells of it.
func TestRecordOutranksTheDocument(t *testing.T) {
	today := time.Now().UTC().Format("2 January 2006")
	for name, o := range map[string]apptest.Options{"live": {TLS: true}, "trial": {}} {
		t.Run(name, func(t *testing.T) {
			h := apptest.StartHouse(t, o)
			a, page := h.Published(t, "Amara Okafor", "amara@example.org")
			b, private := h.Award(t, "Jonas Lindqvist", "jonas@example.org"), h.Client(t)
			console, issuer := h.Console+"/awards/", "an account at "+strings.SplitAfter(h.BaseURL, "//")[1]+" calling itself Northlight University"
			stranger, holder, link := h.Client(t), h.Client(t), h.ClaimPath(t, a)

			good := sound(t, stranger.Get(page).Want(200)).Says("Share").Says("Download")
			saysNot(t, good, "LinkedIn", "Withdrawn")
			sound(t, holder.Get(link).Want(200)).Says("Add to LinkedIn")

			suspend := url.Values{"do": {"suspend"}, "suspend_reason": {"requirements_not_met"}}
			h.Owner.Post(console+a.PublicID.String()+"/state", suspend).Want(303)
			paused := sound(t, stranger.Get(page).Want(200)).Says("Paused by " + issuer + " since " + today).Says("Reason: requirements no longer met.")
			saysNot(t, paused, "Real and in date", "This is a trial badge")
			if !strings.Contains(string(paused.Body), `class="verdict v is-bad"`) {
				t.Error("a paused award is not shown as bad")
			}
			stranger.Post("/verify", url.Values{"text": {string(a.Document)}}).Want(200).Says("Paused since " + today + ": requirements no longer met.")
			h.Owner.Post(console+a.PublicID.String()+"/state", url.Values{"do": {"reinstate"}}).Want(303)
			saysNot(t, stranger.Get(page).Want(200), "Paused")

			for _, id := range []string{a.PublicID.String(), b.PublicID.String()} {
				revoke := url.Values{"do": {"revoke"}, "revoke_reason": {"issued_in_error"}, "revoke_note": {"Wrong Amara"}}
				h.Owner.Post(console+id+"/state", revoke).Want(303)
			}
			gone := sound(t, stranger.Get(page).Want(200)).Says("Withdrawn by " + issuer + " on " + today).Says("Reason: issued in error.")
			saysNot(t, gone, "Real and in date", "Wrong Amara", "Share", "This is a trial badge")
			if !strings.Contains(string(gone.Body), `class="verdict v is-bad"`) {
				t.Error("a withdrawn award is not shown as bad")
			}

			note := "Withdrawn on " + today + ": issued in error."
			for _, text := range []string{string(a.Document), string(b.Document), h.BaseURL + page} {
				sound(t, private.Post("/verify", url.Values{"text": {text}}).Want(200)).Says(note)
			}
			// Who has only the address of a private award is told nothing of it.
			forged := strings.Replace(string(b.Document), "Applied Data", "Advanced Data", 1)
			saysNot(t, private.Post("/verify", url.Values{"text": {forged}}).Want(200), note, "issued in error")

			claim := sound(t, holder.Get(link).Want(200)).Says("The issuer has withdrawn this badge").Says("Withdrawn on " + today).Says("Reason: issued in error.").
				Says("badges@northlight.example").Says("Stop sharing")
			saysNot(t, claim, "LinkedIn", "This badge is yours", "Show someone", "Share", "Download", "Keep it", "Wrong Amara")
			holder.Post(link, url.Values{"answer": {"unpublish"}}).Want(303)
			saysNot(t, sound(t, holder.Get(link).Want(200)), "Stop sharing", "Keep it")
			waiting := sound(t, h.Client(t).Get(h.ClaimPath(t, b)).Want(200)).Says("The issuer has withdrawn this badge")
			saysNot(t, waiting, "has a badge for you", "Keep it", "Stop sharing")

			told := sound(t, h.Owner.Get(console+a.PublicID.String()).Want(200)).Says("Wrong Amara")
			if only := "only its page here shows it. Copies of the file keep verifying"; name == "trial" {
				told.Says(only)
			} else {
				saysNot(t, told, only)
			}
		})
	}
}

// TestTrialsTellTheTruth: nothing about trials contradicts anything else.
func TestTrialsTellTheTruth(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	a := h.Award(t, "Amara Okafor", "amara@example.org")
	quiet(t, h.Server)
	saysNot(t, h.Owner.Get(h.Console).Want(200).Says("Awards are trials for now"), "cannot be withdrawn")
	page := h.Console + "/awards/" + a.PublicID.String()
	shown := sound(t, h.Owner.Get(page).Want(200)).Says("Only its page here will show the change; copies of the file keep verifying")
	saysNot(t, shown, "Send the invitation again")
	h.Owner.Post(page+"/mail", nil).Want(303)
	h.Owner.Get(page).Want(200).Says("nobody is invited to it")
	mails := sound(t, h.Owner.Get(h.Console+"/outbox").Want(200)).Says("Nobody is ever mailed about a trial")
	saysNot(t, mails, "they are sent by themselves")

	live := apptest.StartHouse(t, apptest.Options{TLS: true})
	b := live.Award(t, "Amara Okafor", "amara@example.org")
	quiet(t, live.Server)
	live.Owner.Get(live.Console + "/awards/" + b.PublicID.String()).Want(200).Says("Send the invitation again")
	saysNot(t, live.Owner.Get(live.Console+"/outbox").Want(200).Says("they are sent by themselves"), "trial")
}
