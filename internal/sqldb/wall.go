package sqldb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Row-level security on PostgreSQL, the second wall between organisations: a
// statement that forgets its WHERE clause still sees nothing of the others.
//
// Every table with a column organisation_id is held to it. Tables below say
// otherwise, and why; a test asks for every table.

// belongs says through which table the rows of a child have their
// organisation: child -> {column, parent}.
var belongs = map[string][2]string{
	"badge_version":      {"badge_id", "badge"},
	"award_batch_row":    {"batch_id", "award_batch"},
	"claim_secret":       {"award_id", "award"},
	"attestation_status": {"list_id", "attestation_list"},
	"attestation_kept":   {"list_id", "attestation_list"},
	"status_kept":        {"list_id", "status_list"},
}

// shared are the tables that belong to the installation, with the reason why
// the server may see all of them whatever it works on.
var shared = map[string]string{
	"account":             "people are nobody's: they belong to several organisations",
	"account_address":     "of people",
	"account_identity":    "of people",
	"account_totp":        "of people",
	"audit_cursor":        "how far the audit chains are sealed",
	"award_number":        "the next key of an award",
	"certificate":         "of the installation, encrypted",
	"consumer_cursor":     "how far a consumer has read the events",
	"goose_db_version":    "which migrations have run",
	"installation_policy": "what the operator decided for all, the stop switch among it",
	"issuer_key":          "the installation's own keys",
	"journal":             "which journals beside the backups go on from this data",
	"job":                 "work of the platform; payloads hold keys only",
	"known_device":        "of people",
	"one_time_link":       "of people",
	"passkey":             "of people",
	"passkey_ceremony":    "of people",
	"recovery_code":       "of people",
	"session":             "of people",
	"setting":             "of the installation",
	"signin_attempt":      "of people on their way in",
	"signin_code":         "of people",
	"signin_house":        "public metadata of identity providers",
	"signin_pending":      "of people on their way in",
	"signin_step":         "of people",
	"signin_try":          "of people",
	"signin_visit":        "of people",
}

// scopeFunction returns the scope of the transaction: -1 the installation, NULL
// none. (SET LOCAL leaves an empty text behind.)
const scopeFunction = `CREATE OR REPLACE FUNCTION roundel_scope() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
	AS $$ SELECT CAST(nullif(current_setting('roundel.scope', true), '') AS bigint) $$`

// inScope is true for the rows of the scope's organisation, in terms of the
// column that holds its key. Sub-selects are evaluated once for a statement.
const inScope = `(SELECT roundel_scope()) = -1 OR %s = (SELECT roundel_scope())`

// policy returns the condition that rows of a table must meet, or "" for a
// table of the installation.
func policy(table string, hasOrganisation bool) string {
	if _, is := shared[table]; is {
		return ""
	}
	if up, is := belongs[table]; is {
		// The parent is under its own policy.
		return fmt.Sprintf(`(SELECT roundel_scope()) = -1 OR EXISTS (SELECT 1 FROM %[2]s WHERE %[2]s.id = %[1]s.%[3]s)`, table, up[1], up[0])
	}
	switch {
	case table == "organisation":
		return fmt.Sprintf(inScope, "id")
	case hasOrganisation:
		return fmt.Sprintf(inScope, "organisation_id")
	}
	return ""
}

// Undecided returns the tables of which nobody has said whose rows they hold:
// they have no column organisation_id and stand in no list above.
func (db *DB) Undecided(ctx context.Context) ([]string, error) {
	tables, err := db.tables(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for name, hasOrganisation := range tables {
		if _, is := shared[name]; !is && policy(name, hasOrganisation) == "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// tables returns every table, and whether it has a column organisation_id.
func (db *DB) tables(ctx context.Context) (map[string]bool, error) {
	query := `SELECT name, EXISTS (SELECT 1 FROM pragma_table_info(m.name) WHERE name = 'organisation_id')
		FROM sqlite_master m WHERE type = 'table' AND name NOT LIKE 'sqlite%'`
	if db.dialect == Postgres {
		query = `SELECT c.relname, EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organisation_id' AND NOT a.attisdropped)
			FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = to_regnamespace(current_schema())`
	}
	all := map[string]bool{}
	err := db.Read(ForInstallation(ctx), func(tx *Tx) error {
		rows, err := tx.Query(ctx, query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			var has bool
			if err := rows.Scan(&name, &has); err != nil {
				return err
			}
			all[name] = has
		}
		return rows.Err()
	})
	return all, err
}

// walled is the state of one table.
type walled struct {
	name               string
	hasOrganisation    bool
	enabled, forced    bool
	policies           int
	mark               string // what the policy was made of
	granted            bool   // the serving role may use it
	sequence           string
	sequenceIsGranted  bool
	ownedByServingRole bool
}

const wallQuery = `SELECT c.relname,
		EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organisation_id' AND NOT a.attisdropped),
		c.relrowsecurity, c.relforcerowsecurity,
		(SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid),
		coalesce((SELECT obj_description(p.oid, 'pg_policy') FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'roundel'), ''),
		has_table_privilege($1, c.oid, 'SELECT') AND (c.relname = '` + gooseTable + `' OR has_table_privilege($1, c.oid, 'INSERT')
			AND has_table_privilege($1, c.oid, 'UPDATE') AND has_table_privilege($1, c.oid, 'DELETE')),
		coalesce(s.relname, ''), coalesce(has_sequence_privilege($1, s.oid, 'USAGE'), true),
		pg_has_role($1, c.relowner, 'USAGE')
	FROM pg_class c
		LEFT JOIN pg_depend d ON d.refobjid = c.oid AND d.deptype = 'i' AND d.classid = CAST('pg_class' AS regclass)
			AND EXISTS (SELECT 1 FROM pg_class q WHERE q.oid = d.objid AND q.relkind = 'S')
		LEFT JOIN pg_class s ON s.oid = d.objid
	WHERE c.relkind IN ('r', 'p') AND c.relnamespace = to_regnamespace(current_schema())`

// walls returns the state of every table, as it is for a role.
func walls(ctx context.Context, q querier, role string) ([]walled, error) {
	rows, err := q.QueryContext(ctx, wallQuery, role)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []walled
	for rows.Next() {
		var w walled
		if err := rows.Scan(&w.name, &w.hasOrganisation, &w.enabled, &w.forced, &w.policies, &w.mark, &w.granted,
			&w.sequence, &w.sequenceIsGranted, &w.ownedByServingRole); err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, rows.Err()
}

// stands reports whether the table is held to its policy and no other.
func (w walled) stands() bool {
	p := policy(w.name, w.hasOrganisation)
	if p == "" {
		return !w.enabled
	}
	return w.enabled && w.forced && w.policies == 1 && w.mark == mark(p)
}

// mark names a policy's text; it stands in the policy's comment.
func mark(policy string) string {
	sum := sha256.Sum256([]byte(policy))
	return hex.EncodeToString(sum[:8])
}

// build makes the table's wall what it should be, and lets role use the table.
func (w walled) build(role string) string {
	var b strings.Builder
	name := quoted(w.name)
	if p := policy(w.name, w.hasOrganisation); !w.stands() {
		fmt.Fprintf(&b, "DROP POLICY IF EXISTS roundel ON %s; ", name)
		if p == "" {
			fmt.Fprintf(&b, "ALTER TABLE %s DISABLE ROW LEVEL SECURITY; ", name)
		} else {
			fmt.Fprintf(&b, `ALTER TABLE %[1]s ENABLE ROW LEVEL SECURITY; ALTER TABLE %[1]s FORCE ROW LEVEL SECURITY;
				CREATE POLICY roundel ON %[1]s USING (%[2]s) WITH CHECK (%[2]s); COMMENT ON POLICY roundel ON %[1]s IS '%[3]s'; `, name, p, mark(p))
		}
	}
	if !w.granted && w.name == gooseTable {
		fmt.Fprintf(&b, "GRANT SELECT ON %s TO %s; ", name, quoted(role))
	} else if !w.granted {
		fmt.Fprintf(&b, "GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %s; ", name, quoted(role))
	}
	if !w.sequenceIsGranted && w.name != gooseTable {
		fmt.Fprintf(&b, "GRANT USAGE, SELECT, UPDATE ON SEQUENCE %s TO %s; ", quoted(w.sequence), quoted(role))
	}
	return b.String()
}

// raise builds the walls that do not stand, as the owner of the tables, each
// in a transaction of its own: other nodes may be serving.
func raise(ctx context.Context, owner *sql.Conn, role string) error {
	all, err := walls(ctx, owner, role)
	if err != nil {
		return err
	}
	for _, w := range all {
		statements := w.build(role)
		if statements == "" {
			continue
		}
		if err := persist(ctx, owner, statements); err != nil {
			return fmt.Errorf("table %s: %w", w.name, err)
		}
	}
	return nil
}

// persist runs statements in one transaction, and again when others were in
// the way: nodes that serve, or the same on another database of the server.
func persist(ctx context.Context, conn *sql.Conn, statements string) error {
	for n := 1; ; n++ {
		err := simple(ctx, conn, "BEGIN; "+statements+"; COMMIT")
		if err == nil {
			return nil
		}
		if undone := simple(context.WithoutCancel(ctx), conn, "ROLLBACK"); undone != nil {
			return errors.Join(err, undone)
		}
		inTheWay := clashed(err) || IsUnique(err) || sqlState(err) == "42710" || strings.Contains(err.Error(), "tuple concurrently updated")
		if !inTheWay || n == clashTries || ctx.Err() != nil {
			return err
		}
		time.Sleep(rand.N(time.Duration(n) * 10 * time.Millisecond))
	}
}

// quoted returns an SQL name.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// checkWalls returns an error that says what to do when row-level security
// would not hold for the role that serves.
func checkWalls(ctx context.Context, serving *sql.Conn) error {
	var role string
	var super, bypass bool
	if err := serving.QueryRowContext(ctx, `SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user`).Scan(&role, &super, &bypass); err != nil {
		return err
	}
	all, err := walls(ctx, serving, role)
	if err != nil {
		return err
	}
	problems := map[string]bool{}
	if super {
		problems["it is a superuser"] = true
	}
	if bypass {
		problems["it has BYPASSRLS"] = true
	}
	for _, w := range all {
		p := policy(w.name, w.hasOrganisation)
		if w.ownedByServingRole && !super {
			problems["it owns tables"] = true
		}
		if p != "" && !w.stands() {
			problems["table "+w.name+" is not held to its policy"] = true
		}
	}
	if len(problems) == 0 {
		return nil
	}
	list := slices.Sorted(maps.Keys(problems))
	return fmt.Errorf("row-level security would not keep organisations apart for the database role %q: %s. Name a role without rights of its own in --database and the owner of the tables in --database-owner (operate.md, “PostgreSQL and several nodes”), or start with --database-without-walls",
		role, strings.Join(list, ", "))
}

// Decided returns the tables that the lists above name.
func Decided() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for name := range shared {
			if !yield(name) {
				return
			}
		}
		for name := range belongs {
			if !yield(name) {
				return
			}
		}
	})
}
