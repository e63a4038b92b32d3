package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/roundel/roundel/internal/sqldb"
)

// saltSize is how many random bytes keep an address from being guessed from
// what the digest says of it.
const saltSize = 16

// Hash is a SHA-256.
type Hash [sha256.Size]byte

// String returns h in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Recorded is an entry as it was written down.
type Recorded struct {
	ID int64 // the row's; not part of what is hashed
	Entry
	Origin
	Salt []byte // of the address; once the address was forgotten, the commitment to it

	Position int64 // in the chain, 0 when not known
	Chain    Hash  // of the chain up to here, when Position is known
	stored   Hash  // the digest as the database has it
}

// line is what is hashed of an entry: JSON in canonical form (RFC 8785). The
// members stand in the order of their names and all text is plain ASCII, so
// that encoding/json writes just that.
type line struct {
	Account      int64             `json:"account"`
	Action       string            `json:"action"`
	Address      string            `json:"address"` // commitment: hex of SHA-256(salt ‖ address)
	At           int64             `json:"at"`
	Data         map[string]string `json:"data"`
	Organisation int64             `json:"organisation"`
	Request      string            `json:"request"`
	Service      string            `json:"service"`
	Subject      string            `json:"subject"`
	SubjectID    int64             `json:"subjectId"`
	Token        int64             `json:"token"`
}

// commit returns what stands for an address in what is hashed: who has the
// address and its salt can show that it is the one, and who has neither cannot
// find it out.
func commit(salt []byte, address string) Hash {
	return sha256.Sum256(append(append(make([]byte, 0, 80), salt...), address...))
}

// commitment returns what the digest says of the address.
func (r *Recorded) commitment() Hash {
	if len(r.Salt) == sha256.Size && r.Address == "" {
		return Hash(r.Salt)
	}
	return commit(r.Salt, r.Address)
}

func (r *Recorded) line() line {
	l := line{
		Account: r.AccountID, Action: r.Action, Address: r.commitment().String(), At: sqldb.Millis(r.At), Data: r.Data,
		Organisation: r.OrganisationID, Request: r.RequestID, Service: r.Service,
		Subject: r.Subject, SubjectID: r.SubjectID, Token: r.TokenID,
	}
	if l.Data == nil {
		l.Data = map[string]string{}
	}
	return l
}

// digest returns the hash of what r says.
func (r *Recorded) digest() Hash {
	text, err := json.Marshal(r.line())
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	return hashOf(text)
}

func hashOf(text []byte) Hash { return sha256.Sum256(text) }

// dataText returns the stored form of an entry's data.
func dataText(data map[string]string) (string, error) {
	if len(data) == 0 {
		return "{}", nil
	}
	text, err := json.Marshal(data)
	return string(text), err
}

// start returns the hash that an organisation's chain begins with.
func start(organisation int64) Hash {
	return sha256.Sum256([]byte("roundel audit chain 1 organisation " + strconv.FormatInt(organisation, 10)))
}

// next returns the chain's hash after an entry with the given digest.
func next(before, digest Hash) Hash {
	var both [2 * sha256.Size]byte
	copy(both[:], before[:])
	copy(both[sha256.Size:], digest[:])
	return sha256.Sum256(both[:])
}

// Head is the end of an organisation's chain. Who keeps one elsewhere can tell
// later that the chain still leads through it.
type Head struct {
	Organisation int64
	Position     int64 // how many entries the chain has
	Hash         Hash
}

// String returns the head as ParseHead reads it.
func (h Head) String() string { return fmt.Sprintf("%d:%d:%s", h.Organisation, h.Position, h.Hash) }

// ParseHead reads what Head.String wrote.
func ParseHead(s string) (Head, error) {
	var h Head
	bad := fmt.Errorf("%q is not the head of an audit log: it has the form ORGANISATION:POSITION:HASH", s)
	part := strings.Split(s, ":")
	if len(part) != 3 {
		return h, bad
	}
	var errs [3]error
	h.Organisation, errs[0] = strconv.ParseInt(part[0], 10, 64)
	h.Position, errs[1] = strconv.ParseInt(part[1], 10, 64)
	h.Hash, errs[2] = parseHash(part[2])
	if errors.Join(errs[:]...) != nil || h.Organisation < 0 || h.Position < 0 {
		return Head{}, bad
	}
	return h, nil
}

func parseHash(s string) (h Hash, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) {
		return h, fmt.Errorf("%q is not a SHA-256 in hexadecimal", s)
	}
	return Hash(b), nil
}

// mac binds h to an installation's secret. Who can write to the database but
// has not the key-encryption key cannot make one, and so cannot make a chain
// anew after changing what is in it.
func (h Head) mac(secret []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("roundel audit head 1\n" + h.String()))
	return m.Sum(nil)
}

// member is an entry's place in a seal: its row and its digest.
type member struct {
	id     int64
	digest Hash
}

const memberSize = 8 + sha256.Size

func packMembers(members []member) []byte {
	b := make([]byte, 0, len(members)*memberSize)
	for _, m := range members {
		b = append(binary.BigEndian.AppendUint64(b, uint64(m.id)), m.digest[:]...)
	}
	return b
}

func unpackMembers(b []byte) ([]member, bool) {
	members := make([]member, 0, len(b)/memberSize)
	for ; len(b) >= memberSize; b = b[memberSize:] {
		members = append(members, member{int64(binary.BigEndian.Uint64(b)), Hash(b[8:memberSize])})
	}
	return members, len(b) == 0
}
