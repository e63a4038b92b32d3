// Package app builds the platform from its settings: the only place that does,
// one layer at a time. An App is a value; tests start one in process.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/fetch"
	"github.com/roundel/roundel/internal/sqldb"
)

// App is a running installation.
type App struct {
	Config  config.Config
	Log     *slog.Logger
	BaseURL string // public address, without a trailing slash

	Ground   *Ground
	Features *Features

	handler  http.Handler
	listener net.Listener
	lock     *os.File // held while this process serves
	watch    *watch
	doors    *doors
	ended    chan error
	closing  sync.Once
	closed   error
}

// New opens the data, migrates it and builds every layer. Nothing is served
// yet. Close releases what it holds.
func New(ctx context.Context, c config.Config, log *slog.Logger) (*App, error) {
	ctx = sqldb.ForInstallation(ctx)
	if err := c.Check(); err != nil {
		return nil, err
	}
	a := &App{Config: c, Log: log, ended: make(chan error, 1)}
	// The address is taken first: with port 0, and without a public address, it
	// is what the documents carry.
	var err error
	if a.listener, err = listen(c.Listen, "", "--listen"); err != nil {
		return nil, err
	}
	if a.BaseURL = c.BaseURL; a.BaseURL == "" {
		a.BaseURL = scheme(c) + a.listener.Addr().String()
	}
	if err := a.build(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// build makes the layers, one on the other.
func (a *App) build(ctx context.Context) (err error) {
	if a.Ground, err = newGround(ctx, a.Config, a.Log); err != nil {
		return err
	}
	if a.watch, err = newWatch(ctx, a); err != nil {
		return err
	}
	if a.Features, err = newFeatures(ctx, a); err != nil {
		return err
	}
	a.handler, err = newEdges(a)
	a.handler = unscoped(a.handler)
	return err
}

// Start serves and works in the background until Close. It fails when another
// server works on the same data folder.
func (a *App) Start(ctx context.Context) (err error) {
	ctx = sqldb.ForInstallation(ctx)
	if a.Config.Database == "" { // nodes that share PostgreSQL share the folder too
		if a.lock, err = lockData(a.Config.Data, a.BaseURL); err != nil {
			return err
		}
	}
	if err := a.Features.Issuing.KeepResuming(ctx); err != nil {
		return fmt.Errorf("finish interrupted awards: %w", err)
	}
	if err := a.Features.Attest.KeepGivingUp(ctx); err != nil {
		return fmt.Errorf("give up interrupted credentials: %w", err)
	}
	if err := a.Features.Erasure.KeepTidy(ctx); err != nil {
		return fmt.Errorf("forget what has served its purpose: %w", err)
	}
	if err := a.Ground.Keys.KeepChecking(ctx); err != nil {
		return fmt.Errorf("look after published keys: %w", err)
	}
	if err := a.Features.Outbox.Resume(ctx); err != nil {
		return fmt.Errorf("take up waiting mails: %w", err)
	}
	if a.doors, err = newDoors(a); err != nil {
		return err
	}
	if err := a.Features.Jobs.Start(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(err, a.doors.leave())
	}
	if err := a.Features.Journal.Start(ctx); err != nil {
		return errors.Join(err, a.doors.leave())
	}
	a.watch.start(ctx)
	a.doors.open()
	return nil
}

// Ended delivers the error when serving ends by itself.
func (a *App) Ended() <-chan error { return a.ended }

// Addr returns the address that the server listens on.
func (a *App) Addr() string { return a.listener.Addr().String() }

// Handler returns what answers requests, for tests and for addresses under our
// own base URL.
func (a *App) Handler() http.Handler { return a.handler }

// SetUpURL returns a fresh one-time link for the first account, or "" when
// there is one already.
func (a *App) SetUpURL(ctx context.Context) (string, error) {
	ctx = sqldb.ForInstallation(ctx)
	any, err := a.Features.Accounts.Any(ctx)
	if err != nil || any {
		return "", err
	}
	secret, err := a.Features.Accounts.SetUpLink(ctx)
	return a.BaseURL + "/set-up/" + secret, err
}

// Close stops serving, lets what is under way end for as long as --stop-timeout
// says, and closes the data. Load balancers are told first. Closing again does
// nothing more.
func (a *App) Close() error {
	a.closing.Do(func() { a.closed = a.close() })
	return a.closed
}

func (a *App) close() error {
	var errs []error
	timeout := a.Config.StopTimeout
	if timeout == 0 {
		timeout = 15 * time.Second
	}
	serving := a.doors != nil && len(a.doors.servers) > 0
	if serving {
		a.watch.health.Drain()
		time.Sleep(a.Config.StopDelay)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if serving {
		errs = append(errs, a.doors.close(ctx))
	} else if a.listener != nil {
		errs = append(errs, a.listener.Close())
	}
	if a.Features != nil {
		errs = append(errs, within(ctx, "jobs were cut off; they are done again at the next start", func() error { a.Features.Jobs.Stop(); return nil }))
	}
	if a.Features != nil {
		a.Features.Journal.Stop()
	}
	if a.watch != nil {
		errs = append(errs, a.watch.close(ctx))
	}
	if a.Ground != nil {
		more, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		errs = append(errs, within(more, "the database was not closed in time", a.Ground.Close))
	}
	if a.lock != nil {
		errs = append(errs, a.lock.Close())
	}
	return errors.Join(errs...)
}

// within calls fn and waits for it until ctx ends.
func within(ctx context.Context, late string, fn func() error) error {
	done := make(chan error, 1)
	go func() { done <- fn() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errors.New(late)
	}
}

// own answers addresses under our own base URL in process: they are never
// fetched, so verifying our own badges needs no network and cannot be turned
// against us.
func (a *App) own(client *fetch.Client) { client.Own = a.ownHandler }
