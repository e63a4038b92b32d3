package credential

import "strconv"

// RelatedResource is a file that a credential depends on, by address and hash
// (data model, section 5.3).
type RelatedResource struct {
	ID        string // absolute URI, once per credential
	MediaType string // may be empty
	sri       []Digest
	multibase *Digest
}

// CheckDigest compares content, which the caller has fetched from r.ID, with
// every digest that r gives. The error wraps ErrDigestMismatch.
func (r *RelatedResource) CheckDigest(content []byte) error {
	return checkDigests(r.sri, r.multibase, content)
}

// related reads relatedResource: objects with an id of their own and at least
// one digest.
func (r *reader) related() {
	v, present := r.tree["relatedResource"]
	if !present {
		return
	}
	list := asList(v)
	if len(list) == 0 {
		r.problems.Add("/relatedResource", "The value must not be empty.")
	}
	seen := map[string]bool{}
	for i, v := range list {
		path := "/relatedResource/" + strconv.Itoa(i)
		m, ok := v.(map[string]any)
		if !ok {
			r.problems.Add(path, "The value must be an object.")
			continue
		}
		one := RelatedResource{ID: r.uri(path+"/id", m["id"])}
		if m["id"] == nil {
			r.problems.Add(path+"/id", "The id is missing.")
		}
		if one.ID != "" && seen[one.ID] {
			r.problems.Add(path+"/id", "The same resource is given twice.")
		}
		seen[one.ID] = true
		if media, present := m["mediaType"]; present {
			if one.MediaType, ok = media.(string); !ok {
				r.problems.Add(path+"/mediaType", "The value must be text.")
			}
		}
		var err error
		if one.sri, one.multibase, err = digestMembers(m); err != nil {
			r.problems.Add(path, "A digest is missing or not written as digestSRI or digestMultibase want it.")
			continue
		}
		r.c.Related = append(r.c.Related, one)
	}
}
