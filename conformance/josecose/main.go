// Command josecose lets W3C's test suite for Securing Verifiable Credentials
// using JOSE and COSE call the library: the suite hands over a document and a
// key, and wants to know whether the document could be signed with it, or is
// signed with it.
//
//	josecose issue|verify --input FILE --key FILE --feature FEATURE --output FILE [--sd JSON]
package main

import (
	"crypto"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/sdjwt"
)

// task is one call.
type task struct {
	verb, feature          string
	input, key, output, sd string
}

// result is what the suite reads.
type result struct {
	Result string `json:"result"` // success, failure or indeterminate
	Data   string `json:"data,omitempty"`
}

var errUnknown = errors.New("nothing is known of this feature")

func main() {
	t, err := parse(os.Args[1:])
	if err == nil {
		err = t.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "josecose:", err)
		os.Exit(2)
	}
}

func parse(args []string) (*task, error) {
	if len(args) == 0 || args[0] != "issue" && args[0] != "verify" {
		return nil, errors.New("the first argument must be issue or verify")
	}
	t := &task{verb: args[0]}
	flags := flag.NewFlagSet(t.verb, flag.ContinueOnError)
	flags.StringVar(&t.input, "input", "", "document, or signed document")
	flags.StringVar(&t.key, "key", "", "verification method with both keys")
	flags.StringVar(&t.feature, "feature", "", "credential or presentation, _, jose, sdjwt or cose")
	flags.StringVar(&t.output, "output", "", "where the result is written")
	flags.StringVar(&t.sd, "sd", "", "what can be withheld, a list of paths")
	return t, flags.Parse(args[1:])
}

// run does what was asked and writes the result, also that it failed.
func (t *task) run() error {
	doc, err := os.ReadFile(t.input)
	if err != nil {
		return err
	}
	signer, id, err := readKey(t.key)
	if err != nil {
		return err
	}
	out := result{Result: "success"}
	if t.verb == "issue" {
		var token []byte
		if token, err = t.issue(doc, signer, id); err == nil {
			out.Data = string(token)
			err = t.verify(token, signer.Public()) // what nobody could verify is no success
		}
	} else {
		err = t.verify([]byte(strings.TrimSpace(string(doc))), signer.Public())
	}
	switch {
	case errors.Is(err, errUnknown):
		out = result{Result: "indeterminate", Data: err.Error()}
	case err != nil:
		out = result{Result: "failure", Data: err.Error()}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return os.WriteFile(t.output, text, 0o644)
}

// readKey reads a verification method and returns its private key and its id.
func readKey(file string) (crypto.Signer, string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, "", err
	}
	var method struct {
		ID  string          `json:"id"`
		Key json.RawMessage `json:"secretKeyJwk"`
	}
	if err := json.Unmarshal(data, &method); err != nil {
		return nil, "", err
	}
	signer, err := multikey.PrivateFromJWK(method.Key)
	return signer, method.ID, err
}

// issue signs a document after checking it as the platform does.
func (t *task) issue(doc []byte, key crypto.Signer, id string) ([]byte, error) {
	if err := t.check(doc); err != nil {
		return nil, err
	}
	switch t.feature {
	case "credential_jose":
		return jose.SignCredential(doc, key, jose.CredentialOptions{KeyID: id, Profile: jose.W3C})
	case "presentation_jose":
		return jose.SignPresentation(doc, key, jose.PresentationOptions{KeyID: id})
	case "credential_sdjwt", "presentation_sdjwt":
		o := sdjwt.Options{Header: jose.Header{KeyID: id}}
		var paths []string
		if err := json.Unmarshal([]byte(t.sd), &paths); err != nil {
			return nil, err
		}
		for _, p := range paths {
			o.Disclosable = append(o.Disclosable, pointer(p))
		}
		if t.feature == "credential_sdjwt" {
			return sdjwt.IssueCredential(doc, key, o)
		}
		return sdjwt.IssuePresentation(doc, key, o)
	}
	return t.issueCOSE(doc, key, id)
}

var inBrackets = regexp.MustCompile(`\[(\d+)\]`)

// pointer turns a path like a.b[0] into a JSON Pointer.
func pointer(path string) string {
	return "/" + strings.ReplaceAll(inBrackets.ReplaceAllString(path, ".$1"), ".", "/")
}

// verify checks the signature, that the token is of the kind that was asked
// for, and the document's structure. Dates are another question: the suite's
// own tokens have expired.
func (t *task) verify(token []byte, key crypto.PublicKey) error {
	switch t.feature {
	case "credential_jose":
		c, err := jose.ParseCredential(token)
		if err != nil {
			return err
		}
		if c.Profile != jose.W3C {
			return fmt.Errorf("this is a JWT of %s", c.Profile)
		}
		return errors.Join(c.Verify(key), t.check(c.Document))
	case "presentation_jose":
		p, err := jose.ParsePresentation(token)
		if err != nil {
			return err
		}
		if p.Profile != jose.W3C {
			return fmt.Errorf("this is a JWT of %s", p.Profile)
		}
		return errors.Join(p.Verify(key), t.check(p.Document))
	case "credential_sdjwt":
		d, err := sdjwt.ParseCredential(token)
		if err != nil {
			return err
		}
		return errors.Join(d.Verify(key), t.check(d.Document))
	case "presentation_sdjwt":
		d, err := sdjwt.ParsePresentation(token)
		if err != nil {
			return err
		}
		return errors.Join(d.Verify(key), t.check(d.Document))
	}
	return t.verifyCOSE(token, key)
}

// check applies the rules of the data model, and refuses members of the document
// itself that no vocabulary names: the suite's examples use one that takes every
// word for its own, which says nothing about what the word means.
func (t *task) check(doc []byte) error {
	var tree map[string]any
	if strings.HasPrefix(t.feature, "presentation_") {
		p, err := credential.ParsePresentation(doc)
		if err != nil {
			return err
		}
		tree = p.Tree
	} else {
		c, err := credential.Parse(doc)
		if err != nil {
			return err
		}
		tree = c.Tree
	}
	known := jsonld.Embedded()
	for name := range tree {
		if !slices.Contains([]string{"@context", "id", "type", "proof"}, name) && !known.Reserved(name) {
			return fmt.Errorf("no vocabulary says what the member %q means", name)
		}
	}
	if t.verb == "issue" && !strings.HasPrefix(t.feature, "presentation_") {
		_, err := jsonld.ToRDF(tree, jsonld.Options{Contexts: jsonld.WithExamples()})
		return err
	}
	return nil
}
