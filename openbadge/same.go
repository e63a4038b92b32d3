package openbadge

import (
	"net/url"
	"strings"
)

// Same reports whether c and other are copies of one award: they have the same
// issuer and the same id, once percent signs are undone and white space around
// them is dropped (specification, "Verifiable Credential Equality").
func (c *AchievementCredential) Same(other *AchievementCredential) bool {
	return plainID(c.ID) != "" && plainID(c.ID) == plainID(other.ID) && plainID(c.Issuer.ID) == plainID(other.Issuer.ID)
}

// Supersedes reports whether c takes the place of old: they are the same award,
// and c is valid from a later time. Its AwardedDate still says when it was first
// awarded.
func (c *AchievementCredential) Supersedes(old *AchievementCredential) bool {
	return c.Same(old) && c.ValidFrom.After(old.ValidFrom)
}

func plainID(id string) string {
	if plain, err := url.PathUnescape(id); err == nil {
		id = plain
	}
	return strings.TrimSpace(id)
}
