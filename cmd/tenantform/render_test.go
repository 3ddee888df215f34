package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/internal/direct"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with testdata/<name>.golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		write(t, path, got)
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", path, got, want)
	}
}

func resource(op plan.Operation, typ, name string, before, after map[string]any) plan.Resource {
	return plan.Resource{
		URN: "urn:pulumi:tenant-acme::tenantform::" + typ + "::" + name, Type: typ, Name: name,
		Operation: op, Custom: !strings.HasPrefix(typ, "tenantform:"), OldInputs: before, Inputs: after,
	}
}

func samplePlan() plan.Plan {
	table := resource(plan.OperationReplace, "aws:dynamodb/table:Table", "acme-silo-table",
		map[string]any{"hashKey": "id", "name": "acme"}, map[string]any{"hashKey": "tenant", "name": "acme"})
	table.ReplaceKeys = []string{"hashKey"}
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":`
	return plan.Plan{Project: "tenantform", Stack: "tenant-acme", Resources: []plan.Resource{
		resource(plan.OperationCreate, "tenantform:silo:Silo", "acme-silo", nil, map[string]any{}),
		resource(plan.OperationCreate, "aws:kms/key:Key", "acme-silo-key", nil, map[string]any{"description": "data"}),
		resource(plan.OperationUpdate, "aws:iam/role:Role", "acme-role",
			map[string]any{"tags": map[string]any{"tier": "free", "old": "x"}, "limit": 1.0, "list": []any{"a"}, "key": plan.Secret(), "__defaults": []any{"x"}},
			map[string]any{"tags": map[string]any{"tier": "premium"}, "limit": 2.0, "list": []any{"a", plan.Unknown()}, "key": plan.Unknown(), "new": plan.Secret()}),
		resource(plan.OperationUpdate, "aws:iam/rolePolicy:RolePolicy", "acme-policy",
			map[string]any{"policy": document + `"arn:aws:s3:::one/*"}]}`}, map[string]any{"policy": document + `"arn:aws:s3:::two/*"}]}`}),
		table,
		resource(plan.OperationDelete, "aws:cognito/userGroup:UserGroup", "acme-group", map[string]any{"name": "g"}, nil),
		resource(plan.OperationSame, "aws:s3/bucketV2:BucketV2", "acme-bucket", map[string]any{}, map[string]any{}),
	}}
}

func sampleReport() policies.Report {
	return policies.Report{Verdict: policies.VerdictDeny, RulesRun: 8, ResourcesSeen: 7, Findings: []policies.Finding{
		{
			Rule: "untrusted_function_role", Title: "t", Severity: policies.SeverityCritical, Message: "the role allows\nsomething", Remediation: "Take it away.",
			URN: "urn:pulumi:functions-acme::tenantform::tenantform:x:Y$aws:iam/role:Role::acme-leak-role", Property: "policy", Value: "s3:*",
		},
		{Rule: policies.ReasonNoResource, Severity: policies.SeverityCritical, Message: "nothing was looked at"},
	}}
}

func sampleOutcome() direct.Outcome {
	p := samplePlan()
	allow := policies.Report{Verdict: policies.VerdictAllow, Findings: []policies.Finding{}, RulesRun: 8, ResourcesSeen: 7}
	return direct.Outcome{
		Operation: tenants.Operation{TenantID: "acme", Kind: tenants.OperationMove, Steps: []tenants.Step{{Name: "prepare"}, {Name: "transfer"}, {Name: "retire"}}},
		Runs: []direct.StepRun{
			{Step: "prepare", Title: "bring up silo beside pool/a", Result: automation.Result{Plan: p, Report: allow, Changes: p.Changes(), Seconds: 1.25}},
			{Step: "retire", Title: "take away pool/a", Result: automation.Result{Report: sampleReport(), Seconds: 2, Repair: &automation.Repair{Locks: 1, Adopted: []string{"u"}}}},
		},
	}
}

func TestPrinting(t *testing.T) {
	var b bytes.Buffer
	for _, c := range []struct {
		name  string
		write func()
	}{
		{"planned", func() { writePlanned(&b, "move of tenant acme from free to premium", sampleOutcome()) }},
		{"done", func() { writeDone(&b, "tenant acme is in tier premium (silo)", sampleOutcome()) }},
		{"tenants", func() {
			writeTenants(&b, nil)
			writeTenants(&b, []tenants.Tenant{
				{ID: "acme", Name: strings.Repeat("Acme ", 10), Tier: "standard", Region: "eu-west-1", Status: tenants.StatusActive, Placements: []tenants.Placement{{Model: "pool", Cell: "a"}}, Functions: make([]tenants.Function, 2)},
				{ID: "birch", Name: "Birch", Tier: "free", Region: "eu-west-1", Status: tenants.StatusMoving, Placements: []tenants.Placement{{Model: "pool", Cell: "a"}, {Model: "silo"}}},
			})
		}},
		{"tenant", func() {
			at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
			writeTenant(&b, tenantView{
				Tenant: tenants.Tenant{ID: "acme", Name: "Acme", AdminEmail: "a@acme.example", Tier: "free", Region: "eu-west-1", CostCenter: "c", Status: tenants.StatusMoveFailed, CreatedAt: at, UpdatedAt: at, Functions: []tenants.Function{{Name: "greet", Runtime: "python3.13", Handler: "app.handler"}}},
				LastOperation: &tenants.Operation{Kind: tenants.OperationMove, FromTier: "free", ToTier: "premium", Progress: tenants.ProgressFailed, Initiator: "ada", Reason: "grew", StartedAt: at, Error: "it\nbroke", Steps: []tenants.Step{
					{Name: "prepare", Progress: tenants.ProgressFailed, StartedAt: at, EndedAt: at.Add(1500 * time.Millisecond)}, {Name: "retire"},
				}},
			})
		}},
		{"doctor", func() {
			writeFindingsTable(&b, []finding{{Name: "pulumi", State: stateMissing, Found: "none", Do: "install it"}, {Name: "directory", State: stateOK, Found: "/srv"}})
		}},
		{"demo", func() {
			writeDemo(&b, demoReport{Seconds: 12.34, Steps: []demoStep{
				{Name: "tenants created", Resources: 55, Seconds: 10, Result: demoOK, Checks: []demoCheck{{Kept: true}}},
				{Name: "nothing left", Result: demoFailed, Checks: []demoCheck{{Kept: true}, {Found: "x"}}},
			}})
		}},
		{"outputs", func() {
			writeOutputs(&b, map[string]automation.Output{"b": {Value: []any{1.0, "x"}}, "a": {Value: "(secret)", Secret: true}})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.Reset()
			c.write()
			golden(t, c.name, b.String())
		})
	}
}

func TestChangeSummary(t *testing.T) {
	got := changeSummary(map[plan.Operation]int{plan.OperationCreate: 1, plan.OperationUpdate: 2, plan.OperationReplace: 3, plan.OperationDelete: 4, plan.OperationSame: 5})
	if want := "1 created, 2 updated, 3 replaced, 4 deleted"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestShortType(t *testing.T) {
	for in, want := range map[string]string{"aws:iam/rolePolicy:RolePolicy": "iam.RolePolicy", "tenantform:silo:Silo": "tenantform:silo:Silo", "x": "x"} {
		if got := shortType(in); got != want {
			t.Errorf("shortType(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	text := "\n   ok  " + strings.Repeat("word ", 60) + strings.Repeat("x", 30)
	got := wrap(text, "     ")
	if !strings.HasPrefix(got, "\n   ok  word") {
		t.Errorf("the beginning is lost: %q", got[:20])
	}
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > demoWidth {
			t.Errorf("a line of %d columns: %s", n, line)
		}
	}
	if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(text), " ") {
		t.Error("words are lost")
	}
}
