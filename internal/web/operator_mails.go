package web

import "net/http"

// operatorMailsPage lists the mails that belong to no organisation: those to
// people about their accounts. What is in them opens accounts, so it is shown to
// nobody.
type operatorMailsPage struct {
	operatorPage
	mailList
	Mails bool // there is a mail server
}

// operatorMails answers GET /operator/mails.
func (s *Server) operatorMails(w http.ResponseWriter, r *http.Request) error {
	p := &operatorMailsPage{Mails: s.Mails}
	var err error
	if p.operatorPage, err = s.operatorDesk(r, s.texts(r).T("operator.nav.mails", nil)); err != nil {
		return err
	}
	if _, err = s.listMails(r, &p.mailList, 0, "/operator/mails"); err != nil {
		return err
	}
	return s.show(w, r, "console/operator-mails.html", p)
}

// operatorMailAgain answers POST /operator/mails/{mail}/retry.
func (s *Server) operatorMailAgain(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "mail")
	if err != nil {
		return err
	}
	if err := s.Outbox.Retry(r.Context(), 0, id); err != nil {
		return err
	}
	return s.done(w, r, "/operator/mails", "good", "operator_mail_again")
}
