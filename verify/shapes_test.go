package verify

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/shape"
)

// With shapes a report is the same, word for word: for good badges, and for
// every kind of change to them.
func TestShapesChangeNoReport(t *testing.T) {
	cache := shape.New(shape.Options{})
	slow, fast := &Verifier{Get: world(t), Now: clock}, &Verifier{Get: world(t), Now: clock, Shapes: cache}
	same := func(what string, file []byte) *Report {
		a, b := slow.Verify(t.Context(), file), fast.Verify(t.Context(), file)
		was, is := must[[]byte](t)(json.Marshal(a)), must[[]byte](t)(json.Marshal(b))
		if !bytes.Equal(was, is) {
			t.Errorf("%s:\nwithout %s\nwith    %s", what, was, is)
		}
		return b
	}
	var badges [][]byte
	for n := range 20 {
		badges = append(badges, uni().numbered(t, n, func(b *openbadge.AchievementCredential) { b.AddStatus(revocation, openbadge.PurposeRevoke, "7") }))
		want(t, same("a badge", badges[n]), Valid)
	}
	if cache.Stats().Fast == 0 {
		t.Error("no badge was checked by what was learned from the first")
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		badge := bytes.Clone(badges[random.IntN(len(badges))])
		switch at := random.IntN(len(badge)); random.IntN(3) {
		case 0:
			badge[at] ^= 1 << random.IntN(8)
		case 1:
			badge = append(badge[:at], badge[at+1:]...)
		default:
			other := badges[random.IntN(len(badges))]
			from := random.IntN(len(other))
			copy(badge[min(at, len(badge)):], other[from:min(len(other), from+1+random.IntN(40))])
		}
		same("a changed badge", badge)
	}
	same("a chain", chain(t))
	same("a record", uni().record(t, badges[0], badges[1]))
	self := selfMade(t, "A school")
	same("another issuer", self.signed(t, self.simple()))
}
