package main

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/internal/blueprints"
)

// entry is what the reference says of one component.
type entry struct {
	blueprints.Blueprint
	is            string // first sentence of the type's comment
	minimal, full map[string]int
	enforced      blueprints.Enforced
	guards        blueprints.Guards
	differences   []blueprints.Difference
}

// reference gives the page of the components.
func reference(ctx context.Context, gate blueprints.Evaluator, all []blueprints.Blueprint) ([]byte, error) {
	var entries []entry
	for _, b := range all {
		e, err := describe(ctx, gate, b)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	var b bytes.Buffer
	b.WriteString(head)
	for _, e := range entries {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s |\n", e.Name(), anchor(e.Name()), number(e), orNone(grouped(e.enforced.Always), "; "), named(e.guards.Rules))
	}
	for _, e := range entries {
		e.write(&b)
	}
	return b.Bytes(), nil
}

const head = `# Components

What each package under [components](../components) makes, what it enforces, and which rules of the
[policy bundle](policies/README.md) guard it. Written by ` + "`go generate ./internal/blueprints`" + `, which runs the samples of the
catalogue ([internal/blueprints](../internal/blueprints)); do not edit.

How to read it:

- A component makes the resources of AWS that are below it, those of the components that it is made of included. How many depends
  on the arguments: of its minimal sample, which gives required ones only, and its full one, the fewer and the more.
- What it enforces is read from the inputs of these resources, in dev and in production. "Always" holds in every sample; "in
  production" needs no argument there; "on request" needs one; "unless relaxed" can be taken away by one.
- A rule guards a component when it finds fault with the component's plan in production, as it is or after one thing about one
  resource was spoilt: the resource left out, deleted or replaced, or an input left out, not known, switched over, or opened to everybody.

| component | resources | always enforces | guarded by |
| --- | ---: | --- | --- |
`

func describe(ctx context.Context, gate blueprints.Evaluator, b blueprints.Blueprint) (entry, error) {
	e := entry{Blueprint: b}
	var err error
	if e.is, err = synopsis(b); err != nil {
		return e, err
	}
	if e.minimal, err = count(b, b.Minimal); err != nil {
		return e, err
	}
	if e.full, err = count(b, b.Full); err != nil {
		return e, err
	}
	if e.enforced, err = b.Enforced(code); err != nil {
		return e, err
	}
	if e.differences, err = b.Differences(code); err != nil {
		return e, err
	}
	e.guards, err = b.Guards(ctx, gate, code)
	return e, err
}

// synopsis gives the first sentence of the comment of the component's type.
func synopsis(b blueprints.Blueprint) (string, error) {
	dir := filepath.Join(components, b.Package)
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return "", err
	}
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return "", err
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				t, ok := s.(*ast.TypeSpec)
				if !ok || t.Name.Name != b.Type {
					continue
				}
				if text := new(doc.Package).Synopsis(g.Doc.Text()); text != "" {
					return text, nil
				}
			}
		}
	}
	return "", fmt.Errorf("no comment of the type %s in %s", b.Type, dir)
}

// count gives how many resources of each type a sample makes in production.
func count(b blueprints.Blueprint, s blueprints.Sample) (map[string]int, error) {
	r, err := b.Record(s, blueprints.NewSite(location.Production, code))
	if err != nil {
		return nil, err
	}
	n := map[string]int{}
	for _, res := range r.Own {
		n[res.Type]++
	}
	return n, nil
}

func sum(n map[string]int) int {
	total := 0
	for _, c := range n {
		total += c
	}
	return total
}

func number(e entry) string {
	return span(sum(e.minimal), sum(e.full))
}

func span(a, b int) string {
	low, high := min(a, b), max(a, b)
	if low == high {
		return strconv.Itoa(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}

func (e entry) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n## %s\n\n%s See [components/%s](../components/%s).\n\n", e.Name(), e.is, e.Package, e.Package)
	var made []string
	for _, token := range slices.Sorted(maps.Keys(union(e.minimal, e.full))) {
		name := "`" + blueprints.Short(token) + "`"
		if low, high := e.minimal[token], e.full[token]; low != 1 || high != 1 {
			name += " " + span(low, high)
		}
		made = append(made, name)
	}
	fmt.Fprintf(b, "- makes %s\n", strings.Join(made, ", "))
	for _, l := range []struct {
		when string
		what []string
	}{{"always", e.enforced.Always}, {"in production", e.enforced.Production}, {"unless relaxed", e.enforced.Relaxable}, {"on request", e.enforced.OnRequest}} {
		if len(l.what) > 0 {
			fmt.Fprintf(b, "- enforces %s: %s\n", l.when, strings.Join(grouped(l.what), "; "))
		}
	}
	fmt.Fprintf(b, "- guarded by %s\n", named(e.guards.Rules))
	if len(e.guards.Asks) > 0 {
		fmt.Fprintf(b, "- in production the policies ask for more than the minimal sample: %s\n", named(e.guards.Asks))
	}
	if len(e.differences) > 0 {
		b.WriteString("\n| differs by environment | dev | production |\n| --- | --- | --- |\n")
	}
	for _, d := range e.differences {
		fmt.Fprintf(b, "| `%s` %s | %s | %s |\n", blueprints.Short(d.Type), cell(d.Property), cell(d.Dev), cell(d.Production))
	}
}

// grouped joins what is said of one subject: "bucket: versioned, TLS only".
func grouped(says []string) []string {
	var all []string
	for _, s := range says {
		subject, what, found := strings.Cut(s, ": ")
		i := slices.IndexFunc(all, func(g string) bool { return strings.HasPrefix(g, subject+": ") })
		if !found || i < 0 {
			all = append(all, s)
			continue
		}
		all[i] += ", " + what
	}
	return all
}

// cell gives a value as it may be in a table.
func cell(s string) string {
	const most = 80
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strings.ReplaceAll(s, "|", `\|`)
}

// named names rules; the pages of the policies are generated by themselves, and may
// come later.
func named(ids []string) string {
	var all []string
	for _, id := range ids {
		all = append(all, "`"+id+"`")
	}
	return orNone(all, ", ")
}

func orNone(list []string, between string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, between)
}

func union(a, b map[string]int) map[string]int {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// anchor gives the link target of a heading.
func anchor(title string) string { return strings.ToLower(strings.ReplaceAll(title, ".", "")) }
