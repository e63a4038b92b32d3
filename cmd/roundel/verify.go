package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

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
	Issuer  []string `sep:"none" placeholder:"DID|DOMAIN" help:"An issuer that you know. May be given more than once."`
	Email   string   `placeholder:"ADDRESS" help:"Check that the badge names this recipient."`
	Target  string   `arg:"" name:"file" help:"A file (JSON, PNG or SVG), a web address, or - for standard input."`
}

// Help explains the exit code.
func (verifyCommand) Help() string {
	return "Exit code: 0 valid; 1 a proven failure (tampered, not_issuer, revoked, suspended, expired, not_yet_valid, malformed); 3 unverifiable or issuer_unconfirmed; 2 wrong usage."
}

// Run verifies and prints every check.
func (v *verifyCommand) Run(c *console) error {
	verifier := verify.Verifier{Now: time.Now, KnownIssuers: v.Issuer, Recipient: v.Email}
	client := &fetch.Client{UserAgent: "Roundel"}
	if !v.Offline {
		verifier.Get = client
	}
	file, err := v.read(c, client)
	if err != nil {
		return usageError{err}
	}
	report := verifier.Verify(c.ctx, file)
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

// read returns the bytes that the argument names.
func (v *verifyCommand) read(c *console, client *fetch.Client) ([]byte, error) {
	switch {
	case v.Target == "-":
		return io.ReadAll(io.LimitReader(c.in, verification.MaxFile+1))
	case strings.HasPrefix(v.Target, "https://"), strings.HasPrefix(v.Target, "http://"):
		if v.Offline {
			return nil, fmt.Errorf("%s is a web address, and --offline asks nobody; give a file", v.Target)
		}
		body, _, err := client.GetMax(c.ctx, v.Target, verification.Accepted, verification.MaxFile)
		return body, err
	}
	f, err := os.Open(v.Target)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, verification.MaxFile+1))
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
	for _, note := range r.Notes {
		fmt.Fprintf(w, "\n%s\n", note)
	}
	fmt.Fprintf(w, "\nverdict: %s\n", r.Verdict)
}
