package rdfc_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/rdfc"
)

// The W3C test suite of RDFC-1.0, complete.
func TestSuite(t *testing.T) {
	var manifest struct {
		Entries []struct {
			ID, Type, Name, Action, Result, HashAlgorithm string
		}
	}
	read := func(name string) []byte { return vectors.File(t, "rdf-canon", "tests", name) }
	if err := json.Unmarshal(read("manifest.jsonld"), &manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest.Entries) != 86 {
		t.Errorf("the manifest has %d tests, expected 86", len(manifest.Entries))
	}
	for _, e := range manifest.Entries {
		t.Run(e.ID[1:], func(t *testing.T) {
			d, err := rdfc.ParseNQuads(read(e.Action))
			if err != nil {
				t.Fatal(err)
			}
			var o rdfc.Options
			if e.HashAlgorithm == "SHA384" {
				o.Hash = sha512.New384
			}
			got, err := rdfc.Canonicalize(d, o)
			if e.Type == "rdfc:RDFC10NegativeEvalTest" {
				var work *rdfc.WorkError
				if !errors.As(err, &work) || !errors.Is(err, rdfc.ErrWorkExceeded) {
					t.Fatalf("%s: got %v, want ErrWorkExceeded", e.Name, err)
				}
				if over := work.Count - work.Limit; over <= 0 || over > 100 {
					t.Errorf("stopped at %d of %d steps", work.Count, work.Limit)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", e.Name, err)
			}
			switch e.Type {
			case "rdfc:RDFC10EvalTest":
				if diff := cmp.Diff(string(read(e.Result)), string(got.NQuads)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", e.Name, diff)
				}
				again, err := rdfc.ParseNQuads(got.NQuads)
				if err != nil {
					t.Fatal(err)
				}
				if r, err := rdfc.Canonicalize(again, o); err != nil || !bytes.Equal(r.NQuads, got.NQuads) {
					t.Errorf("%s: canonicalising again changes it, error %v", e.Name, err)
				}
			case "rdfc:RDFC10MapTest":
				var want map[string]string
				if err := json.Unmarshal(read(e.Result), &want); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got.Labels); diff != "" {
					t.Errorf("%s (-want +got):\n%s", e.Name, diff)
				}
			default:
				t.Errorf("unknown type of test %s", e.Type)
			}
			if got.Work > 0 {
				t.Logf("%d steps", got.Work)
				o.MaxWork = got.Work
				if _, err := rdfc.Canonicalize(d, o); err != nil {
					t.Errorf("with a budget of exactly what it took: %v", err)
				}
				if o.MaxWork--; o.MaxWork > 0 {
					if _, err := rdfc.Canonicalize(d, o); !errors.Is(err, rdfc.ErrWorkExceeded) {
						t.Errorf("with one step less: %v, want ErrWorkExceeded", err)
					}
				}
			}
		})
	}
}
