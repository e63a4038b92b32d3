package keys

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/roundel/roundel/internal/publicid"
)

// Signer has the private keys. It never signs bytes: it is told what kind of
// document is to be signed in whose name, sees for itself that the document is
// one of that kind and in that name, and makes the hash itself.
//
// Local holds the keys in this process, and package socket's Client speaks with
// a process that does. A key management service or a PKCS#11 module is a third:
// what it puts into Sealed.Envelope is then the name of its key, and it calls
// Secure with a crypto.Signer of its own.
type Signer interface {
	// Make draws a key and returns it sealed.
	Make(ctx context.Context, owner Owner, kind Kind) (*Sealed, error)
	// Take seals a key that was made elsewhere: the text of a secret Multikey, a
	// private JWK or PEM. It is an Invalid fault when text is none of those.
	Take(ctx context.Context, owner Owner, text []byte) (*Sealed, error)
	// Sign signs the requests; each has its own result. The error is that of a
	// signer that does not answer.
	Sign(ctx context.Context, requests []Request) ([]Signed, error)
}

// Owner is who a key belongs to: an organisation, or, with the zero id, the
// installation itself.
type Owner struct {
	Organisation publicid.ID
}

// Sealed is a key as the database has it.
type Sealed struct {
	Kind     Kind
	Public   string // Multikey, or the JWK of an RSA key
	Fragment string // its name behind the # of a DID
	Envelope []byte // the private half, for nobody to read
}

// RequestKind says what a document is.
type RequestKind string

// The kinds of document.
const (
	Credential      RequestKind = "credential"       // a badge of an organisation
	StatusList      RequestKind = "list"             // a status list of an organisation
	Attestation     RequestKind = "attestation"      // a credential of the installation's own issuers
	AttestationList RequestKind = "attestation_list" // a status list of theirs
)

// ofInstallation reports whether the installation's own issuers sign it.
func (k RequestKind) ofInstallation() bool { return k == Attestation || k == AttestationList }

// Vocabulary names the contexts that a document is read with.
type Vocabulary string

// The vocabularies; the zero Vocabulary is the usual one.
const (
	Examples     Vocabulary = "examples"      // with W3C's examples
	Examples2024 Vocabulary = "examples-2024" // with those of the earlier edition
)

// Request is a document to be signed.
type Request struct {
	Kind         RequestKind
	Organisation int64 // whose document it is; 0 for the installation's
	Key          int64 // of the organisation, or of the installation's issuers
	Subject      int64 // what the journal names: the award, the list, the attestation
	Method       string
	At           time.Time
	Document     []byte

	Token bool // as a JWT instead of with a Data Integrity proof

	// For attestations.
	Cryptosuite string
	Mandatory   []string
	Vocabulary  Vocabulary
	Inline      bool // the document may bring vocabulary of its own
}

// Signed is the answer to a Request.
type Signed struct {
	Document []byte
	Err      error // why there is none
}

// Entry returns what the journal says of s, the answer to q.
func (q Request) Entry(s Signed) Entry {
	return Entry{Kind: q.Kind, Organisation: q.Organisation, Key: q.Key, Subject: q.Subject, Digest: sha256.Sum256(s.Document), At: q.At}
}

// ErrKeyEnded is returned for a key that does not sign, or no longer. Whoever
// gets it asks for the key in force and begins anew.
var ErrKeyEnded = errors.New("this key does not sign any more")

// ErrNotOurs is what errors wrap about a document that a key may not sign: it
// is of another kind than was said, or in another name.
var ErrNotOurs = errors.New("this key may not sign that")
