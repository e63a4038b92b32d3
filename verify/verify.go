// Package verify runs every check on a badge and explains each.
//
// "The signature is right", "the key belongs to the issuer" and "we know who
// the issuer is" are three checks with three results. No check can be switched
// off. A check that could not run is unknown, never passed, and a badge is
// valid only when every check that matters has passed: whatever fails, fails
// closed.
package verify

import (
	"context"
	"strings"
	"time"

	"github.com/roundel/roundel/clr"
	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/statuslist"
	"github.com/roundel/roundel/strictjson"
)

// Getter fetches documents. It guards what may be reached and how much may be
// read; an answer other than success is a *did.StatusError.
type Getter = did.Getter

// Verifier verifies badges of any issuer. Its zero value works offline and
// knows nobody. It may be used by several goroutines at once.
type Verifier struct {
	// Get fetches the documents of issuers, status lists and newer versions, at
	// most maxRequests for one badge; nil means offline.
	Get Getter
	// Now tells the time; nil stands for time.Now. Times of day in the report
	// are in the zone of its result.
	Now func() time.Time
	// KnownIssuers are the ids of issuers that the caller vouches for, as a rule
	// DIDs. They turn an issuer whose name nobody else confirms into a known one;
	// they do not replace the check of the key.
	KnownIssuers []string
	// Contexts are the vocabularies to read with; nil stands for the embedded ones.
	Contexts *jsonld.Contexts
	// Shapes makes the check of proofs fast for credentials of a shape that was met
	// before; nil does without. It must be of the same Contexts, and may be shared.
	Shapes *shape.Cache
	// Inline reads documents that bring vocabulary of their own, written as objects
	// into @context (jsonld.Options.Inline). Whoever wrote such a document decided
	// what its words mean: a caller that goes by the words must not set it.
	//
	// Badges, endorsements and learner records are read without: their words mean
	// what the standards say.
	Inline bool
	// Lists keeps status lists that were proven, for as long as it says; nil asks for
	// each list anew. Verifiers may share it if they read with the same Contexts.
	Lists *statuslist.Cache
	// Live reports which lists, by address, are asked for anew in spite of Lists;
	// nil stands for none. It is for the caller's own, which nobody else has to
	// be asked for.
	Live func(list string) bool
	// Recorded reports when something was signed, by a record that does not rest on
	// the key, and whether there is such a record of the issuer at all. It is asked
	// about keys that their issuers have taken back (revoked), with which anybody
	// may have signed. nil: there is no record, and such signatures stay in doubt
	// whatever date they bear.
	Recorded func(ctx context.Context, s Signature) (at time.Time, ours bool)
	// Account returns the domain of its own that the issuer, which is proven to be an
	// account at a shared host, has proven to that host; "" if none. Only the host
	// itself can know, so whoever sets it answers for the host's issuers only. nil:
	// an account is known by its host alone.
	Account func(ctx context.Context, issuer string) (domain string)
	// Recipient is who the badge should be about: a mail address, a DID or
	// another identifier. Empty: anybody.
	Recipient string
}

// Signature names a signature on a credential.
type Signature struct {
	Issuer     string // of the credential
	Method     string // the verification method; empty for tokens that name none
	Credential string // its id
	Value      string // proofValue of a Data Integrity proof; empty for tokens
}

// maxRequests bounds the network work for one badge: the issuer's document, two
// status lists, the newer version, and one to spare. A learner record holds
// badges of several issuers.
const (
	maxRequests       = 5
	maxRecordRequests = 30
)

// clockSkew is by how much clocks may differ.
const clockSkew = 5 * time.Minute

// run is the verification of one credential: that in the file, or one inside it.
type run struct {
	*Verifier
	ctx      context.Context
	now      time.Time
	get      *budget // nil when offline
	resolver did.Resolver
	report   *Report
	work     *work     // that is left for the file
	memo     *memo     // what was read for the file
	depth    int       // how many credentials this one stands inside
	signing  Signature // that is being examined
	// relationship is what a signer's key must be listed for: making claims, or
	// proving that somebody is who they say.
	relationship string
}

// Verify runs all checks on file: a credential in JSON, as a JWT, an SD-JWT or a
// COSE message, or a PNG or SVG that carries one. It never returns nil, and every
// check is in the report, also those that could not run.
//
// It says whether the credential is good, not whether whoever shows it is its
// holder; VerifyPresentation does.
func (v *Verifier) Verify(ctx context.Context, file []byte) *Report {
	r := v.start(ctx)
	if b, ok := v.Get.(*Bundle); ok {
		r.report.note("Nobody was asked: it was checked with answers that were saved on " + r.date(b.made) + ".")
	}
	d, bad := r.open(file)
	if bad != nil {
		if strictjson.Check(file, strictjson.Limits{MaxBytes: credential.MaxRecordBytes}) == nil {
			r.report.Credential = file
		}
		r.set(*bad)
		return r.finish()
	}
	r.report.Credential = d.Raw
	return r.checks(d)
}

// checks runs every check on a credential that could be read.
func (r *run) checks(d document) *Report {
	if d.old != nil {
		return r.oldChecks(d)
	}
	r.report.Parsed = d.Credential
	r.set(passed(CheckStructure, "The file is a complete, well-formed credential."))
	if e := d.envelope; e != nil && e.binding {
		r.report.note(noteBinding)
	} else if e != nil && e.bound {
		r.report.note(noteBound)
	}
	r.set(r.schema(d))
	s := r.examine(d)
	r.set(s.proof)
	r.set(s.key)
	if s.identity.Outcome == Passed {
		r.report.IssuerDomain, r.report.SharedHost = s.host, s.shared
		if s.host != "" && s.shared && r.Account != nil {
			s.identity = r.account(s.identity, d.Issuer.ID)
		}
	}
	r.set(s.identity)
	r.set(r.status(d, s))
	r.set(r.period(d, s))
	r.set(r.refresh(d.Credential, s))
	r.set(r.evidence(d.Credential, s))
	r.set(r.endorsements(d.Credential, s))
	r.set(r.contents(d.Credential, s))
	r.set(r.recipient())
	return r.finish()
}

func (v *Verifier) start(ctx context.Context) *run {
	r := &run{Verifier: v, ctx: ctx, now: time.Now(), relationship: did.AssertionMethod,
		work: &work{units: badgeWork, steps: badgeSteps}}
	if v.Now != nil {
		r.now = v.Now()
	}
	r.memo = newMemo(func() time.Time { return r.now })
	multi := did.Multi{}
	if v.Get != nil {
		r.get = newBudget(v.Get, maxRequests)
		multi.Web = r.get
	}
	r.resolver = resolver{multi, r.memo}
	r.report = newReport(r.now)
	return r
}

// schema checks the rules of Open Badges 3.0 and Comprehensive Learner Record 2.0,
// whose JSON Schemas they follow. Other credentials have no such rules that we
// know.
func (r *run) schema(d document) Check {
	c := d.Credential
	var err error
	what, rules := "an Open Badge", "Open Badges 3.0"
	switch {
	case openbadge.Is(c):
		r.report.Badge, err = openbadge.Read(c)
	case clr.Is(c):
		what, rules = "a learner record", "learner records (CLR 2.0)"
		r.report.Record, err = clr.Read(c)
	case openbadge.IsEndorsement(c):
		what = "an endorsement"
		_, err = openbadge.ReadEndorsement(c)
	case d.typed != nil && strings.HasPrefix(d.typed.Type, "https://"):
		return r.typeMetadata(d.typed)
	case len(c.Schema) > 0:
		return notApplicable(CheckSchema, CodeSchemaOpen, "This credential does not say that it is an Open Badge. It names a schema of its own, which we do not compare it with.")
	default:
		return notApplicable(CheckSchema, CodeNotOpenBadge, "This credential does not say that it is an Open Badge.")
	}
	switch {
	case err == nil:
		return passed(CheckSchema, "It has everything that "+what+" must have.")
	case d.partial():
		return unknown(CheckSchema, CodePartial, "Too much of it has been left out to read it as "+what+". "+firstProblem(err))
	}
	return failed(CheckSchema, CodeSchema, "It breaks the rules of "+rules+". "+firstProblem(err))
}

// Notes on credentials that are bound to a holder's key. Only for a request can it
// be checked who shows them: see VerifyPresentation.
const (
	noteBound   = "It is bound to the key of its holder. Nothing here shows that whoever shows it has that key."
	noteBinding = "A signature of its holder for some request came with it. It was not checked here."
)

func (r *run) set(c Check) { r.report.set(c) }

// finish turns the checks into a verdict and its words.
func (r *run) finish() *Report {
	r.report.Verdict = verdictOf(r.report.Checks)
	r.word()
	return r.report
}
