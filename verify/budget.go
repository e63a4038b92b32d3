package verify

import (
	"context"
	"errors"
)

// errBudget says that a badge asks for more documents than a verifier fetches.
var errBudget = errors.New("verify: the badge asks for too many documents")

// budget is a Getter that asks for each address once and for a limited number
// of addresses in all. It lives as long as one verification, so nothing that
// it remembers is stale.
type budget struct {
	get  Getter
	left int
	seen map[string]answer
}

type answer struct {
	body        []byte
	contentType string
	err         error
}

func newBudget(get Getter, requests int) *budget {
	return &budget{get: get, left: requests, seen: map[string]answer{}}
}

// allow raises the number of addresses that may be asked in all to n. A nil
// budget, that of a verifier that is offline, stays what it is.
func (b *budget) allow(n int) {
	if b != nil {
		b.left = max(b.left, n-len(b.seen))
	}
}

// Get implements Getter.
func (b *budget) Get(ctx context.Context, url, accept string) ([]byte, string, error) {
	if a, ok := b.seen[url]; ok {
		return a.body, a.contentType, a.err
	}
	if b.left == 0 {
		return nil, "", errBudget
	}
	b.left--
	var a answer
	a.body, a.contentType, a.err = b.get.Get(ctx, url, accept)
	b.seen[url] = a
	return a.body, a.contentType, a.err
}
