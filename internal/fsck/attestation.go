package fsck

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/statuslist"
	"github.com/roundel/roundel/strictjson"
	"github.com/roundel/roundel/verify"
)

// attestation is a credential that was signed for a program, as the database
// has it.
type attestation struct {
	id                  int64
	organisation        bool // there is such an organisation, or nobody's token was needed
	issuer              string
	name                string // the id of the credential
	digest              []byte
	signedAt, givenUpAt int64
	retry               string
	request, document   []byte
}

// attestations checks what was signed for programs. Most of it is kept by its
// digest only; what may be asked for again is kept whole and verified here.
func (c *Checker) attestations(ctx context.Context, r *Report) error {
	for after := int64(0); ; {
		var page []attestation
		err := c.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
			page, err = sqldb.Collect(ctx, tx, func(rows *sql.Rows) (a attestation, err error) {
				return a, rows.Scan(&a.id, &a.organisation, &a.issuer, &a.name, &a.digest, &a.signedAt, &a.givenUpAt, &a.retry, &a.request, &a.document)
			}, `SELECT a.id, a.organisation_id = 0 OR EXISTS (SELECT 1 FROM organisation o WHERE o.id = a.organisation_id), k.public_key, a.credential_id,
					a.digest, a.signed_at, a.given_up_at, a.retry_key, a.request_hash, a.document
				FROM attestation a JOIN issuer_key k ON k.id = a.issuer_key_id WHERE a.id > $1 ORDER BY a.id LIMIT 500`, after)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, a := range page {
			r.Attestations++
			if err := c.attestation(ctx, a); err != nil {
				r.wrong("credential %d of the VC API: %v", a.id, err)
			}
		}
		after = page[len(page)-1].id
	}
}

// attestation checks one row, and its document if it has one.
func (c *Checker) attestation(ctx context.Context, a attestation) error {
	again := a.retry != ""
	switch {
	case !a.organisation:
		return errors.New("no organisation asked for it")
	case len(a.digest) != sha256.Size:
		return errors.New("it has no digest")
	case a.signedAt > 0 && a.givenUpAt > 0:
		return errors.New("it is both signed and given up")
	case a.signedAt == 0 && a.givenUpAt == 0:
		return errors.New("it is recorded but not signed; it was interrupted and the next start gives it up")
	case again && len(a.request) != sha256.Size:
		return errors.New("it may be asked for again, but not by which request")
	case !again && a.document != nil, a.givenUpAt > 0 && a.document != nil:
		return errors.New("a document is kept that nobody can ask for")
	case again && a.signedAt > 0 && a.document == nil:
		return errors.New("it may be asked for again, but its document is missing")
	}
	if a.document == nil {
		return nil
	}
	plain, err := unsigned(a.document)
	if err != nil {
		return fmt.Errorf("its document cannot be read: %w", err)
	}
	if sum := sha256.Sum256(plain); !bytes.Equal(sum[:], a.digest) {
		return errors.New("its document is not the one that is recorded")
	}
	signed, err := checkSigned(ctx, a.document, a.issuer)
	if err != nil {
		return err
	}
	if a.name != signed.ID {
		return fmt.Errorf("its document is that of %q", signed.ID)
	}
	return c.checkEntries(ctx, a.id, signed)
}

// unsigned returns the bytes that were signed: a proof is the last member of
// its document, and an envelope holds a token.
func unsigned(doc []byte) ([]byte, error) {
	if at := bytes.LastIndex(doc, []byte(`,"proof":`)); at > 0 {
		return append(bytes.Clone(doc[:at]), '}'), nil
	}
	tree, err := strictjson.Decode(doc, strictjson.Limits{})
	if err != nil {
		return nil, err
	}
	members, _ := tree.(map[string]any)
	envelope, err := credential.ReadEnvelope(members)
	if err != nil {
		return nil, err
	}
	token, err := jose.ParseCredential(envelope.Data)
	if err != nil {
		return nil, err
	}
	return token.Document, nil
}

// checkSigned makes sure that doc is signed by the key that key is in Multikey,
// in the name of that key, and returns what it says.
func checkSigned(ctx context.Context, doc []byte, key string) (*credential.Credential, error) {
	public, err := multikey.DecodePublic(key)
	if err != nil {
		return nil, err
	}
	issuer, _, err := did.KeyDID(public)
	if err != nil {
		return nil, err
	}
	// One context was published in two versions at one address; a credential may
	// name the digest of the older.
	said, err := holds(ctx, doc, public, jsonld.WithExamples())
	if err != nil {
		var older error
		if said, older = holds(ctx, doc, public, jsonld.WithExamples2024()); older != nil {
			return nil, err
		}
	}
	if said.Issuer.ID != issuer {
		return nil, fmt.Errorf("its document is signed by %s instead of %s", said.Issuer.ID, issuer)
	}
	return said, nil
}

// holds verifies the signature of doc, which is its named issuer's.
func holds(ctx context.Context, doc []byte, key crypto.PublicKey, contexts *jsonld.Contexts) (*credential.Credential, error) {
	rep := (&verify.Verifier{Contexts: contexts, Inline: true}).Verify(ctx, doc)
	for _, check := range rep.Checks {
		if check.Outcome == verify.Passed || check.ID != verify.CheckStructure && check.ID != verify.CheckProof && check.ID != verify.CheckIssuerKey {
			continue
		}
		// A base proof is for its holder only: what can be derived from it holds.
		if _, err := proof.Derive(doc, nil, proof.DeriveOptions{Contexts: contexts, Inline: true, Key: key}); err == nil && rep.Parsed != nil {
			continue
		}
		return nil, fmt.Errorf("its document does not hold (%s): %s", check.ID, check.Reason)
	}
	return rep.Parsed, nil
}

// checkEntries makes sure that a document names the places that are recorded
// for it, for those are where a withdrawal will be shown.
func (c *Checker) checkEntries(ctx context.Context, id int64, doc *credential.Credential) error {
	recorded := map[string]issuing.Place{}
	err := c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		_, err := sqldb.Collect(ctx, tx, func(rows *sql.Rows) (p issuing.Place, err error) {
			var purpose string
			err = rows.Scan(&purpose, &p.List, &p.Index)
			recorded[purpose] = p
			return p, err
		}, `SELECT l.purpose, l.public_id, e.position FROM attestation_status e JOIN attestation_list l ON l.id = e.list_id WHERE e.attestation_id = $1`, id)
		return err
	})
	if err != nil {
		return err
	}
	named := map[issuing.Place]string{}
	for _, tree := range doc.Status {
		// The credential may have brought entries of other lists with it.
		if e, err := statuslist.ParseReference(tree); err == nil {
			if list, err := publicid.Parse(e.List[strings.LastIndexByte(e.List, '/')+1:]); err == nil {
				named[issuing.Place{List: list, Index: int64(e.Index)}] = e.Purpose
			}
		}
	}
	for purpose, p := range recorded {
		if named[p] != purpose {
			return fmt.Errorf("its document names another place for %s than the record", purpose)
		}
	}
	return nil
}
