package multikey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"fmt"
	"io"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// VerifyECDSA reports whether sig is key's signature over hash. sig is r and s,
// big-endian and padded with zeros to the length of the curve's order: 64 bytes
// for P-256, 96 for P-384 (IEEE P1363; RFC 7518, section 3.4; vc-di-ecdsa 1.0,
// section 3.2.6). hash is as long as SHA-256's for P-256 and SHA-384's for
// P-384, which are the only pairs in use.
//
// r and s must be at least 1 and less than the order, and the key a point on
// P-256 or P-384 other than the one at infinity; else the answer is false.
func VerifyECDSA(key *ecdsa.PublicKey, hash, sig []byte) bool {
	size := orderBytes(key)
	if size == 0 || len(sig) != 2*size || len(hash) != size {
		return false
	}
	// The standard library refuses zeros and what is not less than the order, and
	// keys that are not on the curve.
	return ecdsa.VerifyASN1(key, hash, toDER(sig))
}

// SignECDSA returns key's signature over hash in the form that VerifyECDSA
// takes. key.Public() must be an *ecdsa.PublicKey on P-256 or P-384, and hash
// must have the length that goes with the curve, 32 or 48 bytes; key itself may
// be a device that answers in ASN.1 DER, as crypto.Signer asks.
//
// Errors are the signer's, or wrap ErrUnsupported for another kind of key,
// ErrKey for none and for a hash of the wrong length, and ErrEncoding for an answer that is
// no signature in strict DER.
func SignECDSA(key crypto.Signer, rand io.Reader, hash []byte) ([]byte, error) {
	public, err := PublicOf(key)
	if err != nil {
		return nil, err
	}
	size := 0
	if k, ok := public.(*ecdsa.PublicKey); ok {
		size = orderBytes(k)
	}
	if size == 0 {
		return nil, fmt.Errorf("%w: %T does not sign on P-256 or P-384", ErrUnsupported, key)
	}
	h := crypto.SHA256
	if size == 48 {
		h = crypto.SHA384
	}
	if len(hash) != size {
		return nil, fmt.Errorf("%w: a hash of %d bytes where this key signs %d", ErrKey, len(hash), size)
	}
	der, err := key.Sign(rand, hash, h)
	if err != nil {
		return nil, err
	}
	return fromDER(der, size)
}

// orderBytes is the length of the curve's order in bytes, or 0 for what is no
// key on P-256 or P-384.
func orderBytes(key *ecdsa.PublicKey) int {
	switch {
	case CheckECDSA(key) != nil:
		return 0
	case key.Curve == elliptic.P256():
		return 32
	case key.Curve == elliptic.P384():
		return 48
	default:
		return 0
	}
}

// toDER writes r and s as SEQUENCE { INTEGER, INTEGER }.
func toDER(sig []byte) []byte {
	half := len(sig) / 2
	der := make([]byte, 2, len(sig)+8)
	der = appendInteger(der, sig[:half])
	der = appendInteger(der, sig[half:])
	der[0], der[1] = 0x30, byte(len(der)-2) // at most 102
	return der
}

// appendInteger appends an unsigned number as INTEGER.
func appendInteger(der, n []byte) []byte {
	for len(n) > 1 && n[0] == 0 {
		n = n[1:]
	}
	pad := int(n[0] >> 7) // or it would be negative
	der = append(der, 0x02, byte(pad+len(n)))
	if pad == 1 {
		der = append(der, 0)
	}
	return append(der, n...)
}

// fromDER reads a signature in DER, of which there is one spelling only, and
// writes r and s in size bytes each.
func fromDER(der []byte, size int) ([]byte, error) {
	input := cryptobyte.String(der)
	var inner cryptobyte.String
	r, s := new(big.Int), new(big.Int)
	if !input.ReadASN1(&inner, asn1.SEQUENCE) || !input.Empty() ||
		!inner.ReadASN1Integer(r) || !inner.ReadASN1Integer(s) || !inner.Empty() {
		return nil, fmt.Errorf("%w: not an ECDSA signature in DER", ErrEncoding)
	}
	if r.Sign() <= 0 || s.Sign() <= 0 || r.BitLen() > 8*size || s.BitLen() > 8*size {
		return nil, fmt.Errorf("%w: the numbers of an ECDSA signature are out of range", ErrEncoding)
	}
	sig := make([]byte, 2*size)
	r.FillBytes(sig[:size])
	s.FillBytes(sig[size:])
	return sig, nil
}
