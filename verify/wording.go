package verify

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/roundel/roundel/credential"
)

// word fills in headline and text from the verdict and the checks.
func (r *run) word() {
	rep := r.report
	w := r.words()
	switch rep.Verdict {
	case Valid:
		rep.Headline, rep.Text = "Real and in date", w.issuedBy+", unchanged, checked "+w.time+" today."
	case Expired, NotYetValid:
		rep.Headline, rep.Text = w.dated(r)
	case Revoked:
		rep.Headline, rep.Text = "Withdrawn by "+w.who, "It was issued and has been withdrawn since. It no longer counts."
	case Suspended:
		rep.Headline, rep.Text = "Paused by "+w.who, "It was issued and does not count at the moment. That may change: ask the issuer."
	case Tampered:
		rep.Headline, rep.Text = notTheFile(rep), rep.Check(CheckProof).Reason+" Ask for the original link; it may be an accident."
	case NotIssuer:
		rep.Headline, rep.Text = w.claimed+" did not sign this", rep.Check(CheckIssuerKey).Reason
	case IssuerUnconfirmed:
		rep.Headline = "Unchanged and in date; we cannot confirm that " + w.claimed + " issued it"
		rep.Text = r.doubt() + " Whoever made it can call itself anything. Ask " + w.claimed + " whether it issued this."
	case Malformed:
		rep.Headline, rep.Text = "Not a badge we can read", r.firstFailure()
	default:
		rep.Headline, rep.Text = "Not confirmed yet", r.unconfirmed()
	}
	if rep.StatusReason != "" && rep.Verdict == Revoked {
		rep.Text += " The issuer says: " + rep.StatusReason
	}
}

// notTheFile is the headline of what has been changed.
func notTheFile(rep *Report) string {
	if rep.Check(CheckProof).Code == CodeDiffers {
		return "This is not the badge that its issuer shows"
	}
	return "This is not the file the issuer signed"
}

// phrases are the parts of sentences that depend on the issuer.
type phrases struct {
	time     string // 14:02
	claimed  string // what the issuer calls itself
	who      string // the proven host, or what stands in for it
	issuedBy string // "Issued by …"
	proven   bool   // signature and key are right
	named    bool   // and the issuer is known
}

func (r *run) words() phrases {
	rep := r.report
	w := phrases{time: r.now.Format("15:04"), claimed: "an unnamed issuer", who: "its issuer"}
	if c := rep.Parsed; c != nil {
		w.claimed = claimedName(c)
	}
	w.proven = rep.Check(CheckProof).Outcome == Passed && rep.Check(CheckIssuerKey).Outcome == Passed
	w.named = w.proven && rep.Check(CheckIssuerIdentity).Outcome == Passed
	switch {
	case rep.AccountDomain != "":
		w.who = rep.AccountDomain
	case rep.IssuerDomain != "" && rep.SharedHost:
		w.who = "an account at " + rep.IssuerDomain + " calling itself " + w.claimed
	case rep.IssuerDomain != "":
		w.who = rep.IssuerDomain
	case w.named:
		w.who = "an issuer you know, calling itself " + w.claimed
	}
	w.issuedBy = "Issued by " + w.who
	return w
}

// claimedName is what the issuer calls itself: a claim, not a finding.
func claimedName(c *credential.Credential) string {
	if name := plain(c.Issuer.Name); name != "" {
		return name
	}
	return display(c.Issuer.ID)
}

// dated words a badge that is over or has not begun. It is called real only
// where that is shown.
func (w phrases) dated(r *run) (headline, text string) {
	c := r.report.Parsed
	start := "Starts on " + r.date(c.ValidFrom)
	end := strings.TrimSuffix(strings.TrimPrefix(r.report.Check(CheckValidity).Reason, "It was valid until "), ".")
	headline, text = "Expired on "+end, "It says that it was valid until then."
	if r.report.Verdict == NotYetValid {
		headline, text = start, "It says that it is valid from then on."
	}
	switch {
	case !w.proven:
		return headline, text + " We could not confirm that it is real. " + r.unconfirmedReason()
	case !w.named:
		return headline, text + " We cannot confirm that " + w.claimed + " issued it. " + r.doubt()
	case r.report.Verdict == NotYetValid:
		return "Real, starts on " + r.date(c.ValidFrom), w.issuedBy + ", unchanged, checked " + w.time + " today."
	}
	return "Real, expired on " + end, "It was earned; it was valid until then. " + w.issuedBy + ", unchanged, checked " + w.time + " today."
}

// doubt says why the issuer is not confirmed.
func (r *run) doubt() string {
	if c := r.report.Check(CheckIssuerKey); c.Outcome != Passed {
		return c.Reason
	}
	return r.report.Check(CheckIssuerIdentity).Reason
}

// firstFailure is the reason of the first failed check.
func (r *run) firstFailure() string {
	for _, c := range r.report.Checks {
		if c.Outcome == Failed {
			return c.Reason
		}
	}
	return ""
}

// unconfirmed is the text under "Not confirmed yet".
func (r *run) unconfirmed() string {
	for _, id := range []string{CheckRecipient, CheckContents, CheckEvidence} {
		if c := r.report.Check(id); c.Outcome == Failed {
			return c.Reason + " We found nothing else against this badge."
		}
	}
	reason, c := r.unconfirmedReason(), openCheck(r.report.Checks)
	switch c.Code {
	case CodeUnreachable:
		return strings.TrimSuffix(reason, ".") + fmt.Sprintf(" at %s. We found nothing against this badge. Try again.", r.now.Format("15:04"))
	case CodeOffline:
		return reason + " We found nothing against this badge. Try again online."
	}
	return reason + " We found nothing against this badge, but that is not enough to call it real."
}

func (r *run) unconfirmedReason() string { return openCheck(r.report.Checks).Reason }

// openCheck is the check that keeps a badge from being confirmed: the cause
// before what follows from it, and before doubts about the issuer's name.
func openCheck(checks []Check) Check {
	var first, doubt Check
	for _, c := range checks {
		switch {
		case c.Informs() || c.Outcome == Failed || settled(c.ID, c.Outcome):
		case onlyDoubt(c):
			doubt = c
		case c.Code != CodeNotRun && c.Code != CodeNoKey:
			return c
		case first.ID == "":
			first = c
		}
	}
	if first.ID == "" {
		return doubt
	}
	return first
}

// plain makes text of others harmless in a sentence: one line, no control or
// direction characters, not endless.
func plain(s string) string {
	const longest = 100
	s = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case unicode.Is(unicode.C, c): // control, format (which holds the direction marks), private
			return -1
		}
		return c
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > longest {
		s = string(runes[:longest]) + "…"
	}
	return s
}

// capital makes the first letter of a sentence large. Host names stay as they
// are, since they are not words.
func capital(s string) string {
	if strings.HasPrefix(s, "the ") || strings.HasPrefix(s, "its ") || strings.HasPrefix(s, "an ") {
		return strings.ToUpper(s[:1]) + s[1:]
	}
	return s
}
