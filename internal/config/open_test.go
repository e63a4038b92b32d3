package config

import (
	"strings"
	"testing"
)

// TestOpenVCAPI: an interface that signs for anybody is refused wherever
// anybody could be somebody else.
func TestOpenVCAPI(t *testing.T) {
	for _, c := range []struct {
		listen, base string
		development  bool
		ok           bool
	}{
		{"127.0.0.1:8080", "", true, true},
		{"[::1]:8080", "https://localhost:8080", true, true},
		{"localhost:0", "https://127.0.0.1", true, true},
		{"127.0.0.1:8080", "", false, false},
		{"0.0.0.0:8080", "", true, false},
		{":8080", "", true, false},
		{"192.0.2.1:8080", "https://localhost", true, false},
		{"127.0.0.1:8080", "https://badges.example.org", true, false}, // a proxy stands in front
		{"127.0.0.1:8080", "https://localhost.example.org", true, false},
	} {
		config := Config{Listen: c.listen, BaseURL: c.base, Development: c.development, VCAPIOpen: true}
		err := config.Check()
		if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), "--vc-api-open") {
			t.Errorf("%s at %q, development %v: %v", c.listen, c.base, c.development, err)
		}
		config.VCAPIOpen = false
		if err := config.Check(); err != nil {
			t.Errorf("%s at %q without the setting: %v", c.listen, c.base, err)
		}
	}
}
