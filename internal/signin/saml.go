package signin

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"

	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

const bindingRedirect = saml.HTTPRedirectBinding

// skew is by how much an identity provider's clock may differ from ours.
const skew = 2 * time.Minute

// newSAMLKey returns a key for assertions that are encrypted to us, and its
// certificate, as PKCS #8 and DER.
func newSAMLKey(baseURL string, now time.Time) (key, cert []byte, err error) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, err
	}
	u, err := url.Parse(baseURL)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: u.Hostname()}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0)}
	if cert, err = x509.CreateCertificate(rand.Reader, template, template, k.Public(), k); err != nil {
		return nil, nil, err
	}
	key, err = x509.MarshalPKCS8PrivateKey(k)
	return key, cert, err
}

// party returns us, towards an identity provider.
func (s *Service) party(p *Provider, h *House) (*saml.ServiceProvider, error) {
	sp := &saml.ServiceProvider{EntityID: s.BaseURL + p.MetadataPath(), AuthnNameIDFormat: saml.PersistentNameIDFormat}
	for path, to := range map[string]*url.URL{p.MetadataPath(): &sp.MetadataURL, p.ACSPath(): &sp.AcsURL} {
		u, err := url.Parse(s.BaseURL + path)
		if err != nil {
			return nil, err
		}
		*to = *u
	}
	plain, err := s.Open(p.sealName(), p.sealed)
	if err != nil {
		return nil, fmt.Errorf("open the key of provider %s: %w", p.PublicID, err)
	}
	k, err := x509.ParsePKCS8PrivateKey(plain)
	if err != nil {
		return nil, err
	}
	if sp.Certificate, err = x509.ParseCertificate(p.Certificate); err != nil {
		return nil, err
	}
	sp.Key, _ = k.(*rsa.PrivateKey)
	if h != nil {
		sp.IDPMetadata = h.descriptor()
	}
	return sp, nil
}

// descriptor returns the identity provider as crewjam/saml takes it.
func (h *House) descriptor() *saml.EntityDescriptor {
	var keys []saml.KeyDescriptor
	for _, c := range h.Certs {
		keys = append(keys, saml.KeyDescriptor{Use: "signing", KeyInfo: saml.KeyInfo{X509Data: saml.X509Data{X509Certificates: []saml.X509Certificate{{Data: c}}}}})
	}
	return &saml.EntityDescriptor{EntityID: h.EntityID, IDPSSODescriptors: []saml.IDPSSODescriptor{{
		SSODescriptor:        saml.SSODescriptor{RoleDescriptor: saml.RoleDescriptor{KeyDescriptors: keys}},
		SingleSignOnServices: []saml.Endpoint{{Binding: bindingRedirect, Location: h.Location}},
	}}}
}

// Metadata returns what an identity provider has to know of us.
func (s *Service) Metadata(ctx context.Context, id publicid.ID) ([]byte, error) {
	var p *Provider
	err := s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		p, err = scanProvider(tx.QueryRow(ctx, providerSelect+` WHERE p.public_id = $1 AND p.kind = $2`, id, SAML))
		return err
	})
	if err != nil {
		return nil, err
	}
	sp, err := s.party(p, nil)
	if err != nil {
		return nil, err
	}
	m := sp.Metadata()
	for i := range m.SPSSODescriptors {
		d := &m.SPSSODescriptors[i]
		d.AssertionConsumerServices = d.AssertionConsumerServices[:1] // no artifacts
	}
	return xml.MarshalIndent(m, "", " ")
}

// houseOf returns the identity provider with this entity id, or the only one.
func (s *Service) houseOf(ctx context.Context, p *Provider, where string, args ...any) (*House, error) {
	var list []House
	err := s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = sqldb.Collect(ctx, tx, scanHouse, `SELECT id, metadata FROM signin_house WHERE provider_id = $1 AND (valid_until = 0 OR valid_until > $2) AND `+where+` ORDER BY id LIMIT 2`,
			append([]any{p.ID, sqldb.Millis(s.Now())}, args...)...)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, no("no_metadata", wordsAway, errors.New("no metadata in force for this identity provider"))
	}
	return &list[0], nil
}

func (s *Service) goSAML(ctx context.Context, p *Provider, a *attempt, t *Trip, state, entity string) error {
	h, err := s.houseOf(ctx, p, `($3 = '' OR entity_id = $3)`, entity)
	if err != nil {
		return err
	}
	sp, err := s.party(p, h)
	if err != nil {
		return err
	}
	r, err := sp.MakeAuthenticationRequest(h.Location, bindingRedirect, saml.HTTPPostBinding)
	if err != nil {
		return err
	}
	to, err := r.Redirect(url.QueryEscape(state), sp)
	if err != nil {
		return err
	}
	a.house, a.request, t.Address = h.key, r.ID, to.String()
	return nil
}

// Arrived takes an identity provider's answer and returns where the browser
// goes on. state is the RelayState that the request had. Each request is
// answered once.
func (s *Service) Arrived(ctx context.Context, id publicid.ID, state, response string) (string, error) {
	p, err := s.Enabled(ctx, id)
	if err != nil {
		return "", err
	}
	var a attempt
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT house_id, request_id FROM signin_attempt WHERE state_hash = $1 AND provider_id = $2 AND used_at = 0 AND arrived IS NULL
			AND request_id <> '' AND expires_at > $3`, hashSecret(state), p.ID, sqldb.Millis(s.Now())).Scan(&a.house, &a.request)
	})
	if errors.Is(err, sqldb.ErrNoRows) {
		return "", errAttempt
	}
	if err != nil {
		return "", err
	}
	who, err := s.readResponse(ctx, p, &a, response)
	var r *refusal
	if errors.As(err, &r) {
		return "", s.refuse(ctx, p, r)
	}
	if err != nil {
		return "", err
	}
	sealed, err := s.seal(p, who)
	if err != nil {
		return "", err
	}
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE signin_attempt SET arrived = $2 WHERE state_hash = $1 AND used_at = 0 AND arrived IS NULL`, hashSecret(state), sealed)
		if err == nil && n == 0 {
			return errAttempt
		}
		return err
	})
	return p.BackPath() + "?state=" + url.QueryEscape(state), err
}

// readResponse checks an answer and returns who it is about.
func (s *Service) readResponse(ctx context.Context, p *Provider, a *attempt, response string) (*arrival, error) {
	h, err := s.houseOf(ctx, p, `id = $3`, a.house)
	if err != nil {
		return nil, err
	}
	sp, err := s.party(p, h)
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(response)
	if err != nil {
		return nil, no("response_unreadable", wordsFailed, err)
	}
	if raw, err = oneAssertion(raw); err != nil {
		return nil, no("response_unreadable", wordsFailed, err)
	}
	assertion, err := parseResponse(sp, raw, a.request)
	if err != nil {
		var invalid *saml.InvalidResponseError
		if errors.As(err, &invalid) {
			err = invalid.PrivateErr
		}
		return nil, no("response_wrong", wordsFailed, shorten(err))
	}
	if err := s.checkAssertion(sp, assertion); err != nil {
		return nil, no("assertion_wrong", wordsFailed, err)
	}
	return p.readAssertion(h, assertion)
}

// parseResponse has the library check signature, issuer, audience, recipient and
// times. It trusts that a signed assertion is complete and panics when not.
func parseResponse(sp *saml.ServiceProvider, raw []byte, request string) (a *saml.Assertion, err error) {
	defer func() {
		if recover() != nil {
			a, err = nil, errors.New("the assertion is not complete")
		}
	}()
	return sp.ParseXMLResponse(raw, []string{request}, sp.AcsURL)
}

// oneAssertion refuses documents in which what is signed and what is read could
// be two things, and takes the signature of the whole response off: the
// assertion has to have its own.
func oneAssertion(raw []byte) ([]byte, error) {
	assertions := 0
	ids := map[string]bool{}
	twice := false
	if err := plainXML(raw, false, func(e xml.StartElement) {
		if e.Name.Local == "Assertion" || e.Name.Local == "EncryptedAssertion" {
			assertions++
		}
		for _, a := range e.Attr {
			if strings.EqualFold(a.Name.Local, "ID") {
				twice = twice || ids[a.Value]
				ids[a.Value] = true
			}
		}
	}); err != nil {
		return nil, err
	}
	if assertions != 1 || twice {
		return nil, fmt.Errorf("%d assertions, ids twice %v", assertions, twice)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		return nil, err
	}
	root := doc.Root()
	if root == nil || root.Tag != "Response" {
		return nil, errors.New("no response")
	}
	for _, c := range root.ChildElements() {
		if c.Tag == "Signature" {
			root.RemoveChild(c)
		}
	}
	return doc.WriteToBytes()
}

// checkAssertion checks what the library leaves open or takes more loosely.
func (s *Service) checkAssertion(sp *saml.ServiceProvider, a *saml.Assertion) error {
	now := s.Now()
	if a.Subject == nil || a.Conditions == nil || len(a.AuthnStatements) == 0 {
		return errors.New("without subject, conditions or authentication")
	}
	if a.Conditions.NotOnOrAfter.IsZero() || !now.Before(a.Conditions.NotOnOrAfter.Add(skew)) || now.Before(a.Conditions.NotBefore.Add(-skew)) {
		return errors.New("not in force now")
	}
	for _, r := range a.Conditions.AudienceRestrictions {
		if r.Audience.Value != sp.EntityID {
			return errors.New("for another audience")
		}
	}
	if len(a.Conditions.AudienceRestrictions) == 0 {
		return errors.New("for any audience")
	}
	bearer := slices.ContainsFunc(a.Subject.SubjectConfirmations, func(c saml.SubjectConfirmation) bool {
		d := c.SubjectConfirmationData
		return c.Method == "urn:oasis:names:tc:SAML:2.0:cm:bearer" && d != nil && d.Recipient == sp.AcsURL.String() && d.InResponseTo != "" &&
			now.Before(d.NotOnOrAfter.Add(skew))
	})
	if !bearer {
		return errors.New("no bearer confirmation in force")
	}
	return nil
}

// The attributes that are read.
const (
	attrSubject     = "urn:oasis:names:tc:SAML:attribute:subject-id"
	attrPairwise    = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
	attrMail        = "urn:oid:0.9.2342.19200300.100.1.3"
	attrName        = "urn:oid:2.16.840.1.113730.3.1.241"
	attrGiven       = "urn:oid:2.5.4.42"
	attrFamily      = "urn:oid:2.5.4.4"
	attrAffiliation = "urn:oid:1.3.6.1.4.1.5923.1.1.1.9"
)

// readAssertion returns who an assertion that was checked is about.
func (p *Provider) readAssertion(h *House, a *saml.Assertion) (*arrival, error) {
	said := map[string][]string{}
	for _, st := range a.AttributeStatements {
		for _, at := range st.Attributes {
			for _, v := range at.Values {
				said[at.Name] = append(said[at.Name], strings.TrimSpace(v.Value))
			}
		}
	}
	one := func(name string) string {
		if len(said[name]) == 0 {
			return ""
		}
		return said[name][0]
	}
	who := &arrival{Issuer: h.EntityID, Name: one(attrName), Address: one(attrMail), Verified: one(attrMail) != "", Scopes: h.Scopes}
	if who.Name == "" {
		who.Name = strings.TrimSpace(one(attrGiven) + " " + one(attrFamily))
	}
	switch id := a.Subject.NameID; {
	case len(said[attrSubject]) == 1 && one(attrSubject) != "":
		who.Subject = "subject-id:" + strings.ToLower(one(attrSubject))
	case len(said[attrPairwise]) == 1 && one(attrPairwise) != "":
		who.Subject = "pairwise-id:" + strings.ToLower(one(attrPairwise))
	case id != nil && id.Format == string(saml.PersistentNameIDFormat) && id.Value != "":
		who.Subject = "persistent:" + id.Value
	default:
		return nil, no("no_subject", wordsFailed, errors.New("no subject-id, pairwise-id or persistent NameID"))
	}
	if len(who.Subject) > 300 {
		return nil, no("no_subject", wordsFailed, errors.New("too long"))
	}
	// In a federation, who names no scope speaks for no domain.
	if who.Scopes == nil && p.MetadataCert != "" {
		who.Scopes = []string{}
	}
	for _, t := range said[attrAffiliation] {
		if _, scope, ok := strings.Cut(strings.ToLower(t), "@"); ok && (who.Scopes == nil || slices.Contains(who.Scopes, scope)) {
			who.Affiliations = append(who.Affiliations, t)
		}
	}
	for _, st := range a.AuthnStatements {
		if c := st.AuthnContext.AuthnContextClassRef; c != nil && p.showsTwo([]string{c.Value}) {
			who.Two = true
		}
	}
	return who, nil
}
