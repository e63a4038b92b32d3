package verify

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/rdfc"
)

// noteNewer is the note about a newer version.
const noteNewer = "A newer version exists."

// refresh asks once for a newer version (Open Badges 3.0, section 9.3). The
// answer is a note beside the verdict: a newer version does not make this one
// wrong, and an address that does not answer says nothing against it.
func (r *run) refresh(c *credential.Credential, s seal) Check {
	i := slices.IndexFunc(c.Refresh, func(m map[string]any) bool { return slices.Contains(words(m["type"]), openbadge.RefreshType) })
	if i < 0 {
		return notApplicable(CheckRefresh, CodeNoRefresh, "The issuer offers no newer versions.")
	}
	if !s.holds() {
		return unknown(CheckRefresh, CodeNotRun, "Not checked, because it is not shown that the issuer signed this.")
	}
	if r.get == nil {
		return unknown(CheckRefresh, CodeOffline, "We could not ask for a newer version: we are offline.")
	}
	address, _ := c.Refresh[i]["id"].(string)
	body, _, err := r.get.Get(r.ctx, address, acceptCredential)
	if err != nil {
		return r.noAnswer(CheckRefresh, address, err)
	}
	newer, err := r.read(body)
	if errors.Is(err, rdfc.ErrWorkExceeded) {
		return unknown(CheckRefresh, CodeTooComplex, "What the issuer offers as the newest version has more parts than we check.")
	}
	if err != nil {
		return unknown(CheckRefresh, CodeListInvalid, "What the issuer offers as the newest version cannot be read.")
	}
	if !sameID(newer.ID, c.ID) || !sameID(newer.Issuer.ID, c.Issuer.ID) {
		return unknown(CheckRefresh, CodeRefreshOther, "What the issuer offers as the newest version is another badge.")
	}
	if !r.examine(newer).holds() {
		return unknown(CheckRefresh, CodeListUnsigned, "What the issuer offers as the newest version is not signed by it.")
	}
	if !newer.ValidFrom.After(c.ValidFrom) {
		return passed(CheckRefresh, "This is the newest version.")
	}
	r.report.note(noteNewer)
	return passedAs(CheckRefresh, CodeNewerVersion, noteNewer)
}

// sameID compares ids as Open Badges 3.0 does (section 9.4): without
// surrounding space and percent-encoding.
func sameID(a, b string) bool { return a != "" && decoded(a) == decoded(b) }

func decoded(s string) string {
	s = strings.TrimSpace(s)
	if d, err := url.PathUnescape(s); err == nil {
		return d
	}
	return s
}
