package blob

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Store keeps blobs by the hash of their content. A [Dir] is one on this
// machine or on a file system that nodes share, an [S3] one that nodes reach
// over the network.
type Store interface {
	// Put keeps data and returns its key. What it has returned a key for is
	// durable. Keeping the same data again is fine.
	Put(ctx context.Context, data []byte) (key string, err error)
	// Get returns the data with this key, as it was put. It is a NotFound fault
	// when there is none, an Unavailable one when the store does not answer.
	Get(ctx context.Context, key string) ([]byte, error)
	// Keys calls do with the key of every blob, in order.
	Keys(ctx context.Context, do func(key string) error) error
	// Close releases what the store holds.
	Close() error
}

// OpenStore opens the store at an address: a folder's path, or
// "s3://BUCKET/PREFIX?endpoint=https://HOST:PORT&region=REGION" for S3 and what
// speaks like it. Without endpoint, Amazon's is used.
func OpenStore(ctx context.Context, address string) (Store, error) {
	if !strings.HasPrefix(address, "s3://") {
		d, err := Open(address)
		if err != nil {
			return nil, err // and no store at all: an interface that holds a nil would be closed
		}
		return d, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("blobs: the address must be s3://BUCKET/PREFIX?endpoint=https://HOST; credentials come from the environment (AWS_ACCESS_KEY_ID …) or a file")
	}
	o := S3Options{Bucket: u.Host, Prefix: strings.Trim(u.Path, "/")}
	for name, values := range u.Query() {
		switch name {
		case "endpoint":
			o.Endpoint = values[0]
		case "region":
			o.Region = values[0]
		default:
			return nil, fmt.Errorf("blobs: %q is not known; an s3 address takes endpoint and region", name)
		}
	}
	return OpenS3(ctx, o)
}
