package account

import (
	"context"
	"strings"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// Who may make an account for themselves.
const (
	RegisterOpen    = "open"    // whoever reads a mail we send them
	RegisterInvited = "invited" // who was invited at their address
	RegisterClosed  = "closed"  // nobody
)

// MayRegister reports whether there is a page on which people register.
func (s *Service) MayRegister() bool { return s.Registration != RegisterClosed }

// AskRegister has a link mailed to the address, with which its owner makes an
// account. Somebody who has one is told so by mail; nothing here tells.
func (s *Service) AskRegister(ctx context.Context, email string) error {
	if !s.MayRegister() {
		return errRegisterClosed
	}
	if _, err := AddressKey(email); err != nil {
		return fault.Fields(fault.Field{Path: "email", Message: fault.Message(err)})
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		return s.askLetter(ctx, tx, letterOrder{Purpose: purposeRegister, Address: strings.TrimSpace(email)})
	})
}

var errRegisterClosed = fault.Forbiddenf("Accounts are made by the people who run this installation. Ask them for one.")

// CheckRegisterLink returns the address that the link was mailed to, while it
// works. It changes nothing.
func (s *Service) CheckRegisterLink(ctx context.Context, secret string) (address string, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		l, err := findLink(ctx, tx, purposeRegister, secret, s.Now())
		address = l.Address
		return err
	})
	return address, err
}

// Register makes the account of somebody who holds a link and signs them in.
func (s *Service) Register(ctx context.Context, secret, name, password, userAgent string) (*Way, error) {
	address, err := s.CheckRegisterLink(ctx, secret)
	if err != nil {
		return nil, err
	}
	if err := (NewPerson{Name: name, Email: address, Password: password}).Check(); err != nil {
		return nil, err
	}
	hash, err := HashPassword(ctx, password)
	if err != nil {
		return nil, err
	}
	var way *Way
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		l, err := useLink(ctx, tx, purposeRegister, secret, s.Now())
		if err != nil {
			return err
		}
		a, err := s.Create(ctx, tx, Newcomer{Name: name, Email: l.Address, Verified: true, PasswordHash: hash})
		if err != nil {
			return err
		}
		way, err = s.enterTx(ctx, tx, a.ID, Proof{Method: ByRegistration, UserAgent: userAgent})
		return err
	})
	return way, err
}
