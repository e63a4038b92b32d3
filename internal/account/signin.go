package account

import (
	"context"
	"errors"
	"time"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// errSignIn is one sentence for a wrong password and for an unknown address,
// so that nobody learns which addresses have accounts.
var errSignIn = fault.Invalidf("The address and the password do not belong together.")

// Attempt is a try to sign in with a password. Where it comes from is in the
// context, as the audit log has it.
type Attempt struct {
	Email, Password string
	UserAgent       string
	Device          string // the secret of a browser that was let in before, or empty
}

// Way is how far somebody has come: they have a session, or owe a second
// factor first.
type Way struct {
	AccountID int64
	Session   string // secret of the session; empty while a step is owed
	Step      string // secret of the step that FinishStep completes
	Device    string // secret by which this browser is known from now on
}

// SignIn checks the password. An unknown address takes the same path and the
// same work as a known one.
func (s *Service) SignIn(ctx context.Context, in Attempt) (*Way, error) {
	key, err := AddressKey(in.Email)
	if err != nil {
		key = "" // no account has this key: the work below stays the same
	}
	var a *Account
	hash, known := nobody, false
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		found, err := bySignInAddress(ctx, tx, key)
		if fault.KindOf(err) == fault.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		stored, err := passwordHash(ctx, tx, found.ID)
		if err == nil && stored != "" && found.DisabledAt.IsZero() && found.DeletedAt.IsZero() {
			a, hash = found, stored
			known, err = isKnownDevice(ctx, tx, in.Device, a.ID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	// Somebody whom this browser has let in before is not kept out by what
	// strangers try at their address: the browser has a count of its own.
	count := tryKey{tryAddress, key}
	if known {
		count = tryKey{tryDevice, in.Device}
	}
	client := tryKey{tryClient, clientOf(audit.From(ctx).Address)}
	if err := s.takeTries(ctx, count, client); err != nil {
		return nil, err
	}
	fits, err := passwordFits(ctx, in.Password, hash)
	if err != nil {
		return nil, err
	}
	if !fits || a == nil {
		return nil, errSignIn
	}
	return s.enter(ctx, a.ID, Proof{Method: ByPassword, UserAgent: in.UserAgent}, count, client)
}

// Enter lets in somebody who has shown one factor, or hands out the step in
// which they show the second if their account has one.
func (s *Service) Enter(ctx context.Context, accountID int64, p Proof) (*Way, error) {
	return s.enter(ctx, accountID, p)
}

// enter also forgets the failures counted under keys.
func (s *Service) enter(ctx context.Context, accountID int64, p Proof, keys ...tryKey) (way *Way, err error) {
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		for _, k := range keys {
			if err := forgive(ctx, tx, k); err != nil {
				return err
			}
		}
		way, err = s.enterTx(ctx, tx, accountID, p)
		return err
	})
	return way, err
}

func (s *Service) enterTx(ctx context.Context, tx *sqldb.Tx, accountID int64, p Proof) (*Way, error) {
	way := &Way{AccountID: accountID}
	owes, err := hasTOTP(ctx, tx, accountID)
	if err != nil {
		return nil, err
	}
	if owes && p.Assurance < TwoFactors {
		way.Step, err = s.startStep(ctx, tx, accountID, p.Method)
		return way, err
	}
	if way.Session, err = s.startSession(ctx, tx, accountID, p); err != nil {
		return nil, err
	}
	way.Device, err = s.rememberDevice(ctx, tx, accountID)
	return way, err
}

// stepLife is how long somebody has for the second factor.
const stepLife = 10 * time.Minute

var errStep = fault.NotFoundf("This sign-in has taken too long, or was finished already. Begin again.")

func (s *Service) startStep(ctx context.Context, tx *sqldb.Tx, accountID int64, method string) (string, error) {
	secret, hash := NewSecret()
	now := s.Now()
	if _, err := tx.Exec(ctx, `DELETE FROM signin_step WHERE expires_at <= $1`, sqldb.Millis(now)); err != nil {
		return "", err
	}
	_, err := tx.Exec(ctx, `INSERT INTO signin_step (secret_hash, account_id, method, expires_at) VALUES ($1, $2, $3, $4)`,
		hash, accountID, method, sqldb.Millis(now.Add(stepLife)))
	return secret, err
}

// CheckStep returns nil while the step can be finished.
func (s *Service) CheckStep(ctx context.Context, secret string) error {
	return s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		_, _, err := findStep(ctx, tx, secret, s.Now())
		return err
	})
}

func findStep(ctx context.Context, tx *sqldb.Tx, secret string, now time.Time) (accountID int64, method string, err error) {
	err = tx.QueryRow(ctx, `SELECT account_id, method FROM signin_step WHERE secret_hash = $1 AND expires_at > $2`,
		HashSecret(secret), sqldb.Millis(now)).Scan(&accountID, &method)
	if errors.Is(err, sqldb.ErrNoRows) {
		err = errStep
	}
	return accountID, method, err
}

// FinishStep takes the second factor: a code of the authenticator app, or one
// of the recovery codes. Either counts once.
func (s *Service) FinishStep(ctx context.Context, step, code, userAgent string) (*Way, error) {
	var id int64
	var method string
	err := s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		id, method, err = findStep(ctx, tx, step, s.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	count := factorTries(id)
	if err := s.takeTries(ctx, count); err != nil {
		return nil, err
	}
	var way *Way
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM signin_step WHERE secret_hash = $1 AND expires_at > $2`, HashSecret(step), sqldb.Millis(s.Now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return errStep
		}
		if err := s.useFactor(ctx, tx, id, code); err != nil {
			return err // the step stays
		}
		if err := forgetTries(ctx, tx, count); err != nil {
			return err
		}
		way, err = s.enterTx(ctx, tx, id, Proof{Method: method, Assurance: TwoFactors, UserAgent: userAgent})
		return err
	})
	return way, err
}
