package org

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// How long a domain's proof may be missing before it counts no more, and how
// often it is looked for.
const (
	DomainGrace = 7 * 24 * time.Hour
	DomainCheck = 24 * time.Hour
)

// Where the proof of a domain is looked for.
const (
	DomainRecord = "_roundel." // before the domain: the name of a TXT record
	DomainFile   = "/.well-known/roundel-verification.txt"
)

// Domain is one that an organisation says is its own.
type Domain struct {
	PublicID     publicid.ID
	Name         string // in ASCII, lower case
	Token        string // what the TXT record or the file holds
	CreatedAt    time.Time
	CheckedAt    time.Time
	ProvenAt     time.Time // zero: no proof is in force
	MissingSince time.Time // the proof in force has not been found since then
	Method       string    // dns or file: where it was found last
	Problem      string    // what was wrong when it was looked for last

	id, organisation int64
}

// Proven reports whether the domain counts as the organisation's.
func (d *Domain) Proven() bool { return !d.ProvenAt.IsZero() }

// Ends returns when the proof in force ends unless it is found again; zero when
// nothing is missing.
func (d *Domain) Ends() time.Time {
	if d.MissingSince.IsZero() || !d.Proven() {
		return time.Time{}
	}
	return d.MissingSince.Add(DomainGrace)
}

const domainSelect = `SELECT id, public_id, organisation_id, domain, token, created_at, checked_at, proven_at, missing_since, method, problem FROM organisation_domain`

func scanDomain(row interface{ Scan(...any) error }) (*Domain, error) {
	var d Domain
	var created, checked, proven, missing int64
	err := row.Scan(&d.id, &d.PublicID, &d.organisation, &d.Name, &d.Token, &created, &checked, &proven, &missing, &d.Method, &d.Problem)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, fault.NotFoundf("There is no such domain.")
	}
	d.CreatedAt, d.CheckedAt, d.ProvenAt, d.MissingSince = sqldb.Time(created), sqldb.Time(checked), sqldb.Time(proven), sqldb.Time(missing)
	return &d, err
}

// Domains lists the organisation's domains, oldest first.
func (s *Service) Domains(ctx context.Context, id int64) (list []*Domain, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Domain, error) { return scanDomain(r) }, domainSelect+` WHERE organisation_id = $1 ORDER BY id`, id)
		return err
	})
	return list, err
}

// maxDomains bounds what one organisation has us look for every day.
const maxDomains = 10

// AddDomain notes a domain and returns what has to be published there.
func (s *Service) AddDomain(ctx context.Context, id int64, name string) (d *Domain, err error) {
	name, err = s.domainName(name)
	if err != nil {
		return nil, err
	}
	d = &Domain{PublicID: publicid.New(), Name: name, Token: strings.ToLower(rand.Text()), CreatedAt: s.Now(), organisation: id}
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		var n int64
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM organisation_domain WHERE organisation_id = $1`, id).Scan(&n); err != nil {
			return err
		}
		if n >= maxDomains {
			return fault.Conflictf("There are %d domains already. Take one away first.", maxDomains)
		}
		err := tx.QueryRow(ctx, `INSERT INTO organisation_domain (public_id, organisation_id, domain, token, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
			d.PublicID, id, d.Name, d.Token, sqldb.Millis(d.CreatedAt)).Scan(&d.id)
		if sqldb.IsUnique(err) {
			return fault.Fields(fault.Field{Path: "domain", Message: "This domain is in the list already."})
		}
		if err != nil {
			return err
		}
		if err := enqueueDomains(ctx, tx, s.Now().Add(DomainCheck)); err != nil {
			return err
		}
		return record(ctx, tx, id, "domain.added", "organisation_domain", d.id, map[string]string{"domain": d.Name})
	})
	return d, err
}

// domainName returns the name as resolvers take it, or a fault: no address, no
// single word, and not the installation's own host.
func (s *Service) domainName(name string) (string, error) {
	bad := fault.Fields(fault.Field{Path: "domain", Message: "Enter a domain that you run, such as example.org, without https:// and without a path."})
	name = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(name)), ".")
	ascii, err := idna.Lookup.ToASCII(name)
	if err != nil || len(ascii) > 200 || !strings.Contains(ascii, ".") || strings.ContainsAny(ascii, "/:@ _") {
		return "", bad
	}
	if _, err := netip.ParseAddr(ascii); err == nil {
		return "", bad
	}
	if host, _, _ := strings.Cut(s.Host(), ":"); ascii == host {
		return "", fault.Fields(fault.Field{Path: "domain", Message: "This is the address of the platform itself, which every organisation here shares."})
	}
	return ascii, nil
}

// RemoveDomain forgets a domain and its proof.
func (s *Service) RemoveDomain(ctx context.Context, id int64, domain publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		d, err := domainOf(ctx, tx, id, domain)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM organisation_domain WHERE id = $1`, d.id); err != nil {
			return err
		}
		return record(ctx, tx, id, "domain.removed", "organisation_domain", d.id, map[string]string{"domain": d.Name})
	})
}

func domainOf(ctx context.Context, tx *sqldb.Tx, id int64, domain publicid.ID) (*Domain, error) {
	return scanDomain(tx.QueryRow(ctx, domainSelect+` WHERE organisation_id = $1 AND public_id = $2`, id, domain))
}

// CheckDomain looks for the proof now and returns the domain as it stands then.
func (s *Service) CheckDomain(ctx context.Context, id int64, domain publicid.ID) (d *Domain, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { d, err = domainOf(ctx, tx, id, domain); return err })
	if err != nil {
		return nil, err
	}
	return d, s.check(ctx, d)
}

// check looks for the proof of d, outside any transaction, and records what came
// of it.
func (s *Service) check(ctx context.Context, d *Domain) error {
	method, problem := s.find(ctx, d)
	now := s.Now()
	before := *d
	d.CheckedAt, d.Problem = now, problem
	switch {
	case method != "":
		d.Method, d.MissingSince = method, time.Time{}
		if !d.Proven() {
			d.ProvenAt = now
		}
	case d.Proven() && d.MissingSince.IsZero():
		d.MissingSince = now
	case d.Proven() && now.Sub(d.MissingSince) >= DomainGrace:
		d.ProvenAt, d.MissingSince = time.Time{}, time.Time{}
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		// Guarded by what was read: of two who look at once, the first one counts.
		n, err := tx.Exec(ctx, `UPDATE organisation_domain SET checked_at = $2, proven_at = $3, missing_since = $4, method = $5, problem = $6
			WHERE id = $1 AND checked_at = $7`, d.id, sqldb.Millis(d.CheckedAt), sqldb.Millis(d.ProvenAt), sqldb.Millis(d.MissingSince), d.Method, d.Problem, sqldb.Millis(before.CheckedAt))
		if err != nil || n == 0 || before.Proven() == d.Proven() {
			return err
		}
		action := "domain.proven"
		if !d.Proven() {
			action = "domain.lost"
		}
		return record(ctx, tx, d.organisation, action, "organisation_domain", d.id, map[string]string{"domain": d.Name, "method": d.Method})
	})
}

// find returns where the proof is published, or "" and what was wrong.
func (s *Service) find(ctx context.Context, d *Domain) (method, problem string) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	problem = "There is no TXT record " + DomainRecord + d.Name + " with the text, "
	if s.LookupTXT != nil {
		found, err := s.LookupTXT(ctx, DomainRecord+d.Name)
		if err == nil && slices.ContainsFunc(found, func(t string) bool { return strings.TrimSpace(t) == d.Token }) {
			return "dns", ""
		}
		if err == nil && len(found) > 0 {
			problem = "The TXT record " + DomainRecord + d.Name + " holds another text, "
		}
	}
	if s.Fetch == nil {
		return "", problem + "and files cannot be fetched here."
	}
	address := "https://" + d.Name + DomainFile
	body, _, err := s.Fetch.Get(ctx, address, "text/plain")
	switch {
	case err != nil:
		return "", problem + "and no file could be read at " + address + "."
	case strings.TrimSpace(string(body)) != d.Token:
		return "", problem + "and the file at " + address + " holds another text."
	}
	return "file", ""
}

// JobDomains is the kind of job that looks for the proofs of all domains.
const JobDomains = "org.domains"

func enqueueDomains(ctx context.Context, tx *sqldb.Tx, at time.Time) error {
	return jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobDomains, Key: "all", RunAt: at})
}

// Handlers returns the jobs that this package does.
func (s *Service) Handlers() map[string]func(context.Context, json.RawMessage) error {
	return map[string]func(context.Context, json.RawMessage) error{
		JobDomains: func(ctx context.Context, _ json.RawMessage) error { return s.checkDomains(ctx) },
	}
}

// checkDomains looks for the proof of every domain that was not looked at
// within the last day, and has itself called again while there are domains.
func (s *Service) checkDomains(ctx context.Context) error {
	due := sqldb.Millis(s.Now().Add(-DomainCheck + time.Hour)) // an hour's slack, or every other day would be missed
	var list []*Domain
	err := s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Domain, error) { return scanDomain(r) }, domainSelect+` WHERE checked_at < $1 ORDER BY id`, due)
		return err
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, d := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		// A domain that nobody has proven within a month is looked for by hand only.
		if !d.Proven() && s.Now().Sub(d.CreatedAt) > 30*24*time.Hour {
			continue
		}
		failed = append(failed, s.check(ctx, d))
	}
	return errors.Join(append(failed, s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		var n int64
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM organisation_domain`).Scan(&n); err != nil || n == 0 {
			return err
		}
		return enqueueDomains(ctx, tx, s.Now().Add(DomainCheck))
	}))...)
}
