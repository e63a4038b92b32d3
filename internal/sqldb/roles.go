package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// servingSuffix makes the name of the restricted role from the owner's.
const servingSuffix = "_serving"

// owner is the role that owns the tables, and which role its tables serve.
type owner struct {
	config  *pgx.ConnConfig
	name    string
	serving string
	made    bool // the serving role is made by us, and taken on by SET ROLE
}

// connect opens a pool as the owner, in the installation's scope. The server
// looks whether we still live: a migration must not go on, and hold its lock,
// long after the node that ran it was killed.
func (o *owner) connect() *sql.DB {
	return stdlib.OpenDB(*o.config, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SET roundel.scope = '"+Installation.setting()+"'; SET client_connection_check_interval = '1s'")
		return err
	}))
}

// openPostgres finds out as whom to serve and who may migrate, and opens the
// pool of the first. The pool connects when it is used: the serving role may
// still have to be made.
func (db *DB) openPostgres(ctx context.Context, url string) error {
	db.dialect = Postgres
	serving, err := parsePostgres(url)
	if err != nil {
		return err
	}
	who, err := introduce(ctx, serving)
	if err != nil {
		return err
	}
	var options []stdlib.OptionOpenDB
	switch {
	case db.options.Owner != "":
		cfg, err := parsePostgres(db.options.Owner)
		if err != nil {
			return fmt.Errorf("the owner's %w", err)
		}
		boss, err := introduce(ctx, cfg)
		if err != nil {
			return fmt.Errorf("as the owner: %w", err)
		}
		db.owner = &owner{config: cfg, name: boss.name, serving: who.name}
	case who.mayOwn && db.options.WithoutWalls:
		db.owner = &owner{config: serving, name: who.name, serving: who.name}
	case who.mayOwn:
		role := who.name[:min(len(who.name), 63-len(servingSuffix))] + servingSuffix
		db.owner = &owner{config: serving, name: who.name, serving: role, made: true}
		options = append(options, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.Exec(ctx, "SET ROLE "+quoted(role))
			return err
		}))
	}
	pool := stdlib.OpenDB(*serving, options...)
	db.write, db.read = pool, pool
	pool.SetMaxOpenConns(poolSize())
	pool.SetMaxIdleConns(poolSize())
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return nil
}

func parsePostgres(url string) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	if _, named := cfg.RuntimeParams["application_name"]; !named {
		cfg.RuntimeParams["application_name"] = "roundel"
	}
	return cfg, nil
}

// role is what the server says of the role that signed in.
type role struct {
	name   string
	mayOwn bool // it may change the schema: it owns tables, or may make some
}

// introduce signs in once, and checks that the database sorts text by its
// bytes, as SQLite does.
func introduce(ctx context.Context, cfg *pgx.ConnConfig) (r role, err error) {
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return r, fmt.Errorf("open database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var name, collate, encoding string
	var super, empty, owns, mayCreate bool
	err = conn.QueryRow(ctx, `SELECT datname, datcollate, pg_encoding_to_char(encoding), r.rolname, r.rolsuper,
			to_regclass('goose_db_version') IS NULL,
			coalesce((SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('goose_db_version')), false),
			coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)
		FROM pg_database, pg_roles r WHERE datname = current_database() AND r.rolname = current_user`).
		Scan(&name, &collate, &encoding, &r.name, &super, &empty, &owns, &mayCreate)
	if err != nil {
		return r, fmt.Errorf("open database: %w", err)
	}
	r.mayOwn = super || owns || empty && mayCreate
	switch collate {
	case "C", "POSIX", "C.UTF-8", "C.utf8":
	default:
		return r, fmt.Errorf("database %q sorts text by the locale %q; create it with "+
			"CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'", name, collate)
	}
	if encoding != "UTF8" {
		return r, fmt.Errorf("database %q has the encoding %s; create it with ENCODING 'UTF8'", name, encoding)
	}
	return r, nil
}

// makeRole makes the serving role, if it is ours to make and missing, and lets
// it into the schema. Several databases of one server share it.
func (o *owner) makeRole(ctx context.Context, conn *sql.Conn) error {
	var schema string
	var exists, member bool
	err := conn.QueryRowContext(ctx, `SELECT current_schema(), EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1),
		EXISTS (SELECT 1 FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles u ON u.oid = m.member
			WHERE r.rolname = $1 AND u.rolname = current_user)`, o.serving).Scan(&schema, &exists, &member)
	if err != nil {
		return err
	}
	statements := ""
	if o.made && !exists {
		statements += fmt.Sprintf("CREATE ROLE %s NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE; ", quoted(o.serving))
	}
	if o.made && !member {
		statements += fmt.Sprintf("GRANT %s TO CURRENT_USER; ", quoted(o.serving))
	}
	if statements != "" {
		err := persist(ctx, conn, statements)
		switch {
		case sqlState(err) == "42501":
			return fmt.Errorf("the database role %q may not make the role %q that is to serve; make both as operate.md says under “PostgreSQL and several nodes”, or let it: ALTER ROLE %s CREATEROLE (%w)",
				o.name, o.serving, quoted(o.name), err)
		case err != nil:
			return fmt.Errorf("make the role %s: %w", o.serving, err)
		}
	}
	return persist(ctx, conn, fmt.Sprintf("GRANT USAGE ON SCHEMA %s TO %s; %s", quoted(schema), quoted(o.serving), scopeFunction))
}

// errNoOwner is returned when the schema has to change and nobody may.
var errNoOwner = errors.New("the role of --database may not change the tables; start once with --database-owner, the address of the role that owns them")

// Define runs statements that change the schema, as the owner of the tables. It
// is for tests: what the platform needs is in the migrations.
func (db *DB) Define(ctx context.Context, statements ...string) error {
	if db.dialect == SQLite {
		return db.Write(ForInstallation(ctx), func(tx *Tx) error {
			for _, s := range statements {
				if _, err := tx.Exec(ctx, s); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if db.owner == nil {
		return errNoOwner
	}
	pool := db.owner.connect()
	defer pool.Close()
	for _, s := range statements {
		if _, err := pool.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
