package openbadge

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
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

// NewSalt returns 128 bits from random in hexadecimal; nil stands for
// crypto/rand. Mail addresses can be guessed, so every award needs a salt of its
// own.
func NewSalt(random io.Reader) (string, error) {
	if random == nil {
		random = rand.Reader
	}
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("openbadge: no random salt: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// ErrIdentifier is what errors wrap about an identifier that no recipient has:
// an empty one, or a mail address that is none.
var ErrIdentifier = errors.New("openbadge: not an identifier of this kind")

// HashedEmail names the recipient with the mail address email under a fresh salt
// from random; nil stands for crypto/rand. The address is trimmed and
// lower-cased, as Matches does when it compares, and must look like one:
// local@domain. Errors wrap ErrIdentifier, or are those of random.
func HashedEmail(email string, random io.Reader) (IdentityObject, error) {
	return HashedIdentity(identityTypeMail, email, random)
}

// HashedIdentity is HashedEmail for an identifier of the kind that identityType
// says (one of IdentityTypes, or ext:…). Those that are no mail addresses must
// not be empty, and are hashed as they are.
func HashedIdentity(identityType, identifier string, random io.Reader) (IdentityObject, error) {
	if identityType == identityTypeMail {
		identifier = normalEmail(identifier)
		if !looksLikeMail(identifier) {
			return IdentityObject{}, fmt.Errorf("%w: a mail address is like name@domain.example", ErrIdentifier)
		}
	}
	if identityType == "" || identifier == "" {
		return IdentityObject{}, fmt.Errorf("%w: the identifier or its type is empty", ErrIdentifier)
	}
	salt, err := NewSalt(random)
	if err != nil {
		return IdentityObject{}, err
	}
	return IdentityObject{Hashed: true, IdentityHash: HashIdentity(identifier, salt), IdentityType: identityType, Salt: salt}, nil
}

// PlainIdentity names the recipient by identifier for everybody to read.
func PlainIdentity(identityType, identifier string) IdentityObject {
	return IdentityObject{IdentityHash: identifier, IdentityType: identityType}
}

func normalEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// looksLikeMail reports whether s could be a mail address: something before the
// last @ and a domain after it, no space, and not longer than mail allows (RFC
// 5321, section 4.5.3.1.3). It must not refuse addresses that are in use.
func looksLikeMail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || len(s) > 254 {
		return false
	}
	domain := s[at+1:]
	return domain != "" && domain[0] != '.' && domain[len(domain)-1] != '.' && !strings.Contains(domain, "..") &&
		!strings.ContainsFunc(s, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError || strings.ContainsRune("<>,;", r)
		})
}

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
