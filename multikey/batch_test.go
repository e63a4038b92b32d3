package multikey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/oasisprotocol/curve25519-voi/curve"
	voi "github.com/oasisprotocol/curve25519-voi/primitives/ed25519"

	"github.com/roundel/roundel/internal/vectors"
)

// voiBatch verifies Ed25519 signatures with a batch equation. That equation has
// the cofactor in it, so whatever has a part of small order is left to Verify.
type voiBatch struct {
	trusting bool // the mistake that Batch warns of: no look at the order of points
	batch    voi.BatchVerifier
	single   StdBatch
	order    []bool // for each signature, whether it is in batch
}

func (b *voiBatch) Add(key crypto.PublicKey, message, sig []byte) {
	k, ok := key.(ed25519.PublicKey)
	ok = ok && len(k) == 32 && len(sig) == 64 && (b.trusting || torsionFree(k) && torsionFree(sig[:32]))
	b.order = append(b.order, ok)
	if !ok {
		b.single.Add(key, message, sig)
		return
	}
	b.batch.AddWithOptions(voi.PublicKey(k), message, sig, &voi.Options{Verify: &voi.VerifyOptions{}})
}

func (b *voiBatch) Verify() (bool, []bool) {
	all, each := true, make([]bool, 0, len(b.order))
	var batched []bool
	if slices.Contains(b.order, true) {
		all, batched = b.batch.Verify(nil)
	}
	rest, single := b.single.Verify()
	for _, inBatch := range b.order {
		if inBatch {
			each, batched = append(each, batched[0]), batched[1:]
		} else {
			each, single = append(each, single[0]), single[1:]
		}
	}
	*b = voiBatch{trusting: b.trusting}
	return all && rest, each
}

func torsionFree(encoded []byte) bool {
	var y curve.CompressedEdwardsY
	var p curve.EdwardsPoint
	if _, err := y.SetBytes(encoded); err != nil {
		return false
	}
	if _, err := p.SetCompressedY(&y); err != nil {
		return false
	}
	return p.IsTorsionFree()
}

// batchCase is one signature to put into batches.
type batchCase struct {
	name     string
	key      crypto.PublicKey
	msg, sig []byte
}

// batchCases are all edge cases we have, Ed25519 and ECDSA mixed.
func batchCases(t testing.TB) (all []batchCase) {
	t.Helper()
	var cases []struct {
		Number        int
		Key, Sig, Msg string
	}
	if err := json.Unmarshal(vectors.File(t, "cctv-ed25519", "ed25519vectors.json"), &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		all = append(all, batchCase{fmt.Sprint("cctv ", c.Number), ed25519.PublicKey(unhex(t, c.Key)), []byte(c.Msg), unhex(t, c.Sig)})
	}
	for _, c := range wycheCases(t, "ed25519_test.json") {
		all = append(all, batchCase{fmt.Sprint("wycheproof ", c.id), ed25519.PublicKey(c.key), c.msg, c.sig})
	}
	for i, c := range wycheCases(t, "ecdsa_secp256r1_sha256_p1363_test.json") {
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), c.key)
		if err != nil {
			t.Fatal(err)
		}
		if i%10 == 0 {
			all = append(all, batchCase{fmt.Sprint("wycheproof P-256 ", c.id), key, c.msg, c.sig})
		}
	}
	return append(all, batchCase{"no key", nil, nil, nil}, batchCase{"a text", "key", nil, make([]byte, 64)})
}

// differences puts all cases into b, in batches of the given size, and returns
// those about which it does not say what Verify says.
func differences(t testing.TB, b Batch, cases []batchCase, size int) (differ []string) {
	t.Helper()
	for part := range slices.Chunk(cases, size) {
		want := true
		for _, c := range part {
			b.Add(c.key, c.msg, c.sig)
			want = want && Verify(c.key, c.msg, c.sig)
		}
		all, each := b.Verify()
		if len(each) != len(part) {
			t.Fatalf("%d answers for %d signatures", len(each), len(part))
		}
		for i, c := range part {
			if each[i] != Verify(c.key, c.msg, c.sig) {
				differ = append(differ, c.name)
			}
		}
		if all != !slices.Contains(each, false) {
			t.Errorf("all is %v, each is %v", all, each)
		}
		if all != want {
			differ = append(differ, "all of "+part[0].name)
		}
	}
	return differ
}

// TestBatchesAgree: the answers of a batch are those of single verification, for
// the standard batch and for one with a batch equation; and the test finds an
// implementation that falls into the trap.
func TestBatchesAgree(t *testing.T) {
	cases := batchCases(t)
	var right []batchCase
	for _, c := range cases {
		if Verify(c.key, c.msg, c.sig) {
			right = append(right, c)
		}
	}
	if len(right) < 100 || len(right) == len(cases) {
		t.Fatalf("%d of %d cases are right", len(right), len(cases))
	}
	for _, size := range []int{1, 7, 64} {
		for name, b := range map[string]Batch{"standard": &StdBatch{}, "one goroutine": &StdBatch{Workers: 1}, "batch equation": &voiBatch{}} {
			for which, set := range map[string][]batchCase{"all": cases, "right ones": right} {
				if d := differences(t, b, set, size); len(d) > 0 {
					t.Errorf("%s, batches of %d, %s: differs on %q", name, size, which, d)
				}
			}
		}
	}
	if d := differences(t, &voiBatch{trusting: true}, cases, 1); len(d) == 0 {
		t.Error("a batch equation with the cofactor differs nowhere: these cases show nothing")
	} else {
		t.Logf("a careless batch differs on %d cases", len(d))
	}
}

// TestBatchWithOneBad: one changed signature among many is found, and only it.
func TestBatchWithOneBad(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []Batch{&StdBatch{}, &voiBatch{}} {
		if all, each := b.Verify(); !all || len(each) != 0 {
			t.Errorf("%T: an empty batch: %v %v", b, all, each)
		}
		for bad := range 20 {
			for i := range 20 {
				message := []byte{byte(i)}
				sig := ed25519.Sign(private, message)
				if i == bad {
					sig[40] ^= 1
				}
				b.Add(public, message, sig)
			}
			all, each := b.Verify()
			if all || slices.Index(each, false) != bad || slices.Contains(each[bad+1:], false) {
				t.Errorf("%T: signature %d is bad, it says %v", b, bad, each)
			}
		}
	}
}

func BenchmarkBatch(b *testing.B) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	message := make([]byte, 64)
	sig := ed25519.Sign(private, message)
	for name, batch := range map[string]Batch{"standard": &StdBatch{Workers: 1}, "equation": &voiBatch{}, "careless": &voiBatch{trusting: true}} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				for range 64 {
					batch.Add(public, message, sig)
				}
				if all, _ := batch.Verify(); !all {
					b.Fatal("refused")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(64*b.N), "ns/signature")
		})
	}
}
