package app

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/roundel/roundel/internal/api"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/mail"
	"github.com/roundel/roundel/internal/observe"
	"github.com/roundel/roundel/internal/protocol/vcapi"
	"github.com/roundel/roundel/internal/web"
)

// newEdges builds what answers requests.
func newEdges(a *App) (http.Handler, error) {
	f, g := a.Features, a.Ground
	secure := strings.HasPrefix(a.BaseURL, "https://")
	door := &gate.Gate{Accounts: f.Accounts, Orgs: f.Orgs, Secure: secure}
	guards := newGuards(a)
	guards.at(door, a)
	mux := http.NewServeMux()
	pages := &web.Server{
		Accounts: f.Accounts, Orgs: f.Orgs, Badges: f.Badges, Issuing: f.Issuing, Claims: f.Claims, Verification: f.Verification,
		Outbox: f.Outbox, Audit: f.Audit, Erasure: f.Erasure, SignIn: f.SignIn, Transfer: f.Transfer, Blobs: g.Blobs, Keys: g.Keys, Gate: door, Catalogues: g.Catalogues, Now: g.Now, Log: a.Log,
		BaseURL: a.BaseURL, Site: a.Config.Name, Mails: g.Mail != nil, Development: a.Config.Development,
	}
	if err := pages.Mount(mux); err != nil {
		return nil, err
	}
	programs := &api.Server{Keys: g.Keys, Issuing: f.Issuing, Orgs: f.Orgs, Audit: f.Audit, Gate: door, Log: a.Log, BaseURL: a.BaseURL}
	programs.Mount(mux)
	credentials := &vcapi.Server{Attest: f.Attest, Verification: f.Verification, Gate: door, Log: a.Log, Open: a.Config.VCAPIOpen}
	credentials.Mount(mux)
	mux.HandleFunc("GET /healthz", a.watch.health.Live)
	mux.HandleFunc("GET /readyz", a.watch.health.Ready)
	return a.watch.behind(safeHeaders(guards.before(limitBodies(secureTransport(fromOurPages().Handler(observe.Routed(mux)), secure))))), nil
}

// fromOurPages refuses what another site's page sends, but for the answers of
// SAML identity providers, which browsers bring by a form of theirs.
func fromOurPages() *http.CrossOriginProtection {
	c := http.NewCrossOriginProtection()
	c.AddInsecureBypassPattern("POST /saml/{provider}/acs")
	return c
}

// limitBodies bounds what a request may bring. The largest is a spreadsheet.
func limitBodies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, issuing.MaxBatchBytes+1<<20)
		next.ServeHTTP(w, r)
	})
}

// safeHeaders sets what holds for every answer whose handler says nothing else:
// it is what its type says, nothing may run in it or frame it, and its address
// is told to nobody. Pages have a policy of their own.
func safeHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Permissions-Policy", "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()")
		next.ServeHTTP(w, r)
	})
}

// secureTransport tells browsers to come back over https only.
func secureTransport(next http.Handler, secure bool) http.Handler {
	if !secure {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		next.ServeHTTP(w, r)
	})
}

// ownHandler returns what answers u when it lies under our own base URL.
func (a *App) ownHandler(u *url.URL) http.Handler {
	base, err := url.Parse(a.BaseURL)
	if err != nil || !strings.EqualFold(u.Scheme, base.Scheme) || !strings.EqualFold(u.Host, base.Host) {
		return nil
	}
	return a.handler
}

// newMail returns the sender that the settings describe. It returns no sender,
// and no error, without a mail server.
func newMail(c config.Config) (mail.Sender, error) {
	if c.SMTPAddr == "" {
		return nil, nil
	}
	return &mail.SMTP{Addr: c.SMTPAddr, User: c.SMTPUser, PasswordFile: c.SMTPPasswordFile, From: c.MailFrom}, nil
}
