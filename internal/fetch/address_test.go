package fetch

import (
	"errors"
	"testing"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"https://example.org":                  "https://example.org",
		"HTTPS://Example.ORG./a/../b?q=1#part": "https://example.org/a/../b?q=1",
		"https://example.org:443/":             "https://example.org/",
		"https://example.org:00443/":           "https://example.org/",
		"https://example.org:/":                "https://example.org/",
		"https://example.org:8443/":            "https://example.org:8443/",
		"http://localhost:80/":                 "http://localhost/",
		"http://localhost:443/":                "http://localhost:443/",
		"https://bücher.example/ü":             "https://xn--bcher-kva.example/%C3%BC",
		"https://example.org/a%2Fb?":           "https://example.org/a%2Fb?",
		"https://8.8.8.8/":                     "https://8.8.8.8/",
		"https://[2606:4700:0:0::1111]/":       "https://[2606:4700::1111]/",
		"https://[::FFFF:8.8.8.8]:443/":        "https://[::ffff:8.8.8.8]/",
		"https://[2606:4700::1111]:8443/":      "https://[2606:4700::1111]:8443/",
		"https://my_bucket.example.org/":       "https://my_bucket.example.org/",
		"https://１２７。０。０。１/":                   "https://127.0.0.1/", // the guard decides
		"https://ｅｘａｍｐｌｅ．org/":                 "https://example.org/",
	} {
		u, err := parse(in)
		if err != nil {
			t.Errorf("parse(%q): %v", in, err)
		} else if u.String() != want {
			t.Errorf("parse(%q) = %q, want %q", in, u, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range malformedAddresses {
		if u, err := parse(in); !errors.Is(err, ErrRefused) {
			t.Errorf("parse(%q) = %v, %v; want ErrRefused", in, u, err)
		}
	}
}

func TestFollow(t *testing.T) {
	for _, c := range []struct{ from, location, want string }{
		{"https://example.org/a/b", "c?d#e", "https://example.org/a/c?d"},
		{"https://example.org/a", "//other.example/x", "https://other.example/x"},
		{"https://example.org/a", "https://EXAMPLE.com:443", "https://example.com"},
		{"http://localhost:8080/", "https://example.org/", "https://example.org/"},
		{"http://localhost:8080/", "http://127.0.0.1:9090/", "http://127.0.0.1:9090/"},
		{"https://example.org/", "http://example.org/", ""},
		{"https://localhost:8443/", "http://localhost:8080/", ""},
		{"https://example.org/", "https://localhost/", ""},
		{"https://example.org/", "https://127.0.0.1/", ""},
		{"https://example.org/", "https://[::ffff:127.0.0.1]/", ""},
		{"https://example.org/", "https://app.localhost/", ""},
		{"https://example.org/", "file:///etc/passwd", ""},
		{"https://example.org/", "https://user@example.org/", ""},
		{"https://example.org/", "https://exa mple.org/", ""},
		{"https://example.org/", "//[::1", ""},
	} {
		from, err := parse(c.from)
		if err != nil {
			t.Fatal(err)
		}
		to, err := follow(from, c.location)
		switch {
		case c.want == "" && !errors.Is(err, ErrRefused):
			t.Errorf("from %s to %s: %v, %v; want ErrRefused", c.from, c.location, to, err)
		case c.want != "" && (err != nil || to.String() != c.want):
			t.Errorf("from %s to %s: %v, %v; want %s", c.from, c.location, to, err, c.want)
		}
	}
}

// FuzzParse checks that what parse accepts is in its only form, and names a
// host that no resolver takes for another one.
func FuzzParse(f *testing.F) {
	for _, in := range malformedAddresses {
		f.Add(in)
	}
	for _, in := range []string{"https://example.org", "https://１２７.1/", "https://[::1]:00443/a?b#c", "HTTPS://BÜCHER.example.:443//"} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		u, err := parse(in)
		if err != nil {
			if !errors.Is(err, ErrRefused) {
				t.Fatalf("parse(%q): %v does not wrap ErrRefused", in, err)
			}
			return
		}
		if u.User != nil || u.Opaque != "" || u.Fragment != "" || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			t.Fatalf("parse(%q) = %#v", in, u)
		}
		again, err := parse(u.String())
		if err != nil || again.String() != u.String() {
			t.Fatalf("parse(%q) = %q, and again %v, %v", in, u, again, err)
		}
	})
}
