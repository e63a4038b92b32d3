package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/observe"
)

type serveCommand struct {
	config.Config `embed:""`
}

// Run serves until it is interrupted.
func (s *serveCommand) Run(c *console) error {
	a, err := app.New(c.ctx, s.Config, observe.NewLogger(c.err, s.LogLevel, s.LogFormat))
	if err != nil {
		return err
	}
	if err := a.Start(c.ctx); err != nil {
		return joinClose(a, err)
	}
	link, err := a.SetUpURL(c.ctx)
	if err != nil {
		return joinClose(a, err)
	}
	if link != "" {
		fmt.Fprintf(c.out, "Roundel is at %s, set it up at %s\n", a.BaseURL, link)
	} else {
		fmt.Fprintf(c.out, "Roundel is at %s\n", a.BaseURL)
	}
	select {
	case <-c.ctx.Done():
	case err = <-a.Ended():
	}
	return joinClose(a, err)
}

func joinClose(a *app.App, err error) error {
	if closing := a.Close(); err == nil {
		err = closing
	}
	return err
}

func logger(c *console, level string) *slog.Logger {
	return observe.NewLogger(c.err, level, "text")
}

type userCommand struct {
	ResetLink resetLinkCommand `cmd:"" help:"Print a one-time link with which somebody chooses a new password."`
}

type resetLinkCommand struct {
	config.Config `embed:""`
	Email         string `arg:"" help:"The person's e-mail address."`
}

// Run prints the link. The server may run or not; it needs only the data.
func (r *resetLinkCommand) Run(c *console) error {
	if err := needInstallation(&r.Config); err != nil {
		return err
	}
	base := app.LastAddress(r.Config)
	r.Config.Listen = "127.0.0.1:0" // the server may be running at the real address
	a, err := app.New(c.ctx, r.Config, logger(c, "error"))
	if err != nil {
		return err
	}
	secret, err := a.Features.Accounts.ResetLink(c.ctx, r.Email)
	if err != nil {
		return joinClose(a, err)
	}
	fmt.Fprintf(c.out, "%s/reset/%s\n", base, secret)
	return joinClose(a, nil)
}

// needInstallation refuses a data folder that holds nothing: opening it would
// make an empty installation, which answers no question about the real one.
func needInstallation(c *config.Config) error {
	if c.Database != "" {
		return nil
	}
	_, err := os.Stat(filepath.Join(c.Data, "roundel.db"))
	if errors.Is(err, os.ErrNotExist) {
		return usageError{fmt.Errorf("there is no installation in %s; --data names its folder", c.Data)}
	}
	return err
}

type configCommand struct {
	config.Config `embed:""`
}

// Run prints every setting with its value. Secrets are files, so nothing has to
// be hidden.
func (s *configCommand) Run(c *console) error {
	if err := s.Config.Check(); err != nil {
		return err
	}
	for _, line := range s.Config.Lines() {
		fmt.Fprintln(c.out, line)
	}
	return nil
}
