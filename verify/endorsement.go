package verify

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/roundel/roundel/credential"
)

// typeEndorsement is the type of a credential in which somebody speaks for
// somebody else's badge, achievement or organisation.
const typeEndorsement = "EndorsementCredential"

// endorsed is something that endorsements are attached to.
type endorsed struct {
	path string
	what string // for sentences
	id   string
	tree map[string]any
}

// endorsements verifies each endorsement (Open Badges 3.0, section 9.1, last
// step): by all the checks of a credential, and that it speaks about what it is
// attached to. Endorsements of endorsements are followed to maxDepth.
func (r *run) endorsements(c *credential.Credential, s seal) Check {
	if !s.holds() {
		return unknown(CheckEndorsements, CodeNotRun, "Not checked, because it is not shown that the issuer signed this.")
	}
	total := 0
	for _, e := range endorsables(c) {
		for _, form := range []string{"endorsement", "endorsementJwt"} {
			for i, item := range list(e.tree[form]) {
				if total++; total > maxEndorsements || r.depth+1 >= maxDepth {
					continue
				}
				path := e.path + "/" + form
				if _, several := e.tree[form].([]any); several {
					path += "/" + strconv.Itoa(i)
				}
				r.report.Endorsements = append(r.report.Endorsements, r.endorsement(e, path, item))
			}
		}
	}
	if total == 0 {
		return notApplicable(CheckEndorsements, CodeNoEndorsement, "Nobody else has spoken for it.")
	}
	return endorsementsOf(r.report.Endorsements, total)
}

// endorsables are the parts of c that endorsements can be attached to.
func endorsables(c *credential.Credential) []endorsed {
	all := []endorsed{{path: "", what: "badge", id: c.ID, tree: c.Tree}}
	if _, ok := c.Tree["issuer"].(map[string]any); ok {
		all = append(all, endorsed{path: "/issuer", what: "issuer", id: c.Issuer.ID, tree: c.Issuer.Tree})
	}
	for i, subject := range c.Subject {
		achievement, ok := subject["achievement"].(map[string]any)
		if !ok {
			continue
		}
		path := subjectPath(c, i) + "/achievement"
		id, _ := achievement["id"].(string)
		all = append(all, endorsed{path: path, what: "achievement", id: id, tree: achievement})
		if creator, ok := achievement["creator"].(map[string]any); ok {
			id, _ := creator["id"].(string)
			all = append(all, endorsed{path: path + "/creator", what: "creator", id: id, tree: creator})
		}
	}
	return all
}

// endorsement verifies one endorsement of e.
func (r *run) endorsement(e endorsed, path string, item any) Part {
	p := r.inside(path, item)
	if p.Parsed == nil {
		return p
	}
	about := slices.ContainsFunc(p.Parsed.Subject, func(s map[string]any) bool {
		id, _ := s["id"].(string)
		return sameID(id, e.id)
	})
	if about && p.Parsed.HasType(typeEndorsement) {
		return p
	}
	// Good in itself, but put where it does not belong: whoever sees it there would
	// take it for praise of this badge.
	bad := failed(CheckSchema, CodeEndorsesOther, "It speaks about something else than the "+e.what+" that it is attached to.")
	if !p.Parsed.HasType(typeEndorsement) {
		bad = failed(CheckSchema, CodeNotEndorsement, "It is no endorsement.")
	}
	for i := range p.Checks {
		if p.Checks[i].ID == CheckSchema {
			bad.Title = p.Checks[i].Title
			p.Checks[i] = bad
		}
	}
	p.Verdict, p.Headline, p.Text = Malformed, "Not an endorsement of this "+e.what, bad.Reason
	return p
}

// endorsementsOf sums up endorsements, of which there are total.
func endorsementsOf(all []Part, total int) Check {
	by := map[Verdict]int{}
	for _, p := range all {
		by[p.Verdict]++
	}
	n := count(total, "endorsement", "endorsements")
	hold := by[Valid] + by[IssuerUnconfirmed]
	if bad := len(all) - hold - by[Unverifiable]; bad > 0 {
		i := slices.IndexFunc(all, func(p Part) bool {
			return p.Verdict != Valid && p.Verdict != IssuerUnconfirmed && p.Verdict != Unverifiable
		})
		return failed(CheckEndorsements, CodeEndorsement, fmt.Sprintf("Of %s, %d cannot be relied on: %s. The badge itself is not affected.", n, bad, all[i].Headline))
	}
	switch {
	case len(all) < total:
		return unknown(CheckEndorsements, CodeTooComplex, fmt.Sprintf("It carries %s, more than we check.", n))
	case by[Unverifiable] > 0:
		return unknown(CheckEndorsements, CodeEndorsementOpen, fmt.Sprintf("Of %s, %d could not be confirmed.", n, by[Unverifiable]))
	case by[IssuerUnconfirmed] > 0:
		return passedAs(CheckEndorsements, CodeEndorserUnconfirmed, fmt.Sprintf("It carries %s, unchanged. For %d we cannot confirm who gave it.", n, by[IssuerUnconfirmed]))
	}
	return passed(CheckEndorsements, fmt.Sprintf("It carries %s, real and in date.", n))
}
