package locale

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A template names texts as {{t "id" …}} and {{th "id" …}}, and a family of
// them as {{t (print "family." .Code)}}.
var (
	fixedUse  = regexp.MustCompile(`\bth? "([^"]+)"`)
	familyUse = regexp.MustCompile(`\bth? \(print "([^"]+)"`)
)

// TestEveryUsedIDHasAText walks the templates and the Go code of all of
// internal/ for ids. Go code uses them as the first argument of a method or
// function named T or HTML.
func TestEveryUsedIDHasAText(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	used := 0
	check := func(file, id string, family bool) {
		used++
		switch {
		case family && len(c.IDs(id)) == 0:
			t.Errorf("%s uses texts %s…, and no catalogue in internal/locale/en has any: add them", file, id)
		case !family && !c.Has(id):
			t.Errorf("%s uses the text %q, which no catalogue in internal/locale/en has: add it", file, id)
		}
	}
	err = filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch {
		case strings.HasSuffix(name, ".html"):
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			for _, m := range fixedUse.FindAllStringSubmatch(string(data), -1) {
				check(name, m[1], false)
			}
			for _, m := range familyUse.FindAllStringSubmatch(string(data), -1) {
				check(name, m[1], true)
			}
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			for _, id := range idsInGo(t, name) {
				check(name, id, false)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d uses, %d texts", used, len(c.IDs("")))
}

func idsInGo(t *testing.T, name string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Logf("%s does not parse: %v", name, err) // its own package's tests will say so
		return nil
	}
	var ids []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || (sel.Sel.Name != "T" && sel.Sel.Name != "HTML") {
			return true
		}
		if lit, ok := call.Args[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if id, err := strconv.Unquote(lit.Value); err == nil {
				ids = append(ids, id)
			}
		}
		return true
	})
	return ids
}
