package jsonld

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/roundel/roundel/jcs"
	"github.com/roundel/roundel/rdfc"
)

// literal makes a term of a string, number or boolean ("Object to RDF
// Conversion", section 8.2.2). The datatype and the language may be "".
func literal(value any, datatype, language string) (rdfc.Term, error) {
	t := rdfc.Term{Kind: rdfc.Literal, Datatype: datatype, Language: language}
	if datatype == "@json" {
		return jsonLiteral(value)
	}
	var err error
	switch v := value.(type) {
	case string:
		t.Value = v
	case bool:
		t.Value = strconv.FormatBool(v)
		if t.Datatype == "" {
			t.Datatype = xsdNS + "boolean"
		}
	case json.Number:
		t.Value, t.Datatype, err = number(string(v), t.Datatype)
	case float64:
		t.Value, t.Datatype, err = number(strconv.FormatFloat(v, 'g', -1, 64), t.Datatype)
	case int:
		t.Value, t.Datatype, err = number(strconv.Itoa(v), t.Datatype)
	default:
		err = &InvalidError{Err: fmt.Errorf("a value of the odd type %T", value)}
	}
	return t, err
}

// jsonLiteral makes a term of any JSON value. Its lexical form is that of RFC
// 8785 (section 8.2.2, step 6), which takes numbers for doubles.
func jsonLiteral(v any) (rdfc.Term, error) {
	if err := exactNumbers(v); err != nil {
		return rdfc.Term{}, err
	}
	text, err := jcs.Canonicalize(v)
	if err != nil {
		return rdfc.Term{}, &InvalidError{Err: err}
	}
	return rdfc.Term{Kind: rdfc.Literal, Value: string(text), Datatype: rdfNS + "JSON"}, nil
}

// exactNumbers refuses the integers that a double cannot hold, as number does.
func exactNumbers(v any) error {
	switch v := v.(type) {
	case json.Number:
		f, err := strconv.ParseFloat(string(v), 64)
		if err != nil {
			return outOfRange(string(v))
		}
		if f == math.Trunc(f) && math.Abs(f) < 1e21 {
			_, err = wholeNumber(string(v), f)
		}
		return err
	case []any:
		for _, item := range v {
			if err := exactNumbers(item); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, item := range v {
			if err := exactNumbers(item); err != nil {
				return err
			}
		}
	}
	return nil
}

func outOfRange(text string) error {
	return &LossError{Msg: fmt.Sprintf("the number %.100s is out of range", text)}
}

// number returns the canonical form of a JSON number: an integer if it has no
// fraction and is below 10^21, a double otherwise, or if datatype says so.
//
// Processors hold numbers as doubles. An integer that a double cannot hold is
// refused: others would sign its neighbour instead.
func number(text, datatype string) (string, string, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return "", "", outOfRange(text)
	}
	if f == 0 {
		f = 0 // JavaScript writes negative zero without its sign
	}
	if f != math.Trunc(f) || math.Abs(f) >= 1e21 || datatype == xsdNS+"double" {
		if datatype == "" {
			datatype = xsdNS + "double"
		}
		return canonicalDouble(f), datatype, nil
	}
	exact, err := wholeNumber(text, f)
	if err != nil {
		return "", "", err
	}
	if datatype == "" {
		datatype = xsdNS + "integer"
	}
	return exact.String(), datatype, nil
}

// wholeNumber returns f, which has no fraction and is what text was read as,
// provided that nothing was rounded away.
func wholeNumber(text string, f float64) (*big.Int, error) {
	exact, _ := big.NewFloat(f).Int(nil)
	if len(text) <= 400 { // no double needs more, and conversion is not linear
		if written, ok := new(big.Rat).SetString(text); ok && written.Cmp(new(big.Rat).SetInt(exact)) == 0 {
			return exact, nil
		}
	}
	return nil, &LossError{Msg: fmt.Sprintf("the number %.100s is more exact than JSON numbers are", text)}
}

// canonicalDouble writes 16 significant digits without trailing zeros, such as
// 5.3E0 (XML Schema, canonical xsd:double; JSON-LD fixes the digits).
func canonicalDouble(f float64) string {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', 15, 64), "E")
	mantissa = strings.TrimRight(mantissa, "0")
	if strings.HasSuffix(mantissa, ".") {
		mantissa += "0"
	}
	e, _ := strconv.Atoi(exponent) // without plus sign and leading zeros
	return mantissa + "E" + strconv.Itoa(e)
}
