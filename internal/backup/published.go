package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/attest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/statuslist"
)

// PublishedList is a status list as the world has seen it.
type PublishedList struct {
	ID       publicid.ID
	Document []byte
}

// maxList bounds a status list credential.
const maxList = 16 << 20

// ListsOf reads the published lists in a folder: files called PUBLIC-ID.json.
func ListsOf(folder string) ([]PublishedList, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	var list []PublishedList
	for _, f := range files {
		name := filepath.Base(f)
		id, err := publicid.Parse(name[:len(name)-len(".json")])
		if err != nil {
			continue // another file
		}
		info, err := os.Stat(f)
		if err != nil {
			return nil, err
		}
		if info.Size() > maxList {
			return nil, fault.Invalidf("%s is too large for a status list.", f)
		}
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		list = append(list, PublishedList{id, data})
	}
	if len(list) == 0 {
		return nil, fault.Invalidf("%s holds no status lists; they are files called as in their address, with .json behind.", folder)
	}
	return list, nil
}

// owner is whose a list in the database is.
type owner struct {
	table   string
	purpose string
	bits    int64
	keys    []string
}

// published sets what a list that the world has seen shows as set. What the
// list does not show stays as it is: it may be older than the backup.
func (o *Outcome) published(ctx context.Context, tx *sqldb.Tx, l PublishedList, at int64) error {
	who, err := ownerOf(ctx, tx, l.ID)
	if errors.Is(err, sqldb.ErrNoRows) {
		o.Missing++ // opened after the backup, and not described here
		return nil
	}
	if err != nil {
		return err
	}
	values, err := who.read(l)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, fmt.Sprintf("The published status list %s cannot be used: %v. Nothing is served yet; restore again without it.", l.ID, err))
	}
	for position, value := range values {
		var changed bool
		if who.table == "status_list" {
			changed, err = issuing.KeepStatus(ctx, tx, l.ID, position, true, at)
		} else {
			changed, err = attest.KeepStatus(ctx, tx, l.ID, position, value, at)
		}
		if err != nil {
			return err
		}
		if changed {
			o.Statuses++
		}
	}
	return nil
}

func ownerOf(ctx context.Context, tx *sqldb.Tx, id publicid.ID) (w owner, err error) {
	text := func(r *sql.Rows) (s string, err error) { return s, r.Scan(&s) }
	var organisation int64
	err = tx.QueryRow(ctx, `SELECT organisation_id, purpose FROM status_list WHERE public_id = $1`, id).Scan(&organisation, &w.purpose)
	if err == nil {
		w.table, w.bits = "status_list", 1
		w.keys, err = sqldb.Collect(ctx, tx, text, `SELECT public_key FROM signing_key WHERE organisation_id = $1`, organisation)
		return w, err
	}
	if !errors.Is(err, sqldb.ErrNoRows) {
		return w, err
	}
	w.table = "attestation_list"
	var key string
	err = tx.QueryRow(ctx, `SELECT l.purpose, l.bits, k.public_key FROM attestation_list l JOIN issuer_key k ON k.id = l.issuer_key_id WHERE l.public_id = $1`, id).
		Scan(&w.purpose, &w.bits, &key)
	w.keys = []string{key}
	return w, err
}

// read verifies the list's signature and returns the places that are set.
func (w owner) read(l PublishedList) (map[int64]int64, error) {
	doc, err := credential.Parse(l.Document)
	if err != nil {
		return nil, err
	}
	if filepath.Base(doc.ID) != l.ID.String() {
		return nil, fmt.Errorf("it is that of %q", doc.ID)
	}
	if err := w.verify(doc); err != nil {
		return nil, err
	}
	subject, _ := doc.Tree["credentialSubject"].(map[string]any)
	if subject["statusPurpose"] != w.purpose {
		return nil, fmt.Errorf("its purpose is %v", subject["statusPurpose"])
	}
	encoded, _ := subject["encodedList"].(string)
	list, err := statuslist.DecodeSized(encoded, int(w.bits), statuslist.MaxBytes)
	if err != nil {
		return nil, err
	}
	set := map[int64]int64{}
	for i := range list.Len() {
		value, err := list.Value(i)
		if err != nil {
			return nil, err
		}
		if value > 0 {
			set[int64(i)] = int64(value)
		}
	}
	return set, nil
}

// verify checks the signature with the issuer's key that it names.
func (w owner) verify(doc *credential.Credential) error {
	unsecured, proofs, err := proof.Split(doc.Tree)
	if err != nil {
		return err
	}
	if len(proofs) != 1 {
		return fmt.Errorf("it carries %d proofs instead of one", len(proofs))
	}
	for _, text := range w.keys {
		if !strings.HasSuffix(proofs[0].VerificationMethod, "#"+text) {
			continue
		}
		key, err := multikey.DecodePublic(text)
		if err != nil {
			return err
		}
		return proof.VerifyOne(unsecured, proofs[0], key, proof.VerifyOptions{})
	}
	return fmt.Errorf("it is signed by %q, which is no key of its issuer here", proofs[0].VerificationMethod)
}

// listPaths are where an installation serves its status lists, by table.
var listPaths = map[string]string{"status_list": "/status/", "attestation_list": "/vc/status/"}

// FetchLists gets every status list that the backup names from where get finds
// it, by its path.
func (a *Archive) FetchLists(ctx context.Context, get func(path string) ([]byte, error)) ([]PublishedList, error) {
	var list []PublishedList
	_, _, err := a.walk(ctx, visitor{rows: func(l Layout, rows [][]any) error {
		path, at := listPaths[l.Name], slices.Index(l.Columns, "public_id")
		if path == "" || at < 0 {
			return nil
		}
		for _, row := range rows {
			raw, _ := row[at].([]byte)
			if len(raw) != len(publicid.ID{}) {
				return damaged("a status list has no public id")
			}
			id := publicid.ID(raw)
			doc, err := get(path + id.String())
			if err != nil {
				return fmt.Errorf("status list %s: %w", id, err)
			}
			list = append(list, PublishedList{id, doc})
		}
		return nil
	}})
	return list, err
}
