package apptest_test

import (
	"archive/zip"
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/pquerna/otp/totp"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/apptest/browser"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/sqldb"
)

// trust is the way of those who answer for an organisation and for the whole
// installation: people, roles, keys, logs, switches. Ada goes it by keyboard
// alone, and once more without scripts.
type trust struct {
	*testing.T
	*apptest.House
	browser *browser.Browser
	ada, bo *browser.Tab
	plain   *browser.Tab // Ada's, without scripts
	erased  [2]*issuing.Award
}

// TestTheWayOfTrust goes it on one server.
func TestTheWayOfTrust(t *testing.T) {
	t.Parallel()
	browser.NeedAxe(t)
	h := apptest.StartHouse(t, apptest.Options{TLS: true, SMTP: true})
	w := &trust{T: t, House: h, browser: browser.Start(t, h.BaseURL, h.PIN)}
	w.erased = [2]*issuing.Award{h.Award(t, "Amara Okafor", "amara@example.org"), h.Award(t, "Jonas Lindqvist", "jonas@example.org")}
	w.ada, w.bo, w.plain = w.browser.Tab(t), w.browser.Tab(t), w.browser.Tab(t, browser.WithoutScripts())
	for _, step := range []struct {
		name string
		do   func(*trust)
	}{
		{"come in", (*trust).comeIn}, {"people", (*trust).people}, {"roles and departments", (*trust).roles},
		{"an account of one's own", (*trust).account}, {"remove", (*trust).remove}, {"keys", (*trust).keys}, {"settings", (*trust).settings},
		{"erase and take out", (*trust).erase}, {"audit log", (*trust).auditLog}, {"the operator", (*trust).operate}, {"without scripts", (*trust).withoutScripts},
	} {
		if !t.Run(step.name, func(t *testing.T) {
			in := *w
			in.T, in.ada, in.bo, in.plain = t, w.ada.For(t), w.bo.For(t), w.plain.For(t)
			step.do(&in)
		}) {
			break
		}
	}
	w.ada.CheckQuiet()
	w.bo.CheckQuiet()
	w.plain.CheckQuiet()
	t.Logf("checks took %v", w.browser.Times())
}

func (w *trust) comeIn() {
	w.ada.Open("/sign-in")
	w.ada.KeyFill("email", apptest.OwnerEmail)
	w.ada.KeyFill("password", apptest.OwnerPassword)
	w.ada.KeyEnter(http.StatusOK)
	w.ada.Says("Northlight University")
	w.plain.Open("/sign-in")
	w.plain.Fill("email", apptest.OwnerEmail)
	w.plain.Fill("password", apptest.OwnerPassword)
	w.plain.Press("Sign in")
	w.plain.Says("Northlight University")
}

// people invites Bo, who makes an account, and gives him another role.
func (w *trust) people() {
	ada, bo := w.ada, w.bo
	ada.KeyPress("People")
	ada.CheckKeyboard("people one")
	ada.KeyFill("email", "bo at work")
	ada.KeyEnter(http.StatusUnprocessableEntity)
	ada.KeyFill("email", "bo@work.example")
	ada.KeyPick("role", "viewer")
	ada.KeyPress("Send the invitation")
	ada.Says("The invitation is on its way", "bo@work.example")
	ada.Audit("people invited")

	bo.Open(mailed(w.T, w.Server, "bo@work.example", `/invitation/\S+`))
	bo.Says("bo@work.example", "Viewer", apptest.OwnerName)
	bo.Audit("invitation")
	bo.CheckKeyboard("invitation")
	bo.KeyFill("name", "Bo Berg")
	bo.KeyFill("password", "daisies line the long road")
	bo.KeyEnter(http.StatusOK)
	bo.Says("Northlight University")
	if bo.Has("Settings") {
		w.Error("a viewer is offered the settings")
	}

	ada.Open(w.Console + "/people")
	ada.Says("Bo Berg")
	ada.KeyPress("Bo Berg")
	ada.Audit("member")
	ada.CheckKeyboard("member")
	ada.KeyPick("role", "administrator")
	ada.KeyPress("Save the role")
	ada.Says("The role is changed")
	bo.Reload()
	if !bo.Has("Settings") {
		w.Error("an administrator is not offered the settings")
	}

	w.suspend("Bo Berg")
	bo.OpenStatus(w.Console, http.StatusNotFound)
	ada.Open(w.Console + "/people")
	ada.Says("Suspended")
	ada.KeyPress("Bo Berg")
	ada.Says("Suspended since")
	ada.Audit("member suspended")
	ada.KeyPress("Give access back")
	ada.Says("The member has access again")
	ada.SaysNot("Suspended since")
	bo.Open(w.Console)
	ada.KeyPress("People")
}

// suspend does what the rules of signing in do to a member who has left.
func (w *trust) suspend(name string) {
	w.Helper()
	ctx, orgs := sqldb.ForInstallation(w.Context()), w.App.Features.Orgs
	list, err := orgs.Members(ctx, w.Org.ID)
	if err != nil {
		w.Fatal(err)
	}
	i := slices.IndexFunc(list, func(m *org.Member) bool { return m.Name == name })
	err = w.App.Ground.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := orgs.SetSuspended(ctx, tx, w.Org.ID, list[i].AccountID, true, "affiliation")
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
}

// roles makes a role and two departments, and limits Bo to one.
func (w *trust) roles() {
	ada := w.ada
	ada.KeyPress("Roles")
	ada.Audit("roles")
	ada.CheckKeyboard("roles")
	ada.KeyFill("name", "Registrar")
	ada.KeyPick("permissions", "award.view")
	ada.KeyPick("permissions", "award.issue")
	ada.KeyPress("Make the role")
	ada.Says("The role is there", "Registrar")
	ada.KeyPress("Registrar")
	ada.Audit("role")
	ada.CheckKeyboard("role")
	ada.KeyPick("permissions", "award.withdraw")
	ada.KeyPress("Save")
	ada.Says("changed for everybody")

	ada.KeyPress("Departments")
	ada.KeyFill("name", "Science")
	ada.KeyEnter(http.StatusOK)
	ada.KeyFill("name", "Languages")
	ada.KeyEnter(http.StatusOK)
	ada.Says("Science", "Languages")
	ada.Audit("departments")
	ada.CheckKeyboard("departments")
	ada.KeyPress("Languages")
	ada.Audit("department")
	ada.CheckKeyboard("department")
	ada.KeyFill("name", "Languages and Letters")
	ada.KeyPress("Save")

	ada.Open(w.Console + "/people")
	ada.KeyPress("Bo Berg")
	own := browser.Eval[string](ada, `[...document.querySelectorAll("[name=role]")].find(e => e.closest("label").innerText.includes("Registrar")).value`)
	science := browser.Eval[string](ada, `[...document.querySelectorAll("[name=departments]")].find(e => e.closest("label").innerText.includes("Science")).value`)
	ada.KeyPick("role", own)
	ada.KeyPick("departments", science)
	ada.KeyPress("Save the role")
	ada.Says("Registrar", "Science")
	ada.Audit("people with departments")
	w.bo.Open(w.Console)
	if w.bo.Has("Settings") {
		w.Error("a registrar is offered the settings")
	}
}

// account has Bo set up a second factor and a passkey, by keyboard, sign in with
// either, and end a session.
func (w *trust) account() {
	bo := w.bo
	bo.Open("/account/security")
	bo.KeyPress("Set up an app")
	secret := strings.ReplaceAll(browser.Eval[string](bo, `document.querySelector("#app-secret").value`), " ", "")
	code := func(ahead time.Duration) string {
		code, err := totp.GenerateCode(secret, time.Now().Add(ahead))
		if err != nil {
			w.Fatal(err)
		}
		return code
	}
	bo.KeyFill("code", code(0))
	bo.KeyEnter(http.StatusOK)
	bo.Says("The app is on", "Recovery codes")
	recovery := strings.Fields(bo.Text("#recovery"))
	bo.KeyPress("I have kept them")
	bo.GivePasskeys()
	bo.KeyPress("Add a passkey")
	bo.KeyFill("name", "A key on a ring")
	bo.KeyPress("Make the passkey")
	bo.Says("The passkey is ready")

	// Elsewhere, without scripts: password and a code of the app.
	other := w.browser.Tab(w, browser.WithoutScripts())
	other.Open("/sign-in")
	other.Fill("email", "bo@work.example")
	other.Fill("password", "daisies line the long road")
	other.Press("Sign in")
	other.Fill("code", "000000")
	other.PressStatus("Sign in", http.StatusUnprocessableEntity)
	other.Says("Your second factor")
	other.Fill("code", recovery[0])
	other.Press("Sign in")
	other.Open("/account/security")
	other.Answer("New recovery codes", "New recovery codes")
	other.Says("Recovery codes")
	bo.Open("/account/sessions")
	bo.KeyPress("End Chrome, Linux")
	bo.Says("Ended.")
	other.Open("/account")
	other.Says("Sign in")
	other.CheckQuiet()

	// Out by the menu, and in by the passkey.
	bo.TabTo("Bo Berg")
	bo.Key(kb.Enter)
	bo.TabTo("Sign out")
	bo.KeyEnter(http.StatusOK)
	bo.Open("/sign-in")
	bo.KeyPress("Sign in with a passkey")
	bo.Open("/account/sessions")
	bo.Says("Passkey", "with two factors")
}

// remove ends Bo's membership.
func (w *trust) remove() {
	w.ada.KeyPress("Bo Berg")
	w.ada.KeyAsk("Remove from the organisation", nil, "Remove from the organisation", http.StatusOK)
	w.ada.Says("They can do nothing here any more")
	w.ada.SaysNot("Bo Berg")
	w.bo.OpenStatus(w.Console, http.StatusNotFound)
}

// keys rotates the key, says that the new one is compromised, and makes another.
func (w *trust) keys() {
	ada := w.ada
	ada.Open(w.Console + "/settings/keys")
	ada.CheckKeyboard("keys")
	ada.TabTo("Change…")
	ada.Key(kb.Enter)
	ada.Audit("keys")
	ada.KeyPress("Rotate")
	ada.Audit("key rotate")
	ada.KeyPress("Rotate now")
	ada.Says("A new key signs from now on", "Retired")

	ada.TabTo("Change…")
	ada.Key(kb.Enter)
	ada.KeyPress("Compromised")
	ada.Audit("key compromised when")
	ada.CheckKeyboard("key compromised when")
	ada.TabTo("See what becomes invalid")
	ada.KeyEnter(http.StatusUnprocessableEntity)
	ada.Says("Enter day and time")
	ada.Choose("since", "2020-01-01T10:10") // the field is the browser's own
	ada.KeyPress("See what becomes invalid")
	ada.Says("This cannot be undone")
	ada.Audit("key compromised")
	ada.KeyPress("Mark it as compromised")
	ada.Says("The key is marked as compromised")
	ada.KeyPress("Prepare it")
	ada.Says("The key signs from now on")
	ada.KeyPress("Import a key")
	ada.Audit("key import")
	ada.CheckKeyboard("key import")
	ada.KeyFill("key", "no key at all")
	ada.TabTo("Import it")
	ada.KeyEnter(http.StatusUnprocessableEntity)
	ada.Open(w.Console + "/settings/keys/domain")
	ada.KeyFill("domain", "northlight.example")
	ada.KeyEnter(http.StatusOK)
	ada.Says("northlight.example")
	ada.Audit("own identity")
	ada.CheckKeyboard("own identity")
}

// settings goes through the other settings of trust: domain, tokens, sign-in.
func (w *trust) settings() {
	ada := w.ada
	ada.KeyPress("Settings")
	ada.KeyPress("Domain")
	ada.KeyFill("domain", "northlight.example")
	ada.KeyEnter(http.StatusOK)
	ada.Says("Now publish the text", "_roundel.northlight.example")
	ada.Audit("domain")
	ada.CheckKeyboard("domain")

	ada.KeyPress("API tokens")
	ada.KeyFill("program", "Moodle")
	ada.KeyEnter(http.StatusOK)
	ada.Says("Moodle")
	ada.KeyFill("name", "Nightly awards")
	ada.KeyPress("Make the token")
	ada.Says("Copy it now")
	ada.Audit("tokens")

	ada.KeyPress("Sign-in")
	ada.Audit("sign-in settings")
	ada.CheckKeyboard("sign-in settings")
	ada.KeyAsk("Require it of all members", nil, "Require it of all members", http.StatusUnprocessableEntity)
	ada.Says("Sign in with a second factor yourself first")
	ada.KeyPress("Add SAML")
	ada.Audit("provider new saml")
	ada.CheckKeyboard("provider new saml")
}

// erase erases a person and takes everything out.
func (w *trust) erase() {
	ada := w.ada
	ada.Open(w.Console + "/awards/" + w.erased[0].PublicID.String())
	ada.KeyPress("Erase the recipient’s data")
	ada.Audit("erase")
	ada.CheckKeyboard("erase")
	ada.KeyPick("documents", "remove")
	ada.KeyPick("sure", "yes")
	ada.KeyPress("Erase")
	ada.Says("Erased")
	ada.SaysNot("Amara")

	ada.Open(w.Console + "/settings/export")
	ada.Audit("export")
	ada.CheckKeyboard("export")
	w.isExport(ada.Download("Download"))
}

// isExport checks that an archive is whole and holds nobody who was erased.
func (w *trust) isExport(name string, file []byte) {
	w.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil || !strings.HasSuffix(name, ".zip") {
		w.Fatalf("%s: %v", name, err)
	}
	last := z.File[len(z.File)-1].Name
	if !slices.ContainsFunc(z.File, func(f *zip.File) bool { return strings.HasSuffix(f.Name, "README.md") }) || !strings.Contains(last, "manifest") {
		w.Errorf("the archive of %d files ends with %s", len(z.File), last)
	}
}

// auditLog finds what was done, and takes the log out.
func (w *trust) auditLog() {
	ada := w.ada
	ada.KeyPress("Audit log")
	ada.Says("erased a recipient’s data", "marked a signing key as compromised", "removed a member")
	browser.Eval[bool](ada, `document.querySelector("[name=action]").focus(), true`)
	ada.Key("made a role")
	if ada.Value("action") != "role.created" {
		w.Errorf("typing chooses %q", ada.Value("action"))
	}
	ada.KeyPress("Find")
	ada.Says("made a role")
	if n := browser.Eval[int](ada, `document.querySelectorAll("table.log tbody tr").length`); n != 1 {
		w.Errorf("%d entries about a role that was made", n)
	}
	ada.Audit("audit")
	ada.CheckKeyboard("audit")
	ada.KeyPress("same request")
	if n := browser.Eval[int](ada, `document.querySelectorAll("table.log tbody tr").length`); n != 1 {
		w.Errorf("%d entries of the request that made a role", n)
	}
	_, lines := ada.Download("JSON Lines")
	if _, n, err := audit.CheckFile(bytes.NewReader(lines)); err != nil || n < 10 {
		w.Errorf("the log that was taken out has %d entries: %v", n, err)
	}
	if name, table := ada.Download("CSV"); !strings.HasSuffix(name, ".csv") || !bytes.Contains(table, []byte("role.created")) {
		w.Errorf("%s does not tell of the role", name)
	}
}

// operate approves, suspends and stops, and looks at the operator's own pages.
func (w *trust) operate() {
	ada := w.ada
	w.bo.Open("/console/new")
	for field, text := range map[string]string{"name": "Harbour School", "website": "https://harbour.example", "email": "badges@harbour.example", "description": "Sailing for everybody."} {
		w.bo.Fill(field, text)
	}
	w.bo.Press("Create")
	w.bo.Audit("overview waiting")
	w.Mail.Refuse("lost@nowhere.example", 550)
	ada.Open("/account")
	ada.KeyFill("email", "lost@nowhere.example")
	ada.KeyEnter(http.StatusOK)

	ada.TabTo("Ada Lindqvist")
	ada.Key(kb.Enter)
	ada.TabTo("Run the platform")
	ada.KeyEnter(http.StatusOK)
	ada.Says("Harbour School", "Waits")
	ada.Audit("operator")
	ada.CheckKeyboard("operator")
	ada.KeyPress("Harbour School")
	ada.Audit("operator organisation waits")
	ada.CheckKeyboard("operator organisation waits")
	ada.KeyPress("Approve")
	ada.Says("Approved.")
	w.bo.Open("/console/harbour-school/settings/sign-in")
	w.bo.KeyAsk("Require it of all members", nil, "Require it of all members", http.StatusOK)
	w.bo.Says("Members need a second factor from now on")
	w.bo.Answer("Require it no longer", "Require it no longer")
	w.bo.Says("A second factor is required no longer")
	ada.KeyAsk("Suspend", nil, "Suspend", http.StatusUnprocessableEntity)
	ada.KeyFill("reason", "Its owner asked for it.")
	ada.KeyEnter(http.StatusOK)
	ada.Says("Its owner asked for it.", "Suspended since")
	ada.Audit("operator organisation suspended")
	ada.KeyPress("Lift the suspension")
	ada.KeyAsk("Stop issuing", func() { ada.KeyFill("reason", "A key is lost.") }, "Stop issuing", http.StatusOK)
	ada.Says("Stopped since")
	ada.KeyPress("Let it issue again")

	ada.KeyPress("Organisations")
	ada.KeyAsk("Stop all issuing", func() { ada.KeyFill("reason", "Something is wrong.") }, "Stop all issuing", http.StatusOK)
	ada.Says("Something is wrong.")
	ada.Open(w.Console + "/badges/" + w.Badge.PublicID.String() + "/award")
	ada.Says("Something is wrong.")
	ada.Open("/operator")
	ada.KeyPress("Let everybody issue again")
	ada.KeyPick("approval", "always")
	ada.KeyPress("Save")
	ada.Says("It counts for organisations that come from now on")

	ada.KeyPress("Mails…")
	ada.Audit("operator mails")
	ada.CheckKeyboard("operator mails")
	ada.Open("/operator/mails?state=failed")
	ada.Says("lost@nowhere.example")
	w.Mail.Refuse("lost@nowhere.example", 0)
	ada.KeyPress("Send it again lost@nowhere.example")
	ada.Says("The mail is sent once more")
	mailed(w.T, w.Server, "lost@nowhere.example", `/addresses/\S+`)

	ada.KeyPress("Audit log")
	ada.Says("stopped issuing", "approved the organisation", "had a mail sent again")
	_, lines := ada.Download("JSON Lines")
	ada.Open("/operator/audit?action=issuing.stopped") // fewer rows for axe
	ada.Audit("operator audit")
	ada.CheckKeyboard("operator audit")
	if _, _, err := audit.CheckFile(bytes.NewReader(lines)); err != nil {
		w.Error(err)
	}
	w.bo.OpenStatus("/operator", http.StatusNotFound)
}

// withoutScripts does the main acts once more in a browser that runs no scripts.
func (w *trust) withoutScripts() {
	p := w.plain
	p.Press("People")
	p.Fill("email", "cara@work.example")
	p.Pick("role", "issuer")
	p.Press("Send the invitation")
	p.Says("cara@work.example")
	guest := w.browser.Tab(w, browser.WithoutScripts())
	guest.Open(mailed(w.T, w.Server, "cara@work.example", `/invitation/\S+`))
	guest.Fill("name", "Cara Quinn")
	guest.Fill("password", "poppies in the summer rye")
	guest.Press("Make the account and join")
	guest.Says("Northlight University")
	w.withoutScriptsApp(guest)
	p.Reload()
	p.Press("Cara Quinn")
	p.Pick("role", "viewer")
	p.Press("Save the role")
	p.Says("The role is changed")
	p.Press("Cara Quinn")
	p.Answer("Remove from the organisation", "Remove from the organisation")
	p.SaysNot("Cara Quinn")
	guest.OpenStatus(w.Console, http.StatusNotFound)
	guest.CheckQuiet()

	p.Press("Roles")
	p.Fill("name", "Archivist")
	p.Pick("permissions", "award.view")
	p.Press("Make the role")
	p.Press("Archivist")
	p.Answer("Delete the role", "Delete the role")
	p.Says("The role is gone")
	p.Press("Departments")
	p.Fill("name", "Music")
	p.Press("Make the department")
	p.Press("Music")
	p.Answer("Delete the department", "Delete the department")
	p.Says("The department is gone")

	p.Open(w.Console + "/settings/keys")
	p.Click("Change")
	p.Press("Rotate")
	p.Press("Rotate now")
	p.Says("A new key signs from now on")
	p.Open(w.Console + "/awards/" + w.erased[1].PublicID.String() + "/erase")
	p.Pick("documents", "keep")
	p.Pick("sure", "yes")
	p.Press("Erase")
	p.SaysNot("Jonas")
	p.Open(w.Console + "/settings/export")
	w.isExport(p.Download("Download"))
	p.Press("Audit log")
	p.Choose("action", "recipient.erased")
	p.Press("Find")
	p.Says("erased a recipient’s data")

	p.Open("/operator")
	p.Press("Harbour School")
	p.Click("Suspend")
	p.Fill("reason", "Its owner asked for it.")
	p.Key(kb.Enter)
	p.Wait(".flash")
	p.Press("Lift the suspension")
	p.Says("The suspension is lifted")
}

// withoutScriptsApp has somebody set up an authenticator app, see that passkeys
// need scripts, and end the other sessions.
func (w *trust) withoutScriptsApp(guest *browser.Tab) {
	guest.Open("/account/app")
	secret := strings.ReplaceAll(browser.Eval[string](guest, `document.querySelector("#app-secret").value`), " ", "")
	code, err := totp.GenerateCode(secret, time.Now())
	if err != nil {
		w.Fatal(err)
	}
	guest.Fill("code", code)
	guest.Press("Switch it on")
	guest.Says("The app is on")
	guest.Open("/account/passkeys/new")
	guest.Says("Passkeys need JavaScript")
}
