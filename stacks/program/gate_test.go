package main

import (
	"bytes"
	"context"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// preview gives what an "up" of the stack would do.
func (p *project) preview(stack string) plan.Plan {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.cli, "preview", "--json", "--show-sames", "--show-replacement-steps=false", "--stack", stack,
		"--client", p.addr, "--exec-kind", "auto.inline", "--cwd", p.dir, "--non-interactive")
	cmd.Env = p.env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		p.t.Fatalf("preview of %s: %v\n%s\n%s", stack, err, errs.String(), out.String())
	}
	got, err := plan.FromPreviewJSON(&out)
	if err != nil {
		p.t.Fatal(err)
	}
	return got
}

// decide asks the policies about a plan.
func decide(t *testing.T, got plan.Plan, subject policies.Subject) policies.Report {
	t.Helper()
	e, err := policies.New(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	catalogue := tenants.Catalogue{Tiers: []tenants.Tier{componenttest.Tier(tenants.ModelPool), componenttest.Tier(tenants.ModelSilo)}}
	report, err := e.Evaluate(t.Context(), policies.Input{Version: policies.InputVersion, Plan: got, Subject: subject, Catalogue: catalogue})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// subject is what a run of a stack is about.
func subject(stack string, tiers ...string) policies.Subject {
	program, tenant, _ := strings.Cut(stack, "-")
	s := policies.Subject{Program: program, Environment: "dev", Region: "eu-west-1", Account: "111111111111", Tiers: tiers}
	if program == functions {
		s.Account = "222222222222"
	}
	if program == functions || program == "tenant" {
		s.TenantID = tenant
	}
	return s
}

// gate fails unless the policies allow the run, and unless what they decide on
// is known before it: every IAM document.
func (p *project) gate(stack string, tiers ...string) {
	p.t.Helper()
	got := p.preview(stack)
	report := decide(p.t, got, subject(stack, tiers...))
	if !report.Allowed() {
		p.t.Errorf("the policies refuse %s: %+v", stack, report.Findings)
	}
	for _, r := range got.Resources {
		for _, key := range []string{"policy", "assumeRolePolicy"} {
			doc, given := r.Inputs[key]
			if _, known := doc.(string); given && !known {
				p.t.Errorf("%s: the %s of %s is not known before the run: %v", stack, key, r.URN, doc)
			}
		}
	}
}

func TestTheGateRefusesAFunctionWithGrants(t *testing.T) {
	p := newProject(t)
	p.configure("platform", common("platform"))
	p.must("stack", "init", "platform")
	p.up("platform")
	p.configure("functions-acme", with(common("functions"), map[string]any{
		"tenantId": "acme", "tier": asConfig(t, componenttest.Tier(tenants.ModelPool)), "functions": []any{map[string]any{
			"name": "echo", "runtime": "python3.13", "handler": "index.handler", "archive": "code",
			"grants": []any{map[string]any{"actions": []any{"sts:AssumeRole"}, "resources": []any{"arn:aws:iam::111111111111:role/other"}}},
		}},
	}))
	p.must("stack", "init", "functions-acme")
	report := decide(t, p.preview("functions-acme"), subject("functions-acme", "free"))
	refused := slices.ContainsFunc(report.Findings, func(f policies.Finding) bool {
		return f.Rule == "untrusted_function_role" && strings.Contains(f.URN, "::acme-echo")
	})
	if report.Allowed() || !refused {
		t.Errorf("verdict %v, findings %+v", report.Verdict, report.Findings)
	}
}
