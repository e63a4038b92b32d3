package web

import (
	"net/http"
	"time"

	"github.com/roundel/roundel/internal/fault"
)

// samplePage is one page with data that looks like life: long names, names written
// from right to left, everything optional missing, everything gone wrong.
type samplePage struct {
	name   string
	page   string
	status int
	data   pageData
}

const (
	longName   = "Wolfeschlegelsteinhausenbergerdorff-Abercrombie-Featherstonehaugh Maximiliane Theodora von und zu Ährenfeld"
	arabicName = "عبد الرحمن بن محمد الفارسي"
	base       = "https://badges.northlight.example"
)

var (
	issued  = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	until   = time.Date(2031, 3, 1, 0, 0, 0, 0, time.UTC)
	checked = time.Date(2026, 11, 23, 14, 2, 0, 0, time.UTC)

	northlight = issuerRef{Name: "Northlight University", URL: "/issuers/northlight", Called: "<strong>Northlight University</strong> (northlight.example)",
		Known: "It has proven that it runs northlight.example.", Why: "/issuers/northlight#who", Note: "12 badges"}
	links = share{URL: base + "/awards/q5zk3n7wq2h4m6x8c9v1b3d5f7", LinkedIn: "https://www.linkedin.com/profile/add?startTask=CERTIFICATION_NAME&name=Applied+Data+Analysis&organizationId=1234567&issueYear=2026&issueMonth=3&certUrl=https%3A%2F%2Fbadges.northlight.example%2Fawards%2Fq5zk3n7wq2h4m6x8c9v1b3d5f7",
		Mail: "mailto:?subject=Applied%20Data%20Analysis&body=https%3A%2F%2Fbadges.northlight.example%2Fawards%2Fq5zk3n7wq2h4m6x8c9v1b3d5f7", Embed: `<a href="https://badges.northlight.example/awards/q5zk"><img src="https://badges.northlight.example/awards/q5zk.png" alt="Applied Data Analysis"></a>`}
	files = []download{
		{URL: "/awards/q5zk.png", Name: "Picture (PNG)", Hint: "The signed badge is inside: anyone can verify the file"},
		{URL: "/awards/q5zk.svg", Name: "Picture (SVG)", Hint: "For print and large sizes, also with the badge inside"},
		{URL: "/awards/q5zk.json", Name: "Signed badge (JSON)", Hint: "For wallets and other software"},
	}
	criteria = "1. Six graded assignments, each passed with at least 70 %.\n2. Two peer reviews of other learners’ work.\n3. A capstone project, defended in front of two assessors."
)

func goodAward() *awardPage {
	return &awardPage{
		Page: Page{
			Title: "Applied Data Analysis, awarded to Amara Okafor", Description: "Awarded to Amara Okafor by Northlight University on 1 March 2026.",
			CanonicalURL: links.URL, OG: &openGraph{Image: links.URL + "/preview.png", ImageAlt: "Blue roundel with four rising bars"},
			JSONLD: map[string]any{"@context": "https://schema.org", "@type": "EducationalOccupationalCredential", "name": "Applied Data Analysis </script><script>alert(1)</script>"},
		},
		Picture: "/sample/badge-data.svg", PictureAlt: "Blue roundel with four rising bars, two of three level dots filled",
		Name: "Applied Data Analysis", BadgeURL: "/badges/4t7q", Kind: "Microcredential", Recipient: "Amara Okafor", Issuer: northlight,
		IssuedAt: issued, ValidUntil: until, State: "current",
		Verdict:  verdict{Kind: "good", Headline: "Real and in date", Text: "Issued by northlight.example, unchanged, checked 14:02 today."},
		About:    "The learner can collect, clean, analyse and present data with open tools, and can explain the limits of their conclusions to people who are not specialists.",
		Criteria: criteria,
		Skills: []skill{{Name: "analyse data", Framework: "ESCO", URL: "http://data.europa.eu/esco/skill/x"}, {Name: "data visualisation", Framework: "ESCO"},
			{Name: "statistics", Framework: "O*NET"}, {Name: "explain findings to a lay audience"}},
		Results:   []fact{{Term: "Final grade", Text: "87 % (pass mark 70 %)"}},
		Evidence:  []evidenceView{{Name: "Delays in public transport, a year of open data", URL: "https://amara.example/capstone", Text: "The capstone project, with its data and code."}},
		Facts:     []fact{{Term: "Level", Text: "EQF 6, first cycle"}, {Term: "Workload", Text: "125 hours, 5 ECTS"}, {Term: "Language", Text: "English"}},
		VerifyURL: "/verify?link=x", JSONURL: links.URL + ".json", Share: links, Files: files,
	}
}

func awardIn(state, kind, headline, text string) *awardPage {
	p := goodAward()
	p.State, p.Verdict = state, verdict{Kind: kind, Headline: headline, Text: text}
	return p
}

func awardSamples() []samplePage {
	long := goodAward()
	long.Accent = "#ffd400"
	long.Name = "Interdisciplinary Foundations of Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft Administration"
	long.Recipient = longName
	long.Issuer = issuerRef{Name: "Fondazione Internazionale per la Certificazione delle Competenze Trasversali e Professionali", Logo: "/sample/badge-talk.svg"}
	long.Narrative = "She *led* the team through two difficult months."
	rtl := goodAward()
	rtl.Accent, rtl.Recipient, rtl.Trial = "#c2185b", arabicName, true
	rtl.Verdict = verdict{Kind: "wait", Headline: "Unchanged and in date; we cannot confirm that Northlight University issued it", Text: "The key that signed it names only itself."}
	bare := &awardPage{Page: Page{Title: "Fire safety"}, Picture: "/sample/badge-lead.svg", PictureAlt: "Badge", Name: "Fire safety", Issuer: issuerRef{Name: "Fire brigade"},
		IssuedAt: issued, State: "current", Verdict: verdict{Kind: "good", Headline: "Real and in date", Text: "Unchanged."}, VerifyURL: "/verify", Share: share{URL: base + "/awards/x"}}
	evil := goodAward()
	evil.Name, evil.Recipient = `<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`
	evil.About = "<script>alert(1)</script> [click](javascript:alert(1)) ![x](https://evil.example/x.png)"
	evil.Evidence = []evidenceView{{Name: "x", URL: "javascript:alert(1)"}}
	replaced := awardIn("revoked", "bad", "Withdrawn by Northlight University on 3 May 2026", "Reason: replaced by a corrected badge.")
	replaced.NewerURL = "/awards/newer"
	return []samplePage{
		{"award", "public/award.html", 200, goodAward()},
		{"award-long", "public/award.html", 200, long},
		{"award-rtl", "public/award.html", 200, rtl},
		{"award-bare", "public/award.html", 200, bare},
		{"award-evil", "public/award.html", 200, evil},
		{"award-revoked", "public/award.html", 200, replaced},
		{"award-expired", "public/award.html", 200, awardIn("expired", "wait", "Real, expired on 1 March 2026", "It was earned; it was valid until then.")},
		{"award-suspended", "public/award.html", 200, awardIn("suspended", "bad", "Paused by Northlight University since 2 June 2026", "")},
		{"award-pending", "public/award.html", 200, awardIn("not_yet_valid", "wait", "Real, starts on 1 September 2027", "")},
		{"award-erased", "public/award_erased.html", http.StatusGone, &privateAwardPage{Page{Title: "Erased on request", NoIndex: true}}},
		{"award-private", "public/award_private.html", http.StatusForbidden, &privateAwardPage{Page{Title: "Kept private by its holder", NoIndex: true}}},
	}
}

func placeSamples() []samplePage {
	cards := []badgecard{
		{URL: "/badges/1", Picture: "/sample/badge-data.svg", Name: "Applied Data Analysis", Note: "Microcredential"},
		{URL: "/badges/2", Picture: "/sample/badge-talk.svg", Name: "Clear Communication", Note: "Badge"},
		{URL: "/badges/3", Picture: "/sample/badge-lead.svg", Name: "Team Leadership in Interdisciplinary and Geographically Distributed Organisations", Note: "Certificate"},
	}
	b := &badgePage{Page: Page{Title: "Applied Data Analysis"}, Picture: "/sample/badge-data.svg", PictureAlt: "Blue roundel with four rising bars", Name: "Applied Data Analysis",
		Kind: "Microcredential", Issuer: northlight, About: goodAward().About, Criteria: criteria, CriteriaURL: "https://northlight.example/criteria",
		Skills: goodAward().Skills, Facts: goodAward().Facts, JSONURL: base + "/badges/4t7q.json", Share: share{URL: base + "/badges/4t7q"}}
	old := *b
	old.Archived, old.NewestURL = true, "/badges/4t7q"
	return []samplePage{
		{"home", "public/home.html", 200, &homePage{Page: Page{Title: "Roundel", Description: "Badges that anyone can check."}, Issuers: []issuerRef{northlight, {Name: "Fire brigade of Ährenfeld", URL: "/issuers/fire", Note: "3 badges"}}}},
		{"home-new", "public/home.html", 200, &homePage{Page: Page{Title: "Roundel"}, Waiting: true}},
		{"home-signed-in", "public/home.html", 200, &homePage{Page: Page{Title: "Roundel", Nav: nav{Person: longName, Console: "/console", SignOut: "/sign-out"}}}},
		{"badge", "public/badge.html", 200, b},
		{"badge-old", "public/badge.html", 200, &old},
		{"issuer", "public/issuer.html", 200, &issuerPage{Page: Page{Title: "Northlight University", Accent: "#16785e"}, Issuer: northlight, About: "A university for people who work. **Founded 1968.**", Website: "https://www.northlight.example/", Email: "badges@northlight.example", Country: "PT", DID: "did:web:badges.northlight.example:issuers:northlight", Badges: cards}},
		{"issuer-trial", "public/issuer.html", 200, &issuerPage{Page: Page{Title: "Northlight University"}, Issuer: issuerRef{Name: longName}, Trial: true}},
	}
}

func goodReport() *reportPage {
	return &reportPage{Page: Page{Title: "Real and in date", NoIndex: true},
		Verdict:   verdict{Kind: "good", Headline: "Real and in date", Text: "Issued by northlight.example, unchanged, checked 14:02 today.", Big: true},
		CheckedAt: checked, Read: true, Picture: "/sample/badge-data.svg", PictureAlt: "Blue roundel", Name: "Applied Data Analysis", Kind: "Microcredential",
		Issuer:    issuerRef{Name: "Northlight University", Known: "Proven owner of northlight.example"},
		Identity:  []string{"The key that signed this badge is the one that northlight.example publishes.", "We have seen the same key there since March 2019."},
		Recipient: "Amara Okafor", Sure: []string{"The name was written by the issuer.", "The badge is bound to a hashed e-mail address."},
		Email: emailCheck{Possible: true, Text: links.URL}, Description: goodAward().About, Criteria: criteria,
		Facts:   []fact{{Term: "Issued", Text: "1 March 2026"}, {Term: "Valid until", Text: "1 March 2031"}},
		NotSaid: []string{"How well Amara Okafor does this today.", "That her identity was checked when she earned it."},
		Notes:   []string{"A newer version of this badge exists."},
		Checks: []check{
			{Outcome: "passed", Title: "Structure", Reason: "It is an Open Badge 3.0."}, {Outcome: "passed", Title: "Unchanged since it was signed", Reason: "The signature fits every word of the badge."},
			{Outcome: "passed", Title: "Signed by the issuer it names", Reason: "northlight.example lists this key for issuing."},
			{Outcome: "passed", Title: "In date", Reason: "From 1 March 2026 to 1 March 2031."}, {Outcome: "not_applicable", Title: "Newer version", Reason: "The issuer offers no refresh address."},
		},
		Raw: "{\n  \"@context\": [\"https://www.w3.org/ns/credentials/v2\"],\n  \"name\": \"<b>x</b>\"\n}", Link: links.URL, PageURL: links.URL}
}

func verifySamples() []samplePage {
	waiting := goodReport()
	waiting.Title = "Not confirmed yet"
	waiting.Verdict = verdict{Kind: "wait", Headline: "Not confirmed yet", Text: "northlight.example has not answered since 13:40, so we could not see whether this badge was withdrawn. We found nothing against it.", Big: true}
	waiting.Checks = append([]check{{Outcome: "unknown", Title: "Withdrawn or paused?", Reason: "The status list did not answer.", Code: "status_unreachable"}}, waiting.Checks...)
	waiting.Email.Outcome, waiting.Email.Address, waiting.Notes = "failed", "a.very.long.address.of.somebody@students.informatics.northlight.example", nil
	waiting.Email.Text = `{"@context": ["https://www.w3.org/ns/credentials/v2"]}`
	broken := &reportPage{Page: Page{Title: "Not a badge we can read"}, CheckedAt: checked,
		Verdict: verdict{Kind: "bad", Headline: "Not a badge we can read", Text: "This is a PNG without a badge inside. Ask for the original file: screenshots do not carry the badge.", Big: true},
		Checks:  []check{{Outcome: "failed", Title: "Structure", Reason: "No credential in the picture.", Code: "not_baked"}}}
	nameless := goodReport()
	nameless.Recipient, nameless.Name, nameless.Picture, nameless.Trial = "", longName, "", true
	nameless.Email = emailCheck{Possible: true, Outcome: "passed", Address: "amara@example.org", Text: "x"}
	tampered := goodReport()
	tampered.Verdict = verdict{Kind: "bad", Headline: "This is not the file the issuer signed", Text: "Ask for the original link; it may be an accident.", Big: true}
	tampered.Checks[1] = check{Outcome: "failed", Title: "Unchanged since it was signed", Reason: "The signature does not fit the badge’s words.", Code: "bad_signature"}
	return []samplePage{
		{"verify", "public/verify.html", 200, &verifyPage{Page: Page{Title: "Verify a badge"}}},
		{"verify-problem", "public/verify.html", 422, &verifyPage{Page: Page{Title: "Verify a badge", Problems: problems{Message: "Paste a link.", Fields: []fault.Field{{Path: "text", Message: "Paste a link to a badge, or the badge itself."}}}}, Text: "htps:/x"}},
		{"report", "public/report.html", 200, goodReport()},
		{"report-wait", "public/report.html", 200, waiting},
		{"report-tampered", "public/report.html", 200, tampered},
		{"report-nameless", "public/report.html", 200, nameless},
		{"report-malformed", "public/report.html", 200, broken},
	}
}

func claimSamples() []samplePage {
	claim := func(change func(p *claimPage)) *claimPage {
		p := &claimPage{Page: Page{Title: "Your badge", Secret: true}, Action: "/claim/secret", Picture: "/sample/badge-talk.svg", PictureAlt: "Green badge with a speech bubble",
			Name: "Clear Communication", Issuer: northlight, Contact: "badges@northlight.example", Recipient: "Amara Okafor", IssuedAt: issued, Answer: "waiting", State: "current",
			Description: "Explains difficult matters so that others can act on them.", Criteria: criteria, Narrative: "For the talk at the open day, which 300 people followed to the end.",
			Shows: []string{"the picture and what it stands for", "your name", "Northlight University", "the date, 1 March 2026"}, PublicURL: links.URL, Share: links, Files: files}
		change(p)
		return p
	}
	return []samplePage{
		{"claim", "public/claim.html", 200, claim(func(p *claimPage) {})},
		{"claim-accepted", "public/claim.html", 200, claim(func(p *claimPage) { p.Answer = "accepted" })},
		{"claim-published", "public/claim.html", 200, claim(func(p *claimPage) {
			p.Answer, p.Published = "accepted", true
			p.Flash = []flash{{Kind: "good", Text: "People with the link can see your badge now."}}
		})},
		{"claim-declined", "public/claim.html", 200, claim(func(p *claimPage) { p.Answer, p.Recipient = "declined", "" })},
		{"claim-revoked", "public/claim.html", 200, claim(func(p *claimPage) {
			p.State, p.Reason, p.Recipient, p.Answer = "revoked", "Reason: issued in error.", arabicName, "accepted"
		})},
		{"claim-trial", "public/claim.html", 200, claim(func(p *claimPage) { p.Trial, p.Contact, p.Narrative = true, "", "" })},
	}
}

func sheetSamples() []samplePage {
	var list []samplePage
	for _, status := range []int{403, 404, 410, 422, 429, 500, 503} {
		name := map[int]string{403: "403", 404: "404", 410: "410", 422: "422", 429: "429", 500: "500", 503: "503"}[status]
		list = append(list, samplePage{"fault-" + name, "public/fault.html", status, &faultPage{Page: Page{Title: "Problem", NoIndex: true}, Status: status, Message: "There is no badge at this address.", RequestID: "01jz7q"}})
	}
	wrong := problems{Message: "2 fields need your attention.", Fields: []fault.Field{{Path: "email", Message: "“amara” is not an e-mail address: it has no @."}, {Path: "password", Message: "Use 15 characters or more."}}}
	// Their structs stand beside their handlers; these have the same fields.
	type setUp struct {
		Page
		Name, Email string
		MinPassword int
	}
	type signIn struct {
		Page
		Email, Next        string
		Passkeys, Register bool
		Ways               []way
	}
	type reset struct {
		Page
		MinPassword int
	}
	return append(list,
		samplePage{"setup", "sheet/setup.html", 200, &setUp{Page: Page{Title: "Welcome", Secret: true}, MinPassword: 15}},
		samplePage{"setup-problem", "sheet/setup.html", 422, &setUp{Page: Page{Title: "Welcome", Secret: true, Problems: wrong}, Name: longName, Email: "amara", MinPassword: 15}},
		samplePage{"signin", "sheet/signin.html", 200, &signIn{Page: Page{Title: "Sign in"}, Next: "/console", Passkeys: true, Register: true}},
		samplePage{"signin-problem", "sheet/signin.html", 422, &signIn{Page: Page{Title: "Sign in", Problems: problems{Message: "This address and password do not belong together."}}, Email: "amara@example.org"}},
		samplePage{"reset", "sheet/reset.html", 200, &reset{Page: Page{Title: "A new password", Secret: true}, MinPassword: 15}},
	)
}

func samplePages() []samplePage {
	var all []samplePage
	for _, list := range [][]samplePage{awardSamples(), placeSamples(), verifySamples(), claimSamples(), sheetSamples()} {
		all = append(all, list...)
	}
	return all
}
