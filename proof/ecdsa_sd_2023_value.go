package proof

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/roundel/roundel/multikey"
)

// The proofValue of ecdsa-sd-2023 is CBOR in base64url: a tag that says whether
// the proof is a base proof, for the holder, or a derived one, for verifiers,
// and an array of five things (vc-di-ecdsa 1.0, sections 3.5.2 to 3.5.8).

const (
	tagBase    = 0x5d00
	tagDerived = 0x5d01

	sdSignatureBytes = 64 // P-256: r and s
	sdKeyBytes       = 35 // Multikey: header and compressed point
	sdSecretBytes    = 32 // HMAC-SHA-256: its key, and what it gives
)

// maxSignatures bounds the statements of one document that can be shown or held
// back: each costs a signature, some 70 µs to check.
const maxSignatures = 10_000

// baseValue is what a base proof holds.
type baseValue struct {
	signature  []byte   // the issuer's
	publicKey  []byte   // of the key pair that was made for this proof
	hmacKey    []byte   // the holder's to keep: it tells hidden statements
	signatures [][]byte // one for each statement that is not mandatory, in order
	mandatory  []string // JSON pointers
}

// derivedValue is what a derived proof holds.
type derivedValue struct {
	signature  []byte
	publicKey  []byte
	signatures [][]byte
	labels     map[uint64][]byte // from n of the canonical label c14n<n> to what the issuer calls the node
	mandatory  []uint64          // places of the mandatory statements, ascending
}

func (v *baseValue) encode() string {
	b := appendHead(nil, 6, tagBase)
	b = appendHead(b, 4, 5)
	for _, part := range [][]byte{v.signature, v.publicKey, v.hmacKey} {
		b = appendBytes(b, part)
	}
	b = appendByteArray(b, v.signatures)
	b = appendHead(b, 4, uint64(len(v.mandatory)))
	for _, p := range v.mandatory {
		b = append(appendHead(b, 3, uint64(len(p))), p...)
	}
	return "u" + base64.RawURLEncoding.EncodeToString(b)
}

func (v *derivedValue) encode() string {
	b := appendHead(nil, 6, tagDerived)
	b = appendHead(b, 4, 5)
	b = appendBytes(appendBytes(b, v.signature), v.publicKey)
	b = appendByteArray(b, v.signatures)
	b = appendHead(b, 5, uint64(len(v.labels)))
	for _, n := range slices.Sorted(maps.Keys(v.labels)) {
		b = appendBytes(appendHead(b, 0, n), v.labels[n])
	}
	b = appendHead(b, 4, uint64(len(v.mandatory)))
	for _, n := range v.mandatory {
		b = appendHead(b, 0, n)
	}
	return "u" + base64.RawURLEncoding.EncodeToString(b)
}

func appendByteArray(b []byte, list [][]byte) []byte {
	b = appendHead(b, 4, uint64(len(list)))
	for _, item := range list {
		b = appendBytes(b, item)
	}
	return b
}

func appendBytes(b, value []byte) []byte {
	return append(appendHead(b, 2, uint64(len(value))), value...)
}

// appendHead writes the first bytes of a CBOR item (RFC 8949, section 3) in the
// shortest form.
func appendHead(b []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n < 1<<8:
		return append(b, major|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	default:
		return binary.BigEndian.AppendUint64(append(b, major|27), n)
	}
}

// openValue decodes the text of a proofValue and reads its tag.
func openValue(value string) (r *cborReader, tag uint64, err error) {
	if value == "" || value[0] != 'u' {
		return nil, 0, fmt.Errorf("%w: proofValue is not in base64url", ErrMalformed)
	}
	b, err := multikey.DecodeMultibase(value, maxSignedBytes)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: proofValue: %w", ErrMalformed, err)
	}
	r = &cborReader{rest: b}
	tag = r.head(6)
	if r.bad || tag != tagBase && tag != tagDerived {
		return nil, 0, fmt.Errorf("%w: proofValue is of no kind of ecdsa-sd-2023", ErrMalformed)
	}
	return r, tag, nil
}

// parseBase reads the proofValue of a base proof ("parseBaseProofValue",
// section 3.5.3).
func parseBase(value string) (*baseValue, error) {
	r, tag, err := openValue(value)
	if err != nil {
		return nil, err
	}
	if tag != tagBase {
		return nil, fmt.Errorf("%w: the proof is derived already, not a base proof", ErrMalformed)
	}
	v := &baseValue{}
	r.five()
	v.signature, v.publicKey, v.hmacKey = r.bytes(sdSignatureBytes), r.bytes(sdKeyBytes), r.bytes(sdSecretBytes)
	v.signatures = r.signatures()
	for n := r.count(4, 1, maxPointers); n > 0 && !r.bad; n-- {
		v.mandatory = append(v.mandatory, r.text())
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	return v, nil
}

// parseDerived reads the proofValue of a derived proof ("parseDerivedProofValue",
// section 3.5.8). Places that are not in ascending order, and two nodes with one
// name, are refused: either would let a holder make one statement into several.
func parseDerived(value string) (*derivedValue, error) {
	r, tag, err := openValue(value)
	if err != nil {
		return nil, err
	}
	if tag != tagDerived {
		return nil, ErrBaseProof
	}
	v := &derivedValue{labels: map[uint64][]byte{}}
	r.five()
	v.signature, v.publicKey = r.bytes(sdSignatureBytes), r.bytes(sdKeyBytes)
	v.signatures = r.signatures()
	names := map[string]bool{}
	for n := r.count(5, 1+2+sdSecretBytes, maxSignatures); n > 0 && !r.bad; n-- {
		label, name := r.head(0), r.bytes(sdSecretBytes)
		if _, twice := v.labels[label]; twice || names[string(name)] {
			r.bad = true
			break
		}
		v.labels[label], names[string(name)] = name, true
	}
	for n := r.count(4, 1, maxMandatory); n > 0 && !r.bad; n-- {
		place := r.head(0)
		if k := len(v.mandatory); k > 0 && place <= v.mandatory[k-1] {
			r.bad = true
			break
		}
		v.mandatory = append(v.mandatory, place)
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	return v, nil
}

// maxMandatory bounds the mandatory statements of one document; they cost no
// signature of their own.
const maxMandatory = 1_000_000

// cborReader reads the few kinds of CBOR item that a proofValue is made of. What
// else there is (other types, indefinite lengths, numbers longer than they must
// be, more bytes than announced) sets bad, which stays.
type cborReader struct {
	rest []byte
	bad  bool
}

// head reads the first bytes of an item of this major type.
func (r *cborReader) head(major byte) uint64 {
	if r.bad || len(r.rest) == 0 || r.rest[0]>>5 != major {
		r.bad = true
		return 0
	}
	info := r.rest[0] & 31
	r.rest = r.rest[1:]
	if info < 24 {
		return uint64(info)
	}
	size := 1 << (info - 24)
	if info > 27 || len(r.rest) < size {
		r.bad = true
		return 0
	}
	n := uint64(0)
	for _, c := range r.rest[:size] {
		n = n<<8 | uint64(c)
	}
	r.rest = r.rest[size:]
	r.bad = size == 1 && n < 24 || size > 1 && n>>(4*size) == 0
	return n
}

// five reads the head of an array of five.
func (r *cborReader) five() {
	if r.head(4) != 5 {
		r.bad = true
	}
}

// count reads the head of an array or map with at most limit items, each of at
// least size bytes, so that nobody makes room for items that are not there.
func (r *cborReader) count(major byte, size, limit int) int {
	n := r.head(major)
	if r.bad || n > uint64(limit) || int(n)*size > len(r.rest) {
		r.bad = true
		return 0
	}
	return int(n)
}

// take returns the next n bytes.
func (r *cborReader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// bytes reads a byte string of exactly size bytes.
func (r *cborReader) bytes(size uint64) []byte {
	if r.head(2) != size {
		r.bad = true
	}
	return r.take(size)
}

func (r *cborReader) text() string {
	b := r.take(r.head(3))
	if !utf8.Valid(b) {
		r.bad = true
	}
	return string(b)
}

func (r *cborReader) signatures() [][]byte {
	n := r.count(4, 2+sdSignatureBytes, maxSignatures)
	list := make([][]byte, 0, n)
	for ; n > 0 && !r.bad; n-- {
		list = append(list, r.bytes(sdSignatureBytes))
	}
	return list
}

// end insists that everything was read, and was right.
func (r *cborReader) end() error {
	if r.bad || len(r.rest) > 0 {
		return fmt.Errorf("%w: the CBOR in proofValue is not what ecdsa-sd-2023 puts there", ErrMalformed)
	}
	return nil
}

// sdPublicKey reads the key that signed the single statements.
func sdPublicKey(b []byte) (*ecdsa.PublicKey, error) {
	key, err := multikey.DecodePublic(multikey.EncodeMultibase(b))
	if err != nil {
		return nil, fmt.Errorf("%w: the key in proofValue: %w", ErrMalformed, err)
	}
	public, ok := key.(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: the key in proofValue is not on P-256", ErrMalformed)
	}
	return public, nil
}
