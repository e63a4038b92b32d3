package keys

import (
	"crypto/rand"
	"errors"

	"golang.org/x/crypto/chacha20poly1305"
)

// errEnvelope is all that is said about an envelope that does not open: it was
// changed, moved to another row, or sealed under another key-encryption key.
var errEnvelope = errors.New("the signing key's envelope does not open under this key-encryption key")

const (
	envelopeVersion = 1
	wrappedSize     = chacha20poly1305.NonceSizeX + chacha20poly1305.KeySize + chacha20poly1305.Overhead
)

// seal puts secret into an envelope: version ‖ the data key under the
// key-encryption key ‖ the secret under the data key. The binding is
// authenticated with both, so that an envelope copied into another
// organisation's row does not open there.
func (k *KEK) seal(secret, binding []byte) []byte {
	var dataKey [chacha20poly1305.KeySize]byte
	rand.Read(dataKey[:]) // never fails: crypto/rand ends the process instead
	out := append([]byte{envelopeVersion}, encrypt(k.key[:], dataKey[:], binding)...)
	return append(out, encrypt(dataKey[:], secret, binding)...)
}

// open returns what seal put into the envelope.
func (k *KEK) open(envelope, binding []byte) ([]byte, error) {
	if len(envelope) < 1+wrappedSize || envelope[0] != envelopeVersion {
		return nil, errEnvelope
	}
	dataKey, err := decrypt(k.key[:], envelope[1:1+wrappedSize], binding)
	if err != nil {
		return nil, err
	}
	return decrypt(dataKey, envelope[1+wrappedSize:], binding)
}

func encrypt(key, plain, binding []byte) []byte {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		panic(err) // only for a key of another length
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	rand.Read(nonce) // never fails: crypto/rand ends the process instead
	return aead.Seal(nonce, nonce, plain, binding)
}

func decrypt(key, sealed, binding []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil || len(sealed) < aead.NonceSize() {
		return nil, errEnvelope
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], binding)
	if err != nil {
		return nil, errEnvelope
	}
	return plain, nil
}
