package apptest

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/picture"
)

// The owner of a House.
const (
	OwnerName     = "Ada Lindqvist"
	OwnerEmail    = "ada@northlight.example"
	OwnerPassword = "violets grow on the roof"
)

// House is a server that is set up: somebody is signed in, has an organisation
// and a published badge.
type House struct {
	*Server
	Owner   *Client // signed in
	OwnerID int64
	Org     *org.Organisation
	Badge   *badge.Badge
	Console string // path of the organisation's console
}

// StartHouse starts a server and sets it up, the account by its form and the
// rest by the features themselves.
func StartHouse(t testing.TB, o Options) *House {
	t.Helper()
	h := &House{Server: Start(t, o)}
	h.Owner = h.Client(t)
	h.Owner.Post(h.SetUpURL(t), url.Values{"name": {OwnerName}, "email": {OwnerEmail}, "password": {OwnerPassword}}).Want(http.StatusSeeOther)
	base, err := url.Parse(h.BaseURL)
	must(t, err)
	for _, c := range h.Owner.HTTP.Jar.Cookies(base) {
		if a, err := h.App.Features.Accounts.Session(t.Context(), c.Value); err == nil {
			h.OwnerID = a.ID
		}
	}
	if h.OwnerID == 0 {
		t.Fatal("setting up has not signed the owner in")
	}
	h.Org = h.NewOrganisation(t, h.OwnerID, "Northlight University")
	h.Console = "/console/" + h.Org.Slug
	h.Badge = h.NewBadge(t, h.Org, "Applied Data Analysis")
	return h
}

// NewOrganisation makes an organisation that belongs to the account.
func (s *Server) NewOrganisation(t testing.TB, owner int64, name string) *org.Organisation {
	t.Helper()
	o, err := s.App.Features.Orgs.Create(t.Context(), owner, org.Profile{
		Name: name, Website: "https://northlight.example", Email: "badges@northlight.example", Country: "IE",
		Description: "Short courses for working people.",
	})
	must(t, err)
	return o
}

// ProveDomain has the organisation prove a domain of its own.
func (s *Server) ProveDomain(t testing.TB, o *org.Organisation, domain string) {
	t.Helper()
	orgs := s.App.Features.Orgs
	d, err := orgs.AddDomain(t.Context(), o.ID, domain)
	must(t, err)
	before := orgs.LookupTXT
	orgs.LookupTXT = func(context.Context, string) ([]string, error) { return []string{d.Token}, nil }
	d, err = orgs.CheckDomain(t.Context(), o.ID, d.PublicID)
	orgs.LookupTXT = before
	must(t, err)
	if !d.Proven() {
		t.Fatalf("the domain %s is not proven: %s", domain, d.Problem)
	}
}

// NewBadge makes a published badge.
func (s *Server) NewBadge(t testing.TB, o *org.Organisation, name string) *badge.Badge {
	t.Helper()
	badges, design := s.App.Features.Badges, picture.Suggest(name)
	b, err := badges.Create(t.Context(), o.ID, badge.Content{
		Name: name, Description: "Collects, cleans and explains data.", Criteria: "1. Six assignments.\n2. A **capstone** project.",
		AchievementType: "MicroCredential", Tags: []string{"statistics"}, PictureAlt: "A round badge with a chart", Language: "en",
	}, badge.Picture{Design: &design})
	must(t, err)
	must(t, badges.Publish(t.Context(), o.ID, b.PublicID))
	b, err = badges.Get(t.Context(), o.ID, b.PublicID)
	must(t, err)
	return b
}

// Award awards the house's badge.
func (h *House) Award(t testing.TB, name, email string) *issuing.Award {
	t.Helper()
	a, err := h.App.Features.Issuing.Issue(t.Context(), h.Org.ID, h.OwnerID,
		issuing.Request{Badge: h.Badge.PublicID, Recipient: issuing.Recipient{Name: name, Email: email}}, issuing.Retry{})
	must(t, err)
	return a
}

// ClaimPath returns the path of a fresh link that claims the award.
func (h *House) ClaimPath(t testing.TB, a *issuing.Award) string {
	t.Helper()
	link, err := h.App.Features.Claims.Link(t.Context(), a)
	must(t, err)
	return strings.TrimPrefix(link, h.BaseURL)
}

// Published awards the badge and has its recipient accept and show it. It
// returns the path of its public page.
func (h *House) Published(t testing.TB, name, email string) (*issuing.Award, string) {
	t.Helper()
	a := h.Award(t, name, email)
	recipient, link := h.Client(t), h.ClaimPath(t, a)
	recipient.Post(link, url.Values{"answer": {"accept"}}).Want(http.StatusSeeOther)
	recipient.Post(link, url.Values{"answer": {"publish"}}).Want(http.StatusSeeOther)
	return a, path.Join("/awards", a.PublicID.String())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
