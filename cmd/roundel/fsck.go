package main

import (
	"context"
	"fmt"

	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/config"
)

type fsckCommand struct {
	config.Config `embed:""`
}

// Run checks the data and prints every problem. The exit code is 1 when there
// is one.
func (f *fsckCommand) Run(c *console) error { return checkData(c, f.Config) }

// checkData checks an installation's data.
func checkData(c *console, settings config.Config) error {
	return withInstallation(c, settings, func(ctx context.Context, a *app.App) error {
		report, err := a.Checker().Check(ctx)
		if err != nil {
			return err
		}
		for _, p := range report.Problems {
			fmt.Fprintln(c.out, p)
		}
		fmt.Fprintf(c.out, "%s, %s, %s", count(report.Awards, "award"), count(report.Rows, "awarded row"), count(report.Pictures, "picture"))
		if report.Attestations > 0 {
			fmt.Fprintf(c.out, ", %s of the VC API", count(report.Attestations, "credential"))
		}
		fmt.Fprint(c.out, ": ")
		if n := len(report.Problems); n > 0 {
			fmt.Fprintln(c.out, count(int64(n), "problem"))
			c.code = exitError
		} else {
			fmt.Fprintln(c.out, "clean")
		}
		return nil
	})
}
