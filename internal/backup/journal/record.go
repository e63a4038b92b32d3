package journal

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
)

// Record is what journals say of the time since a backup, and before.
type Record struct {
	Salt     []byte
	Lists    []List
	Statuses []Status // the newest of each place
	Erasures []Erasure
	Until    time.Time // the last line
}

// List is a status list that was opened.
type List struct {
	ID           publicid.ID
	Owner        string // OfAwards or OfAttestations
	Organisation publicid.ID
	Issuer       string
	Purpose      string
	Bits         int64
	Entries      int64
}

// Status is what a place in a list says.
type Status struct {
	List     publicid.ID
	Owner    string
	Position int64
	Value    int64
	At       int64
}

// Erasure is that somebody was erased.
type Erasure struct {
	ID            publicid.ID
	Organisation  publicid.ID // zero: all
	Hash          []byte
	Awards        []publicid.ID
	KeepDocuments bool
	At            time.Time
}

// Files returns the journals that a path names: the file, or those in the folder.
func Files(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	list, err := filepath.Glob(filepath.Join(path, "*"+Ending))
	if err == nil && len(list) == 0 {
		err = fault.Invalidf("%s holds no journal (files that end in %s).", path, Ending)
	}
	return list, err
}

// Read reads the journals that know a backup, and merges them. It is an Invalid
// fault when none does, and when one was changed: then nobody can tell what is
// missing.
func Read(paths []string, backupID string) (*Record, error) {
	m := merger{lists: map[string]List{}, statuses: map[place]Status{}, erasures: map[publicid.ID]Erasure{}}
	some := false
	for _, path := range paths {
		entries, knows, err := readFile(path, backupID)
		if err != nil {
			return nil, err
		}
		if !knows {
			continue
		}
		some = true
		for _, e := range entries {
			if err := m.add(e); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	if !some {
		return nil, fault.Invalidf("No journal in %s knows this backup: it belongs to another installation, or ends before the backup was made.", strings.Join(paths, ", "))
	}
	return m.record(), nil
}

func readFile(path, backupID string) (entries []Entry, knows bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	_, _, err = read(f, func(e Entry) error {
		knows = knows || e.Kind == backup && e.Backup == backupID
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return nil, false, fault.Wrap(fault.Invalid, err, fmt.Sprintf("The journal %s was changed by hand or is damaged. Use a copy that is whole.", path))
	}
	return entries, knows, nil
}

// Knows reports whether a journal among the files has the line of a backup.
func Knows(paths []string, backupID string) bool {
	for _, path := range paths {
		if _, knows, err := readFile(path, backupID); err == nil && knows {
			return true
		}
	}
	return false
}

type place struct {
	list     publicid.ID
	position int64
}

type merger struct {
	salt     []byte
	lists    map[string]List
	order    []string
	statuses map[place]Status
	erasures map[publicid.ID]Erasure
	until    int64
}

func (m *merger) add(e Entry) error {
	m.until = max(m.until, e.At)
	switch e.Kind {
	case begin:
		if m.salt != nil && !bytes.Equal(m.salt, e.Salt) {
			return fault.Invalidf("The journals belong to different installations.")
		}
		m.salt = e.Salt
	case list:
		return m.list(e)
	case status:
		return m.status(e)
	case erasure:
		return m.erasure(e)
	}
	return nil
}

func (m *merger) list(e Entry) error {
	id, err := publicid.Parse(e.List)
	if err != nil {
		return err
	}
	l := List{ID: id, Owner: e.Owner, Issuer: e.Issuer, Purpose: e.Purpose, Bits: e.Bits, Entries: e.Entries}
	if e.Organisation != "" {
		if l.Organisation, err = publicid.Parse(e.Organisation); err != nil {
			return err
		}
	}
	if _, have := m.lists[e.List]; !have {
		m.order = append(m.order, e.List)
	}
	m.lists[e.List] = l
	return nil
}

// status keeps the newest of each place; of two that are equally new, the later line.
func (m *merger) status(e Entry) error {
	id, err := publicid.Parse(e.List)
	if err != nil {
		return err
	}
	at := place{id, e.Position}
	if have, is := m.statuses[at]; !is || e.At >= have.At {
		m.statuses[at] = Status{id, e.Owner, e.Position, e.Value, e.At}
	}
	return nil
}

func (m *merger) erasure(e Entry) error {
	x := Erasure{Hash: e.Hash, KeepDocuments: e.Keep, At: time.UnixMilli(e.At).UTC()}
	var err error
	if x.ID, err = publicid.Parse(e.Erasure); err != nil {
		return err
	}
	if e.Organisation != "" {
		if x.Organisation, err = publicid.Parse(e.Organisation); err != nil {
			return err
		}
	}
	for _, text := range e.Awards {
		id, err := publicid.Parse(text)
		if err != nil {
			return err
		}
		x.Awards = append(x.Awards, id)
	}
	m.erasures[x.ID] = x
	return nil
}

func (m *merger) record() *Record {
	r := &Record{Salt: m.salt, Until: time.UnixMilli(m.until).UTC()}
	for _, id := range m.order {
		r.Lists = append(r.Lists, m.lists[id])
	}
	for _, s := range m.statuses {
		r.Statuses = append(r.Statuses, s)
	}
	slices.SortFunc(r.Statuses, func(a, b Status) int {
		return cmp.Or(cmp.Compare(a.At, b.At), bytes.Compare(a.List[:], b.List[:]), cmp.Compare(a.Position, b.Position))
	})
	for _, e := range m.erasures {
		r.Erasures = append(r.Erasures, e)
	}
	slices.SortFunc(r.Erasures, func(a, b Erasure) int { return a.At.Compare(b.At) })
	return r
}
