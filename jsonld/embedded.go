package jsonld

import (
	"embed"
	"sync"
)

//go:embed contexts/*.json contexts/*.jsonld
var files embed.FS

// embedded lists the files by address; contexts/SOURCES.md says where each
// comes from. A context stands after those it refers to.
var embedded = [...]struct{ url, file string }{
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

// loadEmbedded decodes the files once; the result is never changed.
var loadEmbedded = sync.OnceValue(func() *Contexts {
	c := &Contexts{}
	for _, e := range embedded {
		data, err := files.ReadFile("contexts/" + e.file)
		if err == nil {
			c, err = c.With(e.url, data)
		}
		if err != nil {
			panic("jsonld: an embedded context cannot be read: " + err.Error()) // a test reads them all
		}
	}
	return c
})

// Embedded returns the contexts that this package carries: W3C credentials,
// Open Badges 3.0, CLR 2.0, Data Integrity and its keys, status lists and DID
// documents.
func Embedded() *Contexts { return loadEmbedded() }
