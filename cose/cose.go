// Package cose reads and writes credentials and presentations secured by
// COSE_Sign1 (RFC 9052), as W3C VC-JOSE-COSE, section 3.3, has them.
//
// The algorithms are those of package jose, and so are its rules: the algorithm
// must fit the key, and nothing in a header is a reason to trust a key.
package cose

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fxamacker/cbor/v2"
	gocose "github.com/veraison/go-cose"

	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/multikey"
)

var (
	// ErrMalformed: not a COSE_Sign1 message, or not of the kind that was asked
	// for, whatever its signature.
	ErrMalformed = errors.New("malformed COSE message")
	// ErrUnsupported: an algorithm or a critical header that this package cannot
	// judge.
	ErrUnsupported = errors.New("kind of COSE message not supported")
)

// MaxBytes is the length up to which messages are read.
const MaxBytes = jose.MaxBytes

// A Message is a COSE_Sign1 message as it was read. Nothing in it has been
// verified.
type Message struct {
	Alg         string // EdDSA, ES256, ES384, ES512 or RS256
	KeyID       string // kid, from either header; a hint. It is bytes in COSE, and as a rule text
	Type        string // typ; empty for a number
	ContentType string // cty; empty for a number
	Payload     []byte
	CWT         gocose.CWTClaims // claims in the protected header (RFC 9597); nil if there are none

	message gocose.Sign1Message
	data    []byte
}

var algorithms = map[gocose.Algorithm]string{
	gocose.AlgorithmEdDSA: jose.EdDSA, gocose.AlgorithmES256: jose.ES256, gocose.AlgorithmES384: jose.ES384,
	gocose.AlgorithmES512: jose.ES512, gocose.AlgorithmRS256: jose.RS256,
}

// Parse reads a tagged COSE_Sign1 message. It must have the encoding that the
// message would be written with, its payload inside and no critical headers.
//
// Errors wrap ErrMalformed or ErrUnsupported.
func Parse(data []byte) (*Message, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, where at most %d are read", ErrMalformed, len(data), MaxBytes)
	}
	m := &Message{data: data}
	if err := m.message.UnmarshalCBOR(data); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if m.Payload = m.message.Payload; m.Payload == nil {
		return nil, fmt.Errorf("%w: the payload is elsewhere", ErrMalformed)
	}
	if err := m.oneSpelling(); err != nil {
		return nil, err
	}
	protected, open := m.message.Headers.Protected, m.message.Headers.Unprotected
	if _, present := protected[gocose.HeaderLabelCritical]; present {
		return nil, fmt.Errorf("%w: critical headers", ErrUnsupported)
	}
	for _, label := range []int64{gocose.HeaderLabelAlgorithm, gocose.HeaderLabelCritical, gocose.HeaderLabelContentType, gocose.HeaderLabelType, gocose.HeaderLabelCWTClaims} {
		if _, present := open[label]; present {
			return nil, fmt.Errorf("%w: header %d is not signed", ErrMalformed, label)
		}
	}
	alg, err := protected.Algorithm()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if m.Alg = algorithms[alg]; m.Alg == "" {
		return nil, fmt.Errorf("%w: %v", ErrUnsupported, alg)
	}
	m.Type, _ = protected[gocose.HeaderLabelType].(string)
	m.ContentType, _ = protected[gocose.HeaderLabelContentType].(string)
	kid, present := protected[gocose.HeaderLabelKeyID]
	if other, also := open[gocose.HeaderLabelKeyID]; also {
		if present {
			return nil, fmt.Errorf("%w: two key ids", ErrMalformed)
		}
		kid = other
	}
	if b, ok := kid.([]byte); ok {
		m.KeyID = string(b)
	}
	if claims, present := protected[gocose.HeaderLabelCWTClaims]; present {
		members, ok := claims.(map[any]any)
		if !ok {
			return nil, fmt.Errorf("%w: CWT claims are not a map", ErrMalformed)
		}
		m.CWT = gocose.CWTClaims(members)
	}
	return m, nil
}

// oneSpelling refuses what would be written differently. The protected header
// may be in any order, since its bytes are signed.
func (m *Message) oneSpelling() error {
	var content []byte
	if err := cbor.Unmarshal(m.message.Headers.RawProtected, &content); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	again := m.message
	again.Headers.RawUnprotected = nil
	text, err := cbor.Marshal(content)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	again.Headers.RawProtected = text
	written, err := again.MarshalCBOR()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if !bytes.Equal(written, m.data) {
		return fmt.Errorf("%w: it is not in the form that it would be written in", ErrMalformed)
	}
	return nil
}

// ParseText reads a message in base64 with the standard alphabet, with or
// without padding: how data: addresses and the published test suite write it.
func ParseText(text string) (*Message, error) {
	body := strings.TrimRight(text, "=")
	if padding := len(text) - len(body); padding > 0 && len(text)%4 != 0 || padding > 2 || strings.ContainsAny(body, "\r\n") || len(text) > 2*MaxBytes {
		return nil, fmt.Errorf("%w: not base64", ErrMalformed)
	}
	data, err := base64.RawStdEncoding.Strict().DecodeString(body)
	if err != nil {
		return nil, fmt.Errorf("%w: not base64: %w", ErrMalformed, err)
	}
	return Parse(data)
}

// Verify reports whether key made the signature. The algorithm must be the one
// that fits key and, where the caller names any, among allowed.
//
// Errors wrap jose.ErrAlgorithm or jose.ErrBadSignature.
func (m *Message) Verify(key crypto.PublicKey, allowed ...string) error {
	want, err := jose.AlgorithmOf(key)
	if err != nil {
		return err
	}
	if m.Alg != want {
		return fmt.Errorf("%w: the message says %s, the key is for %s", jose.ErrAlgorithm, m.Alg, want)
	}
	if len(allowed) > 0 && !slices.Contains(allowed, m.Alg) {
		return fmt.Errorf("%w: %s is not one of %s", jose.ErrAlgorithm, m.Alg, strings.Join(allowed, ", "))
	}
	alg, _ := m.message.Headers.Protected.Algorithm()
	if err := m.message.Verify(nil, verifier{alg, key}); err != nil {
		return fmt.Errorf("%w: %w", jose.ErrBadSignature, err)
	}
	return nil
}

// Data returns the message as it was read. The caller must not change it.
func (m *Message) Data() []byte { return m.data }

// verifier checks signatures by package jose's rules instead of go-cose's.
type verifier struct {
	alg gocose.Algorithm
	key crypto.PublicKey
}

func (v verifier) Algorithm() gocose.Algorithm { return v.alg }

func (v verifier) Verify(content, signature []byte) error {
	if !jose.VerifySignature(v.key, content, signature) {
		return gocose.ErrVerification
	}
	return nil
}

// signer makes signatures with package jose.
type signer struct {
	alg gocose.Algorithm
	key crypto.Signer
}

func (s signer) Algorithm() gocose.Algorithm { return s.alg }

func (s signer) Sign(_ io.Reader, content []byte) ([]byte, error) {
	return jose.MakeSignature(s.key, content)
}

// Header is what a message says about itself.
type Header struct {
	KeyID       string
	Type        string
	ContentType string
}

// Sign returns payload as a signed and tagged COSE_Sign1 message. Errors wrap
// jose.ErrAlgorithm, or are the key's.
func Sign(payload []byte, key crypto.Signer, h Header) ([]byte, error) {
	public, err := multikey.PublicOf(key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", jose.ErrAlgorithm, err)
	}
	name, err := jose.AlgorithmOf(public)
	if err != nil {
		return nil, err
	}
	var alg gocose.Algorithm
	for a, n := range algorithms {
		if n == name {
			alg = a
		}
	}
	protected := gocose.ProtectedHeader{gocose.HeaderLabelAlgorithm: alg}
	if h.KeyID != "" {
		protected[gocose.HeaderLabelKeyID] = []byte(h.KeyID)
	}
	if h.Type != "" {
		protected[gocose.HeaderLabelType] = h.Type
	}
	if h.ContentType != "" {
		protected[gocose.HeaderLabelContentType] = h.ContentType
	}
	data, err := gocose.Sign1(nil, signer{alg, key}, gocose.Headers{Protected: protected}, payload, nil)
	if err != nil {
		return nil, fmt.Errorf("sign message: %w", err)
	}
	return data, nil
}
