package move

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/fault"
)

// markFile lies in the data folder of an installation that is being moved, or
// was: nothing opens the SQLite database there any more.
const markFile = "moved"

// Mark says in the data folder where the installation has gone.
type Mark struct {
	Move  string    `json:"move"`
	To    string    `json:"to"` // the target's address, without its password
	Begun time.Time `json:"begun"`
	Ended time.Time `json:"ended,omitzero"` // zero: it is under way, or was interrupted
	Undo  string    `json:"undo"`           // what whoever opens the file wants to know
}

// ReadMark returns the mark in a data folder; the zero Mark when there is none.
func ReadMark(dir string) (m Mark, err error) {
	text, err := os.ReadFile(filepath.Join(dir, markFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", filepath.Join(dir, markFile), err)
	}
	return m, err
}

// Gone returns a Conflict fault when the installation in a data folder is being
// moved, or was.
func Gone(dir string) error {
	m, err := ReadMark(dir)
	path := filepath.Join(dir, markFile)
	switch {
	case err != nil:
		return err
	case m.Move == "":
		return nil
	case m.Ended.IsZero():
		return fault.Conflictf("The data in %s is being moved to %s since %s. Run roundel migrate-database again to finish, or give it up: delete %s.", dir, m.To, m.Begun.Format(time.RFC3339), path)
	}
	return fault.Conflictf("The data in %s was moved to %s at %s: serve it with --database. To go back to how it was then, and lose what has come since, delete %s.", dir, m.To, m.Ended.Format(time.RFC3339), path)
}

// NextMark returns the mark of a move to an address, without writing it: that of
// one that was interrupted, or a new one.
func NextMark(dir, to string, now time.Time) (Mark, error) {
	m, err := ReadMark(dir)
	switch {
	case err != nil:
		return m, err
	case !m.Ended.IsZero() && m.To != to:
		return m, Gone(dir)
	case m.Move == "":
		m.Move, m.Begun = strings.ToLower(rand.Text()), now.UTC().Truncate(time.Second)
	}
	m.To = to
	return m, nil
}

// End says that the installation is there.
func (m Mark) End(dir string, now time.Time) error {
	if !m.Ended.IsZero() {
		return nil
	}
	m.Ended = now.UTC().Truncate(time.Second)
	return m.Write(dir)
}

// Write puts the mark into the folder, durably and whole.
func (m Mark) Write(dir string) error {
	m.Undo = "roundel starts on the SQLite database in this folder again when this file is deleted; what was done after the move is not in it"
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, markFile)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
