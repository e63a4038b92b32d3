package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/backup"
	"github.com/roundel/roundel/internal/backup/transfer"
	"github.com/roundel/roundel/internal/config"
)

type exportCommand struct {
	config.Config `embed:""`
	Organisation  string `placeholder:"SLUG" help:"The organisation: its part of the address. Everything of it is written as a ZIP archive of open files."`
	Person        string `name:"recipient" placeholder:"EMAIL|age1…" help:"Without --with-keys, an e-mail address: write what is stored of this person, as JSON. With --with-keys, the age key that the private keys are encrypted to."`
	To            string `required:"" type:"path" placeholder:"FILE" help:"Where to put it."`
	WithAddresses bool   `help:"Members' names and addresses, too."`
	Baked         bool   `help:"Pictures with the badges inside, too."`
	WithKeys      bool   `help:"Private signing keys, too, encrypted to --recipient age1…"`
}

// Run writes the export. The server may run or not.
func (e *exportCommand) Run(c *console) error {
	if e.Organisation == "" && e.Person == "" {
		return usageError{errors.New("say what to export: --organisation SLUG, or --recipient EMAIL")}
	}
	return withInstallation(c, e.Config, func(ctx context.Context, a *app.App) error { return e.run(ctx, c, a) })
}

func (e *exportCommand) run(ctx context.Context, c *console, a *app.App) error {
	s := a.Features.Transfer
	s.Software, _ = softwareVersion()
	var organisation int64
	if e.Person != "" && !e.WithKeys {
		if e.Organisation != "" {
			o, err := a.Features.Orgs.BySlug(ctx, e.Organisation)
			if err != nil {
				return err
			}
			organisation = o.ID
		}
		var n int
		err := backup.WriteFile(e.To, nil, func(w io.Writer) (err error) { n, err = s.ExportPerson(ctx, w, organisation, e.Person); return err })
		if err == nil {
			fmt.Fprintf(c.out, "%s: %s\n", e.To, count(int64(n), "award"))
		}
		return err
	}
	o, err := a.Features.Orgs.BySlug(ctx, e.Organisation)
	if err != nil {
		return err
	}
	opts := transfer.Options{Addresses: e.WithAddresses, Baked: e.Baked}
	if e.WithKeys {
		if e.Person == "" {
			return usageError{errors.New("private keys leave the installation only encrypted: --with-keys needs --recipient age1…")}
		}
		if opts.KeysTo, err = backup.Recipients([]string{e.Person}, ""); err != nil {
			return err
		}
	}
	var m *transfer.Manifest
	err = backup.WriteFile(e.To, nil, func(w io.Writer) (err error) { m, err = s.Export(ctx, w, o, opts); return err })
	if err != nil {
		return err
	}
	c.note("the export holds recipients' names and addresses; keep it as you keep a backup")
	fmt.Fprintf(c.out, "%s: %s, %s\n", e.To, count(int64(m.Badges), "badge"), count(int64(m.Awards), "award"))
	return nil
}

type importCommand struct {
	config.Config `embed:""`
	Organisation  string `required:"" type:"path" placeholder:"FILE" help:"The archive that roundel export --organisation has written."`
	Owner         string `placeholder:"EMAIL" help:"Whose account becomes the owner. It must exist."`
	Identity      string `type:"path" placeholder:"FILE" help:"Secret age key that opens the private keys inside."`
	Yes           bool   `help:"Do it. Without this, only what would happen is shown."`
}

// Run shows what an import would do, and with --yes does it.
func (i *importCommand) Run(c *console) error {
	f, err := os.Open(i.Organisation)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	archive, err := transfer.Open(f, info.Size())
	if err != nil {
		return err
	}
	return withInstallation(c, i.Config, func(ctx context.Context, a *app.App) error { return i.run(ctx, c, a, archive) })
}

func (i *importCommand) run(ctx context.Context, c *console, a *app.App, archive *transfer.Archive) error {
	s := a.Features.Transfer
	var private map[string]string
	if i.Identity != "" && archive.HasKeys {
		ids, err := backup.Identities(i.Identity, "")
		if err != nil {
			return err
		}
		if private, err = archive.Private(ids); err != nil {
			return err
		}
	}
	conflicts, err := s.Conflicts(ctx, archive)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s (%s) of %s: %s, %s\n", archive.Name, archive.Slug, archive.BaseURL, count(int64(archive.Badges), "badge"), count(int64(archive.Awards), "award"))
	for _, line := range conflicts {
		fmt.Fprintf(c.out, "conflict: %s\n", line)
	}
	if len(conflicts) > 0 {
		c.code = exitError
		c.note("nothing is imported while there are conflicts")
		return nil
	}
	for _, line := range s.Left(archive, len(private) > 0) {
		c.note("%s", line)
	}
	if !i.Yes {
		c.note("nothing was changed; import it with --yes")
		return nil
	}
	var owner int64
	if i.Owner != "" {
		if owner, err = s.Owner(ctx, i.Owner); err != nil {
			return err
		}
	} else {
		c.note("nobody owns it yet: say --owner EMAIL, or have the operator appoint somebody")
	}
	o, err := s.Import(ctx, archive, owner, private)
	if err != nil {
		return err
	}
	if err := a.Features.Journal.Flush(ctx); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "Imported %s.\n", o.Name)
	return nil
}
