package sqldb

import "testing"

func TestUnnamed(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT 1":                               "SELECT 1",
		"INSERT INTO t VALUES ($1, $2), ($3,$4)": "INSERT INTO t VALUES (?, ?), (?,?)",
		"SELECT $1, $1":                          "SELECT $1, $1", // one argument for both
		"SELECT $2, $1":                          "SELECT $2, $1",
		"SELECT $10":                             "SELECT $10",
		"SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11": "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?",
		"SELECT '$1', $1":       "SELECT '$1', $1",
		`SELECT "$1", $1`:       `SELECT "$1", $1`,
		"SELECT $1 -- $2\n, $2": "SELECT $1 -- $2\n, $2",
		"SELECT $1, ?":          "SELECT $1, ?",
	} {
		if got := unnamed(query); got != want {
			t.Errorf("unnamed(%q) = %q, want %q", query, got, want)
		}
	}
}
