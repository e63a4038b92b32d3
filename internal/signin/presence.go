package signin

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Policy is what an organisation asks of members who sign in by a provider that
// speaks for it: its own, or the installation's when that tells of the
// organisation's domain.
type Policy struct {
	// Affiliations are eduPersonScopedAffiliation's words, such as staff; whoever
	// signs in with none of them may do nothing as a member. None: all may.
	Affiliations []string
	// AbsentDays is after how many days without such a sign-in a membership is
	// suspended; 0: never.
	AbsentDays int64
}

// The words of eduPersonAffiliation.
var affiliations = []string{"faculty", "student", "staff", "alum", "member", "affiliate", "employee", "library-walk-in"}

// Affiliations lists the words that eduPersonAffiliation knows.
func Affiliations() []string { return slices.Clone(affiliations) }

// Policy returns what the organisation asks.
func (s *Service) Policy(ctx context.Context, organisationID int64) (c Policy, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { c, err = policyOf(ctx, tx, organisationID); return err })
	return c, err
}

func policyOf(ctx context.Context, tx *sqldb.Tx, id int64) (c Policy, err error) {
	var words string
	err = tx.QueryRow(ctx, `SELECT affiliations, absent_days FROM signin_policy WHERE organisation_id = $1`, id).Scan(&words, &c.AbsentDays)
	if errors.Is(err, sqldb.ErrNoRows) {
		return Policy{}, nil
	}
	c.Affiliations = strings.Fields(words)
	return c, err
}

// SetPolicy changes what the organisation asks, from the next sign-in on.
func (s *Service) SetPolicy(ctx context.Context, organisationID int64, c Policy) error {
	for _, w := range c.Affiliations {
		if !slices.Contains(affiliations, w) {
			return bad("affiliations", "“%s” is no affiliation.", w)
		}
	}
	if c.AbsentDays < 0 || c.AbsentDays > 3650 {
		return bad("absent_days", "Enter a number of days from 1 to 3650, or nothing.")
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO signin_policy (organisation_id, affiliations, absent_days) VALUES ($1, $2, $3)
			ON CONFLICT (organisation_id) DO UPDATE SET affiliations = excluded.affiliations, absent_days = excluded.absent_days`,
			organisationID, strings.Join(c.Affiliations, " "), c.AbsentDays); err != nil {
			return err
		}
		if c.AbsentDays > 0 {
			if err := enqueueAbsent(ctx, tx, s.Now().Add(absentEvery)); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, &Provider{OrganisationID: organisationID}, "signin_policy.changed", "organisation", organisationID,
			map[string]string{"affiliations": strings.Join(c.Affiliations, ","), "absent_days": strconv.FormatInt(c.AbsentDays, 10)})
	})
}

// visit notes that somebody signed in, and what follows from it for their
// memberships.
func (s *Service) visit(ctx context.Context, tx *sqldb.Tx, p *Provider, accountID int64, who *arrival) error {
	told := validAffiliations(who.Affiliations)
	if _, err := tx.Exec(ctx, `INSERT INTO signin_visit (provider_id, account_id, at, affiliations) VALUES ($1, $2, $3, $4)`,
		p.ID, accountID, sqldb.Millis(s.Now()), strings.Join(told, " ")); err != nil {
		return err
	}
	if err := s.record(ctx, tx, p, "signin.accepted", "account", accountID, map[string]string{
		"method": p.Kind, "two_factors": strconv.FormatBool(who.Two), "affiliations": strings.ReplaceAll(strings.Join(told, ","), "@", ":")}); err != nil {
		return err
	}
	if p.OrganisationID > 0 {
		return s.present(ctx, tx, p, p.OrganisationID, accountID, told)
	}
	// An installation's provider speaks for the organisations whose domains it
	// tells of.
	told2 := map[int64][]string{}
	for _, domain := range who.Scopes {
		list, err := org.WithProven(ctx, tx, domain)
		if err != nil {
			return err
		}
		for _, id := range list {
			told2[id] = append(told2[id], ofDomain(told, domain)...)
		}
	}
	for id, words := range told2 {
		if err := s.present(ctx, tx, p, id, accountID, words); err != nil {
			return err
		}
	}
	return nil
}

// ofDomain returns the affiliations with this scope.
func ofDomain(told []string, domain string) (list []string) {
	for _, t := range told {
		if strings.HasSuffix(t, "@"+domain) {
			list = append(list, t)
		}
	}
	return list
}

// validAffiliations keeps what has the form word@scope.
func validAffiliations(told []string) (list []string) {
	for _, t := range told {
		word, scope, ok := strings.Cut(strings.ToLower(strings.TrimSpace(t)), "@")
		if ok && slices.Contains(affiliations, word) && len(scope) < 200 && scope != "" && codeForm(scope) && len(list) < 20 {
			list = append(list, word+"@"+scope)
		}
	}
	return list
}

// present notes that a provider has spoken for somebody in an organisation, and
// suspends or reinstates their membership.
func (s *Service) present(ctx context.Context, tx *sqldb.Tx, p *Provider, organisationID, accountID int64, told []string) error {
	if p.OrganisationID == organisationID && p.DefaultRole != "" {
		if err := s.Orgs.JoinBySignIn(ctx, tx, organisationID, accountID, p.DefaultRole); err != nil {
			return err
		}
	}
	c, err := policyOf(ctx, tx, organisationID)
	if err != nil {
		return err
	}
	may := len(c.Affiliations) == 0 || slices.ContainsFunc(told, func(t string) bool {
		word, _, _ := strings.Cut(t, "@")
		return slices.Contains(c.Affiliations, word)
	})
	if _, err := s.Orgs.SetSuspended(ctx, tx, organisationID, accountID, !may, "affiliation"); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO signin_presence (organisation_id, account_id, provider_id, last_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (organisation_id, account_id) DO UPDATE SET provider_id = excluded.provider_id, last_at = excluded.last_at`,
		organisationID, accountID, p.ID, sqldb.Millis(s.Now()))
	return err
}

// The jobs of this package.
const (
	JobAbsent  = "signin.absent"  // suspends members who have not signed in for long
	JobRefresh = "signin.refresh" // fetches SAML metadata anew
)

const (
	absentEvery = 24 * time.Hour
	visitLife   = 400 * 24 * time.Hour // how long visits are kept
)

// Reinstate gives a member their access back whom the rules of signing in have
// suspended. The days without a sign-in are counted anew; what the provider says
// at the next one counts as ever.
func (s *Service) Reinstate(ctx context.Context, organisationID int64, by org.Actor, who publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		accountID, err := s.Orgs.Reinstate(ctx, tx, organisationID, by, who)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE signin_presence SET last_at = $3 WHERE organisation_id = $1 AND account_id = $2`, organisationID, accountID, sqldb.Millis(s.Now()))
		return err
	})
}

func enqueueAbsent(ctx context.Context, tx *sqldb.Tx, at time.Time) error {
	return jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobAbsent, Key: "all", RunAt: at})
}

// Handlers returns the jobs that this package does.
func (s *Service) Handlers() map[string]func(context.Context, json.RawMessage) error {
	return map[string]func(context.Context, json.RawMessage) error{
		JobAbsent:  func(ctx context.Context, _ json.RawMessage) error { return s.suspendAbsent(ctx) },
		JobRefresh: func(ctx context.Context, _ json.RawMessage) error { return s.refreshAll(ctx) },
	}
}

// suspendAbsent suspends members whose provider has not spoken for them within
// the days that their organisation gives. Members for whom none ever spoke, such
// as guests with a password, stay: nobody but the organisation knows when they leave.
func (s *Service) suspendAbsent(ctx context.Context) error {
	now := s.Now()
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM signin_visit WHERE at < $1`, sqldb.Millis(now.Add(-visitLife))); err != nil {
			return err
		}
		type absent struct{ organisation, account int64 }
		rows, err := tx.Query(ctx, `SELECT p.organisation_id, p.account_id FROM signin_presence p
			JOIN signin_policy c ON c.organisation_id = p.organisation_id
			JOIN member m ON m.organisation_id = p.organisation_id AND m.account_id = p.account_id AND m.paused_at = 0
			WHERE c.absent_days > 0 AND p.last_at < $1 - c.absent_days * 86400000 ORDER BY p.organisation_id, p.account_id`, sqldb.Millis(now))
		if err != nil {
			return err
		}
		var list []absent
		for rows.Next() {
			var a absent
			if err := rows.Scan(&a.organisation, &a.account); err != nil {
				return errors.Join(err, rows.Close())
			}
			list = append(list, a)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for _, a := range list {
			if _, err := s.Orgs.SetSuspended(ctx, tx, a.organisation, a.account, true, "absent"); err != nil && fault.KindOf(err) != fault.NotFound {
				return err
			}
		}
		return enqueueAbsent(ctx, tx, now.Add(absentEvery))
	})
}
