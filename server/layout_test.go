package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The map of the project, as the README draws it, read from the sources. Tests
// may import what they like.

// mapped is a package of the map, with all that lies below it unless that is in
// the map itself.
type mapped struct {
	// imports are the packages of the project that it may import.
	imports []string
	// never are packages from outside, with all below them.
	never []string
	// pure packages see nothing but the standard library's values.
	pure bool
}

var layout = map[string]mapped{
	"engine/waterfall": {pure: true},
	"engine/forecast":  {imports: []string{"engine/waterfall", "ledger/book"}, pure: true},
	"ledger/book":      {pure: true},
	"ledger": {imports: []string{"engine/waterfall", "ledger/book", "migrations"},
		never: []string{"github.com/redis", "github.com/99designs", "github.com/vektah", "net/http"}},
	"engine/counters": {imports: []string{"engine/waterfall"}, never: []string{"github.com/jackc", "database/sql", "github.com/99designs"}},
	"engine": {imports: []string{"engine/waterfall", "engine/forecast", "engine/counters", "ledger/book", "ledger"},
		never: []string{"github.com/99designs", "github.com/vektah", "net/http"}},
	"graph":      {imports: []string{"engine", "ledger", "engine/waterfall", "ledger/book"}, never: []string{"github.com/jackc", "database/sql", "github.com/redis"}},
	"migrations": {},
	"web":        {},
	"server":     {imports: []string{"engine", "engine/counters", "engine/waterfall", "graph", "ledger", "ledger/book", "migrations", "web"}},
	"bench":      {imports: []string{"engine", "engine/counters", "engine/waterfall", "graph", "ledger", "ledger/book", "migrations", "server/stores", "server/tune"}},
}

// aside are packages that only tests may import.
var aside = []string{"ledger/ledgertest"}

// notPure is what a pure package does not import, even of the standard library.
var notPure = []string{"context", "os", "io/fs", "net", "log", "syscall", "database", "math/rand", "crypto/rand", "runtime", "testing", "unsafe", "plugin"}

// topLevel are the entries of the root; names that begin with a dot are free.
var topLevel = []string{"graph", "server", "engine", "ledger", "web", "migrations", "gqlgen.yml", "go.mod", "go.sum", "README.md",
	"Makefile", "deploy", "bench", "bin", "LICENSE"}

const module = "spillway/"

// source is a file that is no test.
type source struct {
	path string // from the root, with slashes
	file *ast.File
}

func (s source) pkg() string { return path.Dir(s.path) }

// sources parses the project, without what npm brings and what is hidden.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() && name != ".." && (base == "node_modules" || base == "testdata" || strings.HasPrefix(base, ".")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go") {
			return nil
		}
		relative, err := filepath.Rel("..", name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		all = append(all, source{filepath.ToSlash(relative), file})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("only %d sources were found", len(all))
	}
	return all
}

// place is the entry of the map that a package belongs to, "" for none.
func place(pkg string) string {
	for ; pkg != "."; pkg = path.Dir(pkg) {
		if _, ok := layout[pkg]; ok {
			return pkg
		}
	}
	return ""
}

// below tells whether an import path is a package or lies below it.
func below(imported, pkg string) bool { return imported == pkg || strings.HasPrefix(imported, pkg+"/") }

func TestImportsFollowTheMap(t *testing.T) {
	for _, s := range sources(t) {
		if slices.Contains(aside, s.pkg()) {
			continue
		}
		here := place(s.pkg())
		if here == "" {
			t.Errorf("%s lies outside the map", s.path)
			continue
		}
		for _, spec := range s.file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if fault := forbidden(here, imported); fault != "" {
				t.Errorf("%s imports %s: %s", s.path, imported, fault)
			}
		}
	}
}

// forbidden says why a place may not import a package, "" when it may.
func forbidden(here, imported string) string {
	rule := layout[here]
	if own, ok := strings.CutPrefix(imported, module); ok {
		there := place(own)
		switch {
		case slices.Contains(aside, own):
			return "only tests may"
		case there == here:
			return ""
		case there == "server" && !slices.Contains(rule.imports, own):
			return "nobody imports the server"
		case !slices.Contains(rule.imports, there) && !slices.Contains(rule.imports, own):
			return here + " may import " + strings.Join(rule.imports, ", ") + " and nothing else of the project"
		}
		return ""
	}
	for _, never := range rule.never {
		if below(imported, never) {
			return here + " never imports " + never
		}
	}
	if !rule.pure {
		return ""
	}
	if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
		return here + " is pure: the standard library only"
	}
	for _, never := range notPure {
		if below(imported, never) {
			return here + " is pure: values in, value out"
		}
	}
	return ""
}

// TestTheMapForbids: the rules above find what they are for.
func TestTheMapForbids(t *testing.T) {
	for _, c := range []struct {
		here, imported string
		fine           bool
	}{
		{"engine/waterfall", "sort", true}, {"engine/waterfall", "time", true}, {"engine/waterfall", "net/http", false},
		{"engine/waterfall", "context", false}, {"engine/waterfall", "os/exec", false}, {"engine/waterfall", "pgregory.net/rapid", false},
		{"engine/waterfall", "spillway/ledger/book", false}, {"ledger/book", "math/rand/v2", false}, {"ledger/book", "crypto/sha256", true},
		{"ledger", "spillway/engine/waterfall", true}, {"ledger", "spillway/engine", false}, {"ledger", "spillway/engine/counters", false},
		{"ledger", "github.com/redis/go-redis/v9", false}, {"ledger", "spillway/graph/view", false}, {"ledger", "github.com/jackc/pgx/v5", true},
		{"engine/counters", "github.com/jackc/pgx/v5", false}, {"engine/counters", "spillway/ledger", false}, {"engine/counters", "spillway/graph", false},
		{"engine", "net/http", false}, {"engine", "github.com/99designs/gqlgen/graphql", false}, {"engine", "spillway/graph", false},
		{"engine", "spillway/ledger/ledgertest", false}, {"engine", "net", true}, {"graph", "github.com/jackc/pgx/v5/pgxpool", false},
		{"graph", "github.com/redis/go-redis/v9", false}, {"graph", "spillway/engine/counters", false}, {"graph", "spillway/engine", true},
		{"graph", "spillway/server", false}, {"engine", "spillway/server/stores", false}, {"server", "spillway/graph/view", true},
	} {
		if fault := forbidden(c.here, c.imported); (fault == "") != c.fine {
			t.Errorf("%s imports %s: %q", c.here, c.imported, fault)
		}
	}
}

// clocks are the functions of package time that read a clock or wait for it.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Local"}

func TestPurePackagesReadNoClock(t *testing.T) {
	looked := 0
	for _, s := range sources(t) {
		if !layout[place(s.pkg())].pure {
			continue
		}
		looked++
		ast.Inspect(s.file, func(n ast.Node) bool {
			if at, ok := n.(*ast.SelectorExpr); ok {
				if from, ok := at.X.(*ast.Ident); ok && from.Name == "time" && slices.Contains(clocks, at.Sel.Name) {
					t.Errorf("%s: time.%s in a pure package", s.path, at.Sel.Name)
				}
			}
			return true
		})
	}
	if looked < 10 {
		t.Errorf("only %d files of pure packages were looked at", looked)
	}
}

func TestEveryPackageOpensWithItsDoc(t *testing.T) {
	packages := map[string]int{}    // files, without generated ones
	documented := map[string]bool{} // by doc.go
	opened := map[string]bool{}     // by any file
	for _, s := range sources(t) {
		if !ast.IsGenerated(s.file) {
			packages[s.pkg()]++
		}
		if s.file.Doc == nil {
			continue
		}
		opened[s.pkg()] = true
		if path.Base(s.path) == "doc.go" {
			documented[s.pkg()] = true
			if lines := strings.Count(s.file.Doc.Text(), "\n"); lines > 70 {
				t.Errorf("%s is longer than a page: %d lines", s.path, lines)
			}
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(packages)) {
		// A package of one file opens with that file.
		if !documented[pkg] && (packages[pkg] > 1 || !opened[pkg]) {
			t.Errorf("%s has no doc.go that says what it is", pkg)
		}
		switch path.Base(pkg) {
		case "util", "utils", "common", "models", "model", "mocks", "mock", "helpers", "misc", "shared", "base", "lib":
			t.Errorf("%s: a name that says nothing", pkg)
		}
	}
}

func TestTheRootHoldsTheMapAndNothingElse(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(topLevel, e.Name()) {
			t.Errorf("%s has no place in the root", e.Name())
		}
	}
}
