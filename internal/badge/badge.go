// Package badge holds what can be earned: badges and their versions.
//
// A version is a draft until it is published and never changes after that:
// what a credential says it was awarded for stays what it was.
package badge

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/input"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/picture"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/openbadge"
)

// Badge is what can be earned.
type Badge struct {
	ID             int64
	PublicID       publicid.ID
	OrganisationID int64
	DepartmentID   int64 // 0: the whole organisation's
	CreatedAt      time.Time
	ArchivedAt     time.Time // zero while it can be awarded
	Published      *Version  // the newest published version, nil before the first
	Draft          *Version  // the version being worked on, nil when there is none
	Awards         int64     // how many were issued, over all versions
}

// Shown returns the version to show: the published one, else the draft.
func (b *Badge) Shown() *Version {
	if b.Published != nil {
		return b.Published
	}
	return b.Draft
}

// Version is one state of a badge.
type Version struct {
	ID          int64
	BadgeID     int64
	BadgePublic publicid.ID
	Number      int64
	PublishedAt time.Time // zero: draft
	UpdatedAt   time.Time
	Content
}

// Content is what people write about a badge.
type Content struct {
	Name            string
	Description     string
	Criteria        string // Markdown
	CriteriaURL     string
	AchievementType string // one of openbadge.AchievementTypes
	Tags            []string
	Language        string          // BCP 47, or ""
	Design          *picture.Design // what the picture was composed from; nil when it was uploaded
	PictureSVG      string          // blob key, or "" for an uploaded PNG
	PicturePNG      string          // blob key
	PictureAlt      string
}

// Service keeps badges.
type Service struct {
	DB    *sqldb.DB
	Blobs blob.Store
	Now   func() time.Time
}

// PictureSize is the width and height of the PNG made from a picture, in pixels.
const PictureSize = 512

// Picture is what a person chose as a badge's picture: a design, or an upload.
// When both are empty the picture stays as it is.
type Picture struct {
	Design *picture.Design
	Upload []byte // PNG or SVG
}

// Create makes a badge of the whole organisation with a first draft.
func (s *Service) Create(ctx context.Context, organisationID int64, c Content, p Picture) (*Badge, error) {
	return s.CreateIn(ctx, organisationID, publicid.ID{}, c, p)
}

// CreateIn makes a badge of a department with a first draft; the zero id stands
// for the whole organisation.
func (s *Service) CreateIn(ctx context.Context, organisationID int64, department publicid.ID, c Content, p Picture) (*Badge, error) {
	c, err := s.prepare(ctx, c, p)
	if err != nil {
		return nil, err
	}
	b := &Badge{PublicID: publicid.New(), OrganisationID: organisationID, CreatedAt: s.Now()}
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if b.DepartmentID, err = org.InOrganisation(ctx, tx, organisationID, department); err != nil {
			return err
		}
		if err := insertBadge(ctx, tx, b); err != nil {
			return err
		}
		b.Draft = &Version{BadgeID: b.ID, BadgePublic: b.PublicID, Number: 1, UpdatedAt: b.CreatedAt, Content: c}
		if err := insertVersion(ctx, tx, b.Draft); err != nil {
			return err
		}
		return record(ctx, tx, organisationID, "badge.created", b.ID, 1)
	})
	return b, err
}

// SaveDraft changes the badge's draft. When the badge has none, the change
// becomes the draft of the next version.
func (s *Service) SaveDraft(ctx context.Context, organisationID int64, id publicid.ID, c Content, p Picture) (*Badge, error) {
	old, err := s.Get(ctx, organisationID, id)
	if err != nil {
		return nil, err
	}
	if p.Design == nil && p.Upload == nil { // the picture stays
		last := old.Draft
		if last == nil {
			last = old.Published
		}
		c.Design, c.PictureSVG, c.PicturePNG = last.Design, last.PictureSVG, last.PicturePNG
	}
	c, err = s.prepare(ctx, c, p)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		b, err := get(ctx, tx, organisationID, id)
		if err != nil {
			return err
		}
		now := s.Now()
		if b.Draft != nil {
			b.Draft.Content, b.Draft.UpdatedAt = c, now
			if err := updateDraft(ctx, tx, b.Draft); err != nil {
				return err
			}
			return record(ctx, tx, organisationID, "badge.changed", b.ID, b.Draft.Number)
		}
		v := &Version{BadgeID: b.ID, Number: b.Published.Number + 1, UpdatedAt: now, Content: c}
		if err := insertVersion(ctx, tx, v); err != nil {
			return err
		}
		return record(ctx, tx, organisationID, "badge.changed", b.ID, v.Number)
	})
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, organisationID, id)
}

// DiscardDraft throws the draft of a published badge away.
func (s *Service) DiscardDraft(ctx context.Context, organisationID int64, id publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		b, err := get(ctx, tx, organisationID, id)
		if err != nil {
			return err
		}
		if b.Published == nil || b.Draft == nil {
			return fault.Conflictf("There is no draft beside a published version.")
		}
		if _, err = tx.Exec(ctx, `DELETE FROM badge_version WHERE id = $1 AND published_at = 0`, b.Draft.ID); err != nil {
			return err
		}
		return record(ctx, tx, organisationID, "badge.draft_discarded", b.ID, b.Draft.Number)
	})
}

// Publish makes the draft the version that is awarded from now on.
func (s *Service) Publish(ctx context.Context, organisationID int64, id publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		b, err := get(ctx, tx, organisationID, id)
		if err != nil {
			return err
		}
		if b.Draft == nil {
			return fault.Conflictf("This badge has no draft to publish.")
		}
		if err := fault.Fields(b.Draft.Lacks()...); err != nil {
			return err
		}
		o, err := org.ByID(ctx, tx, organisationID)
		if err != nil {
			return err
		}
		if err := o.MayUse(org.PublishBadges); err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, `UPDATE badge_version SET published_at = $2 WHERE id = $1 AND published_at = 0`, b.Draft.ID, sqldb.Millis(s.Now())); err != nil {
			return err
		}
		return record(ctx, tx, organisationID, "badge.published", b.ID, b.Draft.Number)
	})
}

// record tells the audit log what was done with a version of a badge.
func record(ctx context.Context, tx *sqldb.Tx, organisationID int64, action string, badge, version int64) error {
	return audit.Record(ctx, tx, audit.Entry{OrganisationID: organisationID, Action: action, Subject: "badge", SubjectID: badge,
		Data: map[string]string{"version": strconv.FormatInt(version, 10)}})
}

// Move makes a badge one of another department, or with the zero id one of the
// whole organisation.
func (s *Service) Move(ctx context.Context, organisationID int64, id, department publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		to, err := org.InOrganisation(ctx, tx, organisationID, department)
		if err != nil {
			return err
		}
		b, err := get(ctx, tx, organisationID, id)
		if err != nil || b.DepartmentID == to {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE badge SET department_id = $2 WHERE id = $1`, b.ID, to); err != nil {
			return err
		}
		return record(ctx, tx, organisationID, "badge.moved", b.ID, 0)
	})
}

// SetArchived takes the badge out of use, or brings it back. Badges already
// awarded stay what they are.
func (s *Service) SetArchived(ctx context.Context, organisationID int64, id publicid.ID, archived bool) error {
	var at int64
	if archived {
		at = sqldb.Millis(s.Now())
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		var key int64
		err := tx.QueryRow(ctx, `UPDATE badge SET archived_at = $3 WHERE organisation_id = $1 AND public_id = $2 RETURNING id`, organisationID, id, at).Scan(&key)
		if errors.Is(err, sqldb.ErrNoRows) {
			return errNoBadge
		}
		if err != nil {
			return err
		}
		action := "badge.archived"
		if !archived {
			action = "badge.restored"
		}
		return audit.Record(ctx, tx, audit.Entry{OrganisationID: organisationID, Action: action, Subject: "badge", SubjectID: key})
	})
}

// Get returns a badge of the organisation.
func (s *Service) Get(ctx context.Context, organisationID int64, id publicid.ID) (b *Badge, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { b, err = get(ctx, tx, organisationID, id); return err })
	return b, err
}

// List returns the organisation's badges, newest first; archived ones last.
func (s *Service) List(ctx context.Context, organisationID int64) (list []*Badge, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { list, err = listBadges(ctx, tx, organisationID); return err })
	return list, err
}

// PublicVersion returns a published version of any organisation's badge, and
// the organisation's key. Number 0 asks for the newest.
func (s *Service) PublicVersion(ctx context.Context, id publicid.ID, number int64) (v *Version, organisationID int64, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		v, organisationID, err = publicVersion(ctx, tx, id, number)
		return err
	})
	return v, organisationID, err
}

// AchievementID returns the permanent address of the version below base, the
// public address of the installation.
func (v *Version) AchievementID(base string) string {
	return base + "/badges/" + v.BadgePublic.String() + "/" + strconv.FormatInt(v.Number, 10)
}

// prepare checks the content and stores its picture.
func (s *Service) prepare(ctx context.Context, c Content, p Picture) (Content, error) {
	c, wrong := c.normalise()
	var svg, png []byte
	var err error
	switch {
	case p.Upload != nil:
		var media string
		media, clean, e := picture.Accept(p.Upload)
		if e != nil {
			wrong = append(wrong, fault.Field{Path: "picture", Message: fault.Message(e)})
			break
		}
		c.Design, c.PictureSVG, c.PicturePNG = nil, "", ""
		if png = clean; media == "image/svg+xml" {
			svg = clean
			if png, err = picture.RasterizeSVG(svg, PictureSize); err != nil {
				return c, err
			}
		}
	case p.Design != nil:
		if f := p.Design.Validate(); len(f) > 0 {
			wrong = append(wrong, f...)
			break
		}
		c.Design = p.Design
		if svg, err = picture.Compose(*p.Design); err != nil {
			return c, err
		}
		if png, err = picture.RasterizeSVG(svg, PictureSize); err != nil {
			return c, err
		}
	}
	if err := fault.Fields(wrong...); err != nil {
		return c, err
	}
	if svg != nil {
		if c.PictureSVG, err = s.Blobs.Put(ctx, svg); err != nil {
			return c, err
		}
	}
	if png != nil {
		c.PicturePNG, err = s.Blobs.Put(ctx, png)
	}
	return c, err
}

// normalise trims what was entered and names the fields that cannot be used.
// A draft may be incomplete, but what it holds must be usable.
func (c Content) normalise() (Content, []fault.Field) {
	var wrong []fault.Field
	bad := func(path, message string) { wrong = append(wrong, fault.Field{Path: path, Message: message}) }
	c.Description, c.Criteria = strings.TrimSpace(c.Description), strings.TrimSpace(c.Criteria)
	c.CriteriaURL, c.PictureAlt, c.Language = strings.TrimSpace(c.CriteriaURL), strings.TrimSpace(c.PictureAlt), strings.TrimSpace(c.Language)
	var ok bool
	if c.Name, ok = input.Line(c.Name, 200); !ok {
		bad("name", "Give the badge a readable name, up to 200 characters.")
	}
	if utf8.RuneCountInString(c.Description) > 2000 || !input.Text(c.Description) {
		bad("description", "Use 2,000 readable characters or fewer.")
	}
	if len(c.Criteria) > 20000 || !input.Text(c.Criteria) {
		bad("criteria", "Use 20,000 readable characters or fewer.")
	}
	if c.CriteriaURL != "" && !input.WebAddress(c.CriteriaURL) {
		bad("criteria_url", "Enter a complete web address without spaces, such as https://www.example.org/criteria, or leave it empty.")
	}
	if c.AchievementType != "" && !slices.Contains(openbadge.AchievementTypes(), c.AchievementType) {
		bad("achievement_type", "Choose a kind from the list.")
	}
	if utf8.RuneCountInString(c.PictureAlt) > 300 || !input.Text(c.PictureAlt) {
		bad("picture_alt", "Use 300 readable characters or fewer.")
	}
	var tags []string
	for _, t := range c.Tags {
		t = strings.Join(strings.Fields(t), " ")
		if t != "" && !slices.ContainsFunc(tags, func(have string) bool { return strings.EqualFold(have, t) }) {
			tags = append(tags, t)
		}
		if utf8.RuneCountInString(t) > 80 || !input.Text(t) {
			bad("tags", "Keep each tag to 80 readable characters; separate tags with commas.")
			break
		}
	}
	if c.Tags = tags; len(tags) > 20 {
		bad("tags", "Use 20 tags or fewer.")
	}
	return c, wrong
}

// Lacks names what has to be added before the content can be published.
func (c Content) Lacks() []fault.Field {
	var wrong []fault.Field
	need := func(ok bool, path, message string) {
		if !ok {
			wrong = append(wrong, fault.Field{Path: path, Message: message})
		}
	}
	need(c.Description != "", "description", "Say in a sentence or two what somebody with this badge knows or can do.")
	need(c.Criteria != "" || c.CriteriaURL != "", "criteria", "Say what somebody has to do to earn it.")
	need(c.AchievementType != "", "achievement_type", "Choose what kind of achievement it is.")
	need(c.PicturePNG != "", "picture", "Make a picture, or upload one.")
	need(c.PictureAlt != "", "picture_alt", "Describe the picture in a few words, for people who cannot see it.")
	return wrong
}

func encodeTags(tags []string) string {
	if tags == nil {
		tags = []string{}
	}
	b, _ := json.Marshal(tags) // strings always encode
	return string(b)
}

// VersionByID returns a version by its key.
func (s *Service) VersionByID(ctx context.Context, id int64) (v *Version, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { v, err = VersionByID(ctx, tx, id); return err })
	return v, err
}
