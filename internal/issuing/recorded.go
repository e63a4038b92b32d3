package issuing

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// SignedAt returns when the document at an address of ours was signed, by the
// journal: that of the award or the status list called id, if it bears the given
// signature (the proofValue). It is the zero Time when the record knows no such
// signature. Nothing of it rests on what the document says, so it holds for keys
// that were compromised since.
//
// What was signed before there was a journal has its time from the award.
func (s *Service) SignedAt(ctx context.Context, id, signature string) (time.Time, error) {
	query, at := ``, strings.LastIndexByte(id, '/')
	switch {
	case strings.HasPrefix(id, s.BaseURL+"/awards/"):
		query = `SELECT a.document, coalesce((SELECT r.at FROM signature_record r WHERE r.subject = a.id AND r.kind = $2),
				CASE WHEN a.id <= (SELECT CAST(value AS BIGINT) FROM setting WHERE key = 'journal.awards') THEN a.issued_at ELSE 0 END)
			FROM award a WHERE a.public_id = $1 AND a.document IS NOT NULL`
	case strings.HasPrefix(id, s.BaseURL+"/status/"):
		query = `SELECT l.document, (SELECT coalesce(max(r.at), 0) FROM signature_record r WHERE r.subject = l.id AND r.kind = $2)
			FROM status_list l WHERE l.public_id = $1 AND l.document IS NOT NULL`
	default:
		return time.Time{}, nil
	}
	public, err := publicid.Parse(id[at+1:])
	if err != nil || signature == "" {
		return time.Time{}, nil
	}
	kind := keys.Credential
	if strings.Contains(query, "status_list") {
		kind = keys.StatusList
	}
	var document []byte
	var ms int64
	err = s.DB.Read(sqldb.ForInstallation(ctx), func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, query, public, string(kind)).Scan(&document, &ms)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	// A document is kept as it was signed, so its signature stands in it as it is.
	if err != nil || !bytes.Contains(document, []byte(`"`+signature+`"`)) {
		return time.Time{}, err
	}
	return sqldb.Time(ms), nil
}
