package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/roundel/roundel/verify"
)

// print writes what was found out about a file: the whole report of one, a line
// for each of several.
func (v *verifyCommand) print(w io.Writer, f finding) error {
	several := len(v.Targets) > 1
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	switch {
	case v.JSON && several:
		return e.Encode(f)
	case f.Report == nil: // standard error says why
		return nil
	case v.JSON:
		e.SetIndent("", "  ")
		return e.Encode(f.Report)
	}
	switch rep := f.Report.(type) {
	case *verify.Report:
		if several {
			fmt.Fprintf(w, "%-18s %s: %s\n", rep.Verdict, f.File, rep.Headline)
			return nil
		}
		printReport(w, rep)
	case *verify.PresentationReport:
		verdict, headline := presentationVerdict(rep)
		if several {
			fmt.Fprintf(w, "%-18s %s: %s\n", verdict, f.File, headline)
			return nil
		}
		fmt.Fprintf(w, "%s\n\n", headline)
		printChecks(w, rep.Checks)
		printParts(w, "Badges in it", rep.Credentials)
		fmt.Fprintf(w, "\nverdict: %s\n", verdict)
	}
	return nil
}

// presentationVerdict sums up a presentation in a word, which says what the exit
// code says, and in a sentence.
func presentationVerdict(rep *verify.PresentationReport) (verdict, headline string) {
	what := count(int64(len(rep.Credentials)), "badge")
	switch code := presentationCode(rep); {
	case code == exitOK:
		return "verified", fmt.Sprintf("%s shows %s.", rep.Holder, what)
	case rep.Verified:
		return string(verify.IssuerUnconfirmed), fmt.Sprintf("%s shows %s; not every issuer is confirmed.", rep.Holder, what)
	case code == exitFailed:
		return "failed", "This presentation must not be relied on."
	}
	return string(verify.Unverifiable), "Not everything about this presentation could be checked."
}

var marks = map[verify.Outcome]string{verify.Passed: "passed", verify.Failed: "FAILED", verify.Unknown: "not checked", verify.NotApplicable: "does not apply"}

func printReport(w io.Writer, r *verify.Report) {
	fmt.Fprintf(w, "%s\n%s\n\n", r.Headline, r.Text)
	printChecks(w, r.Checks)
	printParts(w, "Badges inside it", r.Contents)
	printParts(w, "Endorsements", r.Endorsements)
	for _, note := range r.Notes {
		fmt.Fprintf(w, "\n%s\n", note)
	}
	fmt.Fprintf(w, "\nverdict: %s\n", r.Verdict)
}

func printChecks(w io.Writer, checks []verify.Check) {
	for _, check := range checks {
		fmt.Fprintf(w, "  %-16s %-15s %s\n", check.ID, marks[check.Outcome], check.Reason)
	}
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
