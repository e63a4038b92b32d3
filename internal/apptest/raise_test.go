package apptest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/sqldb"
)

// send posts a form as a caller and returns the answer.
func (w *gateWorld) send(caller, path string, form url.Values) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, w.BaseURL+"/console/"+w.orgs["A"].Slug+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = "192.0.2.7:1234"
	r.AddCookie(&http.Cookie{Name: "roundel", Value: w.secret(caller)})
	answer := httptest.NewRecorder()
	w.App.Handler().ServeHTTP(answer, r)
	return answer
}

func (w *gateWorld) count(query string, args ...any) (n int64) {
	w.t.Helper()
	w.check(w.db.Read(w.ctx, func(tx *sqldb.Tx) error { return tx.QueryRow(w.ctx, query, args...).Scan(&n) }))
	return n
}

// TestNobodyRaisesAnything sends, as somebody with a part of the permissions, the
// forms by which one could get the others.
func TestNobodyRaisesAnything(t *testing.T) {
	w := newGateWorld(t)
	clerk := "only badge.view award.view member.view member.manage token.manage signin.manage organisation.edit"
	id := func() string { w.secret(clerk); return w.public(w.accounts[clerk]) }()
	program := w.thing("A", "program", "")
	big, err := w.App.Features.Orgs.CreateRole(w.ctx, w.orgs["A"].ID, w.actor("A"), "Keys", org.Set{org.ManageKeys})
	w.check(err)
	admin := func() string { w.secret("administrator"); return w.public(w.accounts["administrator"]) }()

	// state is all that could be raised.
	state := func() string {
		return fmt.Sprint(
			w.count(`SELECT count(*) FROM member WHERE role = 'owner' AND organisation_id = $1`, w.orgs["A"].ID),
			w.count(`SELECT count(*) FROM member WHERE role <> 'custom' AND account_id = $1`, w.accounts[clerk]),
			w.count(`SELECT count(*) FROM member WHERE role = 'administrator' AND account_id = $1`, w.accounts["administrator"]),
			w.count(`SELECT count(*) FROM api_token`), w.count(`SELECT count(*) FROM invitation`), w.count(`SELECT count(*) FROM signin_provider`),
			w.count(`SELECT count(*) FROM custom_role`), w.count(`SELECT count(*) FROM custom_role WHERE permissions LIKE '%award.issue%'`))
	}
	for _, attack := range []struct {
		caller, path string
		form         url.Values
	}{
		{clerk, "/people", url.Values{"email": {"x@example.org"}, "role": {"owner"}}},
		{clerk, "/people", url.Values{"email": {"x@example.org"}, "role": {"issuer"}}},
		{"administrator", "/people", url.Values{"email": {"x@example.org"}, "role": {"owner"}}},
		{clerk, "/people/members/" + id, url.Values{"role": {"owner"}}},
		{clerk, "/people/members/" + id, url.Values{"role": {"administrator"}}},
		{clerk, "/people/members/" + id, url.Values{"role": {big.ID.String()}}},
		{clerk, "/people/members/" + admin, url.Values{"role": {"viewer"}}},
		{clerk, "/people/members/" + admin + "/remove", nil},
		{"administrator", "/people/members/" + admin, url.Values{"role": {"owner"}}},
		{clerk, "/people/roles", url.Values{"name": {"Mine"}, "permissions": {"award.issue"}}},
		{clerk, "/people/roles/" + big.ID.String(), url.Values{"name": {"Keys"}, "permissions": {"badge.view"}}},
		{clerk, "/people/roles/" + big.ID.String() + "/delete", nil},
		{clerk, "/settings/tokens", url.Values{"name": {"t"}, "scopes": {"award.issue"}}},
		{clerk, "/settings/tokens", url.Values{"name": {"t"}, "scopes": {"award.view", "award.withdraw"}, "owner": {program}}},
		{"administrator", "/settings/tokens", url.Values{"name": {"t"}, "scopes": {"key.manage"}}},
		{clerk, "/settings/sign-in/new", url.Values{"name": {"Idp"}, "issuer": {"https://idp.invalid"}, "client_id": {"x"}, "default_role": {"issuer"}}},
		{"administrator", "/settings/sign-in/new", url.Values{"name": {"Idp"}, "issuer": {"https://idp.invalid"}, "client_id": {"x"}, "default_role": {"administrator"}}},
	} {
		w.secret(attack.caller)
		before := state()
		if a := w.send(attack.caller, attack.path, attack.form); a.Code != http.StatusForbidden && a.Code != http.StatusUnprocessableEntity || state() != before {
			t.Errorf("%s as %s with %v: %d, %s before and %s after", attack.path, attack.caller, attack.form, a.Code, before, state())
		}
	}
	// The forms are those that work: with what the clerk has, they do.
	for _, good := range []struct {
		path string
		form url.Values
	}{
		{"/people", url.Values{"email": {"x@example.org"}, "role": {"viewer"}}},
		{"/people/roles", url.Values{"name": {"Mine"}, "permissions": {"award.view"}}},
		{"/settings/tokens", url.Values{"name": {"t"}, "scopes": {"award.view"}, "owner": {program}}},
		{"/settings/sign-in/new", url.Values{"name": {"Idp"}, "issuer": {"https://idp.invalid"}, "client_id": {"x"}, "default_role": {"viewer"}}},
	} {
		before := state()
		if a := w.send(clerk, good.path, good.form); a.Code != http.StatusSeeOther || state() == before {
			t.Errorf("%s with %v: %d %.300s", good.path, good.form, a.Code, a.Body)
		}
	}

	// A program's token goes on without its maker; the list of tokens says so.
	for _, c := range []struct{ deed, want string }{
		{``, "made by Kim " + clerk + "</bdi>"},
		{`UPDATE member SET role = 'designer', custom_role_id = 0 WHERE account_id = $1`, "who may no longer do all of it"},
		{`DELETE FROM member WHERE account_id = $1`, "made by somebody who has left"},
	} {
		if c.deed != "" {
			w.write(c.deed, w.accounts[clerk])
		}
		r := httptest.NewRequest(http.MethodGet, w.BaseURL+"/console/"+w.orgs["A"].Slug+"/settings/tokens", nil)
		r.AddCookie(&http.Cookie{Name: "roundel", Value: w.secret("owner")})
		answer := httptest.NewRecorder()
		w.App.Handler().ServeHTTP(answer, r)
		if !strings.Contains(answer.Body.String(), c.want) {
			t.Errorf("the list of tokens does not say %q after %q", c.want, c.deed)
		}
	}
}

// TestSuspendedMayLimitADamage does, as the owner of a suspended organisation,
// what only takes away, and tries what shares a route or a page with it.
func TestSuspendedMayLimitADamage(t *testing.T) {
	w := newGateWorld(t)
	a := w.orgs["A"].ID
	award, member, token, program, key := w.thing("A", "award", ""), w.thing("A", "member", ""), w.thing("A", "token", ""), w.thing("A", "program", ""), w.thing("A", "key", "")
	paused := w.award("A", "paused@example.org")
	invitation := w.thing("A", "invitation", "")
	if c := w.send("owner", "/awards/"+paused+"/state", url.Values{"do": {"suspend"}, "suspend_reason": {"not_stated"}}).Code; c != http.StatusSeeOther {
		t.Fatal("pausing", c)
	}
	w.check(w.App.Features.Orgs.Suspend(w.ctx, a, "A key has leaked."))
	count := func(query string) int64 { return w.count(query+` AND organisation_id = $1`, a) }
	for _, c := range []struct {
		path  string
		form  url.Values
		code  int
		query string
		want  int64 // what the query counts afterwards
	}{
		{"/awards/" + award + "/state", url.Values{"do": {"suspend"}, "suspend_reason": {"not_stated"}}, http.StatusSeeOther, `SELECT count(*) FROM award WHERE suspended_at > 0`, 2},
		{"/awards/" + award + "/state", url.Values{"do": {"reinstate"}}, http.StatusForbidden, `SELECT count(*) FROM award WHERE suspended_at > 0`, 2},
		{"/awards/" + award + "/state", url.Values{"do": {"revoke"}, "revoke_reason": {"issued_in_error"}}, http.StatusSeeOther, `SELECT count(*) FROM award WHERE revoked_at > 0`, 1},
		{"/settings/keys/key/" + key + "/use", nil, http.StatusForbidden, `SELECT count(*) FROM signing_key WHERE retired_at > 0`, 0},
		{"/settings/keys/key/" + key + "/retire", nil, http.StatusSeeOther, `SELECT count(*) FROM signing_key WHERE retired_at > 0`, 1},
		{"/settings/keys/key/" + key + "/compromised", url.Values{"since": {"2026-01-02T03:04"}}, http.StatusSeeOther, `SELECT count(*) FROM signing_key WHERE compromised_at > 0`, 1},
		{"/settings/keys", url.Values{"kind": {"ed25519"}, "purpose": {"badge"}}, http.StatusForbidden, `SELECT count(*) FROM signing_key WHERE retired_at > 0`, 1},
		{"/settings/tokens/" + token + "/revoke", nil, http.StatusSeeOther, `SELECT count(*) FROM api_token WHERE revoked_at > 0`, 1},
		{"/settings/programs/" + program + "/end", nil, http.StatusSeeOther, `SELECT count(*) FROM service_account WHERE disabled_at > 0`, 1},
		{"/settings/programs", url.Values{"program": {"Another"}}, http.StatusForbidden, `SELECT count(*) FROM service_account WHERE disabled_at = 0`, 0},
		{"/people/invitations/" + invitation + "/withdraw", nil, http.StatusSeeOther, `SELECT count(*) FROM invitation WHERE 1 = 1`, 0},
		{"/people", url.Values{"email": {"x@example.org"}, "role": {"viewer"}}, http.StatusForbidden, `SELECT count(*) FROM invitation WHERE 1 = 1`, 0},
		{"/people/members/" + member, url.Values{"role": {"owner"}}, http.StatusForbidden, `SELECT count(*) FROM member WHERE role = 'viewer'`, 1},
		{"/people/members/" + member + "/remove", nil, http.StatusSeeOther, `SELECT count(*) FROM member WHERE role = 'viewer'`, 0},
	} {
		code := w.send("owner", c.path, c.form).Code
		if got := count(c.query); code != c.code || got != c.want {
			t.Errorf("%s with %v: %d, and %s is %d; want %d and %d", c.path, c.form, code, c.query, got, c.code, c.want)
		}
	}
}
