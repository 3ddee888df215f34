package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// goPackage is a directory with Go files.
type goPackage struct {
	dir     string              // relative to the project, "." for its top
	name    string              // empty where there are only tests
	docs    map[string]string   // the package comment of each file that has one
	imports map[string][]string // imported path -> files that import it, without tests
}

// repository gives the project's files.
func repository(t *testing.T) fs.FS {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return os.DirFS(dir)
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("no go.mod in this directory or above")
		}
		dir = filepath.Dir(dir)
	}
}

// skipped says whether a directory holds nothing of the project's own.
func skipped(name string) bool {
	base := path.Base(name)
	return name != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || name == "bin")
}

// packages reads every package of the main module.
func packages(t *testing.T, tree fs.FS) []*goPackage {
	t.Helper()
	byDir := map[string]*goPackage{}
	files := token.NewFileSet()
	err := fs.WalkDir(tree, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			_, nested := fs.Stat(tree, path.Join(name, "go.mod"))
			if skipped(name) || name != "." && nested == nil {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(files, name, source, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		p := byDir[path.Dir(name)]
		if p == nil {
			p = &goPackage{dir: path.Dir(name), docs: map[string]string{}, imports: map[string][]string{}}
			byDir[p.dir] = p
		}
		return p.add(name, f)
	})
	if err != nil {
		t.Fatal(err)
	}
	all := make([]*goPackage, 0, len(byDir))
	for _, p := range byDir {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *goPackage) int { return strings.Compare(a.dir, b.dir) })
	return all
}

func (p *goPackage) add(name string, f *ast.File) error {
	if strings.HasSuffix(name, "_test.go") {
		return nil
	}
	p.name = f.Name.Name
	if text := f.Doc.Text(); text != "" {
		p.docs[name] = text
	}
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		p.imports[imported] = append(p.imports[imported], name)
	}
	return nil
}

// matches says whether a path is one that a pattern means.
func matches(pattern, name string) bool {
	if pattern == "..." {
		return true
	}
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return name == below || strings.HasPrefix(name, below+"/")
	}
	return name == pattern
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) })
}

// standard says whether a path is one of the standard library's.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// ours gives the directory of one of the project's packages.
func ours(imported string) (string, bool) { return strings.CutPrefix(imported, module+"/") }
