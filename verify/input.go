package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/strictjson"
)

// typeRecord is the type of a learner record, which holds many credentials.
const typeRecord = "ClrCredential"

const (
	reasonOB2 = "This is an Open Badges 2.0 assertion, an older kind of badge that carries no signature of its own. " +
		"Ask its holder for the web address of the badge, or its issuer for a version 3.0."
	reasonJWT = "This badge is signed in a form (VC-JWT) that we cannot check yet."
)

// credentialIn finds the JSON of the credential in file. If there is none it
// returns the result of the structure check instead.
func (r *run) credentialIn(file []byte) ([]byte, *Check) {
	malformed := func(code, reason string) ([]byte, *Check) {
		c := failed(CheckStructure, code, reason)
		return nil, &c
	}
	switch baking.Sniff(file) {
	case "json":
		return file, nil
	case "jwt":
		c := unknown(CheckStructure, CodeUnsupported, reasonJWT)
		return nil, &c
	case "html":
		return malformed(CodeWebPage, "This is a web page, not a badge. Look on the page for a link to download the badge.")
	case baking.PNG, baking.SVG:
	default:
		return malformed(CodeNotCredential, "This is neither a badge picture (PNG or SVG) nor a badge file (JSON). "+
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
		return malformed(CodeOpenBadges2, reasonOB2)
	case baked.JWT:
		c := unknown(CheckStructure, CodeUnsupported, reasonJWT)
		return nil, &c
	}
	return baked.Credential, nil
}

// parse reads a credential and says in plain words what else it is, if it is
// none.
//
// It sets the budget, which is larger for a learner record. What does not fit
// in is unknown: nothing speaks against it but its size.
func (r *run) parse(raw []byte) (document, *Check) {
	large, complicated := unknown(CheckStructure, CodeTooLarge, reasonLarge), unknown(CheckStructure, CodeTooComplex, reasonComplex)
	n, longest := parts(raw), credential.MaxBytes
	if mayBeRecord := bytes.Contains(raw, []byte(`"`+typeRecord+`"`)); mayBeRecord {
		longest, r.work.units, r.work.steps = credential.MaxRecordBytes, recordWork, recordSteps
	}
	if len(raw) > longest {
		return document{}, &large
	}
	if r.work.spend(n) != nil {
		return document{}, &complicated
	}
	c, err := credential.ParseLimit(raw, longest)
	if err == nil {
		switch {
		case slices.Contains(c.Types, typeRecord):
			r.get.allow(maxRecordRequests)
		case len(raw) > credential.MaxBytes:
			return document{}, &large
		case n > badgeWork:
			return document{}, &complicated
		default:
			r.work.units, r.work.steps = badgeWork-n, badgeSteps
		}
		return document{Credential: c}, nil
	}
	var syntax *strictjson.Error
	if errors.As(err, &syntax) {
		bad := failed(CheckStructure, CodeBadJSON, fmt.Sprintf("The file is not written correctly: %s (at byte %d).", syntax.Msg, syntax.Offset))
		return document{}, &bad
	}
	if bad := otherDocument(raw); bad != nil {
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
// raw is strict JSON.
func otherDocument(raw []byte) *Check {
	var doc struct {
		Context any `json:"@context"`
		Type    any `json:"type"`
	}
	if json.Unmarshal(raw, &doc) != nil {
		return nil
	}
	types, contexts := words(doc.Type), words(doc.Context)
	var c Check
	switch {
	case slices.Contains(contexts, "https://w3id.org/openbadges/v2"), slices.Contains(contexts, "https://w3id.org/openbadges/v1"),
		slices.Contains(types, "Assertion"):
		c = failed(CheckStructure, CodeOpenBadges2, reasonOB2)
	case slices.Contains(types, "EnvelopedVerifiableCredential"):
		c = unknown(CheckStructure, CodeUnsupported, reasonJWT)
	case slices.Contains(types, "VerifiablePresentation"):
		c = failed(CheckStructure, CodePresentation, "This is a presentation from a wallet, not a badge. Open the badge inside it on its own.")
	case slices.Contains(types, "Achievement"), slices.Contains(types, "Profile"), slices.Contains(types, "BadgeClass"), slices.Contains(types, "Issuer"):
		c = failed(CheckStructure, CodeNotCredential, "This describes a badge or an issuer. It was not awarded to anybody.")
	default:
		return nil
	}
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
