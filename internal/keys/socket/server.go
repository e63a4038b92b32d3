package socket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/roundel/roundel/internal/keys"
)

// Server answers for a signer. Fields are set before Serve.
type Server struct {
	Signer  keys.Signer
	Secrets *keys.Secrets
	Log     *slog.Logger
	// Peer is a user, beside the server's own, that may ask; -1 stands for nobody.
	Peer int
}

// Path returns the file in an address such as unix:/run/roundel/signer.sock.
func Path(address string) (string, error) {
	path, ok := strings.CutPrefix(address, "unix:")
	if !ok || path == "" {
		return "", fmt.Errorf("%q is not unix:PATH, for example unix:/run/roundel/signer.sock", address)
	}
	return path, nil
}

// Listen makes the socket, which only its owner may open, or with group also the
// group of the folder. A socket that another process left behind is replaced;
// one that answers is not.
func Listen(ctx context.Context, path string, group bool) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&fs.ModeSocket == 0 {
			return nil, fmt.Errorf("%s is there already, and is no socket", path)
		}
		if c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", path); err == nil {
			return nil, errors.Join(fmt.Errorf("a signer listens on %s already", path), c.Close())
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	mode := os.FileMode(0o600)
	if group {
		mode = 0o660
	}
	// Between its making and the chmod nobody else may connect.
	restore := private()
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	restore()
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, mode); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Serve answers until ctx ends, and then lets what is under way end.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	var open sync.WaitGroup
	defer open.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := context.AfterFunc(ctx, func() { _ = l.Close() }) // Accept tells
	defer done()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		open.Go(func() {
			if err := s.answer(ctx, c); err != nil && ctx.Err() == nil {
				s.Log.WarnContext(ctx, "a connection to the signer ended", "error", err)
			}
		})
	}
}

// answer serves one connection until its other end closes it.
func (s *Server) answer(ctx context.Context, c net.Conn) (err error) {
	defer func() { err = errors.Join(err, c.Close()) }()
	// Once ctx ends, no further question is waited for.
	defer context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Now()) })()
	uid, err := peer(c)
	if err != nil {
		return err
	}
	if !admitted(uid, os.Getuid(), s.Peer) {
		return fmt.Errorf("user %d may not ask this signer", uid)
	}
	for {
		var q question
		if err := readFrame(c, &q); err != nil {
			if errors.Is(err, io.EOF) || ctx.Err() != nil {
				return nil
			}
			return err
		}
		if err := writeFrame(c, s.reply(context.WithoutCancel(ctx), q)); err != nil {
			return err
		}
	}
}

// admitted reports whether a user may ask: the server's own, the one that was
// named, and root, who could read the key-encryption key anyway.
func admitted(uid, own, peer int) bool { return uid == own || uid == 0 || peer >= 0 && uid == peer }

func (s *Server) reply(ctx context.Context, q question) (a answer) {
	var err error
	switch {
	case q.Make != nil:
		a.Sealed, err = s.Signer.Make(ctx, q.Make.Owner, q.Make.Kind)
	case q.Take != nil:
		a.Sealed, err = s.Signer.Take(ctx, q.Take.Owner, q.Take.Text)
	case len(q.Sign) > 0:
		var all []keys.Signed
		all, err = s.Signer.Sign(ctx, q.Sign)
		for _, one := range all {
			a.Signed = append(a.Signed, signed{one.Document, pack(one.Err)})
		}
	case q.Secrets:
		a.Secrets = s.Secrets.Bytes()
	default:
		err = errors.New("an empty question")
	}
	a.Problem = pack(err)
	return a
}
