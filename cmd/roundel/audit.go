package main

import (
	"context"
	"fmt"
	"os"

	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/config"
)

type auditCommand struct {
	Verify auditVerifyCommand `cmd:"" help:"Check that nothing in the audit log was changed, added or removed."`
	Export auditExportCommand `cmd:"" help:"Print the audit log of an organisation as JSON Lines, which anybody can check."`
}

type auditVerifyCommand struct {
	config.Config `embed:""`
	File          string   `arg:"" optional:"" type:"existingfile" help:"A log that was downloaded. Without it, the log of the installation in --data or --database is checked."`
	Head          []string `placeholder:"ORGANISATION:POSITION:HASH" help:"An end of the log that was written down earlier, as the server's own log has it: it must still lie on the chain."`
}

// Run checks a file, or the installation. The exit code is 1 when something is
// wrong.
func (v *auditVerifyCommand) Run(c *console) error {
	var heads []audit.Head
	for _, text := range v.Head {
		h, err := audit.ParseHead(text)
		if err != nil {
			return usageError{err}
		}
		heads = append(heads, h)
	}
	if v.File != "" {
		return v.file(c, heads)
	}
	return withInstallation(c, v.Config, func(ctx context.Context, a *app.App) error {
		report, err := a.VerifyAudit(ctx, heads...)
		if err != nil {
			return err
		}
		for _, p := range report.Problems {
			fmt.Fprintln(c.out, p)
		}
		for _, h := range report.Heads {
			fmt.Fprintf(c.out, "head %s\n", h)
		}
		fmt.Fprintf(c.out, "%s, %d not sealed yet: ", countEntries(report.Entries), report.Unsealed)
		if n := len(report.Problems); n > 0 {
			fmt.Fprintln(c.out, count(int64(n), "problem"))
			c.code = exitError
		} else {
			fmt.Fprintln(c.out, "whole")
		}
		return nil
	})
}

// file checks a log that was downloaded. It needs no installation.
func (v *auditVerifyCommand) file(c *console, heads []audit.Head) error {
	f, err := os.Open(v.File)
	if err != nil {
		return err
	}
	defer f.Close()
	end, n, err := audit.CheckFile(f, heads...)
	if err != nil {
		fmt.Fprintf(c.out, "%s: %v\n", v.File, err)
		c.code = exitError
		return nil
	}
	fmt.Fprintf(c.out, "head %s\n%s: whole\n", end, countEntries(n))
	return nil
}

func countEntries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

type auditExportCommand struct {
	config.Config `embed:""`
	Organisation  int64 `help:"Number of the organisation; 0 is the installation itself." default:"0"`
}

// Run prints the log.
func (e *auditExportCommand) Run(c *console) error {
	return withInstallation(c, e.Config, func(ctx context.Context, a *app.App) error {
		return a.Features.Audit.WriteJSONLines(ctx, c.out, e.Organisation, audit.Period{})
	})
}
