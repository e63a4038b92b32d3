package credential

import (
	"math/rand/v2"
	"regexp"
	"testing"
)

// The forms as regular expressions, which are plain to read and slow to run.
var forms = map[string]struct {
	want *regexp.Regexp
	got  func(string) bool
	good []string
}{
	"URI": {regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|\\^` + "`" + `]+$`), IsURI,
		[]string{"https://uni.example/a?b=c#d", "urn:uuid:0b7c2f7e", "did:web:é.example", "a:b", "Z9+.-x:://@[]", "data:,\x7f\u2028\xff"}},
	"dateTimeStamp": {regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$`), isDateTime,
		[]string{"2026-03-01T09:00:00Z", "0000-99-99T99:99:99.123456789+99:99", "2026-03-01T09:00:00.5-00:00"}},
}

func TestForms(t *testing.T) {
	const alphabet = "azAZ09@[`{/:+.-TtZz \x00\x1f\x7f<>\"}|\\^\n\xff\xc3\xa9,;!~"
	r := rand.New(rand.NewPCG(3986, 3339))
	for name, form := range forms {
		accepted, all := 0, []string{"", ":", "a", "a:", ":a", "Z", "."}
		for _, s := range form.good {
			if all = append(all, s, s+"\n", s+s, "\n"+s); !form.got(s) {
				t.Errorf("%s %q is refused", name, s)
			}
		}
		for range 40_000 {
			s := []byte(form.good[r.IntN(len(form.good))])
			for range r.IntN(3) {
				at, c := r.IntN(len(s)+1), alphabet[r.IntN(len(alphabet))]
				switch {
				case at == len(s) || r.IntN(3) == 0:
					s = append(s[:at], append([]byte{c}, s[at:]...)...)
				case r.IntN(2) == 0:
					s = append(s[:at], s[at+1:]...)
				default:
					s[at] = c
				}
			}
			all = append(all, string(s))
		}
		for _, s := range all {
			want := form.want.MatchString(s)
			if form.got(s) != want {
				t.Fatalf("%s %q: %t, the expression says %t", name, s, !want, want)
			}
			if want {
				accepted++
			}
		}
		if accepted < 300 || accepted > len(all)-300 {
			t.Errorf("%s: %d of %d are accepted, which tests one side only", name, accepted, len(all))
		}
	}
}
