package attest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// world is a service on a fresh database, with the DID of its Ed25519 issuer.
type world struct {
	*Service
	t      *testing.T
	issuer string
}

func newWorld(t *testing.T, db *sqldb.DB) *world {
	t.Helper()
	kek, err := keys.LoadKeyFile(t.TempDir() + "/kek")
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }
	s := &Service{DB: db, Keys: &keys.Ring{DB: db, KEK: kek, Now: now}, Now: now, BaseURL: "https://badges.example.org", ListPath: "/vc/status/"}
	list, err := s.Keys.Issuers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// The organisations whose tokens ask.
	if err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
		for id := range 20 {
			if _, err := tx.Exec(t.Context(), `INSERT INTO organisation (id, public_id, slug, name, created_at) VALUES ($1, $2, $3, $3, 0)`,
				id+1, publicid.New(), fmt.Sprint("organisation-", id+1)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return &world{Service: s, t: t, issuer: list[0].DID}
}

// credential is a small credential of the world's issuer, with more members.
func (w *world) credential(more string) []byte {
	return []byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:uuid:86294362-4254-4f36-854f-3952fe42555d","type":["VerifiableCredential"],"issuer":"` +
		w.issuer + `","credentialSubject":{"id":"did:example:alice"}` + more + `}`)
}

// recorded returns how many credentials are recorded, how many of them signed,
// and the last digest.
func (w *world) recorded() (all, signed int, digest []byte) {
	w.t.Helper()
	err := w.DB.Read(w.t.Context(), func(tx *sqldb.Tx) error {
		if err := tx.QueryRow(w.t.Context(), `SELECT count(*), coalesce(sum(CASE WHEN signed_at > 0 THEN 1 ELSE 0 END), 0) FROM attestation`).Scan(&all, &signed); err != nil || all == 0 {
			return err
		}
		return tx.QueryRow(w.t.Context(), `SELECT digest FROM attestation ORDER BY id DESC LIMIT 1`).Scan(&digest)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all, signed, digest
}

// TestNothingIsSignedUnrecorded: where the intent cannot be recorded, nothing
// is signed; what fails while being signed stays recorded as not signed.
func TestNothingIsSignedUnrecorded(t *testing.T) {
	w := newWorld(t, dbtest.Open(t))
	if _, err := w.Issue(t.Context(), Request{Cryptosuite: "eddsa-rot13-2022", Credential: w.credential("")}); fault.KindOf(err) != fault.Invalid {
		t.Fatalf("an unknown cryptosuite: %v", err)
	}
	if all, signed, _ := w.recorded(); all != 1 || signed != 0 {
		t.Errorf("%d recorded, %d signed", all, signed)
	}
	err := w.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), `CREATE TRIGGER refuse BEFORE INSERT ON attestation BEGIN SELECT RAISE(FAIL, 'no room'); END`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := w.Issue(t.Context(), Request{Credential: w.credential("")}); err == nil || out != nil {
		t.Errorf("signed without a record: %s", out)
	}
}

func TestIssueIsRecorded(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		signed, err := w.Issue(t.Context(), Request{OrganisationID: 7, Credential: w.credential("")})
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]json.RawMessage
		if err := json.Unmarshal(signed, &doc); err != nil || !bytes.Contains(doc["proof"], []byte(`"created":"2026-03-01T09:00:00Z"`)) {
			t.Errorf("%v: %s", err, signed)
		}
		want := sha256.Sum256(w.credential(""))
		if all, n, digest := w.recorded(); all != 1 || n != 1 || !bytes.Equal(digest, want[:]) {
			t.Errorf("%d recorded, %d signed, digest %x", all, n, digest)
		}
	})
}

// TestDigestsOfVocabularies: both versions of the base context count, and no
// other digest does.
func TestDigestsOfVocabularies(t *testing.T) {
	w := newWorld(t, dbtest.Open(t))
	for digest, ok := range map[string]bool{
		`"digestMultibase":"uJKGMkOmFbVJhEfKTduMC2XCyvRAYLjOVmZWwIH1wQ7k"`:                                                                                       true, // 20 July 2024
		`"digestSRI":"sha384-NSOcNpmdIVUxIJGvGUoe22FjTWrXiaXlsZ8q6912LdnR3KraQO2n75Ica4wK4Qeg"`:                                                                  true, // the same
		`"digestSRI":"sha384-l/HrjlBCNWyAX91hr6LFV2Y3heB5Tcr6IeE4/Tje8YyzYBM8IhqjHWiWpr8+ZbYU"`:                                                                  true, // the recommendation
		`"digestMultibase":"uM4RgWQc3RUDtjJCSgTJtTfvpZ7SPEg_LNO0ESlovQC0"`:                                                                                       false,
		`"digestSRI":"sha384-NSOcNpmdIVUxIJGvGUoe22FjTWrXiaXlsZ8q6912LdnR3KraQO2n75Ica4wK4Qeg","digestMultibase":"uM4RgWQc3RUDtjJCSgTJtTfvpZ7SPEg_LNO0ESlovQC0"`: false,
	} {
		_, err := w.Issue(t.Context(), Request{Credential: w.credential(`,"relatedResource":{"id":"https://www.w3.org/ns/credentials/v2",` + digest + `}`)})
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "relatedResource") {
			t.Errorf("%s: %v", digest, err)
		}
	}
}

// TestOthersListsAreNotSigned: the issuers are those of the whole installation,
// so what decides about other organisations' credentials is not for a token to
// have signed: status lists, under any address, and our own addresses.
func TestOthersListsAreNotSigned(t *testing.T) {
	w := newWorld(t, dbtest.Open(t))
	good := string(w.credential(""))
	for name, doc := range map[string]string{
		"a list by its type":    strings.Replace(good, `["VerifiableCredential"]`, `["VerifiableCredential","BitstringStatusListCredential"]`, 1),
		"a list by its subject": strings.Replace(good, `{"id":"did:example:alice"}`, `{"id":"urn:x","type":"BitstringStatusList"}`, 1),
		"several subjects":      strings.Replace(good, `{"id":"did:example:alice"}`, `[{"id":"urn:y"},{"id":"urn:x","type":["BitstringStatusList"]}]`, 1),
		"an old list":           strings.Replace(good, `["VerifiableCredential"]`, `["VerifiableCredential","StatusList2021Credential"]`, 1),
		"an address of ours":    strings.Replace(good, "urn:uuid:86294362-4254-4f36-854f-3952fe42555d", w.BaseURL+"/vc/status/abc", 1),
	} {
		if out, err := w.Issue(t.Context(), Request{Credential: []byte(doc)}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %s, %v", name, out, err)
		}
	}
	if all, _, _ := w.recorded(); all != 0 {
		t.Errorf("%d recorded", all)
	}
	if _, err := w.Issue(t.Context(), Request{Credential: []byte(good)}); err != nil {
		t.Error(err)
	}
}
