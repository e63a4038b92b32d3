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
	"errors"
	"fmt"
	"io"

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
	r, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	r.Multistream(false)
	return expand(r, in, limit)
}

// Zlib expands data (RFC 1950, without preset dictionary) to at most limit
// bytes. Errors are as in Gzip.
func Zlib(data []byte, limit int64) ([]byte, error) {
	in := bytes.NewReader(data)
	r, err := zlib.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return expand(r, in, limit)
}

// expand reads r to its end, which is where the checksum is compared. The
// readers take single bytes from in, so what in still holds is trailing data.
func expand(r io.ReadCloser, in *bytes.Reader, limit int64) ([]byte, error) {
	defer r.Close()
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(onlyReader{r}, limit+1))
	switch {
	case n > limit:
		return nil, ErrTooLarge
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	case in.Len() > 0:
		return nil, ErrTrailing
	}
	return out.Bytes(), nil
}

// onlyReader hides WriteTo, through which a reader could write past the limit.
type onlyReader struct{ io.Reader }
