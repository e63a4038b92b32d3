// Package claim invites recipients to their badges and takes their answers.
//
// The link in the mail carries a secret that opens one award and nothing else;
// only its hash is kept. Looking changes nothing, because mail scanners follow
// links: every change needs the person's own deed.
package claim

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/internal/mail"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/sqldb"
)

// Service invites recipients.
type Service struct {
	DB      *sqldb.DB
	Now     func() time.Time
	Texts   *locale.Printer
	Seal    func(secret string) []byte // encrypts a secret for the outbox; outbox.Service opens it
	BaseURL string                     // public address of the installation, without a trailing slash
}

// Consumer is the name under which OnEvents keeps its place in the events.
const Consumer = "claim"

// OnEvents writes a mail for every award that was issued: an invitation with a
// claim link. Trials are written too, and held back. Events may come again
// after a crash; an award that was invited is passed over.
func (s *Service) OnEvents(ctx context.Context, events []event.Event) error {
	for part := range slices.Chunk(events, mailsAtOnce) {
		if err := s.inviteAll(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// mailsAtOnce is how many mails share a commit: enough to make it cheap, few
// enough that others get their turn to write.
const mailsAtOnce = 50

func (s *Service) inviteAll(ctx context.Context, events []event.Event) error {
	var ids []int64
	for _, e := range events {
		if e.Kind != issuing.EventIssued {
			continue
		}
		var from issuing.CarriedEvent
		if err := e.Decode(&from); err == nil && from.Carried { // announced by another installation
			continue
		}
		ids = append(ids, e.Subject)
	}
	if len(ids) == 0 {
		return nil
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		invited, err := outbox.Written(ctx, tx, ids)
		if err != nil {
			return err
		}
		open := slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return invited[id] })
		return s.invite(ctx, tx, open...)
	})
}

// Invite writes another mail with a fresh link, for a recipient who has lost
// the first. Earlier links keep working.
func (s *Service) Invite(ctx context.Context, a *issuing.Award) error {
	if a.Document == nil {
		return errUnsigned
	}
	if a.Erased() {
		return errErased
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := s.invite(ctx, tx, a.ID); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{OrganisationID: a.OrganisationID, Action: "award.invited", Subject: "award", SubjectID: a.ID})
	})
}

// Link returns a fresh claim link, to be handed to the recipient in another
// way than by mail.
func (s *Service) Link(ctx context.Context, a *issuing.Award) (link string, err error) {
	if a.Document == nil {
		return "", errUnsigned
	}
	if a.Erased() {
		return "", errErased
	}
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		secrets, err := s.newSecrets(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		link = s.linkTo(secrets[0])
		return audit.Record(ctx, tx, audit.Entry{OrganisationID: a.OrganisationID, Action: "award.link_made", Subject: "award", SubjectID: a.ID})
	})
	return link, err
}

// Open returns the award that a claim link's secret opens. It changes nothing.
func (s *Service) Open(ctx context.Context, secret string) (a *issuing.Award, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { a, err = open(ctx, tx, secret); return err })
	return a, err
}

// Answer is what a recipient decides.
type Answer string

// The answers.
const (
	Accept    Answer = "accept"
	Decline   Answer = "decline"
	Publish   Answer = "publish"
	Unpublish Answer = "unpublish"
)

// Answer carries out what the recipient decided about the award that the
// secret opens, and returns the award as it is then.
func (s *Service) Answer(ctx context.Context, secret string, answer Answer) (a *issuing.Award, err error) {
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if a, err = open(ctx, tx, secret); err != nil {
			return err
		}
		switch answer {
		case Accept:
			return issuing.SetClaim(ctx, tx, a, issuing.Accepted, s.Now())
		case Decline:
			return issuing.SetClaim(ctx, tx, a, issuing.Declined, s.Now())
		case Publish:
			return issuing.SetPublished(ctx, tx, a, true, s.Now())
		case Unpublish:
			return issuing.SetPublished(ctx, tx, a, false, s.Now())
		}
		return fault.Invalidf("Choose one of the buttons on the page.")
	})
	return a, err
}

func open(ctx context.Context, tx *sqldb.Tx, secret string) (*issuing.Award, error) {
	var id int64
	err := tx.QueryRow(ctx, `SELECT award_id FROM claim_secret WHERE secret_hash = $1`, hashSecret(secret)).Scan(&id)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, fault.NotFoundf("This link does not open a badge. Use the newest mail, or ask the issuer for another.")
	}
	if err != nil {
		return nil, err
	}
	a, err := issuing.ByID(ctx, tx, id)
	if err == nil && a.Document == nil {
		return nil, errUnsigned
	}
	return a, err
}

// errErased is returned for an award whose recipient was erased.
var errErased = fault.Conflictf("The recipient of this badge was erased on request. Nobody is left to claim it.")

// errUnsigned is returned for an award whose document is not there yet.
var errUnsigned = fault.Unavailablef("This badge is being signed at this moment. Try again shortly.")

func (s *Service) linkTo(secret string) string { return s.BaseURL + "/claim/" + secret }

// newSecrets makes a secret for each of the awards.
func (s *Service) newSecrets(ctx context.Context, tx *sqldb.Tx, awards ...int64) ([]string, error) {
	secrets := make([]string, len(awards))
	rows := make([][]any, len(awards))
	for i, id := range awards {
		b := make([]byte, 32)
		rand.Read(b) // never fails: crypto/rand ends the process instead
		secrets[i] = base64.RawURLEncoding.EncodeToString(b)
		rows[i] = []any{hashSecret(secrets[i]), id, sqldb.Millis(s.Now())}
	}
	return secrets, tx.Insert(ctx, "claim_secret", []string{"secret_hash", "award_id", "created_at"}, rows)
}

// invite writes the mails to the recipients of awards into the outbox.
func (s *Service) invite(ctx context.Context, tx *sqldb.Tx, ids ...int64) error {
	if len(ids) == 0 {
		return nil
	}
	awards, err := issuing.ByIDs(ctx, tx, ids)
	if err != nil {
		return err
	}
	awards = slices.DeleteFunc(awards, func(a *issuing.Award) bool { return a.Erased() }) // nobody is left to write to
	ids = make([]int64, len(awards))
	for i, a := range awards {
		ids[i] = a.ID
	}
	secrets, err := s.newSecrets(ctx, tx, ids...)
	if err != nil {
		return err
	}
	mails := make([]outbox.Mail, len(awards))
	forms := map[int64]*form{} // by badge version
	for i, a := range awards {
		f := forms[a.VersionID]
		if f == nil {
			if f, err = s.formFor(ctx, tx, a); err != nil {
				return err
			}
			forms[a.VersionID] = f
		}
		mails[i] = f.fill(a, s.Seal(secrets[i]))
	}
	return outbox.Enqueue(ctx, tx, mails...)
}

// form is the mail about a badge before the recipient's name is in it: writing
// it takes longer than all the rest of an invitation.
type form struct {
	outbox.Mail
	name string // stands where the recipient's name does
}

func (s *Service) formFor(ctx context.Context, tx *sqldb.Tx, a *issuing.Award) (*form, error) {
	o, err := org.ByID(ctx, tx, a.OrganisationID)
	if err != nil {
		return nil, err
	}
	v, err := badge.VersionByID(ctx, tx, a.VersionID)
	if err != nil {
		return nil, err
	}
	called := o.Called(org.HostOf(s.BaseURL))
	sender := o.Name
	if called.Domain == "" {
		sender = "" // mail programs show it as who wrote: a name that nobody has confirmed is not that
	}
	f := &form{name: rand.Text()} // random, so that nothing in the badge's text can be it
	letter := s.letter(f.name, o, v, called, s.linkTo(outbox.SecretMark))
	page, err := letter.HTML()
	f.Mail = outbox.Mail{
		OrgID: o.ID, SenderName: sender, ReplyTo: o.Email, Text: letter.Text(), HTML: page, PictureKey: v.PicturePNG,
		Subject: s.Texts.T("mail.claim.subject", map[string]any{"badge": v.Name, "issuer": called.First(s.Texts)}),
	}
	return f, err
}

// fill returns the mail to the recipient of an award.
func (f *form) fill(a *issuing.Award, sealed []byte) outbox.Mail {
	m := f.Mail
	m.AwardID, m.To, m.Sealed, m.Hold = a.ID, a.Recipient.Email, sealed, a.Trial
	m.Text = strings.ReplaceAll(m.Text, f.name, a.Recipient.Name)
	m.HTML = strings.ReplaceAll(m.HTML, f.name, html.EscapeString(a.Recipient.Name))
	return m
}

func (s *Service) letter(name string, o *org.Organisation, v *badge.Version, called org.PublicName, link string) mail.Letter {
	args := map[string]any{"name": name, "badge": v.Name, "issuer": called.First(s.Texts), "email": o.Email,
		"called": o.Name, "domain": called.Domain, "host": called.Host}
	t := func(id string) string { return s.Texts.T(id, args) }
	l := mail.Letter{
		Lang: s.Texts.Lang(), Dir: s.Texts.Dir(), Accent: o.Accent,
		Heading: t("mail.claim.heading"), PictureAlt: v.PictureAlt, HasPicture: v.PicturePNG != "",
		Paragraphs: []string{t("mail.claim.greeting"), t("mail.claim.why")},
		Button:     t("mail.claim.button"), ButtonURL: link,
		Footnotes: []string{t("mail.claim.data"), t("mail.claim.not_you"), t("mail.claim.link")},
	}
	if called.Domain != "" {
		l.Footnotes = append([]string{t("mail.claim.proven")}, l.Footnotes...)
	} else {
		l.Footnotes = append([]string{t("mail.claim.nobody")}, l.Footnotes...)
	}
	if v.Description != "" {
		l.Paragraphs = append(l.Paragraphs, v.Description)
	}
	return l
}

func hashSecret(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}
