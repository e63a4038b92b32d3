package openbadge

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// IdentityObject names a recipient, as a rule by the salted hash of a mail
// address (specification, section B.10).
type IdentityObject struct {
	Hashed       bool   `json:"hashed"`
	IdentityHash string `json:"identityHash"` // HashIdentity's result, or plain text if not Hashed
	IdentityType string `json:"identityType"` // one of IdentityTypes, or ext:…
	Salt         string `json:"salt,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (o IdentityObject) MarshalJSON() ([]byte, error) {
	type plain IdentityObject
	return encode(struct {
		Type string `json:"type"`
		plain
	}{"IdentityObject", plain(o)})
}

// HashIdentity returns "sha256$" and the hexadecimal SHA-256 of identifier
// followed by salt, both in UTF-8.
func HashIdentity(identifier, salt string) string {
	sum := sha256.Sum256([]byte(identifier + salt))
	return "sha256$" + hex.EncodeToString(sum[:])
}

// NewSalt returns 128 bits from rand in hexadecimal. Mail addresses can be
// guessed, so every award needs a salt of its own.
func NewSalt(rand io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return "", fmt.Errorf("openbadge: no random salt: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// HashedEmail names the recipient with the mail address email, lower-cased,
// under a fresh salt from rand.
func HashedEmail(email string, rand io.Reader) (IdentityObject, error) {
	return HashedIdentity(identityTypeMail, email, rand)
}

// HashedIdentity names the recipient by identifier, which is of the kind that
// identityType says (one of IdentityTypes, or ext:…), under a fresh salt from
// rand. Mail addresses are lower-cased.
func HashedIdentity(identityType, identifier string, rand io.Reader) (IdentityObject, error) {
	salt, err := NewSalt(rand)
	if err != nil {
		return IdentityObject{}, err
	}
	if identityType == identityTypeMail {
		identifier = normalEmail(identifier)
	}
	return IdentityObject{Hashed: true, IdentityHash: HashIdentity(identifier, salt), IdentityType: identityType, Salt: salt}, nil
}

// PlainIdentity names the recipient by identifier for everybody to read.
func PlainIdentity(identityType, identifier string) IdentityObject {
	return IdentityObject{IdentityHash: identifier, IdentityType: identityType}
}

func normalEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// Matches reports whether o names identifier. A mail address is also tried in
// lower case. Hashes by SHA-256 and, as older badges have it, MD5 are known.
func (o IdentityObject) Matches(identifier string) bool {
	if identifier == "" {
		return false
	}
	if o.matches(identifier) {
		return true
	}
	if o.IdentityType != identityTypeMail {
		return false
	}
	if o.Hashed {
		return o.matches(normalEmail(identifier))
	}
	return strings.EqualFold(strings.TrimSpace(o.IdentityHash), strings.TrimSpace(identifier))
}

func (o IdentityObject) matches(identifier string) bool {
	want := o.IdentityHash
	if !o.Hashed {
		return want == identifier
	}
	algorithm, digest, _ := strings.Cut(want, "$")
	var sum []byte
	switch algorithm {
	case "sha256":
		s := sha256.Sum256([]byte(identifier + o.Salt))
		sum = s[:]
	case "md5":
		s := md5.Sum([]byte(identifier + o.Salt))
		sum = s[:]
	default:
		return false
	}
	got, err := hex.DecodeString(digest)
	return err == nil && subtle.ConstantTimeCompare(got, sum) == 1
}
