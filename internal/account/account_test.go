package account_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

const password = "violets grow on the roof"

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func start(db *sqldb.DB) (*account.Service, *clock) {
	c := &clock{time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	return &account.Service{DB: db, Now: c.Now}, c
}

func owner(t *testing.T, s *account.Service) *account.Account {
	t.Helper()
	secret, err := s.SetUpLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.SetUp(t.Context(), secret, account.NewPerson{Name: "Ada Owner", Email: "Ada@Example.org", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestSetUpLinkWorksOnceAndForOneAccount(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		s, c := start(db)
		old, err := s.SetUpLink(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		secret, err := s.SetUpLink(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.CheckSetUpLink(t.Context(), old); fault.KindOf(err) != fault.NotFound {
			t.Errorf("an earlier link still works: %v", err)
		}
		person := account.NewPerson{Name: "Ada", Email: "ada@example.org", Password: password}
		if _, err := s.SetUp(t.Context(), "guess", person); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a guessed link: %v", err)
		}
		var wg sync.WaitGroup
		won := make(chan bool, 8)
		for range cap(won) {
			wg.Go(func() { _, err := s.SetUp(t.Context(), secret, person); won <- err == nil })
		}
		wg.Wait()
		winners := 0
		for range cap(won) {
			if <-won {
				winners++
			}
		}
		if winners != 1 {
			t.Errorf("%d accounts were made with one link", winners)
		}
		if _, err := s.SetUpLink(t.Context()); fault.KindOf(err) != fault.Conflict {
			t.Errorf("a set-up link after set-up: %v", err)
		}
		c.now = c.now.Add(25 * time.Hour)
		if err := s.CheckSetUpLink(t.Context(), secret); fault.KindOf(err) != fault.NotFound {
			t.Errorf("an old link: %v", err)
		}
	})
}

func TestWhatIsWrongWithANewPerson(t *testing.T) {
	for _, test := range []struct {
		name   string
		person account.NewPerson
		fields []string
	}{
		{"nothing entered", account.NewPerson{}, []string{"name", "email", "password"}},
		{"short password", account.NewPerson{Name: "A", Email: "a@example.org", Password: "fourteen chars"}, []string{"password"}},
		{"long password", account.NewPerson{Name: "A", Email: "a@example.org", Password: strings.Repeat("x", 257)}, []string{"password"}},
		{"display name as address", account.NewPerson{Name: "A", Email: "A <a@example.org>", Password: password}, []string{"email"}},
		{"fifteen characters that are no bytes", account.NewPerson{Name: "A", Email: "a@example.org", Password: strings.Repeat("ß", 15)}, nil},
	} {
		err := test.person.Check()
		var got []string
		for _, f := range fault.FieldsOf(err) {
			got = append(got, f.Path)
		}
		if strings.Join(got, " ") != strings.Join(test.fields, " ") {
			t.Errorf("%s: fields %v, want %v", test.name, got, test.fields)
		}
	}
}

func TestSignInTellsNobodyWhichAddressesExist(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		s, _ := start(db)
		owner(t, s)
		if _, err := s.SignIn(t.Context(), account.Attempt{Email: "ADA@example.org", Password: password}); err != nil {
			t.Fatalf("the right password, the address in capitals: %v", err)
		}
		_, known := s.SignIn(t.Context(), account.Attempt{Email: "ada@example.org", Password: "wrong password here"})
		_, unknown := s.SignIn(t.Context(), account.Attempt{Email: "eve@example.org", Password: password})
		_, nonsense := s.SignIn(t.Context(), account.Attempt{Email: "not an address", Password: password})
		for _, err := range []error{known, unknown, nonsense} {
			if fault.KindOf(err) != fault.Invalid || err.Error() != known.Error() {
				t.Errorf("answers differ: %v and %v", known, err)
			}
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		s, c := start(db)
		a := owner(t, s)
		secret, err := s.StartSession(t.Context(), a.ID, account.Proof{Method: account.ByPassword, UserAgent: "test"})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Session(t.Context(), secret)
		if err != nil || got.ID != a.ID || got.Email != "Ada@Example.org" {
			t.Fatalf("Session = %+v, %v", got, err)
		}
		c.now = c.now.Add(6 * 24 * time.Hour)
		if _, err := s.Session(t.Context(), secret); err != nil {
			t.Errorf("after six idle days: %v", err)
		}
		c.now = c.now.Add(6 * 24 * time.Hour) // used in between, so still alive
		if _, err := s.Session(t.Context(), secret); err != nil {
			t.Errorf("used every six days: %v", err)
		}
		c.now = c.now.Add(8 * 24 * time.Hour)
		if _, err := s.Session(t.Context(), secret); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("after eight idle days: %v", err)
		}
		again, err := s.StartSession(t.Context(), a.ID, account.Proof{Method: account.ByPassword, UserAgent: "test"})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SignOut(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Session(t.Context(), again); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("after signing out: %v", err)
		}
	})
}

func TestResetEndsSessionsAndOldPassword(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		s, _ := start(db)
		a := owner(t, s)
		session, err := s.StartSession(t.Context(), a.ID, account.Proof{Method: account.ByPassword, UserAgent: "test"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.ResetLink(t.Context(), "eve@example.org"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a link for nobody: %v", err)
		}
		link, err := s.ResetLink(t.Context(), "ada@example.org")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.ResetPassword(t.Context(), link, "short"); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a short password: %v", err)
		}
		const next = "the roof is green in May"
		if err := s.ResetPassword(t.Context(), link, next); err != nil {
			t.Fatal(err)
		}
		if err := s.ResetPassword(t.Context(), link, next); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the link worked twice: %v", err)
		}
		if _, err := s.Session(t.Context(), session); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("the old session goes on: %v", err)
		}
		if _, err := s.SignIn(t.Context(), account.Attempt{Email: "ada@example.org", Password: password}); err == nil {
			t.Error("the old password still works")
		}
		if _, err := s.SignIn(t.Context(), account.Attempt{Email: "ada@example.org", Password: next}); err != nil {
			t.Errorf("the new password: %v", err)
		}
	})
}

func TestTokens(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		s, c := start(db)
		a := owner(t, s)
		for id := int64(1); id <= 2; id++ {
			err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), `INSERT INTO organisation (id, public_id, slug, name, created_at) VALUES ($1, $2, $3, 'O', 0)`,
					id, []byte(strings.Repeat(string(rune('a'+id)), 16)), string(rune('a'+id)))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		bySecret := func(secret string) (got *account.Token, err error) {
			err = s.DB.Read(t.Context(), func(tx *sqldb.Tx) error {
				got, err = account.TokenBySecret(t.Context(), tx, secret, c.now)
				return err
			})
			return got, err
		}
		secret, token, err := s.CreateToken(t.Context(), 1, a.ID, "LMS", c.now.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		got, err := bySecret(secret)
		if err != nil || got.OrganisationID != 1 || got.Name != "LMS" {
			t.Fatalf("TokenBySecret = %+v, %v", got, err)
		}
		if _, err := bySecret(secret + "x"); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a wrong secret: %v", err)
		}
		if err := s.RevokeToken(t.Context(), 2, token.PublicID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("another organisation ended the token: %v", err)
		}
		c.now = c.now.Add(time.Hour)
		if _, err := bySecret(secret); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("an expired token: %v", err)
		}
		lasting, token, err := s.CreateToken(t.Context(), 1, a.ID, "HR", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.RevokeToken(t.Context(), 1, token.PublicID); err != nil {
			t.Fatal(err)
		}
		if _, err := bySecret(lasting); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a revoked token: %v", err)
		}
		list, err := s.Tokens(t.Context(), 1)
		if err != nil || len(list) != 2 || list[0].Name != "HR" || list[0].RevokedAt.IsZero() {
			t.Errorf("Tokens = %v, %v", list, err)
		}
	})
}

// TestSecretsAreStoredAsHashes looks for every secret in the database itself.
func TestSecretsAreStoredAsHashes(t *testing.T) {
	db := dbtest.Open(t)
	s, _ := start(db)
	a := owner(t, s)
	session, err := s.StartSession(t.Context(), a.ID, account.Proof{Method: account.ByPassword, UserAgent: "test"})
	if err != nil {
		t.Fatal(err)
	}
	reset, err := s.ResetLink(t.Context(), "ada@example.org")
	if err != nil {
		t.Fatal(err)
	}
	err = db.Read(t.Context(), func(tx *sqldb.Tx) error {
		for _, query := range []string{`SELECT secret_hash FROM session`, `SELECT secret_hash FROM one_time_link`, `SELECT password_hash FROM account`} {
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
				for _, secret := range []string{session, reset, password} {
					if strings.Contains(string(stored), secret) {
						t.Errorf("%s: a secret lies open", query)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
