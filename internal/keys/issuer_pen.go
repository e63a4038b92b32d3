package keys

import (
	"context"
	"time"
)

// IssuerPen signs in the name of one of the installation's own issuers. It is
// safe for concurrent use.
type IssuerPen struct {
	*Issuer
	signer Signer
}

// PenOf takes up the key of an issuer.
func (r *Ring) PenOf(i *Issuer) *IssuerPen { return &IssuerPen{Issuer: i, signer: r.signer()} }

// Request returns a request for a document in the issuer's name. What is left
// to say about it is for the caller.
func (p *IssuerPen) Request(kind RequestKind, subject int64, document []byte, at time.Time) Request {
	return Request{Kind: kind, Key: p.ID, Subject: subject, Method: p.Method, At: at, Document: document}
}

// SignOne signs, and returns what the journal has to record. Errors about the
// document are those of proof.Sign and jose.SignCredential.
func (p *IssuerPen) SignOne(ctx context.Context, q Request) ([]byte, Entry, error) {
	return signOne(ctx, p.signer, q)
}
