package web

// issuerPage is an organisation's public page.
type issuerPage struct {
	Page
	Issuer      issuerRef
	Description string
	Website     string
	Email       string // public contact
	Country     string // ISO 3166-1 alpha-2
	DID         string
	Trial       bool // its identity is self-asserted until it goes live
	Badges      []badgecard
	JSONURL     string
}
