package sdjwt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/strictjson"
)

// ErrType is what errors wrap about type metadata: that cannot be read, is not
// that of the type, does not have the digest it should have, or extends itself
// without end.
var ErrType = errors.New("type metadata not acceptable")

// ErrClaims is what errors wrap about claims that are not as the type metadata
// asks.
var ErrClaims = errors.New("claims do not fit the type")

const (
	maxMetadata = 256 << 10 // bytes of one document
	maxExtends  = 8         // documents in a chain
)

// TypeMetadata describes a type of SD-JWT VC (draft-ietf-oauth-sd-jwt-vc,
// section 4): how to show it, and what its claims are.
type TypeMetadata struct {
	VCT              string
	Name             string
	Description      string
	Extends          string // vct of the type that this one narrows; may be empty
	ExtendsIntegrity string // digest of that type's metadata; may be empty
	Display          []TypeDisplay
	Claims           []ClaimMetadata
}

// TypeDisplay is how a type is shown to people of one language.
type TypeDisplay struct {
	Locale          string // RFC 5646
	Name            string
	Description     string
	Logo            *Picture
	Background      *Picture
	BackgroundColor string // CSS
	TextColor       string // CSS
	SVG             []SVGTemplate
}

// Picture is the address of a picture, often data:, and what is in it.
type Picture struct {
	URI       string
	Integrity string
	AltText   string
}

// SVGTemplate is a picture with places for claims (their SVGID in braces).
type SVGTemplate struct {
	URI, Integrity                     string
	Orientation, ColorScheme, Contrast string // may be empty: any
}

// Selectivity says whether a claim may be selectively disclosable.
type Selectivity string

// The values of sd (section 4.6.3). Allowed is what an absent sd means.
const (
	Always  Selectivity = "always"
	Allowed Selectivity = "allowed"
	Never   Selectivity = "never"
)

// ClaimMetadata describes one claim, or one group of them.
type ClaimMetadata struct {
	// Path leads to the claim: a string is a member, a non-negative int an
	// element, nil all elements of an array.
	Path      []any
	Display   []ClaimDisplay
	Mandatory bool
	SD        Selectivity
	SVGID     string
}

// ClaimDisplay is what a claim is called in one language.
type ClaimDisplay struct{ Locale, Label, Description string }

// ParseTypeMetadata reads a type metadata document of at most 256 KiB. Members
// that are not known are ignored. Errors wrap ErrType.
func ParseTypeMetadata(data []byte) (*TypeMetadata, error) {
	tree, err := strictjson.Decode(data, strictjson.Limits{MaxBytes: maxMetadata, MaxDepth: 32})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrType, err)
	}
	members, ok := tree.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: it is not an object", ErrType)
	}
	r := &metadataReader{}
	m := &TypeMetadata{
		VCT: r.text(members, "vct"), Name: r.text(members, "name"), Description: r.text(members, "description"),
		Extends: r.text(members, "extends"), ExtendsIntegrity: r.text(members, "extends#integrity"),
	}
	for _, d := range r.objects(members, "display") {
		m.Display = append(m.Display, r.typeDisplay(d))
	}
	for _, c := range r.objects(members, "claims") {
		m.Claims = append(m.Claims, r.claim(c))
	}
	if m.VCT == "" {
		r.fail("there is no vct")
	}
	if r.err != nil {
		return nil, r.err
	}
	return m, nil
}

// metadataReader keeps the first thing that is wrong.
type metadataReader struct{ err error }

func (r *metadataReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrType, fmt.Sprintf(format, args...))
	}
}

func (r *metadataReader) text(members map[string]any, name string) string {
	v, present := members[name]
	s, ok := v.(string)
	if present && !ok {
		r.fail("%s is not a text", name)
	}
	return s
}

func (r *metadataReader) objects(members map[string]any, name string) (out []map[string]any) {
	v, present := members[name]
	list, ok := v.([]any)
	if present && !ok {
		r.fail("%s is not a list", name)
	}
	for _, item := range list {
		one, ok := item.(map[string]any)
		if !ok {
			r.fail("%s holds what is no object", name)
			continue
		}
		out = append(out, one)
	}
	return out
}

func (r *metadataReader) object(members map[string]any, name string) (map[string]any, bool) {
	v, present := members[name]
	one, ok := v.(map[string]any)
	if present && !ok {
		r.fail("%s is not an object", name)
	}
	return one, ok
}

// locale was called lang in older drafts.
func (r *metadataReader) locale(members map[string]any) string {
	if l := r.text(members, "locale"); l != "" {
		return l
	}
	l := r.text(members, "lang")
	if l == "" {
		r.fail("a display has no locale")
	}
	return l
}

func (r *metadataReader) typeDisplay(members map[string]any) TypeDisplay {
	d := TypeDisplay{Locale: r.locale(members), Name: r.text(members, "name"), Description: r.text(members, "description")}
	if d.Name == "" {
		r.fail("a display has no name")
	}
	rendering, _ := r.object(members, "rendering")
	if simple, ok := r.object(rendering, "simple"); ok {
		d.Logo, d.Background = r.picture(simple, "logo"), r.picture(simple, "background_image")
		d.BackgroundColor, d.TextColor = r.text(simple, "background_color"), r.text(simple, "text_color")
	}
	for _, t := range r.objects(rendering, "svg_templates") {
		properties, _ := r.object(t, "properties")
		d.SVG = append(d.SVG, SVGTemplate{
			URI: r.text(t, "uri"), Integrity: r.text(t, "uri#integrity"),
			Orientation: r.text(properties, "orientation"), ColorScheme: r.text(properties, "color_scheme"), Contrast: r.text(properties, "contrast"),
		})
	}
	return d
}

func (r *metadataReader) picture(members map[string]any, name string) *Picture {
	p, ok := r.object(members, name)
	if !ok {
		return nil
	}
	return &Picture{URI: r.text(p, "uri"), Integrity: r.text(p, "uri#integrity"), AltText: r.text(p, "alt_text")}
}

func (r *metadataReader) claim(members map[string]any) ClaimMetadata {
	c := ClaimMetadata{SVGID: r.text(members, "svg_id"), SD: Selectivity(r.text(members, "sd"))}
	switch c.SD {
	case Always, Allowed, Never:
	case "":
		c.SD = Allowed
	default:
		r.fail("sd is %q", c.SD)
	}
	if v, present := members["mandatory"]; present {
		var ok bool
		if c.Mandatory, ok = v.(bool); !ok {
			r.fail("mandatory is neither true nor false")
		}
	}
	for _, d := range r.objects(members, "display") {
		label := r.text(d, "label")
		if label == "" {
			label = r.text(d, "name") // its name in some drafts
		}
		c.Display = append(c.Display, ClaimDisplay{Locale: r.locale(d), Label: label, Description: r.text(d, "description")})
	}
	path, _ := members["path"].([]any)
	if len(path) == 0 {
		r.fail("a claim has no path")
	}
	for _, step := range path {
		switch step := step.(type) {
		case nil, string:
			c.Path = append(c.Path, step)
		case json.Number:
			n, err := strconv.Atoi(string(step))
			if err != nil || n < 0 {
				r.fail("step %s of a path is no index", step)
			}
			c.Path = append(c.Path, n)
		default:
			r.fail("a step of a path is neither text, index nor null")
		}
	}
	return c
}

// ResolveType fetches the metadata of the type vct, which must be an https
// address, and of all types that it extends, and returns what holds for a
// credential of that type: its own name, and the claims and displays of all,
// where a type's own come before those of the ones it extends.
//
// integrity, the credential's vct#integrity, may be empty. Every document that
// has a digest to match is compared with it. Errors wrap ErrType, or are those
// of get.
func ResolveType(ctx context.Context, get did.Getter, vct, integrity string) (*TypeMetadata, error) {
	var chain []*TypeMetadata
	for next := vct; next != ""; {
		if len(chain) == maxExtends || slices.ContainsFunc(chain, func(m *TypeMetadata) bool { return m.VCT == next }) {
			return nil, fmt.Errorf("%w: %s extends itself, or more than %d types", ErrType, vct, maxExtends)
		}
		m, err := fetchType(ctx, get, next, integrity)
		if err != nil {
			return nil, err
		}
		chain = append(chain, m)
		next, integrity = m.Extends, m.ExtendsIntegrity
	}
	out := *chain[0]
	for _, parent := range chain[1:] {
		if err := out.inherit(parent); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

func fetchType(ctx context.Context, get did.Getter, vct, integrity string) (*TypeMetadata, error) {
	if !strings.HasPrefix(vct, "https://") {
		return nil, fmt.Errorf("%w: %q is not an https address", ErrType, vct)
	}
	data, _, err := get.Get(ctx, vct, "application/json")
	if err != nil {
		return nil, fmt.Errorf("type metadata of %s: %w", vct, err)
	}
	if integrity != "" {
		if err := checkIntegrity(integrity, data); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrType, vct, err)
		}
	}
	m, err := ParseTypeMetadata(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", vct, err)
	}
	if m.VCT != vct {
		return nil, fmt.Errorf("%w: %s answers with the type %s", ErrType, vct, m.VCT)
	}
	return m, nil
}

// checkIntegrity compares data with an integrity metadata string (W3C
// Subresource Integrity; section 5 of the draft).
func checkIntegrity(integrity string, data []byte) error {
	digests, err := credential.ParseDigestSRI(integrity)
	if err != nil {
		return err
	}
	for _, d := range digests {
		if err = d.Check(data); err == nil {
			return nil
		}
	}
	return err
}

// inherit adds what parent says and m does not. m may narrow what parent says
// about a claim, but not take it back (section 4.4.1).
func (m *TypeMetadata) inherit(parent *TypeMetadata) error {
	if len(m.Display) == 0 {
		m.Display = parent.Display
	}
	m.Claims = slices.Clone(m.Claims)
	for _, theirs := range parent.Claims {
		at := slices.IndexFunc(m.Claims, func(c ClaimMetadata) bool { return slices.Equal(c.Path, theirs.Path) })
		if at < 0 {
			m.Claims = append(m.Claims, theirs)
			continue
		}
		own := &m.Claims[at]
		if theirs.SD != Allowed && own.SD != theirs.SD || theirs.Mandatory && !own.Mandatory {
			return fmt.Errorf("%w: %s takes back what %s says about the claim %v", ErrType, m.VCT, parent.VCT, own.Path)
		}
		if len(own.Display) == 0 {
			own.Display = theirs.Display
		}
	}
	return nil
}

// Check compares the claims of vc with the metadata of its type: mandatory ones
// are there, unless the holder withheld them, which mandatory claims allow only if
// they may be disclosable at all; and what was disclosed was disclosable.
//
// Errors wrap ErrClaims.
func (m *TypeMetadata) Check(vc *VC) error {
	disclosed := map[string]bool{}
	for _, d := range vc.Disclosures {
		disclosed[d.Path] = true
	}
	for _, c := range m.Claims {
		places := find(vc.Claims, c.Path, "")
		if c.Mandatory && c.SD == Never && len(places) == 0 {
			return fmt.Errorf("%w: the claim %v is missing", ErrClaims, c.Path)
		}
		for _, at := range places {
			if c.SD == Never && disclosed[at] {
				return fmt.Errorf("%w: the claim %s was disclosed, and must always be in the clear", ErrClaims, at)
			}
			if c.SD == Always && !disclosed[at] {
				return fmt.Errorf("%w: the claim %s is in the clear, and must be left to the holder to disclose", ErrClaims, at)
			}
		}
	}
	return nil
}

// find returns the JSON Pointers of what a claim path selects.
func find(tree any, path []any, at string) []string {
	if len(path) == 0 {
		return []string{at}
	}
	switch step := path[0].(type) {
	case string:
		members, _ := tree.(map[string]any)
		if v, present := members[step]; present {
			return find(v, path[1:], pointer(at, step))
		}
	case int:
		if list, ok := tree.([]any); ok && step < len(list) {
			return find(list[step], path[1:], pointer(at, strconv.Itoa(step)))
		}
	case nil:
		var all []string
		list, _ := tree.([]any)
		for i, v := range list {
			all = append(all, find(v, path[1:], pointer(at, strconv.Itoa(i)))...)
		}
		return all
	}
	return nil
}
