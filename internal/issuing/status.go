package issuing

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/input"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/signedlist"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/statuslist"
)

// ListTTL is after what time a copy of a list should be asked for again.
const ListTTL = signedlist.TTL

// Revoke withdraws an award for good. The recipient is told the reason; the
// note stays inside. Withdrawing twice is a conflict.
func (s *Service) Revoke(ctx context.Context, organisationID, by int64, id publicid.ID, reason Reason, note string) (*Award, error) {
	return s.change(ctx, organisationID, by, id, EventRevoked, reason, note, func(a *Award, now time.Time) error {
		if !a.RevokedAt.IsZero() {
			return fault.Conflictf("This award was withdrawn already.")
		}
		a.RevokedAt = now.Truncate(time.Millisecond) // as it is kept
		return nil
	})
}

// Suspend pauses an award until it is reinstated.
func (s *Service) Suspend(ctx context.Context, organisationID, by int64, id publicid.ID, reason Reason, note string) (*Award, error) {
	return s.change(ctx, organisationID, by, id, EventSuspended, reason, note, func(a *Award, now time.Time) error {
		if !a.RevokedAt.IsZero() || !a.SuspendedAt.IsZero() {
			return fault.Conflictf("Only an award that is in force can be paused.")
		}
		a.SuspendedAt = now.Truncate(time.Millisecond)
		return nil
	})
}

// Reinstate ends the pause of a suspended award. A suspended organisation may
// withdraw and pause what it has awarded, but not bring it back.
func (s *Service) Reinstate(ctx context.Context, organisationID, by int64, id publicid.ID) (*Award, error) {
	return s.change(ctx, organisationID, by, id, EventReinstated, "not_stated", "", func(a *Award, _ time.Time) error {
		if a.SuspendedAt.IsZero() || !a.RevokedAt.IsZero() {
			return fault.Conflictf("This award is not paused.")
		}
		a.SuspendedAt, a.Reason, a.PrivateNote = time.Time{}, "", ""
		return nil
	})
}

// change moves an award to another state and the bits of its lists with it, in
// one commit: a status list asked for after this shows the change.
func (s *Service) change(ctx context.Context, organisationID, by int64, id publicid.ID, kind string, reason Reason, note string,
	move func(*Award, time.Time) error) (*Award, error) {
	note = strings.TrimSpace(note)
	if !slices.Contains(Reasons, reason) {
		return nil, fault.Fields(fault.Field{Path: "reason", Message: "Choose a reason from the list."})
	}
	if !input.Text(note) {
		return nil, fault.Fields(fault.Field{Path: "note", Message: "The note holds characters that are no text. Type it anew."})
	}
	if utf8.RuneCountInString(note) > 2000 {
		return nil, fault.Fields(fault.Field{Path: "note", Message: "Use 2,000 characters or fewer."})
	}
	var a *Award
	err := s.DB.Write(ctx, func(tx *sqldb.Tx) (err error) {
		if a, err = awardOf(ctx, tx, organisationID, id); err != nil {
			return err
		}
		if a.Document == nil && !a.Erased() {
			return fault.Conflictf("This award is still being signed. Try again in a moment.")
		}
		a.Reason, a.PrivateNote = reason, note
		if kind == EventReinstated {
			if err := org.MayUseIn(ctx, tx, organisationID, org.WithdrawAwards); err != nil {
				return err
			}
		}
		if err := move(a, s.Now()); err != nil {
			return err
		}
		if err := updateState(ctx, tx, a); err != nil {
			return err
		}
		if err := event.Record(ctx, tx, event.Event{OrgID: organisationID, Kind: kind, Subject: a.ID, Actor: by}); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{OrganisationID: organisationID, Action: kind, Subject: "award", SubjectID: a.ID, Data: map[string]string{"reason": string(reason)}})
	})
	if err != nil {
		return a, err
	}
	return a, s.journalled(ctx)
}

// journalled waits until what was committed cannot be undone by restoring a backup.
func (s *Service) journalled(ctx context.Context) error {
	if s.Journal == nil {
		return nil
	}
	return s.Journal(ctx)
}

// updateState writes the award's state and marks its lists as changed.
func updateState(ctx context.Context, tx *sqldb.Tx, a *Award) error {
	if _, err := tx.Exec(ctx, `UPDATE award SET revoked_at = $2, suspended_at = $3, reason = $4, private_note = $5 WHERE id = $1`,
		a.ID, sqldb.Millis(a.RevokedAt), sqldb.Millis(a.SuspendedAt), string(a.Reason), a.PrivateNote); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE status_list SET version = version + 1 WHERE id IN ($1, $2)`, a.Status[0].listID, a.Status[1].listID)
	return err
}

type storedList struct {
	signedlist.State
	id, organisationID int64
	public             publicid.ID
	purpose            string
	issuer             string // the organisation's own did:web that it speaks for, "" for that under our address
	entries            int64
}

// StatusList returns the signed status list with this public id, with every
// change that was committed before the call.
func (s *Service) StatusList(ctx context.Context, id publicid.ID) ([]byte, error) {
	var l storedList
	return s.lists.Current(s.Now, func() (signedlist.State, error) {
		var err error
		l, err = s.readList(ctx, id)
		return l.State, err
	}, func() ([]byte, error) { return s.buildList(ctx, l) })
}

func (s *Service) readList(ctx context.Context, id publicid.ID) (l storedList, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		var signedAt int64
		// What a compromised key has signed is not given out: a list is made anew.
		err := tx.QueryRow(ctx, `SELECT l.id, l.organisation_id, l.public_id, l.purpose, l.issuer, l.entries, l.version, l.signed_version,
				CASE WHEN k.compromised_at > 0 THEN 0 ELSE l.signed_at END, l.document
			FROM status_list l LEFT JOIN signing_key k ON k.id = l.signed_key WHERE l.public_id = $1`, id).
			Scan(&l.id, &l.organisationID, &l.public, &l.purpose, &l.issuer, &l.entries, &l.Version, &l.Signed, &signedAt, &l.Document)
		l.SignedAt = sqldb.Time(signedAt)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.NotFoundf("There is no such status list.")
		}
		return err
	})
	return l, err
}

// buildList sets the bits from the awards themselves, signs the list and stores
// it under the version that it was read at.
func (s *Service) buildList(ctx context.Context, l storedList) ([]byte, error) {
	pen, err := s.Keys.Pen(ctx, l.organisationID)
	if fault.KindOf(err) == fault.Conflict { // whoever asks for the list can do nothing about it
		return nil, fault.Wrap(fault.Unavailable, err, "This status list cannot be signed at present, because its issuer has no key in use. Ask again later.")
	}
	if err != nil {
		return nil, err
	}
	bits := statuslist.New(int(l.entries))
	var id org.Identity
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		// Version and bits are read in one transaction: they belong together.
		if err := tx.QueryRow(ctx, `SELECT version FROM status_list WHERE id = $1`, l.id).Scan(&l.Version); err != nil {
			return err
		}
		o, err := org.ByID(ctx, tx, l.organisationID)
		if err != nil {
			return err
		}
		if id, err = s.Orgs.IdentityAs(o, pen.Key, l.issuer); err != nil {
			return err
		}
		set, err := setPositions(ctx, tx, l)
		for _, i := range set {
			bits.Set(int(i), true)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	now := s.Now()
	plain, err := signedlist.Credential(s.statusListURL(l.public), id.DID, l.purpose, bits, now)
	if err != nil {
		return nil, err
	}
	signed, entry, err := pen.SignOne(ctx, pen.Request(keys.StatusList, l.id, id.DID, plain, now))
	if err != nil {
		return nil, err
	}
	return signed, s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE status_list SET document = $2, signed_version = $3, signed_at = $4, signed_key = $5 WHERE id = $1 AND signed_version <= $3`,
			l.id, signed, l.Version, sqldb.Millis(now), pen.Key.ID); err != nil {
			return err
		}
		return keys.Record(ctx, tx, entry)
	})
}

func setPositions(ctx context.Context, tx *sqldb.Tx, l storedList) ([]int64, error) {
	query := `SELECT revocation_index FROM award WHERE revocation_list = $1 AND revocation_list > 0 AND revoked_at > 0`
	if l.purpose == purposes[1] {
		query = `SELECT suspension_index FROM award WHERE suspension_list = $1 AND suspension_list > 0 AND suspended_at > 0`
	}
	query += ` UNION SELECT position FROM status_kept WHERE list_id = $1`
	return sqldb.Collect(ctx, tx, func(r *sql.Rows) (i int64, err error) { return i, r.Scan(&i) }, query, l.id)
}

func (s *Service) statusListURL(id publicid.ID) string { return s.BaseURL + "/status/" + id.String() }
