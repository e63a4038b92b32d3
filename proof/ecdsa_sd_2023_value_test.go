package proof

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"
)

// strictCBOR is another reader of the same rules, but for the shortest form of
// numbers.
var strictCBOR = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, UTF8: cbor.UTF8RejectInvalid,
		MaxArrayElements: maxMandatory, MaxMapPairs: maxMandatory,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

type (
	baseArray struct {
		_                    struct{} `cbor:",toarray"`
		Signature, Key, HMAC []byte
		Signatures           [][]byte
		Mandatory            []string
	}
	derivedArray struct {
		_              struct{} `cbor:",toarray"`
		Signature, Key []byte
		Signatures     [][]byte
		Labels         map[uint64][]byte
		Mandatory      []uint64
	}
)

func inValue(b []byte) string { return "u" + base64.RawURLEncoding.EncodeToString(b) }

// tagged encodes v with the other library.
func tagged(t testing.TB, tag uint64, v any) []byte {
	t.Helper()
	mode, err := cbor.CanonicalEncOptions().EncMode()
	if err != nil {
		t.Fatal(err)
	}
	b, err := mode.Marshal(cbor.Tag{Number: tag, Content: v})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func bytesOf(n int, c byte) []byte { return bytes.Repeat([]byte{c}, n) }

// TestSDValueAsOthers: our CBOR is another library's, byte for byte, and back.
func TestSDValueAsOthers(t *testing.T) {
	drawBytes := func(t *rapid.T, n int) []byte { return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "bytes") }
	drawList := func(t *rapid.T) [][]byte {
		list := [][]byte{}
		for range rapid.IntRange(0, 40).Draw(t, "signatures") {
			list = append(list, drawBytes(t, 64))
		}
		return list
	}
	rapid.Check(t, func(t *rapid.T) {
		base := baseArray{Signature: drawBytes(t, 64), Key: drawBytes(t, 35), HMAC: drawBytes(t, 32), Signatures: drawList(t), Mandatory: rapid.SliceOfN(rapid.String(), 0, 30).Draw(t, "pointers")}
		b, err := cbor.Marshal(cbor.Tag{Number: tagBase, Content: base})
		if err != nil {
			t.Fatal(err)
		}
		v, err := parseBase(inValue(b))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(v.signatures, base.Signatures) || !slices.Equal(v.mandatory, base.Mandatory) || !bytes.Equal(v.hmacKey, base.HMAC) {
			t.Fatalf("%+v became %+v", base, v)
		}
		if v.encode() != inValue(b) {
			t.Fatalf("%s is not %s", v.encode(), inValue(b))
		}
		derived := derivedArray{Signature: drawBytes(t, 64), Key: drawBytes(t, 35), Signatures: drawList(t), Labels: map[uint64][]byte{}, Mandatory: []uint64{}}
		for n := range rapid.IntRange(0, 300).Draw(t, "labels") {
			derived.Labels[uint64(n)] = append(bytesOf(30, 7), byte(n>>8), byte(n))
		}
		for place := range rapid.SliceOfDistinct(rapid.Uint64(), rapid.ID).Draw(t, "places") {
			derived.Mandatory = append(derived.Mandatory, uint64(place*place*place))
		}
		mode, err := cbor.CanonicalEncOptions().EncMode()
		if err != nil {
			t.Fatal(err)
		}
		if b, err = mode.Marshal(cbor.Tag{Number: tagDerived, Content: derived}); err != nil {
			t.Fatal(err)
		}
		w, err := parseDerived(inValue(b))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(w.labels, derived.Labels) || !slices.Equal(w.mandatory, derived.Mandatory) || w.encode() != inValue(b) {
			t.Fatalf("%+v became %+v", derived, w)
		}
	})
}

// TestSDValueRefused: whatever is not exactly the five things is no proofValue.
func TestSDValueRefused(t *testing.T) {
	sig, key, secret := bytesOf(64, 1), bytesOf(35, 2), bytesOf(32, 3)
	labels := map[uint64][]byte{0: secret}
	good := []any{sig, key, [][]byte{sig}, labels, []uint64{0, 2}}
	with := func(i int, v any) []byte {
		changed := slices.Clone(good)
		changed[i] = v
		return tagged(t, tagDerived, changed)
	}
	plain := tagged(t, tagDerived, good)
	if _, err := parseDerived(inValue(plain)); err != nil {
		t.Fatal(err)
	}
	// The order of a map means nothing.
	unsorted := bytes.Replace(with(3, map[uint64][]byte{0: secret, 1: bytesOf(32, 4)}),
		append(append([]byte{0, 0x58, 32}, secret...), append([]byte{1, 0x58, 32}, bytesOf(32, 4)...)...),
		append(append([]byte{1, 0x58, 32}, bytesOf(32, 4)...), append([]byte{0, 0x58, 32}, secret...)...), 1)
	if v, err := parseDerived(inValue(unsorted)); err != nil || len(v.labels) != 2 {
		t.Errorf("unsorted labels: %v", err)
	}
	head := hex.EncodeToString(plain)
	fromHex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	replace := func(old, new string) []byte {
		changed := strings.Replace(head, old, new, 1)
		if changed == head {
			t.Fatalf("%s is not in %s", old, head)
		}
		return fromHex(changed)
	}
	for name, b := range map[string][]byte{
		"nothing":                   {},
		"only the tag":              plain[:3],
		"cut short":                 plain[:len(plain)-1],
		"one byte more":             append(bytes.Clone(plain), 0),
		"no tag":                    plain[3:],
		"another tag":               tagged(t, 0x5d02, good),
		"a tag of 4 bytes":          replace("d95d01", "da00005d01"),
		"tag inside a tag":          append([]byte{0xd9, 0x5d, 0x01}, plain...),
		"a map":                     tagged(t, tagDerived, map[int]int{1: 1}),
		"four":                      tagged(t, tagDerived, good[:4]),
		"six":                       tagged(t, tagDerived, append(slices.Clone(good), 0)),
		"array of no end":           append(replace("d95d0185", "d95d019f"), 0xff),
		"array head of two bytes":   replace("d95d0185", "d95d019805"),
		"short signature":           with(0, sig[:63]),
		"long signature":            with(0, append(bytes.Clone(sig), 0)),
		"signature as text":         with(0, string(sig)),
		"signature as numbers":      with(0, slices.Repeat([]int{1}, 64)),
		"signature is null":         with(0, nil),
		"tagged signature":          with(0, cbor.Tag{Number: 64, Content: sig}),
		"signature in parts":        replace("5840"+hex.EncodeToString(sig), "5f5840"+hex.EncodeToString(sig)+"ff"),
		"short key":                 with(1, key[:34]),
		"key and a byte":            with(1, append(bytes.Clone(key), 0)),
		"no list of signatures":     with(2, sig),
		"null for signatures":       with(2, nil),
		"a short one":               with(2, [][]byte{sig, sig[:63]}),
		"a tagged one":              with(2, []any{cbor.Tag{Number: 64, Content: sig}}),
		"null among them":           with(2, []any{sig, nil}),
		"labels as a list":          with(3, [][]byte{secret}),
		"label is text":             with(3, map[string][]byte{"c14n0": secret}),
		"label below zero":          with(3, map[int][]byte{-1: secret}),
		"label is a float":          with(3, map[float64][]byte{0: secret}),
		"short name":                with(3, map[uint64][]byte{0: secret[:31]}),
		"name is text":              with(3, map[uint64]string{0: string(secret)}),
		"two nodes, one name":       with(3, map[uint64][]byte{0: secret, 1: secret}),
		"label twice":               replace("a1005820"+hex.EncodeToString(secret), "a2005820"+hex.EncodeToString(secret)+"005820"+hex.EncodeToString(bytesOf(32, 9))),
		"label in two bytes":        replace("a1005820", "a118005820"),
		"a huge count of labels":    replace("a100", "bbffffffffffffffff00"),
		"places as bytes":           with(4, []byte{0, 2}),
		"place is text":             with(4, []any{0, "2"}),
		"place is null":             with(4, []any{nil}),
		"place below zero":          with(4, []int{-1, 0}),
		"place is a float":          with(4, []float64{0, 2}),
		"place is true":             with(4, []bool{false, true}),
		"places not in order":       with(4, []uint64{2, 0}),
		"place twice":               with(4, []uint64{0, 0}),
		"place in two bytes":        replace("820002", "82001802"),
		"place in nine bytes":       replace("820002", "82001b0000000000000002"),
		"a big number":              replace("820002", "8200c24102"),
		"a huge count of places":    replace("820002", "9affffffff00"),
		"a count beyond all bounds": replace("820002", "9bffffffffffffffff00"),
		"a million million items":   replace("8158", "9b000000e8d4a5100058"),
		"base with five of derived": tagged(t, tagBase, good),
	} {
		if _, err := parseDerived(inValue(b)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := parseBase(inValue(b)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s as base: %v", name, err)
		}
	}
}

// TestSDValueSpelling: a value has one spelling.
func TestSDValueSpelling(t *testing.T) {
	sig := bytesOf(64, 1)
	text := inValue(tagged(t, tagDerived, []any{sig, bytesOf(35, 2), [][]byte{sig}, map[uint64][]byte{0: bytesOf(32, 3)}, []uint64{0, 2, 5}}))
	if _, err := parseDerived(text); err != nil || text[len(text)-1] != 'Q' {
		t.Fatalf("%s: %v", text, err)
	}
	for name, s := range map[string]string{
		"empty": "", "only u": "u", "no multibase": text[1:], "base58": "z" + text[1:], "with padding": text + "=", "line break": text[:9] + "\n" + text[9:],
		"unused bits": text[:len(text)-1] + "R", "standard base64": strings.Replace(text, "AQEB", "++//", 1), "U": "U" + text[1:], "huge": "u" + strings.Repeat("A", 15<<20),
	} {
		if _, err := parseDerived(s); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSDBaseValueRefused(t *testing.T) {
	sig, key, secret := bytesOf(64, 1), bytesOf(35, 2), bytesOf(32, 3)
	base := []any{sig, key, secret, [][]byte{sig}, []string{"/a"}}
	if _, err := parseBase(inValue(tagged(t, tagBase, base))); err != nil {
		t.Fatal(err)
	}
	if _, err := parseDerived(inValue(tagged(t, tagBase, base))); !errors.Is(err, ErrBaseProof) {
		t.Errorf("a base value: %v", err)
	}
	for name, change := range map[string][2]any{
		"short HMAC key": {2, secret[:31]}, "pointer is a number": {4, []int{1}}, "pointer is bytes": {4, [][]byte{[]byte("/a")}},
		"pointer is null": {4, []any{nil}}, "pointers as text": {4, "/a"}, "pointers are null": {4, nil},
		"a pointer of another coding": {4, []any{cbor.RawMessage{0x62, '/', 0xff}}},
	} {
		changed := slices.Clone(base)
		changed[change[0].(int)] = change[1]
		if _, err := parseBase(inValue(tagged(t, tagBase, changed))); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzSDValue: what is read as a proofValue is written back with the same
// meaning, and another reader of CBOR agrees about it.
func FuzzSDValue(f *testing.F) {
	sig, key, secret := bytesOf(64, 1), bytesOf(35, 2), bytesOf(32, 3)
	f.Add(tagged(f, tagDerived, []any{sig, key, [][]byte{sig}, map[uint64][]byte{0: secret}, []uint64{0, 2, 300}}))
	f.Add(tagged(f, tagBase, []any{sig, key, secret, [][]byte{sig, sig}, []string{"/issuer", ""}}))
	f.Add([]byte{0xd9, 0x5d, 0x01, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, err := parseDerived(inValue(b)); err == nil {
			var other derivedArray
			if err := strictCBOR.Unmarshal(b[3:], &other); err != nil {
				t.Fatalf("another reader refuses: %v", err)
			}
			if !reflect.DeepEqual(v.labels, other.Labels) || !slices.Equal(v.mandatory, other.Mandatory) || len(v.signatures) != len(other.Signatures) {
				t.Fatalf("%+v is %+v for another reader", v, other)
			}
			again, err := parseDerived(v.encode())
			if err != nil || !reflect.DeepEqual(again, v) {
				t.Fatalf("%+v became %+v, %v", v, again, err)
			}
		}
		if v, err := parseBase(inValue(b)); err == nil {
			var other baseArray
			if err := strictCBOR.Unmarshal(b[3:], &other); err != nil {
				t.Fatalf("another reader refuses: %v", err)
			}
			if v.encode() != inValue(b) || !slices.Equal(v.mandatory, other.Mandatory) {
				t.Fatalf("%s became %s", inValue(b), v.encode())
			}
		}
	})
}
