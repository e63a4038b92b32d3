package account

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/input"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Passkey is a key in a phone, computer or security key that signs its owner
// in. It checks the person itself, by a fingerprint or a PIN: two factors in one.
type Passkey struct {
	ID         publicid.ID
	Name       string
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never

	credential webauthn.Credential
}

// Ceremony is a passkey that is asked for: what the browser's script gets.
type Ceremony struct {
	ID      string `json:"id"`      // to be sent back with the answer
	Options any    `json:"options"` // as the browser's API takes them
}

const (
	ceremonyLife = 5 * time.Minute
	maxPasskeys  = 20
)

var errPasskey = fault.Invalidf("This passkey does not fit, or it took too long. Try again.")

// MayUsePasskeys reports whether browsers offer passkeys at this installation's
// address: they want a host name, and https unless it is this machine.
func (s *Service) MayUsePasskeys() bool {
	u, err := url.Parse(s.BaseURL)
	if err != nil || u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil {
		return false
	}
	return u.Scheme == "https" || u.Hostname() == "localhost"
}

// party returns what browsers bind passkeys to: the host of our public
// address, and answers to exactly that address.
func (s *Service) party() (*webauthn.WebAuthn, error) {
	u, err := url.Parse(s.BaseURL)
	if err != nil || !s.MayUsePasskeys() {
		return nil, fault.Conflictf("Passkeys need a public https address.")
	}
	return webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: s.Site, RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
	})
}

// keyholder is an account as the library wants it.
type keyholder struct {
	*Account
	keys []Passkey
}

// WebAuthnID returns the user handle. It is the public id: random, and no
// secret.
func (k keyholder) WebAuthnID() []byte { return k.PublicID[:] }

// WebAuthnName returns what the browser shows beside the key.
func (k keyholder) WebAuthnName() string { return k.Email }

// WebAuthnDisplayName returns the person's name.
func (k keyholder) WebAuthnDisplayName() string { return k.Name }

// WebAuthnCredentials returns the keys the account has.
func (k keyholder) WebAuthnCredentials() []webauthn.Credential {
	var list []webauthn.Credential
	for _, p := range k.keys {
		list = append(list, p.credential)
	}
	return list
}

// BeginPasskey asks the browser to make a passkey for the person.
func (s *Service) BeginPasskey(ctx context.Context, by *Session) (*Ceremony, error) {
	if err := s.NeedProof(by); err != nil {
		return nil, err
	}
	party, err := s.party()
	if err != nil {
		return nil, err
	}
	who := keyholder{Account: by.Account}
	if err := s.DB.Read(ctx, func(tx *sqldb.Tx) error { who.keys, err = passkeys(ctx, tx, by.ID); return err }); err != nil {
		return nil, err
	}
	if len(who.keys) >= maxPasskeys {
		return nil, fault.Conflictf("An account has up to %d passkeys. Remove one first.", maxPasskeys)
	}
	options, data, err := party.BeginRegistration(who, webauthn.WithExclusions(webauthn.Credentials(who.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return nil, err
	}
	return s.keepCeremony(ctx, by.ID, options.Response, data)
}

// FinishPasskey keeps the passkey that the browser made.
func (s *Service) FinishPasskey(ctx context.Context, by *Session, ceremony, name string, response []byte) error {
	if err := s.NeedProof(by); err != nil {
		return err
	}
	name, ok := input.Line(name, 100)
	if !ok {
		return fault.Fields(fault.Field{Path: "name", Message: "Give the passkey a name that tells where it is, up to 100 characters."})
	}
	party, err := s.party()
	if err != nil {
		return err
	}
	data, owner, err := s.takeCeremony(ctx, ceremony)
	if err != nil || owner != by.ID {
		return errors.Join(err, errPasskey)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, errPasskey.Error())
	}
	credential, err := party.CreateCredential(keyholder{Account: by.Account}, *data, parsed)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, errPasskey.Error())
	}
	credential.Attestation = webauthn.CredentialAttestation{} // we ask for none, and keep none
	text, err := json.Marshal(credential)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO passkey (public_id, account_id, credential_id, name, credential, sign_count, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			publicid.New(), by.ID, credential.ID, name, string(text), int64(credential.Authenticator.SignCount), sqldb.Millis(s.Now()))
		if sqldb.IsUnique(err) {
			return fault.Conflictf("This passkey is in use already.")
		}
		if err != nil {
			return err
		}
		if err := s.prove(ctx, tx, by, true); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, by.ID, "passkey_added"); err != nil {
			return err
		}
		return s.record(ctx, tx, "passkey.added", by.ID)
	})
}

// BeginPasskeySignIn asks the browser for any passkey of this installation.
func (s *Service) BeginPasskeySignIn(ctx context.Context) (*Ceremony, error) {
	party, err := s.party()
	if err != nil {
		return nil, err
	}
	options, data, err := party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, err
	}
	return s.keepCeremony(ctx, 0, options.Response, data)
}

// PasskeySignIn lets in the owner of the passkey that has answered.
func (s *Service) PasskeySignIn(ctx context.Context, ceremony string, response []byte, userAgent string) (way *Way, err error) {
	err = s.checkPasskey(ctx, ceremony, response, func(tx *sqldb.Tx, a *Account) error {
		way, err = s.enterTx(ctx, tx, a.ID, Proof{Method: ByPasskey, Assurance: TwoFactors, UserAgent: userAgent})
		return err
	})
	return way, err
}

// ProveByPasskey is Prove with a passkey of the person.
func (s *Service) ProveByPasskey(ctx context.Context, by *Session, ceremony string, response []byte) error {
	return s.checkPasskey(ctx, ceremony, response, func(tx *sqldb.Tx, a *Account) error {
		if a.ID != by.ID {
			return errPasskey
		}
		return s.prove(ctx, tx, by, true)
	})
}

// checkPasskey calls then, in the transaction that notes the passkey's use,
// with the account whose passkey has answered.
func (s *Service) checkPasskey(ctx context.Context, ceremony string, response []byte, then func(*sqldb.Tx, *Account) error) error {
	party, err := s.party()
	if err != nil {
		return err
	}
	data, owner, err := s.takeCeremony(ctx, ceremony)
	if err != nil || owner != 0 {
		return errors.Join(err, errPasskey)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, errPasskey.Error())
	}
	user, credential, err := party.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) { return s.keyholder(ctx, handle) }, *data, parsed)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, errPasskey.Error())
	}
	a := user.(keyholder).Account
	text, err := json.Marshal(credential)
	if err != nil {
		return err
	}
	count := int64(parsed.Response.AuthenticatorData.Counter)
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		// A counter that does not grow tells of a copy of the key, unless the key
		// does not count at all.
		n, err := tx.Exec(ctx, `UPDATE passkey SET sign_count = $3, last_used_at = $4, credential = $5
			WHERE credential_id = $1 AND account_id = $2 AND (sign_count < $3 OR (sign_count = 0 AND $3 = 0))`,
			credential.ID, a.ID, count, sqldb.Millis(s.Now()), string(text))
		if err != nil {
			return err
		}
		if n == 0 {
			return errPasskey
		}
		return then(tx, a)
	})
}

func (s *Service) keyholder(ctx context.Context, handle []byte) (k keyholder, err error) {
	if len(handle) != len(publicid.ID{}) {
		return k, errPasskey
	}
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		k.Account, err = scanAccount(tx.QueryRow(ctx, `SELECT `+accountColumns+` FROM account a
			WHERE a.public_id = $1 AND a.deleted_at = 0 AND a.disabled_at = 0`, publicid.ID(handle)))
		if err == nil {
			k.keys, err = passkeys(ctx, tx, k.Account.ID)
		}
		return err
	})
	return k, err
}

func (s *Service) keepCeremony(ctx context.Context, accountID int64, options any, data *webauthn.SessionData) (*Ceremony, error) {
	secret, hash := NewSecret()
	text, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM passkey_ceremony WHERE expires_at <= $1`, sqldb.Millis(now)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO passkey_ceremony (secret_hash, account_id, data, expires_at) VALUES ($1, $2, $3, $4)`,
			hash, accountID, string(text), sqldb.Millis(now.Add(ceremonyLife)))
		return err
	})
	return &Ceremony{ID: secret, Options: options}, err
}

// takeCeremony returns what was asked, once.
func (s *Service) takeCeremony(ctx context.Context, secret string) (data *webauthn.SessionData, accountID int64, err error) {
	var text string
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		err := tx.QueryRow(ctx, `DELETE FROM passkey_ceremony WHERE secret_hash = $1 AND expires_at > $2 RETURNING account_id, data`,
			HashSecret(secret), sqldb.Millis(s.Now())).Scan(&accountID, &text)
		if errors.Is(err, sqldb.ErrNoRows) {
			err = errPasskey
		}
		return err
	})
	if err == nil {
		err = json.Unmarshal([]byte(text), &data)
	}
	return data, accountID, err
}

// RenamePasskey gives a passkey another name.
func (s *Service) RenamePasskey(ctx context.Context, by *Session, id publicid.ID, name string) error {
	name, ok := input.Line(name, 100)
	if !ok {
		return fault.Fields(fault.Field{Path: "name", Message: "Give the passkey a name that tells where it is, up to 100 characters."})
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE passkey SET name = $3 WHERE public_id = $1 AND account_id = $2`, id, by.ID, name)
		if err == nil && n == 0 {
			return errNoPasskey
		}
		return err
	})
}

var errNoPasskey = fault.NotFoundf("There is no such passkey in your list.")

// RemovePasskey ends signing in by a passkey; never the last way in.
func (s *Service) RemovePasskey(ctx context.Context, by *Session, id publicid.ID) error {
	if err := s.NeedProof(by); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM passkey WHERE public_id = $1 AND account_id = $2`, id, by.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return errNoPasskey
		}
		if err := needWayIn(ctx, tx, by.ID); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, by.ID, "passkey_removed"); err != nil {
			return err
		}
		return s.record(ctx, tx, "passkey.removed", by.ID)
	})
}

func passkeys(ctx context.Context, tx *sqldb.Tx, accountID int64) ([]Passkey, error) {
	return sqldb.Collect(ctx, tx, func(r *sql.Rows) (p Passkey, err error) {
		var text string
		var created, used int64
		if err = r.Scan(&p.ID, &p.Name, &text, &created, &used); err != nil {
			return p, err
		}
		p.CreatedAt, p.LastUsedAt = sqldb.Time(created), sqldb.Time(used)
		return p, json.Unmarshal([]byte(text), &p.credential)
	}, `SELECT public_id, name, credential, created_at, last_used_at FROM passkey WHERE account_id = $1 ORDER BY id`, accountID)
}
