package verify

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/rdfc"
	"github.com/roundel/roundel/statuslist"
	"github.com/roundel/roundel/strictjson"
)

const acceptCredential = "application/vc, application/vc+ld+json, application/ld+json, application/json"

// status asks whether the credential has been withdrawn or paused. It asks only
// the addresses of a credential that its issuer signed.
func (r *run) status(c *credential.Credential, s seal) Check {
	if len(c.Status) == 0 {
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
	out := passed(CheckStatus, "It has not been withdrawn or paused.")
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
	types := words(tree["type"])
	if slices.Contains(types, openbadge.RevocationList) {
		return r.revocationList(c, tree)
	}
	if !slices.Contains(types, statuslist.EntryType) {
		return unknown(CheckStatus, CodeUnsupported, "The issuer publishes withdrawals in a form that we cannot read yet.")
	}
	entry, err := statuslist.ParseEntry(tree)
	if err != nil {
		return unknown(CheckStatus, CodeListInvalid, "The place where withdrawals are published is not named correctly.")
	}
	switch entry.Purpose {
	case "message", "refresh": // say nothing about whether the badge counts
		return passed(CheckStatus, "It has not been withdrawn or paused.")
	case statuslist.Revocation, statuslist.Suspension:
	default:
		return unknown(CheckStatus, CodeUnsupported, "The issuer publishes a kind of status that we do not know.")
	}
	list, bad := r.statusList(c, entry)
	if bad != nil {
		return *bad
	}
	position, err := entry.Position()
	if err != nil {
		return unknown(CheckStatus, CodeListInvalid, "The place where withdrawals are published is not named correctly.")
	}
	set, err := list.Get(position)
	switch {
	case err != nil:
		return unknown(CheckStatus, CodeListInvalid, "The list of withdrawn badges has no place for this one.")
	case !set:
		return passed(CheckStatus, "It has not been withdrawn or paused.")
	case entry.Purpose == statuslist.Suspension:
		return failed(CheckStatus, CodeSuspended, "The issuer has paused it.")
	}
	return failed(CheckStatus, CodeRevoked, "The issuer has withdrawn it.")
}

// statusList fetches the list that entry points to. The list is a credential
// itself and must be the issuer's own, signed, in date, and for the purpose of
// the entry; anything else is no answer. The list's own status is not followed.
func (r *run) statusList(c *credential.Credential, entry statuslist.Entry) (*statuslist.List, *Check) {
	unclear := func(code, format string, args ...any) (*statuslist.List, *Check) {
		bad := unknown(CheckStatus, code, "We could not learn whether it has been withdrawn: "+fmt.Sprintf(format, args...))
		return nil, &bad
	}
	if r.get == nil {
		return unclear(CodeOffline, "we are offline.")
	}
	body, _, err := r.get.Get(r.ctx, entry.ListCredential, acceptCredential)
	if err != nil {
		bad := r.noAnswer(CheckStatus, entry.ListCredential, err)
		return nil, &bad
	}
	lc, err := r.read(body)
	if errors.Is(err, rdfc.ErrWorkExceeded) {
		return unclear(CodeTooComplex, "what its issuer publishes there has more parts than we check.")
	}
	if err != nil {
		return unclear(CodeListInvalid, "what its issuer publishes there cannot be read.")
	}
	if lc.Issuer.ID != c.Issuer.ID {
		return unclear(CodeOtherIssuer, "the list of withdrawn badges is not its issuer's own.")
	}
	if s := r.examine(lc); !s.holds() {
		return unclear(CodeListUnsigned, "the list of withdrawn badges is not signed by its issuer.")
	} else if p := r.period(lc.Credential, s); p.Outcome != Passed {
		return unclear(CodeListExpired, "the list of withdrawn badges is out of date.")
	}
	list, _, err := statuslist.ParseCredential(lc.Tree, entry.ListCredential, entry.Purpose)
	switch {
	case errors.Is(err, statuslist.ErrPurpose):
		return unclear(CodeWrongPurposeL, "the list there is for another purpose.")
	case err != nil:
		return unclear(CodeListInvalid, "the list of withdrawn badges cannot be read.")
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
	case errors.Is(err, errBudget):
		return unknown(id, CodeTooManyRequests, "The badge refers to more documents than we fetch.")
	case errors.Is(err, context.Canceled):
		return unknown(id, CodeUnreachable, "The check was interrupted.")
	case errors.As(err, &status):
		return unknown(id, CodeUnreachable, fmt.Sprintf("%s answered, but not with what we asked for (HTTP status %d).", capital(host), status.Code))
	}
	return unknown(id, CodeUnreachable, capital(host)+" did not answer.")
}

// revocationList reads a 1EdTechRevocationList (Verifiable Credentials
// Revocation List 1.0): unsigned, vouched for by its address, which the issuer
// signed as part of the credential.
func (r *run) revocationList(c *credential.Credential, tree map[string]any) Check {
	address, _ := tree["id"].(string)
	if r.get == nil {
		return unknown(CheckStatus, CodeOffline, "We could not learn whether it has been withdrawn: we are offline.")
	}
	body, _, err := r.get.Get(r.ctx, address, "application/json")
	if err != nil {
		return r.noAnswer(CheckStatus, address, err)
	}
	var doc struct {
		Issuer  string `json:"issuer"`
		Revoked *[]struct {
			ID      string `json:"id"`
			Revoked *bool  `json:"revoked"`
			Reason  string `json:"revocationReason"`
		} `json:"revokedCredential"`
	}
	if err := strictjson.Unmarshal(body, strictjson.Limits{}, &doc); err != nil || doc.Revoked == nil {
		return unknown(CheckStatus, CodeListInvalid, "We could not learn whether it has been withdrawn: the list cannot be read.")
	}
	if doc.Issuer != "" && doc.Issuer != c.Issuer.ID {
		return unknown(CheckStatus, CodeOtherIssuer, "We could not learn whether it has been withdrawn: the list is not its issuer's own.")
	}
	for _, entry := range *doc.Revoked {
		if sameID(entry.ID, c.ID) && (entry.Revoked == nil || *entry.Revoked) {
			r.report.StatusReason = plain(entry.Reason)
			return failed(CheckStatus, CodeRevoked, "The issuer has withdrawn it.")
		}
	}
	return passed(CheckStatus, "It has not been withdrawn or paused.")
}
