package blueprints_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/internal/blueprints"
	"github.com/tenantform/tenantform/policies"
)

func find(t *testing.T, name string) blueprints.Blueprint {
	t.Helper()
	for _, b := range blueprints.All() {
		if b.Name() == name {
			return b
		}
	}
	t.Fatalf("%s is not in the catalogue", name)
	return blueprints.Blueprint{}
}

func gate(t *testing.T) *policies.Evaluator {
	t.Helper()
	e, err := policies.New(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestPoliciesAllowEverySample: what a component makes by itself is not refused, but
// for what is of another component, the key of a log and the bucket for access logs, and
// in production by rules that only there ask for an argument that is optional.
func TestPoliciesAllowEverySample(t *testing.T) {
	e := gate(t)
	elsewhere := []string{"log_group_encrypted", "s3_access_logs"}
	var ofProduction []string
	for _, r := range e.Rules() {
		if r.Enforcement == "production" {
			ofProduction = append(ofProduction, r.ID)
		}
	}
	each(t, func(t *testing.T, _ blueprints.Blueprint, v variant, r blueprints.Run) {
		report, err := e.Evaluate(t.Context(), r.Input(v.at))
		if err != nil {
			t.Fatal(err)
		}
		minimal, production := strings.HasPrefix(v.name, "minimal "), strings.HasSuffix(v.name, " "+location.Production)
		for _, f := range report.Denials() {
			if minimal && slices.Contains(elsewhere, f.Rule) || minimal && production && slices.Contains(ofProduction, f.Rule) {
				continue
			}
			t.Errorf("%s: %s %s: %s", f.Rule, f.URN, f.Property, f.Message)
		}
	})
}

func TestGuards(t *testing.T) {
	e := gate(t)
	for name, want := range map[string][]string{
		"bucket.Bucket":     {"s3_public_access_block", "tenant_data_deletion", "tenant_tags"},
		"network.Network":   {"vpc_flow_logs", "log_group_retention", "iam_no_full_admin"},
		"data.TenantAccess": {"iam_no_full_admin"},
	} {
		got, err := find(t, name).Guards(t.Context(), e, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !slices.Contains(got.Rules, w) {
				t.Errorf("%s is guarded by %v, and not by %s", name, got.Rules, w)
			}
		}
	}
}

// answer is an evaluator that says what it is told to.
type answer func(policies.Input) (policies.Report, error)

func (a answer) Evaluate(_ context.Context, in policies.Input) (policies.Report, error) { return a(in) }

func (a answer) Probe(_ context.Context, in policies.Input, _ []string) ([]policies.Finding, error) {
	report, err := a(in)
	return report.Findings, err
}

func (answer) Concerned(string) []policies.Rule {
	return []policies.Rule{{ID: "a_rule", Scope: policies.ScopeResource}, {ID: "another", Scope: policies.ScopeStack}}
}

func TestGuardsNeedAVerdict(t *testing.T) {
	b := find(t, "encryption.Key")
	allow := policies.Report{Verdict: policies.VerdictAllow}
	none, err := b.Guards(t.Context(), answer(func(policies.Input) (policies.Report, error) { return allow, nil }), t.TempDir())
	if err != nil || len(none.Rules) > 0 {
		t.Errorf("policies that like everything guard by %v, %v", none, err)
	}
	deny := policies.Report{Verdict: policies.VerdictDeny, Findings: []policies.Finding{{Rule: "a_rule", Message: "so it is"}}}
	_, err = b.Guards(t.Context(), answer(func(policies.Input) (policies.Report, error) { return deny, nil }), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "a_rule: so it is") {
		t.Errorf("a sample that is refused gives %v", err)
	}
	for spoilt, rule := range map[string]string{"-spoilt-": "of one resource", "": "of the plan"} {
		some, err := b.Guards(t.Context(), answer(func(in policies.Input) (policies.Report, error) {
			r := allow
			if in.Plan.Resources[0].Operation == plan.OperationCreate && slices.ContainsFunc(in.Plan.Resources, func(r plan.Resource) bool {
				return r.Operation == plan.OperationDelete && strings.Contains(r.URN, "-spoilt-") == (spoilt != "")
			}) {
				r.Findings = []policies.Finding{{Rule: rule}}
			}
			return r, nil
		}), t.TempDir())
		if err != nil || !slices.Equal(some.Rules, []string{rule}) || len(some.Asks) > 0 {
			t.Errorf("a rule %s that minds deletions: %+v, %v", rule, some, err)
		}
	}
	broken := errors.New("broken")
	var asked atomic.Int64
	_, err = b.Guards(t.Context(), answer(func(policies.Input) (policies.Report, error) {
		if asked.Add(1) > 1 {
			return allow, broken
		}
		return allow, nil
	}), t.TempDir())
	if !errors.Is(err, broken) {
		t.Errorf("an evaluator that breaks gives %v", err)
	}
}
