package keys

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// TestRewrap changes the key-encryption key, is interrupted after each single
// key, and goes on. In between nothing starts.
func TestRewrap(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		b := newBench(t, db)
		b.must(b.Load(t.Context()))
		for range 3 {
			_, err := b.Rotate(t.Context(), b.org, ForBadges)
			b.must(err)
		}
		_, err := b.Issuers(t.Context())
		b.must(err)
		sealed := b.Secrets.Seal("claim link", []byte("secret"))
		derived := b.Secrets.Secret("award ids")
		next := &KEK{key: [32]byte{2}}

		all := 3 + 4
		for stop := 1; stop <= all; stop++ {
			func() {
				defer func() {
					if r := recover(); r != nil && r != "killed" {
						panic(r)
					}
				}()
				b.must(b.Rewrap(t.Context(), next, func(done, of int) {
					if of != all {
						t.Errorf("%d keys", of)
					}
					if done == stop && stop < all {
						panic("killed")
					}
				}))
			}()
			if stop == all {
				break
			}
			for _, kek := range []*KEK{b.KEK, next} {
				if err := (&Ring{DB: db, KEK: kek, Now: b.Now}).Load(t.Context()); err == nil {
					t.Fatalf("it starts half done, after %d keys", stop)
				}
			}
			if err := b.Rewrap(t.Context(), &KEK{key: [32]byte{3}}, func(int, int) {}); fault.KindOf(err) != fault.Conflict {
				t.Errorf("to a third key in between: %v", err)
			}
		}
		if err := (&Ring{DB: db, KEK: b.KEK, Now: b.Now}).Load(t.Context()); err == nil || !strings.Contains(err.Error(), next.Fingerprint()) && !strings.Contains(err.Error(), "fingerprint") {
			t.Errorf("the old key still starts: %v", err)
		}
		after := &Ring{DB: db, KEK: next, Now: b.Now, BaseURL: b.BaseURL}
		b.must(after.Load(t.Context()))
		if found, err := after.Sealed(t.Context()); err != nil || len(found) > 0 {
			t.Errorf("%q, %v", found, err)
		}
		if got, err := after.Secrets.Open("claim link", sealed); err != nil || string(got) != "secret" {
			t.Errorf("a small secret: %q, %v", got, err)
		}
		if !bytes.Equal(after.Secrets.Secret("award ids"), derived) {
			t.Error("what is derived has changed")
		}
		b.Ring = after
		if err := b.good(b.sign(1)); err != nil {
			t.Error(err)
		}
		if err := b.Rewrap(t.Context(), &KEK{key: [32]byte{4}}, func(int, int) {}); err != nil {
			t.Errorf("again: %v", err)
		}
	})
}

func TestSecretsOpenForTheirPurposeOnly(t *testing.T) {
	b := newBench(t, dbtest.Open(t))
	b.must(b.Load(t.Context()))
	sealed := b.Secrets.Seal("one", []byte("secret"))
	if got, err := b.Secrets.Open("one", sealed); err != nil || string(got) != "secret" {
		t.Fatalf("%q, %v", got, err)
	}
	again, err := LoadSecrets(t.Context(), b.DB, b.KEK)
	b.must(err)
	if got, err := again.Open("one", sealed); err != nil || string(got) != "secret" {
		t.Errorf("after a start: %q, %v", got, err)
	}
	for name, s := range map[string][]byte{"empty": nil, "cut": sealed[:len(sealed)-1], "another version": append([]byte{9}, sealed[1:]...)} {
		if _, err := b.Secrets.Open("one", s); !errors.Is(err, errEnvelope) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.Secrets.Open("two", sealed); !errors.Is(err, errEnvelope) {
		t.Errorf("another purpose: %v", err)
	}
	// What the key-encryption key itself sealed, in earlier versions, still opens;
	// but never a signing key.
	if got, err := b.Secrets.Open("claim link", b.KEK.seal([]byte("old"), []byte("roundel claim link"))); err != nil || string(got) != "old" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := LoadSecrets(t.Context(), b.DB, &KEK{key: [32]byte{9}}); !errors.Is(err, errEnvelope) {
		t.Errorf("another key-encryption key: %v", err)
	}
}
