package attest

import (
	"context"
	"errors"

	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/statuslist"
)

// CloseLists makes every later credential go to new status lists. After a
// restore nobody knows which places the lost ones have taken.
func CloseLists(ctx context.Context, tx *sqldb.Tx, at int64) error {
	_, err := tx.Exec(ctx, `UPDATE attestation_list SET closed_at = $1 WHERE closed_at = 0`, at)
	return err
}

// KeepList makes sure that a list that was opened after the backup exists. It
// takes nothing new. A list of an issuer whose key is lost cannot be signed any
// more and is left out.
func KeepList(ctx context.Context, tx *sqldb.Tx, id publicid.ID, organisationID int64, issuer, purpose string, bits, entries, at int64) error {
	var there, key, made int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM attestation_list WHERE public_id = $1`, id).Scan(&there); err != nil || there > 0 {
		return err
	}
	err := tx.QueryRow(ctx, `SELECT id FROM issuer_key WHERE public_key = $1`, issuer).Scan(&key)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	err = tx.QueryRow(ctx, `INSERT INTO attestation_list (public_id, organisation_id, issuer_key_id, purpose, bits, entries, closed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`, id, organisationID, key, purpose, bits, entries, at).Scan(&made)
	if err != nil {
		return err
	}
	return event.Record(ctx, tx, event.Event{OrgID: organisationID, Kind: EventListOpened, Subject: made})
}

// KeepStatus sets the value of a place to what it was when the journal ended,
// and reports whether that changed anything. What is revoked stays so.
func KeepStatus(ctx context.Context, tx *sqldb.Tx, list publicid.ID, position, value, at int64) (changed bool, err error) {
	var id, organisation, attestation, now int64
	var purpose string
	err = tx.QueryRow(ctx, `SELECT l.id, l.organisation_id, l.purpose, coalesce(s.attestation_id, 0), coalesce(s.value, 0)
		FROM attestation_list l LEFT JOIN attestation_status s ON s.list_id = l.id AND s.position = $2 WHERE l.public_id = $1`,
		list, position).Scan(&id, &organisation, &purpose, &attestation, &now)
	if errors.Is(err, sqldb.ErrNoRows) {
		return false, nil // its issuer's key is lost
	}
	if err != nil || attestation != 0 && (now == value || purpose == statuslist.Revocation && value == 0) {
		return false, err
	}
	if value < 0 || value > 255 {
		return false, fault.Invalidf("The journal gives a status of %d.", value)
	}
	var n int64
	if attestation == 0 {
		n, err = tx.Exec(ctx, `INSERT INTO attestation_kept (list_id, position, value) VALUES ($1, $2, $3)
			ON CONFLICT (list_id, position) DO UPDATE SET value = excluded.value`, id, position, value)
	} else {
		n, err = tx.Exec(ctx, `UPDATE attestation_status SET value = $3, changed_at = $4 WHERE list_id = $1 AND position = $2`, id, position, value, at)
		if err == nil {
			err = event.Record(ctx, tx, event.Event{OrgID: organisation, Kind: EventStatus, Subject: attestation, At: sqldb.Time(at)})
		}
	}
	if err != nil || n == 0 {
		return false, err
	}
	_, err = tx.Exec(ctx, `UPDATE attestation_list SET version = version + 1 WHERE id = $1`, id)
	return true, err
}
