package signin

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

var errNoProvider = fault.NotFoundf("There is no such way to sign in.")

const providerSelect = `SELECT p.id, p.public_id, p.organisation_id, p.kind, p.name, p.enabled, p.issuer, p.client_id, p.sealed, p.certificate, p.scopes,
	p.address_claim, p.domains, p.authoritative, p.newcomers, p.second_factor, p.default_role, p.metadata_url, p.metadata_cert,
	p.refreshed_at, p.valid_until, p.problem, p.created_at, coalesce(o.slug, '')
	FROM signin_provider p LEFT JOIN organisation o ON o.id = p.organisation_id`

func scanProvider(row interface{ Scan(...any) error }) (*Provider, error) {
	var p Provider
	var scopes, domains, second string
	var refreshed, until, created int64
	err := row.Scan(&p.ID, &p.PublicID, &p.OrganisationID, &p.Kind, &p.Name, &p.Enabled, &p.Issuer, &p.ClientID, &p.sealed, &p.Certificate, &scopes,
		&p.AddressClaim, &domains, &p.Authoritative, &p.Newcomers, &second, &p.DefaultRole, &p.MetadataURL, &p.MetadataCert,
		&refreshed, &until, &p.Problem, &created, &p.Slug)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, errNoProvider
	}
	p.Scopes, p.Domains, p.SecondFactor = strings.Fields(scopes), strings.Fields(domains), strings.Fields(second)
	p.RefreshedAt, p.ValidUntil, p.CreatedAt, p.HasSecret = sqldb.Time(refreshed), sqldb.Time(until), sqldb.Time(created), len(p.sealed) > 0
	return &p, err
}

// Providers lists the providers of an organisation, or with 0 those of the
// installation, by name.
func (s *Service) Providers(ctx context.Context, organisationID int64) (list []*Provider, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Provider, error) { return scanProvider(r) },
			providerSelect+` WHERE p.organisation_id = $1 ORDER BY p.name, p.id`, organisationID)
		return err
	})
	return list, err
}

// Offered lists the providers that people may sign in by: those that are
// switched on.
func (s *Service) Offered(ctx context.Context, organisationID int64) ([]*Provider, error) {
	all, err := s.Providers(ctx, organisationID)
	var on []*Provider
	for _, p := range all {
		if p.Enabled {
			on = append(on, p)
		}
	}
	return on, err
}

// Addable lists the providers that somebody can add to their account: those of
// the installation and of the organisations, unless the account is linked there
// already.
func (s *Service) Addable(ctx context.Context, accountID int64, organisations ...int64) (list []*Provider, err error) {
	f, err := s.Accounts.Factors(ctx, accountID)
	if err != nil {
		return nil, err
	}
	linked := func(p *Provider) bool {
		return p.Kind == OIDC && slices.ContainsFunc(f.Identities, func(i account.Identity) bool { return i.Provider == p.identity(p.Issuer) })
	}
	for _, id := range append([]int64{0}, organisations...) {
		all, err := s.Offered(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, slices.DeleteFunc(all, linked)...)
	}
	return list, nil
}

// Provider returns one of the organisation's providers, or with 0 one of the
// installation's; or a NotFound fault.
func (s *Service) Provider(ctx context.Context, organisationID int64, id publicid.ID) (p *Provider, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { p, err = providerOf(ctx, tx, organisationID, id); return err })
	return p, err
}

func providerOf(ctx context.Context, tx *sqldb.Tx, organisationID int64, id publicid.ID) (*Provider, error) {
	return scanProvider(tx.QueryRow(ctx, providerSelect+` WHERE p.organisation_id = $1 AND p.public_id = $2`, organisationID, id))
}

// Enabled returns the provider with this id if it is switched on, whoever's it
// is; or a NotFound fault.
func (s *Service) Enabled(ctx context.Context, id publicid.ID) (p *Provider, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		p, err = scanProvider(tx.QueryRow(ctx, providerSelect+` WHERE p.public_id = $1 AND p.enabled`, id))
		return err
	})
	return p, err
}

func providerByKey(ctx context.Context, tx *sqldb.Tx, id int64) (*Provider, error) {
	return scanProvider(tx.QueryRow(ctx, providerSelect+` WHERE p.id = $1 AND p.enabled`, id))
}

// maxProviders bounds how many one organisation, or the installation, has.
const maxProviders = 20

// Create adds a provider, switched off. secret is OIDC's client secret, which is
// kept encrypted; empty for public clients.
func (s *Service) Create(ctx context.Context, organisationID int64, by org.Actor, kind string, c Settings, secret string) (*Provider, error) {
	p := &Provider{PublicID: publicid.New(), OrganisationID: organisationID, Kind: kind, CreatedAt: s.Now(), Settings: c}
	if kind != OIDC && kind != SAML {
		return nil, bad("kind", "Choose OpenID Connect or SAML.")
	}
	p.Enabled = false
	if err := s.check(p); err != nil {
		return nil, err
	}
	if err := s.mayGiveDefault(ctx, p, by); err != nil {
		return nil, err
	}
	if err := s.setSecret(p, secret); err != nil {
		return nil, err
	}
	err := s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := s.mayVouch(ctx, tx, p, by); err != nil {
			return err
		}
		var n int64
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM signin_provider WHERE organisation_id = $1`, organisationID).Scan(&n); err != nil {
			return err
		}
		if n >= maxProviders {
			return fault.Conflictf("There are %d providers already. Remove one first.", maxProviders)
		}
		err := tx.QueryRow(ctx, `INSERT INTO signin_provider (public_id, organisation_id, kind, name, sealed, certificate, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
			p.PublicID, organisationID, kind, p.Name, p.sealed, p.Certificate, sqldb.Millis(p.CreatedAt)).Scan(&p.ID)
		if err != nil {
			return err
		}
		if err := update(ctx, tx, p); err != nil {
			return err
		}
		if kind == SAML {
			if err := enqueueRefresh(ctx, tx, s.Now()); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, p, "signin_provider.created", "signin_provider", p.ID, map[string]string{"kind": kind})
	})
	return p, err
}

// mayGiveDefault refuses a role for newcomers that the actor may not give.
func (s *Service) mayGiveDefault(ctx context.Context, p *Provider, by org.Actor) error {
	if p.OrganisationID == 0 {
		return nil
	}
	return s.Orgs.CheckDefaultRole(ctx, p.OrganisationID, by, p.DefaultRole)
}

// mayVouch refuses to let somebody choose the metadata of an organisation's SAML
// provider by which members sign in who may do more. Metadata says whose
// signature counts for any issuer: whoever writes it can sign in as all of them.
// OIDC has no such choice: an issuer's keys lie at the issuer's own address.
func (s *Service) mayVouch(ctx context.Context, tx *sqldb.Tx, p *Provider, by org.Actor) error {
	if p.OrganisationID == 0 || p.Kind != SAML {
		return nil
	}
	o, err := org.ByID(ctx, tx, p.OrganisationID)
	if err != nil {
		return err
	}
	return s.Orgs.MayVouch(ctx, tx, p.OrganisationID, by, o.Slug+"#")
}

// setSecret seals what is kept of the provider: OIDC's client secret, or a key
// of our own for SAML.
func (s *Service) setSecret(p *Provider, secret string) error {
	plain := []byte(secret)
	if p.Kind == SAML {
		var err error
		if plain, p.Certificate, err = newSAMLKey(s.BaseURL, p.CreatedAt); err != nil {
			return err
		}
	} else if secret == "" {
		return nil
	}
	if len(plain) > 4096 {
		return bad("secret", "This is too long for a client secret.")
	}
	p.sealed, p.HasSecret = s.Seal(p.sealName(), plain), true
	return nil
}

func (p *Provider) sealName() string { return "provider " + p.PublicID.String() }

func update(ctx context.Context, tx *sqldb.Tx, p *Provider) error {
	_, err := tx.Exec(ctx, `UPDATE signin_provider SET name = $2, enabled = $3, issuer = $4, client_id = $5, sealed = $6, scopes = $7, address_claim = $8,
		domains = $9, authoritative = $10, newcomers = $11, second_factor = $12, default_role = $13, metadata_url = $14, metadata_cert = $15 WHERE id = $1`,
		p.ID, p.Name, p.Enabled, p.Issuer, p.ClientID, p.sealed, strings.Join(p.Scopes, " "), p.AddressClaim, strings.Join(p.Domains, " "),
		p.Authoritative, p.Newcomers, strings.Join(p.SecondFactor, " "), p.DefaultRole, p.MetadataURL, p.MetadataCert)
	return err
}

// Change replaces the settings of a provider. An empty secret leaves the one
// that is kept, unless the issuer changes: a secret goes to nobody but whom it
// was entered for.
func (s *Service) Change(ctx context.Context, organisationID int64, by org.Actor, id publicid.ID, c Settings, secret string) (*Provider, error) {
	p, err := s.Provider(ctx, organisationID, id)
	if err != nil {
		return nil, err
	}
	before := p.Settings
	p.Settings = c
	if err := s.check(p); err != nil {
		return nil, err
	}
	if err := s.mayGiveDefault(ctx, p, by); err != nil {
		return nil, err
	}
	other := p.MetadataURL != before.MetadataURL || p.MetadataCert != before.MetadataCert
	if p.Kind == OIDC {
		if p.Issuer != before.Issuer && p.HasSecret && secret == "" {
			return nil, bad("secret", "Enter the client secret for this issuer.")
		}
		if err := s.setSecret(p, secret); err != nil {
			return nil, err
		}
	}
	return p, s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := providerOf(ctx, tx, organisationID, id); err != nil {
			return err
		}
		if other || p.Enabled && !before.Enabled {
			if err := s.mayVouch(ctx, tx, p, by); err != nil {
				return err
			}
		}
		if err := update(ctx, tx, p); err != nil {
			return err
		}
		// What began under other settings does not end under these.
		if _, err := tx.Exec(ctx, `DELETE FROM signin_attempt WHERE provider_id = $1`, p.ID); err != nil {
			return err
		}
		if p.Kind == SAML && other {
			if err := s.forgetMetadata(ctx, tx, p); err != nil {
				return err
			}
		}
		action := "signin_provider.changed"
		if p.Enabled != before.Enabled {
			action = map[bool]string{true: "signin_provider.enabled", false: "signin_provider.disabled"}[p.Enabled]
		}
		return s.record(ctx, tx, p, action, "signin_provider", p.ID, nil)
	})
}

// Remove ends signing in by a provider. Accounts stay linked to who they are
// there, should the same issuer be added again.
func (s *Service) Remove(ctx context.Context, organisationID int64, id publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		p, err := providerOf(ctx, tx, organisationID, id)
		if err != nil {
			return err
		}
		for _, q := range []string{
			`DELETE FROM signin_attempt WHERE provider_id = $1`, `DELETE FROM signin_pending WHERE provider_id = $1`,
			`DELETE FROM signin_house WHERE provider_id = $1`, `DELETE FROM signin_presence WHERE provider_id = $1`,
			`DELETE FROM signin_provider WHERE id = $1`,
		} {
			if _, err := tx.Exec(ctx, q, p.ID); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, p, "signin_provider.removed", "signin_provider", p.ID, nil)
	})
}
