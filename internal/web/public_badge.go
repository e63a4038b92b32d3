package web

// badgePage is a badge's public page: what can be earned.
type badgePage struct {
	Page
	Picture, PictureAlt string
	Name, Kind          string
	Issuer              issuerRef
	Description         string
	Criteria            string // Markdown
	CriteriaURL         string
	Skills              []skill
	Facts               []fact
	Version             int64
	NewestURL           string // set when this is not the newest version
	Archived            bool   // it is no longer awarded
	JSONURL             string
	Share               share
}
