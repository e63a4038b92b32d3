// Package inflate is the only place where compressed data is expanded.
//
// A few kilobytes can stand for gigabytes, so every caller names the size it
// is prepared to hold, and the output never grows past it. Deflate cannot
// expand by more than a factor of about 1,032, so limiting the input limits
// the work too. Data after the end of the stream, and a second gzip member,
// are refused: other readers would disagree about what the file says.
package inflate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
)

var (
	// ErrTooLarge says that the data expands beyond the caller's limit.
	ErrTooLarge = errors.New("inflate: the data expands beyond the limit")
	// ErrTrailing says that something follows the end of the compressed stream.
	ErrTrailing = errors.New("inflate: unexpected data after the compressed stream")
	// ErrCorrupt says that the data is not a complete stream with a right checksum.
	ErrCorrupt = errors.New("inflate: damaged or incomplete data")
)

// Gzip expands data (RFC 1952, exactly one member) to at most limit bytes.
// Errors are ErrTooLarge, ErrTrailing or ErrCorrupt, possibly wrapped.
func Gzip(data []byte, limit int64) ([]byte, error) {
	in := bytes.NewReader(data)
	r := readers.Get().(*gzip.Reader)
	defer readers.Put(r)
	if err := r.Reset(in); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	defer in.Reset(nil) // what is idle holds on to nobody's data
	r.Multistream(false)
	return expand(r, in, limit, claimed(data))
}

// readers are idle decompressors: their tables cost more to make than a small
// stream costs to expand.
var readers = sync.Pool{New: func() any { return new(gzip.Reader) }}

// claimed returns the size that a gzip stream says it expands to, as far as it
// can be true. Nothing rests on it but how much memory is set aside at first.
func claimed(data []byte) int64 {
	if len(data) < 4 {
		return 0
	}
	return min(int64(binary.LittleEndian.Uint32(data[len(data)-4:])), int64(len(data))*1032)
}

// Zlib expands data (RFC 1950, without preset dictionary) to at most limit
// bytes. Errors are as in Gzip.
func Zlib(data []byte, limit int64) ([]byte, error) {
	in := bytes.NewReader(data)
	r, err := zlib.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return expand(r, in, limit, 0)
}

// expand reads r to its end, which is where the checksum is compared. The
// readers take single bytes from in, so what in still holds is trailing data.
// likely is how much to expect.
func expand(r io.ReadCloser, in *bytes.Reader, limit, likely int64) ([]byte, error) {
	defer r.Close()
	if limit < 0 {
		return nil, ErrTooLarge
	}
	out := make([]byte, 0, min(likely, limit))
	probe := make([]byte, 1)
	for {
		room := out[len(out):min(int64(cap(out)), limit)]
		full := len(room) == 0
		if full { // most often this is the end: look before making room
			room = probe
		}
		n, err := r.Read(room)
		switch {
		case int64(len(out)+n) > limit:
			return nil, ErrTooLarge
		case full:
			out = append(out, room[:n]...)
		default:
			out = out[:len(out)+n]
		}
		switch {
		case err == io.EOF:
			return end(out, in)
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
	}
}

// end returns what was expanded, if nothing follows it.
func end(out []byte, in *bytes.Reader) ([]byte, error) {
	if in.Len() > 0 {
		return nil, ErrTrailing
	}
	return out, nil
}
