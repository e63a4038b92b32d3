package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/sqldb"
)

// TestEveryProblemNamesItsRequest: whoever finds the mistake, the document says
// what is wrong, names the request, and does not send back what was too long.
func TestEveryProblemNamesItsRequest(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	token, _, err := h.App.Features.Accounts.CreateToken(sqldb.ForInstallation(t.Context()), h.Org.ID, h.OwnerID, "LMS", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	c := h.Client(t)
	id := strings.Repeat("a", 26)
	award := func(more string) string {
		return fmt.Sprintf(`{"badge":"%s","recipient":{"name":"Bo","email":"bo@example.org"}%s}`, id, more)
	}
	var thousand strings.Builder
	for n := range 1000 {
		fmt.Fprintf(&thousand, `,"x%d":1`, n)
	}
	for what, x := range map[string]struct {
		method, path, token, key, body string
		status                         int
		detail                         string
	}{
		"no token":             {"GET", "/api/v1/awards/" + id, "", "", "", 401, "token"},
		"no such award":        {"GET", "/api/v1/awards/" + id, token, "", "", 404, "no such award"},
		"no such address":      {"GET", "/api/v1/nothing", token, "", "", 404, "nothing at this address"},
		"no such file":         {"GET", "/awards/" + id + ".json", "", "", "", 404, ""},
		"a member twice":       {"POST", "/api/v1/awards", token, "", award(`,"result":"1","result":"2"`), 400, "result"},
		"text behind the end":  {"POST", "/api/v1/awards", token, "", award("") + "}", 400, "body"},
		"a long value":         {"POST", "/api/v1/awards", token, "", award(`,"result":"` + strings.Repeat("x", 9000) + `"`), 422, "characters or fewer."},
		"an unknown member":    {"POST", "/api/v1/awards", token, "", award(`,"grade":"1"`), 422, "body.grade: There is no such member here. Leave it out."},
		"several mistakes":     {"POST", "/api/v1/awards", token, "", `{"badge":1,"recipient":{"name":2,"email":"x"}}`, 422, "more mistakes; errors names the first"},
		"a long name":          {"POST", "/api/v1/awards", token, "", award(`,"` + strings.Repeat("n", 90000) + `":1`), 422, "There is no such member here."},
		"a thousand mistakes":  {"POST", "/api/v1/awards", token, "", award(thousand.String()), 422, "999 more mistakes; errors names the first 20."},
		"no UTF-8":             {"POST", "/api/v1/awards", token, "", award(",\"result\":\"\xff\""), 400, ""},
		"a deep value":         {"POST", "/api/v1/awards", token, "", award(`,"x":` + strings.Repeat("[", 500) + strings.Repeat("]", 500)), 400, ""},
		"a long key":           {"POST", "/api/v1/awards", token, strings.Repeat("k", 256), award(""), 422, "header.Idempotency-Key: Send 255 characters or fewer."},
		"a VC that is no JSON": {"POST", "/vc/credentials/issue", token, "", "{", 400, ""},
	} {
		a := c.Do(x.method, x.path, "application/json", strings.NewReader(x.body), "Authorization", "Bearer "+x.token, "Idempotency-Key", x.key)
		if a.Status != x.status || a.Media() != "application/problem+json" || len(a.Body) > 5000 {
			t.Errorf("%s: %d %s, %d bytes: %.300s", what, a.Status, a.Media(), len(a.Body), a.Body)
			continue
		}
		p := a.JSON()
		if p["instance"] != "urn:request:"+a.Header.Get("X-Request-Id") || p["status"] != float64(x.status) || p["title"] == "" {
			t.Errorf("%s, request %s: %v", what, a.Header.Get("X-Request-Id"), p)
		}
		if detail, _ := p["detail"].(string); detail == "" || !strings.Contains(detail, x.detail) {
			t.Errorf("%s: %v", what, p)
		}
	}
	if a := c.Do(http.MethodPost, "/api/v1/awards", "application/json", strings.NewReader(award("")), "Authorization", "Bearer "+token); a.Status != 404 {
		t.Errorf("a request without a mistake, for no badge: %d %s", a.Status, a.Body)
	}
}
