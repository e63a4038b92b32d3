package issuing

import (
	"context"
	"errors"
	"slices"

	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// CloseLists makes every later award go to new status lists. After a restore
// nobody knows which places the lost awards have taken in the old ones.
func CloseLists(ctx context.Context, tx *sqldb.Tx, at int64) error {
	_, err := tx.Exec(ctx, `UPDATE status_list SET closed_at = $1 WHERE closed_at = 0`, at)
	return err
}

// KeepList makes sure that a list that was opened after the backup exists, so
// that the badges that name it can be checked. It takes no new awards.
func KeepList(ctx context.Context, tx *sqldb.Tx, id publicid.ID, organisationID int64, issuer, purpose string, entries, at int64) error {
	if !slices.Contains(purposes[:], purpose) || entries < 1 || entries > 8*listEntries {
		return fault.Invalidf("A status list %s of the purpose %q cannot be kept.", id, purpose)
	}
	var there int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM status_list WHERE public_id = $1`, id).Scan(&there); err != nil || there > 0 {
		return err
	}
	var key int64
	err := tx.QueryRow(ctx, `INSERT INTO status_list (public_id, organisation_id, purpose, entries, secret, drawn, closed_at, issuer) VALUES ($1, $2, $3, $4, $5, $4, $6, $7) RETURNING id`,
		id, organisationID, purpose, entries, []byte{}, at, issuer).Scan(&key)
	if err != nil {
		return err
	}
	return event.Record(ctx, tx, event.Event{OrgID: organisationID, Kind: EventListOpened, Subject: key})
}

// KeepStatus sets what a place of a list says to what it said when the journal
// ended: of the award that has it, or of the place alone when that award was
// lost. It reports whether that changed anything. What is revoked stays so.
func KeepStatus(ctx context.Context, tx *sqldb.Tx, list publicid.ID, position int64, set bool, at int64) (changed bool, err error) {
	var id, award, revoked, suspended, organisation int64
	var purpose string
	err = tx.QueryRow(ctx, `SELECT l.id, l.purpose, l.organisation_id, coalesce(a.id, 0), coalesce(a.revoked_at, 0), coalesce(a.suspended_at, 0)
		FROM status_list l LEFT JOIN award a ON (l.purpose = 'revocation' AND a.revocation_list = l.id AND a.revocation_index = $2)
			OR (l.purpose = 'suspension' AND a.suspension_list = l.id AND a.suspension_index = $2)
		WHERE l.public_id = $1`, list, position).Scan(&id, &purpose, &organisation, &award, &revoked, &suspended)
	if errors.Is(err, sqldb.ErrNoRows) {
		return false, fault.Invalidf("The journal names a status list that it does not describe: %s.", list)
	}
	if err != nil {
		return false, err
	}
	var n int64
	kind := EventRevoked
	switch revocation := purpose == purposes[0]; {
	case award == 0 && set:
		n, err = tx.Exec(ctx, `INSERT INTO status_kept (list_id, position) VALUES ($1, $2) ON CONFLICT (list_id, position) DO NOTHING`, id, position)
	case award == 0 && !revocation:
		n, err = tx.Exec(ctx, `DELETE FROM status_kept WHERE list_id = $1 AND position = $2`, id, position)
	case award != 0 && revocation && set && revoked == 0:
		n, err = tx.Exec(ctx, `UPDATE award SET revoked_at = $2, reason = CASE WHEN reason = '' THEN 'not_stated' ELSE reason END WHERE id = $1`, award, at)
	case award != 0 && !revocation && set && suspended == 0:
		kind = EventSuspended
		n, err = tx.Exec(ctx, `UPDATE award SET suspended_at = $2, reason = CASE WHEN reason = '' THEN 'not_stated' ELSE reason END WHERE id = $1`, award, at)
	case award != 0 && !revocation && !set && suspended > 0:
		kind = EventReinstated
		n, err = tx.Exec(ctx, `UPDATE award SET suspended_at = 0, reason = CASE WHEN revoked_at > 0 THEN reason ELSE '' END WHERE id = $1`, award)
	}
	if err != nil || n == 0 {
		return false, err
	}
	if award != 0 {
		if err := event.Record(ctx, tx, event.Event{OrgID: organisation, Kind: kind, Subject: award, At: sqldb.Time(at)}); err != nil {
			return false, err
		}
	}
	_, err = tx.Exec(ctx, `UPDATE status_list SET version = version + 1 WHERE id = $1`, id)
	return true, err
}
