package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/backup/erasure"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/sqldb"
)

type eraseCommand struct {
	config.Config `embed:""`
	Recipient     string `required:"" placeholder:"EMAIL" help:"The person's e-mail address."`
	Organisation  string `placeholder:"SLUG" help:"Only what this organisation has of the person. Without it, all of them."`
	KeepDocuments bool   `help:"Leave the signed badges where they are. They hold the address as a salted hash, and whatever the issuer put in."`
	Yes           bool   `help:"Do it. Without this, only what would be erased is shown."`
}

// Run erases the person. The server may run or not.
func (e *eraseCommand) Run(c *console) error {
	return withInstallation(c, e.Config, func(ctx context.Context, a *app.App) error { return e.run(ctx, c, a) })
}

func (e *eraseCommand) run(ctx context.Context, c *console, a *app.App) error {
	r := erasure.Request{Email: strings.TrimSpace(e.Recipient), KeepDocuments: e.KeepDocuments}
	if e.Organisation != "" {
		o, err := a.Features.Orgs.BySlug(ctx, e.Organisation)
		if err != nil {
			return err
		}
		r.OrganisationID = o.ID
	}
	if !e.Yes {
		found, err := a.Features.Erasure.Look(ctx, r.OrganisationID, r.Email)
		if err != nil {
			return err
		}
		for _, w := range found.Awards {
			fmt.Fprintf(c.out, "%s  %s\n", a.Features.Issuing.URL(w), w.BadgeName)
		}
		c.note("%s would be erased, with everything else that is stored of this address. Nothing was changed; do it with --yes", count(int64(len(found.Awards)), "award"))
		return nil
	}
	found, err := a.Features.Erasure.Erase(ctx, r)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "Erased: %s, %s of spreadsheets, %s, %s.\n", count(int64(len(found.Awards)), "award"), count(found.Rows, "row"), count(found.Mails, "mail"), count(found.Kept, "kept document"))
	if err := a.Features.Erasure.Scrub(ctx); errors.Is(err, sqldb.ErrInUse) {
		c.note("%v; the server does that by itself", err)
	} else if err != nil {
		return err
	}
	return nil
}
