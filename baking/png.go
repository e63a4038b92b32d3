package baking

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/roundel/roundel/inflate"
)

var pngSignature = []byte("\x89PNG\r\n\x1a\n")

// Keywords of the text chunks that carry badges.
const (
	keywordOB3 = "openbadgecredential"
	keywordOB2 = "openbadges"
	keywordCLR = "clrcredential"
)

// Sizes in bytes to which a compressed text chunk may expand.
const (
	maxText   = 1 << 20
	maxRecord = 10 << 20 // for learner records
)

// chunk is one chunk of a PNG.
type chunk struct {
	start, end int // byte range in the file, length and CRC included
	kind, data []byte
}

// eachChunk calls do for every chunk of a PNG. It insists on IHDR first and
// IEND last with nothing behind it, because some readers look for text there
// and others do not, and with checkCRC on a right CRC in each.
func eachChunk(file []byte, checkCRC bool, do func(chunk) error) error {
	if !bytes.HasPrefix(file, pngSignature) {
		return malformed("not a PNG")
	}
	for at := len(pngSignature); ; {
		rest := file[at:]
		if len(rest) < 12 {
			return malformed("the PNG ends before its end marker")
		}
		n := int64(binary.BigEndian.Uint32(rest))
		if n+12 > int64(len(rest)) {
			return malformed("a PNG chunk is longer than the file")
		}
		c := chunk{start: at, end: at + int(n) + 12, kind: rest[4:8], data: rest[8 : 8+n]}
		if checkCRC && crc32.ChecksumIEEE(rest[4:8+n]) != binary.BigEndian.Uint32(rest[8+n:]) {
			return malformed("the checksum of the PNG chunk %q is wrong", c.kind)
		}
		if (at == len(pngSignature)) != (string(c.kind) == "IHDR") {
			return malformed("the PNG does not start with its one header")
		}
		if err := do(c); err != nil {
			return err
		}
		if at = c.end; string(c.kind) != "IEND" {
			continue
		}
		if at < len(file) {
			return malformed("data follows the end of the PNG")
		}
		return nil
	}
}

// keyword returns the keyword of a text chunk, nil for any other chunk.
func (c chunk) keyword() []byte {
	switch string(c.kind) {
	case "tEXt", "zTXt", "iTXt":
		k, _, _ := bytes.Cut(c.data[:min(len(c.data), 80)], []byte{0})
		return k
	}
	return nil
}

func (c chunk) carriesBadge() bool {
	k := string(c.keyword())
	return k == keywordOB3 || k == keywordOB2 || k == keywordCLR
}

func (c chunk) version() string {
	switch k := string(c.keyword()); {
	case k == keywordOB3:
		return Version3
	case k == keywordCLR:
		return VersionCLR
	case string(c.kind) == "iTXt":
		return Version2
	}
	return Version1
}

// text returns the text of a text chunk, expanded if it is compressed (PNG,
// third edition, section 11.3.3).
func (c chunk) text() ([]byte, error) {
	_, rest, ok := bytes.Cut(c.data, []byte{0})
	if !ok {
		return nil, malformed("the text chunk with the badge has no text")
	}
	compressed := false
	switch string(c.kind) {
	case "tEXt":
		return rest, nil
	case "zTXt":
		if len(rest) < 1 || rest[0] != 0 {
			return nil, malformed("the text chunk with the badge is compressed in an unknown way")
		}
		compressed, rest = true, rest[1:]
	case "iTXt":
		if len(rest) < 2 || rest[0] > 1 || rest[1] != 0 {
			return nil, malformed("the text chunk with the badge is compressed in an unknown way")
		}
		compressed, rest = rest[0] == 1, rest[2:]
		for range 2 { // language tag, translated keyword
			if _, rest, ok = bytes.Cut(rest, []byte{0}); !ok {
				return nil, malformed("the text chunk with the badge is incomplete")
			}
		}
	}
	if !compressed {
		return rest, nil
	}
	limit := int64(maxText)
	if c.version() == VersionCLR {
		limit = maxRecord
	}
	text, err := inflate.Zlib(rest, limit)
	if err != nil {
		return nil, malformed("the compressed badge cannot be read: %w", err)
	}
	return text, nil
}

func extractPNG(file []byte) (*Baked, error) {
	var found chunk
	err := eachChunk(file, true, func(c chunk) error {
		switch {
		case !c.carriesBadge():
		case found.kind != nil:
			return ErrAmbiguous
		default:
			found = c
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if found.kind == nil {
		return nil, ErrNotBaked
	}
	text, err := found.text()
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, malformed("the badge in the picture is empty")
	}
	return &Baked{Format: PNG, Version: found.version(), Credential: slices.Clone(text), JWT: isJWT(text)}, nil
}

// afterHeader is the length of a PNG's signature and header chunk, behind which
// the badge goes.
const afterHeader = 8 + 25

// PNGPicture is a PNG that has been read once, for baking into it many times.
// It is safe for concurrent use.
type PNGPicture struct {
	parts [][]byte // of the file, without badges; the first ends behind the header
	size  int
}

// ReadPNG reads a PNG and leaves out the badges that it carries. The picture
// refers to file, which must not change afterwards. The checksums of the chunks
// are compared. Errors wrap ErrMalformed.
func ReadPNG(file []byte) (*PNGPicture, error) { return readPNG(file, true) }

func readPNG(file []byte, checkCRC bool) (*PNGPicture, error) {
	p := &PNGPicture{parts: make([][]byte, 0, 2)}
	keep := 0 // start of what is to be kept and not in parts yet
	err := eachChunk(file, checkCRC, func(c chunk) error {
		first := c.start == len(pngSignature)
		switch {
		case first && c.end != afterHeader:
			return malformed("the header of the PNG has not its size")
		case first:
			p.parts, keep = append(p.parts, file[:c.end]), c.end
		case c.carriesBadge():
			p.parts, keep = append(p.parts, file[keep:c.start]), c.end
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.parts = append(p.parts, file[keep:])
	for _, part := range p.parts {
		p.size += len(part)
	}
	return p, nil
}

// Append appends to dst the picture with credential in it, as Bake does, and
// returns the longer slice. Errors wrap ErrCredential.
func (p *PNGPicture) Append(dst, credential []byte, version string) ([]byte, error) {
	kind, err := checkContent(credential, version)
	if err != nil {
		return dst, err
	}
	if version == Version1 && kind == contentJSON && !isASCII(credential) {
		return dst, fmt.Errorf("%w: before 2.0, characters beyond ASCII must be written as escapes", ErrCredential)
	}
	dst = slices.Grow(dst, p.size+len(credential)+64)
	dst = append(dst, p.parts[0]...)
	dst = appendText(dst, credential, version)
	for _, part := range p.parts[1:] {
		dst = append(dst, part...)
	}
	return dst, nil
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// AppendPNG appends to dst what Bake returns for a PNG, and returns the longer
// slice.
func AppendPNG(dst, png, credential []byte, version string) ([]byte, error) {
	// The checksums of chunks that are kept are kept with them; only a reader
	// needs to know whether they are right.
	p, err := readPNG(png, false)
	if err != nil {
		return dst, err
	}
	return p.Append(dst, credential, version)
}

// appendText appends the chunk that carries text: iTXt with keyword, no
// compression, no language, no translated keyword; before 2.0 a tEXt.
func appendText(dst, text []byte, version string) []byte {
	head := "iTXt" + keywordOB3 + "\x00\x00\x00\x00\x00"
	switch version {
	case Version1:
		head = "tEXt" + keywordOB2 + "\x00"
	case Version2:
		head = "iTXt" + keywordOB2 + "\x00\x00\x00\x00\x00"
	case VersionCLR:
		head = "iTXt" + keywordCLR + "\x00\x00\x00\x00\x00"
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(head)-4+len(text)))
	start := len(dst)
	dst = append(append(dst, head...), text...)
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start:]))
}
