package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/clr"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
)

// party is somebody with a did:key, in a folder of their own.
type party struct {
	*testing.T
	dir, id, method string
	key             crypto.Signer
}

func newParty(t *testing.T) *party {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	id, method, err := did.KeyDID(pub)
	if err != nil {
		t.Fatal(err)
	}
	return &party{t, t.TempDir(), id, method, key}
}

// sign returns doc, signed.
func (p *party) sign(doc []byte, o proof.SignOptions) []byte {
	p.Helper()
	o.Method, o.Created = p.method, time.Now()
	signed, err := proof.Sign(doc, p.key, o)
	if err != nil {
		p.Fatal(err)
	}
	return signed
}

// file signs doc and returns the name of the file.
func (p *party) file(name string, doc []byte, o proof.SignOptions) string {
	p.Helper()
	name = filepath.Join(p.dir, name)
	if err := os.WriteFile(name, p.sign(doc, o), 0o600); err != nil {
		p.Fatal(err)
	}
	return name
}

// badge is an unsigned badge of this name for Amara.
func (p *party) badge(name string) []byte {
	p.Helper()
	doc, err := openbadge.New("urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a100", openbadge.Profile{ID: p.id, Name: "Sailing club"},
		openbadge.Achievement{ID: "https://club.example/1", Name: name, Description: "Sails.", Criteria: openbadge.Criteria{Narrative: "Sail."}},
		openbadge.Subject{ID: "did:example:amara"}, time.Now().Add(-time.Hour)).Document()
	if err != nil {
		p.Fatal(err)
	}
	return doc
}

// record is an unsigned learner record that holds badges.
func (p *party) record(badges ...[]byte) []byte {
	p.Helper()
	r := clr.New("urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a101", "Record", openbadge.Profile{ID: p.id, Name: "Sailing club"},
		clr.Subject{ID: "did:example:amara"}, time.Now().Add(-time.Hour))
	for _, b := range badges {
		if err := r.Hold(b); err != nil {
			p.Fatal(err)
		}
	}
	doc, err := r.Document()
	if err != nil {
		p.Fatal(err)
	}
	return doc
}

// roundel runs a command line.
func roundel(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errOut bytes.Buffer
	if code := run(context.Background(), args, strings.NewReader(""), &out, &errOut); code != want {
		t.Errorf("%q ended with %d, not %d\n%s%s", args, code, want, out.String(), errOut.String())
	}
	return out.String(), errOut.String()
}

func holds(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
}

// TestPresentationsOnTheTerminal: a presentation is as good as the worst of its
// checks and badges.
func TestPresentationsOnTheTerminal(t *testing.T) {
	club, holder := newParty(t), newParty(t)
	present := func(name string, o proof.SignOptions, badge []byte) string {
		t.Helper()
		doc, err := json.Marshal(map[string]any{"@context": []string{"https://www.w3.org/ns/credentials/v2"}, "type": []string{"VerifiablePresentation"},
			"holder": holder.id, "verifiableCredential": []json.RawMessage{badge}})
		if err != nil {
			t.Fatal(err)
		}
		o.Purpose = did.Authentication
		return holder.file(name, doc, o)
	}
	signed := club.sign(club.badge("Knots"), proof.SignOptions{})
	answer := proof.SignOptions{Challenge: "7f3a", Domain: "employer.example"}
	good := present("good.json", answer, signed)
	ask := []string{"verify", "--offline", "--challenge", "7f3a", "--domain", "employer.example"}
	known := append(ask, "--issuer", club.id)

	out, _ := roundel(t, exitOK, append(known, good)...)
	holds(t, out, holder.id+" shows 1 badge.\n", "  holder_key       passed ", "  challenge        passed ", "  domain           passed ",
		"Badges in it (1 valid):\n  valid              Knots, whose issuer calls itself “Sailing club”\n", "\nverdict: verified\n")
	out, _ = roundel(t, exitUncertain, append(ask, good)...)
	holds(t, out, "not every issuer is confirmed", "\nverdict: issuer_unconfirmed\n")
	out, _ = roundel(t, exitOK, "verify", "--offline", "--challenge", "7f3a", "--issuer", club.id, good)
	holds(t, out, "  domain           does not apply ")
	out, _ = roundel(t, exitFailed, "verify", "--offline", "--challenge", "other", "--issuer", club.id, good)
	holds(t, out, "  challenge        FAILED ", "\nverdict: failed\n")

	out, _ = roundel(t, exitOK, append(known, "--json", good)...)
	var rep struct {
		Verified    bool
		Holder      string
		Credentials []struct{ Verdict string }
	}
	if err := json.Unmarshal([]byte(out), &rep); err != nil || !rep.Verified || rep.Holder != holder.id || len(rep.Credentials) != 1 || rep.Credentials[0].Verdict != "valid" {
		t.Errorf("%v: %s", err, out)
	}

	bad := present("bad.json", answer, bytes.ReplaceAll(signed, []byte("Knots"), []byte("Knits")))
	out, _ = roundel(t, exitFailed, append(known, good, bad)...)
	holds(t, out, "verified           "+good+": "+holder.id+" shows 1 badge.\n", "failed             "+bad+": This presentation must not be relied on.\n")
}

// TestRecordsAreBakedAsRecords: what kind of thing is put into a picture decides
// where in it.
func TestRecordsAreBakedAsRecords(t *testing.T) {
	club := newParty(t)
	badge := club.file("badge.json", club.badge("Knots"), proof.SignOptions{})
	record := club.file("record.json", club.record(club.sign(club.badge("Knots"), proof.SignOptions{})), proof.SignOptions{})
	plain := filepath.Join(club.dir, "plain.svg")
	if err := os.WriteFile(plain, []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, version := range map[string]string{badge: baking.Version3, record: baking.VersionCLR} {
		out := file + ".svg"
		roundel(t, exitOK, "bake", plain, file, "--out", out)
		picture, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		baked, err := baking.Extract(picture)
		if err != nil || baked.Version != version {
			t.Errorf("%s: %+v, %v", file, baked, err)
		}
	}
}
