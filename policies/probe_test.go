package policies

import (
	"context"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/tenantform/tenantform/tenants"
)

// TestProbe wants of one rule what the whole decision has of it.
func TestProbe(t *testing.T) {
	e, err := New(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"s3_versioning", "tenant_names_no_other", "iam_no_full_admin"} {
		in := readInput(t, filepath.Join("bundle", "rules", id, "fixtures", "violates.json"))
		report, err := e.Evaluate(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.DeleteFunc(slices.Clone(report.Findings), func(f Finding) bool { return f.Rule != id })
		got, err := e.Probe(t.Context(), in, []string{id})
		if err != nil || len(got) == 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v\nwant %+v", id, got, err, want)
		}
		if got, err := e.Probe(t.Context(), in, nil); err != nil || len(got) > 0 {
			t.Errorf("without a rule: %+v, %v", got, err)
		}
		if _, err := e.Probe(t.Context(), in, []string{id, "no_such"}); tenants.CodeOf(err) != tenants.CodeInvalid {
			t.Errorf("a rule that there is not: %v", err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := e.Probe(ended, in, []string{id}); tenants.CodeOf(err) != tenants.CodeUnavailable {
			t.Errorf("when the caller has gone: %v", err)
		}
	}
}

// TestConcerned holds the rules that are left out for a type to finding the same
// without the resources of that type.
func TestConcerned(t *testing.T) {
	e, err := New(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	in := readInput(t, filepath.Join("testdata", "reference", "tenant-acme.json"))
	types := map[string]bool{}
	for _, r := range in.Plan.Resources {
		types[r.Type] = true
	}
	left := 0
	for typ := range types {
		var others []string
		for _, r := range e.Rules() {
			if !slices.ContainsFunc(e.Concerned(typ), func(c Rule) bool { return c.ID == r.ID }) {
				others = append(others, r.ID)
			}
		}
		left += len(others)
		without := in
		without.Plan.Resources = nil
		for _, r := range in.Plan.Resources {
			if r.Type != typ {
				without.Plan.Resources = append(without.Plan.Resources, r)
			}
		}
		with, err := e.Probe(t.Context(), in, others)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := e.Probe(t.Context(), without, others); err != nil || !reflect.DeepEqual(got, with) {
			t.Errorf("without %s rules that it does not concern find %+v, %v; want %+v", typ, got, err, with)
		}
	}
	if left == 0 {
		t.Error("every rule is concerned by every type")
	}
}
