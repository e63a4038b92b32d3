package issuing

import "testing"

func TestPermuteUsesEveryPlaceOnceInASecretOrder(t *testing.T) {
	seen := make([]bool, listEntries)
	inOrder := 0
	last := int64(-1)
	for i := range int64(listEntries) {
		at := permute([]byte("one secret"), listEntries, i)
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
		if permute([]byte("one secret"), listEntries, i) == permute([]byte("another"), listEntries, i) {
			same++
		}
	}
	if same > 10 {
		t.Errorf("the secret hardly matters: %d of 1,000 places are the same", same)
	}
}

func TestPermuteSmallRanges(t *testing.T) {
	for size := int64(1); size < 70; size++ {
		seen := map[int64]bool{}
		for i := range size {
			seen[permute([]byte{1}, size, i)] = true
		}
		if len(seen) != int(size) {
			t.Errorf("size %d: %d places", size, len(seen))
		}
	}
}
