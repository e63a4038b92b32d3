package verify

import "testing"

// What an answer rests on is for the caller to choose; what speaks against it is
// not.
func TestOpen(t *testing.T) {
	codes := func(rep *Report, ids ...string) string {
		text := ""
		for _, c := range rep.Open(ids...) {
			text += c.ID + "=" + string(c.Outcome) + " "
		}
		return text
	}
	u, self := uni(), selfMade(t, "Village School")
	good := check(t, world(t), u.signed(t, u.badge()))
	if got := codes(good, Whole()...); got != "" {
		t.Errorf("good: %s", got)
	}
	if got := codes(check(t, world(t), self.signed(t, self.simple())), Whole()...); got != "" {
		t.Errorf("a name that nobody confirms: %s", got)
	}
	revoked := check(t, world(t).with(revocation, u.list(t, revocation, "revocation", true, nil)), u.signed(t, u.badge()))
	if got := codes(revoked, Whole()...); got != "status=failed " {
		t.Errorf("revoked: %s", got)
	}
	if got := codes(revoked, CheckProof, CheckIssuerKey); got != "" {
		t.Errorf("revoked, by its proof only: %s", got)
	}
	offline := (&Verifier{Now: clock}).Verify(t.Context(), u.signed(t, u.badge()))
	if got := codes(offline, CheckStatus, CheckIssuerKey); got != "issuer_key=unknown status=unknown " {
		t.Errorf("offline: %s", got)
	}
	if got := codes(offline, CheckRefresh); got != "" {
		t.Errorf("what only informs: %s", got)
	}
	if got := codes(check(t, world(t), []byte("x")), Whole()...); got == "" {
		t.Error("nothing speaks against what is no badge")
	}
	if got := codes(good, "no_such_check"); got != "no_such_check=unknown " {
		t.Errorf("no such check: %s", got)
	}
}
