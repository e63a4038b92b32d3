// Package app builds the platform from its settings: the only place that does,
// one layer at a time. An App is a value; tests start one in process.
package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
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
	server   *http.Server
	ended    chan error
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
	if a.listener, err = net.Listen("tcp", c.Listen); err != nil {
		return nil, fmt.Errorf("listen on %s: %w (is Roundel running already? --listen chooses another address)", c.Listen, err)
	}
	if a.BaseURL = c.BaseURL; a.BaseURL == "" {
		a.BaseURL = "http://" + a.listener.Addr().String()
	}
	if a.Ground, err = newGround(ctx, c, log); err == nil {
		if a.Features, err = newFeatures(ctx, a); err == nil {
			a.handler, err = newEdges(a)
		}
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
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
	if err := a.Features.Outbox.Resume(ctx); err != nil {
		return fmt.Errorf("take up waiting mails: %w", err)
	}
	if err := a.Features.Jobs.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	a.server = &http.Server{
		Handler:           a.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       2 * time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(a.Log.Handler(), slog.LevelDebug),
	}
	listener := a.listener
	if a.Config.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(a.Config.TLSCert, a.Config.TLSKey)
		if err != nil {
			return fmt.Errorf("certificate: %w", err)
		}
		a.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
		listener = tls.NewListener(listener, a.server.TLSConfig)
	}
	go func() {
		if err := a.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.ended <- err
		}
	}()
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

// Close stops serving, lets what is under way end, and closes the data.
func (a *App) Close() error {
	var errs []error
	if a.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		if err := a.server.Shutdown(ctx); err != nil {
			errs = append(errs, err, a.server.Close())
		}
	} else if a.listener != nil {
		errs = append(errs, a.listener.Close())
	}
	if a.Features != nil {
		a.Features.Jobs.Stop()
	}
	if a.Ground != nil {
		errs = append(errs, a.Ground.Close())
	}
	if a.lock != nil {
		errs = append(errs, a.lock.Close())
	}
	return errors.Join(errs...)
}

// own answers addresses under our own base URL in process: they are never
// fetched, so verifying our own badges needs no network and cannot be turned
// against us.
func (a *App) own(client *fetch.Client) { client.Own = a.ownHandler }
