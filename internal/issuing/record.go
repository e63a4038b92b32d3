package issuing

import (
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/statuslist"
)

// Record is what is kept of an award beside its signed document, as far as the
// document says the same.
type Record struct {
	PublicID              publicid.ID
	Trial                 bool
	Recipient             string // the address, as [account.AddressKey] has it
	Salt                  string // of its hash
	ValidFrom, ValidUntil int64  // milliseconds since 1970, 0: no end
	Erased                bool   // the person was taken out
	Revocation            Place  // none for trials
	Suspension            Place
}

// Place is where a status list shows an award's state.
type Place struct {
	List  publicid.ID
	Index int64
}

// Check compares the record with what was signed, and verifies the signature as
// CheckSigned does.
func (r *Record) Check(document []byte, keys []string, shapes *shape.Cache) error {
	c, err := credential.Parse(document)
	if err != nil {
		return fmt.Errorf("its document cannot be read: %w", err)
	}
	badge, err := openbadge.Read(c)
	if err != nil {
		return fmt.Errorf("its document is not an Open Badge: %w", err)
	}
	who := openbadge.HashIdentity(r.Recipient, r.Salt)
	switch {
	case !strings.HasSuffix(c.ID, "/awards/"+r.PublicID.String()):
		return fmt.Errorf("its document is that of %q", c.ID)
	case !r.Erased && !slices.ContainsFunc(badge.Subject.Identifier, func(o openbadge.IdentityObject) bool { return o.IdentityHash == who }):
		return errors.New("its document is for another recipient than the record says")
	case !c.ValidFrom.Equal(sqldb.Time(r.ValidFrom)) || !c.ValidUntil.Equal(sqldb.Time(r.ValidUntil)):
		return errors.New("its document is valid at other times than the record says")
	}
	if err := r.checkPlaces(c); err != nil {
		return err
	}
	return CheckSigned(document, keys, shapes)
}

// checkPlaces makes sure that the signed document names the places of the
// record, for those are where a withdrawal will be shown.
func (r *Record) checkPlaces(c *credential.Credential) error {
	if r.Trial != (len(c.Status) == 0) {
		return errors.New("a trial has no status, and every other award has one; this one does not fit")
	}
	if r.Trial {
		return nil
	}
	named := map[string]Place{}
	for _, tree := range c.Status {
		e, err := statuslist.ParseEntry(tree)
		if err != nil {
			return fmt.Errorf("its status cannot be read: %w", err)
		}
		index, err := e.Position()
		if err != nil {
			return fmt.Errorf("its status cannot be read: %w", err)
		}
		list, err := publicid.Parse(e.ListCredential[strings.LastIndexByte(e.ListCredential, '/')+1:])
		if err != nil {
			return fmt.Errorf("its status list %q is not one of ours", e.ListCredential)
		}
		named[e.Purpose] = Place{List: list, Index: int64(index)}
	}
	for purpose, place := range map[string]Place{statuslist.Revocation: r.Revocation, statuslist.Suspension: r.Suspension} {
		if named[purpose] != place {
			return fmt.Errorf("its document names another place for %s than the record", purpose)
		}
	}
	return nil
}

// CheckSigned verifies the one signature of a document with that of the public
// keys, which are Multikeys, that it names. shapes makes it faster; nil does
// without.
func CheckSigned(document []byte, keys []string, shapes *shape.Cache) error {
	named := func(p proof.Proof) (crypto.PublicKey, error) {
		for _, text := range keys {
			if strings.HasSuffix(p.VerificationMethod, "#"+text) {
				return multikey.DecodePublic(text)
			}
		}
		return nil, fmt.Errorf("it is signed by %q, which is no key of its organisation", p.VerificationMethod)
	}
	proofs, err := proof.Verify(document, named, proof.VerifyOptions{Purpose: "assertionMethod", Shapes: shapes})
	if err == nil && len(proofs) != 1 {
		err = fmt.Errorf("its document carries %d proofs instead of one", len(proofs))
	}
	return err
}
