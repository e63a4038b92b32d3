package verify

import (
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/rdfc"
	"github.com/roundel/roundel/shape"
)

// What one verification may cost, with everything that is fetched for it. It is
// counted and not timed, so that a badge gets the same answer on every machine.
// A badge with every part that Open Badges knows, each several times, spends
// far less.
const (
	badgeWork  = 30_000  // as jsonld.Cost counts it
	recordWork = 400_000 // for learner records, which hold many credentials
	badgeSteps = 20_000  // of the canonicaliser

	recordSteps = 200_000

	maxProofs = 4 // of one document
	maxStatus = 5 // places that say whether a badge counts: there are four purposes
)

const (
	reasonLarge   = "This file is too large for a badge, so we did not check it."
	reasonComplex = "It has more parts than we check in one badge."
)

// work is what a verification may still spend.
type work struct {
	units, steps int
}

// spend takes n units, or returns rdfc.ErrWorkExceeded; then nothing is left.
func (w *work) spend(n int) error {
	if n > w.units {
		short := &rdfc.WorkError{What: "parts", Count: n, Limit: w.units}
		w.units = 0
		return short
	}
	w.units -= n
	return nil
}

// parts counts the members and items of the JSON text raw, and its objects,
// without reading it: what does not belong there at all is the parser's to find.
func parts(raw []byte) int {
	n, text := 1, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			text = !text
		case c == '\\' && text:
			i++
		case (c == ',' || c == '{') && !text:
			n++
		}
	}
	return n
}

// read parses a credential that was fetched: JSON or a token. It fails with
// rdfc.ErrWorkExceeded, or says what is wrong with it.
func (r *run) read(raw []byte) (document, error) {
	inner := *r // what is fetched has no budget of its own
	inner.depth = max(r.depth, 1)
	read := inner.parse
	if isToken(raw) {
		read = inner.token
	}
	d, bad := read(raw)
	switch {
	case bad == nil:
		return d, nil
	case bad.Code == CodeTooComplex:
		return document{}, rdfc.ErrWorkExceeded
	}
	return document{}, errors.New(bad.Reason)
}

// content is what the proofs of a document sign. However many they are, each
// form of it is made once, when it is first asked for.
type content struct {
	unsecured  map[string]any
	proofs     []proof.Proof
	inline     bool           // may bring vocabulary of its own
	quick      *shape.Secured // the same from its text; nil where there is none
	statements func() (rdfc.Dataset, error)
	canonical  func() ([]byte, error)
}

func (r *run) contentOf(unsecured map[string]any, proofs []proof.Proof) *content {
	c := &content{unsecured: unsecured, proofs: proofs, inline: r.Inline && !badgelike(unsecured)}
	c.statements = sync.OnceValues(func() (rdfc.Dataset, error) {
		if err := r.work.spend(jsonld.Cost(unsecured, r.Contexts)); err != nil {
			return nil, err
		}
		return jsonld.ToRDF(unsecured, jsonld.Options{Contexts: r.Contexts, Inline: c.inline})
	})
	c.canonical = sync.OnceValues(func() ([]byte, error) {
		data, err := c.statements()
		if err != nil {
			return nil, err
		}
		result, err := rdfc.Canonicalize(data, rdfc.Options{MaxWork: max(r.work.steps, 1)})
		if err != nil {
			r.work.steps = 0
			return nil, err
		}
		r.work.steps -= result.Work
		return result.NQuads, nil
	})
	return c
}

// badgelike reports whether a document says that it is a badge, or something
// around badges. What those mean is not for their authors to redefine.
func badgelike(tree map[string]any) bool {
	return slices.ContainsFunc(words(tree["type"]), func(t string) bool {
		return t == openbadge.TypeCredential || t == openbadge.TypeAchievement || t == typeEndorsement || t == typeRecord
	})
}

// verifyProof checks the signature p, proof number i of c, within the budget.
func (r *run) verifyProof(c *content, i int, p proof.Proof, o owner) error {
	options := maps.Clone(p.Raw)
	delete(options, "proofValue")
	options["@context"] = c.unsecured["@context"]
	cost := jsonld.Cost(options, r.Contexts) + signatureCost
	if p.Cryptosuite == suiteSelective { // which has a signature for every statement
		cost += signatureCost * len(p.Value) / 88
	}
	if len(p.Previous) > 0 { // the document is put together with other proofs and read again
		cost += jsonld.Cost(c.unsecured, r.Contexts) + maxProofs*cost
	}
	if err := r.work.spend(cost); err != nil {
		return err
	}
	if c.quick != nil && len(p.Previous) == 0 {
		return proof.VerifySecured(c.quick, i, o.key, proof.VerifyOptions{Contexts: r.Contexts, MaxWork: max(r.work.steps, 1)})
	}
	return proof.VerifyOne(c.unsecured, p, o.key, proof.VerifyOptions{Contexts: r.Contexts, Inline: c.inline, MaxWork: max(r.work.steps, 1), Document: c.canonical, Set: c.proofs})
}

// plainProof reports whether the members of a proof are texts or lists of texts,
// as in every proof there is. A proof with more in it would cost what a document
// does.
func plainProof(p map[string]any) bool {
	for name, v := range p {
		if name == "proofValue" {
			continue // no statement is made of it
		}
		items, ok := v.([]any)
		if !ok {
			items = []any{v}
		}
		if slices.ContainsFunc(items, func(one any) bool { _, ok := one.(string); return !ok }) {
			return false
		}
	}
	return true
}
