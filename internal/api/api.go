// Package api is the REST interface, version 1: for programs that award badges
// and follow them. Its description in OpenAPI 3.1 is at /api/v1/openapi.json.
//
// Every fault is a problem document (RFC 9457) that names each field at fault.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/observe"
	"github.com/roundel/roundel/internal/org"
)

// Server answers programs.
type Server struct {
	Keys    *keys.Ring
	Issuing *issuing.Service
	Orgs    *org.Service
	Audit   *audit.Service
	Gate    *gate.Gate
	Log     *slog.Logger
	BaseURL string // public address of the installation, without a trailing slash
}

// Base is where version 1 lies.
const Base = "/api/v1"

// maxBody bounds a request's body, in bytes.
const maxBody = 1 << 20

// Mount adds the interface to mux.
func (s *Server) Mount(mux *http.ServeMux) {
	config := huma.DefaultConfig("Roundel", "1")
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = Base+"/openapi", "", ""
	config.CreateHooks = nil // no $schema in bodies: what we send is what we promise
	config.Formats, config.Transformers = strict(), []huma.Transformer{explain}
	config.Info.Description = "Award badges, follow them and withdraw them. Every request carries an API token of the organisation, made in the console under Settings, as a bearer token."
	config.Servers = []*huma.Server{{URL: s.BaseURL}}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "An API token of an organisation."},
	}
	a := humago.New(mux, config)
	a.UseMiddleware(s.admit(a))
	s.operations(a)
	mux.HandleFunc(Base+"/", func(w http.ResponseWriter, r *http.Request) {
		observe.Problem(w, http.StatusNotFound, "There is nothing at this address. The description of the interface is at "+Base+"/openapi.json.", nil)
	})
}

// operations adds every operation.
func (s *Server) operations(a huma.API) {
	s.awards(a)
	s.keys(a)
	s.auditLog(a)
	s.members(a)
}

// Routes returns the table: what each operation needs, by method and path.
func Routes() map[string]gate.Permission {
	all := map[string]gate.Permission{}
	a := humago.New(http.NewServeMux(), huma.DefaultConfig("", ""))
	(&Server{}).operations(a)
	for path, item := range a.OpenAPI().Paths {
		for _, o := range []*huma.Operation{item.Get, item.Put, item.Post, item.Delete, item.Patch} {
			if o != nil {
				p, _ := o.Metadata[permission].(gate.Permission)
				all[o.Method+" "+path] = p
			}
		}
	}
	return all
}

// permission is the key under which an operation declares what it needs. An
// operation without one lets nobody in.
const permission = "permission"

func needs(p gate.Permission) map[string]any { return map[string]any{permission: p} }

// admit lets the gate decide before an operation runs.
func (s *Server) admit(a huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		p, _ := ctx.Operation().Metadata[permission].(gate.Permission)
		r, _ := humago.Unwrap(ctx)
		admitted, err := s.Gate.AdmitProgram(r, p)
		switch {
		case errors.Is(err, gate.ErrToken):
			ctx.SetHeader("WWW-Authenticate", `Bearer realm="roundel"`)
			_ = huma.WriteErr(a, ctx, http.StatusUnauthorized, fault.Message(err))
		case err != nil:
			e := s.fail(r.Context(), err).(huma.StatusError)
			_ = huma.WriteErr(a, ctx, e.GetStatus(), e.Error())
		default:
			next(huma.WithContext(ctx, admitted.Context()))
		}
	}
}

// fail turns what went wrong into a problem document. What is not a fault is
// logged and not told.
func (s *Server) fail(ctx context.Context, err error) error { return s.failAt(ctx, err, location) }

// failAt is fail for a request whose fields stand where at says.
func (s *Server) failAt(ctx context.Context, err error, at func(path string) string) error {
	if fault.KindOf(err) == fault.Internal && ctx.Err() == nil { // who has gone needs no answer
		s.Log.ErrorContext(ctx, "request failed", "error", err)
	}
	var details []error
	for _, f := range fault.FieldsOf(err) {
		details = append(details, &huma.ErrorDetail{Message: f.Message, Location: at(f.Path)})
	}
	return huma.NewError(gate.Status(err), fault.Message(err), details...)
}

// inBody says where a field stands in a request whose body has the names of the
// feature.
func inBody(path string) string {
	if path == "Idempotency-Key" {
		return location(path)
	}
	return "body." + path
}

// location says where in the request a field of a feature stands.
func location(path string) string {
	switch path {
	case "name", "email":
		return "body.recipient." + path
	case "date":
		return "body.validFrom"
	case "until":
		return "body.validUntil"
	case "Idempotency-Key":
		return "header." + path
	}
	return "body." + path
}
