package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/multikey"
)

type keyCommand struct {
	New         keyNewCommand         `cmd:"" help:"Make a key and print the did:key that it is, for issuing without a server."`
	List        keyListCommand        `cmd:"" help:"List an organisation's keys."`
	Rotate      keyRotateCommand      `cmd:"" help:"Make a new key that signs from now on, and retire the one before it."`
	Retire      keyRetireCommand      `cmd:"" help:"End a key. What it signed stays good."`
	Compromised keyCompromisedCommand `cmd:"" help:"Mark a key that somebody else may have. What it signed since becomes invalid."`
	Import      keyImportCommand      `cmd:"" help:"Take in a key that was made elsewhere."`
	Rewrap      keyRewrapCommand      `cmd:"" help:"Change the key-encryption key, with the server stopped."`
}

type keyNewCommand struct {
	Type string `default:"ed25519" enum:"ed25519,p256" placeholder:"ed25519|p256" help:"Kind of key: ed25519, or p256 where a verifier asks for ECDSA."`
	Out  string `default:"issuer.key" type:"path" placeholder:"FILE" help:"Where to put the secret key. An existing file is never replaced."`
}

// Run makes the key.
func (k *keyNewCommand) Run(c *console) error {
	priv, err := newKey(k.Type)
	if err != nil {
		return err
	}
	secret, err := multikey.EncodePrivate(priv)
	if err != nil {
		return err
	}
	id, _, err := did.KeyDID(priv.Public())
	if err != nil {
		return err
	}
	f, err := os.OpenFile(k.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usageError{fmt.Errorf("%s exists already; choose another name with --out", k.Out)}
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(secret + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	c.note("secret key written to %s; keep it, and keep it to yourself", k.Out)
	fmt.Fprintln(c.out, id)
	return nil
}

// newKey makes a key of a kind that --type knows.
func newKey(kind string) (crypto.Signer, error) {
	if kind == "p256" {
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	return priv, err
}

// readKey reads a secret key that key new made. A file that others may read is
// refused.
func readKey(path string) (crypto.Signer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others on this machine (mode %04o); run: chmod 600 %s", path, mode, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	signer, err := multikey.DecodePrivate(strings.TrimSpace(string(data)))
	if err != nil {
		return nil, fmt.Errorf("%s is not a secret key made by roundel key new: %w", path, err)
	}
	return signer, nil
}
