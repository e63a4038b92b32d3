package main

import (
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A load is how a server is asked: by so many clients, each on a connection of
// its own that sends its next request when the answer has come (a closed loop),
// or at a fixed rate whatever the server does (an open loop).
type load struct {
	name    string
	clients int
	rate    float64 // requests a second of an open loop; 0: a closed loop
	length  time.Duration
	request func(client, n int) []byte // the bytes of a request, HTTP/1.1
	want    string                     // the status that is no error, such as "201"
	sent    bool                       // latency counts from sending, whatever the rate
}

// outcome is what a load showed.
type outcome struct {
	load
	answers, failures      int
	refused                int // 429 and 503, which an overloaded server is meant to give
	seconds                float64
	p50, p99, worst        time.Duration
	serverSeconds, ownTime float64 // of processor time
	failure                string  // the first
}

// perSecond is how many good answers came in a second.
func (o *outcome) perSecond() float64 { return float64(o.answers) / o.seconds }

// run puts the load on a server. Latencies of an open loop count from when the
// request was due, not from when a connection was free to send it.
func (l load) run(s *server) (*outcome, error) {
	out := &outcome{load: l}
	var lock sync.Mutex
	var all []time.Duration
	var next atomic.Int64
	own, theirs := ownTime(), s.processorTime()
	start := time.Now()
	end := start.Add(l.length)
	var work sync.WaitGroup
	errs := make(chan error, l.clients)
	for client := range l.clients {
		work.Go(func() {
			c, err := dial(s.address)
			if err != nil {
				errs <- err
				return
			}
			defer c.close()
			var mine []time.Duration
			good, refused, bad, first := 0, 0, 0, ""
			for n := 0; ; n++ {
				due := time.Now()
				if l.rate > 0 {
					due = start.Add(time.Duration(float64(next.Add(1)) / l.rate * float64(time.Second)))
					time.Sleep(time.Until(due))
				}
				began := due
				if l.sent {
					began = time.Now()
				}
				if !due.Before(end) {
					break
				}
				status, err := c.ask(l.request(client, n))
				switch {
				case err != nil:
					errs <- err
					return
				case status == l.want:
					good++
					mine = append(mine, time.Since(began))
				case status == "429" || status == "503":
					refused++
				default:
					bad++
					first = status + " " + string(c.body)
				}
			}
			lock.Lock()
			defer lock.Unlock()
			all = append(all, mine...)
			out.answers, out.refused, out.failures = out.answers+good, out.refused+refused, out.failures+bad
			if first != "" {
				out.failure = first
			}
		})
	}
	work.Wait()
	out.seconds = time.Since(start).Seconds()
	out.ownTime, out.serverSeconds = ownTime()-own, s.processorTime()-theirs
	select {
	case err := <-errs:
		return nil, err
	default:
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no good answer, but %s", l.name, out.failure)
	}
	slices.Sort(all)
	at := func(part float64) time.Duration { return all[min(len(all)-1, int(part*float64(len(all))))] }
	out.p50, out.p99, out.worst = at(0.5), at(0.99), all[len(all)-1]
	return out, nil
}

// ownTime is the processor time of this process, in seconds.
func ownTime() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// connection speaks as much HTTP/1.1 as it takes to measure: net/http's client
// would use as much of the processor as the server.
type connection struct {
	net.Conn
	buffer []byte
	body   []byte // of the last answer
}

func dial(address string) (*connection, error) {
	c, err := net.Dial("tcp", address)
	return &connection{Conn: c, buffer: make([]byte, 0, 64<<10)}, err
}

func (c *connection) close() { c.Close() }
