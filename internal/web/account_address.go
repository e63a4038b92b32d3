package web

import (
	"net/http"

	"github.com/roundel/roundel/internal/gate"
)

// addressVerifyPage asks whoever holds the link to confirm the address.
type addressVerifyPage struct {
	Page
	Address string
}

// addressVerifyForm answers GET /addresses/{secret}. It changes nothing: mail
// scanners follow links.
func (s *Server) addressVerifyForm(w http.ResponseWriter, r *http.Request) error {
	return s.showAddressVerify(w, r, &addressVerifyPage{})
}

func (s *Server) showAddressVerify(w http.ResponseWriter, r *http.Request, p *addressVerifyPage) (err error) {
	if p.Address, err = s.Accounts.CheckAddressLink(r.Context(), r.PathValue("secret")); err != nil {
		return err
	}
	p.Title, p.Secret = s.texts(r).T("address.verify.title", nil), true
	return s.show(w, r, "sheet/address.html", p)
}

// addressVerify answers POST /addresses/{secret}.
func (s *Server) addressVerify(w http.ResponseWriter, r *http.Request) error {
	err := s.Accounts.VerifyAddress(r.Context(), r.PathValue("secret"))
	if refused(err) {
		p := &addressVerifyPage{}
		p.Problems = problemsOf(err)
		return s.showAddressVerify(w, r, p)
	}
	if err != nil {
		return err
	}
	to := "/account"
	if gate.From(r.Context()).Account == nil {
		to = "/sign-in"
	}
	return s.done(w, r, to, "good", "address_verified")
}
