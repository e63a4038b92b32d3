package apptest_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// onEach runs a test on a house with a public address, on each engine.
func onEach(t *testing.T, test func(t *testing.T, h *apptest.House)) {
	t.Helper()
	for _, postgres := range []bool{false, true} {
		name := map[bool]string{false: "sqlite", true: "postgres"}[postgres]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, apptest.StartHouse(t, apptest.Options{TLS: true, Postgres: postgres}))
		})
	}
}

// tenant is an organisation of its own on a house's server, with a program that
// acts for it and its owner at the console.
type tenant struct {
	*apptest.House
	org                   *org.Organisation
	badge, token, console string
	program               *apptest.Client
}

func newTenant(t *testing.T, h *apptest.House, name string) *tenant {
	t.Helper()
	o := h.NewOrganisation(t, h.OwnerID, name)
	token, _, err := h.App.Features.Accounts.CreateToken(t.Context(), o.ID, h.OwnerID, "test", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return &tenant{House: h, org: o, badge: h.NewBadge(t, o, "Bread Baking").PublicID.String(), token: token, console: "/console/" + o.Slug, program: h.Client(t)}
}

// post sends JSON with the token, under a key unless it is empty.
func (p *tenant) post(path, key, body string) *apptest.Answer {
	headers := []string{"Authorization", "Bearer " + p.token}
	if key != "" {
		headers = append(headers, "Idempotency-Key", key)
	}
	return p.program.Do(http.MethodPost, path, "application/json", strings.NewReader(body), headers...)
}

func (p *tenant) get(path string) *apptest.Answer {
	return p.program.Get(path, "Authorization", "Bearer "+p.token)
}

func (p *tenant) issue(key, email string) *apptest.Answer {
	return p.post("/api/v1/awards", key, fmt.Sprintf(`{"badge":%q,"recipient":{"name":"Amara Okafor","email":%q}}`, p.badge, email))
}

// attest has a credential of any kind signed, with a status.
func (p *tenant) attest(t *testing.T, key string) *apptest.Answer {
	t.Helper()
	issuers, err := p.App.Features.Attest.Keys.Issuers(t.Context())
	if err != nil || len(issuers) == 0 {
		t.Fatalf("%d issuers: %v", len(issuers), err)
	}
	return p.post("/vc/credentials/issue", key, `{"credential":{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"`+issuers[0].DID+
		`","credentialSubject":{"id":"did:example:alice"}},"options":{"credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"revocation"}}}`)
}

// refuse has the database refuse one kind of write: inserting into or updating
// table, for rows that meet the condition.
func refuse(t *testing.T, h *apptest.House, write, table, when string) {
	t.Helper()
	if when == "" {
		when = "TRUE"
	}
	statements := []string{`CREATE TRIGGER fault BEFORE ` + write + ` ON ` + table + ` WHEN ` + when + ` BEGIN SELECT RAISE(ABORT, 'injected fault'); END`}
	if h.App.Ground.DB.Dialect() == sqldb.Postgres {
		statements = []string{
			`CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''injected fault''; END'`,
			`CREATE TRIGGER fault BEFORE ` + write + ` ON ` + table + ` FOR EACH ROW WHEN (` + when + `) EXECUTE FUNCTION fault()`,
		}
	}
	execute(t, h, statements...)
}

// accept takes that back.
func accept(t *testing.T, h *apptest.House, table string) {
	t.Helper()
	if h.App.Ground.DB.Dialect() == sqldb.Postgres {
		execute(t, h, `DROP TRIGGER fault ON `+table)
		return
	}
	execute(t, h, `DROP TRIGGER fault`)
}

// execute runs statements that no server may: on PostgreSQL as the owner of the
// tables.
func execute(t *testing.T, h *apptest.House, statements ...string) {
	t.Helper()
	if h.App.Ground.DB.Dialect() == sqldb.Postgres {
		owner, err := sql.Open("pgx", h.App.Config.Database)
		if err != nil {
			t.Fatal(err)
		}
		defer owner.Close()
		for _, s := range statements {
			if _, err := owner.ExecContext(t.Context(), s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
		return
	}
	if err := h.App.Ground.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
		for _, s := range statements {
			if _, err := tx.Exec(t.Context(), s); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// count returns a number from the database.
func count(t *testing.T, h *apptest.House, query string, args ...any) (n int) {
	t.Helper()
	if err := h.App.Ground.DB.Read(t.Context(), func(tx *sqldb.Tx) error {
		return tx.QueryRow(t.Context(), query, args...).Scan(&n)
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// whole makes sure that nothing is left half done, once what was put off has
// been tried again.
func whole(t *testing.T, h *apptest.House) {
	t.Helper()
	execute(t, h, `UPDATE job SET run_at = 1 WHERE attempts > 0`)
	f := h.App.Features
	if err := f.Jobs.Quiet(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := h.App.Checker().Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Problems {
		t.Errorf("fsck: %s", p)
	}
	if n := count(t, h, `SELECT count(*) FROM award a WHERE document IS NOT NULL AND (revocation_list = 0 OR suspension_list = 0
		OR (SELECT count(*) FROM outbox_mail m WHERE m.award_id = a.id AND m.award_id > 0) <> 1)`); n > 0 {
		t.Errorf("%d awards are without a status or a letter", n)
	}
}

// refused makes sure that an answer admits that nothing was promised, and tells
// nothing of the inside.
func refused(t *testing.T, a *apptest.Answer) {
	t.Helper()
	if a.Status != http.StatusInternalServerError && a.Status != http.StatusServiceUnavailable {
		t.Errorf("status %d while the database refuses: %s", a.Status, a.Text())
	}
	if bytes.Contains(a.Body, []byte("injected")) || len(a.Text()) < 10 {
		t.Errorf("the answer says %q", a.Text())
	}
}

// TestEachRefusedWriteOfIssuing has the database refuse one write of the
// issuing path after the other. The request is answered by a fault, no document
// is without a record and none without a status, and the same request succeeds
// when the database takes it again, once.
func TestEachRefusedWriteOfIssuing(t *testing.T) {
	onEach(t, func(t *testing.T, h *apptest.House) {
		for n, c := range []struct{ write, table, when string }{
			{"INSERT", "award", ""},
			{"UPDATE", "award", "NEW.document IS NOT NULL"},
			{"UPDATE", "award_number", ""},
			{"INSERT", "idempotency", ""},
			{"INSERT", "status_list", ""},
			{"INSERT", "status_list", "NEW.purpose = 'suspension'"},
			{"UPDATE", "status_list", ""},
			{"UPDATE", "status_list", "NEW.purpose = 'suspension'"},
			{"INSERT", "event", ""},
			{"INSERT", "signature_record", ""},
			{"INSERT", "audit_entry", ""},
		} {
			p := newTenant(t, h, fmt.Sprintf("Bakery %d", n))
			email := fmt.Sprintf("amara%d@example.org", n)
			refuse(t, h, c.write, c.table, c.when)
			for range 2 {
				refused(t, p.issue("enrolment", email))
			}
			signed := count(t, h, `SELECT count(*) FROM award WHERE recipient_email = $1 AND document IS NOT NULL`, email)
			announced := count(t, h, `SELECT count(*) FROM event WHERE organisation_id = $1 AND kind = $2`, p.org.ID, issuing.EventIssued)
			if signed+announced > 0 {
				t.Errorf("%s of %s refused: %d signed, %d announced", c.write, c.table, signed, announced)
			}
			accept(t, h, c.table)
			first := p.issue("enrolment", email).Want(http.StatusCreated)
			if again := p.issue("enrolment", email).Want(http.StatusCreated); !bytes.Equal(first.Body, again.Body) {
				t.Errorf("%s of %s refused: two answers to one key", c.write, c.table)
			}
			if n := count(t, h, `SELECT count(*) FROM award WHERE recipient_email = $1`, email); n != 1 {
				t.Errorf("%s of %s refused: %d awards for one request", c.write, c.table, n)
			}
			whole(t, h)
		}
		expectErrors(t, h)
	})
}

// TestEachRefusedWriteOfAState does so for withdrawing and pausing an award, for
// publishing that, and for what its holder does.
func TestEachRefusedWriteOfAState(t *testing.T) {
	onEach(t, func(t *testing.T, h *apptest.House) {
		p := newTenant(t, h, "Bakery")
		ask := map[string]func(a *issuing.Award, link string) *apptest.Answer{
			"revoke": func(a *issuing.Award, _ string) *apptest.Answer {
				return p.post("/api/v1/awards/"+a.PublicID.String()+"/revocation", "", `{"reason":"issued_in_error"}`)
			},
			"suspend": func(a *issuing.Award, _ string) *apptest.Answer {
				return h.Owner.Post(p.console+"/awards/"+a.PublicID.String()+"/state", url.Values{"do": {"suspend"}, "suspend_reason": {"not_stated"}})
			},
			"accept": func(_ *issuing.Award, link string) *apptest.Answer {
				return p.program.Post(link, url.Values{"answer": {"accept"}})
			},
			"link": func(a *issuing.Award, _ string) *apptest.Answer {
				return h.Owner.Post(p.console+"/awards/"+a.PublicID.String()+"/link", url.Values{})
			},
			"mail": func(a *issuing.Award, _ string) *apptest.Answer {
				return h.Owner.Post(p.console+"/awards/"+a.PublicID.String()+"/mail", url.Values{})
			},
		}
		for n, c := range []struct{ do, write, table string }{
			{"revoke", "UPDATE", "award"}, {"revoke", "UPDATE", "status_list"}, {"revoke", "INSERT", "event"}, {"revoke", "INSERT", "audit_entry"},
			{"suspend", "UPDATE", "award"}, {"suspend", "UPDATE", "status_list"}, {"suspend", "INSERT", "event"}, {"suspend", "INSERT", "audit_entry"},
			{"accept", "UPDATE", "award"}, {"accept", "INSERT", "event"},
			{"link", "INSERT", "claim_secret"}, {"mail", "INSERT", "claim_secret"}, {"mail", "INSERT", "outbox_mail"},
		} {
			a := p.award(t, fmt.Sprintf("mei%d@example.org", n))
			link := h.ClaimPath(t, a)
			before := p.get("/api/v1/awards/" + a.PublicID.String()).Want(http.StatusOK)
			refuse(t, h, c.write, c.table, "")
			refused(t, ask[c.do](a, link))
			accept(t, h, c.table) // before looking: that is in the audit log too
			if now := p.get("/api/v1/awards/" + a.PublicID.String()); !bytes.Equal(now.Body, before.Body) {
				t.Errorf("%s with %s of %s refused has changed the award: %s", c.do, c.write, c.table, now.Body)
			}
			if done := ask[c.do](a, link); done.Status >= 400 {
				t.Errorf("%s again: %d %s", c.do, done.Status, done.Text())
			}
			if c.do != "mail" { // which writes a second letter, as asked
				whole(t, h)
			}
		}
		// A list that cannot be stored is not given out: it could be taken back.
		a := p.award(t, "last@example.org")
		list := strings.TrimPrefix(p.statusList(t, a), h.BaseURL)
		h.Owner.Get(list).Want(http.StatusOK)
		p.post("/api/v1/awards/"+a.PublicID.String()+"/revocation", "", `{"reason":"issued_in_error"}`).Want(http.StatusOK)
		refuse(t, h, "UPDATE", "status_list", "NEW.signed_version > OLD.signed_version")
		refused(t, h.Owner.Get(list))
		accept(t, h, "status_list")
		h.Owner.Get(list).Want(http.StatusOK)
		expectErrors(t, h)
	})
}

// TestEachRefusedWriteForPrograms does so for credentials of the VC API.
func TestEachRefusedWriteForPrograms(t *testing.T) {
	onEach(t, func(t *testing.T, h *apptest.House) {
		for n, c := range []struct{ write, table, when string }{
			{"INSERT", "attestation", ""},
			{"UPDATE", "attestation", ""},
			{"UPDATE", "attestation", "NEW.signed_at > 0"},
			{"INSERT", "attestation_list", ""},
			{"UPDATE", "attestation_list", ""},
			{"INSERT", "attestation_status", ""},
			{"INSERT", "signature_record", ""},
			{"INSERT", "audit_entry", ""},
		} {
			p := newTenant(t, h, fmt.Sprintf("Bakery %d", n))
			p.attest(t, "an earlier visit").Want(http.StatusCreated)
			if c.table == "attestation_list" && c.write == "INSERT" {
				p = newTenant(t, h, "Fresh bakery")
			}
			refuse(t, h, c.write, c.table, c.when)
			refused(t, p.attest(t, "visit"))
			accept(t, h, c.table)
			first := p.attest(t, "visit").Want(http.StatusCreated)
			if again := p.attest(t, "visit").Want(http.StatusCreated); !bytes.Equal(first.Body, again.Body) {
				t.Errorf("%s of %s refused: two answers to one key", c.write, c.table)
			}
			if n := count(t, h, `SELECT count(*) FROM attestation WHERE organisation_id = $1 AND retry_key = 'visit'`, p.org.ID); n != 1 {
				t.Errorf("%s of %s refused: %d records of one request", c.write, c.table, n)
			}
			whole(t, h)
		}
		expectErrors(t, h)
	})
}

// TestEachRefusedWriteOfLaterWork does so for what follows by itself: a
// spreadsheet's awards and the letters to recipients.
func TestEachRefusedWriteOfLaterWork(t *testing.T) {
	onEach(t, func(t *testing.T, h *apptest.House) {
		s, ctx := h.App.Features.Issuing, t.Context()
		for n, c := range []struct{ write, table, when string }{
			{"INSERT", "job", "NEW.kind = 'issuing.batch'"},
			{"UPDATE", "award_batch", "NEW.state = 'running'"},
			{"UPDATE", "award_batch", "NEW.state = 'done'"},
			{"UPDATE", "award_batch_row", "NEW.number = 3"},
			{"INSERT", "award", "NEW.recipient_email LIKE 'three%'"},
			{"UPDATE", "award", "NEW.recipient_email LIKE 'three%' AND NEW.document IS NOT NULL"},
			{"INSERT", "event", "NEW.kind = 'award.issued'"},
			{"INSERT", "outbox_mail", "NEW.recipient LIKE 'three%'"},
			{"INSERT", "claim_secret", ""},
			{"UPDATE", "consumer_cursor", ""},
		} {
			p := newTenant(t, h, fmt.Sprintf("Bakery %d", n))
			badge, err := publicid.Parse(p.badge)
			if err != nil {
				t.Fatal(err)
			}
			b, err := s.CreateBatch(ctx, p.org.ID, h.OwnerID, badge, "class.csv", []byte("name,email\nOne,one@example.org\nTwo,two@example.org\nThree,three@example.org\n"))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.SetMapping(ctx, p.org.ID, b.PublicID, b.Mapping, b.DateOrder, issuing.SkipDuplicates); err != nil {
				t.Fatal(err)
			}
			confirm := p.console + "/batches/" + b.PublicID.String() + "/confirm"
			refuse(t, h, c.write, c.table, c.when)
			answer := h.Owner.Post(confirm, nil)
			atOnce := c.table == "job" || c.when == "NEW.state = 'running'"
			if atOnce {
				refused(t, answer)
			} else {
				answer.Want(http.StatusSeeOther)
				if err := h.App.Features.Jobs.Quiet(ctx); err != nil {
					t.Fatal(err)
				}
			}
			accept(t, h, c.table)
			h.Owner.Post(confirm, nil).Want(http.StatusSeeOther)
			whole(t, h)
			if b, err = s.Batch(ctx, p.org.ID, b.PublicID); err != nil || b.State != issuing.BatchDone || b.Rows.Issued != 3 {
				t.Errorf("%s of %s refused: the spreadsheet is %+v (%v)", c.write, c.table, b, err)
			}
		}
		expectErrors(t, h)
	})
}

// award awards the tenant's badge and has the letter written.
func (p *tenant) award(t *testing.T, email string) *issuing.Award {
	t.Helper()
	var made struct{ ID string }
	if err := json.Unmarshal(p.issue("", email).Want(http.StatusCreated).Body, &made); err != nil {
		t.Fatal(err)
	}
	id, err := publicid.Parse(made.ID)
	if err != nil {
		t.Fatal(err)
	}
	a, err := p.App.Features.Issuing.Award(t.Context(), p.org.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.App.Features.Jobs.Quiet(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

// statusList returns the address of the list that shows the award's withdrawal.
func (p *tenant) statusList(t *testing.T, a *issuing.Award) string {
	t.Helper()
	var doc struct {
		CredentialStatus []struct {
			StatusPurpose, StatusListCredential string
		}
	}
	if err := json.Unmarshal(a.Document, &doc); err != nil {
		t.Fatal(err)
	}
	for _, s := range doc.CredentialStatus {
		if s.StatusPurpose == "revocation" {
			return s.StatusListCredential
		}
	}
	t.Fatalf("no status in %s", a.Document)
	return ""
}

// expectErrors takes the errors that the platform has logged about the faults:
// each is logged, and nothing else is.
func expectErrors(t *testing.T, h *apptest.House) {
	t.Helper()
	logged := h.TakeErrors()
	if len(logged) == 0 {
		t.Error("the faults were not logged")
	}
	for _, line := range logged {
		if !strings.Contains(line, "injected fault") {
			t.Errorf("another error was logged: %s", line)
		}
	}
}
