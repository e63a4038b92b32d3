package org

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/roundel/roundel/internal/sqldb"
)

const columns = `id, public_id, slug, name, website, email, description, country, linkedin_id, accent, logo_key, logo_alt,
	is_sample, second_factor_required, include_name, include_evidence, lawful_basis, organisation.created_at,
	state, state_reason, decided_at, organisation.suspended_at, suspension_reason, stopped_at, stop_reason,
	coalesce((SELECT d.domain FROM organisation_domain d WHERE d.organisation_id = organisation.id AND d.proven_at > 0 ORDER BY d.id LIMIT 1), '')`

func scan(row interface{ Scan(...any) error }) (*Organisation, error) { return scanWith(row) }

// scanWith reads the organisation's columns and then whatever the query adds.
func scanWith(row interface{ Scan(...any) error }, more ...any) (*Organisation, error) {
	var o Organisation
	var created, decided, suspended, stopped int64
	err := row.Scan(append([]any{&o.ID, &o.PublicID, &o.Slug, &o.Name, &o.Website, &o.Email, &o.Description, &o.Country,
		&o.LinkedInID, &o.Accent, &o.LogoKey, &o.LogoAlt, &o.IsSample, &o.SecondFactor, &o.IncludeName, &o.IncludeEvidence, &o.LawfulBasis, &created,
		&o.State, &o.StateReason, &decided, &suspended, &o.SuspensionReason, &stopped, &o.StopReason, &o.Domain}, more...)...)
	if isNoRows(err) {
		return nil, errNoOrganisation
	}
	o.CreatedAt, o.DecidedAt = sqldb.Time(created), sqldb.Time(decided)
	o.SuspendedAt, o.StoppedAt = sqldb.Time(suspended), sqldb.Time(stopped)
	return &o, err
}

// ByID returns the organisation with this key, in the caller's transaction.
func ByID(ctx context.Context, tx *sqldb.Tx, id int64) (*Organisation, error) {
	return scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM organisation WHERE id = $1`, id))
}

func insert(ctx context.Context, tx *sqldb.Tx, o *Organisation) error {
	return tx.QueryRow(ctx, `INSERT INTO organisation (public_id, slug, name, website, email, description, country, linkedin_id,
			accent, logo_key, logo_alt, is_sample, state, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id`,
		o.PublicID, o.Slug, o.Name, o.Website, o.Email, o.Description, o.Country, o.LinkedInID,
		o.Accent, o.LogoKey, o.LogoAlt, o.IsSample, string(o.State), sqldb.Millis(o.CreatedAt)).Scan(&o.ID)
}

func update(ctx context.Context, tx *sqldb.Tx, id int64, p Profile) error {
	n, err := tx.Exec(ctx, `UPDATE organisation SET name = $2, website = $3, email = $4, description = $5, country = $6,
			linkedin_id = $7, accent = $8, logo_key = $9, logo_alt = $10 WHERE id = $1`,
		id, p.Name, p.Website, p.Email, p.Description, p.Country, p.LinkedInID, p.Accent, p.LogoKey, p.LogoAlt)
	if err == nil && n == 0 {
		return errNoOrganisation
	}
	return err
}

// reserved are the console's own addresses beside those of organisations.
var reserved = []string{"new", "sample", "organisations"}

// slugForm is what slugify makes, with or without freeSlug's number.
var slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// maxSlug bounds a slug: that of slugify, and a number.
const maxSlug = 64

// isSlug reports whether an organisation may have this part of the address.
func isSlug(slug string) bool {
	return len(slug) <= maxSlug && slugForm.MatchString(slug) && !slices.Contains(reserved, slug)
}

// freeSlug returns the name's slug, with a number behind it when it is taken.
func freeSlug(ctx context.Context, tx *sqldb.Tx, name string) (string, error) {
	slug := slugify(name)
	for n := 2; ; n++ {
		var taken int64
		err := tx.QueryRow(ctx, `SELECT count(*) FROM organisation WHERE slug = $1`, slug).Scan(&taken)
		if err != nil || (taken == 0 && !slices.Contains(reserved, slug)) {
			return slug, err
		}
		slug = fmt.Sprintf("%s-%d", slugify(name), n)
	}
}
