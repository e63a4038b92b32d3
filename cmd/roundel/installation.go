package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/config"
)

// withInstallation opens an installation, whether or not its server runs, and
// has do work with it as the command line. Addresses are those at which it is
// reached.
func withInstallation(c *console, settings config.Config, do func(context.Context, *app.App) error) error {
	if err := needInstallation(&settings); err != nil {
		return err
	}
	settings.BaseURL = app.LastAddress(settings)
	settings.Listen = "127.0.0.1:0" // the server may be running at the real address
	a, err := app.New(c.ctx, settings, logger(c, "error"))
	if err != nil {
		return err
	}
	return joinClose(a, do(c.ctx, a))
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

func joinClose(a *app.App, err error) error {
	if closing := a.Close(); err == nil {
		err = closing
	}
	return err
}
