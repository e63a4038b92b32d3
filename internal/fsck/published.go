package fsck

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/statuslist"
)

// awardList is a status list of awards, as the database has it.
type awardList struct {
	id, organisation int64
	public           publicid.ID
	purpose          string
	entries, drawn   int64
	version, signed  int64
	document         []byte
	awards           int64          // that have a place in it
	set              map[int64]bool // places that are to be set: of awards, or kept by a restore
}

// setSince is the column that says since when an award is in the state of a list.
var setSince = map[string]string{statuslist.Revocation: "revoked_at", statuslist.Suspension: "suspended_at"}

// awardLists checks the status lists of awards against the awards, and what was
// published last against both.
func (c *Checker) awardLists(ctx context.Context, r *Report) error {
	known, err := c.keys(ctx)
	if err != nil {
		return err
	}
	for after := int64(0); ; {
		var l awardList
		// A list and its places are read in one transaction: they belong together.
		err := c.DB.Read(ctx, func(tx *sqldb.Tx) error { return l.read(ctx, tx, after) })
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		r.Lists++
		if err := l.check(known[l.organisation]); err != nil {
			r.wrong("status list %s: %v", l.public, err)
		}
		after = l.id
	}
}

// read reads the first list after one.
func (l *awardList) read(ctx context.Context, tx *sqldb.Tx, after int64) error {
	err := tx.QueryRow(ctx, `SELECT id, organisation_id, public_id, purpose, entries, drawn, version, signed_version, document
		FROM status_list WHERE id > $1 ORDER BY id LIMIT 1`, after).
		Scan(&l.id, &l.organisation, &l.public, &l.purpose, &l.entries, &l.drawn, &l.version, &l.signed, &l.document)
	if err != nil || setSince[l.purpose] == "" {
		return err
	}
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM award WHERE `+l.purpose+`_list = $1 AND `+l.purpose+`_list > 0`, l.id).Scan(&l.awards); err != nil {
		return err
	}
	l.set = map[int64]bool{}
	_, err = sqldb.Collect(ctx, tx, func(rows *sql.Rows) (struct{}, error) {
		var place int64
		err := rows.Scan(&place)
		l.set[place] = true
		return struct{}{}, err
	}, `SELECT `+l.purpose+`_index FROM award WHERE `+l.purpose+`_list = $1 AND `+l.purpose+`_list > 0 AND `+setSince[l.purpose]+` > 0
		UNION SELECT position FROM status_kept WHERE list_id = $1`, l.id)
	return err
}

// check returns what is wrong with the list or with its document.
func (l *awardList) check(keys []string) error {
	switch {
	case setSince[l.purpose] == "":
		return fmt.Errorf("the purpose is %q", l.purpose)
	case l.entries < statuslist.MinEntries:
		return fmt.Errorf("it has %d entries, too few to hide anybody among", l.entries)
	case l.drawn < l.awards || l.drawn > l.entries:
		return fmt.Errorf("%d places were drawn, but %d awards have one: the next award would be given one that is taken", l.drawn, l.awards)
	case l.signed > l.version:
		return errors.New("a version was signed that there never was")
	case l.document == nil:
		if l.signed > 0 {
			return errors.New("it is signed without a document")
		}
		return nil
	}
	c, err := credential.Parse(l.document)
	if err != nil {
		return fmt.Errorf("its document cannot be read: %w", err)
	}
	if !strings.HasSuffix(c.ID, "/"+l.public.String()) {
		return fmt.Errorf("its document is that of %q", c.ID)
	}
	if err := issuing.CheckSigned(l.document, keys, nil); err != nil {
		return fmt.Errorf("its document does not hold: %w", err)
	}
	return l.checkBits(c)
}

// checkBits compares what was published with the records: exactly, when nothing
// has changed since; and at no time may it call an award withdrawn that is not.
func (l *awardList) checkBits(c *credential.Credential) error {
	read, err := statuslist.Read(statuslist.Bitstring, c.ID, c.Tree)
	if err != nil {
		return fmt.Errorf("its document does not fit it: %w", err)
	}
	// Of one place it is asked as verifiers do, and of all of them fast.
	if _, err := read.Lookup(statuslist.Reference{Kind: statuslist.Bitstring, List: c.ID, Purpose: l.purpose, Size: 1}, ""); err != nil {
		return fmt.Errorf("its document does not fit it: %w", err)
	}
	subject, _ := c.Tree["credentialSubject"].(map[string]any)
	encoded, _ := subject["encodedList"].(string)
	bits, err := statuslist.Decode(encoded, statuslist.MaxBytes)
	if err != nil {
		return fmt.Errorf("its document does not fit it: %w", err)
	}
	for i := range l.entries {
		value, err := bits.Value(int(i))
		if err != nil {
			return fmt.Errorf("its document does not fit it: %w", err)
		}
		switch have := value == 1; {
		case have == l.set[i]:
		case l.signed == l.version:
			return fmt.Errorf("its document says %d of place %d, the record says otherwise", value, i)
		case have && l.purpose == statuslist.Revocation:
			return fmt.Errorf("its document calls place %d revoked, the record does not", i)
		}
	}
	return nil
}
