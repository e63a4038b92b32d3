// Package attest signs credentials of any kind with the installation's own
// did:key issuers, for the programs that ask for it, and keeps what it signed
// and its status.
//
// These are not awards of an organisation: no badge, recipient or page belongs
// to them, and their issuer is a key that vouches for nobody's name.
package attest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/signedlist"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/strictjson"
)

// Service issues. Its methods may be called from any goroutine.
type Service struct {
	DB      *sqldb.DB
	Keys    *keys.Ring
	Now     func() time.Time
	BaseURL string // public address of the installation, without a trailing slash
	// ListPath is where under BaseURL the status lists are served, each by its
	// public id: "/vc/status/".
	ListPath string
	// Journal returns once what was committed before stands in the journal beside
	// the backups; nil: there is none.
	Journal func(context.Context) error

	lists signedlist.Keeper
}

// Request is a credential that somebody wants signed.
type Request struct {
	OrganisationID int64  // whose token asks; 0 for nobody's, in development
	Credential     []byte // a JSON object without a proof, whose issuer is one of Ring.Issuers
	// Cryptosuite of the proof; empty stands for the usual one of the issuer's key.
	Cryptosuite string
	// MandatoryPointers are for ecdsa-sd-2023: what a holder cannot leave out.
	MandatoryPointers []string
	// Status are the entries to be added to the credential.
	Status []StatusRequest
	// Enveloped asks for a JWT (VC-JOSE-COSE) instead of a Data Integrity proof.
	Enveloped bool
	// Retry makes asking again safe: the same key gives the same bytes.
	Retry Retry
}

func (r Request) check() error {
	if r.Enveloped && (r.Cryptosuite != "" || len(r.MandatoryPointers) > 0) {
		return fault.Fields(fault.Field{Path: "options", Message: "An enveloped credential has no cryptosuite."})
	}
	if len(r.Status) > maxStatus {
		return fault.Fields(fault.Field{Path: "options.credentialStatus", Message: "Ask for one entry for each purpose."})
	}
	for i, one := range r.Status {
		if err := one.check(); err != nil {
			return err
		}
		for _, before := range r.Status[:i] {
			if before.Purpose == one.Purpose {
				return fault.Fields(fault.Field{Path: "options.credentialStatus", Message: "Ask for one entry for each purpose."})
			}
		}
	}
	return nil
}

// Issue checks and signs a credential and returns it in JSON: with its proof, or
// as an EnvelopedVerifiableCredential. That it was asked for is durable before
// anything is signed, and that it was signed before it is returned.
//
// It is an Invalid fault when the credential breaks the rules of the data model,
// when its issuer is none of ours, or when not all of it can be signed, and
// ErrKeyReused for a retry that is another request.
func (s *Service) Issue(ctx context.Context, r Request) ([]byte, error) {
	// A request that was answered before is answered again, whatever has become
	// of the rules since.
	if earlier, err := s.replay(ctx, r); err != nil || earlier.signed {
		return earlier.document, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	c, err := parse(r.Credential)
	if err != nil {
		return nil, err
	}
	if err := s.ours(c); err != nil {
		return nil, err
	}
	contexts, named, err := vocabularies(c)
	if err != nil {
		return nil, err
	}
	if err := checkMeaning(c.Tree, contexts, ownWords(c)); err != nil {
		return nil, unsignable(err)
	}
	issuer, err := s.Keys.IssuerByDID(ctx, c.Issuer.ID)
	if err != nil {
		return nil, err
	}
	a := &attestation{request: r, credential: c, issuer: issuer, at: s.Now()}
	if err := a.prepare(); err != nil {
		return nil, err
	}
	a.vocabulary = named
	return s.attest(ctx, a, s.Keys.PenOf(issuer))
}

// ours refuses what only the installation itself says with its issuers' keys:
// status lists, which decide about the credentials of every organisation, and
// whatever stands at its own addresses.
func (s *Service) ours(c *credential.Credential) error {
	kinds := slices.Clone(c.Types)
	for _, subject := range c.Subject {
		switch t := subject["type"].(type) {
		case string:
			kinds = append(kinds, t)
		case []any:
			for _, one := range t {
				word, _ := one.(string)
				kinds = append(kinds, word)
			}
		}
	}
	for _, kind := range kinds {
		if strings.Contains(kind, "BitstringStatusList") || strings.Contains(kind, "StatusList2021") {
			return fault.Invalidf("Status lists are made by the installation itself. Ask for options.credentialStatus with the credentials that need one.")
		}
	}
	if strings.HasPrefix(c.ID, s.BaseURL+"/") {
		return fault.Invalidf("Addresses under %s are given by the installation. Choose another id, such as urn:uuid:….", s.BaseURL)
	}
	return nil
}

// attest records the intent of a, signs it and records that.
func (s *Service) attest(ctx context.Context, a *attestation, pen *keys.IssuerPen) ([]byte, error) {
	done, err := s.reserve(ctx, a) // commit 1, the intent
	if err != nil {
		return nil, err
	}
	if done {
		return a.document, nil
	}
	// From here on it is recorded: that the asker has gone does not stop it.
	ctx = context.WithoutCancel(ctx)
	signed, entry, err := a.sign(ctx, pen)
	if err != nil {
		if lost := s.DB.Write(ctx, func(tx *sqldb.Tx) error { return s.giveUp(ctx, tx, a.id) }); lost != nil {
			return nil, lost
		}
		return nil, unsignable(err)
	}
	return s.complete(ctx, a, signed, entry)
}

func unsignable(err error) error {
	return fault.Wrap(fault.Invalid, err, "This credential cannot be signed as it is: "+Reason(err))
}

// attestation is one credential on its way.
type attestation struct {
	request    Request
	credential *credential.Credential
	issuer     *keys.Issuer
	vocabulary keys.Vocabulary // to sign it with
	at         time.Time
	id         int64
	name       string // the credential's id, which it may not have
	unlisted   []byte // what is signed, without the entries that are drawn
	document   []byte // what is signed
}

// parse reads a credential that is to be signed.
func parse(raw []byte) (*credential.Credential, error) {
	c, err := credential.Parse(raw)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "This is not a credential that can be signed: "+Reason(err))
	}
	if _, signed := c.Tree["proof"]; signed {
		return nil, fault.Invalidf("This credential carries a proof already. Send it without.")
	}
	if c.Version == credential.Version1 && openbadge.Is(c) {
		return nil, fault.Invalidf("Open Badges are issued by version 2.0 of the data model only. Put %s first in @context.", credential.ContextV2)
	}
	return c, nil
}

// Contexts that define the terms of a Data Integrity proof, which version 1.1 of
// the data model does not.
const (
	dataIntegrityV1 = "https://w3id.org/security/data-integrity/v1"
	dataIntegrityV2 = "https://w3id.org/security/data-integrity/v2"
)

// prepare makes the document to sign. A credential of version 1.1 is given the
// context of its proof, without which no proof can be read, and one with a
// status an id.
func (a *attestation) prepare() (err error) {
	c := a.credential
	a.unlisted, a.name = c.Raw, c.ID
	if c.Version == credential.Version1 && !slices.Contains(c.Contexts, dataIntegrityV1) && !slices.Contains(c.Contexts, dataIntegrityV2) {
		list, ok := c.Tree["@context"].([]any)
		if !ok {
			list = []any{c.Tree["@context"]}
		}
		if a.unlisted, err = withMember(a.unlisted, "@context", append(slices.Clone(list), dataIntegrityV2)); err != nil {
			return err
		}
	}
	if a.name == "" && len(a.request.Status) > 0 {
		if a.unlisted, a.name, err = withID(a.unlisted); err != nil {
			return err
		}
	}
	// Without white space, as a proof leaves it: whoever holds the credential can
	// work out the digest under which it is recorded.
	var compact bytes.Buffer
	if err := json.Compact(&compact, a.unlisted); err != nil {
		return err
	}
	a.unlisted = compact.Bytes()
	return nil
}

// reserve records that a is about to be signed, and draws its places in status
// lists. What an earlier request with the same key has recorded is taken over;
// done says that it was signed already.
func (s *Service) reserve(ctx context.Context, a *attestation) (done bool, err error) {
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		earlier, err := recorded(ctx, tx, a.request)
		if err != nil {
			return err
		}
		done = earlier.signed
		if earlier.id != 0 {
			a.id, a.document = earlier.id, earlier.document
			return nil
		}
		if err := mayIssue(ctx, tx, a.request.OrganisationID); err != nil {
			return err
		}
		a.document = a.unlisted
		if err := s.insert(ctx, tx, a); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{OrganisationID: a.request.OrganisationID, Action: "credential.signed", Subject: "attestation", SubjectID: a.id, At: a.at,
			Data: map[string]string{"issuer_key": strconv.FormatInt(a.issuer.ID, 10)}})
	})
	return done, err
}

// mayIssue returns a fault while the organisation, or the whole installation,
// may not issue.
func mayIssue(ctx context.Context, tx *sqldb.Tx, organisationID int64) error {
	if organisationID == 0 {
		return org.MayIssueAtAll(ctx, tx)
	}
	return org.MayIssue(ctx, tx, organisationID)
}

// insert writes the intent of a.
func (s *Service) insert(ctx context.Context, tx *sqldb.Tx, a *attestation) error {
	retry := a.request.Retry
	err := tx.QueryRow(ctx, `INSERT INTO attestation (organisation_id, issuer_key_id, credential_id, digest, created_at, retry_key, request_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
		a.request.OrganisationID, a.issuer.ID, a.name, []byte{}, sqldb.Millis(a.at), retry.Key, retry.Hash).Scan(&a.id)
	if err != nil {
		return err
	}
	if err := s.drawStatus(ctx, tx, a); err != nil {
		return err
	}
	var kept any // nothing, unless it may be asked for again
	if retry.Key != "" {
		kept = a.document
	}
	digest := sha256.Sum256(a.document)
	_, err = tx.Exec(ctx, `UPDATE attestation SET digest = $2, document = $3 WHERE id = $1`, a.id, digest[:], kept)
	return err
}

// sign secures the document in the form that was asked for, and returns what
// the journal has to record.
func (a *attestation) sign(ctx context.Context, pen *keys.IssuerPen) ([]byte, keys.Entry, error) {
	q := pen.Request(keys.Attestation, a.id, a.document, a.at)
	q.Organisation, q.Token = a.request.OrganisationID, a.request.Enveloped
	q.Cryptosuite, q.Mandatory, q.Vocabulary, q.Inline = a.request.Cryptosuite, a.request.MandatoryPointers, a.vocabulary, ownWords(a.credential)
	signed, entry, err := pen.SignOne(ctx, q)
	if err == nil && a.request.Enveloped {
		signed, err = json.Marshal(jose.Envelope(jose.MediaTypeVCJWT, signed))
	}
	return signed, entry, err
}

// Reason puts the first of what is wrong with a document into a sentence for
// whoever wrote the program that sent it.
func Reason(err error) string {
	var problems credential.Problems
	if errors.As(err, &problems) && len(problems) > 0 {
		return problems[0].Error()
	}
	var syntax *strictjson.Error
	if errors.As(err, &syntax) {
		return syntax.Error()
	}
	return err.Error()
}

// withMember returns doc, a JSON object of which nothing is signed yet, with a
// member set.
func withMember(doc []byte, name string, value any) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(doc, &members); err != nil {
		return nil, err
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	members[name] = text
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(members); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}
