package interop

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"

	"github.com/oasisprotocol/curve25519-voi/curve"
	voi "github.com/oasisprotocol/curve25519-voi/primitives/ed25519"

	"github.com/roundel/roundel/multikey"
)

// What no way of signing or verifying can do without: one signature, and SHA-256 of
// as much as the fixture is in canonical form.

const canonicalBytes = 10_300

var errFloor = errors.New("the signature is wrong")

// floorData are the digests that are signed, each of other bytes.
func floorData(content []byte, i int) []byte {
	content[0], content[1] = byte(i), byte(i>>8)
	sum := sha256.Sum256(content)
	return append(sum[:], sum[:]...)
}

func floorSign(b *testing.B) {
	key, content := benchEd25519(), make([]byte, canonicalBytes)
	cpu(b, 1, func(i int) error {
		if sig := ed25519.Sign(key, floorData(content, i)); len(sig) != ed25519.SignatureSize {
			return errFloor
		}
		return nil
	})
}

func floorSignatures(content []byte) (sigs [recipients][]byte) {
	for i := range sigs {
		sigs[i] = ed25519.Sign(benchEd25519(), floorData(content, i))
	}
	return sigs
}

func floorVerify(b *testing.B) {
	content := make([]byte, canonicalBytes)
	sigs, public := floorSignatures(content), benchEd25519().Public().(ed25519.PublicKey)
	cpu(b, 1, func(i int) error {
		if !ed25519.Verify(public, floorData(content, i%recipients), sigs[i%recipients]) {
			return errFloor
		}
		return nil
	})
}

// floorBatch is floorVerify for all recipients at once.
func floorBatch(b *testing.B, batch multikey.Batch) {
	b.Helper()
	content := make([]byte, canonicalBytes)
	sigs, public := floorSignatures(content), benchEd25519().Public().(ed25519.PublicKey)
	cpu(b, recipients, func(int) error {
		for i := range sigs {
			batch.Add(public, floorData(content, i), sigs[i])
		}
		if all, _ := batch.Verify(); !all {
			return errFloor
		}
		return nil
	})
}

// equation is a multikey.Batch with one equation for all signatures. The equation
// has the cofactor in it, so whatever has a part of small order is left to single
// verification; to find that out is most of the work.
type equation struct {
	batch  voi.BatchVerifier
	single multikey.StdBatch
	inside []bool // for each signature, whether it is in batch
}

func (e *equation) Add(key crypto.PublicKey, message, sig []byte) {
	k, ok := key.(ed25519.PublicKey)
	ok = ok && len(k) == 32 && len(sig) == 64 && torsionFree(k) && torsionFree(sig[:32])
	e.inside = append(e.inside, ok)
	if ok {
		e.batch.AddWithOptions(voi.PublicKey(k), message, sig, &voi.Options{Verify: &voi.VerifyOptions{}})
	} else {
		e.single.Add(key, message, sig)
	}
}

func (e *equation) Verify() (bool, []bool) {
	all, batched := true, []bool(nil)
	if slices.Contains(e.inside, true) {
		all, batched = e.batch.Verify(nil)
	}
	rest, single := e.single.Verify()
	each := make([]bool, 0, len(e.inside))
	for _, inside := range e.inside {
		from := &single
		if inside {
			from = &batched
		}
		each, *from = append(each, (*from)[0]), (*from)[1:]
	}
	*e = equation{}
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
