package openbadge

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/strictjson"
	"pgregory.net/rapid"
)

// draw makes badges: each optional member is there or not, each text is
// anything that JSON can say.
type draw struct{ *rapid.T }

func (d draw) maybe() bool { return rapid.Bool().Draw(d.T, "maybe") }

func (d draw) text() string {
	s := rapid.StringOfN(rapid.OneOf(rapid.SampledFrom([]rune("\"\\<>&\u2028\u0000\n\x7fé😀 a1")), rapid.Rune()), 0, 12, -1).Draw(d.T, "text")
	return "x" + s // not blank
}

func (d draw) opt() string {
	if d.maybe() {
		return d.text()
	}
	return ""
}

func (d draw) iri() string {
	return rapid.SampledFrom([]string{"https://uni.edu/a?b=c#d", "urn:uuid:6f1f2f7a-9f10-4a1e-9f57-0b7c2f7e5d0a", "did:web:uni.edu", "http://例え.example/ü"}).Draw(d.T, "iri")
}

func (d draw) word(words []string) string {
	return rapid.SampledFrom(append([]string{"ext:own_word"}, words...)).Draw(d.T, "word")
}

func (d draw) time() time.Time {
	return time.Unix(rapid.Int64Range(0, 4e9).Draw(d.T, "seconds"), 0).UTC()
}

func (d draw) image() *Image {
	if !d.maybe() {
		return nil
	}
	return &Image{ID: d.iri(), Caption: d.opt()}
}

func some[E any](d draw, one func() E) (list []E) {
	for range rapid.IntRange(0, 2).Draw(d.T, "n") {
		list = append(list, one())
	}
	return list
}

func (d draw) identifiers() []IdentifierEntry {
	return some(d, func() IdentifierEntry { return IdentifierEntry{d.text(), d.word(IdentityTypes())} })
}

func (d draw) alignments() []Alignment {
	return some(d, func() Alignment {
		return Alignment{d.opt(), d.text(), d.opt(), d.opt(), d.word(AlignmentTypes()), d.iri()}
	})
}

func (d draw) profile(depth int) Profile {
	p := Profile{ID: d.iri(), Name: d.text(), Phone: d.opt(), Description: d.opt(), Image: d.image(), OtherIdentifier: d.identifiers(), Official: d.opt(),
		FamilyName: d.opt(), GivenName: d.opt(), AdditionalName: d.opt(), PatronymicName: d.opt(), HonorificPrefix: d.opt(), HonorificSuffix: d.opt(), FamilyNamePrefix: d.opt()}
	if d.maybe() {
		p.URL, p.Email, p.DateOfBirth = d.iri(), "a@b.example", "2001-12-24"
		p.Address = &Address{d.text(), "DE", d.opt(), d.opt(), d.opt(), d.opt(), d.opt(), &Coordinates{rapid.Float64Range(-90, 90).Draw(d.T, "latitude"), 0.5}}
	}
	if depth > 0 && d.maybe() {
		parent := d.profile(depth - 1)
		p.ParentOrg = &parent
	}
	if d.maybe() {
		if err := p.Endorse(endorsement(p.ID)); err != nil {
			d.Fatal(err)
		}
	}
	return p
}

func (d draw) achievement() Achievement {
	creator := d.profile(0)
	a := Achievement{ID: d.iri(), AchievementType: d.word(AchievementTypes()), Name: d.text(), Description: d.text(), Criteria: Criteria{Narrative: d.text()},
		Image: d.image(), Creator: &creator, Alignment: d.alignments(), CreditsAvailable: rapid.Float64Range(0, 1e9).Draw(d.T, "credits"),
		FieldOfStudy: d.opt(), HumanCode: d.opt(), InLanguage: "en-GB", OtherIdentifier: d.identifiers(), Specialization: d.opt(), Version: d.opt(),
		Tag: some(d, d.text), Related: some(d, func() Related { return Related{d.iri(), "de", d.opt()} })}
	for i := range rapid.IntRange(0, 2).Draw(d.T, "results") {
		id := "urn:uuid:r" + strconv.Itoa(i)
		r := ResultDescription{ID: id, Name: d.text(), ResultType: d.word(ResultTypes()), AllowedValue: some(d, d.text), Alignment: d.alignments()}
		if len(r.AllowedValue) > 0 {
			r.RequiredValue = r.AllowedValue[0]
		}
		if d.maybe() {
			r.RubricCriterionLevel = []RubricCriterionLevel{{id + "l", d.text(), d.opt(), d.opt(), d.opt(), d.alignments()}}
			r.RequiredLevel = id + "l"
		}
		a.ResultDescription = append(a.ResultDescription, r)
	}
	if d.maybe() {
		if err := a.Endorse(endorsement(a.ID)); err != nil {
			d.Fatal(err)
		}
	}
	return a
}

func (d draw) subject(a *Achievement) Subject {
	s := Subject{ID: d.iri(), CreditsEarned: rapid.Float64Range(0, 100).Draw(d.T, "earned"), Image: d.image(), LicenseNumber: d.opt(), Narrative: d.opt(), Role: d.opt(), Term: d.opt()}
	s.Identifier = some(d, func() IdentityObject {
		kind, identifier := d.word(IdentityTypes()), d.text()
		if kind == "emailAddress" {
			identifier = "anna@uni.edu"
		}
		id, err := HashedIdentity(kind, identifier, bytes.NewReader(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(d.T, "salt")))
		if err != nil {
			d.Fatal(err)
		}
		return id
	})
	if d.maybe() {
		source := d.profile(0)
		s.Source = &source
		s.ActivityStartDate, s.ActivityEndDate = time.Unix(1e9, 0).UTC(), time.Unix(2e9, 0).UTC()
	}
	for _, r := range a.ResultDescription {
		one := Result{ResultDescription: r.ID, AchievedLevel: r.RequiredLevel, Value: r.RequiredValue, Alignment: d.alignments()}
		if one.AchievedLevel == "" && one.Value == "" || d.maybe() {
			one.Status = rapid.SampledFrom(ResultStatuses()).Draw(d.T, "status")
		}
		s.Result = append(s.Result, one)
	}
	return s
}

func (d draw) badge() *AchievementCredential {
	a := d.achievement()
	c := New(d.iri(), d.profile(1), a, d.subject(&a), d.time())
	c.Description, c.Image = d.opt(), d.image()
	if d.maybe() {
		c.ValidUntil, c.AwardedDate = c.ValidFrom.Add(time.Hour), d.time()
		c.AddStatus("https://uni.edu/status/1", PurposeRevoke, "94567")
		c.SetRefresh("https://uni.edu/refresh")
		c.TermsOfUse = []TermsOfUse{{ID: d.iri(), Type: d.iri()}}
	} else if d.maybe() {
		c.Status = Statuses{{ID: "https://uni.edu/revoked", Type: RevocationList}}
	}
	digest := credential.NewDigest([]byte(d.opt()))
	c.Evidence = some(d, func() Evidence {
		return Evidence{d.iri(), d.opt(), d.opt(), d.opt(), d.opt(), d.opt(), digest.SRI(), digest.Multibase()}
	})
	if d.maybe() {
		c.Related = []RelatedResource{{ID: d.iri(), DigestSRI: digest.SRI()}}
	}
	return c
}

// Everything that the builder makes passes both families of schemas, loses
// nothing in JSON-LD, and is read as it was written.
func TestWhatIsBuiltIsSound(t *testing.T) {
	families := schemaFamilies(t)
	rapid.Check(t, func(t *rapid.T) {
		badge := draw{t}.badge()
		text, err := badge.Document()
		if err != nil {
			t.Fatal(err)
		}
		for family, s := range families {
			if err := validateJSON(t, s, text); err != nil {
				t.Fatalf("%s: %v\n%s", family, err, text)
			}
		}
		canonicalise(t, text)
		c, err := credential.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read(c)
		if err != nil {
			t.Fatal(err)
		}
		again, err := got.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		// Embedded endorsements keep their statements, not the order of members.
		if diff := cmp.Diff(decodeAny(t, text), decodeAny(t, again)); diff != "" {
			t.Fatalf("(-written +read)\n%s", diff)
		}
	})
}

func decodeAny(t *rapid.T, text []byte) any {
	v, err := strictjson.Decode(text, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}
