package socket

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// world is an installation whose keys another signer has.
type world struct {
	near, far *keys.Ring // without the key-encryption key, and with it
	client    *Client
	path      string
	stop      func()
	org       int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := dbtest.Open(t)
	kek, err := keys.LoadKeyFile(filepath.Join(t.TempDir(), "kek"))
	check(t, err)
	w := &world{far: &keys.Ring{DB: db, KEK: kek, Now: time.Now}, path: filepath.Join(t.TempDir(), "s")}
	check(t, w.far.Load(t.Context()))
	w.client = &Client{Path: w.path}
	w.near = &keys.Ring{DB: db, Now: time.Now, Signer: w.client}
	t.Cleanup(func() { check(t, w.client.Close()) })
	w.serve(t)
	id := publicid.New()
	check(t, db.Write(t.Context(), func(tx *sqldb.Tx) error {
		err := tx.QueryRow(t.Context(), `INSERT INTO organisation (public_id, slug, name, created_at) VALUES ($1, 'o', 'O', 0) RETURNING id`, id).Scan(&w.org)
		if err != nil {
			return err
		}
		_, err = w.near.Create(t.Context(), tx, w.org, id)
		return err
	}))
	return w
}

// serve starts a signer.
func (w *world) serve(t *testing.T) {
	t.Helper()
	l, err := Listen(t.Context(), w.path, false)
	check(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	s := &Server{Signer: w.far.Local(), Secrets: w.far.Secrets, Log: slog.New(slog.DiscardHandler), Peer: -1}
	go func() { done <- s.Serve(ctx, l) }()
	var once sync.Once
	w.stop = func() {
		once.Do(func() {
			cancel()
			check(t, <-done)
		})
	}
	t.Cleanup(w.stop)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func badge(issuer string) []byte {
	return []byte(`{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],"id":"urn:uuid:1","type":["VerifiableCredential","OpenBadgeCredential"],` +
		`"issuer":{"id":"` + issuer + `","type":["Profile"]},"credentialSubject":{"type":["AchievementSubject"],"id":"urn:uuid:5c7f8f4e-6a1e-4a37-9f0a-3f1f8a0d8f11"}}`)
}

// TestSignsAsInProcess: the same request gives the same bytes, errors keep their
// kind, and many at once keep their order.
func TestSignsAsInProcess(t *testing.T) {
	w := newWorld(t)
	pen, err := w.near.Pen(t.Context(), w.org)
	check(t, err)
	id, _, err := pen.Key.DID()
	check(t, err)
	q := pen.Request(keys.Credential, 1, id, badge(id), time.Now())
	near, _, err := pen.SignOne(t.Context(), q)
	check(t, err)
	farPen, err := w.far.Pen(t.Context(), w.org)
	check(t, err)
	far, _, err := farPen.SignOne(t.Context(), q)
	if err != nil || string(near) != string(far) || len(near) == 0 {
		t.Errorf("%v\n%s\n%s", err, near, far)
	}
	bad := q
	bad.Kind = keys.StatusList
	var many []keys.Request
	for i := range 2500 { // more than one question
		if i%7 == 3 {
			many = append(many, bad)
		} else {
			many = append(many, q)
		}
	}
	answers, err := pen.Sign(t.Context(), many...)
	if err != nil || len(answers) != len(many) {
		t.Fatalf("%d, %v", len(answers), err)
	}
	for i, a := range answers {
		if i%7 == 3 != errors.Is(a.Err, keys.ErrNotOurs) || i%7 != 3 && string(a.Document) != string(near) {
			t.Fatalf("%d: %v", i, a.Err)
		}
	}
	_, err = w.near.Retire(t.Context(), w.org, pen.Key.Fragment)
	check(t, err)
	w.far = &keys.Ring{DB: w.far.DB, KEK: w.far.KEK, Now: time.Now, Secrets: w.far.Secrets}
	w.stop()
	w.serve(t) // a signer that remembers nothing
	if _, _, err := pen.SignOne(t.Context(), q); !errors.Is(err, keys.ErrKeyEnded) {
		t.Errorf("the retired key signs: %v", err)
	}
	if _, err := w.near.Import(t.Context(), w.org, []byte("nonsense"), keys.ForBadges); fault.FieldMessage(err, "key") == "" {
		t.Errorf("import: %v", err)
	}
	for _, kind := range keys.OrganisationKinds() {
		if k, err := w.near.Prepare(t.Context(), w.org, kind, keys.ForTokens); err != nil || k.Kind != kind {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if found, err := w.far.Sealed(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("what the far signer sealed: %q, %v", found, err)
	}
}

func TestSecretsAreTheSame(t *testing.T) {
	w := newWorld(t)
	s, err := w.client.Secrets(t.Context())
	check(t, err)
	got, err := s.Open("claim link", w.far.Secrets.Seal("claim link", []byte("x")))
	if err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestWithoutASigner nothing is signed, and somebody who comes back is served.
func TestWithoutASigner(t *testing.T) {
	w := newWorld(t)
	pen, err := w.near.Pen(t.Context(), w.org)
	check(t, err)
	id, _, err := pen.Key.DID()
	check(t, err)
	q := pen.Request(keys.Credential, 1, id, badge(id), time.Now())
	_, _, err = pen.SignOne(t.Context(), q)
	check(t, err)
	w.stop()
	if _, _, err := pen.SignOne(t.Context(), q); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("without a signer: %v", err)
	}
	w.serve(t)
	if _, _, err := pen.SignOne(t.Context(), q); err != nil {
		t.Errorf("with a new signer: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := pen.SignOne(ctx, q); err == nil {
		t.Error("it signs for nobody")
	}
}

// TestTheSocketIsPrivate: only its owner opens it, it replaces what a signer left
// behind, and nothing else.
func TestTheSocketIsPrivate(t *testing.T) {
	w := newWorld(t)
	info, err := os.Lstat(w.path)
	if err != nil || info.Mode()&fs.ModeSocket == 0 || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if l, err := Listen(t.Context(), w.path, false); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("two signers: %v, %v", l, err)
	}
	left := filepath.Join(t.TempDir(), "left")
	l, err := net.Listen("unix", left)
	check(t, err)
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	check(t, l.Close())
	again, err := Listen(t.Context(), left, true)
	check(t, err)
	if info, err := os.Lstat(left); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("for the group: %v, %v", info.Mode(), err)
	}
	check(t, again.Close())
	file := filepath.Join(t.TempDir(), "file")
	check(t, os.WriteFile(file, []byte("x"), 0o600))
	if _, err := Listen(t.Context(), file, false); err == nil {
		t.Error("a file was replaced")
	}
	for _, bad := range []string{"", "/run/x", "tcp:1", "unix:"} {
		if p, err := Path(bad); err == nil {
			t.Errorf("%q is %q", bad, p)
		}
	}
}

func TestWhoMayAsk(t *testing.T) {
	for _, c := range []struct {
		uid, own, peer int
		may            bool
	}{
		{1000, 1000, -1, true}, {1001, 1000, -1, false}, {1001, 1000, 1001, true}, {1002, 1000, 1001, false}, {0, 1000, -1, true}, {65534, 0, -1, false},
	} {
		if got := admitted(c.uid, c.own, c.peer); got != c.may {
			t.Errorf("%+v: %v", c, got)
		}
	}
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if _, err := peer(a); err == nil {
		t.Error("a pipe has a peer")
	}
}

// TestBrokenFrames end the connection, and no other.
func TestBrokenFrames(t *testing.T) {
	w := newWorld(t)
	for name, frame := range map[string]string{"too long": "\xff\xff\xff\xff", "no JSON": "\x00\x00\x00\x03abc"} {
		c, err := net.Dial("unix", w.path)
		check(t, err)
		_, err = c.Write([]byte(frame))
		check(t, err)
		check(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: it was answered: %v", name, err)
		}
		check(t, c.Close())
	}
	var a answer
	c, err := net.Dial("unix", w.path)
	check(t, err)
	check(t, writeFrame(c, question{}))
	check(t, readFrame(c, &a))
	if a.Problem == nil {
		t.Error("an empty question was answered")
	}
	check(t, c.Close())
	if _, err := w.client.Secrets(t.Context()); err != nil {
		t.Error(err)
	}
}
