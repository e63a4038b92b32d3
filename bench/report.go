package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// machine is where and with what was measured.
type machine struct {
	settings
	date, commit, processor, node string
	bytes                         int               // of the fixture
	versions                      map[string]string // of npm packages
}

func lookAround(s settings, fixture string) (machine, error) {
	m := machine{settings: s, date: time.Now().UTC().Format(time.DateOnly), processor: runtime.GOARCH}
	for into, command := range map[*string][]string{&m.commit: {"git", "describe", "--always", "--dirty"}, &m.node: {"node", "--version"}} {
		out, err := exec.Command(command[0], command[1:]...).Output()
		if err != nil {
			return m, fmt.Errorf("%s: %w", command[0], err)
		}
		*into = strings.TrimSpace(string(out))
	}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if found := regexp.MustCompile(`(?m)^model name\s*: (.*)$`).FindSubmatch(info); found != nil {
			m.processor = string(found[1])
		}
	}
	text, err := os.ReadFile(fixture)
	if err != nil {
		return m, err
	}
	m.bytes = len(text)
	text, err = os.ReadFile(filepath.Join("interop", "package.json"))
	if err != nil {
		return m, err
	}
	var manifest struct{ Dependencies map[string]string }
	err = json.Unmarshal(text, &manifest)
	m.versions = manifest.Dependencies
	return m, err
}

// report is the text of docs/benchmarks.md.
func report(m machine, f *figures, servers []*serverFigures, firsts []string) string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("# Benchmarks\n")
	say("Written by `make bench` on %s, commit %s. The machine had neighbours: trust the ratios, which were measured in turn, and not the absolute times.\n", m.date, m.commit)
	say("- machine: %s, %d cores, of which one was used, pinned", m.processor, runtime.NumCPU())
	say("- ours: %s, this commit, GOMAXPROCS=1, the standard library's cryptography", runtime.Version())
	say("- theirs: Node %s; %s", m.node, m.peerVersions())
	say("- what: an Open Badges 3.0 credential of %d bytes (`fixtures/achievement-credential.json`; 74 statements, 10.3 kB in canonical form), each time another of %d recipients", m.bytes, 64)
	say("- how: %d rounds; in each of them ours, then each peer, %v for each figure (for peers, of processor time), after warming up. Times are processor time of the whole process, with collecting garbage and compiling, medians over the rounds; ratios are medians of the ratios within each round, with the least and the greatest in brackets\n", m.rounds, m.each)
	writeAims(say, f)
	for _, g := range groups {
		say("\n## %s\n\n%s", g.title, g.text)
		for _, w := range g.works {
			writeWork(say, f, g, w)
		}
	}
	writeServers(say, servers)
	for _, other := range []string{"long.md", "many.md"} {
		if text, err := os.ReadFile(filepath.Join("bench", other)); err == nil {
			say("\n%s", strings.TrimSpace(string(text)))
		}
	}
	say(`
## Time to the first badge

From starting the binary on an empty folder, over HTTP through the forms of the console (account, organisation, designed badge, award), to @digitalbazaar/vc accepting the badge, a trial; a person's pauses count as nothing. All cores, time on the wall.
`)
	for _, first := range firsts {
		say("- %s", first)
	}
	say("\n## Again\n\n```console\n$ make bench                      # all of this\n$ bench/run -rounds 9 -time 1s    # longer; go run ./bench -h lists the rest\n$ bench/run -server               # the server under load only\n$ bench/run -soak 20m             # too much at once, and for long; writes bench/long.md\n$ bench/run -many 1000000         # starts, backup and check of many; writes bench/many.md\n$ bench/time-to-first-badge\n$ go test -run '^$' -bench EddsaRdfc ./interop\n$ cd interop && echo EddsaRdfc/sign | node bench.mjs digitalbazaar ../../shared/fixtures/achievement-credential.json 400\n```")
	return b.String()
}

func (m machine) peerVersions() string {
	var all []string
	for _, names := range packages {
		for _, name := range names {
			all = append(all, fmt.Sprintf("`%s` %s", name, m.versions[name]))
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func writeAims(say func(string, ...any), f *figures) {
	say("## Aims\n\n| what | aim | measured | |\n|---|--:|--:|---|")
	for _, a := range aims {
		r, verdict, goal := f.ratio(a.of, a.by), "**not met**", fmt.Sprintf("≥ %g ×", a.atLeast)
		if a.met(r.middle) {
			verdict = "met"
		}
		if a.atMost > 0 {
			goal = fmt.Sprintf("≤ %g ×", a.atMost)
		}
		say("| %s | %s | %s | %s |", a.what, goal, r, verdict)
	}
}

func writeWork(say func(string, ...any), f *figures, g group, w work) {
	say("\n| %s | processor time | allocations | times the first |\n|---|--:|--:|--:|", w.title)
	first := g.name + "/" + w.name + "/" + w.ways[0].name
	for _, way := range w.ways {
		name := g.name + "/" + w.name + "/" + way.name
		allocations, times := "", "1"
		if n, ok := f.allocations[name]; ok {
			allocations = fmt.Sprint(n)
		}
		if name != first {
			times = f.ratio(name, first).String()
		}
		say("| %s | %s µs | %s | %s |", way.label, short(f.time(name)/1000), allocations, times)
	}
}

// String gives the middle, and the ends in brackets.
func (s spread) String() string {
	return fmt.Sprintf("%s (%s–%s)", short(s.middle), short(s.low), short(s.high))
}

// short writes a number with three digits or so.
func short(n float64) string {
	digits := 0
	for limit := 100.0; n < limit && digits < 2; limit /= 10 {
		digits++
	}
	return fmt.Sprintf("%.*f", digits, n)
}
