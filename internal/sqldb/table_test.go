package sqldb_test

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/sqldb"
)

func tables(t *testing.T, db *sqldb.DB) (list []sqldb.Table) {
	t.Helper()
	if err := db.Read(sqldb.ForInstallation(t.Context()), func(tx *sqldb.Tx) (err error) {
		list, err = tx.Tables(context.Background())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestTablesAreDescribedAlikeOnBothEngines(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		got := tables(t, db)
		if want := tables(t, dbtest.Open(t)); !reflect.DeepEqual(sorted(got), sorted(want)) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		seen := map[string]bool{}
		for _, table := range got {
			for _, r := range table.Refers {
				if r.Table != table.Name && !seen[r.Table] {
					t.Errorf("%s stands before %s, which it refers to", table.Name, r.Table)
				}
			}
			seen[table.Name] = true
			if len(table.Key) == 0 {
				t.Errorf("%s has no primary key", table.Name)
			}
			for _, c := range table.Columns {
				if !slices.Contains([]string{"BIGINT", "TEXT", "BYTEA", "BOOLEAN"}, c.Type) {
					t.Errorf("%s.%s is %s, which a backup does not know", table.Name, c.Name, c.Type)
				}
			}
		}
		if !seen["award"] || !seen["setting"] || seen["goose_db_version"] {
			t.Errorf("tables: %v", seen)
		}
	})
}

// sorted makes two lists comparable: their order and that of references is not told alike.
func sorted(list []sqldb.Table) map[string]sqldb.Table {
	all := map[string]sqldb.Table{}
	for _, t := range list {
		t.Columns, t.Refers = slices.Clone(t.Columns), slices.Clone(t.Refers)
		slices.SortFunc(t.Columns, func(a, b sqldb.Column) int { return cmpText(a.Name, b.Name) })
		slices.SortFunc(t.Refers, func(a, b sqldb.Reference) int { return cmpText(a.Column+a.Table, b.Column+b.Table) })
		if len(t.Refers) == 0 {
			t.Refers = nil
		}
		all[t.Name] = t
	}
	return all
}

func cmpText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func TestSchemaVersion(t *testing.T) {
	ctx := sqldb.ForInstallation(t.Context())
	db, err := sqldb.Open(ctx, t.TempDir()+"/x.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, step := range []struct {
		to   int64
		want int64
	}{{0, 0}, {2, 2}, {3, 3}} {
		if step.to > 0 {
			if err := db.MigrateTo(ctx, step.to); err != nil {
				t.Fatal(err)
			}
		}
		if has, newest, err := db.SchemaVersion(ctx); err != nil || has != step.want || newest < 11 {
			t.Errorf("after migrating to %d the version is %d of %d (%v)", step.to, has, newest, err)
		}
	}
}
