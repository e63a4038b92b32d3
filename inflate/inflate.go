// Package inflate is the only place where compressed data is expanded.
//
// A few kilobytes can stand for gigabytes, so every caller names the size it
// is prepared to hold, and the output never grows past it. Deflate cannot
// expand by more than a factor of about 1,032, so limiting the input limits
// the work too. Data after the end of the stream, and a second gzip member,
// are refused: other readers would disagree about what the file says.
//
// The decoder is our own (ADR 16). It works on the whole input at once and
// gives out nothing before the checksum of the container has been compared.
package inflate

import (
	"errors"
	"fmt"
)

var (
	// ErrTooLarge says that the data expands beyond the caller's limit.
	ErrTooLarge = errors.New("inflate: the data expands beyond the limit")
	// ErrTrailing says that something follows the end of the compressed stream.
	ErrTrailing = errors.New("inflate: unexpected data after the compressed stream")
	// ErrCorrupt says that the data is not a complete stream with a right checksum.
	ErrCorrupt = errors.New("inflate: damaged or incomplete data")
)

// What is wrong with damaged data. These are made once: damaged data is met in
// numbers when somebody tries.
var (
	errHeader     = corrupt("header")
	errShort      = corrupt("the data ends too early")
	errChecksum   = corrupt("checksum or length")
	errBlock      = corrupt("reserved kind of block")
	errStored     = corrupt("length of a stored block")
	errCodes      = corrupt("set of codes")
	errSymbol     = corrupt("code without meaning")
	errTooFar     = corrupt("distance before the beginning")
	errDictionary = corrupt("preset dictionary")
)

func corrupt(what string) error { return fmt.Errorf("%w: %s", ErrCorrupt, what) }
