package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
)

// keyring is what the commands about keys of an installation have in common.
type keyring struct {
	config.Config `embed:""`
	Organisation  string `arg:"" help:"The organisation, as its addresses name it: the part behind /console/."`
}

// with opens the installation and runs do with the organisation.
func (k *keyring) with(c *console, do func(ctx context.Context, ring *keys.Ring, o *org.Organisation) error) error {
	return withInstallation(c, k.Config, func(ctx context.Context, a *app.App) error {
		o, err := a.Features.Orgs.BySlug(ctx, k.Organisation)
		if err != nil {
			return err
		}
		return do(ctx, a.Ground.Keys, o)
	})
}

type keyListCommand struct {
	keyring `embed:""`
}

// Run prints a line for each key, newest first.
func (k *keyListCommand) Run(c *console) error {
	return k.with(c, func(ctx context.Context, ring *keys.Ring, o *org.Organisation) error {
		list, err := ring.Used(ctx, o.ID)
		for _, u := range list {
			fmt.Fprintln(c.out, describe(u))
		}
		return err
	})
}

// describe is a key in a line: state, kind, purpose, what it signed, its name
// and its times.
func describe(u keys.Used) string {
	line := fmt.Sprintf("%-11s %-8s %-6s %9s  %s  created %s", u.State(), u.Kind, u.Purpose, count(u.Signatures, "signature"), u.Fragment, u.CreatedAt.Format(time.RFC3339))
	if !u.RetiredAt.IsZero() {
		line += ", retired " + u.RetiredAt.Format(time.RFC3339)
	}
	if !u.CompromisedAt.IsZero() {
		line += ", compromised since " + u.CompromisedAt.Format(time.RFC3339)
	}
	return line
}

type keyRotateCommand struct {
	config.Config `embed:""`
	Organisation  string `arg:"" optional:"" help:"The organisation, as its addresses name it: the part behind /console/."`
	Purpose       string `default:"badge" enum:"badge,token" help:"What the key is for: badge or token."`
	Issuer        string `enum:",ed25519,p256,p384" default:"" placeholder:"KIND" help:"Instead of an organisation's key, renew the installation's own issuer of this kind (/vc): ed25519, p256 or p384."`
}

// Run makes a new key that signs from now on.
func (k *keyRotateCommand) Run(c *console) error {
	if (k.Organisation == "") == (k.Issuer == "") {
		return usageError{errors.New("name an organisation, or --issuer with a kind")}
	}
	if k.Issuer != "" {
		return withInstallation(c, k.Config, func(ctx context.Context, a *app.App) error {
			i, err := a.Ground.Keys.RotateIssuer(ctx, keys.Kind(k.Issuer))
			if err == nil {
				fmt.Fprintln(c.out, i.DID)
			}
			return err
		})
	}
	ring := keyring{k.Config, k.Organisation}
	return ring.with(c, func(ctx context.Context, r *keys.Ring, o *org.Organisation) error {
		fresh, err := r.Rotate(ctx, o.ID, keys.Purpose(k.Purpose))
		if err == nil {
			fmt.Fprintln(c.out, fresh.Fragment)
		}
		return err
	})
}

type keyRetireCommand struct {
	keyring `embed:""`
	Key     string `arg:"" help:"The key, as key list names it: z6Mk…"`
}

// Run ends a key.
func (k *keyRetireCommand) Run(c *console) error {
	return k.with(c, func(ctx context.Context, ring *keys.Ring, o *org.Organisation) error {
		ended, err := ring.Retire(ctx, o.ID, k.Key)
		if err == nil && !ended.ActivatedAt.IsZero() {
			c.note("retired; nothing is signed for this purpose until another key is there (roundel key list)")
		}
		return err
	})
}

type keyCompromisedCommand struct {
	keyring `embed:""`
	Key     string `arg:"" help:"The key, as key list names it: z6Mk…"`
	Since   string `required:"" placeholder:"TIME" help:"Since when somebody else may have had it, for example 2026-11-23T14:00:00Z, or now."`
	Yes     bool   `help:"Do it. Without this, only what would become invalid is said."`
}

// Run marks a key as compromised.
func (k *keyCompromisedCommand) Run(c *console) error {
	since := time.Now()
	if k.Since != "now" {
		var err error
		if since, err = time.Parse(time.RFC3339, k.Since); err != nil {
			return usageError{fmt.Errorf("--since %q is not a time such as 2026-11-23T14:00:00Z", k.Since)}
		}
	}
	return k.with(c, func(ctx context.Context, ring *keys.Ring, o *org.Organisation) error {
		key, err := ring.Key(ctx, o.ID, k.Key)
		if err != nil {
			return err
		}
		n, err := ring.SignedSince(ctx, key, since)
		if err != nil {
			return err
		}
		c.note("%s signed since %s become invalid", count(n, "badge"), since.Format(time.RFC3339))
		if !k.Yes {
			c.code = exitError
			c.note("nothing was changed; add --yes")
			return nil
		}
		_, err = ring.Compromise(ctx, o.ID, k.Key, since)
		return err
	})
}

type keyImportCommand struct {
	keyring `embed:""`
	Purpose string `default:"badge" enum:"badge,token" help:"What the key is for: badge or token."`
	File    string `arg:"" placeholder:"FILE" help:"The private key: a secret Multikey, a JWK or PEM. - reads standard input."`
	Use     bool   `help:"Have it sign from now on, in the place of the present key."`
}

// Run takes in a key that was made elsewhere.
func (k *keyImportCommand) Run(c *console) error {
	text, err := k.read(c)
	if err != nil {
		return err
	}
	return k.with(c, func(ctx context.Context, ring *keys.Ring, o *org.Organisation) error {
		key, err := ring.Import(ctx, o.ID, text, keys.Purpose(k.Purpose))
		if err == nil && k.Use {
			key, err = ring.Activate(ctx, o.ID, key.Fragment)
		}
		if err == nil {
			fmt.Fprintln(c.out, key.Fragment)
		}
		return err
	})
}

func (k *keyImportCommand) read(c *console) ([]byte, error) {
	const most = 64 << 10
	if k.File == "-" {
		return io.ReadAll(io.LimitReader(c.in, most))
	}
	info, err := os.Stat(k.File)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others on this machine (mode %04o); run: chmod 600 %s", k.File, mode, k.File)
	}
	if info.Size() > most {
		return nil, fmt.Errorf("%s is too large to be a key", k.File)
	}
	return os.ReadFile(k.File)
}

type keyRewrapCommand struct {
	config.Config     `embed:""`
	NewKeyFile        string `type:"path" placeholder:"FILE" help:"Seal everything under the key in this file; it is made when it does not exist."`
	NewPassphraseFile string `type:"path" placeholder:"FILE" help:"Seal everything under the passphrase in this file."`
}

// Run changes the key-encryption key, while nothing else works with the data.
func (k *keyRewrapCommand) Run(c *console) error {
	if err := needInstallation(&k.Config); err != nil {
		return err
	}
	if (k.NewKeyFile == "") == (k.NewPassphraseFile == "") {
		return usageError{errors.New("choose one of --new-key-file and --new-passphrase-file")}
	}
	done, err := app.Rewrap(c.ctx, k.Config, app.NewKey{KeyFile: k.NewKeyFile, PassphraseFile: k.NewPassphraseFile}, func(n, all int) {
		if n == all || n%1000 == 0 {
			c.note("%d of %d keys", n, all)
		}
	})
	if err != nil {
		if fault.KindOf(err) == fault.Internal {
			c.note("it was not finished; run the same command again before anything else")
		}
		return err
	}
	fmt.Fprintln(c.out, done)
	where := "--key-file " + k.NewKeyFile
	if k.NewPassphraseFile != "" {
		where = "--passphrase-file " + k.NewPassphraseFile
	}
	old := k.PassphraseFile
	if old == "" {
		old = k.KeyPath()
	}
	c.note("start with %s from now on; back it up, and destroy %s when no backup needs it any more", where, filepath.Clean(strings.TrimSpace(old)))
	return nil
}
