package account

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// A session ends this long after it was last used, and in any case this long
// after signing in.
const (
	SessionIdle = 7 * 24 * time.Hour
	SessionLife = 30 * 24 * time.Hour
)

// ProofLife is how long somebody may change how they sign in after having
// shown who they are.
const ProofLife = 10 * time.Minute

// Assurance is how sure a sign-in makes us of the person.
type Assurance int

// The assurances.
const (
	OneFactor  Assurance = 1 // a password, a code by mail, another provider's word
	TwoFactors Assurance = 2 // and an authenticator app; or a passkey, which is two in one
)

// How somebody signed in. Other providers have methods of their own.
const (
	ByPassword     = "password"
	ByMail         = "mail"
	ByPasskey      = "passkey"
	ByRegistration = "registration" // with the account itself
)

// Proof is what somebody has shown on the way in.
type Proof struct {
	Method    string
	Assurance Assurance // zero: OneFactor
	UserAgent string
	// VouchedBy is the organisation on whose own provider's word it rests, 0 for
	// what the person showed by means of their own.
	VouchedBy int64
}

// Session is a person who is signed in, in one browser.
type Session struct {
	*Account
	Handle     publicid.ID // names the session to its owner; opens nothing
	Method     string
	Assurance  Assurance
	UserAgent  string
	StartedAt  time.Time
	LastSeenAt time.Time // to the hour
	ProvedAt   time.Time // when the person last showed who they are by means of their own
	VouchedBy  int64     // see [Proof]; it goes when the person shows who they are

	hash []byte
}

// ErrProof is returned when a change needs the person to show again who they
// are.
var ErrProof = &fault.Error{Kind: fault.Forbidden, Message: "Show once more that it is you, then go on."}

var errNoSession = fault.Forbiddenf("Your session has ended. Sign in again.")

// GoodFor returns ErrProof when the session rests on the word of another
// organisation's provider: nobody signs people in to other people's organisations.
func (s *Session) GoodFor(organisationID int64) error {
	if s.VouchedBy != 0 && s.VouchedBy != organisationID {
		return ErrProof
	}
	return nil
}

// NeedProof returns ErrProof unless the person has shown who they are within
// ProofLife.
func (s *Service) NeedProof(by *Session) error {
	if by == nil || s.Now().Sub(by.ProvedAt) > ProofLife {
		return ErrProof
	}
	return nil
}

// StartSession returns the secret of a new session for a person whose identity
// has just been shown, with every factor that they need: [Service.Enter] asks
// for the second one first. It is a Forbidden fault for an account that is
// disabled.
func (s *Service) StartSession(ctx context.Context, accountID int64, p Proof) (secret string, err error) {
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		secret, err = s.startSession(ctx, tx, accountID, p)
		return err
	})
	return secret, err
}

func (s *Service) startSession(ctx context.Context, tx *sqldb.Tx, accountID int64, p Proof) (string, error) {
	a, err := ByID(ctx, tx, accountID)
	if err != nil {
		return "", err
	}
	if !a.DisabledAt.IsZero() {
		return "", errDisabled
	}
	secret, hash := NewSecret()
	agent := strings.ToValidUTF8(strings.ReplaceAll(p.UserAgent, "\x00", ""), "\uFFFD")
	if len(agent) > 300 {
		agent = strings.ToValidUTF8(agent[:300], "") // the cut may go through a character
	}
	now := s.Now()
	proved := now
	if p.VouchedBy != 0 {
		proved = time.Time{}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM session WHERE expires_at <= $1 OR last_seen_at <= $2`,
		sqldb.Millis(now), sqldb.Millis(now.Add(-SessionIdle))); err != nil {
		return "", err
	}
	_, err = tx.Exec(ctx, `INSERT INTO session (secret_hash, account_id, created_at, last_seen_at, expires_at, user_agent, method, assurance, proved_at, vouched_by)
		VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9)`, hash, accountID, sqldb.Millis(now), sqldb.Millis(now.Add(SessionLife)),
		agent, p.Method, max(p.Assurance, OneFactor), sqldb.Millis(proved), p.VouchedBy)
	if err != nil {
		return "", err
	}
	return secret, s.recordAs(ctx, tx, "session.started", accountID, p.Method, max(p.Assurance, OneFactor))
}

var errDisabled = fault.Forbiddenf("This account has been disabled. Ask the people who run this installation.")

// Session returns the session with the secret and the person whose it is. It
// is a Forbidden fault when the session has ended.
func (s *Service) Session(ctx context.Context, secret string) (*Session, error) {
	now := s.Now()
	hash := HashSecret(secret)
	var session *Session
	err := s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err := sessions(ctx, tx, `s.secret_hash = $1`, hash, now)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return errNoSession
		}
		session = list[0]
		session.Account, err = ByID(ctx, tx, session.Account.ID)
		if fault.KindOf(err) == fault.NotFound || (err == nil && !session.DisabledAt.IsZero()) {
			return errNoSession
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	// Once an hour is often enough to tell whether a session is still used.
	if now.Sub(session.LastSeenAt) > time.Hour {
		err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE session SET last_seen_at = $1 WHERE secret_hash = $2`, sqldb.Millis(now), hash)
			return err
		})
	}
	return session, err
}

// Sessions lists the places in which the person is signed in, the last used
// first.
func (s *Service) Sessions(ctx context.Context, accountID int64) (list []*Session, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = sessions(ctx, tx, `s.account_id = $1`, accountID, s.Now())
		return err
	})
	return list, err
}

// sessions reads those in force that where chooses; their accounts have only a
// key.
func sessions(ctx context.Context, tx *sqldb.Tx, where string, key any, now time.Time) ([]*Session, error) {
	return sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Session, error) {
		x := &Session{Account: &Account{}}
		var started, seen, proved int64
		err := r.Scan(&x.hash, &x.Account.ID, &x.Method, &x.Assurance, &x.UserAgent, &started, &seen, &proved, &x.VouchedBy)
		x.StartedAt, x.LastSeenAt, x.ProvedAt = sqldb.Time(started), sqldb.Time(seen), sqldb.Time(proved)
		// Derived, so that it names the session without being of use to enter it.
		x.Handle = publicid.Derive(x.hash, "session")
		return x, err
	}, `SELECT s.secret_hash, s.account_id, s.method, s.assurance, s.user_agent, s.created_at, s.last_seen_at, s.proved_at, s.vouched_by
		FROM session s WHERE `+where+` AND s.expires_at > $2 AND s.last_seen_at > $3 ORDER BY s.last_seen_at DESC, s.created_at DESC`,
		key, sqldb.Millis(now), sqldb.Millis(now.Add(-SessionIdle)))
}

// EndSession ends one of the person's sessions, which may be another browser's.
func (s *Service) EndSession(ctx context.Context, by *Session, handle publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		list, err := sessions(ctx, tx, `s.account_id = $1`, by.ID, s.Now())
		if err != nil {
			return err
		}
		for _, x := range list {
			if x.Handle == handle {
				if _, err := tx.Exec(ctx, `DELETE FROM session WHERE secret_hash = $1`, x.hash); err != nil {
					return err
				}
				return s.record(ctx, tx, "session.ended", by.ID)
			}
		}
		return fault.NotFoundf("This session has ended already.")
	})
}

// EndOtherSessions ends every session of the person but this one, and forgets
// the browsers they signed in with.
func (s *Service) EndOtherSessions(ctx context.Context, by *Session) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := endSessions(ctx, tx, by.ID, by.hash); err != nil {
			return err
		}
		return s.record(ctx, tx, "session.others_ended", by.ID)
	})
}

// endSessions ends every way in that is under way, but the session with the
// hash except; nil excepts none.
func endSessions(ctx context.Context, tx *sqldb.Tx, accountID int64, except []byte) error {
	if except == nil {
		except = []byte{}
	}
	_, err := tx.Exec(ctx, `DELETE FROM session WHERE account_id = $1 AND secret_hash <> $2`, accountID, except)
	for _, q := range []string{
		`DELETE FROM signin_step WHERE account_id = $1`,
		`DELETE FROM known_device WHERE account_id = $1`,
		`DELETE FROM one_time_link WHERE account_id = $1 AND purpose = 'reset'`,
		`UPDATE signin_code SET code_hash = NULL WHERE account_id = $1`,
	} {
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, q, accountID)
	}
	return err
}

// SignOut ends the session. Ending one that has ended already is fine.
func (s *Service) SignOut(ctx context.Context, secret string) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		var id int64
		err := tx.QueryRow(ctx, `DELETE FROM session WHERE secret_hash = $1 RETURNING account_id`, HashSecret(secret)).Scan(&id)
		if errors.Is(err, sqldb.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.record(ctx, tx, "session.ended", id)
	})
}
