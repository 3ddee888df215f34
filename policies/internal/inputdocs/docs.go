package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// docs is what the sources say about types ("package.Type"), fields
// ("package.Type.Field") and the values that a type of text has.
type docs struct {
	types, fields map[string]string
	values        map[string][]string
}

// read reads the sources of some packages. Tests are passed over.
func read(dirs ...string) (docs, error) {
	d := docs{types: map[string]string{}, fields: map[string]string{}, values: map[string][]string{}}
	for _, dir := range dirs {
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return d, err
		}
		if len(names) == 0 {
			return d, fmt.Errorf("%s: %w", dir, os.ErrNotExist)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				return d, err
			}
			for _, decl := range file.Decls {
				if g, ok := decl.(*ast.GenDecl); ok {
					d.add(file.Name.Name+".", g)
				}
			}
		}
	}
	return d, nil
}

func (d docs) add(pkg string, g *ast.GenDecl) {
	for _, spec := range g.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			text := s.Doc.Text()
			if text == "" {
				text = g.Doc.Text()
			}
			d.types[pkg+s.Name.Name] = plain(text)
			if t, ok := s.Type.(*ast.StructType); ok {
				d.addFields(pkg+s.Name.Name, t)
			}
		case *ast.ValueSpec:
			typ, ok := s.Type.(*ast.Ident)
			if !ok || g.Tok != token.CONST || len(s.Values) != 1 {
				continue
			}
			if lit, ok := s.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if value, err := strconv.Unquote(lit.Value); err == nil {
					d.values[pkg+typ.Name] = append(d.values[pkg+typ.Name], value)
				}
			}
		}
	}
}

func (d docs) addFields(typ string, t *ast.StructType) {
	for _, f := range t.Fields.List {
		text := plain(strings.TrimSpace(f.Doc.Text() + " " + f.Comment.Text()))
		for _, name := range f.Names {
			d.fields[typ+"."+name.Name] = text
		}
	}
}

// plain gives a comment on one line, in the words of the JSON: constants and
// fields of Go that it names become values and names of fields.
func plain(comment string) string {
	text := strings.NewReplacer(
		" Make it with NewInput.", "", "InputVersion", strconv.Itoa(policies.InputVersion),
		"ProgramFunctions", strconv.Quote(policies.ProgramFunctions), "ModelPool", strconv.Quote(string(tenants.ModelPool)),
		"ReleaseMove", strconv.Quote(policies.ReleaseMove), "ReleaseDelete", strconv.Quote(policies.ReleaseDelete),
		"DefaultConcurrencyLimit", strconv.Itoa(tenants.DefaultConcurrencyLimit), "Catalogue.Validate", "the reader of catalogues",
		"OldInputs", "oldInputs", "Inputs", "inputs", "; nil for a delete", "; left out for a delete", "; nil for a create", "; left out for a create",
		"; nil entitles to nothing", "; without one nothing is", "; zero for components", "; empty for components",
		"The zero value is a run", "Without any field it is a run", "zero means", "without it, or with 0, it is",
	).Replace(strings.Join(strings.Fields(comment), " "))
	return strings.TrimSpace(text)
}
