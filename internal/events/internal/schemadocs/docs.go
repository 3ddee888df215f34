package main

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// docs is what the source says of types, fields and constants.
type docs struct {
	types   map[string]string   // "events.Answer"
	fields  map[string]string   // "events.Answer.Error", by the Go name
	values  map[string][]string // "events.Outcome": the values of its constants
	missing []string            // fields that nothing is said of
}

// read parses the packages in directories.
func read(dirs ...string) (*docs, error) {
	d := &docs{types: map[string]string{}, fields: map[string]string{}, values: map[string][]string{}}
	set := token.NewFileSet()
	for _, dir := range dirs {
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(set, name, nil, parser.ParseComments)
			if err != nil {
				return nil, err
			}
			for _, decl := range file.Decls {
				if g, ok := decl.(*ast.GenDecl); ok {
					d.declared(file.Name.Name, g)
				}
			}
		}
	}
	return d, nil
}

func (d *docs) declared(pkg string, g *ast.GenDecl) {
	for _, spec := range g.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			name := pkg + "." + s.Name.Name
			d.types[name] = sentence(s.Doc, g.Doc)
			if body, ok := s.Type.(*ast.StructType); ok {
				d.structure(name, body)
			}
		case *ast.ValueSpec:
			d.constants(pkg, g.Tok, s)
		}
	}
}

func (d *docs) structure(name string, s *ast.StructType) {
	for _, f := range s.Fields.List {
		text := sentence(f.Doc, f.Comment)
		for _, n := range f.Names {
			says := strings.TrimPrefix(text, n.Name+" ")
			for _, verb := range []string{"is ", "are "} {
				says = strings.TrimPrefix(says, verb)
			}
			d.fields[name+"."+n.Name] = says
		}
	}
}

func (d *docs) constants(pkg string, tok token.Token, s *ast.ValueSpec) {
	of, ok := s.Type.(*ast.Ident)
	if !ok || tok != token.CONST {
		return
	}
	for _, v := range s.Values {
		if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			name := pkg + "." + of.Name
			d.values[name] = append(d.values[name], constant.StringVal(constant.MakeFromLiteral(lit.Value, lit.Kind, 0)))
		}
	}
}

// sentence gives the first comment that says something, on one line.
func sentence(groups ...*ast.CommentGroup) string {
	for _, g := range groups {
		if text := strings.Join(strings.Fields(g.Text()), " "); text != "" {
			return strings.TrimSuffix(text, ".")
		}
	}
	return ""
}
