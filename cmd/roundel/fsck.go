package main

import (
	"fmt"

	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/config"
)

type fsckCommand struct {
	config.Config `embed:""`
}

// Run checks the data and prints every problem. The exit code is 1 when there
// is one.
func (f *fsckCommand) Run(c *console) error {
	if err := needInstallation(&f.Config); err != nil {
		return err
	}
	f.Config.Listen = "127.0.0.1:0" // the server may be running at the real address
	a, err := app.New(c.ctx, f.Config, logger(c, "error"))
	if err != nil {
		return err
	}
	report, err := a.Checker().Check(c.ctx)
	if err != nil {
		return joinClose(a, err)
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
	return joinClose(a, nil)
}
