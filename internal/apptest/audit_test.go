package apptest_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/internal/sqldb"
)

// auditRows returns every entry as text.
func auditRows(t *testing.T, h *apptest.House) string {
	t.Helper()
	var rows []string
	ctx := sqldb.ForInstallation(t.Context())
	err := h.App.Ground.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		rows, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (string, error) {
			var id, organisation, at, subjectID, account, token int64
			var action, subject, service, address, request, data string
			err := r.Scan(&id, &organisation, &at, &action, &subject, &subjectID, &account, &token, &service, &address, &request, &data)
			return fmt.Sprintln(action, subject, subjectID, "by", account, token, service, "from", address, request, data), err
		}, `SELECT id, organisation_id, at, action, subject, subject_id, account_id, token_id, service, address, request_id, data FROM audit_entry ORDER BY id`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(rows, "")
}

// TestAuditLog: what people do in the console and on claim pages, and what they
// look at, is in the log with who and from where, and nothing personal with it;
// the console shows it, and its file can be checked.
func TestAuditLog(t *testing.T) {
	onBothEngines(t, func(t *testing.T, postgres bool) {
		h := apptest.StartHouse(t, apptest.Options{TLS: true, Postgres: postgres})
		award := h.Console + "/badges/" + h.Badge.PublicID.String() + "/award"
		h.Owner.Post(award, url.Values{"name": {"Amara Okafor"}, "email": {"amara.okafor@example.org"}, "narrative": {"Her thesis on tides"}}).Want(http.StatusSeeOther)
		a := h.Award(t, "Jonas Lindqvist", "jonas@example.org")
		page := h.Console + "/awards/" + a.PublicID.String()
		h.Owner.Get(page).Want(http.StatusOK)
		h.Owner.Get(h.Console + "/awards?q=Amara").Want(http.StatusOK)
		h.Owner.Get(page + "/badge.json").Want(http.StatusOK)
		h.Client(t).Post(h.ClaimPath(t, a), url.Values{"answer": {"accept"}}).Want(http.StatusSeeOther)
		h.Owner.Post(page+"/state", url.Values{"do": {"revoke"}, "revoke_reason": {"issued_in_error"}, "revoke_note": {"Jonas wrote to Ada"}}).Want(http.StatusSeeOther)

		text := auditRows(t, h)
		for _, want := range []string{
			fmt.Sprintf(`(?m)^award.issued award \d+ by %d 0  from 127.0.0.1 [A-Z2-7]{26} `, h.OwnerID),
			fmt.Sprintf(`(?m)^recipient.read award %d by %d 0  from 127.0.0.1 [A-Z2-7]{26} {"view":"award_page"}`, a.ID, h.OwnerID),
			fmt.Sprintf(`(?m)^recipient.read award \d+ by %d 0  from 127.0.0.1 [A-Z2-7]{26} {"view":"award_list"}`, h.OwnerID),
			fmt.Sprintf(`(?m)^recipient.read award %d by %d 0  from 127.0.0.1 [A-Z2-7]{26} {"view":"award_file"}`, a.ID, h.OwnerID),
			fmt.Sprintf(`(?m)^award.accepted award %d by 0 0 holder from 127.0.0.1 [A-Z2-7]{26} {}`, a.ID),
			fmt.Sprintf(`(?m)^award.revoked award %d by %d 0  from 127.0.0.1 [A-Z2-7]{26} {"reason":"issued_in_error"}`, a.ID, h.OwnerID),
			`(?m)^session.started account \d+ `,
		} {
			if !regexp.MustCompile(want).MatchString(text) {
				t.Errorf("the log lacks %s:\n%s", want, text)
			}
		}
		for _, personal := range []string{"Amara", "Okafor", "amara", "Jonas", "jonas", "example.org", "thesis", "wrote", apptest.OwnerName, "Ada", apptest.OwnerEmail, "northlight.example", "Northlight", h.Badge.PublicID.String(), a.PublicID.String()} {
			if strings.Contains(text, personal) {
				t.Errorf("the log holds %q", personal)
			}
		}

		list := h.Owner.Get(h.Console + "/settings/audit").Want(http.StatusOK)
		list.Says("withdrew a badge").Says("accepted the badge").Says("looked at recipients’ data").Says(apptest.OwnerName)
		if only := h.Owner.Get(h.Console + "/settings/audit?action=award.revoked").Want(http.StatusOK); strings.Count(string(only.Body), `<th scope="row">`) != 1 {
			t.Errorf("the search for one action found others: %d rows", strings.Count(string(only.Body), `<th scope="row">`))
		}
		file := h.Owner.Get(h.Console + "/settings/audit.jsonl").Want(http.StatusOK)
		if _, n, err := audit.CheckFile(bytes.NewReader(file.Body)); err != nil || n < 8 {
			t.Errorf("the file: %d entries, %v", n, err)
		}
		if table := h.Owner.Get(h.Console + "/settings/audit.csv").Want(http.StatusOK); table.Media() != "text/csv" || bytes.Count(table.Body, []byte("\n")) < 9 {
			t.Errorf("the table: %s", table.Body)
		}
		if !strings.Contains(auditRows(t, h), "audit.exported organisation") {
			t.Error("nobody is told that the log was taken away")
		}
		h.Owner.Get("/operator/audit").Want(http.StatusOK).Says("signed in").Says("Northlight University")
		if a := h.Client(t).Get(h.Console + "/settings/audit.jsonl"); a.Status == http.StatusOK {
			t.Error("a stranger took the log")
		}
		report, err := h.App.VerifyAudit(sqldb.ForInstallation(t.Context()))
		if err != nil || len(report.Problems) > 0 {
			t.Errorf("%v, %v", report.Problems, err)
		}
	})
}

// onBothEngines runs the test on SQLite and on PostgreSQL.
func onBothEngines(t *testing.T, test func(t *testing.T, postgres bool)) {
	t.Run("sqlite", func(t *testing.T) { test(t, false) })
	t.Run("postgres", func(t *testing.T) { test(t, true) })
}

var actionText = regexp.MustCompile(`"([a-z][a-z_]*\.[a-z][a-z_]*)"`)

// TestEveryActionHasASentence looks for actions in the source of the features:
// words of the form noun.past on lines that record something.
func TestEveryActionHasASentence(t *testing.T) {
	texts, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	err = filepath.WalkDir("..", func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, line := range strings.Split(string(source), "\n") {
			if !strings.Contains(line, "record") && !strings.Contains(line, "Action") && !strings.Contains(line, "action") && !strings.Contains(line, "note(") {
				continue
			}
			if strings.HasPrefix(strings.TrimSpace(line), "//") || strings.Contains(line, "example:") || strings.Contains(line, ".T(") {
				continue
			}
			for _, m := range actionText.FindAllStringSubmatch(line, -1) {
				found++
				if !texts.Has("audit.action." + m[1]) {
					t.Errorf("%s records %q, which the audit log's page has no words for: add audit.action.%s to internal/locale/en/audit.json", name, m[1], m[1])
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 50 {
		t.Errorf("only %d actions were found: the features record them in another way now", found)
	}
}
