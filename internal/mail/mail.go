// Package mail writes messages and hands them to a mail server.
package mail

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// Message is one mail to one person.
type Message struct {
	FromName string // shown before the sender's address, for example "Uni Example via Roundel"; empty: the sender's own name
	To       string // one bare address
	ReplyTo  string // one bare address, or empty
	Subject  string
	Text     string // plain text, required
	HTML     string // the same as HTML, or empty
	Inline   []Picture
	Headers  map[string]string // further headers, for example List-Unsubscribe
}

// Picture is shown inside the HTML, which names it as "cid:ID".
type Picture struct {
	ID    string // letters, digits, dots and dashes
	Name  string // file name, for readers that list it
	Media string // for example "image/png"
	Data  []byte
}

// Sender hands a message over to a mail server, which then answers for it.
type Sender interface {
	// Send returns nil when the server has accepted m. When it returns an
	// error, m was not accepted; Permanent tells whether trying again is useless.
	Send(ctx context.Context, m Message) error
}

// Error says why a message was not accepted.
type Error struct {
	Code      int    // the server's answer, 0 when it did not get that far
	Permanent bool   // trying again gives the same answer
	Reason    string // a sentence for the person who sent it
	Err       error  // the cause, for the log
}

// Error returns the reason with the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return e.Reason + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Permanent reports whether trying again is useless: the recipient's server
// refused the message for good, or the address is not one.
func Permanent(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Permanent
}

// Reason returns the sentence about err for the person who sent the message.
func Reason(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return "The message could not be handed over to the mail server."
}

// ErrAddress is returned by CheckAddress.
var ErrAddress = errors.New("not an e-mail address")

// CheckAddress accepts one bare address as in "ada@example.org", and nothing
// around it: no display name, no second address, no line break. Domains in
// other scripts are allowed and returned in their ASCII form.
func CheckAddress(s string) (string, error) {
	if len(s) > 254 || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return "", ErrAddress
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || strings.ContainsAny(s, "<>()\",;:") {
		return "", ErrAddress
	}
	local, domain, _ := cutLast(a.Address, "@")
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || len(local) > 64 {
		return "", ErrAddress
	}
	return local + "@" + ascii, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// oneLine makes s fit for a header: every run of white space, line breaks and
// control characters becomes one space. What people type can therefore never
// begin a header of its own.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	}), " ")
}

// check returns m with its addresses checked and its header texts on one line.
func (m Message) check() (Message, error) {
	bad := func(what string, err error) (Message, error) {
		return m, &Error{Permanent: true, Reason: what, Err: err}
	}
	var err error
	if m.To, err = CheckAddress(m.To); err != nil {
		return bad("The recipient's e-mail address is not valid.", err)
	}
	if m.ReplyTo != "" {
		if m.ReplyTo, err = CheckAddress(m.ReplyTo); err != nil {
			return bad("The e-mail address for answers is not valid.", err)
		}
	}
	if m.Text == "" {
		return bad("The message has no text.", nil)
	}
	m.Subject, m.FromName = oneLine(m.Subject), oneLine(m.FromName)
	headers := make(map[string]string, len(m.Headers))
	for k, v := range m.Headers {
		if k == "" || strings.Trim(k, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
			return bad("The message has an impossible header.", fmt.Errorf("header %q", k))
		}
		headers[k] = oneLine(v)
	}
	m.Headers = headers
	for _, p := range m.Inline {
		if p.ID == "" || strings.Trim(p.ID, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") != "" {
			return bad("The message has a picture with an impossible name.", fmt.Errorf("picture %q", p.ID))
		}
	}
	return m, nil
}
