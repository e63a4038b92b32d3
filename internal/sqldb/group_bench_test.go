package sqldb

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
)

func BenchmarkWriteInParallel(b *testing.B) {
	ctx := context.Background()
	db, err := Open(ctx, filepath.Join(b.TempDir(), "bench.db"))
	if err != nil {
		b.Fatal(err)
	}
	db.DefaultScope = Installation
	defer db.Close()
	if err := db.Write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, "CREATE TABLE item (name TEXT PRIMARY KEY)")
		return err
	}); err != nil {
		b.Fatal(err)
	}
	var n atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := db.Write(ctx, func(tx *Tx) error { return insert(ctx, tx, fmt.Sprint(n.Add(1))) }); err != nil {
				b.Error(err)
			}
		}
	})
}
