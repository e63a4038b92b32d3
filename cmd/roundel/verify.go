package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/fetch"
	"github.com/roundel/roundel/internal/verification"
	"github.com/roundel/roundel/verify"
)

// Exit codes of verify.
const (
	exitFailed    = 1 // a proven failure
	exitUncertain = 3 // unverifiable, or the issuer is not confirmed
)

type verifyCommand struct {
	JSON    bool     `help:"Print the report as JSON."`
	Offline bool     `help:"Ask nobody: what would need the network is reported as not checked."`
	Bundle  string   `placeholder:"FILE" type:"path" help:"Ask nobody, and take the answers that --save kept in this file."`
	Save    string   `placeholder:"FILE" type:"path" help:"Keep every answer that was fetched in this file, for --bundle."`
	Issuer  []string `sep:"none" placeholder:"DID|DOMAIN" help:"An issuer that you know. May be given more than once."`
	Email   string   `placeholder:"ADDRESS" help:"Check that the badge names this recipient."`
	Target  string   `arg:"" name:"file" help:"A file (JSON, JWT, SD-JWT, PNG or SVG), a web address, or - for standard input."`
}

// Help explains the exit code.
func (verifyCommand) Help() string {
	return "Exit code: 0 valid; 1 a proven failure (tampered, not_issuer, revoked, suspended, expired, not_yet_valid, malformed); 2 wrong usage; 3 unverifiable or issuer_unconfirmed, or nothing to be had at the web address."
}

// Run verifies and prints every check.
func (v *verifyCommand) Run(c *console) error {
	verifier := verify.Verifier{Now: time.Now, KnownIssuers: v.Issuer, Recipient: v.Email}
	client := &fetch.Client{UserAgent: "Roundel", AllowLoopback: onThisMachine(v.Target)}
	recorder := verify.NewRecorder(client, time.Now)
	switch {
	case v.Bundle != "":
		saved, err := v.saved()
		if err != nil {
			return err
		}
		verifier.Get = saved
		c.note("nobody is asked; the answers are those saved on %s", saved.Made().Local().Format("2 January 2006, 15:04"))
	case !v.Offline:
		verifier.Get = recorder
	}
	file, err := v.read(c, client)
	if err != nil {
		return err
	}
	report := verifier.Verify(c.ctx, file)
	if v.Save != "" {
		if err := v.save(recorder); err != nil {
			return err
		}
	}
	c.code = exitCode(report.Verdict)
	if v.JSON {
		e := json.NewEncoder(c.out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(report)
	}
	printReport(c.out, report)
	return nil
}

// saved reads the answers of --bundle.
func (v *verifyCommand) saved() (*verify.Bundle, error) {
	if v.Save != "" {
		return nil, usageError{errors.New("--save keeps what is fetched, and with --bundle nothing is; give one of them")}
	}
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
func (v *verifyCommand) save(recorder *verify.Recorder) error {
	if v.Offline {
		return usageError{errors.New("--save keeps what is fetched, and --offline fetches nothing; give one of them")}
	}
	text, err := recorder.Bundle()
	if err != nil {
		return err
	}
	return os.WriteFile(v.Save, text, 0o644)
}

// read returns the bytes that the argument names. A file that cannot be read is
// wrong usage; a link that leads to no badge leaves everything open.
func (v *verifyCommand) read(c *console, client *fetch.Client) ([]byte, error) {
	switch {
	case v.Target == "-":
		return readAll(c.in)
	case isLink(v.Target):
		if v.Offline || v.Bundle != "" {
			return nil, usageError{fmt.Errorf("%s is a web address, and --offline and --bundle ask nobody; give a file", v.Target)}
		}
		file, err := (&verification.Service{Fetch: client, Now: time.Now}).Open(c.ctx, v.Target)
		if fields := fault.FieldsOf(err); len(fields) > 0 {
			return nil, uncertainError{fmt.Errorf("%s: %s", v.Target, fields[0].Message)}
		}
		return file, err
	}
	f, err := os.Open(v.Target)
	if err != nil {
		return nil, usageError{err}
	}
	defer f.Close()
	return readAll(f)
}

func readAll(r io.Reader) ([]byte, error) {
	file, err := io.ReadAll(io.LimitReader(r, verification.MaxFile+1))
	switch {
	case err != nil:
		return nil, usageError{err}
	case len(file) == 0:
		return nil, usageError{errors.New("there is nothing in it to verify")}
	case len(file) > verification.MaxFile:
		return nil, usageError{fmt.Errorf("the file is larger than %d MiB, which no badge needs", verification.MaxFile>>20)}
	}
	return file, nil
}

// uncertainError is the reason for which nothing can be said about a badge.
type uncertainError struct{ error }

func isLink(s string) bool {
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

// onThisMachine reports whether the person asks about an address of this very
// machine, such as that of a server they try out. Only then may the badge's own
// links lead there too.
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

var marks = map[verify.Outcome]string{verify.Passed: "passed", verify.Failed: "FAILED", verify.Unknown: "not checked", verify.NotApplicable: "does not apply"}

func printReport(w io.Writer, r *verify.Report) {
	fmt.Fprintf(w, "%s\n%s\n\n", r.Headline, r.Text)
	for _, check := range r.Checks {
		fmt.Fprintf(w, "  %-16s %-15s %s\n", check.ID, marks[check.Outcome], check.Reason)
	}
	printParts(w, "Badges inside it", r.Contents)
	printParts(w, "Endorsements", r.Endorsements)
	for _, note := range r.Notes {
		fmt.Fprintf(w, "\n%s\n", note)
	}
	fmt.Fprintf(w, "\nverdict: %s\n", r.Verdict)
}

// printParts lists the credentials inside the one that was verified, under how
// many there are of each verdict. Of those that are not valid it says why.
func printParts(w io.Writer, title string, parts []verify.Part) {
	if len(parts) == 0 {
		return
	}
	by := map[verify.Verdict]int{}
	for _, p := range parts {
		by[p.Verdict]++
	}
	var counts []string
	for _, v := range slices.Sorted(maps.Keys(by)) {
		counts = append(counts, fmt.Sprintf("%d %s", by[v], v))
	}
	fmt.Fprintf(w, "\n%s (%s):\n", title, strings.Join(counts, ", "))
	for _, p := range parts {
		fmt.Fprintf(w, "  %-18s %s, %s\n", p.Verdict, cmp.Or(p.Name, p.ID, p.Path), issuedBy(p))
		if p.Verdict != verify.Valid {
			fmt.Fprintf(w, "  %-18s %s. %s\n", "", strings.TrimSuffix(p.Headline, "."), p.Text)
		}
	}
}

// issuedBy says who issued a part: the proven host first, and else that it is only
// a name.
func issuedBy(p verify.Part) string {
	switch {
	case p.IssuerDomain != "" && p.SharedHost:
		return fmt.Sprintf("by an account at %s that calls itself “%s”", p.IssuerDomain, p.Issuer)
	case p.IssuerDomain != "":
		return "by " + p.IssuerDomain
	case p.Issuer != "":
		return fmt.Sprintf("whose issuer calls itself “%s”", p.Issuer)
	}
	return "whose issuer has no name"
}
