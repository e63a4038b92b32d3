package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/rdfc"
	"github.com/roundel/roundel/statuslist"
	"github.com/roundel/roundel/strictjson"
)

const acceptCredential = "application/vc, application/vc+ld+json, application/ld+json, application/json"

// status asks whether the credential has been withdrawn or paused. It asks only
// the addresses of a credential that its issuer signed.
func (r *run) status(d document, s seal) Check {
	c := d.Credential
	if d.envelope != nil && d.envelope.statusInParts {
		return unknown(CheckStatus, CodePartial, "The places that would say whether it has been withdrawn are written so that some can be left out.")
	}
	if len(c.Status) == 0 && d.statusClaim == nil && d.hides("credentialStatus") {
		return unknown(CheckStatus, CodePartial, "It shows no place that would say whether it has been withdrawn. Whoever shows it may have left that out.")
	}
	if len(c.Status) == 0 && d.statusClaim == nil && d.envelope == nil && d.partial() {
		return notApplicable(CheckStatus, CodePartial, "It shows no place that would say whether it has been withdrawn: its issuer made no provision for that, or let it be left out.")
	}
	if len(c.Status) == 0 && d.statusClaim == nil {
		if s.holds() {
			return notApplicable(CheckStatus, CodeNoStatus, "The issuer has made no provision for withdrawing this badge.")
		}
		return notApplicable(CheckStatus, CodeNoStatus, "It names no place that would say whether it has been withdrawn.")
	}
	if !s.holds() {
		return unknown(CheckStatus, CodeNotRun, "Not checked, because it is not shown that the issuer signed this.")
	}
	if len(c.Status) > maxStatus {
		return unknown(CheckStatus, CodeTooComplex, "It names more places that would say whether it has been withdrawn than we ask.")
	}
	out := passed(CheckStatus, reasonInForce)
	if d.statusClaim != nil {
		claim, _ := d.statusClaim.(map[string]any)
		ref, err := statuslist.ParseStatusClaim(claim)
		out = r.statusAt(c, ref, err)
	}
	for _, entry := range c.Status {
		one := r.statusEntry(c, entry)
		if graver(one, out) {
			out = one
		}
	}
	return out
}

// graver reports whether check a on a status says more against a badge than b.
func graver(a, b Check) bool {
	rank := func(c Check) int {
		switch {
		case c.Outcome == Failed && c.Code == CodeRevoked:
			return 3
		case c.Outcome == Failed:
			return 2
		case c.Outcome == Unknown:
			return 1
		}
		return 0
	}
	return rank(a) > rank(b)
}

// statusEntry follows one entry of credentialStatus.
func (r *run) statusEntry(c *credential.Credential, tree map[string]any) Check {
	ref, err := statuslist.ParseReference(tree)
	return r.statusAt(c, ref, err)
}

// statusAt asks the list that ref points to; bad is the error of reading ref.
func (r *run) statusAt(c *credential.Credential, ref statuslist.Reference, bad error) Check {
	switch {
	case errors.Is(bad, statuslist.ErrUnsupported):
		return unknown(CheckStatus, CodeUnsupported, "The issuer publishes withdrawals in a form that we cannot read.")
	case bad != nil:
		return unknown(CheckStatus, CodeListInvalid, "The place where withdrawals are published is not named correctly.")
	}
	state, problem := r.stateOf(c, ref)
	if ref.Purpose == statuslist.Message || ref.Purpose == statuslist.Refresh {
		// They say nothing about whether the badge counts.
		if problem == nil {
			r.noteState(state)
		}
		return passed(CheckStatus, reasonInForce)
	}
	if problem != nil {
		return *problem
	}
	switch state.Meaning {
	case statuslist.OK:
		return passed(CheckStatus, reasonInForce)
	case statuslist.Revoked:
		if ref.Kind == statuslist.OneEdTech {
			r.report.StatusReason = plain(state.Message)
		}
		return failed(CheckStatus, CodeRevoked, "The issuer has withdrawn it.")
	case statuslist.Suspended:
		return failed(CheckStatus, CodeSuspended, "The issuer has paused it.")
	}
	return unknown(CheckStatus, CodeUnsupported, "The issuer publishes a kind of status that we do not know.")
}

const reasonInForce = "It has not been withdrawn or paused."

// noteState tells what an issuer says about a badge without withdrawing it.
func (r *run) noteState(state statuslist.State) {
	switch text := plain(state.Message); {
	case state.Meaning == statuslist.Outdated:
		r.report.note(noteNewer)
	case state.Meaning == statuslist.Messaged && text != "":
		r.report.note("The issuer says about its state: “" + text + "”")
	}
}

// stateOf looks the credential up in the list behind ref.
func (r *run) stateOf(c *credential.Credential, ref statuslist.Reference) (statuslist.State, *Check) {
	list, bad := r.statusList(c.Issuer.ID, ref)
	if bad != nil {
		return statuslist.State{}, bad
	}
	state, err := list.Lookup(ref, c.ID)
	switch {
	case err == nil:
		return state, nil
	case errors.Is(err, statuslist.ErrPurpose):
		bad = unclear(CodeWrongPurposeL, "the list there is for another purpose.")
	case errors.Is(err, statuslist.ErrIndex):
		bad = unclear(CodeListInvalid, "the list there has no place for this one.")
	default:
		bad = unclear(CodeListInvalid, "the list there cannot be read.")
	}
	return statuslist.State{}, bad
}

// unclear is the result where a list gives no answer.
func unclear(code, reason string) *Check {
	c := unknown(CheckStatus, code, "We could not learn whether it has been withdrawn: "+reason)
	return &c
}

// statusList returns the list behind ref, proven to be issuer's: from
// Verifier.Lists if it is there and fresh, else from its address.
func (r *run) statusList(issuer string, ref statuslist.Reference) (*statuslist.Published, *Check) {
	source := statuslist.Source{
		Fetch: func(ctx context.Context) ([]byte, error) { return r.fetchList(ctx, ref) },
		Prove: func(_ context.Context, body []byte) (*statuslist.Published, error) {
			return r.proveList(issuer, ref, body)
		},
	}
	key := ref.Key(issuer)
	if bad, ok := r.memo.unlisted[key]; ok {
		return nil, &bad
	}
	list, bad := r.readStatusList(issuer, ref, source)
	if bad != nil {
		r.memo.unlisted[key] = *bad
	}
	return list, bad
}

func (r *run) readStatusList(issuer string, ref statuslist.Reference, source statuslist.Source) (*statuslist.Published, *Check) {
	cache := r.Lists
	if cache == nil || r.Live != nil && r.Live(ref.List) {
		cache = r.memo.lists
	}
	held, err := cache.Get(r.ctx, ref.Key(issuer), source)
	if held.RolledBack {
		r.report.note("The place where withdrawals are published answered with an older list than before. We used the newer one.")
	}
	var problem *listProblem
	switch {
	case err == nil && held.ValidUntil.IsZero() && r.stale(ref.List):
		return nil, unclear(CodeListExpired, "the saved list is too old to say anything about today.")
	case err == nil:
		return held.Published, nil
	case errors.As(err, &problem):
		return nil, &problem.check
	case errors.Is(err, statuslist.ErrRollback):
		return nil, unclear(CodeListRolledBack, "an older list stands in the place of a newer one.")
	}
	bad := r.noAnswer(CheckStatus, ref.List, err)
	return nil, &bad
}

// stale reports whether an answer comes from a Bundle and is too old.
func (r *run) stale(url string) bool {
	b, ok := r.Get.(*Bundle)
	return ok && b.stale(url, r.now)
}

// listProblem is a result of the status check as an error.
type listProblem struct {
	check Check
	// own says that it is about the budget of this badge, and nothing that another
	// one that waits for the same list should hear.
	own bool
}

func (p *listProblem) Error() string { return p.check.Reason }

// Is tells package statuslist which errors are not for everybody.
func (p *listProblem) Is(target error) bool { return p.own && target == statuslist.ErrNotShared }

func problemOf(c *Check) error { return &listProblem{check: *c} }

func (r *run) fetchList(ctx context.Context, ref statuslist.Reference) ([]byte, error) {
	if r.get == nil {
		return nil, &listProblem{check: *unclear(CodeOffline, "we are offline."), own: true}
	}
	body, _, err := r.get.Get(ctx, ref.List, ref.Kind.Accept())
	if err != nil {
		return nil, &listProblem{check: r.noAnswer(CheckStatus, ref.List, err), own: errors.Is(err, errBudget)}
	}
	return body, nil
}

// proveList checks that body is the list behind ref. A list must be the issuer's
// own, signed and in date; anything else is no answer. Its own status is not
// followed. A 1EdTech Revocation List bears no signature: its address, which the
// issuer signed as part of the credential, vouches for it.
func (r *run) proveList(issuer string, ref statuslist.Reference, body []byte) (*statuslist.Published, error) {
	if ref.Kind == statuslist.OneEdTech {
		return r.provePlainList(issuer, ref, body)
	}
	if ref.Kind == statuslist.Token {
		return r.proveTokenList(issuer, ref, body)
	}
	lc, err := r.read(body)
	if errors.Is(err, rdfc.ErrWorkExceeded) {
		return nil, &listProblem{check: *unclear(CodeTooComplex, "what its issuer publishes there has more parts than we check."), own: true}
	}
	if err != nil {
		return nil, problemOf(unclear(CodeListInvalid, "what its issuer publishes there cannot be read."))
	}
	if lc.Issuer.ID != issuer {
		return nil, problemOf(unclear(CodeOtherIssuer, "the list of withdrawn badges is not its issuer's own."))
	}
	if s := r.examine(lc); !s.holds() {
		own := s.proof.Code == CodeTooComplex || s.key.Code == CodeTooManyRequests
		return nil, &listProblem{check: *unclear(CodeListUnsigned, "the list of withdrawn badges is not signed by its issuer."), own: own}
	} else if p := r.period(lc, s); p.Outcome != Passed {
		return nil, problemOf(unclear(CodeListExpired, "the list of withdrawn badges is out of date."))
	}
	return readList(ref, lc.Tree)
}

// readList reads a list that was proven.
func readList(ref statuslist.Reference, doc map[string]any) (*statuslist.Published, error) {
	list, err := statuslist.Read(ref.Kind, ref.List, doc)
	if err != nil {
		return nil, problemOf(unclear(CodeListInvalid, "the list of withdrawn badges cannot be read."))
	}
	return list, nil
}

func (r *run) provePlainList(issuer string, ref statuslist.Reference, body []byte) (*statuslist.Published, error) {
	if r.work.spend(readingCost(body)) != nil {
		return nil, &listProblem{check: *unclear(CodeTooComplex, "what its issuer publishes there has more parts than we check."), own: true}
	}
	v, err := strictjson.Decode(body, strictjson.Limits{})
	doc, ok := v.(map[string]any)
	if err != nil || !ok {
		return nil, problemOf(unclear(CodeListInvalid, "the list of withdrawn badges cannot be read."))
	}
	list, err := readList(ref, doc)
	if err != nil {
		return nil, err
	}
	if list.Issuer != "" && list.Issuer != issuer {
		return nil, problemOf(unclear(CodeOtherIssuer, "the list of withdrawn badges is not its issuer's own."))
	}
	return list, nil
}

// proveTokenList checks a Status List Token (Token Status List, section 8.3).
// It is signed by the issuer of the credential: other arrangements exist, but
// nothing in the credential would tell them from a stranger's list.
func (r *run) proveTokenList(issuer string, ref statuslist.Reference, body []byte) (*statuslist.Published, error) {
	if r.work.spend(readingCost(body)+signatureCost) != nil {
		return nil, &listProblem{check: *unclear(CodeTooComplex, "what its issuer publishes there has more parts than we check."), own: true}
	}
	j, err := jose.ParseLimit(bytes.TrimSpace(body), maxToken)
	if err != nil || !j.Header.IsType(statuslist.TokenType) {
		return nil, problemOf(unclear(CodeListInvalid, "what its issuer publishes there cannot be read."))
	}
	e := envelopeOf(j)
	e.metadata = true // as for the SD-JWT VC that refers to it
	o := r.ownerOfEnvelope(e, issuer)
	if o.check.Outcome != Passed || e.fits(o.key) != nil {
		return nil, &listProblem{check: *unclear(CodeListUnsigned, "the list of withdrawn badges is not signed by its issuer."), own: o.check.Code == CodeTooManyRequests}
	}
	list, err := statuslist.ReadToken(ref.List, j.Payload)
	if err != nil {
		return nil, problemOf(unclear(CodeListInvalid, "the list of withdrawn badges cannot be read."))
	}
	if list.Issuer != "" && list.Issuer != issuer {
		return nil, problemOf(unclear(CodeOtherIssuer, "the list of withdrawn badges is not its issuer's own."))
	}
	if !list.ValidUntil.IsZero() && !r.now.Before(list.ValidUntil) || list.ValidFrom.After(r.now.Add(clockSkew)) {
		return nil, problemOf(unclear(CodeListExpired, "the list of withdrawn badges is out of date."))
	}
	return list, nil
}

// noAnswer is the result where address could not be fetched.
func (r *run) noAnswer(id, address string, err error) Check {
	host := "its address"
	if u, bad := url.Parse(address); bad == nil && u.Host != "" {
		host = plain(u.Host)
	}
	var status *did.StatusError
	switch {
	case errors.Is(err, ErrNotInBundle):
		return unknown(id, CodeNotInBundle, "The saved answers that we check with hold none of "+host+".")
	case errors.Is(err, errBudget):
		return unknown(id, CodeTooManyRequests, "The badge refers to more documents than we fetch.")
	case errors.Is(err, context.Canceled):
		return unknown(id, CodeUnreachable, "The check was interrupted.")
	case errors.As(err, &status):
		return unknown(id, CodeUnreachable, fmt.Sprintf("%s answered, but not with what we asked for (HTTP status %d).", capital(host), status.Code))
	}
	return unknown(id, CodeUnreachable, capital(host)+" did not answer.")
}
