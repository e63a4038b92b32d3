package verify

import (
	"time"

	"github.com/roundel/roundel/credential"
)

// period compares the dates of a credential, and the end of its proofs, with
// the time. A start that lies a little in the future is forgiven, because
// clocks differ; an end is not.
func (r *run) period(d document, s seal) Check {
	c := d.Credential
	until := lastDay(c, s)
	switch {
	case !until.IsZero() && !r.now.Before(until):
		return failed(CheckValidity, CodeExpired, "It was valid until "+r.date(until)+".")
	case c.ValidFrom.After(r.now.Add(clockSkew)):
		return failed(CheckValidity, CodeNotYetValid, "It is not valid before "+r.date(c.ValidFrom)+".")
	case c.ValidUntil.IsZero() && d.hides("validUntil"):
		return unknown(CheckValidity, CodePartial, "It shows no end. Whoever shows it may have left that out.")
	case until.IsZero() && d.envelope == nil && d.partial():
		return passedAs(CheckValidity, CodePartial, "It shows no end: it has none, or its issuer let it be left out.")
	case until.IsZero():
		return passed(CheckValidity, "It does not expire.")
	}
	return passed(CheckValidity, "It is valid until "+r.date(until)+".")
}

// lastDay is when c ends: its own end or that of a proof, zero if neither.
func lastDay(c *credential.Credential, s seal) time.Time {
	if c.ValidUntil.IsZero() || !s.expires.IsZero() && s.expires.Before(c.ValidUntil) {
		return s.expires
	}
	return c.ValidUntil
}

// date writes a day for people, in the zone of the verifier's clock.
func (r *run) date(t time.Time) string { return t.In(r.now.Location()).Format("2 January 2006") }
