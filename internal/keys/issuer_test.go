package keys

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/strictjson"
)

// TestIssuersAreMadeOnce: however many ask first, there is one of each kind.
func TestIssuersAreMadeOnce(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ring := &Ring{DB: db, KEK: &KEK{key: [32]byte{1}}, Now: time.Now}
		var lists [8][]*Issuer
		var group sync.WaitGroup
		for i := range lists {
			group.Go(func() {
				var err error
				if lists[i], err = ring.Issuers(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		for _, list := range lists {
			if len(list) != len(Kinds()) {
				t.Fatalf("%d issuers", len(list))
			}
			for j, i := range list {
				if i.Kind != Kinds()[j] || *i != *lists[0][j] || i.DID != "did:key:"+i.Multikey || i.Method != i.DID+"#"+i.Multikey {
					t.Errorf("issuer %+v, elsewhere %+v", i, lists[0][j])
				}
			}
		}
	})
}

func TestIssuerByDIDRefusesOthers(t *testing.T) {
	ring := &Ring{DB: dbtest.Open(t), KEK: &KEK{key: [32]byte{1}}, Now: time.Now}
	list, err := ring.Issuers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", "did:key:", "did:web:example.org", "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", list[0].Method, list[0].Multikey, list[0].DID + " "} {
		if i, err := ring.IssuerByDID(t.Context(), id); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %+v, %v", id, i, err)
		}
	}
	for _, want := range list {
		if i, err := ring.IssuerByDID(t.Context(), want.DID); err != nil || *i != *want {
			t.Errorf("%q: %+v, %v", want.DID, i, err)
		}
	}
}

func TestIssuersSignWithTheirStoredKeys(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ring := &Ring{DB: db, KEK: &KEK{key: [32]byte{1}}, Now: time.Now}
		list, err := ring.Issuers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range list {
			pen := ring.PenOf(i)
			doc := `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"` + i.DID + `","credentialSubject":{"id":"urn:uuid:5c7f8f4e-6a1e-4a37-9f0a-3f1f8a0d8f11"}}`
			signed, _, err := pen.SignOne(t.Context(), pen.Request(Attestation, 1, []byte(doc), time.Now()))
			if err != nil {
				t.Fatal(err)
			}
			tree, err := strictjson.Decode(signed, strictjson.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			plain, proofs, err := proof.Split(tree.(map[string]any))
			if err != nil || len(proofs) != 1 || proofs[0].VerificationMethod != i.Method {
				t.Fatal(proofs, err)
			}
			public, err := multikey.DecodePublic(i.Multikey)
			if err != nil {
				t.Fatal(err)
			}
			if err := proof.VerifyOne(plain, proofs[0], public, proof.VerifyOptions{}); err != nil {
				t.Errorf("%s: %v", i.Kind, err)
			}
		}
		// Opened under another key-encryption key, or with another's row, it is none.
		other := &Ring{DB: db, KEK: &KEK{key: [32]byte{2}}, Now: time.Now}
		if _, err := other.Local().key(t.Context(), keyName{true, list[0].ID}); !errors.Is(err, errEnvelope) {
			t.Errorf("another key-encryption key: %v", err)
		}
		err = db.Write(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE issuer_key SET sealed_private = (SELECT sealed_private FROM issuer_key WHERE id = $2) WHERE id = $1`, list[1].ID, list[2].ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ring.Local().key(t.Context(), keyName{true, list[1].ID}); !errors.Is(err, errEnvelope) {
			t.Errorf("the envelope of another issuer: %v", err)
		}
	})
}

// TestIssuersPrivateKeysAreNotInTheDatabase looks for the secrets in the files.
func TestIssuersPrivateKeysAreNotInTheDatabase(t *testing.T) {
	file := dbtest.SQLiteFile(t)
	db, err := sqldb.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	db.DefaultScope = sqldb.Installation
	defer db.Close()
	ring := &Ring{DB: db, KEK: &KEK{key: sha256.Sum256([]byte("a key that no empty page looks like"))}, Now: time.Now}
	list, err := ring.Issuers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, name := range []string{file, file + "-wal"} {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // folded into the file already
		}
		read++
		for _, i := range list {
			signer, err := ring.Local().key(t.Context(), keyName{true, i.ID})
			if err != nil {
				t.Fatal(err)
			}
			var secret []byte
			switch priv := signer.priv.(type) {
			case ed25519.PrivateKey:
				secret = priv.Seed()
			case *ecdsa.PrivateKey:
				if secret, err = priv.Bytes(); err != nil {
					t.Fatal(err)
				}
			}
			if len(secret) < 32 || bytes.Contains(data, secret) {
				t.Errorf("the %s key lies open in %s", i.Kind, filepath.Base(name))
			}
		}
	}
	if read == 0 {
		t.Error("there was no file to look into")
	}
}
