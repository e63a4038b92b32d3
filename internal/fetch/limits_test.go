package fetch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var silent = log.New(io.Discard, "", 0)

func TestBodyLimit(t *testing.T) {
	base, c := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		var size int
		fmt.Sscan(r.URL.Query().Get("size"), &size)
		if r.URL.Path == "/chunked" {
			w.(http.Flusher).Flush()
		} else {
			w.Header().Set("Content-Length", fmt.Sprint(size))
		}
		io.WriteString(w, strings.Repeat("x", size))
	})
	for _, path := range []string{"/plain", "/chunked"} {
		for _, x := range []struct{ max, size, want int64 }{
			{0, DefaultMax, DefaultMax}, {0, DefaultMax + 1, DefaultMax}, {-1, DefaultMax + 1, DefaultMax},
			{1, 0, 1}, {1, 1, 1}, {1, 2, 1}, {100, 100, 100}, {100, 101, 100}, {100, 5 << 20, 100}, {5 << 20, 5 << 20, 5 << 20},
			{math.MaxInt64, 2 << 20, math.MaxInt64},
		} {
			body, _, err := c.GetMax(t.Context(), fmt.Sprint(base, path, "?size=", x.size), "", x.max)
			if x.size <= x.want && (err != nil || int64(len(body)) != x.size) {
				t.Errorf("%s, %d of at most %d bytes: %d bytes, %v", path, x.size, x.max, len(body), err)
			}
			if x.size > x.want && (!errors.Is(err, ErrTooLarge) || body != nil) {
				t.Errorf("%s, %d of at most %d bytes: %d bytes, %v", path, x.size, x.max, len(body), err)
			}
		}
	}
}

// TestEndlessBody: the server notices that nobody reads on.
func TestEndlessBody(t *testing.T) {
	ended := make(chan int, 1)
	base, c := serveTLS(t, func(w http.ResponseWriter, _ *http.Request) {
		sent, block := 0, make([]byte, 16<<10)
		for {
			n, err := w.Write(block)
			if sent += n; err != nil {
				ended <- sent
				return
			}
		}
	})
	if _, _, err := c.Get(t.Context(), base, ""); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error is %v", err)
	}
	t.Logf("the server had sent %d bytes when it noticed", <-ended)
}

// TestCutBody: what ends early is not taken for the whole.
func TestCutBody(t *testing.T) {
	base, c := serveTLS(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, `{"id":"did:web:example.org"}`)
	})
	if body, _, err := c.Get(t.Context(), base, ""); !errors.Is(err, io.ErrUnexpectedEOF) || body != nil {
		t.Errorf("Get = %q, %v", body, err)
	}
}

// raw starts a TCP server that handles each connection with serve and returns
// its address. Connections are closed at the end of the test.
func raw(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	return l.Addr().String()
}

// TestEndlessHeader: neither headers nor interim answers without end.
func TestEndlessHeader(t *testing.T) {
	for name, parts := range map[string][2]string{
		"many headers": {"HTTP/1.1 200 OK\r\n", "X-More: and more\r\n"},
		"one header":   {"HTTP/1.1 200 OK\r\nX-Long: ", "and longer "},
		"status line":  {"HTTP/1.1 200 ", "OK "},
		"interim":      {"", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"},
		"not HTTP":     {"SSH-2.0-", "OpenSSH"},
	} {
		sent := make(chan int, 1)
		address := raw(t, func(conn net.Conn) {
			http.ReadRequest(bufio.NewReader(conn))
			n, _ := io.WriteString(conn, parts[0])
			block := strings.Repeat(parts[1], 100)
			for {
				more, err := io.WriteString(conn, block)
				if n += more; err != nil {
					sent <- n
					return
				}
			}
		})
		c := &Client{AllowLoopback: true}
		_, _, err := c.Get(t.Context(), "http://"+address, "")
		if err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error is %v", name, err)
		}
		t.Logf("%s: %v; the server had sent %d bytes when it noticed", name, err, <-sent)
	}
}

// TestHeaderLimit: an answer's header may have 32 KiB.
func TestHeaderLimit(t *testing.T) {
	var size int
	base, c := serveTLS(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", size)) })
	size = maxHeaderBytes - 1000
	if _, _, err := c.Get(t.Context(), base, ""); err != nil {
		t.Error(err)
	}
	size = maxHeaderBytes + 1000
	if _, _, err := c.Get(t.Context(), base, ""); err == nil {
		t.Error("no error")
	}
}

// TestSlow: at whatever point the other side stops, the call ends with its
// context, and the connection with the call.
func TestSlow(t *testing.T) {
	for name, c := range map[string]struct{ scheme, answer string }{
		"handshake":       {"https", ""},
		"half handshake":  {"https", "\x16\x03\x03\x00\x7a\x02"},
		"no answer":       {"http", ""},
		"half status":     {"http", "HTTP/1.1 20"},
		"half header":     {"http", "HTTP/1.1 200 OK\r\nContent-Type: app"},
		"no body":         {"http", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"},
		"half body":       {"http", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"},
		"half chunk":      {"http", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123"},
		"no last chunk":   {"http", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"},
		"body to the end": {"http", "HTTP/1.1 200 OK\r\n\r\n12345"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			var stop func() // called when the server has said all it will say
			address := raw(t, func(conn net.Conn) {
				conn.Read(make([]byte, 1))
				io.WriteString(conn, c.answer)
				stop()
				io.Copy(io.Discard, conn) // until the client hangs up
			})
			stop = cancel
			client := &Client{AllowLoopback: true}
			if _, _, err := client.Get(ctx, c.scheme+"://"+address, ""); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
			stop = func() {}
			client.Timeout = 30 * time.Millisecond
			if _, _, err := client.Get(t.Context(), c.scheme+"://"+address, ""); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("timed out: %v", err)
			}
		})
	}
}

// TestTrickle: data that keeps coming does not put off the end.
func TestTrickle(t *testing.T) {
	pieces := make(chan int, 1)
	address := raw(t, func(conn net.Conn) {
		http.ReadRequest(bufio.NewReader(conn))
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		n := 0
		for ; err == nil; n++ {
			_, err = io.WriteString(conn, "1\r\nx\r\n")
		}
		pieces <- n
	})
	c := &Client{AllowLoopback: true, Timeout: 30 * time.Millisecond}
	if _, _, err := c.GetMax(t.Context(), "http://"+address, "", 1<<40); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
	t.Logf("the server had sent %d pieces when it noticed", <-pieces)
}

// TestTimeCoversRedirects: each hop gets what the ones before have left.
func TestTimeCoversRedirects(t *testing.T) {
	var deadlines []time.Time
	c := &Client{Own: ownFunc(func(w http.ResponseWriter, r *http.Request) {
		d, _ := r.Context().Deadline()
		deadlines = append(deadlines, d)
		if len(deadlines) <= 3 {
			http.Redirect(w, r, "/again", http.StatusFound)
		}
	})}
	start := time.Now()
	if _, _, err := c.Get(t.Context(), "https://badges.example/", ""); err != nil {
		t.Fatal(err)
	}
	if len(deadlines) != 4 || deadlines[0].Before(start.Add(DefaultTimeout)) || deadlines[0].After(time.Now().Add(DefaultTimeout)) {
		t.Errorf("deadlines %v after %v", deadlines, start)
	}
	for _, d := range deadlines {
		if !d.Equal(deadlines[0]) {
			t.Errorf("a redirect moved the deadline: %v", deadlines)
		}
	}
}

// TestPerHost: the third request to a host waits while two are under way, and
// another host is not affected.
func TestPerHost(t *testing.T) {
	var running, most atomic.Int32
	arrived, proceed := make(chan bool, 10), make(chan bool)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Host, "localhost") {
			return
		}
		n := running.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		arrived <- true
		<-proceed
		running.Add(-1)
	}))
	t.Cleanup(s.Close)
	c := &Client{AllowLoopback: true, PerHost: 2}
	var wg sync.WaitGroup
	get := func() {
		if _, _, err := c.Get(t.Context(), s.URL, ""); err != nil {
			t.Error(err)
		}
	}
	wg.Go(get)
	wg.Go(get)
	<-arrived
	<-arrived

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // were a place free, some of these would take it
		if _, _, err := c.Get(ended, s.URL, ""); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "under way") {
			t.Errorf("the third request: %v", err)
		}
	}
	if _, _, err := c.Get(t.Context(), strings.Replace(s.URL, "127.0.0.1", "localhost", 1), ""); err != nil {
		t.Errorf("another host: %v", err)
	}
	for range 5 {
		wg.Go(get)
	}
	close(proceed)
	wg.Wait()
	if most.Load() != 2 {
		t.Errorf("%d requests at a time", most.Load())
	}
	if len(c.slots.hosts) != 0 {
		t.Errorf("hosts not forgotten: %v", c.slots.hosts)
	}
}
