package vcapi

import (
	"errors"
	"net/http"
	"slices"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/verify"
)

// contexts are the vocabularies that documents may use here: also those of
// worked examples, for what comes here need not be about people.
func contexts() *jsonld.Contexts { return jsonld.WithExamples() }

// checks are the names that options.checks may have, with the checks of a
// report that each stands for. "proof" means the proof only: whether the key is
// the issuer's is a warning then.
var checks = map[string][]string{
	"proof":            {verify.CheckProof},
	"issuer":           {verify.CheckIssuerKey},
	"credentialStatus": {verify.CheckStatus},
	"credentialSchema": {verify.CheckSchema},
	"validity":         {verify.CheckValidity},
}

// restsOn returns the checks of a report that an answer rests on when a request
// asks for names: without any, all but those that are for information. What
// cannot be read never holds.
func restsOn(names []string) ([]string, error) {
	if names == nil {
		return verify.Whole(), nil
	}
	if len(names) == 0 {
		return nil, malformed("options.checks: name at least one check, or leave it out for all.")
	}
	rest := []string{verify.CheckStructure}
	for _, name := range names {
		ids, ok := checks[name]
		if !ok {
			return nil, malformed("options.checks: there is no check called " + quote(name) + ".")
		}
		rest = append(rest, ids...)
	}
	return rest, nil
}

// decision is what a report comes to for a request.
type decision struct {
	checks   []string
	problems []Problem // empty: verified
	warnings []Problem
	results  []verify.Check
}

// decide says whether everything in rest holds; a check that could not be made
// does not. What else is wrong is a warning.
func decide(all []verify.Check, rest []string) decision {
	d := decision{checks: rest, problems: []Problem{}, warnings: []Problem{}, results: all}
	for _, id := range rest {
		if !slices.ContainsFunc(all, func(c verify.Check) bool { return c.ID == id }) {
			d.problems = append(d.problems, Problem{typeSecurity, titles[typeSecurity], "The check " + id + " was not made."})
		}
	}
	for _, c := range all {
		switch {
		case c.Outcome == verify.Passed || c.Outcome == verify.NotApplicable && mayNotApply(c.ID):
		case slices.Contains(rest, c.ID) && !c.Informs():
			d.problems = append(d.problems, problemOf(c))
		default:
			d.warnings = append(d.warnings, problemOf(c))
		}
	}
	return d
}

// mayNotApply reports whether there can be nothing to check: a credential need
// not be a badge or have a status, but it must be signed.
func mayNotApply(id string) bool {
	return id != verify.CheckStructure && id != verify.CheckProof && id != verify.CheckIssuerKey && id != verify.CheckHolderKey
}

func problemOf(c verify.Check) Problem {
	t := typeOfCheck(c)
	return Problem{Type: t, Title: titles[t], Detail: c.Reason}
}

// typeOfCheck returns the type of problem that a check stands for when it did
// not pass.
func typeOfCheck(c verify.Check) string {
	switch c.ID {
	case verify.CheckStructure:
		if c.Code == verify.CodeBadJSON {
			return typeParsing
		}
		return typeMalformed
	case verify.CheckSchema:
		return typeMalformed
	case verify.CheckProof:
		if c.Code == verify.CodeUnknownTerm || c.Code == verify.CodeRelativeAddress {
			return typeDataLoss
		}
		return typeVerification
	case verify.CheckChallenge:
		return typeChallenge
	case verify.CheckDomain:
		return typeDomain
	case verify.CheckIssuerKey, verify.CheckIssuerIdentity, verify.CheckHolderKey:
		return typeSecurity
	case verify.CheckStatus:
		if c.Outcome == verify.Failed {
			return typeRange
		}
		return typeListRetrieval
	case verify.CheckValidity:
		return typeRange
	}
	return typeUnstated
}

// outcome is the answer to a verification that succeeded.
type outcome struct {
	Verified bool           `json:"verified"`
	Checks   []string       `json:"checks"`   // what the answer rests on
	Warnings []Problem      `json:"warnings"` // what it does not rest on
	Results  []verify.Check `json:"results"`  // every check there is
}

func (d *decision) outcome() outcome {
	return outcome{Verified: true, Checks: d.checks, Warnings: d.warnings, Results: d.results}
}

func (d *decision) warn(problemType, detail string) {
	d.warnings = append(d.warnings, Problem{problemType, titles[problemType], detail})
}

// ownWords warns of a document that brings vocabulary of its own.
func (d *decision) ownWords(tree map[string]any) {
	list, ok := tree["@context"].([]any)
	if !ok {
		list = []any{tree["@context"]}
	}
	if slices.ContainsFunc(list, func(v any) bool { _, object := v.(map[string]any); return object }) {
		d.warn(typeUnstated, "It brings vocabulary of its own: what its words mean was decided by whoever wrote it.")
	}
}

// add joins what was decided about a part.
func (d *decision) add(prefix string, part decision) {
	for _, p := range part.problems {
		p.Detail = prefix + p.Detail
		d.problems = append(d.problems, p)
	}
	for _, p := range part.warnings {
		p.Detail = prefix + p.Detail
		d.warnings = append(d.warnings, p)
	}
}

// send answers with what holds, or with the reasons why it does not.
func (d *decision) send(w http.ResponseWriter, holds any) error {
	if len(d.problems) == 0 {
		return send(w, http.StatusOK, holds)
	}
	no := false
	return &refused{status: http.StatusBadRequest, problems: d.problems, verified: &no, extra: map[string]any{"checks": d.checks, "warnings": d.warnings, "results": d.results}}
}

// notVerified says in the answer to a verification that went wrong beforehand
// that nothing was verified.
func notVerified(err error) error {
	var r *refused
	no := false
	if errors.As(err, &r) {
		r.verified = &no
		return r
	}
	if fault.KindOf(err) == fault.Invalid {
		t := problemType(err)
		return &refused{status: http.StatusBadRequest, problems: []Problem{{t, titles[t], fault.Message(err)}}, verified: &no}
	}
	return err
}

func quote(s string) string {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return "“" + s + "”"
}
