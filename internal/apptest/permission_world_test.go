package apptest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/api"
	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/protocol/vcapi"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/signin"
	"github.com/roundel/roundel/internal/sqldb"
)

// Whose things are asked for.
const (
	own       = "own"
	elsewhere = "elsewhere"
	other     = "other"
	mixed     = "mixed"
	suspended = "suspended"
	waiting   = "waiting"
)

// readers are the callers of pages.
func readers() []string {
	return append(append([]string{"nobody", "stranger", "operator"}, org.Roles()...), "custom", "department")
}

// programs are the callers of interfaces: one for each scope.
func programs() []string {
	list := []string{"nobody", "owner", "token all"} // an owner with a cookie, and no token
	for _, p := range org.TokenPermissions() {
		list = append(list, "token "+string(p))
	}
	return list
}

// seed stands in everything that one organisation has written, so that it is
// noticed in what another one's people are answered.
var seed = map[string]string{"A": "Zephyrine", "B": "Quillfeather"}

// gateWorld is an installation with two organisations, A and B, and somebody of
// A for every role.
type gateWorld struct {
	*apptest.House
	t    *testing.T
	ctx  context.Context
	db   *sqldb.DB
	orgs map[string]*org.Organisation
	own  map[string]int64 // the owner of each, who asks for nothing here

	departments map[string]*org.Department
	role        org.Role // custom, of A
	badges      map[string]int64
	callers     map[string]string // cookie or token; made again after it was used up
	accounts    map[string]int64
	things      map[string]string // by organisation and kind; made again after a deed
	n           int
	leaks       map[string]bool
	answered    string // what the last request was answered with
}

func newGateWorld(t *testing.T) *gateWorld {
	t.Helper()
	w := &gateWorld{House: apptest.StartHouse(t, apptest.Options{}), t: t, orgs: map[string]*org.Organisation{}, own: map[string]int64{}, departments: map[string]*org.Department{},
		badges: map[string]int64{}, callers: map[string]string{}, accounts: map[string]int64{}, things: map[string]string{}, leaks: map[string]bool{}}
	w.ctx, w.db = sqldb.ForInstallation(t.Context()), w.App.Ground.DB
	w.check(w.App.Features.Orgs.SetApproval(w.ctx, org.ApproveNever))
	for _, name := range []string{"A", "B"} {
		w.own[name] = w.account("Owner of "+seed[name], false)
		w.orgs[name] = w.NewOrganisation(t, w.own[name], seed[name]+" College")
		b := w.NewBadge(t, w.orgs[name], seed[name]+" Studies")
		w.badges[name] = b.ID
		// The address of a page may tell what it was asked for by.
		w.orgs[name].Slug = map[string]string{"A": "first", "B": "second"}[name]
		w.write(`UPDATE organisation SET slug = $2 WHERE id = $1`, w.orgs[name].ID, w.orgs[name].Slug)
		d, err := w.App.Features.Orgs.CreateDepartment(w.ctx, w.orgs[name].ID, seed[name]+" Faculty", publicid.ID{})
		w.check(err)
		w.departments[name] = d
	}
	far, err := w.App.Features.Orgs.CreateDepartment(w.ctx, w.orgs["A"].ID, "Elsewhere", publicid.ID{})
	w.check(err)
	w.departments["far"] = far
	w.role, err = w.App.Features.Orgs.CreateRole(w.ctx, w.orgs["A"].ID, w.actor("A"), "Personnel", org.Set{org.ViewMembers, org.ManageMembers, org.ViewAwards})
	w.check(err)
	w.reset("")
	return w
}

func (w *gateWorld) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *gateWorld) write(query string, args ...any) {
	w.t.Helper()
	w.check(w.db.Write(w.ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(w.ctx, query, args...); return err }))
}

func (w *gateWorld) actor(name string) org.Actor {
	return org.Actor{AccountID: w.own[name], Permissions: org.Permissions(), Owner: true}
}

// account makes an account with a verified address.
func (w *gateWorld) account(name string, operator bool) (id int64) {
	w.t.Helper()
	w.n++
	address := fmt.Sprintf("person%d@example.org", w.n)
	w.check(w.db.Write(w.ctx, func(tx *sqldb.Tx) error {
		a, err := w.App.Features.Accounts.Create(w.ctx, tx, account.Newcomer{Name: name, Email: address, Verified: true, Operator: operator})
		if err == nil {
			id = a.ID
		}
		return err
	}))
	return id
}

// public returns the public id of an account.
func (w *gateWorld) public(id int64) string {
	w.t.Helper()
	var public publicid.ID
	w.check(w.db.Read(w.ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(w.ctx, `SELECT public_id FROM account WHERE id = $1`, id).Scan(&public)
	}))
	return public.String()
}

// reset puts the organisations into the standing that is asked about.
func (w *gateWorld) reset(whose string) {
	w.t.Helper()
	state, at := "active", int64(0)
	if whose == waiting {
		state = "waiting"
	}
	if whose == suspended {
		at = 1
	}
	w.write(`UPDATE organisation SET state = $2, suspended_at = $3, suspension_reason = 'x', stopped_at = 0 WHERE id = $1`, w.orgs["A"].ID, state, at)
	w.write(`UPDATE organisation SET state = 'active', suspended_at = 0, stopped_at = 0 WHERE id <> $1`, w.orgs["A"].ID)
	w.write(`UPDATE installation_policy SET approval = 'auto', stopped_at = 0`)
}

// secret returns the caller's cookie or token, and makes both caller and
// membership when they are not there (any more).
func (w *gateWorld) secret(caller string) string {
	w.t.Helper()
	if s, ok := w.callers[caller]; ok {
		return s
	}
	a := w.orgs["A"]
	if scope, ok := strings.CutPrefix(caller, "token "); ok {
		scopes := []string{scope}
		if scope == "all" {
			scopes = org.TokenPermissions().Words()
		}
		if p := permissionsOf(scope); p != nil {
			scopes = p.Words()
		}
		s, _, err := w.App.Features.Accounts.MakeToken(w.ctx, account.NewToken{OrganisationID: a.ID, By: w.own["A"], Name: "golden", Scopes: scopes})
		w.check(err)
		w.callers[caller] = s
		return s
	}
	id := w.account("Kim "+caller, caller == "operator")
	w.accounts[caller] = id
	role, key := caller, int64(0)
	switch caller {
	case "custom":
		w.check(w.db.Read(w.ctx, func(tx *sqldb.Tx) error {
			return tx.QueryRow(w.ctx, `SELECT id FROM custom_role WHERE public_id = $1`, w.role.ID).Scan(&key)
		}))
	case "department":
		role = org.RoleIssuer
	default:
		if p := permissionsOf(caller); p != nil {
			role, key = "custom", w.customRole(caller, p)
		}
	}
	if caller != "stranger" && caller != "operator" {
		w.write(`INSERT INTO member (organisation_id, account_id, role, custom_role_id, created_at) VALUES ($1, $2, $3, $4, 0)`, a.ID, id, role, key)
	}
	if caller == "department" {
		w.write(`INSERT INTO member_department (organisation_id, account_id, department_id) VALUES ($1, $2, $3)`, a.ID, id, w.departments["A"].ID)
	}
	s, err := w.App.Features.Accounts.StartSession(w.ctx, id, account.Proof{Method: account.ByPassword})
	w.check(err)
	w.callers[caller] = s
	return s
}

// permissionsOf returns what the callers "only x y" and "all but x" have; nil for
// the others.
func permissionsOf(caller string) org.Set {
	if words, ok := strings.CutPrefix(caller, "only "); ok {
		return org.ParseSet(words)
	}
	if word, ok := strings.CutPrefix(caller, "all but "); ok {
		return org.Permissions().Keep(func(p org.Permission) bool { return string(p) != word })
	}
	return nil
}

// customRole makes a role with these permissions and no others: not even the
// one that every role has which people make.
func (w *gateWorld) customRole(name string, p org.Set) (key int64) {
	w.t.Helper()
	w.check(w.db.Write(w.ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(w.ctx, `INSERT INTO custom_role (public_id, organisation_id, name, permissions, created_at) VALUES ($1, $2, $3, $4, 0)
			ON CONFLICT (organisation_id, name) DO UPDATE SET permissions = excluded.permissions RETURNING id`,
			publicid.New(), w.orgs["A"].ID, name, p.String()).Scan(&key)
	}))
	return key
}

var placeholder = regexp.MustCompile(`\{(\w+)[^}]*\}`)

// ask sends one request and says in a word what came of it.
func (w *gateWorld) ask(method, address, caller, whose string, p gate.Permission) string {
	w.t.Helper()
	w.reset("") // things are made by an organisation that may
	place, things := "A", "A"
	switch whose {
	case other:
		place, things = "B", "B"
	case mixed:
		things = "B"
	}
	path := placeholder.ReplaceAllStringFunc(address, func(found string) string {
		name := placeholder.FindStringSubmatch(found)[1]
		if name == "org" {
			return w.orgs[place].Slug
		}
		return w.thing(things, name, address)
	})
	path = strings.TrimSuffix(path, "{$}")
	r := httptest.NewRequest(method, w.BaseURL+path, nil)
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if strings.HasPrefix(path, api.Base) || strings.HasPrefix(path, vcapi.Base) {
			r = httptest.NewRequest(method, w.BaseURL+path, strings.NewReader(w.body(method+" "+address, things)))
			r.Header.Set("Content-Type", "application/json")
		}
	}
	r.RemoteAddr = "192.0.2.7:1234"
	if caller != "nobody" {
		if s := w.secret(caller); strings.HasPrefix(caller, "token ") {
			r.Header.Set("Authorization", "Bearer "+s)
		} else {
			r.AddCookie(&http.Cookie{Name: "roundel", Value: s})
		}
	}
	w.reset(whose)
	if whose == elsewhere {
		w.write(`UPDATE member_department SET department_id = $1 WHERE account_id = $2`, w.departments["far"].ID, w.accounts[caller])
		defer w.write(`UPDATE member_department SET department_id = $1 WHERE account_id = $2`, w.departments["A"].ID, w.accounts[caller])
	}
	answer := httptest.NewRecorder()
	w.App.Handler().ServeHTTP(answer, r)
	class := classOf(answer.Result())
	w.answered = answer.Body.String()
	if class == "" {
		w.t.Errorf("%s %s as %s (%s): %d %.300s", method, path, caller, whose, answer.Code, answer.Body)
	}
	w.noLeak(method, address, caller, whose, p, answer.Body.String())
	if class == "in" && method != http.MethodGet { // whatever it did, the next one finds everything anew
		clear(w.things)
		if !strings.HasPrefix(caller, "token ") {
			delete(w.callers, caller)
		} else {
			for c := range w.callers {
				if strings.HasPrefix(c, "token ") {
					delete(w.callers, c)
				}
			}
		}
		w.mend()
	}
	return class
}

// body is what programs send: something good, so that only the gate and the
// ids decide.
func (w *gateWorld) body(route, things string) string {
	w.t.Helper()
	w.n++
	switch route {
	case "POST /api/v1/awards":
		return fmt.Sprintf(`{"badge": %q, "recipient": {"name": "Kim", "email": "kim%d@example.org"}}`, w.thing(things, "badge", ""), w.n)
	case "POST /api/v1/awards/{id}/revocation":
		return `{"reason": "not_stated"}`
	case "POST /api/v1/invitations":
		return fmt.Sprintf(`{"email": "kim%d@example.org", "role": "viewer"}`, w.n)
	case "PUT /api/v1/members/{id}/role":
		return `{"role": "viewer"}`
	}
	return `{}`
}

// mend gives back what deeds may have taken from the organisations themselves.
func (w *gateWorld) mend() {
	w.t.Helper()
	for _, name := range []string{"A", "B"} {
		w.write(`UPDATE organisation SET name = $2, website = 'https://northlight.example', second_factor_required = FALSE WHERE id = $1`, w.orgs[name].ID, seed[name]+" College")
		w.write(`INSERT INTO member (organisation_id, account_id, role, created_at) VALUES ($1, $2, 'owner', 0)
			ON CONFLICT (organisation_id, account_id) DO UPDATE SET role = 'owner'`, w.orgs[name].ID, w.own[name])
	}
}

// classOf says in a word what an answer means for who asked; "" for what no
// request here should be answered.
func classOf(r *http.Response) string {
	switch code := r.StatusCode; {
	case code >= 300 && code < 400 && strings.HasPrefix(r.Header.Get("Location"), "/sign-in?next="):
		return "sign-in"
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusNotFound:
		return fmt.Sprint(code)
	case code < 400, slices.Contains([]int{http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusNotAcceptable}, code):
		return "in"
	}
	return ""
}

// noLeak fails the test when people of A are answered with what B has written,
// on pages that are not for everybody.
func (w *gateWorld) noLeak(method, address, caller, whose string, p gate.Permission, body string) {
	w.t.Helper()
	if p == gate.Public || caller == "operator" && p == gate.Operator {
		return
	}
	if place := strings.ToLower(body); strings.Contains(place, strings.ToLower(seed["B"])) {
		at := max(0, strings.Index(place, strings.ToLower(seed["B"]))-80)
		w.t.Errorf("%s %s as %s (%s) tells what another organisation has written: …%.200s", method, address, caller, whose, body[at:])
	}
}

// thing returns the public id, or whatever else stands in addresses, of
// something of organisation A or B.
func (w *gateWorld) thing(name, kind, address string) string {
	w.t.Helper()
	if strings.HasPrefix(address, api.Base) && kind == "id" { // named after its collection
		kind = map[string]string{"awards": "award", "members": "member", "invitations": "invitation"}[strings.Split(address, "/")[3]]
	}
	key := name + " " + kind
	if strings.HasPrefix(address, "/operator/") {
		key = "operator " + key
	}
	if have, ok := w.things[key]; ok {
		return have
	}
	w.things[key] = w.make(name, kind, address)
	return w.things[key]
}

func (w *gateWorld) make(name, kind, address string) string {
	w.t.Helper()
	f, o, by := w.App.Features, w.orgs[name], w.actor(name)
	w.n++
	mail := fmt.Sprintf("%s%d@example.org", strings.ToLower(seed[name]), w.n)
	switch kind {
	case "badge":
		return w.badge(name)
	case "award":
		return w.award(name, mail)
	case "batch":
		b, err := f.Issuing.CreateBatch(w.ctx, o.ID, by.AccountID, w.parse(w.thing(name, "badge", "")), seed[name]+".csv", []byte("name,email\n"+seed[name]+","+mail+"\n"))
		w.check(err)
		return b.PublicID.String()
	case "mail":
		w.check(w.db.Write(w.ctx, func(tx *sqldb.Tx) error {
			return outbox.Enqueue(w.ctx, tx, outbox.Mail{OrgID: o.ID, To: mail, Subject: seed[name], Text: seed[name], HTML: seed[name]})
		}))
		list, err := f.Outbox.List(w.ctx, o.ID, outbox.Filter{Limit: 1})
		w.check(err)
		return list[0].ID.String()
	case "token":
		_, token, err := f.Accounts.MakeToken(w.ctx, account.NewToken{OrganisationID: o.ID, By: by.AccountID, Name: seed[name], Scopes: account.IssuingScopes()})
		w.check(err)
		return token.PublicID.String()
	case "member":
		id := w.account(seed[name]+" Member", false)
		w.write(`INSERT INTO member (organisation_id, account_id, role, created_at) VALUES ($1, $2, 'viewer', 0)`, o.ID, id)
		return w.public(id)
	case "invitation":
		w.write(`DELETE FROM invitation WHERE organisation_id = $1`, o.ID)
		i, err := f.Orgs.Invite(w.ctx, o.ID, by, mail, org.Grant{Role: org.RoleViewer})
		w.check(err)
		w.write(`UPDATE invitation SET sent_at = 1 WHERE organisation_id = $1`, o.ID)
		return i.PublicID.String()
	case "role":
		w.write(`DELETE FROM custom_role WHERE name LIKE $1`, seed[name]+"%")
		r, err := f.Orgs.CreateRole(w.ctx, o.ID, by, fmt.Sprint(seed[name], w.n), org.Set{org.ViewBadges})
		w.check(err)
		return r.ID.String()
	case "department":
		d, err := f.Orgs.CreateDepartment(w.ctx, o.ID, fmt.Sprint(seed[name], w.n), publicid.ID{})
		w.check(err)
		return d.PublicID.String()
	case "domain":
		w.write(`DELETE FROM organisation_domain WHERE organisation_id = $1`, o.ID)
		d, err := f.Orgs.AddDomain(w.ctx, o.ID, fmt.Sprintf("%s%d.invalid", strings.ToLower(seed[name]), w.n))
		w.check(err)
		return d.PublicID.String()
	case "program":
		s, err := f.Orgs.CreateServiceAccount(w.ctx, o.ID, by.AccountID, fmt.Sprint(seed[name], w.n))
		w.check(err)
		return s.PublicID.String()
	case "key":
		k, err := w.App.Ground.Keys.Prepare(w.ctx, o.ID, keys.Ed25519, keys.ForBadges)
		w.check(err)
		return k.Fragment
	case "provider":
		id := o.ID
		if strings.HasPrefix(address, "/operator/") {
			id = 0
		}
		w.write(`DELETE FROM signin_provider WHERE organisation_id = $1`, id)
		p, err := f.SignIn.Create(w.ctx, id, by, signin.OIDC, signin.Settings{Name: seed[name], Issuer: "https://idp.invalid", ClientID: "x"}, "secret")
		w.check(err)
		return p.PublicID.String()
	case "organisation":
		return o.PublicID.String()
	case "slug":
		return o.Slug
	case "deed":
		return "suspend"
	case "purpose":
		return string(keys.ForBadges)
	case "number", "row", "job":
		return "1"
	case "list", "file", "secret", "did", "session", "passkey", "identity", "address", "path":
		return "none" // opens nothing to anybody
	}
	w.t.Fatalf("the address %s names {%s}: tell make in this file how to make one", address, kind)
	return ""
}

// badge makes a published badge with a draft, of the department whose issuer
// asks: a copy of the one that was made at first.
func (w *gateWorld) badge(name string) string {
	w.t.Helper()
	public := publicid.New()
	w.check(w.db.Write(w.ctx, func(tx *sqldb.Tx) error {
		var id int64
		if err := tx.QueryRow(w.ctx, `INSERT INTO badge (public_id, organisation_id, department_id, created_at) VALUES ($1, $2, $3, 0) RETURNING id`,
			public, w.orgs[name].ID, w.departments[name].ID).Scan(&id); err != nil {
			return err
		}
		for number, published := range []int{1, 0} {
			if _, err := tx.Exec(w.ctx, `INSERT INTO badge_version (badge_id, number, name, description, criteria, achievement_type, tags, language, picture_png, picture_svg, picture_alt, created_at, updated_at, published_at)
				SELECT $1, $2, name, description, criteria, achievement_type, tags, language, picture_png, picture_svg, picture_alt, 1, 1, $3 FROM badge_version WHERE badge_id = $4 AND number = 1`,
				id, number+1, published, w.badges[name]); err != nil {
				return err
			}
		}
		return nil
	}))
	return public.String()
}

func (w *gateWorld) award(name, mail string) string {
	w.t.Helper()
	a, err := w.App.Features.Issuing.Issue(w.ctx, w.orgs[name].ID, w.own[name], issuing.Request{Badge: w.parse(w.thing(name, "badge", "")),
		Recipient: issuing.Recipient{Name: seed[name] + " Learner", Email: mail}, ValidFrom: time.Now().Add(-time.Hour)}, issuing.Retry{})
	w.check(err)
	return a.PublicID.String()
}

func (w *gateWorld) parse(text string) publicid.ID {
	w.t.Helper()
	id, err := publicid.Parse(text)
	w.check(err)
	return id
}
