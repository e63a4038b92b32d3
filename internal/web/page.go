package web

import (
	"github.com/roundel/roundel/internal/fault"
)

// Page is what every page needs; each page's struct embeds it. A handler sets
// what it knows, render sets the rest.
type Page struct {
	Title        string     // of the document, without the site's name
	Description  string     // one or two sentences for search engines and previews
	CanonicalURL string     // the address to remember, absolute
	Accent       string     // the organisation's colour, "#rrggbb"
	Flash        []flash    // what has just happened
	Problems     problems   // what is wrong with the form on this page
	OG           *openGraph // how the page looks when it is shared
	JSONLD       any        // schema.org description, encoded as JSON in the page
	Nav          nav        // who is signed in and where they are
	Secret       bool       // the address or the page holds a secret: nobody may keep or refer it
	NoIndex      bool       // not for search engines
	Refresh      int        // seconds after which the page is loaded again where scripts do not run
	Back         string     // the address that "cancel" and "back" lead to

	// Set by render.
	Site string // name of this installation
	Path string // of the request
	Lang string // language tag of the text
	Dir  string // "ltr" or "rtl"

	AccentURL string
}

// common lets render reach the embedded Page.
func (p *Page) common() *Page { return p }

// pageData is a pointer to a struct that embeds Page.
type pageData interface{ common() *Page }

// nav is what the bar and the side navigation show.
type nav struct {
	Person       string    // name or address of the signed-in person; "" for strangers
	Organisation string    // the one the person works in
	Console      string    // address of the console, for the signed-in person
	Account      string    // address of the person's own settings
	Operator     string    // address of the operator's pages, "" for everybody else
	SignOut      string    // address that a POST signs out at
	Items        []navItem // the console's side navigation
}

type navItem struct {
	URL, Label, Icon string
	Current          bool
	Count            int64 // waiting for attention; 0 shows nothing
}

// flash says once what has just happened.
type flash struct {
	Kind string // good, wait, bad or info
	Text string
}

// openGraph describes a page to services that preview links.
type openGraph struct {
	Type        string // "website" if empty
	Title       string
	Description string
	Image       string // absolute address of a PNG
	ImageAlt    string
}

// problems is what is wrong with a form: shown above it, with links to the
// fields at fault, and again at each field.
type problems struct {
	Message string
	Fields  []fault.Field
}

// problemsOf returns the problems that err tells a person about.
func problemsOf(err error) problems {
	return problems{Message: fault.Message(err), Fields: fault.FieldsOf(err)}
}

// Any reports whether there is anything to show.
func (p problems) Any() bool { return p.Message != "" || len(p.Fields) > 0 }

// At returns what is wrong with the field called name, or "".
func (p problems) At(name string) string {
	for _, f := range p.Fields {
		if f.Path == name {
			return f.Message
		}
	}
	return ""
}
