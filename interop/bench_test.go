package interop

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/proof"
	verifier "github.com/roundel/roundel/verify"
)

// Benchmarks beside bench.mjs, which does the same with @digitalbazaar/vc: see
// bench/run. ROUNDEL_BENCH names the credential, unsigned and without status,
// so that nothing has to be fetched.

func benchCredential(b *testing.B) (doc []byte, key ed25519.PrivateKey, method string) {
	b.Helper()
	file := os.Getenv("ROUNDEL_BENCH")
	if file == "" {
		b.Skip("ROUNDEL_BENCH names no credential; bench/run sets it")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	seed := sha256.Sum256([]byte("bench"))
	key = ed25519.NewKeyFromSeed(seed[:])
	id, method, err := did.KeyDID(key.Public())
	if err != nil {
		b.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(data, &tree); err != nil {
		b.Fatal(err)
	}
	tree["issuer"].(map[string]any)["id"] = id
	delete(tree, "credentialStatus")
	if doc, err = json.Marshal(tree); err != nil {
		b.Fatal(err)
	}
	return doc, key, method
}

// cpu runs the benchmark and reports the processor time of the whole process:
// on a shared machine the clock on the wall measures the neighbours too.
func cpu(b *testing.B, work func() error) {
	b.Helper()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	if err := work(); err != nil { // warm
		b.Fatal(err)
	}
	n, before := 0, used()
	for b.Loop() {
		if err := work(); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64((used()-before).Microseconds())/float64(n), "cpu-µs/op")
}

func BenchmarkSign(b *testing.B) {
	doc, key, method := benchCredential(b)
	cpu(b, func() error {
		_, err := proof.Sign(doc, key, proof.SignOptions{Method: method, Created: time.Now()})
		return err
	})
}

// BenchmarkVerify runs every check that `roundel verify --offline` does.
func BenchmarkVerify(b *testing.B) {
	doc, key, method := benchCredential(b)
	signed, err := proof.Sign(doc, key, proof.SignOptions{Method: method, Created: time.Now()})
	if err != nil {
		b.Fatal(err)
	}
	v := verifier.Verifier{Now: time.Now}
	if r := v.Verify(b.Context(), signed); r.Verdict != verifier.IssuerUnconfirmed {
		b.Fatalf("%s: %+v", r.Verdict, r.Checks)
	}
	cpu(b, func() error {
		v.Verify(b.Context(), signed)
		return nil
	})
}
