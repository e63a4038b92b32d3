package keys

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/strictjson"
)

func TestKeyFileIsMadeOnceAndReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "below", "kek")
	first, err := LoadKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	second, err := LoadKeyFile(path)
	if err != nil || second.key != first.key {
		t.Fatalf("another key on the second start: %v", err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKeyFile(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that the group reads: %v", err)
	}
}

func TestBrokenKeyFileIsRefusedAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kek")
	for _, content := range []string{"", "garbage", keyFileHeader, keyFileHeader + "AAAA\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKeyFile(path); err == nil {
			t.Errorf("%q accepted", content)
		}
		if got, _ := os.ReadFile(path); string(got) != content {
			t.Errorf("%q was replaced", content)
		}
	}
}

func TestPassphrase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(path, []byte("too short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadPassphraseFile(path, []byte("salt salt salt 1")); err == nil {
		t.Error("a short passphrase was accepted")
	}
	if err := os.WriteFile(path, []byte("a long enough passphrase\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := LoadPassphraseFile(path, []byte("salt salt salt 1"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := LoadPassphraseFile(path, []byte("salt salt salt 2"))
	if err != nil || a.Fingerprint() == b.Fingerprint() {
		t.Errorf("the salt does not matter: %v", err)
	}
}

func TestEnvelopeOpensOnlyWhereItBelongs(t *testing.T) {
	kek, other := &KEK{key: [32]byte{1}}, &KEK{key: [32]byte{2}}
	secret, place := []byte("the private key of an issuer...."), []byte("row one")
	sealed := kek.seal(secret, place)
	if bytes.Contains(sealed, secret) {
		t.Fatal("the secret lies open in its envelope")
	}
	got, err := kek.open(sealed, place)
	if err != nil || !bytes.Equal(got, secret) {
		t.Fatalf("open = %q, %v", got, err)
	}
	if _, err := other.open(sealed, place); !errors.Is(err, errEnvelope) {
		t.Errorf("another key-encryption key: %v", err)
	}
	if _, err := kek.open(sealed, []byte("row two")); !errors.Is(err, errEnvelope) {
		t.Errorf("another row: %v", err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := kek.open(changed, place); err == nil {
			t.Fatalf("byte %d changed and it still opens", i)
		}
	}
	for n := range sealed {
		if _, err := kek.open(sealed[:n], place); err == nil {
			t.Fatalf("cut to %d bytes and it still opens", n)
		}
	}
}

func TestStartWithAnotherKeyIsRefused(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ring := &Ring{DB: db, KEK: &KEK{key: [32]byte{1}}, Now: time.Now}
		for range 2 {
			if err := ring.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		ring.KEK = &KEK{key: [32]byte{2}}
		if err := ring.Check(t.Context()); err == nil {
			t.Error("another key-encryption key was taken")
		}
	})
}

func TestSignerSignsWithTheStoredKey(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ring := &Ring{DB: db, KEK: &KEK{key: [32]byte{1}}, Now: time.Now}
		created := newOrganisation(t, db, ring)
		pen, err := ring.Pen(t.Context(), created.OrganisationID)
		if err != nil || pen.Key.Multikey != created.Multikey {
			t.Fatalf("Pen = %+v, %v", pen, err)
		}
		id, _, err := pen.Key.DID()
		if err != nil {
			t.Fatal(err)
		}
		doc := `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential","OpenBadgeCredential"],"issuer":"` + id + `","credentialSubject":{"id":"urn:uuid:5c7f8f4e-6a1e-4a37-9f0a-3f1f8a0d8f11"}}`
		doc = strings.Replace(doc, `v2"]`, `v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]`, 1)
		signed, _, err := pen.SignOne(t.Context(), pen.Request(Credential, 1, id, []byte(doc), time.Now()))
		if err != nil {
			t.Fatal(err)
		}
		tree, err := strictjson.Decode(signed, strictjson.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		plain, proofs, err := proof.Split(tree.(map[string]any))
		if err != nil || len(proofs) != 1 {
			t.Fatal(proofs, err)
		}
		pub, err := created.Public()
		if err != nil {
			t.Fatal(err)
		}
		if err := proof.VerifyOne(plain, proofs[0], pub.(ed25519.PublicKey), proof.VerifyOptions{}); err != nil {
			t.Error(err)
		}
	})
}

// TestPrivateKeyIsNotInTheDatabase looks for the seed in the files themselves.
func TestPrivateKeyIsNotInTheDatabase(t *testing.T) {
	file := dbtest.SQLiteFile(t)
	db, err := sqldb.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	db.DefaultScope = sqldb.Installation
	defer db.Close()
	ring := &Ring{DB: db, KEK: &KEK{key: sha256.Sum256([]byte("a key that no empty page looks like"))}, Now: time.Now}
	created := newOrganisation(t, db, ring)
	opened, err := ring.Local().key(t.Context(), keyName{id: created.ID})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, file + "-wal"} {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // folded into the file already
		}
		if bytes.Contains(data, opened.priv.(ed25519.PrivateKey).Seed()) || bytes.Contains(data, ring.KEK.key[:]) {
			t.Errorf("a key lies open in %s", filepath.Base(name))
		}
	}
}

func newOrganisation(t *testing.T, db *sqldb.DB, ring *Ring) (k *Key) {
	t.Helper()
	id := publicid.New()
	err := db.Write(context.Background(), func(tx *sqldb.Tx) error {
		var org int64
		err := tx.QueryRow(t.Context(), `INSERT INTO organisation (public_id, slug, name, created_at) VALUES ($1, 'o', 'O', 0) RETURNING id`, id).Scan(&org)
		if err != nil {
			return err
		}
		k, err = ring.Create(t.Context(), tx, org, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}
