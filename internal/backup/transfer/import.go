package transfer

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/proof"
)

// What is read into memory of an archive is bounded: a file of it as a whole,
// the award on one line and its document.
const (
	largest = 256 << 20
	longest = 16 << 20
)

// Archive is an export that was opened and checked.
type Archive struct {
	Manifest
	Slug, Name string
	HasKeys    bool // private keys are inside, encrypted

	zip    *zip.Reader
	org    organisation
	keys   []carriedKey
	badges []carriedBadge
	lists  []carriedList
	own    []identity
}

// Open reads an export and checks that every file is what the manifest says.
func Open(r io.ReaderAt, size int64) (*Archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "This file is not an export: it is no ZIP archive.")
	}
	a := &Archive{zip: z}
	if err := a.json(manifestFile, &a.Manifest); fault.KindOf(err) == fault.Invalid {
		return nil, err
	} else if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "This file is not an export of an organisation, or it was cut off: it has no manifest.")
	}
	if a.Format != Format {
		return nil, fault.Invalidf("This export has the format %d; this version of Roundel reads format %d.", a.Format, Format)
	}
	if err := a.verify(); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, fmt.Sprintf("This export is damaged: %v.", err))
	}
	for name, to := range map[string]any{organisationFile: &a.org, keysFile: &a.keys, badgesFile: &a.badges, listsFile: &a.lists, identitiesFile: &a.own} {
		if err := a.json(name, to); err != nil {
			return nil, fault.Wrap(fault.Invalid, err, fmt.Sprintf("This export is damaged: %s cannot be read.", name))
		}
	}
	a.Slug, a.Name, a.HasKeys = a.org.Slug, a.org.Name, a.Files[privateFile] != ""
	return a, nil
}

// verify compares every file with the manifest.
func (a *Archive) verify() error {
	seen := 0
	for _, f := range a.zip.File {
		if f.Name == manifestFile {
			continue
		}
		want, listed := a.Files[f.Name]
		if !listed {
			return fmt.Errorf("the file %q is not in its manifest", f.Name)
		}
		seen++
		r, err := f.Open()
		if err != nil {
			return err
		}
		digest := sha256.New()
		_, err = io.Copy(digest, r)
		if err = errors.Join(err, r.Close()); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		if hex.EncodeToString(digest.Sum(nil)) != want {
			return fmt.Errorf("the file %q was changed", f.Name)
		}
	}
	if seen != len(a.Files) {
		return fmt.Errorf("%d files are missing", len(a.Files)-seen)
	}
	return nil
}

// read returns a file of the archive that has limit bytes at most.
func (a *Archive) read(name string, limit int64) ([]byte, error) {
	f, err := a.zip.Open(name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if int64(len(data)) > limit {
		err = fault.Invalidf("The file %s in the archive has more than %d MiB.", name, limit>>20)
	}
	return data, errors.Join(err, f.Close())
}

func (a *Archive) json(name string, to any) error {
	data, err := a.read(name, largest)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, to)
}

// awards calls do with every award and its signed document.
func (a *Archive) awards(do func(carriedAward, []byte) error) (err error) {
	f, err := a.zip.Open(awardsFile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, longest)
	for lines.Scan() {
		var c carriedAward
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return err
		}
		document := []byte{}
		if name := "site/awards/" + c.ID + ".json"; a.Files[name] != "" {
			if document, err = a.read(name, longest); err != nil {
				return err
			}
		} else if c.ErasedAt == 0 {
			return fault.Invalidf("The signed badge %s is missing.", c.ID)
		}
		if err := do(c, document); err != nil {
			return err
		}
	}
	return lines.Err()
}

// Private decrypts the private keys that are inside.
func (a *Archive) Private(identities []age.Identity) (map[string]string, error) {
	sealed, err := a.read(privateFile, longest)
	if err != nil {
		return nil, err
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), identities...)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The age key does not open the private keys in this export.")
	}
	private := map[string]string{}
	return private, json.NewDecoder(r).Decode(&private)
}

// Conflicts lists what the installation has already, a sentence each. An
// organisation with conflicts is not imported.
func (s *Service) Conflicts(ctx context.Context, a *Archive) (list []string, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { list, err = s.conflicts(ctx, tx, a); return err })
	return list, err
}

func (s *Service) conflicts(ctx context.Context, tx *sqldb.Tx, a *Archive) (list []string, err error) {
	has := func(query string, arg any, format string, args ...any) error {
		var found bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (`+query+`)`, arg).Scan(&found); err != nil {
			return err
		}
		if found {
			list = append(list, fmt.Sprintf(format, args...))
		}
		return nil
	}
	id := func(table, text, what string) error {
		parsed, err := publicid.Parse(text)
		if err != nil {
			return fault.Invalidf("The export names something %q, which is no id.", text)
		}
		return has(`SELECT 1 FROM `+table+` WHERE public_id = $1`, parsed, "%s %s is here already", what, text)
	}
	if err := has(`SELECT 1 FROM organisation WHERE slug = $1`, a.org.Slug, "another organisation has the address %q", a.org.Slug); err != nil {
		return nil, err
	}
	if err := id("organisation", a.org.ID, "the organisation"); err != nil {
		return nil, err
	}
	for _, k := range a.keys {
		if err := has(`SELECT 1 FROM signing_key WHERE fragment = $1`, k.Fragment, "the key %s is here already", k.Fragment); err != nil {
			return nil, err
		}
	}
	for _, b := range a.badges {
		if err := id("badge", b.ID, "the badge"); err != nil {
			return nil, err
		}
	}
	for _, l := range a.lists {
		if err := id("status_list", l.ID, "the status list"); err != nil {
			return nil, err
		}
	}
	return list, a.awards(func(c carriedAward, _ []byte) error { return id("award", c.ID, "the award") })
}

// Left lists what does not carry over into this installation, a sentence each.
func (s *Service) Left(a *Archive, private bool) (list []string) {
	if a.BaseURL != s.BaseURL {
		list = append(list, fmt.Sprintf("Old badges name %s, this installation is %s: they keep verifying only as long as something answers at the old address, for example the folder site/ of this export", a.BaseURL, s.BaseURL))
	}
	if !private {
		list = append(list, "The private keys are not taken over: a new key signs from now on, and status lists of old badges are signed with it")
	}
	for _, i := range a.own {
		if i.LeftAt == 0 {
			list = append(list, fmt.Sprintf("The identity %s on the organisation's own domain has to be taken up again under Settings, Identity; its file stays where it is", i.DID))
		}
	}
	return append(list,
		"Members, roles, API tokens, sign-in settings, mails, spreadsheets and claim links are not taken over: invite the members again, make new tokens; recipients who have not accepted yet need a new link",
		"The old status lists take no new awards; withdrawing old awards shows in them")
}

// Import takes the organisation in, in one transaction. The account becomes its
// owner. Conflicts are a fault that names the first of them.
func (s *Service) Import(ctx context.Context, a *Archive, owner int64, private map[string]string) (*org.Organisation, error) {
	id, err := publicid.Parse(a.org.ID)
	if err != nil {
		return nil, err
	}
	o := &org.Organisation{
		PublicID: id, Slug: a.org.Slug, CreatedAt: sqldb.Time(a.org.CreatedAt), IsSample: a.org.Sample,
		Profile: org.Profile{Name: a.org.Name, Website: a.org.Website, Email: a.org.Email, Description: a.org.Description, Country: a.org.Country,
			LinkedInID: a.org.LinkedInID, Accent: a.org.Accent, LogoKey: a.org.Logo, LogoAlt: a.org.LogoAlt},
		Disclosure: org.Disclosure{IncludeName: a.org.IncludeName, IncludeEvidence: a.org.IncludeEvidence, LawfulBasis: a.org.LawfulBasis},
	}
	// What conflicts puts no pictures into the store, where nothing would name them.
	if err := s.DB.Read(ctx, func(tx *sqldb.Tx) error { return s.refuseConflicts(ctx, tx, a) }); err != nil {
		return nil, err
	}
	if err := s.importPictures(ctx, a); err != nil {
		return nil, err
	}
	now := s.Now()
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		o.ID = 0
		if err := s.refuseConflicts(ctx, tx, a); err != nil { // again: somebody may have been faster
			return err
		}
		if err := org.CarryIn(ctx, tx, o, owner); err != nil {
			return err
		}
		if err := s.importKeys(ctx, tx, a, o, private, now); err != nil {
			return err
		}
		if err := s.importAwards(ctx, tx, a, o.ID, now); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{OrganisationID: o.ID, Action: "organisation.imported", Subject: "organisation", SubjectID: o.ID})
	})
	return o, err
}

// refuseConflicts returns a fault that names what the installation has already.
func (s *Service) refuseConflicts(ctx context.Context, tx *sqldb.Tx, a *Archive) error {
	conflicts, err := s.conflicts(ctx, tx, a)
	if err != nil || len(conflicts) == 0 {
		return err
	}
	return fault.Conflictf("Nothing was imported: %s.", strings.Join(conflicts[:min(len(conflicts), 10)], "; "))
}

func (s *Service) importPictures(ctx context.Context, a *Archive) error {
	for name := range a.Files {
		if !strings.HasPrefix(name, "site/pictures/") {
			continue
		}
		data, err := a.read(name, longest)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(name, "site/pictures/"+blob.Key(data)+".") {
			return fault.Invalidf("The picture %s has another content than its name says.", name)
		}
		if _, err := s.Blobs.Put(ctx, data); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) importKeys(ctx context.Context, tx *sqldb.Tx, a *Archive, o *org.Organisation, private map[string]string, now time.Time) error {
	if err := s.Keys.CarryIn(ctx, tx, o.ID, o.PublicID, a.keys, private, now); err != nil {
		return err
	}
	for _, k := range a.keys {
		if private[k.Fragment] != "" && k.Purpose == "badge" && k.ActivatedAt > 0 && k.RetiredAt == 0 && k.CompromisedAt == 0 {
			return nil
		}
	}
	_, err := s.Keys.Create(ctx, tx, o.ID, o.PublicID)
	return err
}

func (s *Service) importAwards(ctx context.Context, tx *sqldb.Tx, a *Archive, organisation int64, now time.Time) error {
	versions := map[string]map[int64]int64{}
	for _, b := range a.badges {
		var err error
		if versions[b.ID], err = badge.CarryIn(ctx, tx, organisation, b); err != nil {
			return err
		}
	}
	lists := map[string]int64{}
	for _, l := range a.lists {
		if err := issuing.CarryInList(ctx, tx, organisation, l, now); err != nil {
			return err
		}
		id, err := publicid.Parse(l.ID)
		if err != nil {
			return err
		}
		var key int64
		if err := tx.QueryRow(ctx, `SELECT id FROM status_list WHERE public_id = $1`, id).Scan(&key); err != nil {
			return err
		}
		lists[l.ID] = key
	}
	made, later := map[string]int64{}, map[string]string{}
	var public []string
	for _, k := range a.keys {
		public = append(public, k.PublicKey)
	}
	err := a.awards(func(c carriedAward, document []byte) error {
		version := versions[c.Badge][c.Version]
		if version == 0 {
			return fault.Invalidf("The award %s is of a badge that is not inside.", c.ID)
		}
		key, err := issuing.CarryIn(ctx, tx, organisation, version, c, document, lists, public, s.Keys.Shapes)
		if made[c.ID] = key; c.ReplacedBy != "" {
			later[c.ID] = c.ReplacedBy
		}
		if err != nil || len(document) == 0 {
			return err
		}
		fragment, err := signedWith(document)
		if err != nil {
			return fault.Wrap(fault.Invalid, err, fmt.Sprintf("The signed badge %s cannot be read: %v.", c.ID, err))
		}
		return keys.CarryInRecord(ctx, tx, organisation, key, fragment, document, now)
	})
	if err != nil {
		return err
	}
	for id, by := range later {
		if made[by] == 0 {
			continue // it was not signed yet when the export was made
		}
		if err := issuing.CarryInReplaced(ctx, tx, made[id], made[by]); err != nil {
			return err
		}
	}
	return nil
}

// signedWith returns the name, behind the #, of the key that signed a badge.
func signedWith(document []byte) (string, error) {
	c, err := credential.Parse(document)
	if err != nil {
		return "", err
	}
	_, proofs, err := proof.Split(c.Tree)
	if err != nil {
		return "", err
	}
	if len(proofs) == 0 {
		return "", errors.New("it carries no proof")
	}
	_, fragment, _ := strings.Cut(proofs[0].VerificationMethod, "#")
	return fragment, nil
}

// Owner returns the key of the account with this verified address.
func (s *Service) Owner(ctx context.Context, email string) (id int64, err error) {
	address, err := account.AddressKey(email)
	if err != nil {
		return 0, err
	}
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT account_id FROM account_address WHERE address_key = $1 AND verified_at > 0`, address).Scan(&id)
	})
	if errors.Is(err, sqldb.ErrNoRows) {
		err = fault.NotFoundf("Nobody with an account here has the verified address %s.", email)
	}
	return id, err
}
