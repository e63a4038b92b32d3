package credential

import (
	"errors"
	"strconv"

	"github.com/roundel/roundel/strictjson"
)

const typePresentation = "VerifiablePresentation"

// MaxPresented is how many credentials ParsePresentation reads in one
// presentation.
const MaxPresented = 100

// Presentation is a presentation as it was read. Nothing in it has been
// verified.
type Presentation struct {
	Raw         []byte         // the bytes that were read; nil from PresentationFromTree
	Tree        map[string]any // the document as strictjson.Decode gives it
	Version     string         // Version2 or Version1
	Contexts    []string       // the entries of @context that are addresses, in order
	ID          string         // absolute URI; may be empty
	Types       []string       // at least VerifiablePresentation
	Holder      string         // absolute URI; may be empty
	Credentials []Presented    // in order; may be empty
	TermsOfUse  []map[string]any
	Proof       []map[string]any
}

// Presented is one credential in a presentation. Exactly one member is set.
type Presented struct {
	Embedded  *Credential
	Enveloped *Envelope
	Token     string // a compact JWS, as version 1.1 of the data model allows it
}

// ParsePresentation reads a presentation of at most MaxRecordBytes and the
// credentials in it, by the rules of sections 4.13 and 4.14 of the data model.
// An EnvelopedVerifiablePresentation is not one: see ReadEnvelope.
//
// The error is a *strictjson.Error when raw is not strict JSON, and Problems
// when the document breaks rules.
func ParsePresentation(raw []byte) (*Presentation, error) {
	v, err := strictjson.Decode(raw, strictjson.Limits{MaxBytes: MaxRecordBytes})
	if err != nil {
		return nil, err
	}
	tree, ok := v.(map[string]any)
	if !ok {
		return nil, Problems{{Msg: "The document must be a JSON object."}}
	}
	p, err := PresentationFromTree(tree)
	if err != nil {
		return nil, err
	}
	p.Raw = raw
	return p, nil
}

// PresentationFromTree reads a presentation from a document that
// strictjson.Decode returned. The error is Problems.
func PresentationFromTree(tree map[string]any) (*Presentation, error) {
	r := &reader{tree: tree, c: &Credential{Tree: tree}}
	r.nulls()
	r.context()
	r.types(typePresentation)
	p := &Presentation{Tree: tree, Version: r.c.Version, Contexts: r.c.Contexts, Types: r.c.Types, ID: r.uri("/id", tree["id"])}
	p.Holder = r.holder()
	p.TermsOfUse = r.typed("termsOfUse", false)
	p.Proof = r.typed("proof", false)
	p.Credentials = r.presented()
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return p, nil
}

// holder reads holder: an address, or an object with an id.
func (r *reader) holder() string {
	v, present := r.tree["holder"]
	if !present {
		return ""
	}
	switch v := v.(type) {
	case string:
		return r.uri("/holder", v)
	case map[string]any:
		if v["id"] != nil {
			return r.uri("/holder/id", v["id"])
		}
		r.problems.Add("/holder/id", "The holder has no id.")
	default:
		r.problems.Add("/holder", "The holder must be an address or an object with an id.")
	}
	return ""
}

func (r *reader) presented() (out []Presented) {
	list := asList(r.tree["verifiableCredential"])
	if len(list) > MaxPresented {
		r.problems.Add("/verifiableCredential", "There are more than %d credentials.", MaxPresented)
		return nil
	}
	for i, v := range list {
		path := "/verifiableCredential/" + strconv.Itoa(i)
		switch v := v.(type) {
		case map[string]any:
			one, err := presented(v)
			r.within(path, err)
			out = append(out, one)
		case string:
			if r.c.Version != Version1 {
				r.problems.Add(path, "The value must be an object: a credential, or an envelope around a token.")
			}
			out = append(out, Presented{Token: v})
		default:
			r.problems.Add(path, "The value must be an object.")
		}
	}
	return out
}

func presented(tree map[string]any) (p Presented, err error) {
	if IsEnvelope(tree) {
		if p.Enveloped, err = ReadEnvelope(tree); err == nil && p.Enveloped.Type != TypeEnvelopedCredential {
			err = Problems{{Path: "/type", Msg: "The type must be " + TypeEnvelopedCredential + "."}}
		}
		return p, err
	}
	p.Embedded, err = FromTree(tree)
	return p, err
}

// within records the problems of a part that stands at path.
func (r *reader) within(path string, err error) {
	var inner Problems
	if errors.As(err, &inner) {
		for _, one := range inner {
			r.problems = append(r.problems, &Problem{Path: path + one.Path, Msg: one.Msg, Relative: one.Relative})
		}
	}
}
