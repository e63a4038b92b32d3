package app

import (
	"context"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fsck"
)

// Checker returns what checks the installation's data, with all its secrets.
func (a *App) Checker() *fsck.Checker {
	secrets := a.Ground.Keys.Secrets
	return &fsck.Checker{
		DB: a.Ground.DB, Blobs: a.Ground.Blobs, Keys: a.Ground.Keys,
		OpenLink: openClaim(secrets), AuditSecret: secrets.Secret(auditPurpose),
	}
}

// VerifyAudit walks the chains of the audit log. heads were written down before.
func (a *App) VerifyAudit(ctx context.Context, heads ...audit.Head) (*audit.Report, error) {
	return audit.Verify(ctx, a.Ground.DB, a.Ground.Keys.Secrets.Secret(auditPurpose), heads...)
}
