package apptest_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/roundel/roundel/clr"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/apptest/browser"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/sdjwt"
)

// stranger is somebody who signs with a key that names itself.
type stranger struct {
	id, method, name string
	key              ed25519.PrivateKey
}

func newStranger(t *testing.T, name string) stranger {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	id, method, err := did.KeyDID(pub)
	if err != nil {
		t.Fatal(err)
	}
	return stranger{id, method, name, key}
}

func (s stranger) profile() openbadge.Profile {
	return openbadge.Profile{ID: s.id, Name: s.name, URL: "https://club.example", Email: "hello@club.example"}
}

func (s stranger) sign(t *testing.T, doc []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := proof.Sign(doc, s.key, proof.SignOptions{Method: s.method, Created: time.Now().Add(-time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// rich is a badge with everything that a report can show.
func (s stranger) rich(t *testing.T) *openbadge.AchievementCredential {
	t.Helper()
	const level = "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a02"
	b := openbadge.New("urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a001", s.profile(),
		openbadge.Achievement{ID: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a002", Name: "Endgames, played and taught", AchievementType: "Competency",
			Description: "Plays the common endgames without mistakes and can explain them to beginners.", Criteria: openbadge.Criteria{ID: "https://club.example/criteria", Narrative: "1. Twenty games.\n2. An evening for beginners."},
			CreditsAvailable: 3, FieldOfStudy: "Games", InLanguage: "en", Tag: []string{"chess", "teaching"},
			Alignment: []openbadge.Alignment{{TargetName: "teach a skill", TargetFramework: "ESCO", TargetCode: "S1.3.1", TargetURL: "https://esco.example/S1.3.1", TargetDescription: "Explains and shows until others can do it."}},
			ResultDescription: []openbadge.ResultDescription{
				{ID: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a010", Name: "Mastery of endgames", ResultType: "RubricCriterionLevel", RequiredLevel: level + "1", RubricCriterionLevel: []openbadge.RubricCriterionLevel{
					{ID: level + "1", Name: "Novice", Description: "Knows the rules of thumb."}, {ID: level + "2", Name: "Proficient", Description: "Finds the right plan alone."}, {ID: level + "3", Name: "Expert", Description: "Finds it against the clock."}}},
				{ID: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a011", Name: "Test", ResultType: "Percent", ValueMin: "0", ValueMax: "100", RequiredValue: "70"}},
			Related: []openbadge.Related{{ID: "https://club.example/endspiele", InLanguage: "de"}}},
		openbadge.Subject{ID: "did:example:aoife", Identifier: []openbadge.IdentityObject{{IdentityType: "name", IdentityHash: firstName}}, CreditsEarned: 3, Narrative: "Her evening for beginners was full **twice**.",
			Result: []openbadge.Result{{ResultDescription: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a010", AchievedLevel: level + "2"}, {ResultDescription: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a011", Value: "87", Status: "Completed"}}},
		time.Now().AddDate(0, -1, 0))
	b.Evidence = []openbadge.Evidence{{ID: "https://club.example/games/aoife", Name: "Twenty games", Genre: "Games with notes", Narrative: "With her own notes."}}
	endorser := newStranger(t, "Northern Chess Federation")
	speak := func(about, comment string) json.RawMessage {
		doc, err := openbadge.NewEndorsement("urn:uuid:9b1f9c1e-6c7a-4d0b-9f1e-3f1f4a5b6c7d", "Recommended", endorser.profile(), about, comment, time.Now().AddDate(0, -1, 0)).Document()
		return endorser.sign(t, doc, err)
	}
	good := speak(b.ID, "We watched her teach. We would ask her **again**.")
	b.Endorsement = []json.RawMessage{good, bytes.ReplaceAll(good, []byte("would ask"), []byte("always ask"))}
	b.Subject.Achievement.Endorsement = []json.RawMessage{speak(b.Subject.Achievement.ID, "We count this towards our trainer's licence.")}
	return b
}

// TestReports looks at what the verifier says about a learner record, a badge with
// everything in it and a token, in a real browser: with axe, on small screens, in
// the dark, and without scripts.
func TestReports(t *testing.T) {
	t.Parallel()
	browser.NeedAxe(t)
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	b := browser.Start(t, h.BaseURL, h.PIN)
	club := newStranger(t, "Chess club of the island of Inis Meáin, with a name that is rather long")

	// A record with badges of this house, one of them withdrawn, one changed, and a
	// badge of the club's own.
	record := clr.New("urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a100", "What "+firstName+" has learnt", club.profile(),
		clr.Subject{Identifier: []openbadge.IdentityObject{{IdentityType: "name", IdentityHash: firstName}}}, time.Now().Add(-time.Hour))
	record.Partial = true
	hold := func(signed []byte) {
		t.Helper()
		if err := record.Hold(signed); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 16 {
		hold(h.Award(t, firstName, fmt.Sprintf("%d@mail.example", i)).Document)
	}
	hold(bytes.ReplaceAll(h.Award(t, firstName, firstAddress).Document, []byte("Applied Data Analysis"), []byte("Applied Neurosurgery")))
	plain, err := club.rich(t).MarshalJSON() // one of its endorsements is forged, which Document refuses
	rich := club.sign(t, plain, err)
	hold(rich)
	doc, err := record.Document()
	whole := club.sign(t, doc, err)

	claims, err := json.Marshal(map[string]any{"iss": club.id, "vct": "https://club.example/types/membership_card", "given_name": "Aoife", "family_name": "Ní Bhriain", "over_18": true,
		"address": map[string]any{"locality": "Inis Meáin", "country": "IE"}, "home_page": "https://aoife.example/", "teams": []any{"first", "veterans"}})
	if err != nil {
		t.Fatal(err)
	}
	card, err := sdjwt.IssueVC(claims, club.key, sdjwt.Options{Header: jose.Header{KeyID: club.method}, Disclosable: []string{"/family_name", "/address"}})
	if err != nil {
		t.Fatal(err)
	}

	employer := b.Tab(t)
	employer.Open("/verify")
	employer.Upload("file", write(t, "record.json", whole))
	employer.Press("Verify")
	employer.Says("18 badges inside", "16 real and in date", "1 changed since signed", "leaves out something", "Applied Neurosurgery")
	employer.Audit("report record")
	employer.CheckKeyboard("report record")
	employer.Click("Show 6 more")
	if open := browser.Eval[int](employer, `(() => { for (const d of document.querySelectorAll("details")) d.open = true; return document.querySelectorAll(".part").length })()`); open != 18 {
		t.Errorf("%d badges can be unfolded", open)
	}
	employer.Says("Is it unchanged since it was signed?", "Does not apply here:")
	employer.Audit("report record unfolded")

	employer.Open("/verify")
	employer.Upload("file", write(t, "badge.json", rich))
	employer.Press("Verify")
	employer.Says("Endgames, played and taught", "Proficient", "level 2 of 3", "87 %", "Northern Chess Federation", "We would ask her again", "is not repeated here", "Twenty games", "teach a skill")
	employer.SaysNot("always ask")
	employer.Audit("report rich")
	employer.CheckKeyboard("report rich")
	employer.CheckQuiet()

	scriptless := b.Tab(t, browser.WithoutScripts())
	scriptless.Open("/verify")
	scriptless.Fill("text", string(card))
	scriptless.Press("Verify")
	scriptless.Says("Membership card", "You may see only part of it", "Ní Bhriain", "Over 18")
	scriptless.Open("/verify")
	scriptless.Upload("file", write(t, "card.jwt", card))
	scriptless.Press("Verify")
	scriptless.Says("Membership card")
	scriptless.Open("/verify")
	scriptless.Upload("file", write(t, "record.json", whole))
	scriptless.Press("Verify")
	scriptless.Click("Show 6 more")
	scriptless.Click("Applied Neurosurgery")
	scriptless.Says("The content is not what was signed")
	scriptless.CheckQuiet()

	employer.Open("/verify")
	employer.Fill("text", string(card))
	employer.Press("Verify")
	employer.Audit("report token")
	employer.CheckKeyboard("report token")
	employer.CheckQuiet()
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
