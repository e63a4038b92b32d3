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
	// smallOrder holds the y coordinates of the eight points whose order divides
	// eight: 1, -1, 0 and the two of order eight.
	smallOrder = []*big.Int{
		big.NewInt(1),
		new(big.Int).Sub(fieldPrime, big.NewInt(1)),
		big.NewInt(0),
		orderEight,
		new(big.Int).Sub(fieldPrime, orderEight),
	}
	orderEight, _ = new(big.Int).SetString("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7", 16)
)

// CheckEd25519 reports, as an error that wraps ErrKey, a public key that no
// honest generator makes: wrong length, y not reduced, not on the curve, or of
// small order (for such a key, one signature fits many messages).
func CheckEd25519(key ed25519.PublicKey) error {
	if len(key) != ed25519.PublicKeySize {
		return fmt.Errorf("%w: Ed25519 key of %d bytes instead of %d", ErrKey, len(key), ed25519.PublicKeySize)
	}
	y := pointY(key)
	if y.Cmp(fieldPrime) >= 0 {
		return fmt.Errorf("%w: Ed25519 point in non-canonical form", ErrKey)
	}
	if isSmallOrder(y) {
		return fmt.Errorf("%w: Ed25519 point of small order", ErrKey)
	}
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
	if len(sig) != ed25519.SignatureSize || CheckEd25519(key) != nil {
		return false
	}
	// crypto/ed25519 compares R as bytes with a canonical encoding and refuses
	// S that is not reduced, but takes an R of small order.
	if isSmallOrder(pointY(sig[:32])) {
		return false
	}
	return ed25519.Verify(key, message, sig)
}

// pointY returns the y coordinate of a 32-byte encoded point, as written.
func pointY(encoded []byte) *big.Int {
	b := slices.Clone(encoded)
	slices.Reverse(b)
	b[0] &= 0x7f // the sign of x
	return new(big.Int).SetBytes(b)
}

func isSmallOrder(y *big.Int) bool {
	return slices.ContainsFunc(smallOrder, func(s *big.Int) bool { return s.Cmp(y) == 0 })
}
