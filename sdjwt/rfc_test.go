package sdjwt_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/sdjwt"
)

// TestRFC9901 runs every complete example of the draft that became the RFC: the
// issuer's signature, digests, the processed payload, and the holder's signature
// where there is one.
func TestRFC9901(t *testing.T) {
	data, err := os.ReadFile("testdata/rfc9901.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Issuer   json.RawMessage
		Examples []struct {
			Section, Token string
			Processed      any
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	issuer, err := multikey.PublicFromJWK(file.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	bound, processed := 0, 0
	for _, e := range file.Examples {
		s, err := sdjwt.Parse([]byte(e.Token))
		if err != nil {
			t.Errorf("%s: %v", e.Section, err)
			continue
		}
		if err := s.Verify(issuer, "ES256"); err != nil {
			t.Errorf("%s: %v", e.Section, err)
		}
		if string(s.Token()) != e.Token {
			t.Errorf("%s: written back as %s", e.Section, s.Token())
		}
		if e.Processed != nil {
			processed++
			if got := plain(t, s.Claims); !reflect.DeepEqual(got, e.Processed) {
				t.Errorf("%s: %v\nwant %v", e.Section, got, e.Processed)
			}
		}
		if s.KeyBinding != nil {
			bound++
			check := sdjwt.BindingCheck{Audience: "https://verifier.example.org", Nonce: "1234567890", Now: func() time.Time { return time.Unix(1748361941, 0) }}
			if err := s.VerifyBinding(check); err != nil {
				t.Errorf("%s: %v", e.Section, err)
			}
		}
		if s.JWS.Header.IsType("dc+sd-jwt") {
			vc, err := sdjwt.ParseVC([]byte(e.Token))
			if err != nil || vc.Type != "urn:eudi:pid:de:1" {
				t.Errorf("%s: %+v, %v", e.Section, vc, err)
			}
		}
	}
	if len(file.Examples) != 8 || bound != 3 || processed < 3 {
		t.Errorf("%d examples, %d with key binding, %d with their processed payload", len(file.Examples), bound, processed)
	}
}

// plain is a tree as encoding/json reads it.
func plain(t testing.TB, tree any) (out any) {
	t.Helper()
	text, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestFrames runs the specification's cases in the form that the npm library
// keeps them: claims, what to make disclosable, what to present, and what a
// verifier then sees.
func TestFrames(t *testing.T) {
	dir := vectors.Dir(t, "sd-jwt")
	files, err := filepath.Glob(filepath.Join(dir, "packages", "*", "test", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Claims                              json.RawMessage
			DisclosureFrame, PresentationFrames map[string]any
			PresentedClaims                     any
		}
		if err := json.Unmarshal(data, &c); err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		for _, decoys := range []int{0, 3} {
			token, err := sdjwt.Issue(c.Claims, keys()["ES256"], sdjwt.Options{Disclosable: fromFrame(c.DisclosureFrame, ""), Decoys: decoys})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			s, err := sdjwt.Parse(token)
			if err != nil {
				t.Fatal(err)
			}
			var all any
			if err := json.Unmarshal(c.Claims, &all); err != nil {
				t.Fatal(err)
			}
			if got := plain(t, s.Claims); !reflect.DeepEqual(got, all) {
				t.Errorf("%s: with all disclosures %v, want %v", name, got, all)
			}
			token, err = s.Present(slices.DeleteFunc(fromPresentation(c.PresentationFrames, ""), func(p string) bool { return !s.Has(p) })...)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			shown, err := sdjwt.Parse(token)
			if err != nil {
				t.Fatal(err)
			}
			if err := shown.Verify(keys()["ES256"].Public()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			want := c.PresentedClaims
			if name == "array_none_disclosed.json" {
				// The library drops an object of which nothing is disclosed. RFC 9901,
				// section 7.1, takes only _sd out of it.
				want = map[string]any{"is_over": map[string]any{}}
			}
			if got := plain(t, shown.Claims); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: presented %v, want %v", name, got, want)
			}
		}
	}
}

// fromFrame turns the library's disclosure frame into JSON Pointers.
func fromFrame(frame map[string]any, path string) (out []string) {
	for name, v := range frame {
		switch inner := v.(type) {
		case []any: // _sd
			for _, item := range inner {
				if n, ok := item.(float64); ok {
					out = append(out, path+"/"+strconv.Itoa(int(n)))
				} else {
					out = append(out, path+"/"+item.(string))
				}
			}
		case map[string]any:
			out = append(out, fromFrame(inner, path+"/"+name)...)
		}
	}
	sort.Strings(out)
	return out
}

func fromPresentation(frame map[string]any, path string) (out []string) {
	for name, v := range frame {
		if inner, ok := v.(map[string]any); ok {
			out = append(out, fromPresentation(inner, path+"/"+name)...)
		} else {
			out = append(out, path+"/"+name)
		}
	}
	return out
}

// TestVCJOSECOSE runs every SD-JWT input of the suite that is to be verified.
func TestVCJOSECOSE(t *testing.T) {
	for _, c := range []struct {
		number       int
		file, key    string
		presentation bool
		ok           bool
	}{
		{20, "credential-sdjwt-selective.txt", "vm-p384.json", false, true},
		{21, "credential-sdjwt-nested.txt", "vm-p521.json", false, true},
		{22, "presentation-sdjwt-selective.txt", "vm-p384.json", true, true},
		{23, "credential-sdjwt-bad-signature.txt", "vm-p384.json", false, false},
		{24, "credential-sdjwt-bad-media-type.txt", "vm-ed25519.json", false, false},
		{25, "presentation-sdjwt-bad-media-type.txt", "vm-ed25519.json", true, false},
		{26, "presentation-sdjwt-bad-credential.txt", "vm-p521.json", true, false},
	} {
		public, _ := vectorKey(t, c.key)
		parse := sdjwt.ParseCredential
		if c.presentation {
			parse = sdjwt.ParsePresentation
		}
		d, err := parse(bytes.TrimSpace(vectors.File(t, "vc-jose-cose", c.file)))
		if err == nil {
			err = d.Verify(public)
		}
		if (err == nil) != c.ok {
			t.Errorf("%d %s: %v, want ok %t", c.number, c.file, err, c.ok)
		}
	}
	for _, c := range []struct {
		number       int
		file, key    string
		presentation bool
		paths        string
	}{
		{17, "credential-selective.json", "vm-p384.json", false, "/credentialSubject/firstName /credentialSubject/lastName"},
		{18, "credential-nested-selective.json", "vm-p521.json", false, "/credentialSubject/address/street /credentialSubject/address/city /credentialSubject/phoneNumbers/0"},
		{19, "presentation-selective.json", "vm-p384.json", true, "/holder /verifiableCredential/0"},
	} {
		public, private := vectorKey(t, c.key)
		issue, parse := sdjwt.IssueCredential, sdjwt.ParseCredential
		if c.presentation {
			issue, parse = sdjwt.IssuePresentation, sdjwt.ParsePresentation
		}
		doc := vectors.File(t, "vc-jose-cose", c.file)
		token, err := issue(doc, private, sdjwt.Options{Disclosable: strings.Fields(c.paths)})
		if err != nil {
			t.Errorf("%d %s: %v", c.number, c.file, err)
			continue
		}
		d, err := parse(token)
		if err != nil {
			t.Errorf("%d %s: %v", c.number, c.file, err)
			continue
		}
		var want any
		if err := json.Unmarshal(doc, &want); err != nil {
			t.Fatal(err)
		}
		if err := d.Verify(public); err != nil || !reflect.DeepEqual(plain(t, d.Tree), want) || len(d.Disclosures) != len(strings.Fields(c.paths)) {
			t.Errorf("%d %s: %v, %s", c.number, c.file, err, d.Document)
		}
	}
}
