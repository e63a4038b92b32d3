// Package sample makes a finished example: a university that does not exist,
// with badges that could, so that a newcomer sees within seconds what the
// platform is for.
package sample

import (
	"context"
	"fmt"
	"time"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/picture"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Service makes sample organisations.
type Service struct {
	Orgs    *org.Service
	Badges  *badge.Service
	Issuing *issuing.Service
	Blobs   blob.Store
	Now     func() time.Time
}

// Create makes a sample organisation that the person owns, with three
// published badges and some awards of them. Everything in it is a trial: signed
// by a key that names only itself, and mailed to nobody. Whoever calls makes
// sure that a person has one sample at most.
func (s *Service) Create(ctx context.Context, accountID int64) (*org.Organisation, error) {
	profile := university
	key, err := s.logo(ctx)
	if err != nil {
		return nil, err
	}
	profile.LogoKey = key
	o, err := s.Orgs.CreateSample(ctx, accountID, profile)
	if err != nil {
		return nil, fmt.Errorf("sample organisation: %w", err)
	}
	if err := s.Orgs.SetDisclosure(ctx, o.ID, disclosure); err != nil {
		return nil, fmt.Errorf("sample disclosure: %w", err)
	}
	made := make([]publicid.ID, len(badges))
	for i := len(badges) - 1; i >= 0; i-- { // lists show the newest first
		if made[i], err = s.publish(ctx, o.ID, badges[i]); err != nil {
			return nil, fmt.Errorf("sample badge %q: %w", badges[i].content.Name, err)
		}
	}
	for _, a := range awards {
		if err := s.award(ctx, o.ID, accountID, made[a.badge], a); err != nil {
			return nil, fmt.Errorf("sample award to %s: %w", a.name, err)
		}
	}
	return s.Orgs.ByID(ctx, o.ID)
}

// logo draws the university's logo and returns its key.
func (s *Service) logo(ctx context.Context) (string, error) {
	svg, err := picture.Compose(logo)
	if err != nil {
		return "", fmt.Errorf("sample logo: %w", err)
	}
	png, err := picture.RasterizeSVG(svg, badge.PictureSize)
	if err != nil {
		return "", fmt.Errorf("sample logo: %w", err)
	}
	return s.Blobs.Put(ctx, png)
}

func (s *Service) publish(ctx context.Context, organisationID int64, b sampleBadge) (publicid.ID, error) {
	made, err := s.Badges.Create(ctx, organisationID, b.content, badge.Picture{Design: &b.design})
	if err != nil {
		return publicid.ID{}, err
	}
	return made.PublicID, s.Badges.Publish(ctx, organisationID, made.PublicID)
}

func (s *Service) award(ctx context.Context, organisationID, by int64, badgeID publicid.ID, w sampleAward) error {
	from := s.Now().AddDate(0, 0, -w.daysAgo)
	r := issuing.Request{
		Badge: badgeID, Recipient: issuing.Recipient{Name: w.name, Email: w.email}, ValidFrom: from, Details: w.details,
	}
	if w.years > 0 {
		r.ValidUntil = from.AddDate(w.years, 0, 0)
	}
	a, err := s.Issuing.Issue(ctx, organisationID, by, r, issuing.Retry{})
	if err != nil || w.answer == waiting {
		return err
	}
	return s.Issuing.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := issuing.SetClaim(ctx, tx, a, issuing.Accepted, s.Now()); err != nil || w.answer == accepted {
			return err
		}
		return issuing.SetPublished(ctx, tx, a, true, s.Now())
	})
}
