// Package journal keeps, in a file outside the database, what a restored backup
// must not forget: which badges were withdrawn or paused since, which status
// lists were opened, and whose data was erased.
//
// A line is written and flushed before the change that it tells of is answered.
// Each line holds the hash of the one before, so that a line that is changed,
// taken out or slipped in shows. Lines hold ids and keyed hashes, no names and
// no addresses.
package journal

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// The kinds of entries.
const (
	begin   = "begin"   // of a file: Generation and Salt
	list    = "list"    // a status list was opened
	status  = "status"  // an entry of a list has a value
	erasure = "erasure" // somebody's data was erased
	backup  = "backup"  // a backup was begun; what follows is not in it
	through = "through" // all events up to Event are in the lines before
)

// Entry is one line.
type Entry struct {
	Prev string `json:"prev"` // hash of the line before, "" in the first
	Kind string `json:"kind"`
	At   int64  `json:"at"` // milliseconds since 1970

	Generation string `json:"generation,omitempty"` // begin
	Salt       []byte `json:"salt,omitempty"`

	List         string `json:"list,omitempty"` // list, status: public id
	Owner        string `json:"owner,omitempty"`
	Organisation string `json:"organisation,omitempty"` // list, erasure: public id; "" for none
	Issuer       string `json:"issuer,omitempty"`       // list: public key of the installation's issuer, or the organisation's DID on its own domain
	Purpose      string `json:"purpose,omitempty"`
	Bits         int64  `json:"bits,omitempty"`
	Entries      int64  `json:"entries,omitempty"`

	Position int64 `json:"position,omitempty"` // status
	Value    int64 `json:"value,omitempty"`

	Erasure string   `json:"erasure,omitempty"` // erasure: public id
	Hash    []byte   `json:"hash,omitempty"`    // of the address: see Hash
	Awards  []string `json:"awards,omitempty"`  // public ids
	Keep    bool     `json:"keepDocuments,omitempty"`

	Backup string `json:"backup,omitempty"`
	Event  int64  `json:"event,omitempty"` // through
}

// Whose a status list is.
const (
	OfAwards       = "award"
	OfAttestations = "attestation"
)

// Hash returns what stands for an address, in lower case, in the journal. The
// salt is the installation's.
func Hash(salt []byte, address string) []byte {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(address))
	return mac.Sum(nil)
}

// hashSize is the length of a line's hash in hexadecimal.
const hashSize = 2 * sha256.Size

// line returns an entry as it stands in the file, and its hash.
func (e Entry) line() (text []byte, hash string, err error) {
	body, err := json.Marshal(e)
	if err != nil {
		return nil, "", err
	}
	digest := sha256.Sum256(body)
	hash = hex.EncodeToString(digest[:])
	return append(append([]byte(hash+" "), body...), '\n'), hash, nil
}

// ErrChanged is returned for a file whose lines do not follow from each other.
var ErrChanged = errors.New("the journal was changed by hand or is damaged")

// read calls do with each entry of a file and returns the last line's hash and
// how many bytes its whole lines take. Half a line at the end, as a crash
// leaves it, was never answered for and is left out.
func read(r io.Reader, do func(Entry) error) (last string, size int64, err error) {
	in := bufio.NewReaderSize(r, 1<<16)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return last, size, nil
		}
		if err != nil {
			return last, size, err
		}
		hash, body, ok := bytes.Cut(bytes.TrimSuffix(line, []byte{'\n'}), []byte{' '})
		digest := sha256.Sum256(body)
		var e Entry
		if !ok || len(hash) != hashSize || hex.EncodeToString(digest[:]) != string(hash) || json.Unmarshal(body, &e) != nil ||
			e.Prev != last || (n == 1) != (e.Kind == begin) {
			return last, size, fmt.Errorf("%w: line %d does not follow from what stands before it", ErrChanged, n)
		}
		if err := do(e); err != nil {
			return last, size, err
		}
		last, size = string(hash), size+int64(len(line))
	}
}
