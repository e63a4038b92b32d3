package baking

import (
	"bytes"
	"encoding/binary"
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

// chunk is one chunk of a PNG: its whole bytes, CRC included, and its parts.
type chunk struct {
	raw, data []byte
	kind      string
}

// readPNG splits a PNG into its chunks. It insists on a right CRC in each, on
// IHDR first, and on IEND last with nothing behind it, because some readers
// look for text there and others do not.
func readPNG(file []byte) ([]chunk, error) {
	rest, ok := bytes.CutPrefix(file, pngSignature)
	if !ok {
		return nil, malformed("not a PNG")
	}
	var chunks []chunk
	for {
		if len(rest) < 12 {
			return nil, malformed("the PNG ends before its end marker")
		}
		n := binary.BigEndian.Uint32(rest)
		if uint64(n)+12 > uint64(len(rest)) {
			return nil, malformed("a PNG chunk is longer than the file")
		}
		c := chunk{raw: rest[:n+12], kind: string(rest[4:8]), data: rest[8 : 8+n]}
		if crc32.ChecksumIEEE(rest[4:8+n]) != binary.BigEndian.Uint32(rest[8+n:]) {
			return nil, malformed("the checksum of the PNG chunk %q is wrong", c.kind)
		}
		if (len(chunks) == 0) != (c.kind == "IHDR") {
			return nil, malformed("the PNG does not start with its one header")
		}
		chunks, rest = append(chunks, c), rest[n+12:]
		if c.kind != "IEND" {
			continue
		}
		if len(rest) > 0 {
			return nil, malformed("data follows the end of the PNG")
		}
		return chunks, nil
	}
}

// keyword returns the keyword of a text chunk, "" for any other chunk.
func (c chunk) keyword() string {
	switch c.kind {
	case "tEXt", "zTXt", "iTXt":
		k, _, _ := bytes.Cut(c.data, []byte{0})
		return string(k)
	}
	return ""
}

func (c chunk) carriesBadge() bool {
	k := c.keyword()
	return k == keywordOB3 || k == keywordOB2 || k == keywordCLR
}

// text returns the text of a text chunk, expanded if it is compressed (PNG,
// third edition, section 11.3.3).
func (c chunk) text() ([]byte, error) {
	_, rest, ok := bytes.Cut(c.data, []byte{0})
	if !ok {
		return nil, malformed("the text chunk with the badge has no text")
	}
	compressed := false
	switch c.kind {
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
	text, err := inflate.Zlib(rest, maxText)
	if err != nil {
		return nil, malformed("the compressed badge cannot be read: %w", err)
	}
	return text, nil
}

func extractPNG(file []byte) (*Baked, error) {
	chunks, err := readPNG(file)
	if err != nil {
		return nil, err
	}
	var found *chunk
	for i := range chunks {
		if !chunks[i].carriesBadge() {
			continue
		}
		if found != nil {
			return nil, ErrAmbiguous
		}
		found = &chunks[i]
	}
	if found == nil {
		return nil, ErrNotBaked
	}
	text, err := found.text()
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, malformed("the badge in the picture is empty")
	}
	b := &Baked{Format: PNG, Credential: slices.Clone(text), JWT: isJWT(text)}
	switch {
	case found.keyword() == keywordOB3:
		b.Version = Version3
	case found.keyword() == keywordCLR:
		b.Version = VersionCLR
	case found.kind == "iTXt":
		b.Version = Version2
	default:
		b.Version = Version1
	}
	return b, nil
}

// BakePNG returns png with credential in an uncompressed iTXt chunk directly
// after the header. A badge that png already carries, of any version, is
// replaced; every other chunk is kept byte for byte.
//
// credential is a JSON object or a compact JWS, kept byte for byte. Errors are
// ErrMalformed and ErrCredential, wrapped.
func BakePNG(png, credential []byte) ([]byte, error) {
	if _, err := checkCredential(credential); err != nil {
		return nil, err
	}
	chunks, err := readPNG(png)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(png)+len(credential)+64)
	out = append(out, pngSignature...)
	out = append(out, chunks[0].raw...)
	out = appendText(out, credential)
	for _, c := range chunks[1:] {
		if !c.carriesBadge() {
			out = append(out, c.raw...)
		}
	}
	return out, nil
}

// appendText appends the iTXt chunk that carries text: keyword, no compression,
// no language, no translated keyword.
func appendText(out, text []byte) []byte {
	data := slices.Concat([]byte("iTXt"+keywordOB3+"\x00\x00\x00\x00\x00"), text)
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)-4))
	out = append(out, data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(data))
}
