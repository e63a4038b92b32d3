package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/fetch"
	"github.com/roundel/roundel/internal/verification"
	"github.com/roundel/roundel/statuslist"
	"github.com/roundel/roundel/verify"
)

// Exit codes of verify.
const (
	exitFailed    = 1 // a proven failure
	exitUncertain = 3 // unverifiable, or the issuer is not confirmed
)

type verifyCommand struct {
	JSON      bool     `help:"Print the report as JSON; of several files, a line for each."`
	Offline   bool     `help:"Ask nobody: what would need the network is reported as not checked."`
	Bundle    string   `placeholder:"FILE" type:"path" help:"Ask nobody, and take the answers that --save kept in this file."`
	Save      string   `placeholder:"FILE" type:"path" help:"Keep every answer that was fetched in this file, for --bundle."`
	Issuer    []string `sep:"none" placeholder:"DID|DOMAIN" help:"An issuer that you know. May be given more than once."`
	Email     string   `placeholder:"ADDRESS" help:"Check that the badge names this recipient."`
	Challenge string   `placeholder:"TEXT" help:"Verify a presentation from a wallet, made in answer to this challenge."`
	Domain    string   `placeholder:"NAME" help:"Verify a presentation from a wallet, made for this domain."`
	Targets   []string `arg:"" name:"file" help:"Files (JSON, JWT, SD-JWT, COSE, PNG or SVG), web addresses, or - for standard input."`
}

// Help explains the exit code.
func (verifyCommand) Help() string {
	return "Exit code: 0 valid; 1 a proven failure (tampered, not_issuer, revoked, suspended, expired, not_yet_valid, malformed); " +
		"2 wrong usage, or a file that cannot be read or written; 3 unverifiable or issuer_unconfirmed, or nothing to be had at the web address.\n\n" +
		"Of several files each gets a line with its verdict, and the exit code is the worst of theirs: 1 before 2 before 3 before 0.\n\n" +
		"With --challenge or --domain, or both, the files are presentations. Then 0 means that the holder proved who they are, " +
		"for this very request, and that every badge in it is valid."
}

// Run verifies and prints every check. What cannot be done for one file, or
// after the last, does not cost the reports of the others.
func (v *verifyCommand) Run(c *console) error {
	if err := v.check(); err != nil {
		return usageError{err}
	}
	verifier := verify.Verifier{Now: time.Now, KnownIssuers: v.Issuer, Recipient: v.Email, Lists: &statuslist.Cache{}}
	out, recorder := newNetwork(), (*verify.Recorder)(nil)
	switch {
	case v.Bundle != "":
		saved, err := v.saved()
		if err != nil {
			return err
		}
		verifier.Get = saved
		c.note("nobody is asked; the answers are those saved on %s", saved.Made().Local().Format("2 January 2006, 15:04"))
	case !v.Offline:
		recorder = verify.NewRecorder(out, time.Now)
		verifier.Get = recorder
	}
	for _, target := range v.Targets {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		out.about(target)
		f, err := v.one(c, &verifier, out.Client, target)
		if err != nil {
			f = finding{File: target, Error: strings.TrimSuffix(err.Error(), "."), code: c.fail(err)}
		}
		c.code = worse(c.code, f.code)
		if err := v.print(c.out, f); err != nil {
			return err
		}
	}
	if v.Save != "" {
		if err := save(v.Save, recorder); err != nil {
			c.note("the answers that were fetched could not be saved: %v", err)
			c.code = worse(c.code, exitUsage)
		}
	}
	return nil
}

// check refuses calls that contradict themselves, before anything is done.
func (v *verifyCommand) check() error {
	alone := v.Offline || v.Bundle != ""
	switch {
	case v.Save != "" && v.Bundle != "":
		return errors.New("--save keeps what is fetched, and with --bundle nothing is; give one of them")
	case v.Save != "" && v.Offline:
		return errors.New("--save keeps what is fetched, and --offline fetches nothing; give one of them")
	case v.Email != "" && v.presentations():
		return errors.New("--email asks whom a badge is about, and --challenge and --domain who shows it; give one or the other")
	}
	for _, id := range v.Issuer {
		if !isIssuer(id) {
			return fmt.Errorf("--issuer %q is neither a DID, such as did:web:example.org, nor a domain, such as example.org", id)
		}
	}
	if i := slices.IndexFunc(v.Targets, isLink); i >= 0 && alone {
		return fmt.Errorf("%s is a web address, and --offline and --bundle ask nobody; give a file", v.Targets[i])
	}
	return nil
}

// presentations reports whether presentations are to be verified, not badges.
func (v *verifyCommand) presentations() bool { return v.Challenge != "" || v.Domain != "" }

// isIssuer reports whether s could name an issuer: a DID, or a domain, perhaps
// with a port.
func isIssuer(s string) bool {
	if strings.HasPrefix(s, "did:") {
		_, fragment, err := did.SplitURL(s)
		return err == nil && fragment == ""
	}
	_, err := did.WebDID("https://" + s)
	name, _, _ := strings.Cut(s, ":")
	return err == nil && !strings.Contains(s, "/") && (strings.Contains(name, ".") || name == "localhost")
}

// saved reads the answers of --bundle.
func (v *verifyCommand) saved() (*verify.Bundle, error) {
	text, err := os.ReadFile(v.Bundle)
	if err != nil {
		return nil, usageError{err}
	}
	b, err := verify.ParseBundle(text)
	if err != nil {
		return nil, usageError{fmt.Errorf("%s: %w; such files are made with --save", v.Bundle, err)}
	}
	return b, nil
}

// save writes what was fetched.
func save(file string, recorder *verify.Recorder) error {
	text, err := recorder.Bundle()
	if err != nil {
		return err
	}
	return writeWhole(file, text)
}

// finding is what was found out about one file.
type finding struct {
	File   string `json:"file"`
	Error  string `json:"error,omitempty"`  // why it could not be verified
	Report any    `json:"report,omitempty"` // *verify.Report or *verify.PresentationReport
	code   int
}

// one verifies what target names.
func (v *verifyCommand) one(c *console, verifier *verify.Verifier, client *fetch.Client, target string) (finding, error) {
	file, err := read(c, client, target)
	if err != nil {
		return finding{}, err
	}
	if v.presentations() {
		rep := verifier.VerifyPresentation(c.ctx, file, verify.PresentationOptions{Challenge: v.Challenge, Domain: v.Domain})
		return finding{File: target, Report: rep, code: presentationCode(rep)}, nil
	}
	rep := verifier.Verify(c.ctx, file)
	if rep.Check(verify.CheckStructure).Code == verify.CodePresentation {
		c.note("%s is a presentation from a wallet; to verify it, give what its holder was asked to sign: --challenge TEXT, --domain NAME or both", target)
	}
	return finding{File: target, Report: rep, code: exitCode(rep.Verdict)}, nil
}

// read returns the bytes that target names. A file that cannot be read is wrong
// usage; a link that leads to no badge leaves everything open.
func read(c *console, client *fetch.Client, target string) ([]byte, error) {
	if isLink(target) {
		file, err := (&verification.Service{Fetch: client, Now: time.Now}).Open(c.ctx, target)
		if fields := fault.FieldsOf(err); len(fields) > 0 {
			return nil, uncertainError{fmt.Errorf("%s: %s", target, fields[0].Message)}
		}
		return file, err
	}
	file, err := c.readFile(target)
	switch {
	case err != nil:
		return nil, err
	case len(file) == 0:
		return nil, usageError{fmt.Errorf("%s: there is nothing in it to verify", target)}
	}
	return file, nil
}

// readFile reads a file that may hold a badge, or standard input if it is called
// "-". Errors are wrong usage.
func (c *console) readFile(name string) ([]byte, error) {
	in := c.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, usageError{err}
		}
		defer f.Close()
		in = f
	}
	file, err := io.ReadAll(io.LimitReader(in, verification.MaxFile+1))
	switch {
	case err != nil:
		return nil, usageError{err}
	case len(file) > verification.MaxFile:
		return nil, usageError{fmt.Errorf("%s is larger than %d MiB, which no badge needs", name, verification.MaxFile>>20)}
	}
	return file, nil
}

// uncertainError is the reason for which nothing can be said about a badge.
type uncertainError struct{ error }

// network is how the files of one call reach others.
type network struct {
	*fetch.Client // for the file at hand
	outside, here *fetch.Client
}

func newNetwork() *network {
	n := &network{outside: &fetch.Client{UserAgent: "Roundel"}, here: &fetch.Client{UserAgent: "Roundel", AllowLoopback: true}}
	n.Client = n.outside
	return n
}

// about turns to the next file. Only if the person asks about an address of this
// very machine may the links in what is there lead to it too.
func (n *network) about(target string) {
	n.Client = n.outside
	if onThisMachine(target) {
		n.Client = n.here
	}
}

func isLink(s string) bool {
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

// onThisMachine reports whether the person asks about an address of this very
// machine, such as that of a server they try out.
func onThisMachine(target string) bool {
	u, err := url.Parse(target)
	if err != nil || !isLink(target) {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

func exitCode(v verify.Verdict) int {
	switch v {
	case verify.Valid:
		return exitOK
	case verify.Unverifiable, verify.IssuerUnconfirmed:
		return exitUncertain
	}
	return exitFailed
}

// presentationCode is the exit code for a presentation: it is as good as the
// worst of its checks and badges.
func presentationCode(rep *verify.PresentationReport) int {
	code := exitOK
	for _, check := range rep.Checks {
		switch check.Outcome {
		case verify.Passed, verify.NotApplicable:
		case verify.Failed:
			code = worse(code, exitFailed)
		default:
			code = worse(code, exitUncertain)
		}
	}
	for _, part := range rep.Credentials {
		code = worse(code, exitCode(part.Verdict))
	}
	if code == exitOK && !rep.Verified {
		return exitUncertain
	}
	return code
}

// worse returns the worse of two exit codes: 1 before 2 before 3 before 0.
func worse(a, b int) int {
	if a == exitOK || b == exitOK {
		return max(a, b)
	}
	return min(a, b)
}
