// Package vcapi is the VC API of the W3C Credentials Community Group, at /vc:
// programs have credentials of any kind signed by the installation's own
// did:key issuers, and check what others show them.
//
// Every address but status lists needs an API token of an organisation.
package vcapi

import (
	"context"
	_ "embed" // the description
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/roundel/roundel/internal/attest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/verification"
)

// Server answers programs that speak the VC API.
type Server struct {
	Attest       *attest.Service
	Verification *verification.Service
	Gate         *gate.Gate
	Log          *slog.Logger
	// Open lets in whoever asks from this machine without a token. It is for
	// development and for test suites, which cannot send one.
	Open bool
}

// Base is where the VC API lies.
const Base = "/vc"

// ListPath is where status lists lie, each under its public id.
const ListPath = Base + "/status/"

// route is one entry of the table: what a path needs, and who answers it.
type route struct {
	pattern    string // as http.ServeMux takes it, with a method
	permission gate.Permission
	handle     func(*Server, http.ResponseWriter, *http.Request) error
}

func routes() []route {
	issue, withdraw := gate.Needs(org.IssueAwards), gate.Reduces(org.WithdrawAwards)
	return []route{
		{"POST " + Base + "/credentials/issue", issue, (*Server).issue},
		{"POST " + Base + "/credentials/status", withdraw, (*Server).setStatus},
		{"POST " + Base + "/credentials/verify", gate.AnyToken, (*Server).verifyCredential},
		{"POST " + Base + "/presentations/verify", gate.AnyToken, (*Server).verifyPresentation},
		{"POST " + Base + "/credentials/derive", gate.AnyToken, (*Server).derive},
		{"GET " + Base + "/identifiers/{did}", gate.AnyToken, (*Server).identifier},
		{"GET " + Base + "/issuer-ids", gate.AnyToken, (*Server).issuerIDs},
		{"GET " + Base + "/openapi.json", gate.Public, (*Server).describe},
		{"GET " + ListPath + "{list}", gate.Public, (*Server).statusList},
	}
}

// Routes returns the table: what each pattern needs.
func Routes() map[string]gate.Permission {
	all := map[string]gate.Permission{}
	for _, r := range routes() {
		all[r.pattern] = r.permission
	}
	return all
}

// Patterns returns what needs a token, as http.ServeMux takes it.
func Patterns() (all []string) {
	for _, r := range routes() {
		if r.permission != gate.Public {
			all = append(all, r.pattern)
		}
	}
	return all
}

// Mount adds the interface to mux.
func (s *Server) Mount(mux *http.ServeMux) {
	for _, r := range routes() {
		mux.Handle(r.pattern, s.answer(r))
	}
	mux.Handle(Base+"/", s.answer(route{Base + "/", gate.AnyToken, (*Server).nothing}))
}

// nothing answers addresses and methods that do not exist.
func (s *Server) nothing(http.ResponseWriter, *http.Request) error {
	return fault.NotFoundf("There is nothing at this address for this method.")
}

// answer lets callers in, calls the handler and turns what went wrong into a
// problem document, once and here.
func (s *Server) answer(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		admitted, err := s.admit(r, rt.permission)
		if err == nil {
			err = rt.handle(s, w, admitted)
		}
		if err != nil {
			s.fail(w, admitted, err)
		}
	})
}

// admit lets in programs with a token. With Open it lets in, as nobody, whoever
// sends none and asks from this machine for this machine.
func (s *Server) admit(r *http.Request, p gate.Permission) (*http.Request, error) {
	if s.Open && p != gate.Public && r.Header.Get("Authorization") == "" && local(r) {
		p = gate.Public
	}
	return s.Gate.AdmitProgram(r, p)
}

// local reports whether a request comes straight from this machine and names
// it. A proxy in front would pass on strangers; a page in a browser could have
// its own name point here.
func local(r *http.Request) bool {
	for _, by := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via", "Origin"} {
		if r.Header.Get(by) != "" {
			return false
		}
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && from.Addr().Unmap().IsLoopback() && Loopback(r.Host)
}

// Loopback reports whether a host, with or without a port, is a name of this
// machine for itself.
func Loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// organisation returns whose token came with the request, 0 if none did.
func organisation(ctx context.Context) int64 {
	if o := gate.From(ctx).Organisation; o != nil {
		return o.ID
	}
	return 0
}

//go:embed openapi.json
var description []byte

// describe answers GET /openapi.json, for everybody: the description in OpenAPI
// 3.1.
func (s *Server) describe(w http.ResponseWriter, _ *http.Request) error {
	return send(w, http.StatusOK, json.RawMessage(description))
}

// issuerIDs answers GET /issuer-ids: the DIDs of our issuers by kind of key.
func (s *Server) issuerIDs(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Attest.Keys.Issuers(r.Context())
	if err != nil {
		return err
	}
	ids := map[string]string{}
	for _, i := range list {
		ids[string(i.Kind)] = i.DID
	}
	return send(w, http.StatusOK, ids)
}

// fail sends the problem document for err. What is not a fault is logged and
// not told.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *refused
	if errors.As(err, &refusal) {
		refusal.send(w)
		return
	}
	status := statusOf(err)
	if status == http.StatusInternalServerError && r.Context().Err() == nil { // who has gone needs no answer
		s.Log.ErrorContext(r.Context(), "vc api failed", "method", r.Method, "route", r.Pattern, "error", err)
	}
	if errors.Is(err, gate.ErrToken) {
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Bearer realm="roundel"`)
	}
	if errors.Is(err, attest.ErrKeyReused) {
		status = http.StatusUnprocessableEntity
	}
	p := Problem{Type: problemType(err), Title: titles[problemType(err)], Detail: fault.Message(err)}
	for _, f := range fault.FieldsOf(err) {
		p.Detail = strings.TrimPrefix(f.Path+": "+f.Message, ": ")
	}
	(&refused{status: status, problems: []Problem{p}}).send(w)
}

// statusOf is gate.Status, but for what is at fault in a request: the VC API has
// 400 for that.
func statusOf(err error) int {
	if fault.KindOf(err) == fault.Invalid {
		return http.StatusBadRequest
	}
	return gate.Status(err)
}
