package multikey

import (
	"crypto"
	"crypto/rsa"
	"fmt"
	"math/big"
)

const (
	minRSABits = 2048 // RFC 7518, section 3.3
	maxRSABits = 8192 // longer ones only cost a verifier time
)

// CheckRSA reports an RSA public key that is not for use: as an error that
// wraps ErrUnsupported, one of fewer than 2048 or more than 8192 bits; as one
// that wraps ErrKey, an even modulus or an exponent that is even, below 3 or
// above 2^31-1, or a modulus of the
// smart cards whose keys can be factored (CVE-2017-15361, "ROCA").
func CheckRSA(key *rsa.PublicKey) error {
	if key == nil || key.N == nil || key.N.Sign() <= 0 {
		return fmt.Errorf("%w: RSA key without a modulus", ErrKey)
	}
	if bits := key.N.BitLen(); bits < minRSABits || bits > maxRSABits {
		return fmt.Errorf("%w: RSA key of %d bits, where %d to %d are allowed", ErrUnsupported, bits, minRSABits, maxRSABits)
	}
	if key.N.Bit(0) == 0 {
		return fmt.Errorf("%w: RSA modulus is even", ErrKey)
	}
	if hasROCA(key.N) {
		return fmt.Errorf("%w: RSA key of a generator whose keys can be factored (CVE-2017-15361)", ErrKey)
	}
	if key.E < 3 || key.E&1 == 0 || int64(key.E) > 1<<31-1 {
		return fmt.Errorf("%w: RSA exponent %d is even, below 3 or above 2^31-1", ErrKey, key.E)
	}
	return nil
}

// rsa reads n and e (RFC 7518, section 6.3.1), each in the fewest bytes.
func (k jwk) rsa() (crypto.PublicKey, error) {
	if err := k.forAlg("RS256"); err != nil {
		return nil, err
	}
	n, err := k.number("n", maxRSABits/8)
	if err != nil {
		return nil, err
	}
	e, err := k.number("e", 4)
	if err != nil {
		return nil, err
	}
	key := &rsa.PublicKey{N: n, E: int(e.Int64())}
	if err := CheckRSA(key); err != nil {
		return nil, err
	}
	return key, nil
}

// number reads a Base64urlUInt of at most max bytes (RFC 7518, section 2).
func (k jwk) number(name string, max int) (*big.Int, error) {
	b, err := decodeBase64URL(k.text(name), max)
	if err != nil {
		return nil, fmt.Errorf("member %s: %w", name, err)
	}
	if len(b) == 0 || b[0] == 0 {
		return nil, fmt.Errorf("%w: member %s is absent or starts with a zero byte", ErrKey, name)
	}
	return new(big.Int).SetBytes(b), nil
}

// rocaPrimes are the small primes modulo which the faulty generator makes only
// powers of 65537. Those that any modulus passes are left out.
var rocaPrimes = []int64{
	11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157,
}

// hasROCA reports whether n bears the mark of CVE-2017-15361: modulo every one
// of the primes it is a power of 65537. A sound modulus does so by chance once
// in two hundred million times (Nemec and others, "The Return of Coppersmith's
// Attack", section 2.1).
func hasROCA(n *big.Int) bool {
	var m big.Int
	for _, p := range rocaPrimes {
		rest := m.Mod(n, big.NewInt(p)).Int64()
		power := int64(1)
		for power != rest {
			power = power * 65537 % p
			if power == 1 {
				return false
			}
		}
	}
	return true
}
