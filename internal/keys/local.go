package keys

import (
	"context"
	"crypto"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/shape"
)

// Local is the signer that has the key-encryption key in its process. It reads
// for itself whose a key is and whether it signs.
type Local struct {
	DB      *sqldb.DB
	KEK     *KEK
	Now     func() time.Time
	BaseURL string       // public address of the installation; without one only did:key is signed for
	Shapes  *shape.Cache // makes signing many documents of one badge fast; nil does without

	mu   sync.Mutex
	open map[keyName]*opened
}

// keyName is a key of one of the two tables.
type keyName struct {
	installation bool
	id           int64
}

// opened is a key that is ready to sign.
type opened struct {
	Name
	organisation int64
	priv         crypto.Signer
	ended        bool // it does not sign, or only status lists of the installation
	read         time.Time
}

// believed is how long what was read of a key is used again. That a key has
// ended is seen at once all the same: the journal takes no record of it.
const believed = time.Second

// Make implements Signer.
func (l *Local) Make(_ context.Context, owner Owner, kind Kind) (*Sealed, error) {
	priv, err := generate(kind)
	if err != nil {
		return nil, err
	}
	return l.seal(owner, priv)
}

// Take implements Signer.
func (l *Local) Take(_ context.Context, owner Owner, text []byte) (*Sealed, error) {
	priv, err := parsePrivate(text)
	if err != nil {
		return nil, err
	}
	return l.seal(owner, priv)
}

func (l *Local) seal(owner Owner, priv crypto.Signer) (*Sealed, error) {
	kind, secret, err := secretOf(priv)
	if err != nil {
		return nil, err
	}
	public, fragment, err := publicText(priv.Public())
	if err != nil {
		return nil, err
	}
	tie := issuerBinding(kind, public)
	if !owner.Organisation.IsZero() {
		tie = binding(owner.Organisation, public)
	}
	return &Sealed{Kind: kind, Public: public, Fragment: fragment, Envelope: l.KEK.seal(secret, tie)}, nil
}

// Sign implements Signer, on all processors.
func (l *Local) Sign(ctx context.Context, requests []Request) ([]Signed, error) {
	ready, err := l.keys(ctx, requests)
	if err != nil {
		return nil, err
	}
	answers := make([]Signed, len(requests))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, q := range requests {
		g.Go(func() error {
			if answers[i].Err = ctx.Err(); answers[i].Err == nil {
				answers[i].Document, answers[i].Err = l.sign(q, ready[keyName{q.Kind.ofInstallation(), q.Key}])
			}
			return nil
		})
	}
	return answers, g.Wait()
}

// keys returns the keys that the requests name. One that is remembered, and does
// not fit what is asked of it, is read anew: its owner may have got another name.
func (l *Local) keys(ctx context.Context, requests []Request) (map[keyName]*opened, error) {
	ready := map[keyName]*opened{}
	for _, q := range requests {
		name := keyName{q.Kind.ofInstallation(), q.Key}
		k := ready[name]
		if k == nil {
			l.mu.Lock()
			k = l.open[name]
			l.mu.Unlock()
			if now := l.Now(); k != nil && (k.ended || now.Sub(k.read) >= believed || now.Before(k.read)) {
				k = nil
			}
		}
		if k == nil || !slices.ContainsFunc(k.DIDs, func(id string) bool { return q.Method == id+"#"+k.Fragment }) && ready[name] == nil {
			var err error
			if k, err = l.key(ctx, name); err != nil {
				return nil, err
			}
		}
		ready[name] = k
	}
	return ready, nil
}

func (l *Local) sign(q Request, k *opened) ([]byte, error) {
	switch {
	case q.Organisation != k.organisation && !q.Kind.ofInstallation():
		return nil, fmt.Errorf("%w: the key is another organisation's", ErrNotOurs)
	case k.ended && q.Kind != AttestationList:
		return nil, ErrKeyEnded
	}
	return Secure(q, k.priv, k.Name, l.Shapes)
}

// key reads a key, ready to sign, and remembers it.
func (l *Local) key(ctx context.Context, name keyName) (*opened, error) {
	now := l.Now()
	read := l.organisationKey
	if name.installation {
		read = l.issuerKey
	}
	k, err := read(ctx, name.id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%w: there is no such key", ErrKeyEnded)
	}
	if err != nil {
		return nil, err
	}
	k.read = now
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil || len(l.open) >= 1000 { // an installation with many organisations must not keep all
		l.open = map[keyName]*opened{}
	}
	l.open[name] = k
	return k, nil
}

// organisationKey reads a key of an organisation and what its owner is called.
func (l *Local) organisationKey(ctx context.Context, id int64) (*opened, error) {
	k := &opened{}
	var kind Kind
	var public, slug string
	var owner publicid.ID
	var sealed []byte
	var sample bool
	var activated, retired int64
	var domains []string
	err := l.DB.Read(sqldb.ForInstallation(ctx), func(tx *sqldb.Tx) error {
		err := tx.QueryRow(ctx, `SELECT k.organisation_id, k.kind, k.purpose, k.public_key, k.fragment, k.sealed_private, k.activated_at, k.retired_at,
				o.public_id, o.slug, o.is_sample FROM signing_key k JOIN organisation o ON o.id = k.organisation_id WHERE k.id = $1`, id).
			Scan(&k.organisation, &kind, &k.Purpose, &public, &k.Fragment, &sealed, &activated, &retired, &owner, &slug, &sample)
		if err != nil {
			return err
		}
		domains, err = sqldb.Collect(ctx, tx, func(rows *sql.Rows) (s string, err error) { return s, rows.Scan(&s) },
			`SELECT did FROM web_identity WHERE organisation_id = $1 AND adopted_at > 0`, k.organisation)
		return err
	})
	if err != nil {
		return nil, err
	}
	k.ended = activated == 0 || retired > 0
	k.DIDs = domains
	if l.BaseURL != "" && !sample {
		if host, err := did.WebDID(l.BaseURL, "issuers", slug); err == nil { // else it has no https address
			k.DIDs = append(k.DIDs, host)
		}
	}
	return k, k.unseal(l.KEK, kind, public, sealed, binding(owner, public))
}

// issuerKey reads a key of the installation's own.
func (l *Local) issuerKey(ctx context.Context, id int64) (*opened, error) {
	k := &opened{}
	var kind Kind
	var public string
	var sealed []byte
	var retired int64
	err := l.DB.Read(sqldb.ForInstallation(ctx), func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT algorithm, public_key, sealed_private, retired_at FROM issuer_key WHERE id = $1`, id).Scan(&kind, &public, &sealed, &retired)
	})
	if err != nil {
		return nil, err
	}
	k.Fragment, k.ended = public, retired > 0
	return k, k.unseal(l.KEK, kind, public, sealed, issuerBinding(kind, public))
}

// unseal opens the private key, and adds the DID that the key is by itself.
func (k *opened) unseal(kek *KEK, kind Kind, public string, sealed, tie []byte) error {
	secret, err := kek.open(sealed, tie)
	if err != nil {
		return err
	}
	if k.priv, err = private(kind, secret); err != nil {
		return errors.New("what the envelope of a signing key holds is no key of its kind")
	}
	text, _, err := publicText(k.priv.Public())
	if err != nil || text != public {
		return errors.New("a private key does not fit its public key")
	}
	if kind != RSA2048 {
		k.DIDs = append(k.DIDs, "did:key:"+public)
	}
	return nil
}
