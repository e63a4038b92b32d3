package openbadge

import (
	"encoding/hex"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

var countryCode = regexp.MustCompile(`^[A-Z]{2}$`)

// Profile checks a profile, which may be nil.
func (v *Checker) Profile(path string, p *Profile) {
	if p == nil {
		return
	}
	v.Required(path+"/id", p.ID)
	v.IRI(path+"/id", p.ID)
	v.Image(path+"/image", p.Image)
	v.identifiers(path+"/otherIdentifier", p.OtherIdentifier)
	v.Profile(path+"/parentOrg", p.ParentOrg)
	v.Endorsements(path, p.Endorsement, p.EndorsementJWT, p.ID)
	if p.DateOfBirth != "" && !isDate(p.DateOfBirth) {
		v.Problems.Add(path+"/dateOfBirth", "The value must be a date such as 2001-12-24.")
	}
	if !v.Issuing {
		return
	}
	v.IRI(path+"/url", p.URL)
	if p.Email != "" && !strings.Contains(p.Email, "@") {
		v.Problems.Add(path+"/email", "The value must be a mail address.")
	}
	if a := p.Address; a != nil {
		v.address(path+"/address", a)
	}
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func (v *Checker) address(path string, a *Address) {
	if *a == (Address{}) {
		v.Problems.Add(path, "The address says nothing.")
	}
	if a.CountryCode != "" && !countryCode.MatchString(a.CountryCode) {
		v.Problems.Add(path+"/addressCountryCode", "The value must be a code of two letters such as DE.")
	}
	if g := a.Geo; g != nil && !(math.Abs(g.Latitude) <= 90 && math.Abs(g.Longitude) <= 180) {
		v.Problems.Add(path+"/geo", "The values must be degrees: latitude up to 90, longitude up to 180.")
	}
}

// Image checks a picture, which may be nil.
func (v *Checker) Image(path string, i *Image) {
	if i == nil {
		return
	}
	v.Required(path+"/id", i.ID)
	v.IRI(path+"/id", i.ID)
}

func (v *Checker) identifiers(path string, list []IdentifierEntry) {
	for i, e := range list {
		v.Required(item(path, i)+"/identifier", e.Identifier)
		v.Required(item(path, i)+"/identifierType", e.Type)
		v.word(item(path, i)+"/identifierType", e.Type, identityWords)
	}
}

func (v *Checker) subject(path string, s *Subject) {
	v.Recipient(path, s.ID, s.Identifier)
	v.Achievement(path+"/achievement", &s.Achievement)
	v.Image(path+"/image", s.Image)
	v.Profile(path+"/source", s.Source)
	v.number(path+"/creditsEarned", s.CreditsEarned)
	if !s.ActivityEndDate.IsZero() && s.ActivityEndDate.Before(s.ActivityStartDate) && v.Issuing {
		v.Problems.Add(path+"/activityEndDate", "The activity ends before it starts.")
	}
	for i, r := range s.Result {
		at := item(path+"/result", i)
		v.alignments(at+"/alignment", r.Alignment)
		if r.Status != "" && !slices.Contains(statusWords, r.Status) {
			v.Problems.Add(at+"/status", "The status %q is not one that the specification knows.", r.Status)
		}
	}
}

// Recipient checks how a subject is named: by an id, by identities, or both.
func (v *Checker) Recipient(path, id string, identities []IdentityObject) {
	v.IRI(path+"/id", id)
	if id == "" && len(identities) == 0 {
		v.Problems.Add(path, "The recipient is not named: the subject needs an id or an identifier.")
	}
	for i, o := range identities {
		v.identity(item(path+"/identifier", i), o)
	}
}

func (v *Checker) identity(path string, o IdentityObject) {
	v.Required(path+"/identityHash", o.IdentityHash)
	v.Required(path+"/identityType", o.IdentityType)
	v.word(path+"/identityType", o.IdentityType, identityWords)
	if !v.Issuing {
		return
	}
	switch {
	case !o.Hashed && (o.IdentityType == identityTypeMail || o.IdentityType == identityTypeNational):
		v.Problems.Add(path+"/hashed", "A mail address or national identity number must not be written in the clear.")
	case !o.Hashed && o.Salt != "":
		v.Problems.Add(path+"/salt", "Plain text has no salt.")
	case o.Hashed && len(o.Salt) < 32:
		v.Problems.Add(path+"/salt", "A hash needs a random salt of 128 bits, or it can be guessed.")
	case o.Hashed && !isSHA256(o.IdentityHash):
		v.Problems.Add(path+"/identityHash", "The value must be a salted SHA-256.")
	}
}

func isSHA256(s string) bool {
	digits, ok := strings.CutPrefix(s, "sha256$")
	sum, err := hex.DecodeString(digits)
	return ok && err == nil && len(sum) == 32
}
