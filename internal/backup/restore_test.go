package backup_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/backup"
	"github.com/roundel/roundel/internal/backup/erasure"
	"github.com/roundel/roundel/internal/backup/journal"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/fsck"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/statuslist"
)

// disaster is an installation, a backup of it, and what happened after that.
type disaster struct {
	*apptest.House
	ctx                                 context.Context
	file                                []byte
	id                                  string
	journal                             string // folder
	revoked, paused, resumed, untouched *issuing.Award
	lost                                *issuing.Award // awarded after the backup, and withdrawn
	taken                               map[place]bool // every place that a signed document names
}

type place struct {
	list  publicid.ID
	index int64
}

// newDisaster makes a backup, and then withdraws, pauses, resumes and awards.
func newDisaster(t *testing.T, postgres bool) *disaster {
	d := &disaster{House: apptest.StartHouse(t, apptest.Options{TLS: true, Postgres: postgres}), ctx: sqldb.ForInstallation(t.Context()), taken: map[place]bool{}}
	d.journal = d.App.Config.JournalPath()
	s := d.App.Features.Issuing
	d.revoked, d.paused, d.resumed, d.untouched = d.award(t, "revoked"), d.award(t, "paused"), d.award(t, "resumed"), d.award(t, "untouched")
	_, err := s.Suspend(d.ctx, d.Org.ID, d.OwnerID, d.resumed.PublicID, "not_stated", "")
	must(t, err)

	d.id = backup.NewID()
	if kept, err := backup.Begin(d.ctx, d.App.Ground.DB, d.id, d.journal, time.Minute); err != nil || !kept {
		t.Fatal(kept, err)
	}
	var file bytes.Buffer
	_, err = source(d.House).Write(d.ctx, &file, d.id)
	must(t, err)
	d.file = file.Bytes()

	_, err = s.Revoke(d.ctx, d.Org.ID, d.OwnerID, d.revoked.PublicID, "issued_in_error", "")
	must(t, err)
	_, err = s.Suspend(d.ctx, d.Org.ID, d.OwnerID, d.paused.PublicID, "not_stated", "")
	must(t, err)
	_, err = s.Reinstate(d.ctx, d.Org.ID, d.OwnerID, d.resumed.PublicID)
	must(t, err)
	d.lost = d.award(t, "lost")
	_, err = s.Revoke(d.ctx, d.Org.ID, d.OwnerID, d.lost.PublicID, "issued_in_error", "")
	must(t, err)
	for n := range 20 {
		d.award(t, fmt.Sprintf("after%d", n))
	}
	return d
}

func (d *disaster) award(t *testing.T, name string) *issuing.Award {
	t.Helper()
	a := d.Award(t, strings.ToUpper(name), name+"@example.org")
	d.remember(t, a)
	return a
}

// remember notes the places that a signed document names.
func (d *disaster) remember(t *testing.T, a *issuing.Award) {
	t.Helper()
	for _, p := range places(t, a) {
		if d.taken[p] {
			t.Errorf("%s has the place %d of %s, which another badge has", a.Recipient.Email, p.index, p.list)
		}
		d.taken[p] = true
	}
}

func places(t *testing.T, a *issuing.Award) (list []place) {
	t.Helper()
	c, err := credential.Parse(a.Document)
	must(t, err)
	for _, tree := range c.Status {
		e, err := statuslist.ParseEntry(tree)
		must(t, err)
		index, err := e.Position()
		must(t, err)
		id, err := publicid.Parse(e.ListCredential[strings.LastIndex(e.ListCredential, "/")+1:])
		must(t, err)
		list = append(list, place{id, int64(index)})
	}
	if len(list) != 2 {
		t.Fatalf("%d places", len(list))
	}
	return list
}

// restored loads the backup into a fresh database.
func (d *disaster) restored(t *testing.T, postgres bool) (*sqldb.DB, *backup.Header, *blob.Dir) {
	t.Helper()
	db, a, blobs := empty(t, postgres), inMemory(d.file), folder(t)
	h, _, err := a.Check(d.ctx)
	must(t, err)
	must(t, a.Load(d.ctx, db, blobs, h.Schema))
	return db, h, blobs
}

// service is the old installation's feature on another database.
func (d *disaster) service(db *sqldb.DB) *issuing.Service {
	old := d.App.Features.Issuing
	ring := &keys.Ring{DB: db, KEK: old.Keys.KEK, Now: old.Now, BaseURL: old.BaseURL}
	orgs := &org.Service{DB: db, Keys: ring, Blobs: old.Blobs, Now: old.Now, BaseURL: old.BaseURL}
	return &issuing.Service{DB: db, Keys: ring, Orgs: orgs, Blobs: old.Blobs, Now: old.Now, Log: slog.New(slog.DiscardHandler), BaseURL: old.BaseURL, Secret: old.Secret}
}

// set reports whether the published list shows the place as set.
func set(t *testing.T, ctx context.Context, s *issuing.Service, p place) bool {
	t.Helper()
	doc, err := s.StatusList(ctx, p.list)
	must(t, err)
	c, err := credential.Parse(doc)
	must(t, err)
	subject, _ := c.Tree["credentialSubject"].(map[string]any)
	encoded, _ := subject["encodedList"].(string)
	list, err := statuslist.Decode(encoded, statuslist.MaxBytes)
	must(t, err)
	v, err := list.Get(int(p.index))
	must(t, err)
	return v
}

// TestRestoreUndoesNothing proves that with the journal no withdrawal is undone
// and no place is given out twice, on every pair of engines.
func TestRestoreUndoesNothing(t *testing.T) {
	for _, from := range engines {
		t.Run(from.name, func(t *testing.T) {
			d := newDisaster(t, from.postgres)
			files, err := journal.Files(d.journal)
			must(t, err)
			record, err := journal.Read(files, d.id)
			must(t, err)
			for _, to := range engines {
				t.Run("into "+to.name, func(t *testing.T) {
					db, h, blobs := d.restored(t, to.postgres)
					out, err := backup.Finish(d.ctx, db, h, backup.Since{Record: record}, time.Now())
					must(t, err)
					must(t, backup.Ready(d.ctx, db))
					if out.Statuses < 4 {
						t.Errorf("outcome %+v", out)
					}
					s := d.service(db)
					for _, c := range []struct {
						award           *issuing.Award
						revoked, paused bool
						state           issuing.State
					}{
						{d.revoked, true, false, issuing.StateRevoked}, {d.paused, false, true, issuing.StateSuspended},
						{d.resumed, false, false, issuing.StateCurrent}, {d.untouched, false, false, issuing.StateCurrent}, {d.lost, true, false, ""},
					} {
						p := places(t, c.award)
						if got := set(t, d.ctx, s, p[0]); got != c.revoked {
							t.Errorf("%s: the list says revoked %v", c.award.Recipient.Email, got)
						}
						if got := set(t, d.ctx, s, p[1]); got != c.paused {
							t.Errorf("%s: the list says paused %v", c.award.Recipient.Email, got)
						}
						a, err := s.Award(d.ctx, d.Org.ID, c.award.PublicID)
						if c.state == "" {
							if fault.KindOf(err) != fault.NotFound {
								t.Errorf("the lost award: %v", err)
							}
							continue
						}
						must(t, err)
						if a.State(time.Now()) != c.state {
							t.Errorf("%s is %s", c.award.Recipient.Email, a.State(time.Now()))
						}
					}
					d.awardsGoElsewhere(t, s)
					report, err := (&fsck.Checker{DB: db, Blobs: blobs}).Check(d.ctx)
					must(t, err)
					for _, p := range report.Problems {
						t.Error(p)
					}
					d.again(t, db, to.postgres)
				})
			}
		})
	}
}

// awardsGoElsewhere awards on the restored copy: no place that any document
// ever named is named again.
func (d *disaster) awardsGoElsewhere(t *testing.T, s *issuing.Service) {
	t.Helper()
	for n := range 30 {
		a, err := s.Issue(d.ctx, d.Org.ID, d.OwnerID, issuing.Request{Badge: d.Badge.PublicID, Recipient: issuing.Recipient{Name: "N", Email: fmt.Sprintf("new%d@example.org", n)}}, issuing.Retry{})
		must(t, err)
		d.remember(t, a)
		for _, p := range places(t, a) {
			delete(d.taken, p) // another restored copy may take it too
		}
	}
}

// again makes a journal of the restored copy and reads it: it knows all that
// the first one knew.
func (d *disaster) again(t *testing.T, db *sqldb.DB, _ bool) {
	t.Helper()
	j := &journal.Journal{DB: db, Dir: t.TempDir(), Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	must(t, j.Flush(d.ctx))
	j.Stop()
	files, err := journal.Files(j.Dir)
	must(t, err)
	record, err := journal.Read(files, d.id)
	must(t, err)
	for _, want := range []place{places(t, d.revoked)[0], places(t, d.lost)[0], places(t, d.paused)[1]} {
		found := false
		for _, s := range record.Statuses {
			found = found || s.List == want.list && s.Position == want.index && s.Value == 1
		}
		if !found {
			t.Errorf("the new journal has forgotten place %d of %s", want.index, want.list)
		}
	}
}

func TestWithoutTheJournalRestoreRefuses(t *testing.T) {
	d := newDisaster(t, false)
	db, h, _ := d.restored(t, false)
	for _, s := range []backup.Since{{}, {NoErasures: true}, {NoStatusChanges: true}} {
		if _, err := backup.Finish(d.ctx, db, h, s, time.Now()); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if backup.Ready(d.ctx, db) == nil {
		t.Error("a server would start")
	}
	// The published lists keep what was withdrawn, of badges whose list is known.
	dir := t.TempDir()
	for _, p := range append(places(t, d.revoked), places(t, d.paused)...) {
		doc, err := d.App.Features.Issuing.StatusList(d.ctx, p.list)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, p.list.String()+".json"), doc, 0o600))
	}
	lists, err := backup.ListsOf(dir)
	must(t, err)
	forged := []backup.PublishedList{{ID: lists[0].ID, Document: bytes.Replace(lists[0].Document, []byte(`"encodedList":"u`), []byte(`"encodedList":"uA`), 1)}}
	if _, err := backup.Finish(d.ctx, db, h, backup.Since{Published: forged, NoErasures: true}, time.Now()); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a forged list: %v", err)
	}
	_, err = backup.Finish(d.ctx, db, h, backup.Since{Published: lists, NoErasures: true}, time.Now())
	must(t, err)
	s := d.service(db)
	if !set(t, d.ctx, s, places(t, d.revoked)[0]) || !set(t, d.ctx, s, places(t, d.lost)[0]) || !set(t, d.ctx, s, places(t, d.paused)[1]) || set(t, d.ctx, s, places(t, d.untouched)[0]) {
		t.Error("the lists were not taken over")
	}
	d.awardsGoElsewhere(t, s)
}

func TestJournalsOfOthersAndChangedOnesAreRefused(t *testing.T) {
	d := newDisaster(t, false)
	files, err := journal.Files(d.journal)
	must(t, err)
	whole, err := os.ReadFile(files[0])
	must(t, err)
	refused := func(name string, data []byte, id string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "x.journal")
		must(t, os.WriteFile(path, data, 0o600))
		if _, err := journal.Read([]string{path}, id); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused("another backup", whole, backup.NewID())
	lines := bytes.SplitAfter(whole, []byte("\n"))
	for n := range len(lines) - 2 { // a line taken out anywhere but at the end
		refused(fmt.Sprintf("without line %d", n+1), bytes.Join(append(append([][]byte{}, lines[:n]...), lines[n+1:]...), nil), d.id)
	}
	for n := range lines[:len(lines)-1] {
		changed := bytes.Clone(whole)
		changed[len(bytes.Join(lines[:n], nil))+80] ^= 1
		refused(fmt.Sprintf("line %d changed", n+1), changed, d.id)
	}
	// Half a line at the end is what a crash leaves.
	path := filepath.Join(t.TempDir(), "x.journal")
	must(t, os.WriteFile(path, append(bytes.Clone(whole), "0123"...), 0o600))
	if _, err := journal.Read([]string{path}, d.id); err != nil {
		t.Error(err)
	}
}

// TestErasedStayErased is promise S15: what was erased is found nowhere, not in
// the database or its log, not in blobs or logs or the journal, and not in an
// older backup that is restored.
func TestErasedStayErased(t *testing.T) {
	seeds := []string{"Zerberine Quastenflosser", "zerberine.q@qflosser.example", "ZERBERINE.Q@QFLOSSER.EXAMPLE", "her-private-note-7731", "her-narrative-4242", "evidence.example/qq99"}
	h := apptest.StartHouse(t, apptest.Options{TLS: true, SMTP: true})
	ctx := sqldb.ForInstallation(t.Context())
	f, db := h.App.Features, h.App.Ground.DB
	a, err := f.Issuing.Issue(ctx, h.Org.ID, h.OwnerID, issuing.Request{
		Badge: h.Badge.PublicID, Recipient: issuing.Recipient{Name: seeds[0], Email: seeds[2]},
		Details: issuing.Details{Narrative: seeds[4], Evidence: []issuing.Evidence{{URL: "https://" + seeds[5], Name: "x"}}},
	}, issuing.Retry{Endpoint: "e", Key: "k", Hash: []byte("hash")})
	must(t, err)
	_, err = f.Issuing.Suspend(ctx, h.Org.ID, h.OwnerID, a.PublicID, "not_stated", seeds[3])
	must(t, err)
	other := h.Award(t, "Somebody Else", "else@example.org")
	spreadsheet := "Name,E-mail\n" + seeds[0] + "," + seeds[1] + "\nSomebody,third@example.org\n"
	_, err = f.Issuing.CreateBatch(ctx, h.Org.ID, h.OwnerID, h.Badge.PublicID, "class.csv", []byte(spreadsheet))
	must(t, err)
	if _, err := h.Mail.Wait(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	link := h.ClaimPath(t, a)

	id := backup.NewID()
	_, err = backup.Begin(ctx, db, id, h.App.Config.JournalPath(), time.Minute)
	must(t, err)
	var file bytes.Buffer
	_, err = source(h).Write(ctx, &file, id)
	must(t, err)
	if n := finds(t, h.Data, seeds); n == 0 {
		t.Fatal("the seeds are not found before they are erased: the search is blind")
	}

	found, err := f.Erasure.Erase(ctx, erasure.Request{Email: seeds[1]})
	must(t, err)
	if len(found.Awards) != 1 || found.Rows != 1 || found.Mails == 0 {
		t.Errorf("found %+v", found)
	}
	must(t, f.Erasure.Scrub(ctx))
	if n := finds(t, h.Data, seeds); n > 0 {
		t.Errorf("%d finds in the data folder", n)
	}
	if _, err := f.Erasure.Erase(ctx, erasure.Request{Email: seeds[1]}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a second time: %v", err)
	}
	h.Client(t).Get(link).Want(404)
	h.Client(t).Get("/awards/" + a.PublicID.String()).Want(410)
	h.Client(t).Get("/awards/" + a.PublicID.String() + ".json").Want(410)
	if p := places(t, a); !set(t, ctx, f.Issuing, p[1]) || set(t, ctx, f.Issuing, p[0]) {
		t.Error("the status lists have changed")
	}
	if kept, err := f.Issuing.Award(ctx, h.Org.ID, other.PublicID); err != nil || kept.Recipient.Name != "Somebody Else" || !bytes.Equal(kept.Document, other.Document) {
		t.Errorf("another recipient was touched: %+v, %v", kept, err)
	}
	report, err := (&fsck.Checker{DB: db, Blobs: h.App.Ground.Blobs, Keys: h.App.Ground.Keys}).Check(ctx)
	must(t, err)
	for _, p := range report.Problems {
		t.Error(p)
	}

	files, err := journal.Files(h.App.Config.JournalPath())
	must(t, err)
	record, err := journal.Read(files, id)
	must(t, err)
	data := t.TempDir()
	must(t, backup.Staged(data, func(dir string) error {
		db, err := sqldb.Open(ctx, filepath.Join(dir, "roundel.db"))
		must(t, err)
		defer func() { must(t, db.Close()) }()
		archive := inMemory(file.Bytes())
		head, _, err := archive.Check(ctx)
		must(t, err)
		must(t, archive.Load(ctx, db, folder(t), head.Schema))
		out, err := backup.Finish(ctx, db, head, backup.Since{Record: record}, time.Now())
		if out.Erased != 1 {
			t.Errorf("outcome %+v", out)
		}
		return err
	}))
	if n := finds(t, data, seeds); n > 0 {
		t.Errorf("%d finds in the restored copy", n)
	}
	if n := finds(t, data, []string{"Somebody Else"}); n == 0 {
		t.Error("the restored copy has lost others")
	}
}

// finds searches every file under dir for the seeds, also in UTF-16 and without
// regard to case.
func finds(t *testing.T, dir string, seeds []string) (n int) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		low := bytes.ToLower(data)
		for _, s := range seeds {
			if bytes.Contains(low, []byte(strings.ToLower(s))) {
				n++
				t.Logf("%q is in %s", s, path)
			}
		}
		return nil
	}))
	return n
}
