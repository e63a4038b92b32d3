package crash

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"testing"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sheet"
	"github.com/roundel/roundel/internal/sqldb"
)

const baseURL = "https://badges.example.org"

// world is an installation whose spreadsheet is confirmed, before anything of
// it was awarded.
type world struct {
	config config.Config
	org    int64
	batch  publicid.ID
	good   map[string]bool // the address of every row that is to be awarded
}

// prepare makes the installation in process and closes it again.
func prepare(t *testing.T, rows int, mailServer string) *world {
	t.Helper()
	w := &world{config: config.Config{
		Listen: "127.0.0.1:0", Data: t.TempDir(), BaseURL: baseURL, Name: "Roundel", LogLevel: "warn",
		SMTPAddr: mailServer, MailFrom: "badges@badges.example.org",
	}}
	a := w.open(t)
	defer shut(t, a)
	ctx, f := t.Context(), a.Features
	link, err := f.Accounts.SetUpLink(ctx)
	check(t, err)
	owner, err := f.Accounts.SetUp(ctx, link, account.NewPerson{Name: "Ada", Email: "ada@northlight.example", Password: "violets grow on the roof"})
	check(t, err)
	o, err := f.Orgs.Create(ctx, owner.ID, org.Profile{Name: "Northlight University", Website: "https://northlight.example", Email: "badges@northlight.example"})
	check(t, err)
	b, err := f.Badges.Create(ctx, o.ID, badge.Content{
		Name: "Applied Data Analysis", Description: "Collects, cleans and explains data.", Criteria: "Six assignments and a project.",
		AchievementType: "MicroCredential", PictureAlt: "A blue square",
	}, badge.Picture{Upload: smallPicture(t)})
	check(t, err)
	check(t, f.Badges.Publish(ctx, o.ID, b.PublicID))
	w.org = o.ID
	w.confirm(t, a, owner.ID, b.PublicID, rows)
	return w
}

// confirm brings the spreadsheet as far as a person does. One row in fifty has
// no usable address, and one in fifty stands there twice.
func (w *world) confirm(t *testing.T, a *app.App, owner int64, badgeID publicid.ID, rows int) {
	t.Helper()
	w.good = map[string]bool{}
	var cells [][]string
	for n := 1; n <= rows; n++ {
		email := fmt.Sprintf("person%05d@example.org", n)
		switch n % 50 {
		case 17:
			cells = append(cells, []string{fmt.Sprintf("Person %d", n), "nobody at example.org", "71 %"})
			continue
		case 34:
			cells = append(cells, []string{fmt.Sprintf("Person %d", n-1), fmt.Sprintf("PERSON%05d@example.org", n-1), "72 %"})
			continue
		}
		w.good[email] = true
		cells = append(cells, []string{fmt.Sprintf("Person %d", n), email, "73 %"})
	}
	var file bytes.Buffer
	check(t, sheet.WriteCSV(&file, []string{"Name", "E-mail", "Grade"}, cells))
	ctx, s := t.Context(), a.Features.Issuing
	batch, err := s.CreateBatch(ctx, w.org, owner, badgeID, "class.csv", file.Bytes())
	check(t, err)
	check(t, s.SetMapping(ctx, w.org, batch.PublicID, batch.Mapping, batch.DateOrder, issuing.SkipDuplicates))
	check(t, s.Confirm(ctx, w.org, owner, batch.PublicID))
	w.batch = batch.PublicID
}

// open opens the installation in process, without working or serving.
func (w *world) open(t *testing.T) *app.App {
	t.Helper()
	a, err := app.New(context.WithoutCancel(t.Context()), w.config, slog.New(slog.DiscardHandler))
	check(t, err)
	a.Ground.DB.DefaultScope = sqldb.Installation
	return a
}

func shut(t *testing.T, a *app.App) {
	t.Helper()
	check(t, a.Close())
}

// smallPicture keeps thousands of mails small.
func smallPicture(t *testing.T) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 32, 32))
	for i := range 32 * 32 {
		m.SetNRGBA(i%32, i/32, color.NRGBA{R: 40, G: 80, B: 200, A: 255})
	}
	var b bytes.Buffer
	check(t, png.Encode(&b, m))
	return b.Bytes()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
