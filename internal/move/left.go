package move

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// databaseFile is what an installation on SQLite is in.
const databaseFile = "roundel.db"

// LeftBehind returns a Conflict fault when nobody has an account in the database
// to, while somebody has one in the SQLite database in the data folder dir, which
// was not moved: a server would begin anew, beside everything
// that there is.
func LeftBehind(ctx context.Context, dir string, to *sqldb.DB) (err error) {
	m, err := ReadMark(dir)
	if err != nil || !m.Ended.IsZero() {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	used, err := inUse(ctx, to)
	if err != nil || used {
		return err
	}
	from, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(dir, databaseFile))
	if err != nil {
		return fmt.Errorf("open the database in %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	if used, err = inUse(ctx, from); err != nil || !used {
		return err
	}
	return fault.Conflictf("The PostgreSQL database is empty, but %s holds an installation in %s. Run roundel migrate-database with the same settings to take it along, or choose another folder with --data to begin anew. Nothing was changed.", dir, databaseFile)
}

// inUse reports whether somebody has an account in a database, which may have
// any version of the schema, or none. Where a move has not ended, that is the error.
func inUse(ctx context.Context, db *sqldb.DB) (used bool, err error) {
	has, _, err := db.SchemaVersion(ctx)
	if err != nil || has == 0 {
		return false, err
	}
	err = db.Look(ctx, func(tx *sqldb.Tx) error {
		if err := ended(ctx, tx); err != nil {
			return err
		}
		var n int64
		err := tx.QueryRow(ctx, "SELECT count(*) FROM account").Scan(&n)
		used = n > 0
		return err
	})
	return used, err
}
