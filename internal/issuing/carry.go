package issuing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/statuslist"
)

// Carried is an award on its way from one installation to another, without its
// signed document. Times are milliseconds since 1970, 0 for never.
type Carried struct {
	ID             string `json:"id"`
	Badge          string `json:"badge"`
	Version        int64  `json:"version"`
	Trial          bool   `json:"trial,omitempty"`
	Name           string `json:"recipientName"`
	Email          string `json:"recipientEmail"`
	Salt           string `json:"salt"`
	Details        string `json:"details"` // JSON
	ValidFrom      int64  `json:"validFrom"`
	ValidUntil     int64  `json:"validUntil,omitempty"`
	RevocationList string `json:"revocationList,omitempty"`
	RevocationAt   int64  `json:"revocationIndex"`
	SuspensionList string `json:"suspensionList,omitempty"`
	SuspensionAt   int64  `json:"suspensionIndex"`
	CreatedAt      int64  `json:"createdAt"`
	IssuedAt       int64  `json:"issuedAt"`
	RevokedAt      int64  `json:"revokedAt,omitempty"`
	SuspendedAt    int64  `json:"suspendedAt,omitempty"`
	Reason         string `json:"reason,omitempty"`
	PrivateNote    string `json:"privateNote,omitempty"`
	Claim          string `json:"claim"`
	ClaimedAt      int64  `json:"claimedAt,omitempty"`
	PublishedAt    int64  `json:"publishedAt,omitempty"`
	ErasedAt       int64  `json:"erasedAt,omitempty"`
	ReplacedBy     string `json:"replacedBy,omitempty"`
}

// CarriedList is a status list on its way.
type CarriedList struct {
	ID      string  `json:"id"`
	Purpose string  `json:"purpose"`
	Entries int64   `json:"entries"`
	Issuer  string  `json:"issuer,omitempty"` // DID on the organisation's own domain
	Kept    []int64 `json:"kept,omitempty"`   // places that stay set without an award
}

// CarriedEvent marks what was announced elsewhere already: nobody is mailed again.
type CarriedEvent struct {
	Carried bool `json:"carried"`
}

// CarryInList makes a list that takes no new awards, in the caller's transaction.
func CarryInList(ctx context.Context, tx *sqldb.Tx, organisationID int64, c CarriedList, now time.Time) error {
	id, err := publicid.Parse(c.ID)
	if err != nil {
		return err
	}
	if err := KeepList(ctx, tx, id, organisationID, c.Issuer, c.Purpose, c.Entries, sqldb.Millis(now)); err != nil {
		return err
	}
	for _, position := range c.Kept {
		if _, err := KeepStatus(ctx, tx, id, position, true, sqldb.Millis(now)); err != nil {
			return err
		}
	}
	return nil
}

// record returns what the award says beside its document.
func (c Carried) record() (r Record, err error) {
	r = Record{Trial: c.Trial, Salt: c.Salt, ValidFrom: c.ValidFrom, ValidUntil: c.ValidUntil, Erased: c.ErasedAt > 0}
	r.Revocation.Index, r.Suspension.Index = c.RevocationAt, c.SuspensionAt
	if r.PublicID, err = publicid.Parse(c.ID); err != nil {
		return r, err
	}
	if !c.Trial {
		if r.Revocation.List, err = publicid.Parse(c.RevocationList); err == nil {
			r.Suspension.List, err = publicid.Parse(c.SuspensionList)
		}
		if err != nil {
			return r, err
		}
	}
	if r.Erased && c.Email == "" {
		return r, nil
	}
	r.Recipient, err = account.AddressKey(c.Email)
	return r, err
}

// check refuses states that no award is ever in.
func (c Carried) check() error {
	switch {
	case !json.Valid([]byte(c.Details)):
		return errors.New("its details are no JSON")
	case !slices.Contains([]ClaimState{Waiting, Accepted, Declined}, ClaimState(c.Claim)):
		return fmt.Errorf("nobody answers %q to an award", c.Claim)
	case c.Reason != "" && !slices.Contains(Reasons, Reason(c.Reason)):
		return fmt.Errorf("%q is no reason for withdrawing it", c.Reason)
	}
	return nil
}

// CarryIn makes an award with its document and its places, in the caller's
// transaction, and returns its key. The document must say what the award says
// and be signed by one of the public keys; who was erased may have none.
func CarryIn(ctx context.Context, tx *sqldb.Tx, organisationID, versionID int64, c Carried, document []byte, lists map[string]int64, keys []string, shapes *shape.Cache) (int64, error) {
	r, err := c.record()
	if err == nil && (len(document) > 0 || !r.Erased) {
		err = r.Check(document, keys, shapes)
	}
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return 0, fault.Wrap(fault.Invalid, err, fmt.Sprintf("The award %s is not what it should be: %v.", c.ID, err))
	}
	revocation, suspension := lists[c.RevocationList], lists[c.SuspensionList]
	if !c.Trial && (revocation == 0 || suspension == 0) {
		return 0, fmt.Errorf("award %s names a status list that is not inside", c.ID)
	}
	var next int64
	if err := tx.QueryRow(ctx, `UPDATE award_number SET next = next + 1 WHERE id = 1 RETURNING next`).Scan(&next); err != nil {
		return 0, err
	}
	key := next - 1
	_, err = tx.Exec(ctx, `INSERT INTO award (id, public_id, organisation_id, badge_version_id, trial, recipient_name, recipient_email, recipient_key, salt, details,
			valid_from, valid_until, revocation_list, revocation_index, suspension_list, suspension_index, created_at, issued_at, revoked_at, suspended_at,
			reason, private_note, claim_state, claimed_at, published_at, erased_at, document)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)`,
		key, r.PublicID, organisationID, versionID, c.Trial, c.Name, c.Email, r.Recipient, c.Salt, c.Details,
		c.ValidFrom, c.ValidUntil, revocation, c.RevocationAt, suspension, c.SuspensionAt, c.CreatedAt, c.IssuedAt, c.RevokedAt, c.SuspendedAt,
		c.Reason, c.PrivateNote, c.Claim, c.ClaimedAt, c.PublishedAt, c.ErasedAt, document)
	if err != nil {
		return 0, err
	}
	for _, e := range []struct {
		kind string
		at   int64
	}{{EventIssued, c.IssuedAt}, {EventRevoked, c.RevokedAt}, {EventSuspended, c.SuspendedAt}} {
		if e.at == 0 {
			continue
		}
		if err := event.Record(ctx, tx, event.Event{OrgID: organisationID, Kind: e.kind, Subject: key, Data: CarriedEvent{true}, At: sqldb.Time(e.at)}); err != nil {
			return 0, err
		}
	}
	return key, nil
}

// CarryInReplaced notes which award replaced another.
func CarryInReplaced(ctx context.Context, tx *sqldb.Tx, award, by int64) error {
	_, err := tx.Exec(ctx, `UPDATE award SET replaced_by = $2 WHERE id = $1`, award, by)
	return err
}

// ArchiveList returns a status list, signed as it is now, that is to be believed
// for as long as said: for an archive of an organisation that nobody keeps
// signing. It is not stored.
func (s *Service) ArchiveList(ctx context.Context, id publicid.ID, validity time.Duration) ([]byte, error) {
	l, err := s.readList(ctx, id)
	if err != nil {
		return nil, err
	}
	pen, err := s.Keys.Pen(ctx, l.organisationID)
	if err != nil {
		return nil, err
	}
	bits := statuslist.New(int(l.entries))
	var as org.Identity
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		o, err := org.ByID(ctx, tx, l.organisationID)
		if err != nil {
			return err
		}
		if as, err = s.Orgs.IdentityAs(o, pen.Key, l.issuer); err != nil {
			return err
		}
		set, err := setPositions(ctx, tx, l)
		for _, i := range set {
			if err := bits.Set(int(i), true); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	now := s.Now()
	plain, err := statuslist.Credential(s.statusListURL(l.public), as.DID, l.purpose, bits, now, now.Add(validity), ListTTL)
	if err != nil {
		return nil, err
	}
	signed, entry, err := pen.SignOne(ctx, pen.Request(keys.StatusList, l.id, as.DID, plain, now))
	if err != nil {
		return nil, err
	}
	return signed, s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		// The journal says that the archive's copy was signed last: the list that is
		// served is made anew at the next request.
		if _, err := tx.Exec(ctx, `UPDATE status_list SET signed_at = 0 WHERE id = $1`, l.id); err != nil {
			return err
		}
		return keys.Record(ctx, tx, entry)
	})
}
