package web

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/roundel/roundel/internal/locale"
)

// newTestRenderer returns a renderer that fails the test at every id without a
// text and every placeholder without an argument.
func newTestRenderer(t *testing.T) *renderer {
	t.Helper()
	c, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	c.Missing = func(lang, id, problem string) { t.Errorf("%s: text %q: %s", lang, id, problem) }
	x, err := newRenderer(renderOptions{Catalogues: c, Site: "Roundel"})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func show(t *testing.T, x *renderer, s samplePage) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	if err := x.render(w, httptest.NewRequest("GET", "/", nil), s.status, s.page, s.data); err != nil {
		t.Fatal(err)
	}
	return w.Result()
}

func TestEveryPageIsSound(t *testing.T) {
	x := newTestRenderer(t)
	for _, s := range samplePages() {
		t.Run(s.name, func(t *testing.T) {
			r := show(t, x, s)
			if r.StatusCode != s.status {
				t.Errorf("status %d", r.StatusCode)
			}
			checkPage(t, read(t, r))
		})
	}
	t.Run("styleguide", func(t *testing.T) {
		w := httptest.NewRecorder()
		if err := x.styleguide("/sample/a.svg", "/sample/b.svg")(w, httptest.NewRequest("GET", "/styleguide", nil)); err != nil {
			t.Fatal(err)
		}
		checkSound(t, w.Body.Bytes()) // it shows headings of every rank
	})
}

// TestEveryPageHasASample keeps the test above complete: a page that nothing
// renders is a page whose mistakes readers find. Console pages have samples in
// console_test.go.
func TestEveryPageHasASample(t *testing.T) {
	x := newTestRenderer(t)
	for page := range x.pages["en"] {
		if strings.HasPrefix(page, "console/") || strings.HasPrefix(page, "development/") {
			continue
		}
		if !slices.ContainsFunc(samplePages(), func(s samplePage) bool { return s.page == page }) && !strings.HasPrefix(page, "sheet/") {
			t.Errorf("%s has no sample in samples_test.go", page)
		}
	}
}

func read(t *testing.T, r *http.Response) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := b.ReadFrom(r.Body); err != nil {
		t.Fatal(err)
	}
	if got := r.Header.Get("Content-Length"); got != fmt.Sprint(b.Len()) {
		t.Errorf("Content-Length %s, body %d", got, b.Len())
	}
	return b.Bytes()
}

// checkPage asserts what holds for every page but the style guide.
func checkPage(t *testing.T, page []byte) {
	t.Helper()
	doc := checkSound(t, page)
	if n := count(doc, "h1"); n != 1 {
		t.Errorf("%d h1", n)
	}
	// No heading skips a rank: screen readers navigate by them.
	rank := 0
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6' {
			r := int(n.Data[1] - '0')
			if r > rank+1 && rank > 0 {
				t.Errorf("h%d after h%d: %s", r, rank, words(n))
			}
			rank = r
		}
	}
}

// checkSound asserts that the page is well formed, has nothing inline that the
// content security policy would block, and names every input.
func checkSound(t *testing.T, page []byte) *html.Node {
	t.Helper()
	checkBalanced(t, page)
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	labelled := map[string]bool{}
	for n := range doc.Descendants() {
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("id %q twice", id)
			}
			ids[id] = true
		}
		if n.Data == "label" {
			labelled[attr(n, "for")] = true
		}
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		checkElement(t, n, ids, labelled)
	}
	if strings.Contains(string(page), "ZgotmplZ") {
		t.Error("html/template refused a value (ZgotmplZ)")
	}
	if count(doc, "title") == 0 || attr(doc.FirstChild.NextSibling, "lang") == "" {
		t.Error("no title or no language")
	}
	return doc
}

func checkElement(t *testing.T, n *html.Node, ids, labelled map[string]bool) {
	t.Helper()
	for _, a := range n.Attr {
		switch {
		case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
			t.Errorf("<%s> has an inline %s", n.Data, a.Key)
		case a.Key == "aria-describedby" || a.Key == "aria-labelledby":
			for _, id := range strings.Fields(a.Val) {
				if !ids[id] {
					t.Errorf("<%s> %s names #%s, which is not there", n.Data, a.Key, id)
				}
			}
		case a.Key == "href" && strings.HasPrefix(a.Val, "#") && len(a.Val) > 1 && !ids[a.Val[1:]]:
			t.Errorf("link to %s, which is not there", a.Val)
		case (a.Key == "href" || a.Key == "src" || a.Key == "action") && strings.HasPrefix(strings.ToLower(a.Val), "javascript:"):
			t.Errorf("<%s> %s=%q", n.Data, a.Key, a.Val)
		}
	}
	switch n.Data {
	case "style":
		t.Error("a style element")
	case "script":
		if attr(n, "src") == "" && attr(n, "type") != "application/ld+json" {
			t.Error("an inline script")
		}
	case "img":
		if !slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "alt" }) {
			t.Errorf("picture %s without alt", attr(n, "src"))
		}
	case "input", "select", "textarea":
		if attr(n, "type") != "hidden" && !labelled[attr(n, "id")] && !within(n, "label") && attr(n, "aria-label") == "" {
			t.Errorf("<%s name=%q> has no label", n.Data, attr(n, "name"))
		}
	case "button", "a", "summary":
		if strings.TrimSpace(words(n)) == "" && attr(n, "aria-label") == "" {
			t.Errorf("<%s> without words", n.Data)
		}
	}
}

// checkBalanced asserts that every element that must be closed is, in order;
// the parser would mend silently.
func checkBalanced(t *testing.T, page []byte) {
	t.Helper()
	void := []string{"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
	z := html.NewTokenizer(bytes.NewReader(page))
	var open []string
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("never closed: %v", open)
			}
			return
		case html.StartTagToken:
			name, _ := z.TagName()
			if !slices.Contains(void, string(name)) {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				t.Errorf("</%s> closes %v", name, open)
				return
			}
			open = open[:len(open)-1]
		}
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func within(n *html.Node, name string) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == name {
			return true
		}
	}
	return false
}

func words(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

func count(doc *html.Node, name string) int {
	n := 0
	for c := range doc.Descendants() {
		if c.Type == html.ElementNode && c.Data == name {
			n++
		}
	}
	return n
}
