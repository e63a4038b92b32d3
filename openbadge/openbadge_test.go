package openbadge

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/vectors"
)

func TestValidateRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*AchievementCredential)
		path  string
	}{
		"no id":                   {func(c *AchievementCredential) { c.ID = "" }, "/id"},
		"relative id":             {func(c *AchievementCredential) { c.ID = "awards/1" }, "/id"},
		"no name":                 {func(c *AchievementCredential) { c.Name = " " }, "/name"},
		"no issuer":               {func(c *AchievementCredential) { c.Issuer = Profile{} }, "/issuer/id"},
		"issuer without name":     {func(c *AchievementCredential) { c.Issuer.Name = "" }, "/issuer/name"},
		"no date":                 {func(c *AchievementCredential) { c.ValidFrom = time.Time{} }, "/validFrom"},
		"ends first":              {func(c *AchievementCredential) { c.ValidUntil = c.ValidFrom.Add(-1) }, "/validUntil"},
		"nobody":                  {func(c *AchievementCredential) { c.Subject.ID, c.Subject.Identifier = "", nil }, "/credentialSubject"},
		"relative recipient":      {func(c *AchievementCredential) { c.Subject.ID = "anna" }, "/credentialSubject/id"},
		"mail in the clear":       {func(c *AchievementCredential) { c.Subject.Identifier[0].Hashed = false }, "/credentialSubject/identifier/0/hashed"},
		"short salt":              {func(c *AchievementCredential) { c.Subject.Identifier[0].Salt = "Kosher" }, "/credentialSubject/identifier/0/salt"},
		"not a hash":              {func(c *AchievementCredential) { c.Subject.Identifier[0].IdentityHash = "sha256$" }, "/credentialSubject/identifier/0/identityHash"},
		"no achievement name":     {func(c *AchievementCredential) { c.Subject.Achievement.Name = "" }, "/credentialSubject/achievement/name"},
		"no description":          {func(c *AchievementCredential) { c.Subject.Achievement.Description = "" }, "/credentialSubject/achievement/description"},
		"no criteria":             {func(c *AchievementCredential) { c.Subject.Achievement.Criteria = Criteria{} }, "/credentialSubject/achievement/criteria"},
		"empty tag":               {func(c *AchievementCredential) { c.Subject.Achievement.Tag = []string{"a", ""} }, "/credentialSubject/achievement/tag/1"},
		"relative picture":        {func(c *AchievementCredential) { c.Subject.Achievement.Image.ID = "/p.png" }, "/credentialSubject/achievement/image/id"},
		"JWT endorsement":         {func(c *AchievementCredential) { c.EndorsementJWT = []string{"a.b.c"} }, "/endorsementJwt"},
		"undescribed result":      {func(c *AchievementCredential) { c.Subject.Result[0].ResultDescription = "urn:uuid:8" }, "/credentialSubject/result/0/resultDescription"},
		"undescribed level":       {func(c *AchievementCredential) { c.Subject.Result[1].AchievedLevel = "urn:uuid:8" }, "/credentialSubject/result/1/achievedLevel"},
		"empty result":            {func(c *AchievementCredential) { c.Subject.Result[0].Value = "" }, "/credentialSubject/result/0"},
		"context without types":   {func(c *AchievementCredential) { c.Contexts = c.Contexts[:2] }, "/@context"},
		"negative index":          {func(c *AchievementCredential) { c.Status[0].Index = "-1" }, "/credentialStatus/0/statusListIndex"},
		"index in another form":   {func(c *AchievementCredential) { c.Status[0].Index = "007" }, "/credentialStatus/0/statusListIndex"},
		"relative refresh":        {func(c *AchievementCredential) { c.Refresh.ID = "/refresh" }, "/refreshService/id"},
		"relative evidence":       {func(c *AchievementCredential) { c.Evidence[0].ID = "/e" }, "/evidence/0/id"},
		"alignment without url":   {func(c *AchievementCredential) { c.Subject.Achievement.Alignment[0].TargetURL = "" }, "/credentialSubject/achievement/alignment/0/targetUrl"},
		"negative credits":        {func(c *AchievementCredential) { c.Subject.Achievement.CreditsAvailable = -1 }, "/credentialSubject/achievement/creditsAvailable"},
		"activity ends first":     {func(c *AchievementCredential) { c.Subject.ActivityEndDate = c.Subject.ActivityStartDate.Add(-1) }, "/credentialSubject/activityEndDate"},
		"terms without type":      {func(c *AchievementCredential) { c.TermsOfUse[0].Type = "" }, "/termsOfUse/0/type"},
		"level of another result": {func(c *AchievementCredential) { c.Subject.Result[0].AchievedLevel = "urn:uuid:4" }, "/credentialSubject/result/0/achievedLevel"},
		"value too large":         {func(c *AchievementCredential) { c.Subject.Result[0].Value = "101" }, "/credentialSubject/result/0/value"},
		"value not allowed": {func(c *AchievementCredential) {
			c.Subject.Result[0] = Result{ResultDescription: "urn:uuid:5", Value: "D"}
		}, "/credentialSubject/result/0/value"},
		"required level unknown": {func(c *AchievementCredential) {
			c.Subject.Achievement.ResultDescription[1].RequiredLevel = "urn:uuid:9"
		}, "/credentialSubject/achievement/resultDescription/1/requiredLevel"},
		"required value outside": {func(c *AchievementCredential) { c.Subject.Achievement.ResultDescription[0].RequiredValue = "-1" }, "/credentialSubject/achievement/resultDescription/0/requiredValue"},
		"bounds exchanged":       {func(c *AchievementCredential) { c.Subject.Achievement.ResultDescription[0].ValueMin = "101" }, "/credentialSubject/achievement/resultDescription/0/valueMin"},
		"two results of one id":  {func(c *AchievementCredential) { c.Subject.Achievement.ResultDescription[1].ID = "urn:uuid:1" }, "/credentialSubject/achievement/resultDescription/1/id"},
		"level with a result's id": {func(c *AchievementCredential) {
			c.Subject.Achievement.ResultDescription[1].RubricCriterionLevel[1].ID = "urn:uuid:1"
		}, "/credentialSubject/achievement/resultDescription/1/rubricCriterionLevel/1/id"},
		"blank allowed value": {func(c *AchievementCredential) { c.Subject.Achievement.ResultDescription[2].AllowedValue[1] = "" }, "/credentialSubject/achievement/resultDescription/2/allowedValue/1"},
		"national number in the clear": {func(c *AchievementCredential) {
			c.Subject.Identifier[1] = PlainIdentity("nationalIdentityNumber", "1")
		}, "/credentialSubject/identifier/1/hashed"},
		"salt without hash":      {func(c *AchievementCredential) { c.Subject.Identifier[1].Salt = "x" }, "/credentialSubject/identifier/1/salt"},
		"credits no number":      {func(c *AchievementCredential) { c.Subject.CreditsEarned = math.NaN() }, "/credentialSubject/creditsEarned"},
		"empty evidence":         {func(c *AchievementCredential) { c.Evidence[1] = Evidence{} }, "/evidence/1"},
		"evidence digest":        {func(c *AchievementCredential) { c.Evidence[0].DigestSRI = "sha1-x" }, "/evidence/0/digestSRI"},
		"related without digest": {func(c *AchievementCredential) { c.Related[0] = RelatedResource{ID: "urn:a:b"} }, "/relatedResource/0"},
		"related twice":          {func(c *AchievementCredential) { c.Related = append(c.Related, c.Related[0]) }, "/relatedResource/1/id"},
		"related digest":         {func(c *AchievementCredential) { c.Related[0].DigestMultibase = "x" }, "/relatedResource/0/digestMultibase"},
		"terms of no address":    {func(c *AchievementCredential) { c.TermsOfUse[0].Type = "Terms" }, "/termsOfUse/0/type"},
		"country in full":        {func(c *AchievementCredential) { c.Issuer.Address.CountryCode = "Germany" }, "/issuer/address/addressCountryCode"},
		"no place on Earth":      {func(c *AchievementCredential) { c.Issuer.Address.Geo.Latitude = 91 }, "/issuer/address/geo"},
		"empty address":          {func(c *AchievementCredential) { c.Issuer.Address = &Address{} }, "/issuer/address"},
		"mail without at":        {func(c *AchievementCredential) { c.Issuer.Email = "uni.edu" }, "/issuer/email"},
		"relative site":          {func(c *AchievementCredential) { c.Issuer.URL = "uni.edu" }, "/issuer/url"},
		"no such day":            {func(c *AchievementCredential) { c.Issuer.DateOfBirth = "2001-02-30" }, "/issuer/dateOfBirth"},
		"list without extensions": {func(c *AchievementCredential) {
			c.Contexts = c.Contexts[:2]
			c.Schema, c.Refresh = nil, nil
			c.Status[0].Type = RevocationList
		}, "/@context"},
		"level without name": {func(c *AchievementCredential) {
			c.Subject.Achievement.ResultDescription[1].RubricCriterionLevel[0].Name = ""
		}, "/credentialSubject/achievement/resultDescription/1/rubricCriterionLevel/0/name"},
	} {
		t.Run(name, func(t *testing.T) {
			badge := maximalBadge()
			c.spoil(badge)
			for _, p := range Validate(badge) {
				if p.Path == c.path && strings.HasSuffix(p.Msg, ".") {
					if _, err := badge.Document(); err == nil {
						t.Error("Document does not ask Validate")
					}
					return
				}
			}
			t.Errorf("got %v, want a sentence about %s", Problems(Validate(badge)), c.path)
		})
	}
}

func TestDocumentIsStable(t *testing.T) {
	got, err := minimalBadge().Document()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json","https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"],` +
		`"id":"urn:uuid:6f1f2f7a-9f10-4a1e-9f57-0b7c2f7e5d0a","type":["VerifiableCredential","OpenBadgeCredential"],"name":"Data analysis",` +
		`"issuer":{"id":"did:web:uni.edu","type":["Profile"],"name":"Example University"},"validFrom":"2026-03-01T09:00:00Z",` +
		`"credentialSubject":{"id":"did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK","type":["AchievementSubject"],` +
		`"achievement":{"id":"https://uni.edu/badges/1","type":["Achievement"],"name":"Data analysis","description":"Can analyse data.",` +
		`"criteria":{"narrative":"Six **assignments** & a <report>."}}},` +
		`"credentialSchema":[{"id":"https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json","type":"1EdTechJsonSchemaValidator2019"}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if bytes.Contains(got, []byte("null")) || bytes.Contains(got, []byte("[]")) {
		t.Error("the document has nulls or empty arrays")
	}
}

func TestReadReturnsWhatWasWritten(t *testing.T) {
	two := maximalBadge()
	two.AddStatus("https://uni.edu/status/2", PurposeSuspend, "12")
	for name, badge := range map[string]*AchievementCredential{"minimal": minimalBadge(), "maximal": maximalBadge(), "two statuses": two} {
		text, err := badge.Document()
		if err != nil {
			t.Fatal(err)
		}
		c, err := credential.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read(c)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		badge.ValidFrom = wholeSeconds(badge.ValidFrom)
		if diff := cmp.Diff(badge, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestReadIsLenientAboutForm(t *testing.T) {
	c, err := credential.Parse([]byte(`{
	  "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context.json"],
	  "id": "urn:uuid:1", "type": ["VerifiableCredential", "AchievementCredential"],
	  "name": {"@value": "Titel", "@language": "de"},
	  "issuer": "https://uni.edu/issuer", "validFrom": "2026-01-01T00:00:00Z",
	  "evidence": {"id": "https://uni.edu/e", "type": "Evidence"},
	  "credentialSubject": {"type": "AchievementSubject", "somethingElse": 1,
	    "identifier": {"type": "IdentityObject", "hashed": false, "identityHash": "a@example.com", "identityType": "emailAddress"},
	    "achievement": {"id": "urn:uuid:2", "type": ["Achievement", "Other"], "name": "N", "description": "D", "criteria": {"id": "https://uni.edu/c"}, "tag": "one"}}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Read(c)
	if err != nil {
		t.Fatal(err)
	}
	if b.Name != "Titel" || b.Issuer.ID != "https://uni.edu/issuer" || len(b.Evidence) != 1 || !b.Subject.Identifier[0].Matches("A@Example.com") || b.Subject.Achievement.Tag[0] != "one" {
		t.Errorf("got %+v", b)
	}
}

func TestReadRefuses(t *testing.T) {
	whole, err := maximalBadge().Document()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, path string }{
		"other context":      {"v3p0/context-3.0.3.json", "v2p0/context.json", "/@context"},
		"not a badge":        {`"OpenBadgeCredential"`, `"DegreeCredential"`, "/type"},
		"wrong subject type": {`"AchievementSubject"`, `"Subject"`, "/credentialSubject/type"},
		"no achievement id":  {`"achievement":{"id":"https://uni.edu/badges/1",`, `"achievement":{`, "/credentialSubject/achievement/id"},
		"name is a number":   {`"name":"Data analysis","description":"Can`, `"name":1,"description":"Can`, "/credentialSubject/achievement/name"},
		"alignment is text":  {`"alignment":[{`, `"alignment":["x",{`, "/credentialSubject/achievement/alignment/0"},
		"image type":         {`"type":"Image"`, `"type":"Picture"`, "/image/type"},
		"status unknown":     {`"status":"Completed"`, `"status":"Done"`, "/credentialSubject/result/1/status"},
	} {
		t.Run(name, func(t *testing.T) {
			spoiled := strings.Replace(string(whole), c.old, c.new, 1)
			if spoiled == string(whole) {
				t.Fatal("nothing was replaced")
			}
			parsed, err := credential.Parse([]byte(spoiled))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Read(parsed)
			var problems Problems
			if !errors.As(err, &problems) || problems[0].Path != c.path {
				t.Errorf("got %v, want a problem at %s", err, c.path)
			}
		})
	}
}

func TestReadPublishedExamples(t *testing.T) {
	for name, text := range map[string][]byte{
		"specification": vectors.File(t, "ob3-spec-vector", "ob3-signed.json"),
		"fixture":       vectors.Fixture(t, "achievement-credential.json"),
	} {
		c, err := credential.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is hashed under a type matches what people write, and nothing is hashed
// that nobody has.
func TestHashedIdentity(t *testing.T) {
	for _, address := range []string{"a@b", " Anna.Müller+x@Example.COM\n", `"a@b"@example.com`, "ANNA@EXAMPLE.COM", "o'brien@mail.example", "anna@bücher.example"} {
		id, err := HashedEmail(address, nil) // nil stands for crypto/rand
		if err != nil {
			t.Errorf("%q: %v", address, err)
			continue
		}
		again, err := HashedEmail(address, nil)
		if err != nil || again.Salt == id.Salt || len(id.Salt) != 32 {
			t.Errorf("%q: salts %q and %q, %v", address, id.Salt, again.Salt, err)
		}
		for _, written := range []string{address, strings.TrimSpace(address), strings.ToLower(address), strings.ToUpper(strings.TrimSpace(address))} {
			if !id.Matches(written) {
				t.Errorf("%q does not match %q", address, written)
			}
		}
	}
	for _, address := range []string{"", " ", "anna", "@example.com", "anna@", "anna@.com", "anna@example.", "anna@a..b", "an na@example.com",
		"anna@exam ple.com", "Anna <anna@example.com>", "a@b,c@d", "a@b;c@d", "anna@ex\x00", "anna@\xff.com", strings.Repeat("a", 250) + "@b.example"} {
		if id, err := HashedEmail(address, nil); !errors.Is(err, ErrIdentifier) {
			t.Errorf("%q: %+v, %v", address, id, err)
		}
	}
	for _, kind := range []string{"name", "", "did"} {
		if _, err := HashedIdentity(kind, "", nil); !errors.Is(err, ErrIdentifier) {
			t.Errorf("nothing as %q: %v", kind, err)
		}
	}
	if id, err := HashedIdentity("sourcedId", " Not a mail Address ", nil); err != nil || !id.Matches(" Not a mail Address ") || id.Matches("not a mail address") {
		t.Errorf("%+v, %v", id, err)
	}
}

func TestIdentity(t *testing.T) {
	// From the specification, section B.10.
	const want = "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"
	if got := HashIdentity("a@example.com", "Kosher"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	mail, err := HashedEmail(" Anna@Example.com", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if len(mail.Salt) != 32 {
		t.Errorf("the salt %q has not 128 bits", mail.Salt)
	}
	if _, err := NewSalt(strings.NewReader("short")); err == nil {
		t.Error("a short random source was not noticed")
	}
	md5 := IdentityObject{true, "md5$" + strings.ToUpper("5d41402abc4b2a76b9719d911017c592"), "userName", ""}
	for _, c := range []struct {
		o    IdentityObject
		id   string
		want bool
	}{
		{mail, "anna@example.com", true},
		{mail, "ANNA@example.com", true},
		{mail, "bea@example.com", false},
		{mail, "", false},
		{IdentityObject{true, want, "emailAddress", "kosher"}, "a@example.com", false},
		{IdentityObject{true, strings.ToUpper(want), "emailAddress", "Kosher"}, "a@example.com", false},
		{IdentityObject{true, "sha256$" + strings.ToUpper(want[7:]), "emailAddress", "Kosher"}, "a@example.com", true},
		{IdentityObject{true, "plain", "emailAddress", ""}, "plain", false},
		{IdentityObject{true, "sha256$", "emailAddress", ""}, "x", false},
		{IdentityObject{false, "A@b.org", "emailAddress", ""}, "a@B.org", true},
		{IdentityObject{false, "Anna", "name", ""}, "anna", false},
		{IdentityObject{false, "", "name", ""}, "", false},
		{md5, "hello", true},
		{md5, "Hello", false},
	} {
		if got := c.o.Matches(c.id); got != c.want {
			t.Errorf("%+v names %q: got %v", c.o, c.id, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, b := range []*AchievementCredential{minimalBadge(), maximalBadge()} {
		text, err := b.Document()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := credential.Parse(text)
		if err != nil {
			return
		}
		badge, err := Read(c)
		if err != nil {
			return
		}
		// What was read can be written and read again.
		out, err := json.Marshal(badge)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(out) {
			t.Fatal("invalid JSON written")
		}
	})
}

// Lists of words are the caller's own.
func TestWordsAreCopies(t *testing.T) {
	for name, words := range map[string]func() []string{
		"achievements": AchievementTypes, "results": ResultTypes, "statuses": ResultStatuses, "alignments": AlignmentTypes, "identities": IdentityTypes,
	} {
		first := words()
		if len(first) < 2 {
			t.Fatalf("%s: %q", name, first)
		}
		first[0] = "changed"
		if words()[0] == "changed" {
			t.Errorf("%s can be changed from outside", name)
		}
	}
}
