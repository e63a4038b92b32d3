package org

import (
	"github.com/roundel/roundel/internal/publicid"
)

// Role is what somebody is in an organisation: one of Roles, or one that the
// organisation has made itself.
type Role struct {
	Word        string      // one of Roles; "" for one of its own
	ID          publicid.ID // of one of its own
	Name        string      // of one of its own
	Permissions Set
	Members     int64 // how many have it; filled in by lists of roles only

	key int64
}

// Owner reports whether this is the role of owners.
func (r Role) Owner() bool { return r.Word == RoleOwner }

// Code names the role in forms: its word, or its public id.
func (r Role) Code() string {
	if r.Word != "" {
		return r.Word
	}
	return r.ID.String()
}

// roleSelect are the columns that a member's role is read from; the table
// member must be in the query.
const roleSelect = `role, custom_role_id,
	(SELECT c.public_id FROM custom_role c WHERE c.id = custom_role_id),
	coalesce((SELECT c.name FROM custom_role c WHERE c.id = custom_role_id), ''),
	coalesce((SELECT c.permissions FROM custom_role c WHERE c.id = custom_role_id), '')`

// roleColumns is what roleSelect reads.
type roleColumns struct {
	word, name, permissions string
	key                     int64
	id                      []byte
}

func (c *roleColumns) into() []any { return []any{&c.word, &c.key, &c.id, &c.name, &c.permissions} }

// role returns what was read. A row that names no role that exists permits nothing.
func (c *roleColumns) role() Role {
	if c.word != roleCustom {
		return Role{Word: c.word, Permissions: RolePermissions(c.word)}
	}
	r := Role{Name: c.name, Permissions: ParseSet(c.permissions), key: c.key}
	if len(c.id) == len(r.ID) {
		copy(r.ID[:], c.id)
	}
	return r
}
