package keys

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

var errNoKey = fault.NotFoundf("This organisation has no such key.")

// Create makes an Ed25519 key that signs the organisation's badges from now on,
// in the caller's transaction: an organisation's first key.
func (r *Ring) Create(ctx context.Context, tx *sqldb.Tx, organisationID int64, organisation publicid.ID) (*Key, error) {
	sealed, err := r.signer().Make(ctx, Owner{organisation}, Ed25519)
	if err != nil {
		return nil, err
	}
	k, err := r.insert(ctx, tx, organisationID, sealed, ForBadges, false)
	if err != nil {
		return nil, err
	}
	return k, r.activate(ctx, tx, k)
}

// Prepare makes a key that does not sign yet. It is published at once, so that
// whoever keeps a copy of the organisation's DID document knows it in time.
func (r *Ring) Prepare(ctx context.Context, organisationID int64, kind Kind, p Purpose) (*Key, error) {
	if err := kind.Fits(p); err != nil {
		return nil, err
	}
	owner, err := r.owner(ctx, organisationID)
	if err != nil {
		return nil, err
	}
	sealed, err := r.signer().Make(ctx, owner, kind) // outside the transaction: RSA takes its time
	if err != nil {
		return nil, err
	}
	return r.keep(ctx, organisationID, sealed, p, false)
}

// Import is Prepare with a key that was made elsewhere. It refuses a key that
// this installation has already, of whomever: a signature would not say whose
// it is.
func (r *Ring) Import(ctx context.Context, organisationID int64, text []byte, p Purpose) (*Key, error) {
	owner, err := r.owner(ctx, organisationID)
	if err != nil {
		return nil, err
	}
	sealed, err := r.signer().Take(ctx, owner, text)
	if err != nil {
		return nil, err
	}
	if err := sealed.Kind.Fits(p); err != nil {
		return nil, err
	}
	return r.keep(ctx, organisationID, sealed, p, true)
}

func (r *Ring) owner(ctx context.Context, organisationID int64) (o Owner, err error) {
	err = r.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT public_id FROM organisation WHERE id = $1`, organisationID).Scan(&o.Organisation)
	})
	return o, err
}

func (r *Ring) keep(ctx context.Context, organisationID int64, sealed *Sealed, p Purpose, imported bool) (k *Key, err error) {
	// Whether somebody else has the key is not to be seen in the organisation's
	// own scope.
	wide := sqldb.ForInstallation(ctx)
	err = r.DB.Write(wide, func(tx *sqldb.Tx) error {
		var n int
		err := tx.QueryRow(wide, `SELECT (SELECT count(*) FROM signing_key WHERE fragment = $1) + (SELECT count(*) FROM issuer_key WHERE public_key = $1)`, sealed.Fragment).Scan(&n)
		if err != nil {
			return err
		}
		if n > 0 {
			return fault.Fields(fault.Field{Path: "key", Message: "This key is in this installation already. A key belongs to one issuer, once; make a new one."})
		}
		k, err = r.insert(wide, tx, organisationID, sealed, p, imported)
		return err
	})
	return k, err
}

func (r *Ring) insert(ctx context.Context, tx *sqldb.Tx, organisationID int64, sealed *Sealed, p Purpose, imported bool) (*Key, error) {
	k := &Key{OrganisationID: organisationID, Kind: sealed.Kind, Purpose: p, Multikey: sealed.Public, Fragment: sealed.Fragment, Imported: imported, CreatedAt: r.Now()}
	err := tx.QueryRow(ctx, `INSERT INTO signing_key (organisation_id, kind, purpose, public_key, fragment, sealed_private, imported, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
		organisationID, string(k.Kind), string(p), k.Multikey, k.Fragment, sealed.Envelope, imported, sqldb.Millis(k.CreatedAt)).Scan(&k.ID)
	if err != nil {
		return nil, err
	}
	action := "key.created"
	if imported {
		action = "key.imported"
	}
	return k, r.note(ctx, tx, k, action, nil)
}

// note writes into the audit log what was done with a key.
func (r *Ring) note(ctx context.Context, tx *sqldb.Tx, k *Key, action string, more map[string]string) error {
	data := map[string]string{"fragment": k.Fragment, "kind": string(k.Kind), "purpose": string(k.Purpose)}
	for name, value := range more {
		data[name] = value
	}
	return audit.Record(ctx, tx, audit.Entry{OrganisationID: k.OrganisationID, Action: action, Subject: "signing_key", SubjectID: k.ID, Data: data, At: r.Now()})
}

// activate has a prepared key sign from now on. The one before it must have
// been retired in the same transaction.
func (r *Ring) activate(ctx context.Context, tx *sqldb.Tx, k *Key) error {
	k.ActivatedAt = sqldb.Time(max(1, sqldb.Millis(r.Now())))
	_, err := tx.Exec(ctx, `UPDATE signing_key SET activated_at = $2 WHERE id = $1 AND activated_at = 0 AND retired_at = 0`, k.ID, sqldb.Millis(k.ActivatedAt))
	if err != nil {
		return err
	}
	return r.note(ctx, tx, k, "key.activated", nil)
}

func (r *Ring) retire(ctx context.Context, tx *sqldb.Tx, k *Key) error {
	k.RetiredAt = sqldb.Time(max(1, sqldb.Millis(r.Now())))
	if _, err := tx.Exec(ctx, `UPDATE signing_key SET retired_at = $2 WHERE id = $1 AND retired_at = 0`, k.ID, sqldb.Millis(k.RetiredAt)); err != nil {
		return err
	}
	return r.note(ctx, tx, k, "key.retired", nil)
}

// Rotate makes a new key of the same kind as the one in force, which signs from
// now on, and retires that one. Where the organisation's identity lies on its
// own domain it is a Conflict fault: there the file with the new key has to be
// published first (Prepare, then Activate).
func (r *Ring) Rotate(ctx context.Context, organisationID int64, p Purpose) (*Key, error) {
	var before *Key
	err := r.DB.Read(ctx, func(tx *sqldb.Tx) (err error) { before, err = current(ctx, tx, organisationID, p); return err })
	if err != nil {
		return nil, err
	}
	if before.OwnDID != "" {
		return nil, errPublishFirst(before.OwnDID)
	}
	k, err := r.Prepare(ctx, organisationID, before.Kind, p)
	if err != nil {
		return nil, err
	}
	return r.Activate(ctx, organisationID, k.Fragment)
}

func errPublishFirst(id string) error {
	return fault.Conflictf("Others look your keys up at %s, which you publish yourself. Prepare a new key, publish the file that then holds it, and let the key sign when the check has found it.", id)
}

// Activate has a prepared key sign from now on, and retires the one before it.
// It is a Conflict fault when the key is not prepared, or when the
// organisation's identity lies on its own domain and the file there does not
// hold the key yet.
func (r *Ring) Activate(ctx context.Context, organisationID int64, fragment string) (*Key, error) {
	k, err := r.Key(ctx, organisationID, fragment)
	if err != nil {
		return nil, err
	}
	if k.OwnDID != "" && k.State() == Prepared {
		wrong, err := r.published(ctx, k)
		if err != nil {
			return nil, err
		}
		if wrong != "" {
			return nil, fault.Conflictf("%s The key does not sign before that: nobody could verify it.", wrong)
		}
	}
	err = r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if k, err = keyOf(ctx, tx, organisationID, fragment); err != nil {
			return err
		}
		if k.State() != Prepared {
			return fault.Conflictf("Only a prepared key can begin to sign.")
		}
		before, err := current(ctx, tx, organisationID, k.Purpose)
		if err == nil {
			err = r.retire(ctx, tx, before)
		} else if fault.KindOf(err) == fault.Conflict {
			err = nil // none signs: so this one begins
		}
		if err != nil {
			return err
		}
		return r.activate(ctx, tx, k)
	})
	return k, err
}

// Retire ends a key for good. What it signed stays good. Retiring the key in
// force stops signing until another begins.
func (r *Ring) Retire(ctx context.Context, organisationID int64, fragment string) (k *Key, err error) {
	err = r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if k, err = keyOf(ctx, tx, organisationID, fragment); err != nil {
			return err
		}
		if s := k.State(); s != Prepared && s != InForce {
			return fault.Conflictf("This key has ended already.")
		}
		return r.retire(ctx, tx, k)
	})
	return k, err
}

// Compromise marks a key as one that somebody else may have had since the given
// time. It signs no more from now on. What the journal shows to have been signed
// before stays good; nothing else does. A later report may name an earlier time,
// never a later one: what was said to be bad does not become good again.
func (r *Ring) Compromise(ctx context.Context, organisationID int64, fragment string, since time.Time) (k *Key, err error) {
	now := r.Now()
	if since.IsZero() || since.After(now) {
		return nil, fault.Fields(fault.Field{Path: "since", Message: "Enter since when somebody else may have had the key; now at the latest."})
	}
	err = r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if k, err = keyOf(ctx, tx, organisationID, fragment); err != nil {
			return err
		}
		if !k.CompromisedAt.IsZero() && !since.Before(k.CompromisedAt) {
			return fault.Conflictf("This key is marked as compromised since an earlier time already.")
		}
		k.CompromisedAt, k.ReportedAt = sqldb.Time(max(1, sqldb.Millis(since))), sqldb.Time(sqldb.Millis(now))
		retired := k.RetiredAt
		if retired.IsZero() {
			retired = k.ReportedAt
		}
		k.RetiredAt = retired
		if _, err := tx.Exec(ctx, `UPDATE signing_key SET compromised_at = $2, reported_at = $3, retired_at = $4 WHERE id = $1`,
			k.ID, sqldb.Millis(k.CompromisedAt), sqldb.Millis(k.ReportedAt), sqldb.Millis(retired)); err != nil {
			return err
		}
		return r.note(ctx, tx, k, "key.compromised", map[string]string{"since": strconv.FormatInt(sqldb.Millis(k.CompromisedAt), 10)})
	})
	return k, err
}

// Key returns a key of the organisation by its fragment.
func (r *Ring) Key(ctx context.Context, organisationID int64, fragment string) (k *Key, err error) {
	err = r.DB.Read(ctx, func(tx *sqldb.Tx) error { k, err = keyOf(ctx, tx, organisationID, fragment); return err })
	return k, err
}

func keyOf(ctx context.Context, tx *sqldb.Tx, organisationID int64, fragment string) (*Key, error) {
	k, err := scanKey(tx.QueryRow(ctx, `SELECT `+keyColumns+` FROM signing_key k WHERE k.organisation_id = $1 AND k.fragment = $2`, organisationID, fragment))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNoKey
	}
	return k, err
}

// All returns the organisation's keys, oldest first.
func (r *Ring) All(ctx context.Context, organisationID int64) (list []*Key, err error) {
	err = r.DB.Read(ctx, func(tx *sqldb.Tx) error { list, err = List(ctx, tx, organisationID); return err })
	return list, err
}

// Used is a key with what it has signed.
type Used struct {
	*Key
	Signatures int64
}

// Used returns the organisation's keys, newest first, each with how much it has
// signed.
func (r *Ring) Used(ctx context.Context, organisationID int64) (list []Used, err error) {
	err = r.DB.Read(ctx, func(tx *sqldb.Tx) error {
		all, err := List(ctx, tx, organisationID)
		if err != nil {
			return err
		}
		list = list[:0]
		for i := len(all) - 1; i >= 0; i-- {
			n, err := signatures(ctx, tx, all[i].ID, time.Time{})
			if err != nil {
				return err
			}
			list = append(list, Used{all[i], n})
		}
		return nil
	})
	return list, err
}

// SignedSince counts the badges that the key has signed since a time, or at a
// time that is not known: what would become invalid if it were compromised since then.
func (r *Ring) SignedSince(ctx context.Context, k *Key, since time.Time) (badges int64, err error) {
	err = r.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FROM signature_record WHERE signing_key_id = $1 AND (at >= $2 OR at = 0) AND kind = $3`,
			k.ID, sqldb.Millis(since), string(Credential)).Scan(&badges)
	})
	return badges, err
}

// Has reports whether a key of this name belongs to an organisation of ours.
func (r *Ring) Has(ctx context.Context, fragment string) (bool, error) {
	ctx = sqldb.ForInstallation(ctx)
	var n int
	err := r.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FROM signing_key WHERE fragment = $1`, fragment).Scan(&n)
	})
	return n > 0, err
}
