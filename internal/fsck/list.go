package fsck

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/statuslist"
)

// list is a status list of the installation's own issuers, as the database has
// it, with its places.
type list struct {
	id, organisation, issuerKey int64
	public                      publicid.ID
	issuer, purpose             string
	bits, entries, drawn        int64
	version, signed, signedAt   int64
	document                    []byte
	places                      []drawn
	kept                        map[int64]int64 // values of places whose credential a restore has lost
}

// drawn is a place that was drawn for a credential.
type drawn struct {
	index, value, changedAt int64
	attestation             int64
	organisation, issuerKey int64 // of the credential
	signedAt, givenUpAt     int64
}

// lists checks the status lists of what was signed for programs, with every
// place in them, against what they publish.
func (c *Checker) lists(ctx context.Context, r *Report) error {
	for after := int64(0); ; {
		var l list
		// A list, its places and what it published are read in one transaction: they
		// belong together.
		err := c.DB.Read(ctx, func(tx *sqldb.Tx) error { return l.read(ctx, tx, after) })
		if errors.Is(err, sql.ErrNoRows) {
			return c.twice(ctx, r)
		}
		if err != nil {
			return err
		}
		r.Places += int64(len(l.places))
		for _, wrong := range l.check(ctx) {
			r.wrong("status list %s of the VC API: %v", l.public, wrong)
		}
		after = l.id
	}
}

// read reads the first list after one.
func (l *list) read(ctx context.Context, tx *sqldb.Tx, after int64) error {
	err := tx.QueryRow(ctx, `SELECT l.id, l.organisation_id, l.issuer_key_id, l.public_id, k.public_key, l.purpose, l.bits, l.entries, l.drawn,
			l.version, l.signed_version, l.signed_at, l.document
		FROM attestation_list l JOIN issuer_key k ON k.id = l.issuer_key_id WHERE l.id > $1 ORDER BY l.id LIMIT 1`, after).
		Scan(&l.id, &l.organisation, &l.issuerKey, &l.public, &l.issuer, &l.purpose, &l.bits, &l.entries, &l.drawn, &l.version, &l.signed, &l.signedAt, &l.document)
	if err != nil {
		return err
	}
	l.places, err = sqldb.Collect(ctx, tx, func(rows *sql.Rows) (p drawn, err error) {
		return p, rows.Scan(&p.index, &p.value, &p.changedAt, &p.attestation, &p.organisation, &p.issuerKey, &p.signedAt, &p.givenUpAt)
	}, `SELECT e.position, e.value, e.changed_at, a.id, a.organisation_id, a.issuer_key_id, a.signed_at, a.given_up_at
		FROM attestation_status e JOIN attestation a ON a.id = e.attestation_id WHERE e.list_id = $1 ORDER BY e.position`, l.id)
	if err != nil {
		return err
	}
	l.kept = map[int64]int64{}
	_, err = sqldb.Collect(ctx, tx, func(rows *sql.Rows) (struct{}, error) {
		var position, value int64
		err := rows.Scan(&position, &value)
		l.kept[position] = value
		return struct{}{}, err
	}, `SELECT position, value FROM attestation_kept WHERE list_id = $1`, l.id)
	return err
}

// checkRow checks what is said of the list itself.
func (l *list) checkRow() error {
	switch l.purpose {
	case statuslist.Revocation, statuslist.Suspension, statuslist.Refresh:
		if l.bits != 1 {
			return fmt.Errorf("entries for %s have %d bits", l.purpose, l.bits)
		}
	case statuslist.Message:
		if l.bits < 1 || l.bits > 8 {
			return fmt.Errorf("entries of %d bits", l.bits)
		}
	default:
		return fmt.Errorf("the purpose is %q", l.purpose)
	}
	switch {
	case l.entries < statuslist.MinEntries:
		return fmt.Errorf("it has %d entries, too few to hide anybody among", l.entries)
	case l.drawn != int64(len(l.places)):
		return fmt.Errorf("%d places were drawn, but %d are recorded", l.drawn, len(l.places))
	case l.signed > l.version:
		return errors.New("a version was signed that there never was")
	case (l.document == nil) != (l.signed == 0), (l.document == nil) != (l.signedAt == 0):
		return errors.New("it is signed without a document, or has one without being signed")
	}
	return nil
}

// check returns what is wrong with the list, its places and its document.
func (l *list) check(ctx context.Context) (wrong []error) {
	if err := l.checkRow(); err != nil {
		return []error{err} // nothing can be told of its places
	}
	for _, p := range l.places {
		if err := l.checkPlace(p); err != nil {
			wrong = append(wrong, fmt.Errorf("place %d (credential %d): %w", p.index, p.attestation, err))
		}
	}
	if err := l.checkDocument(ctx); err != nil {
		wrong = append(wrong, err)
	}
	return wrong
}

func (l *list) checkPlace(p drawn) error {
	speaks := l.purpose == statuslist.Revocation || l.purpose == statuslist.Suspension
	switch {
	case p.index < 0 || p.index >= l.entries:
		return errors.New("it lies outside the list")
	case p.organisation != l.organisation || p.issuerKey != l.issuerKey:
		return errors.New("its credential is another organisation's or issuer's")
	case p.value < 0 || p.value>>l.bits != 0:
		return fmt.Errorf("its value %d has more bits than the entry", p.value)
	case p.value > 0 && p.changedAt == 0:
		return errors.New("it is set, but never was")
	case l.purpose == statuslist.Revocation && p.value == 0 && p.changedAt > 0:
		return errors.New("a revocation was taken back, which is final")
	case p.givenUpAt > 0 && speaks && p.value == 0:
		return errors.New("it speaks for a credential that was given up and that nobody has")
	case p.signedAt == 0 && p.givenUpAt == 0 && p.value > 0:
		return errors.New("it is set for a credential that is not signed")
	}
	return nil
}

// checkDocument verifies what was published last. When nothing has changed
// since, it must say of every place what is recorded; and at no time of a
// revoked credential that it is not.
func (l *list) checkDocument(ctx context.Context) error {
	if l.document == nil {
		return nil
	}
	signed, err := checkSigned(ctx, l.document, l.issuer)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(signed.ID, "/"+l.public.String()) {
		return fmt.Errorf("its document is that of %q", signed.ID)
	}
	published, err := l.published(signed)
	if err != nil {
		return fmt.Errorf("its document does not fit it: %w", err)
	}
	recorded := maps.Clone(l.kept)
	for _, p := range l.places {
		recorded[p.index] = p.value
	}
	for i := range l.entries {
		value, err := published.Value(int(i))
		if err != nil {
			return fmt.Errorf("its document does not fit it: %w", err)
		}
		switch have := int64(value); {
		case have == recorded[i]:
		case l.signed == l.version:
			return fmt.Errorf("its document says %d of place %d, the record %d", have, i, recorded[i])
		case l.purpose == statuslist.Revocation && have > recorded[i]:
			return fmt.Errorf("its document calls place %d revoked, the record does not", i)
		}
	}
	return nil
}

// published returns the values in a published list, which must be of this one's
// kind.
func (l *list) published(doc *credential.Credential) (*statuslist.List, error) {
	read, err := statuslist.Read(statuslist.Bitstring, doc.ID, doc.Tree)
	if err != nil {
		return nil, err
	}
	// Of one place it is asked as verifiers do, and of all of them fast.
	r := statuslist.Reference{Kind: statuslist.Bitstring, List: doc.ID, Purpose: l.purpose, Size: int(l.bits)}
	if _, err := read.Lookup(r, ""); err != nil {
		return nil, err
	}
	subject, _ := doc.Tree["credentialSubject"].(map[string]any)
	encoded, _ := subject["encodedList"].(string)
	return statuslist.DecodeSized(encoded, int(l.bits), statuslist.MaxBytes)
}

// twice checks that no credential has two places for one purpose: a withdrawal
// would show in one of them only.
func (c *Checker) twice(ctx context.Context, r *Report) error {
	return c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		found, err := sqldb.Collect(ctx, tx, scanText, `SELECT 'credential ' || e.attestation_id || ' of the VC API has ' || count(*) || ' places for ' || l.purpose
			FROM attestation_status e JOIN attestation_list l ON l.id = e.list_id GROUP BY e.attestation_id, l.purpose HAVING count(*) > 1`)
		r.Problems = append(r.Problems, found...)
		return err
	})
}
