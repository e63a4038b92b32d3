package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/roundel/roundel/internal/backup"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/move"
	"github.com/roundel/roundel/internal/sqldb"
)

// MoveDatabase copies the SQLite database in the data folder into the PostgreSQL
// database of the settings, with which the installation is served from then on;
// everything else in the folder stays where it is. It refuses while a server
// works on the data. One that was interrupted goes on.
func MoveDatabase(ctx context.Context, c config.Config, report func(move.Progress)) (out move.Outcome, err error) {
	if err := c.Check(); err != nil {
		return out, err
	}
	lock, err := lockData(c.Data, LastAddress(c))
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	mark, err := move.NextMark(c.Data, withoutPassword(c.Database), time.Now())
	if err != nil {
		return out, err
	}
	ctx = sqldb.ForInstallation(ctx)
	here := c
	here.Database, here.DatabaseOwner = "", ""
	from, err := sqldb.Open(ctx, here.DatabaseURL())
	if err != nil {
		return out, fmt.Errorf("open the database in %s: %w", c.Data, err)
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	if err := fit(ctx, from, c); err != nil {
		return out, err
	}
	to, err := sqldb.OpenWith(ctx, c.Database, databaseOptions(c))
	if err != nil {
		return out, fmt.Errorf("open the database to move to: %w", err)
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	m := &move.Move{From: from, To: to, ID: mark.Move, Report: report, Begin: func() error { return mark.Write(c.Data) }}
	if out, err = m.Run(ctx); err != nil {
		return out, err
	}
	return out, mark.End(c.Data, time.Now())
}

// fit makes sure that the data is whole, and that what is copied can be opened
// afterwards.
func fit(ctx context.Context, from *sqldb.DB, c config.Config) error {
	has, newest, err := from.SchemaVersion(ctx)
	if err != nil || has != newest {
		return err // the move refuses it
	}
	if err := backup.Ready(ctx, from); err != nil {
		return err
	}
	if c.Signer != "" {
		return nil // it checks its own key
	}
	if _, err := os.Stat(c.KeyPath()); c.PassphraseFile == "" && errors.Is(err, os.ErrNotExist) {
		return fault.Invalidf("There is no key-encryption key at %s. Say where it is with --key-file or --passphrase-file. Nothing was changed.", c.KeyPath())
	}
	_, err = openKeys(ctx, from, c)
	return err
}

// withoutPassword returns an address to show to people.
func withoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "PostgreSQL"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	q := u.Query()
	q.Del("password")
	q.Del("sslpassword")
	u.RawQuery = q.Encode()
	return u.String()
}
