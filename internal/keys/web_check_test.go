package keys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/fetch"
	"github.com/roundel/roundel/internal/sqldb"
)

// site is a web site: its files by address, or what goes wrong there.
type site map[string]any

func (s site) Get(_ context.Context, address, _ string) ([]byte, string, error) {
	switch v := s[address].(type) {
	case nil:
		return nil, "", &did.StatusError{Code: 404}
	case error:
		return nil, "", v
	default:
		return []byte(fmt.Sprint(v)), "application/json", nil
	}
}

func TestWhereTheFileBelongs(t *testing.T) {
	b := newBench(t, dbtest.Open(t))
	for text, want := range map[string]string{
		"example.org": "https://example.org/.well-known/did.json", "https://example.org/": "https://example.org/.well-known/did.json",
		"https://example.org/.well-known/did.json": "https://example.org/.well-known/did.json",
		" example.org/badges ":                     "https://example.org/badges/did.json", "https://example.org/a/b/did.json": "https://example.org/a/b/did.json",
		"did:web:example.org:x": "https://example.org/x/did.json", "https://example.org:8443": "https://example.org:8443/.well-known/did.json",
	} {
		w, err := b.Propose(t.Context(), b.org, text)
		if err != nil || w.URL() != want {
			t.Errorf("%q: %v, %v", text, w, err)
		}
	}
	for _, text := range []string{"", "http://example.org", "https://10.0.0.1", "https://example.org/?x", "https://u:p@example.org", "did:key:z6Mk", "did:web:", "example org",
		"https://badges.example.org", "badges.example.org/issuers/other", "did:web:badges.example.org:issuers:other", "https://example.org/a/../b"} {
		if w, err := b.Propose(t.Context(), b.org, text); fault.FieldMessage(err, "domain") == "" {
			t.Errorf("%q: %+v, %v", text, w, err)
		}
	}
}

// TestCheckWeb tells what is wrong with a published file, and lets nobody use
// one that is not right.
func TestCheckWeb(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		b := newBench(t, db)
		const id, at = "did:web:uni.example", "https://uni.example/.well-known/did.json"
		_, err := b.Propose(t.Context(), b.org, "uni.example")
		b.must(err)
		token, err := b.Prepare(t.Context(), b.org, RSA2048, ForTokens)
		b.must(err)
		file := func() string {
			doc, err := b.WebDocument(t.Context(), b.org, id)
			b.must(err)
			return string(doc)
		}
		right, first := file(), b.mustKey().Fragment
		for name, c := range map[string]struct {
			page any
			code string
		}{
			"nothing": {nil, FindingMissing}, "forbidden": {&did.StatusError{Code: 403}, FindingMissing}, "gone": {&did.StatusError{Code: 410}, FindingMissing},
			"down": {errors.New("connection refused"), FindingUnreachable}, "elsewhere": {fmt.Errorf("fetch: %w", fetch.ErrOtherOrigin), FindingRedirect},
			"round and round": {fmt.Errorf("fetch: %w", fetch.ErrRedirects), FindingRedirect}, "huge": {fetch.ErrTooLarge, FindingContent},
			"a page": {"<!doctype html>", FindingContent}, "another id": {strings.ReplaceAll(right, "uni.example", "www.uni.example"), FindingID},
			"a key is missing": {strings.ReplaceAll(right, first, "z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"), FindingKeyMissing},
			"another key":      {strings.Replace(right, `"publicKeyMultibase":"`+first, `"publicKeyMultibase":"z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH`, 1), FindingKeyOther},
			"not listed":       {strings.Replace(right, `"assertionMethod"`, `"authentication"`, 1), FindingKeyPurpose},
		} {
			b.Fetch = site{at: c.page}
			w, err := b.CheckWeb(t.Context(), b.org, id)
			if err != nil || len(w.Findings) == 0 || w.Findings[0].Code != c.code || !strings.HasSuffix(w.Findings[0].Message, ".") || w.Right() {
				t.Errorf("%s: %+v, %v", name, w, err)
			}
			if _, err := b.Adopt(t.Context(), b.org, id); fault.KindOf(err) != fault.Conflict {
				t.Errorf("%s: adopted: %v", name, err)
			}
		}
		pages := site{at: right}
		b.Fetch = pages
		w, err := b.Adopt(t.Context(), b.org, id)
		if err != nil || !w.InUse() || !w.Right() {
			t.Fatalf("%+v, %v", w, err)
		}
		if k := b.mustKey(); k.OwnDID != id {
			t.Errorf("the key is known as %q", k.OwnDID)
		}
		// A key signs there only when the file holds it.
		if _, err := b.Rotate(t.Context(), b.org, ForBadges); fault.KindOf(err) != fault.Conflict {
			t.Errorf("rotated without publishing: %v", err)
		}
		next, err := b.Prepare(t.Context(), b.org, P256, ForBadges)
		b.must(err)
		if _, err := b.Activate(t.Context(), b.org, next.Fragment); fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Message(err), next.Fragment) {
			t.Errorf("it signs without being published: %v", err)
		}
		pages[at] = file()
		if _, err := b.Activate(t.Context(), b.org, next.Fragment); err != nil {
			t.Error(err)
		}
		// The file may still call the key before it good: it signs no more. A key that
		// was compromised is another matter.
		b.now = b.now.Add(time.Hour)
		if w, err := b.CheckWeb(t.Context(), b.org, id); err != nil || !w.Right() {
			t.Errorf("%+v, %v", w, err)
		}
		_, err = b.Compromise(t.Context(), b.org, first, b.now)
		b.must(err)
		b.must(b.Handlers(slog.New(slog.DiscardHandler))[JobCheckWeb](t.Context(), nil))
		list, err := b.WebIdentities(t.Context(), b.org)
		if err != nil || len(list) != 1 || len(list[0].Findings) != 1 || list[0].Findings[0].Code != FindingKeyEnd || list[0].Findings[0].Fragment != first || list[0].GoodAt.IsZero() {
			t.Errorf("%+v, %v", list[0], err)
		}
		pages[at] = file()
		b.must(b.Handlers(slog.New(slog.DiscardHandler))[JobCheckWeb](t.Context(), nil))
		if list, err = b.WebIdentities(t.Context(), b.org); err != nil || !list[0].Right() {
			t.Errorf("%+v, %v", list[0], err)
		}
		if !strings.Contains(file(), token.Fragment) {
			t.Error("the prepared key for tokens is not published")
		}
		// Nobody else can have it, and it is not forgotten while documents bear it.
		var other int64
		b.must(db.Write(t.Context(), func(tx *sqldb.Tx) error {
			return tx.QueryRow(t.Context(), `INSERT INTO organisation (public_id, slug, name, created_at) VALUES ($1, 'p', 'P', 0) RETURNING id`, []byte("0123456789abcdef")).Scan(&other)
		}))
		_, err = b.Propose(t.Context(), other, "uni.example")
		b.must(err)
		if _, err := b.Adopt(t.Context(), other, id); fault.KindOf(err) != fault.Conflict {
			t.Errorf("another organisation took it: %v", err)
		}
		b.must(b.Forget(t.Context(), other, id))
		if err := b.Forget(t.Context(), b.org, id); fault.KindOf(err) != fault.Conflict {
			t.Errorf("forgotten: %v", err)
		}
		b.must(b.Leave(t.Context(), b.org, id))
		if err := b.Leave(t.Context(), b.org, id); fault.KindOf(err) != fault.Conflict {
			t.Errorf("left twice: %v", err)
		}
		if k := b.mustKey(); k.OwnDID != "" {
			t.Errorf("the key is still known as %q", k.OwnDID)
		}
		// What was begun in that name can still be finished in it.
		pen, err := b.Pen(t.Context(), b.org)
		b.must(err)
		if _, _, err := pen.SignOne(t.Context(), pen.Request(Credential, 1, id, badge(id), b.now)); err != nil {
			t.Error(err)
		}
	})
}
