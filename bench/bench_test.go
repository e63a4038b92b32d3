package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLinesOfBenchmarks(t *testing.T) {
	f := newFigures()
	for _, line := range []string{
		"BenchmarkPNG/bake/ours   \t 12649\t  33563 ns/op\t 18134 cpu-ns/op\t 32848 B/op\t 3 allocs/op\n",
		"BenchmarkPNG/bake/ours   \t 12649\t  33563 ns/op\t 20134 cpu-ns/op\t 32848 B/op\t 3 allocs/op\n",
		"BenchmarkPNG/bake/png-chunks\t64\t3185890.6 cpu-ns/op\n",
		"BenchmarkPNG/bake/png-chunks\t64\t2000000 cpu-ns/op\n",
	} {
		if err := f.add(line); err != nil {
			t.Error(err)
		}
	}
	if got := f.time("PNG/bake/ours"); got != 19134 {
		t.Errorf("the time is %v", got)
	}
	if got := f.allocations["PNG/bake/ours"]; got != 3 {
		t.Errorf("%v allocations", got)
	}
	if got := f.ratio("PNG/bake/png-chunks", "PNG/bake/ours"); got.String() != "138 (99.3–176)" {
		t.Errorf("the ratio is %s", got)
	}
	for _, line := range []string{
		"", "PASS", "BenchmarkPNG/bake/ours", "Benchmark 1 2", "PNG/bake 1 2 cpu-ns/op",
		"BenchmarkPNG/bake/ours 12 33563 ns/op", "BenchmarkPNG/bake/ours 12 many cpu-ns/op", "BenchmarkPNG/bake/ours 12 0 cpu-ns/op",
		"BenchmarkPNG/bake/ours 12 1 cpu-ns/op 2 cpu-ns/op",
	} {
		if err := newFigures().add(line); err == nil {
			t.Errorf("%q passes for a line of a benchmark", line)
		}
	}
}

func TestMedian(t *testing.T) {
	for want, list := range map[float64][]float64{3: {3}, 2: {9, 1, 2}, 2.5: {4, 1, 3, 2}} {
		if got := median(list); got != want {
			t.Errorf("the median of %v is %v", list, got)
		}
	}
}

func TestShort(t *testing.T) {
	for want, n := range map[string]float64{"1.30": 1.3, "0.08": 0.08, "12.3": 12.34, "271": 271.4, "12345": 12345.4} {
		if got := short(n); got != want {
			t.Errorf("%v is %s, want %s", n, got, want)
		}
	}
}

// TestTables: aims are about ways that are measured, and every peer has a module
// and packages at a pinned version.
func TestTables(t *testing.T) {
	known := map[string]bool{}
	for _, g := range groups {
		for _, w := range g.works {
			for _, way := range w.ways {
				known[g.name+"/"+w.name+"/"+way.name] = true
			}
		}
		for _, name := range g.peers() {
			if _, err := os.Stat(filepath.Join("..", "interop", "bench", name+".mjs")); err != nil {
				t.Error(err)
			}
		}
	}
	for _, a := range aims {
		if !known[a.of] || !known[a.by] || (a.atLeast > 0) == (a.atMost > 0) {
			t.Errorf("%+v is about nothing that is measured", a)
		}
	}
	manifest, err := os.ReadFile(filepath.Join("..", "interop", "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	for peer, names := range packages {
		for _, name := range names {
			if !strings.Contains(string(manifest), `"`+name+`": "`) {
				t.Errorf("%s: interop/package.json does not have %s", peer, name)
			}
		}
	}
}

func TestAims(t *testing.T) {
	least, most := aim{atLeast: 10}, aim{atMost: 1.3}
	if least.met(9.9) || !least.met(10) || most.met(1.31) || !most.met(1.3) {
		t.Error("an aim is met that is not, or the other way round")
	}
}

// TestComplete: a way that was left out in one round is found.
func TestComplete(t *testing.T) {
	g := group{name: "G", works: []work{{"w", "w", []way{{"a", ""}, {"b", ""}}}}}
	f := newFigures()
	for _, line := range []string{"BenchmarkG/w/a 1 5 cpu-ns/op", "BenchmarkG/w/b 1 5 cpu-ns/op", "BenchmarkG/w/a 1 5 cpu-ns/op"} {
		if err := f.add(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.complete(g, 2); err == nil || !strings.Contains(err.Error(), "G/w/b") {
		t.Errorf("got %v", err)
	}
}
