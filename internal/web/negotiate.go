package web

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/roundel/roundel/internal/blob"
)

// form is a form in which a public thing can be had.
type form int

const (
	asPage form = iota
	asJSON
	asPNG
	asSVG
)

var endings = map[string]form{".json": asJSON, ".png": asPNG, ".svg": asSVG}

var mediaForms = map[string]form{
	"text/html": asPage, "application/xhtml+xml": asPage,
	"application/vc+ld+json": asJSON, "application/vc": asJSON, "application/ld+json": asJSON, "application/json": asJSON,
	"image/png": asPNG, "image/svg+xml": asSVG,
}

// splitEnding takes a known file ending from the last part of an address.
func splitEnding(name string) (string, form, bool) {
	for ending, f := range endings {
		if rest, ok := strings.CutSuffix(name, ending); ok {
			return rest, f, true
		}
	}
	return name, asPage, false
}

// negotiate returns the form that the request's Accept header likes best among
// those offered; the page when it does not care (RFC 9110, section 12.5.1).
func negotiate(w http.ResponseWriter, r *http.Request, offered ...form) form {
	w.Header().Add("Vary", "Accept")
	best, quality := asPage, 0.0
	for part := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		q := 1.0
		if text, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		if f, known := mediaForms[media]; known && q > quality && (f == asPage || slices.Contains(offered, f)) {
			best, quality = f, q
		}
	}
	return best
}

// openToAll lets programs of any website read a public document.
func openToAll(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("X-Content-Type-Options", "nosniff")
}

// send writes a document that may be asked for again: the reader's copy is
// confirmed by its tag. Cache says how long it may be used without asking.
func send(w http.ResponseWriter, r *http.Request, media, cache string, body []byte) error {
	h := w.Header()
	openToAll(h)
	h.Set("Content-Type", media)
	h.Set("Cache-Control", cache)
	tag := `"` + blob.Key(body)[:32] + `"`
	h.Set("ETag", tag)
	if unchanged(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader has gone: nothing to do
	}
	return nil
}

// unchanged reports whether the reader holds the document with this tag already
// (RFC 9110, section 13.1.2). Our tags hold no commas.
func unchanged(held []string, tag string) bool {
	for _, line := range held {
		for one := range strings.SplitSeq(line, ",") {
			if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
				return true
			}
		}
	}
	return false
}
