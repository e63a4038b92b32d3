// Command bench runs our benchmarks and those of npm packages in turn (A B A B …)
// on one core, and writes what came out into docs/benchmarks.md. bench/run builds
// what it needs and starts it, from the root of the module.
//
// What is measured is processor time. Every figure is the median over the rounds,
// and every ratio the median of the ratios within each round: on a machine with
// neighbours two figures that were taken one after the other can be compared, and
// others cannot.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// settings are the flags.
type settings struct {
	ours   string
	rounds int
	each   time.Duration
	core   int
	out    string
	binary string
	loads  time.Duration
	server bool
	long   time.Duration
	many   int
}

func main() {
	var s settings
	flag.StringVar(&s.ours, "ours", "", "the test binary of package interop")
	flag.IntVar(&s.rounds, "rounds", 5, "how many rounds")
	flag.DurationVar(&s.each, "time", 400*time.Millisecond, "time for each figure in each round")
	flag.IntVar(&s.core, "core", runtime.NumCPU()-1, "the core, from 0")
	flag.StringVar(&s.out, "out", filepath.Join("docs", "benchmarks.md"), "the file to write")
	flag.StringVar(&s.binary, "binary", filepath.Join("bin", "roundel"), "the built binary")
	flag.DurationVar(&s.loads, "loads", 10*time.Second, "time for each load on the server")
	flag.BoolVar(&s.server, "server", false, "measure the server only, and print what came out")
	flag.DurationVar(&s.long, "soak", 0, "put the server under ten times what it can do for a tenth of this time, then under steady load for this time, and write bench/long.md; 20m is what the documentation shows")
	flag.IntVar(&s.many, "many", 0, "fill a server with so many credentials, measure starts, a backup and a check of all of them, and write bench/many.md; 1000000 is what the documentation shows")
	flag.Parse()
	if err := run(context.Background(), s); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	if s.long > 0 {
		return longRuns(ctx, s)
	}
	if s.many > 0 {
		return manyRuns(ctx, s)
	}
	if s.server {
		servers, err := measureServers(ctx, s.binary, s.loads)
		if err == nil {
			writeServers(func(format string, args ...any) { fmt.Printf(format+"\n", args...) }, servers)
		}
		return err
	}
	fixture, err := findFixture()
	if err != nil {
		return err
	}
	f := newFigures()
	for _, g := range groups {
		if err := measure(s, g, fixture, f); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	var firsts []string
	for range 3 {
		out, err := exec.Command(filepath.Join("bench", "time-to-first-badge")).Output()
		if err != nil {
			return fmt.Errorf("time to first badge: %w", err)
		}
		_, text, _ := strings.Cut(strings.TrimSpace(string(out)), ": ")
		firsts = append(firsts, text)
	}
	servers, err := measureServers(ctx, s.binary, s.loads)
	if err != nil {
		return fmt.Errorf("server under load: %w", err)
	}
	m, err := lookAround(s, fixture)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.out, []byte(report(m, f, servers, firsts)), 0o644); err != nil {
		return err
	}
	fmt.Println("wrote", s.out)
	return nil
}

// findFixture returns the absolute path of the credential that is measured, which
// lies beside the published vectors.
func findFixture() (string, error) {
	vectors := os.Getenv("ROUNDEL_VECTORS")
	if vectors == "" {
		vectors = filepath.Join("..", "shared", "vectors")
	}
	path, err := filepath.Abs(filepath.Join(vectors, "..", "fixtures", "achievement-credential.json"))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the credential to measure with is absent, set ROUNDEL_VECTORS to the folder vectors beside fixtures: %w", err)
	}
	return path, nil
}

// measure runs all rounds of a group: in each of them ours, then each peer.
func measure(s settings, g group, fixture string, f *figures) error {
	var peers []*peer
	defer func() {
		for _, p := range peers {
			p.stop()
		}
	}()
	for _, name := range g.peers() {
		p, err := start(s, name, fixture)
		if err != nil {
			return err
		}
		peers = append(peers, p)
	}
	for round := range s.rounds {
		if err := oneOfOurs(s, g, f); err != nil {
			return err
		}
		for _, p := range peers {
			for _, w := range g.works {
				if !w.has(p.name) {
					continue
				}
				line, err := p.ask(g.name + "/" + w.name)
				if err == nil {
					err = f.add(line)
				}
				if err != nil {
					return fmt.Errorf("%s: %w", p.name, err)
				}
			}
		}
		fmt.Printf("%s: round %d of %d\n", g.name, round+1, s.rounds)
	}
	return f.complete(g, s.rounds)
}

func oneOfOurs(s settings, g group, f *figures) error {
	cmd := exec.Command("taskset", "-c", fmt.Sprint(s.core), s.ours,
		"-test.run", "^$", "-test.bench", "^Benchmark"+g.name+"$", "-test.benchtime", s.each.String(), "-test.cpu", "1")
	cmd.Dir = "interop"
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("ours: %w: %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "Benchmark") {
			if err := f.add(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// A peer is interop/bench.mjs at work for one npm package. It stays for all rounds,
// so that what is hot stays compiled.
type peer struct {
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
}

func start(s settings, name, fixture string) (*peer, error) {
	cmd := exec.Command("taskset", "-c", fmt.Sprint(s.core), "node", "bench.mjs", name, fixture, fmt.Sprint(s.each.Milliseconds()))
	cmd.Dir, cmd.Stderr = "interop", os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &peer{name, cmd, in, bufio.NewReader(out)}, cmd.Start()
}

// ask has a work measured and returns the line about it.
func (p *peer) ask(work string) (string, error) {
	if _, err := fmt.Fprintln(p.in, work); err != nil {
		return "", err
	}
	return p.out.ReadString('\n')
}

func (p *peer) stop() {
	p.in.Close()
	if err := p.cmd.Wait(); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %s: %v\n", p.name, err)
	}
}
