package account

import (
	"context"
	"time"

	"github.com/roundel/roundel/internal/sqldb"
)

// DeviceLife is how long a browser is remembered after its last sign-in.
const DeviceLife = 180 * 24 * time.Hour

// rememberDevice returns a secret by which the browser is known from now on. It
// opens nothing: it only keeps its owner's tries apart from those of strangers.
func (s *Service) rememberDevice(ctx context.Context, tx *sqldb.Tx, accountID int64) (string, error) {
	secret, hash := NewSecret()
	now := s.Now()
	if _, err := tx.Exec(ctx, `DELETE FROM known_device WHERE last_used_at <= $1`, sqldb.Millis(now.Add(-DeviceLife))); err != nil {
		return "", err
	}
	_, err := tx.Exec(ctx, `INSERT INTO known_device (secret_hash, account_id, created_at, last_used_at) VALUES ($1, $2, $3, $3)`,
		hash, accountID, sqldb.Millis(now))
	return secret, err
}

func isKnownDevice(ctx context.Context, tx *sqldb.Tx, secret string, accountID int64) (bool, error) {
	if secret == "" {
		return false, nil
	}
	var n int64
	err := tx.QueryRow(ctx, `SELECT count(*) FROM known_device WHERE secret_hash = $1 AND account_id = $2`, HashSecret(secret), accountID).Scan(&n)
	return n > 0, err
}
