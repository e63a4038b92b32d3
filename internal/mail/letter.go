package mail

import (
	"crypto/rand"
	"fmt"
	"html/template"
	"regexp"
	"strconv"
	"strings"

	_ "embed"
)

// LetterPicture is the ID under which a Letter's HTML shows its picture; the
// message carries it as an inline Picture.
const LetterPicture = "badge"

// defaultAccent is the platform's own colour.
const defaultAccent = "#2a4fd0"

// Letter is the content of a mail with one thing to do, written as HTML and as
// plain text. All texts are plain and already in the reader's language.
type Letter struct {
	Lang       string // BCP 47, for example "en"
	Dir        string // "ltr" or "rtl"
	Accent     string // colour of the button, #rrggbb; empty: the platform's
	Heading    string
	HasPicture bool // show the inline picture LetterPicture
	PictureAlt string
	Paragraphs []string
	Button     string   // what the one link says; empty: no link
	ButtonURL  string   // https, or http while trying out
	Footnotes  []string // small print
}

//go:embed letter.html
var letterHTML string

var letterTemplate = template.Must(template.New("letter").Parse(letterHTML))

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// HTML returns the letter as an HTML document that needs nothing from the
// network: no tracking, no remote pictures.
func (l Letter) HTML() (string, error) {
	if !colour.MatchString(l.Accent) {
		l.Accent = defaultAccent
	}
	var b strings.Builder
	err := letterTemplate.Execute(&b, struct {
		Letter
		OnAccent template.CSS
		Colour   template.CSS
		Picture  template.URL
	}{l, template.CSS(onColour(l.Accent)), template.CSS(l.Accent), "cid:" + LetterPicture})
	if err != nil {
		return "", fmt.Errorf("write letter: %w", err)
	}
	return b.String(), nil
}

// Text returns the letter as plain text, with the link on a line of its own so
// that no mail program breaks it.
func (l Letter) Text() string {
	parts := []string{l.Heading}
	parts = append(parts, l.Paragraphs...)
	if l.Button != "" {
		parts = append(parts, l.Button+":\n"+l.ButtonURL)
	}
	if len(l.Footnotes) > 0 {
		parts = append(parts, "--") // not "-- ": mail programs hide what follows that
		parts = append(parts, l.Footnotes...)
	}
	return strings.Join(parts, "\n\n") + "\n"
}

// onColour returns black or white, whichever has more contrast on the colour
// #rrggbb (WCAG 2.2, relative luminance, in its simple approximation).
func onColour(hex string) string {
	n, _ := strconv.ParseUint(hex[1:], 16, 32)
	linear := func(v uint64) float64 { f := float64(v&0xff) / 255; return f * f }
	if 0.2126*linear(n>>16)+0.7152*linear(n>>8)+0.0722*linear(n) > 0.2 {
		return "#10131a"
	}
	return "#ffffff"
}

// messageID returns a fresh left side of a Message-ID.
func messageID() string { return strings.ToLower(rand.Text()) }
