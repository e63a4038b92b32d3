package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/picture"
	"github.com/roundel/roundel/internal/sqldb"
)

// An installation is data that a server is started on: an organisation with a
// badge, and a token that awards it.
type installation struct {
	settings config.Config
	badge    string
	token    string
}

// setUp makes an installation in process, in a folder of its own. database is the
// address of an empty PostgreSQL database, or empty.
func setUp(ctx context.Context, database string) (*installation, error) {
	dir, err := os.MkdirTemp("", "roundel-load-")
	if err != nil {
		return nil, err
	}
	i := &installation{settings: config.Config{
		Listen: "127.0.0.1:0", Data: filepath.Join(dir, "data"), BaseURL: "https://badges.example.org", Name: "Roundel", Database: database,
	}}
	a, err := app.New(ctx, i.settings, slog.New(slog.DiscardHandler))
	if err != nil {
		i.remove()
		return nil, err
	}
	return i, errors.Join(i.fill(sqldb.ForInstallation(ctx), a.Features), a.Close())
}

// remove throws the data away.
func (i *installation) remove() { _ = os.RemoveAll(filepath.Dir(i.settings.Data)) } // a leftover in the folder for temporary files harms nobody

func (i *installation) fill(ctx context.Context, f *app.Features) error {
	link, err := f.Accounts.SetUpLink(ctx)
	if err != nil {
		return err
	}
	owner, err := f.Accounts.SetUp(ctx, link, account.NewPerson{Name: "Ada", Email: "ada@northlight.example", Password: "violets grow on the roof"})
	if err != nil {
		return err
	}
	o, err := f.Orgs.Create(ctx, owner.ID, org.Profile{Name: "Northlight University", Website: "https://northlight.example", Email: "badges@northlight.example"})
	if err != nil {
		return err
	}
	design := picture.Suggest("Applied Data Analysis")
	b, err := f.Badges.Create(ctx, o.ID, badge.Content{
		Name: "Applied Data Analysis", Description: "Collects, cleans and explains data.", Criteria: "Six assignments and a project.",
		AchievementType: "MicroCredential", PictureAlt: "A round badge with a chart",
	}, badge.Picture{Design: &design})
	if err != nil {
		return err
	}
	if err := f.Badges.Publish(ctx, o.ID, b.PublicID); err != nil {
		return err
	}
	i.badge = b.PublicID.String()
	i.token, _, err = f.Accounts.CreateToken(ctx, o.ID, owner.ID, "bench", time.Time{})
	return err
}

// award is a request that awards the badge, each time to somebody else.
func (i *installation) award(client, n int) []byte {
	body := fmt.Sprintf(`{"badge":%q,"recipient":{"name":"Person %d of %d","email":"person-%d-%d@example.org"},"result":"87 %%"}`, i.badge, n, client, client, n)
	return fmt.Appendf(nil, "POST /api/v1/awards HTTP/1.1\r\nHost: badges.example.org\r\nAuthorization: Bearer %s\r\nIdempotency-Key: %d-%d-%d\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		i.token, os.Getpid(), client, n, len(body), body)
}

// server is the built binary at work.
type server struct {
	cmd     *exec.Cmd
	address string // HOST:PORT
	started time.Time
	ready   time.Duration // since then
}

// serve starts the binary on an installation and waits until it says where it
// is, which it does when it listens.
func (i *installation) serve(binary string, more ...string) (*server, error) {
	c := i.settings
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	arguments := append([]string{"serve", "--data", c.Data, "--listen", address, "--base-url", c.BaseURL, "--log-level", "warn"}, more...)
	if c.Database != "" {
		arguments = append(arguments, "--database", c.Database)
	}
	s := &server{cmd: exec.Command(binary, arguments...), address: address}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.cmd.Stderr = os.Stderr
	s.started = time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(out)
	if _, err := lines.ReadString('\n'); err != nil {
		return nil, fmt.Errorf("the server ended before it was there: %w", errors.Join(err, s.cmd.Wait()))
	}
	s.ready = time.Since(s.started)
	go io.Copy(io.Discard, lines) //nolint:errcheck // ends with the server
	return s, nil
}

// freeAddress returns an address of this machine on which nobody listens. The
// server prints its public address, so it cannot choose the port itself.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// stop ends the server as an operator does, or by force.
func (s *server) stop(force bool) error {
	if force {
		return errors.Join(s.cmd.Process.Kill(), ignore(s.cmd.Wait()))
	}
	return errors.Join(s.cmd.Process.Signal(syscall.SIGTERM), s.cmd.Wait())
}

// ignore drops the error of a process that was killed.
func ignore(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

// processorTime is the server's so far, in seconds.
func (s *server) processorTime() float64 {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "stat"))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(text, []byte(") "))
	fields := bytes.Fields(rest)
	const userTime, systemTime, ticks = 11, 12, 100
	user, _ := strconv.ParseFloat(string(fields[userTime]), 64)
	system, _ := strconv.ParseFloat(string(fields[systemTime]), 64)
	return (user + system) / ticks
}

// memory is what the server holds of the machine's memory, in MiB; peak is the
// most that it did.
func (s *server) memory() (now, peak float64) {
	text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "status"))
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		kilobytes, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		switch name {
		case "VmRSS":
			now = kilobytes / 1024
		case "VmHWM":
			peak = kilobytes / 1024
		}
	}
	return now, peak
}
