package web

import (
	"net/http"
	"strconv"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
)

// accountHomePage shows the person's name and addresses.
type accountHomePage struct {
	accountPage
	Name      string
	Email     string // being added
	Addresses []addressRow
	Mails     bool
}

// addressRow is one address in the list.
type addressRow struct {
	Address  string
	Base     string // of the addresses of its deeds
	Verified bool
	First    bool
	Last     bool // cannot be removed
	Tag      tag
}

// accountHome answers GET /account.
func (s *Server) accountHome(w http.ResponseWriter, r *http.Request) error {
	return s.showAccount(w, r, &accountHomePage{Name: signedIn(r).Name}, nil)
}

func (s *Server) showAccount(w http.ResponseWriter, r *http.Request, p *accountHomePage, wrong error) error {
	p.accountPage, p.Mails = s.ownAccount(r, accountYou, "account.title"), s.Mails
	if wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	list, err := s.Accounts.Addresses(r.Context(), p.Account.ID)
	if err != nil {
		return err
	}
	verified := 0
	for _, a := range list {
		if !a.VerifiedAt.IsZero() {
			verified++
		}
	}
	for _, a := range list {
		p.Addresses = append(p.Addresses, s.addressRow(r, a, len(list), verified))
	}
	return s.show(w, r, "console/account.html", p)
}

func (s *Server) addressRow(r *http.Request, a account.Address, all, verified int) addressRow {
	t := s.texts(r)
	row := addressRow{Address: a.Address, Base: "/account/addresses/" + strconv.FormatInt(a.ID, 10), Verified: !a.VerifiedAt.IsZero(), First: a.First}
	row.Last = all == 1 || row.Verified && verified == 1
	switch {
	case !row.Verified:
		row.Tag = tag{Kind: "wait", Text: t.T("address.tag.waiting", nil)}
	case row.First:
		row.Tag = tag{Kind: "good", Text: t.T("address.tag.first", nil)}
	default:
		row.Tag = tag{Kind: "good", Text: t.T("address.tag.verified", nil)}
	}
	return row
}

// accountRename answers POST /account.
func (s *Server) accountRename(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	name := r.PostFormValue("name")
	err := s.Accounts.Rename(r.Context(), signedIn(r), name)
	if refused(err) {
		return s.showAccount(w, r, &accountHomePage{Name: name}, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/account", "good", "account_saved")
}

// addressAdd answers POST /account/addresses.
func (s *Server) addressAdd(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	email := r.PostFormValue("email")
	err := s.Accounts.AddAddress(r.Context(), signedIn(r), email)
	if refused(err) {
		return s.showAccount(w, r, &accountHomePage{Name: signedIn(r).Name, Email: email}, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/account", "good", "address_added")
}

// addressDeed answers the deeds about one address.
func (s *Server) addressDeed(w http.ResponseWriter, r *http.Request, code string, deed func(id int64) error) error {
	id, err := strconv.ParseInt(r.PathValue("address"), 10, 64)
	if err != nil {
		return fault.NotFoundf("There is no such address in your list.")
	}
	err = deed(id)
	if refused(err) {
		return s.showAccount(w, r, &accountHomePage{Name: signedIn(r).Name}, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/account", "good", code)
}

// addressSend answers POST /account/addresses/{address}/send.
func (s *Server) addressSend(w http.ResponseWriter, r *http.Request) error {
	return s.addressDeed(w, r, "address_sent", func(id int64) error { return s.Accounts.SendVerification(r.Context(), signedIn(r), id) })
}

// addressFirst answers POST /account/addresses/{address}/first.
func (s *Server) addressFirst(w http.ResponseWriter, r *http.Request) error {
	return s.addressDeed(w, r, "address_first", func(id int64) error { return s.Accounts.MakeFirst(r.Context(), signedIn(r), id) })
}

// addressRemove answers POST /account/addresses/{address}/remove.
func (s *Server) addressRemove(w http.ResponseWriter, r *http.Request) error {
	return s.addressDeed(w, r, "address_removed", func(id int64) error { return s.Accounts.RemoveAddress(r.Context(), signedIn(r), id) })
}
