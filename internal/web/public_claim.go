package web

import "time"

// claimPage is what the link in a claim mail opens. Its buttons post "answer":
// accept, decline, publish or unpublish.
type claimPage struct {
	Page
	Action              string // address that the answers are posted to
	Picture, PictureAlt string
	Name                string // of the badge
	Issuer              issuerRef
	Contact             string // e-mail address of the issuer
	Recipient           string
	IssuedAt            time.Time
	ValidUntil          time.Time
	Answer              string // waiting, accepted or declined
	Published           bool
	State               string // current, expired, not_yet_valid, revoked or suspended
	Reason              string // why it was withdrawn or paused, a sentence
	Trial               bool

	Description string
	Criteria    string   // Markdown
	Narrative   string   // Markdown: how this person earned it
	Shows       []string // what people see when it is published
	PublicURL   string
	Share       share
	Files       []download
}
