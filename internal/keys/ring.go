package keys

import (
	"context"
	"crypto"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/shape"
)

// State is where a key stands in its life.
type State string

// The states.
const (
	Prepared    State = "prepared"    // published, but it does not sign yet
	InForce     State = "in_force"    // it signs
	Retired     State = "retired"     // it signs no more; what it signed stays good
	Discarded   State = "discarded"   // retired without ever having signed
	Compromised State = "compromised" // somebody else may have it
)

// Key is an organisation's signing key without its private part.
type Key struct {
	ID             int64
	OrganisationID int64
	Kind           Kind
	Purpose        Purpose
	Multikey       string // the public key, z6Mk…; the JWK of an RSA key
	Fragment       string // its name behind the # of a DID
	Imported       bool
	CreatedAt      time.Time
	ActivatedAt    time.Time // zero while it is prepared
	RetiredAt      time.Time // zero while it may sign
	CompromisedAt  time.Time // not to be believed from then on; zero if nothing is known against it
	ReportedAt     time.Time // when that was marked

	// OwnDID is the did:web on a domain of the organisation's own that its
	// documents carry now; "" stands for its identity on our host.
	OwnDID string
}

// Public returns the public key itself.
func (k *Key) Public() (crypto.PublicKey, error) { return publicFrom(k.Multikey) }

// DID returns the did:key that this key is, and its verification method.
func (k *Key) DID() (id, method string, err error) {
	pub, err := k.Public()
	if err != nil {
		return "", "", err
	}
	return did.KeyDID(pub)
}

// State returns where the key stands.
func (k *Key) State() State {
	switch {
	case !k.CompromisedAt.IsZero():
		return Compromised
	case !k.RetiredAt.IsZero() && k.ActivatedAt.IsZero():
		return Discarded
	case !k.RetiredAt.IsZero():
		return Retired
	case k.ActivatedAt.IsZero():
		return Prepared
	}
	return InForce
}

// Method returns the key as the DID document of id lists it. A key that was
// retired ends with the second in which it was: proofs bear whole seconds, and
// what it signed in its last one stays good. One that was compromised is taken
// back from the beginning of that second.
func (k *Key) Method(id string) (did.Method, error) {
	pub, err := k.Public()
	m := did.Method{ID: id + "#" + k.Fragment, Controller: id, PublicKey: pub}
	if !k.RetiredAt.IsZero() {
		m.Expires = k.RetiredAt.Truncate(time.Second).Add(time.Second)
	}
	if !k.CompromisedAt.IsZero() {
		m.Revoked = k.CompromisedAt.Truncate(time.Second)
	}
	return m, err
}

// Document returns the DID document of id, a did:web, with the organisation's
// keys: also those that are prepared, so that others know them before they
// sign, and those that have ended, for what they signed needs them.
func Document(id string, list []*Key) ([]byte, error) {
	methods := make([]did.Method, 0, len(list))
	for _, k := range list {
		if k.State() == Discarded {
			continue
		}
		m, err := k.Method(id)
		if err != nil {
			return nil, err
		}
		methods = append(methods, m)
	}
	return did.NewWebDocument(id, methods...)
}

// Ring makes and uses signing keys, and knows their history. Private keys leave
// it only as signatures.
type Ring struct {
	DB  *sqldb.DB
	KEK *KEK // nil when another process has it
	Now func() time.Time
	// Shapes makes signing many documents of one badge fast; nil does without.
	Shapes *shape.Cache
	// BaseURL is the public address of the installation, without a trailing slash:
	// identities on our own host lie under it.
	BaseURL string
	// Signer has the private keys; nil stands for this process, with KEK.
	Signer Signer
	// Secrets seals what is secret besides; Load fills it in.
	Secrets *Secrets
	// Fetch asks whether files of identities on other domains are published; nil
	// does not let any be checked.
	Fetch did.Getter

	once  sync.Once
	local *Local
}

// signer returns what has the private keys.
func (r *Ring) signer() Signer {
	if r.Signer != nil {
		return r.Signer
	}
	r.once.Do(func() { r.local = r.Local() })
	return r.local
}

// Local returns a signer in this process.
func (r *Ring) Local() *Local {
	return &Local{DB: r.DB, KEK: r.KEK, Now: r.Now, BaseURL: r.BaseURL, Shapes: r.Shapes}
}

const (
	settingFingerprint = "kek.fingerprint"
	settingNext        = "kek.next" // fingerprint of the key that everything is being sealed under instead
	settingSalt        = "kek.salt"
)

// Salt returns the salt with which a passphrase becomes the key-encryption key.
// It is drawn and stored on the first start; it is not secret.
func Salt(ctx context.Context, db *sqldb.DB) ([]byte, error) {
	var text string
	err := db.Write(ctx, func(tx *sqldb.Tx) error {
		err := tx.QueryRow(ctx, `SELECT value FROM setting WHERE key = $1`, settingSalt).Scan(&text)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		salt := make([]byte, 16)
		rand.Read(salt) // never fails: crypto/rand ends the process instead
		text = hex.EncodeToString(salt)
		_, err = tx.Exec(ctx, `INSERT INTO setting (key, value) VALUES ($1, $2)`, settingSalt, text)
		return err
	})
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(text)
}

// Check makes sure that the key-encryption key is the one that the stored keys
// were sealed under, and remembers it on the first start.
func (r *Ring) Check(ctx context.Context) error {
	return r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		stored, err := setting(ctx, tx, settingFingerprint)
		if err != nil {
			return err
		}
		next, err := setting(ctx, tx, settingNext)
		switch {
		case err != nil:
			return err
		case next != "":
			return errors.New("changing the key-encryption key was interrupted; run roundel key rewrap again, as before, and then start")
		case stored == "":
			return setSetting(ctx, tx, settingFingerprint, r.KEK.Fingerprint())
		case stored != r.KEK.Fingerprint():
			return fmt.Errorf("the key file or passphrase is not the one that this installation's signing keys were sealed with (expected fingerprint %s, got %s)", stored, r.KEK.Fingerprint())
		}
		return nil
	})
}

// Load does Check and fills in Secrets.
func (r *Ring) Load(ctx context.Context) error {
	if err := r.Check(ctx); err != nil {
		return err
	}
	var err error
	r.Secrets, err = LoadSecrets(ctx, r.DB, r.KEK)
	return err
}

// Fingerprint returns that of the key-encryption key, as the database has it.
func (r *Ring) Fingerprint(ctx context.Context) (text string, err error) {
	err = r.DB.Read(ctx, func(tx *sqldb.Tx) error { text, err = setting(ctx, tx, settingFingerprint); return err })
	return text, err
}

// setting returns a setting; "" when it is not set.
func setting(ctx context.Context, tx *sqldb.Tx, key string) (value string, err error) {
	err = tx.QueryRow(ctx, `SELECT value FROM setting WHERE key = $1`, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

func setSetting(ctx context.Context, tx *sqldb.Tx, key, value string) error {
	_, err := tx.Exec(ctx, `INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	return err
}

const keyColumns = `k.id, k.organisation_id, k.kind, k.purpose, k.public_key, k.fragment, k.imported, k.created_at, k.activated_at, k.retired_at, k.compromised_at, k.reported_at,
	coalesce((SELECT w.did FROM web_identity w WHERE w.organisation_id = k.organisation_id AND w.adopted_at > 0 AND w.left_at = 0), '')`

func scanKey(row interface{ Scan(...any) error }) (*Key, error) {
	k := &Key{}
	var created, activated, retired, compromised, reported int64
	err := row.Scan(&k.ID, &k.OrganisationID, &k.Kind, &k.Purpose, &k.Multikey, &k.Fragment, &k.Imported, &created, &activated, &retired, &compromised, &reported, &k.OwnDID)
	k.CreatedAt, k.ActivatedAt, k.RetiredAt = sqldb.Time(created), sqldb.Time(activated), sqldb.Time(retired)
	k.CompromisedAt, k.ReportedAt = sqldb.Time(compromised), sqldb.Time(reported)
	return k, err
}

// List returns the organisation's keys, oldest first, retired ones included:
// badges signed with them still need them.
func List(ctx context.Context, tx *sqldb.Tx, organisationID int64) ([]*Key, error) {
	return sqldb.Collect(ctx, tx, func(rows *sql.Rows) (*Key, error) { return scanKey(rows) },
		`SELECT `+keyColumns+` FROM signing_key k WHERE k.organisation_id = $1 ORDER BY k.id`, organisationID)
}

// Current returns the key that signs badges for the organisation now. It is a
// Conflict fault, and says what to do, when none does.
func Current(ctx context.Context, tx *sqldb.Tx, organisationID int64) (*Key, error) {
	return current(ctx, tx, organisationID, ForBadges)
}

func current(ctx context.Context, tx *sqldb.Tx, organisationID int64, p Purpose) (*Key, error) {
	k, err := scanKey(tx.QueryRow(ctx, `SELECT `+keyColumns+` FROM signing_key k
		WHERE k.organisation_id = $1 AND k.purpose = $2 AND k.activated_at > 0 AND k.retired_at = 0`, organisationID, string(p)))
	if !errors.Is(err, sql.ErrNoRows) {
		return k, err
	}
	var compromised int
	err = tx.QueryRow(ctx, `SELECT count(*) FROM signing_key WHERE organisation_id = $1 AND purpose = $2 AND compromised_at > 0
		AND id = (SELECT max(id) FROM signing_key WHERE organisation_id = $1 AND purpose = $2 AND activated_at > 0)`, organisationID, string(p)).Scan(&compromised)
	if err != nil {
		return nil, err
	}
	if compromised > 0 {
		return nil, fault.Conflictf("Signing has stopped, because this organisation's key was marked as compromised. Make a new key under Settings, Keys; what waits is signed then.")
	}
	return nil, fault.Conflictf("This organisation has no signing key in use. Make one under Settings, Keys.")
}

// Pen signs for one organisation, with the key that was in force when it was
// taken. It is safe for concurrent use and meant to live as long as one piece
// of work, such as a batch.
type Pen struct {
	Key    *Key
	signer Signer
}

// Pen takes up the organisation's key for badges.
func (r *Ring) Pen(ctx context.Context, organisationID int64) (*Pen, error) {
	p := &Pen{signer: r.signer()}
	err := r.DB.Read(ctx, func(tx *sqldb.Tx) (err error) { p.Key, err = Current(ctx, tx, organisationID); return err })
	return p, err
}

// TokenPen takes up the organisation's key for tokens.
func (r *Ring) TokenPen(ctx context.Context, organisationID int64) (*Pen, error) {
	p := &Pen{signer: r.signer()}
	err := r.DB.Read(ctx, func(tx *sqldb.Tx) (err error) { p.Key, err = current(ctx, tx, organisationID, ForTokens); return err })
	return p, err
}

// Request returns a request for a document in the name of id, one of the
// organisation's DIDs.
func (p *Pen) Request(kind RequestKind, subject int64, id string, document []byte, at time.Time) Request {
	return Request{Kind: kind, Organisation: p.Key.OrganisationID, Key: p.Key.ID, Subject: subject, Method: id + "#" + p.Key.Fragment,
		At: at, Document: document, Token: p.Key.Purpose == ForTokens}
}

// Sign signs the requests; each has its own result. Record belongs into the
// transaction that keeps what was signed.
func (p *Pen) Sign(ctx context.Context, requests ...Request) ([]Signed, error) {
	return p.signer.Sign(ctx, requests)
}

// SignOne is Sign for one request. It returns what the journal has to record.
func (p *Pen) SignOne(ctx context.Context, q Request) ([]byte, Entry, error) {
	return signOne(ctx, p.signer, q)
}

func signOne(ctx context.Context, s Signer, q Request) ([]byte, Entry, error) {
	answers, err := s.Sign(ctx, []Request{q})
	if err != nil {
		return nil, Entry{}, err
	}
	if err := answers[0].Err; err != nil {
		return nil, Entry{}, err
	}
	return answers[0].Document, q.Entry(answers[0]), nil
}

// binding ties an envelope to its organisation and its public key.
func binding(organisation publicid.ID, key string) []byte {
	return append([]byte("roundel signing key\x00"+key+"\x00"), organisation[:]...)
}
