package multikey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"runtime"
	"sync"
	"sync/atomic"
)

// A Batch verifies many signatures together. Implementations other than
// StdBatch may be faster, but must give the answers of Verify for each single
// signature.
//
// That is harder than it looks. The usual batch equation for Ed25519 multiplies
// by the cofactor, and so accepts signatures of a dishonest signer whose R, or
// whose key, has a part of small order; VerifyEd25519 refuses them. An
// implementation has to show that all points lie in the group of prime order, or
// to verify those signatures one by one.
type Batch interface {
	// Add puts one signature into the batch: key's over message, as Verify takes
	// them. The slices must stay as they are until Verify returns.
	Add(key crypto.PublicKey, message, sig []byte)
	// Verify tells for each signature, in the order of Add, whether it is right, and
	// whether all are. all is true for an empty batch. The batch is empty afterwards.
	Verify() (all bool, each []bool)
}

// Verify reports whether sig is key's signature over message (not its hash), by
// the strict rules of this package: VerifyEd25519 for an ed25519.PublicKey,
// VerifyECDSA for an *ecdsa.PublicKey with SHA-256 on P-256 and SHA-384 on P-384.
// It is false for any other key.
func Verify(key crypto.PublicKey, message, sig []byte) bool {
	switch k := key.(type) {
	case ed25519.PublicKey:
		return VerifyEd25519(k, message, sig)
	case *ecdsa.PublicKey:
		if k != nil && k.Curve == elliptic.P384() {
			h := sha512.Sum384(message)
			return VerifyECDSA(k, h[:], sig)
		}
		h := sha256.Sum256(message)
		return VerifyECDSA(k, h[:], sig)
	default:
		return false
	}
}

// StdBatch is a Batch on the standard library's signatures: it verifies one by
// one, on several processors. The zero value is ready for use. It must not be
// used by several goroutines at once.
type StdBatch struct {
	// Workers is the number of goroutines; zero means one for each processor.
	Workers int

	entries []entry
}

var _ Batch = (*StdBatch)(nil)

type entry struct {
	key          crypto.PublicKey
	message, sig []byte
}

// Add implements Batch.
func (b *StdBatch) Add(key crypto.PublicKey, message, sig []byte) {
	b.entries = append(b.entries, entry{key, message, sig})
}

// Verify implements Batch.
func (b *StdBatch) Verify() (all bool, each []bool) {
	entries := b.entries
	b.entries = nil
	each = make([]bool, len(entries))
	workers := b.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next, wrong atomic.Int64
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(entries) {
				return
			}
			each[i] = Verify(entries[i].key, entries[i].message, entries[i].sig)
			if !each[i] {
				wrong.Add(1)
			}
		}
	}
	var group sync.WaitGroup
	for range min(workers, len(entries)) - 1 {
		group.Go(work)
	}
	work()
	group.Wait()
	return wrong.Load() == 0, each
}
