package strictjson_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/strictjson"
)

// refusedAnyway are the valid texts of JSONTestSuite that this package exists
// to refuse, with what its error says.
var refusedAnyway = map[string]string{
	"y_object_duplicated_key.json":           "occurs twice",
	"y_object_duplicated_key_and_value.json": "occurs twice",
}

// decided are the texts that RFC 8259 leaves to implementations: "" where they
// are accepted, else what the error says.
var decided = map[string]string{
	// Good by the grammar. Numbers are kept as they are written; who computes with
	// them says whether they fit.
	"i_number_double_huge_neg_exp.json":   "",
	"i_number_huge_exp.json":              "",
	"i_number_neg_int_huge_exp.json":      "",
	"i_number_pos_double_huge_exp.json":   "",
	"i_number_real_neg_overflow.json":     "",
	"i_number_real_pos_overflow.json":     "",
	"i_number_real_underflow.json":        "",
	"i_number_too_big_neg_int.json":       "",
	"i_number_too_big_pos_int.json":       "",
	"i_number_very_big_negative_int.json": "",
	// No characters, so readers put different ones in their place.
	"i_object_key_lone_2nd_surrogate.json":                "surrogate",
	"i_string_1st_surrogate_but_2nd_missing.json":         "surrogate",
	"i_string_1st_valid_surrogate_2nd_invalid.json":       "surrogate",
	"i_string_incomplete_surrogate_and_escape_valid.json": "surrogate",
	"i_string_incomplete_surrogate_pair.json":             "surrogate",
	"i_string_incomplete_surrogates_escape_valid.json":    "surrogate",
	"i_string_invalid_lonely_surrogate.json":              "surrogate",
	"i_string_invalid_surrogate.json":                     "surrogate",
	"i_string_inverted_surrogates_U+1D11E.json":           "surrogate",
	"i_string_lone_second_surrogate.json":                 "surrogate",
	// The same.
	"i_string_UTF-8_invalid_sequence.json":         "UTF-8",
	"i_string_UTF8_surrogate_U+D800.json":          "UTF-8",
	"i_string_invalid_utf-8.json":                  "UTF-8",
	"i_string_iso_latin_1.json":                    "UTF-8",
	"i_string_lone_utf8_continuation_byte.json":    "UTF-8",
	"i_string_not_in_unicode_range.json":           "UTF-8",
	"i_string_overlong_sequence_2_bytes.json":      "UTF-8",
	"i_string_overlong_sequence_6_bytes.json":      "UTF-8",
	"i_string_overlong_sequence_6_bytes_null.json": "UTF-8",
	"i_string_truncated-utf-8.json":                "UTF-8",
	// RFC 8259, section 8.1: UTF-8 only, and no byte order mark.
	"i_string_UTF-16LE_with_BOM.json":         "unexpected byte",
	"i_string_utf16BE_no_BOM.json":            "unexpected byte",
	"i_string_utf16LE_no_BOM.json":            "unexpected byte",
	"i_structure_UTF-8_BOM_empty_object.json": "byte order mark",
	// Limits.MaxDepth.
	"i_structure_500_nested_arrays.json": "nested",
}

// TestJSONTestSuite reads the texts of github.com/nst/JSONTestSuite, which are
// found in the folder that ROUNDEL_JSONTESTSUITE names (test_parsing of a clone),
// or among the vectors.
func TestJSONTestSuite(t *testing.T) {
	dir := os.Getenv("ROUNDEL_JSONTESTSUITE")
	if dir == "" {
		dir = vectors.Dir(t, "JSONTestSuite")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) < 300 {
		t.Fatalf("%d texts in %s: %v", len(files), dir, err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := "\x00" // some error
		switch {
		case name[0] == 'y':
			want = refusedAnyway[name]
		case name[0] == 'i':
			var ok bool
			if want, ok = decided[name]; !ok {
				t.Errorf("%s: nobody has decided: %v", name, strictjson.Check(data, strictjson.Limits{}))
			}
		}
		err = strictjson.Check(data, strictjson.Limits{})
		var e *strictjson.Error
		switch {
		case want == "" && err != nil:
			t.Errorf("%s is refused: %v", name, err)
		case want == "":
		case !errors.As(err, &e):
			t.Errorf("%s is accepted: %.100q", name, data)
		case want != "\x00" && !strings.Contains(e.Msg, want):
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}
