package verify

import (
	"crypto"
	"encoding/json"
	"time"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/ob2"
	"github.com/roundel/roundel/sdjwt"
)

// document is a credential as it was found: with proofs inside, or inside an
// envelope.
type document struct {
	*credential.Credential
	envelope *envelope // nil: the proofs, if any, are in the document
	// old is what package ob2 found out about a badge of Open Badges before 3.0;
	// nil for all others.
	old *ob2.Result
	// typed is an SD-JWT VC, which is no credential of the W3C data model; nil for
	// all others.
	typed *sdjwt.VC
	// statusClaim is the claim "status" of a token; nil if there is none.
	statusClaim any
}

// partial reports whether the holder may have left out parts of d, as it says.
func (d document) partial() bool {
	if d.envelope != nil {
		return d.envelope.partial
	}
	for _, p := range list(d.Tree["proof"]) {
		if members, _ := p.(map[string]any); members["cryptosuite"] == suiteSelective {
			return true
		}
	}
	return false
}

// hides reports whether the holder may have left out the member of that name.
func (d document) hides(member string) bool {
	return d.envelope != nil && d.envelope.hides != nil && d.envelope.hides(member)
}

// envelope is a signature around a credential, as JOSE makes them.
type envelope struct {
	keyID string          // what it says about its key: a DID URL, an address, a name; may be empty
	jwk   json.RawMessage // a key in the envelope itself, which shows nothing about its owner
	// made is when it was signed, as far as it says so; zero if it does not.
	// stamped tells a date of its own from that of the credential.
	made    time.Time
	stamped bool
	// starts and expires bound the time in which the signature counts; zero where
	// they do not.
	starts, expires time.Time
	// fits reports whether key made the signature; any error but
	// proof.ErrUnsupported says that it did not.
	fits func(key crypto.PublicKey) error
	// holder is the key that the credential is bound to; nil if it is bound to none.
	// bound says that it is bound to somebody, perhaps in a way that we cannot read.
	holder crypto.PublicKey
	bound  bool
	// binding says that a holder's signature for some request came with it.
	binding bool
	// hides reports whether a member that is not there may have been withheld; nil
	// if none can be.
	hides func(member string) bool
	// statusInParts says that the holder may leave out parts of the credential's
	// status.
	statusInParts bool
	// partial says that the holder may show only part of what was signed.
	partial bool
	// metadata says that an issuer with a web address publishes its keys as those
	// of SD-JWT VCs do.
	metadata bool
}
