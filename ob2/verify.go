package ob2

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/openbadge"
)

// Outcome is what a check found out.
type Outcome int

// Outcomes of a check.
const (
	Unknown       Outcome = iota // it could not be found out, now or at all
	Passed                       // all is well
	Failed                       // something is wrong
	NotApplicable                // there was nothing to check
)

// String returns the outcome in words.
func (o Outcome) String() string {
	return [...]string{"unknown", "passed", "failed", "not applicable"}[o]
}

// Names of checks, in the order of Result.Checks.
const (
	CheckStructure = "structure"
	CheckProof     = "proof"     // hosted where it says, or signed by the key that it names
	CheckIssuer    = "issuer"    // the issuer's own profile stands behind the address or the key
	CheckRevoked   = "revoked"   // not taken back
	CheckPeriod    = "period"    // issued and not expired
	CheckRecipient = "recipient" // awarded to whom the caller asks for
)

// Codes of checks, for programs.
const (
	CodeOK            = ""
	CodeMalformed     = "malformed"       // JSON or JWS cannot be read
	CodeIncomplete    = "incomplete"      // something that every badge has is missing
	CodeNotHosted     = "not_hosted"      // it has no address to look at
	CodeNotThere      = "not_there"       // the address has nothing, or something else
	CodeDiffers       = "differs"         // the address has another badge
	CodeUnreachable   = "unreachable"     // nobody could be asked
	CodeOffline       = "offline"         // nobody may be asked
	CodeTooMany       = "too_many"        // more documents than may be fetched
	CodeNoKey         = "no_key"          // the key cannot be found or read
	CodeSignature     = "signature"       // the signature is not the key's
	CodeForeignKey    = "foreign_key"     // the issuer does not name the key
	CodeForeignHost   = "foreign_host"    // the issuer does not stand behind the address
	CodeNoIssuer      = "no_issuer"       // the issuer has no profile of its own
	CodeRevoked       = "revoked"         // taken back
	CodeNoList        = "no_list"         // the issuer keeps no list
	CodeExpired       = "expired"         // it is over
	CodeNotYet        = "not_yet"         // it starts later
	CodeOther         = "other_recipient" // awarded to somebody else
	CodeNotComparable = "not_comparable"  // it names its recipient in another way
	CodeNotAsked      = "not_asked"
	CodeNotRun        = "not_run" // because of an earlier check
)

// Check is one thing that was looked at.
type Check struct {
	Name     string
	Outcome  Outcome
	Code     string // CodeOK if it passed
	Sentence string // for people
}

// Result is what Verify found.
type Result struct {
	Version   string
	Signed    bool
	Assertion *Assertion  // what counts: of a hosted badge what its address has; nil if nothing could be read
	Badge     *BadgeClass // from its own address where it has one; may be nil
	Issuer    *Profile    // likewise
	Document  []byte      // the JSON of what counts: of a hosted badge what its address has; nil if nothing could be read
	Checks    []Check     // all, in the order of their names above
}

// Check returns the check called name.
func (r *Result) Check(name string) Check {
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	return Check{Name: name, Outcome: NotApplicable, Code: CodeNotRun}
}

// Verifier verifies Open Badges before 3.0.
type Verifier struct {
	// Get fetches what badges point to; nil means offline, and then whatever
	// needs it is Unknown. Addresses with http: are asked for with https:.
	Get did.Getter
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Recipient is whom the badge should be about: a mail address, web address or
	// telephone number; "" asks for nobody.
	Recipient string
	// MaxFetches is how many documents may be fetched for one badge; 0 is 8.
	MaxFetches int
}

const defaultFetches = 8

// Verify looks at a badge: its JSON, its JWS, or the address of a hosted one, as
// baking.Extract returns them. address is the one that stood beside it
// (baking.Baked.Address), or "".
//
// Every check is reported, whatever the others say. There is no error: a badge
// that cannot be read fails the first check.
func (v Verifier) Verify(ctx context.Context, badge []byte, address string) *Result {
	r := &run{Verifier: v, ctx: ctx, left: v.MaxFetches}
	if r.left == 0 {
		r.left = defaultFetches
	}
	if r.Now == nil {
		r.Now = time.Now
	}
	r.verify(bytes.TrimSpace(badge), address)
	return r.finish()
}

// run is one verification.
type run struct {
	Verifier
	ctx    context.Context
	left   int // documents that may still be fetched
	result Result
	// trusted says that the assertion is what its host or its key's owner says,
	// and that the issuer stands behind that.
	trusted bool
}

func (r *run) verify(badge []byte, address string) {
	switch {
	case host(string(badge)) != "":
		r.hosted(nil, string(badge))
	case bytes.HasPrefix(badge, []byte("{")):
		tree, err := decode(badge)
		if err != nil {
			r.fail(CheckStructure, CodeMalformed, "The badge cannot be read: "+err.Error())
			return
		}
		a, err := parse(tree, address)
		if err != nil {
			r.incomplete(err)
			return
		}
		r.take(a, badge)
		if a.Verification.Type == Signed {
			r.fail(CheckProof, CodeSignature, "It says that it is signed, but it comes without its signature.")
			return
		}
		if address == "" || a.Version == Version20 || a.Version == Version11 && host(a.ID) != "" {
			address = a.ID
		}
		r.hosted(a, address)
	default:
		r.signed(badge)
	}
}

// take notes what was read, and from which JSON.
func (r *run) take(a *Assertion, document []byte) {
	r.result.Assertion, r.result.Version, r.result.Document = a, a.Version, document
	r.pass(CheckStructure, "It is a badge of Open Badges "+a.Version+".")
}

func (r *run) incomplete(err error) {
	r.fail(CheckStructure, CodeIncomplete, "The badge is not complete. "+err.Error())
}

func (r *run) set(name string, o Outcome, code, sentence string) {
	for i := range r.result.Checks {
		if r.result.Checks[i].Name == name {
			r.result.Checks[i] = Check{name, o, code, sentence}
			return
		}
	}
	r.result.Checks = append(r.result.Checks, Check{name, o, code, sentence})
}

func (r *run) pass(name, sentence string)       { r.set(name, Passed, CodeOK, sentence) }
func (r *run) fail(name, code, sentence string) { r.set(name, Failed, code, sentence) }

// finish runs what needs only the assertion, and fills in what was not run.
func (r *run) finish() *Result {
	if a := r.result.Assertion; a != nil {
		r.period(a)
		r.recipient(a)
	}
	all := make([]Check, 0, 6)
	for _, name := range []string{CheckStructure, CheckProof, CheckIssuer, CheckRevoked, CheckPeriod, CheckRecipient} {
		c := r.result.Check(name)
		if c.Code == CodeNotRun {
			c.Outcome, c.Sentence = Unknown, "Not checked, because of what was found before."
		}
		all = append(all, c)
	}
	r.result.Checks = all
	return &r.result
}

func (r *run) period(a *Assertion) {
	now := r.Now()
	switch {
	case a.Revoked:
		r.set(CheckPeriod, NotApplicable, CodeRevoked, "It was taken back.")
	case !a.Expires.IsZero() && !a.Expires.After(now):
		r.fail(CheckPeriod, CodeExpired, "It expired on "+a.Expires.Format(time.DateOnly)+".")
	case !a.Expires.IsZero() && a.Expires.Before(a.IssuedOn):
		r.fail(CheckPeriod, CodeExpired, "It expires before it was issued.")
	case a.IssuedOn.After(now):
		r.fail(CheckPeriod, CodeNotYet, "Its date of issue lies in the future.")
	default:
		r.pass(CheckPeriod, "It has been issued and has not expired.")
	}
}

// identityTypes maps the types of recipients to those that package openbadge
// compares: only mail addresses are compared without regard to letter case.
func (to Recipient) matches(who string) bool {
	kind := "identifier"
	if to.Type == "email" {
		kind = "emailAddress"
	}
	return openbadge.IdentityObject{Hashed: to.Hashed, IdentityHash: to.Identity, IdentityType: kind, Salt: to.Salt}.Matches(who)
}

func (r *run) recipient(a *Assertion) {
	isMail := strings.Contains(r.Recipient, "@") && !strings.Contains(r.Recipient, "://")
	switch {
	case r.Recipient == "":
		r.set(CheckRecipient, NotApplicable, CodeNotAsked, "You did not say whom it should be about.")
	case a.Revoked:
		r.set(CheckRecipient, NotApplicable, CodeRevoked, "It was taken back.")
	case a.Recipient.matches(r.Recipient):
		r.pass(CheckRecipient, "It is about the person you named.")
	case isMail == (a.Recipient.Type == "email"):
		r.fail(CheckRecipient, CodeOther, "It is about somebody else than the person you named.")
	default:
		r.set(CheckRecipient, Unknown, CodeNotComparable, "It does not name its recipient in the way you did, so we cannot compare.")
	}
}

// accept are the media types that are asked for.
const accept = "application/ld+json, application/json;q=0.9, */*;q=0.1"

var (
	errOffline = errors.New("offline")
	errTooMany = errors.New("too many documents")
)

// get fetches one document.
func (r *run) get(address string) ([]byte, error) {
	if r.Get == nil {
		return nil, errOffline
	}
	if r.left == 0 {
		return nil, errTooMany
	}
	r.left--
	if rest, ok := strings.CutPrefix(address, "http://"); ok {
		address = "https://" + rest
	}
	address, _, _ = strings.Cut(address, "#")
	body, _, err := r.Get.Get(r.ctx, address, accept)
	return body, err
}

// unfetched reports why a document could not be had: in name's check, which is
// Failed only if the host itself said so.
func (r *run) unfetched(name, what string, err error) {
	var status *did.StatusError
	switch {
	case errors.Is(err, errOffline):
		r.set(name, Unknown, CodeOffline, fmt.Sprintf("%s can only be looked up online.", what))
	case errors.Is(err, errTooMany):
		r.set(name, Unknown, CodeTooMany, "It points to more documents than we look up for one badge.")
	case errors.As(err, &status) && (status.Code == 404 || status.Code == 410):
		r.fail(name, CodeNotThere, fmt.Sprintf("%s is no longer where the badge says.", what))
	default:
		r.set(name, Unknown, CodeUnreachable, fmt.Sprintf("%s could not be reached.", what))
	}
}

// host returns the host of a web address, with a port if it has one, in lower
// case; "" if s is no web address.
func host(s string) string {
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") || len(s) > 4096 {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.Opaque != "" || strings.ContainsAny(s, " \t\r\n\\") {
		return ""
	}
	return strings.ToLower(u.Host)
}
