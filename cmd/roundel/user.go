package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/config"
)

type userCommand struct {
	List           userListCommand     `cmd:"" help:"List the accounts."`
	Create         userCreateCommand   `cmd:"" help:"Make an account, and print a one-time link with which its owner chooses a password."`
	ResetLink      resetLinkCommand    `cmd:"" help:"Print a one-time link with which somebody chooses a new password."`
	ConfirmAddress userConfirmCommand  `cmd:"" help:"Vouch for an address of an account, without a mail."`
	DropFactor     userFactorCommand   `cmd:"" help:"Take the authenticator app from somebody who has lost it. Make sure that it is them."`
	Operator       userOperatorCommand `cmd:"" help:"Make somebody an operator, who runs the installation, or no longer one."`
	Disable        userDisableCommand  `cmd:"" help:"Keep somebody from signing in, at once; their own API tokens stop too."`
	Enable         userEnableCommand   `cmd:"" help:"Let somebody sign in again."`
}

// who names an account.
type who struct {
	config.Config `embed:""`
	Who           string `arg:"" name:"email" help:"The person's e-mail address, or the id that roundel user list shows."`
}

// people calls do with the accounts of an installation, and the address at which
// it is reached.
func people(c *console, settings config.Config, do func(ctx context.Context, accounts *account.Service, base string) error) error {
	return withInstallation(c, settings, func(ctx context.Context, a *app.App) error {
		return do(ctx, a.Features.Accounts, a.BaseURL)
	})
}

type resetLinkCommand struct {
	who `embed:""`
}

// Run prints the link.
func (r *resetLinkCommand) Run(c *console) error {
	return people(c, r.Config, func(ctx context.Context, accounts *account.Service, base string) error {
		secret, err := accounts.ResetLink(ctx, r.Who)
		if err == nil {
			fmt.Fprintf(c.out, "%s/reset/%s\n", base, secret)
		}
		return err
	})
}

type userListCommand struct {
	config.Config `embed:""`
}

// Run prints a line for each account.
func (u *userListCommand) Run(c *console) error {
	return people(c, u.Config, func(ctx context.Context, accounts *account.Service, _ string) error {
		list, err := accounts.List(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tADDRESS\tNAME\tSINCE\tSTATE")
		for _, a := range list {
			var state []string
			if a.Operator {
				state = append(state, "operator")
			}
			if !a.Verified {
				state = append(state, "address not confirmed")
			}
			if !a.DisabledAt.IsZero() {
				state = append(state, "disabled")
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", a.PublicID, a.Email, a.Name, a.CreatedAt.Format("2006-01-02"), strings.Join(state, ", "))
		}
		return w.Flush()
	})
}

type userCreateCommand struct {
	config.Config `embed:""`
	Email         string `arg:"" help:"The person's e-mail address, which you vouch for."`
	FullName      string `arg:"" name:"name" help:"The person's name."`
	Operator      bool   `help:"The person runs the installation, like whoever set it up."`
}

// Run makes the account and prints the link.
func (u *userCreateCommand) Run(c *console) error {
	return people(c, u.Config, func(ctx context.Context, accounts *account.Service, base string) error {
		secret, err := accounts.AddPerson(ctx, u.FullName, u.Email, u.Operator)
		if err == nil {
			fmt.Fprintf(c.out, "%s/reset/%s\n", base, secret)
		}
		return err
	})
}

type userConfirmCommand struct {
	who     `embed:""`
	Address string `arg:"" help:"The address to confirm; it is added if the account does not have it."`
}

// Run confirms the address.
func (u *userConfirmCommand) Run(c *console) error {
	return people(c, u.Config, func(ctx context.Context, accounts *account.Service, _ string) error {
		return accounts.ConfirmAddress(ctx, u.Who, u.Address)
	})
}

type userFactorCommand struct {
	who `embed:""`
}

// Run takes the app away.
func (u *userFactorCommand) Run(c *console) error {
	return people(c, u.Config, func(ctx context.Context, accounts *account.Service, _ string) error {
		return accounts.DropFactor(ctx, u.Who)
	})
}

type userDisableCommand struct {
	who `embed:""`
}

// Run disables the account.
func (u *userDisableCommand) Run(c *console) error { return setDisabled(c, u.who, true) }

type userEnableCommand struct {
	who `embed:""`
}

// Run enables the account.
func (u *userEnableCommand) Run(c *console) error { return setDisabled(c, u.who, false) }

func setDisabled(c *console, u who, disabled bool) error {
	return people(c, u.Config, func(ctx context.Context, accounts *account.Service, _ string) error {
		return accounts.SetDisabled(ctx, u.Who, disabled)
	})
}

type userOperatorCommand struct {
	config.Config `embed:""`
	Email         string `arg:"" help:"A confirmed e-mail address of the person."`
	Remove        bool   `help:"Make them an operator no longer. The last one stays."`
}

// Run makes the person an operator, or no longer one.
func (u *userOperatorCommand) Run(c *console) error {
	return people(c, u.Config, func(ctx context.Context, accounts *account.Service, _ string) error {
		return accounts.SetOperator(ctx, u.Email, !u.Remove)
	})
}
