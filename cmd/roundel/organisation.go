package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/org"
)

// organisationCommand is what the operator decides about organisations, as the
// pages under /operator have it.
type organisationCommand struct {
	List    organisationListCommand    `cmd:"" help:"List the organisations, newest first."`
	Approve organisationApproveCommand `cmd:"" help:"Let an organisation work that waits or was refused. Its owners get a mail."`
	Refuse  organisationRefuseCommand  `cmd:"" help:"Say no to an organisation that waits. Its owners get a mail with the reason; it can still be approved later."`
	Suspend organisationSuspendCommand `cmd:"" help:"Keep an organisation from issuing and changing anything. What it has issued goes on being verified."`
	Lift    organisationLiftCommand    `cmd:"" help:"Lift the suspension of an organisation."`
	Stop    organisationStopCommand    `cmd:"" help:"The stop switch: issue nothing any more, for one organisation or for all. Verifying, public pages and status lists go on."`
	Resume  organisationResumeCommand  `cmd:"" aliases:"start" help:"Let an organisation issue again, or all of them."`
}

// named is an organisation by its part of the address.
type named struct {
	config.Config `embed:""`
	Organisation  string `arg:"" help:"The organisation, as its addresses name it: the part behind /console/."`
}

// decide does what the operator decides about the organisation, and says so.
func (n *named) decide(c *console, deed string, do func(context.Context, *org.Service, *org.Organisation) error) error {
	return withInstallation(c, n.Config, func(ctx context.Context, a *app.App) error {
		o, err := a.Features.Orgs.BySlug(ctx, n.Organisation)
		if err != nil {
			return err
		}
		if err := do(ctx, a.Features.Orgs, o); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s: %s\n", o.Name, deed)
		return nil
	})
}

type organisationListCommand struct {
	config.Config `embed:""`
	State         string `enum:",waiting,active,refused,suspended,stopped" default:"" placeholder:"STATE" help:"Only these: waiting, active, refused, suspended or stopped."`
}

// Run prints a line for each organisation, and whether issuing is stopped for all.
func (l *organisationListCommand) Run(c *console) error {
	return withInstallation(c, l.Config, func(ctx context.Context, a *app.App) error {
		w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ORGANISATION\tNAME\tOWNER\tMEMBERS\tAWARDS\tSINCE\tSTATE")
		search := org.Search{State: l.State, Limit: 500}
		for {
			page, err := a.Features.Orgs.All(ctx, search)
			if err != nil {
				return err
			}
			for _, o := range page {
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n", o.Slug, o.Name, o.Owner, o.Members, o.Awards, o.CreatedAt.Format("2006-01-02"), standing(o.Organisation))
			}
			if len(page) < search.Limit {
				break
			}
			search.Before = page[len(page)-1].ID
		}
		policy, err := a.Features.Orgs.Policy(ctx)
		if err == nil && !policy.StoppedAt.IsZero() {
			c.note("issuing is stopped for everybody: %s", policy.StopReason)
		}
		return errors.Join(err, w.Flush())
	})
}

// standing says what the operator has decided about an organisation.
func standing(o *org.Organisation) string {
	var words []string
	if o.State != org.Active {
		words = append(words, string(o.State))
	}
	if !o.SuspendedAt.IsZero() {
		words = append(words, "suspended")
	}
	if !o.StoppedAt.IsZero() {
		words = append(words, "stopped")
	}
	if len(words) == 0 {
		return string(org.Active)
	}
	return strings.Join(words, ", ")
}

type organisationApproveCommand struct {
	named `embed:""`
}

// Run approves the organisation.
func (d *organisationApproveCommand) Run(c *console) error {
	return d.decide(c, "approved", func(ctx context.Context, s *org.Service, o *org.Organisation) error { return s.Approve(ctx, o.ID) })
}

type organisationRefuseCommand struct {
	named  `embed:""`
	Reason string `required:"" placeholder:"TEXT" help:"Why, in a sentence. The organisation reads it."`
}

// Run refuses the organisation.
func (d *organisationRefuseCommand) Run(c *console) error {
	return d.decide(c, "refused", func(ctx context.Context, s *org.Service, o *org.Organisation) error {
		return s.Refuse(ctx, o.ID, d.Reason)
	})
}

type organisationSuspendCommand struct {
	named  `embed:""`
	Reason string `required:"" placeholder:"TEXT" help:"Why, in a sentence. The organisation reads it."`
}

// Run suspends the organisation.
func (d *organisationSuspendCommand) Run(c *console) error {
	return d.decide(c, "suspended", func(ctx context.Context, s *org.Service, o *org.Organisation) error {
		return s.Suspend(ctx, o.ID, d.Reason)
	})
}

type organisationLiftCommand struct {
	named `embed:""`
}

// Run lifts the suspension.
func (d *organisationLiftCommand) Run(c *console) error {
	return d.decide(c, "no longer suspended", func(ctx context.Context, s *org.Service, o *org.Organisation) error { return s.Lift(ctx, o.ID) })
}

// oneOrAll is an organisation, or all of them.
type oneOrAll struct {
	config.Config `embed:""`
	Organisation  string `arg:"" optional:"" help:"The organisation, as its addresses name it: the part behind /console/."`
	All           bool   `help:"Instead, the whole installation."`
}

func (o *oneOrAll) decide(c *console, deed string, one func(context.Context, *org.Service, *org.Organisation) error, all func(context.Context, *org.Service) error) error {
	if (o.Organisation == "") != o.All {
		return usageError{errors.New("name an organisation, or --all")}
	}
	if !o.All {
		n := named{o.Config, o.Organisation}
		return n.decide(c, deed, one)
	}
	return withInstallation(c, o.Config, func(ctx context.Context, a *app.App) error {
		err := all(ctx, a.Features.Orgs)
		if err == nil {
			fmt.Fprintf(c.out, "everybody: %s\n", deed)
		}
		return err
	})
}

type organisationStopCommand struct {
	oneOrAll `embed:""`
	Reason   string `required:"" placeholder:"TEXT" help:"Why, in a sentence. Whoever wants to issue reads it."`
}

// Run presses the stop switch.
func (d *organisationStopCommand) Run(c *console) error {
	return d.decide(c, "issuing stopped",
		func(ctx context.Context, s *org.Service, o *org.Organisation) error {
			return s.Stop(ctx, o.ID, d.Reason)
		},
		func(ctx context.Context, s *org.Service) error { return s.StopAll(ctx, d.Reason) })
}

type organisationResumeCommand struct {
	oneOrAll `embed:""`
}

// Run releases the stop switch.
func (d *organisationResumeCommand) Run(c *console) error {
	return d.decide(c, "issuing goes on",
		func(ctx context.Context, s *org.Service, o *org.Organisation) error { return s.Resume(ctx, o.ID) },
		func(ctx context.Context, s *org.Service) error { return s.ResumeAll(ctx) })
}
