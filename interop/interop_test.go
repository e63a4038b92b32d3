// Package interop runs Roundel's credentials through verifiers that are not
// ours, and credentials of theirs through Roundel.
package interop

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/statuslist"
	"github.com/roundel/roundel/strictjson"
)

// schemaURL is where verifier-core looks for the schema of every Open Badge.
const schemaURL = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"

const (
	fixtureIssuer = "did:key:z6MkupuA7WhoxvtpuRuaeDb84euWCaSbb5tWiPdq9Fn5inhz"
	fixtureStatus = "https://badges.example.edu/status/3"
	fixtureIndex  = 94567
)

var verifiers = []string{"verify.mjs", "verify-core.mjs"}

// An issuer signs with one key under one DID.
type issuer struct {
	key         ed25519.PrivateKey
	did, method string
	list        bool // write the proof as a list
}

func keyIssuer(t *testing.T, name string) issuer {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	key := ed25519.NewKeyFromSeed(seed[:])
	id, method, err := did.KeyDID(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return issuer{key: key, did: id, method: method}
}

func (i issuer) sign(t *testing.T, doc []byte) []byte {
	t.Helper()
	signed, err := proof.Sign(doc, i.key, proof.SignOptions{Method: i.method, Created: time.Now(), List: i.list})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// badge is the fixture, issued by i.
func (i issuer) badge(t *testing.T) []byte {
	t.Helper()
	doc := vectors.Fixture(t, "achievement-credential.json")
	changed := bytes.Replace(doc, []byte(fixtureIssuer), []byte(i.did), 1)
	if bytes.Equal(changed, doc) {
		t.Fatal("the fixture has another issuer than expected")
	}
	return i.sign(t, changed)
}

// shelf is a folder of documents for the scripts' --docs.
func shelf(t *testing.T, documents map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	names := map[string]string{}
	for url, body := range documents {
		sum := sha256.Sum256([]byte(url))
		name := hex.EncodeToString(sum[:8]) + ".json"
		write(t, filepath.Join(dir, name), body)
		names[url] = name
	}
	index, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "map.json")
	write(t, path, index)
	return path
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// statusList is the fixture's status list, signed by i, with its entry revoked
// or not.
func (i issuer) statusList(t *testing.T, revoked bool) []byte {
	t.Helper()
	list := statuslist.New(statuslist.MinEntries)
	for _, e := range []struct {
		at int
		v  bool
	}{{fixtureIndex - 1, true}, {fixtureIndex, revoked}, {fixtureIndex + 1, true}} {
		if err := list.Set(e.at, e.v); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	doc, err := statuslist.Credential(fixtureStatus, i.did, statuslist.Revocation, list, now.Add(-time.Hour), now.Add(time.Hour), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return i.sign(t, doc)
}

func schema(t *testing.T) []byte {
	t.Helper()
	return vectors.File(t, "1edtech-schemas", "ob_v3p0", "ob_v3p0_achievementcredential_schema.json")
}

// oneCharacter changes one character of the achievement's description.
func oneCharacter(t *testing.T, doc []byte) []byte {
	t.Helper()
	changed := bytes.Replace(doc, []byte("The learner can"), []byte("The learner car"), 1)
	if bytes.Equal(changed, doc) {
		t.Fatal("the document has nothing to change")
	}
	return changed
}

// ourAnswer checks every proof with our own packages.
func ourAnswer(t *testing.T, signed []byte, key crypto.PublicKey) error {
	t.Helper()
	tree, err := strictjson.Decode(signed, strictjson.Limits{})
	if err != nil {
		return err
	}
	unsecured, proofs, err := proof.Split(tree.(map[string]any))
	if err != nil {
		return err
	}
	for _, p := range proofs {
		if err := proof.VerifyOne(unsecured, p, key, proof.VerifyOptions{}); err != nil {
			return err
		}
	}
	return nil
}

func TestTheyAcceptOurs(t *testing.T) {
	needNode(t)
	i := keyIssuer(t, "issuer")
	badge := i.badge(t)
	docs := shelf(t, map[string][]byte{fixtureStatus: i.statusList(t, false), schemaURL: schema(t)})
	for _, script := range verifiers {
		if a := verify(t, script, badge, "--docs", docs); !a.Verified {
			t.Errorf("%s refuses our credential: %v %s", script, a.Reasons, a.Steps)
		} else if script == "verify-core.mjs" && !strings.Contains(string(a.Schema), `"valid":true`) {
			t.Errorf("%s: schema check %s", script, a.Schema)
		}
		if a := verify(t, script, oneCharacter(t, badge), "--docs", docs); a.Verified || !a.mentions("signature") {
			t.Errorf("%s on one changed character: %v %v", script, a.Verified, a.Reasons)
		}
	}
	if err := ourAnswer(t, badge, i.key.Public()); err != nil {
		t.Error(err)
	}
	if err := ourAnswer(t, oneCharacter(t, badge), i.key.Public()); err == nil {
		t.Error("we accept one changed character")
	}
}

// TestTheyReadOurStatus: a list of ours that says "revoked", or that is not what
// it should be, counts with them.
func TestTheyReadOurStatus(t *testing.T) {
	needNode(t)
	i := keyIssuer(t, "issuer")
	badge := i.badge(t)
	for name, c := range map[string]struct {
		list []byte
		word string // in the reason that verify.mjs gives
	}{
		"revoked":            {i.statusList(t, true), "status: revocation"},
		"of another purpose": {bytes.Replace(i.statusList(t, false), []byte("revocation"), []byte("suspension"), 1), "purpose"},
		"changed":            {bytes.Replace(i.statusList(t, false), []byte(`"ttl":60000`), []byte(`"ttl":60001`), 1), "signature"},
		"another's":          {keyIssuer(t, "stranger").statusList(t, false), "issuer"},
	} {
		docs := shelf(t, map[string][]byte{fixtureStatus: c.list, schemaURL: schema(t)})
		for _, script := range verifiers {
			if script == "verify-core.mjs" && name == "another's" {
				continue // it does not ask who signed the list
			}
			a := verify(t, script, badge, "--docs", docs)
			if a.Verified || script == "verify.mjs" && !a.mentions(c.word) {
				t.Errorf("%s on a credential whose list is %s: %v %v", script, name, a.Verified, a.Reasons)
			}
		}
	}
}

// TestTheyResolveOurWebDID: the document we write for a did:web, with a port in
// it, is one that they can use; and a list of one proof is fine with them.
func TestTheyResolveOurWebDID(t *testing.T) {
	needNode(t)
	i := keyIssuer(t, "web issuer")
	id, err := did.WebDID("https://badges.example.edu:8443", "issuers", "informatics")
	if err != nil {
		t.Fatal(err)
	}
	document, err := did.NewWebDocument(id, did.Method{ID: "#key-1", PublicKey: i.key.Public()})
	if err != nil {
		t.Fatal(err)
	}
	address, err := did.WebURL(id)
	if err != nil {
		t.Fatal(err)
	}
	i.did, i.method, i.list = id, id+"#key-1", true
	badge := i.badge(t)
	stranger := keyIssuer(t, "stranger")
	stranger.did, stranger.method = i.did, i.method
	docs := shelf(t, map[string][]byte{address: document, fixtureStatus: i.statusList(t, false), schemaURL: schema(t)})
	for _, script := range verifiers {
		if a := verify(t, script, badge, "--docs", docs); !a.Verified {
			t.Errorf("%s refuses our did:web credential: %v %s", script, a.Reasons, a.Steps)
		}
		if a := verify(t, script, stranger.badge(t), "--docs", docs); a.Verified {
			t.Errorf("%s accepts a stranger's key", script)
		}
	}
}

// TestTheyAskAServer: the scripts resolve a did:web and a status list from a TLS
// server on loopback, by the name in its certificate.
func TestTheyAskAServer(t *testing.T) {
	needNode(t)
	documents := map[string][]byte{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := documents["https://"+r.Host+r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if _, err := w.Write(body); err != nil {
			t.Error(err)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that hang up, as one of them must
	server.StartTLS()
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	write(t, ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))

	i := keyIssuer(t, "web issuer")
	i.did, i.method = "did:web:example.com", "did:web:example.com#key-1" // the name in httptest's certificate
	document, err := did.NewWebDocument(i.did, did.Method{ID: "#key-1", PublicKey: i.key.Public()})
	if err != nil {
		t.Fatal(err)
	}
	badge := i.badge(t)
	documents["https://example.com/.well-known/did.json"] = document
	docs := shelf(t, map[string][]byte{fixtureStatus: i.statusList(t, false), schemaURL: schema(t)})
	connect := strings.TrimPrefix(server.URL, "https://")
	for _, script := range verifiers {
		if a := verify(t, script, badge, "--docs", docs, "--connect", connect, "--ca", ca); !a.Verified {
			t.Errorf("%s: %v", script, a.Reasons)
		}
		if a := verify(t, script, badge, "--docs", docs, "--connect", connect); a.Verified {
			t.Errorf("%s accepts a server whose certificate nobody vouches for", script)
		}
	}
}

func TestWeAcceptTheirs(t *testing.T) {
	needNode(t)
	seed := strings.Repeat("0badca7e", 8)
	signed := run(t, 0, "issue.mjs", seed)
	raw, err := hex.DecodeString(seed)
	if err != nil {
		t.Fatal(err)
	}
	key := ed25519.NewKeyFromSeed(raw).Public()

	tree, err := strictjson.Decode(signed, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	_, proofs, err := proof.Split(tree.(map[string]any))
	if err != nil {
		t.Fatal(err)
	}
	id, _, err := did.SplitURL(proofs[0].VerificationMethod)
	if err != nil {
		t.Fatal(err)
	}
	document, err := did.Multi{}.Resolve(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	method, err := document.Method(proofs[0].VerificationMethod, did.AssertionMethod)
	if err != nil {
		t.Fatal(err)
	}
	if !method.PublicKey.(ed25519.PublicKey).Equal(key) {
		t.Errorf("their did:key %s is another key than their seed gives", id)
	}
	if err := ourAnswer(t, signed, method.PublicKey); err != nil {
		t.Errorf("we refuse their credential: %v", err)
	}
	for from, to := range map[string]string{"Study habits": "Study habitz", "2.5": "3.5", "☃": "☂", `\u0001`: `\u0002`, "three": "throe"} {
		changed := bytes.Replace(signed, []byte(from), []byte(to), 1)
		if bytes.Equal(changed, signed) {
			t.Fatalf("%q is not in their credential", from)
		}
		if err := ourAnswer(t, changed, method.PublicKey); err == nil {
			t.Errorf("we accept %q for %q in their credential", to, from)
		}
	}
	// The same key in the same DID method, made by either side.
	if text, err := multikey.EncodePublic(key); err != nil || "did:key:"+text != id {
		t.Errorf("our did:key is %s, %v; theirs %s", text, err, id)
	}
	if !jsonld.Embedded().Has("https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json") {
		t.Error("the context of their credential is not embedded")
	}
}
