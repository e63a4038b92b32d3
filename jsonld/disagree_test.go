package jsonld

import (
	"strings"
	"testing"

	"github.com/piprate/json-gold/ld"

	"github.com/roundel/roundel/strictjson"
)

// TestDisagreements lists where we differ from json-gold on purpose. For each,
// ours is what we do, and gold what json-gold does: the kind of error, or the
// statements.
func TestDisagreements(t *testing.T) {
	const (
		rdfFirstRest = ` <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> <http://www.w3.org/1999/02/22-rdf-syntax-ns#nil> .`
		rdfFirstA    = `_:c14n0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> `
	)
	for _, tt := range []struct{ reason, doc, ours, gold string }{
		// json-gold is wrong: the specification and the implementation in JavaScript say what we say.
		{"the container of a term counts where the term stands, not in the context that its value gets: this decides what a presentation's proof signs",
			`{"@context":"https://www.w3.org/ns/credentials/v2","id":"urn:p","type":"VerifiablePresentation","verifiableCredential":{"@context":"https://www.w3.org/ns/credentials/v2","id":"urn:c","type":"VerifiableCredential"}}`,
			"<urn:c> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://www.w3.org/2018/credentials#VerifiableCredential> _:c14n0 .\n" +
				"<urn:p> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://www.w3.org/2018/credentials#VerifiablePresentation> .\n" +
				"<urn:p> <https://www.w3.org/2018/credentials#verifiableCredential> _:c14n0 .",
			"<urn:c> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://www.w3.org/2018/credentials#VerifiableCredential> .\n" +
				"<urn:p> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://www.w3.org/2018/credentials#VerifiablePresentation> .\n" +
				"<urn:p> <https://www.w3.org/2018/credentials#verifiableCredential> <urn:c> ."},
		{"the same of the list container",
			`{"@context":{"a":{"@id":"urn:a","@container":"@list","@context":{"a":"urn:b"}}},"@id":"urn:s","a":"x"}`,
			"<urn:s> <urn:a> _:c14n0 .\n" + rdfFirstA + "\"x\" .\n_:c14n0" + rdfFirstRest, `<urn:s> <urn:a> "x" .`},
		{"there is agreement that the context of a type does not reach into a set", `{"@context":"https://www.w3.org/2018/credentials/v1","type":"VerifiableCredential","id":"urn:s","credentialSchema":{"@set":"cred:x"}}`,
			"<urn:s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://www.w3.org/2018/credentials#VerifiableCredential> .\n<urn:s> <https://www.w3.org/2018/credentials#credentialSchema> \"cred:x\" .", "same"},
		{"a JSON literal may hold anything", `{"@context":{"a":{"@id":"urn:a","@type":"@json"}},"@id":"urn:s","a":{"@index":[]}}`,
			`<urn:s> <urn:a> "{\"@index\":[]}"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON> .`, "loss"},
		{"a JSON literal may hold what looks like a context", `{"@context":{"a":{"@id":"urn:a","@type":"@json"}},"@id":"urn:s","a":{"@context":5}}`,
			`<urn:s> <urn:a> "{\"@context\":5}"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON> .`, "context"},
		{"a protected term may not be taken away", `{"@context":[{"a":{"@id":"urn:a","@protected":true}},{"a":null}],"@id":"urn:s","urn:k":"x"}`, "invalid", `<urn:s> <urn:k> "x" .`},
		{"of a protected term, being a prefix is protected too", `{"@context":[{"a":{"@id":"urn:a#","@protected":true}},{"a":"urn:a#"}],"@id":"urn:s","a":"x"}`, "invalid", `<urn:s> <urn:a#> "x" .`},
		{"the context of a property may redefine protected terms, whichever is first",
			`{"@context":{"@protected":true,"p":"urn:p#","a":"urn:a","b":{"@id":"urn:b","@context":{"a":"p:a","p":"urn:q#"}}},"@id":"urn:s","b":{"a":"x"}}`,
			"<urn:s> <urn:b> _:c14n0 .\n_:c14n0 <urn:q#a> \"x\" .", "sometimes"},
		{"types under two names are all types", `{"@context":{"type":"@type"},"@id":"urn:s","@type":"urn:t","type":["urn:u"]}`,
			"<urn:s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:t> .\n<urn:s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:u> .", "loss"},
		{"a term with a slash must be an IRI", `{"@context":{"@vocab":"urn:v#","a/b":{"@type":"@id"}},"@id":"urn:s","urn:k":"x"}`, "invalid", `<urn:s> <urn:k> "x" .`},
		{"a term without meaning is no prefix", `{"@context":{"a":null},"@id":"urn:s","urn:k":{"@id":"a:b"}}`, `<urn:s> <urn:k> <a:b> .`, "panic"},
		{"the context of a term is checked where it is defined", `{"@context":{"a":{"@id":"urn:a","@context":{"b":"plain"}}},"@id":"urn:s","urn:k":"x"}`, "invalid", `<urn:s> <urn:k> "x" .`},
		{"what is wrong in a list is named", `{"@context":{},"@id":"urn:s","urn:k":{"@list":[{"undefined":"x"}]}}`, "term", "loss"},

		// Processors disagree, or nobody can have meant it: we refuse.
		{"a term may not stand for a blank node: is it a prefix?", `{"@context":{"a":"_:b"},"@id":"urn:s","urn:k":{"@id":"a:b"}}`, "invalid", `<urn:s> <urn:k> <a:b> .`},
		{"@propagate in an array", `{"@context":[{"a":"urn:a"},{"@propagate":false,"b":"urn:b"}],"@id":"urn:s","a":"x"}`, "invalid", `<urn:s> <urn:a> "x" .`},
		{"null in the context of a type", `{"@context":{"T":{"@id":"urn:t","@context":[null,{"a":"urn:a"}]},"U":"urn:u"},"@type":"T","@id":"urn:s","a":"x"}`, "invalid",
			"<urn:s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:t> .\n<urn:s> <urn:a> \"x\" ."},
		{"a value in a set, of a property with different contexts inside and outside a type",
			`{"@context":{"b":{"@id":"urn:b","@type":"@id","@context":null},"T":{"@id":"urn:t","@context":{"b":{"@id":"urn:c","@context":{}}}}},"@type":"T","@id":"urn:s","b":{"@set":"urn:x"}}`,
			"invalid", "<urn:s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:t> .\n<urn:s> <urn:c> <urn:x> ."},
		{"@json in a language map", `{"@context":{"a":{"@id":"urn:a","@type":"@json","@container":"@language"}},"@id":"urn:s","a":{"en":"x"}}`, "invalid", "invalid"},
		{"a set in a list", `{"@context":{},"@id":"urn:s","urn:k":{"@list":[{"@set":["x"]}]}}`, "loss",
			"<urn:s> <urn:k> _:c14n0 .\n" + rdfFirstA + "\"x\" .\n_:c14n0" + rdfFirstRest},
		{"a set of null", `{"@context":{},"@id":"urn:s","urn:k":{"@set":null}}`, "loss", "<urn:s> <urn:k> _:c14n0 ."},
		{"a keyword as a language", `{"@context":{"a":{"@id":"urn:a","@container":"@language"}},"@id":"urn:s","a":{"@set":[]},"urn:k":"x"}`, "invalid", `<urn:s> <urn:k> "x" .`},
		{"no name", `{"@context":{"@vocab":"urn:v#"},"@id":"urn:s","":{"@value":"x"}}`, "term", "library"},
		{"null in a property that is no IRI", `{"@context":{},"@id":"urn:s","urn:k k":null,"urn:k":"x"}`, "relative", `<urn:s> <urn:k> "x" .`},
		{"a graph of null", `{"@context":{},"@id":"urn:s","@graph":null,"urn:k":"x"}`, "invalid", "loss"},
	} {
		tree, err := strictjson.Decode([]byte(tt.doc), strictjson.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Contexts: Embedded(), Inline: true}
		ours, err := canonical(ToRDF(tree.(map[string]any), o))
		if got := said(ours, err); got != tt.ours {
			t.Errorf("%s: we say\n%s\nwant\n%s\n(%v)", tt.reason, got, tt.ours, err)
		}
		theirs, err := canonical(counterpart(tree.(map[string]any), o))
		if got := said(theirs, err); got != tt.gold && tt.gold != "sometimes" && (tt.gold != "same" || got != tt.ours) {
			t.Errorf("%s: json-gold says\n%s\nwant\n%s\n(%v)", tt.reason, got, tt.gold, err)
		}
	}
}

// said is the kind of err, or the statements.
func said(statements string, err error) string {
	switch err.(type) {
	case nil:
		return strings.TrimSuffix(statements, "\n")
	case *ContextError:
		return "context"
	case *UnknownTermError:
		return "term"
	case *RelativeIRIError:
		return "relative"
	case *LossError:
		return "loss"
	case *InvalidError:
		return "invalid"
	case *ld.JsonLdError:
		return "library"
	}
	if strings.Contains(err.Error(), "gave up") {
		return "panic"
	}
	return err.Error()
}
