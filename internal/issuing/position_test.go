package issuing

import (
	"crypto/hmac"
	"crypto/sha256"
	"testing"
)

func TestPermuteUsesEveryPlaceOnceInASecretOrder(t *testing.T) {
	one, another := hmac.New(sha256.New, []byte("one secret")), hmac.New(sha256.New, []byte("another"))
	seen := make([]bool, listEntries)
	inOrder := 0
	last := int64(-1)
	for i := range int64(listEntries) {
		at := permute(one, listEntries, i)
		if at < 0 || at >= listEntries || seen[at] {
			t.Fatalf("place %d of %d is outside or used twice", at, i)
		}
		if seen[at] = true; at == last+1 {
			inOrder++
		}
		last = at
	}
	if inOrder > 20 { // about one is expected of a random order
		t.Errorf("%d neighbours follow each other", inOrder)
	}
	same := 0
	for i := range int64(1000) {
		if permute(one, listEntries, i) == permute(another, listEntries, i) {
			same++
		}
	}
	if same > 10 {
		t.Errorf("the secret hardly matters: %d of 1,000 places are the same", same)
	}
}

func TestPermuteSmallRanges(t *testing.T) {
	mac := hmac.New(sha256.New, []byte{1})
	for size := int64(1); size < 70; size++ {
		seen := map[int64]bool{}
		for i := range size {
			seen[permute(mac, size, i)] = true
		}
		if len(seen) != int(size) {
			t.Errorf("size %d: %d places", size, len(seen))
		}
	}
}

// Places are not drawn twice only as long as every version of the platform
// draws in the same order.
func TestPermuteStaysAsItIs(t *testing.T) {
	mac := hmac.New(sha256.New, []byte("one secret"))
	for i, want := range map[int64]int64{0: 70294, 1: 77501, 2: 113039, 1000: 55862, 131071: 91701} {
		if got := permute(mac, listEntries, i); got != want {
			t.Errorf("place %d is %d, want %d", i, got, want)
		}
	}
}
