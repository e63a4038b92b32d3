package ob2

import (
	"io"

	"github.com/roundel/roundel/openbadge"
)

// HashedEmail names the recipient with the mail address email, trimmed and
// lower-cased, under a fresh salt of 128 bits from random; nil stands for
// crypto/rand. Errors wrap openbadge.ErrIdentifier, or are those of random.
func HashedEmail(email string, random io.Reader) (Recipient, error) {
	id, err := openbadge.HashedEmail(email, random)
	if err != nil {
		return Recipient{}, err
	}
	return Recipient{Type: "email", Hashed: true, Salt: id.Salt, Identity: id.IdentityHash}, nil
}
