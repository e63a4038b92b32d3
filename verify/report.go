package verify

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/roundel/roundel/clr"
	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/openbadge"
)

// Verdict is the one word that sums up a report.
type Verdict string

// Verdicts, in the order of their precedence: when several hold, the first
// counts.
const (
	Malformed         Verdict = "malformed"          // nothing that can be read as a badge
	Tampered          Verdict = "tampered"           // not what was signed
	NotIssuer         Verdict = "not_issuer"         // signed by somebody else than the named issuer
	Revoked           Verdict = "revoked"            // withdrawn
	Suspended         Verdict = "suspended"          // paused
	Expired           Verdict = "expired"            // over
	NotYetValid       Verdict = "not_yet_valid"      // not yet begun
	Unverifiable      Verdict = "unverifiable"       // something that matters could not be checked
	IssuerUnconfirmed Verdict = "issuer_unconfirmed" // all in order, but nobody confirms the issuer's name
	Valid             Verdict = "valid"
)

// Outcome is the result of one check.
type Outcome string

// Outcomes of a check.
const (
	Passed        Outcome = "passed"
	Failed        Outcome = "failed"
	Unknown       Outcome = "unknown"        // could not be checked
	NotApplicable Outcome = "not_applicable" // there is nothing to check
)

// Ids of the checks, in the order of a report.
const (
	CheckStructure      = "structure"       // can it be read?
	CheckSchema         = "schema"          // does it keep the rules of Open Badges?
	CheckProof          = "proof"           // is the signature right?
	CheckIssuerKey      = "issuer_key"      // does the key belong to the issuer?
	CheckIssuerIdentity = "issuer_identity" // is it known who the issuer is?
	CheckStatus         = "status"          // has it been withdrawn or paused?
	CheckValidity       = "validity_period" // is today within its dates?
	CheckRefresh        = "refresh"         // is there a newer version? For information only.
	CheckEvidence       = "evidence"        // is what it refers to by digest unchanged?
	CheckEndorsements   = "endorsements"    // do the endorsements in it hold? For information only.
	CheckContents       = "contents"        // do the credentials of a learner record hold?
	CheckRecipient      = "recipient"       // is it about the person asked for?
)

// titles are the checks as questions, in the order of a report.
func titles() [][2]string {
	return [][2]string{
		{CheckStructure, "Can it be read?"},
		{CheckSchema, "Does it follow the rules for badges?"},
		{CheckProof, "Is it unchanged since it was signed?"},
		{CheckIssuerKey, "Did the named issuer sign it?"},
		{CheckIssuerIdentity, "Do we know who the issuer is?"},
		{CheckStatus, "Has it been withdrawn or paused?"},
		{CheckValidity, "Is it in date?"},
		{CheckRefresh, "Is there a newer version?"},
		{CheckEvidence, "Is the evidence unchanged?"},
		{CheckEndorsements, "Do its endorsements hold?"},
		{CheckContents, "Do the badges inside it hold?"},
		{CheckRecipient, "Is it about the right person?"},
	}
}

// Check is one check and its result.
type Check struct {
	ID      string  `json:"id"`
	Outcome Outcome `json:"outcome"`
	Code    string  `json:"code,omitempty"` // machine-readable reason; empty when passed without remark
	Reason  string  `json:"reason"`         // one or two sentences for anybody
	Title   string  `json:"-"`              // the check as a question
}

// Report is the result of a verification. Its JSON form is stable: members may
// be added, none changes its meaning.
type Report struct {
	Verdict  Verdict `json:"verdict"`
	Headline string  `json:"headline"`
	Text     string  `json:"text"`
	// Checks are always all there, in a fixed order.
	Checks []Check `json:"checks"`
	// Notes are sentences that are true beside the verdict, for example that a
	// newer version exists.
	Notes []string `json:"notes,omitempty"`
	// IssuerDomain is the host that is proven to stand behind the signature;
	// empty if none is. SharedHost says that only an account there is proven.
	IssuerDomain string `json:"issuerDomain,omitempty"`
	SharedHost   bool   `json:"sharedHost,omitempty"`
	// AccountDomain is the domain of its own that an account at a shared host has
	// proven to that host; empty if none is known.
	AccountDomain string `json:"accountDomain,omitempty"`
	// StatusReason is the issuer's public reason for the state, if it gave one.
	StatusReason string `json:"statusReason,omitempty"`
	// Endorsements and Contents are the results for the credentials inside this
	// one, in its order.
	Endorsements []Part    `json:"endorsements,omitempty"`
	Contents     []Part    `json:"contents,omitempty"`
	CheckedAt    time.Time `json:"checkedAt"`
	// Credential is the document that was checked, as it was found; nil if the
	// file held no JSON object.
	Credential json.RawMessage `json:"credential,omitempty"`

	Parsed *credential.Credential           `json:"-"` // nil if malformed
	Badge  *openbadge.AchievementCredential `json:"-"` // nil if not an Open Badge
	Record *clr.Record                      `json:"-"` // nil if not a learner record
}

func newReport(now time.Time) *Report {
	return &Report{CheckedAt: now, Checks: notRun(titles(), "Not checked, because the badge could not be read.")}
}

// Check returns the check called id.
func (rep *Report) Check(id string) Check { return checkOf(rep.Checks, id) }

func (rep *Report) set(c Check) { rep.Checks = withCheck(rep.Checks, c) }

// notRun returns checks of these ids and titles, every one unknown, so that what
// is forgotten is not taken for passed.
func notRun(titles [][2]string, reason string) []Check {
	all := make([]Check, 0, len(titles))
	for _, t := range titles {
		all = append(all, Check{ID: t[0], Outcome: Unknown, Code: CodeNotRun, Title: t[1], Reason: reason})
	}
	return all
}

// checkOf returns the check called id, which is unknown if there is none.
func checkOf(checks []Check, id string) Check {
	for _, c := range checks {
		if c.ID == id {
			return c
		}
	}
	return Check{ID: id, Outcome: Unknown, Code: CodeNotRun}
}

// withCheck puts c in the place of the check of its id, under the same title.
func withCheck(checks []Check, c Check) []Check {
	for i := range checks {
		if checks[i].ID == c.ID {
			c.Title = checks[i].Title
			checks[i] = c
			return checks
		}
	}
	return append(checks, c)
}

// note adds a sentence, once.
func (rep *Report) note(text string) {
	if !slices.Contains(rep.Notes, text) {
		rep.Notes = append(rep.Notes, text)
	}
}

func passed(id, reason string) Check { return Check{ID: id, Outcome: Passed, Reason: reason} }

func passedAs(id, code, reason string) Check {
	return Check{ID: id, Outcome: Passed, Code: code, Reason: reason}
}

func failed(id, code, reason string) Check {
	return Check{ID: id, Outcome: Failed, Code: code, Reason: reason}
}

func unknown(id, code, reason string) Check {
	return Check{ID: id, Outcome: Unknown, Code: code, Reason: reason}
}

func notApplicable(id, code, reason string) Check {
	return Check{ID: id, Outcome: NotApplicable, Code: code, Reason: reason}
}
