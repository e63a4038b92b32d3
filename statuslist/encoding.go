package statuslist

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/roundel/roundel/inflate"
)

// packers are idle compressors: their tables cost more to make than a list of
// the least size costs to compress. The fastest level gives texts that are a
// tenth longer than the usual one, in half the time.
var packers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

// Encode returns the list as it stands in a credential: "u" and the base64url
// of its gzip form (Bitstring Status List 1.0, section 3.3). Equal lists give
// equal texts. The error wraps ErrUnsupported for a list that was read from a
// Token Status List, and ErrMalformed for none.
func (l *List) Encode() (string, error) {
	if l == nil || l.size == 0 {
		return "", fmt.Errorf("%w: no list; New makes one", ErrMalformed)
	}
	if l.leastFirst {
		return "", fmt.Errorf("%w: a token status list is no bitstring", ErrUnsupported)
	}
	var packed bytes.Buffer
	packed.Grow(len(l.bits)/8 + 64)
	w := packers.Get().(*gzip.Writer)
	w.Reset(&packed) // no name and no time in the header
	if _, err := w.Write(l.bits); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	w.Reset(nil)
	packers.Put(w)
	text := make([]byte, 1+base64.RawURLEncoding.EncodedLen(packed.Len()))
	text[0] = 'u'
	base64.RawURLEncoding.Encode(text[1:], packed.Bytes())
	return string(text), nil
}

// Decode reads an encoded list of one-bit entries that expands to at most max
// bytes, and never to more than MaxBytes, which zero stands for.
//
// Errors wrap ErrMalformed, ErrTooShort or ErrTooLarge.
func Decode(encoded string, max int64) (*List, error) { return DecodeSized(encoded, 1, max) }

// DecodeSized is Decode for a list of entries of size bits, of which there must
// be MinEntries too. Errors wrap those of Decode, or ErrSize.
func DecodeSized(encoded string, size int, max int64) (*List, error) {
	if size < 1 || size > MaxSize {
		return nil, fmt.Errorf("%w: %d bits", ErrSize, size)
	}
	bits, err := multibase(encoded, max)
	if err != nil {
		return nil, err
	}
	return sized(bits, size)
}

// decodeMultibase expands the encodedList of a Bitstring Status List.
func decodeMultibase(encoded string) ([]byte, error) { return multibase(encoded, MaxBytes) }

func multibase(encoded string, max int64) ([]byte, error) {
	text, ok := strings.CutPrefix(encoded, "u")
	if !ok {
		return nil, fmt.Errorf("%w: the list is not multibase base64url", ErrMalformed)
	}
	return expand(text, base64.RawURLEncoding, inflate.Gzip, max)
}

// sized returns the bits as a list of entries of size bits, if there are enough.
func sized(bits []byte, size int) (*List, error) {
	l := &List{bits: bits, size: size}
	if l.Len() < MinEntries {
		return nil, fmt.Errorf("%w: %d", ErrTooShort, l.Len())
	}
	return l, nil
}

// decode2021 expands the encodedList of a StatusList2021. Its drafts said
// base64 where its implementations wrote base64url, so both alphabets are
// read, with padding or without, but not mixed.
func decode2021(encoded string) ([]byte, error) {
	enc := base64.RawURLEncoding
	if strings.ContainsAny(encoded, "+/") {
		enc = base64.RawStdEncoding
	}
	text := strings.TrimRight(encoded, "=")
	if pad := len(encoded) - len(text); pad > 0 && (pad > 2 || len(encoded)%4 != 0) {
		return nil, fmt.Errorf("%w: padding of the list", ErrMalformed)
	}
	return expand(text, enc, inflate.Gzip, MaxBytes)
}

// expand decodes text and decompresses what it holds to at most max bytes.
func expand(text string, enc *base64.Encoding, decompress func([]byte, int64) ([]byte, error), max int64) ([]byte, error) {
	if max <= 0 || max > MaxBytes {
		max = MaxBytes
	}
	// Deflate adds at most a header and five bytes per 32 KiB to what it cannot
	// press.
	if int64(enc.DecodedLen(len(text))) > max+max/4096+64 {
		return nil, fmt.Errorf("%w: %d characters", ErrTooLarge, len(text))
	}
	if strings.IndexByte(text, '\n') >= 0 || strings.IndexByte(text, '\r') >= 0 { // which encoding/base64 skips
		return nil, fmt.Errorf("%w: line break in the list", ErrMalformed)
	}
	packed, err := enc.Strict().DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	bits, err := decompress(packed, max)
	switch {
	case errors.Is(err, inflate.ErrTooLarge):
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, max)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return bits, nil
}
