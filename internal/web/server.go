package web

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/backup/erasure"
	"github.com/roundel/roundel/internal/backup/transfer"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/claim"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/signin"
	"github.com/roundel/roundel/internal/verification"
)

// Server answers people: the public pages, the claim page, the verifier and
// the console.
type Server struct {
	Accounts     *account.Service
	Orgs         *org.Service
	Badges       *badge.Service
	Issuing      *issuing.Service
	Claims       *claim.Service
	Verification *verification.Service
	Outbox       *outbox.Service
	Audit        *audit.Service
	Erasure      *erasure.Service
	SignIn       *signin.Service // nil: nobody signs in by others
	Transfer     *transfer.Service
	Blobs        blob.Store
	Keys         *keys.Ring
	Gate         *gate.Gate
	Catalogues   *locale.Catalogues
	Now          func() time.Time
	Log          *slog.Logger
	BaseURL      string // public address of the installation, without a trailing slash
	Site         string // name of the installation
	Mails        bool   // there is a mail server: mails leave the outbox
	Development  bool   // adds /styleguide

	pages *renderer
	icon  []byte // answers /favicon.ico
}

// route is one entry of the table: what a path needs, and who answers it.
type route struct {
	pattern    string // as http.ServeMux takes it, with a method
	permission gate.Permission
	handle     func(http.ResponseWriter, *http.Request) error
}

// Mount adds every page to mux. It fails when a template cannot be read.
func (s *Server) Mount(mux *http.ServeMux) error {
	var err error
	if s.pages, err = newRenderer(renderOptions{Catalogues: s.Catalogues, Site: s.Site}); err != nil {
		return err
	}
	if s.icon, err = markIcon(); err != nil {
		return err
	}
	for _, r := range s.routes() {
		mux.Handle(r.pattern, s.answer(r))
	}
	mux.Handle("GET /static/", s.pages.static)
	return nil
}

// routes is the whole table.
func (s *Server) routes() []route {
	return slices.Concat(s.publicRoutes(), s.consoleRoutes(), s.accountRoutes(), s.keyRoutes())
}

// Routes returns the table: what each pattern needs.
func Routes() map[string]gate.Permission {
	all := map[string]gate.Permission{}
	for _, r := range (&Server{}).routes() {
		all[r.pattern] = r.permission
	}
	return all
}

// answer lets the gate decide, calls the handler, and turns what went wrong
// into a page, once and here.
func (s *Server) answer(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		admitted, err := r, error(nil)
		if err = wellFormed(r.URL); err == nil {
			admitted, err = s.Gate.Admit(r, rt.permission)
		}
		if err == nil {
			err = rt.handle(w, admitted)
		}
		if err != nil {
			s.fail(w, admitted, err)
		}
	})
}

// wellFormed returns a NotFound fault for an address with bytes that no address
// of ours has, and that not every database takes: broken UTF-8 and NUL.
func wellFormed(u *url.URL) error {
	query, err := url.QueryUnescape(u.RawQuery)
	if err != nil || !utf8.ValidString(u.Path+query) || strings.ContainsRune(u.Path+query, 0) {
		return fault.NotFoundf("There is nothing at this address.")
	}
	return nil
}

// fail shows what went wrong. Somebody who has to sign in first is taken there
// and then back to where they wanted to go.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, gate.ErrSignIn):
		next := r.URL.RequestURI()
		if r.Method != http.MethodGet {
			next = "/console"
		}
		http.Redirect(w, r, "/sign-in?next="+url.QueryEscape(next), http.StatusSeeOther)
		return
	case errors.Is(err, gate.ErrSecondFactor):
		http.Redirect(w, r, "/account/security?needs=second", http.StatusSeeOther)
		return
	case errors.Is(err, account.ErrProof):
		s.askProof(w, r)
		return
	case errors.As(err, &tooLarge):
		err = fault.Wrap(fault.Invalid, err, "What you sent is larger than we take. Use a smaller file.")
	case fault.KindOf(err) == fault.Internal && r.Context().Err() == nil: // who has gone needs no answer
		s.Log.ErrorContext(r.Context(), "page failed", "method", r.Method, "route", r.Pattern, "error", err)
	}
	if err := s.showFault(w, r, err); err != nil {
		s.Log.ErrorContext(r.Context(), "error page failed", "error", err)
		http.Error(w, fault.Message(nil), http.StatusInternalServerError)
	}
}

// render shows a page, with the signed-in person in its bar.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, page string, data pageData) error {
	p := data.common()
	if c := gate.From(r.Context()); c.Account != nil {
		p.Nav.Person, p.Nav.Console, p.Nav.SignOut = c.Account.Name, "/console", "/sign-out"
		p.Nav.Account = "/account"
		if c.Account.Operator {
			p.Nav.Operator = "/operator"
		}
		if c.Organisation != nil {
			p.Nav.Organisation = c.Organisation.Name
		}
	}
	return s.pages.render(w, r, status, page, data)
}

// refused reports whether err is something to show above the form that caused
// it, rather than on a page of its own.
func refused(err error) bool {
	k := fault.KindOf(err)
	return k == fault.Invalid || k == fault.Conflict
}
