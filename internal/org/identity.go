package org

import (
	"context"
	"net/url"
	"strings"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/sqldb"
)

// Identity is how the world knows who signed: a DID and the verification
// method of the key in use.
type Identity struct {
	DID    string
	Method string
	// Live is true when the identity is tied to our public https address. While
	// it is false, awards are trials: signed by a key that names only itself.
	Live bool
}

// IsLive reports whether the organisation awards for real: the installation has a
// public https address, and the organisation is not the sample.
func (s *Service) IsLive(o *Organisation) bool { return s.Live() && !o.IsSample }

// Live reports whether the installation has a public https address, which
// did:web and status lists need.
func (s *Service) Live() bool {
	u, err := url.Parse(s.BaseURL)
	return err == nil && u.Scheme == "https"
}

// Identity returns the organisation's identity for the given key: the did:web on
// its own domain that it has chosen, or else that under our address when that is
// https, or else the did:key of the key itself.
func (s *Service) Identity(o *Organisation, k *keys.Key) (Identity, error) {
	return s.IdentityAs(o, k, k.OwnDID)
}

// IdentityAs is Identity with the did:web own on a domain of the organisation's;
// "" stands for the identity under our address. What was begun in one name is
// finished in it.
func (s *Service) IdentityAs(o *Organisation, k *keys.Key, own string) (Identity, error) {
	if !s.IsLive(o) {
		id, method, err := k.DID()
		return Identity{DID: id, Method: method}, err
	}
	if own != "" {
		return Identity{DID: own, Method: own + "#" + k.Fragment, Live: true}, nil
	}
	id, err := s.webDID(o)
	return Identity{DID: id, Method: id + "#" + k.Fragment, Live: true}, err
}

// CurrentIdentity returns the identity that the organisation signs with now.
func (s *Service) CurrentIdentity(ctx context.Context, o *Organisation) (id Identity, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		k, err := keys.Current(ctx, tx, o.ID)
		if err != nil {
			return err
		}
		id, err = s.Identity(o, k)
		return err
	})
	return id, err
}

// DIDDocument returns the DID document of the organisation's identity under our
// address, with every key that a badge may have been signed with.
func (s *Service) DIDDocument(ctx context.Context, o *Organisation) ([]byte, error) {
	id, err := s.webDID(o)
	if err != nil {
		return nil, err
	}
	var list []*keys.Key
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { list, err = keys.List(ctx, tx, o.ID); return err })
	if err != nil {
		return nil, err
	}
	return keys.Document(id, list)
}

// URL returns the public address of the organisation's page.
func (s *Service) URL(o *Organisation) string { return s.BaseURL + "/issuers/" + o.Slug }

// LogoURL returns the public address of the logo, or "".
func (s *Service) LogoURL(o *Organisation) string {
	if o.LogoKey == "" {
		return ""
	}
	return s.BaseURL + "/pictures/" + o.LogoKey + ".png"
}

// Host returns the name of the host that the installation is reached at.
func (s *Service) Host() string { return HostOf(s.BaseURL) }

// HostOf returns the name of the host at a public address, with its port.
func HostOf(baseURL string) string {
	u, err := url.Parse(baseURL)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// ProvenDomain returns the domain of its own that the organisation with this
// identity under our address has proven; "" for one that has proven none, and for
// every other identity.
func (s *Service) ProvenDomain(ctx context.Context, id string) (string, error) {
	slug := id[strings.LastIndexByte(id, ':')+1:]
	if at, err := did.WebDID(s.BaseURL, "issuers", slug); err != nil || at != id {
		return "", nil
	}
	o, err := s.BySlug(ctx, slug)
	if fault.KindOf(err) == fault.NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return o.Domain, nil
}

func (s *Service) webDID(o *Organisation) (string, error) {
	return did.WebDID(s.BaseURL, "issuers", o.Slug)
}
