package verify

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/strictjson"
)

// recorded verifies file in net and returns what was fetched.
func recorded(t testing.TB, net *internet, file []byte) (*Report, []byte) {
	t.Helper()
	rec := NewRecorder(net, clock)
	rep := (&Verifier{Get: rec, Now: clock}).Verify(t.Context(), file)
	return rep, must[[]byte](t)(rec.Bundle())
}

// A bundle gives the same report as the network did, with nobody to ask.
func TestBundleRepeatsTheReport(t *testing.T) {
	u := uni()
	files := map[string][]byte{
		"badge":     u.signed(t, u.badge()),
		"record":    u.record(t, u.numbered(t, 1, nil)),
		"evidence":  evidenced(t, "https://uni.edu/report", []byte("report"), "evidence"),
		"self-made": selfMade(t, "A").sign(t, must[[]byte](t)(selfMade(t, "A").simple().Document())),
	}
	nets := map[string]*internet{
		"fine":    world(t),
		"revoked": world(t).with(revocation, u.list(t, revocation, "revocation", true, nil)),
		"gone":    world(t).with(uniDoc, page{status: 404}),
	}
	for name, file := range files {
		for state, net := range nets {
			net.pages["https://uni.edu/report"] = page{body: []byte("report")}
			online, text := recorded(t, net, file)
			b := must[*Bundle](t)(ParseBundle(text))
			offline := (&Verifier{Get: b, Now: clock}).Verify(t.Context(), file)
			if len(offline.Notes) == 0 || !strings.Contains(offline.Notes[0], "saved on 23 November 2026") {
				t.Errorf("%s, %s: notes %q", name, state, offline.Notes)
			}
			offline.Notes = slices.Delete(offline.Notes, 0, 1)
			if len(offline.Notes) == 0 {
				offline.Notes = nil
			}
			was, is := must[[]byte](t)(json.Marshal(online)), must[[]byte](t)(json.Marshal(offline))
			if string(was) != string(is) {
				t.Errorf("%s, %s:\nonline  %s\noffline %s", name, state, was, is)
			}
			if !b.Made().Equal(now) {
				t.Errorf("made at %s", b.Made())
			}
		}
	}
}

// An old bundle does not keep a list alive, and a bundle of another badge knows
// nothing of this one.
func TestBundleIsNoFresherThanItIs(t *testing.T) {
	badge := uni().signed(t, uni().badge())
	_, text := recorded(t, world(t), badge)
	b := must[*Bundle](t)(ParseBundle(text))
	later := func() time.Time { return now.Add(25 * time.Hour) }
	want(t, (&Verifier{Get: b, Now: later}).Verify(t.Context(), badge), Unverifiable, "status unknown list_expired")

	_, other := recorded(t, world(t), uni().signed(t, uni().simple()))
	rep := (&Verifier{Get: must[*Bundle](t)(ParseBundle(other)), Now: clock}).Verify(t.Context(), badge)
	want(t, rep, Unverifiable, "proof passed", "status unknown not_in_bundle")
	if strings.Contains(rep.Text, "did not answer") {
		t.Errorf("nobody was asked, and yet: %s", rep.Text)
	}

	// A host that was out of reach is not in it.
	_, text = recorded(t, world(t).without(uniDoc), badge)
	if _, _, err := must[*Bundle](t)(ParseBundle(text)).Get(t.Context(), uniDoc, ""); !errors.Is(err, ErrNotInBundle) {
		t.Errorf("got %v", err)
	}
	_, text = recorded(t, world(t).with(uniDoc, page{status: 410}), badge)
	var status *did.StatusError
	if _, _, err := must[*Bundle](t)(ParseBundle(text)).Get(t.Context(), uniDoc, ""); !errors.As(err, &status) || status.Code != 410 {
		t.Errorf("got %v", err)
	}
}

func TestParseBundleRefuses(t *testing.T) {
	for _, text := range []string{"", "{", "[]", "{}", `{"type":"Other","entries":{}}`, `{"type":"RoundelVerificationBundle","type":"RoundelVerificationBundle"}`,
		`{"type":"RoundelVerificationBundle","entries":{"https://a":{"body":"not base64!"}}}`, `{"type":"RoundelVerificationBundle","entries":[]} x`} {
		if b, err := ParseBundle([]byte(text)); err == nil {
			t.Errorf("%s: got %+v", text, b)
		}
	}
}

func FuzzParseBundle(f *testing.F) {
	_, text := recorded(f, world(f), uni().signed(f, uni().badge()))
	f.Add(text)
	f.Add([]byte(`{"type":"RoundelVerificationBundle","entries":{"a":{"status":404}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ParseBundle(data)
		if err != nil {
			return
		}
		if err := strictjson.Check(data, strictjson.Limits{MaxBytes: maxBundle}); err != nil {
			t.Fatalf("read, though %v", err)
		}
		for url := range b.entries {
			if _, _, err := b.Get(t.Context(), url, ""); errors.Is(err, ErrNotInBundle) {
				t.Fatal(err)
			}
		}
	})
}

// What says no end of its own does not say yesterday's word for ever.
func TestAttackOldBundle(t *testing.T) {
	entry := map[string]any{"id": "https://uni.edu/revoked", "type": "1EdTechRevocationList"}
	badge := withEntry(t, entry)
	net := world(t).with("https://uni.edu/revoked", page{body: []byte(`{"revokedCredential":[]}`), media: "application/json"})
	for place, file := range map[*internet][]byte{net: badge, oldWorld(t): must[[]byte](t)(oldAssertion().Document())} {
		rep, text := recorded(t, place, file)
		want(t, rep, Valid)
		b := must[*Bundle](t)(ParseBundle(text))
		soon := func() time.Time { return now.Add(time.Hour) }
		want(t, (&Verifier{Get: b, Now: soon}).Verify(t.Context(), file), Valid)
		later := func() time.Time { return now.AddDate(0, 1, 0) }
		want(t, (&Verifier{Get: b, Now: later}).Verify(t.Context(), file), Unverifiable, "status unknown list_expired")
	}
}
