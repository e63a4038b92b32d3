package openbadge

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/strictjson"
)

// asJWS is document as the payload of a JWS (the signature is not real).
func asJWS(document []byte) []byte {
	return []byte("eyJhbGciOiJFUzI1NiJ9." + base64.RawURLEncoding.EncodeToString(document) + ".c2ln")
}

func maximalEndorsement() *EndorsementCredential {
	at := func(day int) time.Time { return time.Date(2026, 2, day, 0, 0, 0, 0, time.UTC) }
	e := NewEndorsement("https://board.example/e/1", "A sound course", maximalBadge().Issuer, "https://uni.edu/badges/1", "We *read* it.", at(3))
	e.Description, e.ValidUntil, e.AwardedDate = "Of the review board", at(28), at(2)
	e.Evidence = maximalBadge().Evidence
	e.TermsOfUse = maximalBadge().TermsOfUse
	e.Status, e.Refresh, e.Related = maximalBadge().Status, maximalBadge().Refresh, maximalBadge().Related
	return e
}

func TestEndorsementsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*EndorsementCredential)
		path  string
	}{
		"no id":            {func(e *EndorsementCredential) { e.ID = "" }, "/id"},
		"no name":          {func(e *EndorsementCredential) { e.Name = "" }, "/name"},
		"no date":          {func(e *EndorsementCredential) { e.ValidFrom = time.Time{} }, "/validFrom"},
		"nobody endorses":  {func(e *EndorsementCredential) { e.Issuer = Profile{} }, "/issuer/id"},
		"about nothing":    {func(e *EndorsementCredential) { e.Subject.ID = "" }, "/credentialSubject/id"},
		"relative subject": {func(e *EndorsementCredential) { e.Subject.ID = "badges/1" }, "/credentialSubject/id"},
		"another type":     {func(e *EndorsementCredential) { e.Types = []string{typeVerifiable, TypeCredential} }, "/type"},
		"contexts":         {func(e *EndorsementCredential) { e.Contexts = e.Contexts[:1] }, "/@context"},
		"JWT inside":       {func(e *EndorsementCredential) { e.Issuer.EndorsementJWT = []string{"a.b.c"} }, "/issuer/endorsementJwt"},
	} {
		e := maximalEndorsement()
		c.spoil(e)
		problems := ValidateEndorsement(e)
		if !slices.ContainsFunc(problems, func(p *Problem) bool { return p.Path == c.path }) {
			t.Errorf("%s: got %v, want a sentence about %s", name, Problems(problems), c.path)
		}
		if _, err := e.Document(); err == nil {
			t.Errorf("%s: Document does not ask ValidateEndorsement", name)
		}
	}
}

func TestEndorsementIsReadAsWritten(t *testing.T) {
	e := maximalEndorsement()
	text, err := e.Document()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseEndorsement(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err := validateJSON(t, schema(t, "ob_v3p0", "ob_v3p0_endorsementcredential_schema.json"), text); err != nil {
		t.Error(err)
	}
	canonicalise(t, text)
	for name, c := range map[string][2]string{
		"another type": {`"EndorsementCredential"`, `"OpenBadgeCredential"`},
		"context":      {"v3p0/context-3.0.3.json", "v2p0/context.json"},
		"subject type": {`"EndorsementSubject"`, `"Subject"`},
		"subject id":   {`"id":"https://uni.edu/badges/1","type":["EndorsementSubject"]`, `"type":["EndorsementSubject"]`},
		"comment":      {`"We *read* it."`, `1`},
	} {
		spoiled := strings.Replace(string(text), c[0], c[1], 1)
		if e, err := ParseEndorsement([]byte(spoiled)); err == nil || spoiled == string(text) {
			t.Errorf("%s: read as %+v", name, e)
		}
	}
}

func canonicalise(t interface{ Fatal(...any) }, text []byte) {
	tree, err := strictjson.Decode(text, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jsonld.Canonicalize(tree.(map[string]any), jsonld.Options{}); err != nil {
		t.Fatal(err, string(text))
	}
}

func TestEndorseRefuses(t *testing.T) {
	sound := endorsement("https://uni.edu/badges/1")
	change := func(old, new string) []byte { return []byte(strings.Replace(string(sound), old, new, 1)) }
	for name, signed := range map[string][]byte{
		"nothing":           nil,
		"text":              []byte(`"a.b.c"`),
		"not JSON":          []byte("{"),
		"unsigned":          change(`"proof"`, `"proofs"`),
		"null inside":       change(`"Good & <sound>"`, `null`),
		"a badge":           change("EndorsementCredential", "OpenBadgeCredential"),
		"another thing":     endorsement("https://uni.edu/badges/2"),
		"version 1.1":       change(credential.ContextV2, credential.ContextV1),
		"JWS of nothing":    []byte("e30.e30.c2ln"),
		"JWS of text":       asJWS([]byte(`"x"`)),
		"JWS broken":        []byte("e30.e.c2ln"),
		"JWS, other thing":  asJWS(endorsement("https://uni.edu/badges/2")),
		"JWS, a badge":      asJWS(change("EndorsementCredential", "OpenBadgeCredential")),
		"JWS without words": []byte("e30..c2ln"),
	} {
		a := minimalBadge().Subject.Achievement
		err := a.Endorse(signed)
		var problems Problems
		if !errors.As(err, &problems) || a.Endorsement != nil || a.EndorsementJWT != nil {
			t.Errorf("%s: got %v", name, err)
		}
		// The same when it is put there by hand.
		b := minimalBadge()
		if b.Subject.Achievement.Endorsement = []json.RawMessage{signed}; strings.HasPrefix(name, "JWS") {
			b.Subject.Achievement.Endorsement, b.Subject.Achievement.EndorsementJWT = nil, []string{string(signed)}
		}
		if len(ValidateForJWT(b)) == 0 {
			t.Errorf("%s: ValidateForJWT lets it through", name)
		}
	}
}

// The trap: no published context has the term endorsementJwt, so a Data
// Integrity proof would not cover it, or not be made at all.
func TestEndorsementsAsJWTNeedABadgeAsJWT(t *testing.T) {
	plain := NewEndorsement("urn:uuid:9", "We like it", Profile{ID: "did:web:board.example", Name: "Board"}, "https://uni.edu/badges/1", "", time.Unix(0, 0))
	text, err := plain.DocumentForJWT()
	if err != nil {
		t.Fatal(err)
	}
	b := minimalBadge()
	if err := b.Subject.Achievement.Endorse(asJWS(text)); err != nil {
		t.Fatal(err)
	}
	_, err = b.Document()
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Path != "/credentialSubject/achievement/endorsementJwt" ||
		!strings.Contains(problems[0].Msg, "sign the badge as a JWT") {
		t.Errorf("got %v", err)
	}
	out, err := b.DocumentForJWT()
	if err != nil {
		t.Fatal(err)
	}
	for family, s := range schemaFamilies(t) {
		if err := validateJSON(t, s, out); err != nil {
			t.Errorf("%s: %v", family, err)
		}
	}
	tree, err := strictjson.Decode(out, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var unknown *jsonld.UnknownTermError
	if _, err := jsonld.ToRDF(tree.(map[string]any), jsonld.Options{}); !errors.As(err, &unknown) {
		t.Errorf("a context knows endorsementJwt now, the rule can go: %v", err)
	}
}

func TestEndorsementsAreListed(t *testing.T) {
	b := maximalBadge()
	a := &b.Subject.Achievement
	for _, err := range []error{
		b.Endorse(endorsement(a.ID)), // about any part
		b.Issuer.Endorse(endorsement(b.Issuer.ID)),
		b.Issuer.ParentOrg.Endorse(endorsement(b.Issuer.ParentOrg.ID)),
		a.Endorse(endorsement(a.ID)),
		a.Endorse(asJWS(endorsement(a.ID))),
		a.Creator.Endorse(endorsement(a.Creator.ID)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	text, err := b.DocumentForJWT()
	if err != nil {
		t.Fatal(err)
	}
	c, err := credential.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	read, err := Read(c)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, e := range read.Endorsements() {
		paths = append(paths, e.Path+" "+e.About)
		if (e.Document == nil) == (e.JWT == "") {
			t.Errorf("%s: want one of document and JWT", e.Path)
		}
		if e.Document != nil {
			if _, err := ParseEndorsement(e.Document); err != nil {
				t.Errorf("%s: %v", e.Path, err)
			}
		}
	}
	want := []string{
		"/endorsement/0 ", "/issuer/endorsement/0 did:web:uni.edu", "/issuer/parentOrg/endorsement/0 https://state.example",
		"/credentialSubject/achievement/endorsement/0 https://uni.edu/badges/1", "/credentialSubject/achievement/endorsementJwt/0 https://uni.edu/badges/1",
		"/credentialSubject/achievement/creator/endorsement/0 https://uni.edu/faculty",
		"/credentialSubject/achievement/creator/parentOrg/endorsement/0 https://state.example",
		"/credentialSubject/source/endorsement/0 https://uni.edu/faculty", "/credentialSubject/source/parentOrg/endorsement/0 https://state.example",
	}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestMisspeltMembersAreNotRead(t *testing.T) {
	text, err := minimalBadge().Document()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Description", "DESCRIPTION", "de\u017fcription"} {
		c, err := credential.Parse([]byte(strings.Replace(string(text), `"issuer":`, `"`+name+`":"Not signed","issuer":`, 1)))
		if err != nil {
			t.Fatal(err)
		}
		b, err := Read(c)
		if err != nil || b.Description != "" {
			t.Errorf("%s: got %+v, %v", name, b, err)
		}
	}
}

func FuzzParseEndorsement(f *testing.F) {
	f.Add([]byte(endorsement("urn:uuid:1")))
	text, err := maximalEndorsement().Document()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := ParseEndorsement(text)
		if (e == nil) == (err == nil) {
			t.Fatalf("got %v, %v", e, err)
		}
		if err != nil {
			return
		}
		if e.Subject.ID == "" || e.Issuer.ID == "" {
			t.Fatalf("read without subject or issuer: %s", text)
		}
		if _, err := e.MarshalJSON(); err != nil && e.ValidFrom.Year() < 10000 {
			t.Fatal(err)
		}
	})
}
