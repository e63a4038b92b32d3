package main

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/picture"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/strictjson"
)

type issueCommand struct {
	Key        string `required:"" type:"existingfile" placeholder:"FILE" help:"Secret key made by roundel key new."`
	Badge      string `required:"" type:"existingfile" placeholder:"badge.json" help:"What is awarded, and by whom. See docs/issue.md."`
	Recipients string `required:"" type:"existingfile" placeholder:"people.csv" help:"Spreadsheet (CSV or XLSX) with at least the column email."`
	Out        string `required:"" type:"path" placeholder:"DIR" help:"Folder for the badges. Badges that are there already are kept, so that work that was interrupted can go on."`
	Format     string `default:"json" enum:"json,jwt" placeholder:"json|jwt" help:"How to sign: json for a document with a proof in it, jwt for a token."`
	Method     string `placeholder:"DID#KEY" help:"Verification method to name instead of the key's own did:key, for an issuer with a did:web."`
	DateOrder  string `default:"" enum:",dmy,mdy" placeholder:"dmy|mdy" help:"How to read dates such as 03/04/2026: dmy or mdy."`
}

// badgeFile is the file that describes what is awarded.
type badgeFile struct {
	Issuer struct {
		Name, URL, Email, Description string
	} `json:"issuer"`
	ID              string   `json:"id"`
	Name            string   `json:"name"`
	Description     string   `json:"description"`
	Criteria        string   `json:"criteria"`
	CriteriaURL     string   `json:"criteriaUrl"`
	AchievementType string   `json:"achievementType"`
	Tags            []string `json:"tags"`
	Image           string   `json:"image"` // PNG or SVG, relative to the badge file
	ImageAlt        string   `json:"imageAlt"`
}

// Run issues a badge for every row of the spreadsheet.
func (i *issueCommand) Run(c *console) error {
	key, err := readKey(i.Key)
	if err != nil {
		return usageError{err}
	}
	b, art, err := readBadge(i.Badge)
	if err != nil {
		return usageError{err}
	}
	people, err := i.people()
	if err != nil {
		return usageError{err}
	}
	maker, err := newMaker(key, i.Method, b, art)
	if err != nil {
		return usageError{err}
	}
	maker.jwt = i.Format == "jwt"
	if _, err := maker.plain(person{from: time.Now()}); err != nil {
		return usageError{fmt.Errorf("%s: %w", i.Badge, err)}
	}
	if err := os.MkdirAll(i.Out, 0o755); err != nil {
		return err
	}
	return i.issueAll(c, maker, people)
}

// issueAll issues on all processors and says at the end what became of the rows.
func (i *issueCommand) issueAll(c *console, m *maker, people []person) error {
	var done, kept, bad atomic.Int64
	report, err := os.OpenFile(filepath.Join(i.Out, "refused.txt"), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	problems := make([]string, len(people))
	stopBar := bar(c.err, int64(len(people)), &done)
	g, ctx := errgroup.WithContext(c.ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for n, p := range people {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			defer done.Add(1)
			fresh, err := false, error(nil)
			if p.problem == "" {
				fresh, err = m.write(i.Out, p)
			}
			var other *anotherError
			switch {
			case errors.As(err, &other):
				p.problem = other.Error()
			case err != nil:
				return err
			}
			if p.problem != "" {
				bad.Add(1)
				problems[n] = fmt.Sprintf("row %d: %s", p.row, p.problem)
			} else if !fresh {
				kept.Add(1)
			}
			return nil
		})
	}
	err = g.Wait()
	stopBar()
	w := bufio.NewWriter(report)
	for _, line := range problems {
		if line != "" {
			fmt.Fprintln(w, line)
		}
	}
	if err := errors.Join(err, c.ctx.Err(), w.Flush(), report.Close()); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s in %s by %s", count(int64(len(people))-bad.Load(), "badge"), i.Out, m.did)
	if n := kept.Load(); n > 0 {
		fmt.Fprintf(c.out, " (%d there already)", n)
	}
	fmt.Fprintln(c.out)
	if n := bad.Load(); n > 0 {
		c.note("%s could not be used; %s says why", count(n, "row"), filepath.Join(i.Out, "refused.txt"))
		c.code = exitError
		return nil
	}
	return os.Remove(report.Name())
}

// maker makes the badges of one badge file.
type maker struct {
	key         crypto.Signer
	did, method string
	badge       badgeFile
	art         []byte // PNG
	jwt         bool   // sign as a token, not with a proof
	shapes      *shape.Cache
}

func newMaker(key crypto.Signer, method string, b badgeFile, art []byte) (*maker, error) {
	m := &maker{key: key, badge: b, art: art, method: method, shapes: shape.New(shape.Options{})}
	var err error
	if method == "" {
		m.did, m.method, err = did.KeyDID(key.Public())
		return m, err
	}
	m.did, err = methodOwner(method)
	return m, err
}

// methodOwner returns the DID of a verification method that a verifier could
// look up.
func methodOwner(method string) (string, error) {
	id, fragment, err := did.SplitURL(method)
	if err != nil || fragment == "" {
		return "", fmt.Errorf("--method %q must be a DID with #KEY behind it", method)
	}
	if strings.HasPrefix(id, "did:key:") || strings.HasPrefix(id, "did:jwk:") {
		return id, nil
	}
	if _, err := did.WebURL(id); errors.Is(err, did.ErrUnsupportedMethod) {
		return "", fmt.Errorf("--method %q: verifiers look up did:web, and know did:key and did:jwk; badges by another kind of DID would stay unverifiable", method)
	} else if err != nil {
		return "", fmt.Errorf("--method %q: nobody could look up this DID: %w", method, err)
	}
	return id, nil
}

// file is the name of a row's badge, and otherFile what it would be called in the
// other format.
func (m *maker) file(name string) string {
	if m.jwt {
		return name + ".jwt"
	}
	return name + ".json"
}

func (m *maker) otherFile(name string) string { return (&maker{jwt: !m.jwt}).file(name) }

// write issues one person's badge as a signed file and a baked picture. Files
// appear whole or not at all. A badge that is there already is kept if it is
// this person's; if it is another's, or in another format, that is an
// *anotherError.
func (m *maker) write(dir string, p person) (fresh bool, err error) {
	name := filepath.Join(dir, fmt.Sprintf("%06d", p.row))
	if _, err := os.Stat(m.otherFile(name)); err == nil {
		return false, &anotherError{m.otherFile(name), "in the other format."}
	}
	if old, err := os.ReadFile(m.file(name)); err == nil {
		if old, whole := m.document(old); whole {
			if names(old, p.email) {
				return false, nil
			}
			return false, &anotherError{m.file(name), "for somebody else; were rows added or moved since?"}
		}
	}
	credential, err := m.make(p)
	if err != nil {
		return false, fmt.Errorf("row %d: %w", p.row, err)
	}
	baked, err := baking.BakePNG(m.art, credential)
	if err != nil {
		return false, fmt.Errorf("row %d: %w", p.row, err)
	}
	if err := writeWhole(name+".png", baked); err != nil {
		return false, err
	}
	return true, writeWhole(m.file(name), credential)
}

// anotherError says that a row has a file already, and why it cannot stand for
// the row's badge.
type anotherError struct{ file, why string }

func (e *anotherError) Error() string {
	return e.file + " is there already, " + e.why + " Issue into another folder"
}

// document returns the JSON of a badge that this command made, if the file holds
// all of it: a computer that went down may have left less.
func (m *maker) document(file []byte) (doc []byte, whole bool) {
	if !m.jwt {
		return file, strictjson.Check(file, strictjson.Limits{}) == nil
	}
	j, err := jose.Parse(file)
	if err != nil {
		return nil, false
	}
	n := len(j.Signature()) // of Ed25519 and P-256 it is 64 bytes long, of P-384 96
	return j.Payload, n == 64 || n == 96
}

// names reports whether a badge that this command made is for the address.
func names(file []byte, email string) bool {
	var doc struct {
		CredentialSubject struct {
			Identifier []openbadge.IdentityObject `json:"identifier"`
		} `json:"credentialSubject"`
	}
	if err := json.Unmarshal(file, &doc); err != nil {
		return false
	}
	return slices.ContainsFunc(doc.CredentialSubject.Identifier, func(o openbadge.IdentityObject) bool { return o.Matches(email) })
}

// make returns p's badge, signed.
func (m *maker) make(p person) ([]byte, error) {
	plain, err := m.plain(p)
	switch {
	case err != nil:
		return nil, err
	case m.jwt:
		return jose.SignCredential(plain, m.key, jose.CredentialOptions{KeyID: m.method, Profile: jose.OB3})
	}
	return proof.Sign(plain, m.key, proof.SignOptions{Method: m.method, Created: time.Now(), List: true, Shapes: m.shapes})
}

// plain returns p's badge before it is signed.
func (m *maker) plain(p person) ([]byte, error) {
	salt, err := openbadge.NewSalt(rand.Reader)
	if err != nil {
		return nil, err
	}
	b := m.badge
	about := openbadge.Subject{
		Identifier: []openbadge.IdentityObject{{Hashed: true, IdentityType: "emailAddress", Salt: salt, IdentityHash: openbadge.HashIdentity(p.email, salt)}},
	}
	if p.result != "" {
		about.Result = []openbadge.Result{{Value: p.result}}
	}
	doc := openbadge.New("urn:uuid:"+publicid.New().UUID(),
		openbadge.Profile{ID: m.did, Name: b.Issuer.Name, URL: b.Issuer.URL, Email: b.Issuer.Email, Description: b.Issuer.Description},
		openbadge.Achievement{
			ID: b.ID, AchievementType: b.AchievementType, Name: b.Name, Description: b.Description,
			Criteria: openbadge.Criteria{ID: b.CriteriaURL, Narrative: b.Criteria}, Tag: b.Tags,
		}, about, p.from)
	doc.ValidUntil = p.until
	write := doc.Document
	if m.jwt {
		write = doc.DocumentForJWT
	}
	plain, err := write()
	if err != nil {
		return nil, fmt.Errorf("would not be a valid Open Badge: %w", err)
	}
	return plain, nil
}

// readBadge reads the badge file and its picture as a PNG. Without a picture,
// one is made from the name.
func readBadge(path string) (b badgeFile, art []byte, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return b, nil, err
	}
	if err := decode(data, &b); err != nil {
		return b, nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, f := range []struct{ name, value string }{{"issuer.name", b.Issuer.Name}, {"name", b.Name}, {"description", b.Description}} {
		if strings.TrimSpace(f.value) == "" {
			return b, nil, fmt.Errorf("%s: %q is missing", path, f.name)
		}
	}
	if b.Criteria == "" && b.CriteriaURL == "" {
		return b, nil, fmt.Errorf("%s: say in %q what has to be done to earn the badge", path, "criteria")
	}
	if b.AchievementType == "" {
		b.AchievementType = "Badge"
	}
	if b.ID == "" { // the same badge file gives the same badge
		b.ID = "urn:uuid:" + publicid.Derive([]byte("roundel badge"), b.Issuer.Name, b.Name).UUID()
	}
	svg := []byte(nil)
	if b.Image == "" {
		svg, err = picture.Compose(picture.Suggest(b.Name))
	} else {
		var media string
		if data, err = os.ReadFile(filepath.Join(filepath.Dir(path), b.Image)); err != nil {
			return b, nil, err
		}
		if media, art, err = picture.Accept(data); media == "image/svg+xml" {
			svg = art
		}
	}
	if err == nil && svg != nil {
		art, err = picture.RasterizeSVG(svg, 512)
	}
	return b, art, err
}

// decode reads a badge file. A member that means nothing is an error: it is a
// slip of the pen, and what it should have said would be missing in every badge.
func decode(data []byte, b *badgeFile) error {
	if err := strictjson.Check(data, strictjson.Limits{}); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(b)
	if err != nil {
		if name, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
			return fmt.Errorf("%s means nothing in a badge file; docs/issue.md lists what does", name)
		}
	}
	return err
}

// writeWhole writes a file so that nobody ever sees a part of it under its name.
// What is there and no plain file, such as a pipe, is written to as it is.
func writeWhole(name string, data []byte) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(name, data, 0o644)
	}
	fresh := name + ".new" // what an interrupted run left is written over
	err := os.WriteFile(fresh, data, 0o644)
	if err == nil {
		err = os.Rename(fresh, name)
	}
	if err != nil {
		_ = os.Remove(fresh) // the first error is the one to tell
	}
	return err
}

// bar shows how far the work has come while it goes on, when w is a terminal.
// The returned function ends it.
func bar(w io.Writer, total int64, done *atomic.Int64) (stop func()) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	show := func() {
		n := done.Load()
		const width = 30
		filled := int(n * width / max(total, 1))
		fmt.Fprintf(w, "\r[%s%s] %d of %d", strings.Repeat("#", filled), strings.Repeat(".", width-filled), n, total)
	}
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				show()
			case <-quit:
				show()
				fmt.Fprintln(w)
				return
			}
		}
	}()
	return func() { close(quit); <-ended }
}
