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
	what string   // for sentences
	ids  []string // of what they may be about
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

// endorsables are the parts of c that endorsements can be attached to. Those of
// the credential itself may be about anything in it (Open Badges 3.0, section
// B.1, endorsement); those of a part are about that part.
func endorsables(c *credential.Credential) []endorsed {
	w := &endorsableWalk{whole: endorsed{what: "badge", ids: []string{c.ID}, tree: c.Tree}}
	w.profile("/issuer", "issuer", c.Tree["issuer"])
	for i, subject := range c.Subject {
		path := subjectPath(c, i)
		w.note(subject)
		achievements, several := subject["achievement"].([]any)
		if !several {
			achievements = list(subject["achievement"])
		}
		for j, item := range achievements {
			at := path + "/achievement"
			if several {
				at += "/" + strconv.Itoa(j)
			}
			if achievement, ok := item.(map[string]any); ok {
				w.add(at, "achievement", achievement)
				w.profile(at+"/creator", "creator", achievement["creator"])
			}
		}
		w.profile(path+"/source", "source", subject["source"])
	}
	return append([]endorsed{w.whole}, w.parts...)
}

// endorsableWalk collects what endorsables returns.
type endorsableWalk struct {
	whole endorsed
	parts []endorsed
}

// note remembers the id of something that the endorsements of the whole may be
// about.
func (w *endorsableWalk) note(tree map[string]any) string {
	id, _ := tree["id"].(string)
	w.whole.ids = append(w.whole.ids, id)
	return id
}

func (w *endorsableWalk) add(path, what string, tree map[string]any) {
	w.parts = append(w.parts, endorsed{path, what, []string{w.note(tree)}, tree})
}

// profile adds a profile and the organisations above it.
func (w *endorsableWalk) profile(path, what string, v any) {
	const highest = 5
	for range highest {
		tree, ok := v.(map[string]any)
		if !ok {
			if id, isID := v.(string); isID {
				w.whole.ids = append(w.whole.ids, id)
			}
			return
		}
		w.add(path, what, tree)
		path, v = path+"/parentOrg", tree["parentOrg"]
	}
}

// endorsement verifies one endorsement of e.
func (r *run) endorsement(e endorsed, path string, item any) Part {
	p := r.inside(path, item)
	if p.Parsed == nil {
		return p
	}
	about := slices.ContainsFunc(p.Parsed.Subject, func(s map[string]any) bool {
		id, _ := s["id"].(string)
		return slices.ContainsFunc(e.ids, func(one string) bool { return sameID(id, one) })
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
	p.Checks = withCheck(p.Checks, bad)
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
