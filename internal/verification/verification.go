// Package verification is the public verifier: it takes a link, pasted text or
// a file of any issuer and says what the library's checks found.
package verification

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/fetch"
	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/statuslist"
	"github.com/roundel/roundel/verify"
)

// MaxFile bounds what is verified, in bytes: a picture with its credential, or a
// learner record as a token.
const MaxFile = 14 << 20

// maxSteps bounds the canonicalisation of one badge, as package verify does.
const maxSteps = 20_000

// Service verifies credentials of any issuer.
type Service struct {
	Fetch *fetch.Client
	Now   func() time.Time
	// Recorded tells when an issuer of ours signed something: see
	// verify.Verifier.Recorded. nil: nothing is recorded.
	Recorded func(ctx context.Context, s verify.Signature) (at time.Time, ours bool)
	// Account tells which domain an issuer of ours has proven: see
	// verify.Verifier.Account. nil: none has.
	Account func(ctx context.Context, issuer string) (domain string)

	once  sync.Once
	turns chan struct{}
	lists statuslist.Cache // of other hosts; our own are made anew in no time

	shapes *shape.Cache // of the badges that people bring
}

// verifier returns a verifier for one verification.
func (s *Service) verifier() *verify.Verifier {
	return &verify.Verifier{Get: s.Fetch, Now: s.Now, Lists: &s.lists, Live: s.own, Shapes: s.shapes, Recorded: s.Recorded, Account: s.Account}
}

// own reports whether this installation itself answers at address.
func (s *Service) own(address string) bool {
	u, err := url.Parse(address)
	return err == nil && s.Fetch.Own != nil && s.Fetch.Own(u) != nil
}

// take waits for a turn to verify: a hostile credential may cost a processor
// for a second or two, so only as many are verified at once as there are
// processors. It is an Unavailable fault when the asker gave up waiting.
func (s *Service) take(ctx context.Context) (done func(), err error) {
	s.once.Do(func() {
		s.turns = make(chan struct{}, runtime.GOMAXPROCS(0))
		s.lists.Now = s.Now
		s.shapes = shape.New(shape.Options{MaxWork: maxSteps})
	})
	select {
	case s.turns <- struct{}{}:
		return func() { <-s.turns }, nil
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, ctx.Err(), "Many badges are being verified at the moment. Try again.")
	}
}

// Check verifies a file: a credential in JSON or as a token, or a picture with
// one inside.
// When email is not empty, it is compared with the recipient that the
// credential names; it is not kept.
//
// It is an Unavailable fault when ctx ended before it was this one's turn.
func (s *Service) Check(ctx context.Context, file []byte, email string) (*verify.Report, error) {
	done, err := s.take(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	v := s.verifier()
	v.Recipient = strings.TrimSpace(email)
	return v.Verify(ctx, file), nil
}

// Verifier returns a verifier for one verification, and its turn to use it,
// which done gives back. What the caller sets in it is the caller's to answer
// for. Errors are those of Check.
func (s *Service) Verifier(ctx context.Context) (v *verify.Verifier, done func(), err error) {
	done, err = s.take(ctx)
	if err != nil {
		return nil, nil, err
	}
	v = s.verifier()
	v.Lists, v.Shapes = nil, nil // which are of the vocabularies that everybody else reads with
	return v, done, nil
}

// verified is what CheckText and CheckLink return about a file.
func (s *Service) verified(ctx context.Context, file []byte, email string) (*verify.Report, []byte, error) {
	report, err := s.Check(ctx, file, email)
	return report, file, err
}

// CheckText verifies pasted text: a link, or a credential in JSON or as a token.
// It returns the file beside the report: what was fetched, or the text without
// what copying has added to it.
func (s *Service) CheckText(ctx context.Context, text, email string) (*verify.Report, []byte, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil, fault.Fields(fault.Field{Path: "text", Message: "Paste a link to a badge, or the badge itself."})
	}
	if !strings.ContainsAny(text, " \t\r\n{") && (strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")) {
		return s.CheckLink(ctx, text, email)
	}
	return s.verified(ctx, []byte(token(text)), email)
}

// token removes from the text of a token what copying adds: the line breaks of a
// mail, and the quotation marks of the document that it stood in. None of these
// is part of any token. Other text is returned as it is.
func token(text string) string {
	bare := strings.Trim(text, `"`)
	if !strings.HasPrefix(bare, "eyJ") { // {" in base64url
		return text
	}
	return strings.Join(strings.Fields(bare), "")
}

// readable reports whether file may be a badge, by its first bytes.
func readable(file []byte) bool {
	kind := baking.Sniff(file)
	return kind != "html" && kind != "" || bytes.HasPrefix(bytes.TrimSpace(file), []byte("eyJ"))
}

// CheckLink fetches what a link leads to and verifies it. It returns the file
// beside the report.
func (s *Service) CheckLink(ctx context.Context, link, email string) (*verify.Report, []byte, error) {
	file, err := s.Open(ctx, link)
	if err != nil {
		return nil, nil, err
	}
	return s.verified(ctx, file, email)
}

// Open fetches the badge that a link leads to; from a page about a badge, the
// badge that the page names. It is an Invalid fault, with the field "text",
// when there is none to be had.
func (s *Service) Open(ctx context.Context, link string) ([]byte, error) {
	bad := func(message string) error { return fault.Fields(fault.Field{Path: "text", Message: message}) }
	u, err := url.Parse(link)
	if err != nil || u.Host == "" {
		return nil, bad("This is not a complete web address. Copy it again from the badge's page.")
	}
	file, _, err := s.Fetch.GetMax(ctx, link, Accepted, MaxFile)
	var status *did.StatusError
	switch {
	case errors.As(err, &status) && status.Code == 403:
		return nil, bad("The page at this link is kept private. Ask the holder to show the badge, or to send you the file.")
	case errors.As(err, &status) && (status.Code == 404 || status.Code == 410):
		return nil, bad("There is nothing at this link any more. Ask the holder for the file, or for another link.")
	case err != nil:
		return nil, &fault.Error{Kind: fault.Invalid, Err: err, Message: "We could not open this link.",
			Fields: []fault.Field{{Path: "text", Message: u.Host + " did not give us a badge: it did not answer, answered with an error, or is not a public address. Try again, or upload the file."}}}
	}
	if baking.Sniff(file) == "html" {
		if alternate := alternateLink(file, u); alternate != "" {
			if file, _, err = s.Fetch.GetMax(ctx, alternate, Accepted, MaxFile); err == nil && readable(file) {
				return file, nil
			}
		}
		return nil, bad("This link leads to a web page, not to the badge itself. Look there for “download” or “JSON”, and bring the file here.")
	}
	return file, nil
}
