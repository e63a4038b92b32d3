package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// figures are what was measured, by names such as EddsaRdfc/sign/shape.
type figures struct {
	nanoseconds map[string][]float64 // of processor time, one for each round
	allocations map[string]float64   // for those that count them
}

func newFigures() *figures {
	return &figures{map[string][]float64{}, map[string]float64{}}
}

// add reads a line of the form of Go's benchmarks: a name, how often, and pairs of
// a number and its unit, of which cpu-ns/op has to be there.
func (f *figures) add(line string) error {
	fields := strings.Fields(line)
	if len(fields) < 4 || len(fields)%2 != 0 {
		return fmt.Errorf("no line of a benchmark: %q", line)
	}
	name, found := strings.CutPrefix(fields[0], "Benchmark")
	if !found {
		return fmt.Errorf("no line of a benchmark: %q", line)
	}
	known := len(f.nanoseconds[name])
	for i := 2; i < len(fields); i += 2 {
		n, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return fmt.Errorf("%q: %w", line, err)
		}
		switch fields[i+1] {
		case "cpu-ns/op":
			if n <= 0 {
				return fmt.Errorf("no time was measured: %q", line)
			}
			f.nanoseconds[name] = append(f.nanoseconds[name], n)
		case "allocs/op":
			f.allocations[name] = n
		}
	}
	if len(f.nanoseconds[name]) != known+1 {
		return fmt.Errorf("not one processor time: %q", line)
	}
	return nil
}

// complete tells which way of a group was not measured in every round.
func (f *figures) complete(g group, rounds int) error {
	for _, w := range g.works {
		for _, way := range w.ways {
			name := g.name + "/" + w.name + "/" + way.name
			if n := len(f.nanoseconds[name]); n != rounds {
				return fmt.Errorf("%s was measured in %d of %d rounds", name, n, rounds)
			}
		}
	}
	return nil
}

// time is the median processor time in nanoseconds.
func (f *figures) time(name string) float64 { return median(f.nanoseconds[name]) }

// spread is a ratio in the middle round, and in those on either side of all.
type spread struct{ low, middle, high float64 }

// ratio is how many times the processor time of b that of a is.
func (f *figures) ratio(a, b string) spread {
	var all []float64
	for i, n := range f.nanoseconds[a] {
		all = append(all, n/f.nanoseconds[b][i])
	}
	return spread{slices.Min(all), median(all), slices.Max(all)}
}

// median is that of a list that is not empty.
func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
