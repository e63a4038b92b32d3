package fsck

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/sqldb"
)

// journal compares the journal of signatures with what was issued: every signed
// award has one record, of exactly its document, and so has every attestation;
// the list that is published is the one that was signed last; and no record is
// of something that is not there. What was signed before there was a journal may
// lack its record.
func (c *Checker) journal(ctx context.Context, r *Report) error {
	for _, step := range []func(context.Context, *Report) error{c.journalOfAwards, c.journalOfLists, c.journalOfAttestations, c.journalAlone} {
		if err := step(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// signature is a document with its record.
type signature struct {
	id       int64
	document []byte
	digest   []byte // of the record; nil when there is none
}

// recorded says what is wrong with signatures, page by page. excused are ids up
// to which a record may be missing. query takes the last id and returns at most
// 500 rows of id, document and digest, in the order of ids.
func (c *Checker) recorded(ctx context.Context, r *Report, what string, excused int64, query string, args ...any) error {
	for after := int64(0); ; {
		var page []signature
		err := c.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
			page, err = sqldb.Collect(ctx, tx, func(rows *sql.Rows) (s signature, err error) {
				return s, rows.Scan(&s.id, &s.document, &s.digest)
			}, query, append([]any{after}, args...)...)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, s := range page {
			sum := sha256.Sum256(signedPart(s.document))
			switch {
			case s.digest == nil && s.id > excused:
				r.wrong("%s %d was signed, but the journal has no record of it", what, s.id)
			case s.digest != nil && len(s.document) > 0 && !bytes.Equal(sum[:], s.digest):
				r.wrong("%s %d is not the document that the journal says was signed", what, s.id)
			}
		}
		after = page[len(page)-1].id
	}
}

// signedPart returns what was signed of a document: the token inside of an
// EnvelopedVerifiableCredential, and else the document.
func signedPart(document []byte) []byte {
	var envelope struct{ ID, Type string }
	if bytes.Contains(document, []byte("EnvelopedVerifiableCredential")) && json.Unmarshal(document, &envelope) == nil && envelope.Type == "EnvelopedVerifiableCredential" {
		if _, token, ok := strings.Cut(envelope.ID, ","); ok {
			return []byte(token)
		}
	}
	return document
}

// excused returns up to which id the records of something may be missing.
func (c *Checker) excused(ctx context.Context, setting string) (id int64, err error) {
	var text string
	err = c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT coalesce((SELECT value FROM setting WHERE key = $1), '0')`, setting).Scan(&text)
	})
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

func (c *Checker) journalOfAwards(ctx context.Context, r *Report) error {
	excused, err := c.excused(ctx, "journal.awards")
	if err != nil {
		return err
	}
	return c.recorded(ctx, r, "award", excused, `SELECT a.id, a.document, s.digest
		FROM award a LEFT JOIN signature_record s ON s.subject = a.id AND s.kind = $2 AND s.organisation_id = a.organisation_id
		WHERE a.document IS NOT NULL AND a.erased_at = 0 AND a.id > $1 ORDER BY a.id LIMIT 500`, string(keys.Credential))
}

// journalOfLists: a list is signed again and again; what is published was the
// last. One without a time of signing waits to be made anew.
func (c *Checker) journalOfLists(ctx context.Context, r *Report) error {
	for _, list := range []struct{ what, table, kind string }{
		{"status list", "status_list", string(keys.StatusList)}, {"status list of the installation's issuers", "attestation_list", string(keys.AttestationList)},
	} {
		err := c.recorded(ctx, r, list.what, 0, `SELECT l.id, l.document, s.digest FROM `+list.table+` l
			LEFT JOIN signature_record s ON s.id = (SELECT max(m.id) FROM signature_record m WHERE m.subject = l.id AND m.kind = $2)
			WHERE l.document IS NOT NULL AND l.signed_at > 0 AND l.id > $1 ORDER BY l.id LIMIT 500`, list.kind)
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Checker) journalOfAttestations(ctx context.Context, r *Report) error {
	excused, err := c.excused(ctx, "journal.attestations")
	if err != nil {
		return err
	}
	return c.recorded(ctx, r, "attestation", excused, `SELECT a.id, a.document, s.digest
		FROM attestation a LEFT JOIN signature_record s ON s.subject = a.id AND s.kind = $2 AND s.issuer_key_id = a.issuer_key_id
		WHERE a.signed_at > 0 AND a.id > $1 ORDER BY a.id LIMIT 500`, string(keys.Attestation))
}

// journalAlone finds records of what is not there.
func (c *Checker) journalAlone(ctx context.Context, r *Report) error {
	return c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		for _, query := range []string{
			`SELECT 'the journal says that award ' || s.subject || ' was signed, and there is no such signed award' FROM signature_record s
				LEFT JOIN award a ON a.id = s.subject AND a.issued_at > 0 AND a.organisation_id = s.organisation_id WHERE s.kind = 'credential' AND a.id IS NULL`,
			`SELECT 'the journal says that attestation ' || s.subject || ' was signed, and there is no such one' FROM signature_record s
				LEFT JOIN attestation a ON a.id = s.subject AND a.signed_at > 0 WHERE s.kind = 'attestation' AND a.id IS NULL`,
			`SELECT 'the journal says that status list ' || s.subject || ' was signed, and there is no such list' FROM signature_record s
				LEFT JOIN status_list l ON l.id = s.subject WHERE s.kind = 'list' AND l.id IS NULL`,
			`SELECT 'the journal says that status list ' || s.subject || ' of the installation''s issuers was signed, and there is no such list' FROM signature_record s
				LEFT JOIN attestation_list l ON l.id = s.subject WHERE s.kind = 'attestation_list' AND l.id IS NULL`,
			`SELECT 'the journal has a signature of key ' || k.id || ' from a time when it did not sign' FROM signing_key k
				WHERE EXISTS (SELECT 1 FROM signature_record s WHERE s.signing_key_id = k.id AND (k.activated_at = 0 OR k.retired_at > 0 AND s.at >= k.retired_at))`,
		} {
			found, err := sqldb.Collect(ctx, tx, scanText, query)
			if err != nil {
				return err
			}
			r.Problems = append(r.Problems, found...)
		}
		return nil
	})
}
