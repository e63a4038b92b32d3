package verify

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/ob2"
	"github.com/roundel/roundel/strictjson"
)

// typeRecord is the type of a learner record, which holds many credentials.
const typeRecord = "ClrCredential"

// open finds the credential in file and reads it. If there is none it returns
// the result of the structure check instead.
func (r *run) open(file []byte) (document, *Check) {
	malformed := func(code, reason string) (document, *Check) {
		c := failed(CheckStructure, code, reason)
		return document{}, &c
	}
	switch kind := baking.Sniff(file); {
	case kind == "json":
		return r.parse(file)
	case kind == "jwt", isToken(file):
		return r.token(file)
	case messageIn(file) != nil:
		return r.message(messageIn(file))
	case kind == "html":
		return malformed(CodeWebPage, "This is a web page, not a badge. Look on the page for a link to download the badge.")
	case kind != baking.PNG && kind != baking.SVG:
		return malformed(CodeNotCredential, "This is neither a badge picture (PNG or SVG) nor a badge file (JSON or JWT). "+
			"A screenshot or a converted picture no longer holds the badge: ask for the original file or link.")
	}
	baked, err := baking.Extract(file)
	switch {
	case errors.Is(err, baking.ErrNotBaked):
		return malformed(CodeNoBadge, "This picture holds no badge. A screenshot or an edited copy loses it: ask for the original file or link.")
	case errors.Is(err, baking.ErrAmbiguous):
		return malformed(CodeAmbiguous, "This picture holds more than one badge, so nobody can say which one it shows.")
	case err != nil:
		return malformed(CodeDamagedPicture, "This picture is damaged, or the badge in it is.")
	case baked.Version == baking.Version1 || baked.Version == baking.Version2:
		if bad := r.afford(baked.Credential); bad != nil {
			return document{}, bad
		}
		return r.oldBadge(baked.Credential, baked.Address)
	case baked.JWT:
		return r.token(baked.Credential)
	}
	return r.parse(baked.Credential)
}

// isToken reports whether file is text that begins as every token does: with
// the JSON of a header in base64url.
func isToken(file []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(file, " \t\r\n"), []byte("eyJ"))
}

// afford sets the budget for a credential of which raw is the JSON, larger for a
// learner record, and pays for reading it. What does not fit in is unknown:
// nothing speaks against it but its size.
func (r *run) afford(raw []byte) *Check {
	longest := credential.MaxBytes
	if bytes.Contains(raw, []byte(`"`+typeRecord+`"`)) { // perhaps: see confirm
		longest = credential.MaxRecordBytes
		if r.depth == 0 {
			r.work.units, r.work.steps = recordWork, recordSteps
		}
	}
	var c Check
	switch {
	case len(raw) > longest:
		c = unknown(CheckStructure, CodeTooLarge, reasonLarge)
	case r.work.spend(parts(raw)) != nil:
		c = unknown(CheckStructure, CodeTooComplex, reasonComplex)
	default:
		return nil
	}
	return &c
}

// confirm takes back what afford gave to a record if c is none.
func (r *run) confirm(c *credential.Credential, raw []byte) *Check {
	if slices.Contains(c.Types, typeRecord) {
		r.get.allow(maxRecordRequests)
		return nil
	}
	if r.depth > 0 {
		return nil
	}
	var bad Check
	switch n := parts(raw); {
	case len(raw) > credential.MaxBytes:
		bad = unknown(CheckStructure, CodeTooLarge, reasonLarge)
	case n > badgeWork:
		bad = unknown(CheckStructure, CodeTooComplex, reasonComplex)
	default:
		r.work.units, r.work.steps = badgeWork-n, badgeSteps
		return nil
	}
	return &bad
}

// parse reads a credential in JSON and says in plain words what else it is, if
// it is none.
func (r *run) parse(raw []byte) (document, *Check) {
	if bad := r.afford(raw); bad != nil {
		return document{}, bad
	}
	v, err := strictjson.Decode(raw, strictjson.Limits{MaxBytes: credential.MaxRecordBytes})
	var syntax *strictjson.Error
	if errors.As(err, &syntax) {
		bad := failed(CheckStructure, CodeBadJSON, fmt.Sprintf("The file is not written correctly: %s (at byte %d).", syntax.Msg, syntax.Offset))
		return document{}, &bad
	}
	tree, ok := v.(map[string]any)
	if !ok {
		bad := failed(CheckStructure, CodeRules, "This is not a complete credential. The document must be a JSON object.")
		return document{}, &bad
	}
	return r.object(tree, raw)
}

// object reads a credential from a tree of which raw is the JSON.
func (r *run) object(tree map[string]any, raw []byte) (document, *Check) {
	if credential.IsEnvelope(tree) {
		return r.enveloped(tree)
	}
	c, err := credential.FromTree(tree)
	if err == nil {
		c.Raw = raw
		return document{Credential: c}, r.confirm(c, raw)
	}
	if ob2.Is(tree) && raw != nil {
		return r.oldBadge(raw, "")
	}
	if bad := otherDocument(tree); bad != nil {
		return document{}, bad
	}
	bad := failed(CheckStructure, CodeRules, "This is not a complete credential. "+firstProblem(err))
	if onlyRelative(err) {
		bad = unknown(CheckStructure, CodeRelativeAddress, "It contains an incomplete address, which no signature covers. "+firstProblem(err))
	}
	return document{}, &bad
}

// onlyRelative reports whether incomplete addresses are all that is wrong. They
// say nothing about where they are read, so the badge is neither called broken
// nor let through.
func onlyRelative(err error) bool {
	var problems credential.Problems
	return errors.As(err, &problems) && !slices.ContainsFunc(problems, func(p *credential.Problem) bool { return !p.Relative })
}

// otherDocument recognises documents that people mistake for badges, or nil.
func otherDocument(tree map[string]any) *Check {
	types := words(tree["type"])
	var c Check
	switch {
	case slices.Contains(types, "VerifiablePresentation"):
		return presentationInstead()
	case slices.Contains(types, "Achievement"), slices.Contains(types, "Profile"), slices.Contains(types, "BadgeClass"), slices.Contains(types, "Issuer"):
		c = failed(CheckStructure, CodeNotCredential, "This describes a badge or an issuer. It was not awarded to anybody.")
	default:
		return nil
	}
	return &c
}

// presentationInstead is the result for a presentation in the place of a badge.
func presentationInstead() *Check {
	c := failed(CheckStructure, CodePresentation, "This is a presentation from a wallet, not a badge. Open the badge inside it on its own.")
	return &c
}

// words returns the strings in v, which is one or a list.
func words(v any) []string {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []string
	for _, one := range list {
		if s, ok := one.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// firstProblem puts the first of the problems in err into a sentence.
func firstProblem(err error) string {
	var problems credential.Problems
	if !errors.As(err, &problems) || len(problems) == 0 {
		return "Something in it cannot be read."
	}
	p := problems[0]
	place := strings.ReplaceAll(strings.TrimPrefix(p.Path, "/"), "/", " → ")
	if place == "" {
		return p.Msg
	}
	return fmt.Sprintf("At “%s”: %s", plain(place), p.Msg)
}
