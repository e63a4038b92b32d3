package web

import (
	"net/http"
	"strings"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/observe"
)

// faultPage says what went wrong, and what to do now. Its title and advice
// come from the catalogue by Status: 403, 404, 410, 422, 500 or 503.
type faultPage struct {
	Page
	Status    int
	Message   string
	SetUp     bool   // it was a set-up link: the server prints another
	RequestID string // to name when asking for help; may be ""
}

// Known returns the status that the catalogue has words for.
func (p *faultPage) Known() int {
	switch p.Status {
	case 403, 404, 410, 422, 503:
		return p.Status
	case 400, 409, 413, 415:
		return 422
	case 429:
		return 503
	}
	return 500
}

// nothingHere answers addresses that lead nowhere.
func (s *Server) nothingHere(http.ResponseWriter, *http.Request) error {
	return fault.NotFoundf("There is nothing at this address.")
}

// showFault says what went wrong: as a page to people, as a problem document
// (RFC 9457) to programs.
func (s *Server) showFault(w http.ResponseWriter, r *http.Request, err error) error {
	code := gate.Status(err)
	if forProgram(r.URL.Path) || negotiate(w, r, asJSON, asPNG, asSVG) != asPage {
		openToAll(w.Header())
		w.Header().Set("Cache-Control", "no-store")
		observe.Problem(w, code, fault.Message(err), nil)
		return nil
	}
	message := fault.Message(err)
	return s.render(w, r, code, "public/fault.html", &faultPage{
		Page: Page{Title: message, NoIndex: true}, Status: code, Message: message, RequestID: observe.RequestID(r.Context()),
		SetUp: code == http.StatusNotFound && strings.HasPrefix(r.URL.Path, "/set-up/"),
	})
}

// forProgram reports whether an address is one that programs ask for, whatever
// they say they take: a file, the newest credential, a status list.
func forProgram(path string) bool {
	_, _, ended := splitEnding(path)
	return ended || strings.HasPrefix(path, "/status/") || strings.HasPrefix(path, "/awards/") && strings.HasSuffix(path, "/refresh")
}
