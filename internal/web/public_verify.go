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
	"github.com/roundel/roundel/clr"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/picture"
	"github.com/roundel/roundel/internal/verification"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/strictjson"
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
	Sure        []string // how sure it is that the badge is about that person
	Email       emailCheck
	Description string
	Criteria    string // Markdown
	CriteriaURL string
	Narrative   string // Markdown: how this person earned it
	Facts       []fact
	Subject     []fact // what it says about the person besides the name
	IssuerFacts []fact // what the issuer says about itself
	Skills      []skill
	Aligned     []alignedView
	Results     []resultView
	Evidence    []evidenceView
	Related     []fact
	NotSaid     []string

	Record       *recordView // a learner record: what it holds
	Endorsements []partView
	Claims       []claimView // of a credential that is no badge
	ClaimsCut    bool        // Claims are only the first
	Partly       bool        // the holder may have left parts out

	Checks []check
	Raw    string // the credential as it was read, up to maxShown
	RawCut bool   // Raw is only its beginning
	Signed string // the token that the credential came in; "" if it is none or long

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
	a, ours, err := s.recordOf(r.Context(), report)
	if err == nil && ours {
		err = s.addRecord(r.Context(), s.texts(r), p, report, a)
	}
	if err != nil {
		return err
	}
	if isLink(text) {
		p.Link, p.Email.Text, p.Email.Possible = text, text, namesHashed(report)
	}
	if email != "" {
		p.Email.Address, p.Email.Outcome, p.Email.Unproven = email, emailOutcome(report, email), !signedByIssuer(report)
	}
	return s.show(w, r, "public/report.html", p)
}

// provenDomain returns the host that is proven to stand behind what was checked,
// its signature included; "" if none is.
func provenDomain(report *verify.Report) string {
	if !signedByIssuer(report) {
		return ""
	}
	return report.IssuerDomain
}

func isLink(text string) bool {
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")
}

// reportPage puts what the checks found into words for the page.
func (s *Server) reportPage(t printer, report *verify.Report, file []byte) *reportPage {
	p := &reportPage{
		Page:      Page{Title: report.Headline, NoIndex: true},
		Verdict:   verdict{Kind: verdictKind(report.Verdict), Headline: report.Headline, Text: report.Text, Big: true},
		CheckedAt: report.CheckedAt, Notes: report.Notes, Checks: checkViews(report.Checks),
		Partly: report.Check(verify.CheckProof).Code == verify.CodePartial,
	}
	p.Raw, p.RawCut = shown(report.Credential)
	sent := sentAgain(file)
	if text := string(sent); strings.HasPrefix(text, "eyJ") && len(text) <= maxShown {
		p.Signed = text
	}
	if c := report.Parsed; c != nil {
		p.Read = true
		p.Name, p.Description = line(c.Name), c.Description
		p.Issuer = issuerRef{Name: line(c.Issuer.Name)}
		if p.Issuer.Name == "" {
			p.Issuer.Name = line(c.Issuer.ID)
		}
		if called := (org.PublicName{Name: p.Issuer.Name}); provenDomain(report) != "" {
			if called.Domain = report.IssuerDomain; report.SharedHost {
				called.Domain, called.Host = report.AccountDomain, report.IssuerDomain
			}
			p.Issuer.Called = calledHTML(t, called, p.Issuer.Link())
		}
		p.Identity = []string{report.Check(verify.CheckIssuerKey).Reason, report.Check(verify.CheckIssuerIdentity).Reason}
		p.Facts = periodFacts(t, c.ValidFrom, c.ValidUntil)
		if strings.HasPrefix(c.ID, s.BaseURL+"/awards/") {
			p.PageURL = c.ID
		}
		p.Endorsements = endorsementViews(t, report)
	}
	p.fill(t, report)
	p.NotSaid = []string{t.T("report.not_said_today", nil), t.T("report.not_said_identity", nil)}
	if len(p.Claims) > 0 {
		p.NotSaid = []string{t.T("report.not_said_shown", nil)}
	}
	if baked := bakedPicture(file); baked != "" {
		p.Picture = baked
	}
	if p.Email.Possible = namesHashed(report) && len(sent) <= maxShown; p.Email.Possible {
		p.Email.Text = string(sent)
	}
	return p
}

// fill says what the credential means, by what kind of credential it is.
func (p *reportPage) fill(t printer, report *verify.Report) {
	switch c := report.Parsed; {
	case c == nil:
	case report.Badge != nil:
		p.fillBadge(t, report)
	case clr.Is(c):
		p.fillRecord(t, report)
	default:
		p.fillOther(t, c)
	}
}

// sentAgain is what has to be sent to have the same credential verified again:
// the file, or what a picture carries. It is not what the checks read in it, for
// the signature of a token is around that.
func sentAgain(file []byte) []byte {
	if kind := baking.Sniff(file); kind == baking.PNG || kind == baking.SVG {
		baked, err := baking.Extract(file)
		if err != nil {
			return nil
		}
		if file = baked.Credential; baked.Address != "" { // what is found there counts
			file = []byte(baked.Address)
		}
	}
	return bytes.TrimSpace(file)
}

func checkViews(checks []verify.Check) []check {
	list := make([]check, 0, len(checks))
	for _, c := range checks {
		list = append(list, check{Outcome: string(c.Outcome), Title: c.Title, Reason: c.Reason, Code: c.Code})
	}
	return list
}

// periodFacts says from when until when a credential counts.
func periodFacts(t printer, from, until time.Time) []fact {
	var list []fact
	if !from.IsZero() {
		list = append(list, fact{Term: t.T("award.issued", nil), Text: t.Date(from)})
	}
	if until.IsZero() {
		return append(list, fact{Term: t.T("award.ends", nil), Text: t.T("award.no_end", nil)})
	}
	return append(list, fact{Term: t.T("award.ends", nil), Text: t.Date(until)})
}

// identifiers are by what a badge or learner record names its person.
func identifiers(report *verify.Report) []openbadge.IdentityObject {
	switch {
	case report.Badge != nil:
		return report.Badge.Subject.Identifier
	case report.Parsed != nil && clr.Is(report.Parsed):
		if r, err := clr.Read(report.Parsed); err == nil {
			return r.Subject.Identifier
		}
	}
	return nil
}

// namesHashed reports whether a credential holds a hashed address.
func namesHashed(report *verify.Report) bool {
	return slices.ContainsFunc(identifiers(report), func(id openbadge.IdentityObject) bool { return id.Hashed })
}

// signedByIssuer reports whether the badge is what the issuer that it names
// signed.
func signedByIssuer(report *verify.Report) bool {
	return report.Check(verify.CheckProof).Outcome == verify.Passed && report.Check(verify.CheckIssuerKey).Outcome == verify.Passed
}

// emailOutcome says whether the badge was issued to the owner of an address.
// Unless the issuer signed it, anybody may have written any address into it.
func emailOutcome(report *verify.Report, email string) string {
	if !signedByIssuer(report) {
		return string(verify.Unknown)
	}
	outcome := verify.Unknown
	for _, id := range identifiers(report) {
		if id.Matches(email) {
			return string(verify.Passed)
		}
		if id.Hashed || id.IdentityType == "emailAddress" {
			outcome = verify.Failed
		}
	}
	return string(outcome)
}

// bakedPicture returns the picture that the credential came in, cleaned, as a
// data: address; "" when it came without one.
func bakedPicture(file []byte) template.URL {
	if kind := baking.Sniff(file); kind != "png" && kind != "svg" {
		return ""
	}
	return shownPicture(file)
}

// shownPicture returns a picture that others made, cleaned, as a data: address,
// or "": the report stands without it.
func shownPicture(file []byte) template.URL {
	media, clean, err := picture.Accept(file)
	if err != nil || len(clean) > 1<<20 {
		return ""
	}
	return template.URL("data:" + media + ";base64," + base64.StdEncoding.EncodeToString(clean))
}

// shown returns the text of a credential for people, indented unless it is
// long, and whether that is only its beginning.
func shown(raw json.RawMessage) (text string, cut bool) {
	var b bytes.Buffer
	// Deep nesting would be indented to the square of its length.
	if len(raw) > maxShown || strictjson.Check(raw, strictjson.Limits{}) != nil || json.Indent(&b, raw, "", "  ") != nil {
		b.Reset()
		b.Write(raw[:min(len(raw), maxShown+1)])
	}
	if b.Len() <= maxShown {
		return b.String(), false
	}
	b.Truncate(maxShown)
	return strings.ToValidUTF8(b.String(), ""), true // the last character may be cut in two
}
