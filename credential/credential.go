// Package credential reads verifiable credentials, presentations and the
// envelopes around secured ones: JSON documents of the W3C Verifiable
// Credentials Data Model 2.0, and of its forerunner 1.1.
//
// Reading checks the JSON strictly and the structural rules of the data model.
// It says nothing about signatures; package verify does.
package credential

import (
	"fmt"
	"strings"
	"time"

	"github.com/roundel/roundel/strictjson"
)

// First contexts of the two versions of the data model.
const (
	ContextV2 = "https://www.w3.org/ns/credentials/v2"
	ContextV1 = "https://www.w3.org/2018/credentials/v1"
)

// Versions of the data model.
const (
	Version2 = "2.0"
	Version1 = "1.1"
)

const typeCredential = "VerifiableCredential"

// MaxBytes is the size in bytes up to which Parse reads a credential. Learner
// records, which hold many credentials, may have MaxRecordBytes.
const (
	MaxBytes       = 1 << 20
	MaxRecordBytes = 10 << 20
)

// Credential is a credential as it was read. Nothing in it has been verified.
type Credential struct {
	Raw         []byte         // the bytes that were read
	Tree        map[string]any // the document as strictjson.Decode gives it
	Version     string         // Version2 or Version1
	Contexts    []string       // the entries of @context that are addresses, in order
	ID          string         // absolute URI; may be empty
	Types       []string       // at least VerifiableCredential
	Issuer      Issuer
	Name        string // the first, if it is given in several languages
	Description string
	ValidFrom   time.Time // zero: not stated
	ValidUntil  time.Time // zero: not stated
	Subject     []map[string]any
	Status      []map[string]any // credentialStatus
	Schema      []map[string]any // credentialSchema
	Refresh     []map[string]any // refreshService
	Evidence    []map[string]any
	TermsOfUse  []map[string]any
	Proof       []map[string]any
	Related     []RelatedResource // relatedResource
}

// Issuer is who a credential says issued it.
type Issuer struct {
	ID    string         // absolute URI, as a rule a DID or a web address
	Name  string         // the first, if it is given in several languages
	URL   string         // web site
	Image string         // address of the logo
	Tree  map[string]any // the issuer as an object; has only an id if it was a bare address
}

// HasType reports whether the credential has the type t.
func (c *Credential) HasType(t string) bool {
	for _, have := range c.Types {
		if have == t {
			return true
		}
	}
	return false
}

// Problem is one breach of a rule: where, and what is wrong in a sentence.
type Problem struct {
	Path string // JSON Pointer (RFC 6901); "" is the whole document
	Msg  string
	// Relative says that the breach is an address that is not complete, which
	// other readers may complete in ways of their own.
	Relative bool
}

// Error implements the error interface.
func (p *Problem) Error() string {
	if p.Path == "" {
		return p.Msg
	}
	return p.Path + ": " + p.Msg
}

// Problems are all breaches found in a document, in the document's order as far
// as there is one.
type Problems []*Problem

// Error implements the error interface.
func (p Problems) Error() string {
	var all []string
	for _, one := range p {
		all = append(all, one.Error())
	}
	return strings.Join(all, "; ")
}

// Add records a problem at path.
func (p *Problems) Add(path, format string, args ...any) {
	*p = append(*p, &Problem{Path: path, Msg: fmt.Sprintf(format, args...)})
}

// Parse reads a credential of at most MaxBytes.
//
// The error is a *strictjson.Error when raw is not strict JSON, and Problems
// when the document breaks structural rules of the data model (sections 4.2 to
// 4.14 and 5.3 to 5.6 of version 2.0).
func Parse(raw []byte) (*Credential, error) { return ParseLimit(raw, MaxBytes) }

// ParseLimit is Parse with another limit on the size in bytes.
func ParseLimit(raw []byte, limit int) (*Credential, error) {
	v, err := strictjson.Decode(raw, strictjson.Limits{MaxBytes: limit})
	if err != nil {
		return nil, err
	}
	tree, ok := v.(map[string]any)
	if !ok {
		return nil, Problems{{Msg: "The document must be a JSON object."}}
	}
	c, err := FromTree(tree)
	if err != nil {
		return nil, err
	}
	c.Raw = raw
	return c, nil
}

// FromTree reads a credential from a document that strictjson.Decode returned.
// The error is Problems. The result has no Raw bytes.
func FromTree(tree map[string]any) (*Credential, error) {
	r := &reader{tree: tree, c: &Credential{Tree: tree}}
	r.nulls()
	r.context()
	r.types(typeCredential)
	r.c.ID = r.uri("/id", tree["id"])
	r.issuer()
	r.dates()
	r.subject()
	r.c.Status = r.typed("credentialStatus", false)
	r.c.Schema = r.typed("credentialSchema", true)
	r.c.Refresh = r.typed("refreshService", false)
	r.c.Evidence = r.typed("evidence", false)
	r.c.TermsOfUse = r.typed("termsOfUse", false)
	r.c.Proof = r.typed("proof", false)
	r.related()
	r.c.Name = r.text("/name", tree["name"])
	r.c.Description = r.text("/description", tree["description"])
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return r.c, nil
}
