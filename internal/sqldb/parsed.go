package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"regexp"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// parsedMost is how many statements a connection to SQLite keeps parsed. There
// are a few hundred in the platform; what is made up on the fly beyond that is
// parsed each time.
const parsedMost = 400

// openParsed opens an SQLite pool whose connections keep their statements
// parsed: parsing costs as much as running most of them. pgx does the same for
// PostgreSQL by itself.
func openParsed(address string) (*sql.DB, error) {
	plain, err := sql.Open("sqlite", address) // connects to nothing
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(parsing{plain.Driver(), address}), plain.Close()
}

// parsing makes connections that keep statements parsed.
type parsing struct {
	driver  driver.Driver
	address string
}

func (p parsing) Driver() driver.Driver { return p.driver }

func (p parsing) Connect(context.Context) (driver.Conn, error) {
	c, err := p.driver.Open(p.address)
	if err != nil {
		return nil, err
	}
	return &parsedConn{sqliteConn: c.(sqliteConn), statements: map[string]*parsedStmt{}}, nil
}

// sqliteConn is what modernc's connections can do that database/sql uses.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// parsedConn is a connection with the statements that it has seen. It is used
// by one goroutine at a time, as database/sql promises.
type parsedConn struct {
	sqliteConn
	statements map[string]*parsedStmt
}

// parsedStmt is a statement that is kept. While its rows are being read it
// cannot be run again.
type parsedStmt struct {
	sqliteStmt
	busy bool
}

type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// often matches statements without arguments that are run again and again. Of
// the others most are run once: schema and settings.
var often = regexp.MustCompile(`^(SELECT|SAVEPOINT|RELEASE|ROLLBACK TO)\b`)

// statement returns the statement parsed, or none when it is not kept or in use.
func (c *parsedConn) statement(ctx context.Context, query string, args []driver.NamedValue) *parsedStmt {
	if s := c.statements[query]; s != nil {
		if s.busy {
			return nil
		}
		return s
	}
	if len(c.statements) >= parsedMost || len(args) == 0 && !often.MatchString(query) {
		return nil
	}
	made, err := c.PrepareContext(ctx, unnamed(query))
	if err != nil {
		return nil // running it will say so
	}
	inner, ok := made.(sqliteStmt)
	if !ok {
		made.Close()
		return nil
	}
	s := &parsedStmt{sqliteStmt: inner}
	c.statements[query] = s
	return s
}

// unnamed returns query with ? for each placeholder if they are $1, $2 … in this
// order, each once, and query itself otherwise. SQLite takes $1 for a name and
// looks it up along a list: a statement that inserts 50 rows of 20 columns
// spends more time there than on inserting.
func unnamed(query string) string {
	if strings.ContainsAny(query, `'"?`) || strings.Contains(query, "--") {
		return query
	}
	var b strings.Builder
	rest := query
	for n := 1; ; n++ {
		before, after, more := strings.Cut(rest, "$")
		b.WriteString(before)
		if !more {
			return b.String()
		}
		name := strconv.Itoa(n)
		var ordered bool
		if rest, ordered = strings.CutPrefix(after, name); !ordered || rest != "" && '0' <= rest[0] && rest[0] <= '9' {
			return query
		}
		b.WriteByte('?')
	}
}

// ExecContext implements driver.ExecerContext.
func (c *parsedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if s := c.statement(ctx, query, args); s != nil {
		return s.ExecContext(ctx, args)
	}
	return c.sqliteConn.ExecContext(ctx, query, args)
}

// QueryContext implements driver.QueryerContext.
func (c *parsedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s := c.statement(ctx, query, args)
	if s == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &parsedRows{rows, s}, nil
}

// Close finalises the statements and closes the connection.
func (c *parsedConn) Close() error {
	for query, s := range c.statements {
		s.Close()
		delete(c.statements, query)
	}
	return c.sqliteConn.Close()
}

// parsedRows gives its statement back when it is closed.
type parsedRows struct {
	driver.Rows
	stmt *parsedStmt
}

func (r *parsedRows) Close() error {
	err := r.Rows.Close()
	r.stmt.busy = false
	return err
}
