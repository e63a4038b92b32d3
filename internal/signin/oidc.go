package signin

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// signatures are the algorithms that an ID token may be signed with. HMAC is
// not among them, nor none: who knows the client secret is not who signs.
var signatures = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}

// How long what a provider publishes about itself is believed, and how long one
// that could not be reached is left alone.
const (
	discoveryLife = time.Hour
	discoveryRest = 10 * time.Second
	discoveries1  = 200 // providers that are remembered
	answerLimit   = 1 << 20
)

// discoveries remembers what providers publish: addresses and keys.
type discoveries struct {
	mu  sync.Mutex
	all map[string]*discovery // by issuer
}

type discovery struct {
	until    time.Time
	provider *oidc.Provider
	checks   *claimsSupported
	err      error
}

// claimsSupported is what we read of discovery besides what go-oidc reads.
type claimsSupported struct {
	IssParameter bool `json:"authorization_response_iss_parameter_supported"`
}

func (s *Service) discover(ctx context.Context, issuer string) (*discovery, error) {
	now := s.Now()
	s.found.mu.Lock()
	d := s.found.all[issuer]
	s.found.mu.Unlock()
	if d != nil && now.Before(d.until) {
		return d, d.err
	}
	d = &discovery{until: now.Add(discoveryLife), checks: &claimsSupported{}}
	// The provider keeps the client for fetching keys later.
	d.provider, d.err = oidc.NewProvider(oidc.ClientContext(ctx, s.Fetch.HTTP(answerLimit)), issuer)
	if d.err == nil {
		d.err = d.provider.Claims(d.checks)
	}
	if d.err != nil {
		if ctx.Err() != nil {
			return nil, d.err // says nothing about the provider
		}
		d.until = now.Add(discoveryRest)
	}
	s.found.mu.Lock()
	defer s.found.mu.Unlock()
	if s.found.all == nil || len(s.found.all) >= discoveries1 {
		s.found.all = map[string]*discovery{}
	}
	s.found.all[issuer] = d
	return d, d.err
}

// client returns how we speak to the provider.
func (s *Service) client(p *Provider, d *discovery) (*oauth2.Config, error) {
	c := &oauth2.Config{ClientID: p.ClientID, Endpoint: d.provider.Endpoint(), RedirectURL: s.BaseURL + p.BackPath(),
		Scopes: append([]string{oidc.ScopeOpenID}, p.scopes()...)}
	if p.HasSecret {
		secret, err := s.Open(p.sealName(), p.sealed)
		if err != nil {
			return nil, fmt.Errorf("open the client secret of provider %s: %w", p.PublicID, err)
		}
		c.ClientSecret = string(secret)
	}
	return c, nil
}

// scopes returns what is asked for besides openid.
func (p *Provider) scopes() []string {
	if len(p.Scopes) == 0 {
		return []string{"profile", "email"}
	}
	return p.Scopes
}

func (s *Service) goOIDC(ctx context.Context, p *Provider, t *Trip, state string) error {
	d, err := s.discover(ctx, p.Issuer)
	if err != nil {
		return no("unreachable", wordsAway, err)
	}
	c, err := s.client(p, d)
	if err != nil {
		return err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(derive("nonce", t.Browser)), oauth2.S256ChallengeOption(derive("verifier", t.Browser))}
	t.Address = c.AuthCodeURL(state, options...)
	return nil
}

// Answer is what the browser brings back from a provider.
type Answer struct {
	State  string
	Code   string
	Issuer string // the parameter iss of RFC 9207, "" when it was not sent
	Error  string // the provider's
}

// answerOIDC turns a code into who somebody is.
func (s *Service) answerOIDC(ctx context.Context, p *Provider, browser string, a Answer) (*arrival, error) {
	d, err := s.discover(ctx, p.Issuer)
	if err != nil {
		return nil, no("unreachable", wordsAway, err)
	}
	// Mix-up: another provider's answer was led here (RFC 9207, section 2.4).
	if a.Issuer != "" && a.Issuer != p.Issuer || a.Issuer == "" && d.checks.IssParameter {
		return nil, no("issuer_mixed_up", wordsFailed, fmt.Errorf("iss is %.200q", a.Issuer))
	}
	if a.Error != "" || a.Code == "" {
		return nil, no("denied", wordsDenied, fmt.Errorf("error %.100q", a.Error))
	}
	c, err := s.client(p, d)
	if err != nil {
		return nil, err
	}
	with := oidc.ClientContext(ctx, s.Fetch.HTTP(answerLimit))
	token, err := c.Exchange(with, a.Code, oauth2.VerifierOption(derive("verifier", browser)))
	if err != nil {
		return nil, no("code_refused", wordsFailed, shorten(err))
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, no("no_id_token", wordsFailed, nil)
	}
	id, err := d.provider.Verifier(&oidc.Config{ClientID: p.ClientID, SupportedSigningAlgs: signatures, Now: s.Now}).Verify(with, raw)
	if err != nil {
		return nil, no("id_token_wrong", wordsFailed, shorten(err))
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(derive("nonce", browser))) != 1 {
		return nil, no("nonce_wrong", wordsFailed, nil)
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return nil, no("access_token_wrong", wordsFailed, err)
		}
	}
	claims := claimSet{}
	if err := id.Claims(&claims); err != nil {
		return nil, no("claims_unreadable", wordsFailed, err)
	}
	if azp := claims.text("azp"); len(id.Audience) > 1 && azp != p.ClientID || azp != "" && azp != p.ClientID {
		return nil, no("other_party", wordsFailed, fmt.Errorf("azp is %.100q", azp))
	}
	if id.Subject == "" || len(id.Subject) > 255 {
		return nil, no("no_subject", wordsFailed, nil)
	}
	if claims.text(p.addressClaim()) == "" && d.provider.UserInfoEndpoint() != "" {
		if err := s.moreClaims(with, d, id, token, claims); err != nil {
			return nil, err
		}
	}
	return p.readClaims(id, claims), nil
}

// moreClaims adds what the userinfo endpoint tells to what the ID token told,
// which counts first.
func (s *Service) moreClaims(ctx context.Context, d *discovery, id *oidc.IDToken, token *oauth2.Token, claims claimSet) error {
	info, err := d.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return no("userinfo", wordsFailed, shorten(err))
	}
	if info.Subject != id.Subject {
		return no("userinfo_of_another", wordsFailed, nil)
	}
	more := claimSet{}
	if err := info.Claims(&more); err != nil {
		return no("claims_unreadable", wordsFailed, err)
	}
	for name, value := range more {
		// How sure the provider is of the person is for the signed token alone to say.
		if _, has := claims[name]; !has && name != "acr" && name != "amr" {
			claims[name] = value
		}
	}
	return nil
}

func (p *Provider) addressClaim() string {
	if p.AddressClaim == "" {
		return "email"
	}
	return p.AddressClaim
}

// readClaims returns who somebody is from claims that were checked.
func (p *Provider) readClaims(id *oidc.IDToken, claims claimSet) *arrival {
	name := claims.text("name")
	if name == "" {
		name = strings.TrimSpace(claims.text("given_name") + " " + claims.text("family_name"))
	}
	claim := p.addressClaim()
	return &arrival{
		Issuer: id.Issuer, Subject: id.Subject, Name: name, Address: claims.text(claim), Verified: claims.yes(claim + "_verified"),
		Two:          p.showsTwo(append(claims.list("amr"), claims.text("acr"))),
		Affiliations: claims.list("eduperson_scoped_affiliation"),
	}
}

// showsTwo reports whether what the provider says of how somebody was checked
// counts as two factors.
func (p *Provider) showsTwo(said []string) bool {
	return slices.ContainsFunc(said, func(v string) bool { return v != "" && slices.Contains(p.SecondFactor, v) })
}

// claimSet is what a provider says about somebody.
type claimSet map[string]json.RawMessage

func (c claimSet) text(name string) (text string) {
	if json.Unmarshal(c[name], &text) != nil {
		return ""
	}
	return text
}

// yes reads a boolean, which some providers write as text.
func (c claimSet) yes(name string) (yes bool) {
	if json.Unmarshal(c[name], &yes) != nil {
		return c.text(name) == "true"
	}
	return yes
}

// list reads a list of texts, which some providers write as one.
func (c claimSet) list(name string) (list []string) {
	if json.Unmarshal(c[name], &list) != nil {
		return strings.Fields(c.text(name))
	}
	return list
}

// shorten keeps a provider's whole page out of the log. The code and the
// tokens are not in it: providers do not repeat them.
func shorten(err error) error {
	var retrieve *oauth2.RetrieveError
	if errors.As(err, &retrieve) {
		return fmt.Errorf("the provider answers %d, %.100q", retrieve.Response.StatusCode, retrieve.ErrorCode)
	}
	if text := err.Error(); len(text) > 300 {
		return errors.New(text[:300])
	}
	return err
}
