// Package signin lets people in on the word of others: any OpenID Connect
// provider, and SAML identity providers, for the whole installation or for one
// organisation.
//
// A provider says who somebody is by (issuer, subject), which never changes;
// nothing else ever finds an account. An address that a provider tells is
// believed at the first sign-in only, and only in domains that it may vouch
// for; and it takes nobody's account over: whoever has the address shows that
// the account is theirs first.
package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/fetch"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/sqldb"
)

// Service knows providers and lets people in by them.
type Service struct {
	DB       *sqldb.DB
	Accounts *account.Service
	Orgs     *org.Service
	Fetch    *fetch.Client
	Now      func() time.Time
	BaseURL  string // public address of the installation, without a trailing slash
	Log      *slog.Logger

	// Seal encrypts what is kept of a provider or a person on the way in, and Open
	// decrypts it; name is bound to it.
	Seal func(name string, plain []byte) []byte
	Open func(name string, sealed []byte) ([]byte, error)

	found discoveries
}

// The paths of a provider at our address.
const (
	pathWith = "/sign-in/with/"
	pathSAML = "/saml/"
)

// refusal is why somebody was not let in: a code for log and audit, and words
// that tell the person what to do and nothing about accounts.
type refusal struct {
	Code  string
	Words string
	Why   error
}

func (r *refusal) Error() string {
	if r.Why == nil {
		return r.Code
	}
	return r.Code + ": " + r.Why.Error()
}

// no returns a refusal. why is for the log alone.
func no(code, words string, why error) error { return &refusal{Code: code, Words: words, Why: why} }

// What people read.
const (
	wordsAgain   = "This sign-in has taken too long, was finished already, or began in another browser. Begin again."
	wordsFailed  = "The sign-in could not be checked. Begin again; if it fails again, tell the people who run this installation."
	wordsNobody  = "Your account there does not let you in here. Ask the people who run this installation, or sign in another way."
	wordsAddress = "The other service told no address that it may vouch for. Sign in another way, or ask the people who look after sign-in."
	wordsDenied  = "The other service did not let you in, or you left before the end. Begin again, or sign in another way."
	wordsAway    = "The other service could not be reached. Try again in some minutes, or sign in another way."
)

// refuse records why somebody was not let in, and returns what they read.
func (s *Service) refuse(ctx context.Context, p *Provider, r *refusal) error {
	s.Log.WarnContext(ctx, "sign-in refused", "provider", p.PublicID, "organisation", p.OrganisationID, "reason", r.Code, "error", r.Why)
	err := s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		return s.record(ctx, tx, p, "signin.refused", "signin_provider", p.ID, map[string]string{"reason": r.Code})
	})
	if err != nil {
		return err
	}
	kind := fault.Forbidden
	if r.Words == wordsAway {
		kind = fault.Unavailable
	}
	return &fault.Error{Kind: kind, Message: r.Words, Err: r}
}

func (s *Service) record(ctx context.Context, tx *sqldb.Tx, p *Provider, action, subject string, id int64, data map[string]string) error {
	if data == nil {
		data = map[string]string{}
	}
	if p.ID > 0 {
		data["provider"] = p.PublicID.String()
	}
	return audit.Record(ctx, tx, audit.Entry{OrganisationID: p.OrganisationID, Action: action, Subject: subject, SubjectID: id, Data: data, At: s.Now()})
}

func newSecret() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(b)
}

func hashSecret(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// derive returns a value for one purpose that only the holder of the secret
// can make.
func derive(purpose, secret string) string {
	h := sha256.Sum256([]byte("roundel sign-in " + purpose + "\x00" + secret))
	return base64.RawURLEncoding.EncodeToString(h[:])
}
