// Package keys holds the issuers' signing keys.
//
// A private key is stored only inside an envelope: it is encrypted under a key
// of its own, and that key under the key-encryption key, which comes from a
// file that is not in the database. Reading the database, its write-ahead log
// or a backup gives nobody a signing key.
package keys

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// KEK is the key-encryption key: it opens every envelope of an installation.
type KEK struct {
	key [chacha20poly1305.KeySize]byte
}

const keyFileHeader = "roundel key-encryption key 1\n"

// LoadKeyFile reads the key-encryption key from a file, and makes the file when
// it does not exist. A file that others on the machine may read is refused.
func LoadKeyFile(path string) (*KEK, error) {
	data, err := readSecretFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return createKeyFile(path)
	}
	if err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(data, []byte(keyFileHeader))
	raw, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(rest)))
	if !ok || err != nil || len(raw) != chacha20poly1305.KeySize {
		return nil, fmt.Errorf("%s is not a roundel key file; restore it from your backup, for without it no signing key can be opened", path)
	}
	return &KEK{key: [32]byte(raw)}, nil
}

// LoadPassphraseFile derives the key-encryption key from the passphrase in a
// file, with argon2id. The salt is not secret and is stored beside the data.
func LoadPassphraseFile(path string, salt []byte) (*KEK, error) {
	data, err := readSecretFile(path)
	if err != nil {
		return nil, err
	}
	passphrase := bytes.TrimRight(data, "\r\n")
	if len(passphrase) < 15 {
		return nil, fmt.Errorf("the passphrase in %s is shorter than 15 characters", path)
	}
	return &KEK{key: [32]byte(argon2.IDKey(passphrase, salt, 3, 64*1024, 1, chacha20poly1305.KeySize))}, nil
}

// Fingerprint tells key-encryption keys apart without revealing them. It is
// stored with the data and printed in backups.
func (k *KEK) Fingerprint() string { return hex.EncodeToString(k.derive("fingerprint", 8)) }

func (k *KEK) derive(info string, size int) []byte {
	out, err := hkdf.Key(sha256.New, k.key[:], nil, "roundel "+info, size)
	if err != nil {
		panic(err) // only for sizes that no caller asks for
	}
	return out
}

func createKeyFile(path string) (*KEK, error) {
	var k KEK
	rand.Read(k.key[:]) // never fails: crypto/rand ends the process instead
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	// O_EXCL: two processes that start at once must not each keep a key of their own.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString(keyFileHeader + base64.StdEncoding.EncodeToString(k.key[:]) + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return nil, err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	return &k, errors.Join(dir.Sync(), dir.Close())
}

func readSecretFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others on this machine (mode %04o); run: chmod 600 %s", path, mode, path)
	}
	if info.Size() > 4096 {
		return nil, fmt.Errorf("%s is too large to be a key or passphrase file", path)
	}
	return os.ReadFile(path)
}
