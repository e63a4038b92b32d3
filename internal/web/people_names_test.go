package web

import (
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/internal/org"
)

// TestRolesAndPermissionsHaveNames: the ids of these texts are put together.
func TestRolesAndPermissionsHaveNames(t *testing.T) {
	c, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range org.Roles() {
		ids = append(ids, "role."+r, "role."+r+"_hint")
	}
	for _, p := range org.Permissions() {
		ids = append(ids, "permission."+strings.ReplaceAll(string(p), ".", "_"))
	}
	for _, a := range []org.Approval{org.ApproveLater, org.ApproveAlways, org.ApproveNever} {
		ids = append(ids, "operator.approval."+string(a))
	}
	for _, s := range []string{"waiting", "active", "refused", "suspended", "stopped"} {
		ids = append(ids, "standing."+s)
	}
	for _, d := range []string{"approve", "refuse", "suspend", "lift", "stop", "resume"} {
		ids = append(ids, "flash.operator_"+d)
	}
	ids = append(ids, "console.nav."+areaPeople, "people.tab.members", "people.tab.roles", "people.tab.departments", "settings.tab.domain")
	for _, id := range ids {
		if !c.Has(id) {
			t.Errorf("no text %q", id)
		}
	}
}
