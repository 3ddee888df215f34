package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// component is what the files of a package below components say.
type component struct {
	dir       string
	registers bool // it makes a component of Pulumi's
	example   bool // an example with its output, which go test runs
	recorded  bool // a test holds what it registers to what is asked of all
	refused   bool // a test has it refuse arguments
}

// components reads the packages directly below components.
func components(tree fs.FS) ([]component, error) {
	dirs, err := fs.ReadDir(tree, "components")
	if err != nil {
		return nil, err
	}
	var all []component
	for _, d := range dirs {
		if !d.IsDir() {
			continue
		}
		c := component{dir: path.Join("components", d.Name())}
		files, err := fs.Glob(tree, c.dir+"/*.go")
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			source, err := fs.ReadFile(tree, name)
			if err != nil {
				return nil, err
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments)
			if err != nil {
				return nil, err
			}
			c.read(f, strings.HasSuffix(name, "_test.go"))
		}
		all = append(all, c)
	}
	return all, nil
}

func (c *component) read(f *ast.File, test bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		s, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		of, _ := s.X.(*ast.Ident)
		switch {
		case !test && s.Sel.Name == "RegisterComponentResource":
			c.registers = true
		case test && of != nil && of.Name == "componenttest" && s.Sel.Name == "Check":
			c.recorded = true
		case test && of != nil && of.Name == "componenttest" && s.Sel.Name == "Refused":
			c.refused = true
		}
		return true
	})
	if !test {
		return
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Example") {
			continue
		}
		for _, group := range f.Comments {
			text := strings.ToLower(group.Text())
			inside := group.Pos() > fn.Body.Pos() && group.End() < fn.Body.End()
			if inside && (strings.HasPrefix(text, "output:") || strings.HasPrefix(text, "unordered output:")) {
				c.example = true
			}
		}
	}
}

// checkComponents gives the components that lack what each of them has.
func checkComponents(tree fs.FS) []string {
	all, err := components(tree)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	for _, c := range all {
		if !c.registers {
			continue
		}
		for _, has := range []struct {
			what string
			ok   bool
		}{
			{"no Example function with its output, which is the document's code", c.example},
			{"no test that holds a recording to componenttest.Check: parents, names and tags", c.recorded},
			{"no test of arguments that it refuses, by componenttest.Refused", c.refused},
		} {
			if !has.ok {
				found = append(found, fmt.Sprintf("%s has %s", c.dir, has.what))
			}
		}
	}
	slices.Sort(found)
	return found
}

func TestComponentsAreComplete(t *testing.T) {
	tree := repository(t)
	for _, problem := range checkComponents(tree) {
		t.Error(problem)
	}
	all, err := components(tree)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(slices.DeleteFunc(all, func(c component) bool { return !c.registers })); n < 15 {
		t.Errorf("only %d packages with components were found", n)
	}
}

func TestComponentCheckFails(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	const (
		made  = "package a\nfunc New() { ctx.RegisterComponentResource(\"tenantform:a:A\") }\n"
		tests = "package a_test\nfunc TestA() { componenttest.Check(t, r); componenttest.Refused(t, r, err) }\n"
	)
	got := checkComponents(fstest.MapFS{
		"components/whole/a.go":            file(made),
		"components/whole/a_test.go":       file(tests + "func ExampleNew() {\n\t// Output: 1\n}\n"),
		"components/silent/a.go":           file(made),
		"components/silent/a_test.go":      file(tests + "func ExampleNew() {\n\t// It says nothing.\n}\n\n// Output: 1\n"),
		"components/untested/a.go":         file(made),
		"components/untested/a_test.go":    file("package a_test\n// componenttest.Check(t, r)\nfunc Example() {\n\t// Unordered output:\n\t// 1\n}\n"),
		"components/helper/a.go":           file("package helper\n"),
		"components/internal/x/x.go":       file(made),
		"components/elsewhere/a.go":        file(made),
		"components/elsewhere/b_test.go":   file("package a_test\nfunc TestA() { other.Check(t); other.Refused(t) }\n"),
		"components/elsewhere/testdata/go": file("no Go"),
	})
	compare(t, got, []string{
		"components/elsewhere has no Example", "components/elsewhere has no test of arguments", "components/elsewhere has no test that holds",
		"components/silent has no Example", "components/untested has no test of arguments", "components/untested has no test that holds",
	})
}
