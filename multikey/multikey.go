package multikey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"fmt"
)

var (
	// ErrKey is what every error about a key wraps that is well encoded but not a
	// key we accept: wrong length, or a point that is not on the curve.
	ErrKey = errors.New("not an acceptable key")
	// ErrUnsupported is for kinds of key that this package does not know, and so
	// cannot judge. Errors that wrap it do not wrap ErrKey.
	ErrUnsupported = errors.New("kind of key not supported")
)

const (
	// maxKeyBytes bounds what is decoded at all: the longest form here is a P-384
	// point with its header, 51 bytes.
	maxKeyBytes = 64
	maxKeyText  = 90 // characters, a little more than maxKeyBytes need
)

// The multicodec headers, as unsigned varints (Controlled Identifiers 1.0,
// section 2.2.2, table of Multikey headers).
var (
	headerEd25519Public  = [2]byte{0xed, 0x01}
	headerP256Public     = [2]byte{0x80, 0x24}
	headerP384Public     = [2]byte{0x81, 0x24}
	headerEd25519Private = [2]byte{0x80, 0x26}
	headerP256Private    = [2]byte{0x86, 0x26}
	headerP384Private    = [2]byte{0x87, 0x26}
)

// EncodePublic returns key as a Multikey: z6Mk… for an ed25519.PublicKey,
// zDna… and z82L… for an *ecdsa.PublicKey on P-256 and P-384.
//
// Keys of other types give an error that wraps ErrUnsupported; keys that
// DecodePublic would refuse, one that wraps ErrKey.
func EncodePublic(key crypto.PublicKey) (string, error) {
	switch k := key.(type) {
	case ed25519.PublicKey:
		if err := CheckEd25519(k); err != nil {
			return "", err
		}
		return EncodeMultibase(append(headerEd25519Public[:], k...)), nil
	case *ecdsa.PublicKey:
		header, point, err := compress(k)
		if err != nil {
			return "", err
		}
		return EncodeMultibase(append(header[:], point...)), nil
	default:
		return "", fmt.Errorf("%w: %T", ErrUnsupported, key)
	}
}

// DecodePublic reads a public Multikey and returns an ed25519.PublicKey or an
// *ecdsa.PublicKey on P-256 or P-384.
//
// Only base58btc ("z") is accepted, as the cryptosuites require. Errors wrap
// ErrEncoding, ErrKey or ErrUnsupported. What is accepted encodes back to the same text.
func DecodePublic(s string) (crypto.PublicKey, error) {
	header, body, err := split(s)
	if err != nil {
		return nil, err
	}
	switch header {
	case headerEd25519Public:
		key := ed25519.PublicKey(body)
		if err := CheckEd25519(key); err != nil {
			return nil, err
		}
		return key, nil
	case headerP256Public:
		return decompress(elliptic.P256(), body)
	case headerP384Public:
		return decompress(elliptic.P384(), body)
	case headerEd25519Private, headerP256Private, headerP384Private:
		return nil, fmt.Errorf("%w: this is a private key where a public one belongs", ErrKey)
	default:
		return nil, fmt.Errorf("%w: multicodec header %x is not one of Ed25519, P-256, P-384", ErrUnsupported, header[:])
	}
}

// split decodes multibase and takes the two header bytes off.
func split(s string) (header [2]byte, body []byte, err error) {
	if s == "" || s[0] != 'z' {
		return header, nil, fmt.Errorf("%w: a Multikey starts with z", ErrEncoding)
	}
	if len(s) > maxKeyText {
		return header, nil, fmt.Errorf("%w: a text of %d characters holds no Ed25519, P-256 or P-384 key", ErrUnsupported, len(s))
	}
	b, err := Base58Decode(s[1:], maxKeyBytes)
	if err != nil {
		return header, nil, err
	}
	if len(b) < len(header) {
		return header, nil, fmt.Errorf("%w: too short to hold a key", ErrKey)
	}
	return [2]byte(b), b[2:], nil
}

// compress returns the header and the compressed point (SEC 1, section 2.3.3)
// of an ECDSA key.
func compress(k *ecdsa.PublicKey) (header [2]byte, point []byte, err error) {
	if err := CheckECDSA(k); err != nil {
		return header, nil, err
	}
	switch k.Curve {
	case elliptic.P256():
		header = headerP256Public
	case elliptic.P384():
		header = headerP384Public
	default:
		return header, nil, fmt.Errorf("%w: ECDSA key on a curve other than P-256 and P-384", ErrUnsupported)
	}
	full, err := k.Bytes()
	if err != nil {
		return header, nil, fmt.Errorf("%w: %v", ErrKey, err)
	}
	size := (len(full) - 1) / 2
	point = make([]byte, 1+size)
	point[0] = 2 + full[len(full)-1]&1
	copy(point[1:], full[1:1+size])
	return header, point, nil
}

// decompress reads a compressed point and insists that it lies on the curve.
func decompress(curve elliptic.Curve, point []byte) (*ecdsa.PublicKey, error) {
	name := curve.Params().Name
	size := (curve.Params().BitSize + 7) / 8
	if len(point) != 1+size {
		return nil, fmt.Errorf("%w: %s key of %d bytes instead of %d", ErrKey, name, len(point), 1+size)
	}
	x, y := elliptic.UnmarshalCompressed(curve, point)
	if x == nil {
		return nil, fmt.Errorf("%w: not a compressed point on %s", ErrKey, name)
	}
	full := make([]byte, 1+2*size)
	full[0] = 4
	x.FillBytes(full[1 : 1+size])
	y.FillBytes(full[1+size:])
	return parsePoint(curve, full)
}

// parsePoint reads an uncompressed point.
func parsePoint(curve elliptic.Curve, full []byte) (*ecdsa.PublicKey, error) {
	key, err := ecdsa.ParseUncompressedPublicKey(curve, full)
	if err != nil {
		return nil, fmt.Errorf("%w: not a point on %s", ErrKey, curve.Params().Name)
	}
	return key, nil
}
