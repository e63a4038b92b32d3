package web

import (
	"bytes"
	"html/template"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Bounds on one text of Markdown; what goes beyond them is shown as it was
// written. Some constructs cost the square of their length, whoever wrote them:
// tables are filled up to their widest row.
const (
	markdownLimit  = 16 << 10 // bytes
	markdownMarks  = 2000     // characters that may begin or end something
	markdownPipes  = 400      // which make the cells of tables
	markdownOutput = 1 << 20  // bytes of HTML
)

// costly reports whether src could take long to render.
func costly(src string) bool {
	marks := 0
	for _, c := range src {
		if strings.ContainsRune("*_[]<>~`&", c) {
			marks++
		}
	}
	return len(src) > markdownLimit || marks > markdownMarks || strings.Count(src, "|") > markdownPipes
}

// markdown turns the Markdown of issuers and of foreign badges into HTML that
// can do no harm: raw HTML and pictures are dropped, links lead to http, https
// and mailto only, headings rank below the page's own.
type markdown struct {
	parser goldmark.Markdown
	policy *bluemonday.Policy
}

func newMarkdown() *markdown {
	policy := bluemonday.NewPolicy()
	policy.AllowElements("p", "br", "hr", "em", "strong", "del", "code", "pre", "blockquote",
		"ul", "li", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr")
	policy.AllowElements("ol").AllowAttrs("start").Matching(regexp.MustCompile(`^[0-9]{1,6}$`)).OnElements("ol")
	policy.AllowAttrs("align").Matching(regexp.MustCompile(`^(left|center|right)$`)).OnElements("th", "td")
	policy.AllowElements("th", "td")
	policy.AllowAttrs("href").OnElements("a")
	policy.AllowURLSchemes("http", "https", "mailto")
	policy.RequireParseableURLs(true)
	policy.RequireNoFollowOnLinks(true)
	policy.RequireNoReferrerOnLinks(true)
	return &markdown{
		parser: goldmark.New(
			goldmark.WithExtensions(extension.Strikethrough, extension.Linkify,
				// An align attribute, because the content security policy allows no style.
				extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))),
			goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(demote{}, 500))),
		),
		policy: policy,
	}
}

// html renders src. It never fails: what cannot be rendered is shown as text.
func (m *markdown) html(src string) template.HTML {
	var b bytes.Buffer
	if costly(src) || m.parser.Convert([]byte(src), &b) != nil || b.Len() > markdownOutput {
		return template.HTML("<p>" + template.HTMLEscapeString(src) + "</p>")
	}
	return template.HTML(m.policy.SanitizeBytes(b.Bytes()))
}

// demote ranks headings below the page's own h2 and drops pictures.
type demote struct{}

// Transform implements goldmark's parser.ASTTransformer.
func (demote) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	var pictures []ast.Node
	// The walker returns no error.
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			n.Level = min(n.Level+2, 6)
		case *ast.Image:
			pictures = append(pictures, n)
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
	for _, p := range pictures {
		p.Parent().RemoveChild(p.Parent(), p)
	}
}
