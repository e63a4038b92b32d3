package sqldb

import "io/fs"

// SetMigrations has a database migrate with other files than the platform's.
func (db *DB) SetMigrations(files fs.FS) { db.migrations = files }

// Migrations are the platform's own.
func Migrations() fs.FS {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err)
	}
	return dir
}
