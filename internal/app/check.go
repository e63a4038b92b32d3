package app

import "github.com/roundel/roundel/internal/fsck"

// Checker returns what checks the installation's data, with all its secrets.
func (a *App) Checker() *fsck.Checker {
	secrets := a.Ground.Keys.Secrets
	return &fsck.Checker{
		DB: a.Ground.DB, Blobs: a.Ground.Blobs, Keys: a.Ground.Keys,
		OpenLink: openClaim(secrets), AuditSecret: secrets.Secret(auditPurpose),
	}
}
