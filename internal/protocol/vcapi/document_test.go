package vcapi

import (
	"encoding/json"
	"testing"
)

// Whatever the engine reads may be sent: which kind it is, is the engine's to
// find out.
func TestDocument(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1}`:                    `{"a":1}`,
		`"eyJhbGciOiJub25lIn0.e30."`: "eyJhbGciOiJub25lIn0.e30.",
		`"eyJ.eyJ.c2ln~WyJh~"`:       "eyJ.eyJ.c2ln~WyJh~",
		`"eyJ.eyJ.c2ln~eyJ.e.s"`:     "eyJ.eyJ.c2ln~eyJ.e.s",
		`"0oRDoQEm"`:                 "0oRDoQEm",
	} {
		got, err := document(json.RawMessage(in))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v", in, got, err)
		}
	}
	for _, in := range []string{``, `null`, `1`, `[]`, `""`, `" \n"`, `["eyJ"]`, `true`, `"{\"a\":1}"`, `" eyJ.eyJ.c2ln"`} {
		if got, err := document(json.RawMessage(in)); err == nil {
			t.Errorf("%s: got %q", in, got)
		}
	}
}
