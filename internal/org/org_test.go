package org_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

var good = org.Profile{Name: "Universität Köln", Website: "www.uni.example", Email: "badges@uni.example", Country: "de", LinkedInID: "1337", Accent: "#2A4FD0"}

func start(t *testing.T, db *sqldb.DB, base string) (*org.Service, int64) {
	t.Helper()
	kek, err := keys.LoadKeyFile(filepath.Join(t.TempDir(), "kek"))
	check(t, err)
	s := &org.Service{DB: db, Keys: &keys.Ring{DB: db, KEK: kek, Now: time.Now}, Now: time.Now, BaseURL: base}
	var owner int64
	check(t, db.Write(t.Context(), func(tx *sqldb.Tx) error {
		return tx.QueryRow(t.Context(), `INSERT INTO account (public_id, name, password_hash, created_at) VALUES ($1, 'Ada', '', 0) RETURNING id`, publicid.New()).Scan(&owner)
	}))
	return s, owner
}

func TestCreateGivesOwnerKeyAndAddress(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		s, owner := start(t, db, "https://badges.example.org")
		first, err := s.Create(t.Context(), owner, good)
		check(t, err)
		second, err := s.Create(t.Context(), owner, good)
		check(t, err)
		if first.Slug != "universitat-koln" || second.Slug != "universitat-koln-2" {
			t.Errorf("slugs %q and %q", first.Slug, second.Slug)
		}
		got, err := s.BySlug(t.Context(), first.Slug)
		check(t, err)
		if got.Website != "https://www.uni.example" || got.Country != "DE" || got.Accent != "#2a4fd0" {
			t.Errorf("not normalised: %+v", got.Profile)
		}
		memberships, err := s.ForAccount(t.Context(), owner)
		check(t, err)
		if len(memberships) != 2 || !memberships[0].Role.Owner() || memberships[0].Organisation.ID != first.ID {
			t.Errorf("memberships %+v", memberships)
		}
		others, err := s.ForAccount(t.Context(), owner+1)
		check(t, err)
		if len(others) != 0 {
			t.Errorf("a stranger belongs to %+v", others)
		}
	})
}

func TestIdentityFollowsTheAddress(t *testing.T) {
	db := dbtest.Open(t)
	s, owner := start(t, db, "http://127.0.0.1:8080")
	o, err := s.Create(t.Context(), owner, good)
	check(t, err)
	trial, err := s.CurrentIdentity(t.Context(), o)
	check(t, err)
	if trial.Live || !strings.HasPrefix(trial.DID, "did:key:z6Mk") || !strings.HasPrefix(trial.Method, trial.DID+"#") {
		t.Errorf("trial identity %+v", trial)
	}
	s.BaseURL = "https://badges.example.org:8443"
	live, err := s.CurrentIdentity(t.Context(), o)
	check(t, err)
	if !live.Live || live.DID != "did:web:badges.example.org%3A8443:issuers:universitat-koln" {
		t.Errorf("live identity %+v", live)
	}
	raw, err := s.DIDDocument(t.Context(), o)
	check(t, err)
	doc, err := did.ParseDocument(raw)
	check(t, err)
	if _, err := doc.Method(live.Method, did.AssertionMethod); err != nil || doc.ID != live.DID {
		t.Errorf("the document does not list the signing key: %v\n%s", err, raw)
	}
	if bytes.Contains(raw, []byte("did:key")) {
		t.Error("the trial identity appears in the live document")
	}
	o.IsSample = true
	if id, err := s.CurrentIdentity(t.Context(), o); err != nil || id.Live {
		t.Errorf("the sample organisation awards for real: %+v, %v", id, err)
	}
}

func TestWhatIsWrongWithAProfile(t *testing.T) {
	db := dbtest.Open(t)
	s, owner := start(t, db, "https://badges.example.org")
	for name, test := range map[string]struct {
		change func(*org.Profile)
		field  string
	}{
		"no name":             {func(p *org.Profile) { p.Name = " " }, "name"},
		"a script as website": {func(p *org.Profile) { p.Website = "javascript:alert(1)//" }, "website"},
		"a user in the site":  {func(p *org.Profile) { p.Website = "https://a:b@uni.example" }, "website"},
		"no address":          {func(p *org.Profile) { p.Email = "badges" }, "email"},
		"a long country":      {func(p *org.Profile) { p.Country = "Germany" }, "country"},
		"LinkedIn by link":    {func(p *org.Profile) { p.LinkedInID = "https://linkedin.com/company/1337" }, "linkedin_id"},
		"style in the colour": {func(p *org.Profile) { p.Accent = "red;background:url(x)" }, "accent"},
	} {
		p := good
		test.change(&p)
		if _, err := s.Create(t.Context(), owner, p); fault.FieldMessage(err, test.field) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	list, err := s.Newest(t.Context(), 10)
	check(t, err)
	if len(list) != 0 {
		t.Errorf("%d organisations were left behind", len(list))
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
