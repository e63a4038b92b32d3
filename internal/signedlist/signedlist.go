// Package signedlist keeps signed status lists up to date: it decides when one is
// signed anew, and sees to it that many who ask at once cost one signature.
//
// Where lists and their entries are stored, and whose key signs them, is known
// to the features that have them.
package signedlist

import (
	"sync"
	"time"

	"github.com/roundel/roundel/statuslist"
)

// A list is signed anew when an entry changed or when it is older than Renewal;
// a copy may be believed for Validity and should be asked for again after TTL.
const (
	Renewal  = 6 * time.Hour
	Validity = 24 * time.Hour
	TTL      = time.Minute
)

// State is what is stored of a list beside its entries.
type State struct {
	Version  int64     // counts the changes of the entries
	Signed   int64     // the Version that Document shows
	SignedAt time.Time // when Document was made
	Document []byte    // nil: it was never signed
}

// fresh reports whether the document may be given out as it is.
func (s State) fresh(now time.Time) bool {
	return s.Document != nil && s.Signed == s.Version && now.Sub(s.SignedAt) < Renewal
}

// Keeper gives out the lists of one feature. Its zero value is ready, and it may
// be used by several goroutines at once. It must not be copied.
type Keeper struct{ building sync.Mutex }

// Current returns a list's document with every change that was committed before
// the call. read returns what is stored; sign, called if that is out of date,
// makes, stores and returns a new document of the list that was read last.
// Errors are those of read and sign.
func (k *Keeper) Current(now func() time.Time, read func() (State, error), sign func() ([]byte, error)) ([]byte, error) {
	s, err := read()
	if err != nil || s.fresh(now()) {
		return s.Document, err
	}
	k.building.Lock()
	defer k.building.Unlock()
	if s, err = read(); err != nil || s.fresh(now()) { // somebody else built it while we waited
		return s.Document, err
	}
	return sign()
}

// Credential returns the status list credential of list at the address id, to be
// signed by issuer, in force from now. Errors are those of statuslist.Credential.
func Credential(id, issuer, purpose string, list *statuslist.List, now time.Time) ([]byte, error) {
	return statuslist.Credential(id, issuer, purpose, list, now, now.Add(Validity), TTL)
}
