package verify

import (
	"testing"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/openbadge"
)

// evidenced is a signed badge that refers to a file by its digest.
func evidenced(t testing.TB, address string, content []byte, member string) []byte {
	t.Helper()
	d := credential.NewDigest(content)
	object := map[string]any{"id": address, "digestSRI": d.SRI(), "digestMultibase": d.Multibase()}
	return uni().sign(t, edited(t, must[[]byte](t)(uni().simple().Document()), func(m map[string]any) {
		if member == "evidence" {
			object["type"] = []any{"Evidence"}
			object["name"] = "Report"
		}
		m[member] = []any{object}
	}))
}

func TestEvidenceIsCompared(t *testing.T) {
	const address = "https://uni.edu/reports/1.pdf"
	report := []byte("%PDF the report")
	for _, member := range []string{"evidence", "relatedResource"} {
		badge := evidenced(t, address, report, member)
		net := world(t).with(address, page{body: report, media: "application/pdf"})
		want(t, check(t, net, badge), Valid, "evidence passed")
		net = world(t).with(address, page{body: []byte("%PDF another report"), media: "application/pdf"})
		want(t, check(t, net, badge), Unverifiable, "evidence failed evidence_changed", "proof passed")
		// Most evidence lies behind a sign-in. That is told, and held against nobody.
		want(t, check(t, world(t), badge), Valid, "evidence unknown unreachable")
		want(t, check(t, world(t).with(address, page{status: 403}), badge), Valid, "evidence unknown unreachable")
		self := (&Verifier{Now: clock}).Verify(t.Context(), badge)
		want(t, self, Unverifiable, "evidence unknown not_run")
	}
	// The digest is the issuer's word: changed with the file, it no longer fits the signature.
	forged := edited(t, evidenced(t, address, report, "evidence"), func(m map[string]any) {
		m["evidence"].([]any)[0].(map[string]any)["digestSRI"] = credential.NewDigest([]byte("x")).SRI()
	})
	want(t, check(t, world(t).with(address, page{body: []byte("x")}), forged), Tampered, "evidence unknown not_run")
	want(t, check(t, world(t), uni().signed(t, uni().simple())), Valid, "evidence not_applicable no_digests")
}

// Vocabularies are compared with those that the credential was read with, and
// never fetched.
func TestVocabulariesAreRelatedResources(t *testing.T) {
	net := world(t)
	badge := evidenced(t, "https://www.w3.org/ns/credentials/v2", []byte("not the context"), "relatedResource")
	want(t, check(t, net, badge), Unverifiable, "evidence failed evidence_changed")
	badge = evidenced(t, openbadge.Context, []byte("anything"), "relatedResource")
	want(t, check(t, net, badge), Valid, "evidence unknown evidence_not_checked")
	for _, asked := range net.asked {
		if asked != uniDoc {
			t.Errorf("asked for %s", asked)
		}
	}
	var many []any
	for i := range maxDigests + 1 {
		many = append(many, map[string]any{"id": "https://uni.edu/" + string(rune('a'+i)), "digestSRI": credential.NewDigest(nil).SRI()})
	}
	badge = uni().sign(t, edited(t, must[[]byte](t)(uni().simple().Document()), func(m map[string]any) { m["relatedResource"] = many }))
	want(t, check(t, net, badge), Valid, "evidence unknown too_complex")
}
