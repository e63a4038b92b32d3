package sample

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/picture"
	"github.com/roundel/roundel/internal/sqldb"
)

// TestContent: the example is one to learn from.
func TestContent(t *testing.T) {
	var shapes, icons []string
	for _, b := range badges {
		if wrong := b.design.Validate(); len(wrong) > 0 {
			t.Errorf("%s: %v", b.content.Name, wrong)
		}
		c := b.content
		c.PicturePNG = "made when it is saved"
		if lacks := c.Lacks(); len(lacks) > 0 {
			t.Errorf("%s cannot be published: %v", c.Name, lacks)
		}
		if slices.Contains(shapes, b.design.Shape) || slices.Contains(icons, b.design.Icon) {
			t.Errorf("%s looks like another", c.Name)
		}
		shapes, icons = append(shapes, b.design.Shape), append(icons, b.design.Icon)
	}
	if _, err := picture.Compose(logo); err != nil {
		t.Error(err)
	}
	for _, a := range awards {
		if !strings.HasSuffix(a.email, "@example.org") {
			t.Errorf("%s could be somebody", a.email)
		}
	}
}

// TestCreate makes the sample where awards would be live, on both engines:
// it awards trials all the same.
func TestCreate(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		s, owner := newService(t, db)
		o, err := s.Create(t.Context(), owner)
		if err != nil {
			t.Fatal(err)
		}
		if !o.IsSample || o.LogoKey == "" || s.Orgs.IsLive(o) {
			t.Errorf("organisation %+v", o)
		}
		made, err := s.Badges.List(t.Context(), o.ID)
		if err != nil {
			t.Fatal(err)
		}
		if len(made) != 3 || made[0].Published == nil || made[0].Published.Name != badges[0].content.Name || made[0].Draft != nil {
			t.Fatalf("%d badges, the first is %+v", len(made), made[0])
		}
		list, err := s.Issuing.List(t.Context(), o.ID, issuing.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		counts, err := s.Issuing.Counts(t.Context(), o.ID, nil)
		if err != nil {
			t.Fatal(err)
		}
		if counts.Awards != 4 || counts.Trials != 4 || counts.Claimed != 2 || counts.Published != 1 {
			t.Errorf("counts %+v", counts)
		}
		for _, a := range list {
			if a.State(s.Now()) != issuing.StateCurrent || len(a.Document) == 0 {
				t.Errorf("award to %s: %s, %d bytes", a.Recipient.Name, a.State(s.Now()), len(a.Document))
			}
		}
		if list[0].Recipient.Name != "Amara Okafor" || !list[0].Published() {
			t.Errorf("the newest award is %s's, published %v", list[0].Recipient.Name, list[0].Published())
		}
	})
}

func newService(t *testing.T, db *sqldb.DB) (*Service, int64) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	clock := func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }
	kek, err := keys.LoadKeyFile(filepath.Join(t.TempDir(), "kek"))
	must(err)
	blobs, err := blob.Open(filepath.Join(t.TempDir(), "blobs"))
	must(err)
	t.Cleanup(func() { must(blobs.Close()) })
	accounts := &account.Service{DB: db, Now: clock}
	const address = "https://badges.example.org"
	ring := &keys.Ring{DB: db, KEK: kek, Now: clock, BaseURL: address}
	orgs := &org.Service{DB: db, Keys: ring, Blobs: blobs, Now: clock, BaseURL: address}
	s := &Service{
		Orgs: orgs, Badges: &badge.Service{DB: db, Blobs: blobs, Now: clock}, Blobs: blobs, Now: clock,
		Issuing: &issuing.Service{DB: db, Keys: ring, Orgs: orgs, Blobs: blobs, Now: clock, Log: slog.New(slog.DiscardHandler), BaseURL: address, Secret: []byte("derives ids")},
	}
	link, err := accounts.SetUpLink(context.Background())
	must(err)
	owner, err := accounts.SetUp(t.Context(), link, account.NewPerson{Name: "Ada", Email: "ada@example.org", Password: "violets grow on the roof"})
	must(err)
	return s, owner.ID
}
