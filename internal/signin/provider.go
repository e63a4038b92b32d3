package signin

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/input"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// The kinds of providers.
const (
	OIDC = "oidc"
	SAML = "saml"
)

// Provider is somebody whose word on who people are counts here.
type Provider struct {
	ID             int64
	PublicID       publicid.ID
	OrganisationID int64 // 0: the installation's
	Kind           string
	CreatedAt      time.Time
	HasSecret      bool   // a client secret is kept
	Slug           string // of the organisation, "" for the installation's
	Settings

	// Of SAML: our certificate, and how the metadata stands.
	Certificate []byte
	RefreshedAt time.Time
	ValidUntil  time.Time
	Problem     string

	sealed []byte
}

// Settings is what people choose about a provider.
type Settings struct {
	Name    string // as people know it
	Enabled bool

	Issuer   string   // OIDC: address of the issuer
	ClientID string   // OIDC
	Scopes   []string // OIDC: besides openid
	// AddressClaim is the claim that holds the address; empty: email.
	AddressClaim string

	MetadataURL  string // SAML: address of an identity provider's or a federation's metadata
	MetadataCert string // SAML: PEM; the metadata must be signed with its key

	// Domains are those whose addresses an installation's provider may vouch
	// for; "*" stands for all. An organisation's provider vouches for the domains
	// that the organisation has proven, and no others.
	Domains []string
	// Authoritative says that the provider runs the mailboxes of its domains, so
	// that its word alone opens an account with such an address.
	Authoritative bool
	// Newcomers says that people without an account get one.
	Newcomers bool
	// SecondFactor lists the values of acr, amr or AuthnContext by which the
	// provider says that somebody has shown two factors. None: it is not
	// believed to.
	SecondFactor []string
	// DefaultRole is what people of an organisation's provider become in it; "":
	// nothing.
	DefaultRole string
}

// bad returns a fault about one field.
func bad(path, text string, args ...any) error {
	return fault.Fields(fault.Field{Path: path, Message: fmt.Sprintf(text, args...)})
}

// check brings the settings into form, or says what is wrong with them.
func (s *Service) check(p *Provider) error {
	name, ok := input.Line(p.Name, 100)
	if !ok {
		return bad("name", "Enter the name by which people know it, up to 100 characters.")
	}
	p.Name = name
	for i, d := range p.Domains {
		d = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(d)), "@")
		ascii, err := idna.Lookup.ToASCII(d)
		if d != "*" && (err != nil || !strings.Contains(ascii, ".") || len(ascii) > 200) {
			return bad("domains", "“%s” is no domain. Write them like example.org, one on a line.", d)
		}
		if p.Domains[i] = ascii; d == "*" {
			p.Domains[i] = d
		}
	}
	if p.OrganisationID > 0 && (len(p.Domains) > 0 || p.Authoritative) {
		return bad("domains", "An organisation's provider vouches for the domains that the organisation has proven.")
	}
	if p.Authoritative && (len(p.Domains) == 0 || slices.Contains(p.Domains, "*")) {
		return bad("domains", "Name the domains whose mailboxes this provider runs: it cannot do so for all.")
	}
	for _, list := range [][]string{p.Scopes, p.SecondFactor} {
		for _, w := range list {
			if len(w) > 200 || strings.ContainsFunc(w, func(r rune) bool { return r <= ' ' || r > '~' }) {
				return bad("scopes", "“%s” cannot be used here.", w)
			}
		}
	}
	if p.Kind == OIDC {
		return s.checkOIDC(p)
	}
	return s.checkSAML(p)
}

func (s *Service) checkOIDC(p *Provider) error {
	p.Issuer = strings.TrimSpace(p.Issuer)
	u, err := url.Parse(p.Issuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !s.mayAsk(u) || len(p.Issuer) > 250 || !codeForm(p.Issuer) {
		return bad("issuer", "Enter the issuer's https address exactly as the provider writes it, for example https://accounts.example.org.")
	}
	if p.ClientID = strings.TrimSpace(p.ClientID); p.ClientID == "" || len(p.ClientID) > 300 {
		return bad("client_id", "Enter the client id that the provider gave you.")
	}
	if p.AddressClaim = strings.TrimSpace(p.AddressClaim); len(p.AddressClaim) > 100 {
		return bad("address_claim", "Enter the name of one claim, for example email.")
	}
	return nil
}

// mayAsk reports whether an address can be one of a provider: https, or this
// machine in development.
func (s *Service) mayAsk(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && s.Fetch.AllowLoopback
}

// codeForm reports whether text can stand in the audit log.
func codeForm(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._:/%+,=~-", r))
	})
}

// identity returns the name under which accounts are linked to subjects of the
// issuer. Organisations' providers have names of their own: what one of them
// says about an issuer counts for nobody else.
func (p *Provider) identity(issuer string) string {
	var b strings.Builder
	for _, c := range []byte(issuer) {
		if codeForm(string(rune(c))) && c != '%' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if p.OrganisationID > 0 {
		return p.Slug + "#" + b.String()
	}
	return b.String()
}

// vouches reports whether the provider may vouch for the address, whose domain
// is in scopes too when there are any.
func (p *Provider) vouches(ctx context.Context, tx *sqldb.Tx, key string, scopes []string) (bool, error) {
	at := strings.LastIndexByte(key, '@')
	domain, err := idna.Lookup.ToASCII(key[at+1:])
	if at < 0 || err != nil {
		return false, nil
	}
	if scopes != nil && !slices.Contains(scopes, domain) {
		return false, nil
	}
	if p.OrganisationID == 0 {
		return slices.Contains(p.Domains, domain) || slices.Contains(p.Domains, "*"), nil
	}
	proven, err := org.ProvenIn(ctx, tx, p.OrganisationID)
	return slices.Contains(proven, domain), err
}

// StartPath returns where signing in by the provider begins.
func (p *Provider) StartPath() string { return pathWith + p.PublicID.String() }

// BackPath returns where people come back to from the provider.
func (p *Provider) BackPath() string { return p.StartPath() + "/back" }

// MetadataPath returns where our SAML metadata for the provider lies.
func (p *Provider) MetadataPath() string { return pathSAML + p.PublicID.String() + "/metadata" }

// ACSPath returns where SAML answers of the provider arrive.
func (p *Provider) ACSPath() string { return pathSAML + p.PublicID.String() + "/acs" }
