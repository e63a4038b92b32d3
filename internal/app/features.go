package app

import (
	"context"
	"encoding/json"
	"maps"
	"net"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/attest"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/backup/erasure"
	"github.com/roundel/roundel/internal/backup/journal"
	"github.com/roundel/roundel/internal/backup/transfer"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/claim"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/protocol/vcapi"
	"github.com/roundel/roundel/internal/signin"
	"github.com/roundel/roundel/internal/verification"
)

// Features is what the platform can do.
type Features struct {
	Accounts     *account.Service
	Orgs         *org.Service
	Badges       *badge.Service
	Issuing      *issuing.Service
	Claims       *claim.Service
	Outbox       *outbox.Service
	Verification *verification.Service
	Attest       *attest.Service
	Jobs         *jobs.Runner
	Audit        *audit.Service
	Journal      *journal.Journal
	Erasure      *erasure.Service
	SignIn       *signin.Service
	Transfer     *transfer.Service
}

func newFeatures(_ context.Context, a *App) (*Features, error) {
	g := a.Ground
	g.Keys.BaseURL = a.BaseURL
	f := &Features{
		Accounts: newAccounts(a),
		Orgs: &org.Service{
			DB: g.DB, Keys: g.Keys, Blobs: g.Blobs, Now: g.Now, BaseURL: a.BaseURL,
			Texts: g.Catalogues.For("en"), Site: a.Config.Name, Seal: sealClaim(g.Keys.Secrets), LookupTXT: net.DefaultResolver.LookupTXT, Fetch: g.Fetch,
		},
		Badges: &badge.Service{DB: g.DB, Blobs: g.Blobs, Now: g.Now},
		Outbox: &outbox.Service{DB: g.DB, Sender: g.Mail, Blobs: g.Blobs, Now: g.Now, Site: a.Config.Name, Log: a.Log, Open: openClaim(g.Keys.Secrets)},
		Claims: &claim.Service{DB: g.DB, Now: g.Now, Texts: g.Catalogues.For("en"), Seal: sealClaim(g.Keys.Secrets), BaseURL: a.BaseURL},
	}
	f.Issuing = &issuing.Service{
		DB: g.DB, Keys: g.Keys, Orgs: f.Orgs, Blobs: g.Blobs, Now: g.Now, Log: a.Log,
		BaseURL: a.BaseURL, Secret: g.Keys.Secrets.Secret("award ids"),
	}
	f.Audit = &audit.Service{DB: g.DB, Sealer: a.watch.sealer}
	f.Issuing.Issued = a.watch.metrics.Issued
	a.own(g.Fetch)
	f.Verification = &verification.Service{Fetch: g.Fetch, Now: g.Now, Recorded: a.recorded, Account: a.proven}
	f.Attest = &attest.Service{DB: g.DB, Keys: g.Keys, Now: g.Now, BaseURL: a.BaseURL, ListPath: vcapi.ListPath}
	f.Jobs = &jobs.Runner{DB: g.DB, Now: g.Now, Log: a.Log, Traces: a.watch.tracer(), Handlers: map[string]func(context.Context, json.RawMessage) error{}}
	maps.Copy(f.Jobs.Handlers, f.Accounts.Handlers())
	maps.Copy(f.Jobs.Handlers, f.Orgs.Handlers())
	maps.Copy(f.Jobs.Handlers, f.Issuing.Handlers())
	maps.Copy(f.Jobs.Handlers, f.Outbox.Handlers())
	maps.Copy(f.Jobs.Handlers, f.Attest.Handlers())
	f.Journal = &journal.Journal{DB: g.DB, Dir: a.Config.JournalPath(), Now: g.Now, Log: a.Log, Fatal: g.DB.Fatal}
	f.Issuing.Journal, f.Attest.Journal = f.Journal.Flush, f.Journal.Flush
	f.Erasure = &erasure.Service{DB: g.DB, Now: g.Now, Journal: f.Journal.Flush, KeepMails: time.Duration(a.Config.MailAddresses) * 24 * time.Hour}
	maps.Copy(f.Jobs.Handlers, f.Erasure.Handlers())
	f.SignIn = newSignIn(a, f)
	maps.Copy(f.Jobs.Handlers, f.SignIn.Handlers())
	f.Transfer = &transfer.Service{
		DB: g.DB, Blobs: g.Blobs, Orgs: f.Orgs, Issuing: f.Issuing, Keys: g.Keys, Now: g.Now, BaseURL: a.BaseURL,
		Audit: &audit.Service{DB: g.DB, Sealer: a.watch.sealer},
	}
	maps.Copy(f.Jobs.Handlers, g.Keys.Handlers(a.Log))
	f.Jobs.Consume(claim.Consumer, f.Claims.OnEvents)
	return f, nil
}

// claimPurpose names what the secrets of claim links are sealed for.
const claimPurpose = "claim link"

func sealClaim(secrets *keys.Secrets) func(string) []byte {
	return func(secret string) []byte { return secrets.Seal(claimPurpose, []byte(secret)) }
}

func openClaim(secrets *keys.Secrets) func([]byte) (string, error) {
	return func(sealed []byte) (string, error) {
		secret, err := secrets.Open(claimPurpose, sealed)
		return string(secret), err
	}
}
