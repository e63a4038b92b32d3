// Package arch holds the test that keeps the house in order: which package may
// import which, and who may do what.
package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/roundel/roundel/"

// lines are all packages, lowest first. A package may import only packages on
// a line above its own, so there are no circles, and a new package means
// choosing its place here, where reviewers see it. The first block is the
// library; what follows lies in internal/, but for outside.
var lines = parse(`
strictjson inflate
jcs rdfc multikey tlog baking
jsonld credential did
shape
openbadge statuslist proof jose
clr ob2 sdjwt cose
verify
--
fault publicid vectors input signedlist
config observe locale picture sheet
sqldb blob fetch mail
event dbtest mail/mailtest certificate
audit once dbtest/withpostgres
jobs
outbox
account keys
org
badge trust transparency signin
issuing
claim wallet verification assessment attest
pathway catalog
employer analytics
sample fsck backup guard
move
gate
api web protocol
app
apptest cmd/roundel
arch interop conformance bench examples
`)

// Further rules, by package.
var (
	// What the library may import besides the standard library, by prefix.
	libraryModules = []string{
		"github.com/klauspost/compress/", "github.com/fxamacker/cbor/", "github.com/veraison/go-cose",
		"golang.org/x/text/", "golang.org/x/crypto/", "golang.org/x/net/idna",
	}
	features = strings.Fields(`event jobs audit outbox account keys org badge trust transparency issuing claim wallet verification signin
		assessment attest pathway catalog employer analytics sample`)
	edges    = []string{"gate", "api", "web", "protocol"}
	outside  = []string{"cmd/roundel", "interop", "conformance", "bench", "examples"}
	wiring   = []string{"app", "apptest", "cmd/roundel", "bench"}
	testOnly = []string{"vectors", "dbtest", "mail/mailtest", "apptest"}
	// What the gate may use of sqldb.
	scoping = []string{"ForOrganisation", "ForInstallation"}
	// Names that say nothing.
	emptyNames = []string{"util", "utils", "common", "helper", "helpers", "manager", "misc", "base", "models", "types"}
	// What listens or answers requests, which is for edges.
	serving = []string{"Handler", "HandlerFunc", "ResponseWriter", "ServeMux", "NewServeMux", "Server", "ListenAndServe", "Serve"}
)

// place is where a package stands.
type place struct {
	line    int
	library bool
}

func parse(text string) map[string]place {
	all := map[string]place{}
	library := true
	for n, line := range strings.Split(text, "\n") {
		if line == "--" {
			library = false
			continue
		}
		for _, name := range strings.Fields(line) {
			all[name] = place{n, library}
		}
	}
	return all
}

// name turns a folder or an import path inside the module into the name used
// in lines; a folder below a known one belongs to it, as protocol/badgr does.
func name(dir string) (string, bool) {
	n, inside := strings.CutPrefix(dir, "internal/")
	if p, found := lines[n]; found && p.library == !(inside || slices.Contains(outside, n)) {
		return n, true
	}
	if parent := path.Dir(dir); parent != "." && parent != "internal" {
		return name(parent)
	}
	return n, false
}

func TestEveryPackageKeepsItsPlace(t *testing.T) {
	writers := map[string][]string{} // table -> packages that write it
	each(t, func(dir, file string, f *ast.File) {
		own, known := name(dir)
		if !known {
			t.Errorf("%s has no place: choose a line for it in internal/arch, above all that will import it", dir)
			return
		}
		if slices.Contains(emptyNames, f.Name.Name) {
			t.Errorf("%s: the name %q says nothing; name the package after what it holds", dir, f.Name.Name)
		}
		test := strings.HasSuffix(file, "_test.go")
		for _, i := range f.Imports {
			target, _ := strconv.Unquote(i.Path.Value)
			if problem := check(own, test, target); problem != "" {
				t.Errorf("%s: %s", file, problem)
			}
		}
		if test {
			return
		}
		if slices.Contains(features, own) {
			for _, used := range selectors(f, "net/http") {
				if slices.Contains(serving, used) {
					t.Errorf("%s uses http.%s: features do not answer requests; put that into an edge (api, web, protocol)", file, used)
				}
			}
		}
		if own == "gate" {
			for _, used := range selectors(f, module+"internal/sqldb") {
				if !slices.Contains(scoping, used) {
					t.Errorf("%s uses sqldb.%s: the gate says whose rows a request may see, and reads none", file, used)
				}
			}
		}
		for _, table := range writes(f) {
			if !slices.Contains(writers[table], own) {
				writers[table] = append(writers[table], own)
			}
		}
	})
	for table, who := range writers {
		if len(who) > 1 {
			t.Errorf("table %s is written by %s: let one package own it, and give the others a function of that package that takes their *sqldb.Tx",
				table, strings.Join(who, " and "))
		}
	}
}

// check returns what is wrong with an import of target by package own, or "".
func check(own string, test bool, target string) string {
	at := lines[own]
	inside, ours := strings.CutPrefix(target, module)
	if !ours {
		return checkForeign(own, at, test, target)
	}
	other, known := name(inside)
	to := lines[other]
	switch {
	case !known:
		return fmt.Sprintf("imports %s, which has no place: choose a line for it in internal/arch", inside)
	case at.library && !to.library && !(test && other == "vectors"):
		return fmt.Sprintf("imports %s: the library must work without the platform; move what it needs up, or pass it in", inside)
	case test || own == other:
		return ""
	case slices.Contains(testOnly, other) && !slices.Contains(testOnly, own) && own != "dbtest/withpostgres":
		return fmt.Sprintf("imports %s, which is for tests only", inside)
	case other == "config" && !slices.Contains(wiring, own):
		return "imports config: only app and cmd see the settings; let app set a field of yours"
	case slices.Contains(edges, own) && own != "gate" && other == "sqldb":
		return "imports sqldb: edges know no SQL; call a method of the feature that owns the data"
	case to.line >= at.line:
		return fmt.Sprintf("imports %s, which does not stand above %s: move the shared part up, or record an event and consume it there", other, own)
	}
	return ""
}

// checkForeign is check for packages that are not ours.
func checkForeign(own string, at place, test bool, target string) string {
	first, _, _ := strings.Cut(target, "/")
	standard := !strings.Contains(first, ".")
	sql := target == "database/sql" || strings.HasPrefix(target, "database/sql/")
	switch {
	case test:
		return ""
	case at.library && (sql || target == "net/http" || strings.HasPrefix(target, "net/http/")):
		return fmt.Sprintf("imports %s: the library has no database and no network; let the caller pass an interface", target)
	case at.library && !standard && !slices.ContainsFunc(libraryModules, func(p string) bool { return strings.HasPrefix(target, p) }):
		return fmt.Sprintf("imports %s, which is not on the library's short list: every user would inherit it; justify it in docs/adr and add it to internal/arch", target)
	case slices.Contains(edges, own) && sql:
		return fmt.Sprintf("imports %s: edges know no SQL; call a method of the feature that owns the data", target)
	case slices.Contains(features, own) && (target == "html/template" || target == "text/template"):
		return fmt.Sprintf("imports %s: features have no templates; return the data and let web show it", target)
	}
	return ""
}

// selectors returns the names that f uses of the package at path.
func selectors(f *ast.File, target string) (used []string) {
	local := ""
	for _, i := range f.Imports {
		if p, _ := strconv.Unquote(i.Path.Value); p == target {
			local = path.Base(p)
			if i.Name != nil {
				local = i.Name.Name
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && local != "" && x.Name == local {
				used = append(used, s.Sel.Name)
			}
		}
		return true
	})
	return used
}

var writeSQL = regexp.MustCompile(`(?:INSERT INTO|UPDATE|DELETE FROM)\s+([a-z][a-z_]+)`)

// writes returns the tables that the SQL in f writes.
func writes(f *ast.File) (tables []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			for _, m := range writeSQL.FindAllStringSubmatch(lit.Value, -1) {
				tables = append(tables, m[1])
			}
		}
		return true
	})
	return tables
}

// each parses every Go file of the module. dir and file are relative to it.
func each(t *testing.T, do func(dir, file string, f *ast.File)) {
	t.Helper()
	root := os.DirFS("../..")
	if _, err := fs.Stat(root, "go.mod"); err != nil {
		t.Fatal(err)
	}
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != "." {
			if n := d.Name(); strings.HasPrefix(n, ".") || strings.HasPrefix(n, "_") || n == "testdata" || n == "node_modules" {
				return fs.SkipDir
			}
			if _, err := fs.Stat(root, p+"/go.mod"); err == nil {
				return fs.SkipDir // a module of its own
			}
		}
		if d.IsDir() || path.Ext(p) != ".go" || path.Dir(p) == "." {
			return nil
		}
		text, err := fs.ReadFile(root, p)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, text, 0)
		if err != nil {
			return err
		}
		do(path.Dir(p), p, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCheckFindsWhatIsForbidden(t *testing.T) {
	for _, c := range []struct {
		own    string
		test   bool
		target string
		bad    bool
	}{
		{"verify", false, module + "did", false},
		{"did", false, module + "verify", true},
		{"did", false, module + "credential", true}, // the same line
		{"did", false, module + "internal/fetch", true},
		{"did", true, module + "internal/fetch", true},
		{"did", true, module + "internal/vectors", false},
		{"did", false, module + "internal/vectors", true},
		{"did", false, "net/http", true},
		{"did", true, "net/http/httptest", false},
		{"did", false, "database/sql", true},
		{"did", false, "golang.org/x/net/idna", false},
		{"did", false, "golang.org/x/net/html", true},
		{"issuing", false, module + "internal/badge", false},
		{"badge", false, module + "internal/issuing", true},
		{"badge", false, module + "internal/config", true},
		{"app", false, module + "internal/config", false},
		{"badge", false, module + "internal/dbtest", true},
		{"badge", true, module + "internal/dbtest", false},
		{"badge", false, "html/template", true},
		{"web", false, "html/template", false},
		{"web", false, "database/sql", true},
		{"web", false, module + "internal/sqldb", true},
		{"gate", false, module + "internal/sqldb", false},
		{"badge", false, module + "internal/unheard", true},
	} {
		if got := check(c.own, c.test, c.target); (got != "") != c.bad {
			t.Errorf("%s (test %v) imports %s: %q", c.own, c.test, c.target, got)
		}
	}
	for dir, want := range map[string]string{
		"did": "did", "internal/web": "web", "internal/protocol/badgr": "protocol", "cmd/roundel": "cmd/roundel",
		"internal/mail/mailtest": "mail/mailtest", "internal/did": "", "web": "", "helpers": "",
	} {
		if got, known := name(dir); known != (want != "") || known && got != want {
			t.Errorf("name(%q) = %q, %v", dir, got, known)
		}
	}
}
