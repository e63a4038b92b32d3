package account

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/input"
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
	// Scopes are the permissions that the token is for, as package org names
	// them. A person's own token can do no more than that person can.
	Scopes         []string
	CreatedBy      int64
	ServiceAccount int64 // the program that owns it; 0: it is its maker's own
	CreatedAt      time.Time
	ExpiresAt      time.Time // zero: never
	LastUsedAt     time.Time // zero: never used
	RevokedAt      time.Time // zero: in force
}

// NewToken is what a token is made from.
type NewToken struct {
	OrganisationID int64
	By             int64 // who makes it, and owns it unless a service account does
	ServiceAccount int64
	Name           string
	Scopes         []string
	Expires        time.Time // zero: never
}

// IssuingScopes are what a token for a system that awards badges needs.
func IssuingScopes() []string {
	return []string{"badge.view", "award.view", "award.issue", "award.withdraw"}
}

// CreateToken makes a person's own token with IssuingScopes. See MakeToken.
func (s *Service) CreateToken(ctx context.Context, organisationID, by int64, name string, expires time.Time) (string, *Token, error) {
	return s.MakeToken(ctx, NewToken{OrganisationID: organisationID, By: by, Name: name, Scopes: IssuingScopes(), Expires: expires})
}

// MakeToken makes a token for the organisation and returns its secret, which
// cannot be had again. Whether the maker may give the scopes away is for the
// caller to check.
func (s *Service) MakeToken(ctx context.Context, n NewToken) (string, *Token, error) {
	n.Name = strings.TrimSpace(n.Name)
	if l := utf8.RuneCountInString(n.Name); l == 0 || l > 100 || !input.Text(n.Name) {
		return "", nil, fault.Fields(fault.Field{Path: "name", Message: "Give the token a name that tells what uses it, up to 100 characters."})
	}
	if !n.Expires.IsZero() && !n.Expires.After(s.Now()) {
		return "", nil, fault.Fields(fault.Field{Path: "expires", Message: "Choose a day that is still to come."})
	}
	random, _ := NewSecret()
	secret := TokenPrefix + random
	t := &Token{PublicID: publicid.New(), OrganisationID: n.OrganisationID, Name: n.Name, Scopes: n.Scopes, CreatedBy: n.By,
		ServiceAccount: n.ServiceAccount, CreatedAt: s.Now(), ExpiresAt: n.Expires}
	err := s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		err := tx.QueryRow(ctx, `INSERT INTO api_token (public_id, organisation_id, name, secret_hash, scopes, created_by, service_account_id, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`, t.PublicID, t.OrganisationID, t.Name, HashSecret(secret),
			strings.Join(t.Scopes, " "), t.CreatedBy, t.ServiceAccount, sqldb.Millis(t.CreatedAt), sqldb.Millis(t.ExpiresAt)).Scan(&t.ID)
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{OrganisationID: t.OrganisationID, Action: "token.created", Subject: "api_token", SubjectID: t.ID,
			Data: map[string]string{"scopes": strings.Join(t.Scopes, ","), "service_account": strconv.FormatInt(t.ServiceAccount, 10)}})
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
		var token int64
		err := tx.QueryRow(ctx, `UPDATE api_token SET revoked_at = $1 WHERE organisation_id = $2 AND public_id = $3 AND revoked_at = 0 RETURNING id`,
			sqldb.Millis(s.Now()), organisationID, id).Scan(&token)
		if errors.Is(err, sqldb.ErrNoRows) {
			return fault.NotFoundf("There is no such token in force.")
		}
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{OrganisationID: organisationID, Action: "token.revoked", Subject: "api_token", SubjectID: token})
	})
}

// RevokeTokensOf ends, in the caller's transaction, the tokens that a person
// made for themselves in an organisation, or those of a service account.
func RevokeTokensOf(ctx context.Context, tx *sqldb.Tx, organisationID, person, serviceAccount int64, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE api_token SET revoked_at = $4 WHERE organisation_id = $1 AND service_account_id = $3
		AND (created_by = $2 OR $3 > 0) AND revoked_at = 0`, organisationID, person, serviceAccount, sqldb.Millis(at))
	return err
}

// TokenBySecret returns the token with this secret that is in force now, in the
// caller's transaction. It is a Forbidden fault when there is none.
func TokenBySecret(ctx context.Context, tx *sqldb.Tx, secret string, now time.Time) (*Token, error) {
	t, err := scanToken(tx.QueryRow(ctx, `SELECT `+tokenColumns+` FROM api_token
		WHERE secret_hash = $1 AND revoked_at = 0 AND (expires_at = 0 OR expires_at > $2)
			AND (service_account_id > 0 OR EXISTS (SELECT 1 FROM account a
				WHERE a.id = created_by AND a.disabled_at = 0 AND a.deleted_at = 0))`, HashSecret(secret), sqldb.Millis(now)))
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, fault.Forbiddenf("This API token is not in force. Make a new one in the console under Settings, API tokens.")
	}
	return t, err
}

// TokenUsed notes that a token was used, once a minute at most.
func (s *Service) TokenUsed(ctx context.Context, t *Token) error {
	now := s.Now()
	if now.Sub(t.LastUsedAt) <= time.Minute {
		return nil
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE api_token SET last_used_at = $1 WHERE id = $2`, sqldb.Millis(now), t.ID)
		return err
	})
}

const tokenColumns = `id, public_id, organisation_id, name, scopes, created_by, service_account_id, created_at, expires_at, last_used_at, revoked_at`

func scanToken(row interface{ Scan(...any) error }) (*Token, error) {
	var t Token
	var scopes string
	var created, expires, used, revoked int64
	err := row.Scan(&t.ID, &t.PublicID, &t.OrganisationID, &t.Name, &scopes, &t.CreatedBy, &t.ServiceAccount, &created, &expires, &used, &revoked)
	if err != nil {
		return nil, err
	}
	t.Scopes = strings.Fields(scopes)
	t.CreatedAt, t.ExpiresAt, t.LastUsedAt, t.RevokedAt = sqldb.Time(created), sqldb.Time(expires), sqldb.Time(used), sqldb.Time(revoked)
	return &t, nil
}
