package policies

import (
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// relevance tells of which rules the findings follow from live resources of some
// types alone, so that a plan without any needs no look at them.
type relevance struct {
	types map[string]map[string]bool // by rule; a rule that is missing looks at every plan
	heavy map[string]bool            // rules that look into policy documents
}

// planLibrary and documentLibrary are the packages of the same names.
const (
	planLibrary     = "data.tenantform.lib.plan"
	documentLibrary = "data.tenantform.lib.iam"
)

// lookups are what lib/plan defines of which the value follows from its arguments
// and from the live resources of the types that are asked for.
func lookups() []string {
	return []string{
		"of_type", "get", "sources", "sources_of_type", "list", "is_unknown", "is_secret", "is_opaque",
		"text", "field", "given", "finding", "unverifiable", "misfits",
	}
}

// typeToken is the form of the types of resources: "aws:s3/bucket:Bucket".
var typeToken = regexp.MustCompile(`^[a-z][a-z0-9-]*:[A-Za-z0-9/]+:[A-Z][A-Za-z0-9]*$`)

// footprint is what one package has in it.
type footprint struct {
	types     map[string]bool
	uses      map[string]bool // packages
	unbounded bool            // it looks at the input, or at the plan in another way than by type
}

// relevant reads the embedded modules. A rule's types are those that its package
// and the packages that it uses name, as texts or as data.
func relevant(src source) relevance {
	packages := map[string]bool{}
	for _, m := range src.modules {
		packages[m.Package.Path.String()] = true
	}
	parts := map[string]*footprint{}
	for _, m := range src.modules {
		name := m.Package.Path.String()
		if parts[name] == nil {
			parts[name] = &footprint{types: map[string]bool{}, uses: map[string]bool{}}
		}
		parts[name].read(m, packages, src.data)
	}
	r := relevance{types: map[string]map[string]bool{}, heavy: map[string]bool{}}
	for _, rule := range src.rules {
		whole := footprint{types: map[string]bool{}, uses: map[string]bool{}}
		whole.add(strings.Join(rulesPrefix, ".")+"."+rule.ID, parts)
		r.heavy[rule.ID] = whole.uses[documentLibrary]
		if !whole.unbounded && len(whole.types) > 0 && rule.Source == builtIn {
			r.types[rule.ID] = whole.types
		}
	}
	return r
}

// add adds a package and what it uses. What lib/plan does is known.
func (p *footprint) add(name string, parts map[string]*footprint) {
	if p.uses[name] || name == planLibrary {
		return
	}
	p.uses[name] = true
	of := parts[name]
	if of == nil {
		p.unbounded = true
		return
	}
	p.unbounded = p.unbounded || of.unbounded
	for t := range of.types {
		p.types[t] = true
	}
	for used := range of.uses {
		p.add(used, parts)
	}
}

func (p *footprint) read(m *ast.Module, packages map[string]bool, data map[string]any) {
	imported := map[string]ast.Ref{}
	for _, i := range m.Imports {
		if ref, ok := i.Path.Value.(ast.Ref); ok {
			imported[string(i.Name())] = ref
		}
	}
	visitor := ast.NewGenericVisitor(func(x any) bool {
		t, ok := x.(*ast.Term)
		if !ok {
			return false
		}
		switch v := t.Value.(type) {
		case ast.String:
			p.name(string(v))
		case ast.Var:
			p.refer(ast.Ref{t}, imported, packages, data)
		case ast.Ref:
			p.refer(v, imported, packages, data)
			for _, inner := range v[1:] {
				ast.WalkTerms(inner, func(t *ast.Term) bool {
					if r, ok := t.Value.(ast.Ref); ok {
						p.refer(r, imported, packages, data)
					}
					if s, ok := t.Value.(ast.String); ok {
						p.name(string(s))
					}
					return false
				})
			}
			return true
		}
		return false
	})
	for _, rule := range m.Rules {
		visitor.Walk(rule)
	}
}

func (p *footprint) name(text string) {
	if typeToken.MatchString(text) {
		p.types[text] = true
	}
}

// refer takes in what a reference is to.
func (p *footprint) refer(ref ast.Ref, imported map[string]ast.Ref, packages map[string]bool, data map[string]any) {
	head, ok := ref[0].Value.(ast.Var)
	if !ok {
		return
	}
	if path, ok := imported[string(head)]; ok {
		ref = append(slices.Clone(path), ref[1:]...)
		head, _ = ref[0].Value.(ast.Var)
	}
	if head == "input" {
		// What the evaluator brings along is what a library of the embedded ones would work out.
		p.unbounded = p.unbounded || len(ref) < 2 || !ref[1].Equal(ast.StringTerm("index"))
	}
	if head != "data" {
		return
	}
	names := []string{}
	for _, t := range ref[1:] {
		s, ok := t.Value.(ast.String)
		if !ok {
			break
		}
		names = append(names, string(s))
	}
	for i := len(names); i > 0; i-- {
		name := "data." + strings.Join(names[:i], ".")
		switch {
		case name == planLibrary:
			if i == len(names) || !slices.Contains(lookups(), names[i]) {
				p.unbounded = true
			}
			return
		case packages[name]:
			p.uses[name] = true
			return
		}
	}
	p.names(valueAt(data, names))
}

// valueAt gives the data that a path of names is of, or is within.
func valueAt(data map[string]any, names []string) any {
	var v any = data
	for _, name := range names {
		m, ok := v.(map[string]any)
		if !ok {
			break
		}
		v = m[name]
	}
	return v
}

func (p *footprint) names(v any) {
	switch v := v.(type) {
	case string:
		p.name(v)
	case []any:
		for _, e := range v {
			p.names(e)
		}
	case map[string]any:
		for k, e := range v {
			p.name(k)
			p.names(e)
		}
	}
}

// looks tells whether a rule may find something where the live resources are of
// some types.
func (r relevance) looks(rule string, live map[string]bool) bool {
	types, bounded := r.types[rule]
	if !bounded {
		return true
	}
	for t := range types {
		if live[t] {
			return true
		}
	}
	return false
}
