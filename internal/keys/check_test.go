package keys

import (
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/sqldb"
)

// TestSealed: a private key that opens but belongs to another public half is
// told, of every kind, and so is what is no key at all.
func TestSealed(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		kek, err := LoadKeyFile(t.TempDir() + "/kek")
		if err != nil {
			t.Fatal(err)
		}
		r := &Ring{DB: db, KEK: kek, Now: time.Now}
		issuers, err := r.Issuers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range issuers {
			drawn, err := generate(i.Kind)
			if err != nil {
				t.Fatal(err)
			}
			_, other, err := secretOf(drawn)
			if err != nil {
				t.Fatal(err)
			}
			for words, secret := range map[string][]byte{"does not fit its public key": other, "no key of this kind": other[1:]} {
				if found, err := r.Sealed(t.Context()); err != nil || len(found) > 0 {
					t.Fatalf("whole keys: %v, %q", err, found)
				}
				var whole []byte
				err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
					if err := tx.QueryRow(t.Context(), `SELECT sealed_private FROM issuer_key WHERE id = $1`, i.ID).Scan(&whole); err != nil {
						return err
					}
					_, err := tx.Exec(t.Context(), `UPDATE issuer_key SET sealed_private = $2 WHERE id = $1`, i.ID, kek.seal(secret, issuerBinding(i.Kind, i.Multikey)))
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				if found, err := r.Sealed(t.Context()); err != nil || len(found) != 1 || !strings.Contains(found[0], words) || !strings.Contains(found[0], string(i.Kind)) {
					t.Errorf("%s, %s: %v, %q", i.Kind, words, err, found)
				}
				err = db.Write(t.Context(), func(tx *sqldb.Tx) error {
					_, err := tx.Exec(t.Context(), `UPDATE issuer_key SET sealed_private = $2 WHERE id = $1`, i.ID, whole)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
