package verify

import (
	"context"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/sdjwt"
	"github.com/roundel/roundel/statuslist"
)

// memo keeps what was read for one file, so that a hundred credentials inside it
// which name the same document cost one reading. It lives as long as one
// verification.
type memo struct {
	controllers map[string]remembered[*controllerDocument]
	dids        map[string]remembered[*did.Document]
	keys        map[string]remembered[[]did.Method] // of JWKs, by address, and of issuer metadata
	digests     map[string]Check
	unlisted    map[string]Check // status lists that could not be had or read
	types       map[string]remembered[*sdjwt.TypeMetadata]
	lists       *statuslist.Cache
}

// remembered is an answer, good or bad.
type remembered[T any] struct {
	value T
	err   error
}

func newMemo(now func() time.Time) *memo {
	return &memo{
		controllers: map[string]remembered[*controllerDocument]{}, dids: map[string]remembered[*did.Document]{},
		keys: map[string]remembered[[]did.Method]{}, digests: map[string]Check{},
		unlisted: map[string]Check{}, types: map[string]remembered[*sdjwt.TypeMetadata]{}, lists: &statuslist.Cache{Now: now},
	}
}

// recall returns what is kept under key, or what read returns now.
func recall[T any](kept map[string]remembered[T], key string, read func() (T, error)) (T, error) {
	if r, ok := kept[key]; ok {
		return r.value, r.err
	}
	value, err := read()
	kept[key] = remembered[T]{value, err}
	return value, err
}

// resolver finds DID documents once.
type resolver struct {
	did.Resolver
	kept *memo
}

// Resolve implements did.Resolver.
func (r resolver) Resolve(ctx context.Context, id string) (*did.Document, error) {
	return recall(r.kept.dids, id, func() (*did.Document, error) { return r.Resolver.Resolve(ctx, id) })
}

// paid is a Getter for readers that count nothing themselves: what it returns has
// been paid for.
type paid struct{ *run }

// Get implements Getter.
func (p paid) Get(ctx context.Context, url, accept string) (body []byte, contentType string, err error) {
	body, contentType, err = p.get.Get(ctx, url, accept)
	if err == nil {
		err = p.work.spend(readingCost(body))
	}
	return body, contentType, err
}

// readingCost is what it costs to read JSON that nobody has looked at.
func readingCost(body []byte) int { return parts(body) + len(body)/64 }

// What things cost beside the parts of documents, in units of work. One unit is
// about a microsecond.
const (
	signatureCost = 100     // to check one signature
	insideCost    = 200     // of a credential inside another, whatever is in it
	bytesPerUnit  = 1 << 10 // of a file that is read or hashed
)
