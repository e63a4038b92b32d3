package signin

import (
	"context"
	"errors"
	"time"

	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/sqldb"
)

func (s *Service) checkSAML(p *Provider) error { return bad("kind", "SAML is not there yet.") }
func newSAMLKey(string, time.Time) (key, cert []byte, err error) {
	return nil, nil, errors.New("no SAML")
}
func (s *Service) goSAML(context.Context, *Provider, *attempt, *Trip, string, string) error {
	return errors.New("no SAML")
}
func (s *Service) forgetMetadata(context.Context, *sqldb.Tx, *Provider) error { return nil }
func (s *Service) refreshAll(context.Context) error                           { return nil }
func enqueueRefresh(ctx context.Context, tx *sqldb.Tx, at time.Time) error {
	return jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobRefresh, Key: "all", RunAt: at})
}
