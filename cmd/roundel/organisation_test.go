package main

import (
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/sqldb"
)

// TestDecideAboutOrganisations does on the command line what the operator's
// pages do, with the server running.
func TestDecideAboutOrganisations(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	ctx, orgs := sqldb.ForInstallation(t.Context()), h.App.Features.Orgs
	live := []string{"--data", h.Data, "--base-url", h.BaseURL}
	do := func(code int, says string, args ...string) string {
		t.Helper()
		return wants(t, code, says, append(append([]string{"organisation"}, args...), live...)...)
	}
	slug := h.Org.Slug
	refused := func(kind fault.Kind, says string) {
		t.Helper()
		if err := orgs.MayIssueNow(ctx, h.Org.ID); fault.KindOf(err) != kind || !strings.Contains(fault.Message(err), says) {
			t.Errorf("it may issue: %v, want %q", err, says)
		}
	}
	may := func() {
		t.Helper()
		if err := orgs.MayIssueNow(ctx, h.Org.ID); err != nil {
			t.Errorf("it may not issue: %v", err)
		}
	}
	do(exitOK, slug+"  Northlight University  Ada Lindqvist", "list")

	do(exitUsage, "reason", "suspend", slug)
	do(exitError, "Give a reason", "suspend", slug, "--reason", " ")
	do(exitError, "There is no such organisation", "suspend", "nobody", "--reason", "It is not theirs.")
	may()
	do(exitOK, "Northlight University: suspended", "suspend", slug, "--reason", "It is not theirs.")
	refused(fault.Forbidden, "It is not theirs.")
	do(exitError, "suspended already", "suspend", slug, "--reason", "Again.")
	do(exitOK, "suspended\n", "list", "--state", "suspended")
	do(exitOK, "no longer suspended", "lift", slug)
	may()

	do(exitOK, "issuing stopped", "stop", slug, "--reason", "A key may be lost.")
	refused(fault.Unavailable, "A key may be lost.")
	do(exitOK, "stopped\n", "list")
	do(exitOK, "issuing goes on", "start", slug)
	may()
	do(exitUsage, "name an organisation, or --all", "stop", "--reason", "All.")
	do(exitUsage, "name an organisation, or --all", "stop", slug, "--all", "--reason", "All.")
	do(exitOK, "everybody: issuing stopped", "stop", "--all", "--reason", "We are moving.")
	refused(fault.Unavailable, "We are moving.")
	do(exitOK, "stopped for everybody: We are moving.", "list")
	do(exitOK, "everybody: issuing goes on", "resume", "--all")
	may()

	person := wants(t, exitOK, "/reset/", append([]string{"user", "create", "bo@example.org", "Bo"}, live...)...)
	if person == "" {
		t.Fatal("no link")
	}
	var bo int64
	accounts, err := h.App.Features.Accounts.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range accounts {
		if a.Email == "bo@example.org" {
			bo = a.ID
		}
	}
	o, err := orgs.Create(ctx, bo, org.Profile{Name: "Harbour School", Website: "https://harbour.example", Email: "a@harbour.example", Country: "IE", Description: "Evening classes."})
	if err != nil {
		t.Fatal(err)
	}
	do(exitOK, "waiting\n", "list", "--state", "waiting")
	do(exitOK, "refused", "refuse", o.Slug, "--reason", "Nobody answers there.")
	do(exitOK, "refused\n", "list", "--state", "refused")
	do(exitOK, "Harbour School: approved", "approve", o.Slug)
	do(exitError, "approved already", "approve", o.Slug)
	if err := orgs.MayIssueNow(ctx, o.ID); err != nil {
		t.Errorf("approved, it may not issue: %v", err)
	}

	log := wants(t, exitOK, "", append([]string{"audit", "export", "--organisation", "1"}, live...)...)
	for _, action := range []string{"organisation.suspended", "organisation.lifted", "issuing.stopped", "issuing.resumed"} {
		if !strings.Contains(log, `"action":"`+action+`"`) {
			t.Errorf("the audit log does not know of %s:\n%s", action, log)
		}
	}
	if n := strings.Count(log, `"service":"cli"`); n < 4 {
		t.Errorf("%d entries of the command line:\n%s", n, log)
	}
}

// TestMakeSomebodyAnOperator: there is always one left.
func TestMakeSomebodyAnOperator(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	live := []string{"--data", h.Data, "--base-url", h.BaseURL}
	do := func(code int, says string, args ...string) {
		t.Helper()
		wants(t, code, says, append(append([]string{"user"}, args...), live...)...)
	}
	is := func(email string, want bool) {
		t.Helper()
		for _, line := range strings.Split(wants(t, exitOK, email, append([]string{"user", "list"}, live...)...), "\n") {
			if strings.Contains(line, email) && strings.Contains(line, "operator") != want {
				t.Errorf("operator is not %v: %s", want, line)
			}
		}
	}
	do(exitOK, "", "create", "bo@example.org", "Bo")
	do(exitError, "no account with this verified address", "operator", "eve@example.org")
	do(exitError, "no account with this verified address", "operator", apptest.OwnerEmail)
	do(exitOK, "", "confirm-address", apptest.OwnerEmail, apptest.OwnerEmail)
	do(exitError, "the only operator", "operator", apptest.OwnerEmail, "--remove")
	is(apptest.OwnerEmail, true)
	is("bo@example.org", false)
	do(exitOK, "", "operator", "Bo@example.org")
	is("bo@example.org", true)
	do(exitOK, "", "operator", apptest.OwnerEmail, "--remove")
	is(apptest.OwnerEmail, false)
	do(exitError, "the only operator", "operator", "bo@example.org", "--remove")
	log := wants(t, exitOK, "operator.granted", append([]string{"audit", "export"}, live...)...)
	if strings.Count(log, `"action":"operator.withdrawn"`) != 1 || strings.Count(log, `"action":"operator.granted"`) != 1 {
		t.Errorf("the audit log:\n%s", log)
	}
}
