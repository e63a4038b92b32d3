package ob2

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/roundel/roundel/did"
)

// hosted verifies a badge by what its address has. shown is the copy that was
// given, or nil.
func (r *run) hosted(shown *Assertion, address string) {
	if host(address) == "" {
		r.set(CheckProof, Unknown, CodeNotHosted, "It says that it is hosted but not where, so nothing shows that it is real.")
		return
	}
	body, err := r.get(address)
	var status *did.StatusError
	if errors.As(err, &status) && status.Code == 410 {
		r.fail(CheckRevoked, CodeRevoked, "Its issuer took it back.")
		r.fail(CheckProof, CodeNotThere, "The badge is no longer where it was.")
		return
	}
	if err != nil {
		r.unfetched(CheckProof, "The badge", err)
		return
	}
	tree, err := decode(body)
	if err != nil {
		r.fail(CheckProof, CodeNotThere, "What is found at the badge's address is no badge.")
		return
	}
	found, err := parse(tree, address)
	if err != nil {
		if shown == nil {
			r.incomplete(err)
		}
		r.fail(CheckProof, CodeNotThere, "What is found at the badge's address is no complete badge.")
		return
	}
	if !sameAddress(found.ID, address) {
		r.fail(CheckProof, CodeDiffers, "The badge's address has a badge with another address.")
		return
	}
	if found.Revoked {
		if shown == nil {
			r.take(found, body)
		}
		r.fail(CheckRevoked, CodeRevoked, taken(found.Reason))
		r.pass(CheckProof, "Its address says what became of it.")
		return
	}
	if found.Verification.Type == Signed {
		r.fail(CheckProof, CodeDiffers, "The badge's address has a badge that should be signed and is not.")
		return
	}
	if shown != nil && !same(shown, found) {
		r.fail(CheckProof, CodeDiffers, "The badge at its address says something else than this copy of it.")
		return
	}
	r.take(found, body)
	r.pass(CheckProof, "It is found, with the same content, at its address.")
	if r.linked(found, false); r.result.Issuer == nil {
		return
	}
	if r.result.Check(CheckIssuer).Code == CodeNotRun {
		r.scope(found.ID, r.result.Issuer)
	}
	if r.trusted {
		r.pass(CheckRevoked, "Its host has not taken it back.")
	}
}

func taken(reason string) string {
	if reason == "" {
		return "Its issuer took it back."
	}
	return "Its issuer took it back and says: “" + reason + "”."
}

// same reports whether two copies of a badge are of the same award: to whom, of
// what and when. The rest may have changed since, and then the host's counts.
func same(a, b *Assertion) bool {
	return a.Recipient == b.Recipient && a.IssuedOn.Equal(b.IssuedOn) && a.Badge.ID == b.Badge.ID && (a.Badge.ID != "" || a.Badge.Name == b.Badge.Name)
}

// sameAddress compares addresses, of which one may still be written with http:.
func sameAddress(a, b string) bool {
	return strings.TrimPrefix(strings.TrimPrefix(a, "https"), "http") == strings.TrimPrefix(strings.TrimPrefix(b, "https"), "http")
}

// linked finds the badge class and the issuer of a. Each counts as what its own
// address says: whoever writes a badge can put anybody's name into it. Only in a
// signed badge, once the key is shown to be the issuer's, does a badge class
// count that stands in it.
func (r *run) linked(a *Assertion, signed bool) {
	badge := &a.Badge
	if host(badge.ID) != "" && (!signed || badge.Name == "") {
		body, err := r.get(badge.ID)
		if err != nil {
			r.unfetched(CheckIssuer, "The description of the badge", err)
			return
		}
		found, err := ParseBadgeClass(body)
		if err != nil {
			r.fail(CheckIssuer, CodeNotThere, "What the badge points to does not describe a badge.")
			return
		}
		if found.ID == "" {
			found.ID = badge.ID
		}
		if !sameAddress(found.ID, badge.ID) {
			r.fail(CheckIssuer, CodeDiffers, "The address of the badge's description has one with another address.")
			return
		}
		badge = found
	}
	if badge.Name == "" {
		r.set(CheckIssuer, Unknown, CodeNoIssuer, "The badge does not say what it is for.")
		return
	}
	r.result.Badge = badge
	r.issuer(a, badge)
}

func (r *run) issuer(a *Assertion, badge *BadgeClass) {
	named := &badge.Issuer
	switch {
	case a.Version == Version05:
		// The issuer stands in the badge and is no more than a web site.
		named.ID = ""
		r.result.Issuer = named
		r.origin(a, named)
		return
	case host(named.ID) == "":
		r.result.Issuer = named
		r.set(CheckIssuer, Unknown, CodeNoIssuer, "The issuer has no web address of its own, so nobody stands behind the name.")
		return
	}
	body, err := r.get(named.ID)
	if err != nil {
		r.unfetched(CheckIssuer, "The issuer's profile", err)
		return
	}
	found, err := ParseProfile(body)
	if err != nil {
		r.fail(CheckIssuer, CodeNotThere, "What the badge names as its issuer is no profile of an issuer.")
		return
	}
	if found.ID == "" {
		found.ID = named.ID
	}
	if !sameAddress(found.ID, named.ID) {
		r.fail(CheckIssuer, CodeDiffers, "The issuer's address has the profile of somebody else.")
		return
	}
	r.result.Issuer = found
}

// origin checks a badge of version 0.5: it must lie on the issuer's web site.
func (r *run) origin(a *Assertion, p *Profile) {
	if h := host(p.URL); h == "" || h != host(a.ID) {
		r.fail(CheckIssuer, CodeForeignHost, "The badge does not lie on the web site of the issuer that it names.")
		return
	}
	r.trusted = true
	r.pass(CheckIssuer, "The badge lies on the web site of its issuer.")
}

// scope checks that the issuer stands behind the address of a hosted badge: by
// its policy, or else by being on the same host.
func (r *run) scope(id string, p *Profile) {
	policy := p.Verification
	if policy == nil || len(policy.AllowedOrigins)+len(policy.StartsWith) == 0 {
		policy = &Policy{AllowedOrigins: []string{host(p.ID)}}
	}
	byOrigin := len(policy.AllowedOrigins) == 0 || slices.ContainsFunc(policy.AllowedOrigins, func(o string) bool { return originOf(o) == host(id) })
	byStart := len(policy.StartsWith) == 0 || slices.ContainsFunc(policy.StartsWith, func(s string) bool { return startsWith(id, s) })
	if !byOrigin || !byStart {
		r.fail(CheckIssuer, CodeForeignHost, "The issuer does not host its badges where this one lies.")
		return
	}
	r.trusted = true
	r.pass(CheckIssuer, "The issuer's profile stands behind the place where the badge lies.")
}

// originOf returns the host that an entry of allowedOrigins names, which should
// be a host but is often a whole address.
func originOf(s string) string {
	if h := host(s); h != "" {
		return h
	}
	return strings.ToLower(strings.TrimSuffix(s, "/"))
}

// startsWith reports whether id lies at or below start. It compares hosts as a
// whole, so that https://uni.edu is no beginning of https://uni.edu.evil.example.
func startsWith(id, start string) bool {
	a, errA := url.Parse(id)
	b, errB := url.Parse(start)
	if errA != nil || errB != nil || host(id) == "" || host(id) != host(start) || b.RawQuery != "" && a.RawQuery != b.RawQuery {
		return false
	}
	if strings.Contains(a.Path, "/../") || strings.Contains(a.Path, "/./") || strings.HasSuffix(a.Path, "/..") {
		return false // the host may resolve it to another place
	}
	return strings.HasPrefix(a.EscapedPath(), b.EscapedPath())
}
