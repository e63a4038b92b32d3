package openbadge

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/roundel/roundel/credential"
)

// minimalBadge has only what must be there.
func minimalBadge() *AchievementCredential {
	return New("urn:uuid:6f1f2f7a-9f10-4a1e-9f57-0b7c2f7e5d0a",
		Profile{ID: "did:web:uni.edu", Name: "Example University"},
		Achievement{
			ID:          "https://uni.edu/badges/1",
			Name:        "Data analysis",
			Description: "Can analyse data.",
			Criteria:    Criteria{Narrative: "Six **assignments** & a <report>."},
		},
		Subject{ID: "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"},
		time.Date(2026, 3, 1, 10, 0, 0, 123, time.FixedZone("CET", 3600)))
}

// maximalBadge has a value in every member that can be issued, but one status
// only, as the published schemas want it.
func maximalBadge() *AchievementCredential {
	at := func(day int) time.Time { return time.Date(2026, 2, day, 0, 0, 0, 0, time.UTC) }
	picture := &Image{ID: "https://uni.edu/p.png", Caption: "A chart"}
	ids := []IdentifierEntry{{"4711", "sourcedId"}, {"x", "ext:registry"}}
	align := []Alignment{{"2.5", "analyse data", "Collect data.", "ESCO", "ceasn:Competency", "http://data.europa.eu/esco/skill/2b92a5b2"}}
	profile := Profile{
		ID: "did:web:uni.edu", Name: "Example University", URL: "https://uni.edu", Phone: "+49 1", Description: "A university",
		Image: picture, Email: "badges@uni.edu",
		Address:         &Address{"Germany", "DE", "BW", "Ulm", "Street 1", "12", "89073", &Coordinates{48.4, 9.98}},
		OtherIdentifier: ids, Official: "The Dean",
		ParentOrg:  &Profile{ID: "https://state.example"},
		FamilyName: "a", GivenName: "b", AdditionalName: "c", PatronymicName: "d", HonorificPrefix: "e", HonorificSuffix: "f",
		FamilyNamePrefix: "g", DateOfBirth: "1990-12-24",
	}
	creator := profile
	creator.ID = "https://uni.edu/faculty"
	c := New("https://uni.edu/awards/1", profile,
		Achievement{
			ID: "https://uni.edu/badges/1", AchievementType: "MicroCredential", Name: "Data analysis", Description: "Can analyse data.",
			Criteria: Criteria{ID: "https://uni.edu/badges/1/criteria", Narrative: "Six **assignments**."},
			Image:    picture, Creator: &creator, Alignment: align, CreditsAvailable: 5, FieldOfStudy: "Data", HumanCode: "DA-1",
			InLanguage: "en-GB", OtherIdentifier: ids, Related: []Related{{"https://uni.edu/badges/1/de", "de", "2"}},
			ResultDescription: []ResultDescription{
				{ID: "urn:uuid:1", Name: "Grade", ResultType: "Percent", RequiredValue: "70", ValueMin: "0", ValueMax: "100", Alignment: align},
				{ID: "urn:uuid:2", Name: "Rubric", ResultType: "RubricCriterionLevel", RequiredLevel: "urn:uuid:3", RubricCriterionLevel: []RubricCriterionLevel{
					{"urn:uuid:3", "Good", "Good work", "1", "10", align}, {ID: "urn:uuid:4", Name: "Better"}}},
				{ID: "urn:uuid:5", Name: "Letter", ResultType: "ext:Stars", AllowedValue: []string{"C", "B", "A"}},
			},
			Specialization: "Statistics", Tag: []string{"data", "statistics"}, Version: "1",
		},
		Subject{
			ID: "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
			Identifier: []IdentityObject{
				{true, HashIdentity("a@example.com", "00112233445566778899aabbccddeeff"), "emailAddress", "00112233445566778899aabbccddeeff"},
				{false, "Anna Müller", "name", ""},
			},
			ActivityStartDate: at(1), ActivityEndDate: at(20), CreditsEarned: 2.5, Image: picture, LicenseNumber: "L-1",
			Narrative: "She did well.", Role: "Student", Source: &creator, Term: "2026 spring",
			Result: []Result{{ResultDescription: "urn:uuid:1", Value: "87"}, {ResultDescription: "urn:uuid:2", AchievedLevel: "urn:uuid:4", Status: "Completed", Alignment: align}},
		},
		at(27))
	c.Description, c.Image, c.ValidUntil, c.AwardedDate = "Data analysis, spring", picture, at(28), at(21)
	digest := credential.NewDigest([]byte("report"))
	c.Evidence = []Evidence{{"https://uni.edu/evidence/1", "Report", "A report", "With *care*.", "Report", "Everybody", digest.SRI(), digest.Multibase()}, {Narrative: "Talk"}}
	c.Related = []RelatedResource{{"https://uni.edu/p.png", "image/png", digest.SRI(), digest.Multibase()}}
	c.TermsOfUse = []TermsOfUse{{ID: "https://uni.edu/terms", Type: "https://uni.edu/types#Terms"}}
	c.AddStatus("https://uni.edu/status/1", PurposeRevoke, "94567")
	c.SetRefresh("https://uni.edu/awards/1/refresh")
	return c
}

// endorsement is a signed EndorsementCredential about what has the id about
// (the signature is not real).
func endorsement(about string) json.RawMessage {
	e := NewEndorsement("urn:uuid:9", "We like it", Profile{ID: "did:web:board.example", Name: "Board"}, about, "Good & <sound>",
		time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	text, err := e.Document()
	if err != nil {
		panic(err)
	}
	const proof = `,"proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022","created":"2026-01-01T00:00:00Z",` +
		`"verificationMethod":"did:web:board.example#k","proofPurpose":"assertionMethod","proofValue":"z1"}}`
	return json.RawMessage(strings.TrimSuffix(string(text), "}") + proof)
}
