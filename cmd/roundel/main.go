// Command roundel is the platform for microcredentials and digital badges: the
// server and every tool around it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// commands is the command line: one field for each subcommand.
type commands struct {
	Serve           serveCommand           `cmd:"" help:"Start the platform."`
	Signer          signerCommand          `cmd:"" help:"Have the signing keys, and sign for roundel serve."`
	Verify          verifyCommand          `cmd:"" help:"Verify a badge of any issuer."`
	Issue           issueCommand           `cmd:"" help:"Issue badges into files, without a server."`
	Bake            bakeCommand            `cmd:"" help:"Put a signed badge into a picture."`
	Extract         extractCommand         `cmd:"" help:"Take the badge out of a picture."`
	Key             keyCommand             `cmd:"" help:"Make keys, and look after those of an installation."`
	User            userCommand            `cmd:"" help:"Help people of an installation to get in."`
	Organisation    organisationCommand    `cmd:"" help:"Approve, suspend and stop organisations."`
	Fsck            fsckCommand            `cmd:"" help:"Check that an installation's data is whole."`
	Audit           auditCommand           `cmd:"" help:"Check and export the audit log."`
	Backup          backupCommand          `cmd:"" help:"Copy a whole installation into one file while it works."`
	Restore         restoreCommand         `cmd:"" help:"Make an installation of a backup."`
	MigrateDatabase migrateDatabaseCommand `cmd:"" help:"Move an installation from SQLite to PostgreSQL."`
	Export          exportCommand          `cmd:"" help:"Write everything of an organisation, or of one person, as open files."`
	Import          importCommand          `cmd:"" help:"Take an organisation in that another installation has exported."`
	Erase           eraseCommand           `cmd:"" help:"Take a person out of an installation, and out of restored backups, for good."`
	Config          configCommand          `cmd:"" help:"Print the settings in force."`
	Version         versionCommand         `cmd:"" help:"Print the version."`
}

// Exit codes. Verify adds its own: see verifyCommand.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// console is where a command reads and writes, and how it ends.
type console struct {
	ctx  context.Context
	in   io.Reader
	out  io.Writer
	err  io.Writer
	code int // exit code when the command returns no error
}

// note writes a line for the person to standard error.
func (c *console) note(format string, args ...any) {
	fmt.Fprintf(c.err, "roundel: "+format+"\n", args...)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Who asks a second time does not want to wait: the signal then ends the process.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run parses the arguments and runs the subcommand they name. It returns the
// exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	ctx = audit.With(ctx, audit.Origin{Service: "cli"})
	c := &console{ctx: sqldb.ForInstallation(ctx), in: in, out: out, err: errOut}
	var cmds commands
	exited := -1
	parser, err := kong.New(&cmds, kong.Name("roundel"), kong.Writers(out, errOut), kong.Exit(func(code int) { exited = code }), kong.UsageOnError(),
		kong.Description("The open platform for microcredentials and digital badges."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.ValueFormatter(explain), kong.Bind(c))
	if err != nil {
		c.note("%v", err)
		return exitError
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help has answered
		return exited
	}
	if err != nil {
		c.note("%v", err)
		c.note("see roundel --help, or roundel COMMAND --help")
		return exitUsage
	}
	if err := parsed.Run(c); err != nil {
		return c.fail(err)
	}
	return c.code
}

// fail tells the person what went wrong and returns the exit code that says so.
func (c *console) fail(err error) int {
	var wrong usageError
	var uncertain uncertainError
	switch {
	case errors.As(err, &wrong):
		c.note("%v", err)
		return exitUsage
	case errors.As(err, &uncertain):
		c.note("%v", err)
		return exitUncertain
	case fault.KindOf(err) != fault.Internal:
		c.note("%s", strings.TrimSuffix(fault.Message(err), "."))
		for _, f := range fault.FieldsOf(err) {
			c.note("  %s: %s", f.Path, f.Message)
		}
	default:
		c.note("%v", err)
	}
	return exitError
}

// explain adds to a flag's help what it is without being set, and where else it
// can be set.
func explain(v *kong.Value) string {
	var more []string
	if v.HasDefault && v.Default != "" && v.Tag.PlaceHolder != "" { // elsewhere the usage shows it
		more = append(more, "default "+v.Default)
	}
	for _, name := range v.Tag.Envs {
		more = append(more, "$"+name)
	}
	help := strings.TrimSpace(v.Help)
	if len(more) == 0 {
		return help
	}
	text, stop := strings.CutSuffix(help, ".")
	if text += " (" + strings.Join(more, ", ") + ")"; stop {
		text += "."
	}
	return text
}

// usageError is an error in how the command was called.
type usageError struct{ error }

type versionCommand struct{}

// Run prints the version that was built, and with which Go.
func (versionCommand) Run(c *console) error {
	version, goVersion := softwareVersion()
	fmt.Fprintf(c.out, "roundel %s (%s)\n", version, goVersion)
	return nil
}

// softwareVersion returns the version that was built, with its revision, and
// with which Go.
func softwareVersion() (version, goVersion string) {
	version, revision := "development", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
		if v := info.Main.Version; v != "" && v != "(devel)" {
			version = v
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
	}
	return version + revision, goVersion
}

// count returns "1 badge" or "2 badges".
func count(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
