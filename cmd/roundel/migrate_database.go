package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/move"
)

// migrateDatabaseCommand takes the settings with which the installation is
// served afterwards: --data is where it is, --database where it goes.
type migrateDatabaseCommand struct {
	config.Config `embed:""`
}

// Run copies, compares and checks. The exit code is 1 when something is wrong.
func (m *migrateDatabaseCommand) Run(c *console) error {
	if m.Database == "" {
		return usageError{errors.New("say where to: --database postgres://…, an empty database; --data is the folder of the installation as it is")}
	}
	here := m.Config
	here.Database = ""
	if err := needInstallation(&here); err != nil {
		return err
	}
	out, err := app.MoveDatabase(c.ctx, m.Config, reporter(c, time.Now))
	if err != nil {
		return err
	}
	switch {
	case out.Already:
		c.note("it was moved already; checking what is there")
	case out.Resumed:
		c.note("went on with a move that was interrupted")
	}
	if !out.Already {
		fmt.Fprintf(c.out, "Moved %s of %s; they are the same in both databases.\n", count(out.Rows(), "row"), count(int64(len(out.Tables)), "table"))
	}
	if err := checkData(c, m.Config); err != nil {
		return fmt.Errorf("everything is moved, but could not be checked; run roundel fsck with the new settings: %w", err)
	}
	if c.code != exitOK {
		c.note("compare with what roundel fsck said of the old database before; these problems have come along")
	}
	c.note("now start roundel serve with the same settings, --database among them; keep %s: the key-encryption key, the pictures and the journal stay there", m.Data)
	if m.Signer != "" {
		c.note("start roundel signer anew, with --database too")
	}
	c.note("nothing starts on %s/roundel.db any more; delete it, and the files beside it that begin with its name, once a backup of the new database is made", m.Data)
	return nil
}

// reporter prints how far a move is: at the end of every table, and every few
// seconds in between.
func reporter(c *console, now func() time.Time) func(move.Progress) {
	last := now()
	return func(p move.Progress) {
		if p.Rows < p.Of && now().Sub(last) < 3*time.Second || p.Of == 0 {
			return
		}
		last = now()
		c.note("%s %s: %d of %s", p.Doing, p.Table, p.Rows, count(p.Of, "row"))
	}
}
