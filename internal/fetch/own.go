package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
)

var (
	errNested = errors.New("a page of ours asks for another page of ours")
	errPanic  = errors.New("our own page stopped")
)

// inProcess marks the context of a request that askOwn makes.
type inProcess struct{}

// askOwn lets h answer r in this process, as if r had come over the network
// from an unknown address without cookies.
func askOwn(ctx context.Context, h http.Handler, r *http.Request, max int64) (a *answer, err error) {
	// A page of ours that fetches a page of ours, which fetches again, would
	// multiply one request of a stranger without any network to slow it down.
	if ctx.Value(inProcess{}) != nil {
		return nil, errNested
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	r = r.WithContext(context.WithValue(ctx, inProcess{}, true))
	if r.URL.Scheme == "https" {
		r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, ServerName: r.URL.Hostname()}
	}
	r.RequestURI = r.URL.RequestURI()
	r.URL = &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery, ForceQuery: r.URL.ForceQuery}
	if r.URL.Path == "" {
		r.URL.Path = "/"
	}
	r.Body = http.NoBody
	r.RemoteAddr = ownRemote

	w := &recorder{header: http.Header{}, max: max}
	if err := serve(h, w, r); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return w.answer()
}

// ownRemote is the client address that handlers see: one that is well-formed
// and that no client can have (RFC 5737), so nothing trusts it.
const ownRemote = "192.0.2.1:1"

// serve calls h and turns a panic into an error, as the server does. What it
// said is left out: the error may reach a stranger, and the handler's own
// recovery has logged it.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	h.ServeHTTP(w, r)
	return nil
}

// A recorder keeps what a handler answers, up to max bytes of body.
type recorder struct {
	header http.Header // the handler's; changes after the status do not count
	sent   http.Header
	status int
	body   []byte
	max    int64
	over   bool
}

func (w *recorder) Header() http.Header { return w.header }

// WriteHeader keeps the first final status.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status, w.sent = status, w.header.Clone()
	}
}

// Write keeps p. It returns ErrTooLarge when the body gets longer than max.
func (w *recorder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.over || int64(len(p)) > w.max-int64(len(w.body)) {
		w.over = true
		return 0, ErrTooLarge
	}
	w.body = append(w.body, p...)
	return len(p), nil
}

// Flush does nothing: the answer is complete when the handler returns.
func (w *recorder) Flush() { w.WriteHeader(http.StatusOK) }

func (w *recorder) answer() (*answer, error) {
	w.WriteHeader(http.StatusOK)
	location, err := outcome(w.status, w.sent)
	if err != nil {
		return nil, err
	}
	if location != "" {
		return &answer{location: location}, nil
	}
	if w.over {
		return nil, ErrTooLarge
	}
	media := w.sent.Get("Content-Type")
	if _, set := w.sent["Content-Type"]; !set && len(w.body) > 0 {
		media = http.DetectContentType(w.body) // as the server does
	}
	return &answer{body: w.body, contentType: media}, nil
}
