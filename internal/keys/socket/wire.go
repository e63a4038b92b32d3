// Package socket lets another process have the signing keys: a Server with the
// key-encryption key listens on a Unix socket, and a Client, which is a
// keys.Signer, asks it.
//
// What goes through the socket are frames: four bytes with a length, the highest
// first, and as many bytes of JSON. The client sends a question and gets an
// answer, one after the other; several connections work at the same time.
package socket

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/keys"
)

// maxFrame bounds a frame; a batch that is larger goes in several.
const maxFrame = 64 << 20

// question is what a client asks: one of its members is set.
type question struct {
	Make    *makeQuestion  `json:",omitempty"`
	Take    *takeQuestion  `json:",omitempty"`
	Sign    []keys.Request `json:",omitempty"`
	Secrets bool           `json:",omitempty"` // asks for what seals small secrets, and who is there
}

type makeQuestion struct {
	Owner keys.Owner
	Kind  keys.Kind
}

type takeQuestion struct {
	Owner keys.Owner
	Text  []byte
}

// answer is what it gets.
type answer struct {
	Sealed  *keys.Sealed `json:",omitempty"`
	Signed  []signed     `json:",omitempty"`
	Secrets []byte       `json:",omitempty"`
	Problem *problem     `json:",omitempty"`
}

type signed struct {
	Document []byte   `json:",omitempty"`
	Problem  *problem `json:",omitempty"`
}

// problem is an error on its way through the socket.
type problem struct {
	Code    string        `json:",omitempty"` // ended, not_ours; "" for others
	Kind    fault.Kind    `json:",omitempty"`
	Message string        `json:",omitempty"`
	Fields  []fault.Field `json:",omitempty"`
}

const (
	codeEnded   = "ended"
	codeNotOurs = "not_ours"
)

// pack makes a problem of err; nil of none. What is no fault goes as its text,
// which never holds anything of a key.
func pack(err error) *problem {
	if err == nil {
		return nil
	}
	p := &problem{Kind: fault.KindOf(err), Message: err.Error(), Fields: fault.FieldsOf(err)}
	switch {
	case p.Kind != fault.Internal:
		p.Message = fault.Message(err)
	case errors.Is(err, keys.ErrKeyEnded):
		p.Code = codeEnded
	case errors.Is(err, keys.ErrNotOurs):
		p.Code = codeNotOurs
	}
	return p
}

// unpack makes the error of a problem again.
func unpack(p *problem) error {
	switch {
	case p == nil:
		return nil
	case p.Kind != fault.Internal:
		return &fault.Error{Kind: p.Kind, Message: p.Message, Fields: p.Fields}
	case p.Code == codeEnded:
		return keys.ErrKeyEnded
	case p.Code == codeNotOurs:
		return remote{p.Message, keys.ErrNotOurs}
	}
	return errors.New(p.Message)
}

// remote is an error of the signer's that wraps one of ours.
type remote struct {
	text string
	err  error
}

func (r remote) Error() string { return r.text }
func (r remote) Unwrap() error { return r.err }

func writeFrame(w io.Writer, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(body) > maxFrame {
		return fmt.Errorf("a frame of %d bytes is too long", len(body))
	}
	frame := make([]byte, 4, 4+len(body))
	binary.BigEndian.PutUint32(frame, uint32(len(body)))
	_, err = w.Write(append(frame, body...))
	return err
}

func readFrame(r io.Reader, v any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > maxFrame {
		return fmt.Errorf("a frame of %d bytes is too long", size)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return err
	}
	return json.Unmarshal(body, v)
}
