package typeschema

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Docs is what sources say of types ("package.Type"), of fields
// ("package.Type.Field", by their Go names), and which constants a type of text has.
type Docs struct {
	Types, Fields map[string]string
	Values        map[string][]string
}

// Words make of comments what a schema says. Comments come on one line.
type Words struct {
	Type func(comment string) string
	// Field gets a field's Go name, and the comments above and beside it.
	Field func(name, above, beside string) string
}

// Read reads the packages in some directories; tests are passed over. A directory
// without sources is an error.
func Read(words Words, dirs ...string) (Docs, error) {
	d := Docs{Types: map[string]string{}, Fields: map[string]string{}, Values: map[string][]string{}}
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
					d.add(words, file.Name.Name+".", g)
				}
			}
		}
	}
	return d, nil
}

func (d Docs) add(words Words, pkg string, g *ast.GenDecl) {
	for _, spec := range g.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			name := pkg + s.Name.Name
			text := line(s.Doc)
			if text == "" {
				text = line(g.Doc)
			}
			d.Types[name] = words.Type(text)
			if body, ok := s.Type.(*ast.StructType); ok {
				for _, f := range body.Fields.List {
					for _, n := range f.Names {
						d.Fields[name+"."+n.Name] = words.Field(n.Name, line(f.Doc), line(f.Comment))
					}
				}
			}
		case *ast.ValueSpec:
			d.addValues(pkg, g.Tok, s)
		}
	}
}

func (d Docs) addValues(pkg string, tok token.Token, s *ast.ValueSpec) {
	of, ok := s.Type.(*ast.Ident)
	if !ok || tok != token.CONST {
		return
	}
	for _, v := range s.Values {
		if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if value, err := strconv.Unquote(lit.Value); err == nil {
				d.Values[pkg+of.Name] = append(d.Values[pkg+of.Name], value)
			}
		}
	}
}

func line(g *ast.CommentGroup) string { return strings.Join(strings.Fields(g.Text()), " ") }
