package statuslist

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/roundel/roundel/inflate"
	"github.com/roundel/roundel/strictjson"
)

// TokenType is the "typ" that the header of a Status List Token must have, so
// that no other token of its issuer can pass for one.
const TokenType = "statuslist+jwt"

// ReadToken reads the list at address uri from the payload of a Status List
// Token, after the caller has verified its signature, whose key it is, and that
// its header is of TokenType. Errors are those of Read.
func ReadToken(uri string, payload []byte) (*Published, error) {
	v, err := strictjson.Decode(payload, strictjson.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	claims, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: claims that are no object", ErrMalformed)
	}
	return Read(Token, uri, claims)
}

// readToken reads the claims of a Status List Token (Token Status List, section
// 5.1). There is no least length in that specification.
func (p *Published) readToken(claims map[string]any) error {
	var ok bool
	if p.ID, ok = claims["sub"].(string); !ok || p.ID == "" {
		return fmt.Errorf("%w: no sub", ErrMalformed)
	}
	if v, present := claims["iss"]; present {
		if p.Issuer, ok = v.(string); !ok {
			return fmt.Errorf("%w: iss is no text", ErrMalformed)
		}
	}
	var err error
	if p.ValidFrom, err = numericDate(claims["iat"]); err != nil {
		return fmt.Errorf("%w: iat", err)
	}
	if v, present := claims["exp"]; present {
		if p.ValidUntil, err = numericDate(v); err != nil {
			return fmt.Errorf("%w: exp", err)
		}
	}
	if v, present := claims["ttl"]; present {
		s, err := number(v)
		if err != nil || s <= 0 {
			return fmt.Errorf("%w: ttl %.40v", ErrMalformed, v)
		}
		p.TTL = max(time.Millisecond, time.Duration(min(s, longest.Seconds())*float64(time.Second)))
	}
	list, ok := claims[string(Token)].(map[string]any)
	if !ok {
		return fmt.Errorf("%w: no status_list", ErrMalformed)
	}
	switch list["bits"] {
	case json.Number("1"), json.Number("2"), json.Number("4"), json.Number("8"):
		p.size, _ = strconv.Atoi(string(list["bits"].(json.Number)))
	default:
		return fmt.Errorf("%w: entries of %.40v bits", ErrMalformed, list["bits"])
	}
	text, ok := list["lst"].(string)
	if !ok {
		return fmt.Errorf("%w: lst is no text", ErrMalformed)
	}
	p.leastFirst = true
	p.bits, err = expand(text, base64.RawURLEncoding, inflate.Zlib, MaxBytes)
	return err
}

// numericDate reads seconds since 1970 (RFC 7519, section 2) of the years up to
// 9999.
func numericDate(v any) (time.Time, error) {
	const year9999 = 253402300800
	s, err := number(v)
	if err != nil || s < 0 || s >= year9999 {
		return time.Time{}, fmt.Errorf("%w: date %.40v", ErrMalformed, v)
	}
	whole, part := math.Modf(s)
	return time.Unix(int64(whole), int64(part*1e9)).UTC(), nil
}

// number reads a finite number.
func number(v any) (float64, error) {
	n, _ := v.(json.Number)
	return strconv.ParseFloat(n.String(), 64)
}
