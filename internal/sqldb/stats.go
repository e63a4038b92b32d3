package sqldb

import "database/sql"

// Stats returns how the connections are used: those of the read pool on SQLite,
// of the one pool on PostgreSQL.
func (db *DB) Stats() sql.DBStats { return db.read.Stats() }
