package inflate

import (
	"bytes"
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
)

// The flags of a gzip header (RFC 1952, section 2.3.1).
const (
	gzipHeaderCRC = 1 << 1
	gzipExtra     = 1 << 2
	gzipName      = 1 << 3
	gzipComment   = 1 << 4
	gzipReserved  = 0b111 << 5
)

// maxHeaderText bounds the name and the comment of a gzip header, each with
// the zero byte that ends it.
const maxHeaderText = 512

// Gzip expands data (RFC 1952, exactly one member) to at most limit bytes.
// Errors are ErrTooLarge, ErrTrailing or ErrCorrupt, possibly wrapped.
func Gzip(data []byte, limit int64) ([]byte, error) {
	head, err := gzipHeader(data)
	if err != nil {
		return nil, err
	}
	out, rest, err := expand(data[head:], limit, claimed(data))
	if err != nil {
		return nil, err
	}
	if len(rest) < 8 { // CRC-32 and length modulo 2³² (section 2.3.1)
		return nil, errShort
	}
	if binary.LittleEndian.Uint32(rest) != crc32.ChecksumIEEE(out) || binary.LittleEndian.Uint32(rest[4:]) != uint32(len(out)) {
		return nil, errChecksum
	}
	if len(rest) > 8 {
		return nil, ErrTrailing
	}
	return out, nil
}

// gzipHeader returns how long the header of a gzip member is (RFC 1952,
// section 2.3).
func gzipHeader(data []byte) (int, error) {
	if len(data) < 10 {
		return 0, errShort
	}
	flags := data[3]
	if data[0] != 0x1f || data[1] != 0x8b || data[2] != 8 || flags&gzipReserved != 0 {
		return 0, errHeader
	}
	n := 10
	if flags&gzipExtra != 0 {
		if len(data) < n+2 {
			return 0, errShort
		}
		n += 2 + int(binary.LittleEndian.Uint16(data[n:]))
		if len(data) < n {
			return 0, errShort
		}
	}
	for _, flag := range []byte{gzipName, gzipComment} {
		if flags&flag == 0 {
			continue
		}
		end := bytes.IndexByte(data[n:min(len(data), n+maxHeaderText)], 0)
		if end < 0 {
			return 0, errHeader
		}
		n += end + 1
	}
	if flags&gzipHeaderCRC != 0 {
		if len(data) < n+2 {
			return 0, errShort
		}
		if binary.LittleEndian.Uint16(data[n:]) != uint16(crc32.ChecksumIEEE(data[:n])) {
			return 0, errHeader
		}
		n += 2
	}
	return n, nil
}

// claimed returns the size that a gzip stream says it expands to. Nothing
// rests on it but how much memory is set aside, and little of that at first.
func claimed(data []byte) int {
	return int(min(binary.LittleEndian.Uint32(data[len(data)-4:]), 1<<31-1))
}

// Zlib expands data (RFC 1950, without preset dictionary) to at most limit
// bytes. Errors are as in Gzip.
func Zlib(data []byte, limit int64) ([]byte, error) {
	head, err := zlibHeader(data)
	if err != nil {
		return nil, err
	}
	out, rest, err := expand(data[head:], limit, 0)
	if err != nil {
		return nil, err
	}
	if len(rest) < 4 {
		return nil, errShort
	}
	if binary.BigEndian.Uint32(rest) != adler32.Checksum(out) {
		return nil, errChecksum
	}
	if len(rest) > 4 {
		return nil, ErrTrailing
	}
	return out, nil
}

// zlibHeader returns how long the header of a zlib stream is (RFC 1950,
// section 2.2). A dictionary may be named if it is the empty one, whose
// Adler-32 is 1.
func zlibHeader(data []byte) (int, error) {
	if len(data) < 2 {
		return 0, errShort
	}
	const deflate, maxWindow, dictionary = 8, 7, 1 << 5
	if data[0]&0x0f != deflate || data[0]>>4 > maxWindow || binary.BigEndian.Uint16(data)%31 != 0 {
		return 0, errHeader
	}
	if data[1]&dictionary == 0 {
		return 2, nil
	}
	if len(data) < 6 {
		return 0, errShort
	}
	if binary.BigEndian.Uint32(data[2:]) != 1 {
		return 0, errDictionary
	}
	return 6, nil
}
