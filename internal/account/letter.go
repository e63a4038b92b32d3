package account

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/mail"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/sqldb"
)

// letterJob is the kind of the job that writes a mail somebody asked for.
//
// Who asks for a mail is answered before anybody has looked whether the address
// is known: the request only queues this job, so its answer, its work and its
// time are the same for every address.
const letterJob = "account.letter"

// letterOrder is what the job has to write.
type letterOrder struct {
	Purpose string
	Address string
	Account int64  `json:",omitempty"` // whose address is to be confirmed
	Code    int64  `json:",omitempty"` // signin_code row that waits for its code
	Network string // that asked, as clientOf has it
}

// How many mails of one kind an address gets in an hour: few that one network
// asks for, so that a stranger neither floods a mailbox nor uses up what its
// owner needs, and not many in all.
const (
	lettersByNetwork = 5
	lettersAnHour    = 30
)

// Handlers returns the jobs that this package does.
func (s *Service) Handlers() map[string]func(context.Context, json.RawMessage) error {
	return map[string]func(context.Context, json.RawMessage) error{letterJob: s.writeLetter}
}

func (s *Service) askLetter(ctx context.Context, tx *sqldb.Tx, o letterOrder) error {
	o.Network = clientOf(audit.From(ctx).Address)
	// One waiting job for each address and purpose, however often it is asked for.
	hash := HashSecret(fmt.Sprint(o.Purpose, " ", o.Account, " ", o.Code, " ", o.Address))
	return jobs.Enqueue(ctx, tx, jobs.Job{Kind: letterJob, Key: hex.EncodeToString(hash), Payload: o})
}

func (s *Service) writeLetter(ctx context.Context, payload json.RawMessage) error {
	var o letterOrder
	if err := json.Unmarshal(payload, &o); err != nil {
		return jobs.Permanent(err)
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		key, err := AddressKey(o.Address)
		if err != nil {
			return jobs.Permanent(err)
		}
		owner, err := ByAddress(ctx, tx, key)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		if enough, err := s.enoughLetters(ctx, tx, o, key); err != nil || enough {
			return err
		}
		switch o.Purpose {
		case purposeRegister:
			return s.writeRegister(ctx, tx, o, key, owner)
		case purposeVerify:
			return s.writeVerify(ctx, tx, o, key, owner)
		case purposeReset:
			if owner == nil || !owner.DisabledAt.IsZero() {
				return nil
			}
			return s.mailLink(ctx, tx, purposeReset, owner.ID, o.Address, "reset")
		case purposeCode:
			return s.writeCode(ctx, tx, o, owner)
		}
		return jobs.Permanent(errors.New("no such mail: " + o.Purpose))
	})
}

func (s *Service) writeRegister(ctx context.Context, tx *sqldb.Tx, o letterOrder, key string, owner *Account) error {
	if owner != nil {
		return s.mail(ctx, tx, o.Address, "known", "/sign-in", "")
	}
	if s.Registration != RegisterOpen {
		if s.Invited == nil {
			return nil
		}
		if invited, err := s.Invited(ctx, tx, key); err != nil || !invited {
			return err
		}
	}
	return s.mailLink(ctx, tx, purposeRegister, 0, o.Address, "register")
}

func (s *Service) writeVerify(ctx context.Context, tx *sqldb.Tx, o letterOrder, key string, owner *Account) error {
	if owner != nil && owner.ID != o.Account {
		return s.mail(ctx, tx, o.Address, "taken", "/sign-in", "")
	}
	var waiting int64
	err := tx.QueryRow(ctx, `SELECT count(*) FROM account_address WHERE account_id = $1 AND address_key = $2 AND verified_at = 0`, o.Account, key).Scan(&waiting)
	if err != nil || waiting == 0 { // removed or confirmed meanwhile
		return err
	}
	return s.mailLink(ctx, tx, purposeVerify, o.Account, o.Address, "verify")
}

// enoughLetters counts a mail and reports whether the address has had too many.
func (s *Service) enoughLetters(ctx context.Context, tx *sqldb.Tx, o letterOrder, key string) (bool, error) {
	few, err := s.countLetter(ctx, tx, o.Purpose+" "+key+" "+o.Network)
	if err != nil || few > lettersByNetwork {
		return true, err
	}
	all, err := s.countLetter(ctx, tx, o.Purpose+" "+key)
	return all > lettersAnHour, err
}

// countLetter returns how many mails were counted under what within the hour.
func (s *Service) countLetter(ctx context.Context, tx *sqldb.Tx, what string) (count int64, err error) {
	now := sqldb.Millis(s.Now())
	err = tx.QueryRow(ctx, `INSERT INTO signin_try (kind, key_hash, failures, last_at, next_at) VALUES ('letter', $1, 1, $2, 0)
		ON CONFLICT (kind, key_hash) DO UPDATE SET
			failures = CASE WHEN signin_try.last_at < $3 THEN 1 ELSE signin_try.failures + 1 END,
			last_at  = CASE WHEN signin_try.last_at < $3 THEN $2 ELSE signin_try.last_at END
		RETURNING failures`, HashSecret(what), now, now-time.Hour.Milliseconds()).Scan(&count)
	return count, err
}

// mailLink makes a link and mails it.
func (s *Service) mailLink(ctx context.Context, tx *sqldb.Tx, purpose string, accountID int64, address, letter string) error {
	secret, hash := NewSecret()
	if err := insertLink(ctx, tx, hash, purpose, accountID, address, s.Now()); err != nil {
		return err
	}
	return s.mail(ctx, tx, address, letter, linkPath[purpose]+outbox.SecretMark, secret)
}

// linkPath is where each kind of link leads.
var linkPath = map[string]string{purposeRegister: "/register/", purposeVerify: "/addresses/", purposeReset: "/reset/"}

// mail queues a letter. Its texts are those of the family account.mail.LETTER;
// secret takes the place of outbox.SecretMark once the mail is sent.
func (s *Service) mail(ctx context.Context, tx *sqldb.Tx, to, letter, path, secret string) error {
	m := outbox.Mail{To: to}
	if secret != "" {
		m.Sealed = s.Seal(secret)
	}
	args := map[string]any{"site": s.Site, "address": to, "code": outbox.SecretMark}
	return outbox.EnqueueLetter(ctx, tx, m, s.Texts, "account.mail."+letter, s.BaseURL+path, args)
}

// tell mails every confirmed address of the account what has just been
// changed, so that a change somebody else made is noticed.
func (s *Service) tell(ctx context.Context, tx *sqldb.Tx, accountID int64, what string) error {
	if s.Texts == nil {
		return nil // a part of the platform without mails, as in the tests of other packages
	}
	list, err := AddressesOf(ctx, tx, accountID)
	if err != nil {
		return err
	}
	for _, a := range list {
		if a.VerifiedAt.IsZero() {
			continue
		}
		args := map[string]any{"site": s.Site, "what": s.Texts.T("account.told."+what, nil)}
		l := mail.Letter{
			Lang: s.Texts.Lang(), Dir: s.Texts.Dir(), Heading: s.Texts.T("account.mail.changed.heading", args),
			Paragraphs: []string{s.Texts.T("account.mail.changed.text", args), s.Texts.T("account.mail.changed.not_you", args)},
			Button:     s.Texts.T("account.mail.changed.button", args), ButtonURL: s.BaseURL + "/account/sessions",
		}
		html, err := l.HTML()
		if err != nil {
			return err
		}
		err = outbox.Enqueue(ctx, tx, outbox.Mail{To: a.Address, Subject: s.Texts.T("account.mail.changed.subject", args), Text: l.Text(), HTML: html})
		if err != nil {
			return err
		}
	}
	return nil
}
