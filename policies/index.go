package policies

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tenantform/tenantform/automation/plan"
)

// indexed gives an input's Rego form with the field "index": what lib/plan,
// lib/tenancy and lib/iam would have to work out of the plan for the rules. The
// Rego of these libraries says what the index holds, and is what runs where an
// input has none, as in Rego tests and in other engines; both give the same.
//
// A plan that contradicts itself about a URN gets no index, so that the libraries
// refuse it where they do without one.
func indexed(input ast.Value) ast.Value {
	in, ok := input.(ast.Object)
	if !ok {
		return input
	}
	resources, ok := list(at(in, "plan", "resources"))
	if !ok {
		return input
	}
	x, ok := newIndex(resources)
	if !ok {
		return input
	}
	fields := [][2]*ast.Term{field("index", x.term())}
	in.Foreach(func(k, v *ast.Term) { fields = append(fields, [2]*ast.Term{k, v}) })
	return ast.NewObject(fields...)
}

// index is the resources of a plan, grouped.
type index struct {
	live        []*ast.Term
	byType      groups // of the live ones
	everyByType groups
	byOperation groups
	byURN       [][2]*ast.Term // of the live ones
	parents     [][2]*ast.Term
	components  [][2]*ast.Term
	tagged      [][2]*ast.Term
	provided    []*ast.Term
	marked      []*ast.Term
}

// groups are terms by name.
type groups map[string][]*ast.Term

func (g groups) term() *ast.Term {
	fields := make([][2]*ast.Term, 0, len(g))
	for name, terms := range g {
		fields = append(fields, field(name, ast.ArrayTerm(terms...)))
	}
	return ast.ObjectTerm(fields...)
}

// newIndex groups the resources; false when two have one URN and are both live, or
// differ in name or parent.
func newIndex(resources []*ast.Term) (index, bool) {
	x := index{byType: groups{}, everyByType: groups{}, byOperation: groups{}}
	type place struct{ name, parent string }
	places, seen, provided, marked := make(map[string]place, len(resources)), make(map[string]bool, len(resources)), map[[4]string]bool{}, map[string]bool{}
	for _, r := range resources {
		urnTerm, parent := at(r.Value, "urn"), at(r.Value, "parent")
		urn, kind, operation, custom := text(urnTerm), text(at(r.Value, "type")), text(at(r.Value, "operation")), isTrue(at(r.Value, "custom"))
		x.everyByType[kind] = append(x.everyByType[kind], r)
		x.byOperation[operation] = append(x.byOperation[operation], r)
		here := place{name: text(at(r.Value, "name")), parent: text(parent)}
		if was, twice := places[urn]; twice && was != here {
			return index{}, false
		} else if !twice {
			places[urn] = here
			above := ast.SetTerm()
			if parent != nil {
				above = ast.SetTerm(parent)
			}
			x.parents = append(x.parents, [2]*ast.Term{urnTerm, above})
		}
		if !custom {
			x.components = append(x.components, [2]*ast.Term{urnTerm, at(r.Value, "name")})
		}
		if !alive(operation) {
			continue
		}
		if seen[urn] {
			return index{}, false
		}
		seen[urn] = true
		x.live = append(x.live, r)
		x.byType[kind] = append(x.byType[kind], r)
		x.byURN = append(x.byURN, [2]*ast.Term{urnTerm, r})
		if id := at(r.Value, "inputs", "tags", "tenant-id"); text(id) != "" {
			x.tagged = append(x.tagged, [2]*ast.Term{urnTerm, id})
		}
		if !custom {
			continue
		}
		provider := at(r.Value, "provider")
		by := [4]string{text(at(provider.Value, "urn")), text(at(provider.Value, "region")), text(at(provider.Value, "account")), kind}
		if !provided[by] {
			provided[by] = true
			x.provided = append(x.provided, ast.ArrayTerm(provider, at(r.Value, "type")))
		}
		if inputs := at(r.Value, "inputs"); inputs != nil {
			x.mark(inputs, marked)
		}
	}
	return x, true
}

// mark collects the texts in a value that hold the mark of a placement's name.
func (x *index) mark(t *ast.Term, seen map[string]bool) {
	switch v := t.Value.(type) {
	case ast.String:
		if s := string(v); hasMark(s) && !seen[s] {
			seen[s] = true
			x.marked = append(x.marked, t)
		}
	case *ast.Array:
		v.Foreach(func(e *ast.Term) { x.mark(e, seen) })
	case ast.Object:
		v.Foreach(func(_, e *ast.Term) { x.mark(e, seen) })
	}
}

func hasMark(s string) bool {
	for {
		i := strings.IndexByte(s, '-')
		if i < 0 {
			return false
		}
		s = s[i:]
		for _, mark := range []string{"-silo", "-pool-", "-data-", "-work-", "-logs-"} {
			if strings.HasPrefix(s, mark) {
				return true
			}
		}
		s = s[1:]
	}
}

// alive tells whether what has an operation exists after the run and is managed by it.
func alive(operation string) bool {
	switch plan.Operation(operation) {
	case plan.OperationSame, plan.OperationCreate, plan.OperationUpdate, plan.OperationReplace:
		return true
	}
	return false
}

func (x index) term() *ast.Term {
	return ast.ObjectTerm(
		field("live", ast.ArrayTerm(x.live...)),
		field("by_type", x.byType.term()),
		field("every_by_type", x.everyByType.term()),
		field("by_operation", x.byOperation.term()),
		field("by_urn", ast.ObjectTerm(x.byURN...)),
		field("parents", ast.ObjectTerm(x.parents...)),
		field("components", ast.ObjectTerm(x.components...)),
		field("tagged", ast.ObjectTerm(x.tagged...)),
		field("provided", ast.SetTerm(x.provided...)),
		field("marked", ast.SetTerm(x.marked...)),
		field("documents", ast.ArrayTerm(x.documents()...)),
		field("trusts", ast.ArrayTerm(x.trusts()...)),
		field("resource_documents", ast.ArrayTerm(x.resourceDocuments()...)),
	)
}

// at gives what lies at a path of keys in objects; nil where nothing does.
func at(v ast.Value, path ...string) *ast.Term {
	t := (*ast.Term)(nil)
	for _, key := range path {
		o, ok := v.(ast.Object)
		if !ok {
			return nil
		}
		if t = o.Get(ast.InternedTerm(key)); t == nil {
			return nil
		}
		v = t.Value
	}
	return t
}

// text gives a text; empty for what is none.
func text(t *ast.Term) string {
	if t != nil {
		if s, ok := t.Value.(ast.String); ok {
			return string(s)
		}
	}
	return ""
}

func isTrue(t *ast.Term) bool { return t != nil && t.Value.Compare(ast.Boolean(true)) == 0 }

// list gives the elements of an array; false for what is none.
func list(t *ast.Term) ([]*ast.Term, bool) {
	if t == nil {
		return nil, false
	}
	a, ok := t.Value.(*ast.Array)
	if !ok {
		return nil, false
	}
	elements := make([]*ast.Term, 0, a.Len())
	a.Foreach(func(e *ast.Term) { elements = append(elements, e) })
	return elements, true
}
