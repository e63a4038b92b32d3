package org

import (
	"context"
	"database/sql"

	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/sqldb"
)

// InvitationPath is where the link of an invitation leads, with its secret
// behind it.
const InvitationPath = "/invitation/"

// mailInvitation queues the mail with the link. It lies in the outbox of the
// installation: who may look at an organisation's mails shall not find links in
// it that make somebody a member.
func (s *Service) mailInvitation(ctx context.Context, tx *sqldb.Tx, o *Organisation, i *Invitation, secret string) error {
	if s.Texts == nil {
		return nil // a part of the platform without mails, as in the tests of other packages
	}
	return s.mail(ctx, tx, o, i.Address, "invite", InvitationPath+outbox.SecretMark, secret, map[string]any{
		"organisation": o.Called(s.Host()).Inside(s.Texts), "site": s.Site, "address": i.Address})
}

// mail queues a letter. Its texts are those of the family mail.LETTER.
func (s *Service) mail(ctx context.Context, tx *sqldb.Tx, o *Organisation, to, letter, path, secret string, args map[string]any) error {
	m := outbox.Mail{To: to}
	if secret != "" {
		m.Sealed = s.Seal(secret)
	}
	return outbox.EnqueueLetter(ctx, tx, m, s.Texts, "mail."+letter, s.BaseURL+path, args)
}

// tellOwners mails the organisation's owners what the operator has decided.
func (s *Service) tellOwners(ctx context.Context, tx *sqldb.Tx, o *Organisation, letter, reason string) error {
	if s.Texts == nil {
		return nil
	}
	list, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (address string, err error) { return address, r.Scan(&address) },
		`SELECT (SELECT d.address FROM account_address d WHERE d.account_id = m.account_id AND d.verified_at > 0 ORDER BY d.first DESC, d.id LIMIT 1)
		FROM member m WHERE m.organisation_id = $1 AND m.role = $2 AND EXISTS (SELECT 1 FROM account_address d
			WHERE d.account_id = m.account_id AND d.verified_at > 0) ORDER BY m.account_id`, o.ID, RoleOwner)
	if err != nil {
		return err
	}
	for _, to := range list {
		if err := s.mail(ctx, tx, o, to, letter, "/console/"+o.Slug, "", map[string]any{"organisation": o.Name, "site": s.Site, "reason": reason}); err != nil {
			return err
		}
	}
	return nil
}
