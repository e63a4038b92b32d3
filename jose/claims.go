package jose

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Claims are the registered claims of a JWT (RFC 7519, section 4.1) beside a
// credential or presentation, and the nonce of a presentation.
type Claims struct {
	Issuer    string    // iss
	Subject   string    // sub
	ID        string    // jti
	Audience  []string  // aud
	Nonce     string    // nonce
	NotBefore time.Time // nbf; zero: not stated
	Expires   time.Time // exp; zero: not stated
	IssuedAt  time.Time // iat; zero: not stated, or not a number
}

// A ClaimError is a claim of a token that says something else than the document
// in it, so that two readers could take it for two things.
type ClaimError struct {
	Claim    string // its name, such as iss
	Value    string // what the claim says
	Document string // what the document says
}

// Error implements the error interface.
func (e *ClaimError) Error() string {
	return fmt.Sprintf("the claim %s is %q, but the document says %q", e.Claim, e.Value, e.Document)
}

// claimNames are the members of a payload that Claims holds, and that are no
// part of the document.
var claimNames = []string{"iss", "sub", "jti", "aud", "nbf", "exp", "iat"}

// presentationClaims are those of a presentation.
var presentationClaims = append([]string{"nonce"}, claimNames...)

// ReadClaims reads the claims of a payload, a tree of strictjson.Decode, that
// holds no credential. Errors wrap ErrMalformed.
func ReadClaims(payload map[string]any) (Claims, error) { return readClaims(payload) }

// readClaims reads the claims of a payload. An iat that is no number says
// nothing about anything, and issuers exist that write a date: it is ignored.
func readClaims(payload map[string]any) (c Claims, err error) {
	for _, m := range []struct {
		name string
		to   *string
	}{{"iss", &c.Issuer}, {"sub", &c.Subject}, {"jti", &c.ID}, {"nonce", &c.Nonce}} {
		v, present := payload[m.name]
		if !present {
			continue
		}
		var ok bool
		if *m.to, ok = v.(string); !ok || *m.to == "" {
			return c, fmt.Errorf("%w: claim %s is not a text, or empty", ErrMalformed, m.name)
		}
	}
	switch aud := payload["aud"].(type) {
	case nil:
		if _, present := payload["aud"]; present {
			return c, fmt.Errorf("%w: claim aud is null", ErrMalformed)
		}
	case string:
		c.Audience = []string{aud}
	case []any:
		for _, v := range aud {
			text, ok := v.(string)
			if !ok {
				return c, fmt.Errorf("%w: claim aud holds what is no text", ErrMalformed)
			}
			c.Audience = append(c.Audience, text)
		}
	default:
		return c, fmt.Errorf("%w: claim aud is neither a text nor a list", ErrMalformed)
	}
	for _, m := range []struct {
		name string
		to   *time.Time
	}{{"nbf", &c.NotBefore}, {"exp", &c.Expires}} {
		if v, present := payload[m.name]; present {
			if *m.to, err = NumericDate(v); err != nil {
				return c, fmt.Errorf("claim %s: %w", m.name, err)
			}
		}
	}
	if _, ok := payload["iat"].(json.Number); ok {
		if c.IssuedAt, err = NumericDate(payload["iat"]); err != nil {
			return c, fmt.Errorf("claim iat: %w", err)
		}
	}
	return c, nil
}

// The years that RFC 3339 can write.
const (
	firstSecond = -62135596799 // the second of year 1: Go's zero time is the first
	lastSecond  = 253402300799 // 31 December 9999
)

// NumericDate reads a date of RFC 7519, section 2, from a tree of
// strictjson.Decode: seconds since 1970 as a JSON number, whole or with a
// fraction, of which nanoseconds are kept. Exponents, and years other than 1 to
// 9999, are refused. Errors wrap ErrMalformed.
func NumericDate(v any) (time.Time, error) {
	n, ok := v.(json.Number)
	if !ok {
		return time.Time{}, fmt.Errorf("%w: not a number of seconds", ErrMalformed)
	}
	whole, fraction, _ := strings.Cut(string(n), ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.ContainsAny(string(n), "eE+") || seconds < firstSecond || seconds > lastSecond {
		return time.Time{}, fmt.Errorf("%w: %.40s is no date in seconds since 1970", ErrMalformed, n)
	}
	nanos, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %.40s is no date in seconds since 1970", ErrMalformed, n)
	}
	if strings.HasPrefix(whole, "-") {
		nanos = -nanos
	}
	return time.Unix(seconds, nanos).UTC(), nil
}

// sameText refuses a claim that differs from what the document says. Either may
// be silent.
func sameText(claim, value, document string) error {
	if value != "" && document != "" && value != document {
		return &ClaimError{claim, value, document}
	}
	return nil
}

// sameTime refuses a date that differs from the document's. Issuers cut the
// fraction of a second off one of the two, so one second is no difference.
func sameTime(claim string, value, document time.Time) error {
	if value.IsZero() || document.IsZero() || value.Sub(document).Abs() < time.Second {
		return nil
	}
	return &ClaimError{claim, value.Format(time.RFC3339Nano), document.Format(time.RFC3339Nano)}
}
