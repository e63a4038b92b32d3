package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/internal/picture"
	"github.com/roundel/roundel/internal/verification"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/verify"
)

// verifyPage asks for a badge to verify. Its fields are "text" (a link or the
// badge itself) and "file".
type verifyPage struct {
	Page
	Text string
}

// reportPage shows what the verifier found.
type reportPage struct {
	Page
	Verdict   verdict // shown big: its headline is the page's title
	CheckedAt time.Time
	Notes     []string // "A newer version exists."
	Trial     bool

	Read        bool         // false: it is no badge; only verdict and checks are shown
	Picture     template.URL // a data: address; may be ""
	PictureAlt  string
	Name, Kind  string // of the badge
	Issuer      issuerRef
	Identity    []string // how we know who issued it, in sentences
	Recipient   string   // the name in the badge; may be ""
	Sure        string   // how sure it is that the badge is about that person
	Email       emailCheck
	Description string
	Criteria    string // Markdown
	CriteriaURL string
	Facts       []fact
	NotSaid     []string

	Checks []check
	Raw    string // the credential as it was read, up to maxShown
	RawCut bool   // Raw is only its beginning

	Link    string // what was verified, if it was a link
	PageURL string // the badge's own page, if it has one
}

// maxShown bounds, in bytes, the raw text of a credential on a page, and the
// credential that its form carries along.
const maxShown = 256 << 10

// emailCheck asks whether the badge is about the owner of an address.
type emailCheck struct {
	Possible bool   // the badge holds a hashed address to compare with, and is short enough to be sent again
	Address  string // what was asked
	Outcome  string // "", passed, failed or unknown
	Unproven bool   // unknown because the signature does not show who wrote the address in
	Text     string // to be sent again: the link or the credential
}

// verifyForm answers GET /verify. A link in the address is filled in, not
// followed: looking at a page asks nobody anything.
func (s *Server) verifyForm(w http.ResponseWriter, r *http.Request) error {
	return s.showVerify(w, r, &verifyPage{Text: r.URL.Query().Get("link")})
}

func (s *Server) showVerify(w http.ResponseWriter, r *http.Request, p *verifyPage) error {
	t := s.texts(r)
	p.Title, p.Description, p.CanonicalURL = t.T("verify.title", nil), t.T("verify.description", nil), s.BaseURL+"/verify"
	return s.show(w, r, "public/verify.html", p)
}

// verifyReport answers POST /verify: it verifies what was sent and shows every
// check. Nothing of it is kept.
func (s *Server) verifyReport(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, verification.MaxFile+formLimit); err != nil {
		return err
	}
	text, email := strings.TrimSpace(r.PostFormValue("text")), strings.TrimSpace(r.PostFormValue("email"))
	file, _, err := uploaded(r, "file")
	if err != nil {
		return err
	}
	var report *verify.Report
	if len(file) > 0 {
		text = ""
		if report, err = s.Verification.Check(r.Context(), file, ""); err != nil {
			return err
		}
	} else if report, file, err = s.Verification.CheckText(r.Context(), text, ""); err != nil {
		if !refused(err) {
			return err
		}
		return s.showVerify(w, r, &verifyPage{Page: Page{Problems: problemsOf(err)}, Text: text})
	}
	p := s.reportPage(s.texts(r), report, file)
	note, err := s.recordedNote(r.Context(), s.texts(r), report)
	if err != nil {
		return err
	}
	if note != "" {
		p.Notes = append([]string{note}, p.Notes...)
	}
	if isLink(text) {
		p.Link, p.Email.Text, p.Email.Possible = text, text, namesHashed(report)
	}
	if email != "" {
		p.Email.Address, p.Email.Outcome, p.Email.Unproven = email, emailOutcome(report, email), !signedByIssuer(report)
	}
	return s.show(w, r, "public/report.html", p)
}

func isLink(text string) bool {
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")
}

// reportPage puts what the checks found into words for the page.
func (s *Server) reportPage(t printer, report *verify.Report, file []byte) *reportPage {
	p := &reportPage{
		Page:      Page{Title: report.Headline, NoIndex: true},
		Verdict:   verdict{Kind: verdictKind(report.Verdict), Headline: report.Headline, Text: report.Text, Big: true},
		CheckedAt: report.CheckedAt, Notes: report.Notes,
	}
	p.Raw, p.RawCut = shown(report.Credential)
	for _, c := range report.Checks {
		p.Checks = append(p.Checks, check{Outcome: string(c.Outcome), Title: c.Title, Reason: c.Reason, Code: c.Code})
	}
	if c := report.Parsed; c != nil {
		p.Read = true
		p.Name, p.Description = c.Name, c.Description
		p.Issuer = issuerRef{Name: c.Issuer.Name, Site: report.IssuerDomain}
		if p.Issuer.Name == "" {
			p.Issuer.Name = c.Issuer.ID
		}
		p.Identity = []string{report.Check(verify.CheckIssuerKey).Reason, report.Check(verify.CheckIssuerIdentity).Reason}
		p.Facts = periodFacts(t, c.ValidFrom, c.ValidUntil)
		if strings.HasPrefix(c.ID, s.BaseURL+"/awards/") {
			p.PageURL = c.ID
		}
	}
	if b := report.Badge; b != nil {
		p.fill(t, b)
	}
	p.NotSaid = []string{t.T("report.not_said_today", nil), t.T("report.not_said_identity", nil)}
	p.Picture = bakedPicture(file)
	if p.Email.Possible = namesHashed(report) && len(report.Credential) <= maxShown; p.Email.Possible {
		p.Email.Text = string(report.Credential)
	}
	return p
}

// fill says what an Open Badge means.
func (p *reportPage) fill(t printer, b *openbadge.AchievementCredential) {
	a := b.Subject.Achievement
	p.Name, p.Description = a.Name, a.Description
	p.Criteria, p.CriteriaURL = a.Criteria.Narrative, a.Criteria.ID
	if a.AchievementType != "" {
		p.Kind = kindName(t, a.AchievementType)
	}
	if a.Image != nil {
		p.PictureAlt = a.Image.Caption
	}
	for _, id := range b.Subject.Identifier {
		switch {
		case id.IdentityType == "name" && !id.Hashed:
			p.Recipient = id.IdentityHash
		case id.Hashed:
			p.Sure = t.T("report.sure_hashed", nil)
		}
	}
	for _, r := range b.Subject.Result {
		if r.Value != "" {
			p.Facts = append(p.Facts, fact{Term: t.T("award.result", nil), Text: r.Value})
		}
	}
}

func periodFacts(t printer, from, until time.Time) []fact {
	list := []fact{{Term: t.T("award.issued", nil), Text: t.Date(from)}}
	if until.IsZero() {
		return append(list, fact{Term: t.T("award.ends", nil), Text: t.T("award.no_end", nil)})
	}
	return append(list, fact{Term: t.T("award.ends", nil), Text: t.Date(until)})
}

// namesHashed reports whether a badge holds a hashed address.
func namesHashed(report *verify.Report) bool {
	return report.Badge != nil && slices.ContainsFunc(report.Badge.Subject.Identifier, func(id openbadge.IdentityObject) bool { return id.Hashed })
}

// signedByIssuer reports whether the badge is what the issuer that it names
// signed.
func signedByIssuer(report *verify.Report) bool {
	return report.Check(verify.CheckProof).Outcome == verify.Passed && report.Check(verify.CheckIssuerKey).Outcome == verify.Passed
}

// emailOutcome says whether the badge was issued to the owner of an address.
// Unless the issuer signed it, anybody may have written any address into it.
func emailOutcome(report *verify.Report, email string) string {
	if report.Badge == nil || !signedByIssuer(report) {
		return string(verify.Unknown)
	}
	for _, id := range report.Badge.Subject.Identifier {
		if id.Matches(email) {
			return string(verify.Passed)
		}
	}
	return string(verify.Failed)
}

// bakedPicture returns the picture that the credential came in, cleaned, as a
// data: address; "" when it came without one.
func bakedPicture(file []byte) template.URL {
	if kind := baking.Sniff(file); kind != "png" && kind != "svg" {
		return ""
	}
	media, clean, err := picture.Accept(file)
	if err != nil || len(clean) > 1<<20 {
		return "" // the report stands without it
	}
	return template.URL("data:" + media + ";base64," + base64.StdEncoding.EncodeToString(clean))
}

// shown returns the text of a credential for people, indented unless it is
// long, and whether that is only its beginning.
func shown(raw json.RawMessage) (text string, cut bool) {
	var b bytes.Buffer
	if len(raw) > maxShown || json.Indent(&b, raw, "", "  ") != nil {
		b.Reset()
		b.Write(raw[:min(len(raw), maxShown+1)])
	}
	if b.Len() <= maxShown {
		return b.String(), false
	}
	b.Truncate(maxShown)
	return strings.ToValidUTF8(b.String(), ""), true // the last character may be cut in two
}
