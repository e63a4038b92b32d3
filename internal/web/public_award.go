package web

import "time"

// awardPage is an award's public page, made to be shown off.
type awardPage struct {
	Page
	Picture, PictureAlt string
	Name                string // of the badge
	BadgeURL            string
	Kind                string // what kind of achievement it is, in words; may be ""
	Recipient           string // "" when the recipient is not named
	Issuer              issuerRef
	IssuedAt            time.Time
	ValidFrom           time.Time // set when it lies ahead
	ValidUntil          time.Time // zero: no end
	State               string    // current, expired, not_yet_valid, revoked or suspended
	Trial               bool
	Verdict             verdict // the template adds the link

	Description string
	Criteria    string // Markdown
	CriteriaURL string
	Narrative   string // Markdown: how this person earned it
	Skills      []skill
	Results     []fact
	Evidence    []evidenceView
	Facts       []fact // more for "at a glance": level, workload, language

	VerifyURL string
	JSONURL   string // the signed badge; machines are pointed to it
	Share     share
	Files     []download
	NewerURL  string // of the award that replaces this one
	QR        string // address of a picture of the page's address, for paper; may be ""
}

// Valid reports whether the badge counts today.
func (p *awardPage) Valid() bool { return p.State == "current" }

// skill is a tag or an aligned skill.
type skill struct{ Name, Framework, URL string }

// evidenceView is something to look at.
type evidenceView struct{ Name, URL, Text string }

// privateAwardPage stands in for an award that its holder keeps private. It
// says nothing about the award.
type privateAwardPage struct {
	Page
}
