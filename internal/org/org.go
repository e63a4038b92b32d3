// Package org holds organisations: who issues, with which public face and
// identity, and who may act for them.
package org

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/fetch"
	"github.com/roundel/roundel/internal/input"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Organisation is who issues badges.
type Organisation struct {
	ID           int64
	PublicID     publicid.ID
	Slug         string // its part of public addresses; never changes, for the identity depends on it
	CreatedAt    time.Time
	IsSample     bool   // made by "try it with a sample organisation"
	SecondFactor bool   // members need a session with two factors
	Domain       string // its own, proven; "" while none is
	Profile
	Disclosure
	Standing
}

// Profile is the public face of an organisation.
type Profile struct {
	Name        string
	Website     string // https address
	Email       string // contact, public
	Description string
	Country     string // ISO 3166-1 alpha-2
	LinkedInID  string // the number of its LinkedIn company page
	Accent      string // #rrggbb, or "" for the platform's own
	LogoKey     string // blob of a PNG, or ""
	LogoAlt     string
}

// Disclosure says what enters signed documents beyond the hashed address.
type Disclosure struct {
	IncludeName     bool
	IncludeEvidence bool
	LawfulBasis     string // noted by the issuer, required when anything is included
}

// Service keeps organisations.
type Service struct {
	DB      *sqldb.DB
	Keys    *keys.Ring
	Blobs   blob.Store
	Now     func() time.Time
	BaseURL string // public address of the installation, without a trailing slash

	// For mails; without Texts none is written.
	Texts *locale.Printer
	Site  string                     // what the installation is called
	Seal  func(secret string) []byte // encrypts a mail's secret for the outbox

	// For the proof of domains.
	LookupTXT func(ctx context.Context, name string) ([]string, error)
	Fetch     *fetch.Client
}

// Create makes an organisation with the person as its owner, and its signing
// key.
func (s *Service) Create(ctx context.Context, ownerID int64, p Profile) (*Organisation, error) {
	return s.create(ctx, ownerID, p, false)
}

// CreateSample makes an organisation that only shows how things look: what it
// awards are trials, always.
func (s *Service) CreateSample(ctx context.Context, ownerID int64, p Profile) (*Organisation, error) {
	return s.create(ctx, ownerID, p, true)
}

func (s *Service) create(ctx context.Context, ownerID int64, p Profile, sample bool) (*Organisation, error) {
	p, err := p.normalise()
	if err != nil {
		return nil, err
	}
	o := &Organisation{PublicID: publicid.New(), CreatedAt: s.Now(), IsSample: sample, Profile: p}
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if o.State, err = firstState(ctx, tx, ownerID, sample); err != nil {
			return err
		}
		if o.Slug, err = freeSlug(ctx, tx, p.Name); err != nil {
			return err
		}
		if err := insert(ctx, tx, o); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO member (organisation_id, account_id, role, created_at) VALUES ($1, $2, $3, $4)`,
			o.ID, ownerID, RoleOwner, sqldb.Millis(o.CreatedAt)); err != nil {
			return err
		}
		if _, err := s.Keys.Create(ctx, tx, o.ID, o.PublicID); err != nil {
			return err
		}
		return record(ctx, tx, o.ID, "organisation.created", "organisation", o.ID, map[string]string{
			"state": string(o.State), "owner": strconv.FormatInt(ownerID, 10)})
	})
	return o, err
}

// Update changes the public face. Credentials already issued keep what they
// were signed with.
func (s *Service) Update(ctx context.Context, id int64, p Profile) error {
	p, err := p.normalise()
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := update(ctx, tx, id, p); err != nil {
			return err
		}
		return record(ctx, tx, id, "organisation.changed", "organisation", id, nil)
	})
}

// SetDisclosure changes what later documents will hold.
func (s *Service) SetDisclosure(ctx context.Context, id int64, d Disclosure) error {
	d, err := d.normalise()
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE organisation SET include_name = $1, include_evidence = $2, lawful_basis = $3 WHERE id = $4`,
			d.IncludeName, d.IncludeEvidence, d.LawfulBasis, id)
		if err != nil {
			return err
		}
		return record(ctx, tx, id, "disclosure.changed", "organisation", id, map[string]string{
			"name": strconv.FormatBool(d.IncludeName), "evidence": strconv.FormatBool(d.IncludeEvidence)})
	})
}

// ByID returns the organisation with this key.
func (s *Service) ByID(ctx context.Context, id int64) (o *Organisation, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { o, err = ByID(ctx, tx, id); return err })
	return o, err
}

// PublicBySlug returns the organisation with this part of the address, if it has
// public pages.
func (s *Service) PublicBySlug(ctx context.Context, slug string) (*Organisation, error) {
	o, err := s.BySlug(ctx, slug)
	if err == nil && !o.Public() {
		return nil, errNoOrganisation
	}
	return o, err
}

// BySlug returns the organisation with this part of the address.
func (s *Service) BySlug(ctx context.Context, slug string) (o *Organisation, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		o, err = scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM organisation WHERE slug = $1`, slug))
		return err
	})
	return o, err
}

var (
	countryForm  = regexp.MustCompile(`^[A-Z]{2}$`)
	linkedInForm = regexp.MustCompile(`^[0-9]{1,12}$`)
	accentForm   = regexp.MustCompile(`^#[0-9a-f]{6}$`)
)

func (p Profile) normalise() (Profile, error) {
	p.Website, p.Email = strings.TrimSpace(p.Website), strings.TrimSpace(p.Email)
	p.Description, p.Country = strings.TrimSpace(p.Description), strings.ToUpper(strings.TrimSpace(p.Country))
	p.LinkedInID, p.Accent, p.LogoAlt = strings.TrimSpace(p.LinkedInID), strings.ToLower(strings.TrimSpace(p.Accent)), strings.TrimSpace(p.LogoAlt)
	var wrong []fault.Field
	bad := func(path, message string) { wrong = append(wrong, fault.Field{Path: path, Message: message}) }
	var ok bool
	if p.Name, ok = input.Line(p.Name, 200); !ok {
		bad("name", "Enter the organisation's name in letters, up to 200 characters.")
	}
	if p.Website != "" && !strings.Contains(p.Website, "://") {
		p.Website = "https://" + p.Website
	}
	if !input.WebAddress(p.Website) {
		bad("website", "Enter the address of the organisation's website, for example https://www.example.org.")
	}
	if _, err := account.AddressKey(p.Email); err != nil {
		bad("email", "Enter an e-mail address at which holders and employers can reach the organisation.")
	}
	if utf8.RuneCountInString(p.Description) > 2000 || !input.Text(p.Description) {
		bad("description", "Use 2,000 readable characters or fewer.")
	}
	if p.Country != "" && !countryForm.MatchString(p.Country) {
		bad("country", "Choose a country from the list.")
	}
	if p.LinkedInID != "" && !linkedInForm.MatchString(p.LinkedInID) {
		bad("linkedin_id", "Enter only the number of the LinkedIn company page, for example 1337.")
	}
	if p.Accent != "" && !accentForm.MatchString(p.Accent) {
		bad("accent", "Enter a colour such as #2a4fd0.")
	}
	if utf8.RuneCountInString(p.LogoAlt) > 300 || !input.Text(p.LogoAlt) {
		bad("logo_alt", "Use 300 readable characters or fewer.")
	}
	return p, fault.Fields(wrong...)
}

func (d Disclosure) normalise() (Disclosure, error) {
	d.LawfulBasis = strings.TrimSpace(d.LawfulBasis)
	if (d.IncludeName || d.IncludeEvidence) && d.LawfulBasis == "" {
		return d, fault.Fields(fault.Field{Path: "lawful_basis", Message: "Note the lawful basis, for example “consent given at enrolment” or “public task under the university act”."})
	}
	if utf8.RuneCountInString(d.LawfulBasis) > 500 {
		return d, fault.Fields(fault.Field{Path: "lawful_basis", Message: "Use 500 characters or fewer."})
	}
	return d, nil
}

// slugify turns a name into its part of an address: "Universität Köln" becomes
// "universitat-koln". A name without Latin letters becomes "organisation".
func slugify(name string) string {
	plain, _, err := transform.String(transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn))), name)
	if err != nil {
		plain = name
	}
	var b strings.Builder
	for _, r := range strings.ToLower(plain) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 48 {
			break
		}
	}
	if slug := strings.Trim(b.String(), "-"); slug != "" {
		return slug
	}
	return "organisation"
}

// record adds an entry about the organisation to the audit log.
func record(ctx context.Context, tx *sqldb.Tx, id int64, action, subject string, subjectID int64, data map[string]string) error {
	return audit.Record(ctx, tx, audit.Entry{OrganisationID: id, Action: action, Subject: subject, SubjectID: subjectID, Data: data})
}

var errNoOrganisation = fault.NotFoundf("There is no such organisation.")

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// Newest lists up to n organisations that have public pages, newest first.
func (s *Service) Newest(ctx context.Context, n int) (list []*Organisation, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Organisation, error) { return scan(r) },
			`SELECT `+columns+` FROM organisation WHERE state = $2 ORDER BY id DESC LIMIT $1`, n, string(Active))
		return err
	})
	return list, err
}
