package org

import (
	"context"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// CarryIn makes an organisation that comes from another installation, with the
// ids and the part of its address that it had there, in the caller's
// transaction. What it says of itself is held to the rules for what people enter
// here. The account becomes its owner; nobody does when that is 0.
func CarryIn(ctx context.Context, tx *sqldb.Tx, o *Organisation, ownerID int64) (err error) {
	if !isSlug(o.Slug) {
		return fault.Invalidf("The organisation's part of the address is %.80q: no organisation can have that here.", o.Slug)
	}
	if o.Profile, err = o.Profile.normalise(); err != nil {
		return err
	}
	if o.Disclosure, err = o.Disclosure.normalise(); err != nil {
		return err
	}
	o.State = Active
	if err := insert(ctx, tx, o); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE organisation SET include_name = $2, include_evidence = $3, lawful_basis = $4 WHERE id = $1`,
		o.ID, o.IncludeName, o.IncludeEvidence, o.LawfulBasis); err != nil || ownerID == 0 {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO member (organisation_id, account_id, role, created_at) VALUES ($1, $2, $3, $4)`, o.ID, ownerID, RoleOwner, sqldb.Millis(o.CreatedAt))
	return err
}
