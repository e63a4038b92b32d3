package signin

import (
	"context"
	"errors"
	"time"

	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/publicid"
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

// House is one identity provider of SAML metadata.
type House struct{ EntityID, Name string }

// Houses lists identity providers of the provider.
func (s *Service) Houses(ctx context.Context, id publicid.ID, search string) ([]House, bool, error) {
	return nil, false, nil
}

// CountHouses returns how many identity providers the metadata has.
func (s *Service) CountHouses(ctx context.Context, p *Provider) (n int64, err error) { return 0, nil }

// Metadata returns our metadata.
func (s *Service) Metadata(ctx context.Context, id publicid.ID) ([]byte, error) {
	return nil, errNoProvider
}

// Arrived takes an answer.
func (s *Service) Arrived(ctx context.Context, id publicid.ID, state, response string) (string, error) {
	return "", errNoProvider
}

// TakeMetadata takes metadata.
func (s *Service) TakeMetadata(ctx context.Context, organisationID int64, id publicid.ID, file []byte) error {
	return errNoProvider
}
