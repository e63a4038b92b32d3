package credential

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/roundel/roundel/multikey"
)

// Errors of digests.
var (
	// ErrDigest says that a digest is not written as the data model has it, or
	// uses no algorithm that is known.
	ErrDigest = errors.New("credential: malformed digest")
	// ErrDigestMismatch says that content is not what its digest stands for.
	ErrDigestMismatch = errors.New("credential: the content is not what the digest stands for")
)

// Algorithms of digests, named as in Subresource Integrity.
const (
	SHA256 = "sha256"
	SHA384 = "sha384"
	SHA512 = "sha512"
)

// Digest is the hash of a file outside the credential.
type Digest struct {
	Algorithm string // SHA256, SHA384 or SHA512
	Sum       []byte // 32, 48 or 64 bytes
}

// Check returns nil if content hashes to d, and an error that wraps
// ErrDigestMismatch otherwise.
func (d Digest) Check(content []byte) error {
	if sum := hashOf(d.Algorithm, content); sum == nil || subtle.ConstantTimeCompare(sum, d.Sum) != 1 {
		return fmt.Errorf("%w (%s)", ErrDigestMismatch, d.Algorithm)
	}
	return nil
}

// SRI returns d as the data model's digestSRI has it.
func (d Digest) SRI() string { return d.Algorithm + "-" + base64.StdEncoding.EncodeToString(d.Sum) }

// Multibase returns d as a multihash in base64url, the form of digestMultibase.
func (d Digest) Multibase() string {
	for _, k := range digestKinds {
		if k.name == d.Algorithm {
			return "u" + base64.RawURLEncoding.EncodeToString(append([]byte{k.multihash, byte(k.size)}, d.Sum...))
		}
	}
	return ""
}

// NewDigest returns the SHA-384 of content, which both forms can carry.
func NewDigest(content []byte) Digest { return Digest{SHA384, hashOf(SHA384, content)} }

// digestKinds are the algorithms with their code in the multihash table.
var digestKinds = [...]struct {
	name      string
	multihash byte
	size      int
}{{SHA256, 0x12, 32}, {SHA384, 0x20, 48}, {SHA512, 0x13, 64}}

func hashOf(algorithm string, content []byte) []byte {
	switch algorithm {
	case SHA256:
		sum := sha256.Sum256(content)
		return sum[:]
	case SHA384:
		sum := sha512.Sum384(content)
		return sum[:]
	case SHA512:
		sum := sha512.Sum512(content)
		return sum[:]
	}
	return nil
}

// maxDigestText bounds a member that holds digests.
const maxDigestText = 1024

// ParseDigestSRI reads one or more digests with spaces between them, as in
// sha384-…, and returns those of the strongest algorithm among them, of which
// content must have one (Subresource Integrity, section 3.3). Both alphabets of
// base64 are read. Errors wrap ErrDigest.
func ParseDigestSRI(s string) ([]Digest, error) {
	if len(s) > maxDigestText {
		return nil, fmt.Errorf("%w: too long", ErrDigest)
	}
	var best []Digest
	for _, word := range strings.Fields(s) {
		word, _, _ = strings.Cut(word, "?") // options, of which none is defined
		name, text, _ := strings.Cut(word, "-")
		size := 0
		for _, k := range digestKinds {
			if k.name == name {
				size = k.size
			}
		}
		if size == 0 {
			return nil, fmt.Errorf("%w: unknown algorithm %.20q", ErrDigest, name)
		}
		sum, err := decodeBase64(text)
		if err != nil || len(sum) != size {
			return nil, fmt.Errorf("%w: %s wants %d bytes in base64", ErrDigest, name, size)
		}
		switch {
		case len(best) == 0 || size > len(best[0].Sum):
			best = []Digest{{name, sum}}
		case size == len(best[0].Sum):
			best = append(best, Digest{name, sum})
		}
	}
	if len(best) == 0 {
		return nil, fmt.Errorf("%w: there is none", ErrDigest)
	}
	return best, nil
}

// decodeBase64 reads either alphabet, with padding or without.
func decodeBase64(s string) ([]byte, error) {
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	return base64.RawStdEncoding.Strict().DecodeString(s)
}

// ParseDigestMultibase reads a digest in base64url or base58 (Multibase): a
// multihash, or, as some issuers write it, the bare hash, whose length names
// the algorithm. Errors wrap ErrDigest.
func ParseDigestMultibase(s string) (Digest, error) {
	const longest = 2 + 64
	b, err := multikey.DecodeMultibase(s, longest)
	if err != nil {
		return Digest{}, fmt.Errorf("%w: %w", ErrDigest, err)
	}
	for _, k := range digestKinds {
		switch {
		case len(b) == k.size:
			return Digest{k.name, b}, nil
		case len(b) == k.size+2 && b[0] == k.multihash && int(b[1]) == k.size:
			return Digest{k.name, b[2:]}, nil
		}
	}
	return Digest{}, fmt.Errorf("%w: no multihash of SHA-256, SHA-384 or SHA-512", ErrDigest)
}

// CheckDigests compares content with the members digestSRI and digestMultibase
// of object, such as an entry of evidence: with each that is there.
//
// It returns ErrNoDigest if there is neither, and errors that wrap ErrDigest or
// ErrDigestMismatch.
func CheckDigests(object map[string]any, content []byte) error {
	sri, multibase, err := digestMembers(object)
	if err != nil {
		return err
	}
	return checkDigests(sri, multibase, content)
}

// ErrNoDigest says that an object has no digest to compare with.
var ErrNoDigest = errors.New("credential: no digest is given")

func digestMembers(object map[string]any) (sri []Digest, multibase *Digest, err error) {
	if v, present := object["digestSRI"]; present {
		s, _ := v.(string)
		if sri, err = ParseDigestSRI(s); err != nil {
			return nil, nil, err
		}
	}
	if v, present := object["digestMultibase"]; present {
		s, _ := v.(string)
		d, err := ParseDigestMultibase(s)
		if err != nil {
			return nil, nil, err
		}
		multibase = &d
	}
	if sri == nil && multibase == nil {
		return nil, nil, ErrNoDigest
	}
	return sri, multibase, nil
}

func checkDigests(sri []Digest, multibase *Digest, content []byte) error {
	if multibase != nil {
		if err := multibase.Check(content); err != nil {
			return err
		}
	}
	var err error
	for _, d := range sri {
		if err = d.Check(content); err == nil {
			break
		}
	}
	return err
}
