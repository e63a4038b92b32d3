package account

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// TokenPrefix begins every API token, so that a leaked one can be recognised.
const TokenPrefix = "rndl_"

// Token is an API token: a key that lets a program act for an organisation.
// The secret itself is shown once and not kept.
type Token struct {
	ID             int64
	PublicID       publicid.ID
	OrganisationID int64
	Name           string
	CreatedBy      int64
	CreatedAt      time.Time
	ExpiresAt      time.Time // zero: never
	LastUsedAt     time.Time // zero: never used
	RevokedAt      time.Time // zero: in force
}

// CreateToken makes a token for the organisation and returns its secret, which
// cannot be had again. A zero expiry means that it does not expire.
func (s *Service) CreateToken(ctx context.Context, organisationID, by int64, name string, expires time.Time) (string, *Token, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > 100 {
		return "", nil, fault.Fields(fault.Field{Path: "name", Message: "Give the token a name that tells what uses it, up to 100 characters."})
	}
	if !expires.IsZero() && !expires.After(s.Now()) {
		return "", nil, fault.Fields(fault.Field{Path: "expires", Message: "Choose a day that is still to come."})
	}
	random, _ := newSecret()
	secret := TokenPrefix + random
	t := &Token{PublicID: publicid.New(), OrganisationID: organisationID, Name: name, CreatedBy: by, CreatedAt: s.Now(), ExpiresAt: expires}
	err := s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `INSERT INTO api_token (public_id, organisation_id, name, secret_hash, created_by, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`, t.PublicID, organisationID, name, hashSecret(secret), by,
			sqldb.Millis(t.CreatedAt), sqldb.Millis(expires)).Scan(&t.ID)
	})
	return secret, t, err
}

// Tokens lists the organisation's tokens, newest first, ended ones included.
func (s *Service) Tokens(ctx context.Context, organisationID int64) (list []*Token, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Token, error) { return scanToken(r) },
			`SELECT `+tokenColumns+` FROM api_token WHERE organisation_id = $1 ORDER BY id DESC`, organisationID)
		return err
	})
	return list, err
}

// RevokeToken ends a token at once.
func (s *Service) RevokeToken(ctx context.Context, organisationID int64, id publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE api_token SET revoked_at = $1 WHERE organisation_id = $2 AND public_id = $3 AND revoked_at = 0`,
			sqldb.Millis(s.Now()), organisationID, id)
		if err == nil && n == 0 {
			return fault.NotFoundf("There is no such token in force.")
		}
		return err
	})
}

// TokenBySecret returns the token in force with this secret and notes its use,
// to the minute. It is a Forbidden fault when there is none.
func (s *Service) TokenBySecret(ctx context.Context, secret string) (*Token, error) {
	now := s.Now()
	var t *Token
	err := s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		t, err = scanToken(tx.QueryRow(ctx, `SELECT `+tokenColumns+` FROM api_token
			WHERE secret_hash = $1 AND revoked_at = 0 AND (expires_at = 0 OR expires_at > $2)`, hashSecret(secret), sqldb.Millis(now)))
		return err
	})
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, fault.Forbiddenf("This API token is not in force. Make a new one in the console under Settings, API tokens.")
	}
	if err != nil {
		return nil, err
	}
	if now.Sub(t.LastUsedAt) > time.Minute {
		err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE api_token SET last_used_at = $1 WHERE id = $2`, sqldb.Millis(now), t.ID)
			return err
		})
	}
	return t, err
}

const tokenColumns = `id, public_id, organisation_id, name, created_by, created_at, expires_at, last_used_at, revoked_at`

func scanToken(row interface{ Scan(...any) error }) (*Token, error) {
	var t Token
	var created, expires, used, revoked int64
	err := row.Scan(&t.ID, &t.PublicID, &t.OrganisationID, &t.Name, &t.CreatedBy, &created, &expires, &used, &revoked)
	if err != nil {
		return nil, err
	}
	t.CreatedAt, t.ExpiresAt, t.LastUsedAt, t.RevokedAt = sqldb.Time(created), sqldb.Time(expires), sqldb.Time(used), sqldb.Time(revoked)
	return &t, nil
}
