package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/roundel/roundel/internal/fault"
)

// Limits of one exchange with the store.
const (
	s3Time       = 30 * time.Second
	s3DialTime   = 5 * time.Second
	s3AnswerTime = 15 * time.Second
	s3Tries      = 3
	s3MaxBytes   = 64 << 20
	s3CacheBytes = 32 << 20
)

// S3Options say where the objects are. Credentials come from
// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, from the file that
// AWS_SHARED_CREDENTIALS_FILE names, or, at Amazon, from the machine's role.
type S3Options struct {
	Endpoint string // https://HOST:PORT; empty: Amazon's
	Region   string // empty: asked for
	Bucket   string
	Prefix   string // of every object's name, without slashes at its ends
}

// S3 keeps blobs as objects of an S3-compatible store, under the names that a
// Dir would give their files. It is right for nodes that share no file system.
type S3 struct {
	client *minio.Client
	o      S3Options
	cache  *cache
	close  func()
}

// OpenS3 returns the blobs in a bucket. It fails when the store says that the
// bucket is missing or closed to us, not when the store does not answer now.
func OpenS3(ctx context.Context, o S3Options) (*S3, error) {
	host, secure := "s3.amazonaws.com", true
	providers := []credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}
	if o.Endpoint != "" {
		u, err := url.Parse(o.Endpoint)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.User != nil {
			return nil, fmt.Errorf("blobs: endpoint %q must be https://HOST or http://HOST:PORT", o.Endpoint)
		}
		host, secure = u.Host, u.Scheme == "https"
	} else {
		providers = append(providers, &credentials.IAM{})
	}
	// Not the default transport: no proxy from the environment, and an end to
	// every wait.
	transport := &http.Transport{
		DialContext:           (&net.Dialer{Timeout: s3DialTime}).DialContext,
		TLSHandshakeTimeout:   s3DialTime,
		ResponseHeaderTimeout: s3AnswerTime,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       time.Minute,
		DisableCompression:    true, // the hash is of what was put
		ForceAttemptHTTP2:     true,
	}
	client, err := minio.New(host, &minio.Options{
		Creds: credentials.NewChainCredentials(providers), Secure: secure, Region: o.Region, Transport: transport, MaxRetries: s3Tries,
	})
	if err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	s := &S3{client: client, o: o, cache: newCache(s3CacheBytes), close: transport.CloseIdleConnections}
	ctx, cancel := context.WithTimeout(ctx, s3Time)
	defer cancel()
	found, err := client.BucketExists(ctx, o.Bucket)
	switch {
	case err == nil && !found:
		return nil, fmt.Errorf("blobs: there is no bucket %q at %s; make it first", o.Bucket, host)
	case err != nil && refusedBy(err):
		return nil, fmt.Errorf("blobs: bucket %q at %s: %w", o.Bucket, host, err)
	}
	return s, nil
}

// refusedBy reports whether the store answered, and refused.
func refusedBy(err error) bool {
	code := minio.ToErrorResponse(err).StatusCode
	return code >= 400 && code < 500 && code != http.StatusTooManyRequests && code != http.StatusRequestTimeout
}

// Close releases the connections.
func (s *S3) Close() error {
	s.close()
	return nil
}

// Put implements Store. An object of an S3 store is durable when it is answered
// for.
func (s *S3) Put(ctx context.Context, data []byte) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s3Time)
	defer cancel()
	key := Key(data)
	_, err := s.client.PutObject(ctx, s.o.Bucket, s.name(key), bytes.NewReader(data), int64(len(data)),
		minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true})
	if err != nil {
		return "", s.failed("keep", err)
	}
	s.cache.add(key, slices.Clone(data))
	return key, nil
}

// Get implements Store. What was asked for last is remembered.
func (s *S3) Get(ctx context.Context, key string) ([]byte, error) {
	if !keyForm.MatchString(key) {
		return nil, errNoBlob
	}
	if data, ok := s.cache.get(key); ok {
		return slices.Clone(data), nil
	}
	ctx, cancel := context.WithTimeout(ctx, s3Time)
	defer cancel()
	object, err := s.client.GetObject(ctx, s.o.Bucket, s.name(key), minio.GetObjectOptions{})
	if err != nil {
		return nil, s.failed("read", err)
	}
	defer object.Close()
	data, err := io.ReadAll(io.LimitReader(object, s3MaxBytes+1))
	if err != nil {
		return nil, s.failed("read", err)
	}
	if Key(data) != key {
		return nil, fmt.Errorf("blob %s was changed in the store", key)
	}
	s.cache.add(key, slices.Clone(data))
	return data, nil
}

// Keys implements Store.
func (s *S3) Keys(ctx context.Context, do func(key string) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing when do fails
	prefix := ""
	if s.o.Prefix != "" {
		prefix = s.o.Prefix + "/"
	}
	for o := range s.client.ListObjects(ctx, s.o.Bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			return s.failed("list", o.Err)
		}
		key := path.Base(o.Key)
		if !keyForm.MatchString(key) || s.name(key) != o.Key {
			continue // not ours
		}
		if err := do(key); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (s *S3) name(key string) string { return path.Join(s.o.Prefix, place(key)) }

// failed makes the right error of what the store or the network said.
func (s *S3) failed(what string, err error) error {
	answer := minio.ToErrorResponse(err)
	switch {
	case answer.Code == minio.NoSuchKey:
		return errNoBlob
	case errors.Is(err, context.Canceled):
		return err
	case refusedBy(err):
		return fmt.Errorf("%s blob: the store refuses: %w", what, err)
	}
	return &fault.Error{Kind: fault.Unavailable, Message: "The store of pictures and files does not answer. Try again in a moment.", Err: fmt.Errorf("%s blob: %w", what, err)}
}
