package jsonld

import (
	"embed"
	"slices"
	"sync"
)

//go:embed contexts/*.json contexts/*.jsonld contexts/examples/*.jsonld
var files embed.FS

type file struct{ url, file string }

// embedded lists the files by address; contexts/SOURCES.md says where each
// comes from. A context stands after those it refers to.
var embedded = [...]file{
	{"https://www.w3.org/2018/credentials/v1", "credentials-v1.jsonld"},
	{"https://www.w3.org/ns/credentials/v2", "credentials-v2.jsonld"},
	{"https://purl.imsglobal.org/spec/ob/v3p0/context.json", "ob-3.0.0.json"},
	{"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json", "ob-3.0.1.json"},
	{"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json", "ob-3.0.2.json"},
	{"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json", "ob-3.0.3.json"},
	{"https://purl.imsglobal.org/spec/ob/v3p0/extensions.json", "ob-extensions.json"},
	{"https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json", "clr-2.0.1.json"},
	{"https://w3id.org/security/data-integrity/v1", "data-integrity-v1.jsonld"},
	{"https://w3id.org/security/data-integrity/v2", "data-integrity-v2.jsonld"},
	{"https://w3id.org/security/multikey/v1", "multikey-v1.jsonld"},
	{"https://w3id.org/security/jwk/v1", "jwk-v1.jsonld"},
	{"https://w3id.org/security/suites/ed25519-2020/v1", "ed25519-2020-v1.jsonld"},
	{"https://w3id.org/security/suites/jws-2020/v1", "jws-2020-v1.jsonld"},
	{"https://w3id.org/security/v1", "security-v1.jsonld"},
	{"https://w3id.org/security/v2", "security-v2.jsonld"},
	{"https://w3id.org/vc/status-list/2021/v1", "status-list-2021-v1.jsonld"},
	{"https://www.w3.org/ns/credentials/status/v1", "bitstring-status-list-v1.jsonld"},
	{"https://www.w3.org/ns/did/v1", "did-v1.jsonld"},
}

// examples are contexts that worked examples and test suites use. Some of them
// give a meaning to every word, so that nothing is ever misspelt.
var examples = [...]file{
	{"https://www.w3.org/ns/credentials/examples/v2", "examples/credentials-examples-v2.jsonld"},
	{"https://www.w3.org/ns/credentials/undefined-terms/v2", "examples/undefined-terms-v2.jsonld"},
	{"https://www.w3.org/ns/odrl.jsonld", "examples/odrl.jsonld"},
	{"https://www.w3.org/2018/credentials/examples/v1", "examples/credentials-examples-v1.jsonld"},
}

// credentialsV2 has an older version that the W3C's test suite names by its
// digest.
const (
	credentialsV2     = "https://www.w3.org/ns/credentials/v2"
	credentialsV2July = "examples/credentials-v2-2024-07-20.jsonld"
)

// exactly are the addresses whose files are byte for byte what is served there.
var exactly = [...]string{
	credentialsV2,
	"https://w3id.org/security/data-integrity/v2",
	"https://w3id.org/security/multikey/v1",
	"https://w3id.org/security/jwk/v1",
	"https://www.w3.org/ns/credentials/examples/v2",
	"https://www.w3.org/ns/credentials/undefined-terms/v2",
}

// The sets are made once and never changed.
var (
	loadEmbedded     = sync.OnceValue(func() *Contexts { return load(&Contexts{}, embedded[:]) })
	loadExamples     = sync.OnceValue(func() *Contexts { return load(loadEmbedded(), examples[:]) })
	loadExamplesJuly = sync.OnceValue(func() *Contexts {
		c := loadExamples().clone()
		delete(c.docs, credentialsV2) // With replaces nothing
		return load(c, []file{{credentialsV2, credentialsV2July}})
	})
)

// load adds files to c. It panics if one is damaged, which a test rules out by
// reading them all.
func load(c *Contexts, list []file) *Contexts {
	for _, f := range list {
		data, err := files.ReadFile("contexts/" + f.file)
		if err == nil {
			c, err = c.With(f.url, data)
		}
		if err != nil {
			panic("jsonld: an embedded context cannot be read: " + err.Error())
		}
		if slices.Contains(exactly[:], f.url) {
			c.exact[f.url] = data
		}
	}
	return c
}

// Embedded returns the contexts that this package carries: W3C credentials,
// Open Badges 3.0, CLR 2.0, Data Integrity and its keys, status lists and DID
// documents.
func Embedded() *Contexts { return loadEmbedded() }

// WithExamples returns the embedded contexts and those that worked examples and
// test suites need: examples/v2 and undefined-terms/v2 of W3C credentials, which
// define every word there is, examples/v1 of 2018, and ODRL. It is not for
// credentials of people.
func WithExamples() *Contexts { return loadExamples() }

// WithExamples2024 is WithExamples with the credentials v2 context as it was
// from 20 July 2024 until the recommendation, which W3C's test suite of the data
// model still names by its digest. The two differ in three terms of status lists only:
// statusMessage, statusReference and statusSize, which belonged to the list then
// and to its entries now.
func WithExamples2024() *Contexts { return loadExamplesJuly() }
