package transfer_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/backup/transfer"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/fsck"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/verify"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func service(h *apptest.House) *transfer.Service {
	f, g := h.App.Features, h.App.Ground
	sealer := &audit.Sealer{DB: g.DB, Now: time.Now, Secret: []byte("secret"), Log: slog.New(slog.DiscardHandler)}
	return &transfer.Service{DB: g.DB, Blobs: g.Blobs, Orgs: f.Orgs, Issuing: f.Issuing, Keys: g.Keys, Now: time.Now, Software: "test", BaseURL: h.BaseURL,
		Audit: &audit.Service{DB: g.DB, Sealer: sealer}}
}

// other is another installation at the same address: the domain moved along.
func other(t *testing.T, baseURL string, db *sqldb.DB) (*transfer.Service, int64) {
	t.Helper()
	ctx := sqldb.ForInstallation(t.Context())
	kek, err := keys.LoadKeyFile(filepath.Join(t.TempDir(), "kek"))
	must(t, err)
	blobs, err := blob.Open(t.TempDir())
	must(t, err)
	t.Cleanup(func() { must(t, blobs.Close()) })
	ring := &keys.Ring{DB: db, KEK: kek, Now: time.Now, BaseURL: baseURL}
	must(t, ring.Check(ctx))
	orgs := &org.Service{DB: db, Keys: ring, Blobs: blobs, Now: time.Now, BaseURL: baseURL}
	issue := &issuing.Service{DB: db, Keys: ring, Orgs: orgs, Blobs: blobs, Now: time.Now, Log: slog.New(slog.DiscardHandler), BaseURL: baseURL, Secret: []byte("s")}
	var owner int64
	must(t, db.Write(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `INSERT INTO account (public_id, name, password_hash, created_at) VALUES ($1, 'Owner', '', 1) RETURNING id`, bytes.Repeat([]byte{7}, 16)).Scan(&owner)
	}))
	return &transfer.Service{DB: db, Blobs: blobs, Orgs: orgs, Issuing: issue, Keys: ring, Now: time.Now, BaseURL: baseURL}, owner
}

// files serves an installation's documents to a verifier.
type files map[string][]byte

func (f files) Get(_ context.Context, address, _ string) ([]byte, string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, "", err
	}
	if data, ok := f[u.Path]; ok {
		return data, "application/json", nil
	}
	return nil, "", fmt.Errorf("nothing at %s", address)
}

// world is an organisation with awards in every state, and its export.
type world struct {
	*apptest.House
	ctx                      context.Context
	good, revoked, published *issuing.Award
	file                     []byte
	identity                 *age.X25519Identity
}

func newWorld(t *testing.T, postgres bool) *world {
	w := &world{House: apptest.StartHouse(t, apptest.Options{TLS: true, Postgres: postgres}), ctx: sqldb.ForInstallation(t.Context())}
	w.good, w.revoked = w.Award(t, "=Maja", "maja@example.org"), w.Award(t, "Ole", "ole@example.org")
	w.published, _ = w.Published(t, "Ida", "ida@example.org")
	_, err := w.App.Features.Issuing.Revoke(w.ctx, w.Org.ID, w.OwnerID, w.revoked.PublicID, "issued_in_error", "")
	must(t, err)
	stranger := w.NewOrganisation(t, w.OwnerID, "Strange Other College")
	w.NewBadge(t, stranger, "Stranger badge")
	w.identity, err = age.GenerateX25519Identity()
	must(t, err)
	o, err := w.App.Features.Orgs.ByID(w.ctx, w.Org.ID)
	must(t, err)
	var out bytes.Buffer
	m, err := service(w.House).Export(w.ctx, &out, o, transfer.Options{KeysTo: []age.Recipient{w.identity.Recipient()}})
	must(t, err)
	if m.Awards != 3 || m.Badges != 1 {
		t.Errorf("manifest %+v", m)
	}
	w.file = out.Bytes()
	r, err := (&fsck.Checker{DB: w.App.Ground.DB, Blobs: w.App.Ground.Blobs, Keys: w.App.Ground.Keys}).Check(w.ctx)
	must(t, err)
	for _, p := range r.Problems {
		t.Errorf("after the export: %s", p)
	}
	return w
}

func open(t *testing.T, file []byte) *transfer.Archive {
	t.Helper()
	a, err := transfer.Open(bytes.NewReader(file), int64(len(file)))
	must(t, err)
	return a
}

// site returns the archive's folder site/, by the path that it is served at.
func site(t *testing.T, file []byte) (files, map[string][]byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	must(t, err)
	served, all := files{}, map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		data, err := io.ReadAll(r)
		must(t, err)
		all[f.Name] = data
		if path, ok := strings.CutPrefix(f.Name, "site"); ok {
			served[path] = data
		}
	}
	return served, all
}

func verdict(t *testing.T, get verify.Getter, doc []byte) verify.Verdict {
	t.Helper()
	return (&verify.Verifier{Get: get, Now: time.Now}).Verify(t.Context(), doc).Verdict
}

// TestArchiveVerifiesByItself verifies with nothing but the folder site/.
func TestArchiveVerifiesByItself(t *testing.T) {
	w := newWorld(t, false)
	served, all := site(t, w.file)
	if got := verdict(t, served, w.good.Document); got != verify.Valid {
		t.Errorf("the good badge is %s", got)
	}
	if got := verdict(t, served, w.revoked.Document); got != verify.Revoked {
		t.Errorf("the withdrawn badge is %s", got)
	}
	if !bytes.Equal(all["site/awards/"+w.good.PublicID.String()+".json"], w.good.Document) {
		t.Error("the signed badge is not as it was signed")
	}
	for name := range all {
		if name != "manifest.json" && strings.HasSuffix(name, ".json") && !strings.HasPrefix(name, "site/") && !strings.Contains(string(all["README.md"]), name) {
			t.Errorf("README.md does not explain %s", name)
		}
	}
	if !strings.Contains(string(all["awards.csv"]), "'=Maja") {
		t.Errorf("a formula stays in the overview:\n%s", all["awards.csv"])
	}
	if strings.Contains(string(all["members.json"]), apptest.OwnerEmail) || strings.Contains(string(all["members.json"]), apptest.OwnerName) {
		t.Error("members' names or addresses are in it without being asked for")
	}
	whole := strings.Join(slices.Collect(maps.Values(texts(all))), "\n")
	for _, never := range []string{"Strange Other College", "Stranger badge", "PRIVATE KEY", "sealed_private"} {
		if strings.Contains(whole, never) {
			t.Errorf("%q is in it", never)
		}
	}
}

func texts(all map[string][]byte) map[string]string {
	out := map[string]string{}
	for n, d := range all {
		out[n] = string(d)
	}
	return out
}

func TestImportElsewhere(t *testing.T) {
	for _, from := range []bool{false, true} {
		t.Run(fmt.Sprintf("from postgres %v", from), func(t *testing.T) {
			w := newWorld(t, from)
			for _, withKeys := range []bool{true, false} {
				t.Run(fmt.Sprintf("with keys %v", withKeys), func(t *testing.T) {
					dbtest.Run(t, func(t *testing.T, db *sqldb.DB) { w.moves(t, db, withKeys) })
				})
			}
		})
	}
}

// moves imports the organisation and looks at what became of it.
func (w *world) moves(t *testing.T, db *sqldb.DB, withKeys bool) {
	ctx := w.ctx
	s, owner := other(t, w.BaseURL, db)
	a := open(t, w.file)
	list, err := s.Conflicts(ctx, a)
	must(t, err)
	if len(list) > 0 {
		t.Fatalf("conflicts on an empty installation: %q", list)
	}
	var private map[string]string
	if withKeys {
		private, err = a.Private([]age.Identity{w.identity})
		must(t, err)
	}
	o, err := s.Import(ctx, a, owner, private)
	must(t, err)
	did, err := s.Orgs.DIDDocument(ctx, o)
	must(t, err)
	served := files{"/issuers/" + o.Slug + "/did.json": did}
	for _, l := range w.listsOf(t) {
		id := l
		doc, err := s.Issuing.StatusList(ctx, id)
		must(t, err)
		served["/status/"+id.String()] = doc
	}
	for _, c := range []struct {
		award *issuing.Award
		want  verify.Verdict
	}{{w.good, verify.Valid}, {w.revoked, verify.Revoked}, {w.published, verify.Valid}} {
		kept, err := s.Issuing.Award(ctx, o.ID, c.award.PublicID)
		must(t, err)
		if !bytes.Equal(kept.Document, c.award.Document) || kept.Recipient != c.award.Recipient {
			t.Errorf("award %s has changed", c.award.PublicID)
		}
		if got := verdict(t, served, kept.Document); got != c.want {
			t.Errorf("award %s is %s, want %s", c.award.PublicID, got, c.want)
		}
	}
	if kept, err := s.Issuing.Award(ctx, o.ID, w.published.PublicID); err != nil || !kept.Published() || kept.Claim != issuing.Accepted {
		t.Errorf("the holder's choice is lost: %+v, %v", kept, err)
	}
	fresh, err := s.Issuing.Issue(ctx, o.ID, owner, issuing.Request{Badge: w.Badge.PublicID, Recipient: issuing.Recipient{Name: "New", Email: "new@example.org"}}, issuing.Retry{})
	must(t, err)
	if fresh.Status[0].List == w.good.Status[0].List {
		t.Error("an old list takes new awards")
	}
	r, err := (&fsck.Checker{DB: db, Blobs: s.Blobs, Keys: s.Keys}).Check(ctx)
	must(t, err)
	for _, p := range r.Problems {
		t.Error(p)
	}
	again, err := s.Conflicts(ctx, a)
	must(t, err)
	if len(again) < 5 {
		t.Errorf("the second import finds %q", again)
	}
	if _, err := s.Import(ctx, a, owner, private); fault.KindOf(err) != fault.Conflict {
		t.Errorf("the second import: %v", err)
	}
	if left := strings.Join(s.Left(a, withKeys), "\n"); strings.Contains(left, "private keys") == withKeys {
		t.Errorf("said to be left behind: %s", left)
	}
}

func (w *world) listsOf(t *testing.T) []publicid.ID {
	t.Helper()
	return []publicid.ID{w.good.Status[0].List, w.good.Status[1].List}
}

func TestDamagedExportsAreRefused(t *testing.T) {
	w := newWorld(t, false)
	for n := range 16 {
		cut := w.file[:len(w.file)*n/16]
		if _, err := transfer.Open(bytes.NewReader(cut), int64(len(cut))); fault.KindOf(err) != fault.Invalid {
			t.Errorf("cut at %d: %v", len(cut), err)
		}
	}
	_, all := site(t, w.file)
	repack := func(change func(map[string][]byte)) error {
		files := maps.Clone(all)
		change(files)
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		for name, data := range files {
			f, err := z.Create(name)
			must(t, err)
			_, err = f.Write(data)
			must(t, err)
		}
		must(t, z.Close())
		_, err := transfer.Open(bytes.NewReader(out.Bytes()), int64(out.Len()))
		return err
	}
	if err := repack(func(map[string][]byte) {}); err != nil {
		t.Fatalf("an unchanged one: %v", err)
	}
	for name, change := range map[string]func(map[string][]byte){
		"a changed file": func(f map[string][]byte) {
			f["badges.json"] = bytes.Replace(f["badges.json"], []byte("Applied"), []byte("Implied"), 1)
		},
		"a missing file": func(f map[string][]byte) { delete(f, "awards.jsonl") },
		"another file":   func(f map[string][]byte) { f["site/x"] = []byte("x") },
	} {
		if err := repack(change); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	stranger, err := age.GenerateX25519Identity()
	must(t, err)
	if _, err := open(t, w.file).Private([]age.Identity{stranger}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("another age key: %v", err)
	}
}

func TestACopyForThePerson(t *testing.T) {
	w := newWorld(t, false)
	var out bytes.Buffer
	n, err := service(w.House).ExportPerson(w.ctx, &out, 0, "MAJA@example.org")
	must(t, err)
	var got struct {
		Awards []struct{ Credential json.RawMessage }
	}
	must(t, json.Unmarshal(out.Bytes(), &got))
	if n != 1 || len(got.Awards) != 1 || strings.Contains(out.String(), "ole@example.org") {
		t.Errorf("%d awards: %s", n, out.String())
	}
	if _, err := service(w.House).ExportPerson(w.ctx, &out, 0, "nobody@example.org"); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}
