package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/roundel/roundel/multikey"
)

// The algorithms (RFC 7518, section 3.1; RFC 8037; RFC 9864).
const (
	EdDSA   = "EdDSA"   // with Ed25519 keys
	Ed25519 = "Ed25519" // the newer name of the same; read, not written
	ES256   = "ES256"
	ES384   = "ES384"
	ES512   = "ES512"
	RS256   = "RS256"
)

var algorithms = []string{EdDSA, Ed25519, ES256, ES384, ES512, RS256}

// checkAlg says what a header's alg is worth before any key is looked at.
func checkAlg(alg string) error {
	switch {
	case slices.Contains(algorithms, alg):
		return nil
	case alg == "":
		return fmt.Errorf("%w: the header has no alg", ErrMalformed)
	case strings.EqualFold(alg, "none"), strings.HasPrefix(alg, "HS"), strings.HasPrefix(alg, "PBES2"), alg == "dir", strings.HasSuffix(alg, "KW"):
		return fmt.Errorf("%w: %q proves nothing to third parties", ErrAlgorithm, alg)
	default:
		return fmt.Errorf("%w: algorithm %q", ErrUnsupported, alg)
	}
}

// AlgorithmOf returns the algorithm that key signs with: EdDSA for Ed25519,
// ES256, ES384 and ES512 for the NIST curves, RS256 for RSA of 2048 to 8192 bits.
//
// Errors for other keys wrap ErrAlgorithm.
func AlgorithmOf(key crypto.PublicKey) (string, error) {
	switch k := key.(type) {
	case ed25519.PublicKey:
		return EdDSA, nil
	case *ecdsa.PublicKey:
		if err := multikey.CheckECDSA(k); err != nil {
			return "", fmt.Errorf("%w: %w", ErrAlgorithm, err)
		}
		switch k.Curve {
		case elliptic.P256():
			return ES256, nil
		case elliptic.P384():
			return ES384, nil
		case elliptic.P521():
			return ES512, nil
		}
	case nil:
		return "", fmt.Errorf("%w: no key", ErrAlgorithm)
	case *rsa.PublicKey:
		if err := multikey.CheckRSA(k); err != nil {
			return "", fmt.Errorf("%w: %w", ErrAlgorithm, err)
		}
		return RS256, nil
	}
	return "", fmt.Errorf("%w: nothing is signed with a %T here", ErrAlgorithm, key)
}

// algorithmFor is AlgorithmOf for a key to sign with, which may be none.
func algorithmFor(key crypto.Signer) (string, error) {
	public, err := multikey.PublicOf(key)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrAlgorithm, err)
	}
	return AlgorithmOf(public)
}

// Verify reports whether key made the token's signature. The header's alg must
// be the one that fits key and, where the caller names any, among allowed.
//
// Errors wrap ErrAlgorithm or ErrBadSignature.
func (j *JWS) Verify(key crypto.PublicKey, allowed ...string) error {
	want, err := AlgorithmOf(key)
	if err != nil {
		return err
	}
	alg := j.Header.Alg
	if alg == Ed25519 {
		alg = EdDSA
	}
	if alg != want {
		return fmt.Errorf("%w: the token says %s, the key is for %s", ErrAlgorithm, j.Header.Alg, want)
	}
	if len(allowed) > 0 && !slices.Contains(allowed, alg) {
		return fmt.Errorf("%w: %s is not one of %s", ErrAlgorithm, j.Header.Alg, strings.Join(allowed, ", "))
	}
	if !verify(key, j.SigningInput(), j.signature) {
		return ErrBadSignature
	}
	return nil
}

// VerifySignature reports whether key made signature over input with the
// algorithm that AlgorithmOf names, for tokens that are not JWS but use the same
// algorithms. Ed25519 and ECDSA follow package multikey's strict rules.
func VerifySignature(key crypto.PublicKey, input, signature []byte) bool {
	if _, err := AlgorithmOf(key); err != nil {
		return false
	}
	return verify(key, input, signature)
}

// MakeSignature returns key's signature over input with the algorithm that
// AlgorithmOf names. Errors wrap ErrAlgorithm, or are the key's.
func MakeSignature(key crypto.Signer, input []byte) ([]byte, error) {
	if _, err := algorithmFor(key); err != nil {
		return nil, err
	}
	return sign(key, input)
}

// verify checks a signature with the one algorithm that fits key.
func verify(key crypto.PublicKey, input, sig []byte) bool {
	switch k := key.(type) {
	case ed25519.PublicKey:
		return multikey.VerifyEd25519(k, input, sig)
	case *rsa.PublicKey:
		hash := sha256.Sum256(input)
		return len(sig) == k.Size() && rsa.VerifyPKCS1v15(k, crypto.SHA256, hash[:], sig) == nil
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			hash := sha256.Sum256(input)
			return multikey.VerifyECDSA(k, hash[:], sig)
		case elliptic.P384():
			hash := sha512.Sum384(input)
			return multikey.VerifyECDSA(k, hash[:], sig)
		case elliptic.P521():
			hash := sha512.Sum512(input)
			return verifyP521(k, hash[:], sig)
		}
	}
	return false
}

// sign makes a signature with the one algorithm that fits key.
func sign(key crypto.Signer, input []byte) ([]byte, error) {
	switch k := key.Public().(type) {
	case ed25519.PublicKey:
		return key.Sign(rand.Reader, input, crypto.Hash(0))
	case *rsa.PublicKey:
		hash := sha256.Sum256(input)
		return key.Sign(rand.Reader, hash[:], crypto.SHA256)
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			hash := sha256.Sum256(input)
			return multikey.SignECDSA(key, rand.Reader, hash[:])
		case elliptic.P384():
			hash := sha512.Sum384(input)
			return multikey.SignECDSA(key, rand.Reader, hash[:])
		case elliptic.P521():
			hash := sha512.Sum512(input)
			return signP521(key, hash[:])
		}
	}
	return nil, fmt.Errorf("%w: nothing is signed with a %T here", ErrAlgorithm, key.Public())
}

// p521Bytes is the length of each half of an ES512 signature (RFC 7518, section
// 3.4).
const p521Bytes = 66

// verifyP521 is multikey.VerifyECDSA for the curve that only JWS use.
func verifyP521(key *ecdsa.PublicKey, hash, sig []byte) bool {
	if len(sig) != 2*p521Bytes {
		return false
	}
	if _, err := key.Bytes(); err != nil {
		return false // not on the curve
	}
	// The standard library refuses zeros and what is not less than the order.
	r, s := new(big.Int).SetBytes(sig[:p521Bytes]), new(big.Int).SetBytes(sig[p521Bytes:])
	return ecdsa.Verify(key, hash, r, s)
}

// signP521 is multikey.SignECDSA for the curve that only JWS use.
func signP521(key crypto.Signer, hash []byte) ([]byte, error) {
	der, err := key.Sign(rand.Reader, hash, crypto.SHA512)
	if err != nil {
		return nil, err
	}
	input, r, s := cryptobyte.String(der), new(big.Int), new(big.Int)
	var inner cryptobyte.String
	if !input.ReadASN1(&inner, asn1.SEQUENCE) || !input.Empty() || !inner.ReadASN1Integer(r) || !inner.ReadASN1Integer(s) || !inner.Empty() ||
		r.Sign() <= 0 || s.Sign() <= 0 || r.BitLen() > 521 || s.BitLen() > 521 {
		return nil, fmt.Errorf("%w: the signer's answer is no ECDSA signature in DER", ErrMalformed)
	}
	sig := make([]byte, 2*p521Bytes)
	r.FillBytes(sig[:p521Bytes])
	s.FillBytes(sig[p521Bytes:])
	return sig, nil
}
