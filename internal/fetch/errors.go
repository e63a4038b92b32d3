package fetch

import (
	"errors"
	"fmt"
	"net"
)

var (
	// ErrRefused: the address is one that this client never asks: not https,
	// with a user name, on another port than 443, or not on the public internet.
	ErrRefused = errors.New("address not allowed")
	// ErrTooLarge: the body is longer than the caller's limit.
	ErrTooLarge = errors.New("the answer is too large")
	// ErrOtherOrigin: Get was redirected to another scheme, host or port.
	ErrOtherOrigin = errors.New("redirected to another origin")
	// ErrRedirects: more than three redirects.
	ErrRedirects = errors.New("too many redirects")
	// ErrEncoding: the body is compressed, although we asked for a plain one.
	ErrEncoding = errors.New("the answer is compressed")
)

// refused wraps ErrRefused with a reason.
func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, args...))
}

// plain drops from an error of the network what tells strangers about ours:
// our own address, the name server, and the private address behind a name. The
// error may end up in the report of a verification.
func plain(err error) error {
	var (
		dns *net.DNSError
		op  *net.OpError
	)
	switch {
	case errors.As(err, &dns):
		return &net.DNSError{Err: dns.Err, Name: dns.Name, IsTimeout: dns.IsTimeout,
			IsTemporary: dns.IsTemporary, IsNotFound: dns.IsNotFound}
	case errors.As(err, &op):
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	return err
}
