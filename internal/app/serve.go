package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/certificate"
	"github.com/roundel/roundel/internal/config"
)

// doors are the listeners of a server: the main one, and what else the settings
// ask for. They are taken when the App is made and answer from open on.
type doors struct {
	log     *slog.Logger
	ended   chan error
	servers []*http.Server // in the order in which they close
	waiting []door
}

// door is one listener with what answers on it.
type door struct {
	listener net.Listener
	handler  http.Handler
	tls      *tls.Config
}

// listen takes an address; in words, what it is for.
func listen(address, what, flag string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s%s: %w (is Roundel running already? %s chooses another address)", address, what, err, flag)
	}
	return l, nil
}

// newDoors takes the addresses beside the main one.
func newDoors(a *App) (*doors, error) {
	d := &doors{log: a.Log, ended: a.ended}
	main := door{listener: a.listener, handler: a.handler}
	aside := func(next http.Handler) http.Handler { return next }
	switch c := a.Config; {
	case c.TLSCert != "":
		files, err := certificate.Open(c.TLSCert, c.TLSKey, a.Ground.Now, a.Log)
		if err != nil {
			return nil, err
		}
		main.tls = tlsConfig(files.Get)
	case c.ACMEDomain != "":
		acme, err := newACME(a)
		if err != nil {
			return nil, err
		}
		main.tls = tlsConfig(acme.Get, acme.Protocols()...)
		aside = acme.Challenges
	}
	d.waiting = append(d.waiting, main)
	for _, more := range []struct {
		address, what, flag string
		handler             http.Handler
	}{
		{a.Config.RedirectListen, " for http", "--redirect-listen", aside(toHTTPS(a.BaseURL))},
		{a.Config.MetricsListen, " for metrics", "--metrics", a.watch.metricsHandler()},
	} {
		if more.address == "" {
			continue
		}
		l, err := listen(more.address, more.what, more.flag)
		if err != nil {
			return nil, errors.Join(err, d.leave())
		}
		d.waiting = append(d.waiting, door{listener: l, handler: more.handler})
	}
	return d, nil
}

func newACME(a *App) (*certificate.ACME, error) {
	secrets := a.Ground.Keys.Secrets
	purpose := func(name string) string { return "certificate " + name }
	return certificate.NewACME(certificate.Authority{
		Hosts: strings.Split(a.Config.ACMEDomain, ","), Email: a.Config.ACMEEmail,
		Directory: a.Config.ACMEDirectory, CA: a.Config.ACMECA,
		Store: &certificate.Store{
			DB: a.Ground.DB, Now: a.Ground.Now,
			Seal: func(name string, plain []byte) []byte { return secrets.Seal(purpose(name), plain) },
			Open: func(name string, sealed []byte) ([]byte, error) { return secrets.Open(purpose(name), sealed) },
		},
	})
}

func tlsConfig(get func(*tls.ClientHelloInfo) (*tls.Certificate, error), protocols ...string) *tls.Config {
	return &tls.Config{GetCertificate: get, MinVersion: tls.VersionTLS12, NextProtos: append([]string{"h2", "http/1.1"}, protocols...)}
}

// open begins to answer.
func (d *doors) open() {
	for _, w := range d.waiting {
		s := &http.Server{
			Handler:           w.handler,
			TLSConfig:         w.tls,
			ReadHeaderTimeout: 10 * time.Second,
			ReadTimeout:       2 * time.Minute,
			WriteTimeout:      2 * time.Minute,
			IdleTimeout:       2 * time.Minute,
			MaxHeaderBytes:    64 << 10,
			ErrorLog:          slog.NewLogLogger(d.log.Handler(), slog.LevelDebug),
		}
		d.servers = append(d.servers, s)
		go func() {
			var err error
			if w.tls != nil {
				err = s.ServeTLS(w.listener, "", "")
			} else {
				err = s.Serve(w.listener)
			}
			if !errors.Is(err, http.ErrServerClosed) {
				select {
				case d.ended <- err:
				default: // another one ended first
				}
			}
		}()
	}
	d.waiting = nil
}

// leave gives up addresses that nobody answers on yet, but for the main one,
// which is the App's.
func (d *doors) leave() error {
	var errs []error
	for _, w := range d.waiting[1:] {
		errs = append(errs, w.listener.Close())
	}
	return errors.Join(errs...)
}

// close lets the requests under way end until ctx does, and cuts off the rest.
func (d *doors) close(ctx context.Context) error {
	var errs []error
	for _, s := range d.servers {
		if err := s.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("requests were cut off: %w", err), s.Close())
		}
	}
	return errors.Join(errs...)
}

// toHTTPS sends browsers to the public address. What is not a look at a page is
// refused: it was sent in the clear already, and a program should learn of it.
func toHTTPS(baseURL string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "Use "+baseURL+".", http.StatusBadRequest)
			return
		}
		http.Redirect(w, r, baseURL+r.URL.RequestURI(), http.StatusMovedPermanently)
	})
}

// scheme returns how the main address is spoken to.
func scheme(c config.Config) string {
	if c.TLSCert != "" || c.ACMEDomain != "" {
		return "https://"
	}
	return "http://"
}
