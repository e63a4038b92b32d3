package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/observe"
)

// collectAt is by how many percent the heap grows until garbage is collected.
// Little of it lives long: what a request leaves behind is cheaper to keep for a
// while than to look for twice as often. GOGC in the environment overrules it.
const collectAt = 200

type serveCommand struct {
	config.Config `embed:""`
}

// Run serves until it is interrupted.
func (s *serveCommand) Run(c *console) error {
	if err := harden(); err != nil {
		return err
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	a, err := app.New(c.ctx, s.Config, observe.NewLogger(c.err, s.LogLevel, s.LogFormat))
	if err != nil {
		return err
	}
	if err := a.Start(c.ctx); err != nil {
		return joinClose(a, err)
	}
	link, err := a.SetUpURL(context.WithoutCancel(c.ctx)) // it serves by now: an interrupt is no failure
	if err != nil {
		return joinClose(a, err)
	}
	debug.FreeOSMemory() // what building it took, and nobody needs again
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

func logger(c *console, level string) *slog.Logger {
	return observe.NewLogger(c.err, level, "text")
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
