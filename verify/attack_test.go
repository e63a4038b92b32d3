package verify

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
)

func TestAttackChangedContent(t *testing.T) {
	doc := uni().signed(t, uni().badge())
	changed := bytes.Replace(doc, []byte(`"Can analyse data."`), []byte(`"Can analyse datA."`), 1)
	rep := check(t, world(t), changed)
	want(t, rep, Tampered, "proof failed changed", "issuer_key unknown not_run", "status unknown not_run", "refresh unknown not_run")
	if rep.Headline != "This is not the file the issuer signed" || !strings.HasSuffix(rep.Text, "Ask for the original link; it may be an accident.") {
		t.Errorf("got %q, %q", rep.Headline, rep.Text)
	}
}

func TestAttackOthersKey(t *testing.T) {
	mallory := selfMade(t, "Mallory")
	b := uni().badge()
	doc := must[[]byte](t)(b.Document())
	forged := mallory.sign(t, doc) // names uni.edu as issuer, is signed by a did:key
	n := world(t)
	rep := check(t, n, forged)
	want(t, rep, NotIssuer, "proof passed", "issuer_key failed other_key", "issuer_identity unknown not_run", "status unknown not_run")
	if rep.Headline != "Example University did not sign this" {
		t.Errorf("got %q", rep.Headline)
	}
	if rep.IssuerDomain != "" {
		t.Errorf("the domain %q is called proven", rep.IssuerDomain)
	}

	domain := issuer{"did:web:evil.example", "did:web:evil.example#k", "", keyOf("mallory")}
	n = world(t).with("https://evil.example/.well-known/did.json", domain.document(t, nil))
	want(t, check(t, n, domain.sign(t, doc)), NotIssuer, "proof passed", "issuer_key failed other_key")
}

func TestAttackKeyThatIssuerDoesNotList(t *testing.T) {
	other := issuer{uniDID, uniDID + "#key-2", "Example University", keyOf("mallory")}
	want(t, check(t, world(t), other.signed(t, other.simple())), NotIssuer, "proof unknown no_key", "issuer_key failed key_not_listed")
	// The key in the fragment shows the signature, no more.
	text := must[string](t)(multikey.EncodePublic(keyOf("mallory").Public()))
	other.method = uniDID + "#" + text
	want(t, check(t, world(t), other.signed(t, other.simple())), NotIssuer, "proof passed", "issuer_key failed key_not_listed")
}

func TestAttackKeyForAnotherPurpose(t *testing.T) {
	u := uni()
	doc := bytes.Replace(u.document(t, nil).body, []byte(`"assertionMethod"`), []byte(`"authentication"`), 1)
	want(t, check(t, world(t).with(uniDoc, page{body: doc}), u.signed(t, u.simple())), NotIssuer, "proof passed", "issuer_key failed key_not_allowed")
}

func TestAttackMethodOfAnotherController(t *testing.T) {
	u := uni()
	doc := bytes.Replace(u.document(t, nil).body, []byte(`"controller":"did:web:uni.edu"`), []byte(`"controller":"did:web:evil.example"`), 1)
	want(t, check(t, world(t).with(uniDoc, page{body: doc}), u.signed(t, u.simple())), NotIssuer, "issuer_key failed key_not_listed")
}

func TestAttackDocumentAboutAnotherDID(t *testing.T) {
	other := issuer{"did:web:evil.example", "did:web:evil.example#key-1", "", keyOf("uni")}
	want(t, check(t, world(t).with(uniDoc, other.document(t, nil)), uni().signed(t, uni().simple())), Unverifiable, "issuer_key unknown issuer_document_invalid")
}

func TestAttackFamousNameOnOwnKey(t *testing.T) {
	harvard := selfMade(t, "Harvard University")
	rep := check(t, world(t), harvard.signed(t, harvard.simple()))
	want(t, rep, IssuerUnconfirmed, "proof passed", "issuer_key passed", "issuer_identity unknown self_asserted")
	if rep.Headline != "Unchanged and in date; we cannot confirm that Harvard University issued it" || rep.IssuerDomain != "" {
		t.Errorf("got %q", rep.Headline)
	}
}

func TestAttackNameThatRewritesTheSentence(t *testing.T) {
	mallory := selfMade(t, "Uni\u202e\n\nVerified by uni.edu\u0000 "+strings.Repeat("x", 200))
	rep := check(t, world(t), mallory.signed(t, mallory.simple()))
	want(t, rep, IssuerUnconfirmed)
	if strings.ContainsAny(rep.Headline, "\n\u202e\x00") || len([]rune(rep.Headline)) > 200 {
		t.Errorf("got %q", rep.Headline)
	}
}

// webIssuer is an issuer with a web address and the key in the fragment, as in
// 1EdTech's samples.
func webIssuer(t testing.TB) issuer {
	text := must[string](t)(multikey.EncodePublic(keyOf("web").Public()))
	return issuer{"https://example.com/issuers/876543", "https://example.com/issuers/876543#" + text, "Example Corp", keyOf("web")}
}

func (i issuer) controllerDocument(t testing.TB, key string, assertion bool) page {
	m := map[string]any{"id": i.method, "type": "Multikey", "controller": i.id, "publicKeyMultibase": key}
	doc := map[string]any{"id": i.id, "name": i.name, "verificationMethod": []any{m}}
	if assertion {
		doc["assertionMethod"] = []any{i.method}
	}
	return page{body: must[[]byte](t)(json.Marshal(doc)), media: "application/json"}
}

func TestAttackKeyInFragment(t *testing.T) {
	i := webIssuer(t)
	doc := i.signed(t, i.simple())
	key := strings.SplitN(i.method, "#", 2)[1]
	otherKey := must[string](t)(multikey.EncodePublic(keyOf("mallory").Public()))
	for name, c := range map[string]struct {
		page    *page
		verdict Verdict
		checks  []string
	}{
		"unreachable":      {nil, Unverifiable, []string{"proof passed", "issuer_key unknown unreachable"}},
		"not there":        {&page{status: 404}, IssuerUnconfirmed, []string{"proof passed", "issuer_key unknown key_in_address", "issuer_identity unknown not_run"}},
		"a web page":       {&page{body: []byte("<html>"), media: "text/html; charset=utf-8"}, IssuerUnconfirmed, []string{"issuer_key unknown key_in_address"}},
		"profile, no keys": {&page{body: []byte(`{"id":"https://example.com/issuers/876543","type":"Profile"}`)}, IssuerUnconfirmed, []string{"issuer_key unknown key_in_address"}},
		"not JSON":         {&page{body: []byte(`hello`)}, Unverifiable, []string{"issuer_key unknown issuer_document_invalid"}},
		"about another":    {&page{body: []byte(`{"id":"https://example.com/issuers/1"}`)}, Unverifiable, []string{"issuer_key unknown issuer_document_invalid"}},
		"listed":           {new(i.controllerDocument(t, key, true)), Valid, []string{"issuer_key passed", "issuer_identity passed domain_account"}},
		"not for badges":   {new(i.controllerDocument(t, key, false)), NotIssuer, []string{"issuer_key failed key_not_allowed"}},
		"another key":      {new(i.controllerDocument(t, otherKey, true)), Tampered, []string{"proof failed changed"}},
		"other keys":       {new(issuer{i.id, i.id + "#other", "", nil}.controllerDocument(t, otherKey, true)), NotIssuer, []string{"proof passed", "issuer_key failed key_not_listed"}},
	} {
		t.Run(name, func(t *testing.T) {
			n := &internet{}
			if c.page != nil {
				n.pages = map[string]page{i.id: *c.page}
			}
			want(t, check(t, n, doc), c.verdict, c.checks...)
		})
	}
	want(t, (&Verifier{Now: clock}).Verify(context.Background(), doc), Unverifiable, "proof passed", "issuer_key unknown offline")
}

func TestAttackKeyAtAnotherAddress(t *testing.T) {
	i := webIssuer(t)
	key := strings.SplitN(i.method, "#", 2)[1]
	i.method = "https://evil.example/keys#" + key
	n := &internet{pages: map[string]page{i.id: webIssuer(t).controllerDocument(t, key, true)}}
	want(t, check(t, n, i.signed(t, i.simple())), NotIssuer, "proof passed", "issuer_key failed key_not_listed")
}

// edit changes the signed badge and keeps its signature.
func edit(t *testing.T, change func(map[string]any)) *Report {
	t.Helper()
	return check(t, world(t), edited(t, uni().signed(t, uni().badge()), change))
}

func TestAttackUndefinedTerm(t *testing.T) {
	want(t, edit(t, func(m map[string]any) { m["honours"] = "summa cum laude" }), Unverifiable, "proof unknown unknown_term")
	want(t, edit(t, func(m map[string]any) { m["credentialSubject"].(map[string]any)["grade"] = "A" }), Unverifiable, "proof unknown unknown_term")
}

func TestAttackUndefinedType(t *testing.T) {
	want(t, edit(t, func(m map[string]any) { m["type"] = append(m["type"].([]any), "DoctorOfEverything") }), Unverifiable, "proof unknown unknown_term")
}

func TestAttackRelativeID(t *testing.T) {
	rep := edit(t, func(m map[string]any) {
		m["evidence"] = []any{map[string]any{"id": "my-thesis", "type": []any{"Evidence"}, "name": "Thesis"}}
	})
	want(t, rep, Unverifiable, "structure unknown relative_address")
	for _, change := range []func(m, subject map[string]any){
		func(m, _ map[string]any) { m["id"] = "awards/1" },
		func(_, s map[string]any) { s["id"] = "anna" },
		func(_, s map[string]any) { s["achievement"].(map[string]any)["id"] = "badges/1" },
		func(_, s map[string]any) {
			s["achievement"].(map[string]any)["image"] = map[string]any{"id": "p.png", "type": "Image"}
		},
	} {
		rep := edit(t, func(m map[string]any) { change(m, m["credentialSubject"].(map[string]any)) })
		if rep.Verdict != Unverifiable || !strings.Contains(rep.Text, "incomplete address") {
			t.Errorf("got %s: %s", rep.Verdict, rep.Text)
		}
	}
}

func TestAttackUnknownContext(t *testing.T) {
	for _, extra := range []any{"https://evil.example/context.json", map[string]any{"honours": "https://evil.example/honours"}} {
		rep := edit(t, func(m map[string]any) { m["@context"] = append(m["@context"].([]any), extra) })
		want(t, rep, Unverifiable, "proof unknown unknown_vocabulary")
		if !strings.Contains(rep.Text, "vocabulary we do not carry") {
			t.Errorf("got %q", rep.Text)
		}
	}
}

func TestAttackContextSwapped(t *testing.T) {
	rep := edit(t, func(m map[string]any) { c := m["@context"].([]any); c[0], c[1] = c[1], c[0] })
	want(t, rep, Malformed, "structure failed breaks_rules")
	// Other contexts that we carry must not change what is read.
	for _, url := range []string{"https://w3id.org/security/v2", "https://www.w3.org/ns/did/v1", "https://www.w3.org/2018/credentials/v1"} {
		rep := edit(t, func(m map[string]any) { m["@context"] = append(m["@context"].([]any), url) })
		if rep.Verdict == Valid && rep.Check(CheckProof).Outcome != Passed {
			t.Errorf("%s: valid", url)
		}
	}
}

// The end date and the status under their full names say the same to a
// canonicaliser and nothing to a reader of JSON.
func TestAttackMembersUnderTheirFullNames(t *testing.T) {
	b := uni().badge()
	b.ValidUntil = now.Add(-time.Hour)
	over := uni().signed(t, b)
	rep := check(t, world(t), edited(t, over, func(m map[string]any) {
		m["https://www.w3.org/2018/credentials#validUntil"] = map[string]any{"@type": "http://www.w3.org/2001/XMLSchema#dateTime", "@value": m["validUntil"]}
		delete(m, "validUntil")
	}))
	want(t, rep, Unverifiable, "proof unknown ambiguous_form")

	rep = edit(t, func(m map[string]any) {
		m["https://www.w3.org/2018/credentials#credentialStatus"] = m["credentialStatus"]
		delete(m, "credentialStatus")
	})
	want(t, rep, Unverifiable, "proof unknown ambiguous_form")
}

func TestAttackShownTextUnderItsFullName(t *testing.T) {
	rep := edit(t, func(m map[string]any) {
		i := m["issuer"].(map[string]any)
		i["https://schema.org/name"] = i["name"]
		delete(i, "name")
	})
	want(t, rep, Unverifiable, "proof unknown ambiguous_form")
}

// A member of somebody's own vocabulary, under its full address, is signed like
// any other and hides nothing.
func TestMembersOfOtherVocabularies(t *testing.T) {
	doc := edited(t, must[[]byte](t)(uni().badge().Document()), func(m map[string]any) { m["https://uni.edu/vocabulary#room"] = "B12" })
	want(t, check(t, world(t), uni().sign(t, doc)), Valid)
}

// The same node written twice: the status hangs on another object with the
// credential's id.
func TestAttackStatusMovedToASecondNode(t *testing.T) {
	b := uni().badge()
	b.Refresh.ID = b.ID // so that a second object with the id is there
	doc := uni().signed(t, b)
	rep := check(t, world(t), edited(t, doc, func(m map[string]any) {
		r := m["refreshService"].(map[string]any)
		r["https://www.w3.org/2018/credentials#credentialStatus"] = m["credentialStatus"]
		delete(m, "credentialStatus")
	}))
	want(t, rep, Unverifiable, "proof unknown ambiguous_form")
}

func TestAttackProofEndUnderItsFullName(t *testing.T) {
	rep := edit(t, func(m map[string]any) {
		p := m["proof"].(map[string]any)
		p["http://purl.org/dc/terms/created"] = map[string]any{"@type": "http://www.w3.org/2001/XMLSchema#dateTime", "@value": p["created"]}
		delete(p, "created")
	})
	want(t, rep, Unverifiable, "proof unknown ambiguous_form")
}

func TestAttackDuplicateKeys(t *testing.T) {
	doc := string(uni().signed(t, uni().badge()))
	for _, second := range []string{`"name":"Doctor"`, `"\u006eame":"Doctor"`, `"Name":"Doctor"`} {
		rep := check(t, world(t), []byte(strings.Replace(doc, `"name":`, second+`,"name":`, 1)))
		want(t, rep, Malformed, "structure failed bad_json", "proof unknown not_run")
	}
}

func TestAttackBadJSON(t *testing.T) {
	doc := string(uni().signed(t, uni().badge()))
	for _, bad := range []string{doc + "x", doc[:len(doc)-1], strings.Replace(doc, "Can", "C\xff", 1), strings.Replace(doc, "Can", `\ud800`, 1),
		strings.Repeat("[", 100000), `{"a":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + "}"} {
		rep := check(t, world(t), []byte(bad))
		want(t, rep, Malformed, "structure failed bad_json")
		if _, err := json.Marshal(rep); err != nil {
			t.Errorf("the report of bad JSON is no JSON: %v", err)
		}
	}
	want(t, check(t, world(t), []byte(`{"a":"`+strings.Repeat("x", 2<<20)+`"}`)), Unverifiable, "structure unknown too_large")
}

func TestNotSigned(t *testing.T) {
	rep := check(t, world(t), must[[]byte](t)(uni().badge().Document()))
	want(t, rep, Unverifiable, "proof unknown not_signed", "issuer_key unknown not_run", "status unknown not_run")
	if !strings.HasPrefix(rep.Text, "This badge is not signed.") {
		t.Errorf("got %q", rep.Text)
	}
}

func TestAttackProofSets(t *testing.T) {
	u, mallory := uni(), selfMade(t, "Mallory")
	once := u.signed(t, u.simple())
	twice := mallory.sign(t, once)
	want(t, check(t, world(t), twice), Valid) // others may sign too
	spoil := func(which int) []byte {
		return edited(t, twice, func(m map[string]any) {
			p := m["proof"].([]any)[which].(map[string]any)
			other := m["proof"].([]any)[1-which].(map[string]any)
			p["proofValue"] = other["proofValue"]
		})
	}
	want(t, check(t, world(t), spoil(0)), Tampered, "proof failed changed")
	want(t, check(t, world(t), spoil(1)), Tampered, "proof failed changed")

	// Only Mallory's proof left: signed, but not by the issuer.
	alone := edited(t, twice, func(m map[string]any) { m["proof"] = m["proof"].([]any)[1] })
	want(t, check(t, world(t), alone), NotIssuer, "proof passed", "issuer_key failed other_key")

	// The issuer's proof in a form that we cannot check, Mallory's in order.
	mixed := edited(t, twice, func(m map[string]any) { m["proof"].([]any)[0].(map[string]any)["cryptosuite"] = "bbs-2023" })
	want(t, check(t, world(t), mixed), Unverifiable, "proof unknown unsupported")

	empty := edited(t, once, func(m map[string]any) { m["proof"] = []any{} })
	want(t, check(t, world(t), empty), Malformed, "structure failed breaks_rules")

	many := edited(t, once, func(m map[string]any) { m["proof"] = slices.Repeat([]any{m["proof"]}, maxProofs+1) })
	want(t, check(t, world(t), many), Unverifiable, "proof unknown too_many_proofs")
}

func TestAttackProofPurpose(t *testing.T) {
	swapped := edited(t, uni().signed(t, uni().simple()), func(m map[string]any) { m["proof"].(map[string]any)["proofPurpose"] = "authentication" })
	want(t, check(t, world(t), swapped), Tampered, "proof failed wrong_purpose")
	made := must[[]byte](t)(proof.Sign(must[[]byte](t)(uni().simple().Document()), uni().key, proof.SignOptions{Method: uni().method, Created: now, Purpose: "authentication"}))
	want(t, check(t, world(t), made), Tampered, "proof failed wrong_purpose")
}

func TestAttackProofDates(t *testing.T) {
	doc := must[[]byte](t)(uni().simple().Document())
	signAt := func(at time.Time) []byte {
		return must[[]byte](t)(proof.Sign(doc, uni().key, proof.SignOptions{Method: uni().method, Created: at}))
	}
	want(t, check(t, world(t), signAt(now.Add(clockSkew+time.Second))), Unverifiable, "proof unknown created_in_future")
	want(t, check(t, world(t), signAt(now.Add(clockSkew))), Valid)
	want(t, check(t, world(t), signAt(time.Time{})), Valid)
	backdated := edited(t, signAt(now), func(m map[string]any) { m["proof"].(map[string]any)["created"] = "2020-01-01T00:00:00Z" })
	want(t, check(t, world(t), backdated), Tampered, "proof failed changed")
	nonsense := edited(t, signAt(now), func(m map[string]any) { m["proof"].(map[string]any)["created"] = "yesterday" })
	want(t, check(t, world(t), nonsense), Tampered, "proof failed bad_proof")
	// A key that has been retired and a signature without date.
	n := world(t).with(uniDoc, uni().document(t, func(m *did.Method) { m.Revoked = now.Add(-time.Minute) }))
	want(t, check(t, n, signAt(time.Time{})), Unverifiable, "issuer_key unknown key_retired")
}

func TestAttackProofValue(t *testing.T) {
	for name, value := range map[string]any{
		"cut":            "z3",
		"huge":           "z" + strings.Repeat("2", 500_000),
		"other base":     "u" + strings.Repeat("A", 86),
		"all zero":       multikey.EncodeMultibase(make([]byte, 64)),
		"not a text":     1,
		"missing":        nil,
		"characters off": "z0OIl",
	} {
		t.Run(name, func(t *testing.T) {
			rep := edit(t, func(m map[string]any) {
				p := m["proof"].(map[string]any)
				if p["proofValue"] = value; value == nil {
					delete(p, "proofValue")
				}
			})
			if rep.Verdict != Tampered {
				t.Errorf("got %s", rep.Verdict)
			}
		})
	}
}

func TestUnsupportedForms(t *testing.T) {
	for _, change := range []func(map[string]any){
		func(p map[string]any) { p["cryptosuite"] = "bbs-2023" },
		func(p map[string]any) { p["type"] = "BbsBlsSignature2020" },
	} {
		rep := edit(t, func(m map[string]any) { change(m["proof"].(map[string]any)) })
		want(t, rep, Unverifiable, "proof unknown unsupported")
	}
	ion := issuer{"did:ion:abc", "did:ion:abc#k", "Ion", keyOf("ion")}
	want(t, check(t, world(t), ion.signed(t, ion.simple())), Unverifiable, "issuer_key unknown unsupported")
	site := issuer{"https://uni.edu/issuer", "https://uni.edu/issuer#k", "Uni", keyOf("ion")}
	plainHTTP := bytes.ReplaceAll(site.signed(t, site.simple()), []byte("https://uni.edu/issuer"), []byte("http://uni.edu/issuer"))
	want(t, check(t, world(t), plainHTTP), Unverifiable, "issuer_key unknown unsupported")
}

func TestMalformedSaysWhatItIs(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file, code, says string
	}{
		"empty":        {"", CodeNotCredential, "neither"},
		"JPEG":         {"\xff\xd8\xff\xe0", CodeNotCredential, "screenshot"},
		"web page":     {"<!doctype html><title>Badge</title>", CodeWebPage, "web page"},
		"plain PNG":    {picture.String(), CodeNoBadge, "holds no badge"},
		"plain SVG":    {"<svg/>", CodeNoBadge, "holds no badge"},
		"presentation": {`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"VerifiablePresentation"}`, CodePresentation, "presentation"},
		"achievement":  {`{"type":["Achievement"],"name":"x"}`, CodeNotCredential, "not awarded"},
		"array":        {`[]`, CodeRules, "JSON object"},
		"other JSON":   {`{"a":1}`, CodeRules, "@context"},
	} {
		t.Run(name, func(t *testing.T) {
			rep := check(t, world(t), []byte(c.file))
			want(t, rep, Malformed, "structure failed "+c.code, "proof unknown not_run")
			if !strings.Contains(rep.Text, c.says) {
				t.Errorf("got %q", rep.Text)
			}
		})
	}
}

func TestBadgeRulesBroken(t *testing.T) {
	doc := edited(t, must[[]byte](t)(uni().simple().Document()), func(m map[string]any) {
		delete(m["credentialSubject"].(map[string]any)["achievement"].(map[string]any), "description")
	})
	rep := check(t, world(t), uni().sign(t, doc))
	want(t, rep, Malformed, "structure passed", "schema failed breaks_open_badges_rules", "proof passed")
	if rep.Badge != nil || !strings.Contains(rep.Text, "achievement") {
		t.Errorf("got %q", rep.Text)
	}
}

func TestAttackStatusLists(t *testing.T) {
	u, mallory := uni(), selfMade(t, "Mallory")
	subject := func(m map[string]any) map[string]any { return m["credentialSubject"].(map[string]any) }
	for name, c := range map[string]struct {
		page *page
		code string
	}{
		"unreachable":     {nil, CodeUnreachable},
		"HTTP 500":        {&page{status: 500}, CodeUnreachable},
		"HTTP 404":        {&page{status: 404}, CodeUnreachable},
		"not JSON":        {&page{body: []byte("hello")}, CodeListInvalid},
		"wrong purpose":   {new(u.list(t, revocation, "suspension", false, nil)), CodeWrongPurposeL},
		"other list":      {new(u.list(t, suspension, "revocation", false, nil)), CodeListInvalid},
		"other issuer":    {new(mallory.list(t, revocation, "revocation", false, nil)), CodeOtherIssuer},
		"other signer":    {&page{body: mallory.sign(t, must[[]byte](t)(unsignedList(t)))}, CodeListUnsigned},
		"unsigned":        {&page{body: must[[]byte](t)(unsignedList(t))}, CodeListUnsigned},
		"expired":         {new(u.list(t, revocation, "revocation", false, func(m map[string]any) { m["validUntil"] = "2026-11-23T14:02:00Z" })), CodeListExpired},
		"not yet valid":   {new(u.list(t, revocation, "revocation", false, func(m map[string]any) { m["validFrom"] = "2026-11-23T14:30:00Z" })), CodeListExpired},
		"not a list":      {new(u.list(t, revocation, "revocation", false, func(m map[string]any) { m["type"] = []any{"VerifiableCredential"} })), CodeListInvalid},
		"too short":       {new(u.list(t, revocation, "revocation", false, func(m map[string]any) { subject(m)["encodedList"] = "uH4sIAAAAAAAAA2MAAI3vAtIBAAAA" })), CodeListInvalid},
		"not compressed":  {new(u.list(t, revocation, "revocation", false, func(m map[string]any) { subject(m)["encodedList"] = "uAAAA" })), CodeListInvalid},
		"a badge instead": {&page{body: u.signed(t, u.simple())}, CodeListInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			n := world(t).without(revocation)
			if c.page != nil {
				n = n.with(revocation, *c.page)
			}
			want(t, check(t, n, u.signed(t, u.badge())), Unverifiable, "status unknown "+c.code, "proof passed", "issuer_key passed")
		})
	}
}

func unsignedList(t testing.TB) ([]byte, error) {
	signed := uni().list(t, revocation, "revocation", false, nil)
	return edited(t, signed.body, func(m map[string]any) { delete(m, "proof") }), nil
}

func TestAttackStatusEntries(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*openbadge.StatusEntry)
		code   string
	}{
		"index too large": {func(e *openbadge.StatusEntry) { e.Index = "131072" }, CodeListInvalid},
		"index overflow":  {func(e *openbadge.StatusEntry) { e.Index = "18446744073709556327" }, CodeListInvalid},
		"index negative":  {func(e *openbadge.StatusEntry) { e.Index = "-1" }, CodeListInvalid},
		"index in hex":    {func(e *openbadge.StatusEntry) { e.Index = "0x10" }, CodeListInvalid},
		"unknown purpose": {func(e *openbadge.StatusEntry) { e.Purpose = "popularity" }, CodeWrongPurposeL},
		"unknown list":    {func(e *openbadge.StatusEntry) { e.ListCredential = "https://uni.edu/status/9" }, CodeUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			b := uni().badge()
			c.change(&b.Status[0])
			doc := uni().sign(t, must[[]byte](t)(json.Marshal(b))) // Document would refuse
			want(t, check(t, world(t), doc), Unverifiable, "status unknown "+c.code)
		})
	}
}

func TestAttackManyDocuments(t *testing.T) {
	want(t, check(t, world(t), uni().signed(t, manyStatus(t, world(t), maxStatus+1))), Unverifiable, "status unknown too_complex")
	n := world(t)
	b := manyStatus(t, n, maxStatus)
	rep := check(t, n, uni().signed(t, b))
	want(t, rep, Unverifiable, "status unknown too_many_requests")
	if len(n.asked) != maxRequests {
		t.Errorf("%d requests", len(n.asked))
	}
}

// manyStatus returns a badge with n status entries, and puts their lists into net.
func manyStatus(t *testing.T, net *internet, n int) *openbadge.AchievementCredential {
	b := uni().badge()
	b.Status = nil
	for i := range n {
		url := fmt.Sprintf("https://uni.edu/status/x%d", i)
		b.AddStatus(url, "revocation", index)
		net.pages[url] = uni().list(t, url, "revocation", false, nil)
	}
	return b
}

// bomb is a valid zlib stream of n MiB of zeros. The same compressed block is
// repeated, since compressing so much takes long.
func bomb(t testing.TB, n int) []byte {
	t.Helper()
	var block bytes.Buffer
	w, err := flate.NewWriter(&block, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil { // ends on a byte
		t.Fatal(err)
	}
	out := append([]byte{0x78, 0xda}, bytes.Repeat(block.Bytes(), n)...)
	out = append(out, 3, 0) // an empty last block
	// Adler-32 of zeros: one sum stays 1, the other counts the bytes.
	return binary.BigEndian.AppendUint32(out, uint32(n<<20%65521)<<16|1)
}

func TestAttackPictures(t *testing.T) {
	doc := uni().signed(t, uni().badge())
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	baked := must[[]byte](t)(baking.BakePNG(picture.Bytes(), doc))
	want(t, check(t, world(t), baked), Valid)
	put := func(kind string, data []byte) []byte {
		chunk := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
		body := append([]byte(kind), data...)
		chunk = binary.BigEndian.AppendUint32(append(chunk, body...), crc32.ChecksumIEEE(body))
		return slices.Concat(baked[:33], chunk, baked[33:])
	}
	want(t, check(t, world(t), put("iTXt", append([]byte("openbadgecredential\x00\x00\x00\x00\x00"), doc...))), Malformed, "structure failed several_badges_in_picture")
	want(t, check(t, world(t), put("tEXt", []byte("openbadges\x00https://uni.edu/assertion"))), Malformed, "structure failed several_badges_in_picture")
	want(t, check(t, world(t), append(slices.Clone(baked), 0)), Malformed, "structure failed damaged_picture")

	baked = picture.Bytes()
	file := put("iTXt", slices.Concat([]byte("openbadgecredential\x00\x01\x00\x00\x00"), bomb(t, 256)))
	want(t, check(t, world(t), file), Malformed, "structure failed damaged_picture")
}

// A web address whose host would be called proven must be plain: a script that
// answers what its query says lets anybody speak for its host.
func TestAttackIssuerAddressThatProvesNoHost(t *testing.T) {
	key := must[string](t)(multikey.EncodePublic(keyOf("web").Public()))
	for _, id := range []string{"https://famous.example/echo?say=me", "https://famous.example/?", "https://famous.example@evil.example/me",
		"https://famous.example:x@evil.example/me", "https://fаmous.example/me"} { // the last with a Cyrillic letter
		i := issuer{id, id + "#k", "Famous", keyOf("web")}
		n := &internet{pages: map[string]page{id: i.controllerDocument(t, key, true)}}
		rep := check(t, n, i.signed(t, i.simple()))
		if rep.Verdict != Unverifiable || rep.IssuerDomain != "" || rep.Check(CheckIssuerKey).Code != CodeUnsupported || len(n.asked) > 0 {
			t.Errorf("%s: %s, domain %q, %+v, asked %v", id, rep.Verdict, rep.IssuerDomain, rep.Check(CheckIssuerKey), n.asked)
		}
	}
}
