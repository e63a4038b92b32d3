package issuing

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/openbadge"
)

// sign makes the award's credential and secures it.
func (s *Service) sign(to *subject, a *Award) ([]byte, error) {
	c := s.credential(to, a)
	if problems := openbadge.Validate(c); len(problems) > 0 {
		return nil, fmt.Errorf("award %s would not be a valid Open Badge: %v", a.PublicID, problems)
	}
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return to.signer.Secure(plain, to.identity.Method, s.Now())
}

// credential builds the Open Badges 3.0 document of an award from its record
// alone, so that an interrupted award can be finished later.
func (s *Service) credential(to *subject, a *Award) *openbadge.AchievementCredential {
	o, v := to.organisation, to.version
	c := openbadge.New(s.URL(a))
	c.Name = v.Name
	c.Issuer = s.Issuer(o, to.identity)
	c.ValidFrom, c.ValidUntil = a.ValidFrom, a.ValidUntil
	c.Subject = openbadge.Subject{
		Identifier: []openbadge.IdentityObject{{
			Hashed: true, IdentityType: "emailAddress", Salt: a.Salt,
			IdentityHash: openbadge.HashIdentity(recipientKey(a.Recipient.Email), a.Salt),
		}},
		Achievement: s.Achievement(v),
	}
	if a.Details.Result != "" {
		c.Subject.Result = []openbadge.Result{{Value: a.Details.Result}}
	}
	if o.IncludeName {
		c.Subject.Identifier = append(c.Subject.Identifier, openbadge.IdentityObject{
			IdentityType: "name", IdentityHash: a.Recipient.Name,
		})
	}
	if o.IncludeEvidence {
		c.Subject.Narrative = a.Details.Narrative
		for _, e := range a.Details.Evidence {
			c.Evidence = append(c.Evidence, openbadge.Evidence{ID: e.URL, Name: e.Name, Description: e.Description})
		}
	}
	c.Schema = []openbadge.SchemaRef{{ID: openbadge.SchemaID, Type: openbadge.SchemaType}}
	if !a.Trial {
		s.addStatus(c, a)
	}
	return c
}

// addStatus says where others see whether the award still stands.
func (s *Service) addStatus(c *openbadge.AchievementCredential, a *Award) {
	for i, purpose := range purposes {
		list, index := s.statusListURL(a.Status[i].List), strconv.FormatInt(a.Status[i].Index, 10)
		c.Status = append(c.Status, openbadge.StatusEntry{
			ID: list + "#" + index, Type: openbadge.StatusType, Purpose: purpose, Index: index, ListCredential: list,
		})
	}
	c.Refresh = &openbadge.Refresh{ID: s.URL(a) + "/refresh", Type: openbadge.RefreshType}
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
