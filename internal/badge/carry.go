package badge

import (
	"context"

	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Carried is a badge on its way from one installation to another. Times are
// milliseconds since 1970, 0 for never.
type Carried struct {
	ID         string           `json:"id"`
	CreatedAt  int64            `json:"createdAt"`
	ArchivedAt int64            `json:"archivedAt,omitempty"`
	Versions   []CarriedVersion `json:"versions"`
}

// CarriedVersion is a version of a badge. Pictures are named by the SHA-256 of
// their content.
type CarriedVersion struct {
	Number          int64  `json:"number"`
	Name            string `json:"name"`
	Description     string `json:"description"`
	Criteria        string `json:"criteria"` // Markdown
	CriteriaURL     string `json:"criteriaUrl,omitempty"`
	AchievementType string `json:"achievementType"`
	Tags            string `json:"tags"` // JSON list
	Language        string `json:"language,omitempty"`
	Design          string `json:"design,omitempty"` // of the designer, JSON
	PictureSVG      string `json:"pictureSvg,omitempty"`
	PicturePNG      string `json:"picturePng,omitempty"`
	PictureAlt      string `json:"pictureAlt,omitempty"`
	CreatedAt       int64  `json:"createdAt"`
	UpdatedAt       int64  `json:"updatedAt"`
	PublishedAt     int64  `json:"publishedAt,omitempty"`
}

// CarryIn makes a badge with the ids that it had elsewhere, in the caller's
// transaction, and returns the keys of its versions by number.
func CarryIn(ctx context.Context, tx *sqldb.Tx, organisationID int64, c Carried) (map[int64]int64, error) {
	id, err := publicid.Parse(c.ID)
	if err != nil {
		return nil, err
	}
	var badge int64
	err = tx.QueryRow(ctx, `INSERT INTO badge (public_id, organisation_id, created_at, archived_at) VALUES ($1, $2, $3, $4) RETURNING id`,
		id, organisationID, c.CreatedAt, c.ArchivedAt).Scan(&badge)
	if err != nil {
		return nil, err
	}
	keys := map[int64]int64{}
	for _, v := range c.Versions {
		var key int64
		err := tx.QueryRow(ctx, `INSERT INTO badge_version (badge_id, number, name, description, criteria, criteria_url, achievement_type, tags, language,
				design, picture_svg, picture_png, picture_alt, created_at, updated_at, published_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) RETURNING id`,
			badge, v.Number, v.Name, v.Description, v.Criteria, v.CriteriaURL, v.AchievementType, v.Tags, v.Language,
			v.Design, v.PictureSVG, v.PicturePNG, v.PictureAlt, v.CreatedAt, v.UpdatedAt, v.PublishedAt).Scan(&key)
		if err != nil {
			return nil, err
		}
		keys[v.Number] = key
	}
	return keys, nil
}
