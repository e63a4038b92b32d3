package badge_test

import (
	"testing"
	"time"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/picture"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

func start(t *testing.T, db *sqldb.DB) (s *badge.Service, organisation int64) {
	t.Helper()
	blobs, err := blob.Open(t.TempDir())
	check(t, err)
	t.Cleanup(func() { blobs.Close() })
	check(t, db.Write(t.Context(), func(tx *sqldb.Tx) error {
		return tx.QueryRow(t.Context(), `INSERT INTO organisation (public_id, slug, name, created_at) VALUES ($1, 'o', 'O', 0) RETURNING id`, publicid.New()).Scan(&organisation)
	}))
	return &badge.Service{DB: db, Blobs: blobs, Now: time.Now}, organisation
}

func content(name string) badge.Content {
	return badge.Content{Name: name, Description: "Explains data.", Criteria: "Pass.", AchievementType: "Badge", Tags: []string{"a", " A ", "b  c", "B C"}, PictureAlt: "Round"}
}

func design(name string) badge.Picture {
	d := picture.Suggest(name)
	return badge.Picture{Design: &d}
}

func TestPublishedVersionsNeverChange(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		s, o := start(t, db)
		b, err := s.Create(t.Context(), o, content("One"), design("One"))
		check(t, err)
		if _, _, err := s.PublicVersion(t.Context(), b.PublicID, 0); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a draft can be seen: %v", err)
		}
		check(t, s.Publish(t.Context(), o, b.PublicID))
		if err := s.Publish(t.Context(), o, b.PublicID); fault.KindOf(err) != fault.Conflict {
			t.Errorf("published without a draft: %v", err)
		}
		b, err = s.SaveDraft(t.Context(), o, b.PublicID, content("Two"), badge.Picture{})
		check(t, err)
		if b.Published.Name != "One" || b.Draft == nil || b.Draft.Number != 2 || b.Draft.PicturePNG != b.Published.PicturePNG {
			t.Errorf("published %+v, draft %+v", b.Published, b.Draft)
		}
		b, err = s.SaveDraft(t.Context(), o, b.PublicID, content("Three"), design("Three"))
		check(t, err)
		if b.Draft.Number != 2 || b.Draft.Name != "Three" || b.Draft.PicturePNG == b.Published.PicturePNG {
			t.Errorf("draft %+v", b.Draft)
		}
		check(t, s.Publish(t.Context(), o, b.PublicID))
		for number, name := range map[int64]string{0: "Three", 1: "One", 2: "Three"} {
			v, owner, err := s.PublicVersion(t.Context(), b.PublicID, number)
			if err != nil || v.Name != name || owner != o {
				t.Errorf("version %d is %+v, %v", number, v, err)
			}
		}
		if len(b.Draft.Tags) != 2 || b.Draft.Tags[1] != "b c" {
			t.Errorf("tags %q", b.Draft.Tags)
		}
		if _, err := s.Get(t.Context(), o+1, b.PublicID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("another organisation sees the badge: %v", err)
		}
	})
}

func TestPublishingNamesWhatIsMissing(t *testing.T) {
	s, o := start(t, dbtest.Open(t))
	b, err := s.Create(t.Context(), o, badge.Content{Name: "Bare"}, badge.Picture{})
	check(t, err)
	err = s.Publish(t.Context(), o, b.PublicID)
	for _, field := range []string{"description", "criteria", "achievement_type", "picture", "picture_alt"} {
		if fault.FieldMessage(err, field) == "" {
			t.Errorf("%s is not asked for: %v", field, err)
		}
	}
	if err := s.DiscardDraft(t.Context(), o, b.PublicID); fault.KindOf(err) != fault.Conflict {
		t.Errorf("the only version was discarded: %v", err)
	}
}

func TestDraftsHoldNothingUnusable(t *testing.T) {
	s, o := start(t, dbtest.Open(t))
	many := make([]string, 21)
	for i := range many {
		many[i] = string(rune('a' + i))
	}
	for name, test := range map[string]struct {
		change func(*badge.Content, *badge.Picture)
		field  string
	}{
		"no name":       {func(c *badge.Content, _ *badge.Picture) { c.Name = "" }, "name"},
		"script link":   {func(c *badge.Content, _ *badge.Picture) { c.CriteriaURL = "javascript:alert(1)" }, "criteria_url"},
		"unknown kind":  {func(c *badge.Content, _ *badge.Picture) { c.AchievementType = "Thing" }, "achievement_type"},
		"many tags":     {func(c *badge.Content, _ *badge.Picture) { c.Tags = many }, "tags"},
		"not a picture": {func(_ *badge.Content, p *badge.Picture) { *p = badge.Picture{Upload: []byte("hello")} }, "picture"},
		"hostile SVG": {func(_ *badge.Content, p *badge.Picture) {
			*p = badge.Picture{Upload: []byte(`<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>`)}
		}, "picture"},
	} {
		c, p := content("X"), badge.Picture{}
		test.change(&c, &p)
		if _, err := s.Create(t.Context(), o, c, p); fault.FieldMessage(err, test.field) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
