package backup

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/roundel/roundel/internal/fault"
)

// NewID returns the id of a new backup.
func NewID() string { return strings.ToLower(rand.Text()[:20]) }

// FileName is what a backup made at a moment is called in a folder.
func FileName(at time.Time, encrypted bool) string {
	name := "roundel-" + at.UTC().Format("20060102T150405Z") + ".backup"
	if encrypted {
		name += ".age"
	}
	return name
}

// Recipients returns what a backup is encrypted to: age keys (age1…), or the
// passphrase in a file. There must be either.
func Recipients(keys []string, passphraseFile string) ([]age.Recipient, error) {
	var to []age.Recipient
	for _, k := range keys {
		list, err := age.ParseRecipients(strings.NewReader(k))
		if err != nil {
			return nil, fault.Invalidf("%q is not an age recipient such as age1…; make a key with age-keygen.", k)
		}
		to = append(to, list...)
	}
	if passphraseFile == "" {
		return to, nil
	}
	if len(to) > 0 {
		return nil, fault.Invalidf("Choose one of --recipient and --archive-passphrase-file: age does not mix them.")
	}
	passphrase, err := readPassphrase(passphraseFile)
	if err != nil {
		return nil, err
	}
	r, err := age.NewScryptRecipient(passphrase)
	return []age.Recipient{r}, err
}

// Identities returns what opens a backup: the age keys in a file, or the
// passphrase in one.
func Identities(identityFile, passphraseFile string) ([]age.Identity, error) {
	if identityFile != "" {
		text, err := os.ReadFile(identityFile)
		if err != nil {
			return nil, err
		}
		list, err := age.ParseIdentities(bytes.NewReader(text))
		if err != nil {
			return nil, fault.Invalidf("%s holds no age key (AGE-SECRET-KEY-…).", identityFile)
		}
		return list, nil
	}
	if passphraseFile == "" {
		return nil, nil
	}
	passphrase, err := readPassphrase(passphraseFile)
	if err != nil {
		return nil, err
	}
	i, err := age.NewScryptIdentity(passphrase)
	return []age.Identity{i}, err
}

func readPassphrase(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	passphrase := strings.TrimRight(string(text), "\r\n")
	if len(passphrase) < 15 {
		return "", fault.Invalidf("The passphrase in %s is shorter than 15 characters.", path)
	}
	return passphrase, nil
}

// ageIntro is how every file encrypted with age begins.
const ageIntro = "age-encryption.org/"

// OpenFile returns the archive in a file, decrypted with one of the identities
// if it is encrypted.
func OpenFile(path string, identities []age.Identity) *Archive {
	return &Archive{Open: func() (io.ReadCloser, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		in := bufio.NewReaderSize(f, 1<<16)
		plain, err := decrypt(in, identities)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return struct {
			io.Reader
			io.Closer
		}{plain, f}, nil
	}}
}

func decrypt(in *bufio.Reader, identities []age.Identity) (io.Reader, error) {
	intro, err := in.Peek(len(ageIntro))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(intro) != ageIntro {
		return in, nil
	}
	if len(identities) == 0 {
		return nil, fault.Invalidf("This file is encrypted. Give the key with --identity FILE, or the passphrase with --archive-passphrase-file FILE.")
	}
	plain, err := age.Decrypt(in, identities...)
	var none *age.NoIdentityMatchError
	switch {
	case errors.As(err, &none):
		return nil, fault.Invalidf("The key or passphrase does not open this file: it was encrypted for another one. Nothing was changed.")
	case err != nil:
		return nil, damaged("its encryption cannot be read (%v)", err)
	}
	return plain, nil
}

// WriteFile has write fill a file that appears at path whole and durable, or
// not at all. It is encrypted unless there are no recipients. An existing file
// is never replaced.
func WriteFile(path string, to []age.Recipient, write func(io.Writer) error) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fault.Conflictf("%s exists already; choose another name.", path)
	}
	temporary := path + ".unfinished-" + strings.ToLower(rand.Text()[:8])
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(temporary))
		}
	}()
	buffered := bufio.NewWriterSize(f, 1<<20)
	if err := seal(buffered, to, write); err != nil {
		return err
	}
	if err := errors.Join(buffered.Flush(), f.Sync()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Link(temporary, path); err != nil { // unlike a rename, it replaces nothing
		if err := os.Rename(temporary, path); err != nil { // where there are no links
			return err
		}
	} else if err := os.Remove(temporary); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func seal(w io.Writer, to []age.Recipient, write func(io.Writer) error) error {
	if len(to) == 0 {
		return write(w)
	}
	sealed, err := age.Encrypt(w, to...)
	if err != nil {
		return err
	}
	if err := write(sealed); err != nil {
		return err
	}
	return sealed.Close()
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
