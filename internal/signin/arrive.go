package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// arrival is who a provider says somebody is, after every check of its answer.
type arrival struct {
	Issuer, Subject string
	Name            string
	Address         string
	Verified        bool     // the provider says that the address is theirs
	Two             bool     // two factors were shown
	Affiliations    []string // eduPersonScopedAffiliation, as told
	Scopes          []string // the domains of a SAML identity provider; nil: not said
}

// Outcome is what came of a sign-in.
type Outcome struct {
	Way     *account.Way // in; nil when something else is left to do
	Pending string       // secret of the account's owner showing that it is theirs
	Added   bool         // the provider was added to the account that is signed in
	Next    string
}

// Finish takes what the browser brought back from a provider. session is that
// of the browser, nil when nobody is signed in there.
func (s *Service) Finish(ctx context.Context, p *Provider, browser string, in Answer, session *account.Session, userAgent string) (*Outcome, error) {
	a, err := s.take(ctx, p, in.State, browser)
	if err != nil {
		return nil, err
	}
	var who *arrival
	if p.Kind == SAML {
		who, err = s.unseal(p, a.arrived)
	} else {
		who, err = s.answerOIDC(ctx, p, browser, in)
	}
	out := &Outcome{Next: a.next}
	if err == nil {
		err = s.arrive(ctx, p, a, who, session, userAgent, out)
	}
	var r *refusal
	if errors.As(err, &r) {
		return nil, s.refuse(ctx, p, r)
	}
	return out, err
}

func (s *Service) arrive(ctx context.Context, p *Provider, a *attempt, who *arrival, session *account.Session, userAgent string, out *Outcome) error {
	if a.account > 0 {
		if session == nil || session.ID != a.account {
			return no("other_session", wordsAgain, nil)
		}
		out.Added = true
		return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
			if err := s.mayHave(p, session.Account); err != nil {
				return err
			}
			if err := s.Accounts.Link(ctx, tx, a.account, p.identity(who.Issuer), who.Subject); err != nil {
				return err
			}
			return s.visit(ctx, tx, p, a.account, who)
		})
	}
	var id int64
	err := s.DB.Write(ctx, func(tx *sqldb.Tx) (err error) {
		out.Pending = ""
		id, out.Pending, err = s.find(ctx, tx, p, who)
		if err != nil || out.Pending != "" {
			return err
		}
		return s.visit(ctx, tx, p, id, who)
	})
	if err != nil || out.Pending != "" {
		return err
	}
	return s.enter(ctx, p, id, who, userAgent, out)
}

func (s *Service) enter(ctx context.Context, p *Provider, id int64, who *arrival, userAgent string, out *Outcome) (err error) {
	proof := account.Proof{Method: p.Kind, Assurance: account.OneFactor, UserAgent: userAgent, VouchedBy: p.OrganisationID}
	if who.Two {
		proof.Assurance = account.TwoFactors
	}
	out.Way, err = s.Accounts.Enter(ctx, id, proof)
	return err
}

// mayHave refuses what no organisation may have: a say in who runs the
// installation.
func (s *Service) mayHave(p *Provider, a *account.Account) error {
	if p.OrganisationID > 0 && a.Operator {
		return no("operator", "An account that runs this installation does not sign in by an organisation's provider. Sign in another way.", nil)
	}
	return nil
}

// find returns the account of somebody who arrived, which may be a new one; or
// the secret of a pending link when they have to show first that it is theirs.
func (s *Service) find(ctx context.Context, tx *sqldb.Tx, p *Provider, who *arrival) (id int64, pending string, err error) {
	known, err := account.ByIdentity(ctx, tx, p.identity(who.Issuer), who.Subject)
	if err == nil {
		return known.ID, "", s.mayHave(p, known)
	}
	if fault.KindOf(err) != fault.NotFound {
		return 0, "", err
	}
	key, err := account.AddressKey(who.Address)
	vouched := false
	if err == nil && (who.Verified || p.Authoritative) {
		if vouched, err = p.vouches(ctx, tx, key, who.Scopes); err != nil {
			return 0, "", err
		}
	}
	if !vouched {
		return s.stranger(ctx, tx, p, who)
	}
	owner, err := account.ByAddress(ctx, tx, key)
	if fault.KindOf(err) == fault.NotFound {
		return s.newcomer(ctx, tx, p, who, key)
	}
	if err != nil {
		return 0, "", err
	}
	if err := s.mayHave(p, owner); err != nil {
		return 0, "", err
	}
	if p.OrganisationID == 0 && p.Authoritative && !owner.Operator {
		return owner.ID, "", s.Accounts.Link(ctx, tx, owner.ID, p.identity(who.Issuer), who.Subject)
	}
	pending, err = s.ask(ctx, tx, p, owner.ID, who)
	return 0, pending, err
}

// stranger is somebody whose address the provider may not vouch for: they get
// an account that owns nothing, by the installation's own provider only.
func (s *Service) stranger(ctx context.Context, tx *sqldb.Tx, p *Provider, who *arrival) (int64, string, error) {
	if p.OrganisationID > 0 {
		return 0, "", no("address_not_vouched", wordsAddress, nil)
	}
	if !p.Newcomers {
		return 0, "", no("no_newcomers", wordsNobody, nil)
	}
	email := who.Address
	if _, err := account.AddressKey(email); err != nil {
		email = ""
	}
	id, err := s.create(ctx, tx, p, who, email, false)
	return id, "", err
}

// newcomer makes an account for an address that nobody has shown to be theirs.
// One at which it was merely entered becomes its owner's: whoever made that
// loses every way into it.
func (s *Service) newcomer(ctx context.Context, tx *sqldb.Tx, p *Provider, who *arrival, key string) (int64, string, error) {
	claimed, err := account.ClaimedBy(ctx, tx, key)
	if err == nil && claimed.Operator {
		if err := s.mayHave(p, claimed); err != nil {
			return 0, "", err
		}
		// What was set up with this address runs the installation: a word is not enough.
		pending, err := s.ask(ctx, tx, p, claimed.ID, who)
		return 0, pending, err
	}
	if err == nil {
		if err := s.Accounts.Link(ctx, tx, claimed.ID, p.identity(who.Issuer), who.Subject); err != nil {
			return 0, "", err
		}
		if err := s.endTokens(ctx, tx, claimed.ID); err != nil {
			return 0, "", err
		}
		return claimed.ID, "", s.Accounts.Vouch(ctx, tx, claimed.ID, who.Address)
	}
	if fault.KindOf(err) != fault.NotFound {
		return 0, "", err
	}
	if !p.Newcomers || p.OrganisationID > 0 && s.Accounts.Registration == account.RegisterClosed {
		return 0, "", no("no_newcomers", wordsNobody, nil)
	}
	id, err := s.create(ctx, tx, p, who, who.Address, true)
	return id, "", err
}

func (s *Service) create(ctx context.Context, tx *sqldb.Tx, p *Provider, who *arrival, email string, verified bool) (int64, error) {
	name := strings.Join(strings.Fields(who.Name), " ")
	if name == "" || len([]rune(name)) > 200 {
		name, _, _ = strings.Cut(email, "@")
	}
	if name == "" {
		name = p.Name
	}
	a, err := s.Accounts.Create(ctx, tx, account.Newcomer{Name: name, Email: email, Verified: verified})
	if err != nil {
		return 0, err
	}
	// The account is new: there is nothing in it that linking would end.
	return a.ID, s.Accounts.Link(ctx, tx, a.ID, p.identity(who.Issuer), who.Subject)
}

// endTokens ends the API tokens that whoever made an account has made with it.
func (s *Service) endTokens(ctx context.Context, tx *sqldb.Tx, accountID int64) error {
	list, err := sqldb.Collect(ctx, tx, scanKey, `SELECT DISTINCT organisation_id FROM api_token WHERE created_by = $1 AND service_account_id = 0 AND revoked_at = 0`, accountID)
	for _, id := range list {
		if err == nil {
			err = account.RevokeTokensOf(ctx, tx, id, accountID, 0, s.Now())
		}
	}
	return err
}

// seal keeps who somebody is until their browser comes.
func (s *Service) seal(p *Provider, who *arrival) ([]byte, error) {
	plain, err := json.Marshal(who)
	return s.Seal("arrival "+p.PublicID.String(), plain), err
}

func (s *Service) unseal(p *Provider, sealed []byte) (*arrival, error) {
	if len(sealed) == 0 {
		return nil, no("nothing_arrived", wordsAgain, nil)
	}
	plain, err := s.Open("arrival "+p.PublicID.String(), sealed)
	if err != nil {
		return nil, fmt.Errorf("open what arrived: %w", err)
	}
	var who arrival
	return &who, json.Unmarshal(plain, &who)
}
