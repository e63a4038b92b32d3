package interop

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/piprate/json-gold/ld"

	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/proof"
)

// eddsa-rdfc-2022 as one would write it on json-gold, with its expansion and its
// canonicalisation, and without any check that nothing is lost on the way.

// goldLoader gives contexts from memory.
type goldLoader map[string]any

func newGold(b *testing.B) goldLoader {
	b.Helper()
	l := goldLoader{}
	for url, file := range map[string]string{
		"https://www.w3.org/ns/credentials/v2":                       "credentials-v2.jsonld",
		"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": "ob-3.0.3.json",
	} {
		text, err := os.ReadFile(filepath.Join("..", "jsonld", "contexts", file))
		if err != nil {
			b.Fatal(err)
		}
		var doc any
		if err := json.Unmarshal(text, &doc); err != nil {
			b.Fatal(err)
		}
		l[url] = doc
	}
	return l
}

func (l goldLoader) LoadDocument(url string) (*ld.RemoteDocument, error) {
	doc, ok := l[url]
	if !ok {
		return nil, fmt.Errorf("no context %s", url)
	}
	return &ld.RemoteDocument{DocumentURL: url, Document: doc}, nil
}

// digest is SHA-256 of a document's canonical form.
func (l goldLoader) digest(doc map[string]any) ([]byte, error) {
	o := ld.NewJsonLdOptions("")
	o.ProcessingMode, o.Algorithm, o.Format, o.DocumentLoader = ld.JsonLd_1_1, ld.AlgorithmURDNA2015, "application/n-quads", l
	quads, err := ld.NewJsonLdProcessor().Normalize(doc, o)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(quads.(string)))
	return sum[:], nil
}

// data is what is signed (vc-di-eddsa 1.0, section 3.2.4).
func (l goldLoader) data(doc, options map[string]any) ([]byte, error) {
	options["@context"] = doc["@context"]
	first, err := l.digest(options)
	if err != nil {
		return nil, err
	}
	second, err := l.digest(doc)
	return append(first, second...), err
}

func (l goldLoader) sign(text []byte, key ed25519.PrivateKey, method string) ([]byte, error) {
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	options := map[string]any{"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "created": benchTime,
		"verificationMethod": method, "proofPurpose": "assertionMethod"}
	data, err := l.data(doc, options)
	if err != nil {
		return nil, err
	}
	options["proofValue"] = multikey.EncodeMultibase(ed25519.Sign(key, data))
	delete(options, "@context")
	doc["proof"] = options
	return json.Marshal(doc)
}

func (l goldLoader) verify(text []byte, key ed25519.PublicKey) error {
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		return err
	}
	options := doc["proof"].(map[string]any)
	delete(doc, "proof")
	sig, err := multikey.DecodeMultibase(options["proofValue"].(string), ed25519.SignatureSize)
	if err != nil {
		return err
	}
	delete(options, "proofValue")
	data, err := l.data(doc, options)
	if err != nil {
		return err
	}
	if !ed25519.Verify(key, data, sig) {
		return errFloor
	}
	return nil
}

func goldSign(b *testing.B, p *proofBench) {
	b.Helper()
	l, key := newGold(b), p.key.(ed25519.PrivateKey)
	// It has to be the same work.
	signed, err := l.sign(p.unsigned[0], key, p.method)
	if err != nil {
		b.Fatal(err)
	}
	keys := func(proof.Proof) (crypto.PublicKey, error) { return key.Public(), nil }
	if _, err := proof.Verify(signed, keys, proof.VerifyOptions{}); err != nil {
		b.Fatal(err)
	}
	cpu(b, 1, func(i int) error {
		_, err := l.sign(p.unsigned[i%recipients], key, p.method)
		return err
	})
}

func goldVerify(b *testing.B, p *proofBench) {
	b.Helper()
	l, signed, public := newGold(b), p.signed(b), p.key.Public().(ed25519.PublicKey)
	cpu(b, 1, func(i int) error { return l.verify(signed[i%recipients], public) })
}
