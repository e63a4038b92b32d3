package badge

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/picture"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

var errNoBadge = fault.NotFoundf("There is no such badge.")

const badgeColumns = `b.id, b.public_id, b.organisation_id, b.department_id, b.created_at, b.archived_at,
	(SELECT count(*) FROM award a JOIN badge_version w ON w.id = a.badge_version_id WHERE w.badge_id = b.id AND a.issued_at > 0)`

const versionColumns = `v.id, v.badge_id, b.public_id, v.number, v.published_at, v.updated_at, v.name, v.description, v.criteria,
	v.criteria_url, v.achievement_type, v.tags, v.language, v.design, v.picture_svg, v.picture_png, v.picture_alt`

type scanner interface{ Scan(...any) error }

func scanBadge(row scanner) (*Badge, error) {
	var b Badge
	var created, archived int64
	err := row.Scan(&b.ID, &b.PublicID, &b.OrganisationID, &b.DepartmentID, &created, &archived, &b.Awards)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNoBadge
	}
	b.CreatedAt, b.ArchivedAt = sqldb.Time(created), sqldb.Time(archived)
	return &b, err
}

func scanVersion(row scanner, more ...any) (*Version, error) {
	var v Version
	var published, updated int64
	var tags, design string
	err := row.Scan(append([]any{&v.ID, &v.BadgeID, &v.BadgePublic, &v.Number, &published, &updated, &v.Name, &v.Description, &v.Criteria,
		&v.CriteriaURL, &v.AchievementType, &tags, &v.Language, &design, &v.PictureSVG, &v.PicturePNG, &v.PictureAlt}, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNoBadge
	}
	if err != nil {
		return nil, err
	}
	v.PublishedAt, v.UpdatedAt = sqldb.Time(published), sqldb.Time(updated)
	if err := json.Unmarshal([]byte(tags), &v.Tags); err != nil {
		return nil, err
	}
	if design != "" {
		v.Design = new(picture.Design)
		err = json.Unmarshal([]byte(design), v.Design)
	}
	return &v, err
}

func insertBadge(ctx context.Context, tx *sqldb.Tx, b *Badge) error {
	return tx.QueryRow(ctx, `INSERT INTO badge (public_id, organisation_id, department_id, created_at) VALUES ($1, $2, $3, $4) RETURNING id`,
		b.PublicID, b.OrganisationID, b.DepartmentID, sqldb.Millis(b.CreatedAt)).Scan(&b.ID)
}

func insertVersion(ctx context.Context, tx *sqldb.Tx, v *Version) error {
	design, err := encodeDesign(v.Design)
	if err != nil {
		return err
	}
	return tx.QueryRow(ctx, `INSERT INTO badge_version (badge_id, number, name, description, criteria, criteria_url, achievement_type,
			tags, language, design, picture_svg, picture_png, picture_alt, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14) RETURNING id`,
		v.BadgeID, v.Number, v.Name, v.Description, v.Criteria, v.CriteriaURL, v.AchievementType,
		encodeTags(v.Tags), v.Language, design, v.PictureSVG, v.PicturePNG, v.PictureAlt, sqldb.Millis(v.UpdatedAt)).Scan(&v.ID)
}

func updateDraft(ctx context.Context, tx *sqldb.Tx, v *Version) error {
	design, err := encodeDesign(v.Design)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE badge_version SET name = $2, description = $3, criteria = $4, criteria_url = $5, achievement_type = $6,
			tags = $7, language = $8, design = $9, picture_svg = $10, picture_png = $11, picture_alt = $12, updated_at = $13
		WHERE id = $1 AND published_at = 0`,
		v.ID, v.Name, v.Description, v.Criteria, v.CriteriaURL, v.AchievementType, encodeTags(v.Tags), v.Language, design,
		v.PictureSVG, v.PicturePNG, v.PictureAlt, sqldb.Millis(v.UpdatedAt))
	if err == nil && n == 0 {
		return fault.Conflictf("This version was published in the meantime and does not change any more.")
	}
	return err
}

func encodeDesign(d *picture.Design) (string, error) {
	if d == nil {
		return "", nil
	}
	b, err := json.Marshal(d)
	return string(b), err
}

func get(ctx context.Context, tx *sqldb.Tx, organisationID int64, id publicid.ID) (*Badge, error) {
	b, err := scanBadge(tx.QueryRow(ctx, `SELECT `+badgeColumns+` FROM badge b WHERE b.organisation_id = $1 AND b.public_id = $2`, organisationID, id))
	if err != nil {
		return nil, err
	}
	versions, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Version, error) { return scanVersion(r) },
		`SELECT `+versionColumns+` FROM badge_version v JOIN badge b ON b.id = v.badge_id WHERE v.badge_id = $1 ORDER BY v.number`, b.ID)
	for _, v := range versions {
		b.place(v)
	}
	return b, err
}

func listBadges(ctx context.Context, tx *sqldb.Tx, organisationID int64) ([]*Badge, error) {
	list, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Badge, error) { return scanBadge(r) },
		`SELECT `+badgeColumns+` FROM badge b WHERE b.organisation_id = $1 ORDER BY b.archived_at > 0, b.id DESC`, organisationID)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]*Badge, len(list))
	for _, b := range list {
		byID[b.ID] = b
	}
	versions, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Version, error) { return scanVersion(r) },
		`SELECT `+versionColumns+` FROM badge_version v JOIN badge b ON b.id = v.badge_id WHERE b.organisation_id = $1 ORDER BY v.number`, organisationID)
	for _, v := range versions {
		if b := byID[v.BadgeID]; b != nil {
			b.place(v)
		}
	}
	return list, err
}

// place takes the versions in the order of their numbers.
func (b *Badge) place(v *Version) {
	if v.PublishedAt.IsZero() {
		b.Draft = v
		return
	}
	b.Published = v
}

func publicVersion(ctx context.Context, tx *sqldb.Tx, id publicid.ID, number int64) (*Version, int64, error) {
	var organisationID int64
	v, err := scanVersion(tx.QueryRow(ctx, `SELECT `+versionColumns+`, b.organisation_id FROM badge_version v JOIN badge b ON b.id = v.badge_id
		WHERE b.public_id = $1 AND v.published_at > 0 AND ($2 = 0 OR v.number = $2) ORDER BY v.number DESC LIMIT 1`, id, number), &organisationID)
	return v, organisationID, err
}

// VersionByID returns a version by its key, in the caller's transaction.
func VersionByID(ctx context.Context, tx *sqldb.Tx, id int64) (*Version, error) {
	return scanVersion(tx.QueryRow(ctx, `SELECT `+versionColumns+` FROM badge_version v JOIN badge b ON b.id = v.badge_id WHERE v.id = $1`, id))
}

// Awardable returns the published version that is awarded now, in the caller's
// transaction. It is a fault when the badge has none or is archived.
func Awardable(ctx context.Context, tx *sqldb.Tx, organisationID int64, id publicid.ID) (*Version, error) {
	// Not all that is known of a badge, such as how often it was awarded: this
	// stands before every award.
	var archived int64
	v, err := scanVersion(tx.QueryRow(ctx, `SELECT `+versionColumns+`, b.archived_at FROM badge b JOIN badge_version v ON v.badge_id = b.id
		WHERE b.organisation_id = $1 AND b.public_id = $2 AND v.published_at > 0 ORDER BY v.number DESC LIMIT 1`, organisationID, id), &archived)
	switch {
	case errors.Is(err, errNoBadge):
		if _, err := get(ctx, tx, organisationID, id); err != nil {
			return nil, err
		}
		return nil, fault.Conflictf("This badge is still a draft. Publish it, then award it.")
	case err != nil:
		return nil, err
	case archived > 0:
		return nil, fault.Conflictf("This badge is archived. Bring it back, then award it.")
	}
	return v, nil
}
