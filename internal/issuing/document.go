package issuing

import (
	"context"
	"fmt"
	"strconv"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/openbadge"
)

// request makes the award's credential and asks for its signature.
func (s *Service) request(to *subject, a *Award) (keys.Request, error) {
	// In the name in which the award was begun: its places are in lists of that.
	id, err := s.Orgs.IdentityAs(to.organisation, to.pen.Key, a.issuer)
	if err != nil {
		return keys.Request{}, err
	}
	plain, err := s.credential(to, id, a).Document()
	if err != nil {
		return keys.Request{}, fmt.Errorf("award %s would not be a valid Open Badge: %w", a.PublicID, err)
	}
	return to.pen.Request(keys.Credential, a.ID, id.DID, plain, s.Now()), nil
}

// credential builds the Open Badges 3.0 document of an award from its record
// alone, so that an interrupted award can be finished later.
func (s *Service) credential(to *subject, id org.Identity, a *Award) *openbadge.AchievementCredential {
	o := to.organisation
	about := openbadge.Subject{Identifier: []openbadge.IdentityObject{{
		Hashed: true, IdentityType: "emailAddress", Salt: a.Salt,
		IdentityHash: openbadge.HashIdentity(recipientKey(a.Recipient.Email), a.Salt),
	}}}
	if o.IncludeName {
		about.Identifier = append(about.Identifier, openbadge.IdentityObject{IdentityType: "name", IdentityHash: a.Recipient.Name})
	}
	if a.Details.Result != "" {
		about.Result = []openbadge.Result{{Value: a.Details.Result}}
	}
	var evidence []openbadge.Evidence
	if o.IncludeEvidence {
		about.Narrative = a.Details.Narrative
		for _, e := range a.Details.Evidence {
			evidence = append(evidence, openbadge.Evidence{ID: e.URL, Name: e.Name, Description: e.Description})
		}
	}
	c := openbadge.New(s.URL(a), s.Issuer(o, id), s.Achievement(to.version), about, a.ValidFrom)
	c.ValidUntil, c.Evidence = a.ValidUntil, evidence
	if !a.Trial {
		for i, purpose := range purposes {
			c.AddStatus(s.statusListURL(a.Status[i].List), purpose, strconv.FormatInt(a.Status[i].Index, 10))
		}
		c.SetRefresh(s.URL(a) + "/refresh")
	}
	return c
}

// signable returns a function that says whether an award of the organisation
// makes a valid Open Badge, before anything about it is recorded.
func (s *Service) signable(ctx context.Context, tx *sqldb.Tx, o *org.Organisation) (func(*badge.Version, *Award) error, error) {
	k, err := keys.Current(ctx, tx, o.ID)
	if err != nil {
		return nil, err
	}
	id, err := s.Orgs.Identity(o, k)
	if err != nil {
		return nil, err
	}
	return func(v *badge.Version, a *Award) error {
		if problems := openbadge.Validate(s.credential(&subject{organisation: o, version: v}, id, a)); len(problems) > 0 {
			err := openbadge.Problems(problems)
			return fault.Wrap(fault.Invalid, err, "This would not make a valid Open Badge: "+err.Error()+". Mend the badge, the organisation's profile or the entry.")
		}
		return nil
	}, nil
}

// Achievement describes a badge's version as Open Badges 3.0 has it.
func (s *Service) Achievement(v *badge.Version) openbadge.Achievement {
	a := openbadge.Achievement{
		ID: v.AchievementID(s.BaseURL), AchievementType: v.AchievementType, Name: v.Name, Description: v.Description,
		Criteria: openbadge.Criteria{ID: v.CriteriaURL, Narrative: v.Criteria},
		Tag:      v.Tags, InLanguage: v.Language, Version: strconv.FormatInt(v.Number, 10),
	}
	if v.PicturePNG != "" {
		a.Image = &openbadge.Image{ID: s.BaseURL + "/pictures/" + v.PicturePNG + ".png", Caption: v.PictureAlt}
	}
	return a
}

// Issuer describes an organisation as Open Badges 3.0 has it, under the given
// identity.
func (s *Service) Issuer(o *org.Organisation, id org.Identity) openbadge.Profile {
	p := openbadge.Profile{ID: id.DID, Name: o.Name, URL: o.Website, Email: o.Email, Description: o.Description}
	if logo := s.Orgs.LogoURL(o); logo != "" {
		p.Image = &openbadge.Image{ID: logo, Caption: o.LogoAlt}
	}
	if o.Country != "" {
		p.Address = &openbadge.Address{CountryCode: o.Country}
	}
	return p
}
