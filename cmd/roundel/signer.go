package main

import (
	"fmt"
	"os/user"
	"strconv"

	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/keys/socket"
	"github.com/roundel/roundel/internal/observe"
)

// signerCommand has the keys in a process of its own. --listen is its socket
// instead of an address: unix:PATH.
type signerCommand struct {
	config.Config `embed:""`
	Peer          string `env:"ROUNDEL_SIGNER_PEER" placeholder:"USER" help:"The user that roundel serve runs as, when it is another than this one. Both must belong to the group of the socket's folder, which needs the setgid bit."`
}

// Run signs for whoever may ask until it is interrupted.
func (s *signerCommand) Run(c *console) error {
	if err := harden(); err != nil {
		return err
	}
	path, err := socket.Path(s.Listen)
	if err != nil {
		return usageError{fmt.Errorf("--listen: %w", err)}
	}
	peer := -1
	if s.Peer != "" {
		if peer, err = userID(s.Peer); err != nil {
			return usageError{fmt.Errorf("--peer: %w", err)}
		}
	}
	settings := s.Config
	settings.Listen = "127.0.0.1:0" // it has no address of its own
	signer, err := app.NewSigner(c.ctx, settings, observe.NewLogger(c.err, s.LogLevel, s.LogFormat))
	if err != nil {
		return err
	}
	err = signer.Serve(c.ctx, path, peer, func() {
		fmt.Fprintf(c.out, "The signer listens on %s; its key-encryption key is %s\n", s.Listen, signer.Fingerprint())
	})
	if closing := signer.Close(); err == nil {
		err = closing
	}
	return err
}

// userID returns the number of a user given by name or number.
func userID(name string) (int, error) {
	if id, err := strconv.Atoi(name); err == nil && id >= 0 {
		return id, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(u.Uid)
}
