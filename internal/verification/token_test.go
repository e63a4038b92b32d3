package verification_test

import (
	"crypto/ed25519"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/sdjwt"
	"github.com/roundel/roundel/verify"
)

// tokens returns the same badge as a JWT and as an SD-JWT, signed by a key that
// names itself.
func tokens(t *testing.T) (jwt, selective string) {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	id, method, err := did.KeyDID(pub)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openbadge.New("urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a001", openbadge.Profile{ID: id, Name: "Harvard University"},
		openbadge.Achievement{ID: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a002", Name: "Data", Description: "Explains data.", Criteria: openbadge.Criteria{Narrative: "Pass."}},
		openbadge.Subject{ID: "did:example:amara"}, time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)).DocumentForJWT()
	if err != nil {
		t.Fatal(err)
	}
	one, err := jose.SignCredential(doc, priv, jose.CredentialOptions{KeyID: method, Profile: jose.OB3})
	if err != nil {
		t.Fatal(err)
	}
	two, err := sdjwt.IssueCredential(doc, priv, sdjwt.Options{Header: jose.Header{KeyID: method}, Disclosable: []string{"/name"}})
	if err != nil {
		t.Fatal(err)
	}
	return string(one), string(two)
}

// wrapped is text with a line break after every 60 characters, as mails have it.
func wrapped(text string) string {
	var b strings.Builder
	for len(text) > 60 {
		b.WriteString(text[:60] + "\r\n")
		text = text[60:]
	}
	return b.String() + text
}

// TestPastedTokens: what copying adds is taken away, and nothing else.
func TestPastedTokens(t *testing.T) {
	jwt, selective := tokens(t)
	s := service(nil)
	for name, c := range map[string]struct {
		text, file string
		want       verify.Verdict
	}{
		"JWT":                       {jwt, jwt, verify.IssuerUnconfirmed},
		"JWT with line breaks":      {wrapped(jwt), jwt, verify.IssuerUnconfirmed},
		"JWT in quotes":             {" \"" + jwt + "\"\n", jwt, verify.IssuerUnconfirmed},
		"SD-JWT":                    {selective, selective, verify.IssuerUnconfirmed},
		"SD-JWT with line breaks":   {wrapped(selective), selective, verify.IssuerUnconfirmed},
		"JWT with a letter more":    {jwt[:len(jwt)-9] + "A" + jwt[len(jwt)-9:], jwt[:len(jwt)-9] + "A" + jwt[len(jwt)-9:], verify.Malformed},
		"prose with blanks in it":   {"eye witness\nof it", "eye witness\nof it", verify.Malformed},
		"half a JWT":                {jwt[:len(jwt)/2], jwt[:len(jwt)/2], verify.Malformed},
		"JWT with its payload gone": {jwt[:strings.Index(jwt, ".")+1] + jwt[strings.LastIndex(jwt, "."):], jwt[:strings.Index(jwt, ".")+1] + jwt[strings.LastIndex(jwt, "."):], verify.Malformed},
	} {
		report, file, err := s.CheckText(t.Context(), c.text, "")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// A token with a letter more may also be one with another signature.
		if report.Verdict != c.want && !(c.want == verify.Malformed && report.Verdict == verify.Tampered) || string(file) != c.file {
			t.Errorf("%s: %s (%s), file %.40q", name, report.Verdict, report.Text, file)
		}
	}
}

// TestPagesNameTokens: a page leads to its credential in whatever form it names,
// and to the best of several.
func TestPagesNameTokens(t *testing.T) {
	jwt, selective := tokens(t)
	doc := string(signed(t))
	page := func(head, body string) http.HandlerFunc {
		return sends("text/html", "<!doctype html><html><head>"+head+"</head><body>"+body+"</body></html>")
	}
	var asked string
	pages := map[string]http.HandlerFunc{
		"/a.jwt": func(w http.ResponseWriter, r *http.Request) {
			asked = r.Header.Get("Accept")
			sends("application/vc+jwt", jwt)(w, r)
		},
		"/a.sd-jwt": sends("application/dc+sd-jwt", selective), "/a.json": sends("application/vc+ld+json", doc), "/a.txt": sends("text/plain", jwt+"\n"), "/robots.txt": sends("text/plain", "User-agent: *"),
		"/jwt":    page(`<link rel="alternate" type="application/vc+jwt" href="/a.jwt">`, ""),
		"/plain":  page(`<link type='text/plain' href='a.txt' rel='alternate'>`, ""),
		"/sd":     page(`<LINK REL="Alternate nofollow" HREF="/a.sd-jwt" TYPE="application/dc+sd-jwt; charset=utf-8"/>`, ""),
		"/best":   page(`<link rel="alternate" type="text/plain" href="/robots.txt"><link rel="alternate" type="application/jwt" href="/a.jwt"><link rel="alternate" type="application/vc+ld+json" href="/a.json">`, ""),
		"/robots": page(`<link rel="alternate" type="text/plain" href="/robots.txt">`, ""),
		"/feed":   page(`<link rel="alternate" type="application/json" href="/a.json"><link rel="alternate" type="application/rss+xml" href="/a.json">`, ""),
		"/style":  page(`<link rel="stylesheet" type="application/vc" href="/a.json">`, ""),
		"/quoted": page("", `A comment: <link rel="alternate" type="application/vc" href="/a.json">`),
		"/script": page(`<!-- <link rel="alternate" type="application/vc" href="/a.json"> --><script>'<link rel="alternate" type="application/vc" href="/a.json">'</script>`, ""),
	}
	s := service(pages)
	for link, want := range map[string]string{"/jwt": jwt, "/plain": jwt + "\n", "/sd": selective, "/best": doc, "/a.jwt": jwt, "/a.txt": jwt + "\n"} {
		report, file, err := s.CheckText(t.Context(), base+link, "")
		if err != nil || string(file) != want || report.Verdict != verify.IssuerUnconfirmed {
			t.Errorf("%s: %v, %.60q", link, err, file)
		}
	}
	for _, media := range []string{"application/vc+jwt", "application/jwt", "text/plain", "application/vc+ld+json", "application/dc+sd-jwt"} {
		if !strings.Contains(asked, media) {
			t.Errorf("%s was not asked for: %s", media, asked)
		}
	}
	for _, link := range []string{"/robots", "/feed", "/style", "/quoted", "/script"} {
		if _, _, err := s.CheckText(t.Context(), base+link, ""); !strings.Contains(fault.FieldMessage(err, "text"), "leads to a web page") {
			t.Errorf("%s: %v", link, err)
		}
	}
}

func sends(media, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		_, _ = w.Write([]byte(body))
	}
}
