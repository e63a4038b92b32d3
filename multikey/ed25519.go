package multikey

import (
	"crypto/ed25519"
	"fmt"
	"math/big"
	"slices"
)

var (
	// fieldPrime is 2^255 - 19.
	fieldPrime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	// curveD is -121665/121666 modulo fieldPrime (RFC 8032, section 5.1).
	curveD = func() *big.Int {
		d := new(big.Int).ModInverse(big.NewInt(121666), fieldPrime)
		d.Mul(d, big.NewInt(-121665))
		return d.Mod(d, fieldPrime)
	}()
	orderEight, _ = new(big.Int).SetString("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7", 16)
	// smallOrder holds the y coordinates, as 32 bytes with the least significant
	// first, of the eight points whose order divides eight: 1, -1, 0 and the two of
	// order eight.
	smallOrder = [5][32]byte{
		encodeY(big.NewInt(1)),
		encodeY(new(big.Int).Sub(fieldPrime, big.NewInt(1))),
		encodeY(big.NewInt(0)),
		encodeY(orderEight),
		encodeY(new(big.Int).Sub(fieldPrime, orderEight)),
	}
)

// CheckEd25519 reports, as an error that wraps ErrKey, a public key that no
// honest generator makes: wrong length, y not reduced, not on the curve, or of
// small order (for such a key, one signature fits many messages).
func CheckEd25519(key ed25519.PublicKey) error {
	if len(key) != ed25519.PublicKeySize {
		return fmt.Errorf("%w: Ed25519 key of %d bytes instead of %d", ErrKey, len(key), ed25519.PublicKeySize)
	}
	if !isReduced(key) {
		return fmt.Errorf("%w: Ed25519 point in non-canonical form", ErrKey)
	}
	if isSmallOrder(key) {
		return fmt.Errorf("%w: Ed25519 point of small order", ErrKey)
	}
	y := pointY(key)
	// x² = (y²-1)/(d·y²+1) has a root if and only if (y²-1)·(d·y²+1) has one.
	// x is not zero here, since y = 1 and y = -1 are of small order, so either
	// sign bit is right.
	one := big.NewInt(1)
	yy := new(big.Int).Mul(y, y)
	u := new(big.Int).Sub(yy, one)
	v := yy.Mul(yy, curveD)
	v.Add(v, one)
	u.Mul(u, v).Mod(u, fieldPrime)
	if big.Jacobi(u, fieldPrime) != 1 {
		return fmt.Errorf("%w: not a point of Ed25519's curve", ErrKey)
	}
	return nil
}

// VerifyEd25519 reports whether sig is key's signature over message, by the
// strictest reading of RFC 8032: the equation without cofactor, S reduced, and
// both the key and R canonical and not of small order. It is the rule that
// other libraries call "strict"; every signature made by an honest signer
// passes, and one that passes does so with any other verifier.
func VerifyEd25519(key ed25519.PublicKey, message, sig []byte) bool {
	if len(key) != ed25519.PublicKeySize || len(sig) != ed25519.SignatureSize {
		return false
	}
	// crypto/ed25519 refuses keys that are not on the curve, an S that is not
	// reduced, and an R that is not written as it writes the point itself; but it
	// takes points of small order, and keys that are not reduced.
	if !isReduced(key) || isSmallOrder(key) || isSmallOrder(sig[:32]) {
		return false
	}
	return ed25519.Verify(key, message, sig)
}

// isReduced tells whether the y coordinate of a 32-byte encoded point is less
// than 2^255 - 19.
func isReduced(encoded []byte) bool {
	if encoded[31]&0x7f != 0x7f || encoded[0] < 0xed {
		return true
	}
	for _, b := range encoded[1:31] {
		if b != 0xff {
			return true
		}
	}
	return false
}

// isSmallOrder tells whether a 32-byte encoded point, whatever its sign, is one
// of those whose order divides eight. Only their canonical forms are known.
func isSmallOrder(encoded []byte) bool {
	y := [32]byte(encoded)
	y[31] &= 0x7f // the sign of x
	for i := range smallOrder {
		if y == smallOrder[i] {
			return true
		}
	}
	return false
}

// pointY returns the y coordinate of a 32-byte encoded point, as written.
func pointY(encoded []byte) *big.Int {
	b := slices.Clone(encoded)
	slices.Reverse(b)
	b[0] &= 0x7f // the sign of x
	return new(big.Int).SetBytes(b)
}

// encodeY is the other way round.
func encodeY(y *big.Int) (b [32]byte) {
	y.FillBytes(b[:])
	slices.Reverse(b[:])
	return b
}
