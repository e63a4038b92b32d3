package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/strictjson"
)

// Bundle is everything that the verification of some badges fetched, so that
// they can be verified again without a network: the documents of issuers, status
// lists and newer versions. It is a Getter. Whoever hands over a bundle says what
// the hosts in it answered: use only bundles of your own, or of those you trust.
//
// Nothing in it is taken for fresher than it is: lists state until when they
// count, and the verifier's clock decides. What states no end counts for a day.
type Bundle struct {
	made    time.Time
	entries map[string]bundled
}

// bundled is what one address answered.
type bundled struct {
	Body        []byte    `json:"body,omitempty"`
	ContentType string    `json:"contentType,omitempty"`
	Status      int       `json:"status,omitempty"` // where it was not 2xx
	At          time.Time `json:"at"`
}

// bundleFile is the JSON form of a Bundle.
type bundleFile struct {
	Type    string             `json:"type"`
	Made    time.Time          `json:"made"`
	Entries map[string]bundled `json:"entries"`
}

const bundleType = "RoundelVerificationBundle"

// maxBundle is the longest bundle that is read, in bytes.
const maxBundle = 64 << 20

// ErrNotInBundle says that an address is not in a Bundle.
var ErrNotInBundle = errors.New("verify: the bundle does not hold this address")

// ParseBundle reads what Recorder.Bundle wrote. It fails with a
// *strictjson.Error or says what is missing.
func ParseBundle(data []byte) (*Bundle, error) {
	var f bundleFile
	if err := strictjson.Unmarshal(data, strictjson.Limits{MaxBytes: maxBundle}, &f); err != nil {
		return nil, fmt.Errorf("verification bundle: %w", err)
	}
	if f.Type != bundleType {
		return nil, fmt.Errorf("verification bundle: the type is not %s", bundleType)
	}
	return &Bundle{made: f.Made, entries: f.Entries}, nil
}

// savedAge is for how long an answer without an end of its own counts.
const savedAge = 24 * time.Hour

// stale reports whether the answer of url was saved too long before now to say
// anything about it.
func (b *Bundle) stale(url string, now time.Time) bool {
	e, ok := b.entries[url]
	return ok && now.Sub(e.At) > savedAge
}

// Made is when the bundle was written.
func (b *Bundle) Made() time.Time { return b.made }

// Get implements Getter. Errors wrap ErrNotInBundle, or are the *did.StatusError
// that the host gave at the time.
func (b *Bundle) Get(_ context.Context, url, _ string) (body []byte, contentType string, err error) {
	e, ok := b.entries[url]
	switch {
	case !ok:
		return nil, "", ErrNotInBundle
	case e.Status != 0:
		return nil, "", &did.StatusError{Code: e.Status}
	}
	return e.Body, e.ContentType, nil
}

// Recorder is a Getter that remembers what another one answered, for a Bundle.
// It may be used by several goroutines at once.
type Recorder struct {
	get Getter
	now func() time.Time

	mu      sync.Mutex
	entries map[string]bundled
}

// NewRecorder returns a Recorder that asks get; now tells the time.
func NewRecorder(get Getter, now func() time.Time) *Recorder {
	return &Recorder{get: get, now: now, entries: map[string]bundled{}}
}

// Get implements Getter. Answers that did not come are not remembered: that a
// host was out of reach once says nothing later.
func (r *Recorder) Get(ctx context.Context, url, accept string) (body []byte, contentType string, err error) {
	body, contentType, err = r.get.Get(ctx, url, accept)
	e := bundled{Body: body, ContentType: contentType, At: r.now().UTC()}
	var status *did.StatusError
	if errors.As(err, &status) {
		e = bundled{Status: status.Code, At: e.At}
	} else if err != nil {
		return nil, "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries[url] = e
	return body, contentType, err
}

// Bundle returns what was answered so far, in the form that ParseBundle reads.
func (r *Recorder) Bundle() ([]byte, error) {
	r.mu.Lock()
	f := bundleFile{Type: bundleType, Made: r.now().UTC(), Entries: maps.Clone(r.entries)}
	r.mu.Unlock()
	return json.MarshalIndent(f, "", "  ")
}
