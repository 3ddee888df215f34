package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/policies"
)

func TestUp(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the pulumi command")
	}
	cli, err := automation.FindPulumi([]string{"../../../bin/pulumi"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cloud, err := localcloud.Start(t.Context(), filepath.Join(dir, "cloud"), &localcloud.Options{Region: "eu-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cloud.Close() })
	gate, err := policies.New(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := automation.New(dir, gate, &automation.Options{Pulumi: cli, Env: cloud.Env()})
	if err != nil {
		t.Fatal(err)
	}
	s := automation.Stack{Name: "database", Program: program, Subject: policies.Subject{TenantID: "acme", Environment: "dev", Region: "eu-west-1", Account: "111111111111", Tiers: []string{"premium"}}}
	first, err := e.Up(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if !first.Report.Allowed() || first.Report.RulesRun == 0 {
		t.Errorf("%d rules said %s: %+v", first.Report.RulesRun, first.Report.Verdict, first.Report.Findings)
	}
	tunnel, _ := first.Outputs["tunnelCommand"].(string)
	if !strings.HasPrefix(tunnel, "aws ssm start-session ") {
		t.Errorf("the way in is %q", tunnel)
	}
	all, err := cloud.Resources()
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, r := range all {
		n[r.Type]++
		switch r.Type {
		case "aws:rds/cluster:Cluster":
			if r.Inputs["storageEncrypted"] != true || r.Inputs["manageMasterUserPassword"] != true || r.Inputs["masterPassword"] != nil {
				t.Errorf("the cluster is %v", r.Inputs)
			}
		case "aws:ec2/instance:Instance":
			if r.Inputs["keyName"] != nil || r.Inputs["associatePublicIpAddress"] == true {
				t.Errorf("the bastion is %v", r.Inputs)
			}
		case "aws:ec2/internetGateway:InternetGateway", "aws:ec2/natGateway:NatGateway":
			t.Errorf("the network has a way out: %s", r.Type)
		}
	}
	if n["aws:rds/cluster:Cluster"] != 1 || n["aws:ec2/instance:Instance"] != 1 || n["aws:rds/clusterInstance:ClusterInstance"] != 1 {
		t.Errorf("made are %v", n)
	}
	second, err := e.Up(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if len(second.Changes) > 0 {
		t.Errorf("the second run changes %v", second.Plan.Changes())
	}
	s.Subject.Release = &policies.Release{Kind: policies.ReleaseDelete}
	if _, err := e.Destroy(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if left, err := cloud.Resources(); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
