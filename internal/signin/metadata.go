package signin

import (
	"bytes"
	"context"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Limits of metadata.
const (
	maxMetadata  = 32 << 20 // bytes
	maxHouses    = 20000
	refreshEvery = 6 * time.Hour
	xmlDepth     = 64
)

// House is one identity provider of SAML metadata.
type House struct {
	EntityID string
	Name     string
	Location string   // where requests go, by HTTP-Redirect
	Certs    []string // for signatures, DER in base64
	Scopes   []string // domains that it speaks for
	Until    time.Time
	key      int64
}

// checkSAML brings the settings of a SAML provider into form.
func (s *Service) checkSAML(p *Provider) error {
	p.MetadataURL, p.MetadataCert = strings.TrimSpace(p.MetadataURL), strings.TrimSpace(p.MetadataCert)
	if p.MetadataURL != "" {
		u, err := url.Parse(p.MetadataURL)
		if err != nil || u.Host == "" || u.User != nil || !s.mayAsk(u) || len(p.MetadataURL) > 1000 {
			return bad("metadata_url", "Enter the https address of the metadata.")
		}
	}
	if p.MetadataCert != "" {
		if _, err := readCert(p.MetadataCert); err != nil {
			return bad("metadata_cert", "This is no certificate in PEM. It begins with -----BEGIN CERTIFICATE-----.")
		}
	}
	return nil
}

func readCert(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("no certificate in PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

// plainXML refuses what no SAML document needs and attacks are made of:
// document types, processing instructions, depth, and, unless they are allowed,
// comments, which split texts for some readers. It calls see for the beginning
// of each element.
func plainXML(raw []byte, comments bool, see func(xml.StartElement)) error {
	d := xml.NewDecoder(bytes.NewReader(raw))
	for depth := 0; ; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth++; depth > xmlDepth {
				return errors.New("nested too deeply")
			}
			if see != nil {
				see(t)
			}
		case xml.EndElement:
			depth--
		case xml.Comment:
			if !comments {
				return errors.New("has a comment")
			}
		case xml.Directive:
			return errors.New("has a document type")
		case xml.ProcInst:
			if t.Target != "xml" {
				return errors.New("has a processing instruction")
			}
		}
	}
}

// entityXML is what is read of an EntityDescriptor.
type entityXML struct {
	EntityID string     `xml:"entityID,attr"`
	Until    string     `xml:"validUntil,attr"`
	Scopes   []scopeXML `xml:"Extensions>Scope"`
	Names    []nameXML  `xml:"Organization>OrganizationDisplayName"`
	IDP      []idpXML   `xml:"urn:oasis:names:tc:SAML:2.0:metadata IDPSSODescriptor"`
}

type idpXML struct {
	Protocols string     `xml:"protocolSupportEnumeration,attr"`
	Scopes    []scopeXML `xml:"Extensions>Scope"`
	Names     []nameXML  `xml:"Extensions>UIInfo>DisplayName"`
	Keys      []struct {
		Use   string   `xml:"use,attr"`
		Certs []string `xml:"KeyInfo>X509Data>X509Certificate"`
	} `xml:"KeyDescriptor"`
	SSO []struct {
		Binding  string `xml:"Binding,attr"`
		Location string `xml:"Location,attr"`
	} `xml:"SingleSignOnService"`
}

type scopeXML struct {
	Regexp string `xml:"regexp,attr"`
	Text   string `xml:",chardata"`
}

type nameXML struct {
	Lang string `xml:"lang,attr"`
	Text string `xml:",chardata"`
}

// readMetadata returns the identity providers of a document, and until when it
// counts. With a certificate, nothing but what its key has signed is read.
func (s *Service) readMetadata(p *Provider, raw []byte) (list []House, until time.Time, err error) {
	// Most houses' metadata has comments. They end no text here: what is read of it
	// is a whole element's.
	if err := plainXML(raw, true, nil); err != nil {
		return nil, until, bad("file", "This is no SAML metadata: %v.", err)
	}
	if p.MetadataCert != "" {
		if raw, err = s.signedPart(p, raw); err != nil {
			return nil, until, bad("file", "The signature of the metadata is missing or wrong, so nothing of it was taken.")
		}
	}
	d := xml.NewDecoder(bytes.NewReader(raw))
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, until, bad("file", "This is no SAML metadata: %v.", err)
		}
		e, ok := t.(xml.StartElement)
		if !ok || e.Name.Space != "urn:oasis:names:tc:SAML:2.0:metadata" {
			continue
		}
		switch e.Name.Local {
		case "EntitiesDescriptor":
			if p.MetadataCert == "" {
				return nil, until, bad("metadata_cert", "A federation's metadata is taken only with the certificate that signs it.")
			}
			end, err := ends(attribute(e, "validUntil"))
			if err != nil || !end.IsZero() && !end.After(s.Now()) {
				return nil, until, bad("file", "This metadata has expired. Ask for the current one.")
			}
			if until.IsZero() || !end.IsZero() && end.Before(until) {
				until = end
			}
		case "EntityDescriptor":
			var x entityXML
			if err := d.DecodeElement(&x, &e); err != nil {
				return nil, until, bad("file", "This is no SAML metadata: %v.", err)
			}
			h, ok := s.house(x)
			if !ok {
				continue
			}
			if list = append(list, h); len(list) > maxHouses {
				return nil, until, bad("file", "This metadata has more than %d identity providers.", maxHouses)
			}
		}
	}
	if len(list) == 0 {
		return nil, until, bad("file", "This metadata has no identity provider that is in force and takes requests by HTTP-Redirect.")
	}
	return list, until, nil
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

func ends(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, text)
}

// house returns an entity as an identity provider, if it is one that is in
// force.
func (s *Service) house(x entityXML) (h House, ok bool) {
	until, err := ends(x.Until)
	if err != nil || !until.IsZero() && !until.After(s.Now()) || x.EntityID == "" || len(x.EntityID) > 250 {
		return h, false
	}
	h = House{EntityID: x.EntityID, Until: until}
	scopes, names := x.Scopes, []nameXML{}
	for _, i := range x.IDP {
		scopes, names = append(scopes, i.Scopes...), append(names, i.Names...)
		for _, k := range i.Keys {
			if k.Use == "" || k.Use == "signing" {
				for _, c := range k.Certs {
					c = strings.Join(strings.Fields(c), "")
					if der, err := base64.StdEncoding.DecodeString(c); err == nil {
						if _, err := x509.ParseCertificate(der); err == nil {
							h.Certs = append(h.Certs, c)
						}
					}
				}
			}
		}
		for _, e := range i.SSO {
			if u, err := url.Parse(e.Location); err == nil && e.Binding == bindingRedirect && u.Host != "" && s.mayAsk(u) && h.Location == "" {
				h.Location = e.Location
			}
		}
	}
	for _, c := range scopes {
		if t := strings.ToLower(strings.TrimSpace(c.Text)); c.Regexp != "true" && c.Regexp != "1" && t != "" && codeForm(t) {
			h.Scopes = append(h.Scopes, t)
		}
	}
	for _, n := range append(names, x.Names...) {
		if t := strings.Join(strings.Fields(n.Text), " "); t != "" && len(t) < 300 && (h.Name == "" || n.Lang == "en" && h.Name != "") {
			if h.Name = t; n.Lang == "en" {
				break
			}
		}
	}
	if h.Name == "" {
		h.Name = h.EntityID
	}
	return h, h.Location != "" && len(h.Certs) > 0
}

// signedPart returns what the key of the provider's certificate has signed.
func (s *Service) signedPart(p *Provider, raw []byte) ([]byte, error) {
	cert, err := readCert(p.MetadataCert)
	if err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		return nil, err
	}
	if doc.Root() == nil {
		return nil, errors.New("no root")
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.IdAttribute = "ID"
	ctx.Clock = dsig.NewFakeClockAt(cert.NotAfter.Add(-time.Second)) // the key is pinned; certificates of federations outlive their dates
	signed, err := ctx.Validate(doc.Root())
	if err != nil {
		return nil, err
	}
	out := etree.NewDocument()
	out.SetRoot(signed)
	return out.WriteToBytes()
}

// TakeMetadata reads the file, or, without one, asks the metadata's address.
func (s *Service) TakeMetadata(ctx context.Context, organisationID int64, by org.Actor, id publicid.ID, file []byte) error {
	p, err := s.Provider(ctx, organisationID, id)
	if err != nil {
		return err
	}
	if p.Kind != SAML {
		return errNoProvider
	}
	if err := s.DB.Read(ctx, func(tx *sqldb.Tx) error { return s.mayVouch(ctx, tx, p, by) }); err != nil {
		return err
	}
	if len(file) > 0 {
		return s.takeMetadata(ctx, p, file)
	}
	if p.MetadataURL == "" {
		return bad("file", "Choose a file, or enter the address of the metadata first.")
	}
	return s.refresh(ctx, p)
}

func (s *Service) refresh(ctx context.Context, p *Provider) error {
	raw, _, err := s.Fetch.GetMax(ctx, p.MetadataURL, "application/samlmetadata+xml, application/xml", maxMetadata)
	if err != nil {
		s.Log.WarnContext(ctx, "SAML metadata", "provider", p.PublicID, "error", err)
		return bad("metadata_url", "The metadata could not be fetched. Check the address, or give the file.")
	}
	return s.takeMetadata(ctx, p, raw)
}

func (s *Service) takeMetadata(ctx context.Context, p *Provider, raw []byte) error {
	list, until, err := s.readMetadata(p, raw)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM signin_house WHERE provider_id = $1`, p.ID); err != nil {
			return err
		}
		for _, h := range list {
			if !until.IsZero() && (h.Until.IsZero() || until.Before(h.Until)) {
				h.Until = until
			}
			text, err := json.Marshal(h)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO signin_house (provider_id, entity_id, name, name_key, metadata, valid_until) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (provider_id, entity_id) DO NOTHING`, p.ID, h.EntityID, h.Name, strings.ToLower(h.Name), text, sqldb.Millis(h.Until)); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE signin_provider SET refreshed_at = $2, valid_until = $3, problem = '' WHERE id = $1`,
			p.ID, sqldb.Millis(s.Now()), sqldb.Millis(until)); err != nil {
			return err
		}
		return s.record(ctx, tx, p, "signin_metadata.taken", "signin_provider", p.ID, map[string]string{"houses": fmt.Sprint(len(list))})
	})
}

// forgetMetadata drops what came from another address or under another key.
func (s *Service) forgetMetadata(ctx context.Context, tx *sqldb.Tx, p *Provider) error {
	if _, err := tx.Exec(ctx, `DELETE FROM signin_house WHERE provider_id = $1`, p.ID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE signin_provider SET refreshed_at = 0, valid_until = 0, problem = '' WHERE id = $1`, p.ID)
	if err == nil {
		err = enqueueRefresh(ctx, tx, s.Now())
	}
	return err
}

func enqueueRefresh(ctx context.Context, tx *sqldb.Tx, at time.Time) error {
	return jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobRefresh, Key: "all", RunAt: at})
}

// refreshAll asks for all metadata anew. What cannot be had, or is not signed,
// leaves what is there until it ends.
func (s *Service) refreshAll(ctx context.Context) error {
	var list []*Provider
	err := s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Provider, error) { return scanProvider(r) },
			providerSelect+` WHERE p.kind = $1 AND p.metadata_url <> '' ORDER BY p.id`, SAML)
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range list {
		err := s.refresh(ctx, p)
		if fault.KindOf(err) == fault.Internal && err != nil {
			return err
		}
		if err != nil {
			words := fault.Message(err)
			for _, f := range fault.FieldsOf(err) {
				words = f.Message
			}
			if err := s.DB.Write(ctx, func(tx *sqldb.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE signin_provider SET problem = $2 WHERE id = $1`, p.ID, words)
				return err
			}); err != nil {
				return err
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error { return enqueueRefresh(ctx, tx, s.Now().Add(refreshEvery)) })
}

// houseRows is how many identity providers a page lists.
const houseRows = 30

// Houses lists identity providers of the provider whose name has search in it;
// more says that there are others.
func (s *Service) Houses(ctx context.Context, id publicid.ID, search string) (list []House, more bool, err error) {
	p, err := s.Enabled(ctx, id)
	if err != nil || p.Kind != SAML {
		return nil, false, err
	}
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = sqldb.Collect(ctx, tx, scanHouse, `SELECT id, metadata FROM signin_house WHERE provider_id = $1 AND (valid_until = 0 OR valid_until > $2)
			AND name_key LIKE $3 ESCAPE '!' ORDER BY name_key, id LIMIT $4`, p.ID, sqldb.Millis(s.Now()),
			"%"+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(strings.TrimSpace(search)))+"%", houseRows+1)
		return err
	})
	if len(list) > houseRows {
		return list[:houseRows], true, err
	}
	return list, false, err
}

func scanHouse(r *sql.Rows) (h House, err error) {
	var text []byte
	var key int64
	if err := r.Scan(&key, &text); err != nil {
		return h, err
	}
	err = json.Unmarshal(text, &h)
	h.key = key
	return h, err
}

// CountHouses returns how many identity providers the metadata has.
func (s *Service) CountHouses(ctx context.Context, p *Provider) (n int64, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FROM signin_house WHERE provider_id = $1`, p.ID).Scan(&n)
	})
	return n, err
}
