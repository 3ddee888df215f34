package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/internal/blueprints"
	"github.com/tenantform/tenantform/policies"
)

// allows is a gate that finds fault with a deletion alone.
type allows struct{}

func (allows) Evaluate(_ context.Context, in policies.Input) (policies.Report, error) {
	for _, r := range in.Plan.Resources {
		if r.Operation == "delete" {
			return policies.Report{Findings: []policies.Finding{{Rule: "no_deletion"}}}, nil
		}
	}
	return policies.Report{Verdict: policies.VerdictAllow}, nil
}

func (a allows) Probe(ctx context.Context, in policies.Input, _ []string) ([]policies.Finding, error) {
	report, err := a.Evaluate(ctx, in)
	return report.Findings, err
}

func (allows) Concerned(string) []policies.Rule {
	return []policies.Rule{{ID: "no_deletion", Scope: policies.ScopeResource}}
}

// TestMain runs the tests where go generate runs the command.
func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// TestReference checks the page of three components, and that the committed one
// has a row and a section for every component; make check-generate compares it
// whole.
func TestReference(t *testing.T) {
	all := blueprints.All()
	page, err := reference(t.Context(), allows{}, all[len(all)-3:])
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all[len(all)-3:] {
		for _, want := range []string{
			"| [" + b.Name() + "](#" + anchor(b.Name()) + ") |", "\n## " + b.Name() + "\n", "`no_deletion` |\n",
			"See [components/" + b.Package + "]",
		} {
			if !strings.Contains(string(page), want) {
				t.Errorf("the page does not have %q", want)
			}
		}
	}
	committed, err := os.ReadFile("../../docs/components.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		if !strings.Contains(string(committed), "| ["+b.Name()+"](") || !strings.Contains(string(committed), "\n## "+b.Name()+"\n") {
			t.Errorf("docs/components.md does not have %s; run go generate ./internal/blueprints", b.Name())
		}
	}
	if n := strings.Count(string(committed), "\n## "); n != len(all) {
		t.Errorf("docs/components.md has %d sections for %d components; run go generate ./internal/blueprints", n, len(all))
	}
}

func TestGrouped(t *testing.T) {
	got := strings.Join(grouped([]string{"a: x", "b: y", "alarms", "a: z"}), "; ")
	if got != "a: x, z; b: y; alarms" {
		t.Error(got)
	}
}
