package claim_test

import (
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/claim"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/picture"
	"github.com/roundel/roundel/internal/sqldb"
)

// world is an installation with one award that was just issued.
type world struct {
	claims  *claim.Service
	outbox  *outbox.Service
	issuing *issuing.Service
	org     *org.Organisation
	award   *issuing.Award
}

func newWorld(t *testing.T, db *sqldb.DB, baseURL string) *world {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }
	kek, err := keys.LoadKeyFile(filepath.Join(t.TempDir(), "kek"))
	check(t, err)
	blobs, err := blob.Open(t.TempDir())
	check(t, err)
	t.Cleanup(func() { blobs.Close() })
	catalogues, err := locale.Load()
	check(t, err)
	ring := &keys.Ring{DB: db, KEK: kek, Now: now, BaseURL: baseURL}
	secrets, err := keys.NewSecrets(make([]byte, 32))
	check(t, err)
	accounts := &account.Service{DB: db, Now: now}
	orgs := &org.Service{DB: db, Keys: ring, Blobs: blobs, Now: now, BaseURL: baseURL}
	badges := &badge.Service{DB: db, Blobs: blobs, Now: now}
	w := &world{
		claims: &claim.Service{DB: db, Now: now, Texts: catalogues.For("en"), Seal: func(secret string) []byte { return secrets.Seal("claim link", []byte(secret)) }, BaseURL: baseURL},
		outbox: &outbox.Service{DB: db, Blobs: blobs, Now: now, Open: func(sealed []byte) (string, error) {
			secret, err := secrets.Open("claim link", sealed)
			return string(secret), err
		}},
		issuing: &issuing.Service{DB: db, Keys: ring, Orgs: orgs, Blobs: blobs, Now: now, Log: slog.New(slog.DiscardHandler), BaseURL: baseURL, Secret: []byte("derives ids")},
	}
	link, err := accounts.SetUpLink(t.Context())
	check(t, err)
	owner, err := accounts.SetUp(t.Context(), link, account.NewPerson{Name: "Ada", Email: "ada@example.org", Password: "violets grow on the roof"})
	check(t, err)
	w.org, err = orgs.Create(t.Context(), owner.ID, org.Profile{Name: "Northlight <University>", Website: "https://northlight.example", Email: "badges@northlight.example"})
	check(t, err)
	design := picture.Suggest("Data")
	b, err := badges.Create(t.Context(), w.org.ID, badge.Content{Name: "Data", Description: "Explains data.", Criteria: "Pass.", AchievementType: "Badge", PictureAlt: "Round"}, badge.Picture{Design: &design})
	check(t, err)
	check(t, badges.Publish(t.Context(), w.org.ID, b.PublicID))
	w.award, err = w.issuing.Issue(t.Context(), w.org.ID, owner.ID, issuing.Request{Badge: b.PublicID, Recipient: issuing.Recipient{Name: "Amara", Email: "amara@example.org"}}, issuing.Retry{})
	check(t, err)
	return w
}

// follow hands every event to the service, as the jobs runner does.
func (w *world) follow(t *testing.T) {
	t.Helper()
	events, err := event.Next(t.Context(), w.claims.DB, 0, 1000)
	check(t, err)
	check(t, w.claims.OnEvents(t.Context(), events))
}

func (w *world) mails(t *testing.T) []*outbox.Entry {
	t.Helper()
	list, err := w.outbox.List(t.Context(), w.org.ID, outbox.Filter{})
	check(t, err)
	full := make([]*outbox.Entry, 0, len(list))
	for _, e := range list {
		one, err := w.outbox.Get(t.Context(), w.org.ID, e.ID)
		check(t, err)
		full = append(full, one)
	}
	return full
}

var linkForm = regexp.MustCompile(`https?://[^\s"]+/claim/([A-Za-z0-9_-]{43})`)

func (w *world) secret(t *testing.T) string {
	t.Helper()
	w.follow(t)
	m := linkForm.FindStringSubmatch(w.mails(t)[0].Text)
	if m == nil {
		t.Fatal("the mail holds no claim link")
	}
	return m[1]
}

func TestOneMailForEachAwardHoweverOftenEventsCome(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, "https://badges.example.org")
		for range 3 {
			w.follow(t)
		}
		mails := w.mails(t)
		if len(mails) != 1 {
			t.Fatalf("%d mails", len(mails))
		}
		m := mails[0]
		if m.To != "amara@example.org" || m.ReplyTo != "badges@northlight.example" || m.AwardID != w.award.ID || m.State == outbox.Held {
			t.Errorf("mail %+v", m)
		}
		if strings.Contains(m.HTML, "<University>") || !strings.Contains(m.HTML, "Northlight &lt;University&gt;") {
			t.Error("a name reached the mail as markup")
		}
		if len(linkForm.FindAllString(m.Text, -1)) != 1 {
			t.Errorf("the text must have exactly one claim link:\n%s", m.Text)
		}
	})
}

func TestTrialsAreNotMailed(t *testing.T) {
	w := newWorld(t, dbtest.Open(t), "http://127.0.0.1:8080")
	w.follow(t)
	if m := w.mails(t); len(m) != 1 || m[0].State != outbox.Held {
		t.Errorf("mails %+v", m)
	}
}

func TestAnswers(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, "https://badges.example.org")
		secret := w.secret(t)
		state := func() (issuing.ClaimState, bool) {
			t.Helper()
			a, err := w.claims.Open(t.Context(), secret)
			check(t, err)
			return a.Claim, a.Published()
		}
		if s, shown := state(); s != issuing.Waiting || shown {
			t.Errorf("looking changed the award: %s %v", s, shown)
		}
		if _, err := w.claims.Answer(t.Context(), secret, claim.Publish); fault.KindOf(err) != fault.Conflict {
			t.Errorf("published before it was accepted: %v", err)
		}
		if _, err := w.claims.Answer(t.Context(), secret, "steal"); fault.KindOf(err) != fault.Invalid {
			t.Errorf("an unknown answer: %v", err)
		}
		for _, step := range []struct {
			answer claim.Answer
			state  issuing.ClaimState
			shown  bool
		}{{claim.Accept, issuing.Accepted, false}, {claim.Publish, issuing.Accepted, true}, {claim.Unpublish, issuing.Accepted, false},
			{claim.Publish, issuing.Accepted, true}, {claim.Decline, issuing.Declined, false}} {
			_, err := w.claims.Answer(t.Context(), secret, step.answer)
			check(t, err)
			if s, shown := state(); s != step.state || shown != step.shown {
				t.Errorf("after %s: %s, shown %v", step.answer, s, shown)
			}
		}
	})
}

func TestSecretsOpenOneAwardAndAreStoredHashed(t *testing.T) {
	w := newWorld(t, dbtest.Open(t), "https://badges.example.org")
	secret := w.secret(t)
	for _, wrong := range []string{"", "x", secret[:42], secret + "A", w.award.PublicID.String()} {
		if _, err := w.claims.Open(t.Context(), wrong); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%q opened an award: %v", wrong, err)
		}
	}
	fresh, err := w.claims.Link(t.Context(), w.award)
	check(t, err)
	a, err := w.claims.Open(t.Context(), fresh[strings.LastIndex(fresh, "/")+1:])
	if err != nil || a.ID != w.award.ID {
		t.Errorf("a fresh link: %v", err)
	}
	check(t, w.claims.DB.Read(t.Context(), func(tx *sqldb.Tx) error {
		for _, query := range []string{`SELECT secret_hash FROM claim_secret`, `SELECT sealed FROM outbox_mail`, `SELECT body_text FROM outbox_mail`, `SELECT body_html FROM outbox_mail`} {
			rows, err := tx.Query(t.Context(), query)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var stored []byte
				if err := rows.Scan(&stored); err != nil {
					return err
				}
				if strings.Contains(string(stored), secret) {
					t.Errorf("%s: a claim secret lies open", query)
				}
			}
			if err := rows.Err(); err != nil {
				return err
			}
		}
		return nil
	}))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
