package proof

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	_ "crypto/sha512" // for crypto.SHA384
	"fmt"

	"github.com/roundel/roundel/multikey"
)

func isEd25519(key crypto.PublicKey) bool {
	k, ok := key.(ed25519.PublicKey)
	return ok && len(k) == ed25519.PublicKeySize
}

// isECDSA is for keys on P-256 and P-384.
func isECDSA(key crypto.PublicKey) bool {
	k, ok := key.(*ecdsa.PublicKey)
	return ok && multikey.CheckECDSA(k) == nil && (k.Curve == elliptic.P256() || k.Curve == elliptic.P384())
}

// hashFor is the hash function that goes with a key: SHA-384 for P-384,
// SHA-256 for all others (vc-di-ecdsa 1.0, section 3.2.4).
func hashFor(key crypto.PublicKey) crypto.Hash {
	if k, ok := key.(*ecdsa.PublicKey); ok && k != nil && k.Curve == elliptic.P384() {
		return crypto.SHA384
	}
	return crypto.SHA256
}

// signatureSize is the length of key's signatures in bytes.
func signatureSize(key crypto.PublicKey) int {
	if hashFor(key) == crypto.SHA384 {
		return 96
	}
	return 64
}

// signData signs data and returns the signature as a proofValue. trusted is
// SignOptions.TrustSigner.
func signData(key crypto.Signer, data []byte, trusted bool) (string, error) {
	sig, err := rawSignature(key, data, trusted)
	if err != nil {
		return "", err
	}
	return multikey.EncodeMultibase(sig), nil
}

// rawSignature is key's signature over data: Ed25519's, or r and s of ECDSA
// over its hash.
func rawSignature(key crypto.Signer, data []byte, trusted bool) ([]byte, error) {
	if k, ok := key.(ed25519.PrivateKey); ok && len(k) == ed25519.PrivateKeySize {
		return ed25519.Sign(k, data), nil
	}
	public := key.Public()
	var sig []byte
	var err error
	switch public.(type) {
	case ed25519.PublicKey:
		sig, err = key.Sign(rand.Reader, data, crypto.Hash(0))
	default:
		sig, err = multikey.SignECDSA(key, rand.Reader, sum(hashFor(public), data))
	}
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if _, ok := key.(*ecdsa.PrivateKey); ok || trusted { // nothing between the key and us that could err
		return sig, nil
	}
	// A faulty signer must not send out badges that nobody can verify.
	if verifyData(public, data, sig) != nil {
		return nil, fmt.Errorf("%w: the signer's answer does not verify with its own key", ErrBadSignature)
	}
	return sig, nil
}

// verifyData checks what rawSignature makes, by the strict rules of multikey.
func verifyData(key crypto.PublicKey, data, sig []byte) error {
	ok := false
	switch k := key.(type) {
	case ed25519.PublicKey:
		ok = multikey.VerifyEd25519(k, data, sig)
	case *ecdsa.PublicKey:
		ok = multikey.VerifyECDSA(k, sum(hashFor(k), data), sig)
	}
	if !ok {
		return ErrBadSignature
	}
	return nil
}
