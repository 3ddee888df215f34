package arch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// checkBans gives the imports that a ban forbids.
func checkBans(all []*goPackage, rules []ban) []string {
	var found []string
	for _, p := range all {
		for imported, files := range p.imports {
			// The narrowest rule decides: "sdk/v3/go/auto/..." before "github.com/pulumi/...".
			var rule *ban
			for i, r := range rules {
				if matches(r.imported, imported) && (rule == nil || len(r.imported) > len(rule.imported)) {
					rule = &rules[i]
				}
			}
			if rule != nil && !matchesAny(rule.allowed, p.dir) && !matches(rule.imported, module+"/"+p.dir) {
				found = append(found, fmt.Sprintf("%s imports %s, which only %s may: %s", files[0], imported, orNone(rule.allowed), rule.reason))
			}
		}
	}
	slices.Sort(found)
	return found
}

func orNone(patterns []string) string {
	if len(patterns) == 0 {
		return "tests"
	}
	return strings.Join(patterns, ", ")
}

// checkDirections gives the imports that are not in a package's row, and the
// packages that have none.
func checkDirections(all []*goPackage, rows []direction) []string {
	var found []string
	for _, p := range all {
		if p.name == "" {
			continue
		}
		var row *direction
		for i, r := range rows {
			exact := row != nil && row.pkg == p.dir
			if matches(r.pkg, p.dir) && !exact && (row == nil || r.pkg == p.dir || len(r.pkg) > len(row.pkg)) {
				row = &rows[i]
			}
		}
		if row == nil {
			found = append(found, fmt.Sprintf("%s has no row in directions: say there what it may import, and why", p.dir))
			continue
		}
		for imported, files := range p.imports {
			dir, own := ours(imported)
			if own && !matchesAny(row.may, dir) {
				found = append(found, fmt.Sprintf("%s imports %s; of ours it may import %s: %s", files[0], dir, orNothing(row.may), row.reason))
			}
			if !own && row.onlyStandard && !standard(imported) {
				found = append(found, fmt.Sprintf("%s imports %s; it may import the standard library only: %s", files[0], imported, row.reason))
			}
		}
	}
	slices.Sort(found)
	return found
}

func orNothing(patterns []string) string {
	if len(patterns) == 0 {
		return "nothing"
	}
	return strings.Join(patterns, ", ")
}

func TestImports(t *testing.T) {
	all := packages(t, repository(t))
	if len(all) < 10 {
		t.Fatalf("only %d packages were found", len(all))
	}
	for _, problem := range append(checkBans(all, bans()), checkDirections(all, directions())...) {
		t.Error(problem)
	}
}

// TestRulesAreAlive checks that each row speaks of a package that there is, so
// that a renamed package does not fall out of the rules.
func TestRulesAreAlive(t *testing.T) {
	all := packages(t, repository(t))
	for _, row := range directions() {
		if !slices.ContainsFunc(all, func(p *goPackage) bool { return matches(row.pkg, p.dir) }) {
			t.Errorf("directions has a row for %s, and there is no such package", row.pkg)
		}
		if row.reason == "" {
			t.Errorf("directions gives no reason for %s", row.pkg)
		}
	}
	for _, b := range bans() {
		if b.reason == "" {
			t.Errorf("bans gives no reason for %s", b.imported)
		}
	}
}

// source makes a Go file of a package with imports.
func source(pkg string, imports ...string) *fstest.MapFile {
	var b strings.Builder
	fmt.Fprintf(&b, "// Package %s is one.\npackage %s\n", pkg, pkg)
	for _, i := range imports {
		fmt.Fprintf(&b, "import _ %q\n", i)
	}
	return &fstest.MapFile{Data: []byte(b.String())}
}

// TestImportChecksFail runs the checks on a tree that breaks each kind of rule.
func TestImportChecksFail(t *testing.T) {
	tree := fstest.MapFS{
		"go.mod":                       {Data: []byte("module " + module + "\n")},
		"tenants/a.go":                 source("tenants", "fmt", "github.com/goccy/go-yaml", module+"/automation/plan"),
		"tenants/sqlstore/a.go":        source("sqlstore", "modernc.org/sqlite", module+"/tenants", module+"/tenants/filestore"),
		"tenants/filestore/a.go":       source("filestore", module+"/tenants"),
		"tenants/filestore/a_test.go":  source("filestore", "github.com/pulumi/pulumi/sdk/v3/go/auto", module+"/tenants/storetest"),
		"automation/a.go":              source("automation", "github.com/pulumi/pulumi/sdk/v3/go/auto", "testing"),
		"stacks/a.go":                  source("stacks", "github.com/pulumi/pulumi/sdk/v3/go/auto/optup", "github.com/pulumi/pulumi/sdk/v3/go/pulumi"),
		"internal/localcloud/a.go":     source("localcloud", "github.com/pulumi/pulumi-aws/sdk/v6/go/aws", "github.com/open-policy-agent/opa/v1/rego"),
		"internal/direct/a.go":         source("direct", module+"/cmd/tenantform", module+"/tenants/filestore"),
		"internal/new/a.go":            source("new"),
		"cmd/tenantform/a.go":          source("main", module+"/internal/localcloud", "github.com/spf13/cobra"),
		"tools/x/go.mod":               {Data: []byte("module x\n")},
		"tools/x/a.go":                 source("x", "github.com/open-policy-agent/opa/v1/rego"),
		"policies/testdata/broken.go":  {Data: []byte("this is not Go")},
		"policies/a.go":                source("policies", "github.com/open-policy-agent/opa/v1/rego"),
		"automation/planner/a.go":      source("planner", module+"/tenants"),
		"components/queue/sub/a.go":    source("sub", "github.com/pulumi/pulumi/sdk/v3/go/pulumi", module+"/components/tags", module+"/stacks"),
		"components/tags/a.go":         source("tags"),
		"internal/strictyaml/a.go":     source("strictyaml", "github.com/goccy/go-yaml/ast"),
		"tenants/tenantfile/a_test.go": source("tenantfile"),
	}
	all := packages(t, tree)
	got := append(checkBans(all, bans()), checkDirections(all, directions())...)
	want := []string{
		"automation/a.go imports testing, which only",
		"internal/direct/a.go imports " + module + "/cmd/tenantform, which only tests may",
		"internal/localcloud/a.go imports github.com/open-policy-agent/opa/v1/rego, which only policies/... may",
		"stacks/a.go imports github.com/pulumi/pulumi/sdk/v3/go/auto/optup, which only automation may",
		"tenants/a.go imports github.com/goccy/go-yaml, which only",
		"automation/planner has no row in directions",
		"components/queue/sub/a.go imports stacks; of ours it may import components/..., tenants",
		"internal/direct/a.go imports cmd/tenantform; of ours",
		"internal/direct/a.go imports tenants/filestore; of ours",
		"internal/new has no row in directions",
		"tenants/a.go imports automation/plan; of ours it may import nothing",
		"tenants/a.go imports github.com/goccy/go-yaml; it may import the standard library only",
		"tenants/sqlstore/a.go imports tenants/filestore; of ours it may import tenants",
	}
	compare(t, got, want)
}

// compare checks that the problems are the ones that were looked for, by how
// they begin.
func compare(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("not found: %s", want[i])
		case i >= len(want):
			t.Errorf("found too: %s", got[i])
		case !strings.HasPrefix(got[i], want[i]):
			t.Errorf("found %s\nwant  %s", got[i], want[i])
		}
	}
}
