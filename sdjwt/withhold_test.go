package sdjwt_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/sdjwt"
)

const ending = `{"@context":["https://www.w3.org/ns/credentials/v2",{"a":"b:c"}],"id":"a:c","type":["VerifiableCredential"],
	"issuer":{"id":"a:i","type":["Profile"],"name":"Uni"},"validFrom":"2026-01-01T00:00:00Z","validUntil":"2027-01-01T00:00:00Z",
	"issuanceDate":"2026-01-01T00:00:00Z","expirationDate":"2027-01-01T00:00:00Z",
	"credentialStatus":[{"type":"BitstringStatusListEntry","statusPurpose":"revocation"},{"type":"BitstringStatusListEntry","statusPurpose":"suspension"}],
	"termsOfUse":[{"type":"T"}],"credentialSchema":{"id":"a:s","type":"S"},"refreshService":{"type":"R"},"relatedResource":[{"id":"a:r"}],
	"exp":1800000000,"name":"Badge","credentialSubject":{"id":"a:s","@context":{"x":"y:z"},"type":["P"],"list":[1,2],"name":"Anna"}}`

// What a verdict depends on cannot be withheld: not by its own pointer, nor by
// one to a part.
func TestCriticalMembersStay(t *testing.T) {
	for _, pointer := range strings.Fields(`/@context /@context/0 /@context/1/a /type /type/0 /issuer /issuer/id /validFrom /validUntil
		/issuanceDate /expirationDate /credentialStatus /credentialStatus/0 /credentialStatus/1/statusPurpose /termsOfUse /termsOfUse/0
		/credentialSchema /credentialSchema/id /refreshService /refreshService/type /relatedResource /relatedResource/0 /exp
		/credentialSubject/@context /credentialSubject/@context/x /cnf /cnf/jwk`) {
		o := sdjwt.Options{Disclosable: []string{"/name", pointer}, Holder: keys()["holder"].Public()}
		text, err := sdjwt.IssueCredential([]byte(ending), keys()["ES256"], o)
		if !errors.Is(err, sdjwt.ErrOptions) || !strings.Contains(err.Error(), pointer+" may not be withheld") {
			t.Errorf("%s: %s, %v", pointer, text, err)
		}
	}
	for _, pointer := range strings.Fields("/issuer/name /issuer/type /issuer/type/0 /name /id /credentialSubject /credentialSubject/id /credentialSubject/type /credentialSubject/list/1") {
		text, err := sdjwt.IssueCredential([]byte(ending), keys()["ES256"], sdjwt.Options{Disclosable: []string{pointer}})
		if err != nil {
			t.Errorf("%s: %v", pointer, err)
			continue
		}
		d, err := sdjwt.ParseCredential(text)
		if err != nil || d.Disclosures[0].Path != pointer || len(d.Withholdable()) != 0 {
			t.Errorf("%s: %v, %v", pointer, err, d)
		}
	}
	if _, err := sdjwt.Issue([]byte(`{"cnf":{"jwk":{}}}`), keys()["ES256"], sdjwt.Options{Disclosable: []string{"/cnf"}}); !errors.Is(err, sdjwt.ErrOptions) {
		t.Errorf("a holder could drop the key that binds a token: %v", err)
	}
}

func TestPresentationMembersStay(t *testing.T) {
	doc := `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"],"holder":{"id":"a:h","name":"H"},"termsOfUse":[{"type":"T"}],
		"verifiableCredential":[{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"validUntil":"2027-01-01T00:00:00Z","proof":{"type":"P"}}]}`
	for _, pointer := range strings.Fields("/@context /type /type/0 /termsOfUse /termsOfUse/0 /verifiableCredential/0/validUntil /verifiableCredential/0/proof /verifiableCredential/0/@context") {
		if text, err := sdjwt.IssuePresentation([]byte(doc), keys()["ES256"], sdjwt.Options{Disclosable: []string{pointer}}); !errors.Is(err, sdjwt.ErrOptions) {
			t.Errorf("%s: %s, %v", pointer, text, err)
		}
	}
	for _, pointer := range strings.Fields("/holder /holder/id /holder/name /verifiableCredential /verifiableCredential/0") {
		if _, err := sdjwt.IssuePresentation([]byte(doc), keys()["ES256"], sdjwt.Options{Disclosable: []string{pointer}}); err != nil {
			t.Errorf("%s: %v", pointer, err)
		}
	}
	one := strings.NewReplacer("[{\"@context\"", "{\"@context\"", `}}]}`, `}}}`).Replace(doc)
	if text, err := sdjwt.IssuePresentation([]byte(one), keys()["ES256"], sdjwt.Options{Disclosable: []string{"/verifiableCredential/validUntil"}}); !errors.Is(err, sdjwt.ErrOptions) {
		t.Errorf("%s, %v", text, err)
	}
}

// What cannot be verified is not issued.
func TestIssuerAndKeyID(t *testing.T) {
	for doc, kid := range map[string]string{`{}`: "a:k", `{"issuer":{"name":"Uni"}}`: "a:k", `{"issuer":"did:web:uni.example"}`: "", `{"issuer":{"id":"did:web:uni.example"}}`: ""} {
		text, err := sdjwt.IssueCredential([]byte(doc), keys()["ES256"], sdjwt.Options{Header: jose.Header{KeyID: kid}})
		if !errors.Is(err, sdjwt.ErrOptions) || text != nil {
			t.Errorf("%s: %s, %v", doc, text, err)
		}
	}
	for doc, kid := range map[string]string{`{"issuer":"https://uni.example"}`: "", `{"issuer":"did:web:uni.example"}`: "did:web:uni.example#1"} {
		if _, err := sdjwt.IssueCredential([]byte(doc), keys()["ES256"], sdjwt.Options{Header: jose.Header{KeyID: kid}}); err != nil {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

// careless signs the document as an issuer would that knows no such rule.
func careless(t *testing.T, pointers ...string) *sdjwt.Document {
	t.Helper()
	text, err := sdjwt.Issue([]byte(ending), keys()["ES256"], sdjwt.Options{Header: jose.Header{Type: "vc+sd-jwt"}, Disclosable: pointers})
	if err != nil {
		t.Fatal(err)
	}
	d, err := sdjwt.ParseCredential(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func show(t *testing.T, d *sdjwt.Document, pointers ...string) *sdjwt.Document {
	t.Helper()
	text, err := d.Present(pointers...)
	if err != nil {
		t.Fatal(err)
	}
	if d, err = sdjwt.ParseCredential(text); err != nil {
		t.Fatal(err)
	}
	return d
}

// A holder who drops the end and the withdrawal of a credential leaves digests
// behind that may stand for them.
func TestMayHide(t *testing.T) {
	d := careless(t, "/validUntil", "/credentialStatus", "/credentialStatus/1", "/credentialSubject/name", "/name")
	got := d.Withholdable()
	slices.Sort(got)
	if !reflect.DeepEqual(got, []string{"/credentialStatus", "/credentialStatus/1", "/validUntil"}) {
		t.Errorf("withholdable: %v", got)
	}
	for _, c := range []struct {
		show string
		hide string
	}{
		{"/validUntil /credentialStatus/1 /credentialSubject/name /name", ""},
		{"/validUntil /credentialStatus/1 /name", "credentialSubject"},
		// One digest at the top level is not opened: it may be of any member.
		{"/validUntil /credentialStatus/1 /credentialSubject/name", "name nobody"},
		{"/credentialStatus/1 /credentialSubject/name /name", "validUntil nobody"},
		{"/validUntil /credentialSubject/name /name", "credentialStatus nobody"},
		// The second of two entries is not shown.
		{"/validUntil /credentialStatus /credentialSubject/name /name", "credentialStatus"},
		{"", "validUntil credentialStatus name credentialSubject nobody"},
	} {
		shown := show(t, d, strings.Fields(c.show)...)
		for _, member := range strings.Fields("validUntil credentialStatus name credentialSubject issuer validFrom nobody") {
			if want := slices.Contains(strings.Fields(c.hide), member); shown.MayHide(member) != want {
				t.Errorf("shown %q: may hide %s: %t", c.show, member, !want)
			}
		}
	}
	// Parts of an object, and of what stands in a disclosure.
	d = careless(t, "/credentialStatus/0/statusPurpose")
	if shown := show(t, d); !shown.MayHide("credentialStatus") || shown.MayHide("validUntil") || d.MayHide("credentialStatus") {
		t.Error("parts of the first entry")
	}
}

func TestMayHideDecoys(t *testing.T) {
	short := `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"a:i","name":"n","credentialSubject":{"id":"a:s","name":"n"}}`
	for pointer, want := range map[string]bool{"/name": true, "/credentialSubject/name": false} {
		text, err := sdjwt.IssueCredential([]byte(short), keys()["ES256"], sdjwt.Options{Disclosable: []string{pointer}, Decoys: 1})
		if err != nil {
			t.Fatal(err)
		}
		d, err := sdjwt.ParseCredential(text)
		if err != nil {
			t.Fatal(err)
		}
		if d.MayHide("validUntil") != want || d.MayHide("issuer") {
			t.Errorf("%s with a decoy: %t", pointer, !want)
		}
	}
}
