package shape_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/shape"
)

const someOptions = `{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022","verificationMethod":"urn:key#%d","proofPurpose":"assertionMethod"}`

// compact is what Compact has to append, by the standard library.
func compact(t testing.TB, doc []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, doc); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'}'})
}

// TestCompactAgainstEncodingJSON: random documents, each written like the one
// before but for a value, so that layouts and what they remember are used; and
// the hashes are those of Hashes by a cache that knows nothing.
func TestCompactAgainstEncodingJSON(t *testing.T) {
	g := &gen{rand.New(rand.NewPCG(31, 7)), 0.05}
	refused, taken := 0, 0
	for n := range uint64(150) {
		p, empty := newPair(t), newPair(t)
		tree := g.document()
		tree["part"] = "@@"
		text := string(g.write(tree, n))
		for i := range 6 {
			doc := []byte(strings.Replace(text, "@@", pick(g, []string{"a", `b\"\\`, "ü ", ` \u0041}] :,`, ""}), 1))
			options := fmt.Appendf(nil, `{"part":"option %d"}`, i/2)
			d, o, wantErr := empty.cache.Hashes(doc, options)
			out, gotD, gotO, err := p.cache.Compact([]byte("before"), doc, options)
			if fmt.Sprintf("%T", err) != fmt.Sprintf("%T", wantErr) && !errors.Is(err, shape.ErrUnusual) {
				t.Fatalf("Compact: %v; Hashes: %v, for\n%s", err, wantErr, doc)
			}
			if err != nil {
				refused++
				continue
			}
			taken++
			if want := append([]byte("before"), compact(t, doc)...); !bytes.Equal(out, want) {
				t.Fatalf("compact:\n%s\nencoding/json:\n%s", out, want)
			}
			if gotD != d || gotO != o {
				t.Fatalf("time %d: other hashes than Hashes, for\n%s", i, doc)
			}
		}
	}
	t.Logf("%d compacted, %d refused", taken, refused)
	if taken < 300 {
		t.Errorf("%d documents compacted: too few to show anything", taken)
	}
}

// A document with a proof is not to get a second member of that name, whether the
// cache knows how it is written or not.
func TestCompactRefusesWhatHasAProof(t *testing.T) {
	for name, doc := range map[string]string{
		"a proof":              `{"@context":["https://www.w3.org/ns/credentials/v2"],"proof":{"type":"DataIntegrityProof"},"id":"urn:%d"}`,
		"an escaped name":      `{"@context":["https://www.w3.org/ns/credentials/v2"],"pr\u006fof":{"type":"DataIntegrityProof"},"id":"urn:%d"}`,
		"a name with escapes":  `{"@context":["https://www.w3.org/ns/credentials/v2"],"\u0069d":"urn:%d"}`,
		"the word as a value":  `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:%d","type":"proof"}`,
		"no members":           `{}`,
		"a list":               `[{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:%d"}]`,
		"white space and text": `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:%d"} x`,
	} {
		cache := shape.New(shape.Options{})
		for i := range 5 {
			text := doc
			if strings.Contains(doc, "%d") {
				text = fmt.Sprintf(doc, i)
			}
			out, _, _, err := cache.Compact(nil, []byte(text), fmt.Appendf(nil, someOptions, i))
			if err == nil || out != nil {
				t.Errorf("%s, time %d: %s", name, i, out)
			}
		}
	}
}

// The options are hashed once for documents that follow each other, and only for
// those of one shape: another context gives the same words another meaning.
func TestOptionsOfAnotherShape(t *testing.T) {
	contexts := jsonld.Embedded()
	for _, name := range []string{"a", "b"} {
		var err error
		if contexts, err = contexts.With("https://test.example/"+name, fmt.Appendf(nil, `{"@context":{"@version":1.1,"id":"@id","part":"urn:%s:part"}}`, name)); err != nil {
			t.Fatal(err)
		}
	}
	o := shape.Options{Contexts: contexts}
	cache := shape.New(o)
	options := []byte(`{"part":"proof"}`)
	for i := range 16 {
		doc := fmt.Appendf(nil, `{"@context":"https://test.example/%c","part":"%d"}`, "ab"[i/2%2], i)
		if i > 11 {
			options = fmt.Appendf(nil, `{"part":"%d"}`, i)
		}
		_, _, got, err := cache.Compact(nil, doc, options)
		_, want, wantErr := shape.New(o).Hashes(doc, options)
		if err != nil || wantErr != nil || got != want {
			t.Errorf("time %d: %x, %v; want %x, %v", i, got, err, want, wantErr)
		}
	}
}
