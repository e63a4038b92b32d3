package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
)

//go:embed static
var embeddedStatic embed.FS

// bundles names the files that are served as one. Public pages take the small
// pair, so that a badge opens quickly on an old phone; everything with a form
// takes the large pair.
var bundles = map[string][]string{
	"public.css": {"css/tokens.css", "css/base.css", "css/parts.css", "css/print.css"},
	"app.css":    {"css/tokens.css", "css/base.css", "css/parts.css", "css/form.css", "css/console.css", "css/desk.css", "css/report.css", "css/print.css"},
	"public.js":  {"js/copy.js", "js/menu.js"},
	"app.js":     {"js/copy.js", "js/menu.js", "js/drop.js", "js/filter.js", "js/confirm.js", "js/progress.js", "js/preview.js", "js/live.js", "js/passkey.js"},
}

// media are the types of the files we serve.
var media = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".png":   "image/png",
	".woff2": "font/woff2",
	".txt":   "text/plain; charset=utf-8",
}

type staticFile struct {
	body  []byte
	gzip  []byte // nil where it does not pay
	media string
}

// static serves our own style sheets, scripts, fonts and pictures. Each has an
// address with a hash of its content, so that browsers may keep it for ever.
type static struct {
	urls  map[string]string      // logical name → address
	files map[string]*staticFile // address → file
}

// assetRef is how a style sheet names another file of ours.
var assetRef = regexp.MustCompile(`asset:([A-Za-z0-9_./-]+)`)

func newStatic(files fs.FS) (*static, error) {
	s := &static{urls: map[string]string{}, files: map[string]*staticFile{}}
	for _, dir := range []string{"fonts", "img"} {
		entries, err := fs.ReadDir(files, dir)
		if err != nil {
			return nil, fmt.Errorf("read static files: %w", err)
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			data, err := fs.ReadFile(files, name)
			if err != nil {
				return nil, fmt.Errorf("read static file: %w", err)
			}
			s.add(name, data)
		}
	}
	for name, parts := range bundles {
		var b bytes.Buffer
		for _, part := range parts {
			data, err := fs.ReadFile(files, part)
			if err != nil {
				return nil, fmt.Errorf("bundle %s: %w", name, err)
			}
			b.Write(data)
			b.WriteByte('\n')
		}
		data := b.Bytes()
		if path.Ext(name) == ".css" {
			var err error
			if data, err = s.link(minifyCSS(data)); err != nil {
				return nil, fmt.Errorf("bundle %s: %w", name, err)
			}
		}
		s.add(name, data)
	}
	return s, nil
}

// link replaces asset: references by the hashed addresses.
func (s *static) link(css []byte) ([]byte, error) {
	var missing string
	css = assetRef.ReplaceAllFunc(css, func(ref []byte) []byte {
		url, ok := s.urls[string(ref[len("asset:"):])]
		if !ok {
			missing = string(ref)
		}
		return []byte(url)
	})
	if missing != "" {
		return nil, fmt.Errorf("%s does not exist", missing)
	}
	return css, nil
}

func (s *static) add(name string, data []byte) {
	sum := sha256.Sum256(data)
	ext := path.Ext(name)
	url := "/static/" + strings.TrimSuffix(path.Base(name), ext) + "." + hex.EncodeToString(sum[:5]) + ext
	f := &staticFile{body: data, media: media[ext]}
	if f.media == "" {
		return // licences and the like travel with the source only
	}
	if ext == ".css" || ext == ".js" || ext == ".svg" {
		f.gzip = compress(data)
	}
	s.urls[name] = url
	s.files[url] = f
}

func compress(data []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	// Writing to memory cannot fail.
	_, _ = w.Write(data)
	_ = w.Close()
	if b.Len() >= len(data) {
		return nil
	}
	return b.Bytes()
}

// url returns the address of a file by its logical name: "app.css",
// "fonts/inter-latin.woff2".
func (s *static) url(name string) (string, error) {
	u, ok := s.urls[name]
	if !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	return u, nil
}

// ServeHTTP answers GET /static/…, which may be kept for ever: another content
// would have another address. Accent colours are computed.
func (s *static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := s.files[r.URL.Path]
	if !ok {
		if f, ok = accentFile(r.URL.Path); !ok {
			http.NotFound(w, r)
			return
		}
	}
	h := w.Header()
	h.Set("Content-Type", f.media)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	body := f.body
	if f.gzip != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body = f.gzip
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader has gone: nothing to do
	}
}

// acceptsGzip reads an Accept-Encoding header: "gzip" listed and not refused
// with q=0 (RFC 9110, section 12.5.3).
func acceptsGzip(header string) bool {
	for item := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(item, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		value, found := strings.CutPrefix(strings.TrimSpace(q), "q=")
		weight, err := strconv.ParseFloat(value, 64)
		return !found || (err == nil && weight > 0)
	}
	return false
}

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssSpace   = regexp.MustCompile(`\s+`)
	cssTight   = regexp.MustCompile(` ?([{};,>]) ?`)
)

// minifyCSS drops comments and needless white space. Our style sheets hold no
// string with two spaces, a comment mark or one of {};,> beside a space.
func minifyCSS(css []byte) []byte {
	css = cssComment.ReplaceAll(css, nil)
	css = cssSpace.ReplaceAll(css, []byte(" "))
	css = cssTight.ReplaceAll(css, []byte("$1"))
	css = bytes.ReplaceAll(css, []byte(": "), []byte(":"))
	css = bytes.ReplaceAll(css, []byte(";}"), []byte("}"))
	return bytes.TrimSpace(css)
}
