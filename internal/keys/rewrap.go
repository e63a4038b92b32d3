package keys

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// Rewrap seals every key under another key-encryption key. Nothing else may
// work with the database meanwhile. An interruption leaves it half done, and
// the platform does not start before it was run again, with the same two keys;
// what is sealed anew already is then left as it is.
//
// report is called after each key, with how many are done.
func (r *Ring) Rewrap(ctx context.Context, next *KEK, report func(done, all int)) error {
	ctx = sqldb.ForInstallation(ctx)
	if err := r.beginRewrap(ctx, next); err != nil || r.KEK.Fingerprint() == next.Fingerprint() {
		return err
	}
	var issuers, organisations []stored
	err := r.DB.Read(ctx, func(tx *sqldb.Tx) (err error) { issuers, organisations, err = storedKeys(ctx, tx); return err })
	if err != nil {
		return err
	}
	done, all := 0, len(issuers)+len(organisations)
	for _, table := range []struct {
		name string
		keys []stored
	}{{"issuer_key", issuers}, {"signing_key", organisations}} {
		query := map[string]string{
			"issuer_key":  `UPDATE issuer_key SET sealed_private = $2 WHERE id = $1`,
			"signing_key": `UPDATE signing_key SET sealed_private = $2 WHERE id = $1`,
		}[table.name]
		for _, k := range table.keys {
			sealed, err := r.KEK.reseal(next, k.sealed, k.binding)
			if err != nil {
				return fmt.Errorf("%s %d: %w", table.name, k.id, err)
			}
			if err := r.DB.Write(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, query, k.id, sealed); return err }); err != nil {
				return err
			}
			done++
			report(done, all)
		}
	}
	return r.endRewrap(ctx, next)
}

// reseal returns an envelope under next; one that is so already comes back as it
// is.
func (k *KEK) reseal(next *KEK, sealed, binding []byte) ([]byte, error) {
	if _, err := next.open(sealed, binding); err == nil {
		return sealed, nil
	}
	secret, err := k.open(sealed, binding)
	if err != nil {
		return nil, err
	}
	return next.seal(secret, binding), nil
}

// beginRewrap notes to what the key-encryption key is being changed.
func (r *Ring) beginRewrap(ctx context.Context, next *KEK) error {
	return r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		stored, err := setting(ctx, tx, settingFingerprint)
		if err != nil {
			return err
		}
		under, err := setting(ctx, tx, settingNext)
		if err != nil {
			return err
		}
		switch {
		case stored != r.KEK.Fingerprint():
			return fault.Conflictf("The present key file or passphrase is not the one that this installation's keys are sealed with (expected fingerprint %s, got %s).", stored, r.KEK.Fingerprint())
		case under != "" && under != next.Fingerprint():
			return fault.Conflictf("The key-encryption key was being changed to another one (fingerprint %s). Finish that first.", under)
		}
		var waiting int
		// Sealed by the key-encryption key itself, as mails were in earlier versions.
		err = tx.QueryRow(ctx, `SELECT count(*) FROM outbox_mail WHERE sealed IS NOT NULL AND length(sealed) > 0 AND substr(sealed, 1, 1) = $1`, []byte{envelopeVersion}).Scan(&waiting)
		if err != nil {
			return err
		}
		if waiting > 0 {
			return fault.Conflictf("%d mails that wait hold links that an earlier version has sealed under the present key. Let them go out first, or discard them.", waiting)
		}
		return setSetting(ctx, tx, settingNext, next.Fingerprint())
	})
}

// endRewrap makes next the key-encryption key.
func (r *Ring) endRewrap(ctx context.Context, next *KEK) error {
	return r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		text, err := setting(ctx, tx, settingSecrets)
		if err != nil {
			return err
		}
		if text != "" {
			sealed, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return errors.New("the sealed key of the installation's secrets cannot be read")
			}
			if sealed, err = r.KEK.reseal(next, sealed, []byte(secretsBinding)); err != nil {
				return err
			}
			if err := setSetting(ctx, tx, settingSecrets, base64.StdEncoding.EncodeToString(sealed)); err != nil {
				return err
			}
		}
		if err := setSetting(ctx, tx, settingFingerprint, next.Fingerprint()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM setting WHERE key = $1`, settingNext); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Action: "key_encryption_key.changed", Data: map[string]string{"before": r.KEK.Fingerprint(), "after": next.Fingerprint()}, At: r.Now()})
	})
}
