package issuing_test

import (
	"context"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/picture"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/verify"
)

const liveURL = "https://badges.example.org"

// world is an installation with one organisation and one published badge.
type world struct {
	*issuing.Service
	db     *sqldb.DB
	orgs   *org.Service
	badges *badge.Service
	runner *jobs.Runner
	org    *org.Organisation
	badge  *badge.Badge
	owner  int64
	now    time.Time
}

func newWorld(t *testing.T, db *sqldb.DB, baseURL string) *world {
	t.Helper()
	w := &world{db: db, now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	kek, err := keys.LoadKeyFile(filepath.Join(t.TempDir(), "kek"))
	check(t, err)
	blobs, err := blob.Open(filepath.Join(t.TempDir(), "blobs"))
	check(t, err)
	t.Cleanup(func() { blobs.Close() })
	ring := &keys.Ring{DB: db, KEK: kek, Now: clock, Shapes: shape.New(shape.Options{}), BaseURL: baseURL}
	accounts := &account.Service{DB: db, Now: clock}
	w.orgs = &org.Service{DB: db, Keys: ring, Blobs: blobs, Now: clock, BaseURL: baseURL}
	w.badges = &badge.Service{DB: db, Blobs: blobs, Now: clock}
	w.Service = &issuing.Service{DB: db, Keys: ring, Orgs: w.orgs, Blobs: blobs, Now: clock, Log: slog.New(slog.DiscardHandler), BaseURL: baseURL, Secret: []byte("derives ids")}
	w.runner = &jobs.Runner{DB: db, Now: clock, Handlers: w.Handlers()}

	link, err := accounts.SetUpLink(t.Context())
	check(t, err)
	owner, err := accounts.SetUp(t.Context(), link, account.NewPerson{Name: "Ada", Email: "ada@example.org", Password: "violets grow on the roof"})
	check(t, err)
	w.owner = owner.ID
	w.org, err = w.orgs.Create(t.Context(), owner.ID, org.Profile{Name: "Northlight University", Website: "https://northlight.example", Email: "badges@northlight.example", Country: "PT"})
	check(t, err)
	w.badge = w.newBadge(t, "Applied Data Analysis")
	return w
}

func (w *world) newBadge(t *testing.T, name string) *badge.Badge {
	t.Helper()
	design := picture.Suggest(name)
	b, err := w.badges.Create(t.Context(), w.org.ID, badge.Content{
		Name: name, Description: "Collects, cleans and explains data.", Criteria: "1. Six assignments.\n2. A **capstone** project.",
		AchievementType: "MicroCredential", Tags: []string{"statistics", "data"}, PictureAlt: "Round badge",
	}, badge.Picture{Design: &design})
	check(t, err)
	check(t, w.badges.Publish(t.Context(), w.org.ID, b.PublicID))
	b, err = w.badges.Get(t.Context(), w.org.ID, b.PublicID)
	check(t, err)
	return b
}

func (w *world) request(name, email string) issuing.Request {
	return issuing.Request{Badge: w.badge.PublicID, Recipient: issuing.Recipient{Name: name, Email: email}}
}

func (w *world) issue(t *testing.T, name, email string) *issuing.Award {
	t.Helper()
	a, err := w.Issue(t.Context(), w.org.ID, w.owner, w.request(name, email), issuing.Retry{})
	check(t, err)
	return a
}

// Get answers what a stranger would fetch from this installation.
func (w *world) Get(ctx context.Context, address, _ string) ([]byte, string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme+"://"+u.Host != w.BaseURL {
		return nil, "", did.ErrUnreachable
	}
	switch {
	case u.Path == "/issuers/"+w.org.Slug+"/did.json":
		doc, err := w.orgs.DIDDocument(ctx, w.org)
		return doc, "application/did+ld+json", err
	case strings.HasPrefix(u.Path, "/status/"):
		id, err := publicid.Parse(strings.TrimPrefix(u.Path, "/status/"))
		if err != nil {
			return nil, "", err
		}
		doc, err := w.StatusList(ctx, id)
		return doc, "application/vc+ld+json", err
	}
	return nil, "", &did.StatusError{Code: 404}
}

func (w *world) verify(t *testing.T, document []byte) *verify.Report {
	t.Helper()
	v := verify.Verifier{Get: w, Now: w.Now}
	return v.Verify(t.Context(), document)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
