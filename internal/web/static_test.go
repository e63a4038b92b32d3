package web

import (
	"compress/gzip"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestStaticFilesAreKeptForEver(t *testing.T) {
	s := newTestRenderer(t).static
	for _, name := range []string{"public.css", "app.css", "public.js", "app.js", "fonts/inter-latin.woff2", "fonts/newsreader-latin-ext.woff2", "img/favicon.svg"} {
		url, err := s.url(name)
		if err != nil {
			t.Error(err)
			continue
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", url, nil))
		h := w.Header()
		if w.Code != 200 || !strings.Contains(h.Get("Cache-Control"), "immutable") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Type") == "" || w.Body.Len() == 0 {
			t.Errorf("%s: %d %v, %d bytes", name, w.Code, h, w.Body.Len())
		}
	}
	if _, err := s.url("no-such.css"); err == nil {
		t.Error("an unknown file has an address")
	}
}

func TestStaticFilesTravelCompressed(t *testing.T) {
	s := newTestRenderer(t).static
	url, err := s.url("public.css")
	if err != nil {
		t.Fatal(err)
	}
	get := func(accept string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", url, nil)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	plain := get("identity").Body.String()
	w := get("br, gzip;q=0.5")
	if w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("Vary") != "Accept-Encoding" {
		t.Fatal("not compressed", w.Header())
	}
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || string(got) != plain {
		t.Error("the compressed file is another", err)
	}
	if get("gzip;q=0").Header().Get("Content-Encoding") != "" {
		t.Error("gzip was refused and sent")
	}
}

func TestStyleSheetsReferOnlyToOurselves(t *testing.T) {
	s := newTestRenderer(t).static
	for url, f := range s.files {
		if strings.HasSuffix(url, ".css") {
			for _, bad := range []string{"asset:", "http:", "https:", "@import", "/*"} {
				if strings.Contains(string(f.body), bad) {
					t.Errorf("%s contains %s", url, bad)
				}
			}
			if open, closed := strings.Count(string(f.body), "{"), strings.Count(string(f.body), "}"); open != closed {
				t.Errorf("%s has %d { and %d }", url, open, closed)
			}
		}
	}
}

// TestPublicPageIsSmall keeps the promise of a badge that opens on an old phone.
func TestPublicPageIsSmall(t *testing.T) {
	x := newTestRenderer(t)
	page := read(t, show(t, x, samplePage{"award", "public/award.html", 200, goodAward()}))
	url, err := x.static.url("public.css")
	if err != nil {
		t.Fatal(err)
	}
	onTheWire := len(compress(page)) + len(x.static.files[url].gzip)
	t.Logf("HTML %d bytes, CSS %d bytes; compressed together %d", len(page), len(x.static.files[url].body), onTheWire)
	if onTheWire > 10_000 || len(page)+len(x.static.files[url].body) > 28_000 {
		t.Error("the award page has grown")
	}
}
