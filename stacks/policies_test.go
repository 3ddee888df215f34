package stacks_test

import (
	"path/filepath"
	"testing"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

// TestPoliciesAllowTheRest runs, in production and without a waiver, the programs
// that are not among the policies' own reference stacks: the guardrails, and a
// silo in another region than the platform's.
func TestPoliciesAllowTheRest(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the pulumi command")
	}
	cli, err := automation.FindPulumi([]string{"../bin/pulumi"})
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	cloud, err := localcloud.Start(t.Context(), filepath.Join(dir, "cloud"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cloud.Close() })
	gate, err := policies.New(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	catalogue := tenants.Catalogue{Tiers: []tenants.Tier{siloed().Tier}}
	e, err := automation.New(filepath.Join(dir, "engine"), gate, &automation.Options{Pulumi: cli, Env: cloud.Env(), Catalogue: catalogue})
	if err != nil {
		t.Fatal(err)
	}
	rails := railsSpec()
	rails.Environment = "production"
	apart := tenant(siloed())
	apart.Environment, apart.PlatformRegion = "production", "eu-central-1"
	about := policies.Subject{Environment: "production", Region: "eu-west-1", Account: core}
	ofRails, ofTenant := about, about
	ofRails.Program = policies.ProgramGuardrails
	ofTenant.Program, ofTenant.TenantID, ofTenant.Tiers = policies.ProgramTenant, "acme", []string{apart.Placements[0].Tier.Name}
	for _, s := range []automation.Stack{
		{Name: stacks.GuardrailsStackName, Subject: ofRails, Program: stacks.Guardrails(rails)},
		{Name: "tenant-acme", Subject: ofTenant, Program: stacks.Tenant(apart)},
	} {
		up, err := e.Up(t.Context(), s)
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		if !up.Report.Allowed() || up.Report.ResourcesSeen < 20 {
			t.Errorf("%s: %d resources, %+v", s.Name, up.Report.ResourcesSeen, up.Report.Findings)
		}
		again, err := e.Up(t.Context(), s)
		if err != nil || len(again.Changes) > 0 {
			t.Errorf("%s: the second run changes %v, %v", s.Name, again.Changes, err)
		}
	}
}
