package web

import "time"

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

	Read                bool   // false: it is no badge; only verdict and checks are shown
	Picture, PictureAlt string // our own copy or a data: address; may be ""
	Name, Kind          string // of the badge
	Issuer              issuerRef
	Identity            []string // how we know who issued it, in sentences
	Recipient           string   // the name in the badge; may be ""
	Sure                string   // how sure it is that the badge is about that person
	Email               emailCheck
	Description         string
	Criteria            string // Markdown
	CriteriaURL         string
	Facts               []fact
	NotSaid             []string

	Checks []check
	Raw    string // the credential as it was read

	Link    string // what was verified, if it was a link
	PageURL string // the badge's own page, if it has one
}

// emailCheck asks whether the badge is about the owner of an address.
type emailCheck struct {
	Possible bool   // the badge holds a hashed address to compare with
	Address  string // what was asked
	Outcome  string // "", passed, failed or unknown
	Text     string // to be sent again: the link or the credential
}
