package account_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// authenticator plays a browser with a device that keeps one passkey. Its
// fields are what a false one would get wrong.
type authenticator struct {
	key      *ecdsa.PrivateKey
	id       []byte
	handle   []byte
	count    uint32
	origin   string
	host     string
	flags    byte // 1: present, 4: verified
	crossing bool // inside a frame of another site
}

func newAuthenticator(t *testing.T) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	id := make([]byte, 32)
	rand.Read(id)
	return &authenticator{key: key, id: id, origin: "https://badges.example.org", host: "badges.example.org", flags: 5}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// asked is what a ceremony asks for.
type asked struct {
	Challenge        string
	RpID             string
	UserVerification string
	User             struct{ ID string }
	RP               struct{ ID string }
}

func read(t *testing.T, c *account.Ceremony) (a asked) {
	t.Helper()
	text, err := json.Marshal(c.Options)
	must(t, err)
	must(t, json.Unmarshal(text, &a))
	return a
}

func (a *authenticator) data(attested []byte) []byte {
	host := sha256.Sum256([]byte(a.host))
	flags := a.flags
	if attested != nil {
		flags |= 0x40
	}
	b := append(host[:], flags)
	b = binary.BigEndian.AppendUint32(b, a.count)
	return append(b, attested...)
}

func (a *authenticator) client(kind, challenge string) []byte {
	text, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": a.crossing})
	return text
}

func (a *authenticator) answer(response map[string]any) []byte {
	text, _ := json.Marshal(map[string]any{"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	return text
}

// make answers a registration.
func (a *authenticator) make(t *testing.T, c *account.Ceremony) []byte {
	t.Helper()
	q := read(t, c)
	handle, err := base64.RawURLEncoding.DecodeString(q.User.ID)
	must(t, err)
	a.handle = handle
	point, err := a.key.PublicKey.Bytes()
	must(t, err)
	cose, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	must(t, err)
	attested := append(make([]byte, 16), 0, byte(len(a.id)))
	attested = append(append(attested, a.id...), cose...)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": a.data(attested)})
	must(t, err)
	return a.answer(map[string]any{"clientDataJSON": b64(a.client("webauthn.create", q.Challenge)), "attestationObject": b64(object), "transports": []string{"internal"}})
}

// sign answers a sign-in.
func (a *authenticator) sign(t *testing.T, c *account.Ceremony) []byte {
	t.Helper()
	a.count++
	client, data := a.client("webauthn.get", read(t, c).Challenge), a.data(nil)
	h := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), h[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	must(t, err)
	return a.answer(map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(a.handle)})
}

func (w *world) passkey(me *account.Session, a *authenticator) error {
	w.t.Helper()
	c, err := w.BeginPasskey(w.t.Context(), me)
	must(w.t, err)
	return w.FinishPasskey(w.t.Context(), me, c.ID, "Phone", a.make(w.t, c))
}

func (w *world) byPasskey(a *authenticator) (*account.Way, error) {
	w.t.Helper()
	c, err := w.BeginPasskeySignIn(w.t.Context())
	must(w.t, err)
	return w.PasskeySignIn(w.t.Context(), c.ID, a.sign(w.t, c), "test")
}

func TestPasskeys(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		me, eve := w.person("Bo", "bo@example.org"), w.person("Eve", "eve@example.org")
		w.app(me)
		phone := newAuthenticator(t)
		c, err := w.BeginPasskey(ctx, me)
		must(t, err)
		if q := read(t, c); q.RP.ID != "badges.example.org" {
			t.Errorf("asked for %+v", q)
		}
		if err := w.FinishPasskey(ctx, eve, c.ID, "Mine", phone.make(t, c)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("somebody else finishes it: %v", err)
		}
		for name, spoil := range map[string]func(*authenticator){
			"another site":            func(a *authenticator) { a.origin = "https://badges.example.com" },
			"http":                    func(a *authenticator) { a.origin = "http://badges.example.org" },
			"another port":            func(a *authenticator) { a.origin = "https://badges.example.org:8443" },
			"a site below":            func(a *authenticator) { a.origin = "https://x.badges.example.org" },
			"another host's key":      func(a *authenticator) { a.host = "example.org" },
			"nobody was there":        func(a *authenticator) { a.flags = 4 },
			"nobody checked who":      func(a *authenticator) { a.flags = 1 },
			"in another site's frame": func(a *authenticator) { a.crossing = true },
		} {
			false_ := newAuthenticator(t)
			spoil(false_)
			if err := w.passkey(me, false_); fault.KindOf(err) != fault.Invalid {
				t.Errorf("making one, %s: %v", name, err)
			}
		}
		must(t, w.passkey(me, phone))
		copied := *phone
		if err := w.passkey(eve, &copied); fault.KindOf(err) != fault.Conflict {
			t.Errorf("the same passkey for two accounts: %v", err)
		}
		must(t, w.passkey(eve, newAuthenticator(t))) // eve's own; her handle is in it

		way, err := w.byPasskey(phone)
		must(t, err)
		if way.Session == "" {
			t.Fatal("a passkey is asked for a second factor")
		}
		if s := w.session(way); s.ID != me.ID || s.Assurance != account.TwoFactors || s.Method != account.ByPasskey {
			t.Errorf("%+v", s)
		}
		good := *phone
		for name, spoil := range map[string]func(*authenticator){
			"another site":           func(a *authenticator) { a.origin = "https://evil.example" },
			"nobody checked who":     func(a *authenticator) { a.flags = 1 },
			"a counter that repeats": func(a *authenticator) { a.count -= 1 },
			"a counter that falls":   func(a *authenticator) { a.count = 0 },
			"another's handle":       func(a *authenticator) { a.handle = append([]byte{}, eve.PublicID[:]...) },
			"nobody's handle":        func(a *authenticator) { a.handle = []byte("x") },
			"no handle":              func(a *authenticator) { a.handle = nil },
			"another key":            func(a *authenticator) { a.key = newAuthenticator(t).key },
			"an unknown passkey":     func(a *authenticator) { a.id = []byte("0123456789abcdef") },
		} {
			spoilt := good
			spoil(&spoilt)
			if _, err := w.byPasskey(&spoilt); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		one, err := w.BeginPasskeySignIn(ctx)
		must(t, err)
		two, err := w.BeginPasskeySignIn(ctx)
		must(t, err)
		if _, err := w.PasskeySignIn(ctx, two.ID, phone.sign(t, one), ""); fault.KindOf(err) != fault.Invalid {
			t.Errorf("an answer to another question: %v", err)
		}
		if _, err := w.PasskeySignIn(ctx, two.ID, phone.sign(t, two), ""); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a question that was answered already: %v", err)
		}
		old, err := w.BeginPasskeySignIn(ctx)
		must(t, err)
		w.later(6 * 60e9)
		if _, err := w.PasskeySignIn(ctx, old.ID, phone.sign(t, old), ""); fault.KindOf(err) != fault.Invalid {
			t.Errorf("an answer after six minutes: %v", err)
		}
		making, err := w.BeginPasskey(ctx, me)
		must(t, err)
		if _, err := w.PasskeySignIn(ctx, making.ID, phone.sign(t, making), ""); fault.KindOf(err) != fault.Invalid {
			t.Errorf("the question for a new passkey lets in: %v", err)
		}

		// It proves who one is; another's does not.
		w.later(account.ProofLife)
		prove := func(by *account.Session) error {
			c, err := w.BeginPasskeySignIn(ctx)
			must(t, err)
			return w.ProveByPasskey(ctx, by, c.ID, phone.sign(t, c))
		}
		if err := prove(eve); err == nil || w.NeedProof(eve) == nil {
			t.Error("somebody else's passkey proves who eve is")
		}
		if w.NeedProof(me) == nil {
			t.Fatal("the proof is fresh")
		}
		must(t, prove(me))
		must(t, w.NeedProof(me))

		f, err := w.Factors(ctx, me.ID)
		if err != nil || len(f.Passkeys) != 1 || f.Passkeys[0].Name != "Phone" || f.Passkeys[0].LastUsedAt.IsZero() {
			t.Errorf("%+v %v", f, err)
		}
		key := f.Passkeys[0].ID
		if err := w.RenamePasskey(ctx, eve, key, "Eve's"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("somebody else renames it: %v", err)
		}
		must(t, w.RenamePasskey(ctx, me, key, "Old phone"))
		if err := w.RemovePasskey(ctx, w.in("eve@example.org"), key); fault.KindOf(err) != fault.NotFound {
			t.Errorf("somebody else removes it: %v", err)
		}
		must(t, w.RemovePasskey(ctx, me, key))
		if _, err := w.byPasskey(phone); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a removed passkey: %v", err)
		}
	})
}

// in signs somebody in.
func (w *world) in(address string) *account.Session {
	w.t.Helper()
	way, err := w.signIn(address)
	must(w.t, err)
	return w.session(way)
}

// TestS12PasskeyAnswersCountOnce: an answer that is sent again lets nobody in.
func TestS12PasskeyAnswersCountOnce(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		me := w.person("Bo", "bo@example.org")
		phone := newAuthenticator(t)
		must(t, w.passkey(me, phone))
		c, err := w.BeginPasskeySignIn(t.Context())
		must(t, err)
		answer := phone.sign(t, c)
		wins(t, "a passkey's answer", func() error { _, err := w.PasskeySignIn(context.Background(), c.ID, answer, ""); return err })
	})
}

// TestPasskeysNeedAHost: without a host name or https, browsers offer none.
func TestPasskeysNeedAHost(t *testing.T) {
	for base, may := range map[string]bool{"https://badges.example.org": true, "http://localhost:8080": true, "http://badges.example.org": false,
		"https://192.0.2.1": false, "http://127.0.0.1:8080": false, "": false} {
		s := account.Service{BaseURL: base, Site: "Roundel"}
		if s.MayUsePasskeys() != may {
			t.Errorf("%q: %t", base, !may)
		}
		if !may {
			if _, err := s.BeginPasskeySignIn(t.Context()); fault.KindOf(err) != fault.Conflict {
				t.Errorf("%q: %v", base, err)
			}
		}
	}
}
