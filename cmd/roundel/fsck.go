package main

import (
	"fmt"

	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/fsck"
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
	report, err := (&fsck.Checker{DB: a.Ground.DB, Blobs: a.Ground.Blobs, Keys: a.Ground.Keys}).Check(c.ctx)
	if err != nil {
		return joinClose(a, err)
	}
	for _, p := range report.Problems {
		fmt.Fprintln(c.out, p)
	}
	fmt.Fprintf(c.out, "%s, %s, %s: ", count(report.Awards, "award"), count(report.Rows, "awarded row"), count(report.Pictures, "picture"))
	if n := len(report.Problems); n > 0 {
		fmt.Fprintln(c.out, count(int64(n), "problem"))
		c.code = exitError
	} else {
		fmt.Fprintln(c.out, "clean")
	}
	return joinClose(a, nil)
}
