package fsck_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/attest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/fsck"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/statuslist"
)

// vcapi is an installation that signed credentials of every form for programs.
// Those with a key are kept; number 5 could not be signed.
func vcapi(t *testing.T, o apptest.Options) *apptest.House {
	t.Helper()
	o.TLS = true
	h := apptest.StartHouse(t, o)
	ctx, s := t.Context(), h.App.Features.Attest
	issuers, err := h.App.Ground.Keys.Issuers(ctx)
	check(t, err)
	revocation := attest.StatusRequest{Purpose: statuslist.Revocation}
	message := attest.StatusRequest{Purpose: statuslist.Message, Size: 2, Messages: []string{"a", "b", "c", "d"}}
	for i, c := range []struct {
		key, issuer int
		more        string
		request     attest.Request
	}{
		{1, 0, "", attest.Request{Status: []attest.StatusRequest{revocation, message}}},
		{2, 1, `,"relatedResource":{"id":"https://www.w3.org/ns/credentials/v2","digestMultibase":"uJKGMkOmFbVJhEfKTduMC2XCyvRAYLjOVmZWwIH1wQ7k"}`, attest.Request{Status: []attest.StatusRequest{revocation}}},
		{3, 2, `,"validUntil":"2021-01-01T00:00:00Z"`, attest.Request{Enveloped: true}},
		{4, 1, `,"credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"refresh","statusListIndex":"5","statusListCredential":"https://example.org/list"}`,
			attest.Request{Cryptosuite: "ecdsa-sd-2023", Status: []attest.StatusRequest{revocation}}},
		{5, 0, "", attest.Request{Cryptosuite: "ecdsa-rdfc-2019", Status: []attest.StatusRequest{revocation}}},
		{0, 0, "", attest.Request{Status: []attest.StatusRequest{revocation, {Purpose: statuslist.Suspension}}}},
		{7, 0, "", attest.Request{OrganisationID: -1}}, // nobody's
	} {
		if c.request.OrganisationID++; c.request.OrganisationID != 0 {
			c.request.OrganisationID = h.Org.ID
		}
		c.request.Credential = fmt.Appendf(nil, `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:x:%d","type":["VerifiableCredential"],"issuer":%q,
			"credentialSubject":{"id":"did:example:alice","name":"Alice"}%s}`, i+1, issuers[c.issuer].DID, c.more)
		if c.key > 0 {
			hash := sha256.Sum256(c.request.Credential)
			c.request.Retry = attest.Retry{Key: fmt.Sprint("order ", c.key), Hash: hash[:]}
		}
		if _, err := s.Issue(ctx, c.request); (err != nil) != (c.key == 5) || err != nil && fault.KindOf(err) != fault.Invalid {
			t.Fatalf("credential %d: %v", i+1, err)
		}
	}
	check(t, s.SetStatus(ctx, h.Org.ID, "urn:x:6", statuslist.Revocation, 1))
	check(t, s.SetStatus(ctx, h.Org.ID, "urn:x:6", statuslist.Suspension, 1))
	check(t, s.SetStatus(ctx, h.Org.ID, "urn:x:1", statuslist.Message, 3))
	var public []publicid.ID
	check(t, h.App.Ground.DB.Read(ctx, func(tx *sqldb.Tx) error {
		rows, err := tx.Query(ctx, `SELECT public_id FROM attestation_list`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id publicid.ID
			if err := rows.Scan(&id); err != nil {
				return err
			}
			public = append(public, id)
		}
		return rows.Err()
	}))
	for _, id := range public {
		_, err := s.StatusList(ctx, id)
		check(t, err)
	}
	// One list has changed since it was published, and one was never asked for.
	check(t, s.SetStatus(ctx, h.Org.ID, "urn:x:6", statuslist.Suspension, 0))
	_, err = s.Issue(ctx, attest.Request{OrganisationID: h.Org.ID, Status: []attest.StatusRequest{{Purpose: statuslist.Refresh}},
		Credential: fmt.Appendf(nil, `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":%q,"credentialSubject":{"name":"Bob"}}`, issuers[0].DID)})
	check(t, err)
	return h
}

func attestationProblems(t *testing.T, h *apptest.House) []string {
	t.Helper()
	r, err := (&fsck.Checker{DB: h.App.Ground.DB, Blobs: h.App.Ground.Blobs, Keys: h.App.Ground.Keys}).Check(t.Context())
	check(t, err)
	if r.Attestations != 8 || r.Places != 8 {
		t.Errorf("it looked at %d credentials of the VC API and %d places", r.Attestations, r.Places)
	}
	return r.Problems
}

func TestWholeOnBothDatabases(t *testing.T) {
	for _, o := range []apptest.Options{{}, {Postgres: true}} {
		t.Run(map[bool]string{false: "sqlite", true: "postgres"}[o.Postgres], func(t *testing.T) {
			if found := attestationProblems(t, vcapi(t, o)); len(found) > 0 {
				t.Errorf("a whole installation has problems: %q", found)
			}
		})
	}
}

// TestEveryDamageToAttestationsIsFound damages what was signed for programs in
// one way after the other, and looks.
func TestEveryDamageToAttestationsIsFound(t *testing.T) {
	h := vcapi(t, apptest.Options{})
	if found := attestationProblems(t, h); len(found) > 0 {
		t.Fatalf("a whole installation has problems: %q", found)
	}
	damaged := []string{"attestation_status", "attestation_list", "attestation", "issuer_key", "signing_key"}
	copyRows(t, h, damaged, "", "_whole")
	const (
		of       = ` WHERE attestation_id = 1 AND list_id = (SELECT id FROM attestation_list WHERE purpose = 'revocation' ORDER BY id LIMIT 1)`
		revoked  = ` WHERE attestation_id = 6 AND list_id = (SELECT id FROM attestation_list WHERE purpose = 'revocation' ORDER BY id LIMIT 1)`
		lists    = `UPDATE attestation_list SET `
		ours     = ` WHERE purpose = 'revocation' AND issuer_key_id = 1`
		replaced = `UPDATE attestation SET document = CAST(replace(CAST(document AS TEXT), `
		rehashed = `UPDATE attestation SET digest = zeroblob(32) WHERE id = `
	)
	for _, c := range []struct{ name, words, sql string }{
		{"one character", "not the one that is recorded", replaced + `'Alice', 'Alicf') AS BLOB) WHERE id = 1`},
		{"a signature", "does not hold (proof)", replaced + `'"proofValue":"z', '"proofValue":"z2') AS BLOB) WHERE id = 1`},
		{"a base proof", "does not hold (proof)", replaced + `'"proofValue":"u2V0AhVh', '"proofValue":"u2V0AhVi') AS BLOB) WHERE id = 4`},
		{"a token", "credential 3 of the VC API: its document", `UPDATE attestation SET document = CAST(substr(CAST(document AS TEXT), 1, instr(CAST(document AS TEXT), '"id":"') + 700) || 'AAAA' || substr(CAST(document AS TEXT), instr(CAST(document AS TEXT), '"id":"') + 705) AS BLOB) WHERE id = 3`},
		{"half a document", "cannot be read", `UPDATE attestation SET document = substr(document, 1, 60) WHERE id = 1`},
		{"no document", "its document is missing", `UPDATE attestation SET document = NULL WHERE id = 1`},
		{"another's document", "not the one that is recorded", `UPDATE attestation SET document = (SELECT document FROM attestation WHERE id = 2) WHERE id = 1`},
		{"another's document and digest", "its document is that of", `UPDATE attestation SET document = (SELECT document FROM attestation WHERE id = 7), digest = (SELECT digest FROM attestation WHERE id = 7) WHERE id = 1`},
		{"another digest", "not the one that is recorded", rehashed + `3`},
		{"no digest", "has no digest", `UPDATE attestation SET digest = x'' WHERE id = 6`},
		{"another issuer", "is signed by did:key:", `UPDATE attestation SET issuer_key_id = 2 WHERE id = 7`},
		{"another organisation", "no organisation asked", `UPDATE attestation SET organisation_id = 99 WHERE id = 8`},
		{"an interrupted intent", "recorded but not signed", `UPDATE attestation SET signed_at = 0 WHERE id = 7`},
		{"signed and given up", "both signed and given up", `UPDATE attestation SET given_up_at = 5 WHERE id = 6`},
		{"a request that nobody can repeat", "not by which request", `UPDATE attestation SET request_hash = NULL WHERE id = 3`},
		{"a document for nobody", "nobody can ask for", `UPDATE attestation SET retry_key = '' WHERE id = 3`},
		{"a document of what was given up", "nobody can ask for", `UPDATE attestation SET document = x'7b7d' WHERE id = 5`},
		{"another place", "names another place for revocation", `UPDATE attestation_status SET position = (position + 1) % 131072` + of},
		{"another list", "names another place for revocation", `UPDATE attestation_list SET public_id = zeroblob(16)` + ours},

		{"a place outside", "outside the list", `UPDATE attestation_status SET position = 131072` + of},
		{"a place of another organisation", "another organisation's or issuer's", `UPDATE attestation SET organisation_id = 0 WHERE id = 6`},
		{"a place of another issuer", "another organisation's or issuer's", `UPDATE attestation SET issuer_key_id = 3 WHERE id = 6`},
		{"too large a value", "more bits than the entry", `UPDATE attestation_status SET value = 2` + revoked},
		{"revoked by hand", "it is set, but never was", `UPDATE attestation_status SET value = 1` + of},
		{"revoked by hand, not published", "its document says 0 of place", `UPDATE attestation_status SET value = 1, changed_at = 5` + of},
		{"unrevoked by hand", "which is final", `UPDATE attestation_status SET value = 0` + revoked},
		{"unrevoked without a trace", "its document says 1 of place", `UPDATE attestation_status SET value = 0, changed_at = 0` + revoked},
		{"unrevoked with a new version", "calls place", `UPDATE attestation_status SET value = 0, changed_at = 0` + revoked + `; ` + lists + `version = version + 1` + ours},
		{"a message changed by hand", "its document says 3 of place", `UPDATE attestation_status SET value = 2 WHERE value = 3`},
		{"given up, but good", "given up and that nobody has", `UPDATE attestation_status SET value = 0, changed_at = 0 WHERE attestation_id = 5`},
		{"set before it was signed", "set for a credential that is not signed", `UPDATE attestation SET signed_at = 0 WHERE id = 6`},
		{"two places for one purpose", "has 2 places for revocation", `UPDATE attestation_status SET attestation_id = 1 WHERE attestation_id = 6`},
		{"a place forgotten", "but 2 are recorded", `DELETE FROM attestation_status` + of},
		{"a place not counted", "places were drawn", lists + `drawn = drawn - 1` + ours},
		{"no such purpose", `the purpose is "annoyance"`, lists + `purpose = 'annoyance' WHERE purpose = 'refresh'`},
		{"too many bits", "have 2 bits", lists + `bits = 2` + ours},
		{"bits of a message", "entries of -1 bits", lists + `bits = -1 WHERE purpose = 'message'`},
		{"too few entries", "too few to hide", lists + `entries = 8` + ours},
		{"more entries than published", "does not fit", lists + `entries = 262144` + ours},
		{"a version that never was", "there never was", lists + `version = 0` + ours},
		{"a published list lost", "signed without a document", lists + `document = NULL` + ours},
		{"a list that is not signed", "signed without a document", lists + `signed_at = 0` + ours},
		{"a published list changed", "does not hold (proof)", lists + `document = CAST(replace(CAST(document AS TEXT), '"encodedList":"u', '"encodedList":"uA') AS BLOB)` + ours},
		{"half a published list", "does not hold (structure)", lists + `document = substr(document, 1, 60)` + ours},
		{"another's published list", "is signed by did:key:", lists + `document = (SELECT document FROM attestation_list WHERE purpose = 'revocation' AND issuer_key_id = 2)` + ours},
		{"another published list", "its document is that of", lists + `document = (SELECT document FROM attestation_list WHERE purpose = 'suspension')` + ours},

		{"another sealed key", "the installation's p256 issuer", `UPDATE issuer_key SET sealed_private = (SELECT sealed_private FROM issuer_key WHERE kind = 'ed25519') WHERE kind = 'p256'`},
		{"a changed sealed key", "does not open", `UPDATE issuer_key SET sealed_private = substr(sealed_private, 1, 120) WHERE kind = 'p384'`},
		{"another public key", "does not open", `UPDATE issuer_key SET public_key = 'z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH' WHERE kind = 'ed25519'`},
		{"another kind", "there is no such kind", `UPDATE issuer_key SET kind = 'p521' WHERE kind = 'p384'`},
		{"an organisation's sealed key", "signing key 1", `UPDATE signing_key SET sealed_private = substr(sealed_private, 1, 100)`},
	} {
		check(t, h.App.Ground.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
			changed := int64(0)
			for _, sql := range strings.Split(c.sql, "; ") {
				n, err := tx.Exec(t.Context(), sql)
				if err != nil {
					return fmt.Errorf("%s: %w", c.name, err)
				}
				changed += n
			}
			if changed == 0 {
				t.Errorf("%s: nothing was damaged", c.name)
			}
			return nil
		}))
		r, err := (&fsck.Checker{DB: h.App.Ground.DB, Blobs: h.App.Ground.Blobs, Keys: h.App.Ground.Keys}).Check(t.Context())
		check(t, err)
		if !strings.Contains(strings.Join(r.Problems, "\n"), c.words) {
			t.Errorf("%s: %q does not say %q", c.name, r.Problems, c.words)
		}
		copyRows(t, h, damaged, "_whole", "")
	}
	if found := attestationProblems(t, h); len(found) > 0 {
		t.Fatalf("the test has not taken everything back: %q", found)
	}
}
