package keys

import (
	"context"
	"crypto"
	"time"

	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/proof"
)

// IssuerSigner signs in the name of one of the installation's own issuers. It
// is safe for concurrent use.
type IssuerSigner struct {
	*Issuer
	priv crypto.Signer
}

// SignerOf opens the key of an issuer.
func (r *Ring) SignerOf(ctx context.Context, i *Issuer) (*IssuerSigner, error) {
	var sealed []byte
	err := r.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT sealed_private FROM issuer_key WHERE id = $1`, i.ID).Scan(&sealed)
	})
	if err != nil {
		return nil, err
	}
	secret, err := r.KEK.open(sealed, issuerBinding(i.Kind, i.Multikey))
	if err != nil {
		return nil, err
	}
	priv, err := private(i.Kind, secret)
	if err != nil {
		return nil, err
	}
	return &IssuerSigner{Issuer: i, priv: priv}, nil
}

// Secure returns doc with a Data Integrity proof by the issuer's own
// verification method, whatever o says of one. Errors are those of proof.Sign.
func (s *IssuerSigner) Secure(doc []byte, o proof.SignOptions) ([]byte, error) {
	o.Method = s.Method
	return proof.Sign(doc, s.priv, o)
}

// Envelope returns doc, a credential of the data model 2.0, as a JWT of
// VC-JOSE-COSE, issued at the given time. Errors are those of
// jose.SignCredential.
func (s *IssuerSigner) Envelope(doc []byte, at time.Time) ([]byte, error) {
	return jose.SignCredential(doc, s.priv, jose.CredentialOptions{KeyID: s.Method, Profile: jose.W3C, Now: func() time.Time { return at }})
}
