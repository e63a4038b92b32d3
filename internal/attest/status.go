package attest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/statuslist"
)

// StatusRequest asks for a place in a status list.
type StatusRequest struct {
	Purpose  string   // statuslist.Revocation, Suspension, Refresh or Message
	Size     int      // bits of the entry, 1 but for messages; 0 stands for 1
	Messages []string // what each value means, for messages
	About    []string // addresses of more on that
}

// maxStatus is how many places one credential may have: one for each purpose.
const maxStatus = 4

// listEntries is the length of every list: the least that the standard allows.
// A list takes half as many, at random places, so that a free one is found at
// once and a place tells nothing of the order of issue.
const (
	listEntries = statuslist.MinEntries
	listTaken   = listEntries / 2
)

// check returns an Invalid fault for a place that cannot be given.
func (r StatusRequest) check() error {
	bad := func(message string) error {
		return fault.Fields(fault.Field{Path: "options.credentialStatus", Message: message})
	}
	switch r.Purpose {
	case statuslist.Revocation, statuslist.Suspension, statuslist.Refresh:
		if r.Size > 1 || len(r.Messages) > 0 {
			return bad("Only the purpose message has messages and entries of several bits.")
		}
	case statuslist.Message:
		if r.Size < 0 || r.Size > 8 || len(r.Messages) != 1<<max(r.Size, 1) {
			return bad("A message needs a statusSize of at most 8 bits and a statusMessage for each value.")
		}
	default:
		return bad("The purpose must be revocation, suspension, refresh or message.")
	}
	return nil
}

// drawStatus takes the places that a asks for and writes them into its document.
func (s *Service) drawStatus(ctx context.Context, tx *sqldb.Tx, a *attestation) error {
	if len(a.request.Status) == 0 {
		return nil
	}
	var entries []any
	switch have := a.credential.Tree["credentialStatus"].(type) {
	case nil:
	case []any:
		entries = slices.Clone(have)
	default:
		entries = []any{have}
	}
	for _, r := range a.request.Status {
		list, position, err := s.draw(ctx, tx, a, r)
		if err != nil {
			return err
		}
		entries = append(entries, statuslist.Reference{
			Kind: statuslist.Bitstring, ID: fmt.Sprintf("%s#%d", s.listURL(list), position), List: s.listURL(list),
			Purpose: r.Purpose, Index: position, Size: max(r.Size, 1), Messages: r.Messages, About: r.About,
		})
	}
	var value any = entries
	if len(entries) == 1 {
		value = entries[0]
	}
	var err error
	a.document, err = withMember(a.unlisted, "credentialStatus", value)
	return err
}

// draw takes a free place for a in a list of its organisation and issuer.
func (s *Service) draw(ctx context.Context, tx *sqldb.Tx, a *attestation, r StatusRequest) (publicid.ID, int, error) {
	id, public, err := s.openList(ctx, tx, a, r)
	if err != nil {
		return public, 0, err
	}
	for range 256 { // at least half of the places are free
		n, err := rand.Int(rand.Reader, big.NewInt(listEntries))
		if err != nil {
			return public, 0, err
		}
		rows, err := tx.Exec(ctx, `INSERT INTO attestation_status (list_id, position, attestation_id) VALUES ($1, $2, $3) ON CONFLICT (list_id, position) DO NOTHING`,
			id, n.Int64(), a.id)
		if err != nil || rows == 1 {
			return public, int(n.Int64()), err
		}
	}
	return public, 0, fmt.Errorf("status list %s: no free place was found", public)
}

// openList returns a list with room, and counts the place that will be taken.
func (s *Service) openList(ctx context.Context, tx *sqldb.Tx, a *attestation, r StatusRequest) (id int64, public publicid.ID, err error) {
	err = tx.QueryRow(ctx, `UPDATE attestation_list SET drawn = drawn + 1 WHERE id = (SELECT min(id) FROM attestation_list
		WHERE organisation_id = $1 AND issuer_key_id = $2 AND purpose = $3 AND bits = $4 AND drawn < $5 AND closed_at = 0) RETURNING id, public_id`,
		a.request.OrganisationID, a.issuer.ID, r.Purpose, max(r.Size, 1), listTaken).Scan(&id, &public)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, public, err
	}
	public = publicid.New()
	err = tx.QueryRow(ctx, `INSERT INTO attestation_list (public_id, organisation_id, issuer_key_id, purpose, bits, entries, drawn) VALUES ($1, $2, $3, $4, $5, $6, 1) RETURNING id`,
		public, a.request.OrganisationID, a.issuer.ID, r.Purpose, max(r.Size, 1), listEntries).Scan(&id)
	if err != nil {
		return id, public, err
	}
	return id, public, event.Record(ctx, tx, event.Event{OrgID: a.request.OrganisationID, Kind: EventListOpened, Subject: id, At: a.at})
}

var errNoStatus = fault.NotFoundf("No credential with this id and a status for this purpose was issued for you.")

// SetStatus gives the entries of a credential for a purpose a value: 1 and 0
// stand for yes and no. The list that is asked for after this shows it.
//
// It is a NotFound fault when the organisation had no such credential signed
// with such an entry, a Conflict when a revocation would be taken back, which is
// final, and an Invalid fault for a value of more bits than the entry has.
func (s *Service) SetStatus(ctx context.Context, organisationID int64, credentialID, purpose string, value uint) error {
	type entry struct{ list, position, bits, value, attestation int64 }
	if strings.ContainsRune(credentialID+purpose, 0) { // which PostgreSQL does not take in texts
		return errNoStatus
	}
	err := s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		entries, err := sqldb.Collect(ctx, tx, func(rows *sql.Rows) (e entry, err error) {
			return e, rows.Scan(&e.list, &e.position, &e.bits, &e.value, &e.attestation)
		}, `SELECT e.list_id, e.position, l.bits, e.value, a.id FROM attestation a JOIN attestation_status e ON e.attestation_id = a.id
			JOIN attestation_list l ON l.id = e.list_id WHERE a.organisation_id = $1 AND a.credential_id = $2 AND a.credential_id <> '' AND a.signed_at > 0 AND l.purpose = $3`,
			organisationID, credentialID, purpose)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			return errNoStatus
		}
		// A suspended organisation takes back what it has issued, and nothing else.
		if value == 0 || purpose != statuslist.Revocation && purpose != statuslist.Suspension {
			if err := org.MayUseIn(ctx, tx, organisationID, org.WithdrawAwards); err != nil {
				return err
			}
		}
		for _, e := range entries {
			switch {
			case value>>e.bits != 0:
				return fault.Invalidf("This status has %d bits; the value does not fit in.", e.bits)
			case purpose == statuslist.Revocation && e.value == 1 && value == 0:
				return fault.Conflictf("A revocation cannot be taken back. Use the purpose suspension for what may end.")
			}
			if _, err := tx.Exec(ctx, `UPDATE attestation_status SET value = $3, changed_at = $4 WHERE list_id = $1 AND position = $2`,
				e.list, e.position, int64(value), sqldb.Millis(s.Now())); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE attestation_list SET version = version + 1 WHERE id = $1`, e.list); err != nil {
				return err
			}
			if err := event.Record(ctx, tx, event.Event{OrgID: organisationID, Kind: EventStatus, Subject: e.attestation, At: s.Now()}); err != nil {
				return err
			}
			if err := audit.Record(ctx, tx, audit.Entry{OrganisationID: organisationID, Action: "credential.status_set", Subject: "attestation", SubjectID: e.attestation, At: s.Now(),
				Data: map[string]string{"purpose": purpose, "value": strconv.FormatUint(uint64(value), 10)}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || s.Journal == nil {
		return err
	}
	return s.Journal(ctx)
}

// The events that this package records.
const (
	EventStatus     = "attestation.status_set"
	EventListOpened = "attestation_list.opened"
)

func (s *Service) listURL(id publicid.ID) string { return s.BaseURL + s.ListPath + id.String() }

// withID returns c's document with an id, which status needs: it is how a
// program names the credential later.
func withID(doc []byte) (out []byte, id string, err error) {
	id = "urn:uuid:" + publicid.New().UUID()
	out, err = withMember(doc, "id", json.RawMessage(`"`+id+`"`))
	return out, id, err
}
