package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/keys"
)

// Client asks a Server. It is a keys.Signer and may be used by several
// goroutines at once.
type Client struct {
	Path string // of the socket

	mu   sync.Mutex
	idle []net.Conn
}

var _ keys.Signer = (*Client)(nil)

const (
	patience  = time.Minute // for an answer
	keepIdle  = 8           // connections
	chunk     = 4 << 20     // bytes of documents in one question
	chunkSize = 1000        // requests in one question
)

// Make implements keys.Signer.
func (c *Client) Make(ctx context.Context, owner keys.Owner, kind keys.Kind) (*keys.Sealed, error) {
	a, err := c.ask(ctx, question{Make: &makeQuestion{owner, kind}})
	return a.Sealed, err
}

// Take implements keys.Signer.
func (c *Client) Take(ctx context.Context, owner keys.Owner, text []byte) (*keys.Sealed, error) {
	a, err := c.ask(ctx, question{Take: &takeQuestion{owner, text}})
	return a.Sealed, err
}

// Sign implements keys.Signer.
func (c *Client) Sign(ctx context.Context, requests []keys.Request) ([]keys.Signed, error) {
	all := make([]keys.Signed, 0, len(requests))
	for len(requests) > 0 {
		n, size := 0, 0
		for n < len(requests) && n < chunkSize && (n == 0 || size+len(requests[n].Document) <= chunk) {
			size += len(requests[n].Document)
			n++
		}
		a, err := c.ask(ctx, question{Sign: requests[:n]})
		if err != nil {
			return nil, err
		}
		if len(a.Signed) != n {
			return nil, fmt.Errorf("the signer answered %d of %d requests", len(a.Signed), n)
		}
		for _, one := range a.Signed {
			all = append(all, keys.Signed{Document: one.Document, Err: unpack(one.Problem)})
		}
		requests = requests[n:]
	}
	return all, nil
}

// Secrets returns what seals the installation's small secrets.
func (c *Client) Secrets(ctx context.Context) (*keys.Secrets, error) {
	a, err := c.ask(ctx, question{Secrets: true})
	if err != nil {
		return nil, err
	}
	return keys.NewSecrets(a.Secrets)
}

// ask sends a question and waits for its answer. A connection that had been
// idle may have been closed by a signer that was started anew: then it is asked
// again on a fresh one, for every question may be asked twice.
func (c *Client) ask(ctx context.Context, q question) (answer, error) {
	for {
		conn, fresh, err := c.take(ctx)
		if err != nil {
			return answer{}, unanswered(err)
		}
		a, err := exchange(ctx, conn, q)
		if err == nil {
			c.give(conn)
			return a, unpack(a.Problem)
		}
		err = errors.Join(err, conn.Close())
		if fresh || ctx.Err() != nil {
			return answer{}, unanswered(err)
		}
	}
}

func unanswered(err error) error {
	return fault.Wrap(fault.Unavailable, err, "The signer does not answer, so nothing can be signed at present. Try again in a moment.")
}

func exchange(ctx context.Context, conn net.Conn, q question) (a answer, err error) {
	deadline := time.Now().Add(patience)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	if err := conn.SetDeadline(deadline); err != nil {
		return a, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer stop()
	if err := writeFrame(conn, q); err != nil {
		return a, err
	}
	err = readFrame(conn, &a)
	return a, err
}

func (c *Client) take(ctx context.Context) (conn net.Conn, fresh bool, err error) {
	c.mu.Lock()
	if n := len(c.idle); n > 0 {
		conn, c.idle = c.idle[n-1], c.idle[:n-1]
	}
	c.mu.Unlock()
	if conn != nil {
		return conn, false, nil
	}
	conn, err = (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", c.Path)
	return conn, true, err
}

func (c *Client) give(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.idle) < keepIdle {
		c.idle = append(c.idle, conn)
		return
	}
	_ = conn.Close() // it is not needed
}

// Close closes the connections that are idle.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, conn := range c.idle {
		errs = append(errs, conn.Close())
	}
	c.idle = nil
	return errors.Join(errs...)
}
