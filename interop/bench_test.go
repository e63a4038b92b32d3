package interop

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/vectors"
)

// Benchmarks beside those of bench.mjs, which do the same with npm packages under
// the same names: bench/run runs both in turn. Each row of a benchmark is one way
// to do the same work, called GROUP/WORK/WAY.

const benchTime = "2026-11-01T12:00:00Z"

// cpu measures work, which does the same for another recipient for each i, and
// reports the processor time of the whole process for one of count items in it: on
// a shared machine the clock on the wall measures the neighbours too.
func cpu(b *testing.B, count int, work func(i int) error) {
	b.Helper()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	do := func(i int) {
		if err := work(i); err != nil {
			b.Fatal(err)
		}
	}
	for i := range recipients { // shapes are met, buffers are made
		do(i)
	}
	b.ReportAllocs()
	n, before := 0, used()
	for b.Loop() {
		do(n)
		n++
	}
	b.ReportMetric(float64((used()-before).Nanoseconds())/float64(n*count), "cpu-ns/op")
}

const recipients = 64

// benchBadges are the credentials of so many recipients, as bench/badges.mjs makes
// them: the fixture beside the published vectors without white space, each with
// other identifiers and another result. The benchmark is skipped where it is absent.
func benchBadges(b *testing.B, issuer string) [][]byte {
	b.Helper()
	var compact bytes.Buffer
	if err := json.Compact(&compact, vectors.Fixture(b, "achievement-credential.json")); err != nil {
		b.Fatal(err)
	}
	all := make([][]byte, recipients)
	for i := range all {
		letters := string([]byte{"ABCDEFGH"[i>>3], "ABCDEFGH"[i%8]})
		all[i] = []byte(strings.NewReplacer(
			"did:key:z6MkupuA7WhoxvtpuRuaeDb84euWCaSbb5tWiPdq9Fn5inhz", issuer,
			"nnEGta2doK", "nnEGta2d"+letters,
			"0b7c2f7e", fmt.Sprintf("%x", i*63211013+0x10000000),
			"94567", fmt.Sprint(10000+97*i),
			"f3a1c9d27b", "f3a1c9d2"+letters,
			`"87"`, fmt.Sprintf("%q", fmt.Sprint(30+i)),
		).Replace(compact.String()))
	}
	return all
}

func benchEd25519() ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("bench"))
	return ed25519.NewKeyFromSeed(seed[:])
}

func benchP256(b *testing.B) *ecdsa.PrivateKey {
	b.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{3}, 32))
	if err != nil {
		b.Fatal(err)
	}
	return key
}

// each makes one thing of each of all.
func each[A, B any](b *testing.B, all []A, make func(A) (B, error)) []B {
	b.Helper()
	out := []B{}
	for _, a := range all {
		made, err := make(a)
		if err != nil {
			b.Fatal(err)
		}
		out = append(out, made)
	}
	return out
}
