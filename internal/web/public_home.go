package web

// homePage is the front page: what this installation is, a box to verify a
// badge with, and the way in.
type homePage struct {
	Page
	Waiting bool        // nobody has set the installation up yet
	Issuers []issuerRef // who issues here, a few of them
}

// issuerRef is an organisation as other pages mention it.
type issuerRef struct {
	Name  string
	URL   string // its page here, or its own address; may be ""
	Logo  string // address of a picture; may be ""
	Note  string // a few words: what it does, how many badges
	Known string // how we know that it is who it says, a short sentence; may be ""
	Site  string // the domain that Known speaks of; may be ""
}
