package vcapi

import (
	"net/http/httptest"
	"testing"
)

// TestLocal: without a token only who asks this machine by its own name gets in.
func TestLocal(t *testing.T) {
	for _, c := range []struct {
		from, host string
		headers    []string
		want       bool
	}{
		{"127.0.0.1:4000", "localhost:8080", nil, true},
		{"[::1]:4000", "LOCALHOST", nil, true},
		{"[::ffff:127.0.0.1]:4000", "127.0.0.1:8080", nil, true},
		{"127.0.0.1:4000", "[::1]:8080", nil, true},
		{"127.0.0.1:4000", "badges.example.org", nil, false},          // a name that points here
		{"127.0.0.1:4000", "localhost.evil.example:8080", nil, false}, //
		{"127.0.0.1:4000", "", nil, false},
		{"192.0.2.1:4000", "localhost:8080", nil, false},
		{"10.0.0.1:4000", "127.0.0.1:8080", nil, false},
		{"", "localhost:8080", nil, false},
		{"127.0.0.1:4000", "localhost:8080", []string{"X-Forwarded-For", "192.0.2.1"}, false},
		{"127.0.0.1:4000", "localhost:8080", []string{"Forwarded", "for=192.0.2.1"}, false},
		{"127.0.0.1:4000", "localhost:8080", []string{"Via", "1.1 proxy"}, false},
		{"127.0.0.1:4000", "localhost:8080", []string{"Origin", "https://evil.example"}, false},
	} {
		r := httptest.NewRequest("POST", "/vc/credentials/issue", nil)
		r.RemoteAddr, r.Host = c.from, c.host
		for i := 0; i+1 < len(c.headers); i += 2 {
			r.Header.Set(c.headers[i], c.headers[i+1])
		}
		if got := local(r); got != c.want {
			t.Errorf("from %q to %q with %v: %v", c.from, c.host, c.headers, got)
		}
	}
}
