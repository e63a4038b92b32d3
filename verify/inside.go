package verify

import (
	"fmt"
	"strconv"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/did"
)

// Part is the result for a credential inside another one: an endorsement, or a
// badge of a learner record.
type Part struct {
	Path     string  `json:"path"` // JSON Pointer to it in the credential around it
	ID       string  `json:"id,omitempty"`
	Name     string  `json:"name,omitempty"`   // what it calls itself
	Issuer   string  `json:"issuer,omitempty"` // what its issuer calls itself: a claim
	Verdict  Verdict `json:"verdict"`
	Headline string  `json:"headline"`
	Text     string  `json:"text"`
	Checks   []Check `json:"checks"`
	// IssuerDomain and SharedHost are as in a Report.
	IssuerDomain string `json:"issuerDomain,omitempty"`
	SharedHost   bool   `json:"sharedHost,omitempty"`

	Parsed *credential.Credential `json:"-"` // nil if malformed

	envelope *envelope // nil if there is none
}

// Bounds on credentials inside credentials. How many badges a record may hold
// is bounded by the work they are.
const (
	maxDepth        = 3  // a record, a badge in it, an endorsement of that
	maxEndorsements = 10 // of one credential
)

// inside verifies v, a credential that stands at path of this one: an object, or
// the text of one that is signed as a whole. It shares the budget of the file.
func (r *run) inside(path string, v any) Part {
	sub := &run{Verifier: r.Verifier, ctx: r.ctx, now: r.now, get: r.get, resolver: r.resolver, work: r.work, memo: r.memo, depth: r.depth + 1, relationship: did.AssertionMethod}
	if r.Recipient != "" { // the question was about the whole
		anybody := *r.Verifier
		anybody.Recipient = ""
		sub.Verifier = &anybody
	}
	sub.report = newReport(r.now)
	d, bad := document{}, (*Check)(nil)
	if r.ctx.Err() != nil {
		c := unknown(CheckStructure, CodeUnreachable, "The check was interrupted.")
		bad = &c
	} else if r.work.spend(insideCost) != nil {
		c := unknown(CheckStructure, CodeTooComplex, "There are more credentials in it than we check.")
		bad = &c
	} else {
		d, bad = sub.element(v)
	}
	if bad != nil {
		sub.set(*bad)
		sub.finish()
	} else {
		sub.checks(d)
	}
	p := partOf(path, sub.report)
	p.envelope = d.envelope
	return p
}

// element reads a credential inside another one.
func (r *run) element(v any) (document, *Check) {
	malformed := func(reason string) (document, *Check) {
		c := failed(CheckStructure, CodeRules, reason)
		return document{}, &c
	}
	switch v := v.(type) {
	case map[string]any:
		return r.object(v, nil)
	case string:
		if isMessage([]byte(v)) {
			return r.message([]byte(v))
		}
		return r.token([]byte(v))
	}
	return malformed("What stands in the place of a credential is none.")
}

func partOf(path string, rep *Report) Part {
	p := Part{Path: path, Verdict: rep.Verdict, Headline: rep.Headline, Text: rep.Text, Checks: rep.Checks,
		IssuerDomain: rep.IssuerDomain, SharedHost: rep.SharedHost, Parsed: rep.Parsed}
	if c := rep.Parsed; c != nil {
		p.ID, p.Name, p.Issuer = c.ID, plain(c.Name), plain(c.Issuer.Name)
		if rep.Badge != nil && p.Name == "" {
			p.Name = plain(rep.Badge.Subject.Achievement.Name)
		}
	}
	return p
}

// called names a part in a sentence.
func (p Part) called() string {
	if p.Name != "" {
		return "“" + p.Name + "”"
	}
	return "one without a name"
}

// contents verifies the credentials that a learner record holds. The record's
// issuer has signed that they belong together, not that each is good.
//
// A badge that has expired or been withdrawn since does not speak against the
// record it stands in: it is told. One that is not what its issuer signed does,
// and so does one that could not be checked.
func (r *run) contents(c *credential.Credential, s seal) Check {
	var all []Part
	for i, subject := range c.Subject {
		for j, item := range list(subject["verifiableCredential"]) {
			if r.depth+1 >= maxDepth {
				return unknown(CheckContents, CodeTooComplex, "It holds records within records, deeper than we look.")
			}
			all = append(all, r.inside(subjectPath(c, i)+"/verifiableCredential/"+strconv.Itoa(j), item))
		}
	}
	r.report.Contents = all
	switch {
	case len(all) == 0:
		return notApplicable(CheckContents, CodeNoContents, "It holds no other badges.")
	case !s.holds():
		return unknown(CheckContents, CodeNotRun, "The badges inside were checked one by one, but it is not shown that the issuer put them together.")
	}
	return contentsOf(all)
}

// contentsOf sums up the credentials of a record.
func contentsOf(all []Part) Check {
	by := map[Verdict][]Part{}
	for _, p := range all {
		by[p.Verdict] = append(by[p.Verdict], p)
	}
	for _, v := range []Verdict{Tampered, NotIssuer, Malformed} {
		if bad := by[v]; len(bad) > 0 {
			return failed(CheckContents, CodeContents, fmt.Sprintf("Of the %s inside, %d cannot be relied on. The first is %s: %s.",
				count(len(all), "badge", "badges"), len(by[Tampered])+len(by[NotIssuer])+len(by[Malformed]), bad[0].called(), bad[0].Headline))
		}
	}
	if open := by[Unverifiable]; len(open) > 0 {
		return unknown(CheckContents, CodeContentsOpen, fmt.Sprintf("Of the %s inside, %d could not be confirmed. The first is %s: %s",
			count(len(all), "badge", "badges"), len(open), open[0].called(), openCheck(open[0].Checks).Reason))
	}
	which, are := fmt.Sprintf("All %d badges inside", len(all)), "are"
	if len(all) == 1 {
		which, are = "The badge inside", "is"
	}
	if over := len(by[Revoked]) + len(by[Suspended]) + len(by[Expired]) + len(by[NotYetValid]); over > 0 {
		return passedAs(CheckContents, CodeContentsOver, fmt.Sprintf("%s %s genuine; %s no longer or not yet valid.", which, are, count(over, "is", "are")))
	}
	if doubt := len(by[IssuerUnconfirmed]); doubt > 0 {
		return passedAs(CheckContents, CodeContentsDoubt, fmt.Sprintf("%s %s unchanged. We cannot confirm who issued %s.", which, are, count(doubt, "of them", "of them")))
	}
	return passed(CheckContents, fmt.Sprintf("%s %s real and in date.", which, are))
}

// subjectPath is the JSON Pointer to subject i of c.
func subjectPath(c *credential.Credential, i int) string {
	if _, several := c.Tree["credentialSubject"].([]any); several {
		return "/credentialSubject/" + strconv.Itoa(i)
	}
	return "/credentialSubject"
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
