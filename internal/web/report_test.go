package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/clr"
	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/ob2"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/sdjwt"
	"github.com/roundel/roundel/verify"
)

// record is a signed learner record with n badges of uni, besides one that has
// expired, one that was changed and one whose issuer names only itself.
func record(t *testing.T, uni issuerKit, n int) []byte {
	t.Helper()
	r := clr.New("https://uni.edu/records/1", "Transcript of Amara Okafor", uni.profile(),
		clr.Subject{Identifier: uni.badge(0, "").Subject.Identifier}, checked.AddDate(0, -1, 0))
	r.Partial = true
	hold := func(signed []byte) {
		if err := r.Hold(signed); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		hold(uni.signed(t, uni.badge(i+1, fmt.Sprintf("Module %d", i+1))))
	}
	over := uni.badge(n+1, "First aid")
	over.ValidUntil = checked.AddDate(0, -1, 0)
	hold(uni.signed(t, over))
	hold(bytes.Replace(uni.signed(t, uni.badge(n+2, "Bookkeeping")), []byte("Bookkeeping"), []byte("Neurosurgery"), -1))
	club := selfIssuer(t, "Chess club")
	hold(club.signed(t, club.badge(n+3, "Chess")))
	r.Subject.Achievement = []openbadge.Achievement{{ID: "https://uni.edu/badges/degree", Name: "Data degree", Description: "The whole of it.", Criteria: openbadge.Criteria{Narrative: "All modules."}}}
	r.Associate("isPartOf", "https://uni.edu/badges/1", "https://uni.edu/badges/degree")
	doc, err := r.Document()
	if err != nil {
		t.Fatal(err)
	}
	return uni.sign(t, doc)
}

// TestReportOfALearnerRecord: what it is, whose, and what it holds, the doubtful
// ones first.
func TestReportOfALearnerRecord(t *testing.T) {
	uni := domainIssuer("uni.edu", "Example University")
	report, p, doc := reported(t, internetOf(t, uni), record(t, uni, 2))
	if len(report.Contents) != 5 || p.Record == nil || p.Record.Total != 5 {
		t.Fatalf("%d badges inside, shown as %+v", len(report.Contents), p.Record)
	}
	if p.Kind != "Learner record" || p.Name != "Transcript of Amara Okafor" || p.Recipient != "Amara Okafor" {
		t.Errorf("a %q called %q of %q", p.Kind, p.Name, p.Recipient)
	}
	held := in(t, doc, "held")
	says(t, "the list", held, "5 badges inside", "2 real and in date", "1 expired", "1 changed since signed", "1 unchanged, name not confirmed",
		"Module 1", "uni.edu, which calls itself “Example University” · 23 May 2026", "Calls itself “Chess club”", "Unchanged; the name is not confirmed", "Changed since signed", "Microcredential",
		"leaves out something", "Described, not awarded", "Data degree", "“Module 1” is part of “Data degree”", "Does not apply here:", "Is it in date? Passed.")
	if i, j := strings.Index(held, "Neurosurgery"), strings.Index(held, "Module 1"); i < 0 || i > j {
		t.Error("the changed badge does not come first")
	}
	for _, id := range []string{"held-tampered", "held-expired", "held-issuer_unconfirmed", "held-valid"} {
		if n := elementByID(doc, id); n == nil || count(n, "h3") != 1 {
			t.Errorf("no group %s with a heading", id)
		}
	}
	says(t, "the page", spacedWords(doc), "Do the badges inside it hold?", "Check an e-mail address against it")
	if got := emailOutcome(report, "Amara@Example.org"); got != string(verify.Passed) {
		t.Errorf("the address in the record: %s", got)
	}
	if got := emailOutcome(report, "eve@example.org"); got != string(verify.Failed) {
		t.Errorf("another address: %s", got)
	}
}

// TestReportOfAHundredBadges: it stays a page that a telephone opens: few stand
// open, nothing is lost, and it is counted on top.
func TestReportOfAHundredBadges(t *testing.T) {
	uni := domainIssuer("uni.edu", "Example University")
	report, p, doc := reported(t, internetOf(t, uni), record(t, uni, 97))
	if len(report.Contents) != 100 {
		t.Fatalf("%d badges were checked: %s", len(report.Contents), report.Text)
	}
	says(t, "the list", in(t, doc, "held"), "100 badges inside", "97 real and in date", "Show 87 more", "Module 97")
	last := p.Record.Groups[len(p.Record.Groups)-1]
	if len(last.First) != shownFirst || len(last.More) != 87 {
		t.Errorf("%d open and %d folded", len(last.First), len(last.More))
	}
	folded, open := 0, 0
	for n := range doc.Descendants() {
		if n.Data == "details" && strings.HasPrefix(attr(n, "class"), "part ") {
			folded++
		}
		if n.Data == "details" && hasAttr(n, "open") {
			open++
		}
	}
	if folded != 100 || open != 0 {
		t.Errorf("%d badges can be unfolded, %d parts are open", folded, open)
	}
	var b bytes.Buffer
	if err := html.Render(&b, doc); err != nil || b.Len() > 900<<10 {
		t.Errorf("the page has %d KiB, %v", b.Len()>>10, err)
	}
	t.Logf("%d KiB", b.Len()>>10)
}

func hasAttr(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

// TestReportOfEndorsements: who speaks, for what, and what they say, unless it is
// not shown that they said it.
func TestReportOfEndorsements(t *testing.T) {
	uni, ministry, friend := domainIssuer("uni.edu", "Example University"), domainIssuer("ministry.example", "Ministry of Education"), selfIssuer(t, "Harvard")
	b := uni.badge(1, "Data analysis")
	good := ministry.endorsement(t, b.ID, "Worth its *weight*. <script>alert(1)</script> [more](javascript:alert(2)) ![x](https://evil.example/x.png)")
	forged := bytes.Replace(ministry.endorsement(t, b.ID, "Not bad."), []byte("Not bad."), []byte("The best."), 1)
	other := ministry.endorsement(t, "https://uni.edu/awards/2", "About another one.")
	b.Endorsement = []json.RawMessage{good, forged, other}
	b.Subject.Achievement.Endorsement = []json.RawMessage{friend.endorsement(t, b.Subject.Achievement.ID, "We rely on it.")}
	b.Issuer.Endorsement = []json.RawMessage{ministry.endorsement(t, uni.id, "An accredited university.")}
	plain, err := b.MarshalJSON() // Document refuses the bad ones
	if err != nil {
		t.Fatal(err)
	}
	report, _, doc := reported(t, internetOf(t, uni, ministry), uni.sign(t, plain))
	if report.Verdict != verify.Valid || len(report.Endorsements) != 5 {
		t.Fatalf("%s with %d endorsements: %s", report.Verdict, len(report.Endorsements), report.Text)
	}
	text := in(t, doc, "endorsements")
	says(t, "the section", text, "ministry.example, which calls itself “Ministry of Education”", "Real and in date", "Worth its weight .", "Speaks for this very award",
		"Calls itself “Harvard”", "We rely on it.", "Speaks for the badge as such",
		"An accredited university.", "Speaks for the issuer, not for this badge", "is not repeated here", "Not an endorsement of this badge", "They do not change the result above")
	saysNot(t, "the section", text, "The best.", "About another one.")
	section := elementByID(doc, "endorsements")
	if count(section, "blockquote") != 3 || count(section, "em") != 1 || count(section, "img") != 0 || count(section, "a") != 0 {
		t.Errorf("%d quotes, %d emphasised, %d pictures, %d links", count(section, "blockquote"), count(section, "em"), count(section, "img"), count(section, "a"))
	}
}

// typed is an SD-JWT VC of uni.edu, of which the family name and the address can
// be left out.
func typed(t *testing.T, uni issuerKit) []byte {
	t.Helper()
	claims, err := json.Marshal(map[string]any{"iss": "https://uni.edu/issuer", "vct": "https://uni.edu/types/student_card", "iat": checked.Add(-time.Hour).Unix(), "exp": checked.AddDate(1, 0, 0).Unix(),
		"given_name": "Amara", "family_name": "Okafor", "isAlumni": true, "semester": 5, "home_page": "https://amara.example/", "bad": "javascript:alert(1)",
		"address": map[string]any{"street_address": "1 Harbour Road", "country": "IE"}, "courses": []any{"Data", "Law"}})
	if err != nil {
		t.Fatal(err)
	}
	token, err := sdjwt.IssueVC(claims, uni.key, sdjwt.Options{Header: jose.Header{KeyID: "k1"}, Disclosable: []string{"/family_name", "/address"}})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func typedWorld(t *testing.T, uni issuerKit) internet {
	t.Helper()
	jwk, err := multikey.PublicToJWK(uni.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	var key map[string]any
	if err := json.Unmarshal(jwk, &key); err != nil {
		t.Fatal(err)
	}
	key["kid"] = "k1"
	doc, err := json.Marshal(map[string]any{"issuer": "https://uni.edu/issuer", "jwks": map[string]any{"keys": []any{key}}})
	if err != nil {
		t.Fatal(err)
	}
	return internet{"https://uni.edu/.well-known/jwt-vc-issuer/issuer": doc}
}

// TestReportOfATypedToken: an SD-JWT VC is a table of its claims.
func TestReportOfATypedToken(t *testing.T) {
	uni := domainIssuer("uni.edu", "")
	token := typed(t, uni)
	report, p, doc := reported(t, typedWorld(t, uni), token)
	if report.Verdict != verify.Valid || p.Name != "Student card" || !p.Partly || p.Signed != string(token) {
		t.Errorf("%s (%s): %q, partly %t", report.Verdict, report.Text, p.Name, p.Partly)
	}
	text := in(t, doc, "claims")
	says(t, "the table", text, "Given name Amara Family name Okafor", "Is alumni Yes", "Semester 5", "Courses Data, Law", "Address Country IE Street address 1 Harbour Road", "This is no Open Badge")
	saysNot(t, "the table", text, "Iss ", "Vct", "Exp ", "sd_alg")
	says(t, "the page", spacedWords(doc), "You may see only part of it", "https://uni.edu/types/student_card")
	if section := elementByID(doc, "claims"); count(section, "a") != 1 || count(section, "tr") < 9 {
		t.Errorf("%d links, %d rows", count(section, "a"), count(section, "tr"))
	}

	// With parts left out the rest is as good.
	s, err := sdjwt.Parse(token)
	if err != nil {
		t.Fatal(err)
	}
	short, err := s.Present()
	if err != nil {
		t.Fatal(err)
	}
	report, _, doc = reported(t, typedWorld(t, uni), short)
	if report.Verdict != verify.Valid {
		t.Errorf("%s: %s", report.Verdict, report.Text)
	}
	saysNot(t, "the shortened one", in(t, doc, "claims"), "Okafor", "Harbour")
}

// TestReportOfAnotherCredential: a credential that is no badge shows what it says.
func TestReportOfAnotherCredential(t *testing.T) {
	uni := domainIssuer("uni.edu", "Example University")
	doc, err := json.Marshal(map[string]any{
		"@context": []any{credential.ContextV2, map[string]any{"@vocab": "https://uni.edu/terms#"}}, "id": "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a009",
		"type": []any{"VerifiableCredential", "UniversityDegreeCredential"}, "name": "Bachelor of Science", "description": "Three years.",
		"issuer": map[string]any{"id": uni.id, "name": uni.name}, "validFrom": "2026-03-01T09:00:00Z",
		"credentialSubject": map[string]any{"id": "did:example:anna", "degree": map[string]any{"degreeType": "BSc", "honours": false}},
	})
	if err != nil {
		t.Fatal(err)
	}
	token, err := jose.SignCredential(doc, uni.key, jose.CredentialOptions{KeyID: uni.method, Profile: jose.W3C})
	if err != nil {
		t.Fatal(err)
	}
	report, p, page := reported(t, internetOf(t, uni), token)
	if report.Verdict != verify.Valid || p.Kind != "University degree credential" || p.Name != "Bachelor of Science" || p.Description != "Three years." {
		t.Errorf("%s (%s): a %q called %q", report.Verdict, report.Text, p.Kind, p.Name)
	}
	says(t, "the table", in(t, page, "claims"), "Identifier did:example:anna", "Degree", "Degree type BSc", "Honours No")
	says(t, "the page", spacedWords(page), "bound to a key that the holder carries", "uni.edu")
}

// TestTokensAreSentAgainWhole: the page carries what was signed along, not the
// JSON inside it, and verifying that again gives the same result.
func TestTokensAreSentAgainWhole(t *testing.T) {
	uni := domainIssuer("uni.edu", "Example University")
	world, b := internetOf(t, uni), uni.badge(1, "Data analysis")
	var blank bytes.Buffer
	if err := png.Encode(&blank, image.NewNRGBA(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4"/></svg>`)
	bake := func(picture, inside []byte) []byte {
		baked, err := baking.Bake(picture, inside, baking.Version3)
		if err != nil {
			t.Fatal(err)
		}
		return baked
	}
	token, document := uni.token(t, b), uni.signed(t, b)
	selective := must(t)(sdjwt.IssueCredential(must(t)(b.DocumentForJWT()), uni.key, sdjwt.Options{Header: jose.Header{KeyID: uni.method}, Disclosable: []string{"/name"}}))
	enveloped := must(t)(json.Marshal(jose.Envelope(jose.MediaTypeVCJWT, must(t)(jose.SignCredential(must(t)(b.DocumentForJWT()), uni.key, jose.CredentialOptions{KeyID: uni.method, Profile: jose.W3C})))))
	for name, c := range map[string]struct{ file, again []byte }{
		"JWT":           {append([]byte("\n"), append(token, " \n"...)...), token},
		"JWT in a PNG":  {bake(blank.Bytes(), token), token},
		"JWT in an SVG": {bake(svg, token), token},
		"JSON":          {document, document},
		"JSON in a PNG": {bake(blank.Bytes(), document), document},
		"SD-JWT":        {selective, selective},
		"enveloped":     {enveloped, enveloped},
	} {
		report, p, doc := reported(t, world, c.file)
		if report.Verdict != verify.Valid {
			t.Errorf("%s: %s (%s)", name, report.Verdict, report.Text)
			continue
		}
		if !p.Email.Possible || p.Email.Text != string(c.again) {
			t.Errorf("%s: sends again %.60q", name, p.Email.Text)
		}
		if (p.Signed == string(token)) != strings.HasPrefix(name, "JWT") {
			t.Errorf("%s: shows as signed text %.60q", name, p.Signed)
		}
		sent := ""
		for n := range doc.Descendants() {
			if n.Data == "input" && attr(n, "name") == "text" {
				sent = attr(n, "value")
			}
		}
		if again, _, _ := reported(t, world, []byte(sent)); again.Verdict != verify.Valid || emailOutcome(again, "amara@example.org") != string(verify.Passed) {
			t.Errorf("%s, sent again by its form: %s", name, again.Verdict)
		}
	}
}

func must(t *testing.T) func([]byte, error) []byte {
	return func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

// TestReportOfResultsAndEvidence: a mark stands on its scale, an alignment names
// its framework, and evidence is a link that leads out safely.
func TestReportOfResultsAndEvidence(t *testing.T) {
	uni := domainIssuer("uni.edu", "Example University")
	b := uni.badge(1, "Data analysis")
	a, s := &b.Subject.Achievement, &b.Subject
	a.ResultDescription = []openbadge.ResultDescription{
		{ID: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a011", Name: "Mastery", ResultType: "RubricCriterionLevel", RequiredLevel: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a022",
			RubricCriterionLevel: []openbadge.RubricCriterionLevel{
				{ID: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a021", Name: "Novice", Points: "1"},
				{ID: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a022", Name: "Proficient", Description: "Works alone.", Points: "2"},
				{ID: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a023", Name: "Expert", Points: "3"}}},
		{ID: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a012", Name: "Examination", ResultType: "Percent", ValueMin: "0", ValueMax: "100", RequiredValue: "70"},
		{ID: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a013", Name: "Grade", ResultType: "LetterGrade", AllowedValue: []string{"C", "B", "A"}},
	}
	s.Result = []openbadge.Result{
		{ResultDescription: a.ResultDescription[0].ID, AchievedLevel: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a022"},
		{ResultDescription: a.ResultDescription[1].ID, Value: "87", Status: "Completed"},
		{ResultDescription: a.ResultDescription[2].ID, Value: "B"},
		{Value: "with distinction"},
	}
	a.Alignment = []openbadge.Alignment{{TargetName: "analyse data", TargetFramework: "ESCO", TargetCode: "S2.7", TargetURL: "https://data.europa.example/esco/1", TargetDescription: "Collects and tests data."}}
	a.Tag, a.CreditsAvailable, s.CreditsEarned, a.FieldOfStudy, a.InLanguage, s.LicenseNumber = []string{"statistics"}, 6, 5, "Statistics", "en", "L-77"
	a.Related = []openbadge.Related{{ID: "https://uni.edu/badges/1-de", InLanguage: "de", Version: "2"}}
	s.Narrative = "She **led** the project."
	b.Issuer.URL, b.Issuer.Official = "https://uni.edu", "The Registrar"
	b.Evidence = []openbadge.Evidence{
		{ID: "https://amara.example/capstone", Name: "Capstone", Genre: "Report", Narrative: "A year of *open* data."},
		{Narrative: "Spoke to 300 people."},
	}
	report, p, doc := reported(t, internetOf(t, uni), uni.signed(t, b))
	if report.Verdict != verify.Valid {
		t.Fatalf("%s: %s", report.Verdict, report.Text)
	}
	says(t, "results", in(t, doc, "results"), "Mastery Proficient level 2 of 3", "Novice Points: 1", "Expert", "Reached, and needed", "Works alone.",
		"Examination 87 % on a scale from 0 to 100", "Needed: 70.", "State: completed.", "Grade B level 2 of 3", "with distinction")
	for i, want := range []int{3, 0, 3, 0} {
		if len(p.Results[i].Scale) != want {
			t.Errorf("result %d has a scale of %d", i, len(p.Results[i].Scale))
		}
	}
	says(t, "evidence", in(t, doc, "evidence"), "Capstone", "amara.example", "Report", "open", "Evidence in words", "Spoke to 300 people.", "We do not judge it")
	says(t, "the page", strings.Join(strings.Fields(spacedWords(doc)), " "), "analyse data ESCO · S2.7", "statistics", "5 earned of 6", "Field of study Statistics", "Language English", "L-77",
		"In German", "https://uni.edu/badges/1-de · version 2", "She led the project.", "What the issuer says about itself", "The Registrar")
	for _, address := range []string{"https://amara.example/capstone", "https://data.europa.example/esco/1", "https://uni.edu/badges/1-de"} {
		found := false
		for n := range doc.Descendants() {
			if n.Data == "a" && attr(n, "href") == address {
				found = attr(n, "rel") == "nofollow noopener"
			}
		}
		if !found {
			t.Errorf("no careful link to %s", address)
		}
	}
}

// TestReportOfAnOldBadge: a badge of Open Badges 2.0 is shown as any other, and
// what is sent again leads to the same one.
func TestReportOfAnOldBadge(t *testing.T) {
	const award, class, issuer = "https://uni.edu/old/awards/1", "https://uni.edu/old/badges/1", "https://uni.edu/old/issuer"
	salt := strings.Repeat("ab", 16)
	a := ob2.NewAssertion(award, ob2.BadgeClass{ID: class}, ob2.Recipient{Type: "email", Hashed: true, Salt: salt, Identity: openbadge.HashIdentity("amara@example.org", salt)}, checked.AddDate(0, -1, 0))
	a.Evidence = []ob2.Evidence{{ID: "https://amara.example/robot", Name: "The robot"}}
	document := must(t)(a.Document())
	world := internet{award: document,
		class:  must(t)((&ob2.BadgeClass{ID: class, Name: "Robotics", Description: "Builds robots.", Image: &ob2.Image{ID: "https://uni.edu/b.png"}, Criteria: ob2.Criteria{ID: "https://uni.edu/criteria", Narrative: "Build one."}, Issuer: ob2.Profile{ID: issuer}}).Document()),
		issuer: must(t)((&ob2.Profile{ID: issuer, Name: "Example University", URL: "https://uni.edu", Email: "badges@uni.edu"}).Document()),
	}
	var blank bytes.Buffer
	if err := png.Encode(&blank, image.NewNRGBA(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ file, again []byte }{
		"JSON":             {document, document},
		"address in a PNG": {must(t)(baking.Bake(blank.Bytes(), []byte(award), baking.Version2)), []byte(award)},
	} {
		report, p, doc := reported(t, world, c.file)
		if report.Verdict != verify.Valid || !p.Email.Possible || p.Email.Text != string(c.again) {
			t.Errorf("%s: %s (%s), sends again %q", name, report.Verdict, report.Text, p.Email.Text)
			continue
		}
		says(t, name, strings.Join(strings.Fields(spacedWords(doc)), " "), "Robotics", "Builds robots.", "from before version 3.0", "The robot", "Example University", "badges@uni.edu")
		if got := emailOutcome(report, "amara@example.org"); got != string(verify.Passed) {
			t.Errorf("%s: the address: %s", name, got)
		}
	}
}

// TestWordsOfFixedLists: each word that the specification allows has a text, and
// what is not on a list is shown as words.
func TestWordsOfFixedLists(t *testing.T) {
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	catalogue.Missing = func(lang, id, problem string) { t.Errorf("%s: text %q: %s", lang, id, problem) }
	texts := catalogue.For("en")
	for family, list := range map[string][]string{"kind.": openbadge.AchievementTypes(), "idtype.": openbadge.IdentityTypes(), "result_status.": openbadge.ResultStatuses()} {
		for _, word := range list {
			if term(texts, family, word, list) == "" {
				t.Errorf("%s%s is empty", family, word)
			}
		}
	}
	for _, kind := range clr.AssociationTypes() {
		texts.T("report.link."+kind, map[string]any{"source": "a", "target": "b"})
	}
	for _, v := range verdictOrder() {
		texts.T("report.count."+string(v), map[string]any{"count": 2})
	}
	for name, want := range map[string]string{
		"familyName": "Family name", "family_name": "Family name", "UniversityDegreeCredential": "University degree credential", "ext:ShortCourse": "Short course",
		"HTMLPage": "HTML page", "issuerDID": "Issuer DID", "GPA": "GPA", "id": "Id", "a\u202eb\nc": "ab c", "https://x/y": "https://x/y", "": "", "x-y.z": "X y z",
	} {
		if got := humanised(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
	for address, want := range map[string]string{"https://x.example/a": "https://x.example/a", "http://x.example": "http://x.example", "/sign-out": "", "javascript:alert(1)": "", "mailto:a@b": "",
		"https://user@x.example/": "", "//x.example": "", "data:text/html,x": "", "": ""} {
		if got := outside(address); got != want {
			t.Errorf("outside(%q) = %q, want %q", address, got, want)
		}
	}
}

// TestClaimsAreBounded: a hostile document does not become an endless page.
func TestClaimsAreBounded(t *testing.T) {
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	deep := map[string]any{"end": "x"}
	for range 50 {
		deep = map[string]any{"in": deep}
	}
	wide := make([]any, 5000)
	for i := range wide {
		wide[i] = map[string]any{"n": json.Number(fmt.Sprint(i))}
	}
	subject := map[string]any{"deep": deep, "long": strings.Repeat("ü", 10000), "wide": wide, "picture": "data:image/png;base64," + strings.Repeat("A", 5000)}
	p := &reportPage{}
	p.fillOther(catalogue.For("en"), &credential.Credential{Version: credential.Version2, Types: []string{"VerifiableCredential"}, Subject: []map[string]any{subject}})
	if len(p.Claims) != maxClaims || !p.ClaimsCut {
		t.Errorf("%d rows, cut %t", len(p.Claims), p.ClaimsCut)
	}
	for _, c := range p.Claims {
		if len([]rune(c.Text)) > maxClaimText+1 || c.Depth > maxClaimDepth+1 || strings.HasPrefix(c.Text, "data:") {
			t.Errorf("row %q at depth %d has %d characters", c.Term, c.Depth, len(c.Text))
		}
	}
}
