package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/roundel/roundel/internal/locale"
)

//go:embed templates
var embeddedTemplates embed.FS

// renderOptions configures a renderer.
type renderOptions struct {
	Catalogues *locale.Catalogues
	Site       string // name of this installation, in the bar and in titles
	Dir        string // development: the folder with templates/ and static/, read anew for each page
}

// renderer turns page structs into pages.
type renderer struct {
	options  renderOptions
	static   *static
	icons    map[string]template.HTML
	markdown *markdown
	pages    map[string]map[string]*template.Template // language → page → template
}

// newRenderer parses every template in every language, so that a mistake in
// one stops the start and not a reader.
func newRenderer(o renderOptions) (*renderer, error) {
	x := &renderer{options: o, markdown: newMarkdown()}
	if err := x.load(); err != nil {
		return nil, err
	}
	return x, nil
}

func (x *renderer) load() error {
	templates, staticFiles, err := sources(x.options.Dir)
	if err != nil {
		return err
	}
	if x.static, err = newStatic(staticFiles); err != nil {
		return err
	}
	if x.icons, err = loadIcons(staticFiles); err != nil {
		return err
	}
	x.pages = map[string]map[string]*template.Template{}
	for _, lang := range x.options.Catalogues.Languages() {
		if x.pages[lang], err = x.parse(templates, x.options.Catalogues.For(lang)); err != nil {
			return err
		}
	}
	return nil
}

// sources returns the folders templates/ and static/.
func sources(dir string) (templates, staticFiles fs.FS, err error) {
	if dir != "" {
		return os.DirFS(filepath.Join(dir, "templates")), os.DirFS(filepath.Join(dir, "static")), nil
	}
	if templates, err = fs.Sub(embeddedTemplates, "templates"); err != nil {
		return nil, nil, err
	}
	staticFiles, err = fs.Sub(embeddedStatic, "static")
	return templates, staticFiles, err
}

// parse reads layout/ and components/, which all pages share, and gives each
// page of the other folders its own copy of those that it uses, so that every
// page can define "main".
func (x *renderer) parse(files fs.FS, p *locale.Printer) (map[string]*template.Template, error) {
	shared := template.New("").Funcs(x.funcs(p)).Option("missingkey=error")
	var pages []string
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".html" {
			return err
		}
		if dir := path.Dir(name); dir != "layout" && dir != "components" {
			pages = append(pages, name)
			return nil
		}
		return parseFile(shared, files, name)
	})
	if err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	parsed := map[string]*template.Template{}
	for _, name := range pages {
		t := template.New("").Funcs(x.funcs(p)).Option("missingkey=error")
		if err := parseFile(t, files, name); err != nil {
			return nil, err
		}
		if err := lend(t, shared); err != nil {
			return nil, fmt.Errorf("template %s: %w", name, err)
		}
		parsed[name] = t
	}
	return parsed, nil
}

// lend gives a page copies of the shared templates that it names, and of those
// that these name. All of them, for every page, would be 25 MiB.
func lend(page, shared *template.Template) error {
	open := page.Templates()
	for len(open) > 0 {
		last := open[len(open)-1]
		open = open[:len(open)-1]
		if last.Tree == nil {
			continue
		}
		for _, name := range calls(last.Tree.Root) {
			if page.Lookup(name) != nil {
				continue
			}
			from := shared.Lookup(name)
			if from == nil || from.Tree == nil {
				return fmt.Errorf("it names %q, which does not exist", name)
			}
			lent, err := page.AddParseTree(name, from.Tree.Copy())
			if err != nil {
				return err
			}
			open = append(open, lent)
		}
	}
	return nil
}

// calls returns the templates that are called below n.
func calls(n parse.Node) (all []string) {
	branch := func(b parse.BranchNode) []string { return append(calls(b.List), calls(b.ElseList)...) }
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil { // no else
			return nil
		}
		for _, inner := range n.Nodes {
			all = append(all, calls(inner)...)
		}
	case *parse.IfNode:
		return branch(n.BranchNode)
	case *parse.RangeNode:
		return branch(n.BranchNode)
	case *parse.WithNode:
		return branch(n.BranchNode)
	case *parse.TemplateNode:
		return []string{n.Name}
	}
	return all
}

// indent is the white space at a line's start, which readers need not load.
// No template holds a pre or textarea with text of its own.
var indent = regexp.MustCompile(`\n\s+`)

func parseFile(t *template.Template, files fs.FS, name string) error {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	_, err = t.New(name).Parse(indent.ReplaceAllString(string(data), "\n"))
	return err // names the file and line already
}

// render writes the page with the given status. The page is named by its file
// below templates/, "public/award.html"; data is a pointer to its struct.
//
// It fails before anything is written if the page cannot be made.
func (x *renderer) render(w http.ResponseWriter, r *http.Request, status int, page string, data pageData) error {
	if x.options.Dir != "" {
		fresh, err := newRenderer(x.options)
		if err != nil {
			return err
		}
		x = fresh
	}
	printer := x.options.Catalogues.For(r.Header.Get("Accept-Language"))
	t, ok := x.pages[printer.Lang()][page]
	if !ok {
		return fmt.Errorf("no page %q", page)
	}
	p := data.common()
	p.Site, p.Path = x.options.Site, r.URL.Path
	p.Lang, p.Dir = printer.Lang(), printer.Dir()
	p.AccentURL = accentURL(p.Accent)
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, page, data); err != nil {
		return fmt.Errorf("render %s: %w", page, err)
	}
	body := bytes.TrimLeft(b.Bytes(), "\n ")
	x.setHeaders(w.Header(), p)
	// Pages that hold secrets or speak to one person go as they are: the size of
	// a compressed page tells something about what is in it.
	if !p.Secret && p.Nav.Person == "" && len(p.Problems.Fields) == 0 {
		w.Header().Add("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			if small := compress(body); small != nil {
				w.Header().Set("Content-Encoding", "gzip")
				body = small
			}
		}
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader has gone: nothing to do
	}
	return nil
}

// policy is our content security policy: nothing from elsewhere, nothing
// inline. Pictures of foreign badges reach the page as data: addresses.
var policy = strings.Join([]string{
	"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
	"connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
}, "; ")

func (x *renderer) setHeaders(h http.Header, p *Page) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", p.Lang)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Add("Vary", "Accept-Language")
	h.Set("Referrer-Policy", "same-origin")
	if p.Secret {
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
	}
	if p.Secret || p.NoIndex {
		h.Set("X-Robots-Tag", "noindex")
	}
	// A page is made for this reader now, unless its handler says otherwise.
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-cache")
	}
}
