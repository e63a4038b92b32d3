package fetch

import (
	"context"
	"io"
	"net/http"
)

// HTTP returns an http.Client for libraries that speak a protocol themselves:
// it reaches what Get reaches, follows no redirect, keeps no cookie, takes no
// longer than Timeout, and reads at most max bytes of an answer; zero or less
// means DefaultMax. Addresses of our own are refused.
func (c *Client) HTTP(max int64) *http.Client {
	if max <= 0 {
		max = DefaultMax
	}
	return &http.Client{
		Transport:     &exchange{client: c, max: max},
		Timeout:       c.timeout(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// exchange sends single requests through the guard.
type exchange struct {
	client *Client
	max    int64
}

// RoundTrip implements http.RoundTripper.
func (x *exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	c := x.client
	u, err := parse(r.URL.String())
	if err != nil {
		return nil, err
	}
	if c.Own != nil && c.Own(u) != nil {
		return nil, refused("our own")
	}
	if err := c.permit(u); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(r.Context())
	release, err := c.slots.take(ctx, u.Hostname(), c.perHost())
	if err != nil {
		cancel()
		return nil, err
	}
	over := func() { release(); cancel() }
	ask := r.Clone(ctx)
	ask.URL, ask.Host = u, u.Host
	own := c.request(u, "")
	ask.Header.Set("Accept-Encoding", own.Header.Get("Accept-Encoding"))
	ask.Header.Set("User-Agent", own.Header.Get("User-Agent"))
	resp, err := c.transport(ctx).RoundTrip(ask)
	if err != nil {
		over()
		return nil, plain(ended(r.Context(), err))
	}
	if resp.ContentLength > x.max || resp.Header.Get("Content-Encoding") != "" {
		defer over()
		_ = resp.Body.Close() // nothing of it is used
		if resp.ContentLength > x.max {
			return nil, ErrTooLarge
		}
		return nil, ErrEncoding
	}
	resp.Body = &bounded{body: resp.Body, left: x.max, over: over}
	return resp, nil
}

// bounded is a body that may not be longer than left.
type bounded struct {
	body io.ReadCloser
	left int64
	over func()
}

func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}

// Close ends the exchange. Closing twice is fine.
func (b *bounded) Close() error {
	err := b.body.Close()
	if b.over != nil {
		b.over()
		b.over = nil
	}
	return err
}
