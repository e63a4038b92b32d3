package strictjson

import (
	"testing"

	"github.com/roundel/roundel/internal/vectors"
)

func BenchmarkBadge(b *testing.B) {
	badge := vectors.Fixture(b, "achievement-credential.json")
	for _, run := range []struct {
		name string
		do   func() error
	}{
		{"check", func() error { return Check(badge, Limits{}) }},
		{"decode", func() error { _, err := Decode(badge, Limits{}); return err }},
	} {
		b.Run(run.name, func(b *testing.B) {
			b.SetBytes(int64(len(badge)))
			b.ReportAllocs()
			for range b.N {
				if err := run.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
