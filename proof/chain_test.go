package proof

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/roundel/roundel/strictjson"
)

func decodeInto(data []byte, into *map[string]any) error {
	v, err := strictjson.Decode(data, strictjson.Limits{})
	if err != nil {
		return err
	}
	tree, ok := v.(map[string]any)
	if !ok {
		return ErrMalformed
	}
	*into = tree
	return nil
}

const (
	firstID  = "urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544"
	secondID = "urn:uuid:8cc9022b-6b14-4cf3-8571-74972c5feb54"
	thirdID  = "urn:uuid:d94f792a-c546-4d06-b38a-da070ab56c23"
)

// linked are the kinds that know previousProof: Ed25519Signature2020 is older.
func linked(t testing.TB) []kind {
	return slices.DeleteFunc(kinds(t), func(k kind) bool { return k.cryptosuite == "Ed25519Signature2020" })
}

// chain is two proofs, a third that builds on both, and a fourth on the third.
func (k kind) chain(t testing.TB) string {
	doc := k.sign(t, k.doc, SignOptions{ID: firstID})
	doc = k.sign(t, doc, SignOptions{ID: secondID})
	doc = k.sign(t, doc, SignOptions{ID: thirdID, Previous: []string{secondID, firstID}})
	return k.sign(t, doc, SignOptions{Previous: []string{thirdID}})
}

// TestChains: chains of every cryptosuite, and of all of them in turn.
func TestChains(t *testing.T) {
	for _, k := range linked(t) {
		chain := k.chain(t)
		if err := verifySet(chain, k.key.Public()); err != nil {
			t.Errorf("%s: %v", k.name, err)
		}
		if err := verifyAll([]byte(chain), k.key.Public(), VerifyOptions{}); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s without the set: %v", k.name, err)
		}
		_, proofs, err := Split(decode(t, []byte(chain)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Order(proofs); err != nil || !reflect.DeepEqual(got, [][]int{{0, 1}, {2}, {3}}) {
			t.Errorf("%s: Order %v, %v", k.name, got, err)
		}
	}
	doc := small
	var previous []string
	for i, k := range linked(t) {
		id := fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-00000000000%d", i)
		doc = k.sign(t, doc, SignOptions{ID: id, Previous: previous})
		previous = []string{id}
	}
	unsecured, proofs, err := Split(decode(t, []byte(doc)))
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range linked(t) {
		if err := VerifyOne(unsecured, proofs[i], k.key.Public(), VerifyOptions{Set: proofs}); err != nil {
			t.Errorf("link %d of a mixed chain, %s: %v", i, k.name, err)
		}
	}
}

// TestAttackDroppedLink takes each proof away that another builds on.
func TestAttackDroppedLink(t *testing.T) {
	for _, k := range linked(t) {
		for drop := range 3 {
			tree := decode(t, []byte(k.chain(t)))
			list := tree["proof"].([]any)
			tree["proof"] = append(list[:drop:drop], list[drop+1:]...)
			if err := verifySet(encode(t, tree), k.key.Public()); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s without proof %d: %v", k.name, drop, err)
			}
		}
		// Who drops the link and the mention of it is found by the signature.
		changed := strings.Replace(k.chain(t), `"previousProof":"`+thirdID+`",`, ``, 1)
		if err := verifySet(changed, k.key.Public()); !errors.Is(err, ErrBadSignature) {
			t.Errorf("%s without previousProof: %v", k.name, err)
		}
		changed = strings.Replace(k.chain(t), `["`+secondID+`","`+firstID+`"]`, `["`+secondID+`"]`, 1)
		if err := verifySet(changed, k.key.Public()); !errors.Is(err, ErrBadSignature) {
			t.Errorf("%s with one previous proof less: %v", k.name, err)
		}
	}
}

// TestAttackSwappedLink puts another proof by the same key, and right in itself,
// in the place of one that others build on.
func TestAttackSwappedLink(t *testing.T) {
	for _, k := range linked(t) {
		unsecured, proofs, err := Split(decode(t, []byte(k.chain(t))))
		if err != nil {
			t.Fatal(err)
		}
		other := onlyProof(t, k.sign(t, k.doc, SignOptions{ID: firstID, Created: at(t, "2020-01-01T00:00:00Z")}))
		set := append([]Proof{other}, proofs[1:]...)
		for i, want := range []error{nil, nil, ErrBadSignature, nil} {
			if err := VerifyOne(unsecured, set[i], k.key.Public(), VerifyOptions{Set: set}); !errors.Is(err, want) || (err == nil) != (want == nil) {
				t.Errorf("%s: proof %d: %v, want %v", k.name, i, err, want)
			}
		}
	}
}

// TestAttackCircles: proofs that build on themselves or on each other.
func TestAttackCircles(t *testing.T) {
	each(t, func(_ *testing.T, _ kind, signed string) (string, error) {
		return inProof(signed, `"id":"`+firstID+`","previousProof":"`+firstID+`"`), ErrMalformed
	})
	for _, k := range linked(t) {
		first := k.sign(t, k.doc, SignOptions{ID: firstID})
		both := k.sign(t, first, SignOptions{ID: secondID, Previous: []string{firstID}})
		circle := inProof(both, `"previousProof":"`+secondID+`"`) // into the first
		if err := verifySet(circle, k.key.Public()); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", k.name, err)
		}
		// Neither is one made.
		if _, err := Sign([]byte(first), k.key, SignOptions{Method: method, Cryptosuite: k.cryptosuite, ID: secondID, Previous: []string{secondID}}); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: a proof on itself: %v", k.name, err)
		}
	}
}

// TestAttackDuplicateID: two proofs with one id, so that it is open which of them
// a third builds on.
func TestAttackDuplicateID(t *testing.T) {
	for _, k := range linked(t) {
		chain := strings.ReplaceAll(k.chain(t), secondID, firstID)
		if err := verifySet(chain, k.key.Public()); !errors.Is(err, ErrMalformed) {
			_, proofs, _ := Split(decode(t, []byte(chain)))
			if _, order := Order(proofs); err == nil || !errors.Is(order, ErrMalformed) {
				t.Errorf("%s: %v, order %v", k.name, err, order)
			}
		}
		first := k.sign(t, k.doc, SignOptions{ID: firstID})
		if doc, err := Sign([]byte(first), k.key, SignOptions{Method: method, Cryptosuite: k.cryptosuite, ID: firstID}); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: a second proof with the same id: %s, %v", k.name, doc, err)
		}
	}
}

func TestOrderRefuses(t *testing.T) {
	for proofs, want := range map[string]error{
		`{"type":"a"}`: nil,
		`{"type":"a","id":"x"},{"type":"a","previousProof":"x"}`:                                                nil,
		`{"type":"a","previousProof":["x","y"]},{"type":"a","id":"x"},{"type":"a","id":"y"}`:                    nil,
		`{"type":"a","previousProof":"x"}`:                                                                      ErrMalformed,
		`{"type":"a","previousProof":["x","x"]},{"type":"a","id":"x"}`:                                          ErrMalformed,
		`{"type":"a","previousProof":["x",1]},{"type":"a","id":"x"}`:                                            ErrMalformed,
		`{"type":"a","previousProof":""},{"type":"a","id":""}`:                                                  ErrMalformed,
		`{"type":"a","previousProof":null}`:                                                                     ErrMalformed,
		`{"type":"a","previousProof":{"id":"x"}},{"type":"a","id":"x"}`:                                         ErrMalformed,
		`{"type":"a","previousProof":[["x"]]},{"type":"a","id":"x"}`:                                            ErrMalformed,
		`{"type":"a","id":"x"},{"type":"b","id":"x"}`:                                                           ErrMalformed,
		`{"type":"a","id":"x","previousProof":"x"}`:                                                             ErrMalformed,
		`{"type":"a","id":"x","previousProof":"y"},{"type":"a","id":"y","previousProof":"x"}`:                   ErrMalformed,
		`{"type":"a","id":"x","previousProof":["y","z"]},{"type":"a","id":"y"},{"type":"a","previousProof":[]}`: ErrMalformed,
	} {
		_, list, err := Split(decode(t, []byte(`{"proof":[`+proofs+`]}`)))
		if err != nil {
			t.Fatal(err)
		}
		layers, err := Order(list)
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%s: %v, %v", proofs, layers, err)
		}
		places := 0
		for _, layer := range layers {
			places += len(layer)
		}
		if err == nil && places != len(list) {
			t.Errorf("%s: %v", proofs, layers)
		}
	}
	if layers, err := Order(nil); err != nil || len(layers) != 0 {
		t.Errorf("of nothing: %v, %v", layers, err)
	}
}
