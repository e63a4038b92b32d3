package account

import (
	"testing"
	"time"
)

// TestTOTPAgainstTheRFC uses the vectors of RFC 6238, appendix B, for SHA-1.
func TestTOTPAgainstTheRFC(t *testing.T) {
	secret := []byte("12345678901234567890")
	for _, v := range []struct {
		at   int64
		code string
	}{{59, "94287082"}, {1111111109, "07081804"}, {1111111111, "14050471"}, {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}} {
		if got := totpCode(secret, v.at/totpStep, 8); got != v.code {
			t.Errorf("at %d: %s, want %s", v.at, got, v.code)
		}
		// Six digits are the last six of eight.
		now := time.Unix(v.at, 0)
		if step := totpMatch(secret, v.code[2:], now); step != v.at/totpStep {
			t.Errorf("at %d the code belongs to step %d, want %d", v.at, step, v.at/totpStep)
		}
		for _, off := range []time.Duration{-30 * time.Second, 30 * time.Second} {
			if totpMatch(secret, v.code[2:], now.Add(off)) != v.at/totpStep {
				t.Errorf("at %d a clock that is off by %s does not get in", v.at, off)
			}
		}
		if totpMatch(secret, v.code[2:], now.Add(90*time.Second)) != 0 || totpMatch(secret, v.code[2:], now.Add(-90*time.Second)) != 0 {
			t.Errorf("at %d a code counts too long", v.at)
		}
	}
	if totpMatch(secret, "", time.Unix(59, 0)) != 0 || totpMatch(secret, "94287082", time.Unix(59, 0)) != 0 {
		t.Error("what is no code of six digits fits")
	}
}

// TestCodesForgiveWhatPeopleDo: spaces, hyphens, small letters, O for 0.
func TestCodesForgiveWhatPeopleDo(t *testing.T) {
	if plainCode(" abcd-0l1o ") != plainCode("ABCD0110") || plainCode("ABCD0110") != "ABCD0110" {
		t.Errorf("%q", plainCode(" abcd-0l1o "))
	}
	seen := map[rune]bool{}
	for range 200 {
		for _, r := range newCode(8) {
			seen[r] = true
		}
	}
	if len(seen) != 32 || len(newCode(8)) != 8 {
		t.Errorf("codes use %d letters", len(seen))
	}
}

func TestWaitsGrowAndEnd(t *testing.T) {
	k := tryKey{tryAddress, "x"}
	if k.wait(4) != 0 || k.wait(5) != firstWait || k.wait(6) != 2*firstWait || k.wait(1000) != longestWait {
		t.Errorf("%s %s %s %s", k.wait(4), k.wait(5), k.wait(6), k.wait(1000))
	}
	if clientOf("2001:db8:1:2:3:4:5:6") != clientOf("2001:db8:1:2::9") || clientOf("192.0.2.1") == clientOf("192.0.2.2") || clientOf("::ffff:192.0.2.1") != clientOf("192.0.2.1") || clientOf("x") != "" {
		t.Error("network addresses are not counted as they should")
	}
}
