package sdjwt

import (
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/strictjson"
)

// ErrOptions is what errors wrap about claims or options that make no SD-JWT.
var ErrOptions = errors.New("not to be issued like that")

// Options say how an SD-JWT is issued.
type Options struct {
	// Header is the header of the token. Its Alg may be empty.
	Header jose.Header
	// Disclosable are the JSON Pointers (RFC 6901) of the claims and array
	// elements that the holder may withhold. Parts of one that is withheld may be
	// named as well. The holder's key, cnf, may not be (RFC 9901, section 9.7), and
	// what else a verdict depends on is for the caller to keep out, or for IssueVC
	// and IssueCredential.
	Disclosable []string
	// Hash is sha-256, sha-384 or sha-512; empty stands for sha-256.
	Hash string
	// Decoys is how many digests that stand for nothing are added to each object
	// and array with something to disclose, so that their number tells nobody how
	// many claims there are.
	Decoys int
	// Holder, if given, becomes cnf.jwk: the key that presentations must be
	// signed with.
	Holder crypto.PublicKey
}

const maxDecoys = 100

// Issue returns claims, a JSON object, as an SD-JWT with all its disclosures.
//
// Errors wrap ErrOptions for pointers that point nowhere and reserved names, or
// ErrMalformed for claims that are not strict JSON, or are those of jose.Sign.
func Issue(claims []byte, key crypto.Signer, o Options) ([]byte, error) {
	tree, err := strictjson.Decode(claims, strictjson.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	payload, ok := tree.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: the claims are not an object", ErrMalformed)
	}
	if err := refuseReserved(payload); err != nil {
		return nil, err
	}
	if o.Decoys < 0 || o.Decoys > maxDecoys || len(o.Disclosable) > maxDisclosures {
		return nil, fmt.Errorf("%w: more than %d decoys or %d disclosures", ErrOptions, maxDecoys, maxDisclosures)
	}
	i := &issuer{root: payload, hash: hashes[0]}
	if o.Hash != "" {
		if i.hash, err = hashOf(map[string]any{nameAlg: o.Hash}); err != nil {
			return nil, err
		}
	}
	if slices.ContainsFunc(o.Disclosable, func(p string) bool { return within(p, []string{"/cnf"}) }) {
		return nil, fmt.Errorf("%w: /cnf may not be withheld: without the holder's key anybody could present the token", ErrOptions)
	}
	if o.Holder != nil {
		if err := bindTo(payload, o.Holder); err != nil {
			return nil, err
		}
	}
	if err := i.conceal(o.Disclosable, o.Decoys); err != nil {
		return nil, err
	}
	payload[nameAlg] = i.hash.name
	text, err := marshal(payload)
	if err != nil {
		return nil, err
	}
	token, err := jose.Sign(text, key, o.Header)
	if err != nil {
		return nil, err
	}
	token = append(token, separator)
	for _, d := range i.disclosures {
		token = append(append(token, d.Text...), separator)
	}
	// What we would not read, we do not write.
	_, err = Parse(token)
	return token, err
}

// bindTo writes the holder's key into the claims (RFC 7800).
func bindTo(payload map[string]any, holder crypto.PublicKey) error {
	if _, present := payload["cnf"]; present {
		return fmt.Errorf("%w: the claims name a holder's key already", ErrOptions)
	}
	text, err := multikey.PublicToJWK(holder)
	if err != nil {
		return fmt.Errorf("%w: the holder's key: %w", ErrOptions, err)
	}
	key, err := strictjson.Decode(text, strictjson.Limits{})
	if err != nil {
		return err
	}
	payload["cnf"] = map[string]any{"jwk": key}
	return nil
}

// refuseReserved refuses claims that would be taken for digests.
func refuseReserved(v any) error {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if isReserved(name) {
				return fmt.Errorf("%w: the name %q is reserved", ErrOptions, name)
			}
			if err := refuseReserved(inner); err != nil {
				return err
			}
		}
	case []any:
		for _, inner := range v {
			if err := refuseReserved(inner); err != nil {
				return err
			}
		}
	}
	return nil
}

// issuer replaces claims by digests.
type issuer struct {
	root        map[string]any
	hash        hashFunc
	disclosures []Disclosure
}

// conceal does so for each pointer, the deepest first, so that what holds a
// disclosable claim can be disclosable itself.
func (i *issuer) conceal(pointers []string, decoys int) error {
	sorted := slices.Clone(pointers)
	slices.SortFunc(sorted, func(a, b string) int {
		if d := strings.Count(b, "/") - strings.Count(a, "/"); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	if len(slices.Compact(slices.Clone(sorted))) != len(sorted) {
		return fmt.Errorf("%w: a pointer is given twice", ErrOptions)
	}
	for len(sorted) > 0 {
		// All pointers into one parent are done together, so that its decoys can
		// be mixed in while it is still in its place.
		parent := sorted[0][:max(0, strings.LastIndexByte(sorted[0], '/'))]
		var own, rest []string
		for _, p := range sorted {
			if strings.LastIndexByte(p, '/') == len(parent) && strings.HasPrefix(p, parent) {
				own = append(own, p)
			} else {
				rest = append(rest, p)
			}
		}
		if len(own) == 0 {
			return fmt.Errorf("%w: %q is not a JSON Pointer to a claim", ErrOptions, sorted[0])
		}
		if err := i.concealIn(parent, own, decoys); err != nil {
			return err
		}
		sorted = rest
	}
	return nil
}

func (i *issuer) concealIn(parent string, pointers []string, decoys int) error {
	var at any = i.root
	set := func(any) {} // puts a new value where at is; the root stays
	names, _ := steps(parent)
	for _, name := range names {
		switch container := at.(type) {
		case map[string]any:
			at = container[name]
			set = func(v any) { container[name] = v }
		case []any:
			n, ok := index(name, len(container))
			if !ok {
				return fmt.Errorf("%w: nothing at %q", ErrOptions, parent)
			}
			at = container[n]
			set = func(v any) { container[n] = v }
		}
	}
	switch container := at.(type) {
	case map[string]any:
		return i.concealMembers(container, pointers, decoys)
	case []any:
		list, err := i.concealElements(container, pointers, decoys)
		if err != nil {
			return err
		}
		set(list)
		return nil
	default:
		return fmt.Errorf("%w: nothing below %q", ErrOptions, parent)
	}
}

func (i *issuer) concealMembers(members map[string]any, pointers []string, decoys int) error {
	digests := make([]string, 0, len(pointers)+decoys)
	for _, p := range pointers {
		names, _ := steps(p)
		name := names[len(names)-1]
		v, present := members[name]
		if !present {
			return fmt.Errorf("%w: nothing at %q", ErrOptions, p)
		}
		d, err := newDisclosure(&name, v, i.hash)
		if err != nil {
			return err
		}
		delete(members, name)
		i.disclosures = append(i.disclosures, d)
		digests = append(digests, d.digest)
	}
	for range decoys {
		digests = append(digests, i.decoy())
	}
	slices.Sort(digests) // so that their order tells nothing about the claims
	list := make([]any, len(digests))
	for n, digest := range digests {
		list[n] = digest
	}
	members[nameSD] = list
	return nil
}

func (i *issuer) concealElements(list []any, pointers []string, decoys int) ([]any, error) {
	for _, p := range pointers {
		names, _ := steps(p)
		n, ok := index(names[len(names)-1], len(list))
		if !ok {
			return nil, fmt.Errorf("%w: nothing at %q", ErrOptions, p)
		}
		d, err := newDisclosure(nil, list[n], i.hash)
		if err != nil {
			return nil, err
		}
		i.disclosures = append(i.disclosures, d)
		list[n] = map[string]any{nameElement: d.digest}
	}
	for range decoys {
		at, err := rand.Int(rand.Reader, big.NewInt(int64(len(list)+1)))
		if err != nil {
			return nil, err
		}
		list = slices.Insert(list, int(at.Int64()), any(map[string]any{nameElement: i.decoy()}))
	}
	return list, nil
}

// decoy is the digest of nothing that anybody knows.
func (i *issuer) decoy() string { return i.hash.digest([]byte(randomText(32))) }

// index reads an array index of a JSON Pointer.
func index(name string, length int) (int, bool) {
	n, err := strconv.Atoi(name)
	if err != nil || n < 0 || n >= length || strconv.Itoa(n) != name {
		return 0, false
	}
	return n, true
}
