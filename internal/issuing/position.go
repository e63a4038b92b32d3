package issuing

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"hash"

	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// The purposes of an award's two status entries, in the order of Award.Status.
var purposes = [2]string{"revocation", "suspension"}

// listEntries is the length of every status list: the least that the standard
// allows, so that one award hides among many.
const listEntries = 131072

// Position is an award's place in a status list. The zero Position stands for
// none: trials have no status.
type Position struct {
	List   publicid.ID // names the list in public
	Index  int64
	listID int64
}

// listsOf says of which lists: a list speaks for credentials of one issuer.
type listsOf struct {
	organisation int64
	issuer       string // the organisation's own did:web, "" for its identity under our address
	purpose      string
}

// drawPositions takes n free places in the organisation's lists for a purpose,
// opening another list when one is full. Places are drawn through a secret
// permutation: each once, in an order that tells nobody which award came first.
func (s *Service) drawPositions(ctx context.Context, tx *sqldb.Tx, of listsOf, n int) ([]Position, error) {
	places := make([]Position, 0, n)
	for len(places) < n {
		id, public, secret, drawn, err := s.openList(ctx, tx, of)
		if err != nil {
			return nil, err
		}
		take := min(int64(n-len(places)), listEntries-drawn)
		var after int64
		// The row is locked from here on: another node that draws at the same time
		// waits, and then sees the new count.
		err = tx.QueryRow(ctx, `UPDATE status_list SET drawn = drawn + $2 WHERE id = $1 AND drawn + $2 <= entries RETURNING drawn`, id, take).Scan(&after)
		if errors.Is(err, sql.ErrNoRows) {
			continue // somebody filled it up in between: look again
		}
		if err != nil {
			return nil, err
		}
		mac := hmac.New(sha256.New, secret)
		for i := after - take; i < after; i++ {
			places = append(places, Position{List: public, Index: permute(mac, listEntries, i), listID: id})
		}
	}
	return places, nil
}

// openList returns the organisation's list with free places, and makes one
// when there is none.
func (s *Service) openList(ctx context.Context, tx *sqldb.Tx, of listsOf) (id int64, public publicid.ID, secret []byte, drawn int64, err error) {
	err = tx.QueryRow(ctx, `SELECT id, public_id, secret, drawn FROM status_list
		WHERE organisation_id = $1 AND purpose = $2 AND issuer = $3 AND drawn < entries AND closed_at = 0 ORDER BY id LIMIT 1`, of.organisation, of.purpose, of.issuer).Scan(&id, &public, &secret, &drawn)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, public, secret, drawn, err
	}
	public, secret = publicid.New(), make([]byte, 32)
	rand.Read(secret) // never fails: crypto/rand ends the process instead
	err = tx.QueryRow(ctx, `INSERT INTO status_list (public_id, organisation_id, purpose, issuer, entries, secret) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
		public, of.organisation, of.purpose, of.issuer, listEntries, secret).Scan(&id)
	if err != nil {
		return id, public, secret, 0, err
	}
	return id, public, secret, 0, event.Record(ctx, tx, event.Event{OrgID: of.organisation, Kind: EventListOpened, Subject: id})
}

// permute maps 0 ≤ i < size to a place in the same range, one to one, in an
// order that depends on mac, a keyed hash: a Feistel network over the next even
// power of two, walked until it lands inside the range.
func permute(mac hash.Hash, size, i int64) int64 {
	half := uint(1)
	for int64(1)<<(2*half) < size {
		half++
	}
	mask := uint32(1)<<half - 1
	var block [8]byte
	var sum [sha256.Size]byte
	left, right := uint32(i>>half), uint32(i)&mask
	for {
		for round := range uint32(8) {
			binary.BigEndian.PutUint32(block[:4], round)
			binary.BigEndian.PutUint32(block[4:], right)
			mac.Reset()
			mac.Write(block[:])
			left, right = right, left^(binary.BigEndian.Uint32(mac.Sum(sum[:0]))&mask)
		}
		if at := int64(left)<<half | int64(right); at < size {
			return at
		}
	}
}
