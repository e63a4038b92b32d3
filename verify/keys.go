package verify

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/multikey"
)

// owner says whose key made a signature.
type owner struct {
	check Check            // issuer_key
	key   crypto.PublicKey // nil if it could not be had
	self  bool             // the issuer's id is the key itself
	// host is the domain whose document lists the key for the issuer; shared if
	// the issuer is one account of it.
	host   string
	shared bool
}

// owner finds the key called method and whether it belongs to issuer.
//
// A key that can be read from the proof itself may show that nothing was
// changed. Whose key it is, only the issuer's own document can show, or the
// issuer's id where that is the key (4.3 and 4.4 of Controlled Identifiers 1.0).
func (r *run) owner(method, issuer string, created time.Time) owner {
	switch {
	case strings.HasPrefix(issuer, "did:") && strings.HasPrefix(method, "did:"):
		return r.ownerByDID(method, issuer, created)
	case strings.HasPrefix(issuer, "https://") && strings.HasPrefix(method, "https://"):
		return r.ownerByDocument(method, issuer, created)
	case strings.HasPrefix(method, "did:"):
		o := r.ownerByDID(method, issuer, created)
		o.check = otherKey(issuer)
		return o
	}
	o := owner{check: otherKey(issuer), key: keyInAddress(method)}
	if !strings.HasPrefix(issuer, "did:") && !strings.HasPrefix(issuer, "https://") {
		o.check = unknown(CheckIssuerKey, CodeUnsupported, "The issuer identifies itself in a way that we cannot check.")
	}
	return o
}

func otherKey(issuer string) Check {
	return failed(CheckIssuerKey, CodeOtherKey, "The key that signed it is not one of "+display(issuer)+". It belongs to somebody else.")
}

// ownerByDID resolves the DID that the method belongs to.
func (r *run) ownerByDID(method, issuer string, created time.Time) owner {
	id, fragment, err := did.SplitURL(method)
	if err != nil || fragment == "" {
		return owner{check: failed(CheckIssuerKey, CodeOtherKey, "The key that signed it is not named correctly.")}
	}
	doc, err := r.resolver.Resolve(r.ctx, id)
	if err != nil {
		o := owner{check: r.unresolved(err, issuer), key: keyInAddress(method)}
		if id != issuer {
			o.check = otherKey(issuer)
		}
		return o
	}
	o := owner{key: keyInAddress(method)}
	for _, m := range doc.VerificationMethod {
		if m.ID == method && m.PublicKey != nil {
			o.key = m.PublicKey
		}
	}
	if id != issuer {
		o.check = otherKey(issuer)
		return o
	}
	m, err := doc.Method(method, r.relationship)
	if err != nil {
		o.check = notTheirs(err, issuer)
		return o
	}
	o.key, o.check = m.PublicKey, r.inTime(*m, created, issuer)
	if strings.HasPrefix(issuer, "did:web:") {
		o.host, o.shared, err = did.WebHost(issuer)
	} else {
		o.self = true
	}
	if err != nil {
		o.host = ""
	}
	return o
}

// notTheirs says why a document does not vouch for a key.
func notTheirs(err error, issuer string) Check {
	who := display(issuer)
	switch {
	case errors.Is(err, did.ErrMethodMissing), errors.Is(err, did.ErrWrongController):
		return failed(CheckIssuerKey, CodeKeyNotListed, "The key that signed it is not one that "+who+" publishes.")
	case errors.Is(err, did.ErrNotAuthorised):
		return failed(CheckIssuerKey, CodeKeyNotAllowed, capital(who)+" publishes the key that signed it, but not for issuing badges.")
	case errors.Is(err, did.ErrUnsupportedKey):
		return unknown(CheckIssuerKey, CodeUnsupported, capital(who)+" uses a kind of key that we cannot check yet.")
	}
	return unknown(CheckIssuerKey, CodeIssuerInvalid, "The key that "+who+" publishes is damaged.")
}

// unresolved says why there is no document to look into.
func (r *run) unresolved(err error, issuer string) Check {
	who := display(issuer)
	switch {
	case errors.Is(err, errBudget):
		return unknown(CheckIssuerKey, CodeTooManyRequests, "The badge refers to more documents than we fetch.")
	case errors.Is(err, did.ErrUnsupportedMethod), errors.Is(err, did.ErrUnsupportedKey):
		return unknown(CheckIssuerKey, CodeUnsupported, "The issuer identifies itself in a way that we cannot check yet.")
	case errors.Is(err, did.ErrNotFound):
		return unknown(CheckIssuerKey, CodeIssuerMissing, capital(who)+" does not publish its keys, or no longer does.")
	case errors.Is(err, did.ErrInvalid):
		return unknown(CheckIssuerKey, CodeIssuerInvalid, "What "+who+" publishes about its keys cannot be read.")
	}
	return r.unreachable(CheckIssuerKey, err, who)
}

// unreachable is the result where the host behind who could not be asked.
func (r *run) unreachable(id string, err error, who string) Check {
	if r.get == nil {
		return unknown(id, CodeOffline, "We are offline, so we could not ask "+who+".")
	}
	if errors.Is(err, errBudget) {
		return unknown(id, CodeTooManyRequests, "The badge refers to more documents than we fetch.")
	}
	if errors.Is(err, ErrNotInBundle) {
		return unknown(id, CodeNotInBundle, "The saved answers that we check with hold none of "+who+".")
	}
	if errors.Is(err, context.Canceled) {
		return unknown(id, CodeUnreachable, "The check was interrupted.")
	}
	return unknown(id, CodeUnreachable, capital(who)+" did not answer.")
}

// inTime checks the life of a key. A signature from before the key was retired
// stays good, or no issuer could ever change its keys. A signature without a
// date could be from after.
//
// A key that was taken back (revoked) may be in wrong hands, and whoever has it
// can write any date into what they sign: there the date is worth nothing unless
// the issuer's own record bears it out.
func (r *run) inTime(m did.Method, created time.Time, issuer string) Check {
	end := m.Expires
	if !m.Revoked.IsZero() && (end.IsZero() || m.Revoked.Before(end)) {
		end = m.Revoked
	}
	who := display(issuer)
	if !m.Revoked.IsZero() && !strings.HasPrefix(issuer, "did:key:") && !strings.HasPrefix(issuer, "did:jwk:") {
		if c, settled := r.takenBack(m, created, who); settled {
			return c
		}
	}
	switch {
	case strings.HasPrefix(issuer, "did:key:"), strings.HasPrefix(issuer, "did:jwk:"):
		return passed(CheckIssuerKey, "It is signed with the key that the issuer's identifier stands for. That does not show who holds the key.")
	case end.IsZero() || created.Before(end) && !created.IsZero():
		return passed(CheckIssuerKey, "The key that signed it is one that "+who+" uses for issuing badges.")
	case created.IsZero():
		return unknown(CheckIssuerKey, CodeKeyRetired, capital(who)+" no longer uses the key that signed it, and the signature bears no date.")
	}
	return failed(CheckIssuerKey, CodeKeyRetired, capital(who)+" had retired the key before it signed this.")
}

// takenBack is the result about a key that its issuer has taken back, unless it
// is that of any key that has ended.
func (r *run) takenBack(m did.Method, created time.Time, who string) (c Check, settled bool) {
	if r.Recorded != nil {
		at, ours := r.Recorded(r.ctx, r.signing)
		switch {
		case ours && !at.IsZero() && at.Before(m.Revoked):
			return passed(CheckIssuerKey, capital(who)+" has taken back the key that signed it, and its record shows that it was signed before that."), true
		case ours:
			return failed(CheckIssuerKey, CodeKeyTakenBack, capital(who)+" has taken back the key that signed it, and its record knows of no such signature from before."), true
		}
	}
	if created.IsZero() || !created.Before(m.Revoked) || !m.Expires.IsZero() && !created.Before(m.Expires) {
		return c, false
	}
	return unknown(CheckIssuerKey, CodeKeyTakenBack, capital(who)+" has taken back the key that signed it. It bears a date from before that, but whoever has the key can write any date. "+
		"Ask the issuer, or look at the badge's own page."), true
}

// keyInAddress reads the key that some issuers write behind the # of its
// address (https://uni.edu/issuer#z6Mk…), or nil.
func keyInAddress(method string) crypto.PublicKey {
	_, fragment, _ := strings.Cut(method, "#")
	key, err := multikey.DecodePublic(fragment)
	if err != nil {
		return nil
	}
	return key
}

// identity says how far the issuer is known, given whose key it was.
func (r *run) identity(o owner, issuer string) Check {
	switch {
	case o.check.Outcome != Passed:
		return unknown(CheckIssuerIdentity, CodeNotRun, "Not checked, because it is not shown that the issuer signed this.")
	case o.host != "" && o.shared:
		return passedAs(CheckIssuerIdentity, CodeDomainAccount, "An account at "+o.host+" issued it. "+
			"The name of the account is its own choice.")
	case o.host != "":
		return passedAs(CheckIssuerIdentity, CodeDomain, "It was issued by "+o.host+", which publishes the key that signed it.")
	case r.known(issuer):
		return passedAs(CheckIssuerIdentity, CodeKnownIssuer, "You know this issuer by its key.")
	}
	return unknown(CheckIssuerIdentity, CodeSelfAsserted, "The issuer gave itself its name. Nothing shows that it is who it says.")
}

// account adds to the check c, by which the issuer is an account at a shared
// host, the domain that it has proven there.
func (r *run) account(c Check, issuer string) Check {
	domain := r.Account(r.ctx, issuer)
	if domain == "" {
		return c
	}
	r.report.AccountDomain = domain
	c.Reason = "An account at " + r.report.IssuerDomain + " issued it, which has proven there that it runs " + domain + ". " +
		"The name of the account is its own choice."
	return c
}

// known reports whether the caller vouches for issuer.
func (r *run) known(issuer string) bool { return slices.Contains(r.KnownIssuers, issuer) }

// display names an issuer by its id: its host if it has one.
func display(issuer string) string {
	if host, _, err := did.WebHost(issuer); err == nil {
		return host
	}
	if u, err := url.Parse(issuer); err == nil && u.Scheme == "https" && u.Host != "" {
		return plain(u.Host)
	}
	return "the named issuer"
}

// ownerByDocument looks for the method in the document at the issuer's address.
func (r *run) ownerByDocument(method, issuer string, created time.Time) owner {
	o := owner{key: keyInAddress(method)}
	doc, err := r.controller(issuer)
	if err != nil {
		o.check = r.noController(err, issuer, o.key != nil)
		return o
	}
	for _, m := range doc.methods {
		if m.ID == method && m.PublicKey != nil {
			o.key = m.PublicKey
		}
	}
	m, err := doc.method(method, r.relationship)
	if err != nil {
		o.check = notTheirs(err, issuer)
		return o
	}
	o.key, o.check = m.PublicKey, r.inTime(*m, created, issuer)
	if o.host, err = provenHost(issuer); err != nil {
		return owner{check: r.noController(err, issuer, false), key: o.key}
	}
	if u, err := url.Parse(issuer); err != nil || strings.Trim(u.Path, "/") != "" {
		o.shared = true
	}
	return o
}

// noController says what is known of a key whose issuer's document is missing.
func (r *run) noController(err error, issuer string, inAddress bool) Check {
	var status *did.StatusError
	gone := errors.As(err, &status) && (status.Code == 404 || status.Code == 410)
	switch {
	case errors.Is(err, errNoProof):
		return unknown(CheckIssuerKey, CodeUnsupported, "The issuer's address is written in a form that does not show whose it is.")
	case (gone || errors.Is(err, errNoKeys)) && inAddress:
		return unknown(CheckIssuerKey, CodeKeyInAddress, fmt.Sprintf("The key comes with the badge, and %s does not confirm it. Anybody could have made one.", display(issuer)))
	case gone || errors.Is(err, errNoKeys):
		return unknown(CheckIssuerKey, CodeIssuerMissing, capital(display(issuer))+" does not publish its keys, or no longer does.")
	case errors.Is(err, errController):
		return unknown(CheckIssuerKey, CodeIssuerInvalid, "What "+display(issuer)+" publishes about its keys cannot be read.")
	}
	return r.unreachable(CheckIssuerKey, err, display(issuer))
}
