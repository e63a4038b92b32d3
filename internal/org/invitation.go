package org

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/once"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// InvitationLife is how long an invitation can be accepted.
const InvitationLife = 7 * 24 * time.Hour

// Bounds of inviting: mails go to people who have not asked for them.
const (
	maxInvitations = 200
	sendAgainAfter = time.Minute
)

// Invitation is an open invitation to become a member.
type Invitation struct {
	PublicID  publicid.ID
	Address   string
	Role      Role
	InvitedBy string // name
	CreatedAt time.Time
	SentAt    time.Time // the last time
	ExpiresAt time.Time

	// Filled in by OpenInvitation only.
	Organisation *Organisation
	Known        bool // an account has verified the address

	key, organisation, by int64
	addressKey            string
	departments           []int64
}

var (
	errNoInvitation = fault.NotFoundf("There is no such invitation.")
	errInvitation   = fault.NotFoundf("This invitation has been used, was withdrawn or is too old. Ask whoever invited you for a new one.")
)

const invitationSelect = `SELECT i.id, i.public_id, i.organisation_id, i.address, i.address_key, i.invited_by, i.departments, i.created_at, i.sent_at, i.expires_at,
	coalesce((SELECT a.name FROM account a WHERE a.id = i.invited_by), ''), ` + roleSelect + ` FROM invitation i`

func scanInvitation(row interface{ Scan(...any) error }) (*Invitation, error) {
	var i Invitation
	var role roleColumns
	var created, sent, expires int64
	var departments string
	err := row.Scan(append([]any{&i.key, &i.PublicID, &i.organisation, &i.Address, &i.addressKey, &i.by, &departments, &created, &sent, &expires, &i.InvitedBy}, role.into()...)...)
	if err != nil {
		return nil, err
	}
	i.Role, i.CreatedAt, i.SentAt, i.ExpiresAt = role.role(), sqldb.Time(created), sqldb.Time(sent), sqldb.Time(expires)
	return &i, json.Unmarshal([]byte(departments), &i.departments)
}

// Invitations lists the open invitations of an organisation, newest first;
// those that are too old are among them, to be sent again or withdrawn.
func (s *Service) Invitations(ctx context.Context, id int64) (list []*Invitation, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Invitation, error) { return scanInvitation(r) },
			invitationSelect+` WHERE i.organisation_id = $1 ORDER BY i.id DESC`, id)
		return err
	})
	return list, err
}

// Invite mails somebody a one-time link with which they become a member. Only
// its hash is kept.
func (s *Service) Invite(ctx context.Context, id int64, by Actor, address string, g Grant) (*Invitation, error) {
	return s.InviteOnce(ctx, id, by, address, g, once.Request{})
}

// InviteOnce is Invite for a request that may be sent again: it returns the
// invitation of the first time, while that is open.
func (s *Service) InviteOnce(ctx context.Context, id int64, by Actor, address string, g Grant, r once.Request) (invited *Invitation, err error) {
	key, err := account.AddressKey(address)
	if err != nil {
		return nil, fault.Fields(fault.Field{Path: "email", Message: fault.Message(err)})
	}
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		by, err := acting(ctx, tx, id, by, ManageMembers)
		if err != nil {
			return err
		}
		made, again, err := once.Do(ctx, tx, id, r, s.Now(), func() (int64, error) {
			invited, err = s.invite(ctx, tx, id, by, address, key, g)
			if err != nil {
				return 0, err
			}
			return invited.key, nil
		})
		if err != nil || !again {
			return err
		}
		invited, err = scanInvitation(tx.QueryRow(ctx, invitationSelect+` WHERE i.organisation_id = $1 AND i.id = $2`, id, made))
		if errors.Is(err, sqldb.ErrNoRows) {
			return fault.Conflictf("This invitation was sent, and has been accepted or withdrawn since.")
		}
		return err
	})
	return invited, err
}

// invite makes an invitation to an address, whose form for looking it up is key.
func (s *Service) invite(ctx context.Context, tx *sqldb.Tx, id int64, by Actor, address, key string, g Grant) (*Invitation, error) {
	to, err := g.lookUp(ctx, tx, id, by)
	if err != nil {
		return nil, err
	}
	o, err := s.mayInvite(ctx, tx, id, key)
	if err != nil {
		return nil, err
	}
	word, role := to.role.Word, int64(0)
	if word == "" {
		word, role = roleCustom, to.role.key
	}
	departments, err := json.Marshal(append([]int64{}, to.departments...))
	if err != nil {
		return nil, err
	}
	now := sqldb.Time(sqldb.Millis(s.Now())) // as it is kept
	invited := &Invitation{PublicID: publicid.New(), Address: address, Role: to.role, CreatedAt: now, SentAt: now, ExpiresAt: now.Add(InvitationLife), by: by.AccountID}
	secret, hash := account.NewSecret()
	err = tx.QueryRow(ctx, `INSERT INTO invitation (public_id, organisation_id, address, address_key, role, custom_role_id, departments, secret_hash,
			invited_by, created_at, sent_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11) RETURNING id`, invited.PublicID, id, address, key, word, role, string(departments), hash,
		by.AccountID, sqldb.Millis(now), sqldb.Millis(invited.ExpiresAt)).Scan(&invited.key)
	if err != nil {
		return nil, err
	}
	if err := s.mailInvitation(ctx, tx, o, invited, secret); err != nil {
		return nil, err
	}
	return invited, record(ctx, tx, id, "invitation.sent", "invitation", invited.key, map[string]string{"role": to.role.Code()})
}

// mayInvite returns the organisation unless the address is a member's or is
// invited already.
func (s *Service) mayInvite(ctx context.Context, tx *sqldb.Tx, id int64, key string) (*Organisation, error) {
	o, err := ByID(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if o.State != Active {
		return nil, o.notApproved() // nobody mails strangers before they are approved
	}
	var members, same, open int64
	err = tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM member m JOIN account_address d ON d.account_id = m.account_id
			WHERE m.organisation_id = $1 AND d.address_key = $2 AND d.verified_at > 0),
		(SELECT count(*) FROM invitation WHERE organisation_id = $1 AND address_key = $2),
		(SELECT count(*) FROM invitation WHERE organisation_id = $1)`, id, key).Scan(&members, &same, &open)
	switch {
	case err != nil:
		return nil, err
	case members > 0:
		return nil, fault.Fields(fault.Field{Path: "email", Message: "Whoever has this address is a member already."})
	case same > 0:
		return nil, fault.Fields(fault.Field{Path: "email", Message: "This address is invited already. Send that invitation again, or withdraw it first."})
	case open >= maxInvitations:
		return nil, fault.Conflictf("There are %d open invitations. Withdraw some first.", maxInvitations)
	}
	return o, nil
}

// SendInvitationAgain mails a fresh link; earlier ones stop working.
func (s *Service) SendInvitationAgain(ctx context.Context, id int64, by Actor, invitation publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		by, err := acting(ctx, tx, id, by, ManageMembers)
		if err != nil {
			return err
		}
		i, err := invitationOf(ctx, tx, id, invitation)
		if err != nil {
			return err
		}
		if err := by.mayGive(i.Role); err != nil {
			return err
		}
		o, err := ByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if o.State != Active {
			return o.notApproved()
		}
		now := s.Now()
		if now.Sub(i.SentAt) < sendAgainAfter {
			return fault.Conflictf("This invitation was sent just now. Wait a minute before you send it again.")
		}
		secret, hash := account.NewSecret()
		i.SentAt, i.ExpiresAt = now, now.Add(InvitationLife)
		// Who sends it again answers for it from now on.
		if _, err := tx.Exec(ctx, `UPDATE invitation SET secret_hash = $2, sent_at = $3, expires_at = $4, invited_by = $5 WHERE id = $1`,
			i.key, hash, sqldb.Millis(now), sqldb.Millis(i.ExpiresAt), by.AccountID); err != nil {
			return err
		}
		if err := s.mailInvitation(ctx, tx, o, i, secret); err != nil {
			return err
		}
		return record(ctx, tx, id, "invitation.resent", "invitation", i.key, nil)
	})
}

// WithdrawInvitation ends an open invitation.
func (s *Service) WithdrawInvitation(ctx context.Context, id int64, by Actor, invitation publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		by, err := acting(ctx, tx, id, by, ManageMembers)
		if err != nil {
			return err
		}
		i, err := invitationOf(ctx, tx, id, invitation)
		if err != nil {
			return err
		}
		if err := by.mayGive(i.Role); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM invitation WHERE id = $1`, i.key); err != nil {
			return err
		}
		return record(ctx, tx, id, "invitation.withdrawn", "invitation", i.key, nil)
	})
}

// Invitation returns an open invitation of the organisation.
func (s *Service) Invitation(ctx context.Context, id int64, invitation publicid.ID) (i *Invitation, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { i, err = invitationOf(ctx, tx, id, invitation); return err })
	return i, err
}

func invitationOf(ctx context.Context, tx *sqldb.Tx, id int64, invitation publicid.ID) (*Invitation, error) {
	i, err := scanInvitation(tx.QueryRow(ctx, invitationSelect+` WHERE i.organisation_id = $1 AND i.public_id = $2`, id, invitation))
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, errNoInvitation
	}
	return i, err
}

// OpenInvitation returns the invitation that a link's secret opens. It changes
// nothing: mail scanners follow links.
func (s *Service) OpenInvitation(ctx context.Context, secret string) (i *Invitation, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		if i, err = s.bySecret(ctx, tx, secret); err != nil {
			return err
		}
		var known int64
		err = tx.QueryRow(ctx, `SELECT count(*) FROM account_address WHERE address_key = $1 AND verified_at > 0`, i.addressKey).Scan(&known)
		i.Known = known > 0
		return err
	})
	return i, err
}

// bySecret returns an invitation that can be accepted: in time, to an
// organisation that exists, by somebody who may still invite to that role.
func (s *Service) bySecret(ctx context.Context, tx *sqldb.Tx, secret string) (*Invitation, error) {
	i, err := scanInvitation(tx.QueryRow(ctx, invitationSelect+` WHERE i.secret_hash = $1 AND i.expires_at > $2`, account.HashSecret(secret), sqldb.Millis(s.Now())))
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, errInvitation
	}
	if err != nil {
		return nil, err
	}
	inviter, err := MembershipOf(ctx, tx, i.organisation, i.by)
	if fault.KindOf(err) == fault.NotFound {
		return nil, errInvitation
	}
	if err != nil {
		return nil, err
	}
	by := Actor{AccountID: i.by, Permissions: inviter.Permissions, Owner: inviter.Role.Owner()}
	if !by.Permissions.Has(ManageMembers) || by.mayGive(i.Role) != nil {
		return nil, errInvitation
	}
	i.Organisation = inviter.Organisation
	return i, i.Organisation.MayUse(ManageMembers)
}

// Accept makes a signed-in person a member, whose account must have verified
// the address that was invited.
func (s *Service) Accept(ctx context.Context, secret string, accountID int64) (o *Organisation, err error) {
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error { o, err = s.AcceptIn(ctx, tx, secret, accountID); return err })
	return o, err
}

// AcceptIn is Accept in the caller's transaction.
func (s *Service) AcceptIn(ctx context.Context, tx *sqldb.Tx, secret string, accountID int64) (*Organisation, error) {
	i, err := s.bySecret(ctx, tx, secret)
	if err != nil {
		return nil, err
	}
	if err := lock(ctx, tx, i.organisation); err != nil {
		return nil, err
	}
	own, err := account.VerifiedKeys(ctx, tx, accountID)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(own, i.addressKey) {
		return nil, fault.Forbiddenf("This invitation is for another address. Sign in with the account that has it, or add the address to yours and confirm it.")
	}
	// Taken by whoever deletes it: a link works once.
	n, err := tx.Exec(ctx, `DELETE FROM invitation WHERE id = $1 AND secret_hash = $2`, i.key, account.HashSecret(secret))
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, errInvitation
	}
	if err := i.stillThere(ctx, tx); err != nil {
		return nil, err
	}
	if err := record(ctx, tx, i.organisation, "invitation.accepted", "invitation", i.key, nil); err != nil {
		return nil, err
	}
	return i.Organisation, s.addMember(ctx, tx, i.organisation, accountID, granted{role: i.Role, departments: i.departments})
}

// stillThere makes sure that a role for departments does not become one for the
// whole organisation because a department was deleted meanwhile.
func (i *Invitation) stillThere(ctx context.Context, tx *sqldb.Tx) error {
	for _, d := range i.departments {
		var n int64
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM department WHERE organisation_id = $1 AND id = $2`, i.organisation, d).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return errInvitation
		}
	}
	return nil
}

// Joining returns what accepts the invitation for an account that is being made.
func (s *Service) Joining(secret string) func(ctx context.Context, tx *sqldb.Tx, a *account.Account) error {
	return func(ctx context.Context, tx *sqldb.Tx, a *account.Account) error {
		_, err := s.AcceptIn(ctx, tx, secret, a.ID)
		return err
	}
}
