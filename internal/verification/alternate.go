package verification

import (
	"bytes"
	"mime"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/roundel/roundel/jose"
)

// Accepted asks for the credential itself where an address can also give a page:
// documents before tokens before pictures, which all say the same.
const Accepted = "application/vc+ld+json, application/vc, application/ld+json;q=0.9, application/json;q=0.9, " +
	"application/vc+jwt;q=0.8, application/vc+sd-jwt;q=0.8, application/dc+sd-jwt;q=0.8, application/jwt;q=0.8, text/plain;q=0.5, " +
	"image/png;q=0.7, image/svg+xml;q=0.7"

// alternates are the media types by which a page can name its credential, best
// first. JSON of no further kind is not among them: pages name many things so.
func alternates() []string {
	return []string{"application/vc+ld+json", "application/vc", jose.MediaTypeVCJWT, jose.MediaTypeVCSDJWT, "application/dc+sd-jwt", "application/jwt", "text/plain"}
}

// alternateLink returns where a page says that its credential is: the link with
// the best type, of several the first. It is "" where there is none.
func alternateLink(page []byte, at *url.URL) string {
	best, address := len(alternates()), ""
	for z := html.NewTokenizer(bytes.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return address
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := z.Token()
			if tag.DataAtom == atom.Body { // links stand in the head; what a page quotes in its body is not its own
				return address
			}
			rank, u := alternateOf(tag, at)
			if u != nil && rank < best {
				best, address = rank, u.String()
			}
		}
	}
}

// alternateOf returns the address that a tag names and the rank of its type, or
// nil if it names no credential.
func alternateOf(tag html.Token, at *url.URL) (int, *url.URL) {
	if tag.DataAtom != atom.Link {
		return 0, nil
	}
	attributes := map[string]string{}
	for _, a := range tag.Attr {
		attributes[a.Key] = a.Val
	}
	media, _, err := mime.ParseMediaType(attributes["type"])
	rank := slices.Index(alternates(), media)
	isAlternate := slices.Contains(strings.Fields(strings.ToLower(attributes["rel"])), "alternate")
	if err != nil || rank < 0 || !isAlternate || attributes["href"] == "" {
		return 0, nil
	}
	u, err := at.Parse(strings.TrimSpace(attributes["href"]))
	if err != nil {
		return 0, nil
	}
	return rank, u
}
