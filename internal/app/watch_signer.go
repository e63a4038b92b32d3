package app

import (
	"context"
	"errors"
	"time"

	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/observe"
)

// watchedSigner counts signatures and times them.
type watchedSigner struct {
	keys.Signer
	metrics *observe.Metrics
	now     func() time.Time
}

// Sign passes the requests on. Several that are signed together share the time.
func (s *watchedSigner) Sign(ctx context.Context, requests []keys.Request) ([]keys.Signed, error) {
	ctx, end := observe.Start(ctx, "sign")
	start := s.now()
	signed, err := s.Signer.Sign(ctx, requests)
	each := s.now().Sub(start) / time.Duration(max(1, len(requests)))
	failed := err
	for i, q := range requests {
		one := err
		if one == nil && i < len(signed) {
			one = signed[i].Err
		}
		s.metrics.Signed(string(q.Kind), each, one)
		failed = errors.Join(failed, one)
	}
	end(failed)
	return signed, err
}

// watchSigning puts a watch before what signs, when somebody looks.
func (w *watch) watchSigning(ring *keys.Ring, now func() time.Time) {
	if w.metrics == nil && w.traces == nil {
		return
	}
	inner := ring.Signer
	if inner == nil {
		inner = ring.Local()
	}
	ring.Signer = &watchedSigner{Signer: inner, metrics: w.metrics, now: now}
}
