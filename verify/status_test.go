package verify

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/statuslist"
)

const listAt = "https://uni.edu/status/9"

// withEntry is a signed badge of uni() with this one entry of credentialStatus.
func withEntry(t testing.TB, entry map[string]any) []byte {
	t.Helper()
	return uni().sign(t, edited(t, must[[]byte](t)(uni().simple().Document()), func(m map[string]any) { m["credentialStatus"] = entry }))
}

// sized is a signed list of entries of size bits, with one value in it.
func sized(t testing.TB, purpose string, size int, value uint) page {
	t.Helper()
	l := must[*statuslist.List](t)(statuslist.NewSized(statuslist.MinEntries, size))
	if err := l.SetValue(4711, value); err != nil {
		t.Fatal(err)
	}
	info := statuslist.Info{ID: listAt, Issuer: uniDID, Purposes: []string{purpose}, ValidFrom: now.Add(-time.Minute), ValidUntil: now.Add(time.Hour)}
	return page{body: uni().sign(t, must[[]byte](t)(info.Credential(l))), media: "application/vc"}
}

// A message or a refresh entry informs; it never makes a badge worse.
func TestMessagesAreTold(t *testing.T) {
	entry := map[string]any{"type": statuslist.EntryType, "statusPurpose": "message", "statusListIndex": index, "statusListCredential": listAt,
		"statusSize": 2, "statusMessage": []any{
			map[string]any{"status": "0x0", "message": "in force"}, map[string]any{"status": "0x1", "message": "under review"},
			map[string]any{"status": "0x2", "message": "renewed"}, map[string]any{"status": "0x3", "message": "unknown"},
		}}
	badge := withEntry(t, entry)
	rep := check(t, world(t).with(listAt, sized(t, "message", 2, 1)), badge)
	want(t, rep, Valid, "status passed")
	if !slices.Contains(rep.Notes, "The issuer says about its state: “under review”") {
		t.Errorf("got %q", rep.Notes)
	}
	want(t, check(t, world(t), badge), Valid, "status passed")

	badge = withEntry(t, map[string]any{"type": statuslist.EntryType, "statusPurpose": "refresh", "statusListIndex": index, "statusListCredential": listAt})
	rep = check(t, world(t).with(listAt, sized(t, "refresh", 1, 1)), badge)
	want(t, rep, Valid, "status passed")
	if !slices.Contains(rep.Notes, noteNewer) {
		t.Errorf("got %q", rep.Notes)
	}
}

// A list may be a token, as the badge may.
func TestListAsToken(t *testing.T) {
	u := uni()
	b := u.simple()
	b.AddStatus(listAt, openbadge.PurposeRevoke, index)
	badge := u.signed(t, b)
	for _, set := range []bool{false, true} {
		l := statuslist.New(statuslist.MinEntries)
		if err := l.Set(4711, set); err != nil {
			t.Fatal(err)
		}
		doc := must[[]byte](t)(statuslist.Credential(listAt, uniDID, statuslist.Revocation, l, now.Add(-time.Minute), now.Add(time.Hour), 0))
		token := must[[]byte](t)(jose.SignCredential(doc, u.key, jose.CredentialOptions{KeyID: u.method, Profile: jose.W3C}))
		verdict := map[bool]Verdict{false: Valid, true: Revoked}[set]
		want(t, check(t, world(t).with(listAt, page{body: token, media: "application/vc+jwt"}), badge), verdict)
		forged := must[[]byte](t)(jose.SignCredential(doc, keyOf("mallory"), jose.CredentialOptions{KeyID: u.method, Profile: jose.W3C}))
		want(t, check(t, world(t).with(listAt, page{body: forged, media: "application/vc+jwt"}), badge), Unverifiable, "status unknown list_not_confirmed")
	}
}

func TestStatusList2021(t *testing.T) {
	const (
		v1   = "https://www.w3.org/2018/credentials/v1"
		sl21 = "https://w3id.org/vc/status-list/2021/v1"
	)
	u := uni()
	badge := u.sign(t, edited(t, must[[]byte](t)(u.simple().Document()), func(m map[string]any) {
		m["@context"] = append(m["@context"].([]any), sl21)
		m["credentialStatus"] = map[string]any{"id": listAt + "#" + index, "type": "StatusList2021Entry", "statusPurpose": "revocation",
			"statusListIndex": index, "statusListCredential": listAt}
	}))
	list := func(purpose string, set bool, key issuer) page {
		bits := make([]byte, statuslist.MinEntries/8)
		if set {
			bits[4711/8] |= 0x80 >> (4711 % 8)
		}
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write(bits); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		doc := map[string]any{"@context": []any{v1, sl21}, "id": listAt, "type": []any{"VerifiableCredential", "StatusList2021Credential"},
			"issuer": uniDID, "issuanceDate": now.Add(-time.Hour).UTC().Format(time.RFC3339),
			"credentialSubject": map[string]any{"id": listAt + "#list", "type": "StatusList2021", "statusPurpose": purpose,
				"encodedList": base64.RawURLEncoding.EncodeToString(packed.Bytes())}}
		// The old context knows no Data Integrity proof: such lists are tokens, or
		// signed with an older suite.
		token := must[[]byte](t)(jose.Sign(must[[]byte](t)(json.Marshal(map[string]any{"iss": uniDID, "vc": doc})), key.key, jose.Header{KeyID: u.method, Type: "JWT"}))
		return page{body: token, media: "application/jwt"}
	}
	want(t, check(t, world(t).with(listAt, list("revocation", false, u)), badge), Valid, "status passed")
	want(t, check(t, world(t).with(listAt, list("revocation", true, u)), badge), Revoked, "status failed revoked")
	want(t, check(t, world(t).with(listAt, list("suspension", true, u)), badge), Unverifiable, "status unknown list_of_other_purpose")
	want(t, check(t, world(t).with(listAt, list("revocation", false, issuer{key: keyOf("mallory")})), badge), Unverifiable, "status unknown list_not_confirmed")
}

// Many badges of one list cost one request and one proof while it is fresh, and
// a withdrawal is seen when it is not.
func TestListsAreKept(t *testing.T) {
	at := now
	v := &Verifier{Now: func() time.Time { return at }, Lists: &statuslist.Cache{Now: func() time.Time { return at }, MaxAge: 30 * time.Second}}
	net := world(t)
	v.Get = net
	badge := uni().signed(t, uni().badge())
	for range 20 {
		want(t, v.Verify(t.Context(), badge), Valid)
	}
	asked := func() int {
		n := 0
		for _, url := range net.asked {
			if url == revocation {
				n++
			}
		}
		return n
	}
	if asked() != 1 {
		t.Errorf("asked %d times for the list", asked())
	}
	net.pages[revocation] = uni().list(t, revocation, "revocation", true, nil)
	want(t, v.Verify(t.Context(), badge), Valid)
	at = at.Add(31 * time.Second)
	want(t, v.Verify(t.Context(), badge), Revoked)
	delete(net.pages, revocation)
	at = at.Add(31 * time.Second)
	want(t, v.Verify(t.Context(), badge), Unverifiable, "status unknown unreachable")
	// An older list in the place of the newer one hides nothing.
	older := uni().list(t, revocation, "revocation", false, func(m map[string]any) { m["validFrom"] = now.Add(-time.Hour).UTC().Format(time.RFC3339) })
	rolled := &Verifier{Get: net, Now: v.Now, Lists: &statuslist.Cache{Now: v.Now, MaxAge: 30 * time.Second}}
	net.pages[revocation] = uni().list(t, revocation, "revocation", true, nil)
	want(t, rolled.Verify(t.Context(), badge), Revoked)
	net.pages[revocation] = older
	at = at.Add(31 * time.Second)
	rep := rolled.Verify(t.Context(), badge)
	want(t, rep, Revoked)
	if len(rep.Notes) != 1 || !strings.Contains(rep.Notes[0], "older list") {
		t.Errorf("got %q", rep.Notes)
	}
	rolled.Live = func(list string) bool { return list == revocation }
	want(t, rolled.Verify(t.Context(), badge), Valid)

	// What one badge may not ask for is no answer for the next.
	net.pages[revocation] = uni().list(t, revocation, "revocation", false, nil)
	poor := &Verifier{Now: v.Now, Lists: v.Lists, Get: net}
	want(t, poor.Verify(t.Context(), uni().signed(t, manyStatus(t, net, maxStatus))), Unverifiable, "status unknown too_many_requests")
	want(t, v.Verify(t.Context(), badge), Valid)
}
