package proof

import (
	"fmt"
	"maps"
	"slices"
)

// Order sorts the proofs of one document into layers: those that build on no
// other (a proof set is one such layer), then those that build on them, and so
// on (Data Integrity 1.0, section 4.5, previousProof). Each layer holds places
// in proofs, in ascending order; every proof is in exactly one.
//
// Errors wrap ErrMalformed: a previousProof that is no text or list of texts,
// or that names no proof of the document; two proofs with the same id; and
// proofs that build on each other in a circle, or on themselves.
func Order(proofs []Proof) ([][]int, error) {
	places := map[string]int{}
	for i, p := range proofs {
		if p.ID == "" {
			continue
		}
		if _, twice := places[p.ID]; twice {
			return nil, fmt.Errorf("%w: two proofs have the id %q", ErrMalformed, p.ID)
		}
		places[p.ID] = i
	}
	for _, p := range proofs {
		if err := p.checkPrevious(); err != nil {
			return nil, err
		}
		for _, id := range p.Previous {
			if _, ok := places[id]; !ok {
				return nil, fmt.Errorf("%w: it builds on %q, which is no proof of the document", ErrMalformed, id)
			}
		}
	}
	var layers [][]int
	done := make([]bool, len(proofs))
	for left := len(proofs); left > 0; {
		var layer []int
		for i, p := range proofs {
			if !done[i] && !slices.ContainsFunc(p.Previous, func(id string) bool { return !done[places[id]] }) {
				layer = append(layer, i)
			}
		}
		if len(layer) == 0 {
			return nil, fmt.Errorf("%w: proofs build on each other in a circle", ErrMalformed)
		}
		for _, i := range layer {
			done[i] = true
		}
		layers = append(layers, layer)
		left -= len(layer)
	}
	return layers, nil
}

// withPrevious returns the document that a proof covers which builds on the
// proofs called ids: with them, as they stand in set, under "proof" (Data
// Integrity 1.0, sections 4.3 and 4.5).
func withPrevious(unsecured map[string]any, ids []string, set []Proof) (map[string]any, error) {
	if _, err := Order(set); err != nil {
		return nil, err
	}
	var previous []any
	for _, p := range set {
		if p.ID != "" && slices.Contains(ids, p.ID) {
			previous = append(previous, p.Raw)
		}
	}
	for _, id := range ids {
		if !slices.ContainsFunc(set, func(p Proof) bool { return p.ID == id }) {
			return nil, fmt.Errorf("%w: it builds on %q, which is no proof of the document", ErrMalformed, id)
		}
	}
	document := maps.Clone(unsecured)
	document["proof"] = previous
	return document, nil
}

// checkPrevious insists that previousProof, if there, is a text or a list of
// texts, none of them empty or twice.
func (p Proof) checkPrevious() error {
	v, ok := p.Raw["previousProof"]
	if !ok {
		return nil
	}
	list := asList(v)
	for i, item := range list {
		if s, ok := item.(string); !ok || s == "" || slices.Contains(list[:i], item) {
			return fmt.Errorf("%w: previousProof is not the id of a proof, or a list of some", ErrMalformed)
		}
	}
	if len(list) == 0 {
		return fmt.Errorf("%w: previousProof is an empty list", ErrMalformed)
	}
	return nil
}
